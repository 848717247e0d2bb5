// The list of conversations, kept right by events. It draws nothing.

import { quietly } from '../kit/quietly.js';
import { Store } from '../kit/store.js';
import { positionOf, since } from '../recent.js';
import { session } from '../session.js';
import { setCount } from '../shell/title.js';
import { summary } from './words.js';
import { seed } from './presence.js';

const AGAIN_MS = 200;
const RETRY_MS = 5000;

/** {rows, isLoaded, error}; rows as the interface has them, the latest first. */
export const conversations = new Store({ rows: [], isLoaded: false, error: null });
/** The number of unread messages. */
export const unread = new Store(0);

let client = null;
let position = 0;
let timer = null;

/** The conversation with that user, or null. */
export function conversationWith(userId) {
  return conversations.value.rows.find((row) => row.other_user.id === userId) ?? null;
}

/** Fetch the list. */
export async function load() {
  clearTimeout(timer);
  timer = null;
  const asked = client;
  const askedAt = performance.now();
  try {
    const rows = await asked.api.conversations();
    if (asked !== client) return;
    const missed = since(rows);
    position = positionOf(rows) ?? 0;
    for (const { other_user: user } of rows) seed(user, askedAt);
    conversations.set({ rows, isLoaded: true, error: null });
    missed.forEach(apply);
    settle();
    // The client acknowledges what it is told; what was there before it came is here now as well.
    if (rows.some((row) => row.unread_count > 0)) quietly(asked.api.delivered({ up_to_id: Number.MAX_SAFE_INTEGER }));
  } catch (error) {
    if (asked !== client || asked.status === 'closed') return;
    conversations.set({ ...conversations.value, error });
    timer ??= setTimeout(load, Math.max(RETRY_MS, error.retryAfterMs ?? 0));
  }
}

session.user.watch((user) => {
  const current = user === null ? null : session.client;
  if (current === client) return;
  client = current;
  clearTimeout(timer);
  conversations.set({ rows: [], isLoaded: false, error: null });
  unread.set(0);
  if (client === null) return;
  client.on('*', (event) => {
    if (event.id === null || event.id <= position) return;
    apply(event);
    settle();
  });
  client.on('resync', load);
  load();
});

const CHANGES = {
  message: (data) => arrive(data, data.sender_id, false),
  message_sent: (data) => arrive(data, data.receiver_id, true),
  message_updated: (data) => {
    const row = find(data.conversation_id ?? data.conversation);
    if (row?.last_message_at === data.timestamp) row.last_message = summary(data);
  },
  message_deleted: (data) => {
    const row = find(data.conversation_id);
    if (!row) return;
    Object.assign(row, { last_message: data.last_message, last_message_at: data.last_message_at });
    if (data.unread_count !== undefined) row.unread_count = data.unread_count;
    again(); // whose the last one is now, no event says
  },
  conversation_read: (data) => {
    const row = find(data.conversation_id);
    if (row) row.unread_count = data.unread_count;
  },
  user_updated: ({ id, ...changed }) => {
    const row = conversationWith(id);
    if (row) Object.assign(row.other_user, changed);
  },
};

function apply({ type, data }) {
  CHANGES[type]?.(data);
}

function arrive(message, otherId, byMe) {
  const row = conversationWith(otherId);
  if (!row) {
    again();
    return;
  }
  row.last_message = summary(message);
  row.last_message_at = message.timestamp;
  row.last_message_by_me = byMe;
  if (!byMe && !message.is_read) row.unread_count += 1;
}

function find(conversationId) {
  return conversations.value.rows.find((row) => row.conversation_id === conversationId);
}

function again() {
  timer ??= setTimeout(load, AGAIN_MS);
}

function settle() {
  const { rows } = conversations.value;
  const moment = (row) => row.last_message_at ?? '';
  rows.sort((one, other) => (moment(one) < moment(other) ? 1 : moment(one) > moment(other) ? -1 : 0));
  const total = rows.reduce((sum, row) => sum + row.unread_count, 0);
  conversations.changed();
  if (total !== unread.value) unread.set(total);
}

unread.watch((total) => setCount('chats', total));
