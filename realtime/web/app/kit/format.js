// How numbers, times and sizes are written, in the browser's language and time zone.

const made = new Map();
const DAY_MS = 86_400_000;

function formatter(options) {
  const key = JSON.stringify(options);
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(undefined, options));
  return made.get(key);
}

/** A moment (ISO 8601) or a bare day (`2026-01-09`, of the reader's own calendar) as a Date. */
export function toDate(iso) {
  return /^\d{4}-\d\d-\d\d$/.test(iso) ? new Date(`${iso}T00:00`) : new Date(iso);
}

/** 14:05 */
export function time(iso) {
  return formatter({ hour: '2-digit', minute: '2-digit' }).format(toDate(iso));
}

/** 14:05:09, of milliseconds since 1970. */
export function timeOfSecond(ms) {
  return formatter({ hour: '2-digit', minute: '2-digit', second: '2-digit' }).format(ms);
}

/** Fri, 9 January; with the year where it is another one. */
export function day(iso) {
  const date = toDate(iso);
  const year = date.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' };
  return formatter({ weekday: 'short', day: 'numeric', month: 'long', ...year }).format(date);
}

/** Today, Yesterday, or the day. */
export function dayWord(iso) {
  const back = daysBack(iso);
  if (back === 0) return 'Today';
  return back === 1 ? 'Yesterday' : day(iso);
}

/** 9 January 2026, 14:05 */
export function dateTime(iso) {
  return formatter({ day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' }).format(toDate(iso));
}

/** As short as a list has room for: 14:05, Yesterday, Mon, 9 Jan, 09/01/2025. */
export function when(iso) {
  const date = toDate(iso);
  const back = daysBack(iso);
  if (back === 0) return time(iso);
  if (back === 1) return 'Yesterday';
  if (back > 1 && back < 7) return formatter({ weekday: 'short' }).format(date);
  if (date.getFullYear() === new Date().getFullYear()) return formatter({ day: 'numeric', month: 'short' }).format(date);
  return formatter({ day: '2-digit', month: '2-digit', year: 'numeric' }).format(date);
}

/** A time of day of the interface (`10:30:00`) as the reader writes it. */
export function clock(text) {
  return formatter({ hour: '2-digit', minute: '2-digit' }).format(new Date(`2000-01-01T${text}`));
}

/** Calendar days from then to now; negative for what is to come. */
export function daysBack(iso) {
  const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((midnight(new Date()) - midnight(toDate(iso))) / DAY_MS);
}

/** 1,234 */
export function number(value) {
  return new Intl.NumberFormat().format(value);
}

/** 3 people, 1 person: count(3, 'person', 'people'). */
export function count(value, one, many = `${one}s`) {
  return `${number(value)} ${value === 1 ? one : many}`;
}

/** 640 bytes, 1.4 MB */
export function bytes(value) {
  if (value < 1000) return count(value, 'byte');
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log10(value) / 3), units.length);
  const scaled = value / 1000 ** power;
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: scaled < 10 ? 1 : 0 }).format(scaled)} ${units[power - 1]}`;
}

/** The first letters of a name, for a picture that is not there. */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return letters.map((word) => [...word][0]).join('').toUpperCase() || '?';
}
