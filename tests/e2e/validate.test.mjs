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
steps: [{ id: below, type: workflow, config: { slug: ${slug}, input: ${input} } }]
`;
  const missing = await validate(calling('not-there', '{}'));
  assert.equal(missing.data.valid, true);
  assert.match(missing.data.warnings[0], /^steps.below: there is no published workflow "not-there"/);
  await server.publish('name: Below\ninput: { required: [n] }\n' +
    'steps: [{ type: set, config: { fields: { x: 1 } } }]\n');
  const wrong = await validate(calling('below', '{}'));
  assert.match(wrong.data.warnings[0], /requires "n", which is not given/);
  assert.equal((await validate(calling('below', '{ n: 1 }'))).data.warnings.length, 0);
  assert.equal((await validate(calling('below', '{ n: 1 }'))).data.plan.steps[0].calls, 'below');
});

// --- one step -------------------------------------------------------------------------------------

const tried = `name: Tried
input: { type: object, properties: { file: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.file}}" } }
  - { id: loud, type: transform, config: { expression: ".item.name | ascii_upcase" } }
  - { id: ask, type: http_request, when: ".item.name != null", retry: { attempts: 4 }, config: {
      url: "URL/echo", method: POST, headers: { Authorization: "Bearer {{item.key}}" },
      json: { who: "{{steps.loud}}", of: "{{input.team}}" } } }
  - { id: broken, type: http_request, config: { url: "URL/status/500" } }
  - { id: all, type: http_request, config: { url: "URL/list/30?size=10",
      paging: { next: ".body.next", items: ".body.items" } } }
  - { id: many, type: http_request, config: { url: "URL/list/300?size=10",
      paging: { next: ".body.next", items: ".body.items" } } }
  - { id: big, type: filter, config: { where: ".item.size > 10" } }
  - { id: kind, type: condition, config: { cases: { small: ".item.size < 5" }, else: large } }
  - { id: rest, type: wait, needs: [big], config: { for: "{{item.nap}}" } }
  - { id: below, type: workflow, config: { slug: other, input: { n: "{{item.size}}" } } }
  - { id: table, type: write_csv, needs: [big], config: { columns: { name: "{{item.name}}!" } } }
