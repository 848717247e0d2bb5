// The campus's people: looking for them, and what an administrator does with an account. Forms are in person.js.

import { avatar } from '../kit/avatar.js';
import { confirm } from '../kit/dialog.js';
import { fill, h, say } from '../kit/dom.js';
import { count } from '../kit/format.js';
import { keep } from '../kit/keyed.js';
import { Part } from '../kit/part.js';
import { empty, failed, loading } from '../kit/states.js';
import { report, toast } from '../kit/toast.js';
import { searchField } from '../lists/search_field.js';
import { session } from '../session.js';
import { readColleges } from './colleges.js';
import { showLink } from './link.js';
import { makePager } from './pager.js';
import { editPerson, newPerson } from './person.js';
import { ROLES, isGlobal, mayChange } from './roles.js';

const SIZE = 25;

class People extends Part {
  #title = h('h1', { tabindex: '-1' }, 'People');
  #total = h('p.soft', { role: 'status' });
  #body = h('div', {}, loading());
  #rows = null;
  #query = { search: '', user_type: '', is_active: 'true', college: '' };
  #page = 1;
  #asked = 0;
  #pager = makePager((page) => { this.#page = page; this.#look(); });
  #college = this.#filter('College', 'college', [['', 'All colleges']]);

  build() {
    const make = h('button.primary', { type: 'button', onclick: () => newPerson(() => this.#look()) }, 'New person');
    this.#college.hidden = true;
    fill(this, h('div.admin-page', {},
      h('header.page-head', {}, this.#title, make),
      h('div.filters', { role: 'search' },
        searchField('Search by name, e-mail or phone', (text) => this.#choose('search', text)),
        this.#filter('Role', 'user_type', [['', 'All roles'], ...Object.entries(ROLES)]),
        this.#filter('Accounts', 'is_active', [['true', 'Active'], ['false', 'Deactivated']]),
        this.#college),
      this.#total, this.#body, this.#pager.element));
  }

  start() {
    this.#look();
    if (isGlobal(session.user.value)) this.#nameColleges();
  }

  async #nameColleges() {
    try {
      const colleges = await readColleges();
      this.#college.hidden = colleges.length < 2;
      this.#college.querySelector('select').append(...colleges.map(({ id, name }) => h('option', { value: String(id) }, name)));
    } catch (error) {
      report(error, 'The colleges did not come.');
    }
  }

  #filter(label, name, options) {
    const select = h('select', { onchange: () => this.#choose(name, select.value) },
      options.map(([value, text]) => h('option', { value }, text)));
    return h('label.filter', {}, h('span.label', {}, label), select);
  }

  #choose(name, value) {
    this.#query = { ...this.#query, [name]: value };
    this.#page = 1;
    this.#look();
  }

  async #look() {
    const asked = this.#asked += 1;
    try {
      const page = await session.api.people({ ...this.#query, page: this.#page, page_size: SIZE, ordering: 'username' });
      if (asked === this.#asked) this.#draw(page);
    } catch (error) {
      if (asked !== this.#asked) return; // another question is on its way
      if (error.status === 404 && this.#page > 1) {
        this.#page = 1;
        this.#look();
        return;
      }
      this.#rows = null;
      fill(this.#body, failed(error, { title: 'The people did not come', retry: () => this.#look() }));
    }
  }

  #draw(page) {
    say(this.#total, count(page.count, 'person', 'people'));
    this.#pager.draw(page);
    if (page.count === 0) {
      this.#rows = null;
      fill(this.#body, empty({ iconName: 'people', title: 'Nobody like that', text: 'Look for less of the name, or among other roles and accounts.' }));
      return;
    }
    if (this.#rows === null) {
      this.#rows = h('tbody');
      fill(this.#body, h('div.card.table-card', {}, h('table.table', {},
        h('caption.hidden-text', {}, 'People'),
        h('thead', {}, h('tr', {}, ['Name', 'Role', 'College', h('span.hidden-text', {}, 'Actions')].map((name) => h('th', { scope: 'col' }, name)))),
        this.#rows)));
    }
    keep(this.#rows, page.results, (one) => one.id, () => h('tr'), (row, person) => this.#update(row, person));
  }

  #update(row, person) {
    const shape = JSON.stringify(person);
    if (row.dataset.shape === shape) return;
    row.dataset.shape = shape;
    const { full_name: name } = person;
    const act = (label, run, kind = 'button') => h(kind, { type: 'button', 'aria-label': `${label}: ${name}`, onclick: run }, label);
    const actions = !mayChange(session.user.value, person) ? [] : [
      act('Edit', () => editPerson(person, () => this.#look())),
      person.is_active && act('One-time link', () => showLink(person)),
      person.is_active ? act('Deactivate', () => this.#deactivate(person), 'button.danger') : act('Activate', () => this.#activate(person)),
    ];
    const held = [...row.querySelectorAll('button')].indexOf(document.activeElement);
    fill(row,
      h('th', { scope: 'row' }, h('span.who-row', {}, avatar(person, { size: 'small' }), h('span.who', {}, h('span.who-name', {}, name),
        h('span.soft.small', {}, person.email ? `${person.username} · ${person.email}` : person.username)))),
      h('td', { dataset: { label: 'Role' } }, ROLES[person.user_type] ?? person.user_type_display),
      h('td', { dataset: { label: 'College' } }, person.college_name ?? 'None'),
      h('td.actions', {}, actions.length > 0 ? actions : h('span.soft.small', {}, person.id === session.user.value.id ? 'This is you' : '')));
    row.querySelectorAll('button')[held]?.focus();
  }

  async #deactivate(person) {
    const isSure = await confirm({
      title: `Deactivate ${person.full_name}?`, yes: 'Deactivate', danger: true,
      text: 'They are signed out everywhere at once and cannot sign in. What they wrote stays. You can activate the account again.',
    });
    if (isSure) await this.#change(() => session.api.disablePerson(person.id), `${person.full_name} is deactivated.`);
  }

  async #activate(person) {
    await this.#change(() => session.api.updatePerson(person.id, { is_active: true }), `${person.full_name} is active.`);
  }

  async #change(run, done) {
    try {
      await run();
      toast(done, { kind: 'good' });
    } catch (error) {
      report(error, 'Nothing was changed.');
    }
    await this.#look();
    if (document.activeElement === document.body) this.#title.focus(); // the button has gone with its row
  }
}

customElements.define('admin-people', People);
