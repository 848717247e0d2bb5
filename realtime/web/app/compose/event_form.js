// The form of an event of the campus, new or changed: what, when and where, and the registration.

import { h } from '../kit/dom.js';
import { choice, field, form } from '../kit/form.js';
import { session } from '../session.js';
import { href } from '../shell/route.js';
import { today } from '../notices/notice.js';
import { collegeField } from './college_field.js';
import { besideFile, fileField } from './file_field.js';
import { outcome } from './outcome.js';
import './reach.js';
import { reachWords } from './reach.js';

const MOST = { title: 300, description: 20_000, venue: 300, organizer: 300 };
const MINUTE_CHARACTERS = '10:30'.length;
const DAY_CHARACTERS = '2026-01-09'.length;

/** The form; done(element) is called with what takes its place, again() to begin another one. Raises what the calls do. */
export async function eventForm({ event = null, done, again }) {
  const reach = h('campus-reach');
  let college = null;
  const colleges = await collegeField({
    value: event?.college ?? null,
    run: (id) => {
      college = id;
      if (reach.isConnected) reach.refresh();
    },
  });
  reach.ask = (signal) => session.api.previewNotice({ college }, { signal });
  const file = fileField({
    label: 'Picture', name: 'image', accept: 'image/png,image/jpeg,image/gif,image/webp', held: event?.image,
    hint: 'PNG, JPEG, GIF or WebP.',
  });
  const element = form({
    className: 'compose-form',
    fields: [...textFields(event), ...timeFields(event), ...registrationFields(event), ...file.elements, colleges, reach],
    submit: event ? 'Save' : 'Publish',
    run: async (values) => {
      const stored = await save(event, values, { college, file });
      done(await result(stored, event === null, again));
    },
  });
  followRegistration(element);
  return element;
}

function textFields(event) {
  return [
    field('Title', h('input', { name: 'title', required: true, maxlength: MOST.title, value: event?.title, autofocus: true })),
    field('Description', h('textarea', { name: 'description', required: true, rows: '6', maxlength: MOST.description, value: event?.description })),
  ];
}

function timeFields(event) {
  const clock = (text) => text?.slice(0, MINUTE_CHARACTERS);
  return [
    h('div.fields-beside', {},
      field('Day', h('input', { type: 'date', name: 'event_date', required: true, value: event?.event_date ?? today() })),
      field('From', h('input', { type: 'time', name: 'start_time', required: true, value: clock(event?.start_time) })),
      field('To', h('input', { type: 'time', name: 'end_time', required: true, value: clock(event?.end_time) }))),
    h('div.fields-beside', {},
      field('Place', h('input', { name: 'venue', maxlength: MOST.venue, value: event?.venue })),
      field('Organizer', h('input', { name: 'organizer', maxlength: MOST.organizer, value: event?.organizer }))),
  ];
}

function registrationFields(event) {
  const deadline = event?.registration_deadline ?? '';
  return [
    choice('People register for it', h('input', { type: 'checkbox', name: 'registration_required', checked: event?.registration_required ?? true })),
    h('div.fields-beside.registration-fields', {},
      field('Places', h('input', {
        type: 'number', name: 'max_participants', min: '1', step: '1', value: event?.max_participants,
      }), { hint: 'Empty: as many as come.' }),
      field('Register until', h('input', {
        type: 'datetime-local', name: 'registration_deadline', value: toLocal(deadline),
      }), { hint: 'Empty: there is no deadline.' })),
  ];
}

function followRegistration(element) {
  const more = element.querySelector('.registration-fields');
  const draw = () => { more.hidden = !element.elements.registration_required.checked; };
  element.addEventListener('change', draw);
  draw();
}

function save(event, values, { college, file }) {
  const fields = {
    title: values.title, description: values.description, event_date: values.event_date, start_time: values.start_time, end_time: values.end_time,
    venue: values.venue, organizer: values.organizer, registration_required: values.registration_required === 'on',
    max_participants: values.max_participants ? Number(values.max_participants) : null, registration_deadline: fromLocal(values.registration_deadline, event),
  };
  const image = file.value();
  if (image !== undefined) fields.image = image;
  const options = image instanceof File ? { onProgress: file.progress } : {};
  if (event) return session.api.updateEvent(event.id, besideFile(fields, image), options);
  if (college !== null) fields.college = college;
  return session.api.createEvent(besideFile(fields, image), options);
}

/** A stored deadline as the field has it, of this browser's clock: a date is through its end. */
function toLocal(deadline) {
  if (deadline === '') return '';
  if (deadline.length === DAY_CHARACTERS) return `${deadline}T23:59`;
  const moment = new Date(deadline);
  return new Date(moment.getTime() - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, '2026-01-09T10:30'.length);
}

/** What the field says as a moment; a deadline that was not touched stays what it was. */
function fromLocal(text, event) {
  if (!text) return null;
  const held = event?.registration_deadline ?? '';
  return text === toLocal(held) ? held : new Date(text).toISOString();
}

async function result(event, isNew, again) {
  const counted = await session.api.previewNotice({ college: event.college });
  return outcome({
    title: isNew ? 'The event is published' : 'The event is changed', text: reachWords(counted),
    next: { label: 'Open it', address: href('events', event.id) }, again: { label: 'Plan another', run: again },
  });
}
