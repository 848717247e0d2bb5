// The dialog that searches messages, in all chats or in one.

import { openDialog } from '../kit/dialog.js';
import { h } from '../kit/dom.js';
import { when } from '../kit/format.js';
import { Picker } from '../kit/picker.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';

const MOST = 50;

/** Open it; `person` {id, full_name} keeps it to one chat. A message that is chosen is shown in its chat. */
export function openSearch(person = null) {
  const selfId = session.user.value.id;
  const picker = new Picker();
  Object.assign(picker, {
    label: 'Search messages',
    listLabel: 'Messages found',
    nothing: 'No message has all of these words.',
    hint: 'Words of a message, or how they begin.',
    search: async (text, signal) => (await session.api.search(text, { with: person?.id, page_size: MOST }, { signal })).results,
    draw: (message) => {
      const mine = message.sender === selfId;
      const who = mine ? `You to ${message.receiver_name}` : message.sender_name;
      return h('span.row-text', {},
        h('span.row-line', {}, h('span.row-title', {}, who), h('time.row-when', { datetime: message.timestamp }, when(message.timestamp))),
        h('span.found-text', {}, message.message));
    },
    pick: (message) => {
      dialog.close();
      const other = message.sender === selfId ? message.receiver : message.sender;
      go(href('chats', other, { at: message.id }));
    },
  });
  const title = person ? `Search the chat with ${person.full_name}` : 'Search messages';
  const dialog = openDialog({ title, body: picker, className: 'dialog-picker' });
}
