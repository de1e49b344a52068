// What no two servers may read differently, and what is too long: refused by the real program with
// the right status, and the connection closed, so that nothing behind it is taken for a request.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

/** Sends bytes and reads until the server closes; `half`: says at once that no more will come. */
function talk(bytes, { half = false } = {}) {
  return new Promise((resolved, rejected) => {
    let text = '';
    const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true }, () => {
      socket.write(Buffer.from(bytes, 'latin1'));
      if (half) socket.end();
    });
    socket.on('data', (piece) => (text += piece.toString('latin1')));
    socket.on('error', rejected);
    socket.on('end', () => {
      socket.end();
      resolved(text);
    });
  });
}

/** The status lines in a text, in order. */
const statuses = (text) => [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((found) => Number(found[1]));

const NEXT = 'GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const POST = 'POST /v1/workflows HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

/** With the key, so that the request is refused for nothing else. */
const keyed = (bytes) => bytes.replace('Host: a\r\n',
  `Host: a\r\nx-metal-api-key: ${server.key.apiKey}\r\nx-metal-client-id: ${server.key.clientId}\r\n`);

const SMUGGLED = {
  'Content-Length and Transfer-Encoding': `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding and Content-Length': `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  'two different Content-Lengths': `${POST}Content-Length: 0\r\nContent-Length: 5\r\n\r\n`,
  'two equal Content-Lengths': `${POST}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
  'a list of Content-Lengths': `${POST}Content-Length: 0, 0\r\n\r\n`,
  'Content-Length: +5': `${POST}Content-Length: +5\r\n\r\nhello`,
  'Content-Length: -5': `${POST}Content-Length: -5\r\n\r\n`,
  'Content-Length: 5x': `${POST}Content-Length: 5x\r\n\r\nhello`,
  'Content-Length: 0x5': `${POST}Content-Length: 0x5\r\n\r\nhello`,
  'Content-Length of nothing': `${POST}Content-Length:\r\n\r\n`,
  'Transfer-Encoding: gzip, chunked': `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding: chunked, gzip': `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding: xchunked': `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding behind a vertical tab': `${POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  'two Transfer-Encodings': `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  'Transfer-Encoding in HTTP/1.0': 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'chunk size 0x5': `${CHUNKED}0x5\r\nhello\r\n0\r\n\r\n`,
  'a negative chunk size': `${CHUNKED}-5\r\nhello\r\n0\r\n\r\n`,
  'a chunk size with a blank': `${CHUNKED}5 \r\nhello\r\n0\r\n\r\n`,
  'a chunk size that wraps': `${CHUNKED}10000000000000005\r\nhello\r\n0\r\n\r\n`,
  'chunk data without CR LF': `${CHUNKED}5\r\nhello0\r\n\r\n`,
  'chunk data longer than its size': `${CHUNKED}4\r\nhello\r\n0\r\n\r\n`,
  'LF behind a chunk size': `${CHUNKED}5\nhello\r\n0\r\n\r\n`,
  'LF behind chunk data': `${CHUNKED}5\r\nhello\n0\r\n\r\n`,
  'LF in a chunk extension': `${CHUNKED}5;a\nb\r\nhello\r\n0\r\n\r\n`,
  'LF at the end of chunks': `${CHUNKED}0\r\n\n`,
  'a space before the colon': `${POST}Content-Length : 0\r\n\r\n`,
  'a tab before the colon': `${POST}Content-Length\t: 0\r\n\r\n`,
  'a folded line': `${POST}X: 1\r\n Content-Length: 5\r\n\r\n`,
  'a line that begins with a space': 'POST / HTTP/1.1\r\n Host: a\r\n\r\n',
  'NUL in a value': `${POST}X: 1\x002\r\n\r\n`,
  'NUL in a name': `${POST}X\x00: 1\r\n\r\n`,
  'CR in a value': `${POST}X: 1\rContent-Length: 5\r\n\r\n`,
  'LF line ends': 'GET /healthz HTTP/1.1\nHost: a\n\n',
  'LF behind one line': 'GET /healthz HTTP/1.1\r\nHost: a\n\r\n',
  'no Host': 'GET /healthz HTTP/1.1\r\n\r\n',
  'two Hosts': 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'a Host that is none': 'GET /healthz HTTP/1.1\r\nHost: a/../b\r\n\r\n',
  'a bad byte in the method': 'G@T /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
  'a NUL in the target': 'GET /health\x00z HTTP/1.1\r\nHost: a\r\n\r\n',
  'two spaces in the request line': 'GET  /healthz HTTP/1.1\r\nHost: a\r\n\r\n',
  'a relative target': 'GET healthz HTTP/1.1\r\nHost: a\r\n\r\n',
  'HTTP/0.9': 'GET /healthz\r\n\r\n',
  'TLS': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
};

for (const [label, bytes] of Object.entries(SMUGGLED)) {
  test(`400 and the end: ${label}`, async () => {
    const text = await talk(keyed(bytes) + NEXT);
    assert.deepEqual(statuses(text), [400], text);
    assert.match(text, /\r\nConnection: close\r\n/);
    assert.match(text, /\r\n\r\n\{"error":"[^"]+/);
  });
}

const many = (count, make) => Array.from({ length: count }, (_, i) => make(i)).join('');
const REFUSED = [
  [411, 'a body of HTTP/1.0 without its length', 'POST / HTTP/1.0\r\nContent-Type: a/b\r\n\r\nhello'],
  [413, 'a body that is announced too long', `${POST}Content-Length: 99999999999\r\n\r\n`],
  [413, 'a length beyond 64 bits', `${POST}Content-Length: 99999999999999999999\r\n\r\n`],
  [413, 'a chunk that is announced too long', `${CHUNKED}ffffffffffff\r\n`],
  [413, 'extensions without end', `${CHUNKED}${many(99, () => `1;${'e'.repeat(99)}\r\nx\r\n`)}`],
  [414, 'a long target', `GET /${'x'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  [414, 'a path of many segments', `GET ${'/x'.repeat(50)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  [417, 'another expectation', `${POST}Expect: tea\r\n\r\n`],
  [431, 'a long header line', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65536)}\r\n\r\n`],
  [431, 'header lines without end', `GET / HTTP/1.1\r\nHost: a\r\n${many(5000, (i) => `X${i}: 1\r\n`)}\r\n`],
  [431, 'trailers without end', `${CHUNKED}0\r\n${many(2000, (i) => `X${i}: 1\r\n`)}\r\n`],
  [505, 'HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  [505, 'HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n'],
];

for (const [status, label, bytes] of REFUSED) {
  test(`${status} and the end: ${label}`, async () => {
    const text = await talk(keyed(bytes) + NEXT);
    assert.deepEqual(statuses(text), [status], text);
  });
}

test('a refusal is in the words of the API that its own path is of, not of the request before', async () => {
  const key = `Authorization: Bearer ${server.key.apiKey}\r\n`;
  const long = (path) => `POST ${path} HTTP/1.1\r\nHost: a\r\n${key}Content-Length: 99999999999\r\n\r\n`;
  const body = async (bytes) => (await talk(bytes)).split('\r\n\r\n').at(-1);
  const words = 'the body is longer than';
  assert.match(await body(long('/v1/workflows')), new RegExp(`^\\{"error":"${words} \\d+ bytes"\\}`));
  assert.match(await body(long('/api/v1/entities')), new RegExp(`^\\{"data":null,"error":\\{"code":"payload_too_large","message":"${words}`));
  assert.match(await body(long('/api/v1/run/x')), new RegExp(`^\\{"error":"${words} \\d+ bytes","success":false\\}`));
  assert.match(await body(long('/workflows/run')), new RegExp(`^\\{"error":"Payload Too Large","message":"${words}`));
  const good = `GET /api/v1/jobs HTTP/1.1\r\nHost: a\r\n${key}\r\n`;
  assert.match(await body(`${good}GET /x HTTP/9.9\r\n\r\n`), /^\{"error":"/);
});

test('a body that is too long for those without a key is refused before it comes', async () => {
  const text = await talk(`${POST}Content-Length: 100000\r\n\r\n`);
  assert.deepEqual(statuses(text), [401], text);
});

test('only who waits for it is told to go on, and once', async () => {
  const asked = await talk(`${POST}Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`
    + '{}');
  assert.deepEqual(statuses(asked), [401], 'the body was there already');
  const text = await new Promise((resolved, rejected) => {
    let seen = '';
    const socket = connect(server.port, '127.0.0.1', () =>
      socket.write(`${POST}Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`));
    socket.on('data', (piece) => {
      if (seen === '') socket.write('{}');
      seen += piece;
    });
    socket.on('error', rejected);
    socket.on('close', () => resolved(seen));
  });
  assert.deepEqual(statuses(text), [100, 401], text);
});

test('a flood of pipelined requests is answered in order', async () => {
  const count = 5000;
  const text = await talk(many(count, () => 'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n') + NEXT);
  assert.equal(statuses(text).length, count + 1);
  assert.ok(statuses(text).every((status) => status === 200));
});

test('who has said all is still answered', async () => {
  assert.deepEqual(statuses(await talk(NEXT, { half: true })), [200]);
  assert.deepEqual(statuses(await talk(NEXT.slice(0, -2), { half: true })), [], 'half a request');
});

test('clients that hang up in every state do no harm', async () => {
  const states = [
    '', 'GET', 'GET / HTTP/1.1\r\nHost: a\r\n', `${POST}Content-Length: 100\r\n\r\nhalf`,
    `${CHUNKED}5\r\nhel`, NEXT, `${POST}Content-Length: 0\r\n\r\n`,
    'GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n', 'nonsense',
  ].map(keyed);
  for (const how of ['resetAndDestroy', 'destroy', 'end']) {
    await Promise.all(Array.from({ length: 20 }).flatMap(() => states.map((bytes) =>
      new Promise((resolved) => {
        const socket = connect(server.port, '127.0.0.1', () => {
          socket.write(bytes);
          setImmediate(() => socket[how]());
        });
        socket.resume();
        socket.on('error', () => {});
        socket.on('close', resolved);
      }))));
  }
  assert.equal((await server.get('/healthz')).status, 200);
});

test('what a client sends makes no header lines of ours', async () => {
  for (const path of ['/%0d%0aX-Evil:%201', '/v1/files/x%0d%0aX-Evil:%201/content', '/v1/workflows/%0aX-Evil: 1']) {
    const answer = await talk(keyed(`GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`));
    assert.doesNotMatch(answer, /\r\nX-Evil/i, answer);
    assert.ok(statuses(answer)[0] >= 400 && statuses(answer)[0] < 500, answer);
  }
});
