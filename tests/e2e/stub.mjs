// A server for end-to-end tests that misbehaves on order, by path, and remembers who called.
//
//   /echo                 JSON of method, path, query, headers and body (text)
//   /delay/MS             an answer after so many milliseconds
//   /status/CODE          that status; ?retry_after=SECONDS adds the header
//   /flaky/N              500 for the first N calls of an Idempotency-Key, then 200
//   /hang                 reads the request and never answers; ?until=mended: answers what comes behind /_mend
//   /close                reads the request and closes the connection
//   /cut                  closes it in the middle of the body
//   /bad-json             JSON that ends too early
//   /redirect?to=URL      302 to URL; &status=CODE for another one
//   /big/BYTES            a body of so many bytes
//   /list/COUNT           {items, next, cursor} and a Link header: the numbers from 1 to COUNT in pages
//                         of ?size=10, by page=N (from 1), offset=N or cursor=TEXT, in the query or as
//                         members of a JSON body; &broken=OFFSET: 500 for that page until /_mend
//   /page?title=…&text=…  a web page with that title and a paragraph; &broken=1: 422 until /_mend
//   /chat/completions     a model that says its last message, as OpenAI's Chat Completions has it
//   /_calls               the calls seen, oldest first, as JSON; not a call itself
//   /_count               how many
//   /_mend                what is broken answers well
//   /_reset               forgets calls, the counts of /flaky and /_mend
//
// Tests import startStub(). By itself: node stub.mjs [--port N] [--host ADDRESS].

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

// Beyond this the oldest calls are kept and newer ones only counted.
const CALLS_MAX = 2_000_000;
const PIECE = Buffer.alloc(65536, 'x');

/**
 * @typedef {object} Call
 * @property {number} number from 1
 * @property {string} method
 * @property {string} path with the query
 * @property {string|null} idempotency_key
 * @property {number} body_bytes
 * @property {string} body_sha256
 * @property {number} unix_ms when its body had come
 */

function sendJson(response, status, value, headers = {}) {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

function echo({ request, path, query, body, response }) {
  sendJson(response, 200, {
    method: request.method,
    path,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: request.headers,
    body: body.toString('utf8'),
  });
}

function delay({ response, argument }) {
  setTimeout(() => sendJson(response, 200, { delayed_ms: argument }), argument);
}

function status({ response, argument, query }) {
  const wait = new URLSearchParams(query).get('retry_after');
  const headers = wait === null ? {} : { 'retry-after': wait };
  if (argument === 204 || argument === 304) {
    response.writeHead(argument, headers);
    response.end();
    return;
  }
  sendJson(response, argument, { status: argument }, headers);
}

function flaky({ response, argument, call, state }) {
  const key = call.idempotency_key ?? `${call.path} ${call.body_sha256}`;
  const failed = state.failures.get(key) ?? 0;
  if (failed < argument) {
    state.failures.set(key, failed + 1);
    sendJson(response, 500, { error: 'flaky', attempt: failed + 1 });
    return;
  }
  sendJson(response, 200, { ok: true, attempt: failed + 1 });
}

function hang({ response, query, state }) {
  if (state.isMended && new URLSearchParams(query).get('until') === 'mended') sendJson(response, 200, { mended: true });
}

function close({ request }) {
  request.socket.destroy();
}

function cut({ request, response }) {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
  response.write('{"cut": "', () => request.socket.destroy());
}

function badJson({ response }) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"a": 1, "b": ');
}

function redirect({ response, query }) {
  const options = new URLSearchParams(query);
  const code = Number(options.get('status') ?? 302);
  sendJson(response, code, { moved: true }, { location: options.get('to') ?? '/echo' });
}

function big({ response, argument }) {
  let left = argument;
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': left });
  const write = () => {
    while (left > 0) {
      const piece = left < PIECE.length ? PIECE.subarray(0, left) : PIECE;
      left -= piece.length;
      if (!response.write(piece)) {
        response.once('drain', write);
        return;
      }
    }
    response.end();
  };
  write();
}

function listAsked(query, body) {
  const asked = Object.fromEntries(new URLSearchParams(query));
  try {
    Object.assign(asked, JSON.parse(body.toString('utf8')));
  } catch {
    // Not a JSON body: only the query counts.
  }
  const size = Number(asked.size ?? 10);
  const cursor = asked.cursor ? Number(String(asked.cursor).replace('after-', '')) : 0;
  const offset = asked.page === undefined ? Number(asked.offset ?? cursor) : (asked.page - 1) * size;
  return { size, offset, broken: asked.broken === undefined ? -1 : Number(asked.broken) };
}

