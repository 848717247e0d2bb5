// The lead in a SharedWorker, which outlives each single tab: there is nothing to pass on. On plain HTTP it is the best way.

const PATIENCE_MS = 4000;

export class WorkerSeat {
  /** Its join() says hello by itself, with all that the worker needs. */
  static introduces = true;

  #group;
  #id;
  #hooks;
  #port = null;
  #timer = null;

  constructor(group, id, hooks) {
    this.#group = group;
    this.#id = id;
    this.#hooks = hooks;
  }

  join() {
    let worker;
    try {
      // In one expression, so that bundlers find the file.
      worker = new SharedWorker(new URL('./worker.js', import.meta.url), { type: 'module' });
    } catch (error) {
      // The package comes from another origin, or a policy forbids it. Later, so that join() is over.
      queueMicrotask(() => this.#hooks.onUseless(error));
      return;
    }
    const { port } = worker;
    this.#port = port;
    port.onmessage = ({ data }) => { if (port === this.#port) this.#take(data); };
    worker.onerror = (event) => {
      event.preventDefault?.();
      if (port === this.#port) this.#fail('the SharedWorker does not start');
    };
    this.#timer = setTimeout(() => this.#fail('the SharedWorker does not answer'), PATIENCE_MS);
    this.post({ kind: 'hello', ...this.#hooks.introduce() });
  }

  leave() {
    clearTimeout(this.#timer);
    this.post({ kind: 'bye' });
    this.#port?.close();
    this.#port = null;
  }

  post(message) {
    this.#port?.postMessage({ group: this.#group, from: this.#id, ...message });
  }

  /** It is silent: another way is needed. */
  challenge() {
    this.#fail('the SharedWorker is silent');
  }

  #take(message) {
    clearTimeout(this.#timer);
    if (message.kind === 'refuse') this.#fail('the SharedWorker is of another version');
    else this.#hooks.onMessage(message);
  }

  #fail(text) {
    clearTimeout(this.#timer);
    this.#port.close();
    this.#port = null;
    this.#hooks.onUseless(new Error(text));
  }
}
