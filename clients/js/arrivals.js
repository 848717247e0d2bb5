// What comes over the line: its data read, the cursor moved, and gathered until the piece of the wire that it came in ends.

export class Arrivals {
  #batch = [];
  #onEvents;
  #onProblem;

  /** The newest stored event, or null: what the server is asked to go on from. */
  cursor;

  /** onEvents([{event, data, id, prev}]), `prev` being the cursor before it. onProblem(error) for data that is no JSON. */
  constructor(cursor, { onEvents, onProblem }) {
    this.cursor = cursor;
    this.#onEvents = onEvents;
    this.#onProblem = onProblem;
  }

  /**
   * Take an event: `data` is text or an object, `id` text, a number or null. Answers its data, or undefined for one that
   * was told already or can't be read.
   */
  take({ event, data, id }) {
    const prev = this.cursor;
    const number = id === null || !/^\d+$/.test(id) ? null : Number(id);
    if (!this.#move(event, number)) return undefined;
    let value = data;
    try {
      if (typeof data === 'string') value = JSON.parse(data);
    } catch (error) {
      this.#onProblem(new Error(`the data of ${event} is no JSON`, { cause: error }));
      return undefined;
    }
    this.#batch.push({ event, data: value, id: number, prev });
    return value;
  }

  flush() {
    if (this.#batch.length === 0) return;
    const events = this.#batch;
    this.#batch = [];
    this.#onEvents(events);
  }

  /** Whether it is news. The id of a `connected` counts only where there is no cursor, that of a `resync` always. */
  #move(event, id) {
    if (id === null) return true;
    if (event === 'connected') {
      this.cursor ??= id;
      return true;
    }
    if (event !== 'resync' && this.cursor !== null && id <= this.cursor) return false;
    this.cursor = id;
    return true;
  }
}
