// What this browser keeps for the application: texts by key. Where it keeps nothing (site data is blocked, the disk is full)
// they are kept as long as the page, and the only loss is that a reload forgets them.

class Keeper {
  #storageOf;
  #memory = new Map();

  /** storageOf() answers the browser's storage, or raises: even to look at it is forbidden where site data is blocked. */
  constructor(storageOf) {
    this.#storageOf = storageOf;
  }

  /** The text, or null. */
  get(key) {
    return this.#memory.get(key) ?? this.#use((storage) => storage.getItem(key)) ?? null;
  }

  /** Whether it outlives the page. */
  set(key, text) {
    const isKept = this.#use((storage) => { storage.setItem(key, text); return true; }) ?? false;
    if (isKept) this.#memory.delete(key);
    else this.#memory.set(key, text);
    return isKept;
  }

  delete(key) {
    this.#memory.delete(key);
    this.#use((storage) => storage.removeItem(key));
  }

  /** The keys that begin so. */
  keys(start) {
    const kept = this.#use((storage) => Array.from({ length: storage.length }, (_, at) => storage.key(at))) ?? [];
    return [...new Set([...kept, ...this.#memory.keys()])].filter((key) => key.startsWith(start));
  }

  #use(work) {
    try {
      return work(this.#storageOf());
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return undefined; // blocked or full: the memory is what there is
    }
  }
}

/** Of all tabs, until it is deleted. */
export const local = new Keeper(() => globalThis.localStorage);
/** Of this tab, until it is closed. */
export const ofTab = new Keeper(() => globalThis.sessionStorage);
