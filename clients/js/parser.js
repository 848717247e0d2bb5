// The format of an event stream, as the HTML standard has it (9.2.6): bytes in, events out. It knows no network and no JSON.

export class Parser {
  #decoder = new TextDecoder(); // drops a byte order mark, and replaces what is no UTF-8
  #lineEnd = /\r\n|\r|\n/g;
  #rest = '';
  #skipLineFeed = false;
  #data = [];
  #type = '';
  #id = null;
  #onEvent;
  #onRetry;

  /** The id that a browser would send as Last-Event-ID. */
  lastEventId = '';

  /** onEvent({event, data, id}): `id` is that of this frame, or null. onRetry(ms). */
  constructor({ onEvent, onRetry = () => {} }) {
    this.#onEvent = onEvent;
    this.#onRetry = onRetry;
  }

  /** Take bytes as they come, cut anywhere. What has no blank line behind it at the end of a stream is no event. */
  feed(bytes) {
    let text = this.#decoder.decode(bytes, { stream: true });
    if (text === '') return;
    // A CR ended the last line already; its LF came in another piece.
    if (this.#skipLineFeed && text[0] === '\n') text = text.slice(1);
    this.#skipLineFeed = text === '' ? false : text.endsWith('\r');
    this.#lineEnd.lastIndex = this.#rest.length; // a long line is not searched again for each of its pieces
    text = this.#rest + text;
    let start = 0;
    for (let end = this.#lineEnd.exec(text); end !== null; end = this.#lineEnd.exec(text)) {
      this.#line(text.slice(start, end.index));
      start = this.#lineEnd.lastIndex;
    }
    this.#rest = text.slice(start);
  }

  #line(line) {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return; // a comment
    const name = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value[0] === ' ') value = value.slice(1);
    if (name === 'data') this.#data.push(value);
    else if (name === 'event') this.#type = value;
    else if (name === 'id' && !value.includes('\0')) this.#id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.#onRetry(Number(value));
  }

  #dispatch() {
    const [data, event, id] = [this.#data, this.#type || 'message', this.#id];
    [this.#data, this.#type, this.#id] = [[], '', null];
    if (id !== null) this.lastEventId = id;
    if (data.length > 0) this.#onEvent({ event, data: data.join('\n'), id });
  }
}
