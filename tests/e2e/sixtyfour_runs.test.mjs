// The runs of the Sixtyfour API: what its clients send and are answered, field by field.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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

test('a run that is queued has not started, and works on no block', async () => {
  const workflow = await publish(held);
  const native = async () => (await server.post(`/v1/workflows/${workflow.id}/runs`, { input: {}, concurrencyKey: 'queued' })).data.id;
  const [first, second] = [await native(), await native()];
  const now = (await call('GET', `/workflows/runs/${second}/live_status`)).json;
  assert.deepEqual(
    [now.overall_status, now.started_at, now.current_block, now.current_block_sequence, now.blocks[0].status, now.blocks[0].started_at],
    ['queued', null, null, null, 'pending', null],
  );
  const [run] = (await call('GET', `/workflows/runs?status=queued&workflow_id=${workflow.id}`)).json;
  assert.deepEqual([run.status, run.started_at, run.duration_ms, run.updated_at], ['queued', null, null, run.queued_at]);
  for (const id of [first, second]) await call('POST', `/workflows/cancel?job_id=${id}`);
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

/* --- start --- */

const table = `
name: Table
input:
  type: object
  required: [webhook_payload]
  properties:
    webhook_payload:
      type: array
      items: { type: object, required: [company], properties: { company: { type: string } } }
steps:
  - { id: rows, type: expand, config: { list: .input.webhook_payload } }
  - { id: upper, type: set, config: { fields: { name: "{{item.company}}!" } } }
  - { id: some, type: filter, config: { where: '.item.company != "Drop"' } }
  - { id: sorted, type: sort, config: { by: { path: item.company, order: desc } } }
`;
const read = `
name: Read
input:
  type: object
  required: [resource_handle_id]
  properties: { resource_handle_id: { type: string, format: file } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.resource_handle_id}}" } }
  - { id: upper, type: set, config: { fields: { name: "{{item.company}}!" } } }
`;
const STARTED_FIELDS = ['status', 'workflow_id', 'job_id', 'cache_config', 'already_started'];

/** The run as the native API has it. */
const native = async (job) => (await server.get(`/v1/workflow-runs/${job}`)).data;

test('a run is started: 200 and the record of the job', async () => {
  const workflow = await publish(table);
  const answer = await start(workflow.id, { webhook_payload: [{ company: 'Acme' }] });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), STARTED_FIELDS);
  assert.equal(answer.json.status, 'queued');
  assert.match(answer.json.job_id, UUID);
  assert.match(answer.json.workflow_id, UUID);
  assert.equal(answer.json.cache_config, null);
  assert.equal(answer.json.already_started, null);
});

test('a list is many rows, an object one, null none', async () => {
  const workflow = await publish(table);
  const rows = async (payload) => (await native(await ended(workflow.id, { webhook_payload: payload }))).input.webhook_payload;
  assert.deepEqual(await rows([{ company: 'A' }, { company: 'B', more: 1 }]), [{ company: 'A' }, { company: 'B', more: 1 }]);
  assert.deepEqual(await rows({ company: 'A' }), [{ company: 'A' }]);
  assert.deepEqual(await rows([]), []);
  const other = await publish(plain);
  for (const body of [undefined, {}, null, { webhook_payload: null, specs_override: null }])
    assert.deepEqual((await native(await ended(other.id, body))).input, {});
});

test('a workflow made elsewhere takes an object as its input, in any content type', async () => {
  const workflow = await publish(plain);
  const answer = await start(workflow.id, { webhook_payload: { who: 'Ann' } }, { headers: { 'Content-Type': 'text/plain' } });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual((await native(answer.json.job_id)).input, { who: 'Ann' });
});

