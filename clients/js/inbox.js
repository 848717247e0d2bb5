// What one tab is told: every stored event once and in order, whoever holds the stream and however often that changes.
// The one who holds it says with each event which one came before; what is missing between is read from the server.

import { Backoff, wait } from './backoff.js';
import { pollOnce } from './poll.js';

const PATIENCE_MS = 15_000;

export class Inbox {
  #http;
  #deliver;
  #onProblem;
  #waiting = [];
  #attempt = null;

  /** The newest stored event that this tab was told, or null. */
  seen;

  /** deliver([{event, data, id}]); onProblem(error) for a refusal that is no passing trouble. */
  constructor({ http, cursor, deliver, onProblem }) {
    this.#http = http;
    this.seen = cursor;
    this.#deliver = deliver;
    this.#onProblem = onProblem;
  }

  /** Events from whoever holds the stream. */
  take(events) {
    const ready = [];
    for (const event of events) this.#sort(event, ready);
    if (ready.length > 0) this.#deliver(ready);
  }

  /** The one who holds the stream is at this event: what this tab missed of it before is read. */
  catchUpTo(position) {
    if (position === null) return;
    if (this.seen === null) this.seen = position;
    else if (position > this.seen && this.#attempt === null) this.#read(position);
  }

  /** This tab has the stream from now on, beginning at `seen`: nothing else needs to be read. */
  stop() {
    this.#attempt?.abort();
    this.#attempt = null;
    this.#waiting = [];
  }

  #sort(event, ready) {
    const { id, prev } = event;
    if (event.event === 'resync') {
      this.stop();
      this.seen = id ?? this.seen;
      ready.push(event);
      return;
    }
    if (this.seen === null) this.seen = prev;
    if (id === null || event.event === 'connected') {
      this.seen ??= id;
      ready.push(event);
    } else if (this.#attempt !== null) {
      this.#waiting.push(event);
    } else if (this.seen === null || id > this.seen) {
      if (this.seen !== null && prev !== null && prev > this.seen) {
        this.#waiting.push(event);
        this.#read(prev);
        return;
      }
      this.seen = id;
      ready.push(event);
    }
  }

  /** Read what is after `seen`, up to `target` at least; then what came meanwhile. */
  async #read(target) {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const backoff = new Backoff();
    for (let isDone = false; !isDone;) {
      try {
        isDone = !(await this.#readPage(attempt));
      } catch (error) {
        if (this.#attempt !== attempt) return;
        // The one who holds the stream says whether there is a network; here it is enough to come back.
        if (error.status >= 400 && error.status < 500 && ![401, 429].includes(error.status)) this.#onProblem(error);
        await wait(backoff.next(error.retryAfterMs ?? 0));
      }
      if (this.#attempt !== attempt) return;
    }
    this.#attempt = null;
    // What has no trace in the answers was withdrawn meanwhile.
    this.seen = Math.max(this.seen, target);
    this.take(this.#waiting.splice(0));
  }

  /** One answer; whether there is more. */
  async #readPage(attempt) {
    const one = new AbortController();
    const stop = () => one.abort();
    attempt.signal.addEventListener('abort', stop, { once: true });
    let answer;
    try {
      answer = await pollOnce({ http: this.#http, cursor: this.seen, patienceMs: PATIENCE_MS, attempt: one });
    } finally {
      attempt.signal.removeEventListener('abort', stop);
    }
    if (this.#attempt !== attempt) return false;
    const ready = answer.events.filter(({ event, id }) => event === 'resync' || (id !== null && id > this.seen));
    if (ready.length > 0) {
      this.seen = ready.at(-1).id;
      this.#deliver(ready);
    }
    return answer.has_more;
  }
}
