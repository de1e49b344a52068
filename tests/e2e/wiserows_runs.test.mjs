// The Wiserows API: workflows, runs and jobs, field by field.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startModel } from './model.mjs';
import { startServer, until } from './server.mjs';
import { client, codeOf, isMs } from './wiserows.mjs';

let server;
let api;
let home;
let model;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'windrow-wiserows-'));
  model = await startModel({ say: () => 'Said.' });
  const config = join(home, 'config.yaml');
  await writeFile(config, `providers:\n  stub: { base_url: "${model.url}", models: { m: { input: 1000, output: 1000 } } }\n`);
  server = await startServer('--allow', '127.0.0.1', '--config', config);
  api = client(server);
});
after(async () => {
  await server?.close();
  await model?.close();
  await rm(home, { recursive: true, force: true });
});

const fails = (answer, status) => {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['data', 'error']);
  assert.equal(answer.json.data, null);
  assert.deepEqual(Object.keys(answer.json.error), ['code', 'message']);
  assert.equal(answer.json.error.code, codeOf(status));
  return answer.json.error.message;
};

const JOB_FIELDS = ['id', 'name', 'type', 'category', 'status', 'progress', 'createdAt', 'completedAt'];
const ENDED = ['completed', 'failed', 'cancelled'];
const job = async (id) => (await api.get(`/api/v1/jobs/${id}`)).json.data;
const jobEnds = (id) =>
  until(async () => {
    const found = await job(id);
    return ENDED.includes(found.status) ? found : null;
  }, `job ${id} to end`);

let made = 0;
/** A workflow of ours, made in the native API. */
const native = (steps, extra = '') => server.publish(`name: Ours ${++made}\n${extra}steps: ${JSON.stringify(steps)}\n`);
const waits = () => [{ id: 'hold', type: 'wait', config: { for: '1h' } }];
const run = async (workflow, entityIds) => {
  const answer = await api.post(`/api/v1/workflows/${workflow.id}/run`, { entityIds });
  assert.equal(answer.status, 202, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['data']);
  assert.deepEqual(Object.keys(answer.json.data), ['jobId']);
  return answer.json.data.jobId;
};
const runOf = async (workflow, id) => (await api.get(`/api/v1/workflows/${workflow.id}/runs/${id}`)).json.data;

/* --- workflows made elsewhere --- */

test('a workflow made in the native API is listed and shown with its own steps', async () => {
  const workflow = await native([{ id: 'mark', type: 'set', config: { fields: { a: 1 } } }, { type: 'set', config: { fields: { b: 2 } } }],
    'description: What it does\n');
  const shown = (await api.get(`/api/v1/workflows/${workflow.id}`)).json;
  assert.deepEqual(shown, {
    data: {
      id: workflow.id,
      name: workflow.name,
      description: 'What it does',
      status: 'active',
      stepsCount: 2,
      lastRunAt: null,
      steps: [
        { id: 'mark', type: 'set', config: { fields: { a: 1 } } },
        { id: 'step_2', type: 'set', config: { fields: { b: 2 } } },
      ],
    },
  });
  const { steps, ...summary } = shown.data;
  assert.deepEqual(Object.keys(shown.data), [...Object.keys(summary), 'steps']);
  assert.equal(steps.length, 2);
  const list = (await api.get('/api/workflows')).json;
  assert.deepEqual(Object.keys(list), ['data', 'meta']);
  assert.equal(list.meta.total, list.data.length);
  assert.deepEqual(list.data[0], summary);
});

test('status is draft, active or archived, and only what is active runs', async () => {
  const answer = await server.post('/v1/workflows', 'name: Draft\nsteps: [{ type: set, config: { fields: { a: 1 } } }]\n', { type: 'text/yaml' });
  const id = answer.data.id;
  const status = async () => (await api.get(`/api/v1/workflows/${id}`)).json.data.status;
  assert.equal(await status(), 'draft');
  assert.match(fails(await api.post(`/api/v1/workflows/${id}/run`, { entityIds: ['a'] }), 409), /not active/);
  await server.post(`/v1/workflows/${id}/publish`);
  assert.equal(await status(), 'active');
  await server.post(`/v1/workflows/${id}/archive`);
  assert.equal(await status(), 'archived');
  fails(await api.post(`/api/v1/workflows/${id}/run`, { entityIds: ['a'] }), 409);
});

