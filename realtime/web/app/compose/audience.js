// For whom something is: everybody, or the union of what was chosen. As a person chooses it and as the server takes it.

/** The kinds of a choice, with the names that the interface has for them. */
export const KINDS = ['classes', 'sections', 'user_types', 'users'];

export class Audience {
  everybody = true;
  #chosen = new Map(); // `classes:3` to {kind, id, name, class_obj}

  /** In the order in which they were chosen. */
  get chosen() {
    return [...this.#chosen.values()];
  }

  get isNobody() {
    return !this.everybody && this.#chosen.size === 0;
  }

  /** `class_obj` is the class of a section. */
  add({ kind, id, name, class_obj: classId = null }) {
    this.#chosen.set(`${kind}:${id}`, { kind, id, name, class_obj: classId });
  }

  remove({ kind, id }) {
    this.#chosen.delete(`${kind}:${id}`);
  }

  has(kind, id) {
    return this.#chosen.has(`${kind}:${id}`);
  }

  clear() {
    this.#chosen.clear();
  }

  /** As announcements take it. */
  toAudience() {
    if (this.everybody) return { all: true };
    const named = KINDS.map((kind) => [kind, this.chosen.filter((one) => one.kind === kind).map((one) => one.id)]);
    return Object.fromEntries(named.filter(([, ids]) => ids.length > 0));
  }

  /** As notices take it: with no row the server would wait for some to come. */
  toVisibility() {
    if (this.everybody) return [{ target_type: 'all' }];
    return this.chosen.map(({ kind, id, class_obj: classId }) => (
      kind === 'classes' ? { target_type: 'class', class_obj: id } : { target_type: 'section', class_obj: classId, section: id }
    ));
  }
}
