// One message on its way.

import { newId } from './random.js';

const TEXT_MS = 20_000; // for an answer
const FILE_MS = 60_000; // without any progress
const GONE = 'The file cannot be read any more. Choose it again.';
const LINGER_MS = 2000; // for an answer that is not needed any more

let count = 0;

/** The file was moved, changed or deleted since it was chosen, or is a folder. */
export class LostFile extends Error {}

export class Parcel {
  #message;
  #onProgress;
  #attempt = null;
  #patience = null;
  #attempts = 0;
  #progress = 0;
  #createdAt;

  state = 'waiting';
  error = null;
  stored = null;
  /** When the server takes it again, as its Retry-After said (milliseconds since 1970), or null. */
  retryAt = null;

  constructor({ receiver_id: receiver, message = '', attachment = null, client_msg_id: id = newId() }, onProgress = () => {}) {
    if (!Number.isSafeInteger(receiver)) throw new TypeError('send(): receiver_id is not an integer');
    this.#message = { receiver_id: receiver, message, attachment, client_msg_id: id };
    this.#onProgress = onProgress;
    this.#createdAt = new Date().toISOString();
    this.order = `${this.#createdAt} ${String(count++).padStart(9, '0')}`;
    this.result = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    // An app may look at `outbox` events instead, which tell the same.
    this.result.catch(() => {});
  }

  /** One that a page before this one, or another tab, has left. */
  static from(record) {
    const parcel = new Parcel(record);
    parcel.#createdAt = record.created_at;
    parcel.order = record.order;
    parcel.#attempts = record.attempts;
    parcel.state = record.state === 'failed' ? 'failed' : 'waiting';
    parcel.error = record.error === null ? null : new Error(record.error);
    return parcel;
  }

  get id() {
    return this.#message.client_msg_id;
  }

  get receiver() {
    return this.#message.receiver_id;
  }

  get isText() {
    return this.#message.attachment === null;
  }

  /** What the app sees. */
  get item() {
    const { attachment, ...message } = this.#message;
    return {
      ...message,
      file_name: attachment === null ? null : (attachment.name ?? 'attachment'),
      created_at: this.#createdAt,
      state: this.state,
      attempts: this.#attempts,
      progress: this.#progress,
      error: this.error?.message ?? null,
      retry_at: this.retryAt,
      stored: this.stored,
    };
  }

  /** What is kept over a reload. */
  get record() {
    const { receiver_id, message, client_msg_id, created_at, state, attempts, error } = this.item;
    return { receiver_id, message, client_msg_id, created_at, state, attempts, error, order: this.order };
  }

  /** One attempt; the stored message. Raises as Http.call does, a TypeError when it takes too long, LostFile. */
  async send(http, onChange) {
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#attempts += 1;
    this.error = this.retryAt = null;
    let timer = null;
    const hold = () => {
      clearTimeout(timer);
      timer = setTimeout(() => attempt.abort(new TypeError('The server does not answer.')), this.isText ? TEXT_MS : FILE_MS);
    };
    const onProgress = (part) => {
      hold();
      this.#progress = part;
      this.#onProgress(part);
      onChange();
    };
    hold();
    try {
      const { attachment, ...body } = this.#message;
      // A request whose file cannot be read fails as one without a network does, and would be tried for ever.
      if (attachment !== null) await attachment.slice(0, 1).arrayBuffer().catch((cause) => { throw new LostFile(GONE, { cause }); });
      const options = { body, signal: attempt.signal };
      if (attachment !== null) Object.assign(options, { body: this.#message, onProgress });
      return await http.call('POST', 'communication/chats/', options);
    } finally {
      clearTimeout(timer);
      this.#attempt = null;
    }
  }

  /** The server has it: this is what is stored. */
  arrive(stored) {
    this.stored = stored;
    if (!this.isText && this.#progress < 1) {
      this.#progress = 1;
      this.#onProgress(1);
    }
    this.resolve(stored);
    this.hurry();
    // The stream may tell of it before the answer comes. Aborting at once would cost a connection for each message.
    const attempt = this.#attempt;
    setTimeout(() => attempt?.abort(), LINGER_MS);
  }

  abort() {
    this.#attempt?.abort(new DOMException('It was aborted.', 'AbortError'));
    this.hurry();
  }

  /** A signal that ends the wait before the next attempt. */
  patience() {
    this.#patience = new AbortController();
    return this.#patience.signal;
  }

  hurry() {
    this.#patience?.abort();
    this.#patience = null;
  }
}
