// Many runs moved at once by a filter, counted, also over kills; lists by label.

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

const WAITS = 'name: NAME\nsteps:\n  - { id: w, type: wait, config: { for: 1h } }\n';
const FAILS = `name: NAME
input: { type: object, properties: { ok: { type: boolean } } }
steps:
  - { id: a, type: transform, config: { expression: 'if .input.ok then 1 else error("no") end' } }
`;

const publish = (name, yaml) => server.publish(yaml.replace('NAME', name));

async function start(workflow, count, body = {}) {
  const ids = [];
  for (let i = 0; i < count; i++) {
    const answer = await server.post(`/v1/workflows/${workflow.id}/runs`, body);
    assert.equal(answer.status, 201, answer.text);
    ids.push(answer.data.id);
  }
  return ids;
}

async function ask(verb, body) {
  const answer = await server.post(`/v1/workflow-runs/${verb}`, body);
  assert.equal(answer.status, 202, answer.text);
  assert.equal(answer.data.status, 'running');
  assert.deepEqual(answer.data.filter, body.filter);
  return answer.data;
}

const end = (id) =>
  until(async () => {
    const { data } = await server.get(`/v1/operations/${id}`);
    return data.status === 'running' ? null : data;
  }, `operation ${id} to end`);

const counts = ({ status, done, failed, skipped }) => ({ status, done, failed, skipped });

test('all that wait are cancelled, retried and deleted; others are left alone', async () => {
  const waits = await publish('Bulk waits', WAITS);
  const others = await publish('Bulk others', WAITS);
  const ids = await start(waits, 75);
  const [other] = await start(others, 1);
  for (const id of [ids[74], other]) await server.reach(id, 'running');

  const cancel = await end((await ask('cancel', { filter: { workflow: 'bulk-waits' } })).id);
  assert.deepEqual(counts(cancel), { status: 'completed', done: 75, failed: 0, skipped: 0 });
  assert.ok(cancel.completedAt);
  for (const id of [ids[0], ids[40], ids[74]])
    assert.equal((await server.get(`/v1/workflow-runs/${id}`)).data.status, 'cancelled');
  assert.equal((await server.get(`/v1/workflow-runs/${other}`)).data.status, 'running');

  // A second time there is nothing to do, and it says so.
  const again = await end((await ask('cancel', { filter: { workflow: 'bulk-waits' } })).id);
  assert.deepEqual(counts(again), { status: 'completed', done: 0, failed: 0, skipped: 75 });

  const retry = await end((await ask('retry', { filter: { workflow: waits.id, status: 'cancelled' } })).id);
  assert.deepEqual(counts(retry), { status: 'completed', done: 75, failed: 0, skipped: 0 });
  assert.equal((await server.get(`/v1/workflow-runs/${ids[3]}`)).data.generation, 2);

  // What goes on is not deleted.
  const refused = await end((await ask('delete', { filter: { workflow: waits.id } })).id);
  assert.deepEqual(counts(refused), { status: 'completed', done: 0, failed: 0, skipped: 75 });
  await end((await ask('cancel', { filter: { workflow: waits.id } })).id);
  const deleted = await end((await ask('delete', { filter: { workflow: waits.id } })).id);
  assert.deepEqual(counts(deleted), { status: 'completed', done: 75, failed: 0, skipped: 0 });
  assert.deepEqual((await server.get('/v1/workflows/bulk-waits/runs')).data, []);
  assert.equal((await server.get(`/v1/workflow-runs/${other}`)).status, 200);
});

test('the failed of a label are retried, on the version that mends them', async () => {
  const workflow = await publish('Bulk fails', FAILS);
  const bad = await start(workflow, 40, { input: { ok: false }, labels: { batch: 'a' } });
  await start(workflow, 3, { input: { ok: false }, labels: { batch: 'b' } });
  await start(workflow, 5, { input: { ok: true }, labels: { batch: 'a' } });
  for (const id of bad) await server.reachEnd(id);
  const mended = FAILS.replace('NAME', 'Bulk fails').replace('error("no")', '2');
  const changed = await server.ask('PUT', '/v1/workflows/bulk-fails', { body: mended, type: 'text/yaml' });
  assert.equal(changed.status, 200, changed.text);
  assert.equal((await server.post('/v1/workflows/bulk-fails/publish')).status, 200);
  const retry = await end(
    (await ask('retry', { filter: { label: 'batch:a', status: 'failed' }, version: 'newest' })).id,
  );
  assert.equal(retry.version, 'newest');
  assert.deepEqual(counts(retry), { status: 'completed', done: 40, failed: 0, skipped: 0 });
  for (const id of bad) assert.equal((await server.reachEnd(id)).status, 'completed');
  const left = await server.get('/v1/workflow-runs?status=failed&workflow=bulk-fails');
  assert.equal(left.data.length, 3);
});

