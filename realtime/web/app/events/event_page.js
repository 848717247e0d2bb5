// One event, whole: what it is, how many come, and one's own registration; for its keeper who comes and the ways to change it.

import { fill, h } from '../kit/dom.js';
import { confirm } from '../kit/dialog.js';
import { icon } from '../kit/icons.js';
import { empty, failed, loading } from '../kit/states.js';
import { report, toast } from '../kit/toast.js';
import { mayChange } from '../compose/roles.js';
import { isPicture } from '../lists/attachment.js';
import { OnePage } from '../lists/one_page.js';
import { outward, prose } from '../lists/prose.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';
import { setPlace } from '../shell/title.js';
import './attendance.js';
import { deadlineOf, isPast, whenOf } from './event.js';
import './place.js';

class EventPage extends OnePage {
  static kind = 'event';
  #shape = null;

  draw({ state, row, error, id }) {
    const { registered_count: taken, updated_at: at, ...rest } = row ?? {};
    const shape = JSON.stringify([state, rest]);
    if (shape !== this.#shape) {
      this.#shape = shape;
      fill(this.body, this.#content(state, row, error, id));
    }
    // A registration changes these two and leaves the rest alone, with what is focused there.
    if (state === 'ready') for (const part of this.body.querySelectorAll('campus-event-place, campus-attendance')) part.event = row;
  }

  #content(state, row, error, id) {
    if (state === 'loading') return loading();
    if (state === 'failed') return failed(error, { title: 'The event did not come', retry: () => this.one.load(id) });
    if (state === 'gone') return empty({
      iconName: 'event', title: 'This event is not here', text: 'It was withdrawn, or it is not of your campus.',
      action: { label: 'All events', run: () => go(href('events')) },
    });
    setPlace(row.title);
    return this.#card(row);
  }

  #card(event) {
    const isKeeper = mayChange(session.user.value, event);
    return [
      h('article.card.one-card', {},
        event.image && picture(event.image),
        h('header.one-head', {}, isPast(event) && h('div.tags', {}, h('span.tag', {}, 'Past')), h('h1', {}, event.title)),
        h('ul.event-facts', {},
          h('li', {}, icon('clock'), whenOf(event)),
          event.venue && h('li', {}, icon('place'), event.venue),
          event.organizer && h('li', {}, icon('people'), event.organizer),
          event.registration_required && event.registration_deadline !== null && h('li', {}, icon('edit'), `Registration ${deadlineOf(event)}`)),
        h('campus-event-place'),
        prose(event.description),
        isKeeper && this.#actions(event)),
      isKeeper && h('campus-attendance'),
    ];
  }

  #actions(event) {
    return h('div.one-actions', {},
      h('button.danger', { type: 'button', onclick: () => this.#delete(event) }, icon('trash'), 'Delete'),
      h('a.button', { href: href('compose', 'event', event.id) }, icon('edit'), 'Edit'));
  }

  async #delete(event) {
    const isSure = await confirm({
      title: 'Delete this event?',
      text: `“${event.title}” goes from everybody’s list at once, and who is registered is not told why. This can’t be undone.`,
      yes: 'Delete', danger: true,
    });
    if (!isSure) return;
    try {
      await session.api.deleteEvent(event.id);
      toast('The event was deleted.', { kind: 'good' });
      if (this.isConnected) go(href('events'), { replace: true }); // else one has gone on meanwhile
    } catch (error) {
      report(error, 'The event was not deleted.');
    }
  }
}

function picture(address) {
  if (!isPicture(address)) return outward(address, 'Picture of the event');
  return h('img.event-picture', { src: address, alt: '', onerror: (failure) => failure.target.remove() });
}

customElements.define('campus-event', EventPage);
