// Messages on their way: each is tried until the server has it or refuses it. Its client_msg_id makes every retry the same
// message. Texts are kept over a reload; a lease says which tab sends them, and an expired one lets another tab do it.

import { Backoff, wait } from './backoff.js';
import { LostFile, Parcel } from './parcel.js';

const LEASE_MS = 60_000;
const LONGEST_MS = 120_000; // a Retry-After of more is no wait but a refusal: what is behind it must not wait as long

export class Outbox {
  #http;
  #onChange;
  #store = null;
  #parcels = new Map();
  #lanes = new Map();
  #timer = null;
  #isOpen = false;

  /** onChange(item) after each change of one. */
  constructor(http, onChange) {
    this.#http = http;
    this.#onChange = onChange;
  }

  get items() {
    return [...this.#parcels.values()].sort(byAge).map((parcel) => parcel.item);
  }

  /** The store is that of the user: only now is it known who sends. */
  open(store) {
    this.#store = store;
    this.#isOpen = true;
    for (const parcel of this.#parcels.values()) this.#keep(parcel);
    this.#adopt();
    this.wake();
  }

  /** The page may go: another tab, or this one after its reload, sends what is left. */
  suspend() {
    this.#isOpen = false;
    clearTimeout(this.#timer);
    for (const parcel of this.#parcels.values()) {
      parcel.abort();
      this.#keep(parcel);
    }
  }

  /** Discard everything: the user has signed out. */
  clear() {
    this.suspend();
    for (const parcel of this.#parcels.values()) this.#end(parcel, 'discarded');
    for (const key of this.#store?.keys('outbox:') ?? []) this.#store.delete(key);
  }

  /** A good moment to try again. */
  wake() {
    if (!this.#isOpen) return;
    this.#adopt();
    for (const parcel of this.#parcels.values()) {
      if (!(parcel.retryAt > Date.now())) parcel.hurry();
      this.#drain(parcel.receiver);
    }
  }

  /** Send one; resolves with the stored message. */
  add(message, { onProgress } = {}) {
    const parcel = new Parcel(message, onProgress);
    const twin = this.#parcels.get(parcel.id);
    if (twin !== undefined) return twin.result; // a double click
    this.#parcels.set(parcel.id, parcel);
    this.#keep(parcel);
    this.#onChange(parcel.item);
    this.#drain(parcel.receiver);
    return parcel.result;
  }

  retry(id) {
    const parcel = this.#parcels.get(id);
    if (parcel?.state === 'failed') this.#change(parcel, 'waiting');
    parcel?.hurry();
    if (parcel) this.#drain(parcel.receiver);
  }

  discard(id) {
    const parcel = this.#parcels.get(id);
    if (parcel) this.#end(parcel, 'discarded');
  }

  /** The stream tells of a message of one's own: its answer may have been lost on the way, or another tab sent it. */
  confirm(message) {
    const parcel = this.#parcels.get(message.client_msg_id);
    if (parcel) this.#end(parcel, 'sent', message);
  }

  /** One after the other for each receiver: messages arrive in the order in which they were written. */
  async #drain(receiver) {
    if (!this.#isOpen || this.#lanes.has(receiver)) return;
    const backoff = new Backoff();
    this.#lanes.set(receiver, backoff);
    try {
      for (let parcel = this.#next(receiver); parcel && this.#isOpen; parcel = this.#next(receiver)) {
        await this.#attempt(parcel, backoff);
      }
    } finally {
      this.#lanes.delete(receiver);
    }
  }

  #next(receiver) {
    const waiting = [...this.#parcels.values()].filter((one) => one.receiver === receiver && one.state === 'waiting');
    return waiting.sort(byAge)[0];
  }

  async #attempt(parcel, backoff) {
    if (parcel.isText && this.#store.get(keyOf(parcel)) === null) {
      this.#end(parcel, 'discarded'); // another tab had it
      return;
    }
    this.#change(parcel, 'sending');
    try {
      const stored = await parcel.send(this.#http, () => this.#parcels.has(parcel.id) && this.#onChange(parcel.item));
      backoff.reset();
      this.#end(parcel, 'sent', stored);
    } catch (error) {
      if (!this.#parcels.has(parcel.id)) return; // confirmed or discarded meanwhile
      parcel.error = error;
      parcel.retryAt = error.retryAfterMs && !isFinal(error) ? Date.now() + error.retryAfterMs : null;
      if (error.status === 401) this.#isOpen = false; // kept for the next time that the user signs in
      if (isFinal(error)) {
        this.#change(parcel, 'failed');
        parcel.reject(error);
        return;
      }
      this.#change(parcel, 'waiting');
      if (this.#isOpen) await wait(backoff.next(error.retryAfterMs ?? 0), parcel.patience()).catch(() => {});
    }
  }

  #change(parcel, state) {
    parcel.state = state;
    this.#keep(parcel);
    this.#onChange(parcel.item);
  }

  #end(parcel, state, stored = null) {
    if (!this.#parcels.delete(parcel.id)) return;
    this.#store?.delete(keyOf(parcel));
    parcel.state = state;
    if (state === 'sent') {
      parcel.arrive(stored);
    } else {
      parcel.abort();
      parcel.reject(new DOMException('The message was discarded.', 'AbortError'));
    }
    this.#onChange(parcel.item);
  }

  #keep(parcel) {
    if (!parcel.isText || this.#store === null) return;
    const until = this.#isOpen ? Math.max(Date.now(), parcel.retryAt ?? 0) + LEASE_MS : 0;
    this.#store.set(keyOf(parcel), { ...parcel.record, until });
  }

  /** Take over what nobody sends any more. */
  #adopt() {
    clearTimeout(this.#timer);
    let soonest = Infinity;
    for (const key of this.#store.keys('outbox:')) {
      const record = this.#store.get(key);
      if (record === null || this.#parcels.has(record.client_msg_id)) continue;
      if (record.until > Date.now()) {
        soonest = Math.min(soonest, record.until);
        continue;
      }
      const parcel = Parcel.from(record);
      this.#parcels.set(parcel.id, parcel);
      this.#keep(parcel);
      this.#onChange(parcel.item);
    }
    if (soonest < Infinity) this.#timer = setTimeout(() => this.wake(), soonest - Date.now() + 1);
  }
}

function keyOf(parcel) {
  return `outbox:${parcel.id}`;
}

function byAge(one, other) {
  return one.order < other.order ? -1 : 1;
}

/** Whether the server will say the same again. A status of a proxy, a limit and a token that ended are none of that. */
function isFinal(error) {
  if (error instanceof LostFile || error.retryAfterMs > LONGEST_MS) return true;
  return error.status >= 400 && error.status < 500 && ![401, 408, 425, 429].includes(error.status);
}
