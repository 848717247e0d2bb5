// What the campus calls itself: its name and its logo, which everybody sees.

import { fill, h } from '../kit/dom.js';
import { field, form } from '../kit/form.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { failed, loading } from '../kit/states.js';
import { report, toast } from '../kit/toast.js';
import { session } from '../session.js';

class Identity extends Part {
  #body = h('div', {}, loading());

  build() {
    fill(this, h('div.admin-page', {}, h('header.page-head', {}, h('h1', {}, 'The campus')), this.#body));
  }

  start() {
    this.#look();
  }

  async #look() {
    try {
      this.#draw(await session.api.get('campus/'));
    } catch (error) {
      fill(this.#body, failed(error, { title: 'The name did not come', retry: () => this.#look() }));
    }
  }

  #draw({ name, logo }) {
    const take = h('button', { type: 'button', hidden: logo === null, onclick: () => this.#save({ logo: null }, 'The logo is gone.') }, 'Take the logo away');
    const shown = h('span.logo-now', {}, logo ? h('img', { src: logo, alt: 'The logo' }) : icon('image'));
    const file = h('input', { type: 'file', name: 'logo', accept: 'image/png,image/jpeg,image/gif,image/webp' });
    fill(this.#body, h('section.card', {}, form({
      submit: 'Save',
      fields: [
        field('Name', h('input', { type: 'text', name: 'name', value: name, required: true, maxlength: '100' }), { hint: 'Stands on the sign-in page and in the title of every page.' }),
        h('div.logo-row', {}, shown, h('div.logo-fields', {}, field('Logo', file, { hint: 'A PNG, JPEG, GIF or WebP of at most 1 MB; a square one looks best.' }), take)),
      ],
      run: async (values) => {
        const picked = values.logo.size > 0 ? { logo: values.logo } : {};
        await this.#change({ name: values.name, ...picked }, 'The campus is saved.');
      },
    })));
  }

  async #save(fields, done) {
    try {
      await this.#change(fields, done);
    } catch (error) {
      report(error, 'Nothing was changed.');
    }
  }

  async #change(fields, done) {
    this.#draw(await session.api.patch('campus/', fields));
    toast(done, { kind: 'good' });
  }
}

customElements.define('admin-identity', Identity);
