// The runs of the Sixtyfour API: what its clients send and are answered, field by field.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const UNKNOWN = '00000000-0000-8000-8000-000000000000';

let server;
before(async () => {
  server = await startServer('--allow', '127.0.0.1');
});
after(async () => {
  await server?.close();
});

/** A request as a client of that API sends it; the answer as it reads it. */
async function call(method, path, { body, key = server.key.apiKey, headers = {} } = {}) {
  const answer = await fetch(server.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key ? { 'x-api-key': key } : {}),
      ...headers,
    },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, json };
}
const start = (id, body, options = {}) =>
  call('POST', `/workflows/run?workflow_id=${id}${options.query ?? ''}`, { body, ...options });

let made = 0;
const publish = (text) => server.publish(text.replace(/^name: .*$/m, `name: Sixtyfour ${++made}`));
const plain = `
name: Plain
steps:
  - { id: greet, type: set, config: { fields: { text: "hello {{input.who}}" } } }
`;
const held = `
name: Held
steps:
  - { id: hold, type: wait, config: { for: 1h } }
`;

/** The job of a run that is started and has ended. */
async function ended(id, body, options) {
  const started = await start(id, body, options);
  assert.equal(started.status, 200, started.text);
  const job = started.json.job_id;
  await until(async () => (await server.get(`/v1/workflow-runs/${job}`)).data.completedAt, 'its end');
  return job;
}

/* --- faults --- */

test('no key, a wrong key: 401 in the general form', async () => {
  const workflow = await publish(plain);
  for (const key of [null, 'sk_wrong'])
    for (const [method, path] of [
      ['POST', `/workflows/run?workflow_id=${workflow.id}`],
      ['GET', '/workflows/runs'],
      ['GET', '/workflows/nothing/here'],
    ]) {
      const answer = await call(method, path, { key });
      assert.equal(answer.status, 401, path);
      assert.deepEqual(answer.json, { error: 'Unauthorized', message: 'Invalid API key' });
    }
});

test('any of the key headers of the others is taken', async () => {
  const headers = { Authorization: `Bearer ${server.key.apiKey}` };
  assert.equal((await call('GET', '/workflows/runs', { key: null, headers })).status, 200);
});

test('paths and methods that there are not: detail, as the framework says it', async () => {
  for (const path of ['/workflows/a/b/c/d', '/storage/none', '/webhooks/signing-secret/none', '/job-status/a/b']) {
    const answer = await call('GET', path);
    assert.equal(answer.status, 404, path);
    assert.deepEqual(answer.json, { detail: 'Not Found' });
  }
  for (const [method, path, allow] of [
    ['DELETE', '/workflows/runs', 'GET'],
    ['PUT', '/workflows/cancel', 'POST'],
  ]) {
    const answer = await call(method, path);
    assert.equal(answer.status, 405, path);
    assert.deepEqual(answer.json, { detail: 'Method Not Allowed' });
    assert.match(answer.headers.get('allow'), new RegExp(allow));
  }
});

test('a key that lacks the scope is refused', async () => {
  const workflow = await publish(plain);
  const { data: key } = await server.post('/v1/keys', { name: 'reader', scopes: ['read'] });
  const answer = await start(workflow.id, {}, { key: key.apiKey });
  assert.equal(answer.status, 403);
  assert.deepEqual(Object.keys(answer.json), ['error', 'message']);
  assert.equal(answer.json.error, 'Forbidden');
});

test('too many requests: 429 in the general form', async () => {
  const { data: key } = await server.post('/v1/keys', {
    name: 'slow', scopes: ['read'], limits: { rate: '1/h', burst: 1 },
  });
  assert.equal((await call('GET', '/workflows/runs', { key: key.apiKey })).status, 200);
  const much = await call('GET', '/workflows/runs', { key: key.apiKey });
  assert.equal(much.status, 429);
  assert.deepEqual(much.json, { error: 'Too Many Requests', message: 'Rate limit exceeded' });
  assert.ok(Number(much.headers.get('retry-after')) > 0);
});

test('without credits it is 402', async () => {
  const { data: other } = await server.post('/v1/workspaces', { name: 'broke' });
  await server.post('/v1/credits', { workspaceId: other.id, set: 0 });
  const answer = await start('nothing', {}, { key: other.key.apiKey });
  assert.equal(answer.status, 402, answer.text);
  assert.deepEqual(answer.json, {
    error: 'Payment Required',
    message: 'No credits remaining. Add credits to run workflows',
  });
});