test('what is wrong with a start is 400 or 422 and names the place', async () => {
  const workflow = await publish(table);
  const reader = await publish(read);
  const bad = async (id, body, options) => {
    const answer = await start(id, body, options);
    assert.equal(answer.status, 400, answer.text);
    assert.deepEqual(Object.keys(answer.json), ['error', 'message']);
    assert.equal(answer.json.error, 'Bad Request');
    return answer.json.message;
  };
  assert.match(await bad(workflow.id, '{"webhook_payload": ['), /JSON/);
  assert.match(await bad(workflow.id, { webhook_payload: [{ other: 1 }] }), /company/);
  assert.match(await bad(workflow.id, {}), /webhook_payload/);
  assert.match(await bad(reader.id, { webhook_payload: [{ company: 'A' }] }), /webhook.*read_csv/);
  assert.match(await bad(reader.id, {}), /resource_handle_id/);
  assert.match(await bad(reader.id, { specs_override: { resource_handle_id: UNKNOWN } }), /resource_handle_id/);
  const invalid = async (body, loc, type, query) => {
    const answer = await start(workflow.id, body, { query });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(answer.json.detail.map((one) => [one.loc, one.type]), [[loc, type]]);
  };
  await invalid('[]', ['body'], 'model_attributes_type');
  await invalid({ webhook_payload: 'x' }, ['body', 'webhook_payload'], 'list_type');
  await invalid({ webhook_payload: [{}, 1] }, ['body', 'webhook_payload', 1], 'dict_type');
  await invalid({ specs_override: [] }, ['body', 'specs_override'], 'dict_type');
  await invalid({ payload: [] }, ['body', 'payload'], 'extra_forbidden');
  await invalid({}, ['query', 'save_json'], 'bool_parsing', '&save_json=maybe');
  await invalid({}, ['query', 'result_formats'], 'enum', '&result_formats=csv&result_formats=xlsx');
});

test('an unknown workflow is 404, and so is one of another workspace', async () => {
  const other = await server.post('/v1/workspaces', { name: 'Other' });
  const workflow = await publish(plain);
  const job = await ended(workflow.id);
  const key = other.data.key.apiKey;
  for (const answer of [await start(UNKNOWN), await start('wf_abc123'), await start(workflow.id, {}, { key })]) {
    assert.equal(answer.status, 404);
    assert.deepEqual(answer.json, { error: 'Not Found', message: 'Workflow not found' });
  }
  for (const [method, path] of [
    ['GET', `/workflows/runs/${job}/live_status`],
    ['GET', `/workflows/runs/${job}/results/download-links`],
    ['GET', '/workflows/runs/nonsense/live_status'],
    ['POST', `/workflows/cancel?job_id=${job}`],
  ]) {
    const answer = await call(method, path, { key });
    assert.equal(answer.status, 404, path);
    assert.deepEqual(answer.json, { error: 'Not Found', message: 'Workflow run not found' });
  }
  assert.deepEqual((await call('GET', '/workflows/runs', { key })).json, []);
});

test('a workflow that is not published is 409', async () => {
  const made = await server.post('/v1/workflows', plain.replace('Plain', 'Draft'), { type: 'application/yaml' });
  const answer = await start(made.data.id);
  assert.equal(answer.status, 409, answer.text);
  assert.deepEqual(answer.json, { error: 'Conflict', message: 'The workflow is not published' });
});

test('the same Idempotency-Key starts one run; for another body it is 409', async () => {
  const workflow = await publish(table);
  const options = { headers: { 'Idempotency-Key': 'once' } };
  const body = { webhook_payload: [{ company: 'Acme' }] };
  const first = await start(workflow.id, body, options);
  const second = await start(workflow.id, body, options);
  assert.equal(second.status, 200, second.text);
  assert.deepEqual(Object.keys(second.json), STARTED_FIELDS);
  assert.equal(first.json.already_started, null);
  assert.equal(second.json.already_started, true);
  assert.equal(second.json.job_id, first.json.job_id);
  assert.equal((await call('GET', `/workflows/runs?workflow_id=${workflow.id}`)).json.length, 1);
  const other = await start(workflow.id, { webhook_payload: [] }, options);
  assert.equal(other.status, 409);
  assert.equal(other.json.error, 'Conflict');
});

/* --- live status --- */

const LIVE_FIELDS = ['run_id', 'workflow_id', 'overall_status', 'current_block', 'current_block_sequence',
  'total_blocks', 'completed_blocks', 'started_at', 'completed_at', 'overall_progress_percentage',
  'estimation_blocked_by', 'last_updated', 'blocks'];
