// Announcements that were for the user, to be read again: the list, and the one of the address.

import { fill, h } from '../kit/dom.js';
import { dateTime, number, when } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { empty, failed, loading } from '../kit/states.js';
import { report } from '../kit/toast.js';
import { publishes } from '../compose/roles.js';
import { LiveList } from '../lists/live_list.js';
import { LiveOne } from '../lists/live_one.js';
import { listView } from '../lists/list_view.js';
import { prose } from '../lists/prose.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';
import { setPlace } from '../shell/title.js';
import { defineView } from '../shell/views.js';
import { notifications } from './desk.js';

class Announcements extends Part {
  #list = new LiveList({ fetch: (query) => session.api.announcements(query), compare: (one, other) => other.id - one.id });
  #one = new LiveOne((id) => session.api.get(`communication/announcements/${id}/`));
  #all = h('div.page');
  #single = h('div.page', { hidden: true });

  build() {
    const user = session.user.value;
    const rows = listView({
      list: this.#list, label: 'Announcements', make: () => h('li.list-card'), update: drawRow, failure: 'The announcements did not come',
      nothing: () => empty({ iconName: 'bell', title: 'Nothing was announced yet', text: 'What is announced to you appears here and as a notification.' }),
    });
    fill(this.#all, h('header.page-head', {}, h('h1', {}, 'Announcements'),
      publishes(user) && h('a.button.primary', { href: href('compose', 'announcement') }, icon('plus'), 'New announcement')), rows);
    fill(this, this.#single, this.#all);
  }

  start() {
    const { client } = session;
    this.until(client.on('notification', ({ notification_type: type }) => { if (type === 'announcement') this.#load(); }));
    this.until(client.on('resync', () => this.#load()));
    this.until(client.on('status', ({ status }) => status === 'connected' && this.#comeBack()));
    this.until(this.#one.watch((one) => this.#drawOne(one)));
    this.until(notifications().list.watch(() => this.#markRead()));
    this.listen(document, 'visibilitychange', () => this.#markRead());
    this.#load();
  }

  show([id]) {
    const isOne = /^\d+$/.test(id ?? '');
    this.#all.hidden = isOne;
    this.#single.hidden = !isOne;
    if (isOne) this.#one.load(Number(id)).then(() => this.#markRead());
    else setPlace('Announcements');
  }

  /** What did not reach the server before does so now. */
  async #comeBack() {
    if (this.#one.state === 'failed') await this.#one.load(this.#one.id);
    await this.#markRead();
  }

  #load() {
    return this.#list.load(undefined, { keep: true });
  }

  #drawOne({ id, state, row, error }) {
    if (id === null) return;
    const back = h('a.back-link', { href: href('announcements') }, icon('back'), 'All announcements');
    fill(this.#single, back, this.#content(id, state, row, error));
  }

  #content(id, state, row, error) {
    if (state === 'loading') return loading();
    if (state === 'failed') return failed(error, { title: 'The announcement did not come', retry: () => this.#one.load(id) });
    if (state === 'gone') return empty({
      iconName: 'bell', title: 'This announcement is not here', text: 'It was not for you, or is not any more.',
      action: { label: 'All announcements', run: () => go(href('announcements')) },
    });
    if (!this.#single.hidden) setPlace(row.title);
    const isAuthor = row.created_by === session.user.value?.id;
    return h('article.card.one-card', {}, h('header.one-head', {}, h('h1', {}, row.title)),
      h('p.soft', {}, h('time', { datetime: row.created_at }, dateTime(row.created_at)),
        isAuthor && ` · Sent to ${number(row.reached)}, of whom ${number(row.online)} were online`),
      prose(row.message));
  }

  async #markRead() {
    if (this.#single.hidden || this.#one.state !== 'ready' || document.visibilityState !== 'visible') return;
    try {
      await notifications().readAbout('announcement_id', this.#one.id);
    } catch (error) {
      // Without a network the next time is when it is back.
      if (!(error instanceof TypeError)) report(error, 'The notification was not marked as read.');
    }
  }
}

function drawRow(item, row) {
  if (item.hasChildNodes()) return; // nobody changes one
  fill(item, h('a.list-link', { href: href('announcements', row.id) },
    h('span.list-head', {}, h('span.list-title', {}, row.title)), h('span.list-text', {}, row.message),
    h('span.list-about', {}, h('time', { datetime: row.created_at }, when(row.created_at)))));
}

customElements.define('campus-announcements', Announcements);
defineView({ path: 'announcements', open: () => document.createElement('campus-announcements') });
