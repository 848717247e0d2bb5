// Where this browser's tabs are: the newest stored event that any of them was told, kept over reloads; and whether the
// stream got through the last time.

const POLLING_MS = 600_000;

export class Cursor {
  #store;

  constructor(store) {
    this.#store = store;
  }

  /** The id, or null. */
  load() {
    const id = this.#store.get('cursor');
    return Number.isSafeInteger(id) && id >= 0 ? id : null;
  }

  /** Tabs write in any order, so it only rises; after a `resync` it is what the server said. */
  save(id, isResync = false) {
    if (id !== null && (isResync || id > (this.load() ?? -1))) this.#store.set('cursor', id);
  }

  /** The stream did not get through a moment ago: not every reload has to wait for it again. */
  get isPolling() {
    const at = this.#store.get('polling');
    return typeof at === 'number' && Date.now() - at < POLLING_MS;
  }

  set isPolling(isPolling) {
    if (isPolling) this.#store.set('polling', Date.now());
    else if (this.#store.get('polling') !== null) this.#store.delete('polling');
  }
}