`;
let made;
const attempt = async (step, body = {}, options) => {
  made ??= await server.publish(tried.replaceAll('URL', stub.url));
  return server.post(`/v1/workflows/tried/steps/${step}/try`, body, options);
};
const outcome = async (step, body) => {
  const { status, data, text } = await attempt(step, body);
  assert.equal(status, 200, text);
  return data;
};

test('a pure step gives its value', async () => {
  const loud = await outcome('loud', { item: { name: 'acme' } });
  assert.deepEqual(loud, { step: 'loud', state: 'completed', value: 'ACME', label: null, config: null,
    requests: [], error: null, usage: { tokensIn: 0, tokensOut: 0, cost: 0 } });
  assert.equal((await outcome('big', { item: { size: 11 } })).state, 'completed');
  assert.equal((await outcome('big', { item: { size: 10 } })).state, 'dropped');
  assert.equal((await outcome('kind', { item: { size: 1 } })).label, 'small');
  assert.deepEqual((await outcome('table', { item: { name: 'x' } })).value, { name: 'x!' });
  assert.equal((await outcome('rest', { item: { nap: '2h' } })).config.for, 7200000);
});

test('a failure is told as a run would have it', async () => {
  const loud = await outcome('loud', { item: { name: 7 } });
  assert.deepEqual([loud.state, loud.error.code], ['failed', 'expression_failed']);
  assert.match(loud.error.message, /^expression: /);
  assert.equal((await outcome('rest', { item: { nap: 'long' } })).error.code, 'bad_config');
  const unsaid = await outcome('ask', { item: {} });
  assert.equal(unsaid.state, 'skipped');
});

test('an effect is told, and made only on demand', async () => {
  const calls = stub.count();
  const given = { item: { name: 'acme', key: 's3cret' }, steps: { loud: 'ACME' }, input: { team: 'us' } };
  const told = await outcome('ask', given);
  assert.deepEqual([told.state, told.value, told.requests.length], ['not_sent', null, 1]);
  const [request] = told.requests;
  assert.deepEqual([request.method, request.url, request.sent], ['POST', `${stub.url}/echo`, false]);
  assert.deepEqual(JSON.parse(request.body), { who: 'ACME', of: 'us' });
  const header = (name) => request.headers.find((one) => one.name.toLowerCase() === name)?.value;
  assert.equal(header('authorization'), '(hidden)');
  assert.match(header('idempotency-key'), /^[0-9a-f]{64}$/);
  assert.equal(stub.count(), calls);
  const real = await outcome('ask', { ...given, effects: true });
  assert.deepEqual([real.state, real.value.status, real.requests[0].sent], ['completed', 200, true]);
  assert.equal(real.value.body.headers.authorization, 'Bearer s3cret');
  assert.equal(stub.count(), calls + 1);
  const broken = await outcome('broken', { effects: true });
  assert.deepEqual([broken.state, broken.error.code], ['failed', 'http_status']);
  assert.equal(stub.count(), calls + 2, 'a trial makes each call once');
  assert.equal((await outcome('below', { item: { size: 3 } })).state, 'not_sent');
  assert.deepEqual((await outcome('below', { item: { size: 3 } })).config.input, { n: 3 });
});

test('pages are followed, not for ever', async () => {
  assert.equal((await outcome('all', { effects: true })).value.length, 30);
  const many = await outcome('many', { effects: true });
  assert.deepEqual([many.error.code, many.requests.length], ['limit_exceeded', 8]);
});

test('a source shows its first rows, of stored files only', async () => {
  const csv = 'name,size\n' + Array.from({ length: 30 }, (_, i) => `n${i},${i}`).join('\n');
  const { data: file } = await server.post('/v1/files?name=a.csv', csv, { type: 'text/csv' });
  const rows = await outcome('rows', { input: { file: file.id } });
  assert.deepEqual([rows.state, rows.config, rows.value.length], ['completed', { file: file.id }, 10]);
  assert.deepEqual(rows.value[1], { name: 'n1', size: '1' });
  for (const path of ['/etc/passwd', '../../etc/passwd', 'file:///etc/passwd', ''])
    assert.equal((await outcome('rows', { input: { file: path } })).error.code, 'no_file', path);
});

test('a step of a text is tried before the text is stored', async () => {
  const definition = { name: 'New', steps: [{ id: 'a', type: 'transform', config: { expression: '.item + 1' } }] };
  const tryText = (body) => server.post('/v1/workflows/steps/try', body);
  assert.equal((await tryText({ definition, step: 'a', item: 41 })).data.value, 42);
  const text = 'name: New\nsteps: [{ id: a, type: transform, config: { expression: ".input.n" } }]\n';
  assert.equal((await tryText({ definition: text, step: 'a', input: { n: 1 } })).data.value, 1);
  assertFails(await tryText({ definition: text, step: 'b' }), 404, /no step "b"/);
  const wrong = await tryText({ definition: { name: 'New', steps: [{ type: 'nothing' }] }, step: 'a' });
  assertFails(wrong, 400, /1 problem/);
  assertFails(await tryText({ definition: 7, step: 'a' }), 400, /definition/);
  assertFails(await tryText({ definition }), 400, /step/);
  assertFails(await server.get('/v1/workflows/new'), 404, /not found/);
  assertFails(await attempt('lowd'), 404, /did you mean "loud"/);
  assertFails(await attempt('loud', { version: 9 }), 404, /no version 9/);
  assertFails(await attempt('loud', { itme: 1 }), 400, /did you mean "item"/);
});

// --- what a run would come to ---------------------------------------------------------------------

test('rows are counted, calls are bounded by them', async () => {
  await server.publish(rows().replace('name: Screen', 'name: Counted').replace('  - { id: table',
    '  - { id: few, type: limit, config: { count: 7 } }\n' +
    '  - { id: again, type: http_request, config: { url: "http://127.0.0.1/" } }\n  - { id: table'));
  const csv = 'name,size\n' + Array.from({ length: 2345 }, (_, i) => `n${i},${i}`).join('\n');
  const { data: file } = await server.post('/v1/files?name=a.csv', csv, { type: 'text/csv' });
  const calls = stub.count();
  const { status, data, text } = await server.post('/v1/workflows/counted/estimate', { input: { file: file.id } });
  assert.equal(status, 200, text);
  assert.deepEqual(data.tables, [
    { name: 'input', rows: 1, rowsAtMost: 1 },
    { name: 'rows', rows: 2345, rowsAtMost: 2345 },
    { name: 'once', rows: null, rowsAtMost: 2345 },
    { name: 'few', rows: null, rowsAtMost: 7 },
    { name: 'table', rows: 1, rowsAtMost: 1 },
  ]);
  assert.deepEqual(data.steps.map((step) => [step.id, step.calls, step.cost]),
    [['ask', 2345, 0], ['again', 7, 0]]);
  assert.deepEqual(data.total, { calls: 2352, tokensIn: 0, tokensOut: 0, cost: 0 });
  assert.deepEqual([data.unknown, data.basedOnRuns, data.version], [[], 0, 1]);
  assert.equal(stub.count(), calls);
  const estimate = (body) => server.post('/v1/workflows/counted/estimate', body);
  assertFails(await estimate({}), 400, /file/);
  assertFails(await estimate({ input: { file: '0123456789abcdef01234567' } }), 400, /there is no file/);
  assertFails(await estimate({ input: { file: file.id }, version: 2 }), 404, /no version 2/);
});

test('what is not known is null and says why', async () => {
  await server.publish(`name: Unknown
