// The package's front: connect, login, positionOf, ApiError.

import { Api } from './api.js';
import { Client } from './client.js';
import { absolute, Http } from './http.js';

export { ApiError, positionOf } from './http.js';

/** A client, connecting. */
export function connect(options) {
  return new Client(options);
}

/** Sign in: the answer's `key` is the token, `user.id` the user. */
export async function login({ baseUrl, username, password, signal }) {
  return new Api(new Http({ baseUrl: absolute(baseUrl) })).login(username, password, { signal });
}
