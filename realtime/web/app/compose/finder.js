// A field that finds things while one types, and chooses one of them by pointer or keyboard: a combobox with a list.

import { fill, h, say, set } from '../kit/dom.js';
import { count as counted } from '../kit/format.js';
import { Part } from '../kit/part.js';
import { sentence } from '../kit/toast.js';

const PAUSE_MS = 200;
let made = 0;

class Finder extends Part {
  #what;
  #input;
  #list;
  #about = h('p.soft.small', { role: 'status' });
  #options = [];
  #at = -1;
  #timer = null;
  #abort = null;

  set what(what) {
    this.#what = what;
  }

  build() {
    made += 1;
    const id = `finder-${made}`;
    this.className = 'finder';
    this.#list = h('ul.finder-list', { role: 'listbox', id: `${id}-list`, 'aria-label': this.#what.label, hidden: true });
    this.#input = h('input', {
      id, type: 'text', role: 'combobox', autocomplete: 'off', 'aria-expanded': 'false', 'aria-controls': `${id}-list`, 'aria-autocomplete': 'list',
      placeholder: this.#what.hint, maxlength: '200', oninput: () => this.#findSoon(), onfocus: () => this.#find(), onkeydown: (event) => this.#key(event),
    });
    fill(this, h('label.label', { for: id }, this.#what.label), h('div.finder-box', {}, this.#input, this.#list), this.#about);
  }

  start() {
    this.listen(this, 'focusout', ({ relatedTarget }) => { if (!this.contains(relatedTarget)) this.#close(); });
    this.until(() => this.#stop());
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
  }

  #findSoon() {
    this.#stop();
    this.#timer = setTimeout(() => this.#find(), PAUSE_MS);
  }

  async #find() {
    this.#stop();
    const abort = new AbortController();
    this.#abort = abort;
    try {
      const options = await this.#what.find(this.#input.value.trim(), abort.signal);
      if (this.#abort === abort) this.#show(options);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#close();
      say(this.#about, sentence(error));
    }
  }

  #show(options) {
    this.#options = options;
    this.#at = -1;
    fill(this.#list, options.map((option, at) => h('li.finder-option', {
      role: 'option', id: `${this.#list.id}-${at}`, 'aria-selected': 'false',
      onpointerdown: (event) => event.preventDefault(), onclick: () => this.#choose(at),
    },
      h('span', {}, option.name), h('span.soft.small', {}, option.about))));
    this.#list.hidden = options.length === 0;
    set(this.#input, { 'aria-expanded': String(options.length > 0), 'aria-activedescendant': null });
    const found = this.#input.value.trim() !== '';
    const nothing = found ? 'Nothing has this name. Try other letters.' : 'There is nothing to choose yet.';
    say(this.#about, options.length > 0 ? `${counted(options.length, 'suggestion')}.` : nothing);
  }

  #key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps && this.#options.length > 0) {
      event.preventDefault();
      this.#move(steps[event.key]);
    } else if (event.key === 'Enter') {
      event.preventDefault(); // never sends the form
      if (!this.#list.hidden) this.#choose(Math.max(0, this.#at));
    } else if (event.key === 'Escape' && !this.#list.hidden) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
  }

  #move(step) {
    this.#list.hidden = false;
    this.#at = (this.#at + step + this.#options.length + (this.#at < 0 && step < 0 ? 1 : 0)) % this.#options.length;
    for (const [at, item] of [...this.#list.children].entries()) set(item, { 'aria-selected': String(at === this.#at) });
    const item = this.#list.children[this.#at];
    set(this.#input, { 'aria-expanded': 'true', 'aria-activedescendant': item.id });
    item.scrollIntoView({ block: 'nearest' });
  }

  #choose(at) {
    const option = this.#options[at];
    if (!option) return;
    this.#what.choose(option);
    this.#input.value = '';
    this.#close();
    this.#input.focus();
    say(this.#about, `${option.name} is added.`);
  }

  #close() {
    this.#stop();
    this.#options = [];
    this.#list.hidden = true;
    set(this.#input, { 'aria-expanded': 'false', 'aria-activedescendant': null });
    say(this.#about, '');
  }
}

customElements.define('campus-finder', Finder);

/** find(text, signal) answers options {name, about, ...}; choose(option) is called with the chosen one. */
export function finder({ label, hint, find, choose }) {
  const element = document.createElement('campus-finder');
  element.what = { label, hint, find, choose };
  return element;
}
