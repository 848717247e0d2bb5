// Long texts that people wrote: paragraphs as they were typed, and addresses that can be followed. Never HTML.

import { h } from '../kit/dom.js';

const ADDRESS = /https?:\/\/[^\s<>"']+/g;
const NOT_AT_ITS_END = /[.,;:!?)\]]+$/;

/** A text as an element. */
export function prose(text) {
  const parts = [];
  let at = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(NOT_AT_ITS_END, '');
    parts.push(text.slice(at, found.index), outward(address, address));
    at = found.index + address.length;
  }
  return h('div.prose', {}, ...parts, text.slice(at));
}

/** A link that leads away from the application. */
export function outward(address, ...children) {
  return h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, ...children);
}
