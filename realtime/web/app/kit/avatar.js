// A person's picture, or the first letters of the name on a colour of one's own; with a dot for who is there.

import { h } from './dom.js';
import { initials } from './format.js';

const HUES = 6;

/** `person`: {id, full_name or username, avatar}. `online` true or false shows the dot, null none. Decoration: the name is beside it. */
export function avatar(person, { size = 'medium', online = null } = {}) {
  const name = person.full_name || person.username || '';
  const element = h(`span.avatar.avatar-${size}`, { 'aria-hidden': 'true', dataset: { hue: String(person.id % HUES) } });
  if (person.avatar) {
    const image = h('img', { src: person.avatar, alt: '', loading: 'lazy', onerror: () => image.replaceWith(initials(name)) });
    element.append(image);
  } else {
    element.append(initials(name));
  }
  if (online !== null) element.append(h(online ? 'span.presence.is-online' : 'span.presence'));
  return element;
}
