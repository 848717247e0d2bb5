// Runs in every page before anything else. What the guide's code logs, and what it calls of the functions that it leaves
// to its reader, goes to the test through the binding `sendRecord`. The arguments themselves stay in `recorded`.
(names => {
  const plain = value => {
    if (value instanceof Event) {
      return { event: value.type, readyState: value.target ? value.target.readyState : null };
    }
    if (value instanceof Error) return String(value);
    if (typeof value === "function" || typeof value === "symbol") return String(value);
    return value === undefined ? null : value;
  };
  window.recorded = {};
  window.record = (name, ...args) => {
    (window.recorded[name] ??= []).push(args);
    window.sendRecord(JSON.stringify([name, args.map(plain)]));
  };
  for (const name of names) window[name] = (...args) => window.record(name, ...args);
  for (const level of ["log", "warn", "error"]) {
    const shown = console[level].bind(console);
    console[level] = (...args) => {
      window.record("console." + level, ...args);
      shown(...args);
    };
  }
  // An async function of its own for a block. `kept` are names of its variables that the test looks at.
  window.runBlock = async (before, text, kept) => {
    const AsyncFunction = (async () => {}).constructor;
    const getters = kept.map(name => `get ${name}() { return ${name}; }`).join(", ");
    const block = new AsyncFunction(`${text}\nwindow.local = { ${getters} };`);
    // No task comes between the two: what `before` opens has had no event yet when the block attaches to it.
    new Function(before)();
    await block();
  };
})(NAMES);
