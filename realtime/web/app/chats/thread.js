// The messages with one other user, kept right by events. It draws nothing.

import { Store } from '../kit/store.js';
import { since } from '../recent.js';
import { session } from '../session.js';

const PAGE = 50;
const PAGE_FAR = 200;
const MARK_MS = 80;

export class Thread extends Store {
  #ends = [];
  #older = null;
  #marking = null;
  #markableAt = 0;
  #again = null;
  #client = session.client;
  #isClosed = false;

  /** Its value: {messages: the oldest first, other: the other user, hasMore, isLoaded, error}. */
  constructor(userId) {
    super({ messages: [], other: null, hasMore: false, isLoaded: false, error: null });
    this.userId = userId;
  }

  open() {
    this.#ends.push(this.#client.on('*', (event) => event.id !== null && this.#hear(event)));
    this.#ends.push(this.#client.on('resync', () => this.load()));
    this.#ends.push(this.#client.on('status', ({ status }) => status === 'connected' && this.value.error && this.load()));
    this.load();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#marking);
    clearTimeout(this.#again);
    if (this.#marking !== null && session.isSignedIn) this.#mark(); // it was seen
    for (const end of this.#ends.splice(0)) end();
  }

  /** Fetch the latest messages, in place of what is here. */
  async load() {
    try {
      const page = await this.#client.api.history(this.userId, { limit: PAGE });
      if (this.#isClosed) return;
      this.set({ messages: page.messages.reverse(), other: page.other_user, hasMore: page.has_more, isLoaded: true, error: null });
      this.#catchUp(page);
    } catch (error) {
      if (!this.#isClosed) this.set({ ...this.value, error });
    }
    this.flush();
  }

  /** Fetch what is before the first message. Raises as the client does. */
  async loadOlder(limit = PAGE) {
    const { hasMore, messages } = this.value;
    if (!hasMore || messages.length === 0) return;
    this.#older ??= this.#fetchOlder(messages[0].id, limit).finally(() => { this.#older = null; });
    await this.#older;
  }

  /** Fetch until that message is here. Whether it is. */
  async reach(id) {
    const isHere = () => this.value.messages.some((message) => message.id === id);
    while (!isHere() && this.value.hasMore && this.value.messages[0].id > id) await this.loadOlder(PAGE_FAR);
    return isHere();
  }

  /** The user sees the conversation: tell the other one, once for what comes together. */
  markRead() {
    if (Date.now() < this.#markableAt) return;
    if (!this.value.messages.some((message) => this.isTheirs(message) && !message.is_read)) return;
    this.#marking ??= setTimeout(() => this.#mark(), MARK_MS);
  }

  async #mark() {
    try {
      await this.#client.api.markRead({ sender_id: this.userId });
    } catch (error) {
      console.debug('not told:', error); // without a network there is a next look
      if (error.retryAfterMs && !this.#isClosed) this.#lookAgain(error.retryAfterMs);
    }
    this.#marking = null;
  }

  /** Nothing is marked before that; whoever draws this looks then whether one still sees the chat. */
  #lookAgain(waitMs) {
    this.#markableAt = Date.now() + waitMs;
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.changed(), waitMs);
  }

  isTheirs(message) {
    return message.sender === this.userId;
  }

  find(id) {
    return this.value.messages.find((message) => message.id === id) ?? null;
  }

  async #fetchOlder(beforeId, limit) {
    const page = await this.#client.api.history(this.userId, { limit, before_id: beforeId });
    if (this.#isClosed || this.value.messages[0]?.id !== beforeId) return; // loaded anew meanwhile
    this.value.messages.unshift(...page.messages.reverse());
    this.value.hasMore = page.has_more;
    this.#catchUp(page);
    this.flush();
  }

  #catchUp(page) {
    for (const event of since(page)) this.#hear(event);
  }

  #hear({ type, data }) {
    if (this.#apply(type, data)) this.changed();
  }

  /** Whether it changed something here. */
  #apply(type, data) {
    switch (type) {
      case 'message': return data.sender === this.userId && this.#put(data);
      case 'message_sent': return data.receiver === this.userId && this.#put(data);
      case 'message_updated': return this.#change(data.id, data);
      case 'message_deleted': return this.#remove(data.id);
      case 'read_receipt': return this.#change(data.message_id, { is_read: true, read_at: data.read_at });
      case 'delivered': return this.#change(data.message_id, { delivered_at: data.delivered_at });
      case 'conversation_read': return this.#readByMe(data.message_ids);
      case 'user_updated': return this.#rename(data);
      default: return false;
    }
  }

  /** A message that this tab has sent: its answer may come before its event. */
  put(message) {
    if (this.#put(message)) this.changed();
  }

  #put(message) {
    if (!this.value.isLoaded) return false; // the page that is on its way has it, or its event comes after that
    if (this.find(message.id)) return false;
    const { messages } = this.value;
    let index = messages.length;
    while (index > 0 && messages[index - 1].id > message.id) index -= 1;
    if (index === 0 && this.value.hasMore) return false; // older than all that is here
    messages.splice(index, 0, message);
    return true;
  }

  #change(id, changes) {
    const message = this.find(id);
    if (message) Object.assign(message, changes);
    return message !== null;
  }

  #remove(id) {
    const index = this.value.messages.findIndex((message) => message.id === id);
    if (index >= 0) this.value.messages.splice(index, 1);
    return index >= 0;
  }

  #readByMe(ids) {
    const read = new Set(ids);
    for (const message of this.value.messages) if (read.has(message.id)) message.is_read = true;
    return true;
  }

  #rename({ id, ...changes }) {
    if (id !== this.userId || !this.value.other) return false;
    Object.assign(this.value.other, changes);
    return true;
  }
}