const BLOCK_FIELDS = ['block_id', 'block_name', 'sequence_number', 'previous_block_ids', 'status',
  'started_at', 'completed_at', 'progress_percentage', 'current_step', 'processed_count', 'total_count',
  'estimated_total_count', 'last_updated', 'error_message', 'metrics'];
const live = async (job) => {
  const answer = await call('GET', `/workflows/runs/${job}/live_status`);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), LIVE_FIELDS);
  for (const block of answer.json.blocks) {
    assert.deepEqual(Object.keys(block), BLOCK_FIELDS);
    assert.deepEqual(Object.keys(block.metrics), ['row_count', 'dataframe_type', 'processed_count', 'total_count']);
  }
  return answer.json;
};

test('live status of a run that has completed', async () => {
  const workflow = await publish(table);
  const job = await ended(workflow.id, { webhook_payload: [{ company: 'A' }, { company: 'Drop' }, { company: 'B' }] });
  const now = await live(job);
  assert.equal(now.run_id, job);
  assert.match(now.workflow_id, UUID);
  assert.equal(now.overall_status, 'completed');
  for (const name of ['current_block', 'current_block_sequence', 'estimation_blocked_by']) assert.equal(now[name], null);
  assert.equal(now.total_blocks, 4);
  assert.equal(now.completed_blocks, 4);
  assert.equal(now.overall_progress_percentage, 100);
  for (const name of ['started_at', 'completed_at', 'last_updated']) assert.match(now[name], TIME);
  assert.deepEqual(now.blocks.map((block) => [block.block_id, block.block_name, block.sequence_number, block.previous_block_ids]),
    [['rows', 'expand', 1, null], ['upper', 'set', 2, ['rows']], ['some', 'filter', 3, ['upper']], ['sorted', 'sort', 4, ['some']]]);
  for (const block of now.blocks) {
    assert.equal(block.status, 'completed');
    assert.equal(block.progress_percentage, 100);
    assert.equal(block.current_step, null);
    assert.equal(block.error_message, null);
    for (const name of ['started_at', 'completed_at', 'last_updated']) assert.match(block[name], TIME);
  }
  assert.deepEqual(now.blocks.map((block) => block.metrics), [
    { row_count: 2, dataframe_type: 'LEAD', processed_count: 3, total_count: 3 },
    { row_count: 3, dataframe_type: 'LEAD', processed_count: 3, total_count: 3 },
    { row_count: 2, dataframe_type: 'LEAD', processed_count: 3, total_count: 3 },
    { row_count: 2, dataframe_type: 'LEAD', processed_count: 2, total_count: 2 },
  ]);
  assert.equal(now.blocks[3].processed_count, 2);
});

test('live status while it runs, and after it was cancelled', async () => {
  const workflow = await publish(held);
  const { json: { job_id: job } } = await start(workflow.id);
  const now = await until(async () => {
    const seen = await live(job);
    return seen.blocks[0].status === 'running' && seen;
  }, 'it to run');
  assert.equal(now.overall_status, 'running');
  assert.equal(now.current_block, 'wait');
  assert.equal(now.current_block_sequence, 1);
  assert.equal(now.completed_blocks, 0);
  assert.equal(now.completed_at, null);
  assert.ok(now.overall_progress_percentage < 100);
  assert.equal(now.blocks[0].status, 'running');
  assert.equal(now.blocks[0].completed_at, null);
  await call('POST', `/workflows/cancel?job_id=${job}`);
  const gone = await live(job);
  assert.equal(gone.overall_status, 'cancelled');
  assert.equal(gone.current_block, null);
  assert.equal(gone.completed_blocks, 0);
  assert.match(gone.completed_at, TIME);
  assert.equal(gone.blocks[0].status, 'pending');
});

