// Metal's API of workflows and runs, field by field, and a client written as Metal's guides teach.
// What stands beside workflows is in metal_data.test.mjs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startServer } from './server.mjs';

let server;
let stranger; // a key of another workspace
let register; // a server that answers 404 until it is mended
before(async () => {
  register = createServer((request, response) => {
    response.writeHead(register.isMended ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ listed: true }));
    register.isMended = true;
  });
  await new Promise((done) => register.listen(0, '127.0.0.1', done));
  server = await startServer('--allow', '127.0.0.1');
  stranger = (await server.post('/v1/workspaces', { name: 'Elsewhere' })).data.key;
});
after(async () => {
  await server?.close();
  register?.close();
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const HEX = /^[0-9a-f]{24}$/;
const RUN_FIELDS = [
  'id', 'workflowId', 'status', 'state', 'input', 'output', 'error', 'createdAt', 'startedAt', 'completedAt',
  'version', 'generation', 'trigger', 'parentRunId', 'labels', 'priority', 'deadline', 'callbackUrl',
  'concurrencyKey', 'models', 'counts',
];

const quick = (name) => `
name: ${name}
steps:
  - { id: answer, type: set, config: { fields: { n: "{{input.n}}" } } }
`;
const slow = (name) => `
name: ${name}
steps:
  - { id: pause, type: wait, config: { for: 1h } }
`;
const failing = (name) => `
name: ${name}
steps:
  - { id: bad, type: transform, config: { expression: 'error("no such company")' } }
`;

const ended = async (yaml, input) => server.reachEnd((await server.begin(await server.publish(yaml), input)).id);
/** The whole body is {"error": words}. */
const fails = (answer, status, words) => {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['error']);
  if (typeof words === 'string') assert.equal(answer.json.error, words);
  else assert.match(answer.json.error, words);
};
const checkRun = (run) => {
  assert.deepEqual(Object.keys(run), RUN_FIELDS);
  assert.match(run.id, HEX);
  assert.match(run.workflowId, HEX);
  assert.match(run.createdAt, ISO);
  assert.equal(run.status, run.status.toLowerCase());
};

// --- a program that knows nothing of us -----------------------------------------------------------

const SCREEN = `
name: Screen a company
triggers: { webhook: { auth: none } }
input:
  type: object
  required: [companyId]
  properties: { companyId: { type: string } }
steps:
  - id: company
    type: lookup
    config: { entity: { type: companies, id: "{{input.companyId}}" } }
  - id: facts
    type: ai_generate
    config:
      model: local/extractive-1
      prompt: When was it founded?
      sources: "{{steps.company.description}}"
      output: { type: object, required: [founded], properties: { founded: { type: integer, description: year of foundation } } }
output: { founded: "{{steps.facts.founded}}" }
`;

test('a client written after the guides: list, start, poll, read; retry; webhook', async () => {
  register.isMended = false;
  await server.publish(SCREEN);
  await server.publish(`
name: Check the register
steps:
  - id: look
    type: http_request
    config: { url: "http://127.0.0.1:${register.address().port}/acme" }
    retry: { attempts: 1 }
output: { listed: "{{steps.look.body.listed}}" }
`);
  const program = fileURLToPath(new URL('clients/metal.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: {
      ...process.env,
      METAL_URL: server.url,
      METAL_CLIENT_ID: server.key.clientId,
      METAL_API_KEY: server.key.apiKey,
      METAL_POLL_SECONDS: '0.02',
      METAL_TIMEOUT_SECONDS: '120',
    },
  });
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines, [
    { company: 'Bolt AG', found: true, of: { page: 1, limit: 10, totalCount: 1, totalPages: 1 } },
    { screened: { founded: 1923 }, sameCompany: true },
    { first: 'failed', sameRun: true, second: 'completed', output: { listed: true } },
    { triggered: { founded: 1923 }, runs: 2 },
    { status: 401, error: 'invalid api key or clientId' },
  ]);
});

// --- who asks -------------------------------------------------------------------------------------

