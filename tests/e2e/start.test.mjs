// Starting runs: requests that come again.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

const pure = (name) => `
name: ${name}
steps:
  - { id: double, type: transform, config: { expression: ".input.n * 2" } }
output: { doubled: "{{steps.double}}" }
`;
const waiting = (name) => `
name: ${name}
steps:
  - { id: rest, type: wait, config: { for: 1d } }
`;

/** A POST with an Idempotency-Key. */
function once(key, path, body, options = {}) {
  return server.post(path, body, { ...options, headers: { 'idempotency-key': key } });
}

const replayed = (answer) => answer.headers.get('idempotency-replayed');

/** How many runs the workflow has. */
async function countRuns(workflow) {
  return (await server.get(`/v1/workflows/${workflow.id}/runs?limit=1000`)).data.length;
}

// --- the same request again -----------------------------------------------------------------------

test('the same key and body give the same run in its present state', async () => {
  for (const [name, text] of [['Once pure', pure], ['Once waiting', waiting]]) {
    const workflow = await server.publish(text(name));
    const path = `/v1/workflows/${workflow.id}/runs`;
    const first = await once('k-1', path, { input: { n: 4 } });
    assert.equal(first.status, 201, first.text);
    assert.equal(replayed(first), null);
    if (name === 'Once waiting') await server.post(`/v1/workflow-runs/${first.data.id}/cancel`);
    const again = await once('k-1', path, { input: { n: 4 } });
    assert.equal(again.status, 201, again.text);
    assert.equal(replayed(again), 'true');
    assert.equal(again.headers.get('location'), first.headers.get('location'));
    const now = await server.get(`/v1/workflow-runs/${first.data.id}`);
    assert.deepEqual(again.data, now.data);
    assert.equal(now.data.status, name === 'Once pure' ? 'completed' : 'cancelled');
    assert.equal(await countRuns(workflow), 1);
  }
});

test('without a key each start is a run of its own', async () => {
  const workflow = await server.publish(pure('Each its own'));
  for (let i = 0; i < 2; i++) await server.begin(workflow, { n: 1 });
  assert.equal(await countRuns(workflow), 2);
});

test('a key is remembered over a crash', async () => {
  const workflow = await server.publish(pure('Over a crash'));
  const path = `/v1/workflows/${workflow.id}/runs`;
  const first = await once('k-crash', path, { input: { n: 1 } });
  await server.restart('SIGKILL');
  const again = await once('k-crash', path, { input: { n: 1 } });
  assert.deepEqual([again.status, again.data.id], [201, first.data.id]);
  assert.equal(await countRuns(workflow), 1);
});

test('the same request many times at once is one run', async () => {
  for (const text of [pure('At once pure'), waiting('At once waiting')]) {
    const workflow = await server.publish(text);
    const path = `/v1/workflows/${workflow.id}/runs`;
    const ask = () => once('k-many', path, { input: { n: 3 } });
    const answers = await Promise.all(Array.from({ length: 32 }, ask));
    for (const answer of answers) assert.equal(answer.status, 201, answer.text);
    assert.equal(new Set(answers.map((answer) => answer.data.id)).size, 1);
    assert.equal(answers.filter((answer) => replayed(answer) === null).length, 1);
    assert.equal(await countRuns(workflow), 1);
  }
});

test('the same key for another body, content type or query is refused', async () => {
  const workflow = await server.publish(pure('Another body'));
  const path = `/v1/workflows/${workflow.id}/runs`;
  await once('k-2', path, { input: { n: 1 } });
  const others = [
    await once('k-2', path, { input: { n: 2 } }),
    await once('k-2', path, '{"input":{"n":1} }'),
    await once('k-2', path, { input: { n: 1 } }, { type: 'text/json' }),
  ];
  for (const answer of others) {
    assert.equal(answer.status, 409, answer.text);
    assert.match(answer.json.error, /Idempotency-Key was used .* for another request/);
    assert.equal(replayed(answer), null);
  }
  assert.equal(await countRuns(workflow), 1);
});

test('a key means nothing on another path, in another workspace, and on reads', async () => {
  const [one, two] = [await server.publish(pure('Path A')), await server.publish(pure('Path B'))];
  const runs = [];
  for (const workflow of [one, two])
    runs.push(await once('k-3', `/v1/workflows/${workflow.id}/runs`, { input: { n: 1 } }));
  assert.notEqual(runs[0].data.id, runs[1].data.id);
  const headers = { 'idempotency-key': 'k-3' };
  const read = await server.get(`/v1/workflow-runs/${runs[0].data.id}`, { headers });
  assert.deepEqual([read.status, replayed(read)], [200, null]);
});

