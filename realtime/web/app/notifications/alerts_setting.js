// The setting for browser notifications: a checkbox where they can be, and the reason where they can't.

import { fill, h } from '../kit/dom.js';
import { choice } from '../kit/form.js';
import { Part } from '../kit/part.js';
import { report } from '../kit/toast.js';
import { alerts, switchOff, switchOn } from './alerts.js';

const REASONS = {
  insecure: 'Notifications while this page is hidden need HTTPS, and this page came over plain HTTP. Your campus can switch '
    + 'HTTPS on; until then, keep the page in sight.',
  missing: 'This browser shows no notifications of pages. Keep the page in sight.',
  denied: 'This browser blocks notifications of this site. Allow them in the site settings, at the left end of the address bar.',
};
const HINTS = {
  on: 'One for all tabs, and only while a tab of this application is open.',
  off: 'The browser asks once whether it may.',
  ask: 'The browser has not been allowed to yet: switch it off and on to be asked again.',
};

class AlertsSetting extends Part {
  #box = h('input', { type: 'checkbox', onchange: () => this.#change() });
  #about = h('p.soft.small', { role: 'status' });
  #choice = choice('Notify me while the page is hidden', this.#box);

  build() {
    this.className = 'alerts-setting';
    fill(this, this.#choice, this.#about);
  }

  start() {
    this.until(alerts.watch((state) => {
      this.#choice.hidden = state in REASONS;
      this.#box.checked = state === 'on' || state === 'ask';
      fill(this.#about, REASONS[state] ?? HINTS[state]);
    }));
  }

  async #change() {
    try {
      if (this.#box.checked) await switchOn();
      else switchOff();
    } catch (error) {
      report(error, 'The setting was not changed.');
    }
  }
}

customElements.define('campus-alerts-setting', AlertsSetting);
