// A value that is watched. Changes are told together, a few milliseconds later: five hundred events in a second are thirty
// looks at a list.

const TOGETHER_MS = 30;

export class Store {
  #value;
  #watchers = new Set();
  #timer = null;

  constructor(value) {
    this.#value = value;
  }

  get value() {
    return this.#value;
  }

  /** Take another value and tell of it. */
  set(value) {
    this.#value = value;
    this.changed();
  }

  /** The value was changed in place. */
  changed() {
    this.#timer ??= setTimeout(() => this.flush(), TOGETHER_MS);
  }

  /** Tell now. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = null;
    for (const fn of [...this.#watchers]) fn(this.#value);
  }

  /** Call fn(value) now and after each change; the answer is a function that ends it. */
  watch(fn) {
    this.#watchers.add(fn);
    fn(this.#value);
    return () => this.#watchers.delete(fn);
  }
}
