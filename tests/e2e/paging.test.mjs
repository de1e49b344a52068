// Lists that come in pages: every way to ask for the next one, failures on the way, another server.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { startServer } from './server.mjs';
import { startStub } from './stub.mjs';

let server;
let stub;
before(async () => {
  stub = await startStub();
  server = await startServer('--allow', '127.0.0.1');
});
after(async () => {
  await server?.close();
  await stub?.close();
});
beforeEach(() => stub.reset());

const paged = (name, config, more = '') => `
name: ${name}
slug: ${name}
steps:
  - id: list
    type: http_request
    config: ${config}
    retry: { attempts: 1 }
    ${more}
output: { all: "{{steps.list}}" }
`;

const upTo = (count) => Array.from({ length: count }, (_, i) => i + 1);

async function runPaged(name, config) {
  const workflow = await server.publish(paged(name, config));
  return server.reachEnd((await server.begin(workflow, {})).id);
}

const WAYS = [
  ['header', '"/list/25"', '{ next: .links.next, items: .body.items }'],
  ['body', '"/list/25"', '{ next: .body.next, items: .body.items }'],
  ['cursor', '"/list/25"', '{ query: { cursor: .body.cursor }, items: .body.items }'],
  ['number', '"/list/30", query: { page: 1 }', '{ query: { page: .page + 1 }, items: .body.items }'],
  ['offset', '"/list/25"', '{ query: { offset: .count }, items: .body.items }'],
  ['posted', '"/list/25", json: { size: 10 }', '{ json: { cursor: .body.cursor }, items: .body.items }'],
];

for (const [name, request, paging] of WAYS) {
  test(`a list by ${name}`, async () => {
    const url = request.replace('"', `"${stub.url}`);
    const run = await runPaged(`by-${name}`, `{ url: ${url}, paging: ${paging} }`);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    assert.deepEqual(run.output.all, upTo(name === 'number' ? 30 : 25));
    assert.equal(stub.count(), name === 'number' || name === 'offset' ? 4 : 3);
    assert.equal(new Set(stub.calls().map((call) => call.idempotency_key)).size, stub.count());
  });
}

test('large pages are read', async () => {
  const run = await runPaged(
    'large',
    `{ url: "${stub.url}/list/50000?size=20000", paging: { next: .links.next, items: .body.items } }`,
  );
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.deepEqual(run.output.all, upTo(50000));
  assert.equal(stub.count(), 3);
});

test('caps end a list', async () => {
  const run = await runPaged(
    'caps',
    `{ url: "${stub.url}/list/1000", paging: { next: .links.next, items: .body.items, max_items: 25 } }`,
  );
  assert.deepEqual(run.output.all, upTo(25));
  assert.equal(stub.count(), 3);
  const pages = await runPaged(
    'caps-of-pages',
    `{ url: "${stub.url}/list/1000", paging: { next: .links.next, max_pages: 2 } }`,
  );
  assert.deepEqual(pages.output.all.map((page) => [page.status, page.body.items.length]), [[200, 10], [200, 10]]);
});

test('a list without end fails, and says what to do', async () => {
  const run = await runPaged(
    'endless',
    `{ url: "${stub.url}/list/100000", paging: { next: .links.next, items: .body.items } }`,
  );
  assert.equal(run.status, 'failed');
  assert.equal(run.error.code, 'paging_failed');
  assert.match(run.error.message, /max_pages/);
  assert.equal(stub.count(), 100);
});

test('retry goes on with the page that failed', async () => {
  const workflow = await server.publish(
    paged('broken', `{ url: "${stub.url}/list/40?broken=20", paging: { next: .links.next, items: .body.items } }`),
  );
  const { id } = await server.begin(workflow, {});
  const failed = await server.reachEnd(id);
  assert.equal(failed.status, 'failed');
  assert.equal(failed.error.code, 'http_status');
  assert.equal(failed.error.call, 2);
  assert.equal(stub.count(), 3);

  stub.mend();
  assert.equal((await server.post(`/v1/workflow-runs/${id}/retry`)).status, 200);
  const run = await server.reachEnd(id);
  assert.deepEqual([run.status, run.output.all.length], ['completed', 40]);
  assert.equal(stub.count(), 5, 'two pages were not asked for again');
});

test('another server is not told what is meant for the first', async () => {
  const seen = [];
  const other = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"items":[3]}');
  });
  await new Promise((done) => other.listen(0, '127.0.0.1', done));
  const first = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(200, {
      'content-type': 'application/json',
      link: `<http://127.0.0.1:${other.address().port}/more>; rel=next`,
    });
    response.end('{"items":[1,2]}');
  });
  await new Promise((done) => first.listen(0, '127.0.0.1', done));
  try {
    const run = await runPaged(
      'elsewhere',
      `{ url: "http://127.0.0.1:${first.address().port}/", headers: { Authorization: secret, X-Client: c },
         paging: { next: .links.next, items: .body.items } }`,
    );
    assert.deepEqual(run.output.all, [1, 2, 3]);
    assert.deepEqual(seen.map((headers) => headers.authorization), ['secret', undefined]);
    assert.deepEqual(seen.map((headers) => headers['x-client']), ['c', 'c']);
  } finally {
    await new Promise((done) => first.close(done));
    await new Promise((done) => other.close(done));
  }
});

test('a link to an address that is not allowed is refused', async () => {
  const first = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end('{"next":"http://10.0.0.1/more"}');
  });
  await new Promise((done) => first.listen(0, '127.0.0.1', done));
  try {
    const run = await runPaged(
      'inside',
      `{ url: "http://127.0.0.1:${first.address().port}/", paging: { next: .body.next } }`,
    );
    assert.equal(run.status, 'failed');
    assert.equal(run.error.code, 'address_refused');
  } finally {
    await new Promise((done) => first.close(done));
  }
});
