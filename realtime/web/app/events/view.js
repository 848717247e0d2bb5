// Events of the campus: what is to come and what was, with the search, and the event of the address.

import { fill, h } from '../kit/dom.js';
import { clock, toDate } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { empty } from '../kit/states.js';
import { report } from '../kit/toast.js';
import { publishes } from '../compose/roles.js';
import { LiveList } from '../lists/live_list.js';
import { listView } from '../lists/list_view.js';
import { searchField } from '../lists/search_field.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';
import { setPlace } from '../shell/title.js';
import { defineView } from '../shell/views.js';
import { compareComing, compareEvents, isComing, isPast, placesOf } from './event.js';
import './event_page.js';
import { loadRegistrations, registrations } from './registrations.js';

class Events extends Part {
  #list = new LiveList({ fetch: (query) => session.api.events(query), compare: compareEvents });
  #rows;
  #page = h('div.page');
  #one = null;
  #coming = h('button.pick', { type: 'button', 'aria-pressed': 'true', onclick: () => this.#pick(false) }, 'Upcoming');
  #past = h('button.pick', { type: 'button', 'aria-pressed': 'false', onclick: () => this.#pick(true) }, 'Past');
  #showsPast = false;
  #scrolled = 0;

  build() {
    const user = session.user.value;
    this.#rows = listView({
      list: this.#list, label: 'Events', make: () => h('li.list-card'), update: drawRow, failure: 'The events did not come',
      nothing: ({ search }) => nothing(search, this.#showsPast, user),
      shown: (rows) => (this.#showsPast ? rows.filter(isPast) : rows.filter((row) => !isPast(row)).sort(compareComing)),
      // The last day comes first, so what is to come is all there once something of the past is.
      isEnough: (rows) => !this.#showsPast && rows.some(isPast),
    });
    fill(this.#page,
      h('header.page-head', {}, h('h1', {}, 'Events'),
        publishes(user) && h('a.button.primary', { href: href('compose', 'event') }, icon('plus'), 'New event')),
      h('div.list-tools', {},
        searchField('Search events', (search) => this.#list.load({ search: search || undefined })),
        h('div.picks', { role: 'group', 'aria-label': 'Show' }, this.#coming, this.#past)),
      this.#rows);
    fill(this, this.#page);
  }

  start() {
    const { client } = session;
    this.until(client.on('event_updated', (event, { id }) => this.#hear(event, id)));
    this.until(client.on('event_removed', (event, { id }) => this.#list.remove(event.id, id)));
    this.until(client.on('resync', () => this.#fetch()));
    this.until(client.on('status', ({ status }) => { if (status === 'connected' && registrations.value === null) this.#fetch(); }));
    this.until(registrations.watch(() => this.#rows.draw()));
    this.#fetch();
  }

  /** `#/events` or `#/events/12`. */
  show([id]) {
    const isOne = /^\d+$/.test(id ?? '');
    const main = this.closest('main');
    if (isOne && !this.#page.hidden) this.#scrolled = main?.scrollTop ?? 0;
    this.#page.hidden = isOne;
    this.#one?.remove();
    this.#one = isOne ? h('campus-event', { dataset: { id } }) : null;
    if (this.#one) this.prepend(this.#one);
    else setPlace('Events');
    main?.scrollTo(0, isOne ? 0 : this.#scrolled);
  }

  #pick(past) {
    this.#showsPast = past;
    this.#coming.setAttribute('aria-pressed', String(!past));
    this.#past.setAttribute('aria-pressed', String(past));
    this.#rows.draw();
  }

  async #fetch() {
    this.#list.load(undefined, { keep: true });
    try {
      await loadRegistrations();
    } catch (error) {
      // Without a network they come when it is back.
      if (!(error instanceof TypeError)) report(error, 'Your registrations did not come.');
    }
  }

  #hear(event, eventId) {
    if (!event.is_active) this.#list.remove(event.id, eventId);
    else if (this.#list.query.search === undefined) this.#list.put(event, eventId);
    else this.#list.replace(event, eventId);
  }
}

function drawRow(item, event) {
  const isMine = isComing(registrations.value?.get(event.id));
  const shape = JSON.stringify([event, isMine]);
  if (item.dataset.shape === shape) return;
  item.dataset.shape = shape;
  const hadFocus = item.contains(document.activeElement);
  fill(item,
    h('a.list-link.event-link', { href: href('events', event.id) },
      leaf(event.event_date),
      h('span.event-text', {},
        h('span.list-head', {}, h('span.list-title', {}, event.title), isMine && h('span.tag.tag-good', {}, 'You come')),
        h('span.list-about', {}, h('span', {}, `${clock(event.start_time)} to ${clock(event.end_time)}`),
          event.venue && h('span.list-mark', {}, icon('place'), event.venue)),
        event.registration_required && h('span.list-about.event-places', {}, placesOf(event)))));
  if (hadFocus) item.firstElementChild.focus();
}

/** The day as a leaf of a calendar. */
function leaf(iso) {
  const part = (options) => new Intl.DateTimeFormat(undefined, options).format(toDate(iso));
  return h('time.leaf', { datetime: iso },
    h('span.leaf-month', {}, part({ month: 'short' })),
    h('span.leaf-day', {}, part({ day: 'numeric' })),
    h('span.leaf-weekday', {}, part({ weekday: 'short' })));
}

function nothing(search, showsPast, user) {
  if (search) return empty({
    iconName: 'search', title: `Nothing ${showsPast ? 'past' : 'to come'} has “${search}” in it`,
    text: showsPast ? 'Look among the upcoming ones, or try other words.' : 'Look among the past ones, or try other words.',
  });
  if (showsPast) return empty({ iconName: 'event', title: 'Nothing is over yet', text: 'Events stay here after their day.' });
  const action = publishes(user) ? { label: 'Plan one', run: () => go(href('compose', 'event')) } : null;
  return empty({ iconName: 'event', title: 'Nothing is planned', text: 'New events of your campus appear here at once.', action });
}

customElements.define('campus-events', Events);
defineView({ path: 'events', label: 'Events', icon: 'event', order: 30, open: () => document.createElement('campus-events') });
