// The open streams by user, and the end of them: a stream's end signs its user out on that device.

import { confirm } from '../kit/dialog.js';
import { fill, h, say } from '../kit/dom.js';
import { bytes, count, number } from '../kit/format.js';
import { keep } from '../kit/keyed.js';
import { Part } from '../kit/part.js';
import { empty, failed, loading } from '../kit/states.js';
import { report, toast } from '../kit/toast.js';
import { session } from '../session.js';
import { href } from '../shell/route.js';
import { makePager } from './pager.js';
import { poll } from './poll.js';

const PAUSE_MS = 2000;
const SIZE = 50;

class Streams extends Part {
  #title = h('h1', { tabindex: '-1' }, 'Open streams');
  #total = h('p.soft', { role: 'status' });
  #body = h('div', {}, loading());
  #rows = null;
  #user = null;
  #page = 1;
  #pager = makePager((page) => { this.#page = page; this.#look(); });
  #only = h('p.only', { hidden: true }, 'One user’s streams. ', h('a', { href: href('streams') }, 'Show all'));

  build() {
    fill(this, h('div.admin-page', {},
      h('header.page-head', {}, this.#title, this.#total), this.#only, this.#body, this.#pager.element));
  }

  start() {
    this.until(poll(() => this.#look(), PAUSE_MS));
  }

  /** `#/streams/7`: those of user 7. */
  show([user = null]) {
    const chosen = /^\d+$/.test(user ?? '') ? Number(user) : null;
    if (chosen === this.#user) return;
    this.#user = chosen;
    this.#page = 1;
    this.#only.hidden = this.#user === null;
    this.#look();
  }

  async #look() {
    const user = this.#user;
    try {
      const page = await session.api.streams({ page: this.#page, page_size: SIZE, user });
      if (user === this.#user) this.#draw(page);
    } catch (error) {
      if (error.status === 404 && this.#page > 1) {
        this.#page = 1; // streams have ended meanwhile
        return;
      }
      this.#rows = null;
      fill(this.#body, failed(error, { title: 'The streams did not come', retry: () => this.#look() }));
    }
  }

  #draw(page) {
    say(this.#total, count(page.count, 'stream'));
    this.#pager.draw(page);
    if (page.count === 0) {
      this.#rows = null;
      fill(this.#body, empty({ iconName: 'device', title: 'Nobody is connected', text: 'Streams show here as soon as somebody opens the campus in a browser.' }));
      return;
    }
    if (this.#rows === null) {
      this.#rows = h('tbody');
      fill(this.#body, h('div.card.table-card', {}, h('table.table', {},
        h('caption.hidden-text', {}, 'Open streams by user'),
        h('thead', {}, h('tr', {}, ['User', 'From', 'Age', 'Lagged', 'Queued', h('span.hidden-text', {}, 'Actions')].map((name) => h('th', { scope: 'col' }, name)))),
        this.#rows)));
    }
    keep(this.#rows, byUser(page.results), (one) => one.id, (one) => this.#make(one), update);
  }

  #make(stream) {
    const cell = (name, label) => h('td', { dataset: { cell: name, label } });
    const end = h('button', { type: 'button', 'aria-label': `Disconnect ${stream.full_name}`, onclick: () => this.#end(stream) }, 'Disconnect');
    const all = h('button.link.end-all', { type: 'button', hidden: true, onclick: () => this.#endAll(stream) });
    return h('tr', {},
      h('th', { scope: 'row' }, h('span.who', {}, h('a.who-name', { href: href('streams', stream.user) }, stream.full_name),
        h('span.soft.small', {}, stream.username)), all),
      cell('address', 'From'), cell('age', 'Age'), cell('lagged', 'Lagged'), cell('queued', 'Queued'), h('td.actions', {}, end));
  }

  async #end(stream) {
    const isSure = await confirm({
      title: `Disconnect ${stream.full_name}?`, yes: 'Disconnect', danger: true,
      text: 'This signs them out in that browser, at once. They can sign in again.',
    });
    if (isSure) await this.#endThese([stream], stream);
  }

  async #endAll(stream) {
    const isSure = await confirm({
      title: `Disconnect ${stream.full_name} everywhere?`, yes: 'Disconnect everywhere', danger: true,
      text: 'This signs them out in every browser with an open stream. To keep them out, deactivate the account.',
    });
    if (!isSure) return;
    try {
      const page = await session.api.streams({ user: stream.user, page_size: 100 });
      await this.#endThese(page.results, stream);
    } catch (error) {
      report(error, `${stream.full_name} is still connected.`);
    }
  }

  async #endThese(streams, { full_name: name }) {
    try {
      for (const one of streams) await gone(session.api.endStream(one.id));
      toast(`${name} is disconnected.`, { kind: 'good' });
    } catch (error) {
      report(error, `${name} is still connected.`);
    }
    await this.#look();
    if (document.activeElement === document.body) this.#title.focus(); // the button has gone with its row
  }
}

/** A stream that is gone already is what was wanted: one token may have had several. */
async function gone(promise) {
  try {
    await promise;
  } catch (error) {
    if (error.status !== 404) throw error;
  }
}

/** A user's streams stand together, where the newest of them is; each knows how many there are and whether it is first. */
function byUser(streams) {
  const users = new Map();
  for (const one of streams) users.set(one.user, [...(users.get(one.user) ?? []), one]);
  return [...users.values()].flatMap((own) => own.map((one, place) => ({ ...one, own: own.length, isFirst: place === 0 })));
}

function update(row, stream) {
  const told = {
    address: stream.address,
    age: age(stream.age_s),
    lagged: stream.lagged === 0 ? 'never' : `${number(stream.lagged)} ×`,
    queued: stream.queued_bytes === 0 ? 'nothing' : bytes(stream.queued_bytes),
  };
  for (const [name, text] of Object.entries(told)) say(row.querySelector(`[data-cell="${name}"]`), text);
  row.classList.toggle('is-slow', stream.lagged > 0 || stream.queued_bytes > 0);
  row.classList.toggle('is-more', !stream.isFirst);
  const all = row.querySelector('.end-all');
  all.hidden = !stream.isFirst || stream.own === 1;
  say(all, `Disconnect all ${stream.own}`);
}

function age(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h ${Math.floor(seconds / 60) % 60} min` : count(Math.floor(seconds / 86_400), 'day');
}

customElements.define('admin-streams', Streams);