test('a workflow of other steps runs on the ids that it is given, and its job is one of its largest table', async () => {
  const workflow = await native([
    { id: 'each', type: 'expand', config: { list: '.input.entityIds' } },
    { id: 'good', type: 'filter', config: { where: '.item != "b"' } },
    { id: 'mark', type: 'transform', config: { expression: 'if .item == "c" then error("no c") else .item end' } },
  ]);
  const id = await run(workflow, ['a', 'b', 'c', 'd']);
  const ended = await jobEnds(id);
  assert.equal(ended.status, 'completed');
  assert.deepEqual(ended.progress, { total: 4, completed: 3, failed: 1 });
});

/* --- runs --- */

test('a run: id, status, progress, startedAt, completedAt; its id is that of the job', async () => {
  const workflow = await native([{ id: 'mark', type: 'set', config: { fields: { a: 1 } } }]);
  const id = await run(workflow, ['a']);
  await jobEnds(id);
  const shown = await runOf(workflow, id);
  assert.deepEqual(Object.keys(shown), ['id', 'status', 'progress', 'startedAt', 'completedAt']);
  assert.equal(shown.id, id);
  assert.equal(shown.status, 'completed');
  assert.deepEqual(shown.progress, { total: 1, completed: 1, failed: 0 });
  isMs(shown.startedAt);
  isMs(shown.completedAt);
  assert.ok(shown.completedAt >= shown.startedAt);
  const { lastRunAt } = (await api.get(`/api/v1/workflows/${workflow.id}`)).json.data;
  isMs(lastRunAt);
  const other = await native(waits());
  fails(await api.get(`/api/v1/workflows/${other.id}/runs/${id}`), 404);
  fails(await api.get(`/api/v1/workflows/${workflow.id}/runs/${'0'.repeat(24)}`), 404);
  fails(await api.get(`/api/v1/workflows/nothing/runs/${id}`), 404);
});

test('what a run may not be started with is 400, at an unknown workflow 404', async () => {
  const workflow = await native(waits());
  for (const body of [{}, { entityIds: 'a' }, { entityIds: [] }, { entityIds: [1] }, { entityIds: null }])
    assert.match(fails(await api.post(`/api/v1/workflows/${workflow.id}/run`, body), 400), /entityIds/);
  assert.match(fails(await api.post(`/api/v1/workflows/${workflow.id}/run`, { entityIds: ['a'], input: {} }), 400), /input/);
  fails(await api.post(`/api/v1/workflows/${workflow.id}/run`, '['), 400);
  fails(await api.post(`/api/v1/workflows/${'0'.repeat(24)}/run`, { entityIds: ['a'] }), 404);
});

test('without credits a run is 402', async () => {
  const { data } = await server.post('/v1/workspaces', { name: 'Poor' });
  const key = data.key;
  await server.post('/v1/credits', { workspaceId: data.id, set: 0 });
  const answer = await server.post('/v1/workflows?publish=true', 'name: Poor one\nsteps: [{ type: ai_generate, config: { model: stub/m, prompt: Why? } }]\n',
    { type: 'text/yaml', key });
  const started = await api.post(`/api/v1/workflows/${answer.data.id}/run`, { entityIds: ['a'] }, { headers: api.bearer(key.apiKey) });
  assert.match(fails(started, 402), /credits/);
});

/* --- jobs --- */

test('a job: all its fields while it runs, progress from the input, completedAt null', async () => {
  const workflow = await native(waits());
  const id = await run(workflow, ['a', 'b', 'c']);
  const found = await until(async () => {
    const one = await job(id);
    return one.status === 'running' ? one : null;
  }, 'the job to run');
  assert.deepEqual(Object.keys(found), [...JOB_FIELDS, 'logs']);
  assert.equal(found.id, id);
  assert.equal(found.name, workflow.name);
  assert.equal(found.type, 'workflow_run');
  assert.equal(found.category, 'ai');
  assert.deepEqual(found.progress, { total: 3, completed: 0, failed: 0 });
  isMs(found.createdAt);
  assert.equal(found.completedAt, null);
  const shown = await runOf(workflow, id);
  assert.equal(shown.status, 'running');
  assert.equal(shown.completedAt, null);
  isMs(shown.startedAt);
  await api.post(`/api/v1/jobs/${id}/cancel`);
});

