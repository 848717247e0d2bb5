// What is half-written, by user and chat: it survives a reload and a session that has ended, and is gone when its writer
// signs out or closes the tab.

import { ofTab } from '../kit/storage.js';
import { session } from '../session.js';

const START = 'campus:draft:';

/** The text for that user, or ''. */
export function draftFor(userId) {
  return ofTab.get(keyOf(userId)) ?? '';
}

/** Keep it; '' drops it. */
export function keepDraft(userId, text) {
  if (text === '') ofTab.delete(keyOf(userId));
  else ofTab.set(keyOf(userId), text);
}

// The next one at this computer is somebody else.
session.user.watch((user) => {
  if (user !== null || session.endedBy !== 'logout') return;
  for (const key of ofTab.keys(START)) ofTab.delete(key);
});

function keyOf(userId) {
  return `${START}${session.user.value?.id}:${userId}`;
}
