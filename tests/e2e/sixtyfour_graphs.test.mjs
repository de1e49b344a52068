// Graphs of the Sixtyfour API as they run: their blocks, live and with their files, and the webhook at
// their end.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

let server;
before(async () => {
  server = await startServer('--allow', '127.0.0.1');
});
after(async () => {
  await server?.close();
});

async function call(method, path, body) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { 'x-api-key': server.key.apiKey, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(json));
  return json;
}

const block = (sequence_number, block_name, specs = {}) => ({
  sequence_number, block_type: block_name, block_name, block_id: `b${sequence_number}`, specs,
});
/** A graph of blocks one behind the other. */
const chain = (...blocks) => ({
  blocks,
  edges: blocks.slice(1).map((_, i) => ({ from_block_id: `b${i + 1}`, to_block_id: `b${i + 2}`, condition: null })),
});
let made = 0;
const create = (definition, more = {}) =>
  call('POST', '/workflows/create_workflow', {
    workflow_name: `Graph ${++made}`, workflow_description: 'A graph.', workflow_definition: definition, ...more,
  });
const start = (id, body) => call('POST', `/workflows/run?workflow_id=${encodeURIComponent(id)}`, body);
const live = (job) => call('GET', `/workflows/runs/${job}/live_status`);
const links = (job) => call('GET', `/workflows/runs/${job}/results/download-links`);
const ended = (job) =>
  until(async () => {
    const now = await live(job);
    return ['completed', 'failed', 'cancelled'].includes(now.overall_status) && now;
  }, 'its end');

const people = [
  { name: 'Ada', city: 'London' },
  { name: 'Bob', city: 'Paris' },
  { name: 'Ada', city: 'London' },
];
const london = block(2, 'filter', { filters: [{ column: 'city', operator: 'equals', value: 'London' }] });

test('blocks of a graph are shown live by their names and with those before them', async () => {
  const workflow = await create(chain(block(1, 'webhook', { dataframe_type: 'LEAD' }), london, block(3, 'deduplicate')));
  const { job_id: job } = await start(workflow.id, { webhook_payload: people });
  const now = await ended(job);
  assert.equal(now.overall_status, 'completed');
  assert.equal(now.total_blocks, 3);
  assert.equal(now.completed_blocks, 3);
  assert.deepEqual(now.blocks.map((one) => [one.block_name, one.sequence_number, one.status]),
    [['webhook', 1, 'completed'], ['filter', 2, 'completed'], ['deduplicate', 3, 'completed']]);
  const ids = now.blocks.map((one) => one.block_id);
  const shown = (await call('GET', `/workflows/${encodeURIComponent(workflow.id)}`)).workflow_definition;
  assert.equal(shown.blocks.length, 3);
  assert.deepEqual(now.blocks.map((one) => one.previous_block_ids), [null, [ids[0]], [ids[1]]]);
  assert.deepEqual(now.blocks.map((one) => one.metrics.row_count), [3, 2, 1]);
  assert.deepEqual(now.blocks.map((one) => one.processed_count), [3, 3, 2]);
  for (const one of now.blocks) assert.equal(one.metrics.dataframe_type, 'LEAD');
  const [run] = await call('GET', `/workflows/runs?workflow_id=${encodeURIComponent(workflow.id)}`);
  assert.equal(run.blocks_count, 3);
});

test('each block has a file of its rows, in block order, and the last is the result', async () => {
  const workflow = await create(chain(block(1, 'webhook'), london, block(3, 'deduplicate')));
  const { job_id: job } = await start(workflow.id, { webhook_payload: people });
  await ended(job);
  const items = await links(job);
  assert.deepEqual(items.map((item) => [item.block_number, item.row_count]), [[1, 3], [2, 2], [3, 1]]);
  assert.deepEqual(items.map((item) => item.results), [people, [people[0], people[2]], [people[0]]]);
  const file = await (await fetch(items[2].download_url)).text();
  assert.deepEqual(file.trim().split(/\r?\n/), ['name,city', 'Ada,London']);
  const all = await (await fetch(items[0].download_url)).text();
  assert.equal(all.trim().split(/\r?\n/).length, 4);
});

test('an own id is the workflow_id of its runs', async () => {
  const workflow = await create(chain(block(1, 'webhook')), { id: 'my-own-flow' });
  assert.equal(workflow.id, 'my-own-flow');
  const started = await start('my-own-flow', { webhook_payload: people });
  assert.equal(started.workflow_id, 'my-own-flow');
  assert.equal((await ended(started.job_id)).workflow_id, 'my-own-flow');
  const [run] = await call('GET', '/workflows/runs?workflow_id=my-own-flow');
  assert.deepEqual([run.job_id, run.workflow_id], [started.job_id, 'my-own-flow']);
});

test('read_csv reads the file whose handle the run brings', async () => {
  const workflow = await create(chain(block(1, 'read_csv'), london));
  const form = new FormData();
  form.append('file', new Blob(['name,city\nAda,London\nBob,Paris\n'], { type: 'text/csv' }), 'people.csv');
  const sent = await fetch(`${server.url}/storage/csv/upload`, { method: 'POST', headers: { 'x-api-key': server.key.apiKey }, body: form });
  const { handle_id: handle } = await sent.json();
  const { job_id: job } = await start(workflow.id, { specs_override: { resource_handle_id: handle } });
  await ended(job);
  assert.deepEqual((await links(job)).at(-1).results, [{ name: 'Ada', city: 'London' }]);
  const without = await fetch(`${server.url}/workflows/run?workflow_id=${workflow.id}`, { method: 'POST', headers: { 'x-api-key': server.key.apiKey } });
  assert.equal(without.status, 400);
  assert.equal((await without.json()).error, 'Bad Request');
  const payload = await fetch(`${server.url}/workflows/run?workflow_id=${workflow.id}`, {
    method: 'POST', headers: { 'x-api-key': server.key.apiKey }, body: JSON.stringify({ webhook_payload: people }),
  });
  assert.equal(payload.status, 400);
  const notebook = await create(chain(block(1, 'read_notebook', { notebook_id: 'people' }), london));
  const refused = await fetch(`${server.url}/workflows/run?workflow_id=${notebook.id}`, {
    method: 'POST', headers: { 'x-api-key': server.key.apiKey }, body: JSON.stringify({ webhook_payload: people }),
  });
  assert.equal(refused.status, 400);
  assert.match((await refused.json()).message, /webhook.*read_notebook/);
});

test('outgoing_webhook tells once of a run that has completed, in the form of the vendor', async () => {
  const seen = [];
  const receiver = createServer((request, answer) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      seen.push({ headers: request.headers, event: JSON.parse(Buffer.concat(pieces)) });
      answer.end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const workflow = await create(chain(block(1, 'webhook'), london,
    block(3, 'outgoing_webhook', { url: `http://127.0.0.1:${receiver.address().port}/hook` })));
  const { job_id: job } = await start(workflow.id, { webhook_payload: people });
  await ended(job);
  const { headers, event } = await until(() => seen[0], 'the webhook');
  receiver.close();
  assert.equal(headers['sixtyfour-event-type'], 'outgoing_webhook.completed');
  assert.equal(headers['sixtyfour-delivery-attempt'], '1');
  assert.equal(event.run_id, job);
  assert.equal(event.row_count, 2);
  assert.deepEqual(event.results, [people[0], people[2]]);
  assert.equal((await server.get(`/v1/deliveries?runId=${job}`)).data.length, 1);
});
