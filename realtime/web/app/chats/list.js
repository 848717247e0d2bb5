// The list of conversations: who, the last message, when, what is unread, who is there and who is typing.

import { avatar } from '../kit/avatar.js';
import { fill, h } from '../kit/dom.js';
import { dateTime, when } from '../kit/format.js';
import { icon } from '../kit/icons.js';
import { keep } from '../kit/keyed.js';
import { Part } from '../kit/part.js';
import { empty, failed, loading } from '../kit/states.js';
import { href } from '../shell/route.js';
import { conversations, load } from './conversations.js';
import { openNewChat } from './new_chat.js';
import { presence, presenceOf } from './presence.js';
import { openSearch } from './search.js';
import { typists } from './typists.js';
import { lastWords } from './words.js';

class ConversationList extends Part {
  #list = h('ul.conversations', { 'aria-label': 'Conversations', role: 'list' });
  #state = h('div');
  #open = null;

  build() {
    this.className = 'list-pane';
    const head = h('header.pane-head', {}, h('h1', {}, 'Chats'),
      h('button.icon-button', { type: 'button', 'aria-label': 'Search messages', title: 'Search messages', onclick: () => openSearch() }, icon('search')),
      h('button.icon-button.new-chat', { type: 'button', 'aria-label': 'New chat', title: 'New chat', onclick: openNewChat }, icon('chat_new')));
    fill(this, head, this.#list, this.#state);
  }

  start() {
    this.until(conversations.watch(() => this.#draw()));
    this.until(presence.watch(() => this.#draw()));
    this.until(typists.watch(() => this.#draw()));
  }

  /** The user whose chat is open, or null. */
  set open(userId) {
    this.#open = userId;
    this.#draw();
  }

  #draw() {
    const { rows, isLoaded, error } = conversations.value;
    keep(this.#list, rows, (row) => row.other_user.id, makeRow, (element, row) => this.#update(element, row));
    this.#list.hidden = rows.length === 0;
    const state = rows.length > 0 ? 'rows' : isLoaded ? 'empty' : error ? 'failed' : 'loading';
    if (this.dataset.state === state) return;
    this.dataset.state = state;
    fill(this.#state, {
      rows: () => null,
      loading: () => loading('Fetching your chats…'),
      failed: () => failed(error, { title: 'Your chats could not be fetched', retry: load }),
      empty: () => empty({
        iconName: 'chat', title: 'No chats yet', text: 'Find somebody of your campus and say hello.',
        action: { label: 'Find somebody', run: openNewChat },
      }),
    }[state]());
  }

  #update(element, row) {
    const { other_user: other, unread_count: unread, last_message_at: at } = row;
    const { isOnline } = presenceOf(other.id);
    const typing = typists.value.has(other.id);
    const isOpen = this.#open === other.id;
    const words = typing ? 'typing…' : lastWords(row);
    const shape = [other.full_name, other.avatar, isOnline, words, at && when(at), unread, isOpen].join('\u0000');
    if (element.shape === shape) return;
    element.shape = shape;
    const link = element.firstChild;
    if (isOpen) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
    link.classList.toggle('is-unread', unread > 0);
    link.href = href('chats', other.id);
    fill(link, avatar(other, { online: isOnline }),
      h('span.row-text', {},
        h('span.row-line', {}, h('span.row-title', {}, other.full_name || other.username), isOnline && h('span.hidden-text', {}, '(online)'),
          at && h('time.row-when', { datetime: at, title: dateTime(at) }, when(at))),
        h('span.row-line', {}, h(typing ? 'span.row-about.is-typing' : 'span.row-about', {}, words),
          unread > 0 && h('span.badge', {}, unread > 99 ? '99+' : unread, h('span.hidden-text', {}, ' unread')))));
  }
}

function makeRow() {
  return h('li', {}, h('a.row'));
}

customElements.define('campus-conversation-list', ConversationList);
