// One's own registrations by event, for whoever is signed in, in all tabs of this browser. No document.

import { Store } from '../kit/store.js';
import { session } from '../session.js';
import { isComing } from './event.js';

const SIZE = 100;

/** A Map from an event's id to one's registration for it; null until they are there. */
export const registrations = new Store(null);

let owner = null;
let channel = null;

session.user.watch((user) => {
  const id = user?.id ?? null;
  if (id === owner) return;
  owner = id;
  channel?.close();
  channel = null;
  registrations.set(null);
  if (id === null || typeof BroadcastChannel !== 'function') return;
  channel = new BroadcastChannel(`campus:registrations:${id}`);
  channel.onmessage = ({ data }) => put(data);
});

/** Fetch them all. Raises what the call does. */
export async function loadRegistrations() {
  const user = owner;
  const found = new Map();
  for (let page = 1, more = true; more; page += 1) {
    const answer = await session.api.registrations({ user, page, page_size: SIZE });
    for (const one of answer.results) found.set(one.event, one);
    more = answer.has_next;
  }
  if (owner === user) registrations.set(found);
}

/** Fetch the one for that event. */
export async function loadRegistration(eventId) {
  const user = owner;
  const { results } = await session.api.registrations({ user, event: eventId });
  if (owner !== user) return;
  const found = new Map(registrations.value ?? []);
  found.delete(eventId);
  for (const one of results) found.set(eventId, one);
  registrations.set(found);
}

/** Come to an event. Raises what the calls do. */
export async function register(eventId) {
  const held = registrations.value?.get(eventId);
  if (isComing(held)) return;
  tell(held ? await session.api.updateRegistration(held.id, { status: 'registered' }) : await session.api.register(eventId));
}

/** Not come. Whoever organizes it sees that one has cancelled. */
export async function cancel(eventId) {
  const held = registrations.value?.get(eventId);
  if (held) tell(await session.api.updateRegistration(held.id, { status: 'cancelled' }));
}

function tell(registration) {
  put(registration);
  channel?.postMessage(registration);
}

function put(registration) {
  registrations.set(new Map(registrations.value ?? []).set(registration.event, registration));
}
