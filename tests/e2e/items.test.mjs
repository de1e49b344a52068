// Items of a run: what each step has tried on them, and one of them with its recorded calls.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

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

const at = (run, path) => server.get(`/v1/workflow-runs/${run.id}/items${path}`);

async function rowsRun(steps, count = 5) {
  const workflow = await server.publish(`
name: Rows ${Math.random()}
steps:
  - { id: rows, type: expand, config: { list: .input.ids } }
${steps}`);
  const ids = Array.from({ length: count }, (_, i) => i);
  const run = await server.begin(workflow, { ids });
  return server.reachEnd(run.id);
}

const call = (path) => `
  - { id: call, type: http_request, config: { url: "${stub.url}${path}" }, retry: { attempts: 3, backoff: 10ms..20ms } }
  - { id: plain, type: set, config: { fields: { a: 1 } } }
`;

test('a step tells how often it has tried; a pure one does not', async () => {
  const run = await rowsRun(call('/flaky/2?of={{item}}'));
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  const { data } = await at(run, '?table=rows');
  assert.equal(data.length, 5);
  for (const { steps } of data) {
    assert.equal(steps.call.attempts, 3);
    assert.ok(!('calls' in steps.call), 'calls are told of one item only');
    assert.ok(!('attempts' in steps.plain));
  }
});

test('one item by its key, with its calls', async () => {
  const run = await rowsRun(call('/flaky/1?of={{item}}'));
  const listed = (await at(run, '?table=rows')).data;
  for (const item of listed) {
    const { status, text, data } = await at(run, `/${item.key}?table=rows`);
    assert.equal(status, 200, text);
    const { calls, ...step } = data.steps.call;
    assert.deepEqual({ ...data, steps: { ...data.steps, call: step } }, item);
    assert.equal(calls.length, 1);
    assert.deepEqual(
      { ...calls[0], startedAt: 0, endedAt: 0 },
      { call: 0, generation: 1, state: 'completed', attempts: 2, startedAt: 0, endedAt: 0,
        tokens: { in: 0, out: 0 }, cost: 0, error: null },
    );
    assert.ok(Date.parse(calls[0].startedAt) <= Date.parse(calls[0].endedAt));
    assert.ok(Date.parse(run.createdAt) <= Date.parse(calls[0].startedAt));
  }
});

test('a failure stays beside what a retry made of it', async () => {
  const run = await rowsRun(call('/page?title=t&text=x&broken=1&of={{item}}'));
  assert.equal(run.status, 'failed');
  const before = (await at(run, '/3?table=rows')).data;
  assert.equal(before.state, 'failed');
  assert.deepEqual(before.steps.call.calls.map((one) => [one.generation, one.state]), [[1, 'failed']]);
  assert.equal(before.steps.call.calls[0].error.code, 'http_status');
  assert.equal(before.steps.call.calls[0].error.message, before.steps.call.error.message);
  await fetch(`${stub.url}/_mend`);
  await server.post(`/v1/workflow-runs/${run.id}/retry`, {});
  await server.reachEnd(run.id);
  const { data } = await at(run, '/3?table=rows');
  assert.deepEqual(
    data.steps.call.calls.map((one) => [one.generation, one.state, one.error?.code ?? null]),
    [[1, 'failed', 'http_status'], [2, 'completed', null]],
  );
  assert.equal(data.steps.call.attempts, 2);
});

test('items of tables that were made anew, and of tables of one', async () => {
  const run = await rowsRun(`
  - { id: order, type: sort, config: { by: [{ path: item, order: desc }] } }
  - { id: kinds, type: group_by, config: { by: [item], aggregates: { all: "length" } } }
  - { id: pairs, type: join, needs: order, config: { with: kinds, on: { left: item, right: item.key_1 } } }
  - { id: file, type: write_csv, config: { columns: { a: "{{item}}" } } }
`, 300);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  for (const table of ['order', 'kinds', 'pairs']) {
    const { data } = await at(run, `?table=${table}&limit=1000`);
    assert.equal(data.length, 300, table);
    for (const item of [data[0], data[299]]) {
      const found = await at(run, `/${item.key}?table=${table}`);
      assert.equal(found.status, 200, `${table} ${item.key}: ${found.text}`);
      assert.deepEqual(found.data, item);
    }
  }
  for (const table of ['input', 'file'])
    assert.equal((await at(run, `/0?table=${table}`)).status, 200, table);
});

test('keys that no item has', async () => {
  const run = await rowsRun('  - { id: plain, type: set, config: { fields: { a: 1 } } }\n');
  for (const path of ['/5', '/x', '/-1', '/01', '/0.0', '/18446744073709551616', `/${'0.'.repeat(400)}0`,
    '/%2e%2e', '/1?table=input', '/0?table=none', '/abababababababababababababababab'])
    assert.equal((await at(run, path)).status, 404, path);
  assert.equal((await at(run, '/0?table=rows')).status, 200);
  const other = await server.get(`/v1/workflow-runs/${'0'.repeat(24)}/items/0`);
  assert.equal(other.status, 404);
});
