// Who is typing to us: a Store of a Set of user ids. One who says nothing more has stopped.

import { Store } from '../kit/store.js';
import { session } from '../session.js';

const PATIENCE_MS = 6000; // they say so again every two seconds

export const typists = new Store(new Set());

const timers = new Map();
let listensTo = null;

session.user.watch((user) => {
  if (user === null || listensTo === session.client) return;
  listensTo = session.client;
  for (const id of [...typists.value]) stop(id);
  listensTo.on('typing', ({ sender_id: id, is_typing: isTyping }) => (isTyping ? begin(id) : stop(id)));
  listensTo.on('message', ({ sender_id: id }) => stop(id));
});

function begin(id) {
  clearTimeout(timers.get(id));
  timers.set(id, setTimeout(() => stop(id), PATIENCE_MS));
  typists.value.add(id);
  typists.changed();
}

function stop(id) {
  clearTimeout(timers.get(id));
  timers.delete(id);
  if (typists.value.delete(id)) typists.changed();
}
