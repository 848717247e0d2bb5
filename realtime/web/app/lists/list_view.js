// A LiveList on the page: its rows, and what is there instead while it loads, when it is empty, when it failed.

import { fill, h, set } from '../kit/dom.js';
import { keep } from '../kit/keyed.js';
import { Part } from '../kit/part.js';
import { failed, loading } from '../kit/states.js';
import { sentence } from '../kit/toast.js';
import { session } from '../session.js';

class ListView extends Part {
  #what;
  #rows;
  #state = h('div');
  #more = h('button.list-more', { type: 'button', hidden: true, onclick: () => this.#what.list.more() }, 'Show more');
  #trouble = h('p.form-problem', { role: 'alert' });
  #shownState = null;
  #watcher = null;
  #length = -1;

  set what(what) {
    this.#what = what;
  }

  build() {
    this.className = 'list-view';
    this.#rows = h('ul.list-rows', { 'aria-label': this.#what.label });
    fill(this, this.#state, this.#rows, this.#trouble, this.#more);
  }

  start() {
    const { list } = this.#what;
    // The rows below come before one is at the end; the button is for the keyboard, and for when that did not work.
    const more = (seen) => { if (seen.some((one) => one.isIntersecting)) list.more(); };
    this.#watcher = new IntersectionObserver(more, { root: this.closest('main'), rootMargin: '300px' });
    this.until(() => this.#watcher.disconnect());
    this.until(list.watch(() => this.draw()));
    // What did not come while the server was away comes when it is back.
    this.until(session.client.on('status', ({ status }) => status === 'connected' && list.retry()));
  }

  /** Draw anew, also when something else than the list has changed. */
  draw() {
    const { list, make, update, nothing, shown, isEnough } = this.#what;
    const { state, error, hasMore, isLoadingMore } = list;
    const rows = shown ? shown(list.rows) : list.rows;
    const isWhole = !hasMore || Boolean(isEnough?.(list.rows));
    keep(this.#rows, rows, (row) => row.id, make, update);
    this.#rows.hidden = rows.length === 0;
    this.#drawState(state === 'ready' && rows.length === 0 && isWhole ? 'empty' : state, list, nothing);
    this.#more.hidden = isWhole || state !== 'ready';
    this.#lookAgain(list.rows.length);
    set(this.#more, { 'aria-busy': isLoadingMore ? 'true' : null });
    fill(this.#trouble, state === 'ready' && error ? `The rest did not come. ${sentence(error)}` : '');
  }

  /** An observer tells of changes only, and after a short page the button is where it was. */
  #lookAgain(length) {
    if (length === this.#length) return;
    this.#length = length;
    this.#watcher?.unobserve(this.#more);
    this.#watcher?.observe(this.#more);
  }

  #drawState(state, list, nothing) {
    if (state === this.#shownState && state !== 'empty') return;
    this.#shownState = state;
    if (state === 'loading') fill(this.#state, loading());
    else if (state === 'failed') fill(this.#state, failed(list.error, { title: this.#what.failure, retry: () => list.load() }));
    else if (state === 'empty') fill(this.#state, nothing(list.query));
    else fill(this.#state);
    this.#state.hidden = state === 'ready';
  }
}

customElements.define('campus-list-view', ListView);

/**
 * A view of a list: {list, label, make(row), update(element, row), nothing(query) answers what an empty one shows, failure:
 * the title when it did not come}; optional: shown(rows) answers those that are shown in their order, isEnough(rows) whether
 * no more are needed. The answer has draw().
 */
export function listView(what) {
  const view = document.createElement('campus-list-view');
  view.what = what;
  return view;
}
