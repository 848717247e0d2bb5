// One message of the log, stored or still on its way.

import { fill, h } from '../kit/dom.js';
import { dateTime, time, timeOfSecond } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { attachment } from './attachment.js';
import { textNodes } from './message_text.js';
import { previewOf } from './previews.js';

const TICKS = { Sent: 'tick', Delivered: 'ticks', Read: 'ticks', Sending: 'clock', Waiting: 'clock', 'Not sent': 'warning' };

/** How far one's own message has come. */
export function tickOf(message) {
  if (message.is_read) return 'Read';
  return message.delivered_at ? 'Delivered' : 'Sent';
}

/** Whether its text is another one than what was sent. */
function isEdited(message) {
  return Boolean(message.updated_at) && message.updated_at !== message.timestamp;
}

/** An empty bubble. */
export function makeBubble() {
  const element = h('div.message', { tabindex: '-1' });
  element.append(h('div.bubble'));
  return element;
}

/**
 * Draw a stored message: `author` is the name that assistive technology says, `mine`, `follows` (the one before is of the
 * same person and time), `act` {edit, remove, copy}.
 */
export function drawMessage(element, message, { author, mine, follows, act }) {
  const tick = mine ? tickOf(message) : '';
  const shape = [message.id, message.message, message.attachment_url, isEdited(message), author, follows].join('\u0000');
  mark(element, { mine, follows, state: tick });
  element.dataset.id = message.id;
  if (element.shape !== shape) {
    element.shape = shape;
    const bubble = element.querySelector('.bubble');
    const parts = [h('span.hidden-text', {}, `${author}: `)];
    if (message.attachment_url) parts.push(attachment(message));
    if (message.message) parts.push(h('p.message-text', { dir: 'auto' }, textNodes(message.message)));
    fill(bubble, parts, meta(message, mine));
    for (const old of element.querySelectorAll('.message-tools, .message-trouble')) old.remove();
    element.append(tools(message, mine, act));
  }
  if (mine) drawTick(element.querySelector('.tick'), tick);
}

/** Draw an item of the outbox. `act` {retry, discard}. */
export function drawItem(element, item, { follows, act }) {
  const failed = item.state === 'failed';
  const tick = failed ? 'Not sent' : item.state === 'sending' ? 'Sending' : 'Waiting';
  const shape = `${item.client_msg_id} ${item.state} ${item.error ?? ''} ${item.retry_at ?? ''}`;
  mark(element, { mine: true, follows, state: tick });
  delete element.dataset.id;
  if (element.shape !== shape) {
    element.shape = shape;
    const preview = previewOf(item.client_msg_id);
    const parts = [
      h('span.hidden-text', {}, 'You: '),
      item.file_name && (preview
        ? h('img.sending-image', { src: preview, alt: `Photo ${item.file_name}` })
        : h('span.attached-file', {}, icon('file'), h('span.attached-name', {}, item.file_name))),
      item.file_name && !failed && h('progress.sending-progress', { max: '1', 'aria-label': `Sending ${item.file_name}` }),
      item.message && h('p.message-text', { dir: 'auto' }, textNodes(item.message)),
      h('span.message-meta', {}, h('time', { datetime: item.created_at }, time(item.created_at)), h('span.tick', { role: 'img' })),
    ];
    fill(element.querySelector('.bubble'), parts);
    element.querySelector('.message-tools')?.remove();
    element.querySelector('.message-trouble')?.remove();
    const trouble = sendingTrouble(item, act);
    if (trouble) element.append(trouble);
  }
  const progress = element.querySelector('progress');
  if (progress) progress.value = item.progress;
  drawTick(element.querySelector('.tick'), tick);
}

function sendingTrouble(item, act) {
  const failed = item.state === 'failed';
  const waits = item.state === 'waiting' && item.retry_at !== null;
  if (!failed && !waits && !item.file_name) return null;
  return h('div.message-trouble', {},
    waits && h('span.message-waits', { role: 'status' }, `${item.error ?? 'Too many just now.'} It is sent by itself at ${timeOfSecond(item.retry_at)}.`),
    failed && h('span', { role: 'alert' }, `Not sent: ${item.error ?? 'the server refused it.'}`),
    failed && h('button.link', { type: 'button', onclick: () => act.retry(item) }, 'Try again'),
    h('button.link', { type: 'button', onclick: () => act.discard(item) }, failed ? 'Discard' : 'Cancel'));
}

function mark(element, { mine, follows, state }) {
  element.classList.toggle('is-mine', mine);
  element.classList.toggle('follows', follows);
  if (state) element.dataset.state = state;
}

function meta(message, mine) {
  return h('span.message-meta', {}, isEdited(message) && h('span', {}, 'edited'),
    h('time', { datetime: message.timestamp, title: dateTime(message.timestamp) }, time(message.timestamp)),
    mine && h('span.tick', { role: 'img' }));
}

function drawTick(element, label) {
  if (element.getAttribute('aria-label') === label) return;
  element.setAttribute('aria-label', label);
  element.title = label;
  fill(element, icon(TICKS[label]));
}

function tools(message, mine, act) {
  const button = (iconName, label, run) => h('button.icon-button', {
    type: 'button', tabindex: '-1', 'aria-label': label, title: label, onclick: () => run(message),
  }, icon(iconName));
  return h('div.message-tools', {},
    message.message && button('copy', 'Copy text', act.copy),
    mine && button('edit', 'Edit message', act.edit),
    mine && button('trash', 'Delete message', act.remove));
}
