// A client that components share: it is there while anybody holds it. It knows nothing of React.

import { connect } from 'campus-realtime';

// The token says whose it is. Where to begin only the first one can choose: those who join hear what comes from then on.
const OWN = new Set(['token', 'user', 'lastEventId']);

const comparable = (settings) => JSON.stringify(Object.entries(settings).filter(([name]) => !OWN.has(name)).sort());

export class Shared {
  #settings;
  #tokens;
  #holders = new Set();
  #onEnd;
  #hasBegun = false;
  #online = null;

  client;

  /** settings: options of connect() without functions. onEnd() when nobody holds it any more. Raises TypeError as connect(). */
  constructor(settings, onEnd) {
    this.#settings = settings;
    this.#tokens = new Set([settings.token]);
    this.#onEnd = onEnd;
    this.client = connect({ ...settings, onUnauthorized: () => this.#askForToken() });
    this.client.on('token', (token) => this.#tokens.add(token));
    this.client.on('connected', () => { this.#hasBegun = true; });
    this.client.on('status', ({ status }) => { if (status !== 'connected') this.#hasBegun = false; });
    this.client.on('presence_snapshot', ({ online }) => { this.#online = new Set(online); });
    this.client.on('presence', ({ user_id, is_online }) => this.#online?.[is_online ? 'add' : 'delete'](user_id));
  }

  /** Whether it is what these settings ask for. A token that took the place of theirs is as good. */
  suits(settings) {
    if (this.client.status === 'closed' || !this.#tokens.has(settings.token)) return false;
    const { lastEventId = null } = settings;
    if (lastEventId !== null && lastEventId !== this.#settings.lastEventId) return false;
    return comparable(settings) === comparable(this.#settings);
  }

  /** holder: {onUnauthorized}. */
  join(holder) {
    this.#holders.add(holder);
  }

  /**
   * Not closed in the same breath: React's strict mode takes effects away and puts them back, and a component may change
   * places. Nothing can arrive before a microtask, so nothing is told to nobody.
   */
  leave(holder) {
    this.#holders.delete(holder);
    queueMicrotask(() => {
      if (this.#holders.size > 0) return;
      this.client.close();
      this.#onEnd();
    });
  }

  /** What a component is told that joins an open stream: [{type, data}], the beginning as everybody had it. */
  get beginning() {
    if (!this.#hasBegun) return [];
    const events = [{ type: 'connected', data: { status: 'connected', user_id: this.client.user } }];
    if (this.#online) events.push({ type: 'presence_snapshot', data: { online: [...this.#online] } });
    return events;
  }

  /** Another token from the first holder that has one, or null. */
  async #askForToken() {
    for (const holder of [...this.#holders]) {
      const token = await holder.onUnauthorized?.();
      if (token) return token;
    }
    return null;
  }
}
