// The clients of this page. Components that ask for the same one share it.

import { Shared } from './shared.js';

export class Pool {
  #all = new Set();

  /** The client for these settings, a new one where there is none. The holder gives it back by leave(). Raises TypeError. */
  borrow(settings, holder) {
    let shared = [...this.#all].find((one) => one.suits(settings));
    if (shared === undefined) {
      shared = new Shared(settings, () => this.#all.delete(shared));
      this.#all.add(shared);
    }
    shared.join(holder);
    return shared;
  }
}
