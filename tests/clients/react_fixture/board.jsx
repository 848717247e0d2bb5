// A component as an app has it that was written for an EventSource hook of its own: nothing in it knows this package but
// the line that imports the hook.
import { useCallback, useState } from 'react';
import { useSSE } from 'campus-realtime-react';

function Light({ isConnected, error, reconnect }) {
  if (isConnected) return <p id="light">up</p>;
  if (error) return <p id="light">down: {error} <button onClick={reconnect}>Again</button></p>;
  return <p id="light">wait</p>;
}

export default function Board({ token, enabled }) {
  const [lines, setLines] = useState([]);
  const [writers, setWriters] = useState({});

  const take = useCallback(({ type, data }) => {
    if (type === 'message') setLines((old) => [...old, data]);
    else if (type === 'typing') setWriters((old) => ({ ...old, [data.sender_id]: data.is_typing }));
    else if (type === 'read_receipt') {
      setLines((old) => old.map((line) => (line.id === data.message_id ? { ...line, is_read: true } : line)));
    } else if (type === 'notification') setLines((old) => [...old, { id: `n${data.id}`, message: data.title }]);
  }, []);

  const { isConnected, error, disconnect, reconnect } = useSSE(take, token, enabled);

  return (
    <main>
      <Light isConnected={isConnected} error={error} reconnect={reconnect} />
      <button onClick={disconnect}>Stop</button>
      <ul>{lines.map((line) => <li key={line.id}>{line.message}</li>)}</ul>
      {Object.values(writers).some(Boolean) && <p id="typing">Somebody types</p>}
    </main>
  );
}
