// Where one is signed in, and the end of it elsewhere.

import { fill, h, set } from '../kit/dom.js';
import { dateTime, when } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { failed, loading } from '../kit/states.js';
import { report, toast } from '../kit/toast.js';
import { session } from '../session.js';
import { deviceOf } from './device.js';

const MOST = 100;

class Sessions extends Part {
  #place = h('div');
  #hasFailed = false;

  build() {
    this.className = 'card';
    fill(this, h('h2', {}, 'Signed in'), h('p.soft', {}, 'End what you do not know, and change your password then.'), this.#place);
  }

  start() {
    this.until(session.client.on('status', ({ status }) => status === 'connected' && this.#hasFailed && this.#load()));
    this.#load();
  }

  async #load() {
    if (this.#place.childElementCount === 0) fill(this.#place, loading());
    try {
      const page = await session.api.sessions({ page_size: MOST });
      this.#hasFailed = false;
      fill(this.#place, h('ul.sessions', { 'aria-label': 'Signed in' }, page.results.map((one) => this.#row(one))));
    } catch (error) {
      this.#hasFailed = true;
      fill(this.#place, failed(error, { title: 'The list could not be fetched', retry: () => this.#load() }));
    }
  }

  #row(one) {
    const used = one.last_used_at ?? one.created_at;
    const end = h('button.quiet', { type: 'button', onclick: () => this.#end(one, end) }, 'Sign out there');
    const about = [one.address, `used ${when(used)}`].filter(Boolean).join(' · ');
    return h('li.session', {}, icon('device'),
      h('span.row-text', {}, h('span.row-title', {}, deviceOf(one.user_agent)), h('span.row-about', { title: dateTime(used) }, about)),
      one.current ? h('span.tag.tag-good', {}, 'This device') : end);
  }

  async #end(one, button) {
    set(button, { 'aria-busy': 'true' });
    try {
      await session.api.endSession(one.id);
      toast(`Signed out: ${deviceOf(one.user_agent)}.`, { kind: 'good' });
    } catch (error) {
      report(error, 'That device is still signed in.');
    }
    await this.#load();
  }
}

customElements.define('campus-sessions', Sessions);
