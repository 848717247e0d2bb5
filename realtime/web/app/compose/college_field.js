// The college that something is for. Only who works for all colleges chooses; everybody else has the own one.

import { h } from '../kit/dom.js';
import { field } from '../kit/form.js';
import { session } from '../session.js';
import { isGlobal } from './roles.js';

const SIZE = 100;

/**
 * A field `college`, or null where there is nothing to choose. `value` is the college of what is changed, for which it is
 * fixed; run(id) is called for each choice, also the first. Raises what the call does.
 */
export async function collegeField({ value = null, run }) {
  const user = session.user.value;
  if (!isGlobal(user) || value !== null) {
    run(value ?? user.college);
    return null;
  }
  const { results } = await session.api.colleges({ page_size: SIZE });
  const first = results.find((one) => one.id === user.college) ?? results[0];
  run(first?.id ?? null);
  if (results.length < 2) return null;
  const options = results.map((one) => h('option', { value: one.id, selected: one === first }, one.name));
  return field('College', h('select', { name: 'college', onchange: (event) => run(Number(event.target.value)) }, options));
}
