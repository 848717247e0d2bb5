// What a notice is today, in words: draft, to come, over; and where it stands in the list. No document, no calls.

/** The newest first, as the server has them. */
export function compareNotices(one, other) {
  if (one.publish_date !== other.publish_date) return one.publish_date < other.publish_date ? 1 : -1;
  return other.id - one.id;
}

/** A day of this browser's calendar, `2026-01-09`. */
export function today() {
  const now = new Date();
  const digits = (number) => String(number).padStart(2, '0');
  return `${now.getFullYear()}-${digits(now.getMonth() + 1)}-${digits(now.getDate())}`;
}

/** {word, kind} where readers don't see it now, else null. */
export function stateOf(notice) {
  if (!notice.is_published) return { word: 'Draft', kind: 'warn' };
  if (notice.publish_date > today()) return { word: 'Scheduled', kind: 'warn' };
  if (notice.expiry_date !== null && notice.expiry_date < today()) return { word: 'Expired', kind: '' };
  return null;
}
