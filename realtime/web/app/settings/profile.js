// One's picture and name.

import { avatar } from '../kit/avatar.js';
import { fill, h, set } from '../kit/dom.js';
import { field, form } from '../kit/form.js';
import { Part } from '../kit/part.js';
import { report, toast } from '../kit/toast.js';
import { session } from '../session.js';

const NAMES = [
  ['first_name', 'First name', 'given-name'],
  ['last_name', 'Last name', 'family-name'],
  ['email', 'E-mail address', 'email'],
];

class Profile extends Part {
  #picture = h('span');
  #title = h('div.row-text');
  #choose = h('button', { type: 'button', onclick: () => this.#pick.click() }, 'Choose a picture');
  #remove = h('button.quiet', { type: 'button', onclick: () => this.#save({ avatar: null }, 'The picture is gone.') }, 'Remove');
  #pick = h('input', { type: 'file', hidden: true, accept: 'image/png,image/jpeg,image/gif,image/webp', 'aria-label': 'Picture' });

  build() {
    this.className = 'card';
    const names = NAMES.map(([name, label, autocomplete]) => field(label, h('input', { name, autocomplete, type: name === 'email' ? 'email' : 'text' })));
    const entry = form({
      fields: names,
      submit: 'Save',
      run: async (values) => {
        session.refresh(await session.api.updatePerson(session.user.value.id, values));
        toast('Your profile is saved.', { kind: 'good' });
      },
    });
    for (const [name] of NAMES) entry.elements[name].value = session.user.value[name] ?? '';
    fill(this, h('h2', {}, 'Profile'),
      h('div.profile-head', {}, this.#picture, this.#title),
      h('div.profile-picture', {}, this.#choose, this.#pick, this.#remove),
      entry);
  }

  start() {
    this.listen(this.#pick, 'change', () => this.#picked());
    this.until(session.user.watch((user) => user && this.#draw(user)));
  }

  #draw(user) {
    fill(this.#picture, avatar(user, { size: 'large' }));
    const about = [user.user_type_display, user.college_name].filter(Boolean).join(' · ');
    fill(this.#title, h('strong', {}, user.full_name || user.username), h('span.soft', {}, `@${user.username}`), h('span.soft', {}, about));
    this.#remove.hidden = !user.avatar;
  }

  async #picked() {
    const [file] = this.#pick.files;
    this.#pick.value = '';
    if (file) await this.#save({ avatar: file }, 'Your new picture is there.');
  }

  async #save(fields, words) {
    set(this.#choose, { 'aria-busy': 'true' });
    try {
      session.refresh(await session.api.updatePerson(session.user.value.id, fields));
      toast(words, { kind: 'good' });
    } catch (error) {
      report(error, 'The picture was not changed.');
    } finally {
      set(this.#choose, { 'aria-busy': null });
    }
  }
}

customElements.define('campus-profile', Profile);
