// Who of a user's tabs holds the stream: the best way that this browser has here. Each seat has join(), leave(), post(message)
// and challenge(), and calls hooks: onLead(), onLost(), onMessage(message), onUseless().

import { ElectionSeat } from './election.js';
import { LockSeat } from './locks.js';
import { WorkerSeat } from './shared.js';

/** The kinds that can work here, best first. navigator.locks is not there on plain HTTP. */
export function kindsHere(share) {
  const kinds = [];
  const canTalk = typeof BroadcastChannel === 'function';
  if (share && canTalk && globalThis.navigator?.locks) kinds.push(LockSeat);
  else if (share && typeof SharedWorker === 'function') kinds.push(WorkerSeat);
  if (share && canTalk) kinds.push(ElectionSeat);
  kinds.push(AloneSeat);
  return kinds;
}

/** A tab for itself. */
class AloneSeat {
  #hooks;
  #isJoined = false;

  constructor(group, id, hooks) {
    this.#hooks = hooks;
  }

  join() {
    this.#isJoined = true;
    // Not inside of join(): the others lead later, too.
    queueMicrotask(() => { if (this.#isJoined) this.#hooks.onLead(); });
  }

  leave() {
    this.#isJoined = false;
  }

  post() {}

  challenge() {}
}
