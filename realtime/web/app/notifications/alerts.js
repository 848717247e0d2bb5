// Browser notifications: the browser's own, for news that comes while every tab of the application is hidden. One for all
// tabs, and none while one of them is looked at. It knows no document but whether it is hidden.
//
// The tabs agree by Web Locks, which are there wherever notifications are: both need HTTPS or localhost.

import { local } from '../kit/storage.js';
import { Store } from '../kit/store.js';

const SETTING = 'campus:alerts';
const TOLD = 'campus:alerts:told';
const LOOKING = 'campus:looking';
const TELLING = 'campus:telling:';
const TELLING_MS = 60_000; // tabs hear of the same event within that time of each other

/**
 * Why there are notifications or not: `on`, `off`, `ask` (the browser will ask), `denied` (the browser says no),
 * `insecure` (this page came over plain HTTP), `missing` (this browser has none for pages): a Store.
 */
export const alerts = new Store(state());

/** Switch them on. The browser may ask; call it from a click. */
export async function switchOn() {
  local.set(SETTING, 'on');
  if (Notification.permission === 'default') await Notification.requestPermission();
  alerts.set(state());
}

export function switchOff() {
  local.set(SETTING, 'off');
  alerts.set(state());
}

/**
 * Tell of something, if nobody looks at a tab and no other tab has told it. `eventId` is the log's; one with the `tag` of
 * an earlier one takes its place; run() is called when the person clicks on it.
 */
export async function tell({ title, text, tag, eventId, run }) {
  if (alerts.value !== 'on' || document.visibilityState === 'visible') return;
  if (eventId <= Number(local.get(TOLD) ?? 0)) return; // a tab that slept hears of it late
  const { held } = await navigator.locks.query();
  if (held.some(({ name }) => name === LOOKING)) return;
  // What one tab stores, the others may read a moment later; of a lock all of them know at once.
  await navigator.locks.request(TELLING + eventId, { ifAvailable: true }, async (lock) => {
    if (lock === null) return;
    local.set(TOLD, String(eventId));
    show(title, text, tag, run);
    await new Promise((resolve) => { setTimeout(resolve, TELLING_MS); });
  });
}

/** Another user's events begin anew: what was told to the one before says nothing of them. */
export function forgetTold() {
  local.delete(TOLD);
}

function show(title, text, tag, run) {
  let shown;
  try {
    shown = new Notification(title, { body: text, tag, renotify: true });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    alerts.set('missing'); // browsers of phones have the name, and let only service workers use it
    return;
  }
  shown.addEventListener('click', () => {
    window.focus();
    shown.close();
    run();
  });
}

function state() {
  if (!globalThis.isSecureContext) return 'insecure';
  if (typeof Notification !== 'function' || !navigator.locks) return 'missing';
  if (Notification.permission === 'denied') return 'denied';
  if (local.get(SETTING) !== 'on') return 'off';
  return Notification.permission === 'granted' ? 'on' : 'ask';
}

let letGo = null;

/** While somebody looks at this tab, it holds a lock that the others see. */
function look() {
  const isLooked = document.visibilityState === 'visible';
  if (isLooked && !letGo && navigator.locks) {
    const end = new Promise((resolve) => { letGo = resolve; });
    navigator.locks.request(LOOKING, { mode: 'shared' }, () => end);
  } else if (!isLooked) {
    letGo?.();
    letGo = null;
  }
}

document.addEventListener('visibilitychange', look);
look();

// Another tab has changed the setting, or the person the browser's own.
addEventListener('storage', ({ key }) => { if (key === SETTING) alerts.set(state()); });
document.addEventListener('visibilitychange', () => {
  if (alerts.value !== 'missing') alerts.set(state());
});
