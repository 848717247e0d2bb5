// The project's own client for many users at once, under Node. Lines of JSON come in and go out:
// in  {"connect": {user, token, lastEventId?}}, {"send": {user, receiver_id, message, client_msg_id}}, {"end": true}
// out {"user", "type", "data", "id"} for each event; {"sent": client_msg_id, "stored"}; {"refused": client_msg_id, "error"}

import { createInterface } from 'node:readline';

import { connect } from '../../clients/js/index.js';

const [baseUrl, heartbeatMs] = process.argv.slice(2);
const clients = new Map();

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function open({ user, token }) {
  const client = connect({ baseUrl, token, user, share: false, heartbeatMs: Number(heartbeatMs) });
  client.on('*', ({ type, data, id }) => say({ user, type, data, id }));
  client.on('status', ({ status, reason, transport }) => say({ user, status, reason, transport }));
  client.on('error', (error) => say({ user, problem: String(error) }));
  clients.set(user, client);
}

function send({ user, ...message }) {
  const id = message.client_msg_id;
  clients.get(user).send(message).then(
    (stored) => say({ sent: id, stored: { id: stored.id, message: stored.message } }),
    (error) => say({ refused: id, error: String(error), status: error.status ?? null }),
  );
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const asked = JSON.parse(line);
  if (asked.connect) open(asked.connect);
  if (asked.send) send(asked.send);
  if (asked.end) {
    for (const client of clients.values()) client.close();
    process.exit(0);
  }
});
