// Whose token this is. Tabs of one user share a stream and a cursor, so the user has to be known before either.

import { Store } from './store.js';
import { tagOf } from './random.js';

const MOST_KNOWN = 20;

export class Identity {
  #store;
  #http;

  constructor(baseUrl, http) {
    this.#store = new Store(`campus-realtime:${baseUrl}`);
    this.#http = http;
  }

  /** The user's id, where this browser has seen the token before; else null. */
  known(token) {
    return this.#store.get(`user:${tagOf(token)}`);
  }

  /** Ask the server. Raises as Http.call does. */
  async ask(signal) {
    const { pk } = await this.#http.call('GET', 'auth/user/', { signal, patient: false });
    this.note(this.#http.token, pk);
    return pk;
  }

  note(token, user) {
    const key = `user:${tagOf(token)}`;
    if (this.#store.get(key) === user) return;
    for (const old of this.#store.keys('user:').slice(MOST_KNOWN - 1)) this.#store.delete(old);
    this.#store.set(key, user);
  }
}
