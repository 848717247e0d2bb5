// The form of a notice, new or changed: what it says, when, for whom; saved as a draft or published.

import { h } from '../kit/dom.js';
import { choice, field, form } from '../kit/form.js';
import { day } from '../kit/format.js';
import { session } from '../session.js';
import { href } from '../shell/route.js';
import { today } from '../notices/notice.js';
import './audience_field.js';
import { collegeField } from './college_field.js';
import { besideFile, fileField } from './file_field.js';
import { outcome } from './outcome.js';
import { className, sectionName } from './places.js';
import './reach.js';
import { reachWords } from './reach.js';

const MOST = { title: 300, content: 100_000 };

/** The form; done(element) is called with what takes its place, again() to begin another one. Raises what the calls do. */
export async function noticeForm({ notice = null, done, again }) {
  const audience = h('campus-audience');
  const reach = h('campus-reach');
  if (notice) await fillAudience(audience.audience, notice.visibility);
  let college = null;
  const colleges = await collegeField({
    value: notice?.college ?? null,
    run: (id) => {
      if (college !== null) audience.audience.clear(); // classes of another one
      college = audience.college = id;
      if (audience.isConnected) audience.draw();
      if (reach.isConnected) reach.refresh();
    },
  });
  reach.ask = (signal) => {
    if (audience.audience.isNobody) return 'Choose a class or a section.';
    return session.api.previewNotice({ visibility: audience.audience.toVisibility(), college }, { signal });
  };
  audience.addEventListener('change', () => reach.refresh());
  const file = fileField({ label: 'Attachment', name: 'attachment', held: notice?.attachment, hint: 'One file: a picture, a PDF or anything else.' });
  const element = form({
    className: 'compose-form',
    fields: [...textFields(notice), ...file.elements, colleges, audience, reach, stateField(notice)],
    submit: 'Publish',
    run: async (values) => {
      if (audience.audience.isNobody) throw new Error('Choose a class or a section, or everybody.');
      const stored = await save(notice, values, { visibility: audience.audience.toVisibility(), college, file });
      done(await result(stored, audience.audience.toVisibility(), again));
    },
  });
  followState(element, notice?.is_published ? 'Save' : 'Publish');
  return element;
}

function textFields(notice) {
  return [
    field('Title', h('input', { name: 'title', required: true, maxlength: MOST.title, value: notice?.title, autofocus: true })),
    field('Text', h('textarea', {
      name: 'content', required: true, rows: '8', maxlength: MOST.content, value: notice?.content,
    }), { hint: 'Addresses that begin with https:// become links.' }),
    h('div.fields-beside', {},
      field('Publish on', h('input', {
        type: 'date', name: 'publish_date', required: true, value: notice?.publish_date ?? today(),
      }), { hint: 'Readers see it from that day on.' }),
      field('Expires after', h('input', { type: 'date', name: 'expiry_date', value: notice?.expiry_date }), { hint: 'Empty: it stays.' })),
    choice('Urgent: it stands out, and its toast stays longer', h('input', { type: 'checkbox', name: 'is_urgent', checked: notice?.is_urgent ?? false })),
  ];
}

function stateField(notice) {
  const isPublished = notice?.is_published ?? true;
  const pick = (value, label) => choice(label, h('input', { type: 'radio', name: 'state', value, checked: (value === 'published') === isPublished }));
  return h('fieldset.audience', {}, h('legend.label', {}, 'State'), pick('published', 'Published'), pick('draft', 'Draft: only you and administrators see it'));
}

function followState(element, publish) {
  const button = element.querySelector('button[type="submit"]');
  const name = () => { button.textContent = element.elements.state.value === 'draft' ? 'Save draft' : publish; };
  element.addEventListener('change', name);
  name();
}

function save(notice, values, { visibility, college, file }) {
  const fields = {
    title: values.title, content: values.content, publish_date: values.publish_date, expiry_date: values.expiry_date || null,
    is_urgent: values.is_urgent === 'on', is_published: values.state === 'published', visibility,
  };
  const attachment = file.value();
  if (attachment !== undefined) fields.attachment = attachment;
  const options = attachment instanceof File ? { onProgress: file.progress } : {};
  if (notice) return session.api.updateNotice(notice.id, besideFile(fields, attachment), options);
  if (college !== null) fields.college = college;
  return session.api.createNotice(besideFile(fields, attachment), options);
}

async function result(notice, visibility, again) {
  const next = { label: 'Open it', address: href('notices', notice.id) };
  const more = { label: 'Write another', run: again };
  if (!notice.is_published) return outcome({
    title: 'The draft is saved', text: 'Nobody but you and administrators sees it. Publish it when it is ready.', next,
    again: more,
  });
  const counted = await session.api.previewNotice({ visibility, college: notice.college });
  const isToday = notice.publish_date <= today();
  const text = isToday ? reachWords(counted) : reachWords(counted, `From ${day(notice.publish_date)} on it reaches`);
  return outcome({ title: isToday ? 'The notice is published' : 'The notice is scheduled', text, next, again: more });
}

async function fillAudience(audience, visibility) {
  audience.everybody = visibility.length === 0 || visibility.some((row) => row.target_type === 'all');
  if (audience.everybody) return;
  const named = visibility.map(async ({ target_type: kind, class_obj: classId, section }) => (
    kind === 'class'
      ? { kind: 'classes', id: classId, name: await className(classId) }
      : { kind: 'sections', id: section, name: await sectionName(section), class_obj: classId }
  ));
  for (const one of await Promise.all(named)) audience.add(one);
}
