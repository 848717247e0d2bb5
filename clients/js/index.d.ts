// The client's interface. Payloads are those of docs/protocol.md; times are ISO 8601 in UTC, ids are integers.

export type Status = 'connecting' | 'connected' | 'reconnecting' | 'offline' | 'closed';

/** Why a client is closed: the app's close(), no new token at a 401, or the `reason` of the server's `disconnected`. */
export type ClosedReason =
  | 'close' | 'unauthorized' | 'user_changed' | 'logout' | 'expired' | 'disabled' | 'revoked' | 'shutdown' | string;

export interface ConnectOptions {
  /** Where the interface is, up to and including `/api/v1`. An address without a path gets `/api/v1`. Default: `/api/v1` of the page's own origin. */
  baseUrl?: string;
  token: string;
  /** The user's id, where it is known (`login()` answers it). Without it the client asks once for each new token. */
  user?: number;
  /** A new token for one that the server refused (401); null: there is none, and the client closes. One call at a time. */
  onUnauthorized?: () => Promise<string | null | undefined> | string | null | undefined;
  /** The same as on('resync', fn). */
  onResync?: (data: Resync) => void;
  /** Begin after this event (what positionOf() says of a fetched list); null: begin now. Default: where this browser's tabs were. */
  lastEventId?: number | null;
  /** Tell the server that messages have arrived (their senders' second tick). Default true. */
  acknowledge?: boolean;
  /** One stream for all tabs. Default true; false gives this client a stream of its own. */
  share?: boolean;
  /** The server's `heartbeat_s` in milliseconds. Default 30000. Silence of 2.5 of them ends a stream and a leader. */
  heartbeatMs?: number;
  /** How long a stream may take to its `connected` before the long poll takes its place. Default 10000. */
  connectTimeoutMs?: number;
  /** Sent as X-College-ID with every call: for global roles. */
  college?: number | 'all';
}

export function connect(options: ConnectOptions): Client;

/** Sign in. Raises ApiError (400 for a wrong pair, 429 after too many). */
export function login(options: { baseUrl?: string; username: string; password: string; signal?: AbortSignal }): Promise<Login>;

/** The log's position (`X-Last-Event-ID`) in the read that answered this object or array; null where there was none. */
export function positionOf(answer: object): number | null;

export interface StatusChange {
  status: Status;
  /** Why it is closed, else null. */
  reason: ClosedReason | null;
  /** By which way events come, while they come. */
  transport: 'stream' | 'poll' | null;
  /** When the next attempt is due (milliseconds since 1970), while it waits for one. */
  retryAt: number | null;
}

/** What an `on` function gets besides the data: `id` is null for what is not stored. */
export interface EventInfo { type: string; id: number | null; }
export interface AnyEvent extends EventInfo { data: any; }

/** Data by type of event: those of the server, and the client's own six. */
export interface EventMap {
  connected: { status: 'connected'; user_id: number };
  presence_snapshot: { online: number[] };
  message: Message;
  message_sent: Message;
  message_updated: Message;
  message_deleted: { id: number; conversation_id: number; last_message: string | null; last_message_at: string | null; unread_count?: number; total_unread?: number };
  typing: { sender_id: number; sender_name: string; is_typing: boolean; conversation_id: number | null };
  read_receipt: { message_id: number; reader_id: number; reader_name: string; read_at: string | null; conversation_id: number };
  delivered: { message_id: number; receiver_id: number; delivered_at: string; conversation_id: number };
  conversation_read: { conversation_id: number; up_to_id: number; message_ids: number[]; unread_count: number; total_unread: number };
  notification: { id: number; title: string; message: string; notification_type: 'notice' | 'event' | 'announcement'; data: Record<string, any>; created_at: string };
  /** ids null: all that there are. */
  notifications_read: { ids: number[] | null; unread_count: number };
  notifications_removed: { ids: number[] };
  notice_updated: Record<string, any>;
  notice_removed: { id: number };
  event_updated: Record<string, any>;
  event_removed: { id: number };
  user_updated: { id: number; username: string; full_name: string; avatar: string | null };
  college_updated: Record<string, any>;
  campus_updated: { name: string; logo: string | null; updated_at: string };
  presence: { user_id: number; full_name: string; is_online: boolean; last_seen: string | null };
  heartbeat: { timestamp: number };
  disconnected: { status: 'disconnected'; reason: string };
  /** The log does not cover where this tab was: fetch everything again. What follows is complete from here on. */
  resync: Resync;

  /** The connection's state has changed. */
  status: StatusChange;
  /** Something of the outbox has changed. */
  outbox: OutboxItem;
  /** There is a new token, from onUnauthorized of this tab or of another one. Store it if you store tokens. */
  token: string;
  /** A read, or another call that is patient, waits for what the server's Retry-After says; `message` is the server's word. */
  limited: { retryAt: number; message: string };
  /** Something went wrong that no call of the app's reports: an `on` function raised, a frame was no JSON. */
  error: Error;
  /** Every event of the server, in order. */
  '*': AnyEvent;
}

export interface Resync { reason: 'unknown' | 'pruned' | string; last_event_id: number; }

