// One's own settings: who one is, the picture, the password, where one is signed in.

import { fill, h } from '../kit/dom.js';
import { Part } from '../kit/part.js';
import { defineView } from '../shell/views.js';
import '../notifications/alerts_setting.js';
import './password.js';
import './profile.js';
import './sessions.js';

class Settings extends Part {
  build() {
    this.className = 'page';
    fill(this, h('header.page-head', {}, h('h1', {}, 'Settings')),
      h('campus-profile'), h('campus-password'),
      h('section.card', {}, h('h2', {}, 'Notifications'), h('campus-alerts-setting')), h('campus-sessions'));
  }
}

customElements.define('campus-settings', Settings);

defineView({ path: 'settings', open: () => h('campus-settings') });
