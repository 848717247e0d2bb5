// How long to wait before the next attempt. It has no timer of its own.

const STEP_MS = 3000;
// Ten thousand that wait knock 1,300 times a second, and who comes back is 9 s late at most.
const MOST_MS = 6_000;

export class Backoff {
  #failures = 0;
  #random;

  /** What the server's last `retry:` said, in milliseconds; the first wait is never shorter. */
  retryMs;

  constructor({ retryMs = 1000, random = Math.random } = {}) {
    this.retryMs = retryMs;
    this.#random = random;
  }

  /**
   * Milliseconds to wait after another failure: first what `retry` says, which is long where a server that stops spreads
   * its clients; then growing waits up to 6 s. Up to half more at random, so that the browsers of a campus do not all
   * come back in the same moment. `leastMs` is a Retry-After.
   */
  next(leastMs = 0) {
    const grown = Math.min(Math.min(this.retryMs, STEP_MS) * 2 ** this.#failures, MOST_MS);
    const wait = this.#failures === 0 ? this.retryMs : grown;
    this.#failures = Math.min(this.#failures + 1, 30);
    return Math.max(wait, leastMs) * (1 + this.#random() / 2);
  }

  /** It worked. */
  reset() {
    this.#failures = 0;
  }
}

/** Resolve after so many milliseconds, or raise the signal's reason when it is aborted before. */
export function wait(ms, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => { clearTimeout(timer); reject(signal.reason); };
    const timer = setTimeout(() => { signal?.removeEventListener('abort', stop); resolve(); }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
