// Bad input of every kind for every operation, made from the description that the server gives of
// itself: never a 500, always an answer with words, and a server that goes on.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

const ZERO = '0'.repeat(24);
const LONG = 'x'.repeat(5000);
const WORKFLOW = 'steps:\n  - { id: n, type: set, config: { fields: { x: "{{input.n}}" } } }\n';

let server;
let operations;
let count = 0;

before(async () => {
  server = await startServer();
  const { json } = await server.get('/openapi.json', { key: null });
  const follow = (thing) => thing.$ref?.split('/').slice(1)
    .reduce((at, step) => at[step], json) ?? thing;
  operations = Object.entries(json.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      name: operation.operationId,
      isPublic: operation.security?.length === 0,
      parameters: (operation.parameters ?? []).map(follow),
      body: operation.requestBody?.content ?? {},
      schema: follow(operation.requestBody?.content?.['application/json']?.schema ?? {}),
      isStream: Object.values(operation.responses)
        .some((answer) => follow(answer).content?.['text/event-stream']),
    })));
});

after(() => server.close());

/** One request as it stands: nothing is tidied up on the way. */
function send(method, path, { body, headers = {}, key = server.key.apiKey } = {}) {
  return new Promise((resolved, rejected) => {
    const all = { ...headers, ...(key ? { 'x-api-key': key } : {}) };
    const asked = request({ port: server.port, method, path, headers: all, agent: false });
    asked.on('error', rejected);
    asked.on('response', (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => {
        text += piece;
        if (answer.headers['content-type']?.startsWith('text/event-stream')) answer.destroy();
      });
      answer.on('close', () => resolved({ status: answer.statusCode, text }));
    });
    asked.end(body);
  });
}

/** Things that the paths can name, new for each operation since some take them away. */
async function fixture() {
  count++;
  const workflow = await server.publish(`name: Hostile ${count}\n${WORKFLOW}`);
  const run = await server.begin(workflow, { n: count });
  const file = await server.post('/v1/files?name=a.csv', 'a\n1\n', { type: 'text/csv' });
  return { workflow: workflow.id, slug: workflow.slug, run: run.id, file: file.data.id,
    version: '1', step: 'n' };
}

function fill(path, names) {
  return path.replace(/\{(\w+)\}/g, (_, name) => names[name] ?? ZERO);
}

/** What must hold of every answer to nonsense. */
function assertSane(answer, words) {
  assert.ok(answer.status < 500 || answer.status === 501, `${words}: ${answer.status} ${answer.text}`);
  if (answer.status < 400) return;
  // Pages for people say it as a page.
  if (answer.text.startsWith('<!DOCTYPE html>')) {
    assert.match(answer.text, /<h1>[^<]{3,}<\/h1><p>[^<]{3,}/, words);
    return;
  }
  const json = JSON.parse(answer.text);
  assert.equal(typeof json.error, 'string', words);
  assert.ok(json.error.length > 3, words);
}

test('without a key nothing but what is public answers', async () => {
  for (const operation of operations) {
    const path = fill(operation.path, {});
    const answer = await send(operation.method, path, { key: null });
    if (operation.isPublic) assertSane(answer, operation.name);
    else assert.equal(answer.status, 401, operation.name);
  }
});

test('bodies of every wrong kind', async () => {
  const deep = '['.repeat(5000) + ']'.repeat(5000);
  const bodies = [
    '', ' ', '{', '}', 'null', 'true', '7', '"text"', '[]', '[{}]', '{"": 1}', deep,
    `{"a": ${deep}}`, `{"input": ${'{"a":'.repeat(300)}1${'}'.repeat(300)}}`,
    '{"input": {"n": 1e999999}}', `{"input": {"n": ${'9'.repeat(5000)}}}`, '{"a": 1, "a": 2}',
    '{"__proto__": {"x": 1}, "constructor": 1}', '{"input": {}}\u0000', '\ufeff{}',
    Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), Buffer.from('{"a": "\xed\xa0\x80"}', 'latin1'),
    JSON.stringify({ [LONG]: LONG }), '<?xml version="1.0"?><a/>', 'a: &a [*a]', '%PDF-1.7',
  ];
  for (const operation of operations.filter(({ body }) => Object.keys(body).length > 0)) {
    const path = fill(operation.path, await fixture());
    for (const body of bodies) {
      for (const type of ['application/json', 'text/plain', undefined]) {
        const headers = type ? { 'content-type': type } : {};
        const answer = await send(operation.method, path, { body, headers });
        assertSane(answer, `${operation.name} with ${String(body).slice(0, 60)} as ${type}`);
      }
    }
  }
});

