// The hooks' interface. Events and the client are those of campus-realtime.

import type { Client, ClosedReason, ConnectOptions, EventInfo, EventMap, Status } from 'campus-realtime';
import type { ReactElement, ReactNode } from 'react';

export interface RealtimeOptions extends Omit<ConnectOptions, 'token'> {
  /**
   * Without a token there is no client. Another one makes a new client, which goes on where this browser was with that
   * user; the one that `onUnauthorized` gave is no other.
   */
  token?: string | null;
  /** false: no client, as without a token. Default true. */
  enabled?: boolean;
}

export interface RealtimeStatus {
  /** `connecting` before the first effect and on a server; `closed` without a token. */
  status: Status;
  /** Why it is closed; null also where nothing was wanted. */
  reason: ClosedReason | null;
  transport: 'stream' | 'poll' | null;
  /** When the next attempt is due (milliseconds since 1970), while it waits for one. */
  retryAt: number | null;
}

/** Another object after each change of the state, and only then. */
export interface Realtime extends RealtimeStatus {
  /** null in the first render, on a server, without a token, and while `enabled` is false. */
  client: Client | null;
  /** For effects: call fn for each event of this type, whichever client is there; the answer ends it. Always the same function. */
  on<T extends string>(type: T, fn: (data: T extends keyof EventMap ? EventMap[T] : any, info: EventInfo) => void): () => void;
  /** Try now; a client that is closed gives way to a new one. Always the same function. */
  reconnect(): void;
}

/** One client for everything below it. */
export function RealtimeProvider(props: RealtimeOptions & { children?: ReactNode }): ReactElement;

/** The client of the provider above. Throws without one. */
export function useRealtime(): Realtime;
/** A client for this component, shared with all that give the same options. A bad option is a TypeError for the nearest error boundary. */
export function useRealtime(options: RealtimeOptions | null): Realtime;

/** Call fn, always the newest one, for each event of this type, while the component is there. */
export function useRealtimeEvent<T extends string>(
  type: T, fn: (data: T extends keyof EventMap ? EventMap[T] : any, info: EventInfo) => void, realtime?: Pick<Realtime, 'on'>,
): void;

/** The state of the provider's client. */
export function useRealtimeStatus(): RealtimeStatus;

export type SSEEventType = 'connected' | 'message' | 'typing' | 'read_receipt' | 'notification' | 'heartbeat' | 'disconnected';
export type SSEEvent = { [K in SSEEventType]: { type: K; data: EventMap[K] } }[SSEEventType];

export interface SSEConnection {
  isConnected: boolean;
  /** A text for people, or null: after a drop until it is connected again. */
  error: string | null;
  /** Holds until reconnect(), another token, or `enabled` anew. */
  disconnect: () => void;
  reconnect: () => void;
}

/** Forward events while `enabled` (default true) and there is a token. */
export function useSSE(onEvent: (event: SSEEvent) => void, token: string | null | undefined, enabled?: boolean): SSEConnection;
