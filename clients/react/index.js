'use client';
// The package's front. Nothing happens at import, so a page that is rendered on a server may import it.

export { RealtimeProvider, useRealtime, useRealtimeEvent, useRealtimeStatus } from './hooks.js';
export { useSSE } from './sse.js';
