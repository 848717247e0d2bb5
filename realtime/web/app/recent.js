// The events that came lately: what a list that is being fetched has to catch up on. A list is right when it is what was
// fetched and then every event after the position of that read, each once.

import { positionOf } from '../client/index.js';
import { session } from './session.js';

const MOST = 3000;

let events = [];

// Before anybody else listens, so that a list never misses what it asks for here.
session.onOpen((client) => {
  events = [];
  client.on('*', (event) => {
    if (event.id === null) return;
    events.push(event);
    if (events.length > 2 * MOST) events = events.slice(-MOST);
  });
});

/** Stored events after the read that answered this: {type, data, id} in order. */
export function since(answer) {
  const position = positionOf(answer) ?? Infinity;
  return events.filter((event) => event.id > position);
}

export { positionOf };
