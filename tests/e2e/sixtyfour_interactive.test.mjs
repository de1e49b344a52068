// Jobs of the Sixtyfour API that are built block by block.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

const PAGE = `<html><head><title>Acme</title></head><body><article><h1>Acme</h1>${'<p>Acme makes anvils for the whole world, and has done so since 1949.</p>'.repeat(20)}</article></body></html>`;

let server;
let web;
let pages = [];
before(async () => {
  server = await startServer('--allow', '127.0.0.1');
  web = createServer((request, response) => {
    if (request.url === '/robots.txt') return response.writeHead(404).end();
    pages.push(request.url);
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(PAGE);
  });
  web.listen(0, '127.0.0.1');
  await once(web, 'listening');
});
after(async () => {
  web?.close();
  web?.closeAllConnections();
  await server?.close();
});

async function ask(method, path, body, { key = server.key.apiKey, headers = {} } = {}) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...(key === null ? {} : { 'x-api-key': key }), 'Content-Type': 'application/json', ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  return { status: answer.status, json: await answer.json() };
}

async function call(...args) {
  const { status, json } = await ask(...args);
  assert.equal(status, 200, JSON.stringify(json));
  return json;
}

const JOBS = '/workflows/interactive';
const NO_JOB = '00000000-0000-8000-8000-000000000000';
const LONDON = { filters: [{ column: 'city', operator: 'equals', value: 'London' }] };
const people = [{ name: 'Ada', city: 'London' }, { name: 'Bob', city: 'Paris' }];

const start = async (rows = people) => (await call('POST', `${JOBS}/start`, { block_name: 'webhook', specs: {}, webhook_payload: rows })).job_id;
const state = (job) => call('GET', `${JOBS}/${job}/state`);
const ended = (job) =>
  until(async () => {
    const now = await state(job);
    return ['completed', 'failed', 'cancelled'].includes(now.overall_status) && now;
  }, 'its end');
const first = async (job) => (await ended(job)).blocks[0].block_id;
const add = (job, block_name, specs, parent_block_id, options) =>
  call('POST', `${JOBS}/${job}/add-block`, { block_name, specs, parent_block_id }, options);
