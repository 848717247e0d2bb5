// The stream, read once: from the request to its end. Coming back is the line's.
//
// fetch and not EventSource: it shows the status (401 asks for a token, anything else is tried again, where EventSource
// gives up for good), the headers and every byte (a heartbeat is heard even if nobody listens to it); it can name its
// cursor as a header, and the token stays out of the address and so out of every proxy's log.

import { ApiError, refusal } from './http.js';
import { Parser } from './parser.js';

/**
 * Read until the server ends it. Raises ApiError for an answer that is no stream, TypeError when the connection breaks,
 * the signal's reason when it is aborted. onBytes() comes after the events of each piece.
 */
export async function readStream({ http, cursor, signal, onEvent, onRetry, onBytes }) {
  const headers = { ...http.headers(), Accept: 'text/event-stream' };
  if (cursor !== null) headers['Last-Event-ID'] = String(cursor);
  const response = await fetch(http.url('communication/sse/events/'), { headers, signal, cache: 'no-store' });
  if (!response.ok) throw await refusal(response);
  if (!/^text\/event-stream\b/i.test(response.headers.get('Content-Type') ?? '')) {
    await response.body?.cancel();
    // A login page of a network that one has to sign in to, for example.
    throw new ApiError(response.status, { detail: 'What answers there is not the server.' }, response.headers);
  }
  const parser = new Parser({ onEvent, onRetry });
  const reader = response.body.getReader();
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    signal.throwIfAborted();
    parser.feed(piece.value);
    onBytes();
  }
}