test('both headers are believed, a client id of another key is not', async () => {
  const other = (await server.post('/v1/keys', { name: 'other', scopes: ['read'] })).data;
  const ask = (headers) => server.get('/v1/workflows', { key: null, headers });
  const { clientId, apiKey } = server.key;
  const good = [
    { 'x-metal-client-id': clientId, 'x-metal-api-key': apiKey },
    { 'X-METAL-CLIENT-ID': clientId, 'X-METAL-API-KEY': apiKey },
    { 'x-metal-api-key': apiKey },
  ];
  for (const headers of good) assert.equal((await ask(headers)).status, 200, JSON.stringify(headers));
  const bad = [
    {},
    { 'x-metal-client-id': clientId },
    { 'x-metal-client-id': other.clientId, 'x-metal-api-key': apiKey },
    { 'x-metal-client-id': 'me', 'x-metal-api-key': apiKey },
    { 'x-metal-client-id': clientId, 'x-metal-api-key': `${apiKey}x` },
    { 'x-metal-client-id': apiKey, 'x-metal-api-key': clientId },
  ];
  for (const headers of bad) fails(await ask(headers), 401, 'invalid api key or clientId');
});

test('keys are listed without secrets, made, shown once, and revoked', async () => {
  const made = await server.post('/v1/keys', { name: 'CI', scopes: ['read', 'run'] });
  assert.equal(made.status, 201);
  assert.deepEqual(Object.keys(made.data),
    ['clientId', 'name', 'scopes', 'createdAt', 'expiresAt', 'lastUsedAt', 'revokedAt', 'limits', 'apiKey']);
  assert.match(made.data.clientId, HEX);
  const list = await server.get('/v1/keys');
  const { apiKey, ...rest } = made.data;
  assert.deepEqual(list.data[0], rest);
  assert.ok(!list.text.includes(apiKey));
  assert.equal((await server.get('/v1/workflows', { key: made.data })).status, 200);
  const revoked = await server.ask('DELETE', `/v1/keys/${rest.clientId}`);
  assert.match(revoked.data.revokedAt, ISO);
  fails(await server.get('/v1/workflows', { key: made.data }), 401, 'invalid api key or clientId');
  const reader = (await server.post('/v1/keys', { scopes: ['read'] })).data;
  fails(await server.get('/v1/keys', { key: reader }), 403, /^this key lacks the scope "admin"$/);
});

test('too many requests of a workspace are 429, whichever of its keys asks', async () => {
  const { data } = await server.post('/v1/workspaces', { name: 'Slow', limits: { rate: '2/h' } });
  const second = (await server.post('/v1/keys', { scopes: ['read'] }, { key: data.key })).data;
  assert.equal((await server.get('/v1/workflows', { key: second })).status, 200);
  const answer = await server.get('/v1/workflows', { key: data.key });
  assert.equal(answer.status, 429);
  assert.deepEqual(Object.keys(answer.json), ['error', 'of', 'rate', 'limit', 'used', 'resetAt']);
  assert.equal(answer.json.error, 'rate limit exceeded');
  assert.equal(answer.json.of, 'workspace');
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
});

// --- runs -----------------------------------------------------------------------------------------

test('a run is one record under data, with the same fields in every state', async () => {
  const workflow = await server.publish(quick('States'));
  const started = await server.post(`/v1/workflows/${workflow.id}/runs`, { input: { n: 7 } });
  assert.equal(started.status, 201);
  assert.deepEqual(Object.keys(started.json), ['data']);
  assert.equal(started.headers.get('location'), `${server.url}/v1/workflow-runs/${started.data.id}`);
  const completed = await server.reachEnd(started.data.id);
  const failed = await ended(failing('States failed'), { n: 1 });
  const waiting = await server.begin(await server.publish(slow('States waiting')), { n: 1 });
  const running = await server.reach(waiting.id, 'running');
  const cancelled = (await server.post(`/v1/workflow-runs/${waiting.id}/cancel`)).data;
  for (const run of [started.data, completed, failed, running, cancelled]) checkRun(run);
  assert.deepEqual([completed.status, completed.input, completed.output, completed.error],
    ['completed', { n: 7 }, { n: 7 }, null]);
  assert.deepEqual([running.status, running.output, running.error, running.completedAt], ['running', null, null, null]);
  assert.deepEqual([failed.status, failed.output, failed.input], ['failed', null, { n: 1 }]);
  assert.deepEqual([cancelled.status, cancelled.output, cancelled.error], ['cancelled', null, null]);
  for (const run of [completed, failed, cancelled]) {
    assert.match(run.completedAt, ISO);
    assert.ok(run.completedAt >= run.createdAt);
  }
});

test('a run that waits to begin is queued', async () => {
  const workflow = await server.publish(slow('Queue'));
  const body = { input: {}, concurrencyKey: 'one' };
  const first = await server.post(`/v1/workflows/${workflow.id}/runs`, body);
  const second = await server.post(`/v1/workflows/${workflow.id}/runs`, body);
  await server.reach(first.data.id, 'running');
  const run = (await server.get(`/v1/workflow-runs/${second.data.id}`)).data;
  checkRun(run);
  assert.deepEqual([run.status, run.startedAt, run.completedAt, run.output], ['queued', null, null, null]);
  for (const id of [second.data.id, first.data.id]) await server.post(`/v1/workflow-runs/${id}/cancel`);
});

