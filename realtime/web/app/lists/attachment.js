// A file that a notice or an event has, by its address: a picture of this server's is shown, all else is a link.

import { h } from '../kit/dom.js';
import { icon } from '../kit/icons.js';
import { outward } from './prose.js';

const PICTURE = /\.(png|jpe?g|gif|webp)$/i;

/** The last piece of an address, as a person reads it. */
export function fileName(address) {
  const piece = address.split(/[?#]/)[0].split('/').filter(Boolean).at(-1) ?? address;
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece; // not every address of elsewhere is encoded well
  }
}

/** Whether the page may show it: the policy lets it load pictures from here alone. */
export function isPicture(address) {
  const url = new URL(address, document.baseURI);
  return url.origin === location.origin && PICTURE.test(url.pathname);
}

/** The attachment of a notice as an element. */
export function attachment(address) {
  const name = fileName(address);
  const link = outward(address, icon(isPicture(address) ? 'image' : 'file'), h('span', {}, name));
  link.className = 'attachment-link';
  const picture = isPicture(address) && h('img.attachment-picture', {
    src: address, alt: `Attached picture: ${name}`, onerror: (event) => event.target.remove(),
  });
  return h('div.attachment', {}, picture, link);
}
