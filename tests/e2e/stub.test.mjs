// The stub must misbehave as it says: other tests rely on it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { startStub } from './stub.mjs';

let stub;
before(async () => {
  stub = await startStub();
});
after(() => stub.close());
beforeEach(() => stub.reset());

const get = (path, options) => fetch(stub.url + path, options);

test('echo tells what came', async () => {
  const answer = await get('/echo?a=1', {
    method: 'PUT',
    headers: { 'X-One': 'first' },
    body: 'the body',
  });
  const seen = await answer.json();
  assert.equal(seen.method, 'PUT');
  assert.equal(seen.path, '/echo');
  assert.deepEqual(seen.query, { a: '1' });
  assert.equal(seen.headers['x-one'], 'first');
  assert.equal(seen.body, 'the body');
});

test('delay waits', async () => {
  const begin = performance.now();
  assert.deepEqual(await (await get('/delay/50')).json(), { delayed_ms: 50 });
  assert.ok(performance.now() - begin >= 49);
});

test('status answers with it', async () => {
  assert.equal((await get('/status/418')).status, 418);
  assert.equal((await get('/status/204')).status, 204);
  assert.equal((await get('/status/429?retry_after=7')).headers.get('retry-after'), '7');
  for (const path of ['/status/99', '/status/600', '/status/x', '/status', '/nowhere', '/'])
    assert.equal((await get(path)).status, 404, path);
});

test('flaky fails so many times for each key', async () => {
  const statuses = async (key) => {
    const found = [];
    for (let i = 0; i < 4; i++)
      found.push((await get('/flaky/2', { headers: { 'Idempotency-Key': key } })).status);
    return found;
  };
  assert.deepEqual(await statuses('a'), [500, 500, 200, 200]);
  assert.deepEqual(await statuses('b'), [500, 500, 200, 200]);
  await get('/_reset');
  assert.deepEqual(await statuses('a'), [500, 500, 200, 200]);
});

test('connections end as ordered', async () => {
  await assert.rejects(get('/close'));
  const cut = await get('/cut');
  assert.equal(cut.status, 200);
  await assert.rejects(cut.text());
  // Not by an abort signal: Node 18 may collect it with the garbage, and fetch then waits for ever.
  const answer = get('/hang').then(() => 'an answer', () => 'a closed connection');
  assert.equal(await Promise.race([answer, sleep(50, 'silence')]), 'silence');
  assert.equal(stub.count(), 3);
  stub.mend();
  assert.equal((await get('/hang?until=mended')).status, 200);
});

test('bodies are as ordered', async () => {
  await assert.rejects((await get('/bad-json')).json(), SyntaxError);
  assert.equal((await (await get('/big/1000000')).text()).length, 1000000);
  assert.equal((await (await get('/big/0')).text()).length, 0);
});

test('a list comes in pages', async () => {
  const first = await get('/list/12');
  const { items, cursor, next } = await first.json();
  assert.deepEqual([items.length, cursor], [10, 'after-10']);
  assert.equal(first.headers.get('link').split(';')[0], `<${next}>`);
  const second = await (await fetch(next)).json();
  assert.deepEqual(second, { items: [11, 12], next: null, cursor: '' });
  for (const rest of ['?cursor=after-10', '?page=2', '?offset=10'])
    assert.deepEqual(await (await get(`/list/12${rest}`)).json(), second);
  assert.deepEqual(await (await get('/list/12?size=5&page=4')).json(), { items: [], next: null, cursor: '' });
  assert.equal((await get('/list/12?broken=0')).status, 500);
  stub.mend();
  assert.equal((await get('/list/12?broken=0')).status, 200);
});

test('redirect points to the place', async () => {
  const answer = await get('/redirect?to=/status/201');
  assert.equal(answer.status, 201);
  const moved = await get('/redirect?to=http://a.example/&status=307', { redirect: 'manual' });
  assert.equal(moved.status, 307);
  assert.equal(moved.headers.get('location'), 'http://a.example/');
});

test('a page is broken until it is mended', async () => {
  const path = '/page?title=A&text=some+words&broken=1';
  assert.equal((await get(path)).status, 422);
  stub.mend();
  assert.match(await (await get(path)).text(), /some words/);
});

test('calls are remembered, control is not', async () => {
  await get('/status/500', { method: 'POST', body: 'abc', headers: { 'Idempotency-Key': 'k' } });
  await get('/echo');
  const calls = await (await get('/_calls')).json();
  assert.deepEqual(calls, stub.calls());
  assert.equal(calls.length, 2);
  assert.equal(calls[0].number, 1);
  assert.equal(calls[0].method, 'POST');
  assert.equal(calls[0].path, '/status/500');
  assert.equal(calls[0].idempotency_key, 'k');
  assert.equal(calls[0].body_bytes, 3);
  assert.equal(calls[0].body_sha256, createHash('sha256').update('abc').digest('hex'));
  assert.ok(Math.abs(calls[0].unix_ms - Date.now()) < 60_000);
  assert.equal(calls[1].idempotency_key, null);
  assert.deepEqual(await (await get('/_count')).json(), { count: 2 });
  await get('/_reset');
  assert.deepEqual(stub.calls(), []);
});
