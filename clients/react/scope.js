// What one component has of a client: its functions by type of event, and the state to show. It is there before the client
// and after it, so that functions are registered before the first event, whichever effect React runs first.

export class Scope {
  #pool;
  #shared = null;
  #settings = null;
  #beganAt = null;
  #left = null;
  #listeners = new Set();
  #watchers = new Set();
  #stopStatus = null;

  /** {client, status, reason, transport, retryAt}, another object after each change; null without a client. */
  state = null;

  /** Of the component: another token for one that was refused. */
  onUnauthorized = null;

  constructor(pool) {
    this.#pool = pool;
  }

  /** Hold the client for these settings. Raises TypeError for bad ones. */
  open(settings) {
    this.close();
    const shared = this.#pool.borrow(this.#goingOn(settings), this);
    this.#shared = shared;
    this.#settings = settings;
    this.#stopStatus = shared.client.on('status', () => this.#refresh());
    for (const listener of this.#listeners) this.#attach(listener);
    this.#refresh();
    const isSame = this.#left === shared;
    queueMicrotask(() => { if (!isSame && this.#shared === shared) this.#begin(shared); });
  }

  close() {
    const shared = this.#shared;
    if (shared === null) return;
    this.#stopStatus();
    for (const listener of this.#listeners) listener.off();
    this.#shared = null;
    shared.leave(this);
    this.#left = shared;
    queueMicrotask(() => { if (this.#left === shared) this.#left = null; });
    this.#refresh();
  }

  /** Try now; a client that is closed gives way to a new one. Without a client nothing happens. */
  reconnect = () => {
    if (this.#shared === null) return;
    if (this.state.status === 'closed') this.open(this.#settings);
    else this.#shared.client.reconnect();
  };

  /** Call fn(data, {type, id}) for each event of the type, whichever client is there; the answer ends it. */
  listen = (type, fn) => {
    const listener = { type, fn, off: () => {} };
    this.#listeners.add(listener);
    if (this.#shared) this.#attach(listener);
    return () => {
      this.#listeners.delete(listener);
      listener.off();
    };
  };

  /** Call fn() after each change of the state; the answer ends it. */
  watch = (fn) => {
    this.#watchers.add(fn);
    return () => this.#watchers.delete(fn);
  };

  /** To begin after one event is for once: a later client goes on where the one before it was. */
  #goingOn(settings) {
    const { lastEventId = null, ...others } = settings;
    const isUsed = lastEventId !== null && lastEventId === this.#beganAt;
    this.#beganAt = lastEventId;
    return isUsed ? others : settings;
  }

  #attach(listener) {
    // A function of its own: two components may give the same one, and each ends only its own.
    listener.off = this.#shared.client.on(listener.type, (data, info) => listener.fn(data, info));
  }

  #begin(shared) {
    for (const event of shared.beginning) {
      const info = { type: event.type, id: null };
      for (const { type, fn } of [...this.#listeners]) {
        // Each by itself: one that raises keeps no other from it, and the browser shows the error.
        if (type === event.type) queueMicrotask(() => fn(event.data, info));
        else if (type === '*') queueMicrotask(() => fn({ ...event, id: null }, info));
      }
    }
  }

  #refresh() {
    const client = this.#shared?.client;
    this.state = client
      ? { client, status: client.status, reason: client.reason, transport: client.transport, retryAt: client.retryAt }
      : null;
    for (const fn of [...this.#watchers]) fn();
  }
}
