// The start of the operator's page: for administrators; who is not signed in signs in first, and nobody else sees more than
// where they can go.

import { fill, h } from '../kit/dom.js';
import { empty } from '../kit/states.js';
import { session } from '../session.js';
import '../sign_in/page.js';
import './frame.js';
import '../shell/limits.js';
import { clearTitle } from '../shell/title.js';
import { administers } from './roles.js';

const place = document.getElementById('app');
let shown = null;

session.resume();
session.user.watch((user) => {
  const wanted = user ? `${administers(user) ? 'campus-admin' : 'nothing'} ${user.id} ${user.user_type}` : 'campus-sign-in';
  if (wanted === shown) return;
  shown = wanted;
  if (!user) clearTitle();
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  fill(place, wanted.startsWith('nothing') ? notYours() : h(wanted.split(' ')[0]));
});

function notYours() {
  return h('main', {}, empty({
    iconName: 'lock', title: 'This page is for administrators', text: 'Your account does not administer the campus.',
    action: { label: 'To the chats', run: () => location.assign('../') },
  }));
}
