// Lists that stay: made, filled, read and deleted, also over a kill.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

async function makeList(name) {
  const made = await server.post('/v1/lists', { name });
  assert.equal(made.status, 201, made.text);
  return made.data;
}

const numbers = (from, count) => Array.from({ length: count }, (_, i) => ({ n: from + i }));
const rowsOf = (list, query = '') => server.get(`/v1/lists/${list}/rows${query}`);
const valuesOf = (page) => page.data.map((row) => row.item.n);

test('a list keeps its rows in their order', async () => {
  const list = await makeList('Ordered');
  assert.equal(list.rowCount, 0);
  const added = await server.post('/v1/lists/Ordered/rows', { rows: numbers(0, 1000) });
  assert.deepEqual([added.status, added.data.rowCount], [200, 1000]);
  await server.post(`/v1/lists/${list.id}/rows`, { rows: numbers(1000, 3) });
  await server.restart('SIGKILL');
  const first = await rowsOf('Ordered', '?limit=600');
  const second = await rowsOf('Ordered', `?limit=600&after=${first.data.at(-1).id}`);
  assert.deepEqual([...valuesOf(first), ...valuesOf(second)], numbers(0, 1003).map(({ n }) => n));
});

test('rows are removed by their ids, and only out of their own list', async () => {
  const list = await makeList('Removed');
  const other = await makeList('Other');
  await server.post(`/v1/lists/${list.id}/rows`, { rows: numbers(0, 4) });
  const ids = (await rowsOf(list.id)).data.map((row) => row.id);
  const remove = (id, some) => server.post(`/v1/lists/${id}/rows/remove`, { ids: some });
  assert.equal((await remove(other.id, ids)).data.rowCount, 0);
  const removed = await remove(list.id, [ids[1], ids[2], '0'.repeat(24)]);
  assert.deepEqual([removed.status, removed.data.rowCount], [200, 2]);
  assert.deepEqual(valuesOf(await rowsOf(list.id)), [0, 3]);
  const wrong = await remove(list.id, [ids[0], 'x']);
  assert.equal(wrong.status, 400);
  assert.match(wrong.json.error, /^ids\.1: /);
});

test('what is no list and no row is refused with its place', async () => {
  const list = await makeList('Strict');
  const table = [
    ['/v1/lists', { name: '' }, 400, /name/],
    ['/v1/lists', { name: 'Strict' }, 409, /of this name/],
    ['/v1/lists', { name: 'a'.repeat(24) }, 400, /^name: .*form of an id/],
    ['/v1/lists', { name: 'a\u0000b' }, 400, /name/],
    ['/v1/lists', { name: 'x', rows: [] }, 400, /rows/],
    [`/v1/lists/${list.id}/rows`, { rows: [] }, 400, /rows/],
    [`/v1/lists/${list.id}/rows`, { rows: [{}, 7] }, 400, /^rows\.1: /],
    [`/v1/lists/${list.id}/rows`, { rows: [{}, { x: 'y'.repeat(1 << 20) }] }, 400, /^rows\.1: /],
    [`/v1/lists/${list.id}/rows`, { rows: numbers(0, 1001) }, 400, /rows/],
    ['/v1/lists/nowhere/rows', { rows: [{}] }, 404, /./],
    ['/v1/lists/nowhere/rows/remove', { ids: ['x'] }, 404, /./],
  ];
  for (const [path, body, status, words] of table) {
    const answer = await server.post(path, body);
    assert.equal(answer.status, status, `${path} ${JSON.stringify(body).slice(0, 60)}: ${answer.text}`);
    assert.match(answer.json.error, words);
  }
  assert.equal((await server.get('/v1/lists/Strict')).data.rowCount, 0);
  assert.equal((await rowsOf('Strict', '?after=x')).status, 400);
});

