// The forms of an account: a new one, and changes of one.

import { openDialog } from '../kit/dialog.js';
import { h } from '../kit/dom.js';
import { choice, field, form } from '../kit/form.js';
import { report, toast } from '../kit/toast.js';
import { session } from '../session.js';
import { readColleges } from './colleges.js';
import { showLink } from './link.js';
import { isGlobal, rolesFor } from './roles.js';

/** Ask for a new account; done() is called when it is there. */
export async function newPerson(done) {
  const colleges = await chosenColleges();
  if (colleges === null) return;
  const person = await ask({
    title: 'New person', submit: 'Make the account', colleges,
    extra: choice('Make a one-time link to set the password', h('input', { type: 'checkbox', name: 'link', checked: true })),
    save: (fields) => session.api.createPerson(fields),
  });
  if (!person) return;
  toast(`${person.saved.full_name} has an account.`, { kind: 'good' });
  done();
  if (person.values.link) await showLink(person.saved);
}

/** Change an account; done() is called when it is changed. */
export async function editPerson(person, done) {
  const colleges = await chosenColleges();
  if (colleges === null) return;
  const changed = await ask({
    title: `Edit ${person.full_name}`, submit: 'Save', colleges, person,
    save: (fields) => session.api.updatePerson(person.id, fields),
  });
  if (!changed) return;
  toast(`${changed.saved.full_name} is saved.`, { kind: 'good' });
  done();
}

/** The colleges to choose from, empty where there is no choice; null when they did not come, which is told. */
async function chosenColleges() {
  if (!isGlobal(session.user.value)) return [];
  try {
    return await readColleges();
  } catch (error) {
    report(error, 'The colleges did not come.');
    return null;
  }
}

/** Resolves with {saved, values}, or undefined when nothing was saved. */
function ask({ title, submit, colleges, person = null, extra = null, save }) {
  const text = (name, label, attributes = {}, more = {}) =>
    field(label, h('input', { name, type: 'text', maxlength: '150', autocomplete: 'off', value: person?.[name] ?? '', ...attributes }), more);
  const role = person?.user_type ?? 'student';
  const fields = [
    text('username', 'Username', { required: true, autocapitalize: 'none', spellcheck: 'false' }, { hint: 'Letters, digits and @ . + - _' }),
    h('div.form-pair', {}, text('first_name', 'First name'), text('last_name', 'Last name')),
    text('email', 'E-mail address', { type: 'email', maxlength: '254' }),
    field('Role', h('select', { name: 'user_type' }, rolesFor(session.user.value).map(([value, name]) =>
      h('option', { value, selected: value === role }, name)))),
    colleges.length > 0 && field('College', h('select', { name: 'college' }, collegeOptions(colleges, person))),
    extra,
  ].filter(Boolean);
  const body = form({
    fields, submit, cancel: () => dialog.close(),
    run: async ({ link, college, ...values }) => {
      const own = college === undefined ? {} : { college: college === '' ? null : Number(college) };
      const saved = await save({ ...values, ...own });
      dialog.close({ saved, values: { link } });
    },
  });
  const dialog = openDialog({ title, body });
  return dialog.closed;
}

function collegeOptions(colleges, person) {
  const own = person ? person.college : session.user.value.college ?? colleges[0].id;
  const options = colleges.map(({ id, name }) => h('option', { value: String(id), selected: id === own }, name));
  return [...options, h('option', { value: '', selected: own === null }, 'None (central roles only)')];
}
