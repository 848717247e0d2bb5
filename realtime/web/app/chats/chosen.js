// Files that are chosen to be sent.

import { bytes } from '../kit/format.js';

const IMAGES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp'];

/** Those that the server shows as images, too. */
export function isImageFile(file) {
  return IMAGES.includes(file.type);
}

/** A file in words. */
export function fileWords(file) {
  return `${file.name || 'Picture'}, ${bytes(file.size)}`;
}
