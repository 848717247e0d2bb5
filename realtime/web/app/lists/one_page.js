// The page of one thing that may change or go while somebody reads it: how it is fetched, what is heard of it, and that who
// reads it has read its notification. A page says with `static kind` what it is of, 'event' or 'notice', and shows it in
// `body` by `draw({state, row, error, id})`.

import { fill, h } from '../kit/dom.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { report } from '../kit/toast.js';
import { notifications } from '../notifications/desk.js';
import { session } from '../session.js';
import { href } from '../shell/route.js';
import { LiveOne } from './live_one.js';

export class OnePage extends Part {
  one = new LiveOne((id) => session.api[this.kind](id));
  body = h('div.one-body');
  #isMarking = false;

  get kind() {
    return this.constructor.kind;
  }

  build() {
    this.className = 'page';
    fill(this, h('a.back-link', { href: href(`${this.kind}s`) }, icon('back'), `All ${this.kind}s`), this.body);
  }

  start() {
    const { client } = session;
    const id = Number(this.dataset.id);
    this.until(client.on(`${this.kind}_updated`, (row, info) => this.#hear(row, info.id)));
    this.until(client.on(`${this.kind}_removed`, (row, info) => this.one.remove(row.id, info.id)));
    this.until(client.on('resync', () => this.one.load(id)));
    this.until(client.on('status', ({ status }) => status === 'connected' && this.#comeBack(id)));
    this.until(this.one.watch((one) => this.draw(one)));
    this.until(notifications().list.watch(() => this.#markRead(id)));
    this.listen(document, 'visibilitychange', () => this.#markRead(id));
    this.one.load(id);
  }

  /** What did not reach the server before does so now. */
  #comeBack(id) {
    if (this.one.state === 'failed') this.one.load(id);
    this.#markRead(id);
  }

  #hear(row, eventId) {
    if (row.is_active) this.one.put(row, eventId);
    else this.one.remove(row.id, eventId);
  }

  /** Who reads it has read that there is one. */
  async #markRead(id) {
    if (this.#isMarking || document.visibilityState !== 'visible') return;
    this.#isMarking = true;
    try {
      await notifications().readAbout(`${this.kind}_id`, id);
    } catch (error) {
      // Without a network the next time is when it is back.
      if (!(error instanceof TypeError)) report(error, 'The notification was not marked as read.');
    }
    this.#isMarking = false;
  }
}
