// Who publishes, and who may change what. The server decides; this only keeps away buttons that it would refuse.

export const ROLES = [
  ['student', 'Students'],
  ['parent', 'Parents'],
  ['teacher', 'Teachers'],
  ['staff', 'Staff'],
  ['store_manager', 'Store managers'],
  ['college_admin', 'College administrators'],
  ['central_manager', 'Central managers'],
  ['super_admin', 'Super administrators'],
];

const GLOBAL = new Set(['super_admin', 'central_manager']);
const ADMINS = new Set([...GLOBAL, 'college_admin']);
const PUBLISHERS = new Set([...ADMINS, 'teacher', 'staff']);

/** Whether a user makes notices, events and announcements. */
export function publishes(user) {
  return PUBLISHERS.has(user?.user_type);
}

/** Whether a user works for all colleges. */
export function isGlobal(user) {
  return GLOBAL.has(user?.user_type);
}

/** Whether a user changes this notice or event: its author and administrators do. */
export function mayChange(user, row) {
  return publishes(user) && (ADMINS.has(user.user_type) || row.created_by === user.id);
}
