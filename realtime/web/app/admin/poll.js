// Asking again and again, while somebody looks: nothing is asked while the page is hidden, and never twice at once.

/** Call the async run() now and `pauseMs` after each end, except while the page is hidden. The answer ends it. */
export function poll(run, pauseMs) {
  let timer = null;
  let isRunning = false;
  let hasEnded = false;

  async function turn() {
    timer = null;
    isRunning = true;
    try {
      await run();
    } finally {
      isRunning = false;
      if (!hasEnded && !document.hidden) timer = setTimeout(turn, pauseMs);
    }
  }

  function follow() {
    if (document.hidden) {
      clearTimeout(timer);
      timer = null;
    } else if (timer === null && !isRunning) {
      turn();
    }
  }

  document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    hasEnded = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', follow);
  };
}
