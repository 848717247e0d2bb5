// The log of a chat: its messages with lines between the days, older ones as one scrolls up, the newest in sight while
// one is at the end. Arrow keys go from message to message.

import { fill, h } from '../kit/dom.js';
import { dayWord } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { keep } from '../kit/keyed.js';
import { Part } from '../kit/part.js';
import { report } from '../kit/toast.js';
import { drawItem, drawMessage, makeBubble } from './bubble.js';

const NEAR_PX = 80;
const OLDER_PX = 800;
const SETTLE_MS = 300;
const TOGETHER_MS = 5 * 60_000;

export class Log extends Part {
  #list = h('div.log-list', { role: 'log', 'aria-label': 'Messages', 'aria-live': 'polite', 'aria-busy': 'true', tabindex: '-1' });
  #scroll = h('div.log-scroll', {});
  #down = h('button.log-down', { type: 'button', hidden: true, onclick: () => this.toEnd(true) });
  #isAtEnd = true;
  #missed = 0;
  #newest = 0;
  #isFetching = false;
  #isDrawn = false;
  #current = null;

  /** Set before it comes into the page: the thread, the names, and what the buttons do. */
  thread = null;
  selfId = null;
  items = () => [];
  act = {};
  onSeen = () => {};

  build() {
    this.className = 'log';
    const more = h('div.log-more', { hidden: true }, h('span.spinner', { 'aria-hidden': 'true' }), h('span.hidden-text', {}, 'Fetching older messages'));
    this.more = more;
    this.#scroll.append(h('div.log-push'), more, this.#list);
    fill(this, this.#scroll, this.#down);
  }

  start() {
    this.listen(this.#scroll, 'scroll', () => this.#scrolled(), { passive: true });
    this.listen(this.#list, 'keydown', (event) => this.#key(event));
    this.listen(this.#list, 'focusin', (event) => this.#choose(event.target.closest('.message')));
    const observer = new ResizeObserver(() => this.#isAtEnd && this.toEnd());
    observer.observe(this.#list);
    observer.observe(this.#scroll);
    this.until(() => observer.disconnect());
  }

  /** Whether the newest message is in sight. */
  get isAtEnd() {
    return this.#isAtEnd;
  }

  /** Draw what there is now. */
  draw() {
    const { messages, hasMore } = this.thread.value;
    const entries = this.#entries(messages);
    const anchor = this.#isAtEnd ? null : this.#anchor();
    this.more.hidden = !hasMore;
    keep(this.#list, entries, (entry) => entry.key, make, (element, entry) => this.#update(element, entry));
    this.#count(messages);
    if (anchor) this.#hold(anchor);
    else this.toEnd();
    // What was there before is not news, and not read aloud as such.
    if (!this.#isDrawn) setTimeout(() => this.#list.removeAttribute('aria-busy'), SETTLE_MS);
    this.#isDrawn = true;
    this.#fetchIfNear();
    if (!this.#current?.isConnected) this.#choose(this.#list.querySelector('.message:last-of-type'));
    else reach(this.#current, '0'); // its buttons may be new ones
  }

  /** Scroll to the newest. */
  toEnd(smooth = false) {
    this.#isAtEnd = true;
    this.#missed = 0;
    this.#drawDown();
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#scroll.scrollTo({ top: this.#scroll.scrollHeight, behavior: smooth && !isCalm ? 'smooth' : 'instant' });
  }

  /** Scroll to one message and show which it is. */
  show(id) {
    const element = this.#list.querySelector(`[data-id="${Number(id)}"]`);
    if (!element) return;
    this.#isAtEnd = false;
    element.scrollIntoView({ block: 'center' });
    element.classList.add('is-found');
    setTimeout(() => element.classList.remove('is-found'), 2500);
    this.#choose(element);
    element.focus({ preventScroll: true });
  }

  #entries(messages) {
    const entries = [];
    let before = null;
    const add = (kind, key, data, mine, moment) => {
      const date = new Date(moment);
      if (!before || before.date.toDateString() !== date.toDateString()) {
        entries.push({ kind: 'day', key: `day ${date.toDateString()}`, data: moment });
        before = null;
      }
      const follows = before !== null && before.mine === mine && date - before.date < TOGETHER_MS;
      entries.push({ kind, key, data, mine, follows });
      before = { mine, date };
    };
    const sent = new Set();
    for (const message of messages) {
      const mine = message.sender === this.selfId;
      if (mine && message.client_msg_id) sent.add(message.client_msg_id);
      // The same key on its way and when it is stored: the element stays.
      add('message', mine && message.client_msg_id ? `mine ${message.client_msg_id}` : `id ${message.id}`, message, mine, message.timestamp);
    }
    let latest = messages.at(-1)?.timestamp ?? '';
    for (const item of this.items()) {
      if (sent.has(item.client_msg_id)) continue;
      // A clock that is behind the server's does not make it older than what it answers.
      if (item.created_at > latest) latest = item.created_at;
      add('item', `mine ${item.client_msg_id}`, item, true, latest);
    }
    return entries;
  }

  #update(element, { kind, data, mine, follows }) {
    const author = mine ? 'You' : this.thread.value.other?.full_name ?? '';
    if (kind === 'message') drawMessage(element, data, { author, mine, follows, act: this.act });
    else if (kind === 'item') drawItem(element, data, { follows, act: this.act });
    else fill(element.firstChild, dayWord(data));
  }

  /** How many have come below while one reads above. */
  #count(messages) {
    const newest = messages.at(-1)?.id ?? 0;
    if (this.#newest > 0 && !this.#isAtEnd) {
      this.#missed += messages.filter((message) => message.id > this.#newest && message.sender !== this.selfId).length;
    }
    this.#newest = Math.max(this.#newest, newest);
    this.#drawDown();
  }

  #drawDown() {
    this.#down.hidden = this.#isAtEnd;
    const label = this.#missed > 0 ? `${this.#missed} new, to the newest` : 'To the newest';
    if (this.#down.getAttribute('aria-label') === label) return;
    this.#down.setAttribute('aria-label', label);
    fill(this.#down, icon('down'), this.#missed > 0 && h('span.badge', { 'aria-hidden': 'true' }, this.#missed));
  }

  /** The message at the top of what one sees, and where: it must stay there whatever comes above it. A day's line moves. */
  #anchor() {
    const top = this.#scroll.getBoundingClientRect().top;
    for (const element of this.#list.querySelectorAll('.message')) {
      const box = element.getBoundingClientRect();
      if (box.bottom > top) return { element, top: box.top };
    }
    return null;
  }

  #hold({ element, top }) {
    if (element.isConnected) this.#scroll.scrollTop += element.getBoundingClientRect().top - top;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.#isAtEnd) {
      this.#missed = 0;
      this.onSeen();
    }
    this.#drawDown();
    this.#fetchIfNear();
  }

  /** At the very top no scrolling asks any more, and what is there may not even fill the screen. */
  #fetchIfNear() {
    if (this.#scroll.clientHeight > 0 && this.#scroll.scrollTop < OLDER_PX && this.thread.value.hasMore) this.#fetchOlder();
  }

  async #fetchOlder() {
    if (this.#isFetching) return;
    this.#isFetching = true;
    // What is old is not read aloud as if it were new.
    this.#list.setAttribute('aria-busy', 'true');
    let isMore = false;
    try {
      await this.thread.loadOlder();
      isMore = true;
    } catch (error) {
      report(error, 'Older messages could not be fetched.');
    } finally {
      this.#isFetching = false;
      this.#list.removeAttribute('aria-busy');
    }
    if (isMore && this.isConnected) this.#fetchIfNear();
  }

  #choose(message) {
    if (!message || message === this.#current) return;
    if (this.#current) reach(this.#current, '-1');
    this.#current = message;
    reach(message, '0');
  }

  #key(event) {
    const all = [...this.#list.querySelectorAll('.message')];
    const at = all.indexOf(event.target.closest('.message'));
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined || at < 0 || !all[next]) return;
    event.preventDefault();
    all[next].focus();
  }
}

function make(entry) {
  return entry.kind === 'day' ? h('div.day', {}, h('span', {})) : makeBubble();
}

/** One message of the log is a stop of the Tab key, with its buttons. */
function reach(message, tabindex) {
  message.setAttribute('tabindex', tabindex);
  for (const button of message.querySelectorAll('.message-tools button')) button.setAttribute('tabindex', tabindex);
}

customElements.define('campus-log', Log);
