// Ids that nobody else makes. crypto.randomUUID is not there on plain HTTP; getRandomValues is.

/** 128 random bits in hexadecimal. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A short name for a token that tells two tokens apart and cannot be turned back: 64 bits (FNV-1a twice) of 160.
 * crypto.subtle is not there on plain HTTP.
 */
export function tagOf(token) {
  let low = 0x811c9dc5;
  let high = 0x01000193;
  for (let index = 0; index < token.length; index++) {
    const code = token.charCodeAt(index);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + index), 0x01000193);
  }
  return [low, high].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
}
