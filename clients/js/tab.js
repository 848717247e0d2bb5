// This tab's part: it leads or it follows, and either way its inbox is told everything. It knows the page's life, the
// other tabs and the lead, and nothing of what events mean.

import { Cursor } from './cursor.js';
import { Inbox } from './inbox.js';
import { Lead } from './lead.js';
import { watchLife } from './life.js';
import { tagOf } from './random.js';
import { kindsHere } from './seats.js';
import { Store } from './store.js';
import { VERSION } from './version.js';
import { Watchdog } from './watchdog.js';

const ANSWER_MS = 2000; // for a leader that seems silent

export class Tab {
  #id;
  #settings;
  #hooks;
  #http;
  #group;
  #cursor;
  #inbox;
  #kinds;
  #seat = null;
  #lead = null;
  #watchdog;
  #answer = null;
  #isPolling;
  #wasConnected = false;
  #isClosed = false;
  #stopWatching;

  /**
   * settings: those of connect(), complete, with `user`. hooks: onEvents(events), onState(state, tag), onToken(token, tag),
   * onRefused(token), onProblem(error), onSuspend(), onResume(), onWake().
   */
  constructor(id, settings, http, hooks) {
    this.#id = id;
    this.#settings = settings;
    this.#http = http;
    this.#hooks = hooks;
    this.#group = `campus-realtime:${settings.baseUrl}:${settings.user}`;
    this.#cursor = new Cursor(new Store(this.#group));
    const cursor = settings.lastEventId === undefined ? this.#cursor.load() : settings.lastEventId;
    this.#inbox = new Inbox({ http, cursor, deliver: (events) => this.#deliver(events), onProblem: hooks.onProblem });
    this.#isPolling = this.#cursor.isPolling;
    this.#watchdog = new Watchdog({ heartbeatMs: settings.heartbeatMs, onSilent: () => this.#silent() });
    this.#kinds = kindsHere(settings.share);
    this.#stopWatching = watchLife({
      suspend: () => this.#suspend(), resume: () => this.#resume(), wake: (why) => this.wake(why),
    });
  }

  get group() {
    return this.#group;
  }

  get isLeader() {
    return this.#lead !== null;
  }

  get lastEventId() {
    return this.#inbox.seen;
  }

  /** Take a seat among the user's tabs. */
  join() {
    const Kind = this.#kinds[0];
    this.#seat = new Kind(this.#group, this.#id, this.#hooksOf(Kind));
    this.#watchdog.start();
    this.#seat.join();
    if (!Kind.introduces) this.#ask();
  }

  close() {
    this.#isClosed = true;
    this.#stopWatching();
    this.#leave();
  }

  wake(why) {
    if (this.#seat === null) return;
    if (this.#lead) this.#lead.wake(why);
    else this.#seat.post({ kind: 'wake', why });
    this.#hooks.onWake();
  }

  /** Another token takes the place of the one with this tag, here and in the other tabs. */
  giveToken(token, replaces) {
    this.#lead?.setToken(token);
    this.#seat?.post({ kind: 'token', token, replaces });
  }

  #hooksOf(Kind) {
    const isMine = () => this.#kinds[0] === Kind && !this.#isClosed;
    return {
      onLead: () => this.#take(),
      onLost: () => this.#lose(),
      onMessage: (message) => this.#heard(message),
      introduce: () => this.#introduction(),
      // What cannot work here is not tried again.
      onUseless: () => {
        if (!isMine()) return;
        const wasJoined = this.#seat !== null;
        this.#leave();
        this.#kinds.shift();
        if (wasJoined) this.join();
      },
    };
  }

  #lineOptions() {
    const { baseUrl, user, college, heartbeatMs, connectTimeoutMs, acknowledge } = this.#settings;
    return { baseUrl, user, college, heartbeatMs, connectTimeoutMs, acknowledge, token: this.#http.token };
  }

  #introduction() {
    return {
      version: VERSION,
      options: this.#lineOptions(),
      cursor: this.#inbox.seen,
      isPolling: this.#isPolling,
      wasConnected: this.#wasConnected,
    };
  }

  /** The lead is this tab's: it goes on where this tab was. */
  #take() {
    this.#watchdog.stop();
    this.#answered();
    this.#inbox.stop();
    const { cursor, isPolling, wasConnected } = this.#introduction();
    this.#lead = new Lead({ ...this.#lineOptions(), cursor, isPolling, wasConnected }, {
      post: (message) => { this.#seat?.post(message); this.#told(message); },
      onRefused: (token) => this.#hooks.onRefused(token),
      onProblem: (error) => this.#hooks.onProblem(error),
    });
    this.#lead.start();
  }

  #lose() {
    this.#lead?.close();
    this.#lead = null;
    if (this.#seat === null) return;
    this.#watchdog.start();
    this.#unsure();
    this.#ask();
  }

  #leave() {
    this.#watchdog.stop();
    this.#answered();
    this.#inbox.stop();
    this.#lead?.close();
    this.#lead = null;
    this.#seat?.leave();
    this.#seat = null;
  }

  #suspend() {
    if (this.#seat === null) return;
    this.#leave();
    this.#hooks.onSuspend();
  }

  #resume() {
    if (this.#seat !== null || this.#isClosed) return;
    this.#unsure();
    this.join();
    this.#hooks.onResume();
  }

  /** Nobody is known to have the stream. */
  #unsure() {
    if (this.#wasConnected) this.#hooks.onState({ status: 'reconnecting', reason: null, transport: null, retryAt: null });
  }

  #ask() {
    if (this.#lead === null) this.#seat?.post({ kind: 'hello', from: this.#id });
  }

  #silent() {
    this.#seat?.post({ kind: 'ping' });
    this.#answer ??= setTimeout(() => {
      this.#answer = null;
      this.#unsure();
      this.#seat?.challenge();
    }, Math.min(ANSWER_MS, this.#settings.heartbeatMs));
  }

  #answered() {
    clearTimeout(this.#answer);
    this.#answer = null;
  }

  /** A message of another tab, or of the SharedWorker. */
  #heard(message) {
    const { kind } = message;
    if (kind === 'token') this.#hooks.onToken(message.token, message.replaces);
    else if (kind === 'renew') this.#renew();
    else if (kind === 'problem') this.#hooks.onProblem(new Error(message.text));
    else if (this.#lead === null) this.#told(message);
    else if (kind === 'hello') this.#lead.welcome(message.from);
    else if (kind === 'wake') this.#lead.wake(message.why);
    else if (kind === 'ping') this.#lead.pulse();
  }

  /** What the one who holds the stream says; it may be this tab. */
  #told({ kind, to = null, state, tag, position, events, isPolling }) {
    if (kind === 'hello' || kind === 'wake' || kind === 'ping') return; // of one follower, to the leader
    this.#watchdog.heard();
    this.#answered();
    if (to !== null && to !== this.#id) return;
    if (isPolling !== undefined && isPolling !== this.#isPolling) this.#isPolling = this.#cursor.isPolling = isPolling;
    if (kind === 'welcome') {
      this.#inbox.catchUpTo(this.#lead ? null : position);
      this.#cursor.save(this.#inbox.seen);
    }
    if (state !== undefined) {
      if (state.status === 'connected') this.#wasConnected = true;
      this.#hooks.onState(state, tag);
    }
    if (events === undefined || this.#isClosed) return;
    // Another token of the same user has ended, and not this tab's.
    const isOwn = tag === tagOf(this.#http.token);
    this.#inbox.take(isOwn ? events : events.filter(({ event }) => event !== 'disconnected'));
  }

  async #renew() {
    const seat = this.#seat;
    seat.post({ kind: 'renewing' });
    seat.post({ kind: 'renewed', token: await this.#hooks.onRefused(this.#http.token) });
  }

  #deliver(events) {
    this.#hooks.onEvents(events);
    this.#cursor.save(this.#inbox.seen, events.some(({ event }) => event === 'resync'));
  }
}