test('each block has the times of its own: its first row begins it, its last one ends it', async () => {
  const gate = createServer();
  const asked = once(gate, 'request');
  gate.listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const workflow = await publish(`
name: Gate
steps:
  - { id: before, type: transform, config: { expression: "1" } }
  - { id: gate, type: http_request, config: { url: "http://127.0.0.1:${gate.address().port}/" } }
  - { id: behind, type: transform, config: { expression: ".steps.gate.status" } }
`);
  const { json: { job_id: job } } = await start(workflow.id);
  const [, answer] = await asked;
  const held = await until(async () => {
    const now = await live(job);
    return now.blocks[0].status === 'running' && now;
  }, 'it to run');
  assert.equal(held.blocks[1].completed_at, null);
  await new Promise((done) => setTimeout(done, 20));
  const opened = new Date().toISOString();
  answer.end();
  gate.close();
  const now = await until(async () => {
    const one = await live(job);
    return one.overall_status === 'completed' && one;
  }, 'its end');
  const [, call1, behind] = now.blocks;
  assert.ok(call1.started_at < opened && call1.completed_at >= opened, JSON.stringify(call1));
  assert.ok(behind.started_at >= opened && behind.completed_at >= behind.started_at, JSON.stringify(behind));
  assert.ok(now.started_at <= call1.started_at && behind.completed_at <= now.completed_at);
});

test('a failed run names the block and why; past its deadline it is failed too', async () => {
  const failing = await publish(`
name: Failing
steps:
  - { id: fine, type: set, config: { fields: { a: "1" } } }
  - { id: bad, type: transform, config: { expression: 'error("no such luck")' } }
  - { id: later, type: set, config: { fields: { a: "1" } } }
`);
  const job = await ended(failing.id);
  const now = await live(job);
  assert.equal(now.overall_status, 'failed');
  assert.deepEqual(now.blocks.map((block) => block.status), ['completed', 'failed', 'pending']);
  assert.match(now.blocks[1].error_message, /no such luck/);
  const [run] = (await call('GET', `/workflows/runs?workflow_id=${failing.id}`)).json;
  assert.equal(run.status, 'failed');
  assert.equal(run.status_reason, 'expression_failed');
  assert.match(run.error_message, /no such luck/);

  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const slow = await publish(`
name: Slow
steps:
  - { id: ask, type: http_request, config: { url: "http://127.0.0.1:${silent.address().port}/" } }
limits: { deadline: 1s }
`);
  const late = await ended(slow.id);
  silent.closeAllConnections();
  silent.close();
  assert.equal((await live(late)).overall_status, 'failed');
  const [past] = (await call('GET', `/workflows/runs?workflow_id=${slow.id}`)).json;
  assert.equal(past.status, 'failed');
  assert.equal(past.status_reason, 'deadline_passed');
  assert.equal(typeof past.error_message, 'string');
  assert.deepEqual((await call('GET', `/workflows/runs/${late}/results/download-links`)).json, []);
});

/* --- results --- */

const ITEM_FIELDS = ['filename', 'storage_bucket', 'row_count', 'block_number', 'created_at', 'message',
  'content_type', 'download_url', 'download_expires_in_seconds', 'results'];
const links = async (job, query = '') => {
  const answer = await call('GET', `/workflows/runs/${job}/results/download-links${query}`);
  assert.equal(answer.status, 200, answer.text);
  for (const item of answer.json) assert.deepEqual(Object.keys(item), ITEM_FIELDS);
  return answer.json;
};
const download = async (item) => {
  const answer = await fetch(item.download_url);
  assert.equal(answer.status, 200);
  return { type: answer.headers.get('content-type'), text: await answer.text() };
};

