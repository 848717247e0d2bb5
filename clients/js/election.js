// The lead by election over a BroadcastChannel, where there are neither locks nor a SharedWorker. Who claims it has it,
// unless someone stronger objects: a later term wins, and in one term the lower id. Two leaders at once do no harm but a
// second stream: each hears of the other and one steps down.

const ANSWER_MS = 250; // for a leader to say that it is there
const OBJECT_MS = 150; // for a stronger claim
const LOST_MS = 1000; // for the leader that a lost claim was lost to

export class ElectionSeat {
  #group;
  #id;
  #hooks;
  #channel = null;
  #term = 0;
  #leader = null;
  #claim = null;
  #timer = null;

  constructor(group, id, hooks) {
    this.#group = group;
    this.#id = id;
    this.#hooks = hooks;
  }

  join() {
    this.#channel = new BroadcastChannel(this.#group);
    this.#channel.onmessage = ({ data }) => this.#take(data);
    this.#say('who');
    this.#later(ANSWER_MS * (1 + Math.random() / 2), () => this.challenge());
  }

  leave() {
    clearTimeout(this.#timer);
    if (this.#isLeader) this.#say('resign');
    this.#leader = this.#claim = null;
    this.#channel?.close();
    this.#channel = null;
  }

  post(message) {
    this.#channel?.postMessage(message);
  }

  /** There is no leader, or it is silent. */
  challenge() {
    if (this.#channel === null || this.#isLeader) return;
    this.#claim = { term: this.#term + 1, from: this.#id };
    this.#say('claim', this.#claim.term);
    this.#later(OBJECT_MS, () => this.#win());
  }

  get #isLeader() {
    return this.#leader === this.#id;
  }

  #win() {
    this.#term = this.#claim.term;
    this.#claim = null;
    this.#leader = this.#id;
    this.#say('lead', this.#term);
    this.#hooks.onLead();
  }

  #take(message) {
    if (message.election === undefined) {
      this.#hooks.onMessage(message);
      return;
    }
    if (message.from === this.#id) return;
    if (message.election === 'who' && this.#isLeader) this.#say('lead', this.#term);
    else if (message.election === 'lead') this.#hearLead(message);
    else if (message.election === 'claim') this.#hearClaim(message);
    else if (message.election === 'resign' && this.#leader === message.from) {
      this.#leader = null;
      this.challenge();
    }
  }

  #hearLead({ from, term }) {
    if (this.#isLeader) {
      if (!isStronger({ from, term }, { from: this.#id, term: this.#term })) {
        this.#say('lead', this.#term);
        return;
      }
      this.#hooks.onLost();
    } else if (term < this.#term) return; // one that was asleep: it will hear of the newer one
    clearTimeout(this.#timer);
    this.#claim = null;
    this.#leader = from;
    this.#term = term;
  }

  #hearClaim({ from, term }) {
    if (this.#isLeader) {
      // It is here after all.
      this.#term = Math.max(this.#term, term);
      this.#say('lead', this.#term);
    } else if (this.#claim !== null && !isStronger({ from, term }, this.#claim)) {
      this.#say('claim', this.#claim.term);
    } else {
      this.#claim = null;
      this.#later(LOST_MS, () => this.challenge());
    }
  }

  #later(ms, then) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #say(election, term = this.#term) {
    this.#channel?.postMessage({ election, term, from: this.#id });
  }
}

function isStronger(one, other) {
  return one.term > other.term || (one.term === other.term && one.from < other.from);
}
