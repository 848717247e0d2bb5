// The campus's mark: its logo, or a bubble.

import { campus } from '../campus.js';
import { fill, h } from '../kit/dom.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';

class BrandMark extends Part {
  build() {
    this.classList.add('brand-mark');
    this.setAttribute('aria-hidden', 'true');
  }

  start() {
    this.until(campus.watch(({ logo }) => {
      this.classList.toggle('has-logo', Boolean(logo));
      fill(this, logo ? h('img', { src: logo, alt: '' }) : icon('chat'));
    }));
  }
}

customElements.define('campus-brand-mark', BrandMark);
