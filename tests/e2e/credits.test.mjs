// Credits and budgets: nothing is sent that cannot be paid, nothing is paid twice, and after a grant
// a retry goes on.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startModel } from './model.mjs';
import { startServer, until } from './server.mjs';

let home;
let model;
let server;
let cost; // of one call, in credits
before(async () => {
  /* Sums of a day begin anew at midnight: not in the middle of a test. */
  await until(() => 86_400_000 - (Date.now() % 86_400_000) > 60_000, 'midnight to be over');
  home = await mkdtemp(join(tmpdir(), 'windrow-credits-'));
  model = await startModel({ latencyMs: 5, say: () => 'It is a thing.' });
  const config = join(home, 'config.yaml');
  await writeFile(config, `
default_model: stub/m
providers:
  stub: { base_url: "${model.url}", models: { m: { input: 1000, output: 1000 } } }
`);
  server = await startServer('--config', config);
  const run = await ask([100]);
  cost = run.usage.cost;
  assert.ok(cost > 0);
});
after(async () => {
  await server?.close();
  await model?.close();
  await rm(home, { recursive: true, force: true });
});

/** Long enough that a guess before the answer is not far from what it costs. */
const TEXT = 'Name the thing. '.repeat(150);

let made = 0;
const flow = (limits = '{}', key) =>
  server.ask('POST', '/v1/workflows?publish=true', {
    key,
    type: 'text/yaml',
    body: `
name: Ask ${++made}
limits: ${limits}
steps:
  - { id: rows, type: expand, config: { list: .input.ids } }
  - { id: ask, type: ai_generate, config: { prompt: "${TEXT} {{item}} of ${made}", max_tokens: 20 }, retry: { attempts: 1 } }
  - { id: out, type: write_csv, config: { columns: { text: "{{steps.ask.text}}" } } }
`,
  });

const ids = (count) => Array.from({ length: count }, (_, i) => 100 + i);

/** A run over these ids, to its end. */
async function ask(list, limits, key) {
  const workflow = await flow(limits, key);
  assert.equal(workflow.status, 201, workflow.text);
  const run = await start(workflow.data, list, key);
  assert.equal(run.status, 201, run.text);
  return reachEnd(run.data.id, key);
}

const start = (workflow, list, key) =>
  server.post(`/v1/workflows/${workflow.id}/runs`, { input: { ids: list } }, { key });

async function reachEnd(id, key) {
  for (;;) {
    const { data } = await server.get(`/v1/workflow-runs/${id}?wait=10`, { key });
    if (['completed', 'failed', 'cancelled'].includes(data.status)) return data;
  }
}

const failed = async (id, key) =>
  (await server.get(`/v1/workflow-runs/${id}/items?table=rows&state=failed&limit=1000`, { key })).data;

async function tenant() {
  const answer = await server.post('/v1/workspaces', { name: `Team ${++made}` });
  assert.equal(answer.status, 201, answer.text);
  return { id: answer.data.id, key: { apiKey: answer.data.key.apiKey } };
}

const grant = async (workspaceId, what) => {
  const answer = await server.post('/v1/credits', { workspaceId, ...what });
  assert.equal(answer.status, 200, answer.text);
  return answer.data;
};
const credits = async (key) => (await server.get('/v1/credits', { key })).data;
const near = (a, b, what) => assert.ok(Math.abs(a - b) < 1e-9, `${what ?? ''}: ${a}, not ${b}`);

test('without a limit all may be spent, and is counted by day, key and workflow', async () => {
  const { key } = await tenant();
  assert.deepEqual(
    { ...(await credits(key)), workspaceId: null },
    { workspaceId: null, unlimited: true, balance: null, reserved: 0, spent: 0 },
  );
  const run = await ask(ids(3), undefined, key);
  assert.equal(run.status, 'completed');
  near((await credits(key)).spent, run.usage.cost, 'spent');
  for (const by of ['day', 'key', 'workflow']) {
    const { data } = await server.get(`/v1/usage?groupBy=${by}`, { key });
    assert.equal(data.length, 1, by);
    assert.equal(data[0].calls, 3);
    near(data[0].cost, run.usage.cost, by);
    const named = { day: data[0].day, key: data[0].keyId, workflow: data[0].workflowId }[by];
    assert.ok(named, by);
    if (by === 'workflow') assert.equal(named, run.workflowId);
  }
  const past = await server.get('/v1/usage?firstDay=2001-01-01&lastDay=2001-02-01', { key });
  assert.deepEqual(past.data, []);
  for (const query of ['firstDay=x', 'firstDay=2026-02-30', 'groupBy=hour', 'firstDay=2001-01-01'])
    assert.equal((await server.get(`/v1/usage?${query}`, { key })).status, 400, query);
});

