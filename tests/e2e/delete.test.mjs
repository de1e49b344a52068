// Runs that are deleted, by a request and by their retention, and what is left of them: nothing.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';
import { startStub } from './stub.mjs';

let server;
let stub;
before(async () => {
  stub = await startStub();
  server = await startServer('--allow', '127.0.0.1', '--clean-after', '0s', '--clean-every', '20ms');
});
after(async () => {
  await server?.close();
  await stub?.close();
});

/** Files under blobs/, by their ids. */
function blobs(data) {
  const root = join(data, 'blobs');
  return readdirSync(root)
    .filter((name) => /^[0-9a-f]{2}$/.test(name))
    .flatMap((name) => readdirSync(join(root, name)));
}

const rows = (name, more = '') => `
name: ${name}
input: { type: object, required: [file], properties: { file: { type: string, format: file } } }
${more}
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.file}}" } }
  - id: call
    type: http_request
    config: { url: "${stub.url}/echo", method: POST, json: { n: "{{item.n}}" } }
  - { id: order, type: sort, config: { by: [{ path: item.n, order: desc }] } }
  - { id: table, type: write_csv, config: { columns: { n: "{{item.n}}" } } }
`;

async function upload(text) {
  const answer = await server.post('/v1/files?name=rows.csv', text, { type: 'text/csv' });
  assert.equal(answer.status, 201, answer.text);
  return answer.data.id;
}

const remove = (id) => server.ask('DELETE', `/v1/workflow-runs/${id}`);

test('an ended run is deleted with its rows, files and bytes; the upload stays', async () => {
  const workflow = await server.publish(rows('Whole'));
  const file = await upload('n\n1\n2\n3\n');
  const { id } = await server.begin(workflow, { file });
  const run = await server.reachEnd(id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  const made = (await server.get(`/v1/workflow-runs/${id}/files`)).data;
  assert.equal(made.length, 1);
  assert.ok(blobs(server.data).length >= 3, 'the upload, the sorted rows, the file');

  const answer = await remove(id);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.data.id, id);
  assert.equal(answer.data.status, 'completed');
  for (const path of ['', '/items', '/results', '/files', '/runs', '/events'])
    assert.equal((await server.get(`/v1/workflow-runs/${id}${path}`)).status, 404, path);
  assert.equal((await server.get(`/v1/files/${made[0].id}`)).status, 404);
  assert.equal((await server.get(`/v1/files/${made[0].id}/content`)).status, 404);
  for (const verb of ['retry', 'rerun', 'cancel', 'pause', 'resume'])
    assert.equal((await server.post(`/v1/workflow-runs/${id}/${verb}`)).status, 404, verb);
  assert.equal((await remove(id)).status, 404);
  assert.deepEqual((await server.get('/v1/workflow-runs')).data, []);
  await until(() => blobs(server.data).length === 1, 'the bytes to go');
  assert.deepEqual(blobs(server.data), [file]);

  // The same input again is a run like the first.
  const again = await server.reachEnd((await server.begin(workflow, { file })).id);
  assert.equal(again.status, 'completed');
  assert.equal((await remove(again.id)).status, 200);
});

test('a file of a deleted run is no input any more', async () => {
  const workflow = await server.publish(rows('Chain'));
  const first = await server.reachEnd((await server.begin(workflow, { file: await upload('n\n1\n') })).id);
  const [made] = (await server.get(`/v1/workflow-runs/${first.id}/files`)).data;
  const second = await server.reachEnd((await server.begin(workflow, { file: made.id })).id);
  assert.equal(second.status, 'completed', JSON.stringify(second.error));
  await remove(first.id);
  const refused = await server.post('/v1/workflows/chain/runs', { input: { file: made.id } });
  assert.equal(refused.status, 400, refused.text);
  await remove(second.id);
});

