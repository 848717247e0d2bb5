// Roles as the operator's page needs them: their names, who administers, and whom an administrator may make. The server
// decides; this only keeps away what it would refuse.

export const ROLES = {
  student: 'Student',
  parent: 'Parent',
  teacher: 'Teacher',
  staff: 'Staff',
  store_manager: 'Store manager',
  college_admin: 'College administrator',
  central_manager: 'Central manager',
  super_admin: 'Super administrator',
};

const RANKS = { college_admin: 1, central_manager: 2, super_admin: 3 };
const rank = (role) => RANKS[role] ?? 0;

/** Whether somebody may use this page. */
export function administers(user) {
  return rank(user.user_type) > 0;
}

/** Whether somebody reaches every college. */
export function isGlobal(user) {
  return rank(user.user_type) > 1;
}

/** The roles that `user` may give, as [value, name]. */
export function rolesFor(user) {
  return Object.entries(ROLES).filter(([role]) => rank(role) <= rank(user.user_type));
}

/** Whether `user` may change the account of `other`. */
export function mayChange(user, other) {
  return user.id !== other.id && rank(other.user_type) <= rank(user.user_type);
}