test('what cannot be paid is not sent; after a grant a retry goes on, and nothing is paid twice', async () => {
  const { id, key } = await tenant();
  await grant(id, { set: 5 * cost, note: 'a little' });
  const before = model.seen.length;
  const run = await ask(ids(20), undefined, key);
  const paid = Math.round(run.usage.cost / cost);
  assert.equal(run.status, 'completed');
  assert.ok(paid >= 3 && paid <= 6, `${paid} paid`);
  assert.equal(model.seen.length - before, paid);
  const items = await failed(run.id, key);
  assert.equal(items.length, 20 - paid);
  for (const item of items) {
    assert.equal(item.error.code, 'credits_exhausted');
    assert.equal(item.error.of, 'workspace');
    near(item.error.limit, 5 * cost);
  }
  const left = await credits(key);
  near(left.balance, 5 * cost - run.usage.cost);
  assert.equal(left.reserved, 0);

  await grant(id, { add: 100 * cost });
  const retried = await server.post(`/v1/workflow-runs/${run.id}/retry`, {}, { key });
  assert.equal(retried.status, 200, retried.text);
  const end = await reachEnd(run.id, key);
  assert.equal(end.generation, 2);
  assert.deepEqual(await failed(run.id, key), []);
  assert.equal(model.seen.length - before, 20);
  near(end.usage.cost, 20 * cost);
  near((await credits(key)).spent, 20 * cost);
});

test('with nothing left a run is not started: 422 with the limit and the use', async () => {
  const { id, key } = await tenant();
  const workflow = (await flow('{}', key)).data;
  await grant(id, { set: 0 });
  const refused = await start(workflow, [100], key);
  assert.equal(refused.status, 422, refused.text);
  assert.deepEqual(
    { ...refused.json, error: null },
    { error: null, code: 'credits_exhausted', of: 'workspace', limit: 0, used: 0, resetAt: null },
  );
  assert.match(refused.json.error, /credits of the workspace are used up/);
  const pure = await server.ask('POST', '/v1/workflows?publish=true', {
    key, type: 'text/yaml', body: 'name: Pure\nsteps: [{ type: set, config: { fields: { x: 1 } } }]\n',
  });
  assert.equal((await server.post(`/v1/workflows/${pure.data.id}/runs`, {}, { key })).status, 201);
  await grant(id, { unlimited: true });
  const granted = await start(workflow, [100], key);
  assert.equal(granted.status, 201);
  assert.equal((await reachEnd(granted.data.id, key)).status, 'completed');
});

test('runs that begin at once do not spend the same credits', async () => {
  const { id, key } = await tenant();
  const workflow = (await flow('{ concurrency: 4 }', key)).data;
  await grant(id, { set: 12 * cost });
  const before = model.seen.length;
  const runs = await Promise.all(Array.from({ length: 8 }, () => start(workflow, ids(5), key)));
  const ends = await Promise.all(runs.filter((one) => one.status === 201).map((one) => reachEnd(one.data.id, key)));
  const spent = ends.reduce((sum, run) => sum + (run.usage?.cost ?? 0), 0);
  const { balance } = await credits(key);
  near(balance, 12 * cost - spent);
  // No more than the calls on their way times the error of their estimate, which is above 0 here.
  assert.ok(spent <= 12.01 * cost, `${spent / cost} calls were paid`);
  assert.equal(model.seen.length - before, Math.round(spent / cost));
});

test('limits.budget holds for one run, and a retry on a newer version goes on', async () => {
  const { key } = await tenant();
  const workflow = (await flow(`{ budget: ${4 * cost} }`, key)).data;
  const run = await reachEnd((await start(workflow, ids(10), key)).data.id, key);
  assert.ok(run.usage.cost <= 5 * cost);
  const items = await failed(run.id, key);
  assert.equal(items.length, 10 - Math.round(run.usage.cost / cost));
  assert.equal(items[0].error.code, 'budget_exhausted');
  assert.equal(items[0].error.of, 'run');
  const other = await reachEnd((await start(workflow, ids(3), key)).data.id, key);
  assert.deepEqual(await failed(other.id, key), []);
});

