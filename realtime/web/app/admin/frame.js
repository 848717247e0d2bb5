// The frame of the operator's page: the campus, the way back, the navigation, and the view of the address.

import { campus } from '../campus.js';
import { fill, h, say } from '../kit/dom.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { session } from '../session.js';
import '../shell/brand.js';
import { href, route } from '../shell/route.js';
import { setCampus, setPlace } from '../shell/title.js';
import './identity.js';
import './imports.js';
import './overview.js';
import './people.js';
import { isGlobal } from './roles.js';
import './streams.js';

const VIEWS = [
  { path: '', label: 'Overview', icon: 'gauge', tag: 'admin-overview' },
  { path: 'streams', label: 'Streams', icon: 'device', tag: 'admin-streams' },
  { path: 'people', label: 'People', icon: 'people', tag: 'admin-people' },
  { path: 'imports', label: 'Imports', icon: 'file', tag: 'admin-imports' },
  { path: 'campus', label: 'Campus', icon: 'image', tag: 'admin-identity', isGlobal: true },
];

class Frame extends Part {
  #views = VIEWS.filter((view) => !view.isGlobal || isGlobal(session.user.value));
  #name = h('strong.brand-name', {}, 'Campus');
  #nav = h('nav.admin-nav', { 'aria-label': 'Administration' });
  #main = h('main.admin-main', { id: 'main', tabindex: '-1' });
  #tag = null;

  build() {
    this.className = 'admin';
    const skip = h('button.skip', { type: 'button', onclick: () => this.#main.focus() }, 'Skip to the content');
    fill(this.#nav, this.#views.map((view) =>
      h('a.nav-item', { href: href(view.path), dataset: { path: view.path } }, icon(view.icon), h('span', {}, view.label))));
    fill(this, skip, h('header.admin-bar', {},
      h('span.brand', {}, h('campus-brand-mark'), h('span.brand-text', {}, this.#name, h('span.soft.small', {}, 'Administration'))),
      this.#nav, h('a.button.admin-back', { href: '../' }, icon('back'), h('span', {}, 'To the chats'))), this.#main);
  }

  start() {
    this.until(campus.watch(({ name }) => {
      say(this.#name, name || 'Campus');
      setCampus(name);
    }));
    this.until(route.watch(() => this.#follow()));
  }

  #follow() {
    const { path, pieces } = route.value;
    const view = this.#views.find((one) => one.path === path) ?? this.#views[0];
    if (view.tag !== this.#tag) {
      const isFirst = this.#tag === null;
      this.#tag = view.tag;
      setPlace(view.label);
      fill(this.#main, h(view.tag));
      if (!isFirst) this.#main.focus();
      for (const link of this.#nav.children) {
        if (link.dataset.path === view.path) {
          link.setAttribute('aria-current', 'page');
          this.#nav.scrollLeft = link.offsetLeft - this.#nav.offsetLeft; // on a phone it may be out of sight
        } else {
          link.removeAttribute('aria-current');
        }
      }
    }
    this.#main.firstElementChild.show?.(pieces);
  }
}

customElements.define('campus-admin', Frame);
