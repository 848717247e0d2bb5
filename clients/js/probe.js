// While the long poll carries the events: looks now and then whether the stream gets through again.

import { readStream } from './stream.js';

const FIRST_MS = 60_000;
const SOON_MS = 1000;
const MOST_MS = 600_000;

export class Probe {
  #http;
  #patienceMs;
  #onOpen;
  #waitMs;
  #timer = null;
  #attempt = null;

  /** onOpen() once, when a stream's `connected` came in time. isSoon: the network has just changed. */
  constructor(http, { patienceMs, isSoon, onOpen }) {
    this.#http = http;
    this.#patienceMs = patienceMs;
    this.#onOpen = onOpen;
    this.#waitMs = isSoon ? SOON_MS : FIRST_MS;
    this.#schedule();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#attempt?.abort();
    this.#attempt = null;
  }

  #schedule() {
    this.#timer = setTimeout(() => this.#look(), this.#waitMs);
    this.#waitMs = Math.min(Math.max(this.#waitMs * 2, FIRST_MS), MOST_MS);
  }

  async #look() {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#timer = setTimeout(() => attempt.abort(), this.#patienceMs);
    let isOpen = false;
    const onEvent = ({ event }) => {
      if (event !== 'connected') return;
      isOpen = true;
      attempt.abort();
    };
    try {
      await readStream({ http: this.#http, cursor: null, signal: attempt.signal, onEvent, onRetry() {}, onBytes() {} });
    } catch {
      // Whatever kept it back, the poll goes on and the next look is due later.
    }
    if (this.#attempt !== attempt) return; // stopped meanwhile
    clearTimeout(this.#timer);
    if (isOpen) this.#onOpen();
    else this.#schedule();
  }
}
