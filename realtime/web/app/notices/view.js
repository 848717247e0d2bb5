// Notices: the list with its search, and the notice of the address.

import { fill, h } from '../kit/dom.js';
import { day } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { empty } from '../kit/states.js';
import { report } from '../kit/toast.js';
import { publishes } from '../compose/roles.js';
import { LiveList } from '../lists/live_list.js';
import { listView } from '../lists/list_view.js';
import { searchField } from '../lists/search_field.js';
import { notifications } from '../notifications/desk.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';
import { setPlace } from '../shell/title.js';
import { defineView } from '../shell/views.js';
import { positionOf } from '../../client/index.js';
import { compareNotices, stateOf } from './notice.js';
import './notice_page.js';

const FILTERS = [['All', {}], ['Urgent', { is_urgent: true }], ['Drafts', { is_published: false }]];

class Notices extends Part {
  #list = new LiveList({ fetch: (query) => session.api.notices(query), compare: compareNotices });
  #rows;
  #page = h('div.page');
  #one = null;
  #filters = [];
  #scrolled = 0;

  build() {
    const user = session.user.value;
    this.#rows = listView({
      list: this.#list, label: 'Notices', make: () => h('li'), update: drawRow, nothing: (query) => nothing(query, user),
      failure: 'The notices did not come',
    });
    const shown = publishes(user) ? FILTERS : FILTERS.slice(0, 2);
    this.#filters = shown.map(([label, query]) => h('button.pick', {
      type: 'button', 'aria-pressed': String(label === 'All'), onclick: () => this.#filter(label, query),
    }, label));
    fill(this.#page,
      h('header.page-head', {}, h('h1', {}, 'Notices'),
        publishes(user) && h('a.button.primary', { href: href('compose', 'notice') }, icon('plus'), 'New notice')),
      h('div.list-tools', {},
        searchField('Search notices', (search) => this.#load({ ...this.#list.query, search: search || undefined })),
        h('div.picks', { role: 'group', 'aria-label': 'Show' }, this.#filters)),
      this.#rows);
    fill(this, this.#page);
  }

  start() {
    const { client } = session;
    this.until(client.on('notification', (data) => this.#hearNew(data)));
    this.until(client.on('notice_updated', (notice, { id }) => this.#hearChange(notice, id)));
    this.until(client.on('notice_removed', (notice, { id }) => this.#list.remove(notice.id, id)));
    this.until(client.on('resync', () => this.#load()));
    this.until(notifications().list.watch(() => this.#rows.draw())); // which are new
    this.#load({});
  }

  /** `#/notices` or `#/notices/12`. */
  show([id]) {
    const isOne = /^\d+$/.test(id ?? '');
    const main = this.closest('main');
    if (isOne && !this.#page.hidden) this.#scrolled = main?.scrollTop ?? 0;
    this.#page.hidden = isOne;
    this.#one?.remove();
    this.#one = isOne ? h('campus-notice', { dataset: { id } }) : null;
    if (this.#one) this.prepend(this.#one);
    else setPlace('Notices');
    main?.scrollTo(0, isOne ? 0 : this.#scrolled);
  }

  #filter(label, query) {
    for (const button of this.#filters) button.setAttribute('aria-pressed', String(button.textContent === label));
    this.#load({ search: this.#list.query.search, ...query });
  }

  #load(query) {
    return this.#list.load(query, { keep: query === undefined });
  }

  /** A notification says that there is a new one, and not what it says. */
  async #hearNew({ notification_type: type, data }) {
    if (type !== 'notice') return;
    try {
      const notice = await session.api.notice(data.notice_id);
      this.#take(notice, positionOf(notice));
    } catch (error) {
      if (error.status !== 404) report(error, 'A new notice did not come.'); // it was for a moment only
    }
  }

  #hearChange(notice, eventId) {
    if (notice.is_active) this.#take(notice, eventId);
    else this.#list.remove(notice.id, eventId);
  }

  #take(notice, eventId) {
    const { search, is_urgent: isUrgent, is_published: isPublished } = this.#list.query;
    const isOther = (isUrgent !== undefined && notice.is_urgent !== isUrgent) || (isPublished !== undefined && notice.is_published !== isPublished);
    if (isOther) this.#list.remove(notice.id, eventId);
    else if (search !== undefined) this.#load(); // only the server knows whether it is found
    else this.#list.put(notice, eventId);
  }
}

function drawRow(item, notice) {
  const isNew = notifications().list.rows.some((row) => row.data?.notice_id === notice.id && !row.is_read);
  const shape = JSON.stringify([notice, isNew]);
  if (item.dataset.shape === shape) return;
  item.dataset.shape = shape;
  item.className = notice.is_urgent ? 'list-card is-urgent' : 'list-card';
  const state = stateOf(notice);
  const hadFocus = item.contains(document.activeElement);
  fill(item,
    h('a.list-link', { href: href('notices', notice.id) },
      h('span.list-head', {},
        h('span.list-title', {}, notice.title),
        notice.is_urgent && h('span.tag.tag-problem', {}, 'Urgent'),
        isNew && h('span.tag', {}, 'New'),
        state && h(state.kind ? `span.tag.tag-${state.kind}` : 'span.tag', {}, state.word)),
      h('span.list-text', {}, notice.content),
      h('span.list-about', {}, h('time', { datetime: notice.publish_date }, day(notice.publish_date)),
        notice.expiry_date && h('span', {}, `until ${day(notice.expiry_date)}`),
        notice.attachment && h('span.list-mark', {}, icon('attach'), 'Attachment'))));
  if (hadFocus) item.firstElementChild.focus();
}

function nothing({ search, is_urgent: isUrgent, is_published: isPublished }, user) {
  if (search) return empty({ iconName: 'search', title: `Nothing has “${search}” in it`, text: 'Try fewer or other words.' });
  if (isUrgent) return empty({ iconName: 'notice', title: 'Nothing is urgent', text: 'Urgent notices of your campus stand here.' });
  if (isPublished === false) return empty({ iconName: 'compose', title: 'No drafts', text: 'What you save without publishing waits here.' });
  const action = publishes(user) ? { label: 'Write the first one', run: () => go(href('compose', 'notice')) } : null;
  return empty({ iconName: 'notice', title: 'No notices yet', text: 'What your campus puts on its board appears here at once.', action });
}

customElements.define('campus-notices', Notices);
defineView({ path: 'notices', label: 'Notices', icon: 'notice', order: 20, open: () => document.createElement('campus-notices') });
