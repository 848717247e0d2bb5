// Tells the server that messages have arrived: a sender's second tick. Whoever holds the stream does, once for all tabs.

const GATHER_MS = 200;
const LIMITED_MS = 30_000; // where a limit does not say when it is over

export class Receipts {
  #http;
  #onProblem;
  #upTo = null;
  #timer = null;
  #isStopped = false;

  constructor(http, onProblem) {
    this.#http = http;
    this.#onProblem = onProblem;
  }

  /** Take note of events; what is not told yet is told with the next of them, or after the next `connected`. */
  take(events) {
    for (const { event, data } of events) {
      if (event === 'message') this.#upTo = Math.max(this.#upTo ?? 0, data.id);
    }
    if (this.#upTo !== null) this.#timer ??= setTimeout(() => this.#tell(), GATHER_MS);
  }

  stop() {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #tell() {
    this.#timer = null;
    const upTo = this.#upTo;
    this.#upTo = null;
    try {
      await this.#http.call('POST', 'communication/chats/delivered/', { body: { up_to_id: upTo } });
    } catch (error) {
      this.#upTo = Math.max(this.#upTo ?? 0, upTo);
      // Without a network, with a token that has ended and while the server is away there is a next time.
      if (error.status >= 400 && error.status < 500 && ![401, 429].includes(error.status)) this.#onProblem(error);
      // A limit says itself when that is.
      if (error.status === 429 && !this.#isStopped) this.#timer ??= setTimeout(() => this.#tell(), error.retryAfterMs ?? LIMITED_MS);
    }
  }
}
