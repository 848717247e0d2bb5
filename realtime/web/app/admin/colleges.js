// The colleges that the signed-in administrator reaches.

import { session } from '../session.js';

/** All of them by name. Raises ApiError. */
export async function readColleges() {
  const found = [];
  for (let page = 1; ; page += 1) {
    const answer = await session.api.colleges({ page, page_size: 100 });
    found.push(...answer.results);
    if (!answer.has_next) return found;
  }
}
