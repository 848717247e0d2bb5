'use client';
// The hooks and the provider: React's side of a scope. Effects open and close, and nothing else does; a server has none.

import { createContext, createElement, useContext, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';

import { Pool } from './pool.js';
import { Scope } from './scope.js';

const NONE = { client: null, reason: null, transport: null, retryAt: null };
const NOT_YET = Object.freeze({ ...NONE, status: 'connecting' });
const NOT_WANTED = Object.freeze({ ...NONE, status: 'closed' });

const pool = new Pool();
const Realtime = createContext(null);

/** A scope for as long as the component is there. */
export function useScope() {
  const [scope] = useState(() => new Scope(pool));
  return scope;
}

/** The nearest provider's {scope, isWanted, options}, or null. */
export function useOuter() {
  return useContext(Realtime);
}

/** A ref that holds the newest of these. */
export function useLatest(value) {
  const latest = useRef(value);
  useEffect(() => { latest.current = value; });
  return latest;
}

/**
 * Options of connect() as text, so that two renders can be compared. A function is none of them: it stays as a name that
 * connect() does not know, and so complains of.
 */
export function textOf(options) {
  return JSON.stringify(options, (name, value) => (typeof value === 'function' ? null : value));
}

/** What a component asked for, as {scope, isWanted, options}, and the scope open while it is wanted. */
function useOpen(given) {
  const { enabled = true, onUnauthorized, onResync, ...options } = given ?? {};
  const scope = useScope();
  const latest = useLatest({ onUnauthorized, onResync });
  const isWanted = Boolean(enabled && options.token);
  const text = textOf(options);
  useEffect(() => scope.listen('resync', (data) => latest.current.onResync?.(data)), [scope, latest]);
  useEffect(() => {
    if (!isWanted) return undefined;
    scope.onUnauthorized = () => latest.current.onUnauthorized?.();
    scope.open(JSON.parse(text));
    return () => scope.close();
  }, [scope, latest, isWanted, text]);
  return useMemo(() => ({ scope, isWanted, options: JSON.parse(text) }), [scope, isWanted, text]);
}

function needed(outer, name) {
  if (outer === null) throw new Error(`${name} needs a <RealtimeProvider> above it`);
  return outer;
}

/** The client for everything below it. Props: the options of useRealtime(), and children. */
export function RealtimeProvider({ children, ...options }) {
  return createElement(Realtime.Provider, { value: useOpen(options) }, children);
}

/** {client, status, reason, transport, retryAt, on, reconnect}: of these options, or without any of the provider above. */
export function useRealtime(options) {
  const outer = useOuter();
  const own = useOpen(options);
  const { scope, isWanted } = options === undefined ? needed(outer, 'useRealtime() without options') : own;
  const none = isWanted ? NOT_YET : NOT_WANTED;
  const state = useSyncExternalStore(scope.watch, () => (isWanted && scope.state) || none, () => none);
  return useMemo(() => ({ ...state, on: scope.listen, reconnect: scope.reconnect }), [state, scope]);
}

/** Call fn(data, {type, id}) for each event of the type: of what useRealtime(options) answered, or of the provider above. */
export function useRealtimeEvent(type, fn, realtime) {
  const outer = useOuter();
  const on = realtime?.on ?? needed(outer, 'useRealtimeEvent()').scope.listen;
  const latest = useLatest(fn);
  useEffect(() => on(type, (data, info) => latest.current(data, info)), [on, type, latest]);
}

/** {status, reason, transport, retryAt} of the provider above. */
export function useRealtimeStatus() {
  const { status, reason, transport, retryAt } = useRealtime();
  return useMemo(() => ({ status, reason, transport, retryAt }), [status, reason, transport, retryAt]);
}
