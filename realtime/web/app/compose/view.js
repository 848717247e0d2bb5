// Compose, for those who publish: a notice, an event or an announcement, a tab each; `#/compose/notice/12` changes one.

import { fill, h } from '../kit/dom.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { empty, failed, loading } from '../kit/states.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';
import { setPlace } from '../shell/title.js';
import { defineView } from '../shell/views.js';
import { announcementForm } from './announcement_form.js';
import { eventForm } from './event_form.js';
import { noticeForm } from './notice_form.js';
import { mayChange, publishes } from './roles.js';

const KINDS = {
  notice: { label: 'Notice', icon: 'notice', about: 'Stands on the board until it expires, with an attachment if you like. You can change it later.' },
  event: { label: 'Event', icon: 'event', about: 'Has a day and a place, and people may register for it. It is for the whole college.' },
  announcement: { label: 'Announcement', icon: 'bell', about: 'Is said at once to whom you choose. It can’t be changed afterwards.' },
};

class Compose extends Part {
  #tabs = h('nav.picks', { 'aria-label': 'What to write' });
  #heading = h('h1');
  #about = h('p.soft');
  #place = h('div.card');
  #run = 0;
  #again = null; // while there is no form because the server was away

  build() {
    this.className = 'page';
    fill(this, h('header.page-head', {}, this.#heading, this.#tabs), this.#about, this.#place);
  }

  start() {
    this.until(session.client.on('status', ({ status }) => { if (status === 'connected') this.#again?.(); }));
  }

  /** `#/compose/event` or `#/compose/event/12`. */
  show([kind, id]) {
    if (!(kind in KINDS)) {
      go(href('compose', 'notice'), { replace: true });
      return;
    }
    const isChange = /^\d+$/.test(id ?? '');
    const { label, about } = KINDS[kind];
    const title = isChange ? `Change the ${label.toLowerCase()}` : `New ${label.toLowerCase()}`;
    fill(this.#heading, title);
    setPlace(title);
    fill(this.#about, isChange ? '' : about);
    this.#tabs.hidden = isChange;
    fill(this.#tabs, Object.entries(KINDS).map(([path, one]) => h('a.pick', {
      href: href('compose', path), 'aria-current': path === kind ? 'page' : null,
    }, icon(one.icon), one.label)));
    this.#open(kind, isChange ? Number(id) : null);
  }

  async #open(kind, id) {
    this.#run += 1;
    const run = this.#run;
    this.#again = null;
    fill(this.#place, loading());
    let content;
    try {
      content = await this.#form(kind, id);
    } catch (error) {
      if (run === this.#run && error.status !== 404) this.#again = () => this.#open(kind, id);
      content = error.status === 404
        ? empty({
          iconName: 'search', title: 'It is not there any more', text: 'It was deleted, or it is not for you to change.',
          action: { label: 'Write a new one', run: () => go(href('compose', kind)) },
        })
        : failed(error, { title: 'The form did not come', retry: () => this.#open(kind, id) });
    }
    if (run === this.#run) fill(this.#place, content);
  }

  async #form(kind, id) {
    const options = {
      done: (element) => this.replaceForm(element),
      again: () => (id === null ? this.#open(kind, null) : go(href('compose', kind))),
    };
    if (kind === 'announcement') return announcementForm(options);
    const held = id === null ? null : await (kind === 'notice' ? session.api.notice(id) : session.api.event(id));
    if (held !== null && !mayChange(session.user.value, held)) {
      return empty({ iconName: 'lock', title: 'Only its author and administrators change it', text: 'Ask one of them, or write a new one.' });
    }
    return kind === 'notice' ? noticeForm({ notice: held, ...options }) : eventForm({ event: held, ...options });
  }

  /** The form is done. */
  replaceForm(element) {
    this.#run += 1;
    fill(this.#place, element);
  }
}

customElements.define('campus-compose', Compose);
defineView({ path: 'compose', label: 'Compose', icon: 'compose', order: 40, visible: publishes, open: () => document.createElement('campus-compose') });
