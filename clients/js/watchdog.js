// Notices that nothing was heard for too long. It looks at the clock and does not count on its timer: a page's timers
// are slowed down in the background and stand still while the machine sleeps.

export class Watchdog {
  #limitMs;
  #earlyMs;
  #tickMs;
  #onSilent;
  #timer = null;
  #heardAt = 0;
  #tickedAt = 0;

  /**
   * onSilent() after 2.5 heartbeats without heard(), and once 1.25 of them have passed when time has jumped: after a
   * sleep the peer has most likely gone, and a live one would have been heard.
   */
  constructor({ heartbeatMs, onSilent }) {
    this.#limitMs = 2.5 * heartbeatMs;
    this.#earlyMs = 1.25 * heartbeatMs;
    this.#tickMs = Math.min(5000, Math.max(100, heartbeatMs / 6));
    this.#onSilent = onSilent;
  }

  start() {
    this.stop();
    this.heard();
    this.#tickedAt = Date.now();
    this.#timer = setInterval(() => this.#tick(), this.#tickMs);
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = null;
  }

  heard() {
    this.#heardAt = Date.now();
  }

  /** Whether a live peer should have been heard by now. */
  get isDoubtful() {
    return Date.now() - this.#heardAt > this.#earlyMs;
  }

  #tick() {
    const now = Date.now();
    const jumped = now - this.#tickedAt > 3 * this.#tickMs;
    this.#tickedAt = now;
    if (now - this.#heardAt > this.#limitMs || (jumped && this.isDoubtful)) {
      this.heard(); // once for each silence
      this.#onSilent();
    }
  }
}
