// Who is signed in in this browser, and the client of that one. The one place that keeps a token.

import { connect, login } from '../client/index.js';
import { local } from './kit/storage.js';
import { Store } from './kit/store.js';

const KEY = 'campus:session';
const REASONS = {
  logout: 'You have signed out.',
  unauthorized: 'Your session has ended. Sign in again.',
  expired: 'Your session has ended. Sign in again.',
  revoked: 'You were signed out of this device.',
  disabled: 'This account is disabled. An administrator of your campus can tell you why.',
  shutdown: 'The server was stopped.',
};

class Session {
  #client = null;
  #onOpen = [];

  /** The signed-in user as `accounts/users/me/` has it, or null: a Store. */
  user = new Store(null);
  /** Why nobody is signed in, for the sign-in page. */
  farewell = '';
  /** The reason of that, in the client's words: `logout`, `expired`; null before the first end. */
  endedBy = null;

  /** The client of the signed-in user. Raises where nobody is. */
  get client() {
    if (this.#client === null) throw new Error('Nobody is signed in.');
    return this.#client;
  }

  get api() {
    return this.client.api;
  }

  get isSignedIn() {
    return this.#client !== null;
  }

  /** fn(client) is called for each client before anything else listens to it. */
  onOpen(fn) {
    this.#onOpen.push(fn);
  }

  /** Use what an earlier visit left. Whether there was something. */
  resume() {
    const kept = read();
    if (kept) this.#open(kept);
    return kept !== null;
  }

  /** Raises ApiError, TypeError as the client does. */
  async signIn(username, password) {
    const { key: token, user } = await login({ username, password });
    write({ token, user });
    this.#open({ token, user });
  }

  async signOut() {
    try {
      await this.client.api.logout();
    } finally {
      this.end('logout'); // also without a network: this browser forgets the token
    }
  }

  /** Take over what has changed of oneself. */
  refresh(user) {
    write({ token: this.client.token, user });
    this.user.set(user);
    this.user.flush();
  }

  /** Nobody is signed in any more. */
  end(reason) {
    if (this.#client === null) return;
    const client = this.#client;
    this.#client = null;
    this.endedBy = reason;
    // On a computer that others use, what was not sent is nobody else's to read. Whose session has expired comes back.
    client.close({ forget: reason === 'logout' });
    local.delete(KEY);
    this.farewell = REASONS[reason] ?? 'You are signed out.';
    this.user.set(null);
    this.user.flush();
  }

  #open({ token, user }) {
    this.farewell = '';
    const client = connect({ token, user: user.id, onUnauthorized: () => null });
    this.#client = client;
    for (const fn of this.#onOpen) fn(client);
    client.on('error', (error) => console.error(error));
    client.on('token', (other) => write({ token: other, user: this.user.value }));
    client.on('status', ({ status, reason }) => {
      if (status !== 'closed' || this.#client !== client) return;
      if (reason === 'user_changed') location.reload();
      else this.end(reason);
    });
    client.on('user_updated', (changed) => {
      if (changed.id === user.id) this.refresh({ ...this.user.value, ...changed });
    });
    client.on('resync', () => this.#update(client));
    this.user.set(user);
    this.user.flush();
    this.#update(client);
  }

  /** What was kept of the user may be old; without a network it stays until the next visit. */
  async #update(client) {
    try {
      const user = await client.api.me();
      if (this.#client === client) this.refresh(user);
    } catch (error) {
      if (!(error instanceof TypeError) && error.status !== 401) console.error(error);
    }
  }
}

export const session = new Session();

// Another tab has signed in or out.
addEventListener('storage', ({ key, oldValue, newValue }) => {
  if (key !== KEY) return;
  const [before, after] = [oldValue, newValue].map((text) => JSON.parse(text ?? 'null')?.user.id);
  if (after === undefined) session.end('logout');
  else if (before !== after) location.reload();
});

function read() {
  try {
    const kept = JSON.parse(local.get(KEY) ?? 'null');
    return typeof kept?.token === 'string' && Number.isSafeInteger(kept.user?.id) ? kept : null;
  } catch {
    return null; // not ours: sign in again
  }
}

/** Where there is no storage the session ends with the page. */
function write(kept) {
  const isKept = local.set(KEY, JSON.stringify(kept));
  if (!isKept) console.warn('This browser keeps nothing; a reload will ask for the password again.');
}
