// The news of whoever is signed in: one Notifications from the sign-in to the end, with its count in the page's title.

import { Store } from '../kit/store.js';
import { session } from '../session.js';
import { setCount } from '../shell/title.js';
import { Notifications } from './notifications.js';

/** How many notifications are unread, for whoever is signed in: 0 for nobody. */
export const unread = new Store(0);

let current = null;
let owner = null;

/** The Notifications of the signed-in user. Raises where nobody is. */
export function notifications() {
  if (current === null) throw new Error('Nobody is signed in.');
  return current;
}

session.user.watch((user) => {
  const id = user?.id ?? null;
  if (id === owner) return;
  owner = id;
  current?.end();
  current = null;
  unread.set(0);
  if (user) begin();
});

function begin() {
  const made = new Notifications(session.client, complain);
  current = made;
  made.unread.watch((value) => {
    if (made !== current) return;
    unread.set(value ?? 0);
    setCount('notifications', value ?? 0);
  });
  made.load();
}

/** A server that is out of reach is what the connection's state says, and a token that has ended ends the session. */
function complain(error) {
  if (!(error instanceof TypeError) && error.status !== 401) console.error(error);
}
