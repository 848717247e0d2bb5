// Where a message is written: text, files by button, drop and paste, and the text of a message that is edited.

import { fill, h, say, set } from '../kit/dom.js';
import { number } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { quietly } from '../kit/quietly.js';
import { session } from '../session.js';
import { fileWords, isImageFile } from './chosen.js';
import { draftFor, keepDraft } from './drafts.js';

const STILL_MS = 4000;
const MOST_PX = 180;
const MOST_CHARACTERS = 10_000; // of a message, as the server counts them: an emoji is one
const NEAR_CHARACTERS = 9_500;

export class Composer extends Part {
  #text = h('textarea.composer-text', { rows: '1', 'aria-label': 'Message', placeholder: 'Message', 'aria-describedby': 'composer-length', enterkeyhint: 'send', autocomplete: 'off' });
  #pick = h('input', { type: 'file', multiple: true, hidden: true, tabindex: '-1', 'aria-label': 'Files' });
  #files = h('ul.composer-files', { 'aria-label': 'Files to send', hidden: true });
  #editing = h('div.composer-editing', { hidden: true });
  #length = h('p.composer-length', { id: 'composer-length' });
  #note = h('span.hidden-text', { role: 'status' });
  #chosen = [];
  #edited = null;
  #still = null;
  #isTyping = false;

  /** Set before it comes into the page. */
  userId = null;
  /** send({text, file}) for each message; save(message, text) for an edited one. */
  act = {};
  /** Asked for the message to edit when one presses the up key in an empty field. */
  lastOwn = () => null;