test('lists by label go on with next', async () => {
  const workflow = await publish('Labelled', FAILS);
  const ids = await start(workflow, 7, { input: { ok: true }, labels: { team: 'blue:green', n: 'x' } });
  await start(workflow, 2, { input: { ok: true }, labels: { team: 'red' } });
  const list = async (query) => {
    const answer = await server.get(`/v1/workflow-runs?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer;
  };
  const all = await list('label=team:blue%3Agreen');
  assert.deepEqual(all.data.map((run) => run.id), [...ids].reverse());
  assert.equal(all.json.next, null);
  const first = await list('label=team:blue%3Agreen&limit=3');
  assert.deepEqual(first.data.map((run) => run.id), ids.slice(4).reverse());
  assert.equal(first.json.next, ids[4]);
  const second = await list(`label=team:blue%3Agreen&limit=10&lt=${first.json.next}`);
  assert.deepEqual(second.data.map((run) => run.id), ids.slice(0, 4).reverse());
  assert.equal(second.json.next, null);
  assert.equal((await list('label=team:red&status=failed')).data.length, 0);
  assert.equal((await list('label=team:red&status=completed&trigger=api&workflow=labelled')).data.length, 2);
  assert.equal((await list('label=nobody:x')).data.length, 0);
  for (const [query, words] of [
    ['label=team', /^label: /],
    ['label=:x', /^label: /],
    ['label=team:red&page=2', /^page: lists by label/],
    ['label=team:red&direction=asc', /^direction: lists by label/],
  ]) {
    const refused = await server.get(`/v1/workflow-runs?${query}`);
    assert.equal(refused.status, 400, query);
    assert.match(refused.json.error, words);
  }
});

test('what is asked badly is refused with the place', async () => {
  for (const [body, words] of [
    [{}, /filter/],
    [{ filter: {} }, /filter/],
    [{ filter: { state: 'failed' } }, /state/],
    [{ filter: { status: 'done' } }, /^status: there is no status/],
    [{ filter: { status: ['failed'] } }, /filter/],
    [{ filter: { workflow: 'nowhere' } }, /workflow/],
    [{ filter: { createdBefore: 'yesterday' } }, /^createdBefore/],
    [{ filter: { status: 'failed' }, dryRun: true }, /dryRun/],
  ]) {
    const answer = await server.post('/v1/workflow-runs/cancel', body);
    assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${answer.text}`);
    assert.match(answer.json.error, words, JSON.stringify(body));
  }
  assert.equal((await server.get('/v1/operations/000000000000000000000001')).status, 404);
  assert.equal((await server.get('/v1/operations/nothing')).status, 404);
});

test('the same Idempotency-Key is the same operation', async () => {
  const headers = { 'idempotency-key': 'bulk-1' };
  const body = { filter: { label: 'nobody:there' } };
  const first = await server.post('/v1/workflow-runs/cancel', body, { headers });
  const second = await server.post('/v1/workflow-runs/cancel', body, { headers });
  assert.equal(first.status, 202, first.text);
  assert.equal(second.status, 202, second.text);
  assert.equal(second.data.id, first.data.id);
  const other = await server.post('/v1/workflow-runs/cancel', { filter: { status: 'queued' } }, { headers });
  assert.equal(other.status, 409);
});

test('an operation goes on after a kill, counts each run once and leaves newer ones alone', async () => {
  const workflow = await publish('Bulk killed', WAITS);
  const count = 300;
  const ids = await start(workflow, count);
  await server.reach(ids[count - 1], 'running');
  const { id } = await ask('cancel', { filter: { workflow: 'bulk-killed' } });
  const newer = await start(workflow, 1);
  for (let kill = 0; kill < 4; kill++) {
    await until(async () => {
      const { data } = await server.get(`/v1/operations/${id}`);
      return data.status !== 'running' || data.done > kill * 50;
    }, 'the operation to move on');
    await server.restart('SIGKILL');
  }
  assert.deepEqual(counts(await end(id)), { status: 'completed', done: count, failed: 0, skipped: 0 });
  for (const one of [ids[0], ids[150], ids[count - 1]])
    assert.equal((await server.get(`/v1/workflow-runs/${one}`)).data.status, 'cancelled');
  await server.reach(newer[0], 'running');
  const listed = await server.get('/v1/operations?limit=1');
  assert.equal(listed.data[0].id, id);
});
