// Short news at the edge of the page, said aloud by screen readers. What needs an answer is a dialog's, not a toast's.

import { h } from './dom.js';
import { icon } from './icons.js';

const STAY_MS = 6000;
const MOST = 4;
const ICONS = { info: 'info', good: 'check', problem: 'warning' };

let places = null;

/**
 * Show a text for some seconds. `kind`: info, good, problem (said at once, and stays until it is closed); `title` above
 * it; `action`: {label, run}; `iconName` instead of the kind's. Answers a function that takes it away.
 */
export function toast(text, { kind = 'info', title = '', action = null, iconName = ICONS[kind], stayMs = STAY_MS } = {}) {
  const place = region()[kind === 'problem' ? 'problems' : 'news'];
  let timer = null;
  const close = () => {
    clearTimeout(timer);
    item.remove();
  };
  const run = () => {
    close();
    action.run();
  };
  const item = h(`div.toast.toast-${kind}`, {}, icon(iconName),
    h('div.toast-text', {}, title && h('strong', {}, title), h('span', {}, text)),
    action && h('button.quiet', { type: 'button', onclick: run }, action.label),
    h('button.icon-button', { type: 'button', 'aria-label': 'Close', onclick: close }, icon('close')));
  const hold = () => { if (kind !== 'problem') timer = setTimeout(close, stayMs); };
  item.addEventListener('pointerenter', () => clearTimeout(timer));
  item.addEventListener('focusin', () => clearTimeout(timer));
  item.addEventListener('pointerleave', hold);
  item.addEventListener('focusout', hold);
  place.append(item);
  while (place.children.length > MOST) place.firstElementChild.remove();
  hold();
  return close;
}

/** Say what went wrong with something, in a person's words: report(error, 'The notice was not saved.'). */
export function report(error, what) {
  if (error?.name === 'AbortError') return;
  const why = sentence(error);
  toast(why, { kind: 'problem', title: what });
}

/** What an error means to the person who sees it. */
export function sentence(error) {
  if (typeof error?.status === 'number') {
    if (error.status === 429) return `Too many tries just now. Try again ${soon(error.retryAfterMs)}.`;
    if (error.status >= 500) return 'The server has trouble. Try again in a moment.';
    const named = Object.entries(error.fields ?? {}).find(([name]) => name !== 'non_field_errors');
    return named ? `${named[0].replaceAll('_', ' ')}: ${named[1][0]}` : error.message;
  }
  // fetch raises a TypeError for what does not reach the server, in other words in each browser
  if (error instanceof TypeError) return 'The server cannot be reached. Check the network and try again.';
  return error?.message || 'Something unexpected happened.';
}

/** When a limit is over, in words. */
function soon(waitMs) {
  if (waitMs === null) return 'in a moment';
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  if (seconds < 100) return seconds === 1 ? 'in a second' : `in ${seconds} seconds`;
  const minutes = Math.ceil(seconds / 60);
  return minutes < 100 ? `in ${minutes} minutes` : `in ${Math.ceil(minutes / 60)} hours`;
}

function region() {
  if (places?.news.isConnected) return places;
  places = {
    news: h('div', { role: 'status', 'aria-label': 'News' }),
    problems: h('div', { role: 'alert', 'aria-label': 'Problems' }),
  };
  document.body.append(h('div.toasts', {}, places.problems, places.news));
  return places;
}
