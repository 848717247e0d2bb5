// The chats' view: the list, and the chat of the address beside it. On a phone one of both.

import { fill, h } from '../kit/dom.js';
import { Part } from '../kit/part.js';
import { empty } from '../kit/states.js';
import { setPlace } from '../shell/title.js';
import { defineView } from '../shell/views.js';
import { Chat } from './chat.js';
import { unread } from './conversations.js';
import './list.js';
import { openNewChat } from './new_chat.js';

class Chats extends Part {
  #list = h('campus-conversation-list');
  #place = h('div.chat-place');
  #chat = null;

  build() {
    this.className = 'chats';
    fill(this, this.#list, this.#place);
  }

  /** `#/chats` or `#/chats/USER_ID?at=MESSAGE_ID`. */
  show([userId], query) {
    const id = /^\d{1,15}$/.test(userId ?? '') ? Number(userId) : null;
    this.#list.open = id;
    this.classList.toggle('has-chat', id !== null);
    if (id === null) {
      this.#chat = null;
      setPlace('Chats');
      fill(this.#place, welcome());
      return;
    }
    if (this.#chat?.userId !== id) {
      this.#chat = new Chat(id);
      fill(this.#place, this.#chat);
      if (matchMedia('(pointer: fine)').matches) this.#chat.focusComposer();
    }
    if (query.has('at')) this.#chat.showMessage(Number(query.get('at')));
  }
}

function welcome() {
  return empty({ iconName: 'chat', title: 'Choose a chat', text: 'Or begin a new one with anybody of your campus.', action: { label: 'Find somebody', run: openNewChat } });
}

customElements.define('campus-chats', Chats);

defineView({ path: 'chats', label: 'Chats', icon: 'chat', order: 10, badge: unread, open: () => h('campus-chats') });