test('however the path is escaped, it is the same request', async () => {
  const workflow = await server.publish(pure('Escaped path'));
  const first = await once('k-4', `/v1/workflows/escaped-path/runs`, { input: { n: 1 } });
  const again = await once('k-4', `/v1/workflows/%65scaped%2Dpath/runs`, { input: { n: 1 } });
  assert.deepEqual([again.status, again.data.id], [201, first.data.id]);
  assert.equal(await countRuns(workflow), 1);
});

test('what was refused leaves no trace of its key', async () => {
  const workflow = await server.publish(`${pure('Refused first')}
input: { type: object, properties: { n: { type: integer } } }
`);
  const path = `/v1/workflows/${workflow.id}/runs`;
  assert.equal((await once('k-5', path, { input: { n: 'x' } })).status, 400);
  const good = await once('k-5', path, { input: { n: 1 } });
  assert.deepEqual([good.status, replayed(good)], [201, null]);
});

test('keys that are none are refused', async () => {
  const workflow = await server.publish(pure('No keys'));
  const path = `/v1/workflows/${workflow.id}/runs`;
  assert.equal((await once('k'.repeat(255), path, { input: { n: 1 } })).status, 201);
  for (const key of ['', 'k'.repeat(256), 'two words', 'caf\u00e9']) {
    const answer = await once(key, path, { input: { n: 1 } });
    assert.equal(answer.status, 400, `${key}: ${answer.text}`);
    assert.match(answer.json.error, /Idempotency-Key: expected/);
  }
  const body = '{"input":{"n":1}}';
  const head = [`POST ${path} HTTP/1.1`, `x-api-key: ${server.key.apiKey}`,
    'Content-Type: application/json', 'Idempotency-Key: a', 'Idempotency-Key: a'].join('\r\n');
  assert.equal((await server.raw(head, body)).status, 400);
  assert.equal(await countRuns(workflow), 1);
});

// --- moves and reruns -----------------------------------------------------------------------------

/** Posts to a run with a key; gives status, whether it was a replay, and whether the run goes on. */
async function move(key, run, verb) {
  const answer = await once(key, `/v1/workflow-runs/${run.id}/${verb}`);
  const status = answer.data?.status;
  return [answer.status, replayed(answer), /queued|running/.test(status) ? 'on' : status];
}

test('a move that is sent again does not move the run a second time', async () => {
  const workflow = await server.publish(waiting('Moved once'));
  const run = await server.begin(workflow, {});
  assert.deepEqual(await move('m-1', run, 'cancel'), [200, null, 'cancelled']);
  assert.deepEqual(await move('m-1', run, 'cancel'), [200, 'true', 'cancelled']);
  const first = await move('m-2', run, 'retry');
  assert.deepEqual(first.slice(0, 2), [200, null]);
  assert.deepEqual(await move('m-1', run, 'cancel'), [200, 'true', 'on']);
  await server.restart('SIGKILL');
  assert.deepEqual(await move('m-2', run, 'retry'), [200, 'true', 'on']);
  const now = await server.get(`/v1/workflow-runs/${run.id}`);
  assert.equal(now.data.generation, 2);
});

test('a cancel of what is cancelled is not a cancel later', async () => {
  const workflow = await server.publish(waiting('Cancelled already'));
  const run = await server.begin(workflow, {});
  assert.deepEqual(await move('m-3', run, 'cancel'), [200, null, 'cancelled']);
  assert.deepEqual(await move('m-4', run, 'cancel'), [200, null, 'cancelled']);
  await move('m-5', run, 'retry');
  assert.deepEqual(await move('m-4', run, 'cancel'), [200, 'true', 'on']);
});

test('one of many retries and cancels at once moves the run', async () => {
  const workflow = await server.publish(waiting('Moved at once'));
  const run = await server.begin(workflow, {});
  for (const [verb, generation] of [['cancel', 1], ['retry', 2], ['cancel', 2], ['retry', 3]]) {
    const path = `/v1/workflow-runs/${run.id}/${verb}`;
    const ask = () => once(`at-once-${verb}-${generation}`, path);
    const answers = await Promise.all(Array.from({ length: 16 }, ask));
    for (const answer of answers) assert.equal(answer.status, 200, answer.text);
    assert.equal(answers.filter((answer) => replayed(answer) === null).length, 1, verb);
    const now = await server.get(`/v1/workflow-runs/${run.id}`);
    assert.equal(now.data.generation, generation);
  }
});

test('a rerun that is sent again is the same run', async () => {
  const workflow = await server.publish(pure('Rerun once'));
  const run = await server.begin(workflow, { n: 5 });
  const path = `/v1/workflow-runs/${run.id}/rerun`;
  const first = await once('r-1', path);
  const again = await once('r-1', path);
  assert.deepEqual([first.status, again.status, again.data.id], [201, 201, first.data.id]);
  assert.notEqual(first.data.id, run.id);
  assert.equal(await countRuns(workflow), 2);
});