test('the same request again adds its rows once', async () => {
  await makeList('Once');
  const headers = { 'idempotency-key': 'k1' };
  const add = () => server.post('/v1/lists/Once/rows', { rows: numbers(0, 2) }, { headers });
  assert.equal((await add()).data.rowCount, 2);
  assert.equal((await add()).data.rowCount, 2);
  const create = () => server.post('/v1/lists', { name: 'Again' }, { headers });
  const made = await create();
  assert.equal((await create()).data.id, made.data.id);
  await Promise.all(Array.from({ length: 8 }, () =>
    server.post('/v1/lists/Once/rows', { rows: numbers(5, 1) }, { headers: { 'idempotency-key': 'k2' } })));
  assert.equal((await server.get('/v1/lists/Once')).data.rowCount, 3);
});

test('a deleted list is gone at once, its name is free, its rows follow', async () => {
  const list = await makeList('Gone');
  await server.post('/v1/lists/Gone/rows', { rows: numbers(0, 700) });
  assert.equal((await server.ask('DELETE', '/v1/lists/Gone')).status, 200);
  for (const [method, path] of [['GET', ''], ['DELETE', ''], ['GET', '/rows']])
    assert.equal((await server.ask(method, `/v1/lists/${list.id}${path}`)).status, 404);
  const late = await server.post(`/v1/lists/${list.id}/rows`, { rows: [{}] });
  assert.equal(late.status, 404);
  const fresh = await makeList('Gone');
  assert.equal(fresh.rowCount, 0);
  const ids = (await server.get('/v1/lists?limit=1000')).data.map(({ id }) => id);
  assert.ok(ids.includes(fresh.id) && !ids.includes(list.id));
});

test('lists of one workspace are nobody else\'s', async () => {
  const list = await makeList('Mine');
  await server.post('/v1/lists/Mine/rows', { rows: numbers(0, 1) });
  const [row] = (await rowsOf('Mine')).data;
  const made = await server.post('/v1/workspaces', { name: 'Else' });
  const key = { apiKey: made.data.key.apiKey };
  for (const name of [list.id, 'Mine']) {
    assert.equal((await server.get(`/v1/lists/${name}`, { key })).status, 404);
    assert.equal((await server.post(`/v1/lists/${name}/rows`, { rows: [{}] }, { key })).status, 404);
  }
  const other = await server.post('/v1/lists', { name: 'Mine' }, { key });
  assert.equal(other.status, 201);
  await server.post(`/v1/lists/${other.data.id}/rows/remove`, { ids: [row.id] }, { key });
  assert.deepEqual((await server.get('/v1/lists', { key })).data.map(({ id }) => id), [other.data.id]);
  await until(async () => (await rowsOf('Mine')).data.length === 1, 'the row to be there');
});

const OVER = `name: Over
input: { type: object, required: [list], properties: { list: { type: string } } }
steps:
  - { id: rows, type: read_list, config: { list: "{{input.list}}" } }
  - { id: pause, type: wait, config: { for: 2s } }
  - { id: twice, type: transform, config: { expression: .item.n * 2 } }
`;

test('a workflow runs over a list as it was when the run began, also over a kill', async () => {
  const list = await makeList('Over');
  await server.post('/v1/lists/Over/rows', { rows: numbers(0, 600) });
  await server.publish(OVER);
  const begun = await server.post('/v1/workflows/over/runs', { input: { list: 'Over' } });
  const run = `/v1/workflow-runs/${begun.data.id}`;
  await until(async () =>
    (await server.get(`${run}/items?table=rows&limit=1`)).data?.length > 0, 'rows to be read');
  await server.restart('SIGKILL');
  await server.ask('DELETE', `/v1/lists/${list.id}`);
  const ended = await until(async () => {
    const { data } = await server.get(run);
    return data.status === 'completed' && data;
  }, 'the run to end');
  assert.equal(ended.output.rows, 600);
  const rows = await server.get(`${run}/results?table=rows&format=json`);
  assert.deepEqual(rows.json.map((row) => row.twice), numbers(0, 600).map(({ n }) => 2 * n));
  const again = await server.post(`${run}/rerun?wait=20`, {});
  assert.equal(again.data.status, 'failed');
  assert.match(JSON.stringify(again.data.error), /no_list.*there is no list/);
});

