// Runs with effects: calls against a server that misbehaves, retry, cancel in flight, numbers.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

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
beforeEach(() => stub.reset());

const calling = (name, path, more = '') => `
name: ${name}
steps:
  - id: call
    type: http_request
    config: { url: "${stub.url}${path}", method: POST, json: { company: "{{input.company}}" } }
    ${more}
output: { answer: "{{steps.call}}" }
`;

test('a call is made once and its answer is the output', async () => {
  const workflow = await server.publish(calling('Calls', '/echo'));
  const { id } = await server.begin(workflow, { company: 'Acme' });
  const run = await server.reachEnd(id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.equal(stub.calls().length, 1);
  assert.match(JSON.stringify(run.output), /Acme/);
});

test('addresses that are not allowed are not called', async () => {
  const closed = await startServer();
  try {
    const workflow = await closed.publish(calling('Refused', '/echo'));
    const run = await closed.reachEnd((await closed.begin(workflow, { company: 'x' })).id);
    assert.equal(run.status, 'failed');
    assert.equal(run.error.step, 'call');
    assert.equal(stub.calls().length, 0);
  } finally {
    await closed.close();
  }
});

test('attempts go on until the answer is good', async () => {
  const workflow = await server.publish(
    calling('Flaky', '/flaky/2', 'retry: { attempts: 3, backoff: 10ms..20ms }'),
  );
  const run = await server.reachEnd((await server.begin(workflow, { company: 'x' })).id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.equal(stub.calls().length, 3);
  assert.equal(new Set(stub.calls().map((call) => call.idempotency_key)).size, 1);
});

/** A server that answers 500 until it is mended. */
async function startMendable() {
  const seen = [];
  const state = { status: 500 };
  const http = createServer((request, response) => {
    seen.push({ path: request.url, key: request.headers['idempotency-key'] });
    request.resume();
    request.on('end', () => {
      response.writeHead(state.status, { 'content-type': 'application/json' });
      response.end('{"ok":true}');
    });
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    seen,
    mend: () => (state.status = 200),
    close: () => new Promise((done) => http.close(done)),
  };
}

test('retry repeats what failed, and only that', async () => {
  const mendable = await startMendable();
  try {
    const workflow = await server.publish(`
name: Retried
steps:
  - id: good
    type: http_request
    config: { url: "${stub.url}/echo", method: POST, json: { a: 1 } }
  - id: bad
    type: http_request
    config: { url: "${mendable.url}/later", method: POST, json: { b: 2 } }
    retry: { attempts: 1 }
output: { status: "{{steps.bad.status}}" }
`);
    const { id } = await server.begin(workflow, {});
    const failed = await server.reachEnd(id);
    assert.equal(failed.status, 'failed');
    assert.equal(failed.error.step, 'bad');
    assert.deepEqual([stub.calls().length, mendable.seen.length], [1, 1]);

    mendable.mend();
    const answer = await server.post(`/v1/workflow-runs/${id}/retry`, { version: 'pinned' });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.data.id, id);
    assert.equal(answer.data.generation, 2);
    assert.ok(['queued', 'running', 'completed'].includes(answer.data.status));
    const run = await server.reachEnd(id);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    assert.equal(run.error, null);
    assert.deepEqual([stub.calls().length, mendable.seen.length], [1, 2]);
    assert.notEqual(mendable.seen[0].key, mendable.seen[1].key, 'a failure is not asked for again');
  } finally {
    await mendable.close();
  }
});

test('cancel ends a run with a call in flight', async () => {
  const workflow = await server.publish(calling('Hangs', '/hang'));
  const { id } = await server.begin(workflow, { company: 'x' });
  await until(() => stub.calls().length === 1, 'the call');
  const { status, data } = await server.post(`/v1/workflow-runs/${id}/cancel`);
  assert.equal(status, 200);
  assert.equal(data.status, 'cancelled');
  const again = await server.post(`/v1/workflow-runs/${id}/rerun`);
  assert.equal(again.status, 201);
  await until(() => stub.calls().length === 2, 'the call of the second run');
  await server.post(`/v1/workflow-runs/${again.data.id}/cancel`);
});

test('a cancelled run goes on by retry', async () => {
  const workflow = await server.publish(calling('Resumed', '/hang?until=mended'));
  const { id } = await server.begin(workflow, { company: 'x' });
  await until(() => stub.calls().length === 1, 'the call');
  await server.post(`/v1/workflow-runs/${id}/cancel`);
  stub.mend();
  assert.equal((await server.post(`/v1/workflow-runs/${id}/retry`)).status, 200);
  const run = await server.reachEnd(id);
  assert.deepEqual([run.status, run.generation], ['completed', 2]);
});

test('numbers come out of a whole run as they went in', async () => {
  const numbers = '{"a":9007199254740993,"b":18446744073709551615,"c":1.10,"d":1e400,"e":-0,"f":1E+2}';
  const workflow = await server.publish(`
name: Numbers
steps:
  - { id: pick, type: transform, config: { expression: ".input" } }
  - { id: kept, type: set, config: { fields: { all: "{{steps.pick}}", c: "{{input.c}}", d: "{{= .input.d }}" } } }
  - id: call
    type: http_request
    config: { url: "${stub.url}/echo", method: POST, json: "{{steps.pick}}" }
output: { kept: "{{steps.kept}}", sent: "{{steps.call}}" }
`);
  const begun = await server.post(`/v1/workflows/${workflow.id}/runs`, `{"input":${numbers}}`);
  assert.equal(begun.status, 201, begun.text);
  assert.ok(begun.text.includes(`"input":${numbers}`), begun.text);
  await server.reachEnd(begun.data.id);
  const { text } = await server.get(`/v1/workflow-runs/${begun.data.id}`);
  assert.ok(text.includes(`"input":${numbers}`), text);
  assert.ok(text.includes(`"kept":{"all":${numbers},"c":1.10,"d":1e400}`), text);
  assert.ok(text.includes(JSON.stringify(numbers)), 'the call sent them so too');

  const inPlace = await server.publish(`
name: Numbers in place
steps:
  - { id: pick, type: transform, config: { expression: "[.input.a, .input.b, .input.c, .input.d]" } }
`);
  const direct = await server.post(`/v1/workflows/${inPlace.id}/runs`, `{"input":${numbers}}`);
  await server.reachEnd(direct.data.id);
  const ended = await server.get(`/v1/workflow-runs/${direct.data.id}`);
  assert.ok(
    ended.text.includes('"output":[9007199254740993,18446744073709551615,1.10,1e400]'),
    ended.text,
  );
});

test('a hostile expression fails its run and nothing else', async () => {
  const workflow = await server.publish(`
name: Hostile
steps:
  - { id: bomb, type: transform, config: { expression: "{{X}}" } }
`.replace('{{X}}', 'def f: f; f'));
  const { id } = await server.begin(workflow, {});
  assert.equal((await server.get('/healthz')).status, 200);
  const run = await server.reachEnd(id);
  assert.equal(run.status, 'failed');
  assert.match(run.error.message, /steps|budget|long/);
});
