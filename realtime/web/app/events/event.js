// What an event of the campus is, in words: when, how many places, whether one may still register. No document, no calls.

import { clock, count, dateTime, day, number } from '../kit/format.js';
import { today } from '../notices/notice.js';

const DAY_CHARACTERS = '2026-01-09'.length;
const FREE = new Set(['cancelled', 'no_show']);

export const STATUSES = {
  registered: 'You are registered',
  pending: 'Your registration waits for its confirmation',
  confirmed: 'Your registration is confirmed',
  cancelled: 'You have cancelled',
  attended: 'You were there',
  no_show: 'You did not come',
};

/** The last day first, as the server has them. */
export function compareEvents(one, other) {
  if (one.event_date !== other.event_date) return one.event_date < other.event_date ? 1 : -1;
  return other.id - one.id;
}

/** The next one first. */
export function compareComing(one, other) {
  return `${one.event_date} ${one.start_time}`.localeCompare(`${other.event_date} ${other.start_time}`) || one.id - other.id;
}

export function isPast(event) {
  return event.event_date < today();
}

/** `Fri, 9 January, 10:30 to 12:00` */
export function whenOf(event) {
  return `${day(event.event_date)}, ${clock(event.start_time)} to ${clock(event.end_time)}`;
}

/** How many come, and what is left where places are limited. */
export function placesOf({ registered_count: taken, max_participants: most }) {
  if (most === null) return `${count(taken, 'person comes', 'people come')}`;
  const left = Math.max(0, most - taken);
  return left === 0 ? `Full: all ${number(most)} places are taken` : `${count(left, 'place')} left of ${number(most)}`;
}

/** `through 9 January`, `until 9 January 2026, 12:00`, or null. */
export function deadlineOf({ registration_deadline: deadline }) {
  if (deadline === null) return null;
  return deadline.length === DAY_CHARACTERS ? `through ${day(deadline)}` : `until ${dateTime(deadline)}`;
}

/** Whether a registration takes a place. */
export function isComing(registration) {
  return Boolean(registration) && !FREE.has(registration.status);
}

/** Why one can't register now, a sentence; null where one can. The server has the last word. */
export function obstacleOf(event) {
  if (isPast(event)) return 'This event is over.';
  if (isOver(event.registration_deadline)) return 'The registration has ended.';
  if (event.max_participants !== null && event.registered_count >= event.max_participants) return 'No places are left. One comes free when somebody cancels.';
  return null;
}

function isOver(deadline) {
  if (deadline === null) return false;
  return deadline.length === DAY_CHARACTERS ? deadline < today() : new Date(deadline) < new Date();
}
