// The line to the server: the stream, or the long poll where the stream does not get through. It comes back until it is
// closed, moves its cursor, and says what state it is in. One tab or the SharedWorker has it; it knows of neither.

import { Arrivals } from './arrivals.js';
import { Backoff, wait } from './backoff.js';
import { Http } from './http.js';
import { Polls } from './poll.js';
import { Probe } from './probe.js';
import { AGAIN, CLOSED, FINISHED, LATE, SILENT } from './reasons.js';
import { readStream } from './stream.js';
import { Watchdog } from './watchdog.js';

const JUST_NOW_MS = 500; // every tab tells of the same change
const MOST_FAILED_POLLS = 8; // then the stream is tried again

export class Line {
  #options;
  #hooks;
  #http;
  #backoff = new Backoff();
  #watchdog;
  #attempt = null;
  #woken = { why: null, at: 0 };
  #arrivals;
  #refusals = 0;
  #failures = 0;
  #tokenGiven = () => {};
  #tokenInUse = ''; // the one that the open stream or poll began with
  #notBefore = 0; // what a Retry-After said
  #mute = 0; // streams in a row that had nothing after their beginning
  #polls;

  state = { status: 'connecting', reason: null, transport: null, retryAt: null };

  /**
   * options: {baseUrl, token, user, cursor, isPolling, wasConnected, college, heartbeatMs, connectTimeoutMs}. hooks: those
   * of Arrivals; onState(state); onRefused(token) answers another token or null; onProblem(error).
   */
  constructor(options, hooks) {
    this.#options = options;
    this.#hooks = hooks;
    this.#arrivals = new Arrivals(options.cursor, hooks);
    this.isPolling = options.isPolling;
    this.#http = new Http({ baseUrl: options.baseUrl, token: options.token, college: options.college });
    this.#polls = new Polls(this.#http, options.connectTimeoutMs);
    this.#watchdog = new Watchdog({ heartbeatMs: options.heartbeatMs, onSilent: () => this.#attempt?.abort(SILENT) });
    if (options.wasConnected) this.state.status = 'reconnecting';
  }

