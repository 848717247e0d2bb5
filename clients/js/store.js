// What outlives a page: JSON in localStorage below a prefix. Where there is none (workers, blocked storage, a full disk)
// it keeps things in memory, and the only loss is that a reload forgets them.

export class Store {
  #prefix;
  #memory = new Map();

  constructor(prefix) {
    this.#prefix = `${prefix}:`;
  }

  /** The stored value, or null. What somebody else broke is not there. */
  get(key) {
    const text = this.#memory.get(key) ?? this.#try((storage) => storage.getItem(this.#prefix + key));
    if (text === null || text === undefined) return null;
    try {
      return JSON.parse(text);
    } catch {
      this.delete(key); // not ours any more: a value that cannot be read is none
      return null;
    }
  }

  set(key, value) {
    const text = JSON.stringify(value);
    const stored = this.#try((storage) => { storage.setItem(this.#prefix + key, text); return true; });
    if (stored) this.#memory.delete(key);
    else this.#memory.set(key, text);
  }

  delete(key) {
    this.#memory.delete(key);
    this.#try((storage) => storage.removeItem(this.#prefix + key));
  }

  /** The keys that begin so. */
  keys(start) {
    const all = this.#try((storage) => Array.from({ length: storage.length }, (_, index) => storage.key(index))) ?? [];
    const ours = all.filter((key) => key?.startsWith(this.#prefix)).map((key) => key.slice(this.#prefix.length));
    return [...new Set([...ours, ...this.#memory.keys()])].filter((key) => key.startsWith(start));
  }

  /** Storage raises for blocked cookies and for a full disk: both mean memory. */
  #try(use) {
    try {
      return globalThis.localStorage ? use(globalThis.localStorage) : null;
    } catch {
      return null;
    }
  }
}