test('budgets of a key and of a workspace hold for the day, and say when it ends', async () => {
  const { id, key } = await tenant();
  const small = await server.post('/v1/keys', { scopes: ['read', 'run', 'write'], limits: { budgetPerDay: 3 * cost } }, { key });
  const own = { apiKey: small.data.apiKey };
  const run = await ask(ids(6), undefined, own);
  const [item] = await failed(run.id, key);
  assert.deepEqual([item.error.code, item.error.of], ['budget_exhausted', 'key']);
  const midnight = new Date(item.error.resetAt);
  assert.ok(midnight > new Date() && midnight.getUTCHours() === 0);
  const free = await ask(ids(6), undefined, key);
  assert.deepEqual(await failed(free.id, key), []);

  const change = await server.ask('PATCH', `/v1/workspaces/${id}`, { body: { limits: { budgetPerDay: cost } } });
  assert.equal(change.status, 200);
  const workflow = (await flow('{}', key)).data;
  const refused = await start(workflow, [100], key);
  assert.equal(refused.status, 422, refused.text);
  assert.deepEqual([refused.json.code, refused.json.of], ['budget_exhausted', 'workspace']);
  assert.ok(refused.json.resetAt);
});

test('limits.budget_per_day holds for all runs of the workflow together', async () => {
  const { key } = await tenant();
  const workflow = (await flow(`{ budget_per_day: ${3 * cost} }`, key)).data;
  const first = await reachEnd((await start(workflow, ids(5), key)).data.id, key);
  const [item] = await failed(first.id, key);
  assert.deepEqual([item.error.code, item.error.of], ['budget_exhausted', 'workflow']);
  const run = await start(workflow, ids(2), key);
  if (run.status === 201) {
    const end = await reachEnd(run.data.id, key);
    assert.equal((await failed(end.id, key)).length, 2);
  } else {
    assert.equal(run.status, 422, run.text);
  }
});

test('runs that a run calls are paid by it', async () => {
  const { id, key } = await tenant();
  const child = (await flow('{}', key)).data;
  const parent = await server.ask('POST', '/v1/workflows?publish=true', {
    key,
    type: 'text/yaml',
    body: `
name: Parent ${++made}
limits: { budget: ${2 * cost} }
steps:
  - { id: call, type: workflow, config: { slug: ${child.slug}, input: { ids: [100, 101, 102, 103, 104, 105] } } }
output: { rows: "{{steps.call.rows}}" }
`,
  });
  assert.equal(parent.status, 201, parent.text);
  const run = await reachEnd((await server.post(`/v1/workflows/${parent.data.id}/runs`, {}, { key })).data.id, key);
  const { data } = await server.get(`/v1/workflow-runs/${run.id}/runs`, { key });
  assert.equal(data.length, 1);
  const items = await failed(data[0].id, key);
  assert.ok(items.length >= 3, `${items.length} failed`);
  assert.equal(items[0].error.code, 'budget_exhausted');
  const { data: sums } = await server.get('/v1/usage?groupBy=workflow', { key });
  assert.deepEqual(sums.map((one) => one.workflowId), [parent.data.id]);
  assert.ok((await credits(key)).spent <= 3 * cost);
  assert.ok(id);
});

test('sums survive the end of the process', async () => {
  const { id, key } = await tenant();
  await grant(id, { set: 4 * cost });
  const run = await ask(ids(2), undefined, key);
  const before = await credits(key);
  await server.restart('SIGKILL');
  assert.deepEqual(await credits(key), before);
  const more = await ask(ids(9), undefined, key);
  const spent = run.usage.cost + (more.usage?.cost ?? 0);
  near((await credits(key)).spent, spent);
  assert.ok(spent <= 5 * cost, String(spent / cost));
});

