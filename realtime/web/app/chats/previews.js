// Pictures of what is about to be sent, while it is on its way: by client_msg_id, gone with the page.

import { isImageFile } from './chosen.js';

const addresses = new Map();
const ID_BYTES = 16;

/** An id for a message. Not randomUUID: that is only there on HTTPS. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Keep a picture of a file for the message with that id. */
export function keepPreview(id, file) {
  if (isImageFile(file)) addresses.set(id, URL.createObjectURL(file));
}

/** Its address, or null. */
export function previewOf(id) {
  return addresses.get(id) ?? null;
}

/** It is sent, or will not be. */
export function dropPreview(id) {
  if (!addresses.has(id)) return;
  URL.revokeObjectURL(addresses.get(id));
  addresses.delete(id);
}