test('the error of a failed run says code, words and step', async () => {
  const { error } = await ended(failing('Fails'), {});
  assert.equal(typeof error.code, 'string');
  assert.match(error.message, /no such company/);
  assert.equal(error.step, 'bad');
});

test('the input may be left out and may be anything that the workflow takes', async () => {
  const workflow = await server.publish(quick('Inputs'));
  for (const [body, input] of [[undefined, {}], [{}, {}], [{ input: {} }, {}], [{ input: { a: [1, null] } }, { a: [1, null] }]]) {
    const answer = await server.post(`/v1/workflows/${workflow.id}/runs`, body);
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(answer.data.input, input);
  }
  fails(await server.post(`/v1/workflows/${workflow.id}/runs`, { inputs: {} }), 400,
    'unknown key "inputs"; did you mean "input"?');
  fails(await server.post(`/v1/workflows/${workflow.id}/runs`, '{"input":'), 400, /^the body is not JSON/);
});

test('an input that the workflow does not take is 400 with the place', async () => {
  const workflow = await server.publish(SCREEN.replace('Screen a company', 'Strict'));
  fails(await server.post(`/v1/workflows/${workflow.id}/runs`, { input: {} }), 400,
    /^input: the property "companyId" is required and missing$/);
  fails(await server.post(`/v1/workflows/${workflow.id}/runs`, { input: { companyId: 7 } }), 400,
    /^input\/companyId: expected string/);
});

test('retry goes on with a failed or cancelled run under its id', async () => {
  const failed = await ended(failing('Retried'), { n: 1 });
  const answer = await server.post(`/v1/workflow-runs/${failed.id}/retry`);
  assert.equal(answer.status, 200);
  checkRun(answer.data);
  assert.deepEqual([answer.data.id, answer.data.generation, answer.data.input], [failed.id, 2, { n: 1 }]);
  const again = await server.reachEnd(failed.id);
  assert.deepEqual([again.status, again.generation], ['failed', 2]);
  assert.equal((await server.post(`/v1/workflow-runs/${failed.id}/retry`, { version: 'newest' })).status, 200);
  fails(await server.post(`/v1/workflow-runs/${failed.id}/retry`, { version: 'old' }), 400, /^version: /);
  const good = await ended(quick('Good'), { n: 1 });
  fails(await server.post(`/v1/workflow-runs/${good.id}/retry`), 409, /^the run is completed: to retry it/);
});

test('a completed run goes on with a version that it was not on, and not with its own', async () => {
  const run = await ended(quick('Longer'), { n: 1 });
  fails(await server.post(`/v1/workflow-runs/${run.id}/retry`, { version: 'newest' }), 409, /^the run is completed: to retry it/);
  const body = `${quick('Longer')}  - { id: more, type: set, config: { fields: { more: 1 } } }\n`;
  assert.equal((await server.ask('PUT', `/v1/workflows/${run.workflowId}?publish=true`, { body, type: 'text/yaml' })).status, 200);
  fails(await server.post(`/v1/workflow-runs/${run.id}/retry`), 409, /^the run is completed: to retry it/);
  assert.equal((await server.post(`/v1/workflow-runs/${run.id}/retry`, { version: 'newest' })).status, 200);
  const longer = await server.reachEnd(run.id);
  assert.deepEqual([longer.status, longer.generation, longer.version], ['completed', 2, 2]);
});

test('rerun is another run with the same input', async () => {
  const first = await ended(quick('Rerun'), { n: 5 });
  const answer = await server.post(`/v1/workflow-runs/${first.id}/rerun`, {});
  assert.equal(answer.status, 201);
  checkRun(answer.data);
  assert.notEqual(answer.data.id, first.id);
  assert.equal(answer.headers.get('location'), `${server.url}/v1/workflow-runs/${answer.data.id}`);
  assert.deepEqual((await server.reachEnd(answer.data.id)).output, { n: 5 });
  assert.deepEqual((await server.get(`/v1/workflow-runs/${first.id}`)).data, first);
});