async function added(...args) {
  const answer = await add(...args);
  assert.deepEqual([answer.accepted, answer.error], [true, null]);
  assert.match(answer.block_id, /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  return answer.block_id;
}
const output = (job, block) => call('GET', `${JOBS}/${job}/output?block_id=${block}`);
async function rowsOf(job) {
  await until(async () => (await call('GET', `/workflows/runs/${job}/live_status`)).overall_status === 'completed', 'its end');
  return (await call('GET', `/workflows/runs/${job}/results/download-links`)).at(-1).results;
}

test('a job is built block by block, and its state shows them', async () => {
  const started = await call('POST', `${JOBS}/start`, { block_name: 'webhook', specs: {}, webhook_payload: people, save_json: true, cache_config: null });
  assert.deepEqual(Object.keys(started), ['job_id', 'status']);
  assert.equal(started.status, 'queued');
  const job = started.job_id;
  const source = await first(job);
  const filter = await added(job, 'filter', LONDON, source);
  const model = await added(job, 'llm_openai', { prompt: 'Say {{name}}', model: 'local' }, filter);
  const now = await ended(job);
  assert.equal(now.run_id, job);
  assert.equal(now.overall_status, 'completed');
  assert.deepEqual(now.blocks.map((one) => [one.block_id, one.block_name, one.status, one.metrics.row_count]),
    [[source, 'webhook', 'completed', 2], [filter, 'filter', 'completed', 1], [model, 'llm_openai', 'completed', 1]]);
  assert.deepEqual(now.blocks.map((one) => one.previous_block_ids), [null, [source], [filter]]);
  const [row] = await rowsOf(job);
  assert.equal(row.name, 'Ada');
  assert.equal(typeof row.llm_output, 'string');
});

test('two blocks may stand behind one, and blocks wait for those before them', async () => {
  const job = await start();
  const source = await first(job);
  const london = await added(job, 'filter', LONDON, source);
  const paris = await added(job, 'filter', { filters: [{ column: 'city', operator: 'not_equals', value: 'London' }] }, source);
  const last = await added(job, 'remove_columns', { columns: ['city'] }, paris);
  const now = await ended(job);
  assert.deepEqual(now.blocks.map((one) => one.previous_block_ids), [null, [source], [source], [paris]]);
  assert.deepEqual(new Set(now.blocks.map((one) => one.block_id)), new Set([source, london, paris, last]));
  assert.deepEqual(await rowsOf(job), [{ name: 'Bob' }]);
});

test('what is done is not done again when a block is added', async () => {
  pages = [];
  const { port } = web.address();
  const job = await start([{ name: 'Ada', website: `http://127.0.0.1:${port}/ada` }, { name: 'Bob', website: `http://127.0.0.1:${port}/bob` }]);
  const scrape = await added(job, 'scrape_web', { url_column: 'website' }, await first(job));
  await ended(job);
  assert.deepEqual([...pages].sort(), ['/ada', '/bob']);
  const filter = await added(job, 'filter', { filters: [{ column: 'name', operator: 'equals', value: 'Ada' }] }, scrape);
  await added(job, 'remove_columns', { columns: ['website'] }, filter);
  const [row] = await rowsOf(job);
  assert.match(row.scraped_text, /anvils/);
  assert.deepEqual([...pages].sort(), ['/ada', '/bob']);
});

test('the rows of a block are a file that a later run reads', async () => {
  const job = await start();
  const source = await first(job);
  const filter = await added(job, 'filter', LONDON, source);
  await ended(job);
  const all = await output(job, source);
  assert.deepEqual([all.block_id, all.row_count], [source, 2]);
  const some = await output(job, filter);
  assert.deepEqual(Object.keys(some), ['block_id', 'resource_handle_id', 'row_count']);
  assert.deepEqual([some.block_id, some.row_count], [filter, 1]);
  const workflow = await call('POST', '/workflows/create_workflow', {
    workflow_name: 'Reader', workflow_description: '',
    workflow_definition: { blocks: [{ block_id: 'in', sequence_number: 1, block_type: 'read_csv', block_name: 'read_csv', specs: {} }], edges: [] },
  });
  const read = async (handle) =>
    rowsOf((await call('POST', `/workflows/run?workflow_id=${workflow.id}`, { specs_override: { resource_handle_id: handle } })).job_id);
  assert.deepEqual(await read(all.resource_handle_id), people);
  assert.deepEqual(await read(some.resource_handle_id), [people[0]]);
  const other = (await call('POST', `${JOBS}/start`, { block_name: 'read_csv', specs: { resource_handle_id: some.resource_handle_id } })).job_id;
  assert.deepEqual(await rowsOf(other), [people[0]]);
});

test('the way to a block is saved as a workflow, which runs', async () => {
  const job = await start();
  const source = await first(job);
  const filter = await added(job, 'filter', LONDON, source);
  await added(job, 'remove_columns', { columns: ['name'] }, source);
  await ended(job);
  const saved = await call('POST', `${JOBS}/${job}/save`, { block_id: filter, workflow_name: 'Londoners' });
  assert.equal(saved.name, 'Londoners');
  assert.deepEqual(new Set(saved.workflow_definition.blocks.map((one) => one.block_name)), new Set(['webhook', 'filter']));
  assert.equal(saved.workflow_definition.edges.length, 1);
  const { job_id: run } = await call('POST', `/workflows/run?workflow_id=${saved.id}`, { webhook_payload: [...people, { name: 'Cid', city: 'London' }] });
  assert.deepEqual((await rowsOf(run)).map((row) => row.name), ['Ada', 'Cid']);
  const again = { headers: { 'Idempotency-Key': 'save-once' } };
  const body = { block_id: source, workflow_name: 'All', workflow_description: 'All of them' };
  const once = await call('POST', `${JOBS}/${job}/save`, body, again);
  assert.equal(once.description, 'All of them');
  assert.equal((await call('POST', `${JOBS}/${job}/save`, body, again)).id, once.id);
});

test('a finished job takes no further block, and can still be looked at', async () => {
  const job = await start();
  const source = await first(job);
  assert.deepEqual(await call('POST', `${JOBS}/${job}/finish`), { status: 'completed' });
  assert.deepEqual(await call('POST', `${JOBS}/${job}/finish`), { status: 'completed' });
  assert.deepEqual(await add(job, 'filter', LONDON, source), { accepted: false, block_id: null, error: 'The job is finished' });
  assert.equal((await output(job, source)).row_count, 2);
  assert.equal((await state(job)).total_blocks, 1);
});

test('a block that does not fit is not accepted, with words, and the job stays as it was', async () => {
  const job = await start();
  const source = await first(job);
  for (const [name, specs, parent, words] of [
    ['filter', LONDON, NO_JOB, /^parent_block_id: /],
    ['no_such_block', {}, source, /^block_name: There is no block "no_such_block"/],
    ['filter', { filters: 7 }, source, /^specs/],
    ['webhook', {}, source, /./],
  ]) {
    const answer = await add(job, name, specs, parent);
    assert.deepEqual([answer.accepted, answer.block_id], [false, null], name);
    assert.match(answer.error, words);
  }
  assert.equal((await state(job)).total_blocks, 1);
});

test('blocks that are added at the same time all come, each once, in some order', async () => {
  for (let round = 0; round < 5; round++) {
    const job = await start();
    const source = await first(job);
    const cities = ['London', 'Paris', 'Rome', 'Oslo'];
    const blocks = await Promise.all(
      cities.map((value) => added(job, 'filter', { filters: [{ column: 'city', operator: 'equals', value }] }, source)));
    assert.equal(new Set(blocks).size, cities.length);
    const now = await until(async () => {
      const look = await ended(job);
      return look.total_blocks === 1 + cities.length && look;
    }, 'all blocks');
    assert.equal(now.overall_status, 'completed');
    assert.deepEqual(new Set(now.blocks.map((one) => one.block_id)), new Set([source, ...blocks]));
    assert.deepEqual(now.blocks.map((one) => one.sequence_number), [1, 2, 3, 4, 5]);
    const count = (value) => now.blocks.find((one) => one.block_id === blocks[cities.indexOf(value)]).metrics.row_count;
    assert.deepEqual(cities.map(count), [1, 1, 0, 0]);
  }
});

test('one Idempotency-Key that is sent many times at once adds one block', async () => {
  const job = await start();
  const source = await first(job);
  const answers = await Promise.all(Array.from({ length: 6 }, () =>
    added(job, 'filter', LONDON, source, { headers: { 'Idempotency-Key': 'block-race' } })));
  assert.equal(new Set(answers).size, 1);
  assert.equal((await ended(job)).total_blocks, 2);
});

test('one Idempotency-Key that is sent many times at once starts one job, of one workflow', async () => {
  const before = (await call('GET', '/workflows')).length;
  const body = { block_name: 'webhook', specs: {}, webhook_payload: people };
  const answers = await Promise.all(Array.from({ length: 6 }, () =>
    call('POST', `${JOBS}/start`, body, { headers: { 'Idempotency-Key': 'job-race' } })));
  assert.equal(new Set(answers.map((one) => one.job_id)).size, 1);
  await until(async () => (await call('GET', '/workflows')).length === before + 1, 'one workflow more');
});

test('a job that does not start leaves no workflow behind', async () => {
  const listed = async () => (await call('GET', '/workflows')).map((one) => one.id).sort();
  const before = await listed();
  const specs = { input_schema: { email: { type: 'string' } } };
  const missing = await ask('POST', `${JOBS}/start`, { block_name: 'webhook', specs, webhook_payload: [{ name: 'Ada' }] });
  assert.equal(missing.status, 400, JSON.stringify(missing.json));
  assert.match(missing.json.message, /email/);
  const bare = await ask('POST', `${JOBS}/start`, { block_name: 'read_csv', specs: {} });
  assert.equal(bare.status, 400, JSON.stringify(bare.json));
  await until(async () => (await listed()).join() === before.join(), 'the workflows that were there before');
});

test('the same Idempotency-Key starts one job and adds one block', async () => {
  const body = { block_name: 'webhook', specs: {}, webhook_payload: people };
  const once = { headers: { 'Idempotency-Key': 'job-once' } };
  const { job_id: job } = await call('POST', `${JOBS}/start`, body, once);
  const source = await first(job);
  assert.deepEqual(await call('POST', `${JOBS}/start`, body, once), { job_id: job, status: 'completed' });
  const block = await added(job, 'filter', LONDON, source, { headers: { 'Idempotency-Key': 'block-once' } });
  assert.equal(await added(job, 'filter', LONDON, source, { headers: { 'Idempotency-Key': 'block-once' } }), block);
  assert.equal((await ended(job)).total_blocks, 2);
});

test('bad requests are told in the forms of the dialect', async () => {
  const job = await start();
  const source = await first(job);
  const good = { block_name: 'webhook', specs: {} };
  const block = { block_name: 'filter', specs: LONDON, parent_block_id: source };
  for (const [path, body, field, type] of [
    ['start', { specs: {} }, 'block_name', 'missing'],
    ['start', { block_name: 'webhook' }, 'specs', 'missing'],
    ['start', { ...good, block_name: 7 }, 'block_name', 'string_type'],
    ['start', { ...good, specs: [] }, 'specs', 'dict_type'],
    ['start', { ...good, save_json: 'yes' }, 'save_json', 'bool_type'],
    ['start', { ...good, cache_config: 1 }, 'cache_config', 'dict_type'],
    ['start', { ...good, webhook_payload: 'x' }, 'webhook_payload', 'list_type'],
    ['start', { ...good, more: 1 }, 'more', 'extra_forbidden'],
    ['start', { block_name: 'read_csv', specs: {}, webhook_payload: people }, 'webhook_payload', 'value_error'],
    ['start', { block_name: 'no_such_block', specs: {} }, 'block_name', 'value_error'],
    [`${job}/add-block`, { ...block, block_name: undefined }, 'block_name', 'missing'],
    [`${job}/add-block`, { ...block, specs: 'x' }, 'specs', 'dict_type'],
    [`${job}/add-block`, { ...block, parent_block_id: undefined }, 'parent_block_id', 'missing'],
    [`${job}/save`, { workflow_name: 'x' }, 'block_id', 'missing'],
    [`${job}/save`, { block_id: source }, 'workflow_name', 'missing'],
    [`${job}/save`, { block_id: source, workflow_name: 'x', workflow_description: 7 }, 'workflow_description', 'string_type'],
    [`${job}/finish`, { more: 1 }, 'more', 'extra_forbidden'],
  ]) {
    const { status, json } = await ask('POST', `${JOBS}/${path}`, body);
    assert.equal(status, 422, `${path} ${field} ${JSON.stringify(json)}`);
    assert.deepEqual([json.detail[0].loc, json.detail[0].type], [['body', field], type]);
  }
  const bare = await ask('GET', `${JOBS}/${job}/output`);
  assert.deepEqual([bare.status, bare.json.detail[0].loc], [422, ['query', 'block_id']]);
  assert.equal((await ask('GET', `${JOBS}/${job}/output?block_id=${NO_JOB}`)).status, 404);
  assert.equal((await ask('POST', `${JOBS}/${job}/save`, { block_id: NO_JOB, workflow_name: 'x' })).status, 404);
  assert.deepEqual(await ask('GET', `${JOBS}/start`), { status: 405, json: { detail: 'Method Not Allowed' } });
});

test('jobs that are none, and those of another workspace, are not found', async () => {
  const job = await start();
  const source = await first(job);
  const { data: space } = await server.post('/v1/workspaces', { name: 'Others' });
  const others = { key: space.key.apiKey };
  const workflow = await call('POST', '/workflows/create_workflow', {
    workflow_name: 'Plain', workflow_description: '',
    workflow_definition: { blocks: [{ block_id: 'in', sequence_number: 1, block_type: 'webhook', block_name: 'webhook', specs: {} }], edges: [] },
  });
  const { job_id: plain } = await call('POST', `/workflows/run?workflow_id=${workflow.id}`, { webhook_payload: people });
  for (const [id, options] of [[NO_JOB, {}], ['x', {}], [plain, {}], [job, others]]) {
    for (const [method, path, body] of [
      ['POST', 'add-block', { block_name: 'filter', specs: LONDON, parent_block_id: source }],
      ['POST', 'finish'], ['GET', 'state'], ['GET', `output?block_id=${source}`],
      ['POST', 'save', { block_id: source, workflow_name: 'x' }],
    ])
      assert.equal((await ask(method, `${JOBS}/${id}/${path}`, body, options)).status, 404, `${id} ${path}`);
  }
  assert.equal((await ask('POST', `${JOBS}/start`, {}, { key: null })).status, 401);
});