test('results: one file for each table of rows in block order, with the rows inline', async () => {
  const workflow = await publish(table);
  const job = await ended(workflow.id, { webhook_payload: [{ company: 'A' }, { company: 'Drop' }, { company: 'B' }] });
  const items = await links(job);
  assert.deepEqual(items.map((item) => [item.filename, item.block_number, item.row_count]), [['rows.csv', 3, 2], ['sorted.csv', 4, 2]]);
  for (const item of items) {
    assert.equal(item.storage_bucket, 'results');
    assert.match(item.created_at, TIME);
    assert.equal(item.message, null);
    assert.equal(item.download_expires_in_seconds, 900);
    assert.ok(item.download_url.startsWith(`${server.url}/files/`));
    const file = await download(item);
    assert.equal(file.type, item.content_type);
  }
  assert.deepEqual(items[1].results, [{ company: 'B', 'upper.name': 'B!' }, { company: 'A', 'upper.name': 'A!' }]);
  assert.match(items[1].content_type, /^text\/csv/);
  assert.deepEqual((await download(items[1])).text.trim().split(/\r?\n/), ['company,upper.name', 'B,B!', 'A,A!']);
  assert.deepEqual(await links(job, '?format=csv').then((all) => all.map((item) => item.filename)), items.map((item) => item.filename));
});

test('JSON needs save_json, NDJSON is one of result_formats', async () => {
  const workflow = await publish(table);
  const body = { webhook_payload: [{ company: 'A' }] };
  const without = await ended(workflow.id, body);
  const refused = await call('GET', `/workflows/runs/${without}/results/download-links?format=json`);
  assert.equal(refused.status, 400);
  assert.deepEqual(refused.json, { error: 'Bad Request', message: 'There are no JSON results: start the run with save_json=true' });
  const unknown = await call('GET', `/workflows/runs/${without}/results/download-links?format=xls`);
  assert.equal(unknown.status, 422);
  assert.deepEqual(unknown.json.detail[0].loc, ['query', 'format']);

  const saved = await ended(workflow.id, body, { query: '&save_json=true' });
  const json = await links(saved, '?format=json');
  assert.deepEqual(json.map((item) => [item.filename, item.content_type]), [['rows.json', 'application/json'], ['sorted.json', 'application/json']]);
  assert.deepEqual(JSON.parse((await download(json[1])).text), json[1].results);

  const both = await ended(workflow.id, body, { query: '&result_formats=csv&result_formats=ndjson' });
  assert.deepEqual((await links(both)).map((item) => item.filename), ['rows.csv', 'rows.ndjson', 'sorted.csv', 'sorted.ndjson']);
  const lines = await ended(workflow.id, body, { query: '&result_formats=ndjson' });
  const [, last] = await links(lines);
  assert.equal(last.filename, 'sorted.ndjson');
  assert.deepEqual(JSON.parse((await download(last)).text), last.results[0]);
});

test('no rows are an empty file and an empty list', async () => {
  const job = await ended((await publish(table)).id, { webhook_payload: [] });
  const items = await links(job);
  assert.deepEqual(items.map((item) => [item.row_count, item.results]), [[0, []], [0, []]]);
  assert.equal((await download(items[1])).text.trim(), 'upper.name');
});

test('what is there of a run that runs, has failed or was cancelled', async () => {
  const waiting = await publish(`${table.replace('name: Table', 'name: Waiting')}  - { id: hold, type: wait, config: { for: 1h } }\n`);
  const { json: { job_id: job } } = await start(waiting.id, { webhook_payload: [{ company: 'A' }, { company: 'Drop' }] });
  const [item] = await until(async () => {
    const items = await links(job);
    return items[0]?.row_count === 1 && (await live(job)).overall_status === 'running' && items;
  }, 'the first file');
  assert.deepEqual([item.filename, item.row_count, item.message], ['rows.csv', 1, 'Partial results: the run is running']);
  assert.deepEqual(item.results, [{ company: 'A', 'upper.name': 'A!' }]);
  await call('POST', `/workflows/cancel?job_id=${job}`);
  const [left] = await links(job);
  assert.deepEqual([left.row_count, left.message], [1, 'Partial results: the run is cancelled']);
  assert.equal((await download(left)).text.trim().split(/\r?\n/).length, 2);

  const failing = await publish(`
name: Some fail
input: { type: object, properties: { webhook_payload: { type: array } } }
steps:
  - { id: rows, type: expand, config: { list: .input.webhook_payload } }
  - { id: check, type: transform, config: { expression: 'if .item.a == 2 then error("two") else .item.a end' } }
limits: { max_failed: 0 }
`);
  const failed = await ended(failing.id, { webhook_payload: [{ a: 1 }, { a: 2 }, { a: 3 }] });
  const [some] = await links(failed);
  assert.equal(some.message, 'Partial results: the run is failed');
  assert.ok(some.results.every((row) => row.check !== undefined) && some.results.length === some.row_count);
});

