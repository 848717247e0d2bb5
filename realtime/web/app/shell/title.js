// The page's title: how many unread things there are, where one is, and the campus.

const counts = new Map();
let place = '';
let campus = 'Campus';

/** `source` says how many of its things are unread: setCount('chats', 3). The title has the sum. */
export function setCount(source, value) {
  counts.set(source, value);
  draw();
}

/** Where one is: the view's name, the person's. */
export function setPlace(text) {
  place = text;
  draw();
}

export function setCampus(name) {
  campus = name || 'Campus';
  draw();
}

/** Signed out: nothing is unread. */
export function clearTitle() {
  counts.clear();
  setPlace('');
}

function draw() {
  const unread = [...counts.values()].reduce((sum, value) => sum + value, 0);
  const text = [place, campus].filter(Boolean).join(' · ');
  document.title = unread > 0 ? `(${unread}) ${text}` : text;
}
