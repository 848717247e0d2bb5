// The views there are, and the tools in the header: each module adds its own. It draws nothing.

const views = new Map();
const tools = [];

/**
 * A view: `path` is its first piece in the address (`chats` for `#/chats/12`), `label` its name in the navigation (none:
 * it is not there), `icon`, `order` in the navigation, `badge` a Store of a number, `visible(user)` whether this user has
 * it, `open()` a new element of it. The element may have show(pieces, query), called for each address below `path`.
 */
export function defineView({ path, label = '', icon = '', order = 100, badge = null, visible = () => true, open }) {
  if (views.has(path)) throw new Error(`two views at ${path}`);
  views.set(path, { path, label, icon, order, badge, visible, open });
}

/** Something of the header, such as the button of a panel: make() answers an element for the signed-in user. */
export function defineTool({ order = 100, make }) {
  tools.push({ order, make });
}

export function findView(path) {
  return views.get(path) ?? null;
}

/** The views of the navigation for this user, in order. */
export function navigation(user) {
  return [...views.values()].filter((view) => view.label && view.visible(user)).sort(byOrder);
}

export function headerTools() {
  return [...tools].sort(byOrder);
}

function byOrder(one, other) {
  return one.order - other.order;
}