test('cancel ends a run, may be sent again, and is refused for what ended otherwise', async () => {
  const { id } = await server.begin(await server.publish(slow('Cancelled')), {});
  for (const body of [undefined, {}]) {
    const answer = await server.post(`/v1/workflow-runs/${id}/cancel`, body);
    assert.deepEqual([answer.status, answer.data.id, answer.data.status], [200, id, 'cancelled']);
    checkRun(answer.data);
  }
  const done = await ended(quick('Done'), { n: 1 });
  fails(await server.post(`/v1/workflow-runs/${done.id}/cancel`), 409, /^the run is completed: to cancel it/);
});

test('more than 1,000 runs are read page by page, by number and by lt', async () => {
  const workflow = await server.publish(quick('Many'));
  const ids = [];
  for (let i = 0; i < 1030; i += 103)
    ids.push(...await Promise.all(Array.from({ length: 103 }, async (_, k) =>
      (await server.begin(workflow, { n: i + k })).id)));
  const newest = ids.sort().reverse();
  const page = async (query) => {
    const answer = await server.get(`/v1/workflows/${workflow.id}/runs${query}`);
    assert.deepEqual(Object.keys(answer.json), ['data']);
    return answer.data.map(({ id }) => id);
  };
  assert.deepEqual(await page(''), newest.slice(0, 100));
  assert.deepEqual(await page('?limit=1001'), newest.slice(0, 1000));
  assert.deepEqual(await page('?limit=0'), newest.slice(0, 1));
  assert.deepEqual(await page('?limit=1000&page=2'), newest.slice(1000));
  assert.deepEqual(await page('?limit=10&page=100'), newest.slice(990, 1000));
  assert.deepEqual(await page('?direction=asc&limit=3'), newest.slice(-3).reverse());
  const seen = [];
  for (let lt = ''; ; lt = `&lt=${seen.at(-1)}`) {
    const some = await page(`?limit=250${lt}`);
    seen.push(...some);
    if (some.length < 250) break;
  }
  assert.deepEqual(seen, newest);
  fails(await server.get(`/v1/workflows/${workflow.id}/runs?page=101`), 400, /^page: expected 1 to 100/);
});

test('another workspace sees no workflow, no run, and changes none', async () => {
  const workflow = await server.publish(slow('Hidden'));
  const { id } = await server.begin(workflow, {});
  const key = stranger;
  const paths = [
    ['GET', `/v1/workflows/${workflow.id}`], ['POST', `/v1/workflows/${workflow.id}/runs`],
    ['GET', `/v1/workflows/${workflow.id}/runs`], ['GET', `/v1/workflows/${workflow.id}/versions`],
    ['POST', `/v1/workflows/${workflow.id}/trigger/webhook-secret/rotate`],
    ['GET', `/v1/workflow-runs/${id}`], ['POST', `/v1/workflow-runs/${id}/retry`],
    ['POST', `/v1/workflow-runs/${id}/rerun`], ['POST', `/v1/workflow-runs/${id}/cancel`],
  ];
  for (const [method, path] of paths) fails(await server.ask(method, path, { key }), 404, 'not found');
  fails(await server.post(`/v1/workflows/${workflow.id}/versions/restore`, { version: 1 }, { key }), 404, 'not found');
  for (const path of ['/v1/workflows', '/v1/workflow-runs'])
    assert.equal((await server.get(path, { key })).text, '{"data":[]}');
  assert.notEqual((await server.get(`/v1/workflow-runs/${id}`)).data.status, 'cancelled');
  await server.post(`/v1/workflow-runs/${id}/cancel`);
});

// --- workflows ------------------------------------------------------------------------------------

test('workflows are listed with id, name, slug, status, versions and times', async () => {
  const workflow = await server.publish(quick('Listed'));
  const { data } = await server.get('/v1/workflows?limit=1');
  assert.deepEqual(data, [workflow]);
  assert.deepEqual(Object.keys(data[0]),
    ['id', 'name', 'slug', 'status', 'version', 'publishedVersion', 'createdAt', 'updatedAt']);
  assert.match(data[0].id, HEX);
  assert.match(data[0].createdAt, ISO);
});

