// One chat: whose it is, the log, what is being typed, and the composer.

import { avatar } from '../kit/avatar.js';
import { confirm } from '../kit/dialog.js';
import { fill, h, say, set } from '../kit/dom.js';
import { icon } from '../kit/icons.js';
import { Part } from '../kit/part.js';
import { empty, failed, loading } from '../kit/states.js';
import { report, toast } from '../kit/toast.js';
import { session } from '../session.js';
import { href } from '../shell/route.js';
import { setPlace } from '../shell/title.js';
import { Composer } from './composer.js';
import { Log } from './log.js';
import { presence, presenceOf } from './presence.js';
import { dropPreview, keepPreview, newId } from './previews.js';
import { openSearch } from './search.js';
import { Thread } from './thread.js';
import { typists } from './typists.js';
import { presenceWords } from './words.js';

const NARROW = matchMedia('(width < 720px)'); // as the style sheet has it

export class Chat extends Part {
  #head = h('div.chat-person');
  #state = h('div.chat-state');
  #typing = h('p.chat-typing', { role: 'status' });
  #drop = h('div.chat-drop', { hidden: true, 'aria-hidden': 'true' }, icon('attach'), h('span', {}, 'Drop to attach'));
  #log = new Log();
  #composer = new Composer();
  #wanted = null;
  #name = null;

  constructor(userId) {
    super();
    this.userId = userId;
    this.#composer.userId = userId; // it looks for its draft as soon as it is in the page
  }