export interface Client {
  readonly status: Status;
  readonly reason: ClosedReason | null;
  readonly transport: 'stream' | 'poll' | null;
  readonly retryAt: number | null;
  /** Whether this tab holds the stream for the others. False in every tab where a SharedWorker holds it. */
  readonly isLeader: boolean;
  /** The user's id, once it is known. */
  readonly user: number | null;
  readonly token: string;
  /** The newest stored event that this tab was told, or null. */
  readonly lastEventId: number | null;
  readonly api: Api;
  readonly outbox: Outbox;

  /** Call fn for each event of this type, from now on; the answer is a function that ends it. The same fn twice is once. */
  on<K extends keyof EventMap>(type: K, fn: (data: EventMap[K], info: EventInfo) => void): () => void;
  on(type: string, fn: (data: any, info: EventInfo) => void): () => void;
  off(type: string, fn: (...args: any[]) => void): void;
  /** Send by the outbox: resolves with the stored message; rejects when the server refuses it for good, or it is discarded. */
  send(message: Outgoing, options?: { onProgress?: (part: number) => void }): Promise<Message>;
  /** Try at once instead of after the wait. */
  reconnect(): void;
  /** Use another token of the same user, here and in the other tabs. */
  setToken(token: string): void;
  /** End this tab's part for good. The other tabs go on. `forget`: what is not sent yet is discarded, of other tabs too. */
  close(options?: { forget?: boolean }): void;
}

export interface Outgoing {
  receiver_id: number;
  message?: string;
  /** A file does not survive a reload; a text does. */
  attachment?: Blob | File;
  /** Default: a new one. */
  client_msg_id?: string;
}

export type OutboxState = 'waiting' | 'sending' | 'failed' | 'sent' | 'discarded';

export interface OutboxItem {
  client_msg_id: string;
  receiver_id: number;
  message: string;
  /** Of the attachment, or null. */
  file_name: string | null;
  created_at: string;
  state: OutboxState;
  attempts: number;
  /** 0 to 1, of an attachment's bytes. */
  progress: number;
  /** Why it failed or waits, in the server's words where there are any. */
  error: string | null;
  /** When the server takes it again (milliseconds since 1970), where its Retry-After said so. */
  retry_at: number | null;
  /** The stored message, when it is sent. */
  stored: Message | null;
}

/** What is not sent yet, oldest first, in an order per receiver. A retry never makes a second message. */
export interface Outbox {
  readonly items: OutboxItem[];
  /** Try a failed or waiting one again, now. */
  retry(clientMsgId: string): void;
  /** Give one up, whatever its state; one that is under way is aborted (and may have been stored). */
  discard(clientMsgId: string): void;
}

/** A refusal. `body` is the answer's JSON, `fields` its messages by field where it has them. */
export class ApiError extends Error {
  readonly status: number;
  readonly body: any;
  readonly fields: Record<string, string[]>;
  readonly retryAfterMs: number | null;
  readonly requestId: string | null;
}

export interface Page<T> {
  count: number; next: string | null; previous: string | null; results: T[];
  total_pages: number; current_page: number; page_size: number; has_next: boolean; has_previous: boolean;
}

export interface CallOptions {
  signal?: AbortSignal;
  /** Wait for a 429's Retry-After of up to a minute, and ask again: at most twice. Default: true for reads, else false. */
  patient?: boolean;
}
export interface UploadOptions extends CallOptions { /** 0 to 1 of the body's bytes. */ onProgress?: (part: number) => void; }
export type Query = Record<string, string | number | boolean | null | undefined>;
/** An object is sent as JSON; with a Blob or File in it, or as FormData, as a multipart form (lists in it as JSON). */
export type Body = Record<string, any> | FormData;

export interface Login { key: string; access: string; user: User; college_id: number | null; accessible_colleges: any[]; }

export interface User {
  id: number; username: string; email: string; full_name: string; first_name: string; last_name: string; avatar: string | null;
  is_online: boolean; user_type: string; user_type_display: string; college: number | null; college_name: string | null;
  is_active: boolean; is_verified: boolean; date_joined: string; [more: string]: any;
}

export interface Message {
  id: number; sender: number; sender_id: number; sender_name: string; sender_avatar: string | null;
  receiver: number; receiver_id: number; message: string; attachment: string | null; attachment_url: string | null;
  attachment_type: 'image' | 'video' | 'document' | null; timestamp: string; is_read: boolean; conversation_id: number;
  client_msg_id: string | null; read_at?: string | null; delivered_at?: string | null; [more: string]: any;
}

export interface Conversation {
  conversation_id: number;
  other_user: { id: number; username: string; full_name: string; avatar: string | null; is_online: boolean; last_seen: string | null };
  last_message: string | null; last_message_at: string | null; last_message_by_me: boolean; unread_count: number; updated_at: string;
}

export interface History { conversation_id: number | null; other_user: Conversation['other_user']; messages: Message[]; has_more: boolean; }

/**
 * The calls. Each resolves with the answer's JSON (undefined for 204) and raises ApiError for a refusal, TypeError where
 * there is no network, and the signal's reason when it is aborted. Paths of get() and the like are below baseUrl.
 */