test('results of a workflow made elsewhere: its one row, and the files that steps have written', async () => {
  const one = await ended((await publish(plain)).id, { webhook_payload: { who: 'Ann' } });
  const [only] = await links(one);
  assert.deepEqual([only.filename, only.block_number, only.row_count], ['input.csv', 1, 1]);
  assert.equal(only.results[0]['greet.text'], 'hello Ann');
  const writing = await publish(`${table.replace('name: Table', 'name: Writing')}  - { id: out, type: write_csv, config: { columns: { c: "{{item.company}}" } } }\n`);
  const items = await links(await ended(writing.id, { webhook_payload: [{ company: 'A' }] }));
  assert.deepEqual(items.map((item) => [item.filename, item.block_number, item.storage_bucket]),
    [['rows.csv', 3, 'results'], ['sorted.csv', 4, 'results'], ['out.csv', 5, 'files']]);
  assert.deepEqual((await download(items[2])).text.trim().split(/\r?\n/), ['c', 'A']);
  assert.equal(items[2].row_count, 1);
});

/* --- files --- */

const HANDLE_FIELDS = ['handle_id', 'resource_handle_id', 'filename', 'size_bytes'];
/** Sends a CSV file as a form, or as the body; the answer. */
async function upload(text, { type, name = 'companies.csv', field = 'file' } = {}) {
  const form = new FormData();
  form.append(field, new Blob([text], { type: 'text/csv' }), name);
  const answer = await fetch(`${server.url}/storage/csv/upload`, {
    method: 'POST',
    headers: { 'x-api-key': server.key.apiKey, ...(type ? { 'Content-Type': type } : {}) },
    body: type ? text : form,
  });
  return { status: answer.status, json: await answer.json() };
}

test('a CSV file is sent as a form or as the body, and read by a run', async () => {
  const workflow = await publish(read);
  for (const options of [{}, { field: 'upload' }, { type: 'text/csv' }]) {
    const sent = await upload('company\nAcme\nInitech\n', options);
    assert.equal(sent.status, 200, JSON.stringify(sent.json));
    assert.deepEqual(Object.keys(sent.json), HANDLE_FIELDS);
    assert.match(sent.json.handle_id, UUID);
    assert.equal(sent.json.size_bytes, 21);
    const job = await ended(workflow.id, { specs_override: { resource_handle_id: sent.json.handle_id } });
    const [item] = await links(job);
    assert.equal(item.row_count, 2);
    assert.deepEqual(item.results, [{ company: 'Acme', 'upper.name': 'Acme!' }, { company: 'Initech', 'upper.name': 'Initech!' }]);
  }
});

test('a handle goes to the one file of a workflow made elsewhere', async () => {
  const workflow = await publish(read.replaceAll('resource_handle_id', 'companies'));
  const { json } = await upload('company\nAcme\n');
  const job = await ended(workflow.id, { specs_override: { resource_handle_id: json.handle_id } });
  assert.deepEqual((await native(job)).input, { companies: json.handle_id });
});

test('a form without a file is a fault of this form, and so is no key', async () => {
  const form = new FormData();
  form.append('name', 'x');
  const none = await fetch(`${server.url}/storage/csv/upload`, { method: 'POST', headers: { 'x-api-key': server.key.apiKey }, body: form });
  assert.equal(none.status, 400);
  assert.deepEqual(Object.keys(await none.json()), ['error', 'message']);
  const nobody = await fetch(`${server.url}/storage/csv/upload`, { method: 'POST', body: 'a\n1\n' });
  assert.equal(nobody.status, 401);
  assert.deepEqual(await nobody.json(), { error: 'Unauthorized', message: 'Invalid API key' });
});

