// What happens to a page: hidden for good or for a while, frozen, shown again, asleep, on and off the network.

const TICK_MS = 5000;

/**
 * Call suspend() when the page may stand still from now on, resume() when it does not any more, wake(why) when it is a
 * good time to look at the connection. The answer ends it. Where there is no page (workers, Node) nothing ever happens.
 */
export function watchLife({ suspend, resume, wake }) {
  if (typeof document === 'undefined' || typeof addEventListener !== 'function') return () => {};
  const watches = [
    // pagehide comes before the page goes or is kept for the way back, freeze when the browser stops its timers.
    [globalThis, 'pagehide', suspend],
    [document, 'freeze', suspend],
    [globalThis, 'pageshow', resume],
    [document, 'resume', resume],
    [document, 'visibilitychange', () => { if (document.visibilityState === 'visible') { resume(); wake('visible'); } }],
    [globalThis, 'online', () => wake('online')],
    [globalThis, 'offline', () => wake('offline')],
  ];
  for (const [target, type, fn] of watches) target.addEventListener(type, fn);
  let tickedAt = Date.now();
  const timer = setInterval(() => {
    const now = Date.now();
    if (now - tickedAt > 3 * TICK_MS) wake('jump'); // the machine slept
    tickedAt = now;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    for (const [target, type, fn] of watches) target.removeEventListener(type, fn);
  };
}
