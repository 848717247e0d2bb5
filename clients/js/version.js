/** Of what the tabs and the SharedWorker say to each other. A browser keeps an old worker while an old tab is open. */
export const VERSION = 1;
