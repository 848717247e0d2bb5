// A file of a form: chosen, the one that is there already, or taken away; and how far its upload is.

import { h } from '../kit/dom.js';
import { choice, field } from '../kit/form.js';
import { bytes } from '../kit/format.js';
import { fileName } from '../lists/attachment.js';

/** {elements, value(), progress(part)}: value() answers a File, null for `take it away`, undefined for `as it is`. */
export function fileField({ label, name, accept = null, held = null, hint = '' }) {
  const input = h('input', { type: 'file', name, accept });
  const remove = h('input', { type: 'checkbox' });
  const bar = h('progress', { max: '1', hidden: true, 'aria-label': 'Upload' });
  const about = held ? `Now: ${fileName(held)}. Another file takes its place.` : hint;
  const place = field(label, input, { hint: about });
  input.addEventListener('change', () => {
    const [file] = input.files;
    place.querySelector('.field-about').textContent = file ? bytes(file.size) : about;
  });
  return {
    elements: [place, held && choice(`Remove ${fileName(held)}`, remove), bar],
    value() {
      const [file] = input.files;
      if (file) return file;
      return remove.checked ? null : undefined;
    },
    progress(part) {
      bar.hidden = part >= 1;
      bar.value = part;
    },
  };
}

/** Fields as the interface takes them beside a file: a form says null with an empty text. */
export function besideFile(fields, file) {
  if (!(file instanceof File)) return fields;
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? '']));
}
