// A one-time link by which somebody sets the own password. It is shown once: the server keeps only its hash.

import { openDialog } from '../kit/dialog.js';
import { h, say } from '../kit/dom.js';
import { dateTime } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { report } from '../kit/toast.js';
import { session } from '../session.js';

/** Make a link for a person and show it; resolves when it was closed. An earlier one of theirs ends. */
export async function showLink(person) {
  let made;
  try {
    made = await session.api.setPassword(person.id);
  } catch (error) {
    report(error, 'There is no link.');
    return;
  }
  const field = h('input', { type: 'text', readonly: true, value: made.link, 'aria-label': 'One-time link', onfocus: () => field.select() });
  const said = h('p.small.soft', { role: 'status' });
  const copy = h('button.primary', { type: 'button', autofocus: true, onclick: async () => say(said, await copied(field)) }, icon('copy'), 'Copy');
  const dialog = openDialog({
    title: `A link for ${person.full_name}`,
    body: [
      h('p', {}, `Hand it to ${person.full_name} in a way that nobody else sees. Whoever opens it sets the password of “${person.username}”.`),
      h('div.link-row', {}, field, copy), said,
      h('p.small.soft', {}, `It works once, until ${dateTime(made.expires_at)}, and is not shown again.`),
    ],
  });
  await dialog.closed;
}

async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value); // there is none on plain HTTP
    return 'Copied.';
  } catch {
    field.focus();
    field.select();
    return document.execCommand('copy') ? 'Copied.' : 'Press Ctrl+C to copy it.';
  }
}
