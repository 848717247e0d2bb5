// Where a notification leads, and how it looks: by its type and its data. No state.

import { href } from '../shell/route.js';

const KINDS = {
  notice: { icon: 'notice', word: 'Notice', of: ({ notice_id: id }) => id && href('notices', id) },
  event: { icon: 'event', word: 'Event', of: ({ event_id: id }) => id && href('events', id) },
  announcement: { icon: 'bell', word: 'Announcement', of: ({ announcement_id: id }) => id && href('announcements', id) },
};
const OTHER = { icon: 'bell', word: 'News', of: () => null };

/** {icon, word} of a type. One of a newer server is news all the same. */
export function kindOf(notification) {
  return KINDS[notification.notification_type] ?? OTHER;
}

/** The address that a notification is about, or null. */
export function addressOf(notification) {
  return kindOf(notification).of(notification.data ?? {}) || null;
}

/** What is shown of it: of a notice and an event the server's title says the kind, and the message has the title. */
export function wordsOf(notification) {
  if (notification.notification_type === 'announcement') return { title: notification.title, text: notification.message };
  return { title: notification.message, text: '' };
}