steps:
  - { id: lines, type: expand, config: { list: ".input.list" } }
  - { id: say, type: ai_generate, config: { prompt: "{{item}}", sources: "{{item}}",
      output: { type: object, properties: { total: { type: number } } } } }
`);
  const { data } = await server.post('/v1/workflows/unknown/estimate', { input: { list: ['a', 'b'] } });
  assert.deepEqual(data.tables[1], { name: 'lines', rows: null, rowsAtMost: null });
  // However many calls there are: the model has no price.
  assert.deepEqual(data.total, { calls: null, tokensIn: null, tokensOut: null, cost: 0 });
  assert.match(data.unknown[0], /^lines: /);
});

test('what calls use is told by runs that have ended', async () => {
  const made = await server.publish(`name: Asking
steps:
  - { id: say, type: ai_generate, config: { prompt: "What is the total?", sources: "The total is {{input.n}} euros.",
      output: { type: object, properties: { total: { type: number } } } } }
`);
  const estimate = async () => (await server.post('/v1/workflows/asking/estimate', { input: { n: 5 } })).data;
  const before = await estimate();
  assert.deepEqual([before.total.calls, before.total.tokensIn], [1, null]);
  assert.match(before.unknown[0], /^say: no run that completed tells/);
  for (const n of [1, 2]) {
    const run = await server.begin(made, { n });
    assert.equal((await server.reachEnd(run.id)).status, 'completed');
  }
  const after = await estimate();
  assert.deepEqual([after.basedOnRuns, after.steps[0].basedOnItems], [2, 2]);
  const { data: runs } = await server.get('/v1/workflows/asking/runs');
  const tokens = runs.map((run) => run.usage?.tokensIn ?? 0);
  assert.equal(after.total.tokensIn, Math.round((tokens[0] + tokens[1]) / 2));
  assert.deepEqual(after.unknown, []);
});

/** The processes below the server. */
function children() {
  const tasks = `/proc/${server.child.pid}/task`;
  return readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/children`, 'utf8')).join('');
}

