// Rendered where there is no window: by Node, to text.
import { renderToString } from 'react-dom/server';
import { RealtimeProvider, useRealtime, useRealtimeEvent, useSSE } from 'campus-realtime-react';

function Inner() {
  const { client, status } = useRealtime();
  useRealtimeEvent('message', () => {});
  const { isConnected, error } = useSSE(() => {}, 'x');
  return JSON.stringify({ client, status, isConnected, error, window: typeof window });
}

const tree = (options) => renderToString(<RealtimeProvider {...options}><Inner /></RealtimeProvider>).replaceAll('&quot;', '"');
console.log(`[${tree({ token: 'x' })},${tree({})}]`);
