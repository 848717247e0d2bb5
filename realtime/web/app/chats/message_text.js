// A message's text as nodes: what looks like a web address becomes a link, everything else stays text.

import { h, isSafe } from '../kit/dom.js';

const ADDRESS = /\bhttps?:\/\/[^\s<>"']+/gi;
const AFTER = /[.,;:!?)\]}]+$/; // the sentence's, not the address's

/** Texts and links, in order. */
export function textNodes(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(AFTER, '');
    if (!isSafe(address)) continue;
    nodes.push(text.slice(end, match.index));
    nodes.push(h('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, address));
    end = match.index + address.length;
  }
  nodes.push(text.slice(end));
  return nodes;
}
