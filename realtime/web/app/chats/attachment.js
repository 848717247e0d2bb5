// What a message has attached: pictures and videos are shown in their place, of a fixed size so that nothing jumps when
// they arrive; everything else is a download.

import { h } from '../kit/dom.js';
import { openDialog } from '../kit/dialog.js';
import { icon } from '../kit/icons.js';
import { fileName } from './words.js';

/** The element for a stored message's attachment. */
export function attachment(message) {
  const address = message.attachment_url ?? message.attachment;
  const name = fileName(address);
  if (message.attachment_type === 'image') return image(address, name);
  if (message.attachment_type === 'video') return video(address, name);
  return h('a.attached-file', { href: address, download: name, target: '_blank', rel: 'noopener' },
    icon('file'), h('span.attached-name', {}, name), icon('download'), h('span.hidden-text', {}, ' (download)'));
}

function image(address, name) {
  const picture = h('img', { src: address, alt: `Photo ${name}`, loading: 'lazy', decoding: 'async' });
  picture.addEventListener('error', () => picture.replaceWith(h('span.attached-lost', {}, icon('image'), 'The photo cannot be shown')));
  return h('button.attached-image', { type: 'button', onclick: () => enlarge(address, name) }, picture);
}

function video(address, name) {
  return h('video.attached-video', { src: address, controls: true, preload: 'metadata', 'aria-label': `Video ${name}` });
}

function enlarge(address, name) {
  openDialog({
    title: name,
    className: 'dialog-image',
    body: [
      h('img', { src: address, alt: `Photo ${name}` }),
      h('div.dialog-actions', {}, h('a.button', { href: address, download: name, target: '_blank', rel: 'noopener' }, icon('download'), 'Download')),
    ],
  });
}
