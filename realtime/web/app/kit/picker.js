// A search field with a list of what was found: typing searches, the arrow keys choose, Enter takes.

import { fill, h, say, set } from './dom.js';
import { Part } from './part.js';
import { sentence } from './toast.js';

const PAUSE_MS = 150;

let count = 0;

export class Picker extends Part {
  #id = `picker-${count += 1}`;
  #list = h('ul.picker-list', { id: `${this.#id}-list`, role: 'listbox', tabindex: '0' });
  #note = h('p.picker-note.soft', { role: 'status' });
  #found = [];
  #at = -1;
  #timer = null;
  #asking = null;

  /** Set before it comes into the page. `search(text, signal)` resolves with the found, `draw(one)` with a row's nodes. */
  label = '';
  listLabel = '';
  search = async () => [];
  draw = () => [];
  pick = () => {};
  /** What it says when nothing was found, and before one has typed (null: it searches at once). */
  nothing = 'Nothing found.';
  hint = null;

  build() {
    this.className = 'picker';
    this.field = h('input', {
      type: 'search', 'aria-label': this.label, placeholder: this.label, autocomplete: 'off', spellcheck: 'false',
      'aria-controls': this.#list.id, 'aria-autocomplete': 'list', autofocus: true,
    });
    this.#list.setAttribute('aria-label', this.listLabel);
    fill(this, this.field, this.#note, this.#list);
  }

  start() {
    this.listen(this.field, 'input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#ask(), PAUSE_MS);
    });
    this.listen(this, 'keydown', (event) => this.#key(event));
    this.until(() => { clearTimeout(this.#timer); this.#asking?.abort(); });
    this.#ask();
  }

  async #ask() {
    this.#asking?.abort();
    const text = this.field.value.trim();
    if (text === '' && this.hint !== null) {
      this.#show([], this.hint);
      return;
    }
    const asking = new AbortController();
    this.#asking = asking;
    try {
      const found = await this.search(text, asking.signal);
      if (!asking.signal.aborted) this.#show(found, found.length === 0 ? this.nothing : '');
    } catch (error) {
      if (!asking.signal.aborted) this.#show([], sentence(error));
    }
  }

  #show(found, note) {
    this.#found = found;
    say(this.#note, note);
    this.#note.hidden = note === '';
    fill(this.#list, found.map((one, index) => h('li.row', {
      role: 'option', id: `${this.#id}-${index}`, 'aria-selected': 'false',
      onclick: () => this.pick(one), onpointermove: () => this.#choose(index),
    }, this.draw(one))));
    this.#list.hidden = found.length === 0;
    this.#at = -1;
    this.#choose(found.length > 0 && this.field.value.trim() ? 0 : -1);
  }

  #choose(index) {
    if (index === this.#at && index >= 0) return;
    this.#at = index;
    [...this.#list.children].forEach((row, at) => row.setAttribute('aria-selected', String(at === index)));
    for (const one of [this.field, this.#list]) set(one, { 'aria-activedescendant': index < 0 ? null : `${this.#id}-${index}` });
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      const last = this.#found.length - 1;
      if (last < 0) return;
      const next = this.#at + step;
      this.#choose(next > last ? 0 : next < 0 ? last : next);
      this.#list.children[this.#at].scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (this.#found[this.#at]) this.pick(this.#found[this.#at]);
    }
  }
}

customElements.define('campus-picker', Picker);
