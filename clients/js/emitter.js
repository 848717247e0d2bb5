// Functions by type of event. It knows nothing of what the events mean.

/** An error that no caller can be given goes where the browser shows errors, and never nowhere. */
export function report(error) {
  if (typeof reportError === 'function') reportError(error);
  else setTimeout(() => { throw error; });
}

export class Emitter {
  #listeners = new Map();

  /** Call fn for each event of the type; the answer ends it. */
  on(type, fn) {
    if (typeof fn !== 'function') throw new TypeError('on(type, fn): fn is not a function');
    if (!this.#listeners.has(type)) this.#listeners.set(type, new Set());
    this.#listeners.get(type).add(fn);
    return () => this.off(type, fn);
  }

  off(type, fn) {
    this.#listeners.get(type)?.delete(fn);
  }

  /** Call all of a type. One that raises does not keep the others from it: the error is an `error` event of its own. */
  emit(type, ...args) {
    for (const fn of [...(this.#listeners.get(type) ?? [])]) {
      try {
        fn(...args);
      } catch (error) {
        this.fail(error, type === 'error');
      }
    }
  }

  /** Tell of an error: to the `error` functions, or to the browser when there are none or one of them raised it. */
  fail(error, own = false) {
    if (own || !this.#listeners.get('error')?.size) report(error);
    else this.emit('error', error, { type: 'error', id: null });
  }

  clear() {
    this.#listeners.clear();
  }
}