test('cancel ends a job, twice is the same, what has ended otherwise is 409', async () => {
  const workflow = await native(waits());
  const id = await run(workflow, ['a']);
  for (const prefix of ['/api/v1', '/api']) {
    const answer = await api.post(`${prefix}/jobs/${id}/cancel`);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.json.data), JOB_FIELDS);
    assert.equal(answer.json.data.status, 'cancelled');
    isMs(answer.json.data.completedAt);
  }
  const shown = await job(id);
  assert.match(shown.logs.at(-1).message, /cancelled/);
  assert.equal((await runOf(workflow, id)).status, 'cancelled');
  const done = await run(await native([{ type: 'set', config: { fields: { a: 1 } } }]), ['a']);
  await jobEnds(done);
  assert.match(fails(await api.post(`/api/v1/jobs/${done}/cancel`), 409), /completed/);
  fails(await api.post(`/api/v1/jobs/${'0'.repeat(24)}/cancel`), 404);
});

test('the logs of a job tell in order what happened, and why it failed', async () => {
  const workflow = await native([{ id: 'boom', type: 'transform', config: { expression: 'error("no luck")' } }]);
  const id = await run(workflow, ['a']);
  const ended = await jobEnds(id);
  assert.equal(ended.status, 'failed');
  assert.deepEqual(ended.progress, { total: 1, completed: 0, failed: 1 });
  isMs(ended.completedAt);
  for (const entry of ended.logs) {
    assert.deepEqual(Object.keys(entry), ['timestamp', 'level', 'message']);
    isMs(entry.timestamp);
    assert.ok(['info', 'warning', 'error'].includes(entry.level));
  }
  assert.match(ended.logs[0].message, /queued/);
  const worst = ended.logs.filter((entry) => entry.level === 'error');
  assert.ok(worst.some((entry) => /no luck/.test(entry.message)), JSON.stringify(ended.logs));
});

test('jobs are listed newest first, by status, category and limit', async () => {
  const workflow = await native([{ type: 'set', config: { fields: { a: 1 } } }]);
  const held = await run(await native(waits()), ['a']);
  const ids = [];
  for (let i = 0; i < 3; i++) ids.unshift(await run(workflow, ['a']));
  await Promise.all(ids.map(jobEnds));
  const list = async (query) => (await api.get(`/api/v1/jobs${query}`)).json;
  const all = await list('?limit=3');
  assert.deepEqual(Object.keys(all), ['data']);
  assert.deepEqual(all.data.map((one) => one.id), ids);
  assert.deepEqual(Object.keys(all.data[0]), JOB_FIELDS);
  assert.deepEqual((await list('?status=completed&limit=2')).data.map((one) => one.id), ids.slice(0, 2));
  assert.deepEqual((await list('?status=running&category=ai')).data.map((one) => one.id), [held]);
  assert.deepEqual(await list('?category=seo'), { data: [] });
  for (let i = 0; i < 20; i++) await run(workflow, ['a']);
  assert.equal((await list('')).data.length, 20);
  assert.ok((await list('?limit=1000')).data.length > 20);
  assert.match(fails(await api.get('/api/v1/jobs?status=done'), 400), /status/);
  assert.match(fails(await api.get('/api/v1/jobs?category=all'), 400), /category/);
  assert.match(fails(await api.get('/api/v1/jobs?limit=x'), 400), /limit/);
  await api.post(`/api/v1/jobs/${held}/cancel`);
});

test('another workspace sees no workflows, no runs and no jobs', async () => {
  const workflow = await native(waits());
  const id = await run(workflow, ['a']);
  const { data } = await server.post('/v1/workspaces', { name: 'Strangers' });
  const headers = api.bearer(data.key.apiKey);
  assert.deepEqual((await api.get('/api/v1/workflows', { headers })).json, { data: [], meta: { total: 0 } });
  assert.deepEqual((await api.get('/api/v1/jobs', { headers })).json, { data: [] });
  fails(await api.get(`/api/v1/workflows/${workflow.id}`, { headers }), 404);
  fails(await api.get(`/api/v1/workflows/${workflow.id}/runs/${id}`, { headers }), 404);
  fails(await api.get(`/api/v1/jobs/${id}`, { headers }), 404);
  fails(await api.post(`/api/v1/jobs/${id}/cancel`, undefined, { headers }), 404);
  fails(await api.post(`/api/v1/workflows/${workflow.id}/run`, { entityIds: ['a'] }, { headers }), 404);
  assert.equal((await job(id)).status, 'running');
  await api.post(`/api/v1/jobs/${id}/cancel`);
});