const APPEND = `name: Append
steps:
  - { id: rows, type: read_list, config: { list: Source } }
  - { id: small, type: filter, config: { where: .item.n < 5 } }
  - { id: keep, type: append_to_list, config: { list: Sink, row: { n: "{{item.n}}", twice: "{{= .item.n * 2 }}" } } }
  - { id: whole, type: append_to_list, config: { list: Whole } }
`;

test('a workflow appends rows to lists, each once, and fails items without a list', async () => {
  await makeList('Source');
  const sink = await makeList('Sink');
  await server.post('/v1/lists/Source/rows', { rows: numbers(0, 20) });
  await server.publish(APPEND);
  const first = await server.post('/v1/workflows/append/runs?wait=30', { input: {} });
  const failed = await server.get(`/v1/workflow-runs/${first.data.id}/items?table=rows&state=failed`);
  assert.equal(failed.data.length, 5);
  assert.match(JSON.stringify(failed.data[0]), /no_list/);
  const rows = (await rowsOf('Sink')).data.map(({ item }) => item).sort((a, b) => a.n - b.n);
  assert.deepEqual(rows, numbers(0, 5).map(({ n }) => ({ n, twice: 2 * n })));
  await makeList('Whole');
  const retried = await server.post(`/v1/workflow-runs/${first.data.id}/retry?wait=30`, {});
  assert.equal(retried.data.status, 'completed');
  assert.deepEqual(valuesOf(await rowsOf('Whole')).sort(), [0, 1, 2, 3, 4]);
  assert.equal((await server.get('/v1/lists/Sink')).data.rowCount, 5);
  const items = await server.get(`/v1/workflow-runs/${first.data.id}/results?table=rows&format=json`);
  assert.deepEqual(items.json.filter((row) => row.item?.n < 5 || row.n < 5).length, 5);
  assert.match(items.text, new RegExp(sink.id));
  await server.ask('DELETE', '/v1/lists/Sink');
});

test('a workflow is run over a list, once for a key', async () => {
  const list = await makeList('Runs');
  await server.post('/v1/lists/Runs/rows', { rows: numbers(0, 5) });
  await server.publish(`
name: Over runs
input: { type: object, additionalProperties: false, required: [list], properties: { list: { type: string }, by: { type: integer } } }
steps:
  - { id: rows, type: read_list, config: { list: "{{input.list}}" } }
  - { id: times, type: transform, config: { expression: .item.n * (.input.by // 1) } }
`);
  await server.publish('name: No list\ninput: { type: object, additionalProperties: false, properties: {} }\nsteps:\n  - { type: set, config: { fields: { x: 1 } } }\n');
  const headers = { 'idempotency-key': 'over' };
  const start = () => server.post('/v1/lists/Runs/runs?wait=20', { workflow: 'over-runs', input: { by: 3, list: 'other' }, labels: { a: 'b' } }, { headers });
  const begun = await start();
  assert.equal(begun.status, 201, begun.text);
  assert.deepEqual([begun.data.status, begun.data.input, begun.data.labels], ['completed', { by: 3, list: list.id }, { a: 'b' }]);
  const rows = await server.get(`/v1/workflow-runs/${begun.data.id}/results?table=rows&format=json`);
  assert.deepEqual(rows.json.map((row) => row.times), [0, 3, 6, 9, 12]);
  assert.equal((await start()).data.id, begun.data.id);
  const table = [
    ['Runs', { workflow: 'nothing' }, 404, /^workflow: /],
    ['Runs', {}, 400, /workflow/],
    ['Runs', { workflow: 'over-runs', input: [] }, 400, /input/],
    ['Runs', { workflow: 'no-list' }, 400, /list/],
    ['nothing', { workflow: 'over-runs' }, 404, /./],
  ];
  for (const [name, body, status, words] of table) {
    const answer = await server.post(`/v1/lists/${name}/runs`, body);
    assert.equal(answer.status, status, `${name} ${JSON.stringify(body)}: ${answer.text}`);
    assert.match(answer.json.error, words);
  }
});
