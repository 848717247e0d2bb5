// Messages in words, for lists and for those who hear the page.

import { daysBack, time, when } from '../kit/format.js';

// What the server says of a message that is a file alone.
const BARE_FILE = '[Attachment]';

/** A message in one line, as the list of conversations has it from the server. */
export function summary(message) {
  return message.message || BARE_FILE;
}

/** That line for a person. */
export function lastWords({ last_message: text, last_message_by_me: byMe }) {
  if (text === null) return 'No messages yet';
  return `${byMe ? 'You: ' : ''}${text === BARE_FILE ? 'Attachment' : text}`;
}

/** The file's own name, out of its address. */
export function fileName(address) {
  const last = address.split(/[?#]/)[0].split('/').pop();
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** Online, or when somebody was there last. */
export function presenceWords({ isOnline, lastSeen }) {
  if (isOnline) return 'Online';
  if (!lastSeen) return 'Offline';
  return daysBack(lastSeen) === 0 ? `Last seen at ${time(lastSeen)}` : `Last seen ${when(lastSeen)}`;
}
