// One run over a table of a million rows, as each API shows it: while it goes on, at its end, some of its rows
// failed, and row by row in its files. Beside it one call with a large text.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';
import { client, isMs } from './wiserows.mjs';

const MILLION = 1_000_000;
/** With sanitizers a row takes thirty times as long. */
const FEWER = 20_000;
const ODD = 7;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let server;
let wiserows;
let receiver;
const told = []; /* by the outgoing webhook */
let count;
let every; /* one row of so many fails */
let job;
let workflow;
const samples = []; /* of the run, as the dialects have it */

async function call(method, path, body) {
  const isJson = body !== undefined && !(body instanceof FormData);
  const answer = await fetch(server.url + path, {
    method,
    headers: { 'x-api-key': server.key.apiKey, ...(isJson ? { 'Content-Type': 'application/json' } : {}) },
    body: isJson ? JSON.stringify(body) : body,
  });
  const json = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(json));
  return json;
}

const block = (sequence_number, block_name, specs = {}) => ({
  sequence_number, block_type: block_name, block_name, block_id: `b${sequence_number}`, specs,
});

/** The file, a piece at a time. */
function* csv() {
  yield 'n,name\n';
  for (let at = 0; at < count; at += 10_000)
    yield Array.from({ length: Math.min(10_000, count - at) }, (_, i) => `${at + i},Company ${at + i}\n`).join('');
}

async function upload() {
  const form = new FormData();
  form.append('file', new Blob([...csv()], { type: 'text/csv' }), 'million.csv');
  const sent = await call('POST', '/storage/csv/upload', form);
  assert.deepEqual(Object.keys(sent), ['handle_id', 'resource_handle_id', 'filename', 'size_bytes']);
  return sent.handle_id;
}

const live = () => call('GET', `/workflows/runs/${job}/live_status`);
const wiserowsJob = async () => (await wiserows.get(`/api/v1/jobs/${job}`)).json.data;

