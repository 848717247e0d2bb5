// What the server asks to wait for: one toast for all calls that wait, until the last of them goes on.

import { toast } from '../kit/toast.js';
import { session } from '../session.js';

const SHORT_MS = 1500; // nobody notices that

let close = null;
let until = 0;

session.onOpen((client) => {
  client.on('limited', ({ retryAt, message }) => tell(retryAt, message));
  client.on('status', ({ status }) => { if (status === 'closed') end(); });
});

function tell(retryAt, message) {
  const waitMs = retryAt - Date.now();
  if (waitMs < SHORT_MS || retryAt <= until) return;
  end();
  until = retryAt;
  close = toast(`${message} It goes on by itself in ${Math.ceil(waitMs / 1000)} seconds.`, { iconName: 'clock', title: 'A moment', stayMs: waitMs });
}

function end() {
  close?.();
  close = null;
  until = 0;
}
