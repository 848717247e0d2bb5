// Dialogs: the browser's own <dialog>, which keeps the focus inside, gives it back, and closes on Escape.

import { h } from './dom.js';
import { icon } from './icons.js';

let count = 0;

/**
 * Open a dialog; `body` is a node or an array of nodes. Answers {element, close(value), closed: Promise of the value,
 * undefined when it was dismissed}. `wide` is for forms with columns.
 */
export function openDialog({ title, body, wide = false, className = '' }) {
  const id = `dialog-title-${count += 1}`;
  let value;
  const close = (chosen) => {
    value = chosen;
    element.close();
  };
  const element = h('dialog.dialog', { 'aria-labelledby': id },
    h('header.dialog-head', {}, h('h2', { id }, title),
      h('button.icon-button', { type: 'button', 'aria-label': 'Close', onclick: () => close() }, icon('close'))),
    h('div.dialog-body', {}, body));
  element.classList.toggle('dialog-wide', wide);
  if (className) element.classList.add(className);
  element.addEventListener('click', (event) => { if (event.target === element) close(); }); // the backdrop
  const closed = new Promise((resolve) => {
    element.addEventListener('close', () => {
      element.remove();
      resolve(value);
    }, { once: true });
  });
  document.body.append(element);
  element.showModal();
  return { element, close, closed };
}

// The way back leads to another page, and what is open lies over that one. What is asked is answered with no.
addEventListener('hashchange', () => {
  for (const dialog of document.querySelectorAll('dialog[open]')) dialog.close();
});

/** Ask whether to go on; resolves with true or false. `danger` for what cannot be undone. */
export async function confirm({ title, text, yes, no = 'Cancel', danger = false }) {
  const answer = (chosen) => () => dialog.close(chosen);
  const dialog = openDialog({
    title,
    className: 'dialog-small',
    body: [
      h('p', {}, text),
      h('div.dialog-actions', {},
        h('button', { type: 'button', onclick: answer(false) }, no),
        h(danger ? 'button.danger' : 'button.primary', { type: 'button', autofocus: true, onclick: answer(true) }, yes)),
    ],
  });
  return (await dialog.closed) === true;
}
