// One's own place at an event: how many are left, and the button that takes one or gives it back.

import { confirm } from '../kit/dialog.js';
import { fill, h, say, set } from '../kit/dom.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { report, toast } from '../kit/toast.js';
import { session } from '../session.js';
import { isComing, isPast, obstacleOf, placesOf, STATUSES } from './event.js';
import { cancel, loadRegistration, register, registrations } from './registrations.js';

const FINAL = new Set(['attended', 'no_show']);

class EventPlace extends Part {
  #event = null;
  #places = h('p.place-count');
  #meter = h('meter.place-meter', { 'aria-label': 'Places that are taken', min: '0' });
  #status = h('p.place-status', { role: 'status' });
  #button = h('button', { type: 'button', onclick: () => this.#press() });

  set event(event) {
    const isOther = this.#event?.id !== event.id;
    this.#event = event;
    if (!this.isConnected) return;
    this.#draw();
    if (isOther) this.#fetch();
  }

  build() {
    this.className = 'event-place';
    fill(this, h('div.place-text', {}, this.#places, this.#meter, this.#status), this.#button);
  }

  start() {
    this.until(registrations.watch(() => this.#draw()));
    this.until(session.client.on('status', ({ status }) => { if (status === 'connected' && registrations.value === null) this.#fetch(); }));
    // Who is registered may have been so elsewhere meanwhile: no event tells that.
    this.listen(document, 'visibilitychange', () => { if (document.visibilityState === 'visible') this.#fetch(); });
  }

  async #fetch() {
    try {
      await loadRegistration(this.#event.id);
    } catch (error) {
      // Without a network that comes when it is back.
      if (!(error instanceof TypeError)) report(error, 'Whether you are registered is not known.');
    }
  }

  get #mine() {
    return registrations.value?.get(this.#event.id) ?? null;
  }

  #draw() {
    if (this.#event === null) return;
    const { registration_required: isRequired, max_participants: most, registered_count: taken } = this.#event;
    const mine = this.#mine;
    this.hidden = registrations.value === null;
    say(this.#places, isRequired || taken > 0 ? placesOf(this.#event) : 'Just come: no registration is needed.');
    this.#meter.hidden = most === null;
    if (most !== null) set(this.#meter, { max: String(most), high: String(Math.ceil(most * 0.9)), value: Math.min(taken, most) });
    const obstacle = obstacleOf(this.#event);
    const isMine = isComing(mine);
    const says = mine && `${STATUSES[mine.status]}.`;
    const isSettled = isMine || FINAL.has(mine?.status);
    fill(this.#status, isMine && icon('check'), isSettled ? says : (isRequired && obstacle) || says);
    this.#status.classList.toggle('is-good', isMine);
    this.#drawButton(isMine, mine, isRequired, obstacle);
  }

  #drawButton(isMine, mine, isRequired, obstacle) {
    const mayCancel = isMine && !FINAL.has(mine.status) && !isPast(this.#event);
    const mayRegister = !isMine && isRequired && obstacle === null && !FINAL.has(mine?.status);
    this.#button.hidden = !mayCancel && !mayRegister;
    this.#button.classList.toggle('primary', mayRegister);
    say(this.#button, mayCancel ? 'Cancel registration' : 'Register');
  }

  async #press() {
    const event = this.#event;
    const gives = isComing(this.#mine);
    if (gives && !await confirm({
      title: 'Cancel your registration?', text: `Your place at “${event.title}” goes to whoever is next.`,
      yes: 'Cancel registration', no: 'Keep it',
    })) return;
    set(this.#button, { 'aria-busy': 'true' });
    try {
      await (gives ? cancel(event.id) : register(event.id));
      toast(gives ? 'Your registration is cancelled.' : 'You are registered.', { kind: 'good' });
    } catch (error) {
      report(error, gives ? 'Your registration was not cancelled.' : 'You were not registered.');
      await this.#fetch(); // another device may have done it
    } finally {
      set(this.#button, { 'aria-busy': null });
    }
  }
}

customElements.define('campus-event-place', EventPlace);
