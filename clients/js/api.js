// The calls of the REST interface, thin: a name, a path, what goes in. Http does the rest; docs/protocol.md says what they mean.

const TYPING_MS = 2000; // the server tells of one `true` in that time

export class Api {
  #http;
  #onLogout;
  #typedAt = new Map();

  constructor(http, onLogout = () => {}) {
    this.#http = http;
    this.#onLogout = onLogout;
  }

  // Any path below baseUrl.

  get(path, query, options) { return this.#http.call('GET', path, { query, ...options }); }
  post(path, body = {}, options) { return this.#http.call('POST', path, { body, ...options }); }
  put(path, body, options) { return this.#http.call('PUT', path, { body, ...options }); }
  patch(path, body, options) { return this.#http.call('PATCH', path, { body, ...options }); }
  delete(path, options) { return this.#http.call('DELETE', path, options); }

  // Signing in and oneself

  login(username, password, options) { return this.post('auth/login/', { username, password }, options); }
  signUp(fields) { return this.post('auth/registration/', fields); }
  me(options) { return this.get('accounts/users/me/', {}, options); }
  sessions(query, options) { return this.get('auth/sessions/', query, options); }
  endSession(id) { return this.delete(`auth/sessions/${number(id)}/`); }

  async logout() {
    const answer = await this.post('auth/logout/');
    this.#onLogout();
    return answer;
  }

  changePassword(oldPassword, newPassword) {
    return this.post('auth/password/change/', {
      old_password: oldPassword, new_password1: newPassword, new_password2: newPassword,
    });
  }

  // People and the campus

  people(query, options) { return this.get('accounts/users/', query, options); }
  person(id, options) { return this.get(`accounts/users/${number(id)}/`, {}, options); }
  createPerson(fields) { return this.post('accounts/users/', fields); }
  updatePerson(id, fields, options) { return this.patch(`accounts/users/${number(id)}/`, fields, options); }
  disablePerson(id) { return this.delete(`accounts/users/${number(id)}/`); }
  setPassword(id, password) { return this.post(`accounts/users/${number(id)}/set-password/`, { password }); }
  colleges(query, options) { return this.get('academic/colleges/', query, options); }
  classes(query, options) { return this.get('academic/classes/', query, options); }
  sections(query, options) { return this.get('academic/sections/', query, options); }

  // Chats

  conversations(options) { return this.get('communication/chats/conversations/', {}, options); }
  history(userId, query, options) { return this.get(`communication/chats/conversation/${number(userId)}/`, query, options); }
  messages(query, options) { return this.get('communication/chats/', query, options); }
  message(id, options) { return this.get(`communication/chats/${number(id)}/`, {}, options); }
  send(message, options) { return this.post('communication/chats/', message, options); }
  editMessage(id, text) { return this.patch(`communication/chats/${number(id)}/`, { message: text }); }
  deleteMessage(id) { return this.delete(`communication/chats/${number(id)}/`); }
  markRead(which) { return this.post('communication/chats/mark-read/', which); }
  delivered(which) { return this.post('communication/chats/delivered/', which, { patient: true }); }
  unreadCount(options) { return this.get('communication/chats/unread-count/', {}, options); }
  onlineUsers(options) { return this.get('communication/chats/online-users/', {}, options); }
  search(q, query, options) { return this.get('communication/chats/search/', { q, ...query }, options); }

  /** Call it with every key: `true` goes out once in two seconds, `false` at once. */
  async typing(receiverId, isTyping = true) {
    const now = Date.now();
    if (isTyping && now - (this.#typedAt.get(receiverId) ?? 0) < TYPING_MS) return { success: true };
    if (isTyping) this.#typedAt.set(receiverId, now);
    else this.#typedAt.delete(receiverId);
    return this.post('communication/chats/typing/', { receiver_id: receiverId, is_typing: isTyping });
  }

  // Notices, announcements, notifications

  notices(query, options) { return this.get('communication/notices/', query, options); }
  notice(id, options) { return this.get(`communication/notices/${number(id)}/`, {}, options); }
  createNotice(fields, options) { return this.post('communication/notices/', fields, options); }
  updateNotice(id, fields, options) { return this.patch(`communication/notices/${number(id)}/`, fields, options); }
  deleteNotice(id) { return this.delete(`communication/notices/${number(id)}/`); }
  previewNotice(fields, options) { return this.post('communication/notices/preview/', fields, { patient: true, ...options }); }
  announcements(query, options) { return this.get('communication/announcements/', query, options); }
  createAnnouncement(fields) { return this.post('communication/announcements/', fields); }
  previewAnnouncement(fields, options) { return this.post('communication/announcements/preview/', fields, { patient: true, ...options }); }
  notifications(query, options) { return this.get('communication/notifications/', query, options); }
  notification(id, options) { return this.get(`communication/notifications/${number(id)}/`, {}, options); }
  markNotificationsRead(which) { return this.post('communication/notifications/mark-read/', which); }
  notificationsUnread(options) { return this.get('communication/notifications/unread-count/', {}, options); }

  // Events of the campus

  events(query, options) { return this.get('communication/events/', query, options); }
  event(id, options) { return this.get(`communication/events/${number(id)}/`, {}, options); }
  createEvent(fields, options) { return this.post('communication/events/', fields, options); }
  updateEvent(id, fields, options) { return this.patch(`communication/events/${number(id)}/`, fields, options); }
  deleteEvent(id) { return this.delete(`communication/events/${number(id)}/`); }
  registrations(query, options) { return this.get('communication/event-registrations/', query, options); }
  register(eventId, fields) { return this.post('communication/event-registrations/', { event: eventId, ...fields }); }
  updateRegistration(id, fields) { return this.patch(`communication/event-registrations/${number(id)}/`, fields); }
  unregister(id) { return this.delete(`communication/event-registrations/${number(id)}/`); }

  // For administrators

  streams(query, options) { return this.get('admin/streams/', query, options); }
  endStream(id) { return this.delete(`admin/streams/${number(id)}/`); }
  stats(options) { return this.get('admin/stats/', {}, options); }
}

/** An id as it goes into a path: anything else would be another path. */
function number(id) {
  if (!/^\d+$/.test(id)) throw new TypeError(`not an id: ${id}`);
  return id;
}