test('a missing parameter is 422 with its place', async () => {
  for (const [path, name] of [['/workflows/run', 'workflow_id'], ['/workflows/cancel', 'job_id']]) {
    const answer = await call('POST', path, { body: {} });
    assert.equal(answer.status, 422);
    assert.deepEqual(answer.json, {
      detail: [{ loc: ['query', name], msg: 'Field required', type: 'missing' }],
    });
  }
});

/* --- the list --- */

const RUN_FIELDS = ['job_id', 'workflow_id', 'workflow_name', 'status', 'step', 'user_id',
  'status_reason', 'error_message', 'created_at', 'updated_at', 'queued_at', 'started_at',
  'completed_at', 'duration_ms', 'metrics', 'blocks', 'blocks_count'];

test('runs are listed newest first, each with all of its fields', async () => {
  const workflow = await publish(plain);
  const jobs = [];
  for (let i = 0; i < 3; i++) jobs.unshift(await ended(workflow.id, { webhook_payload: { who: `${i}` } }));
  const list = await call('GET', `/workflows/runs?workflow_id=${workflow.id}`);
  assert.equal(list.status, 200);
  assert.deepEqual(list.json.map((run) => run.job_id), jobs);
  for (const run of list.json) {
    assert.deepEqual(Object.keys(run), RUN_FIELDS);
    assert.match(run.job_id, UUID);
    assert.match(run.workflow_id, UUID);
    assert.equal(run.workflow_name, workflow.name);
    assert.equal(run.status, 'completed');
    for (const name of ['step', 'user_id', 'status_reason', 'error_message', 'blocks']) assert.equal(run[name], null);
    for (const name of ['created_at', 'updated_at', 'queued_at', 'started_at', 'completed_at']) assert.match(run[name], TIME);
    assert.equal(run.duration_ms, Date.parse(run.completed_at) - Date.parse(run.started_at));
    assert.deepEqual(Object.keys(run.metrics), ['calls', 'cost']);
    assert.equal(run.blocks_count, 1);
  }
});

test('status, workflow_id and limit narrow the list; other words are 422, an unknown workflow 404', async () => {
  const workflow = await publish(held);
  const { json: { job_id: waiting } } = await start(workflow.id);
  const { json: { job_id: gone } } = await start(workflow.id);
  await call('POST', `/workflows/cancel?job_id=${gone}`);
  const jobs = async (query) =>
    (await call('GET', `/workflows/runs?workflow_id=${workflow.id}&${query}`)).json.map((run) => run.job_id);
  await until(async () => (await jobs('status=running')).length === 1, 'it to run');
  assert.deepEqual(await jobs('status=active'), [waiting]);
  assert.deepEqual(await jobs('status=cancelled'), [gone]);
  assert.deepEqual(await jobs('status=canceled'), [gone]);
  assert.deepEqual(await jobs('status=completed'), []);
  assert.deepEqual(await jobs('status=failed'), []);
  assert.deepEqual(await jobs(''), [gone, waiting]);
  assert.deepEqual(await jobs('limit=1'), [gone]);
  for (const [query, name] of [['limit=0', 'limit'], ['limit=501', 'limit'], ['limit=x', 'limit'], ['status=done', 'status']]) {
    const answer = await call('GET', `/workflows/runs?${query}`);
    assert.equal(answer.status, 422, query);
    assert.deepEqual(answer.json.detail[0].loc, ['query', name]);
    assert.deepEqual(Object.keys(answer.json.detail[0]), ['loc', 'msg', 'type']);
  }
  const unknown = await call('GET', `/workflows/runs?workflow_id=${UNKNOWN}`);
  assert.equal(unknown.status, 404);
  assert.deepEqual(unknown.json, { error: 'Not Found', message: 'Workflow not found' });
  await call('POST', `/workflows/cancel?job_id=${waiting}`);
});

/* --- cancel --- */

test('cancel answers the job and its state, also when it had ended before', async () => {
  const workflow = await publish(held);
  const { json: { job_id: job } } = await start(workflow.id);
  for (const body of [undefined, {}]) {
    const answer = await call('POST', `/workflows/cancel?job_id=${job}`, { body });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json, { job_id: job, status: 'cancelled' });
  }
  const done = await ended((await publish(plain)).id);
  const late = await call('POST', `/workflows/cancel?job_id=${done}`);
  assert.equal(late.status, 200);
  assert.deepEqual(late.json, { job_id: done, status: 'completed' });
  const unknown = await call('POST', `/workflows/cancel?job_id=${UNKNOWN}`);
  assert.equal(unknown.status, 404);
  assert.deepEqual(unknown.json, { error: 'Not Found', message: 'Workflow run not found' });
});
