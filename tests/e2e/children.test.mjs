// Workflows that call workflows: pinned versions, failures, retry, cancel, waits, restarts.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { startServer, until, windrow } from './server.mjs';
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
beforeEach(() => stub.reset());

const caller = (name, slug, more = '') => `
name: ${name}
steps:
  - id: call
    type: workflow
    config: { slug: ${slug}, input: { company: "{{input.company}}" } }
    ${more}
output: { answer: "{{steps.call}}" }
`;

const called = (name, path, more = '') => `
name: ${name}
input: { type: object, required: [company], properties: { company: { type: string } } }
steps:
  - id: ask
    type: http_request
    config: { url: "${path}", method: POST, json: { company: "{{input.company}}" } }
    ${more}
output: "{{steps.ask.status}}"
`;

const children = async (id) => (await server.get(`/v1/workflow-runs/${id}/runs`)).data;

/** Publishes both; gives the record of the caller. */
async function publishBoth(name, text, more = '') {
  const below = await server.publish(text);
  return server.publish(caller(name, below.slug, more));
}

/** A server that answers 400 until it is mended. */
async function startMendable() {
  const seen = [];
  let status = 400;
  const http = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += piece));
    request.on('end', () => {
      seen.push({ key: request.headers['idempotency-key'], body: JSON.parse(text) });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end('{"ok":true}');
    });
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${http.address().port}/`,
    seen,
    mend: () => (status = 200),
    close: () => new Promise((done) => http.close(done)),
  };
}

test('a workflow that calls the world is a run of its own', async () => {
  const workflow = await publishBoth('Parent', called('Child', `${stub.url}/echo`));
  const run = await server.reachEnd((await server.begin(workflow, { company: 'Acme' })).id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.deepEqual(run.output, { answer: 200 });
  assert.equal(run.parentRunId, null);
  const [child, ...others] = await children(run.id);
  assert.equal(others.length, 0);
  assert.equal(child.parentRunId, run.id);
  assert.equal(child.trigger, 'workflow');
  assert.equal(child.status, 'completed');
  assert.deepEqual([child.input, child.output], [{ company: 'Acme' }, 200]);
  assert.equal(stub.calls().length, 1);
});

test('one that only computes leaves no run', async () => {
  await server.publish(`
name: Twice
input: { type: object, required: [n], properties: { n: { type: integer } } }
steps:
  - { id: t, type: transform, config: { expression: ".input.n * 2" } }
`);
  const workflow = await server.publish(`
name: Calls twice
steps:
  - { id: a, type: workflow, config: { slug: twice, input: { n: "{{input.n}}" } } }
  - { id: b, type: workflow, on_error: continue, config: { slug: twice, input: { n: no } } }
output: { a: "{{steps.a}}", b: "{{steps.b.error.code}}" }
`);
  const run = await server.reachEnd((await server.begin(workflow, { n: 21 })).id);
  assert.deepEqual(run.output, { a: 42, b: 'bad_input' });
  assert.deepEqual(await children(run.id), []);
});

test('what is not there, or not published, is refused with words', async () => {
  const lost = await server.publish(caller('Lost', 'nowhere'));
  const answer = await server.post(`/v1/workflows/${lost.id}/runs`, { input: {} });
  assert.equal(answer.status, 400);
  assert.match(answer.json.error, /step "call".*no workflow "nowhere"/);
  await server.publish(caller('Ping', 'pong'));
  const pong = await server.publish(caller('Pong', 'ping'));
  const circle = await server.post(`/v1/workflows/${pong.id}/runs`, { input: {} });
  assert.equal(circle.status, 400);
  assert.match(circle.json.error, /in a circle/);
});

test('a failure names the run below; retry of the parent goes on in it', async () => {
  const mendable = await startMendable();
  try {
    const workflow = await publishBoth('Fails', called('Fails below', mendable.url));
    const { id } = await server.begin(workflow, { company: 'x' });
    const failed = await server.reachEnd(id);
    assert.equal(failed.status, 'failed');
    const [child] = await children(id);
    assert.equal(failed.error.code, 'workflow_failed');
    assert.equal(failed.error.run, child.id);
    assert.match(failed.error.message, new RegExp(`"fails-below" failed in run ${child.id} at step "ask"`));
    assert.equal(child.status, 'failed');

    mendable.mend();
    await server.post(`/v1/workflow-runs/${id}/retry`);
    const run = await server.reachEnd(id);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    const [again, ...others] = await children(id);
    assert.equal(others.length, 0);
    assert.deepEqual([again.id, again.status, again.generation], [child.id, 'completed', 2]);
    assert.equal(mendable.seen.length, 2);
  } finally {
    await mendable.close();
  }
});

test('cancel ends the whole tree, and nothing new begins', async () => {
  await server.publish(called('Leaf', `${stub.url}/hang`));
  await server.publish(caller('Branch', 'leaf'));
  const workflow = await server.publish(caller('Root', 'branch'));
  const { id } = await server.begin(workflow, { company: 'x' });
  await until(() => stub.calls().length === 1, 'the call of the leaf');
  await server.post(`/v1/workflow-runs/${id}/cancel`);
  const [branch] = await children(id);
  const [leaf] = await children(branch.id);
  assert.equal((await server.reachEnd(branch.id)).status, 'cancelled');
  assert.equal((await server.reachEnd(leaf.id)).status, 'cancelled');
  assert.equal(stub.calls().length, 1);
});

test('cancel of the run below fails its item', async () => {
  const workflow = await publishBoth('Above', called('Cancelled below', `${stub.url}/hang`));
  const { id } = await server.begin(workflow, { company: 'x' });
  await until(() => stub.calls().length === 1, 'the call');
  const [child] = await children(id);
  await server.post(`/v1/workflow-runs/${child.id}/cancel`);
  const run = await server.reachEnd(id);
  assert.equal(run.status, 'failed');
  assert.match(run.error.message, new RegExp(`was cancelled in run ${child.id}`));
});

test('a run goes on with the versions it began with', async () => {
  const below = await server.publish(called('Versioned', `${stub.url}/delay/300`));
  const workflow = await server.publish(caller('Pins', below.slug));
  const { id } = await server.begin(workflow, { company: 'x' });
  await until(() => stub.calls().length === 1, 'the call');
  await server.restart();
  const run = await server.reachEnd(id);
  assert.deepEqual(run.output, { answer: 200 }, JSON.stringify(run.error));
  const [child] = await children(id);
  assert.equal(child.version, 1);
  assert.equal(new Set(stub.calls().map((call) => call.idempotency_key)).size, 1);
});

test('a parent waits outside memory for a child that waits, over a restart too', async () => {
  await server.publish(`
