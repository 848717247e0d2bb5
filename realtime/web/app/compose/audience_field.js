// The part of a form that says for whom something is. It tells `change` when the Audience has changed.

import { fill, h } from '../kit/dom.js';
import { choice } from '../kit/form.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { session } from '../session.js';
import { Audience } from './audience.js';
import { finder } from './finder.js';
import { ROLES } from './roles.js';

const MOST_OF_A_KIND = 6;
let made = 0;

class AudienceField extends Part {
  audience = new Audience();
  /** Of whom classes and sections are suggested; null: all in reach. */
  college = null;
  /** What `everybody` means. */
  everybody = 'Everybody in the college';

  /** Whether roles and single people may be chosen, too. */
  hasPeople = false;

  #chips = h('ul.chips', { 'aria-label': 'Chosen' });
  #some = h('div.audience-some');
  #roles = [];

  build() {
    made += 1;
    const name = `audience-${made}`;
    const pick = (everybody) => h('input', { type: 'radio', name, checked: this.audience.everybody === everybody, onchange: () => this.#pick(everybody) });
    this.#roles = this.hasPeople ? ROLES.map(([id, label]) => this.#roleBox(id, label)) : [];
    fill(this.#some, this.#chips,
      finder({
        label: this.hasPeople ? 'Add a class, a section or a person' : 'Add a class or a section',
        hint: 'Begin to type a name', find: (text, signal) => this.#find(text, signal), choose: (one) => this.#add(one),
      }),
      this.hasPeople && h('div', { role: 'group', 'aria-label': 'Everybody who is' },
        h('span.label', {}, 'Everybody who is'), h('div.audience-roles', {}, this.#roles.map(({ element }) => element))));
    fill(this, h('fieldset.audience', {}, h('legend.label', {}, 'For whom'),
      choice(this.everybody, pick(true)), choice('Only these', pick(false)), this.#some));
    this.draw();
  }

  /** Draw anew after a change of the audience from outside. */
  draw() {
    this.#some.hidden = this.audience.everybody;
    const chosen = this.audience.chosen;
    fill(this.#chips, chosen.map((one) => h('li.chip', {}, one.name,
      h('button.icon-button', { type: 'button', 'aria-label': `Remove ${one.name}`, onclick: () => this.#remove(one) }, icon('close')))));
    this.#chips.hidden = chosen.length === 0;
    for (const { id, box } of this.#roles) box.checked = this.audience.has('user_types', id);
    const [all, some] = this.querySelectorAll('input[type="radio"]');
    all.checked = this.audience.everybody;
    some.checked = !this.audience.everybody;
  }

  #roleBox(id, label) {
    const box = h('input', {
      type: 'checkbox',
      onchange: () => (box.checked ? this.#add({ kind: 'user_types', id, name: label }) : this.#remove({ kind: 'user_types', id })),
    });
    return { id, box, element: choice(label, box) };
  }

  #pick(everybody) {
    this.audience.everybody = everybody;
    this.#changed();
  }

  #add(one) {
    this.audience.add(one);
    this.#changed();
  }

  #remove(one) {
    const hadFocus = this.#chips.contains(document.activeElement);
    this.audience.remove(one);
    this.#changed();
    if (hadFocus) (this.#chips.querySelector('button') ?? this.querySelector('[role="combobox"]')).focus();
  }

  #changed() {
    this.draw();
    this.dispatchEvent(new Event('change'));
  }

  async #find(text, signal) {
    const query = { search: text, college: this.college ?? undefined, page_size: MOST_OF_A_KIND };
    const { api } = session;
    const [classes, sections, people] = await Promise.all([
      api.classes(query, { signal }),
      api.sections(query, { signal }),
      this.hasPeople && text ? api.people({ search: text, page_size: MOST_OF_A_KIND }, { signal }) : { results: [] },
    ]);
    const found = [
      ...classes.results.map((one) => ({
        kind: 'classes', id: one.id, name: one.name,
        about: this.college === null && one.college_name ? `Class, ${one.college_name}` : 'Class',
      })),
      ...sections.results.map((one) => ({ kind: 'sections', id: one.id, name: `${one.class_name}, ${one.name}`, about: 'Section', class_obj: one.class_obj })),
      ...people.results.filter((one) => one.is_active).map((one) => ({
        kind: 'users', id: one.id, name: one.full_name || one.username, about: `${one.user_type_display}, ${one.username}`,
      })),
    ];
    return found.filter((one) => !this.audience.has(one.kind, one.id));
  }
}

customElements.define('campus-audience', AudienceField);