test('a run that goes on is not deleted, and a child goes with its parent', async () => {
  const waits = await server.publish('name: Waits\nsteps:\n  - { id: w, type: wait, config: { for: 1h } }\n');
  const { id } = await server.begin(waits, {});
  await server.reach(id, 'running');
  const refused = await remove(id);
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.json.error, /^the run is (running|waiting): cancel it first$/);
  await server.post(`/v1/workflow-runs/${id}/pause`);
  assert.match((await remove(id)).json.error, /^the run is paused: cancel it first$/);
  await server.post(`/v1/workflow-runs/${id}/cancel`);
  assert.equal((await remove(id)).status, 200);

  await server.publish(`name: Below\nsteps:\n  - id: call
    type: http_request\n    config: { url: "${stub.url}/echo", method: POST, json: { a: 1 } }\n`);
  const above = await server.publish('name: Above\nsteps:\n  - { id: c, type: workflow, config: { slug: below } }\n');
  const parent = await server.reachEnd((await server.begin(above, {})).id);
  assert.equal(parent.status, 'completed', JSON.stringify(parent.error));
  const [child] = (await server.get(`/v1/workflow-runs/${parent.id}/runs`)).data;
  const alone = await remove(child.id);
  assert.equal(alone.status, 409, alone.text);
  assert.match(alone.json.error, new RegExp(`^a step of the run ${parent.id} has called this one`));
  assert.equal((await remove(parent.id)).status, 200);
  assert.equal((await server.get(`/v1/workflow-runs/${child.id}`)).status, 404);
  await until(async () => {
    const { data } = await server.get('/v1/workflow-runs?workflow=below');
    return data.length === 0;
  }, 'the child to leave the list');
});

test('ended runs go when the published version no longer keeps them', async () => {
  const keeps = await server.publish('name: Keeps\nsteps:\n  - { id: a, type: set, config: { fields: { a: "1" } } }\n');
  const old = await server.begin(keeps, {});
  const short = await server.publish(rows('Short', 'retention: 1s'));
  /* Its end is told as it comes: who asks for it later may find that it is gone. */
  const { data: ended } = await server.post(`/v1/workflows/${short.id}/runs?wait=60`, { input: { file: await upload('n\n1\n') } });
  const { id } = ended;
  assert.equal(ended.status, 'completed');
  await until(async () => (await server.get(`/v1/workflow-runs/${id}`)).status === 404, 'the retention to end');
  assert.equal((await server.get(`/v1/workflow-runs/${old.id}`)).status, 200);
  assert.equal((await server.get(`/v1/workflows/${short.id}`)).status, 200);
});

test('the server has a retention for workflows without one; what goes on stays', async () => {
  const other = await startServer('--retention', '1s', '--clean-after', '0s', '--clean-every', '20ms');
  try {
    const pure = await other.publish('name: Pure\nsteps:\n  - { id: a, type: set, config: { fields: { a: "1" } } }\n');
    const long = await other.publish(
      'name: Long\nretention: 90d\nsteps:\n  - { id: a, type: set, config: { fields: { a: "1" } } }\n',
    );
    const waits = await other.publish('name: Waits\nsteps:\n  - { id: w, type: wait, config: { for: 1h } }\n');
    const live = await other.begin(waits, {});
    const kept = await other.begin(long, {});
    const ids = [];
    for (let i = 0; i < 100; i++) ids.push((await other.begin(pure, {})).id);
    await other.restart();
    await until(async () => {
      const { data } = await other.get('/v1/workflow-runs?workflow=pure');
      return data.length === 0;
    }, 'the runs to go');
    assert.equal((await other.get(`/v1/workflow-runs/${live.id}`)).status, 200);
    assert.equal((await other.get(`/v1/workflow-runs/${kept.id}`)).status, 200);
  } finally {
    await other.close();
  }
});

test('bytes that a killed process left are removed, those that count stay', async () => {
  const workflow = await server.publish(rows('Left'));
  const others = blobs(server.data);
  const file = await upload('n\n1\n2\n');
  const run = await server.reachEnd((await server.begin(workflow, { file })).id);
  assert.equal(run.status, 'completed');
  /* Those of others may be of runs that have been deleted before, and go meanwhile. */
  const before = blobs(server.data).filter((name) => !others.includes(name));
  assert.equal(before.length, 3, 'the upload, the sorted rows, the file');
  const orphan = '0123456789abcdef012345ab';
  mkdirSync(join(server.data, 'blobs/ab'), { recursive: true });
  writeFileSync(join(server.data, 'blobs/ab', orphan), 'left over');
  writeFileSync(join(server.data, 'blobs/ab', 'notes.txt'), 'of somebody else');
  await server.restart();
  await until(() => !existsSync(join(server.data, 'blobs/ab', orphan)), 'the orphan to go');
  const left = blobs(server.data);
  for (const name of [...before, 'notes.txt']) assert.ok(left.includes(name), name);
  const items = await server.get(`/v1/workflow-runs/${run.id}/items?table=order`);
  assert.deepEqual(items.data.map((item) => item.item.n), ['2', '1']);
});
