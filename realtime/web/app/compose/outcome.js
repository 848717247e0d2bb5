// What stands in the place of a form once it is done: what became of it, and what one may do next.

import { h } from '../kit/dom.js';
import { icon } from '../kit/icons.js';

/** `next` is {label, address}, `again` {label, run}. */
export function outcome({ title, text, next, again }) {
  const element = h('div.card.outcome', { role: 'status', tabindex: '-1' }, h('span.state-mark', {}, icon('check')), h('h2', {}, title), h('p', {}, text),
    h('div.form-actions', {}, h('button', { type: 'button', onclick: again.run }, again.label), h('a.button.primary', { href: next.address }, next.label)));
  requestAnimationFrame(() => element.focus()); // the button that was pressed is gone
  return element;
}
