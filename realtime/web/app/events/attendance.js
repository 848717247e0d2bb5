// Who comes to an event, for its keeper: names, and what became of each registration.

import { fill, h, set } from '../kit/dom.js';
import { count, day } from '../kit/format.js';
import { Part } from '../kit/part.js';
import { report, sentence } from '../kit/toast.js';
import { LiveList } from '../lists/live_list.js';
import { keep } from '../kit/keyed.js';
import { session } from '../session.js';

const WORDS = [
  ['registered', 'Registered'], ['pending', 'Pending'], ['confirmed', 'Confirmed'], ['attended', 'Attended'],
  ['no_show', 'Did not come'], ['cancelled', 'Cancelled'],
];
const TOGETHER_MS = 500; // many who register in one moment are one look

class Attendance extends Part {
  #event = null;
  #list = new LiveList({
    fetch: (query) => session.api.registrations(query),
    compare: (one, other) => other.registration_date.localeCompare(one.registration_date) || other.id - one.id,
  });
  #about = h('p.soft');
  #rows = h('ul.attendance-rows', { 'aria-label': 'Registrations' });
  #more = h('button', { type: 'button', onclick: () => this.#list.more() }, 'Show more');
  #timer = null;

  set event(event) {
    const isOther = this.#event?.id !== event.id;
    const hasChanged = this.#event?.registered_count !== event.registered_count;
    this.#event = event;
    if (!this.isConnected) return;
    if (isOther) this.#load();
    else if (hasChanged) this.#loadSoon();
  }

  build() {
    this.className = 'card';
    fill(this, h('header', {}, h('h2', {}, 'Who comes'), this.#about), this.#rows, this.#more);
  }

  start() {
    this.until(this.#list.watch((list) => this.#draw(list)));
    this.until(() => clearTimeout(this.#timer));
  }

  #load() {
    this.#list.load({ event: this.#event.id }, { keep: true });
  }

  #loadSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(), TOGETHER_MS);
  }

  #draw({ rows, state, error, hasMore, isLoadingMore }) {
    keep(this.#rows, rows, (row) => row.id, (row) => this.#make(row), (item, row) => { item.querySelector('select').value = row.status; });
    this.#more.hidden = !hasMore;
    set(this.#more, { 'aria-busy': isLoadingMore ? 'true' : null });
    const words = {
      loading: 'Loading…', failed: error && sentence(error),
      ready: rows.length === 0 ? 'Nobody has registered yet.' : `${count(this.#event?.registered_count ?? 0, 'place')} taken.`,
    };
    fill(this.#about, words[state]);
  }

  #make(row) {
    const options = WORDS.map(([value, word]) => h('option', { value }, word));
    const choice = h('select', { 'aria-label': `Status of ${row.user_name}`, onchange: () => this.#change(row.id, choice) }, options);
    return h('li.row', {}, h('span.row-text', {}, h('span.row-title', {}, row.user_name), h('span.row-about', {}, day(row.registration_date))), choice);
  }

  async #change(id, choice) {
    choice.disabled = true;
    try {
      const row = await session.api.updateRegistration(id, { status: choice.value });
      this.#list.replace(row, null);
    } catch (error) {
      report(error, 'The registration was not changed.');
      choice.value = this.#list.find(id)?.status ?? choice.value;
    } finally {
      choice.disabled = false;
    }
  }
}

customElements.define('campus-attendance', Attendance);
