// Accounts from a CSV file: all of them, or none and every wrong line by its number. The server works on after the answer.

import { fill, h, say, set } from '../kit/dom.js';
import { count, dateTime, number } from '../kit/format.js';
import { choice, field, form } from '../kit/form.js';
import { keep } from '../kit/keyed.js';
import { Part } from '../kit/part.js';
import { report, sentence } from '../kit/toast.js';
import { session } from '../session.js';
import { poll } from './poll.js';

const PAUSE_MS = 1000;
const COLUMNS = 'username, first_name, last_name, email, user_type, password, college, class, section';
const EXAMPLE = 'username,first_name,last_name,user_type,class\njane_smith,Jane,Smith,student,7A\n';
const OPEN = ['waiting', 'hashing', 'writing'];

class Imports extends Part {
  #said = h('div', { role: 'status' });
  #list = h('ul.admin-stack');
  #history = h('section.admin-stack', { hidden: true }, h('h2', {}, 'Your last imports'), this.#list);
  #bar = h('progress', { max: '1', 'aria-label': 'Sending the file', hidden: true });

  build() {
    const file = h('input', { type: 'file', name: 'file', accept: '.csv,text/csv', required: true });
    fill(this, h('div.admin-page', {},
      h('header.page-head', {}, h('h1', {}, 'Import people')),
      h('section.card', {},
        h('p', {}, 'A CSV file in UTF-8 whose first line names the columns. Everybody in it gets an account, or nobody does if a line is wrong.'),
        h('details', {}, h('summary', {}, 'Columns and an example'),
          h('p.small', {}, `Columns, in any order: ${COLUMNS}. Only username is needed; the role is student without a user_type. `,
            'Without a password nobody can sign in to the account until one is set, by a one-time link for example. College is a code, class and section are names.'),
          h('pre.example', { tabindex: '0', 'aria-label': 'Example' }, EXAMPLE)),
        form({
          submit: 'Import',
          fields: [field('CSV file', file), choice('Make classes and sections that are missing', h('input', { type: 'checkbox', name: 'create_classes' })), this.#bar],
          run: (values, element) => this.#begin(values, element),
        }),
        this.#said),
      this.#history));
  }

  start() {
    this.until(poll(() => this.#look(), PAUSE_MS));
  }

  async #begin(values, element) {
    fill(this.#said);
    set(this.#bar, { hidden: false });
    try {
      const body = { file: values.file, create_classes: values.create_classes === 'on' };
      const begun = await session.api.post('admin/imports/', body, { onProgress: (part) => { this.#bar.value = part; } });
      element.reset();
      say(this.#said, `The import of ${count(begun.people, 'person', 'people')} has begun.`);
      await this.#look();
    } catch (error) {
      const problems = error.fields?.file;
      if (!problems) throw error;
      fill(this.#said, problemList(problems));
      this.#said.firstElementChild.focus();
    } finally {
      set(this.#bar, { hidden: true });
    }
  }

  async #look() {
    try {
      this.#draw(await session.api.get('admin/imports/'));
    } catch (error) {
      say(this.#said, `How far the imports are is not known: ${sentence(error)}`);
    }
  }

  #draw(imports) {
    this.#history.hidden = imports.length === 0;
    keep(this.#list, imports, (one) => one.id, () => h('li.card.import'), (row, one) => this.#update(row, one));
  }

  #update(row, one) {
    const shape = JSON.stringify(one);
    if (row.dataset.shape === shape) return;
    row.dataset.shape = shape;
    const [tag, kind] = STATES[one.state];
    const giveUp = h('button', { type: 'button', onclick: () => this.#cancel(one) }, 'Give up');
    fill(row,
      h('div.import-head', {}, h('strong', {}, count(one.people, 'person', 'people')), h(`span.tag${kind}`, {}, tag),
        h('span.soft.small', {}, dateTime(one.created_at)), ['waiting', 'hashing'].includes(one.state) && giveUp),
      OPEN.includes(one.state) && h('progress', { max: String(one.passwords || 1), value: one.state === 'writing' ? one.passwords || 1 : one.hashed, 'aria-label': 'Passwords that are ready' }),
      h('p.small', { role: 'status' }, words(one)),
      one.problems.length > 0 && problemList(one.problems));
  }

  async #cancel(one) {
    try {
      await session.api.delete(`admin/imports/${one.id}/`);
    } catch (error) {
      report(error, 'The import goes on.');
    }
    await this.#look();
  }
}

const STATES = {
  waiting: ['Waiting', ''], hashing: ['Working', ''], writing: ['Writing', ''], done: ['Done', '.tag-good'],
  failed: ['Nothing imported', '.tag-problem'], cancelled: ['Given up', '.tag-warn'],
};

function words(one) {
  if (one.state === 'waiting') return 'Another import goes first.';
  if (one.state === 'hashing') return `${number(one.hashed)} of ${count(one.passwords, 'password')} ready. A thousand take some minutes.`;
  if (one.state === 'writing') return 'The accounts are being made.';
  if (one.state === 'cancelled') return 'Nobody was imported.';
  if (one.state === 'failed') return 'Something changed while it ran, so nobody was imported.';
  const rooms = one.rooms_made > 0 ? `, and ${number(one.rooms_made)} classes and sections made` : '';
  return `${count(one.imported, 'account')} made${rooms}.`;
}

function problemList(problems) {
  const title = `Nobody was imported: ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}`;
  return h('section.problems', { tabindex: '-1', 'aria-label': 'Problems' }, h('h2', {}, title),
    h('ul', {}, problems.map((text) => h('li', {}, text))), h('p.small', {}, 'Mend the file and import it again.'));
}

customElements.define('admin-imports', Imports);
