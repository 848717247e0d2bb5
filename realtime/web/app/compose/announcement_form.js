// The form of an announcement: said at once to whom one chooses, and never changed afterwards. So it asks before it sends.

import { confirm } from '../kit/dialog.js';
import { h } from '../kit/dom.js';
import { field, form } from '../kit/form.js';
import { number } from '../kit/format.js';
import { session } from '../session.js';
import { href } from '../shell/route.js';
import './audience_field.js';
import { outcome } from './outcome.js';
import './reach.js';

const MOST = { title: 300, message: 10_000 };

/** The form; done(element) is called with what takes its place, again() to begin another one. */
export function announcementForm({ done, again }) {
  const user = session.user.value;
  const audience = h('campus-audience');
  const reach = h('campus-reach');
  audience.hasPeople = true;
  audience.college = user.college;
  if (user.college === null) audience.everybody = 'Everybody in all colleges';
  reach.ask = (signal) => {
    if (audience.audience.isNobody) return 'Choose whom it is for.';
    return session.api.previewAnnouncement({ audience: audience.audience.toAudience() }, { signal });
  };
  audience.addEventListener('change', () => reach.refresh());
  return form({
    className: 'compose-form',
    fields: [
      field('Title', h('input', { name: 'title', required: true, maxlength: MOST.title, autofocus: true })),
      field('Message', h('textarea', { name: 'message', required: true, rows: '5', maxlength: MOST.message })),
      audience, reach,
    ],
    submit: 'Send',
    run: async ({ title, message }) => {
      if (audience.audience.isNobody) throw new Error('Choose whom it is for, or everybody.');
      const given = { title, message, audience: audience.audience.toAudience() };
      const { reached } = await session.api.previewAnnouncement({ audience: given.audience });
      const isSure = await confirm({
        title: `Send it to ${number(reached)} ${reached === 1 ? 'person' : 'people'}?`,
        text: 'Everybody who is online sees it at once. It can’t be changed or taken back.', yes: 'Send now', no: 'Not yet',
      });
      if (isSure) done(result(await session.api.createAnnouncement(given), again));
    },
  });
}

function result({ id, reached, online }, again) {
  const seen = `${number(online)} of them ${online === 1 ? 'was' : 'were'} online and saw it at once.`;
  const others = reached === 1 ? 'It reached only you.' : `It is for ${number(reached)} people, you among them; ${seen}`;
  return outcome({
    title: 'The announcement is sent', text: others,
    next: { label: 'Open it', address: href('announcements', id) }, again: { label: 'Write another', run: again },
  });
}
