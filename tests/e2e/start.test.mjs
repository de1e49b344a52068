// Starting runs: requests that come again, and what a start asks for beside the input.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
let silent; // takes requests and never answers
before(async () => {
  server = await startServer('--allow', '127.0.0.1');
  silent = createServer(() => {});
  await new Promise((done) => silent.listen(0, '127.0.0.1', done));
});
after(async () => {
  silent?.closeAllConnections();
  silent?.close();
  await server?.close();
});

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

// --- what a start asks for beside the input -------------------------------------------------------

/** Starts with these members in the body; gives the answer. */
const start = (workflow, body) => server.post(`/v1/workflows/${workflow.id}/runs`, body);

const PLAIN = { labels: {}, priority: 'normal', deadline: null, callbackUrl: null,
  concurrencyKey: null };
const wished = (run) => Object.fromEntries(Object.keys(PLAIN).map((name) => [name, run[name]]));

test('what is wished is shown, seen by steps, kept, and taken over by a rerun', async () => {
  const workflow = await server.publish(`
name: Wishes
steps:
  - { id: team, type: transform, config: { expression: ".run.labels.team" } }
  - { id: all, type: transform, config: { expression: ".run.labels | keys" } }
output: { team: "{{steps.team}}", all: "{{steps.all}}" }
`);
  const body = { labels: { team: 'sales', 'a.b-c_1': '' }, priority: 'high',
    callbackUrl: 'http://127.0.0.1:9/hook?x=1', deadline: '2999-01-01T00:00:00Z' };
  const first = await start(workflow, body);
  assert.equal(first.status, 201, first.text);
  const shown = { ...PLAIN, ...body, deadline: '2999-01-01T00:00:00.000Z' };
  assert.deepEqual(wished(first.data), shown);
  assert.deepEqual(first.data.output, { team: 'sales', all: ['a.b-c_1', 'team'] });
  await server.restart('SIGKILL');
  const later = await server.get(`/v1/workflow-runs/${first.data.id}`);
  assert.deepEqual(wished(later.data), shown);
  const [listed] = (await server.get(`/v1/workflows/${workflow.id}/runs`)).data;
  assert.deepEqual(wished(listed), shown);

  const rerun = (more) => server.post(`/v1/workflow-runs/${first.data.id}/rerun`, more);
  assert.deepEqual(wished((await rerun()).data), { ...shown, deadline: null });
  const changed = await rerun({ labels: { team: 'ops' }, callbackUrl: null, priority: 'low' });
  assert.deepEqual(wished(changed.data),
    { ...PLAIN, labels: { team: 'ops' }, priority: 'low' });
  assert.equal(changed.data.output.team, 'ops');

  const plain = await start(workflow, {});
  assert.deepEqual(wished(plain.data), PLAIN);
  assert.deepEqual(plain.data.output, { team: null, all: [] });
});

test('wishes that cannot be are refused with their place', async () => {
  const workflow = await server.publish(pure('Bad wishes'));
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`l${i}`, 'x']));
  const wrong = [
    [{ labels: many }, /labels/],
    [{ labels: { 'a b': 'x' } }, /labels/],
    [{ labels: { ['n'.repeat(65)]: 'x' } }, /labels/],
    [{ labels: { a: 'x'.repeat(257) } }, /labels/],
    [{ labels: { a: 1 } }, /labels/],
    [{ labels: ['a'] }, /labels/],
    [{ priority: 'urgent' }, /priority/],
    [{ priority: 1 }, /priority/],
    [{ deadline: 'soon' }, /deadline: expected a duration such as "2h", or a time to come/],
    [{ deadline: '0s' }, /deadline/],
    [{ deadline: '2020-01-01T00:00:00Z' }, /deadline/],
    [{ deadline: 7 }, /deadline/],
    [{ callbackUrl: 'ftp://example.com' }, /callbackUrl/],
    [{ callbackUrl: '/hook' }, /callbackUrl/],
    [{ callbackUrl: 'http://user:pass@example.com/' }, /callbackUrl/],
    [{ concurrencyKey: '' }, /concurrencyKey/],
    [{ concurrencyKey: 'k'.repeat(257) }, /concurrencyKey/],
    [{ version: 0 }, /version/],
    [{ version: 2 }, /version: the workflow has the versions 1 to 1/],
    [{ label: {} }, /label/],
  ];
  for (const [body, words] of wrong) {
    const answer = await start(workflow, body);
    assert.equal(answer.status, 400, JSON.stringify(body));
    assert.match(answer.json.error, words);
  }
  assert.equal(await countRuns(workflow), 0);
  const nulls = Object.fromEntries([...Object.keys(PLAIN), 'version', 'input']
    .map((name) => [name, null]));
  assert.deepEqual(wished((await start(workflow, nulls)).data), PLAIN);
});

// --- deadlines ------------------------------------------------------------------------------------

/** A workflow that calls a server that never answers. */
function stuck(name, more = '') {
  return server.publish(`
name: ${name}
${more}
steps:
  - id: ask
    type: http_request
    config: { url: "http://127.0.0.1:${silent.address().port}/" }
`);
}

test('a run fails when its deadline passes, its calls with it; the sooner deadline holds', async () => {
  const workflow = await stuck('Late', 'limits: { deadline: 1h }');
  const { data: run } = await start(workflow, { deadline: '300ms' });
  const end = await server.reachEnd(run.id);
  assert.deepEqual([end.status, end.error.code], ['failed', 'deadline_passed']);
  const { data: other } = await start(workflow, { deadline: '2h' });
  assert.equal(Date.parse(other.deadline) - Date.parse(other.createdAt), 3_600_000);
  await server.post(`/v1/workflow-runs/${other.id}/cancel`);
});

