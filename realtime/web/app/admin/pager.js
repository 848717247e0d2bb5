// The foot of a list in pages.

import { fill, h, say } from '../kit/dom.js';
import { number } from '../kit/format.js';

/** {element, draw(page)}: hidden for a list of one page. turn(number) is called for another one. */
export function makePager(turn) {
  let at = 1;
  const text = h('span.soft.small');
  const before = h('button', { type: 'button', onclick: () => turn(at - 1) }, 'Previous');
  const after = h('button', { type: 'button', onclick: () => turn(at + 1) }, 'Next');
  const element = h('nav.pager', { 'aria-label': 'Pages', hidden: true });
  fill(element, before, text, after);
  return {
    element,
    draw(page) {
      at = page.current_page;
      element.hidden = page.total_pages === 1;
      before.disabled = !page.has_previous;
      after.disabled = !page.has_next;
      say(text, `Page ${number(at)} of ${number(page.total_pages)}`);
    },
  };
}