test('threat E14: looking at a foreign workflow starts no process and no connection', async () => {
  const before = children();
  const calls = stub.count();
  assert.equal((await validate(rows())).data.valid, true);
  assert.equal((await validate(`name: x
steps: [{ type: http_request, config: { url: "${stub.url}/constant" } },
  { type: read_xlsx, config: { file: /etc/passwd } },
  { type: ai_generate, config: { prompt: x, sources: [{ file: /etc/passwd }] } }]
`)).status, 200);
  for (const [definition, step] of [[rows(), 'ask'], [rows(), 'rows']])
    assert.equal((await server.post('/v1/workflows/steps/try', { definition, step,
      input: { file: 'x' }, item: { name: 'x' } })).status, 200);
  const { data: foreign } = await server.post('/v1/workflows', rows().replace('name: Screen', 'name: Foreign'),
    { type: 'text/yaml' });
  const { data: csv } = await server.post('/v1/files', 'name\nx\n', { type: 'text/csv' });
  assert.equal((await server.post(`/v1/workflows/${foreign.id}/estimate`, { input: { file: csv.id } })).status, 200);
  const { data: book } = await server.post('/v1/files?name=a.xlsx', 'no workbook', { type: 'text/plain' });
  const sheet = await server.post('/v1/workflows/steps/try', { step: 'a', input: { file: book.id },
    definition: 'name: x\nsteps: [{ id: a, type: read_xlsx, config: { file: "{{input.file}}" } }]\n' });
  assert.equal(sheet.data.state, 'not_sent');
  assert.equal(children(), before);
  assert.equal(stub.count(), calls);
});

test('threat E8: a trial reaches no address that a run could not', async () => {
  for (const url of ['http://169.254.169.254/latest', 'http://[::ffff:169.254.169.254]/', 'http://10.0.0.1/',
    'http://2852039166/']) {
    const definition = { name: 'x', steps: [{ id: 'a', type: 'http_request', config: { url } }] };
    const { data } = await server.post('/v1/workflows/steps/try', { definition, step: 'a', effects: true });
    assert.deepEqual([data.state, data.error.code], ['failed', 'address_refused'], url);
  }
});

test('threat E10: files and workflows of another workspace are not there', async () => {
  const { data: other } = await server.post('/v1/workspaces', { name: 'Other' });
  const { data: file } = await server.post('/v1/files', 'name\nsecret\n', { type: 'text/csv', key: other.key });
  const definition = 'name: x\nsteps: [{ id: a, type: read_csv, config: { file: "{{input.file}}" } }]\n';
  const body = { definition, step: 'a', input: { file: file.id } };
  assert.equal((await server.post('/v1/workflows/steps/try', body)).data.error.code, 'no_file');
  const own = await server.post('/v1/workflows/steps/try', body, { key: other.key });
  assert.deepEqual(own.data.value, [{ name: 'secret' }]);
  const { data: made } = await server.post('/v1/workflows', rows().replace('name: Screen', 'name: Mine'), { type: 'text/yaml' });
  assertFails(await server.post(`/v1/workflows/${made.id}/estimate`, { input: { file: file.id } }), 400, /there is no file/);
  const key = other.key;
  for (const [method, path, sent] of [['PUT', '', rows()], ['DELETE', ''], ['POST', '/publish'], ['POST', '/archive'],
    ['POST', '/unarchive'], ['POST', '/estimate'], ['POST', '/steps/ask/try'], ['GET', '/versions'], ['GET', '/versions/1'],
    ['GET', '/versions/1/diff/1'], ['POST', '/versions/restore', { version: 1 }]]) {
    const answer = await server.ask(method, `/v1/workflows/${made.id}${path}`, { body: sent, key,
      type: method === 'PUT' ? 'text/yaml' : undefined });
    assert.equal(answer.status, 404, `${method} ${path}: ${answer.text}`);
  }
});

test('threat E3: a run takes no graph of the client in place of the stored one', async () => {
  const made = await server.publish('name: Stored\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n');
  for (const key of ['graph', 'steps', 'definition', 'specs_override', 'workflow', 'text'])
    assertFails(await server.post(`/v1/workflows/${made.id}/runs`,
      { input: {}, [key]: [{ type: 'set', config: { fields: { x: 2 } } }] }), 400, /unknown key/);
  for (const path of ['/v1/workflows/validate', '/v1/workflows'])
    assert.equal((await server.post(path, '{{{', { type: 'text/yaml', key: null })).status, 401);
});
