// One notice, whole: what it says, for whom it is, and for who may change it the ways to do so.

import { fill, h } from '../kit/dom.js';
import { dateTime, day } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { confirm } from '../kit/dialog.js';
import { empty, failed, loading } from '../kit/states.js';
import { report, toast } from '../kit/toast.js';
import { wordsFor } from '../compose/places.js';
import { mayChange } from '../compose/roles.js';
import { attachment } from '../lists/attachment.js';
import { OnePage } from '../lists/one_page.js';
import { prose } from '../lists/prose.js';
import { session } from '../session.js';
import { go, href } from '../shell/route.js';
import { setPlace } from '../shell/title.js';
import { stateOf } from './notice.js';

class NoticePage extends OnePage {
  static kind = 'notice';

  draw({ state, row, error, id }) {
    if (state === 'ready') {
      setPlace(row.title);
      fill(this.body, this.#card(row));
    } else if (state === 'loading') {
      fill(this.body, loading());
    } else if (state === 'failed') {
      fill(this.body, failed(error, { title: 'The notice did not come', retry: () => this.one.load(id) }));
    } else {
      fill(this.body, empty({
        iconName: 'notice', title: 'This notice is not here', text: 'It was withdrawn, has expired, or is not for you.',
        action: { label: 'All notices', run: () => go(href('notices')) },
      }));
    }
  }

  #card(notice) {
    const state = stateOf(notice);
    const audience = h('dd', {}, '…');
    wordsFor(notice.visibility).then((words) => fill(audience, words), (error) => report(error, 'For whom the notice is did not come.'));
    return h(notice.is_urgent ? 'article.card.one-card.is-urgent' : 'article.card.one-card', {},
      h('header.one-head', {},
        h('div.tags', {}, notice.is_urgent && h('span.tag.tag-problem', {}, 'Urgent'),
          state && h(state.kind ? `span.tag.tag-${state.kind}` : 'span.tag', {}, state.word)),
        h('h1', {}, notice.title)),
      h('dl.facts', {},
        h('div', {}, h('dt', {}, 'Published'), h('dd', {}, h('time', { datetime: notice.publish_date }, day(notice.publish_date)))),
        notice.expiry_date && h('div', {}, h('dt', {}, 'Until'), h('dd', {}, day(notice.expiry_date))),
        h('div', {}, h('dt', {}, 'For'), audience),
        notice.updated_at !== notice.created_at && h('div', {}, h('dt', {}, 'Last change'), h('dd', {}, dateTime(notice.updated_at)))),
      prose(notice.content),
      notice.attachment && attachment(notice.attachment),
      mayChange(session.user.value, notice) && this.#actions(notice));
  }

  #actions(notice) {
    return h('div.one-actions', {},
      h('button.danger', { type: 'button', onclick: () => this.#delete(notice) }, icon('trash'), 'Delete'),
      h('a.button', { href: href('compose', 'notice', notice.id) }, icon('edit'), 'Edit'));
  }

  async #delete(notice) {
    const isSure = await confirm({
      title: 'Delete this notice?',
      text: `“${notice.title}” goes from everybody’s list at once, and its attachment with it. This can’t be undone.`,
      yes: 'Delete', danger: true,
    });
    if (!isSure) return;
    try {
      await session.api.deleteNotice(notice.id);
      toast('The notice was deleted.', { kind: 'good' });
      if (this.isConnected) go(href('notices'), { replace: true }); // else one has gone on meanwhile
    } catch (error) {
      report(error, 'The notice was not deleted.');
    }
  }
}

customElements.define('campus-notice', NoticePage);