function list({ request, response, path, query, body, argument, state }) {
  const { size, offset, broken } = listAsked(query, body);
  if (broken === offset && !state.isMended) {
    sendJson(response, 500, { error: 'broken' });
    return;
  }
  const items = Array.from({ length: Math.max(0, Math.min(size, argument - offset)) }, (_, i) => offset + i + 1);
  const hasMore = offset + size < argument;
  const link = new URLSearchParams(query);
  link.delete('page');
  link.delete('cursor');
  link.set('offset', offset + size);
  const next = `http://${request.headers.host}${path}?${link}`;
  sendJson(
    response,
    200,
    { items, next: hasMore ? next : null, cursor: hasMore ? `after-${offset + size}` : '' },
    hasMore ? { link: `<${next}>; rel="next", <${path}>; rel="first"` } : {},
  );
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

function page({ response, query, state }) {
  const asked = new URLSearchParams(query);
  if (asked.get('broken') && !state.isMended) {
    sendJson(response, 422, { error: 'broken' });
    return;
  }
  const title = escaped(asked.get('title') ?? 'A page');
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
  response.end(`<!doctype html><html><head><title>${title}</title><script>no()</script></head>
<body><nav><a href="/">Home</a></nav><main><h1>${title}</h1><p>${escaped(asked.get('text') ?? '')}</p></main></body></html>`);
}

function chat({ response, body }) {
  const { model, messages } = JSON.parse(body.toString('utf8'));
  sendJson(response, 200, {
    id: 'chatcmpl-stub',
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: messages.at(-1).content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 100, completion_tokens: 10 },
  });
}

// By the first part of the path. Those marked take a whole number as the second part.
const PLACES = new Map([
  ['echo', { serve: echo }],
  ['delay', { serve: delay, takesNumber: true }],
  ['status', { serve: status, takesNumber: true }],
  ['flaky', { serve: flaky, takesNumber: true }],
  ['hang', { serve: hang }],
  ['close', { serve: close }],
  ['cut', { serve: cut }],
  ['bad-json', { serve: badJson }],
  ['redirect', { serve: redirect }],
  ['big', { serve: big, takesNumber: true }],
  ['list', { serve: list, takesNumber: true }],
  ['chat', { serve: chat }],
  ['page', { serve: page }],
]);

function remember(state, request, body) {
  const call = {
    number: ++state.count,
    method: request.method,
    path: request.url,
    idempotency_key: request.headers['idempotency-key'] ?? null,
    body_bytes: body.length,
    body_sha256: createHash('sha256').update(body).digest('hex'),
    unix_ms: Date.now(),
  };
  if (state.calls.length < CALLS_MAX) state.calls.push(call);
  return call;
}

function reset(state) {
  state.calls = [];
  state.count = 0;
  state.failures.clear();
  state.isMended = false;
}

/** Control requests; false if it is none. */
function control(state, request, response) {
  if (request.url === '/_calls') sendJson(response, 200, state.calls);
  else if (request.url === '/_count') sendJson(response, 200, { count: state.count });
  else if (request.url === '/_mend') {
    state.isMended = true;
    sendJson(response, 200, {});
  } else if (request.url === '/_reset') {
    reset(state);
    sendJson(response, 200, { count: 0 });
  } else return false;
  return true;
}

function serve(state, request, response, body) {
  if (control(state, request, response)) return;
  const call = remember(state, request, body);
  const [path, query = ''] = request.url.split('?', 2);
  const [, name, rest = ''] = path.split('/');
  const place = PLACES.get(name);
  const argument = place?.takesNumber ? Number(rest) : undefined;
  const isValid = !place?.takesNumber || /^\d{1,10}$/.test(rest);
  const isStatus = name !== 'status' || (argument >= 200 && argument <= 599);
  if (place === undefined || !isValid || !isStatus) {
    sendJson(response, 404, { error: `no place like ${path}` });
    return;
  }
  place.serve({ state, request, response, body, path, query, call, argument });
}

/**
 * Starts a stub in this process. Port 0 takes a free one.
 * @returns {Promise<{url: string, port: number, calls: () => Call[], count: () => number,
 *   reset: () => void, mend: () => void, close: () => Promise<void>}>}
 */
export async function startStub({ port = 0, host = '127.0.0.1' } = {}) {
  const state = { calls: [], count: 0, failures: new Map(), isMended: false };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('error', () => {});
    request.on('end', () => {
      const body = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
      serve(state, request, response, body);
    });
  });
  // A hanging request must hang for as long as the client likes.
  server.requestTimeout = 0;
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host, backlog: 4096 }, resolve);
  });
  // A test that ends early, by a failure, does not wait for its stub.
  server.unref();
  server.on('connection', (socket) => socket.unref());
  const address = server.address();
  return {
    url: `http://${host}:${address.port}`,
    port: address.port,
    calls: () => state.calls,
    count: () => state.count,
    reset: () => reset(state),
    mend: () => (state.isMended = true),
    hold: () => server.ref(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readArguments(words) {
  const options = {};
  for (let i = 0; i < words.length; i += 2) {
    if (words[i] === '--port') options.port = Number(words[i + 1]);
    else if (words[i] === '--host') options.host = words[i + 1];
    else throw new Error(`unknown argument ${words[i]}: use --port N and --host ADDRESS`);
  }
  return options;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const stub = await startStub(readArguments(process.argv.slice(2)));
  stub.hold();
  console.log(stub.url);
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.once(signal, () => stub.close().then(() => process.exit(0)));
}
