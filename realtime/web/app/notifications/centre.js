// The notification centre: a button of the header with the unread count, and a panel with what one was notified of.

import { fill, h, say, set } from '../kit/dom.js';
import { dateTime, number, when } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { keep } from '../kit/keyed.js';
import { Part } from '../kit/part.js';
import { empty, failed, loading } from '../kit/states.js';
import { report } from '../kit/toast.js';
import { go, href } from '../shell/route.js';
import { defineTool } from '../shell/views.js';
import './alerts_setting.js';
import { notifications, unread } from './desk.js';
import { addressOf, kindOf, wordsOf } from './target.js';

class Centre extends Part {
  #badge = h('span.badge', { id: 'news-unread', hidden: true });
  #button = h('button.nav-item.news-button', {
    type: 'button', 'aria-label': 'Notifications', 'aria-describedby': 'news-unread', 'aria-haspopup': 'dialog',
    'aria-expanded': 'false', onclick: () => this.#toggle(),
  },
    icon('bell'), h('span.nav-label', {}, 'Notifications'), this.#badge);
  #panel = null;

  build() {
    this.className = 'news-tool';
    fill(this, this.#button);
  }

  start() {
    this.until(unread.watch((value) => this.#drawCount(value)));
    this.until(() => this.#panel?.close());
  }

  #drawCount(value) {
    this.#badge.hidden = value === 0;
    // It describes the button also while it is hidden.
    fill(this.#badge, value > 0 && [value > 99 ? '99+' : value, h('span.hidden-text', {}, ' unread')]);
  }

  #toggle() {
    // A panel that is closed already may not have said so yet.
    if (this.#panel?.open) {
      this.#panel.close();
      return;
    }
    const panel = h('dialog.news-panel', { 'aria-labelledby': 'news-title' });
    const list = h('campus-news-list');
    list.addEventListener('done', () => panel.close());
    panel.append(list);
    panel.addEventListener('click', (event) => { if (event.target === panel) panel.close(); }); // the backdrop
    panel.addEventListener('close', () => {
      panel.remove();
      if (this.#panel !== panel) return;
      this.#panel = null;
      set(this.#button, { 'aria-expanded': 'false' });
    });
    this.#panel = panel;
    document.body.append(panel);
    panel.showModal();
    set(this.#button, { 'aria-expanded': 'true' });
  }
}

/** What one was notified of; tells `done` when it has led somewhere. */
class NewsList extends Part {
  #all = h('button.quiet', { type: 'button', onclick: () => this.#readAll() }, 'Mark all as read');
  #about = h('p.soft.small', { role: 'status' });
  #state = h('div');
  #rows = h('ul.news-rows', { 'aria-labelledby': 'news-title' });
  #more = h('button', { type: 'button', hidden: true, onclick: () => notifications().list.more() }, 'Show earlier ones');
  #trouble = h('p.form-problem', { role: 'alert' });

  build() {
    this.className = 'news-list';
    const close = h('button.icon-button', { type: 'button', 'aria-label': 'Close', onclick: () => this.#done() }, icon('close'));
    fill(this,
      h('header.news-head', {}, h('h2', { id: 'news-title' }, 'Notifications'), close),
      h('div.news-bar', {}, this.#about, this.#all),
      h('div.news-body', {}, this.#state, this.#rows, this.#trouble, this.#more),
      h('footer.news-foot', {}, h('a', { href: href('announcements'), onclick: () => this.#done() }, 'All announcements'), h('campus-alerts-setting')));
  }

  start() {
    const { list } = notifications();
    this.until(list.watch(() => this.#draw(list)));
    this.until(unread.watch((value) => this.#drawCount(value)));
  }

  #drawCount(value) {
    say(this.#about, value > 0 ? `${number(value)} unread` : 'Everything is read.');
    this.#all.disabled = value === 0;
  }

  #draw(list) {
    const { rows, state, error, hasMore, isLoadingMore } = list;
    keep(this.#rows, rows, (row) => row.id, () => h('li'), (item, row) => this.#drawRow(item, row));
    this.#rows.hidden = rows.length === 0;
    if (state === 'failed') fill(this.#state, failed(error, { title: 'Your notifications did not come', retry: () => notifications().load() }));
    else if (state === 'loading') fill(this.#state, loading());
    else if (rows.length === 0) fill(this.#state, empty({
      iconName: 'bell', title: 'Nothing yet',
      text: 'New notices, events and announcements of your campus appear here at once.',
    }));
    else fill(this.#state);
    this.#more.hidden = !hasMore;
    set(this.#more, { 'aria-busy': isLoadingMore ? 'true' : null });
    fill(this.#trouble, state === 'ready' && error ? 'Earlier ones did not come. Try again.' : '');
  }

  #drawRow(item, row) {
    const shape = JSON.stringify([row.title, row.message, row.is_read, row.data]);
    if (item.dataset.shape === shape) return;
    item.dataset.shape = shape;
    const { title, text } = wordsOf(row);
    const { icon: name, word } = kindOf(row);
    const hadFocus = item.contains(document.activeElement);
    const main = h('button.news-row', { type: 'button', onclick: () => this.#open(row) },
      h('span.news-mark', {}, icon(name)),
      h('span.row-text', {},
        h('span.news-kind', {}, word, row.data?.is_urgent && h('span.tag.tag-problem', {}, 'Urgent'),
          h('time', { datetime: row.created_at, title: dateTime(row.created_at) }, when(row.created_at))),
        h('span.news-title', {}, !row.is_read && h('span.hidden-text', {}, 'Unread: '), title),
        text && h('span.news-text', {}, text)));
    const mark = !row.is_read && h('button.icon-button.news-read', {
      type: 'button', title: 'Mark as read', 'aria-label': `Mark as read: ${title}`, onclick: () => this.#read(row),
    }, icon('check'));
    item.classList.toggle('is-unread', !row.is_read);
    fill(item, main, mark);
    if (hadFocus) main.focus();
  }

  #open(row) {
    this.#read(row);
    const address = addressOf(row);
    if (address === null) return;
    this.#done();
    go(address);
  }

  async #read(row) {
    try {
      await notifications().read([row.id]);
    } catch (error) {
      report(error, 'The notification was not marked as read.');
    }
  }

  async #readAll() {
    set(this.#all, { 'aria-busy': 'true' });
    try {
      await notifications().readAll();
    } catch (error) {
      report(error, 'The notifications were not marked as read.');
    } finally {
      set(this.#all, { 'aria-busy': null });
    }
  }

  #done() {
    this.dispatchEvent(new Event('done'));
  }
}

customElements.define('campus-news-list', NewsList);
customElements.define('campus-news-centre', Centre);
defineTool({ order: 10, make: () => h('campus-news-centre') });