  build() {
    this.className = 'composer';
    const attach = h('button.icon-button', { type: 'button', 'aria-label': 'Attach files', title: 'Attach files', onclick: () => this.#pick.click() }, icon('attach'));
    const send = h('button.icon-button.composer-send', { type: 'submit', 'aria-label': 'Send', title: 'Send' }, icon('send'));
    const form = h('form.composer-row', { onsubmit: (event) => this.#submit(event) }, attach, this.#pick, this.#text, send);
    fill(this, this.#editing, this.#files, form, this.#length, this.#note);
  }

  start() {
    this.#text.value = draftFor(this.userId);
    this.listen(this.#text, 'input', () => this.#typed());
    this.listen(this.#text, 'keydown', (event) => this.#key(event));
    this.listen(this.#text, 'paste', (event) => this.#paste(event));
    this.listen(this.#pick, 'change', () => this.#picked());
    this.listen(window, 'resize', () => this.#fit());
    this.until(() => this.#stopTyping());
    this.until(() => this.#clearFiles());
    requestAnimationFrame(() => this.#fit());
  }

  focus() {
    this.#text.focus();
  }

  /** Take files that were dropped or pasted. */
  add(files) {
    for (const file of files) this.#chosen.push({ file, address: isImageFile(file) ? URL.createObjectURL(file) : null });
    this.#drawFiles();
    if (files.length > 0) this.focus();
  }

  /** Put a message's text here to be changed. */
  edit(message) {
    this.#edited = message;
    this.#text.value = message.message;
    this.#editing.hidden = false;
    fill(this.#editing, icon('edit'), h('span', {}, 'Editing a message'),
      h('button.link', { type: 'button', onclick: () => this.#endEdit() }, 'Cancel'));
    this.#fit();
    this.focus();
  }

  /** A message is gone. If it is the one that is edited, what was written becomes a new one, behind what was begun before. */
  deleted(id) {
    if (this.#edited?.id !== id) return;
    this.#edited = null;
    this.#text.value = [draftFor(this.userId), this.#text.value].filter((text) => text.trim()).join('\n');
    keepDraft(this.userId, this.#text.value);
    fill(this.#editing, icon('trash'), h('span', { role: 'status' }, 'That message was deleted. What you wrote is sent as a new one.'));
    this.#fit();
  }

  #endEdit() {
    this.#edited = null;
    this.#editing.hidden = true;
    this.#text.value = draftFor(this.userId);
    this.#fit();
    this.focus();
  }

  async #submit(event) {
    event.preventDefault();
    const text = this.#text.value.trim();
    if (lengthOf(text) > MOST_CHARACTERS) return; // the note below says so
    if (this.#edited) {
      const message = this.#edited;
      if (!text && !message.attachment_url) return;
      if (text === message.message || await this.act.save(message, text)) this.#endEdit();
      return;
    }
    const files = this.#chosen.map(({ file }) => file);
    if (!text && files.length === 0) return;
    this.#text.value = '';
    this.#editing.hidden = true;
    fill(this.#editing);
    keepDraft(this.userId, '');
    this.#clearFiles();
    this.#fit();
    this.#stopTyping();
    if (files.length === 0) this.act.send({ text });
    files.forEach((file, index) => this.act.send({ text: index === 0 ? text : '', file }));
    this.focus();
  }

  #typed() {
    this.#fit();
    if (this.#edited) return;
    keepDraft(this.userId, this.#text.value);
    if (!this.#text.value.trim()) {
      this.#stopTyping();
      return;
    }
    this.#isTyping = true;
    quietly(session.api.typing(this.userId, true));
    clearTimeout(this.#still);
    this.#still = setTimeout(() => this.#stopTyping(), STILL_MS);
  }

  #stopTyping() {
    clearTimeout(this.#still);
    if (!this.#isTyping) return;
    this.#isTyping = false;
    if (session.isSignedIn) quietly(session.api.typing(this.userId, false));
  }

  #key(event) {
    if (event.isComposing) return;
    const byTouch = matchMedia('(pointer: coarse)').matches;
    if (event.key === 'Enter' && !event.shiftKey && !byTouch) {
      event.preventDefault();
      this.#text.form.requestSubmit();
    } else if (event.key === 'Escape' && this.#edited) {
      event.stopPropagation();
      this.#endEdit();
    } else if (event.key === 'ArrowUp' && this.#text.value === '' && !this.#edited) {
      const message = this.lastOwn();
      if (!message) return;
      event.preventDefault();
      this.edit(message);
    }
  }

  #paste(event) {
    const files = [...event.clipboardData.files];
    if (files.length === 0) return;
    event.preventDefault();
    this.add(files);
  }

  #picked() {
    this.add([...this.#pick.files]);
    this.#pick.value = ''; // the same file again is another choice
  }

  #drawFiles() {
    this.#files.hidden = this.#chosen.length === 0;
    fill(this.#files, this.#chosen.map((one) => h('li.composer-file', {},
      one.address ? h('img', { src: one.address, alt: '' }) : icon('file'),
      h('span', {}, fileWords(one.file)),
      h('button.icon-button', { type: 'button', 'aria-label': `Remove ${one.file.name}`, onclick: () => this.#drop(one) }, icon('close')))));
    if (this.#chosen.length > 0) say(this.#note, `${this.#chosen.length} to send`);
  }

  #drop(one) {
    this.#chosen = this.#chosen.filter((other) => other !== one);
    if (one.address) URL.revokeObjectURL(one.address);
    this.#drawFiles();
    this.focus();
  }

  #clearFiles() {
    for (const { address } of this.#chosen.splice(0)) if (address) URL.revokeObjectURL(address);
    this.#drawFiles();
  }

  /** As high as its text, up to a limit. */
  #fit() {
    this.#text.style.height = 'auto';
    this.#text.style.height = `${Math.min(this.#text.scrollHeight + 2, MOST_PX)}px`;
    this.#measure();
  }

  #measure() {
    const length = lengthOf(this.#text.value.trim());
    const isTooLong = length > MOST_CHARACTERS;
    const words = `${number(length)} of ${number(MOST_CHARACTERS)} characters`;
    say(this.#length, length < NEAR_CHARACTERS ? '' : isTooLong ? `${words}: too long for one message. Send it as a file, or in parts.` : words);
    this.#length.classList.toggle('is-problem', isTooLong);
    set(this.#text, { 'aria-invalid': isTooLong ? 'true' : null });
    if (isTooLong) say(this.#note, 'Too long for one message');
  }
}

/** In characters and not in the browser's units, of which an emoji has two. */
function lengthOf(text) {
  if (text.length < NEAR_CHARACTERS) return text.length;
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

customElements.define('campus-composer', Composer);
