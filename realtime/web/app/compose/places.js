// Names of classes and sections by their ids, fetched once each while somebody is signed in.

import { session } from '../session.js';

let owner = null;
const known = new Map();

/** Name of a class. Raises what the call does, 404 for one that is gone. */
export function className(id) {
  return named(`academic/classes/${id}/`, ({ name }) => name);
}

/** Name of a section with its class. */
export function sectionName(id) {
  return named(`academic/sections/${id}/`, (section) => `${section.class_name}, ${section.name}`);
}

/** In words, for whom the visibility of a notice is: `Everybody in the college`, `Physics; Maths, Section A`. */
export async function wordsFor(visibility) {
  if (visibility.length === 0 || visibility.some((row) => row.target_type === 'all')) return 'Everybody in the college';
  const names = visibility.map((row) => (row.target_type === 'class' ? className(row.class_obj) : sectionName(row.section)));
  return (await Promise.all(names)).join('; ');
}

function named(path, nameOf) {
  const user = session.user.value?.id ?? null;
  if (user !== owner) known.clear();
  owner = user;
  if (!known.has(path)) known.set(path, fetchName(path, nameOf));
  return known.get(path);
}

async function fetchName(path, nameOf) {
  try {
    return nameOf(await session.api.get(path));
  } catch (error) {
    known.delete(path);
    if (error.status === 404) return 'a class that is gone';
    throw error;
  }
}
