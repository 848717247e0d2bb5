// The base of the custom elements: built once, started when it comes into the page, everything ended when it goes.
// Its children are in the light, so that one style sheet and one set of names hold for all.

export class Part extends HTMLElement {
  #isBuilt = false;
  #ends = [];

  /** Make the children. Called once, before the first start(). */
  build() {}

  /** Watch stores, listen: what must end with the element goes through until(). */
  start() {}

  /** `end` is called when the element leaves the page. */
  until(end) {
    this.#ends.push(end);
  }

  /** Listen until the element leaves the page. */
  listen(target, type, fn, options) {
    target.addEventListener(type, fn, options);
    this.until(() => target.removeEventListener(type, fn, options));
  }

  connectedCallback() {
    if (!this.#isBuilt) {
      this.#isBuilt = true;
      this.build();
    }
    this.start();
  }

  disconnectedCallback() {
    for (const end of this.#ends.splice(0)) end();
  }
}