export interface Api {
  get(path: string, query?: Query, options?: CallOptions): Promise<any>;
  post(path: string, body?: Body, options?: UploadOptions): Promise<any>;
  put(path: string, body?: Body, options?: UploadOptions): Promise<any>;
  patch(path: string, body?: Body, options?: UploadOptions): Promise<any>;
  delete(path: string, options?: CallOptions): Promise<any>;

  login(username: string, password: string, options?: CallOptions): Promise<Login>;
  /** The client closes with reason `logout`, here and in the tabs with the same token, and unsent texts are discarded. */
  logout(): Promise<any>;
  me(options?: CallOptions): Promise<User>;
  /** Fields of an account, one's own or another's; `avatar` is a File, or null. */
  updatePerson(id: number, fields: Body, options?: UploadOptions): Promise<User>;
  changePassword(oldPassword: string, newPassword: string): Promise<any>;
  sessions(query?: Query, options?: CallOptions): Promise<Page<any>>;
  endSession(id: number): Promise<void>;
  signUp(fields: { username: string; password1: string; password2: string; [more: string]: any }): Promise<any>;

  people(query?: Query, options?: CallOptions): Promise<Page<User>>;
  person(id: number, options?: CallOptions): Promise<User>;
  createPerson(fields: Body): Promise<User>;
  disablePerson(id: number): Promise<void>;
  /** Without a password: the answer has a one-time link. */
  setPassword(id: number, password?: string): Promise<{ message: string; link: string | null; expires_at: string | null }>;
  colleges(query?: Query, options?: CallOptions): Promise<Page<any>>;
  classes(query?: Query, options?: CallOptions): Promise<Page<any>>;
  sections(query?: Query, options?: CallOptions): Promise<Page<any>>;

  conversations(options?: CallOptions): Promise<Conversation[]>;
  /** The messages with that user, newest first. */
  history(userId: number, query?: { limit?: number; offset?: number; before_id?: number }, options?: CallOptions): Promise<History>;
  messages(query?: Query, options?: CallOptions): Promise<Page<Message>>;
  message(id: number, options?: CallOptions): Promise<Message>;
  /** One attempt, without the outbox. */
  send(message: Outgoing, options?: UploadOptions): Promise<Message>;
  editMessage(id: number, text: string): Promise<Message>;
  deleteMessage(id: number): Promise<void>;
  markRead(which: { message_ids: number[] } | { conversation_id: number } | { sender_id: number }): Promise<{ success: true; marked_count: number; read_at: string }>;
  delivered(which: { message_ids: number[] } | { up_to_id: number }): Promise<{ success: true; marked_count: number }>;
  /** `true` goes out at most once in two seconds and receiver. */
  typing(receiverId: number, isTyping?: boolean): Promise<{ success: true }>;
  unreadCount(options?: CallOptions): Promise<{ total_unread: number; conversations: any[] }>;
  onlineUsers(options?: CallOptions): Promise<{ online_users: number[] }>;
  search(q: string, query?: { with?: number; page?: number; page_size?: number }, options?: CallOptions): Promise<Page<Message>>;

  notices(query?: Query, options?: CallOptions): Promise<Page<any>>;
  notice(id: number, options?: CallOptions): Promise<any>;
  createNotice(fields: Body, options?: UploadOptions): Promise<any>;
  updateNotice(id: number, fields: Body, options?: UploadOptions): Promise<any>;
  deleteNotice(id: number): Promise<void>;
  previewNotice(fields: Body, options?: CallOptions): Promise<{ reached: number; online: number }>;
  announcements(query?: Query, options?: CallOptions): Promise<Page<any>>;
  createAnnouncement(fields: Body): Promise<any>;
  previewAnnouncement(fields: Body, options?: CallOptions): Promise<{ reached: number; online: number }>;
  notifications(query?: Query, options?: CallOptions): Promise<Page<any>>;
  notification(id: number, options?: CallOptions): Promise<any>;
  markNotificationsRead(which: { ids: number[] } | { all: true }): Promise<{ success: true; marked_count: number }>;
  notificationsUnread(options?: CallOptions): Promise<{ unread_count: number }>;

  events(query?: Query, options?: CallOptions): Promise<Page<any>>;
  event(id: number, options?: CallOptions): Promise<any>;
  createEvent(fields: Body, options?: UploadOptions): Promise<any>;
  updateEvent(id: number, fields: Body, options?: UploadOptions): Promise<any>;
  deleteEvent(id: number): Promise<void>;
  registrations(query?: Query, options?: CallOptions): Promise<Page<any>>;
  /** Come to an event; administrators may name another user. */
  register(eventId: number, fields?: { user?: number; status?: string }): Promise<any>;
  updateRegistration(id: number, fields: { status: string }): Promise<any>;
  unregister(id: number): Promise<void>;

  streams(query?: Query, options?: CallOptions): Promise<Page<any>>;
  endStream(id: number): Promise<void>;
  stats(options?: CallOptions): Promise<any>;
}
