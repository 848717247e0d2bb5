// The SharedWorker's script: one stream for each user of this browser, for all tabs that said hello and not yet bye.

import { Lead } from './lead.js';
import { tagOf } from './random.js';
import { VERSION } from './version.js';

const ASK_MS = 10_000;

const groups = new Map();

class Group {
  #name;
  #tabs = new Map();
  #lead = null;
  #answers = new Map();

  constructor(name) {
    this.#name = name;
  }

  hello(port, message) {
    this.#tabs.set(message.from, { port, message, token: message.options.token });
    if (this.#lead === null || this.#lead.isClosed) this.#begin(message);
    else this.#lead.welcome(message.from);
  }

  take(message) {
    const tab = this.#tabs.get(message.from);
    if (tab === undefined) return;
    if (message.kind === 'bye') this.#bye(message.from);
    else if (message.kind === 'ping') this.#lead?.pulse();
    else if (message.kind === 'wake') this.#lead?.wake(message.why);
    else if (message.kind === 'token') this.#token(message);
    else if (message.kind === 'renewing') this.#answers.get(message.from)?.isAlive();
    else if (message.kind === 'renewed') this.#answers.get(message.from)?.resolve(message.token);
  }

  #begin({ options, cursor, isPolling, wasConnected }) {
    this.#lead?.close();
    this.#lead = new Lead({ ...options, cursor: this.#lead?.cursor ?? cursor, isPolling, wasConnected }, {
      post: (message) => this.#post(message),
      onRefused: (token) => this.#renew(token),
      onProblem: (error) => this.#post({ kind: 'problem', text: error.message }),
    });
    this.#lead.start();
  }

  #bye(id) {
    this.#tabs.delete(id);
    this.#answers.get(id)?.resolve(undefined);
    if (this.#tabs.size > 0) return;
    this.#lead?.close();
    groups.delete(this.#name);
  }

  #post(message) {
    for (const { port } of this.#tabs.values()) port.postMessage(message);
    if (message.kind === 'state' && message.state.status === 'closed') this.#closed(message.tag);
  }

  /** A token has ended for good, with its tabs. Those that are signed in with another one go on. */
  #closed(tag) {
    for (const [id, { token }] of this.#tabs) {
      if (tagOf(token) === tag) this.#tabs.delete(id);
    }
    const [other] = this.#tabs.values();
    if (other === undefined) groups.delete(this.#name);
    else this.#begin({ ...other.message, options: { ...other.message.options, token: other.token } });
  }

  #token({ from, token, replaces }) {
    for (const tab of this.#tabs.values()) {
      if (tagOf(tab.token) === replaces) tab.token = token;
    }
    if (this.#lead && tagOf(this.#lead.token) === replaces) this.#lead.setToken(token);
    for (const [id, { port }] of this.#tabs) {
      if (id !== from) port.postMessage({ kind: 'token', token, replaces });
    }
  }

  /** Ask the tabs for another token, one after the other; a tab that crashed does not answer. */
  async #renew(token) {
    const tag = tagOf(token);
    for (const [id, tab] of [...this.#tabs].reverse()) {
      const answer = await new Promise((resolve) => {
        const timer = setTimeout(() => resolve(undefined), ASK_MS);
        this.#answers.set(id, { resolve, isAlive: () => clearTimeout(timer) });
        tab.port.postMessage({ kind: 'renew', tag });
      });
      this.#answers.delete(id);
      if (answer !== undefined) return answer;
    }
    return null;
  }
}

globalThis.onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data }) => {
    if (data.kind === 'hello' && data.options) {
      if (data.version !== VERSION) {
        port.postMessage({ kind: 'refuse' });
        return;
      }
      if (!groups.has(data.group)) groups.set(data.group, new Group(data.group));
      groups.get(data.group).hello(port, data);
    } else groups.get(data.group)?.take(data);
  };
};
