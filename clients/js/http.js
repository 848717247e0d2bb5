// One request of the REST interface: its address, its headers, its failures. It knows no call by name.

import { wait } from './backoff.js';
import { sendWithProgress } from './upload.js';

// Limits are of a minute; whoever waits for a call does not wait for longer ones.
const LONGEST_WAIT_MS = 65_000;
const MOST_WAITS = 2;
const SPREAD_MS = 1000; // what was refused together does not come again together

const positions = new WeakMap();

/** The log's position in the read that answered this; null where there was none. */
export function positionOf(answer) {
  return positions.get(answer) ?? null;
}

/** `baseUrl` made absolute and without a slash at its end. Raises TypeError for what is no HTTP address. */
export function absolute(baseUrl = '/api/v1') {
  const here = globalThis.location?.href;
  let url;
  try {
    url = new URL(baseUrl, here);
  } catch {
    throw new TypeError(`baseUrl is no address: ${baseUrl}`);
  }
  if (!/^https?:$/.test(url.protocol)) throw new TypeError(`baseUrl is no HTTP address: ${url.href}`);
  const path = url.pathname.replace(/\/+$/, '');
  return url.origin + (path || '/api/v1');
}

/** A refusal. */
export class ApiError extends Error {
  constructor(status, body, headers) {
    super(sentenceOf(body) ?? `The server answered ${status}.`);
    this.name = 'ApiError';
    this.status = status;
    this.body = body;
    const isForm = status === 400 && body !== null && typeof body === 'object';
    const fields = isForm ? Object.entries(body).filter(([, found]) => Array.isArray(found)) : [];
    this.fields = Object.fromEntries(fields);
    this.retryAfterMs = retryAfterMs(headers);
    this.requestId = headers?.get('X-Request-ID') ?? null;
  }
}

function sentenceOf(body) {
  if (body === null || typeof body !== 'object') return null;
  if (typeof body.detail === 'string') return body.detail;
  if (typeof body.error === 'string') return body.error;
  const first = Object.values(body).find((found) => Array.isArray(found) && typeof found[0] === 'string');
  return first ? first[0] : null;
}

function retryAfterMs(headers) {
  const text = headers?.get('Retry-After');
  return text && /^\d+$/.test(text) ? Number(text) * 1000 : null;
}

/** What `fetch` answered, as an ApiError. */
export async function refusal(response) {
  return new ApiError(response.status, parse(await response.text()), response.headers);
}

/** What an answer has in it, and the position that it was read at. */
async function read(response) {
  const text = await response.text();
  if (text === '') return undefined;
  const answer = parse(text);
  if (answer === null || typeof answer !== 'object') throw new ApiError(response.status, answer, response.headers);
  const position = response.headers.get('X-Last-Event-ID');
  if (position !== null && /^\d+$/.test(position)) positions.set(answer, Number(position));
  return answer;
}

/** A limit that passes while somebody waits. */
function isSoonOver({ status, retryAfterMs }) {
  return status === 429 && retryAfterMs !== null && retryAfterMs <= LONGEST_WAIT_MS;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text || null; // a proxy's page
  }
}

/** Whether a body has a file in it, so that it must be a form. */
function hasFile(body) {
  return Object.values(body).some((value) => typeof Blob === 'function' && value instanceof Blob);
}

function formOf(body) {
  const form = new FormData();
  for (const [name, value] of Object.entries(body)) {
    if (value === undefined || value === null) continue;
    if (value instanceof Blob) form.append(name, value, value.name ?? name);
    else form.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return form;
}

export class Http {
  #baseUrl;
  #college;
  #onRefused;
  #onLimited;

  token;

  /**
   * onRefused(token) answers another token, or null; each call asks for one at most once. onLimited({retryAt, message}): a
   * call waits for what the server's Retry-After says.
   */
  constructor({ baseUrl, token = null, college = null, onRefused = async () => null, onLimited = () => {} }) {
    this.#baseUrl = baseUrl;
    this.token = token;
    this.#college = college;
    this.#onRefused = onRefused;
    this.#onLimited = onLimited;
  }

  /**
   * The answer's JSON, undefined where there is none. `patient`: a 429 is waited for and asked again, as every read is.
   * Raises ApiError, TypeError without a network, or the signal's reason.
   */
  async call(method, path, { query, body, signal, onProgress, patient = method === 'GET' } = {}) {
    const url = this.url(path, query);
    for (let waits = patient ? MOST_WAITS : 0; ; waits -= 1) {
      const response = await this.#authorized(method, url, body, signal, onProgress);
      if (response.ok) return read(response);
      const error = await refusal(response);
      if (waits === 0 || !isSoonOver(error)) throw error;
      const waitMs = error.retryAfterMs + Math.random() * SPREAD_MS;
      this.#onLimited({ retryAt: Date.now() + waitMs, message: error.message });
      await wait(waitMs, signal);
    }
  }

  /** One answer, with another token where this one is refused. */
  async #authorized(method, url, body, signal, onProgress) {
    const token = this.token;
    const response = await this.#send(method, url, body, signal, onProgress);
    if (response.status !== 401 || token === null) return response;
    await response.text();
    const other = await this.#onRefused(token);
    if (!other) throw new ApiError(401, { detail: 'The token has ended.' }, response.headers);
    return this.#send(method, url, body, signal, onProgress);
  }

  /** An address below baseUrl; a page's `next` is one already. Raises TypeError for others: they would get the token. */
  url(path, query = {}) {
    const isAbsolute = /^https?:/.test(path);
    if (isAbsolute && !path.startsWith(`${this.#baseUrl}/`)) throw new TypeError(`not below ${this.#baseUrl}: ${path}`);
    const url = new URL(isAbsolute ? path : `${this.#baseUrl}/${path.replace(/^\/+/, '')}`);
    if (!url.href.startsWith(`${this.#baseUrl}/`)) throw new TypeError(`not below ${this.#baseUrl}: ${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== null) url.searchParams.set(name, String(value));
    }
    return url.href;
  }

  /** The headers of every request. */
  headers() {
    const headers = { Accept: 'application/json' };
    if (this.token !== null) headers.Authorization = `Token ${this.token}`;
    if (this.#college !== null) headers['X-College-ID'] = String(this.#college);
    return headers;
  }

  #send(method, url, body, signal, onProgress) {
    const headers = this.headers();
    let data = body;
    if (body !== undefined && !(typeof FormData === 'function' && body instanceof FormData)) {
      if (hasFile(body)) data = formOf(body);
      else {
        data = JSON.stringify(body);
        headers['Content-Type'] = 'application/json';
      }
    }
    if (onProgress && typeof XMLHttpRequest === 'function') {
      return sendWithProgress({ method, url, headers, body: data, signal, onProgress });
    }
    return fetch(url, { method, headers, body: data, signal, cache: 'no-store' });
  }
}
