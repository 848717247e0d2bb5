// Who is there, of those one shares a conversation with: a Store of a Map from user id to {isOnline, lastSeen}.

import { Store } from '../kit/store.js';
import { session } from '../session.js';

export const presence = new Store(new Map());

const UNKNOWN = { isOnline: false, lastSeen: null };
const heardAt = new Map();

/** What is known of that user. */
export function presenceOf(userId) {
  return presence.value.get(userId) ?? UNKNOWN;
}

/** Take over what a list said that was asked for at `askedAt` (performance.now()), except where an event is newer. */
export function seed(user, askedAt) {
  if ((heardAt.get(user.id) ?? 0) > askedAt) return;
  presence.value.set(user.id, { isOnline: user.is_online, lastSeen: user.last_seen });
  presence.changed();
}

session.user.watch((user) => {
  if (user === null || presence.value.owner === user.id) return;
  const map = new Map();
  map.owner = user.id;
  heardAt.clear();
  presence.set(map);
  const { client } = session;
  client.on('presence_snapshot', ({ online }) => replace(new Set(online)));
  client.on('presence', (data) => note(data.user_id, data.is_online, data.last_seen));
});

function replace(online) {
  for (const id of new Set([...presence.value.keys(), ...online])) note(id, online.has(id), presenceOf(id).lastSeen);
}

function note(id, isOnline, lastSeen) {
  heardAt.set(id, performance.now());
  presence.value.set(id, { isOnline, lastSeen });
  presence.changed();
}