  /** Where it is: the newest stored event, or null. */
  get cursor() { return this.#arrivals.cursor; }

  get token() { return this.#http.token; }

  start() { this.#run(); }

  /** Another token for the next request. An open stream goes on: it ends when its own token does. */
  setToken(token) {
    if (token === this.#http.token) return;
    this.#http.token = token;
    this.#tokenGiven(token);
    if (this.state.status !== 'connected') this.#attempt?.abort(AGAIN);
  }

  /**
   * Something says that now is a good time. `why`: `visible`, `online`, `offline`, `jump`, `asked`. What the server has
   * asked for with a Retry-After is waited for, unless a person says to try.
   */
  wake(why) {
    if (this.state.retryAt !== null && Date.now() < this.#notBefore && why !== 'asked') return;
    const isOpen = this.state.status === 'connected';
    // Another network: an open connection may be dead without a word, and trying costs one request.
    const isNews = this.#woken.why !== why || Date.now() - this.#woken.at > JUST_NOW_MS;
    this.#woken = { why, at: Date.now() };
    if ((why === 'online' || why === 'offline') && isNews) this.#attempt?.abort(AGAIN);
    else if (this.state.retryAt !== null || (isOpen && !this.isPolling && this.#watchdog.isDoubtful)) {
      this.#attempt?.abort(AGAIN);
    } else if (why === 'asked' && !isOpen) this.#attempt?.abort(AGAIN);
  }

  /** End it, without a word to the hooks. */
  close() {
    this.state = { status: 'closed', reason: 'close', transport: null, retryAt: null };
    this.#attempt?.abort(CLOSED);
  }

  async #run() {
    while (this.state.status !== 'closed') {
      const attempt = new AbortController();
      this.#attempt = attempt;
      let leastMs = 0;
      try {
        await (this.isPolling ? this.#poll(attempt) : this.#stream(attempt));
      } catch (error) {
        if (this.state.status === 'closed') return;
        if (attempt.signal.aborted) {
          if (this.#aborted(attempt.signal.reason)) continue;
        } else if (error.status === 401) {
          if (await this.#renew()) continue;
        } else {
          leastMs = this.#failed(error);
        }
      } finally {
        this.#watchdog.stop();
        this.#arrivals.flush();
      }
      if (this.state.status !== 'closed') await this.#rest(leastMs);
    }
  }

  /** Whether to go on at once after an attempt that was aborted for that reason. */
  #aborted(reason) {
    if (reason === LATE) {
      this.isPolling = !this.isPolling;
      return this.isPolling; // a poll that is late as well means that nothing gets through
    }
    if (reason === SILENT) {
      this.#mute += 1;
      if (this.#mute >= 2 && !this.isPolling) this.isPolling = true;
    }
    if (this.state.status === 'connected') this.#setState('reconnecting');
    return true;
  }

  /** An attempt that failed by itself; the least to wait, in milliseconds. */
  #failed(error) {
    this.#failures += 1;
    if (this.#failures % MOST_FAILED_POLLS === 0) this.isPolling = false;
    // Anything but a broken connection or a refusal is a mistake of ours, and must be seen.
    if (!(error instanceof TypeError) && error.status === undefined && error.name !== 'AbortError') {
      this.#hooks.onProblem(error);
    }
    return error.retryAfterMs ?? 0;
  }

  async #rest(leastMs) {
    const waitMs = this.#backoff.next(leastMs);
    this.#notBefore = Date.now() + leastMs;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#setState('reconnecting', { retryAt: Date.now() + waitMs });
    try {
      await wait(waitMs, attempt.signal);
    } catch (reason) {
      if (reason === CLOSED || reason === FINISHED) return;
    }
    this.state.retryAt = null;
  }

  /** Ask for another token. Whether to try at once: a second refusal in a row waits. */
  async #renew() {
    const refused = this.#http.token;
    this.#setState('reconnecting');
    const given = new Promise((resolve) => { this.#tokenGiven = resolve; });
    const next = await Promise.race([this.#hooks.onRefused(refused), given]);
    if (this.state.status === 'closed') return false;
    if (!next || next === refused) {
      this.#finish('unauthorized', FINISHED);
      return false;
    }
    this.#http.token = next;
    this.#refusals += 1;
    return this.#refusals < 2;
  }

  async #stream(attempt) {
    this.#tokenInUse = this.#http.token;
    const late = setTimeout(() => attempt.abort(LATE), this.#options.connectTimeoutMs);
    const onEvent = (event) => {
      if (event.event === 'connected') {
        clearTimeout(late);
        this.#watchdog.start();
        this.#connected('stream');
      } else if (event.event === 'heartbeat') this.#mute = 0;
      this.#take(event);
    };
    try {
      await readStream({
        http: this.#http,
        cursor: this.#arrivals.cursor,
        signal: attempt.signal,
        onEvent,
        onRetry: (ms) => { this.#backoff.retryMs = ms; },
        onBytes: () => { this.#watchdog.heard(); this.#arrivals.flush(); },
      });
    } finally {
      clearTimeout(late);
    }
  }

  async #poll(attempt) {
    this.#tokenInUse = this.#http.token;
    const probe = new Probe(this.#http, {
      patienceMs: this.#options.connectTimeoutMs,
      isSoon: this.#woken.why === 'online',
      onOpen: () => {
        this.isPolling = false;
        attempt.abort(AGAIN);
      },
    });
    try {
      await this.#polls.read({
        attempt,
        late: LATE,
        cursor: () => this.#arrivals.cursor,
        onOpen: () => this.#connected('poll'),
        onEvents: (events) => this.#takeAll(events),
      });
    } finally {
      probe.stop();
    }
  }

  #takeAll(events) {
    for (const event of events) this.#take(event);
    this.#arrivals.flush();
  }

  #connected(transport) {
    this.#backoff.reset();
    this.#refusals = 0;
    this.#failures = 0;
    this.#setState('connected', { transport });
  }

  #take(event) {
    if (this.state.status === 'closed') return;
    if (event.event === 'disconnected' && this.#tokenInUse !== this.#http.token) {
      this.#attempt?.abort(AGAIN); // the end of the earlier token, and there is another
      return;
    }
    const data = this.#arrivals.take(event);
    if (data === undefined) return;
    if (event.event === 'disconnected') this.#finish(data.reason ?? 'disconnected', FINISHED);
    else if (event.event === 'connected' && data.user_id !== this.#options.user) this.#finish('user_changed', FINISHED);
  }

  #finish(reason, why) {
    this.#arrivals.flush();
    this.#setState('closed', { reason });
    this.#attempt?.abort(why);
  }

  #setState(status, { reason = null, transport = null, retryAt = null } = {}) {
    const isOffline = status === 'reconnecting' && globalThis.navigator?.onLine === false;
    this.state = { status: isOffline ? 'offline' : status, reason, transport, retryAt };
    this.#hooks.onState(this.state);
  }
}
