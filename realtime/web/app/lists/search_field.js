// A search field that waits until one has stopped typing.

import { h } from '../kit/dom.js';
import { icon } from '../kit/icons.js';

const PAUSE_MS = 250;

/** A field with that name for assistive technology; run(text) is called with what is looked for, '' for nothing. */
export function searchField(label, run) {
  let timer = null;
  let last = '';
  const look = () => {
    clearTimeout(timer);
    const text = input.value.trim();
    if (text === last) return;
    last = text;
    run(text);
  };
  const input = h('input', {
    type: 'search', 'aria-label': label, placeholder: label, maxlength: '200', autocomplete: 'off', enterkeyhint: 'search',
    oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE_MS);
    },
    onkeydown: (event) => { if (event.key === 'Enter') look(); },
  });
  return h('div.search-field', {}, icon('search'), input);
}
