// What an app writes in TypeScript, for the type checker: each line after an @ts-expect-error has to be wrong.
import { RealtimeProvider, useRealtime, useRealtimeEvent, useRealtimeStatus, useSSE } from 'campus-realtime-react';
import type { Realtime, RealtimeOptions, SSEEvent } from 'campus-realtime-react';

export function Inside(): null {
  const { client, status, on, reconnect }: Realtime = useRealtime();
  useRealtimeEvent('message', (message, { id }) => { const text: string = message.message + id; return text; });
  useRealtimeEvent('typing', ({ is_typing }) => is_typing, { on });
  // @ts-expect-error
  useRealtimeEvent('typing', ({ nothing }) => nothing);
  const sent = client?.send({ receiver_id: 1, message: status });
  reconnect();
  void sent;
  const { retryAt } = useRealtimeStatus();
  void retryAt;
  return null;
}

export function Outside({ token }: { token: string | null }) {
  const options: RealtimeOptions = { token, user: 7, enabled: true, onUnauthorized: async () => null };
  useRealtime({ token, onResync: ({ reason }) => reason.length });
  // @ts-expect-error
  useRealtime({ token, nothing: 1 });
  const take = (event: SSEEvent) => { if (event.type === 'read_receipt') void event.data.message_id; };
  const { isConnected, error, disconnect } = useSSE(take, token, true);
  useSSE(take, undefined);
  const said: string = error ?? String(isConnected);
  return <RealtimeProvider {...options}><button onClick={disconnect}>{said}</button><Inside /></RealtimeProvider>;
}
