// The Wiserows API: workflows, runs and jobs, field by field.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startModel } from './model.mjs';
import { startServer, until } from './server.mjs';
import { startStub } from './stub.mjs';
import { client, codeOf, isMs } from './wiserows.mjs';

let server;
let api;
let home;
let model;
let stub;
before(async () => {
  stub = await startStub();
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
  await stub?.close();
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

/* --- workflows made here --- */

const ARTICLE = [
  { name: 'Title', slug: 'title', type: 'text', required: true },
  { name: 'Body', slug: 'body', type: 'longText' },
  { name: 'Summary', slug: 'summary', type: 'longText' },
  { name: 'Words', slug: 'words', type: 'number' },
  { name: 'Size', slug: 'size', type: 'formula', config: { expression: '.title | length' } },
];
const newType = async (fields = ARTICLE) =>
  (await api.post('/api/v1/entity-types', { name: `Type ${++made}`, fields })).json.data;
const newEntity = async (type, fields) =>
  (await api.post('/api/v1/entities', { entityTypeId: type.id, fields })).json.data;
const entity = async (id) => (await api.get(`/api/v1/entities/${id}`)).json.data;
const create = (type, steps, more = {}) =>
  api.post('/api/v1/workflows', { name: `Made ${++made}`, entityTypeId: type.id, steps, ...more });
const workflowOf = async (type, steps) => {
  const answer = await create(type, steps);
  assert.equal(answer.status, 201, answer.text);
  return answer.json.data;
};
const step = (type, config = {}) => ({ type, config });
const DETAIL_FIELDS = ['id', 'name', 'description', 'status', 'stepsCount', 'lastRunAt', 'steps'];
/** A run of these steps over these entities, to its end. */
const runSteps = async (type, steps, ids) => jobEnds(await run(await workflowOf(type, steps), ids));

test('creating a workflow answers its detail: active at once, the steps as they were sent', async () => {
  const type = await newType();
  const steps = [
    step('condition', { expression: '.item.words != 3' }),
    { id: 'shout', type: 'transform', config: { expression: '{title: (.item.title | ascii_upcase)}' } },
    step('notify', { webhook: { url: 'https://example.com/{{item._id}}' } }),
  ];
  for (const prefix of ['/api/v1', '/api']) {
    const answer = await api.post(`${prefix}/workflows`, { name: 'Pages', description: 'All of them', entityTypeId: type.id, steps });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(Object.keys(answer.json), ['data']);
    const made = answer.json.data;
    assert.deepEqual(Object.keys(made), DETAIL_FIELDS);
    assert.match(made.id, /^[0-9a-f]{24}$/);
    assert.deepEqual(made, {
      id: made.id, name: 'Pages', description: 'All of them', status: 'active', stepsCount: 3, lastRunAt: null,
      steps: [
        { id: 'step_1', ...steps[0] },
        { id: 'shout', type: 'transform', config: steps[1].config },
        { id: 'step_3', ...steps[2] },
      ],
    });
    assert.deepEqual((await api.get(`${prefix}/workflows/${made.id}`)).json, answer.json);
    const { steps: ignored, ...summary } = made;
    assert.deepEqual((await api.get('/api/v1/workflows?limit=1')).json.data, [summary]);
  }
});

test('a workflow made here is one of the native API too, and runs there', async () => {
  const type = await newType();
  const { id } = await newEntity(type, { title: 'Nuts' });
  const workflow = await workflowOf(type, [step('transform', { expression: '.item.title' })]);
  const { data: ours } = await server.get(`/v1/workflows/${workflow.id}`);
  assert.equal(ours.name, workflow.name);
  const started = await server.begin(workflow, { entityIds: [id] });
  const ended = await server.reachEnd(started.id);
  assert.equal(ended.status, 'completed');
  const { data: items } = await server.get(`/v1/workflow-runs/${started.id}/items`);
  assert.deepEqual(items[0].item, { _id: id, title: 'Nuts', size: 4 });
  assert.equal(items[0].steps.step_1.value, 'Nuts');
  assert.deepEqual((await job(started.id)).progress, { total: 1, completed: 1, failed: 0 });
});

test('what a workflow may not be is 400 with the place in what was sent', async () => {
  const type = await newType();
  const bad = [
    [[], /steps/], ['x', /steps/], [[{ type: 'transform' }], /steps\.0.*config/], [[{ config: {} }], /steps\.0.*type/],
    [[{ ...step('validate'), when: 'x' }], /steps\.0.*when/],
    [[step('nofity')], /steps\[0\]\.type: .*nofity.*notify/],
    [[step('validate'), step('transform', { expression: '.item ]' })], /steps\[1\]\.config\.expression: /],
    [[step('condition', { expression: '.itm.title' })], /steps\[0\]\.config\.expression: .*item/],
    [[step('condition', { expression: '.steps.nothing' })], /steps\[0\]\.config\.expression: /],
    [[step('condition', {})], /steps\[0\]\.config.*expression/],
    [[step('transform', { expression: 1 })], /steps\[0\]\.config\.expression/],
    [[step('validate', { schema: {} })], /steps\[0\]\.config.*schema/],
    [[step('ai_generate')], /steps\[0\]\.config: /],
    [[step('ai_generate', { prompt: 'x', field: 'colour' })], /steps\[0\]\.config\.field: .*colour/],
    [[step('ai_generate', { prompt: 'x', field: 'size' })], /steps\[0\]\.config\.field: .*size/],
    [[step('ai_generate', { fields: ['summary', 'colour'] })], /steps\[0\]\.config\.fields\.1: .*colour/],
    [[step('ai_generate', { prompt: 'x', field: 'title', fields: ['body'] })], /steps\[0\]\.config: /],
    [[step('publish', { fields: { colour: 1 } })], /steps\[0\]\.config\.fields: .*colour/],
    [[step('notify', {})], /steps\[0\]\.config/], [[step('notify', { pigeon: {} })], /steps\[0\]\.config.*pigeon/],
    [[step('notify', { webhook: {} })], /steps\[0\]\.config\.webhook/],
    [[{ id: 'a', ...step('validate') }, { id: 'a', ...step('validate') }], /steps\[1\]\.id/],
  ];
  for (const [steps, words] of bad) assert.match(fails(await create(type, steps), 400), words, JSON.stringify(steps));
  const good = [step('validate')];
  for (const name of ['', '  ']) assert.match(fails(await create(type, good, { name }), 400), /^name: /);
  assert.match(fails(await create(type, good, { name: undefined }), 400), /name/);
  assert.match(fails(await create(type, good, { trigger: 'x' }), 400), /trigger/);
  assert.match(fails(await create(type, good, { entityTypeId: '0'.repeat(24) }), 404), /entityTypeId/);
  assert.match(fails(await create(type, good, { entityTypeId: undefined }), 400), /entityTypeId/);
});

test('two workflows of one name are two workflows', async () => {
  const type = await newType();
  const answers = [];
  for (let i = 0; i < 3; i++) answers.push(await create(type, [step('validate')], { name: 'The same' }));
  assert.deepEqual(answers.map((answer) => answer.status), [201, 201, 201]);
  assert.equal(new Set(answers.map((answer) => answer.json.data.id)).size, 3);
  assert.ok(answers.every((answer) => answer.json.data.name === 'The same'));
});

test('an id that there is not, of another type or workspace, or deleted, is a failed entity', async () => {
  const type = await newType();
  const other = await newEntity(await newType(), { title: 'Of another type' });
  const gone = await newEntity(type, { title: 'Deleted' });
  await api.call('DELETE', `/api/v1/entities/${gone.id}`);
  const { data: elsewhere } = await server.post('/v1/workspaces', { name: 'Elsewhere' });
  const headers = api.bearer(elsewhere.key.apiKey);
  const foreign = (await api.post('/api/v1/entity-types', { name: 'Foreign', fields: [] }, { headers })).json.data;
  const stranger = (await api.post('/api/v1/entities', { entityTypeId: foreign.id, fields: {} }, { headers })).json.data;
  const { id } = await newEntity(type, { title: 'Good' });
  const ids = [id, '0'.repeat(24), 'no id at all', other.id, gone.id, stranger.id];
  const ended = await runSteps(type, [step('transform', { expression: '.item.title' })], ids);
  assert.equal(ended.status, 'completed');
  assert.deepEqual(ended.progress, { total: 6, completed: 1, failed: 5 });
  const words = ended.logs.filter((entry) => entry.level === 'error').map((entry) => entry.message).join('\n');
  for (const bad of ids.slice(1)) assert.ok(words.includes(bad), words);
  const none = await runSteps(type, [step('validate')], ['0'.repeat(24)]);
  assert.equal(none.status, 'failed');
  assert.deepEqual(none.progress, { total: 1, completed: 0, failed: 1 });
});

test('condition: entities that it holds back count as completed', async () => {
  const type = await newType();
  const ids = [];
  for (const words of [1, 2, 3, 4]) ids.push((await newEntity(type, { title: `W${words}`, words })).id);
  const ended = await runSteps(type, [
    step('condition', { expression: '.item.words > 2' }),
    step('transform', { expression: 'if .item.words == 4 then error("too many") else .item.words end' }),
  ], ids);
  assert.equal(ended.status, 'completed');
  assert.deepEqual(ended.progress, { total: 4, completed: 3, failed: 1 });
  assert.ok(ended.logs.some((entry) => entry.message.includes(ids[3]) && /too many/.test(entry.message)));
});

test('validate fails entities that do not fit their type any more', async () => {
  const type = await newType();
  const bare = await newEntity(type, { title: 'Bare' });
  const full = await newEntity(type, { title: 'Full', body: 'There is one.' });
  const fields = ARTICLE.map((field) => (field.slug === 'body' ? { ...field, required: true } : field));
  const before = await workflowOf(type, [step('validate')]);
  await api.call('PATCH', `/api/v1/entity-types/${type.id}`, { body: { fields } });
  for (const workflow of [before, await workflowOf(type, [step('validate')])]) {
    const ended = await jobEnds(await run(workflow, [bare.id, full.id]));
    assert.deepEqual(ended.progress, { total: 2, completed: 1, failed: 1 });
    assert.ok(ended.logs.some((entry) => entry.message.includes(bare.id) && /body/.test(entry.message)));
  }
});

test('notify tells somebody for each entity', async () => {
  const type = await newType();
  const ids = [];
  for (const title of ['A', 'B']) ids.push((await newEntity(type, { title, body: `${stub.url}/echo` })).id);
  const seen = stub.calls().length;
  const ended = await runSteps(type, [
    step('notify', { webhook: { url: '{{item.body}}?title={{item.title}}', json: { id: '{{item._id}}' } } })], ids);
  assert.deepEqual(ended.progress, { total: 2, completed: 2, failed: 0 });
  assert.deepEqual(stub.calls().slice(seen).map((one) => one.path).sort(), ['/echo?title=A', '/echo?title=B']);
});

test('while a run goes on its progress is told, entity by entity; then it is cancelled', async () => {
  const type = await newType();
  const ids = [];
  for (const path of ['echo', 'hang', 'hang']) ids.push((await newEntity(type, { title: path, body: `${stub.url}/${path}` })).id);
  const seen = stub.calls().length;
  const workflow = await workflowOf(type, [step('notify', { webhook: { url: '{{item.body}}' } })]);
  const id = await run(workflow, [...ids, '0'.repeat(24)]);
  await until(() => stub.calls().length === seen + 3, 'three calls');
  const going = await until(async () => {
    const one = await job(id);
    return one.progress.completed === 1 && one.progress.failed === 1 ? one : null;
  }, 'an entity to be done');
  assert.deepEqual([going.status, going.completedAt], ['running', null]);
  assert.deepEqual(going.progress, { total: 4, completed: 1, failed: 1 });
  const shown = await runOf(workflow, id);
  assert.deepEqual([shown.status, shown.progress, shown.completedAt], ['running', going.progress, null]);
  await api.post(`/api/v1/jobs/${id}/cancel`);
  const ended = await job(id);
  assert.equal(ended.status, 'cancelled');
  assert.equal(ended.progress.total, 4);
  assert.ok(ended.progress.completed + ended.progress.failed <= 2, JSON.stringify(ended.progress));
  assert.deepEqual((await runOf(workflow, id)).progress, ended.progress);
});

test('a job that waits in line is pending, and its run began when it was asked for', async () => {
  const workflow = await native(waits());
  const held = await server.post(`/v1/workflows/${workflow.id}/runs`, { input: {}, concurrencyKey: 'line' });
  await until(async () => (await job(held.data.id)).status === 'running', 'the first to run');
  const queued = await server.post(`/v1/workflows/${workflow.id}/runs`, { input: { entityIds: ['a', 'b'] }, concurrencyKey: 'line' });
  const id = queued.data.id;
  const found = await job(id);
  assert.equal(found.status, 'pending');
  assert.deepEqual(found.progress, { total: 2, completed: 0, failed: 0 });
  const shown = await runOf(workflow, id);
  assert.deepEqual([shown.status, shown.startedAt, shown.completedAt], ['pending', found.createdAt, null]);
  assert.deepEqual((await api.get('/api/v1/jobs?status=pending')).json.data.map((one) => one.id), [id]);
  for (const one of [id, held.data.id]) await api.post(`/api/v1/jobs/${one}/cancel`);
});

test('publish writes what steps have made: the fields of answers and of objects, later ones over earlier', async () => {
  const type = await newType();
  const { id } = await newEntity(type, { title: 'Rhine', body: 'The Rhine is 1,233 kilometres long. It rises in Switzerland.' });
  const ended = await runSteps(type, [
    step('ai_generate', { prompt: 'How long is it? {{item.body}}', field: 'summary' }),
    step('transform', { expression: '{words: 1, title: "early"}' }),
    step('transform', { expression: '.item | .title |= ascii_upcase' }),
    step('transform', { expression: '"no object"' }),
    step('publish'),
    step('transform', { expression: '{title: "too late"}' }),
  ], [id]);
  assert.deepEqual(ended.progress, { total: 1, completed: 1, failed: 0 }, JSON.stringify(ended.logs));
  const { fields } = await entity(id);
  assert.match(fields.summary, /1,233 kilometres/);
  assert.deepEqual({ ...fields, summary: '' }, {
    title: 'RHINE', body: 'The Rhine is 1,233 kilometres long. It rises in Switzerland.', summary: '', words: 1, size: 5,
  });
});

test('publish with fields writes these alone; what does not fit fails the entity', async () => {
  const type = await newType();
  const { id } = await newEntity(type, { title: 'Nuts', summary: 'old' });
  const bad = await newEntity(type, { title: 'Bolts', body: 'x' });
  const ended = await runSteps(type, [
    step('transform', { expression: '{title: "not this"}' }),
    step('publish', { fields: { summary: '{{item.title}}!', words: '{{= if .item.body then "many" else 2 end }}' } }),
  ], [id, bad.id]);
  assert.deepEqual(ended.progress, { total: 2, completed: 1, failed: 1 });
  assert.deepEqual((await entity(id)).fields, { title: 'Nuts', summary: 'Nuts!', words: 2, size: 4 });
  assert.deepEqual((await entity(bad.id)).fields, { title: 'Bolts', body: 'x', size: 5 });
  assert.ok(ended.logs.some((entry) => entry.message.includes(bad.id) && /words/.test(entry.message)));
});

test('ai_generate with fields fills those that it knows and leaves the others', async () => {
  const type = await newType([
    { name: 'Text', slug: 'text', type: 'longText' },
    { name: 'Staff', slug: 'staff', type: 'number' },
    { name: 'Mail', slug: 'mail', type: 'email' },
  ]);
  const { id } = await newEntity(type, { text: 'Bolt AG has 120 employees.', mail: 'old@example.com' });
  const ended = await runSteps(type, [step('ai_generate', { fields: ['staff', 'mail'], prompt: 'How many employees?' }), step('publish')], [id]);
  assert.deepEqual(ended.progress, { total: 1, completed: 1, failed: 0 }, JSON.stringify(ended.logs));
  assert.deepEqual((await entity(id)).fields, { text: 'Bolt AG has 120 employees.', staff: 120, mail: 'old@example.com' });
});

test('entities that a condition held back are not written', async () => {
  const type = await newType();
  const few = await newEntity(type, { title: 'Few', words: 1 });
  const many = await newEntity(type, { title: 'Many', words: 9 });
  const ended = await runSteps(type, [step('condition', { expression: '.item.words > 5' }),
    step('publish', { fields: { summary: 'long' } })], [few.id, many.id]);
  assert.deepEqual(ended.progress, { total: 2, completed: 2, failed: 0 });
  assert.equal((await entity(few.id)).fields.summary, undefined);
  assert.equal((await entity(many.id)).fields.summary, 'long');
});

test('a run whose entity type is gone fails and says so; the workflow is still shown', async () => {
  const type = await newType();
  const { id } = await newEntity(type, { title: 'Nuts' });
  const workflow = await workflowOf(type, [step('validate')]);
  assert.equal((await server.ask('DELETE', `/v1/entity-types/${type.id}`)).status, 200);
  const ended = await jobEnds(await run(workflow, [id]));
  assert.equal(ended.status, 'failed');
  assert.deepEqual(ended.progress, { total: 1, completed: 0, failed: 0 });
  assert.ok(ended.logs.some((entry) => entry.level === 'error' && /entity type/.test(entry.message)), JSON.stringify(ended.logs));
  assert.deepEqual((await api.get(`/api/v1/workflows/${workflow.id}`)).json.data.steps, workflow.steps);
});

test('jobs and what they tell are there after a crash, and one that was under way goes on', async () => {
  const type = await newType();
  const { id } = await newEntity(type, { title: 'Nuts' });
  const workflow = await workflowOf(type, [step('publish', { fields: { summary: 'done' } })]);
  const ended = await jobEnds(await run(workflow, [id]));
  const late = await run(workflow, [id]);
  await server.restart();
  assert.deepEqual(await job(ended.id), ended);
  assert.deepEqual((await jobEnds(late)).progress, { total: 1, completed: 1, failed: 0 });
  assert.equal((await entity(id)).fields.summary, 'done');
});

test('what the native API gave a workflow stays when its entity type changes', async () => {
  const type = await newType();
  const bare = await newEntity(type, { title: 'Bare' });
  const workflow = await workflowOf(type, [step('validate'), step('transform', { expression: '.item.title' })]);
  const { definition: ours } = (await server.get(`/v1/workflows/${workflow.id}/versions/newest`)).data;
  ours.limits = { concurrency: 3 };
  ours.steps[2].config.expression = '.item.title | length';
  const put = await server.ask('PUT', `/v1/workflows/${workflow.id}?publish=true`, { body: ours });
  assert.equal(put.status, 200, put.text);
  const fields = ARTICLE.map((field) => (field.slug === 'body' ? { ...field, required: true } : field));
  await api.call('PATCH', `/api/v1/entity-types/${type.id}`, { body: { fields } });
  const full = await newEntity(type, { title: 'Full', body: 'There is one.' });
  const ended = await jobEnds(await run(workflow, [bare.id, full.id]));
  assert.deepEqual(ended.progress, { total: 2, completed: 1, failed: 1 });
  const newest = (await server.get(`/v1/workflows/${workflow.id}/versions/newest`)).data.definition;
  assert.deepEqual(newest.limits, { concurrency: 3 });
  const { data: items } = await server.get(`/v1/workflow-runs/${ended.id}/items?state=completed`);
  assert.equal(items[0].steps.step_2.value, 4);
});

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

test('no update, no delete, no list of runs: 405 and 404', async () => {
  const workflow = await native(waits());
  for (const method of ['PUT', 'PATCH', 'DELETE'])
    fails(await api.call(method, `/api/v1/workflows/${workflow.id}`), 405);
  fails(await api.get(`/api/v1/workflows/${workflow.id}/runs`), 404);
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

test('entityIds "all" runs over all entities of the type, and no others', async () => {
  const type = await newType();
  const other = await newEntity(await newType(), { title: 'Other' });
  const all = [];
  for (let i = 0; i < 12; i++) all.push(await newEntity(type, i % 4 === 3 ? { body: 'none', title: 'Odd' } : { title: `Nut ${i}` }));
  const gone = await newEntity(type, { title: 'Gone' });
  await api.call('DELETE', `/api/v1/entities/${gone.id}`);
  const ended = await runSteps(type, [
    step('transform', { expression: 'if .item.title == "Odd" then error("odd") else {words: 1} end' }), step('publish'),
  ], 'all');
  assert.deepEqual([ended.status, ended.progress], ['completed', { total: 12, completed: 9, failed: 3 }], JSON.stringify(ended.logs));
  assert.deepEqual((await Promise.all(all.map(({ id }) => entity(id)))).map(({ fields }) => fields.words ?? null),
    all.map((_, i) => (i % 4 === 3 ? null : 1)));
  for (const { id } of [other, gone]) assert.equal((await entity(id)).fields.words, undefined);
  const none = await runSteps(await newType(), [step('publish', { fields: { words: 1 } })], 'all');
  assert.deepEqual([none.status, none.progress], ['completed', { total: 0, completed: 0, failed: 0 }]);
});

test('an Idempotency-Key makes one workflow and starts one run; for another body it is 409', async () => {
  const once = (path, body, key) => api.post(path, body, { headers: { ...api.bearer(), 'Idempotency-Key': key } });
  const type = await newType();
  const { id } = await newEntity(type, { title: 'Nuts' });
  const body = { name: `Once ${type.id}`, entityTypeId: type.id, steps: [step('validate')] };
  const workflows = await Promise.all([1, 2, 3].map(() => once('/api/v1/workflows', body, 'one-workflow')));
  for (const answer of workflows) assert.deepEqual([answer.status, answer.json], [201, workflows[0].json]);
  const named = (await api.get('/api/v1/workflows')).json.data.filter((one) => one.name === body.name);
  assert.equal(named.length, 1);
  assert.match(fails(await once('/api/v1/workflows', { ...body, name: 'Other' }, 'one-workflow'), 409), /another request/);
  const path = `/api/v1/workflows/${named[0].id}/run`;
  const started = await Promise.all([1, 2, 3].map(() => once(path, { entityIds: [id] }, 'one-run')));
  for (const answer of started) assert.deepEqual([answer.status, answer.json], [202, started[0].json]);
  const again = await once(path, { entityIds: [id] }, 'one-run');
  assert.deepEqual([again.status, again.json, again.headers.get('idempotency-replayed')], [202, started[0].json, 'true']);
  assert.equal((await server.get(`/v1/workflows/${named[0].id}/runs`)).data.length, 1);
  assert.match(fails(await once(path, { entityIds: [id, id] }, 'one-run'), 409), /another request/);
  const ended = await jobEnds(again.json.data.jobId);
  const cancelled = await once(`/api/v1/jobs/${ended.id}/cancel`, {}, 'one-cancel');
  assert.match(fails(cancelled, 409), /completed/);
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
  await until(async () => (await job(held)).status === 'running', 'it to run');
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
  assert.match(fails(await api.get('/api/v1/jobs?offset=100001'), 400), /offset/);
  assert.deepEqual(await list('?offset=100000'), { data: [] });
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
  await until(async () => (await job(id)).status === 'running', 'it to run all the same');
  await api.post(`/api/v1/jobs/${id}/cancel`);
});

/* --- a program that knows nothing of us --- */

test('a client program written after the guides: type, entities, workflow, run, job, entities', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('clients/wiserows.mjs', import.meta.url))], {
    env: { ...process.env, WISEROWS_API: `${server.url}/api/v1`, WISEROWS_API_KEY: server.key.apiKey },
  });
  const [made, ended, ran, list, rhine, elbe, bare, refused] = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.match(made.workflow, /^[0-9a-f]{24}$/);
  assert.equal(made.steps, 5);
  assert.deepEqual(ended.progress, { total: 3, completed: 3, failed: 0 });
  assert.equal(ended.status, 'completed');
  assert.ok(ended.logs > 0);
  assert.equal(ran.run, 'completed');
  assert.ok(ran.took >= 0);
  assert.equal(list.total, 3);
  assert.match(rhine.summary, /1,233 kilometres/);
  assert.equal(rhine.shout, 'THE RHINE');
  assert.match(elbe.summary, /1,094 kilometres/);
  assert.deepEqual(bare, { title: 'Stub', body: '' });
  assert.match(refused.refused, /^invalid_request: entityIds/);
});
