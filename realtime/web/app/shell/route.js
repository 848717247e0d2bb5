// The address: `#/chats/12?at=7` is the view `chats`, its pieces ['12'] and its query. In the fragment, so that any view
// opens behind any proxy and below any folder without the server's help.

import { Store } from '../kit/store.js';

/** Where we are: a Store of {path, pieces, query}. */
export const route = new Store(parse());

addEventListener('hashchange', () => {
  route.set(parse());
  route.flush();
});

/** The address of a place in the application, for links: href('chats', 12), href('chats', 12, {at: 7}). */
export function href(...pieces) {
  const query = typeof pieces.at(-1) === 'object' ? new URLSearchParams(pieces.pop()) : '';
  const path = pieces.map((piece) => encodeURIComponent(piece)).join('/');
  return `#/${path}${query && `?${query}`}`;
}

/** Go there: go(href('chats', 12)). With `replace` the back button skips where one was. */
export function go(address, { replace = false } = {}) {
  if (location.hash === address) return;
  if (replace) {
    history.replaceState(null, '', address);
    route.set(parse());
    route.flush();
  } else {
    location.hash = address;
  }
}

function parse() {
  const [path, query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const [first = '', ...pieces] = path.split('/').filter(Boolean).map(decode);
  return { path: first, pieces, query: new URLSearchParams(query) };
}

function decode(piece) {
  try {
    return decodeURIComponent(piece);
  } catch {
    return piece; // typed by hand
  }
}
