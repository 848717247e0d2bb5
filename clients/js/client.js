// What an app holds: events by type, a status, the calls, the outbox. Where events come from is the tab's business.

import { Api } from './api.js';
import { Backoff, wait } from './backoff.js';
import { Emitter } from './emitter.js';
import { Http } from './http.js';
import { Identity } from './identity.js';
import { complete } from './options.js';
import { Outbox } from './outbox.js';
import { newId, tagOf } from './random.js';
import { Store } from './store.js';
import { Tab } from './tab.js';

const LOGOUT_MS = 1000;

export class Client {
  #settings;
  #emitter = new Emitter();
  #state = { status: 'connecting', reason: null, transport: null, retryAt: null };
  #http;
  #outbox;
  #identity;
  #user;
  #tab = null;
  #asking = new AbortController();
  #renewing = null;
  #tokenGiven = () => {};

  api;

  constructor(options) {
    const settings = complete(options);
    this.#settings = settings;
    const { baseUrl, token, college } = settings;
    this.#http = new Http({ baseUrl, token, college, onRefused: (refused) => this.#renew(refused), onLimited: (limit) => this.#limited(limit) });
    // The stream says so itself, to all tabs; but it may not be open just now.
    this.api = new Api(this.#http, () => setTimeout(() => this.#finish('logout'), LOGOUT_MS));
    this.#outbox = new Outbox(this.#http, (item) => this.#emitter.emit('outbox', item, { type: 'outbox', id: null }));
    this.#identity = new Identity(baseUrl, this.#http);
    this.#user = settings.user;
    if (settings.onResync !== null) this.on('resync', settings.onResync);
    // Later: whoever called connect() wants to hear the first events as well.
    queueMicrotask(() => this.#begin());
  }

  get status() { return this.#state.status; }
  get reason() { return this.#state.reason; }
  get transport() { return this.#state.transport; }
  get retryAt() { return this.#state.retryAt; }
  get isLeader() { return this.#tab?.isLeader ?? false; }
  get user() { return this.#user; }
  get token() { return this.#http.token; }
  get lastEventId() { return this.#tab?.lastEventId ?? null; }
  get outbox() { return this.#outbox; }

  on(type, fn) { return this.#emitter.on(type, fn); }
  off(type, fn) { this.#emitter.off(type, fn); }

  /** Whoever looks at `outbox` events needs no answer: what it rejects with is not for nobody to catch. */
  send(message, options) {
    try {
      return this.#outbox.add(message, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  reconnect() {
    if (this.#tab) this.#tab.wake('asked');
    else this.#asking.abort();
  }

  setToken(token) {
    const replaces = tagOf(this.#http.token);
    if (tagOf(token) === replaces) return;
    this.#adopt(token);
    this.#tab?.giveToken(token, replaces);
  }

  close({ forget = false } = {}) {
    if (forget) this.#outbox.clear();
    this.#finish('close');
  }

  #limited(limit) {
    if (this.status !== 'closed') this.#emitter.emit('limited', limit, { type: 'limited', id: null });
  }

  async #begin() {
    try {
      await this.#identify();
    } catch (error) {
      this.#emitter.fail(error);
    }
    if (this.#user === null || this.status === 'closed') return;
    this.#identity.note(this.#http.token, this.#user);
    const settings = { ...this.#settings, user: this.#user };
    this.#tab = new Tab(newId(), settings, this.#http, {
      onEvents: (events) => this.#told(events),
      onState: (state, tag) => this.#heardState(state, tag),
      onToken: (token, replaces) => { if (tagOf(this.#http.token) === replaces) this.#adopt(token); },
      onRefused: (token) => this.#renew(token),
      onProblem: (error) => this.#emitter.fail(error),
      onSuspend: () => this.#outbox.suspend(),
      onResume: () => this.#outbox.open(this.#store()),
      onWake: () => this.#outbox.wake(),
    });
    this.#outbox.open(this.#store());
    this.#tab.join();
  }

  #store() {
    return new Store(this.#tab.group);
  }

  /** Find out whose token this is, however long it takes to reach the server. */
  async #identify() {
    const backoff = new Backoff();
    this.#user ??= this.#identity.known(this.#http.token);
    while (this.#user === null && this.status !== 'closed') {
      try {
        this.#user = await this.#identity.ask();
      } catch (error) {
        if (error.status === 401 || this.status === 'closed') return; // #renew has closed it
        const waitMs = backoff.next(error.retryAfterMs ?? 0);
        const status = globalThis.navigator?.onLine === false ? 'offline' : 'reconnecting';
        this.#setState({ status, reason: null, transport: null, retryAt: Date.now() + waitMs });
        this.#asking = new AbortController();
        const hurry = () => this.#asking.abort();
        globalThis.addEventListener?.('online', hurry);
        await wait(waitMs, this.#asking.signal).catch(() => {});
        globalThis.removeEventListener?.('online', hurry);
      }
    }
  }

  #told(events) {
    for (const { event: type, data, id } of events) {
      if (type === 'message_sent') this.#outbox.confirm(data);
      this.#emitter.emit(type, data, { type, id });
      this.#emitter.emit('*', { type, data, id }, { type, id });
    }
  }

  /** The tag is that of the token with which the stream is open, where it is known. */
  #heardState(state, tag) {
    if (state.status === 'closed') {
      if (tag === tagOf(this.#http.token)) this.#finish(state.reason);
      return;
    }
    const wasConnected = this.status === 'connected';
    this.#setState(state);
    if (state.status === 'connected' && !wasConnected) this.#outbox.wake();
  }

  #setState(state) {
    if (this.status === 'closed' || ['status', 'transport', 'retryAt'].every((name) => this.#state[name] === state[name])) return;
    this.#state = { ...state };
    this.#emitter.emit('status', { ...state }, { type: 'status', id: null });
  }

  #finish(reason) {
    if (this.status === 'closed') return;
    this.#asking.abort();
    this.#tab?.close();
    // On a computer that others use, what was not sent is nobody else's to read.
    if (reason === 'logout') this.#outbox.clear();
    else this.#outbox.suspend();
    this.#setState({ status: 'closed', reason, transport: null, retryAt: null });
  }

  #adopt(token) {
    this.#http.token = token;
    if (this.#user !== null) this.#identity.note(token, this.#user);
    this.#tokenGiven(token);
    this.#emitter.emit('token', token, { type: 'token', id: null });
  }

  /** Another token for one that was refused: the newer one, or the app's; null closes the client. */
  async #renew(refused) {
    if (this.#http.token !== refused) return this.#http.token;
    if (this.status === 'closed') return null;
    this.#renewing ??= this.#askApp(refused).finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  async #askApp(refused) {
    const given = new Promise((resolve) => { this.#tokenGiven = resolve; });
    let token = null;
    try {
      token = await Promise.race([this.#settings.onUnauthorized?.(), given]);
    } catch (error) {
      this.#emitter.fail(error);
    }
    if (!token || token === refused) {
      this.#finish('unauthorized');
      return null;
    }
    if (this.#http.token === refused) this.setToken(token);
    return token;
  }
}
