// The state of the connection, as the client has it: `Connected` is shown only while events come.

import { h, fill, say } from '../kit/dom.js';
import { Part } from '../kit/part.js';
import { session } from '../session.js';

const POLLING = 'Connected by polling';
const WORDS = { connecting: 'Reconnecting', connected: 'Connected', reconnecting: 'Reconnecting', offline: 'Offline', closed: 'Offline' };

class Connection extends Part {
  #text = h('span.connection-text');
  #retry = h('button.link.connection-retry', { type: 'button', hidden: true, onclick: () => session.client.reconnect() }, 'Try now');

  build() {
    this.setAttribute('class', 'connection');
    const status = h('span.connection-status', { role: 'status', 'aria-label': 'Connection' }, h('span.connection-dot', { 'aria-hidden': 'true' }), this.#text);
    fill(this, status, this.#retry);
  }

  start() {
    const { client } = session;
    this.until(client.on('status', () => this.#draw(client)));
    // A tab that is put to sleep is told late: it must not claim what it does not know.
    const timer = setInterval(() => this.#draw(client), 1000);
    this.until(() => clearInterval(timer));
    this.#draw(client);
  }

  #draw({ status, retryAt, transport }) {
    this.dataset.status = status;
    const waitMs = (retryAt ?? 0) - Date.now();
    const isPolling = status === 'connected' && transport === 'poll';
    say(this.#text, isPolling ? POLLING : WORDS[status] ?? 'Offline');
    this.title = isPolling ? 'Connected, by asking again and again: something on the way holds the stream back.' : '';
    this.#retry.hidden = !(status === 'reconnecting' && waitMs > 2000);
  }
}

customElements.define('campus-connection', Connection);
