// Who may come in: every route, with every kind of wrong key, however the path is written.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

let server;
let workflow;
let run;
before(async () => {
  server = await startServer();
  workflow = await server.publish(`
name: Guarded
steps:
  - { id: a, type: set, config: { fields: { x: 1 } } }
`);
  run = await server.begin(workflow, {});
  await server.reachEnd(run.id);
});
after(() => server?.close());

/** Every route that needs a key, and what a good key gets there. */
const guarded = () => [
  ['GET', '/v1/workflows', 200],
  ['POST', '/v1/workflows', 400],
  ['GET', `/v1/workflows/${workflow.id}`, 200],
  ['POST', `/v1/workflows/${workflow.id}/runs`, 201],
  ['GET', `/v1/workflows/${workflow.id}/runs`, 200],
  ['GET', `/v1/workflow-runs/${run.id}`, 200],
  ['GET', `/v1/workflow-runs/${run.id}/items`, 200],
  ['POST', `/v1/workflow-runs/${run.id}/retry`, 409],
  ['POST', `/v1/workflow-runs/${run.id}/rerun`, 201],
  ['POST', `/v1/workflow-runs/${run.id}/cancel`, 409],
];

function assertRefused(answer, what) {
  assert.equal(answer.status, 401, `${what}: ${answer.text}`);
  assert.deepEqual(answer.json, { error: 'invalid api key or clientId' }, what);
  assert.equal(answer.headers.get('www-authenticate'), 'Bearer', what);
}

test('without a right key every route is shut', async () => {
  const { apiKey, clientId } = server.key;
  const flipped = apiKey.slice(0, -1) + (apiKey.endsWith('A') ? 'B' : 'A');
  const wrong = {
    nothing: {},
    'client id alone': { 'x-metal-client-id': clientId },
    'an empty key': { 'x-metal-api-key': '' },
    'another key': { 'x-metal-api-key': flipped, 'x-metal-client-id': clientId },
    'the client id as the key': { 'x-api-key': clientId },
    'a key that is too long': { 'x-api-key': apiKey + 'x'.repeat(5000) },
    'a key with more behind it': { 'x-api-key': `${apiKey}x` },
    'another client id': { 'x-metal-api-key': apiKey, 'x-metal-client-id': 'f'.repeat(24) },
    'a client id that is none': { 'x-metal-api-key': apiKey, 'x-metal-client-id': 'null' },
    'a wrong bearer': { authorization: `Bearer ${flipped}` },
    'another scheme': { authorization: `Basic ${Buffer.from(`x:${apiKey}`).toString('base64')}` },
    'a bearer without a key': { authorization: 'Bearer' },
    'two keys that differ': { 'x-api-key': apiKey, 'x-metal-api-key': flipped },
    'a bearer that differs': { 'x-api-key': apiKey, authorization: `Bearer ${flipped}` },
    'the key in a cookie': { cookie: `x-api-key=${apiKey}` },
  };
  for (const [method, path] of guarded()) {
    for (const [what, headers] of Object.entries(wrong))
      assertRefused(await server.ask(method, path, { key: null, headers }), `${method} ${path}, ${what}`);
    const query = `${path}?apiKey=${apiKey}&x-api-key=${apiKey}`;
    assertRefused(await server.ask(method, query, { key: null }), `${method} ${query}`);
  }
});

test('each header scheme opens every route', async () => {
  const { apiKey, clientId } = server.key;
  const right = [
    { 'x-metal-api-key': apiKey, 'x-metal-client-id': clientId },
    { 'x-metal-api-key': apiKey },
    { 'x-api-key': apiKey },
    { authorization: `Bearer ${apiKey}` },
    { authorization: `bearer  ${apiKey} ` },
    { 'x-api-key': apiKey, authorization: `Bearer ${apiKey}`, 'x-metal-client-id': clientId },
    { 'x-api-key': apiKey, 'x-metal-client-id': clientId.toUpperCase() },
    { 'x-api-key': apiKey, authorization: 'Basic eDp5' },
  ];
  for (const [method, path, status] of guarded()) {
    for (const headers of right) {
      const answer = await server.ask(method, path, { key: null, headers });
      assert.equal(answer.status, status, `${method} ${path} ${Object.keys(headers)}: ${answer.text}`);
    }
  }
});

test('two header lines with different keys are not believed', async () => {
  const good = `x-api-key: ${server.key.apiKey}`;
  const bad = 'x-api-key: wk_other';
  const ask = (...lines) => server.raw(['GET /v1/workflows HTTP/1.1', ...lines].join('\r\n'));
  assert.equal((await ask(good)).status, 200);
  assert.equal((await ask(good, good)).status, 200);
  assert.equal((await ask(good, bad)).status, 401);
  assert.equal((await ask(bad, good)).status, 401);
});

