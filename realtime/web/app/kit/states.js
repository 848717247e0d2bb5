// What a place shows when it has nothing to show: it waits, it is empty, or something went wrong. Each says what to do.

import { h } from './dom.js';
import { icon } from './icons.js';
import { sentence } from './toast.js';

/** Nothing here yet: `action` is {label, run}. */
export function empty({ iconName, title, text = '', action = null }) {
  return h('div.state', {}, h('span.state-mark', {}, icon(iconName)), h('h2', {}, title), text && h('p', {}, text),
    action && h('button.primary', { type: 'button', onclick: action.run }, action.label));
}

/** It could not be fetched; `retry` fetches again. */
export function failed(error, { title, retry }) {
  return h('div.state', { role: 'alert' }, h('span.state-mark.is-problem', {}, icon('warning')), h('h2', {}, title),
    h('p', {}, sentence(error)), h('button.primary', { type: 'button', onclick: retry }, 'Try again'));
}

/** It is on its way. */
export function loading(text = 'Loading…') {
  return h('div.state', { role: 'status' }, h('span.spinner', { 'aria-hidden': 'true' }), h('p', {}, text));
}
