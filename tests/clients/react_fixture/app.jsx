// Components for the tests of the hooks. `show(name, props, {strict})` puts one onto the page, or changes its props;
// `heard[name]` is what the component of that name was told, `seen[name]` what it rendered last.
import { Component, StrictMode, version } from 'react';
import { createRoot } from 'react-dom/client';
import { RealtimeProvider, useRealtime, useRealtimeEvent, useRealtimeStatus, useSSE } from 'campus-realtime-react';

import Board from './board.jsx';

const heard = {};
const seen = {};
const hear = (name, event) => (heard[name] ??= []).push(event);

function Listener({ name, type = '*' }) {
  useRealtimeEvent(type, (data, info) => hear(name, type === '*' ? data : { type, data, id: info.id }));
  seen[name] = useRealtimeStatus();
  return null;
}

function Provided({ names = ['a', 'b'], tokens = [], ...options }) {
  return (
    <RealtimeProvider {...options} onUnauthorized={async () => tokens.shift()}>
      {names.map((name) => <Listener key={name} name={name} />)}
    </RealtimeProvider>
  );
}

function Own({ name, ...options }) {
  const realtime = useRealtime(options);
  useRealtimeEvent('*', (event) => hear(name, event), realtime);
  seen[name] = realtime;
  return null;
}

/** Its callback is another one in each render, and fails at what it is told to. */
function Sse({ name, token, enabled, failsAt }) {
  seen[name] = useSSE((event) => {
    hear(name, event);
    if (event.type === failsAt) throw new Error('of the app');
  }, token, enabled);
  return null;
}

function Mixed({ late, token, user }) {
  return (
    <>
      <Own name="first" token={token} user={user} />
      <Own name="second" token={token} />
      <RealtimeProvider token={token}>
        <Sse name="sse" token={token} />
        {late && <Own name="late" token={token} />}
      </RealtimeProvider>
    </>
  );
}

function Pair({ token }) {
  return <><Sse name="one" token={token} /><Sse name="other" token={token} /></>;
}

/** The provider has no token of its own: it says where the interface is, and how to come to it. */
function Nested({ token, ...options }) {
  return <RealtimeProvider {...options}><Sse name="sse" token={token} /></RealtimeProvider>;
}

function Lost() {
  useRealtimeStatus();
  return null;
}

class Boundary extends Component {
  state = { told: null };

  static getDerivedStateFromError(error) {
    return { told: `${error.name}: ${error.message}` };
  }

  render() {
    return this.state.told ?? this.props.children;
  }
}

const pieces = { Provided, Own, Sse, Mixed, Pair, Nested, Board, Lost };
let root = null;

function show(piece, props, { strict = true } = {}) {
  // What a boundary takes is no news to the console.
  root ??= createRoot(document.getElementById('root'), { onCaughtError() {} });
  const Piece = pieces[piece];
  const tree = <Boundary><Piece {...props} /></Boundary>;
  root.render(strict ? <StrictMode>{tree}</StrictMode> : tree);
}

function hide() {
  root.unmount();
  root = null;
}

Object.assign(globalThis, { version, heard, seen, show, hide });
