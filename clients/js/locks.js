// The lead as a Web Lock: the browser itself passes it on when a tab closes or crashes. Tabs talk over a BroadcastChannel.

const STOLEN = 'AbortError';

export class LockSeat {
  #group;
  #hooks;
  #channel = null;
  #request = null;
  #release = null;

  constructor(group, id, hooks) {
    this.#group = group;
    this.#hooks = hooks;
  }

  join() {
    this.#channel = new BroadcastChannel(this.#group);
    this.#channel.onmessage = ({ data }) => this.#hooks.onMessage(data);
    this.#ask({});
  }

  /** Give up the lead and listen no more: a page with an open lock or channel is not kept for the way back. */
  leave() {
    this.#request?.abort();
    this.#request = null;
    this.#release?.();
    this.#release = null;
    this.#channel?.close();
    this.#channel = null;
  }

  post(message) {
    this.#channel?.postMessage(message);
  }

  /** The leader is silent: take the lock from it. It is told, when it wakes up. */
  challenge() {
    if (this.#release !== null || this.#channel === null) return;
    this.#request?.abort();
    this.#ask({ steal: true });
  }

  async #ask({ steal = false }) {
    const request = new AbortController();
    this.#request = request;
    const options = steal ? { steal } : { signal: request.signal }; // the two do not go together
    try {
      await navigator.locks.request(this.#group, options, () => this.#hold(request));
    } catch (error) {
      if (this.#request !== request || request.signal.aborted) return; // left, or asked again
      if (error.name !== STOLEN) {
        this.#hooks.onUseless(error);
        return;
      }
      this.#release = null;
      this.#hooks.onLost();
      this.#ask({});
    }
  }

  #hold(request) {
    if (this.#request !== request || request.signal.aborted) return undefined;
    const held = new Promise((resolve) => { this.#release = resolve; });
    this.#hooks.onLead();
    return held;
  }
}
