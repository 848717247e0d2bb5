// How many people something would reach, asked anew after each change of the form, before it is sent.

import { fill, h, say } from '../kit/dom.js';
import { number } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { sentence } from '../kit/toast.js';
import { session } from '../session.js';

const PAUSE_MS = 200;

/** `Reaches 42 people, 7 of them online now.` */
export function reachWords({ reached, online }, verb = 'Reaches') {
  if (reached === 1) return `${verb} only you.`;
  return `${verb} ${number(reached)} people, you among them; ${number(online)} of them ${online === 1 ? 'is' : 'are'} online now.`;
}

class Reach extends Part {
  /** ask(signal) answers {reached, online}, or a sentence why nothing can be asked. */
  ask = null;
  /** The newest answer, or null while it is not known. */
  answer = null;

  #text = h('span');
  #timer = null;
  #abort = null;

  build() {
    this.className = 'reach';
    this.setAttribute('role', 'status');
    this.setAttribute('aria-label', 'Reach');
    fill(this, icon('people'), this.#text);
  }

  start() {
    this.until(() => {
      clearTimeout(this.#timer);
      this.#abort?.abort();
    });
    // Before that one is not online oneself, and after a break others are.
    this.until(session.client.on('status', ({ status }) => { if (status === 'connected') this.refresh(); }));
    this.refresh();
  }

  refresh() {
    this.answer = null;
    this.#abort?.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#look(), PAUSE_MS);
  }

  async #look() {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const answer = await this.ask(abort.signal);
      if (abort.signal.aborted) return;
      this.answer = typeof answer === 'string' ? null : answer;
      say(this.#text, typeof answer === 'string' ? answer : reachWords(answer));
    } catch (error) {
      if (!abort.signal.aborted) say(this.#text, `How many people that reaches is not known. ${sentence(error)}`);
    }
  }
}

customElements.define('campus-reach', Reach);