test('versions are listed newest first, and restore makes an old one the newest', async () => {
  const workflow = await server.publish(quick('Versions'));
  const path = `/v1/workflows/${workflow.id}`;
  await server.ask('PUT', `${path}?publish=true`, { body: quick('Versions').replace('n: "', 'm: "'), type: 'text/yaml' });
  const { data } = await server.get(`${path}/versions`);
  assert.deepEqual(data.map((one) => Object.keys(one)), [['version', 'createdAt', 'published'], ['version', 'createdAt', 'published']]);
  assert.deepEqual(data.map(({ version, published }) => [version, published]), [[2, true], [1, false]]);
  assert.deepEqual((await server.get(`${path}/versions?lt=2`)).data, [data[1]]);
  const answer = await server.post(`${path}/versions/restore`, { version: 1 });
  assert.equal(answer.status, 200);
  assert.deepEqual([answer.data.id, answer.data.version, answer.data.publishedVersion], [workflow.id, 3, 3]);
  const run = await server.reachEnd((await server.begin(workflow, { n: 3 })).id);
  assert.deepEqual(run.output, { n: 3 });
  fails(await server.post(`${path}/versions/restore`, {}), 400, /"version" is required/);
  fails(await server.post(`${path}/versions/restore`, { version: 77 }), 404, 'there is no version 77; the newest is 3');
});

test('a webhook starts a run with the body as its input, and tells id and status', async () => {
  await server.publish(`name: Hooked\ntriggers: { webhook: { auth: none } }\n${quick('x').split('\n').slice(2).join('\n')}`);
  const send = (body) => server.ask('POST', '/webhooks/workflows/hooked', { key: null, body });
  const answer = await send({ n: 9, other: [1] });
  assert.equal(answer.status, 201);
  assert.deepEqual(Object.keys(answer.json), ['data']);
  assert.deepEqual(Object.keys(answer.data), ['id', 'status']);
  const run = await server.reachEnd(answer.data.id);
  assert.deepEqual([run.input, run.output, run.trigger], [{ n: 9, other: [1] }, { n: 9 }, 'webhook']);
  assert.deepEqual((await server.reachEnd((await send('[1, "a"]')).data.id)).input, [1, 'a']);
  fails(await send('{"n":'), 400, /^the body is not JSON/);
  fails(await server.ask('POST', '/webhooks/workflows/nobody', { key: null, body: {} }), 404, 'not found');
});

test('the secret of a webhook is replaced, and the one before holds for a day', async () => {
  const workflow = await server.publish(`name: Turned\ntriggers: { webhook: { auth: standard } }\n${quick('x').split('\n').slice(2).join('\n')}`);
  const before = (await server.get(`/v1/workflows/${workflow.id}/trigger/webhook-secret`)).data;
  const answer = await server.post(`/v1/workflows/${workflow.id}/trigger/webhook-secret/rotate`);
  assert.equal(answer.status, 200);
  assert.deepEqual(Object.keys(answer.data), ['secret', 'version', 'previous', 'previousUntil']);
  assert.match(answer.data.secret, /^whsec_/);
  assert.equal(answer.data.previous, before.secret);
  assert.notEqual(answer.data.secret, before.secret);
  assert.ok(Date.parse(answer.data.previousUntil) > Date.now() + 23 * 3_600_000);
  fails(await server.ask('POST', '/webhooks/workflows/turned', { key: null, body: {} }), 401, /./);
});

// --- faults ---------------------------------------------------------------------------------------

test('every fault is {"error": words}, also for paths, methods and parameters that are none', async () => {
  const { id } = await ended(quick('Faults'), { n: 1 });
  for (const path of ['nothing', 'activities', 'enrichments', 'scores', 'screenings', 'tags', 'sectors', 'subsectors', 'industries'])
    fails(await server.get(`/v1/${path}`), 404, 'not found');
  fails(await server.post('/mcp', {}), 404, 'not found');
  fails(await server.get('/v1/workflow-runs/507f1f77bcf86cd799439011'), 404, 'not found');
  fails(await server.get('/v1/workflow-runs/none'), 404, 'not found');
  fails(await server.post('/v1/workflows/none/runs', {}), 404, 'not found');
  fails(await server.post('/v1/workflow-runs/none/cancel'), 404, 'not found');
  const method = await server.ask('DELETE', '/v1/workflows');
  fails(method, 405, 'method not allowed');
  assert.equal(method.headers.get('allow'), 'GET, HEAD, POST');
  fails(await server.get('/v1/workflows?limt=1'), 400, 'unknown parameter "limt"; did you mean "limit"?');
  fails(await server.post(`/v1/workflow-runs/${id}/rerun`, { input: 1, x: 2 }), 400, /^unknown key/);
  const reader = (await server.post('/v1/keys', { scopes: ['read'] })).data;
  fails(await server.post(`/v1/workflow-runs/${id}/rerun`, {}, { key: reader }), 403, 'this key lacks the scope "run"');
  fails(await server.post(`/v1/workflow-runs/${id}/rerun`, 'a=b', { type: 'application/x-www-form-urlencoded' }), 415, /./);
});