test('100,000 rows through a handle: progress moves, memory stays, the file has them all', async () => {
  const workflow = await publish(read);
  const count = 100_000;
  const lines = Array.from({ length: count }, (_, i) => `Company ${i}`);
  const { json } = await upload(`company\n${lines.join('\n')}\n`);
  const { json: { job_id: job } } = await start(workflow.id, { specs_override: { resource_handle_id: json.handle_id } });
  let last = 0;
  const end = await until(async () => {
    const now = await live(job);
    assert.ok(now.overall_progress_percentage >= last, 'progress never falls');
    last = now.overall_progress_percentage;
    for (const block of now.blocks) assert.ok(block.processed_count <= count);
    return now.overall_status === 'completed' ? now : null;
  }, 'its end');
  assert.equal(end.overall_progress_percentage, 100);
  assert.equal(end.blocks[0].total_count, count);
  assert.equal(end.blocks[1].metrics.row_count, count);
  const [item] = await links(job);
  assert.equal(item.row_count, count);
  assert.equal(item.results, null);
  const text = (await download(item)).text.trimEnd().split(/\r?\n/);
  assert.equal(text.length, count + 1);
  assert.equal(text[count], `Company ${count - 1},Company ${count - 1}!`);
  const peak = /VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${server.child.pid}/status`, 'utf8'));
  assert.ok(Number(peak[1]) < 600_000, `${peak[1]} kB`);
});

test('a server that dies between start and poll goes on with the same job', async () => {
  const workflow = await publish(table);
  const held10 = await publish(held);
  const { json: { job_id: waiting } } = await start(held10.id);
  const { json: { job_id: job } } = await start(workflow.id, { webhook_payload: [{ company: 'A' }] });
  await server.restart('SIGKILL');
  await until(async () => (await live(job)).overall_status === 'completed', 'its end');
  assert.equal((await links(job)).at(-1).row_count, 1);
  await until(async () => (await live(waiting)).overall_status === 'running', 'it to run again');
  assert.deepEqual((await call('GET', `/workflows/runs?workflow_id=${held10.id}`)).json.map((run) => run.job_id), [waiting]);
  assert.equal((await call('POST', `/workflows/cancel?job_id=${waiting}`)).json.status, 'cancelled');
});

/* --- the client --- */

test('a client written after the guide: start, poll, print and download each file, and a CSV file', async () => {
  const workflow = await publish(`
name: Leads
input: { type: object, properties: { webhook_payload: { type: array } } }
steps:
  - { id: lead, type: expand, config: { list: .input.webhook_payload } }
  - id: mail
    type: ai_generate
    config:
      model: local/extractive-1
      prompt: "At which company does the person work?"
      sources: [{ text: "{{item.name}} works at {{item.company}}." }]
      output: { type: object, properties: { company: { type: string } } }
`);
  const reader = await publish(read);
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('clients/sixtyfour.mjs', import.meta.url))], {
    env: {
      PATH: process.env.PATH, SIXTYFOUR_URL: server.url, SIXTYFOUR_API_KEY: server.key.apiKey, SIXTYFOUR_POLL_MS: '50',
      SIXTYFOUR_WORKFLOW_ID: workflow.id, SIXTYFOUR_CSV_WORKFLOW_ID: reader.id,
    },
  });
  const [started, live1, leads, csv, runs, cancelled, unknown] = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.match(started.started, UUID);
  assert.deepEqual([started.again, started.same], [true, true]);
  assert.deepEqual(live1, { status: 'completed', blocks: ['1 expand completed', '2 ai_generate completed'] });
  assert.deepEqual([leads.filename, leads.rows, leads.status, leads.lines.length], ['lead.csv', 2, 200, 3]);
  assert.match(leads.lines[0], /^name,company,domain,mail/);
  assert.deepEqual(csv.lines, ['company,upper.name', 'Analytical Engines,Analytical Engines!', 'Compilers Inc,Compilers Inc!']);
  const names = runs.runs.map(([, name]) => name).filter((name) => [reader.name, workflow.name].includes(name));
  assert.deepEqual(names, [reader.name, workflow.name]);
  assert.deepEqual(cancelled, { cancelled: 'completed' });
  assert.equal(unknown.error, '404: Workflow not found');
});
