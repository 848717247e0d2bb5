// A request that tells how much of its body has gone: XMLHttpRequest can, fetch cannot. Its answer looks like fetch's.

export function sendWithProgress({ method, url, headers, body, signal, onProgress }) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    const done = (settle, value) => { signal?.removeEventListener('abort', stop); settle(value); };
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
    request.onload = () => done(resolve, answerOf(request));
    request.onerror = () => done(reject, new TypeError('The server cannot be reached.'));
    request.onabort = () => done(reject, signal.reason);
    signal?.addEventListener('abort', stop, { once: true });
    request.send(body);
  });
}

function answerOf(request) {
  return {
    status: request.status,
    ok: request.status >= 200 && request.status < 300,
    headers: { get: (name) => request.getResponseHeader(name) },
    text: async () => request.responseText,
  };
}
