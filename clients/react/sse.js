'use client';
// useSSE for components that have one of this signature: a callback, a token, a switch. It is a scope in other words, and
// what it promises is what such a component sees, not how often a connection is opened.

import { useCallback, useEffect, useState } from 'react';

import { textOf, useLatest, useOuter, useScope } from './hooks.js';

const TYPES = ['connected', 'message', 'typing', 'read_receipt', 'notification', 'heartbeat', 'disconnected'];
const BROKEN = 'Connection error';
const LOCAL = 'http://localhost:8000/api/v1';

/** Where the interface is, unless a provider says so. */
function addressOf() {
  try {
    // In one expression: a bundler puts a text in its place, and there may be no `process` beside it.
    return process.env.REACT_APP_API_BASE_URL || LOCAL;
  } catch {
    return LOCAL; // a page without a bundler has no environment to read
  }
}

/** The options of connect(): those of the provider above, and what is its token's only with that token. */
function optionsFor(token, outer) {
  if (!outer) return { baseUrl: addressOf(), token, lastEventId: null };
  const { user, lastEventId, ...others } = outer.options;
  return outer.options.token === token ? outer.options : { ...others, token, lastEventId: null };
}

/**
 * Forward events as onEvent({type, data}) while `enabled` and there is a token. Answers {isConnected, error, disconnect,
 * reconnect}; error is null or a text, disconnect() holds until reconnect() or another token.
 */
export function useSSE(onEvent, token, enabled = true) {
  const scope = useScope();
  const latest = useLatest(onEvent);
  const outer = useOuter();
  const [isConnected, setIsConnected] = useState(false);
  const [error, setError] = useState(null);
  const text = enabled && token ? textOf(optionsFor(String(token), outer)) : null;
  const wanted = useLatest(text);

  const open = useCallback(() => {
    try {
      scope.open(JSON.parse(wanted.current));
    } catch (problem) {
      console.error(problem); // a token that can be none, for example: the component shows that, and stays
      setError(BROKEN);
    }
  }, [scope, wanted]);

  useEffect(() => {
    const forward = (data, { type }) => {
      try {
        latest.current({ type, data });
      } catch (problem) {
        console.error(`onEvent failed at ${type}:`, problem); // and the next event comes as well
      }
    };
    const ends = TYPES.map((type) => scope.listen(type, forward));
    return () => ends.forEach((end) => end());
  }, [scope, latest]);

  useEffect(() => scope.watch(() => {
    const status = scope.state?.status;
    setIsConnected(status === 'connected');
    if (status === 'connected') setError(null);
    else if (status !== undefined && status !== 'connecting') setError(BROKEN);
  }), [scope]);

  useEffect(() => {
    if (text === null) return undefined;
    open();
    return () => scope.close();
  }, [scope, open, text]);

  // After the component has gone nothing may open again.
  useEffect(() => () => { wanted.current = null; }, [wanted]);

  const disconnect = useCallback(() => scope.close(), [scope]);

  const reconnect = useCallback(() => {
    if (scope.state) scope.reconnect();
    else if (wanted.current !== null) open();
  }, [scope, wanted, open]);

  return { isConnected, error, disconnect, reconnect };
}
