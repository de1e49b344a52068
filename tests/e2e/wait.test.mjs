// `?wait=`: starting a run and getting its end in one request, and long polls for the end.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

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

const calling = (name, path, more = '') => `
name: ${name}
steps:
  - id: call
    type: http_request
    config: { url: "${stub.url}${path}", method: POST, json: { company: "{{input.company}}" } }
    ${more}
output: { answer: "{{steps.call.status}}" }
`;

const start = (workflow, query, input = { company: 'Acme' }) =>
  server.post(`/v1/workflows/${workflow.id}/runs${query}`, { input });

test('a start waits for the end', async () => {
  const workflow = await server.publish(calling('Quick', '/delay/100'));
  const answer = await start(workflow, '?wait=60');
  assert.equal(answer.status, 201);
  assert.equal(answer.data.status, 'completed');
  assert.deepEqual(answer.data.output, { answer: 200 });
  assert.equal(new URL(answer.headers.get('location')).pathname, `/v1/workflow-runs/${answer.data.id}`);
});

test('a run of pure steps is answered at once', async () => {
  const workflow = await server.publish(
    'name: Pure\nsteps: [{ id: s, type: set, config: { fields: { x: 1 } } }]\n');
  const answer = await start(workflow, '?wait=60', {});
  assert.equal(answer.status, 201);
  assert.equal(answer.data.status, 'completed');
});

test('when the time is over, the present state is the answer', async () => {
  const workflow = await server.publish(calling('Slow', '/hang'));
  const answer = await start(workflow, '?wait=1');
  assert.equal(answer.status, 201);
  assert.ok(['queued', 'running'].includes(answer.data.status), answer.text);
  await server.reach(answer.data.id, 'running');
  const polled = await server.get(`/v1/workflow-runs/${answer.data.id}?wait=1`);
  assert.equal(polled.status, 200);
  assert.equal(polled.data.status, 'running');
  await server.post(`/v1/workflow-runs/${answer.data.id}/cancel`);
});

test('a long poll ends with the run: by cancel, by its deadline, by an end', async () => {
  const hanging = await server.publish(calling('Hanging', '/hang'));
  const { data } = await start(hanging, '');
  const polls = Array.from({ length: 20 }, () => server.get(`/v1/workflow-runs/${data.id}?wait=60`));
  await server.reach(data.id, 'running');
  await server.post(`/v1/workflow-runs/${data.id}/cancel`);
  for (const poll of await Promise.all(polls)) assert.equal(poll.data.status, 'cancelled');

  const late = await server.publish(
    `${calling('Late', '/hang')}limits: { deadline: 300ms }\n`);
  const failed = await start(late, '?wait=60');
  assert.equal(failed.data.status, 'failed');
  assert.equal(failed.data.error.code, 'deadline_passed');

  const again = await server.get(`/v1/workflow-runs/${data.id}?wait=60`);
  assert.equal(again.data.status, 'cancelled');
});

test('retry and rerun wait too', async () => {
  const workflow = await server.publish(calling('Broken', '/page?title=x&broken=1'));
  const first = await start(workflow, '?wait=60');
  assert.equal(first.data.status, 'failed');
  await fetch(`${stub.url}/_mend`, { method: 'POST' });
  const retried = await server.post(`/v1/workflow-runs/${first.data.id}/retry?wait=60`);
  assert.equal(retried.status, 200);
  assert.equal(retried.data.status, 'completed', retried.text);
  assert.equal(retried.data.generation, 2);
  const rerun = await server.post(`/v1/workflow-runs/${first.data.id}/rerun?wait=60`);
  assert.equal(rerun.status, 201);
  assert.equal(rerun.data.status, 'completed');
  assert.notEqual(rerun.data.id, first.data.id);
});

test('a start that is sent again waits for the same run', async () => {
  const workflow = await server.publish(calling('Again', '/delay/300'));
  const again = () => server.post(`/v1/workflows/${workflow.id}/runs?wait=60`, { input: { company: 'x' } },
    { headers: { 'idempotency-key': 'one-of-a-kind' } });
  const answers = await Promise.all([again(), again(), again()]);
  for (const answer of answers) {
    assert.equal(answer.status, 201, answer.text);
    assert.equal(answer.data.status, 'completed');
  }
  assert.equal(new Set(answers.map(({ data }) => data.id)).size, 1);
});

test('only whole seconds from 1 to 60', async () => {
  const workflow = await server.publish(calling('Bounds', '/echo'));
  const { data } = await start(workflow, '?wait=60');
  for (const wait of ['0', '61', '-1', '1.5', 'x', '', '99999999999999999999']) {
    for (const answer of [
      await server.get(`/v1/workflow-runs/${data.id}?wait=${wait}`),
      await start(workflow, `?wait=${wait}`),
      await server.post(`/v1/workflow-runs/${data.id}/rerun?wait=${wait}`),
      await server.post(`/v1/workflow-runs/${data.id}/retry?wait=${wait}`),
    ]) {
      assert.equal(answer.status, 400, `wait=${wait}`);
      assert.match(answer.json.error, /wait/);
    }
  }
});

test('a client that leaves cancels nothing', async () => {
  const workflow = await server.publish(calling('Left', '/delay/500'));
  const body = JSON.stringify({ input: { company: 'Left behind' } });
  const before = stub.calls().length;
  const socket = connect(server.port, '127.0.0.1');
  socket.write(
    `POST /v1/workflows/${workflow.id}/runs?wait=60 HTTP/1.1\r\nHost: w\r\n` +
      `x-api-key: ${server.key.apiKey}\r\ncontent-type: application/json\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`);
  await until(() => stub.calls().length > before, 'the call');
  socket.destroy();
  const { data } = await server.get(`/v1/workflows/${workflow.id}/runs`);
  assert.equal((await server.reachEnd(data[0].id)).status, 'completed');
});

test('who waits while the server stops is answered, and the run goes on', async () => {
  const other = await startServer('--allow', '127.0.0.1');
  try {
    const workflow = await other.publish(calling('Stopping', '/delay/1000'));
    const { id } = await other.begin(workflow, { company: 'x' });
    const poll = other.get(`/v1/workflow-runs/${id}?wait=60`);
    await other.reach(id, 'running');
    const ended = other.restart('SIGTERM');
    const answer = await poll;
    assert.equal(answer.status, 200);
    assert.ok(['running', 'completed'].includes(answer.data.status));
    await ended;
    const end = await other.get(`/v1/workflow-runs/${id}?wait=60`);
    assert.equal(end.data.status, 'completed');
  } finally {
    await other.close();
  }
});