before(async () => {
  receiver = createServer(async (request, answer) => {
    let text = '';
    for await (const piece of request) text += piece;
    told.push({ type: request.headers['sixtyfour-event-type'], event: JSON.parse(text) });
    answer.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  server = await startServer('--allow', '127.0.0.1');
  wiserows = client(server);
  const maps = await readFile(`/proc/${server.child.pid}/maps`, 'utf8');
  count = /lib[at]san/.test(maps) ? FEWER : MILLION;
  every = count / 10;
  const blocks = [
    block(1, 'read_csv'),
    block(2, 'transform_data', { expression:
      `(.n | tonumber) as $n | if $n % ${every} == ${ODD} then error("an odd one") else . + {twice: (2 * $n)} end` }),
    block(3, 'filter', { filters: [{ column: 'twice', operator: 'less', value: count }] }),
    block(4, 'outgoing_webhook', { url: `http://127.0.0.1:${receiver.address().port}/hook` }),
  ];
  const edges = [1, 2, 3].map((i) => ({ from_block_id: `b${i}`, to_block_id: `b${i + 1}`, condition: null }));
  workflow = await call('POST', '/workflows/create_workflow', {
    workflow_name: 'A million', workflow_description: 'Many rows.', workflow_definition: { blocks, edges },
  });
  const handle = await upload();
  const started = await call('POST', `/workflows/run?workflow_id=${workflow.id}&result_formats=csv&result_formats=ndjson`,
    { specs_override: { resource_handle_id: handle } });
  assert.deepEqual([started.status, started.workflow_id], ['queued', workflow.id]);
  job = started.job_id;
  await until(async () => {
    const sample = { live: await live(), job: await wiserowsJob(), run: (await server.get(`/v1/workflow-runs/${job}`)).data };
    if (sample.live.overall_status !== 'completed') samples.push(sample);
    else return sample.job.status === 'completed' && sample.run.status === 'completed';
    await new Promise((done) => setTimeout(done, 20));
    return false;
  }, 'its end', 600_000);
});
after(async () => {
  receiver?.close();
  await server?.close();
});

/* --- what fields hold --- */

const text = (value) => typeof value === 'string';
const number = (value) => Number.isInteger(value) && value >= 0;
const percent = (value) => typeof value === 'number' && value >= 0 && value <= 100;
const time = (value) => TIME.test(value);
const orNull = (is) => (value) => value === null || is(value);
const one = (...words) => (value) => words.includes(value);

const LIVE = {
  run_id: (value) => value === job, workflow_id: (value) => value === workflow.id,
  overall_status: one('queued', 'running', 'completed'), current_block: orNull(text), current_block_sequence: orNull(number),
  total_blocks: (value) => value === 4, completed_blocks: number, started_at: orNull(time), completed_at: orNull(time),
  overall_progress_percentage: percent, estimation_blocked_by: orNull(text), last_updated: time, blocks: Array.isArray,
};
const BLOCK = {
  block_id: (value) => UUID.test(value), block_name: text, sequence_number: number, previous_block_ids: orNull(Array.isArray),
  status: one('pending', 'running', 'completed'), started_at: orNull(time), completed_at: orNull(time),
  progress_percentage: percent, current_step: (value) => value === null, processed_count: number, total_count: orNull(number),
  estimated_total_count: orNull(number), last_updated: time, error_message: (value) => value === null,
  metrics: (value) => typeof value === 'object',
};
const METRICS = { row_count: number, dataframe_type: one('LEAD'), processed_count: number, total_count: orNull(number) };
const JOB = {
  id: (value) => /^[0-9a-f]{24}$/.test(value), name: one('A million'), type: one('workflow_run'), category: one('ai'),
  status: one('pending', 'running', 'completed'), progress: (value) => typeof value === 'object', createdAt: number,
  completedAt: orNull(number), logs: Array.isArray,
};

/** All of these fields, no other, in this order, each as it has to be. */
function fits(record, fields) {
  assert.deepEqual(Object.keys(record), Object.keys(fields));
  for (const [name, is] of Object.entries(fields)) assert.ok(is(record[name]), `${name}: ${JSON.stringify(record[name])}`);
}

const failedRows = () => Array.from({ length: count / every }, (_, i) => i * every + ODD);

test('Sixtyfour: live status while many rows run: fields and types, and nothing falls', () => {
  assert.ok(samples.some(({ live: now }) => now.overall_status === 'running'), 'it is seen while it runs');
  let last;
  for (const { live: now } of samples) {
    fits(now, LIVE);
    now.blocks.forEach((each, i) => {
      fits(each, BLOCK);
      fits(each.metrics, METRICS);
      assert.ok(each.processed_count <= count);
      assert.equal(each.started_at === null, each.status === 'pending');
      assert.equal(each.completed_at === null, each.status !== 'completed');
      if (last) assert.ok(each.processed_count >= last.blocks[i].processed_count, `block ${i + 1} falls`);
    });
    assert.equal(now.completed_at, null);
    assert.ok(now.overall_progress_percentage <= 99);
    assert.ok(!last || now.overall_progress_percentage >= last.overall_progress_percentage, 'progress falls');
    last = now;
  }
});

test('Sixtyfour: live status at the end counts the rows of each block, and when it began and ended', async () => {
  const now = await live();
  fits(now, LIVE);
  assert.deepEqual([now.overall_progress_percentage, now.completed_blocks, now.current_block], [100, 4, null]);
  const good = count - failedRows().length;
  const kept = good / 2;
  assert.deepEqual(now.blocks.map((each) => [each.block_name, each.processed_count, each.total_count, each.metrics.row_count]), [
    ['read_csv', count, count, count],
    ['transform_data', count, count, good],
    ['filter', good, good, kept],
    ['outgoing_webhook', kept, kept, kept],
  ]);
  for (const each of now.blocks) {
    fits(each, BLOCK);
    assert.ok(now.started_at <= each.started_at && each.started_at <= each.completed_at && each.completed_at <= now.completed_at);
  }
  const [read, , filter] = now.blocks;
  assert.ok(read.started_at <= filter.started_at && read.completed_at <= filter.completed_at);
});

test('Sixtyfour: the list of runs has it as one of many', async () => {
  const [run] = await call('GET', `/workflows/runs?workflow_id=${workflow.id}`);
  assert.deepEqual([run.job_id, run.status, run.status_reason, run.error_message, run.blocks_count],
    [job, 'completed', null, null, 4]);
});

/** Digest and size of what is made piece by piece. */
async function digest(pieces) {
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of pieces) {
    hash.update(piece);
    size += piece.length;
  }
  return { size, hash: hash.digest('hex') };
}

function* rows(first, make) {
  if (first) yield first;
  const odd = new Set(failedRows());
  for (let at = 0; at < count; at += 10_000) {
    let piece = '';
    for (let n = at; n < Math.min(at + 10_000, count); n++) piece += make(n, odd.has(n));
    yield piece;
  }
}

test('Sixtyfour: links to whole files of each block and format, large ones not inline', async () => {
  const items = await call('GET', `/workflows/runs/${job}/results/download-links`);
  const good = count - failedRows().length;
  assert.deepEqual(items.map((item) => [item.block_number, item.content_type.split(';')[0], item.row_count]), [
    [1, 'text/csv', count], [1, 'application/x-ndjson', count], [2, 'text/csv', good], [2, 'application/x-ndjson', good],
    [3, 'text/csv', good / 2], [3, 'application/x-ndjson', good / 2], [4, 'text/csv', good / 2], [4, 'application/x-ndjson', good / 2],
  ]);
  for (const item of items) {
    assert.equal(item.results, null);
    assert.equal(item.download_expires_in_seconds, 900);
    assert.ok(item.download_url.startsWith(server.url));
  }
  const body = async (item) => (await fetch(item.download_url)).body;
  assert.deepEqual(await digest(await body(items[0])),
    await digest(rows('n,name\n', (n) => `${n},Company ${n}\n`)));
  assert.deepEqual(await digest(await body(items.at(-1))),
    await digest(rows('', (n, isOdd) => (isOdd || 2 * n >= count ? '' : `{"n":"${n}","name":"Company ${n}","twice":${2 * n}}\n`))));
});

test('Sixtyfour: the webhook of many rows tells their number and not the rows', async () => {
  await until(() => told.length > 0, 'the webhook');
  const { type, event } = told[0];
  assert.equal(type, 'outgoing_webhook.completed');
  assert.deepEqual([event.run_id, event.status, event.row_count, event.results],
    [job, 'completed', (count - failedRows().length) / 2, null]);
  assert.equal(told.length, 1);
});

test('Wiserows: progress of the job while it runs and at its end, in job and run alike', async () => {
  let completed = 0;
  for (const { job: now } of samples) {
    fits(now, JOB);
    assert.deepEqual(Object.keys(now.progress), ['total', 'completed', 'failed']);
    assert.ok(now.progress.completed + now.progress.failed <= Math.max(count, now.progress.total));
    assert.ok(now.progress.completed >= completed, 'completed falls');
    assert.ok(now.status === 'completed' || now.completedAt === null);
    completed = now.progress.completed;
  }
  const now = await wiserowsJob();
  fits(now, JOB);
  isMs(now.completedAt);
  const failed = failedRows().length;
  assert.deepEqual(now.progress, { total: count, completed: count - failed, failed });
  const run = (await wiserows.get(`/api/v1/workflows/${workflow.id}/runs/${job}`)).json.data;
  assert.deepEqual(run, {
    id: now.id, status: 'completed', progress: now.progress, startedAt: run.startedAt, completedAt: now.completedAt,
  });
  for (const entry of now.logs) {
    assert.deepEqual(Object.keys(entry), ['timestamp', 'level', 'message']);
    isMs(entry.timestamp);
  }
  assert.ok(now.logs.some(({ level, message }) => level === 'warning' && message.includes(`${failed} failed`)));
  assert.ok(now.logs.length < 100, 'logs do not grow with the rows');
  const listed = (await wiserows.get('/api/v1/jobs?status=completed')).json.data;
  assert.deepEqual(listed.map(({ id, progress }) => [id, progress]), [[now.id, now.progress]]);
});

test('Metal: the run, its tables, and its rows page by page', async () => {
  for (const { run } of samples) assert.deepEqual([run.output, run.error], run.status === 'completed' ? [run.output, null] : [null, null]);
  const path = `/v1/workflow-runs/${job}`;
  const { data: run } = await server.get(path);
  assert.equal(run.output.rows, (count - failedRows().length) / 2);
  const { data: tables } = await server.get(`${path}/tables`);
  assert.deepEqual(tables[1].counts, { items: count, completed: count - failedRows().length, failed: failedRows().length, dropped: 0, cancelled: 0 });
  const page = async (query) => (await server.get(`${path}/items?table=b1_read_csv&${query}`)).data;
  for (const from of [0, count / 2 - 3, count - 1000]) {
    const items = await page(`from=${from}&limit=1000`);
    assert.deepEqual(items.map(({ item }) => Number(item.n)), Array.from({ length: 1000 }, (_, i) => from + i));
  }
  assert.deepEqual((await page(`from=${count - 2}`)).map(({ key }) => key), [`${count - 2}`, `${count - 1}`]);
  assert.deepEqual(await page(`from=${count}`), []);
  assert.equal((await page('limit=5000')).length, 1000);
});

test('Metal: rows that failed are found among all, with why', async () => {
  const path = `/v1/workflow-runs/${job}`;
  const { data: failed } = await server.get(`${path}/items?table=b1_read_csv&state=failed`);
  assert.deepEqual(failed.map(({ item }) => Number(item.n)), failedRows());
  for (const { error } of failed) assert.deepEqual([error.code, error.step], ['expression_failed', 'b2_transform_data']);
  const { data: last } = await server.get(`${path}/items/${failedRows().at(-1)}?table=b1_read_csv`);
  assert.equal(last.error.message, failed.at(-1).error.message);
});

test('AI Tutor: one call with a large text in a variable', async () => {
  const made = await server.publish(`
name: Long
input: { type: object, required: [text], properties: { text: { type: string } } }
steps:
  - { id: size, type: transform, config: { expression: ".input.text | length | tostring" } }
output: { result: "{{steps.size}}" }
`);
  const answer = await fetch(`${server.url}/api/v1/run/wf_${made.id}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${server.key.apiKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ text: 'x'.repeat(4 * count) }),
  });
  assert.deepEqual([answer.status, await answer.json()], [200, { success: true, result: `${4 * count}` }]);
});

test('memory does not grow with the rows', async (context) => {
  const status = await readFile(`/proc/${server.child.pid}/status`, 'utf8');
  const used = Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]);
  context.diagnostic(`${count} rows, at most ${used} kB`);
  if (count === MILLION) assert.ok(used < 200_000, `${used} kB`);
});