test('a deadline holds over a crash, and each generation has it again', async () => {
  const workflow = await stuck('Late over a crash');
  const { data: run } = await start(workflow, { deadline: '1s' });
  await server.restart('SIGKILL');
  const end = await server.reachEnd(run.id);
  assert.deepEqual([end.status, end.error.code], ['failed', 'deadline_passed']);
  await server.post(`/v1/workflow-runs/${run.id}/retry`);
  const again = await server.reachEnd(run.id);
  assert.deepEqual([again.generation, again.error.code], [2, 'deadline_passed']);
  assert.ok(Date.parse(again.deadline) - Date.parse(again.startedAt) >= 1000);
});

test('waiting for a clock and being paused do not count', async () => {
  const workflow = await server.publish(`
name: Patient
steps:
  - { id: rest, type: wait, config: { for: 4s } }
  - { id: done, type: transform, config: { expression: "1" } }
`);
  const { data: run } = await start(workflow, { deadline: '3s' });
  const end = await server.reachEnd(run.id);
  assert.deepEqual([end.status, end.error], ['completed', null]);

  const { data: other } = await start(await stuck('Paused late'), { deadline: '1h' });
  await server.post(`/v1/workflow-runs/${other.id}/pause`);
  const paused = await server.get(`/v1/workflow-runs/${other.id}`);
  assert.deepEqual([paused.data.state, paused.data.deadline], ['paused', null]);
  await new Promise((done) => setTimeout(done, 300));
  const resumed = await server.post(`/v1/workflow-runs/${other.id}/resume`);
  assert.equal(resumed.status, 200, resumed.text);
  assert.ok(Date.parse(resumed.data.deadline) >= Date.parse(other.deadline) + 300);
  await server.post(`/v1/workflow-runs/${other.id}/cancel`);
});

// --- one after the other --------------------------------------------------------------------------

test('runs with one concurrency key go on one after the other, over a crash', async () => {
  const workflow = await server.publish(`
name: In a line
steps:
  - { id: rest, type: wait, config: { for: 1s } }
`);
  const runs = [];
  for (let i = 0; i < 3; i++)
    runs.push((await start(workflow, { concurrencyKey: 'one' })).data);
  const aside = (await start(workflow, { concurrencyKey: 'two' })).data;
  assert.equal(runs[0].concurrencyKey, 'one');
  for (const run of [runs[0], aside]) await server.reach(run.id, 'running', 'completed');
  await server.restart('SIGKILL');
  const ends = [];
  for (const run of runs) ends.push(await server.reachEnd(run.id));
  for (const end of ends) assert.equal(end.status, 'completed');
  assert.ok(Date.parse(ends[1].startedAt) >= Date.parse(ends[0].completedAt), 'the second');
  assert.ok(Date.parse(ends[2].startedAt) >= Date.parse(ends[1].completedAt), 'the third');
  const other = await server.reachEnd(aside.id);
  assert.ok(Date.parse(other.startedAt) < Date.parse(ends[0].completedAt), 'another key');
});

test('a cancelled run lets the next go on, a paused one keeps its place', async () => {
  const workflow = await stuck('Holding the line');
  const key = { concurrencyKey: 'held' };
  const [first, second, third] = [await start(workflow, key), await start(workflow, key),
    await start(workflow, key)].map((answer) => answer.data);
  await server.reach(first.id, 'running');
  await server.post(`/v1/workflow-runs/${first.id}/pause`);
  await server.post(`/v1/workflow-runs/${third.id}/cancel`);
  assert.equal((await server.get(`/v1/workflow-runs/${second.id}`)).data.status, 'queued');
  await server.post(`/v1/workflow-runs/${first.id}/cancel`);
  await server.reach(second.id, 'running');
  // What is retried stands behind the others.
  await server.post(`/v1/workflow-runs/${first.id}/retry`);
  assert.equal((await server.get(`/v1/workflow-runs/${first.id}`)).data.status, 'queued');
  await server.post(`/v1/workflow-runs/${second.id}/cancel`);
  await server.reach(first.id, 'running');
  await server.post(`/v1/workflow-runs/${first.id}/cancel`);
});

test('a pure run with a concurrency key waits for its turn too', async () => {
  const slow = await stuck('Before a pure one');
  const quick = await server.publish(pure('Pure in a line'));
  const { data: first } = await start(slow, { concurrencyKey: 'mixed' });
  const { data: second } = await start(quick, { input: { n: 4 }, concurrencyKey: 'mixed' });
  assert.equal(second.status, 'queued');
  await server.post(`/v1/workflow-runs/${first.id}/cancel`);
  const end = await server.reachEnd(second.id);
  assert.deepEqual(end.output, { doubled: 8 });
});

test('who stands in a line when the deadline passes fails there', async () => {
  const workflow = await stuck('Late in a line');
  const key = { concurrencyKey: 'late' };
  const { data: first } = await start(workflow, key);
  const { data: second } = await start(workflow, { ...key, deadline: '300ms' });
  const { data: third } = await start(workflow, key);
  const end = await server.reachEnd(second.id);
  assert.deepEqual([end.status, end.error.code], ['failed', 'deadline_passed']);
  assert.equal((await server.get(`/v1/workflow-runs/${third.id}`)).data.status, 'queued');
  await server.post(`/v1/workflow-runs/${first.id}/cancel`);
  await server.reach(third.id, 'running');
  await server.post(`/v1/workflow-runs/${third.id}/cancel`);
});