test('paths that nobody serves need a key too', async () => {
  for (const path of ['/v1', '/v1/', '/v1/keys', '/v1/workflows/x/y/z', '/v1/workflow-runs/x/configs'])
    assertRefused(await server.get(path, { key: null }), path);
});

test('how a path is written does not open it', async () => {
  const open = new Set([400, 401, 404, 405]);
  const paths = [
    '/v1/workflows',
    '//v1/workflows',
    '/v1//workflows',
    '/v1/./workflows',
    '/v1/../v1/workflows',
    '/healthz/../v1/workflows',
    '/healthz/%2e%2e/v1/workflows',
    '/healthz%2f..%2fv1%2fworkflows',
    '/v1%2fworkflows',
    '/v1/workflows/',
    '/v1/workflows;healthz',
    '/v1/workflows/;/healthz',
    '/v1/workflows%00',
    '/v1/workflows%00/healthz',
    '/v1/workflows/configs',
    '/v1/workflows/healthz',
    '/v1/workflows?/healthz',
    '/v1/workflows.json',
    '/v1/workflows.',
    '/V1/WORKFLOWS',
    '/v1/%77orkflows',
    '/ui/../v1/workflows',
    '/ui/%2e%2e/v1/workflows',
    '/webhooks/workflows/../../v1/workflows',
    '/webhooks/workflows/..%2f..%2fv1%2fworkflows',
    '/v1/workflows/%2e%2e/%2e%2e/healthz',
    '\\v1\\workflows',
    '/v1\\workflows',
  ];
  for (const path of paths) {
    for (const method of ['GET', 'POST', 'get', 'PATCH']) {
      const answer = await server.raw(`${method} ${path} HTTP/1.1`).catch((error) => error);
      const text = `${method} ${path}: ${answer.text ?? answer}`;
      assert.ok(open.has(answer.status), text);
      assert.ok(!text.includes(workflow.id), text);
    }
  }
});

test('headers that override the method or the path are not heard', async () => {
  const headers = [
    'X-HTTP-Method-Override: GET',
    'X-HTTP-Method: GET',
    'X-Original-URL: /v1/workflows',
    'X-Rewrite-URL: /v1/workflows',
    'X-Forwarded-Prefix: /healthz',
  ];
  for (const header of headers) {
    const guardedAnswer = await server.raw(`POST /v1/workflows HTTP/1.1\r\n${header}`);
    assert.equal(guardedAnswer.status, 401, header);
    const openAnswer = await server.raw(`GET /healthz HTTP/1.1\r\n${header}`);
    assert.match(openAnswer.text, /\{"status":"ok"\}$/, header);
  }
});

test('nothing of a body is looked at without a key', async () => {
  const path = `/v1/workflows/${workflow.id}/runs`;
  const bodies = ['{"input":', '\xff\xfe', '['.repeat(1000), 'x'.repeat(60_000)];
  for (const body of bodies) {
    assertRefused(await server.post(path, body, { key: null }), 'a body');
    assertRefused(await server.post(path, body, { key: null, type: 'text/plain' }), 'its type');
  }
  const large = await server
    .post(path, 'x'.repeat(5 << 20), { key: null })
    .catch(() => ({ status: 'closed before all was sent' }));
  assert.ok([401, 'closed before all was sent'].includes(large.status));
});

test('the head of a large body is refused before the body is sent', async () => {
  const head =
    `POST /v1/workflows/${workflow.id}/runs HTTP/1.1\r\nHost: x\r\n` +
    'Content-Type: application/json\r\nContent-Length: 5000000\r\n\r\n';
  const { connect } = await import('node:net');
  const socket = connect(server.port, '127.0.0.1');
  let text = '';
  socket.on('data', (piece) => (text += piece));
  socket.on('error', () => {});
  socket.write(head);
  await until(() => text.includes('invalid api key'), 'the refusal');
  assert.match(text, /^HTTP\/1\.1 401 /);
  socket.destroy();
});

test('a key made beside the server is valid at once', async () => {
  const key = await server.makeKey();
  assert.match(key.clientId, /^[0-9a-f]{24}$/);
  assert.match(key.apiKey, /^wk_[A-Za-z0-9_-]{43}$/);
  assert.equal((await server.get('/v1/workflows', { key })).status, 200);
  const mixed = { clientId: server.key.clientId, apiKey: key.apiKey };
  assertRefused(await server.get('/v1/workflows', { key: mixed }), 'the id of another key');
});

test('keys do not stand in the log or in the data folder', async () => {
  const { readdir, readFile } = await import('node:fs/promises');
  assert.ok(!server.log.text.includes(server.key.apiKey));
  for (const name of await readdir(server.data, { recursive: false })) {
    const bytes = await readFile(`${server.data}/${name}`).catch(() => Buffer.alloc(0));
    assert.ok(!bytes.includes(server.key.apiKey), name);
  }
});
