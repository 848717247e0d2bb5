// The long poll: one request, one answer. It is what remains where a proxy holds the stream back.

import { wait } from './backoff.js';

const MOST_WAIT_S = 25;
const LEAST_WAIT_S = 5;
const PATIENCE_MS = 15_000;
const TOO_SOON_MS = 1000;

/**
 * The events after the cursor, as {events: [{id, event, data}], last_event_id, has_more}. With cursor null it answers at
 * once, with `connected` and `presence_snapshot`. Raises as Http.call does; without an answer in waitS and patienceMs it
 * aborts the attempt, an AbortController, for the reason `late`.
 */
export async function pollOnce({ http, cursor, waitS = 0, patienceMs, attempt, late }) {
  const timer = setTimeout(() => attempt.abort(late), waitS * 1000 + patienceMs);
  try {
    return await http.call('GET', 'communication/poll/events/', {
      query: { last_event_id: cursor, wait: waitS },
      signal: attempt.signal,
      patient: false, // whoever polls has a backoff of its own
    });
  } finally {
    clearTimeout(timer);
  }
}

/** One poll after the other. */
export class Polls {
  #http;
  #firstMs;
  #waitS = MOST_WAIT_S;

  /** firstMs: how long the first one may take, which does not wait for anything. */
  constructor(http, firstMs) {
    this.#http = http;
    this.#firstMs = firstMs;
  }

  /** Poll until the attempt is aborted. Raises as pollOnce. onOpen() when it is seen to work; onEvents([{event, data, id}]). */
  async read({ attempt, late, cursor, onOpen, onEvents }) {
    const http = this.#http;
    // Without a cursor: it answers at once, so it shows that polls get through, and it has who is online.
    const first = await pollOnce({ http, cursor: null, patienceMs: this.#firstMs, attempt, late });
    onOpen();
    onEvents(first.events);
    while (!attempt.signal.aborted) {
      const began = Date.now();
      let answer;
      try {
        answer = await pollOnce({ http, cursor: cursor(), waitS: this.#waitS, patienceMs: PATIENCE_MS, attempt, late });
      } catch (error) {
        // A proxy that does not let a request wait that long.
        const tookS = (Date.now() - began) / 1000;
        if (tookS > LEAST_WAIT_S) this.#waitS = Math.max(LEAST_WAIT_S, Math.floor(tookS / 2));
        throw error;
      }
      onEvents(answer.events);
      // A server that stops answers at once with nothing, and what stands between may always do so.
      if (answer.events.length === 0 && Date.now() - began < TOO_SOON_MS) await wait(TOO_SOON_MS, attempt.signal);
    }
    throw attempt.signal.reason;
  }
}
