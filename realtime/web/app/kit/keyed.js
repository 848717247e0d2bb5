// A list on the page kept equal to a list of data: elements stay with their keys, so focus, scrolling and half-played
// videos survive a change of the list.

const keys = new WeakMap();

/**
 * Make `parent`'s children those of `items`, in order. make(item) answers a new element, update(element, item) is called
 * for each one, new ones too. Children that it did not make are left where they are, before its own.
 */
export function keep(parent, items, keyOf, make, update = () => {}) {
  const known = new Map();
  for (const child of parent.children) if (keys.has(child)) known.set(keys.get(child), child);
  const wanted = new Set(items.map((item) => String(keyOf(item))));
  for (const [key, child] of known) if (!wanted.has(key)) child.remove();
  let place = parent.firstElementChild;
  while (place && !keys.has(place)) place = place.nextElementSibling;
  for (const item of items) {
    const key = String(keyOf(item));
    let element = known.get(key);
    if (!element) {
      element = make(item);
      keys.set(element, key);
    }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
}
