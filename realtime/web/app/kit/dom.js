// Elements from data. What people wrote becomes text nodes, addresses are looked at before they are links, and nothing
// here parses HTML. It knows nothing of chats.

const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'indeterminate', 'selected', 'muted']);
const ADDRESSES = new Set(['href', 'src', 'action', 'formaction', 'poster']);

/**
 * An element: h('button.primary', {type: 'button', onclick: fn, 'aria-label': 'Close'}, icon('close'), 'Close').
 * `on...` are listeners, `dataset` an object, null and false leave an attribute out, true is an empty one. Children are
 * nodes, texts, numbers, arrays of them, or nothing (null, false).
 */
export function h(selector, attributes = {}, ...children) {
  const [tag, ...classes] = selector.split('.');
  const element = document.createElement(tag || 'div');
  if (classes.length > 0) element.className = classes.join(' ');
  set(element, attributes);
  element.append(...nodes(children));
  return element;
}

/** Set attributes as `h` does. */
export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'dataset') Object.assign(element.dataset, value);
    else if (PROPERTIES.has(name)) element[name] = value ?? (name === 'value' ? '' : false);
    else if (value === null || value === undefined || value === false) element.removeAttribute(name);
    else if (ADDRESSES.has(name)) setAddress(element, name, value);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  return element;
}

/** Replace all children. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

/** Set a text only where it is another one: a live region would say it again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether an address may be followed: `javascript:` and `data:` run or show what somebody else wrote. */
export function isSafe(address) {
  try {
    return ['http:', 'https:', 'blob:', 'mailto:'].includes(new URL(address, document.baseURI).protocol);
  } catch {
    return false;
  }
}

function setAddress(element, name, value) {
  if (isSafe(value)) element.setAttribute(name, value);
  else element.removeAttribute(name);
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== '')
    .map((child) => (child instanceof Node ? child : String(child)));
}
