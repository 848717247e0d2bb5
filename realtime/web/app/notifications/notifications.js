// What the user was notified of, and how much of it is unread: fetched once, then kept right by events. No document here.

import { positionOf } from '../../client/index.js';
import { Store } from '../kit/store.js';
import { LiveList } from '../lists/live_list.js';

const TOGETHER_MS = 300; // a class that ends takes many away in a row; what is left is counted once

export class Notifications {
  list;
  /** How many are unread; null until that is known. */
  unread = new Store(null);

  #client;
  #onError;
  #base = null; // {count, at}: how many were unread at that position of the log
  #news = []; // the log's ids of what came after
  #since = null;
  #timer = null;
  #offs;

  /** onError(error) hears of what no call of the caller's reports. */
  constructor(client, onError) {
    this.#client = client;
    this.#onError = onError;
    this.list = new LiveList({
      fetch: (query) => client.api.notifications(query),
      compare: (a, b) => b.id - a.id,
    });
    this.#offs = [
      client.on('notification', (data, { id }) => this.#hear(data, id)),
      client.on('notifications_read', (data, { id }) => this.#hearRead(data, id)),
      client.on('notifications_removed', ({ ids }, { id }) => this.#hearRemoved(ids, id)),
      client.on('notice_updated', (notice) => this.#refresh('notice_id', notice.id)),
      client.on('notice_removed', (notice) => this.#hearRemovedNotice(notice.id)),
      client.on('event_updated', (event, { id }) => this.#followEvent(event, id)),
      client.on('event_removed', (event) => this.#refresh('event_id', event.id)),
      client.on('resync', () => this.load()),
      client.on('status', ({ status }) => this.#comeBack(status)),
    ];
  }

  /** The position of the log when this began: what comes after it is news. null before that is known. */
  get since() {
    return this.#since;
  }

  async load() {
    await Promise.all([this.list.load(undefined, { keep: true }), this.#count()]);
  }

  /** Mark some as read. Raises what the call does. */
  async read(ids) {
    const unread = ids.filter((id) => this.list.find(id)?.is_read === false);
    if (unread.length === 0) return;
    await this.#client.api.markNotificationsRead({ ids: unread });
    this.#mark(new Set(unread), null);
    await this.#countUnlessTold();
  }

  async readAll() {
    await this.#client.api.markNotificationsRead({ all: true });
    this.#mark(null, null);
    await this.#countUnlessTold();
  }

  /** Mark what was told of an object as read: `readAbout('notice_id', 3)`. */
  readAbout(name, id) {
    return this.read(this.list.rows.filter((row) => row.data[name] === id).map((row) => row.id));
  }

  end() {
    for (const off of this.#offs) off();
    clearTimeout(this.#timer);
  }

  /** What could not be fetched is fetched when the server is there again; events tell all the rest. */
  #comeBack(status) {
    if (status === 'connected' && (this.#base === null || this.list.state === 'failed')) this.load();
  }

  #hear(data, eventId) {
    if (this.#base === null || eventId > this.#base.at) this.#news.push(eventId);
    this.list.add({ ...data, is_read: false }, eventId);
    this.#tell();
  }

  #hearRead({ ids, unread_count: count }, eventId) {
    this.#mark(ids === null ? null : new Set(ids), eventId);
    this.#rebase(count, eventId);
  }

  #hearRemoved(ids, eventId) {
    for (const id of ids) this.list.remove(id, eventId);
    this.#countSoon();
  }

  #hearRemovedNotice(id) {
    this.#countSoon(); // one that is not loaded may have been unread
    this.#refresh('notice_id', id);
  }

  /** What a notification says of a notice follows it, and who is not meant any more loses it: only the server knows. */
  async #refresh(name, id) {
    for (const row of this.list.rows.filter((one) => one.data[name] === id)) {
      try {
        const fresh = await this.#client.api.notification(row.id);
        this.list.replace(fresh, positionOf(fresh));
      } catch (error) {
        if (error.status === 404) this.list.remove(row.id, null);
        else this.#onError(error);
      }
    }
  }

  /** Each registration tells the whole event to everybody: nothing is fetched for that. */
  #followEvent(event, eventId) {
    if (!event.is_active) return;
    const isOf = (row) => row.data.event_id === event.id && row.message !== event.title;
    this.list.map((row) => (isOf(row) ? { ...row, message: event.title } : row), eventId);
  }

  /** null: all of them. */
  #mark(ids, eventId) {
    const isMeant = (row) => !row.is_read && (ids === null || ids.has(row.id));
    this.list.map((row) => (isMeant(row) ? { ...row, is_read: true } : row), eventId);
  }

  #countSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#count(), TOGETHER_MS);
  }

  /** Where events come, one of them has said it or does in a moment. */
  async #countUnlessTold() {
    if (this.#client.status !== 'connected') await this.#count();
  }

  async #count() {
    try {
      const answer = await this.#client.api.notificationsUnread();
      this.#rebase(answer.unread_count, positionOf(answer) ?? 0);
    } catch (error) {
      this.#onError(error);
    }
  }

  #rebase(count, at) {
    if (this.#base !== null && at < this.#base.at) return;
    this.#base = { count, at };
    this.#since ??= at;
    this.#news = this.#news.filter((id) => id > at);
    this.#tell();
  }

  #tell() {
    if (this.#base !== null) this.unread.set(this.#base.count + this.#news.length);
  }
}
