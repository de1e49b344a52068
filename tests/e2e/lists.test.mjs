// Lists of runs with filters; pausing and going on.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

const PURE = `
name: Halves
input: { type: object, required: [n], properties: { n: { type: integer } } }
triggers: { webhook: { auth: none } }
steps:
  - id: half
    type: transform
    config: { expression: 'if .input.n == 13 then error("unlucky") else .input.n / 2 end' }
`;

const WAITING = `
name: Waits
steps:
  - id: pause
    type: wait
    config: { for: 1h }
`;

const ids = (answer) => {
  assert.equal(answer.status, 200, answer.text);
  return answer.data.map((run) => run.id);
};

test('runs of a workspace by status, trigger, workflow and time', async () => {
  const halves = await server.publish(PURE);
  const waits = await server.publish(WAITING);
  const made = {};
  made.good = (await server.begin(halves, { n: 2 })).id;
  made.bad = (await server.begin(halves, { n: 13 })).id;
  made.hook = (await server.post('/webhooks/workflows/halves', { n: 4 }, { key: null })).data.id;
  made.again = (await server.post(`/v1/workflow-runs/${made.good}/rerun`)).data.id;
  made.wait = (await server.begin(waits, {})).id;
  for (const [name, status] of [['good', 'completed'], ['bad', 'failed'], ['hook', 'completed'], ['again', 'completed']])
    assert.equal((await server.reachEnd(made[name])).status, status, name);
  await server.reach(made.wait, 'running');

  const all = [made.wait, made.again, made.hook, made.bad, made.good];
  const list = async (query) => ids(await server.get(`/v1/workflow-runs?${query}`));
  assert.deepEqual(await list(''), all);
  assert.deepEqual(await list('direction=asc'), [...all].reverse());
  assert.deepEqual(await list('status=failed'), [made.bad]);
  assert.deepEqual(await list('status=completed'), [made.again, made.hook, made.good]);
  assert.deepEqual(await list('status=failed,completed&limit=2'), [made.again, made.hook]);
  assert.deepEqual(await list(`status=failed,completed&limit=2&lt=${made.hook}`), [made.bad, made.good]);
  assert.deepEqual(await list('status=completed&limit=2&page=2'), [made.good]);
  assert.deepEqual(await list('trigger=webhook'), [made.hook]);
  assert.deepEqual(await list('trigger=webhook,rerun'), [made.again, made.hook]);
  assert.deepEqual(await list('trigger=schedule'), []);
  assert.deepEqual(await list('workflow=waits'), [made.wait]);
  assert.deepEqual(await list(`workflow=${halves.id}&status=failed&trigger=api`), [made.bad]);
  assert.deepEqual(await list('workflow=waits&status=failed'), []);
  assert.deepEqual(ids(await server.get('/v1/workflows/halves/runs?status=failed')), [made.bad]);
  assert.deepEqual(ids(await server.get('/v1/workflows/waits/runs?trigger=webhook')), []);

  const hour = 3600_000;
  const at = (ms) => encodeURIComponent(new Date(Date.now() + ms).toISOString());
  assert.deepEqual(await list(`createdAfter=${at(-hour)}&createdBefore=${at(hour)}`), all);
  assert.deepEqual(await list(`createdAfter=${at(hour)}`), []);
  assert.deepEqual(await list(`createdBefore=${at(-hour)}`), []);
  assert.deepEqual(await list('createdBefore=1970-01-01T00:00:00Z'), []);
  assert.deepEqual(await list('createdAfter=2100-01-01T00:00:00%2B01:00'), []);

  // What waits is running for clients of Metal, and has its own word too.
  await server.reach(made.wait, 'running');
  assert.deepEqual(await list('status=running'), [made.wait]);
});

test('another workspace is not listed, and wrong filters are refused with the place', async () => {
  for (const [query, words] of [
    ['status=done', /^status: there is no status "done"; expected queued, /],
    ['status=', /^status: /],
    ['status=failed,,', /^status: /],
    ['trigger=', /^trigger: /],
    ['trigger=a,b,c,d,e,f,g,h,i', /^trigger: at most 8 /],
    ['createdAfter=yesterday', /^createdAfter: expected a time with its zone/],
    ['createdBefore=2026-01-01T00:00:00', /^createdBefore: /],
    ['createdBefore=99999-01-01T00:00:00Z', /^createdBefore: /],
    ['workflow=nothing', /^workflow: there is no workflow of that id or slug/],
    ['lt=5', /^lt: /],
  ]) {
    const answer = await server.get(`/v1/workflow-runs?${query}`);
    assert.equal(answer.status, 400, `${query}: ${answer.text}`);
    assert.match(answer.json.error, words, query);
  }
});

test('a run is paused and goes on, also over a restart', async () => {
  const waits = await server.publish(WAITING.replace('Waits', 'Pausing'));
  const { id } = await server.begin(waits, {});
  const move = (verb) => server.post(`/v1/workflow-runs/${id}/${verb}`);
  await server.reach(id, 'running');
  const paused = await move('pause');
  assert.equal(paused.status, 200, paused.text);
  assert.equal(paused.data.status, 'running');
  assert.equal(paused.data.state, 'paused');
  assert.deepEqual(ids(await server.get('/v1/workflow-runs?status=paused')), [id]);
  assert.equal((await move('pause')).status, 200, 'a second time');
  await server.restart();
  assert.equal((await server.get(`/v1/workflow-runs/${id}`)).data.state, 'paused');
  const resumed = await move('resume');
  assert.equal(resumed.status, 200, resumed.text);
  assert.notEqual(resumed.data.state, 'paused');
  assert.equal((await move('resume')).status, 200, 'a second time');
  assert.equal((await move('cancel')).status, 200);
  for (const verb of ['pause', 'resume']) {
    const refused = await move(verb);
    assert.equal(refused.status, 409, refused.text);
    assert.match(refused.json.error, new RegExp(`^the run is cancelled: to ${verb} it, it has to be `));
  }
  assert.equal((await server.post('/v1/workflow-runs/000000000000000000000001/pause')).status, 404);
});

test('runs are listed in the order in which they were made, over restarts within one second too', async () => {
  const workflow = await server.publish(PURE.replace('Halves', 'Halves again'));
  const made = [];
  for (let i = 0; i < 6; i++) {
    await server.restart('SIGKILL');
    for (const n of [1, 2]) made.unshift((await server.post(`/v1/workflows/${workflow.id}/runs`, { input: { n } })).data.id);
  }
  assert.deepEqual(ids(await server.get(`/v1/workflows/${workflow.id}/runs`)), made);
});
