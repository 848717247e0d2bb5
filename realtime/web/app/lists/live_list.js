// A list of the server's that pages in and is kept right by events: in the order of `compare`, each row once by its id.
// It knows no document and no call by name; whoever has it hands it the call.

import { positionOf } from '../../client/index.js';
import { Store } from '../kit/store.js';

const PAGE = 20;
const MOST_PAGES_AT_ONCE = 3; // rows that went away meanwhile make a page that brings nothing new

export class LiveList {
  rows = [];
  /** `loading`, `ready` or `failed`: of what load() asked for. */
  state = 'loading';
  /** Why the last call failed, or null. Rows that are there stay. */
  error = null;
  hasMore = false;
  isLoadingMore = false;
  query = {};

  #fetch;
  #compare;
  #store = new Store(this);
  #position = null; // of the log, in the read of the first page
  #heard = [];
  #fetching = 0;
  #run = 0;
  #isStale = false; // what is there is older than what was asked for

  /** fetch(query) answers a page of the server's; compare(a, b) sorts rows. */
  constructor({ fetch, compare }) {
    this.#fetch = fetch;
    this.#compare = compare;
  }

  /** Call fn(list) now and after changes; the answer ends it. */
  watch(fn) {
    return this.#store.watch(fn);
  }

  /** Begin anew with this query. With `keep`, what is there stays until the answer comes. */
  async load(query = this.query, { keep = false } = {}) {
    const run = this.#begin();
    this.query = query;
    if (!keep || this.state !== 'ready') {
      this.rows = [];
      this.state = 'loading';
      this.hasMore = false;
    }
    await this.#attempt(run, async () => {
      const page = await this.#page(1);
      if (run !== this.#run) return;
      this.rows = [];
      this.#position = positionOf(page);
      this.#take(page);
      this.state = 'ready';
    });
    if (run === this.#run) this.#isStale = this.error !== null;
    if (run === this.#run && this.state === 'loading') this.state = 'failed';
    this.#store.changed();
  }

  /** The next page, if there is one. */
  async more() {
    if (!this.hasMore || this.isLoadingMore || this.state !== 'ready') return;
    const run = this.#begin();
    this.isLoadingMore = true;
    await this.#attempt(run, async () => {
      for (let left = MOST_PAGES_AT_ONCE; left > 0; left -= 1) {
        const before = this.rows.length;
        const page = await this.#page(Math.floor(before / PAGE) + 1);
        if (run !== this.#run) return;
        this.#take(page);
        if (this.rows.length > before || !this.hasMore) return;
      }
    });
    if (run === this.#run) this.isLoadingMore = false;
    this.#store.changed();
  }

  /** Try again what did not come, if something did not. */
  async retry() {
    if (this.error === null) return;
    await (this.#isStale ? this.load(undefined, { keep: true }) : this.more());
  }

  find(id) {
    return this.rows.find((row) => row.id === id) ?? null;
  }

  /** An event says what a row is now. */
  put(row, eventId) {
    this.#hear(eventId, (rows) => this.#with(rows, row));
  }

  /** The same of one that may be there in a newer state: then nothing changes. */
  add(row, eventId) {
    this.#hear(eventId, (rows) => (has(rows, row.id) ? rows : this.#with(rows, row)));
  }

  /** The same of one that is shown only if it is there. */
  replace(row, eventId) {
    this.#hear(eventId, (rows) => (has(rows, row.id) ? this.#with(rows, row) : rows));
  }

  /** An event says that a row is gone. */
  remove(id, eventId) {
    this.#hear(eventId, (rows) => rows.filter((row) => row.id !== id));
  }

  /** An event changes some rows: change(row) answers the same or another one. */
  map(change, eventId) {
    this.#hear(eventId, (rows) => rows.map(change));
  }

  #begin() {
    if (this.#fetching === 0) this.#heard = [];
    this.error = null;
    this.isLoadingMore = false;
    this.#run += 1;
    this.#store.changed();
    return this.#run;
  }

  async #attempt(run, work) {
    try {
      await work();
    } catch (error) {
      if (run === this.#run) this.error = error;
    }
  }

  #hear(eventId, apply) {
    // An answer that is on its way may be older than this, and what is there may be newer.
    if (this.#fetching > 0) this.#heard.push({ eventId, apply });
    if (!isAfter(eventId, this.#position)) return;
    this.rows = apply(this.rows);
    this.#store.changed();
  }

  #with(rows, row) {
    const last = rows.at(-1);
    // Further down than what is loaded it comes with its page.
    const isBelow = this.hasMore && last !== undefined && this.#compare(row, last) > 0;
    if (isBelow && !has(rows, row.id)) return rows;
    return [...rows.filter((one) => one.id !== row.id), row].sort(this.#compare);
  }

  async #page(number) {
    this.#fetching += 1;
    try {
      return await this.#fetch({ ...this.query, page: number, page_size: PAGE });
    } catch (error) {
      if (number > 1 && error.status === 404) return { results: [], has_next: false };
      throw error;
    } finally {
      this.#fetching -= 1;
    }
  }

  #take(page) {
    const fresh = new Set(page.results.map((row) => row.id));
    this.rows = [...this.rows.filter((row) => !fresh.has(row.id)), ...page.results].sort(this.#compare);
    this.hasMore = page.has_next;
    const position = positionOf(page);
    for (const { eventId, apply } of this.#heard) {
      if (isAfter(eventId, position)) this.rows = apply(this.rows);
    }
  }
}

function has(rows, id) {
  return rows.some((row) => row.id === id);
}

/** What is not of the log (null) is always news. */
function isAfter(eventId, position) {
  return eventId === null || position === null || eventId > position;
}