test('grants are made by the operator alone, once for a key, and listed', async () => {
  const { id, key } = await tenant();
  assert.equal((await server.post('/v1/credits', { add: 5 }, { key })).status, 403);
  const cannot = await server.post('/v1/credits', { workspaceId: id, add: 5 });
  assert.equal(cannot.status, 409);
  const wrong = [{}, { add: 1, set: 2 }, { add: -1 }, { set: 'x' }, { set: 1e12 }, { unlimited: false }];
  for (const body of wrong)
    assert.equal((await server.post('/v1/credits', { workspaceId: id, ...body })).status, 400, JSON.stringify(body));
  assert.equal((await server.post('/v1/credits', { workspaceId: '0'.repeat(24), set: 1 })).status, 404);

  const headers = { 'idempotency-key': 'grant' };
  const body = { workspaceId: id, set: 7.25, note: 'März' };
  for (let i = 0; i < 2; i++) {
    const answer = await server.post('/v1/credits', body, { headers });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.data.balance, 7.25);
  }
  await grant(id, { add: 0.75 });
  const { data } = await server.get('/v1/credits/grants', { key });
  assert.deepEqual(data.map((one) => [one.kind, one.amount, one.note]), [['add', 0.75, ''], ['set', 7.25, 'März']]);
});

test('a step that is tried is paid as a run would be, and refused when nothing is left', async () => {
  const { id, key } = await tenant();
  const workflow = (await flow('{}', key)).data;
  const attempt = () =>
    server.post(`/v1/workflows/${workflow.id}/steps/ask/try`, { item: 7, effects: true }, { key });
  await grant(id, { set: 2 * cost });
  const first = await attempt();
  assert.equal(first.data.state, 'completed', first.text);
  assert.ok(first.data.usage.cost > 0);
  near((await credits(key)).spent, first.data.usage.cost, 'spent');
  near((await credits(key)).balance, 2 * cost - first.data.usage.cost, 'left');
  assert.equal((await credits(key)).reserved, 0);
  for (const by of ['day', 'key', 'workflow']) {
    const { data } = await server.get(`/v1/usage?groupBy=${by}`, { key });
    assert.deepEqual([data.length, data[0].calls], [1, 1], by);
    near(data[0].cost, first.data.usage.cost, by);
  }
  await grant(id, { set: 0 });
  const before = model.seen.length;
  const refused = await attempt();
  assert.equal(refused.status, 200, refused.text);
  assert.equal(refused.data.state, 'failed');
  assert.deepEqual(
    [refused.data.error.code, refused.data.error.of], ['credits_exhausted', 'workspace']);
  assert.equal(model.seen.length, before, 'nothing was sent');
  const { data: looked } = await server.post(`/v1/workflows/${workflow.id}/steps/ask/try`, { item: 7 }, { key });
  assert.equal(looked.state, 'not_sent', 'a look costs nothing');
});

test('an estimate has the prices of now', async () => {
  const workflow = (await flow()).data;
  const estimate = async () => (await server.post(`/v1/workflows/${workflow.id}/estimate`, {})).data;
  const [unknown] = (await estimate()).steps;
  assert.deepEqual([unknown.model, unknown.price, unknown.cost], ['stub/m', { input: 1000, output: 1000 }, null]);
  const run = await reachEnd((await start(workflow, ids(4))).data.id);
  assert.equal(run.status, 'completed');
  const configOf = (price) => `
default_model: stub/m
providers:
  stub: { base_url: "${model.url}", models: { m: ${price} } }
`;
  const path = join(home, 'config.yaml');
  const shown = `name: One row
steps: [{ id: ask, type: ai_generate, config: { prompt: "{{input.p}}", max_tokens: 20 } }]`;
  const one = await server.publish(shown);
  const ended = await server.reachEnd((await server.begin(one, { p: TEXT })).id);
  const oneRow = async () =>
    (await server.post(`/v1/workflows/${one.id}/estimate`, { input: { p: TEXT } })).data;
  near((await oneRow()).total.cost, ended.usage.cost, 'at the price of then');
  try {
    await writeFile(path, configOf('{ input: 3000, output: 3000 }'));
    await server.restart('SIGTERM');
    near((await oneRow()).total.cost, 3 * ended.usage.cost, 'three times as dear');
    await writeFile(path, configOf('{ input: 0, output: 0 }'));
    await server.restart('SIGTERM');
    const [free] = (await estimate()).steps;
    assert.deepEqual([free.cost, free.price], [0, { input: 0, output: 0 }]);
  } finally {
    await writeFile(path, configOf('{ input: 1000, output: 1000 }'));
    await server.restart('SIGTERM');
  }
});
