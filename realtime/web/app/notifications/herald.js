// News as it comes: a toast while somebody looks at the page, the browser's notification while nobody does. What was there
// before the page was opened is no news.

import { toast } from '../kit/toast.js';
import { session } from '../session.js';
import { go, href, route } from '../shell/route.js';
import { forgetTold, tell } from './alerts.js';
import { notifications, unread } from './desk.js';
import { addressOf, kindOf, wordsOf } from './target.js';

const TOGETHER_MS = 120;
const MOST_TOASTS = 3; // of one moment: what comes after a long sleep is a number, not a wall
const MOST_CHARACTERS = 160;

let owner = null;
let waiting = [];
let timer = null;

session.user.watch((user) => {
  if (user?.id === owner) return;
  if (owner !== null) forgetTold();
  owner = user?.id ?? null;
  waiting = [];
  if (!user) return;
  const { client } = session;
  client.on('message', (data, { id }) => take(id, ofMessage(data)));
  client.on('notification', (data, { id }) => take(id, ofNotification(data)));
});

// What came before the lists were there is told once it is known whether it is news.
unread.watch(settleSoon);

function take(eventId, news) {
  if (news.isRead && document.visibilityState === 'visible') return;
  waiting.push({ ...news, eventId });
  settleSoon();
}

function settleSoon() {
  timer ??= setTimeout(settle, TOGETHER_MS);
}

function settle() {
  timer = null;
  const since = session.isSignedIn ? notifications().since : null;
  if (since === null) return;
  const news = waiting.filter(({ eventId }) => eventId > since);
  waiting = [];
  if (document.visibilityState !== 'visible') {
    for (const one of news) tell(one).catch((error) => console.error(error));
  } else if (news.length > MOST_TOASTS) {
    const urgent = news.filter((one) => one.isUrgent);
    for (const one of urgent.slice(-MOST_TOASTS)) show(one);
    toast(summary(news), { iconName: 'bell', title: 'While you were away' });
  } else {
    for (const one of news) show(one);
  }
}

function show({ title, text, iconName, isUrgent, address, run }) {
  const action = address === null ? null : { label: 'Open', run };
  toast(text, { title, iconName: isUrgent ? 'warning' : iconName, action, stayMs: isUrgent ? 20_000 : undefined });
}

function summary(news) {
  const messages = news.filter(({ isMessage }) => isMessage).length;
  const parts = [[messages, 'new message'], [news.length - messages, 'new notification']];
  return parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}${count === 1 ? '' : 's'}`).join(' and ');
}

function ofMessage(message) {
  const address = href('chats', message.sender_id);
  return {
    isMessage: true,
    title: message.sender_name,
    text: short(message.message) || 'Sent a file.',
    iconName: 'chat',
    tag: `campus:chat:${message.sender_id}`,
    address,
    // Its chat is open; before the next look at what has come it may be left.
    isRead: route.value.path === 'chats' && route.value.pieces[0] === String(message.sender_id),
    run: () => go(address),
  };
}

function ofNotification(notification) {
  const { icon: iconName, word } = kindOf(notification);
  const { title, text } = wordsOf(notification);
  const address = addressOf(notification);
  const isUrgent = notification.data?.is_urgent === true;
  return {
    title: text ? title : isUrgent ? `Urgent ${word.toLowerCase()}` : `New ${word.toLowerCase()}`,
    text: short(text || title),
    iconName,
    isUrgent,
    tag: `campus:notification:${notification.id}`,
    address,
    run: () => {
      notifications().read([notification.id]).catch((error) => console.error(error));
      if (address !== null) go(address);
    },
  };
}

function short(text) {
  const characters = [...(text ?? '')];
  return characters.length > MOST_CHARACTERS ? `${characters.slice(0, MOST_CHARACTERS - 1).join('')}…` : characters.join('');
}
