// Items of a run: what each step has tried on them, and one of them with its recorded calls.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';
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

// --- tables ---

const tables = (run, query = '') => server.get(`/v1/workflow-runs/${run.id}/tables${query}`);
const shapes = async (run) => Object.fromEntries((await tables(run)).data.map((one) => [one.name, one]));
const NONE = { items: 0, completed: 0, failed: 0, dropped: 0, cancelled: 0 };

test('the tables of a run, with columns and counts', async () => {
  const run = await rowsRun(`
  - { id: mark, type: set, config: { fields: { a: 1 } } }
  - { id: kept, type: filter, config: { where: ".item >= 2" } }
  - { id: order, type: sort, config: { by: [{ path: item, order: desc }] } }
  - { id: file, type: write_csv, config: { columns: { a: "{{item}}" } } }
`);
  const found = await shapes(run);
  assert.deepEqual(Object.keys(found), ['input', 'rows', 'order', 'file']);
  const plain = ({ kind, many, state, counts }) => ({ kind, many, state, counts });
  assert.deepEqual(plain(found.rows), { kind: 'reshape', many: true, state: 'completed',
    counts: { ...NONE, items: 5, completed: 3, dropped: 2 } });
  assert.deepEqual(plain(found.order), { kind: 'reshape', many: true, state: 'completed',
    counts: { ...NONE, items: 3, completed: 3 } });
  assert.deepEqual(plain(found.file), { kind: 'tap', many: false, state: 'completed',
    counts: { ...NONE, items: 1, completed: 1 } });
  assert.deepEqual(found.input.columns, ['ids', '_key', '_state', '_error']);
  assert.deepEqual(found.file.columns, ['file', 'rows', '_key', '_state', '_error']);
  assert.ok(found.rows.columns.includes('mark.a'));
  assert.equal(found.file.moreColumns, false);
});

test('the rows of a table in each form, by key and by link', async () => {
  const run = await rowsRun('  - { id: mark, type: set, config: { fields: { a: 1 } } }\n');
  const types = { csv: /^text\/csv/, xlsx: /spreadsheet/, jsonl: /ndjson|jsonl|x-ndjson/, json: /json/ };
  for (const [format, type] of Object.entries(types)) {
    const path = `/v1/workflow-runs/${run.id}/tables/rows?format=${format}`;
    const asked = await fetch(server.url + path, { headers: { 'x-api-key': server.key.apiKey } });
    assert.equal(asked.status, 200, format);
    assert.match(asked.headers.get('content-type'), type);
    const { url } = (await tables(run, `?format=${format}`)).data.find((one) => one.name === 'rows');
    const linked = await fetch(url);
    assert.equal(linked.status, 200, format);
    assert.match(linked.headers.get('content-disposition'), new RegExp(`rows\\.${format}`));
    assert.deepEqual(Buffer.from(await linked.arrayBuffer()), Buffer.from(await asked.arrayBuffer()));
    const bad = url.slice(0, -8) + (url.at(-8) === 'A' ? 'B' : 'A') + url.slice(-7);
    assert.equal((await fetch(bad)).status, 404);
  }
  const rows = await server.get(`/v1/workflow-runs/${run.id}/tables/rows?format=json&limit=2&from=1&columns=mark.a,_key`);
  assert.deepEqual(rows.json, [{ 'mark.a': 1, _key: '1' }, { 'mark.a': 1, _key: '2' }]);
  assert.equal((await tables(run, '?format=pdf')).status, 400);
  assert.equal((await server.get(`/v1/workflow-runs/${run.id}/tables/none`)).status, 404);
});

test('a run that was computed in place has its tables too', async () => {
  const workflow = await server.publish('name: Small\nsteps: [{ id: a, type: set, config: { fields: { b: 2 } } }]');
  const run = await server.begin(workflow, { n: 1 });
  const { input, ...others } = await shapes(run);
  assert.deepEqual(others, {});
  assert.deepEqual(input.columns, ['n', 'a.b', '_key', '_state', '_error']);
  assert.deepEqual([input.state, input.counts.completed], ['completed', 1]);
  const rows = await server.get(`/v1/workflow-runs/${run.id}/tables/input?format=json`);
  assert.deepEqual(rows.json, [{ n: 1, 'a.b': 2, _key: '', _state: 'completed', _error: null }]);
});

test('tables of a run that goes on show what there is', async () => {
  const workflow = await server.publish(`
name: Slow ${Math.random()}
limits: { concurrency: 300 }
steps:
  - { id: rows, type: expand, config: { list: .input.ids } }
  - { id: slow, type: http_request, config: { url: "${stub.url}{{= if .item < 512 then \\"/delay/1\\" else \\"/hang\\" end }}" } }
`);
  const run = await server.begin(workflow, { ids: Array.from({ length: 600 }, (_, i) => i) });
  const path = `/v1/workflow-runs/${run.id}/tables/rows?format=json&columns=_key,_state`;
  /* Items count as they end; their rows are there once their chunk is stored, a moment later. */
  await until(async () => (await server.get(path)).json.length >= 512, 'two chunks of rows');
  assert.equal((await server.get(path)).json.length, 512);
  const { rows } = await shapes(run);
  assert.equal(rows.state, 'open');
  assert.equal(rows.counts.completed, 512);
  await server.post(`/v1/workflow-runs/${run.id}/cancel`, {});
  await server.reachEnd(run.id);
  assert.notEqual((await shapes(run)).rows.state, 'completed');
});