name: Sleeper
steps:
  - { id: nap, type: wait, config: { for: 2s } }
  - { id: ask, type: http_request, config: { url: "${stub.url}/echo" } }
output: "{{steps.ask.status}}"
`);
  const workflow = await server.publish(caller('Patient', 'sleeper'));
  const { id } = await server.begin(workflow, { company: 'x' });
  await until(async () => (await children(id)).length === 1, 'the child');
  await new Promise((done) => setTimeout(done, 300));
  await server.restart();
  const run = await server.reachEnd(id);
  assert.deepEqual(run.output, { answer: 200 }, JSON.stringify(run.error));
  assert.equal(new Set(stub.calls().map((call) => call.idempotency_key)).size, 1);
});

test('each row has its run', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windrow-e2e-rows-'));
  try {
    const rows = Array.from({ length: 300 }, (_, i) => `c${i}`);
    await writeFile(join(folder, 'rows.csv'), ['company', ...rows].join('\n'));
    await writeFile(join(folder, 'below.yaml'), called('Row', `${stub.url}/echo`));
    await writeFile(join(folder, 'above.yaml'), `
name: Rows
steps:
  - { id: rows, type: read_csv, config: { file: ${folder}/rows.csv } }
  - { id: call, type: workflow, config: { slug: row, input: { company: "{{item.company}}" } } }
  - { id: out, type: write_csv, config: { columns: { c: "{{item.company}}", s: "{{steps.call}}" } } }
`);
    const at = (name) => join(folder, name);
    const ended = await windrow('run', at('above.yaml'), '--with', at('below.yaml'), '--data',
      at('data'), '--out', at('out'), '--json', '--allow', '127.0.0.1');
    assert.equal(ended.code, 0, ended.stderr);
    const run = JSON.parse(ended.stdout);
    assert.equal(run.output.rows, 300);
    assert.equal(stub.calls().length, 300);
    const list = await windrow('runs', 'list', '--parent', run.id, '--limit', '1000', '--json',
      '--data', at('data'));
    assert.equal(JSON.parse(list.stdout).data.length, 300);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('a run leaves no more runs than its workflow allows', async () => {
  await server.publish(called('Small', `${stub.url}/echo`));
  await server.publish(`
name: Mids
steps:
  - { id: a, type: workflow, config: { slug: small, input: { company: a } } }
  - { id: b, type: workflow, on_error: continue, config: { slug: small, input: { company: b } } }
output: "{{steps.b.error.message}}"
`);
  const workflow = await server.publish(`
name: Bounded
limits: { runs: 2 }
steps:
  - { id: m, type: workflow, config: { slug: mids } }
`);
  const run = await server.reachEnd((await server.begin(workflow, {})).id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.match(run.output, /may leave 2 runs/);
  assert.equal(stub.calls().length, 1);
});

test('what its caller is paused, the deadline of a called run does not count', async () => {
  const made = await publishBoth('Pausing caller', called('Pausing', `${stub.url}/delay/2000`, '').replace(
    'steps:', 'limits: { deadline: 4s }\nsteps:'));
  const run = await server.begin(made, { company: 'x' });
  await until(() => stub.calls().length > 0, 'the call');
  assert.equal((await server.post(`/v1/workflow-runs/${run.id}/pause`, {})).status, 200);
  const [child] = await children(run.id);
  await until(() => Date.parse(child.deadline) + 300 < Date.now(), 'the time of its deadline');
  assert.equal((await server.post(`/v1/workflow-runs/${run.id}/resume`, {})).status, 200);
  const end = await server.reachEnd(run.id);
  assert.deepEqual([end.status, end.output], ['completed', { answer: 200 }], JSON.stringify(end.error));
});
