// The frame around every view: the campus, the navigation, the connection, the tools, and the view of the address.

import { campus } from '../campus.js';
import { avatar } from '../kit/avatar.js';
import { confirm } from '../kit/dialog.js';
import { fill, h, say, set } from '../kit/dom.js';
import { count as counted } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { report } from '../kit/toast.js';
import { empty } from '../kit/states.js';
import { session } from '../session.js';
import './brand.js';
import './connection.js';
import { go, href, route } from './route.js';
import { setCampus, setPlace } from './title.js';
import { findView, headerTools, navigation } from './views.js';

const HOME = 'chats';

class Shell extends Part {
  #brand = h('strong.brand-name');
  #home = h('a.brand', { href: href(HOME) }, h('campus-brand-mark'), this.#brand);
  #nav = h('nav.nav', { 'aria-label': 'Main' });
  #tools = h('div.tools');
  #self = h('a.self', { href: href('settings') });
  #main = h('main.main', { id: 'main', tabindex: '-1' });
  #path = null;
  #view = null;

  build() {
    this.className = 'shell';
    const skip = h('button.skip', { type: 'button', onclick: () => this.#main.focus() }, 'Skip to the content');
    const out = h('button.quiet.sign-out', { type: 'button', title: 'Sign out', onclick: () => this.#signOut() }, icon('sign_out'), h('span.sign-out-label', {}, 'Sign out'));
    fill(this, skip, h('header.bar', {}, this.#home, h('campus-connection'), this.#nav, this.#tools, this.#self, out), this.#main);
    fill(this.#tools, headerTools().map((tool) => tool.make()));
  }

  start() {
    this.until(campus.watch(({ name }) => {
      say(this.#brand, name || 'Campus');
      set(this.#home, { 'aria-label': name || 'Campus' }); // on a phone there is the mark alone
      setCampus(name);
    }));
    this.until(session.user.watch((user) => user && this.#drawUser(user)));
    this.until(route.watch(() => this.#follow()));
  }

  #drawUser(user) {
    this.#drawNavigation(user);
    fill(this.#self, avatar(user, { size: 'small' }), h('span.self-name', {}, user.full_name || user.username));
    this.#self.setAttribute('aria-label', `Settings of ${user.full_name || user.username}`);
  }

  #drawNavigation(user) {
    const items = navigation(user);
    const shape = [...items.map((view) => view.path), user.is_staff].join(' ');
    if (this.#nav.dataset.shape === shape) return;
    this.#nav.dataset.shape = shape;
    // The operator's page is a document of its own.
    const office = user.is_staff && h('a.nav-item', { href: './admin/' }, icon('gauge'), h('span.nav-label', {}, 'Admin'));
    fill(this.#nav, items.map((view) => this.#link(view)), office);
    this.#mark();
  }

  #link(view) {
    const count = h('span.badge', { hidden: true });
    if (view.badge) {
      this.until(view.badge.watch((value) => {
        count.hidden = value === 0;
        fill(count, value > 99 ? '99+' : value, h('span.hidden-text', {}, ' unread'));
      }));
    }
    return h('a.nav-item', { href: href(view.path), dataset: { path: view.path } }, icon(view.icon), h('span.nav-label', {}, view.label), count);
  }

  #mark() {
    for (const link of this.#nav.children) {
      if (link.dataset.path === this.#path) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
  }

  #follow() {
    const { path, pieces, query } = route.value;
    if (path === '') {
      go(href(HOME), { replace: true });
      return;
    }
    if (path !== this.#path) this.#open(path);
    this.#view?.show?.(pieces, query);
  }

  #open(path) {
    const view = findView(path);
    const isOurs = view?.visible(session.user.value);
    const isFirst = this.#path === null;
    this.#path = path;
    this.dataset.view = path;
    this.#view = isOurs ? view.open() : null;
    setPlace(isOurs ? view.label : 'Not found');
    fill(this.#main, this.#view ?? nothing());
    this.#mark();
    // A screen reader's reader is where the new content is; the first page is read from its beginning anyway.
    if (!isFirst) this.#main.focus();
  }

  async #signOut() {
    if (!await mayForget(session.client.outbox.items.length)) return;
    go(href(HOME), { replace: true }); // whoever signs in next begins there
    try {
      await session.signOut();
    } catch (error) {
      report(error, 'The server does not know yet that you have signed out. This browser has forgotten you.');
    }
  }
}

/** Whether to sign out although so many messages are not sent: they go with the session. */
async function mayForget(unsent) {
  if (unsent === 0) return true;
  return confirm({
    title: 'Sign out all the same?', yes: 'Sign out', danger: true,
    text: `${counted(unsent, 'message is', 'messages are')} not sent yet. Who signs out loses what is not sent.`,
  });
}

function nothing() {
  return empty({
    iconName: 'search',
    title: 'There is nothing at this address',
    text: 'It may have been moved, or it is not for you.',
    action: { label: 'To the chats', run: () => go(href(HOME)) },
  });
}

customElements.define('campus-shell', Shell);
