// Why an attempt to connect was aborted.

export const CLOSED = 'closed';
/** Something says that it is worth trying now. */
export const AGAIN = 'again';
/** No `connected` in time, or no answer to a poll. */
export const LATE = 'late';
/** It was open, and nothing came any more. */
export const SILENT = 'silent';
/** The server says that there is nothing to come back to. */
export const FINISHED = 'finished';
