// The dialog that finds somebody to write to.

import { avatar } from '../kit/avatar.js';
import { openDialog } from '../kit/dialog.js';
import { h } from '../kit/dom.js';
import { Picker } from '../kit/picker.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';

const MOST = 20;

/** Open it; who is chosen is written to. */
export function openNewChat() {
  const picker = new Picker();
  Object.assign(picker, {
    label: 'Search people',
    listLabel: 'People',
    nothing: 'Nobody of that name. Names, usernames and e-mail addresses are searched.',
    search: async (text, signal) => {
      const page = await session.api.people({ search: text, is_active: true, page_size: MOST }, { signal });
      return page.results.filter((person) => person.id !== session.user.value.id);
    },
    draw: (person) => [
      avatar(person, { online: person.is_online }),
      h('span.row-text', {}, h('span.row-title', {}, person.full_name || person.username),
        h('span.row-about', {}, `${person.user_type_display} · ${person.username}`)),
    ],
    pick: (person) => {
      dialog.close();
      go(href('chats', person.id));
    },
  });
  const dialog = openDialog({ title: 'New chat', body: picker, className: 'dialog-picker' });
}
