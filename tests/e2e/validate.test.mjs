// What can be asked of a workflow before it runs.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';
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

const rows = () => `name: Screen
description: Companies that fit
input: { type: object, required: [file], properties: { file: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.file}}" } }
  - { id: ask, type: http_request, config: { url: "${stub.url}/company/{{item.name}}" } }
  - { id: good, type: filter, config: { where: ".steps.ask.status == 200" } }
  - { id: once, type: deduplicate, config: { by: [item.name] } }
  - { id: table, type: write_csv, config: {} }
`;

function assertFails(answer, status, words) {
  assert.equal(answer.status, status, answer.text);
  assert.match(answer.json.error, words);
}

const validate = (text, type = 'text/yaml') =>
  server.post('/v1/workflows/validate', text, { type });

test('a good text is told in short', async () => {
  const { status, data } = await validate(rows());
  assert.equal(status, 200);
  assert.deepEqual([data.valid, data.problems, data.warnings], [true, [], []]);
  assert.deepEqual([data.plan.name, data.plan.slug, data.plan.description],
    ['Screen', 'screen', 'Companies that fit']);
  assert.deepEqual(data.plan.tables, [
    { name: 'input', kind: 'input', many: false, from: [], steps: ['rows'] },
    { name: 'rows', kind: 'source', many: true, from: ['input'], steps: ['ask', 'good', 'once'] },
    { name: 'once', kind: 'reshape', many: true, from: ['rows'], steps: ['table'] },
    { name: 'table', kind: 'tap', many: false, from: ['once'], steps: [] },
  ]);
  assert.deepEqual(data.plan.steps.map(({ id, kind, table, makes }) => [id, kind, table, makes]), [
    ['rows', 'source', 'input', 'rows'],
    ['ask', 'effect', 'rows', null],
    ['good', 'filter', 'rows', null],
    ['once', 'reshape', 'rows', 'once'],
    ['table', 'tap', 'once', 'table'],
  ]);
});

test('every problem is told with its place, as an answer', async () => {
  const { status, data } = await validate(
    'name: Wrong\nsteps:\n  - { id: a, type: sett }\n  - { id: b, type: set, config: { fildes: {} } }\n');
  assert.equal(status, 200);
  assert.deepEqual([data.valid, data.plan], [false, null]);
  assert.ok(data.problems.length >= 2);
  assert.deepEqual([data.problems[0].line, data.problems[0].nearest], [3, 'set']);
  const json = await validate('{"name": "x",\n oops}', 'application/json');
  assert.deepEqual([json.status, json.data.valid, json.data.problems[0].line], [200, false, 2]);
  assertFails(await validate(''), 400, /empty/);
  assertFails(await validate('x', 'text/csv'), 415, /Content-Type/);
});

test('what would keep a run from starting is a warning', async () => {
  const calling = (slug, input) => `name: Above
triggers: { schedule: { cron: "0 7 * * 1" } }
steps: [{ id: below, type: workflow, config: { slug: ${slug}, input: ${input} } }]
`;
  const missing = await validate(calling('not-there', '{}'));
  assert.equal(missing.data.valid, true);
  assert.match(missing.data.warnings[0], /schedules are not in this build/);
  assert.match(missing.data.warnings[1], /^steps.below: there is no published workflow "not-there"/);
  await server.publish('name: Below\ninput: { required: [n] }\n' +
    'steps: [{ type: set, config: { fields: { x: 1 } } }]\n');
  const wrong = await validate(calling('below', '{}'));
  assert.match(wrong.data.warnings[1], /requires "n", which is not given/);
  assert.equal((await validate(calling('below', '{ n: 1 }'))).data.warnings.length, 1);
  assert.equal((await validate(calling('below', '{ n: 1 }'))).data.plan.steps[0].calls, 'below');
});

/** The processes below the server. */
function children() {
  const tasks = `/proc/${server.child.pid}/task`;
  return readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/children`, 'utf8')).join('');
}

test('threat E14: looking at a foreign workflow starts no process and no connection', async () => {
  const before = children();
  const calls = stub.count();
  const { data: list } = await server.get('/v1/workflows');
  assert.equal((await validate(rows())).data.valid, true);
  assert.equal((await validate(`name: x
steps: [{ type: http_request, config: { url: "${stub.url}/constant" } },
  { type: read_xlsx, config: { file: /etc/passwd } },
  { type: ai_generate, config: { prompt: x, sources: [{ file: /etc/passwd }] } }]
`)).status, 200);
  assert.equal(children(), before);
  assert.equal(stub.count(), calls);
  assert.deepEqual((await server.get('/v1/workflows')).data, list);
});

test('threat E3: a run takes no graph of the client in place of the stored one', async () => {
  const made = await server.publish('name: Stored\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n');
  for (const key of ['graph', 'steps', 'definition', 'specs_override', 'workflow', 'text'])
    assertFails(await server.post(`/v1/workflows/${made.id}/runs`,
      { input: {}, [key]: [{ type: 'set', config: { fields: { x: 2 } } }] }), 400, /unknown key/);
  for (const path of ['/v1/workflows/validate', '/v1/workflows'])
    assert.equal((await server.post(path, '{{{', { type: 'text/yaml', key: null })).status, 401);
});