  build() {
    this.className = 'chat';
    const back = h('a.button.icon-button.chat-back', { href: href('chats'), 'aria-label': 'Back to the chats' }, icon('back'));
    const search = h('button.icon-button', {
      type: 'button', 'aria-label': 'Search this chat', title: 'Search this chat', onclick: () => openSearch(this.thread.value.other),
    }, icon('search'));
    fill(this, h('header.pane-head.chat-head', {}, back, this.#head, search), this.#state, this.#log, this.#typing, this.#composer, this.#drop);
  }

  start() {
    const { client } = session;
    this.thread = new Thread(this.userId);
    Object.assign(this.#log, {
      thread: this.thread,
      selfId: session.user.value.id,
      items: () => client.outbox.items.filter((item) => item.receiver_id === this.userId),
      onSeen: () => this.#seen(),
      act: {
        copy,
        edit: (message) => this.#composer.edit(message),
        remove: (message) => this.#remove(message),
        retry: (item) => client.outbox.retry(item.client_msg_id),
        discard: (item) => client.outbox.discard(item.client_msg_id),
      },
    });
    Object.assign(this.#composer, {
      act: { send: (message) => this.#send(message), save: (message, text) => this.#save(message, text) },
      lastOwn: () => this.thread.value.messages.findLast((message) => !this.thread.isTheirs(message) && message.message) ?? null,
    });
    this.until(this.thread.watch(() => this.#draw()));
    this.until(() => this.thread.close());
    this.until(presence.watch(() => this.#drawHead()));
    this.until(typists.watch(() => this.#drawTyping()));
    this.until(client.on('outbox', (item) => this.#outboxChanged(item)));
    this.until(client.on('status', () => this.#seen()));
    this.until(client.on('message_deleted', ({ id }) => this.#composer.deleted(id)));
    this.listen(document, 'visibilitychange', () => this.#seen());
    this.listen(window, 'focus', () => this.#seen());
    this.listen(NARROW, 'change', () => this.#rank());
    this.#dropping();
    this.thread.open();
  }

  /** Show one message of it. */
  async showMessage(id) {
    this.#wanted = id;
    if (this.thread.value.isLoaded) await this.#reach();
  }

  focusComposer() {
    this.#composer.focus();
  }

  #draw() {
    const { isLoaded, messages, error } = this.thread.value;
    this.#drawHead();
    this.#drawState(isLoaded, error, messages.length + this.#log.items().length);
    if (!isLoaded) return;
    this.#log.draw();
    this.#seen();
    if (this.#wanted !== null) this.#reach();
  }

  #drawState(isLoaded, error, size) {
    const state = isLoaded ? (size > 0 ? 'log' : 'empty') : error ? 'failed' : 'loading';
    this.#log.hidden = state !== 'log';
    this.#state.hidden = state === 'log';
    this.#composer.hidden = state === 'failed' && error.status === 404;
    if (this.dataset.state === state && state !== 'failed') return;
    this.dataset.state = state;
    const name = this.thread.value.other?.full_name ?? '';
    fill(this.#state, {
      log: () => null,
      loading: () => loading('Fetching the messages…'),
      failed: () => (error.status === 404
        ? empty({ iconName: 'person', title: 'There is nobody here', text: 'This person is not of your campus, or the address is wrong.' })
        : failed(error, { title: 'The messages could not be fetched', retry: () => this.thread.load() })),
      empty: () => empty({ iconName: 'chat', title: `Say hello to ${name}`, text: 'This is the beginning of your chat.' }),
    }[state]());
  }

  #drawHead() {
    const { other } = this.thread.value;
    if (!other) return;
    const found = presenceOf(other.id);
    const words = presenceWords(found);
    const name = other.full_name || other.username;
    const shape = [name, other.avatar, words].join('\u0000');
    if (this.#head.shape === shape) return;
    this.#head.shape = shape;
    setPlace(name);
    this.#name = h('span.row-title', { role: 'heading' }, name);
    this.#rank();
    fill(this.#head, avatar(other, { online: found.isOnline }), h('span.row-text', {}, this.#name, h('span.row-about', {}, words)));
  }

  /** On a phone the list's heading is not there, and this one is the page's. */
  #rank() {
    if (this.#name) set(this.#name, { 'aria-level': NARROW.matches ? '1' : '2' });
  }

  #drawTyping() {
    const { other } = this.thread.value;
    const name = other?.first_name || other?.full_name?.split(' ')[0] || 'Somebody';
    say(this.#typing, typists.value.has(this.userId) ? `${name} is typing…` : '');
  }

  #seen() {
    if (document.visibilityState === 'visible' && document.hasFocus() && this.#log.isAtEnd && session.isSignedIn) this.thread.markRead();
  }

  async #reach() {
    const id = this.#wanted;
    this.#wanted = null;
    try {
      if (await this.thread.reach(id)) this.#log.show(id);
      else toast('That message is not there any more.');
    } catch (error) {
      report(error, 'The message could not be fetched.');
    }
  }

  #send({ text, file }) {
    const id = newId();
    if (file) keepPreview(id, file);
    session.client.send({ receiver_id: this.userId, message: text, attachment: file, client_msg_id: id }).catch(() => {}); // the log shows it
    this.#log.toEnd();
    this.#draw();
  }

  #outboxChanged(item) {
    if (item.state === 'sent' || item.state === 'discarded') dropPreview(item.client_msg_id);
    if (item.receiver_id !== this.userId) return;
    if (item.state === 'sent') this.thread.put(item.stored);
    this.thread.changed();
  }

  async #save(message, text) {
    try {
      await session.api.editMessage(message.id, text);
      return true;
    } catch (error) {
      report(error, 'The message was not changed.');
      return false;
    }
  }

  async #remove(message) {
    const sure = await confirm({ title: 'Delete this message?', text: 'It goes for both of you, with its file.', yes: 'Delete', danger: true });
    if (!sure) return;
    try {
      await session.api.deleteMessage(message.id);
    } catch (error) {
      report(error, 'The message was not deleted.');
    }
    this.#composer.focus();
  }

  #dropping() {
    let depth = 0;
    const has = (event) => event.dataTransfer?.types.includes('Files');
    const show = (change) => { depth = change; this.#drop.hidden = depth <= 0; };
    this.listen(this, 'dragenter', (event) => has(event) && show(depth + 1));
    this.listen(this, 'dragleave', (event) => has(event) && show(depth - 1));
    this.listen(this, 'dragover', (event) => has(event) && event.preventDefault());
    this.listen(this, 'drop', (event) => {
      if (!has(event)) return;
      event.preventDefault();
      show(0);
      this.#composer.add([...event.dataTransfer.files]);
    });
  }
}

/** The clipboard interface is only there on HTTPS; the older way works everywhere. */
async function copy(message) {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(message.message);
    else copyOld(message.message);
    toast('Copied.', { kind: 'good', stayMs: 2000 });
  } catch (error) {
    report(error, 'The text was not copied.');
  }
}

function copyOld(text) {
  const before = document.activeElement;
  const area = h('textarea', { value: text, readonly: true });
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  before?.focus();
  if (!done) throw new Error('This browser does not let a page copy.');
}

customElements.define('campus-chat', Chat);
