// One object of the server's that is looked at, kept right by events. It knows no document and no call by name.

import { positionOf } from '../../client/index.js';
import { Store } from '../kit/store.js';

export class LiveOne {
  id = null;
  row = null;
  /** `loading`, `ready`, `failed`, or `gone`: there is none, or it is not for this user any more. */
  state = 'loading';
  error = null;

  #fetch;
  #store = new Store(this);
  #position = null;
  #run = 0;

  /** fetch(id) answers the object. */
  constructor(fetch) {
    this.#fetch = fetch;
  }

  /** Call fn(one) now and after changes; the answer ends it. */
  watch(fn) {
    return this.#store.watch(fn);
  }

  /** Look at another one, or fetch the same again. */
  async load(id) {
    this.#run += 1;
    const run = this.#run;
    if (id !== this.id) Object.assign(this, { id, row: null, state: 'loading' });
    this.error = null;
    this.#store.flush();
    try {
      const row = await this.#fetch(id);
      if (run !== this.#run) return;
      // What an event has said meanwhile may be newer than the answer.
      if (this.#position === null || (positionOf(row) ?? 0) >= this.#position) Object.assign(this, { row, state: 'ready' });
    } catch (error) {
      if (run !== this.#run) return;
      this.error = error;
      this.state = error.status === 404 ? 'gone' : 'failed';
    }
    this.#store.flush();
  }

  /** An event says what an object is now. */
  put(row, eventId) {
    if (row.id !== this.id) return;
    this.#position = eventId;
    Object.assign(this, { row, state: 'ready', error: null });
    this.#store.changed();
  }

  /** An event says that an object is gone. */
  remove(id, eventId) {
    if (id !== this.id) return;
    this.#position = eventId;
    this.state = 'gone';
    this.#store.changed();
  }
}
