// The application's start: the sign-in page, or the shell, whoever is there.

import { fill, h } from './kit/dom.js';
import { session } from './session.js';
import './sign_in/page.js';
import './shell/limits.js';
import './shell/shell.js';
import { clearTitle } from './shell/title.js';
import './views.js';

const place = document.getElementById('app');
let shown = null;

session.resume();
session.user.watch((user) => {
  const wanted = user ? `campus-shell ${user.id}` : 'campus-sign-in';
  if (wanted === shown) return;
  shown = wanted;
  if (!user) clearTitle();
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  fill(place, h(wanted.split(' ')[0]));
});
