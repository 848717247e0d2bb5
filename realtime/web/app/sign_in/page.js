// The page of somebody who is not signed in.

import { campus } from '../campus.js';
import { fill, h, say } from '../kit/dom.js';
import { field, form } from '../kit/form.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import '../shell/brand.js';
import { session } from '../session.js';

class SignIn extends Part {
  #title = h('h1', {}, 'Sign in');

  build() {
    this.className = 'sign-in';
    const username = h('input', { name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false', required: true });
    const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
    const show = h('button.icon-button.sign-in-show', {
      type: 'button', 'aria-pressed': 'false', 'aria-label': 'Show what is typed', title: 'Show what is typed', onclick: () => toggle(show, password),
    }, icon('eye'));
    const secret = field('Password', password);
    password.after(show);
    secret.classList.add('sign-in-password');
    const entry = form({
      fields: [field('Username', username), secret],
      submit: 'Sign in',
      run: ({ username: name, password: typed }) => session.signIn(name.trim(), typed),
    });
    const farewell = session.farewell && h('p.sign-in-farewell', { role: 'status' }, session.farewell);
    fill(this,
      h('main.sign-in-card.card', {},
        h('campus-brand-mark.sign-in-mark'),
        this.#title,
        farewell,
        entry,
        h('p.soft.small', {}, 'No account, or a password forgotten? An administrator of your campus can send you a link.')));
  }

  start() {
    this.querySelector('input').focus(); // a browser heeds autofocus once a document, and one signs out in the same one
    this.until(campus.watch(({ name }) => say(this.#title, name ? `Sign in to ${name}` : 'Sign in')));
  }
}

function toggle(button, password) {
  const shown = password.type === 'text';
  password.type = shown ? 'password' : 'text';
  button.setAttribute('aria-pressed', String(!shown));
  password.focus();
}

customElements.define('campus-sign-in', SignIn);
