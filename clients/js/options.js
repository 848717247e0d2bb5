// What connect() takes: checked, and complete. A mistake here is told at once and by name.

import { absolute } from './http.js';

const DEFAULTS = {
  onUnauthorized: null,
  onResync: null,
  lastEventId: undefined,
  acknowledge: true,
  share: true,
  heartbeatMs: 30_000,
  connectTimeoutMs: 10_000,
  college: null,
  user: null,
};
const KNOWN = new Set(['baseUrl', 'token', ...Object.keys(DEFAULTS)]);

/** The settings of a client. Raises TypeError. */
export function complete(options) {
  const unknown = Object.keys(options).filter((name) => !KNOWN.has(name));
  if (unknown.length > 0) throw new TypeError(`connect() has no option ${unknown.join(', ')}`);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...DEFAULTS, ...given, baseUrl: absolute(options.baseUrl) };
  // It goes into a header; the server says whether it is one.
  if (typeof settings.token !== 'string' || !/^[\x21-\x7e]+$/.test(settings.token)) throw new TypeError('connect() needs a token');
  for (const name of ['heartbeatMs', 'connectTimeoutMs']) {
    if (!(settings[name] > 0)) throw new TypeError(`${name} is not a positive number`);
  }
  for (const name of ['onUnauthorized', 'onResync']) {
    if (settings[name] !== null && typeof settings[name] !== 'function') throw new TypeError(`${name} is not a function`);
  }
  for (const name of ['user', 'lastEventId']) {
    const isId = settings[name] === null || settings[name] === undefined || Number.isSafeInteger(settings[name]);
    if (!isId) throw new TypeError(`${name} is not an integer`);
  }
  return settings;
}
