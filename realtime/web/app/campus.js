// The campus's name and logo, as everybody sees them, before any sign-in too: a Store of {name, logo}.

import { Store } from './kit/store.js';
import { quietly } from './kit/quietly.js';
import { session } from './session.js';

// Beside this module, so that it is right below any folder.
const ADDRESS = new URL('../../api/v1/campus/', import.meta.url);

export const campus = new Store({ name: '', logo: null });

let newest = '';
let client = null;

quietly(load());
session.user.watch((user) => {
  if (user === null || session.client === client) return;
  client = session.client;
  client.on('campus_updated', take);
  client.on('resync', () => quietly(load()));
  // What could not be fetched is fetched when the server is there.
  client.on('status', ({ status }) => { if (status === 'connected' && newest === '') quietly(load()); });
});

async function load() {
  const answer = await fetch(ADDRESS, { cache: 'no-store' });
  if (answer.ok) take(await answer.json());
}

function take(found) {
  if ((found.updated_at ?? '') < newest) return; // what was fetched may be older than what was told
  newest = found.updated_at ?? '';
  campus.set(found);
}