test('members of every wrong type, and too many', async () => {
  const values = [null, true, -1, 0, 1e300, '', LONG, '\u0000', [], [[]], {}, { a: {} }, ZERO,
    '../../etc/passwd', "' OR 1=1 --", '{{input.n}}', '9999-99-99T99:99:99Z', '-5s'];
  for (const operation of operations.filter(({ schema }) => schema.properties)) {
    const path = fill(operation.path, await fixture());
    for (const name of Object.keys(operation.schema.properties)) {
      for (const value of values) {
        const body = JSON.stringify({ [name]: value });
        const headers = { 'content-type': 'application/json' };
        const answer = await send(operation.method, path, { body, headers });
        assertSane(answer, `${operation.name} with ${body.slice(0, 80)}`);
      }
    }
  }
});

test('parameters of every wrong kind', async () => {
  const values = ['', LONG, '-1', '1e9', '99999999999999999999', '%00', '%ff', '%zz', '%0d%0aX:1',
    "'%20OR%201=1--", '%25%25', '[]', '{}', '..%2f..', ZERO, 'null', 'true', '%f0%9f%98%80'];
  for (const operation of operations) {
    const path = fill(operation.path, await fixture());
    const queries = operation.parameters.filter((parameter) => parameter.in === 'query');
    for (const { name } of queries) {
      for (const value of values) {
        const answer = await send(operation.method, `${path}?${name}=${value}`);
        assertSane(answer, `${operation.name} with ${name}=${value.slice(0, 40)}`);
      }
      const twice = await send(operation.method, `${path}?${name}=1&${name}=2`);
      assertSane(twice, `${operation.name} with ${name} twice`);
    }
    const unknown = await send(operation.method, `${path}?no_such_parameter=1`);
    assert.equal(unknown.status, 400, operation.name);
  }
});

test('paths of every wrong kind', async () => {
  const values = ['..', '%2e%2e', '%2e%2e%2f', 'a%2fb', '%00', '%ff', '%c0%ae', LONG, "'", '%5c',
    ZERO, 'f'.repeat(24), 'wf_', `wf_${ZERO}`, '00000000-0000-0000-0000-000000000000', '*', '~',
    'a;b', '%0d%0a', '%f0%9f%98%80', 'null', '-1', '1.5', '{run}'];
  for (const operation of operations) {
    const names = await fixture();
    const parameters = operation.parameters.filter((parameter) => parameter.in === 'path');
    for (const { name } of parameters) {
      for (const value of values) {
        const path = fill(operation.path, { ...names, [name]: value });
        const answer = await send(operation.method, path);
        assertSane(answer, `${operation.method} ${path.slice(0, 100)}`);
        assert.ok(answer.status >= 400, `${operation.method} ${path.slice(0, 100)}`);
      }
    }
  }
});

test('headers that lie', async () => {
  const headers = [
    { 'content-type': 'application/json; charset=utf-16' },
    { 'content-type': 'multipart/form-data; boundary=' }, { 'content-type': LONG },
    { 'content-encoding': 'gzip', 'content-type': 'application/json' },
    { 'idempotency-key': '' }, { 'idempotency-key': LONG }, { 'last-event-id': LONG },
    { 'if-match': LONG }, { 'if-none-match': '*' }, { range: 'bytes=9-1' }, { range: 'x' },
    { 'x-http-method-override': 'DELETE' }, { origin: 'https://evil.example' },
    { 'content-disposition': `attachment; filename="../../${LONG}"` }, { accept: '/' },
    { authorization: 'Bearer' }, { 'x-metal-client-id': ZERO },
  ];
  for (const operation of operations) {
    const path = fill(operation.path, await fixture());
    for (const one of headers) {
      const answer = await send(operation.method, path, { body: '{}', headers: one });
      assertSane(answer, `${operation.name} with ${JSON.stringify(one).slice(0, 80)}`);
    }
  }
});

test('after all that the server has no fault to tell and works', async () => {
  assert.equal(server.log.text.match(/level=error.*/)?.[0], undefined);
  const workflow = await server.publish(`name: Hostile last\n${WORKFLOW}`);
  const run = await server.begin(workflow, { n: 1 });
  assert.equal((await server.reachEnd(run.id)).status, 'completed');
});
