// Forms: labelled fields with hints and problems tied to them, and a submit that waits for its answer.

import { h, fill, set } from './dom.js';
import { sentence } from './toast.js';

let count = 0;

/**
 * A labelled control. `control` is an input, select or textarea of h(); `hint` stays below it. Answers the field's
 * element; showProblems() finds it by the control's name.
 */
export function field(label, control, { hint = '' } = {}) {
  const id = control.id || `field-${count += 1}`;
  set(control, { id, 'aria-describedby': `${id}-about` });
  const about = h('p.field-about', { id: `${id}-about` }, hint);
  about.dataset.hint = hint;
  return h('div.field', { dataset: { name: control.name } }, h('label', { for: id }, label), control, about);
}

/** A checkbox or radio with its label beside it. */
export function choice(label, control) {
  return h('label.choice', {}, control, h('span', {}, label));
}

/**
 * A form. run(values, form) is called with the named controls' values and may return a promise; while it runs the submit
 * button waits, and what it raises is shown at its fields, or above the button.
 */
export function form({ fields, submit, run, cancel = null, className = '' }) {
  const trouble = h('p.form-problem', { role: 'alert' });
  const button = h('button.primary', { type: 'submit' }, submit);
  const element = h('form.form', { novalidate: false }, fields, trouble,
    h('div.form-actions', {}, cancel && h('button', { type: 'button', onclick: cancel }, 'Cancel'), button));
  if (className) element.classList.add(className);
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-busy') === 'true') return;
    showProblems(element, {});
    fill(trouble);
    set(button, { 'aria-busy': 'true' });
    try {
      await run(Object.fromEntries(new FormData(element)), element);
    } catch (error) {
      const rest = showProblems(element, error.fields ?? {});
      if (rest.length > 0) fill(trouble, rest.join(' '));
      else if (Object.keys(error.fields ?? {}).length === 0) fill(trouble, sentence(error));
      element.querySelector('[aria-invalid="true"]')?.focus();
    } finally {
      set(button, { 'aria-busy': null });
    }
  });
  return element;
}

/** Show messages by field, and take away those of before. Answers the messages that have no field in this form. */
export function showProblems(element, problems) {
  const rest = new Map(Object.entries(problems));
  for (const place of element.querySelectorAll('.field')) {
    const messages = rest.get(place.dataset.name) ?? [];
    rest.delete(place.dataset.name);
    const control = place.querySelector('input, select, textarea');
    const about = place.querySelector('.field-about');
    set(control, { 'aria-invalid': messages.length > 0 ? 'true' : null });
    about.classList.toggle('is-problem', messages.length > 0);
    fill(about, messages.length > 0 ? messages.join(' ') : about.dataset.hint);
  }
  return [...rest.values()].flat().map(String);
}
