// What whoever holds the stream does for all tabs: it has the line, passes on what comes, and answers tabs that join.
// It runs in the leading tab or in the SharedWorker, and knows tabs only by what they say.

import { Http } from './http.js';
import { Line } from './line.js';
import { tagOf } from './random.js';
import { Receipts } from './receipts.js';

export class Lead {
  #line;
  #user;
  #post;
  #http;
  #receipts = null;
  #online = null;
  #timer = null;
  #heartbeatMs;

  /** options: those of a Line, and `acknowledge`. post(message) reaches every tab, this one's own part too. */
  constructor(options, { post, onRefused, onProblem }) {
    this.#post = post;
    this.#user = options.user;
    this.#heartbeatMs = options.heartbeatMs;
    this.#http = new Http(options);
    if (options.acknowledge) this.#receipts = new Receipts(this.#http, onProblem);
    this.#line = new Line(options, {
      onEvents: (events) => this.#tell(events),
      onState: (state) => this.#post({ kind: 'state', state, ...this.#about() }),
      onRefused: async (token) => {
        const other = await onRefused(token);
        if (other) this.setToken(other);
        return other;
      },
      onProblem,
    });
  }

  start() {
    this.welcome(null);
    this.#line.start();
    // A leader that waits for its server is alive, too.
    this.#timer = setInterval(() => this.pulse(), this.#heartbeatMs);
  }

  close() {
    clearInterval(this.#timer);
    this.#receipts?.stop();
    this.#line.close();
  }

  get token() {
    return this.#line.token;
  }

  get cursor() {
    return this.#line.cursor;
  }

  get isClosed() {
    return this.#line.state.status === 'closed';
  }

  setToken(token) {
    this.#http.token = token;
    this.#line.setToken(token);
  }

  wake(why) {
    this.#line.wake(why);
  }

  /** Say that it is there. */
  pulse() {
    this.#post({ kind: 'pulse' });
  }

  /** Tell one tab, or all (null), where things are. */
  welcome(to) {
    const { cursor, state } = this.#line;
    const events = [];
    if (state.status === 'connected') {
      const about = { id: null, prev: cursor };
      events.push({ event: 'connected', data: { status: 'connected', user_id: this.#user }, ...about });
      if (this.#online) events.push({ event: 'presence_snapshot', data: { online: [...this.#online] }, ...about });
    }
    this.#post({ kind: 'welcome', to, position: cursor, state, events, ...this.#about() });
  }

  #about() {
    return { tag: tagOf(this.#line.token), isPolling: this.#line.isPolling };
  }

  #tell(events) {
    for (const { event, data } of events) {
      if (event === 'presence_snapshot') this.#online = new Set(data.online);
      else if (event === 'presence' && data.is_online) this.#online?.add(data.user_id);
      else if (event === 'presence') this.#online?.delete(data.user_id);
    }
    this.#receipts?.take(events);
    this.#post({ kind: 'events', events, ...this.#about() });
  }
}
