// For signals that nobody waits for: typing, what was read. By the time that they could be repeated they are old, or the
// next one says the same.

/** Wait for a promise whose failure only a developer wants to see. */
export async function quietly(promise) {
  try {
    await promise;
  } catch (error) {
    console.debug('not told:', error);
  }
}
