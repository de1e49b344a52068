// Every endpoint: the shape of its success and of its failures.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

let server;
before(async () => {
  server = await startServer('--public-url', 'https://windrow.example/base');
});
after(() => server?.close());

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID = /^[0-9a-f]{24}$/;
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

/** An answer that is {"error": words}, with words that match. */
function assertFails(answer, status, words) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.equal(typeof answer.json.error, 'string');
  assert.match(answer.json.error, words);
}

// --- probes ---------------------------------------------------------------------------------------

test('probes answer without a key and tell no ids', async () => {
  const health = await server.get('/healthz', { key: null });
  assert.deepEqual([health.status, health.json], [200, { status: 'ok' }]);
  const ready = await server.get('/readyz', { key: null });
  assert.deepEqual([ready.status, ready.json], [200, { status: 'ready' }]);
  assert.equal((await server.ask('HEAD', '/healthz', { key: null })).status, 200);
});

test('the editor says that it is not there', async () => {
  for (const path of ['/', '/ui', '/ui/', '/ui/runs/7'])
    assertFails(await server.get(path, { key: null }), 501, /editor is not in this build/);
});

test('no answer may be guessed at or kept', async () => {
  for (const path of ['/healthz', '/v1/workflows', '/nowhere']) {
    const { headers } = await server.get(path);
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path);
    assert.equal(headers.get('cache-control'), 'no-store', path);
  }
});

test('unknown paths and wrong methods', async () => {
  for (const path of ['/nowhere', '/v1', '/v1/', '/v1/nowhere', '/v1/workflows/', '/V1/workflows',
    '/v1/workflow-runs/', '/webhooks', '/webhooks/workflows', '/healthz/', '/healthz/x', '/uix'])
    assertFails(await server.get(path), 404, /^not found$/);
  const wrong = [
    ['DELETE', '/v1/workflows', 'GET, HEAD, POST'],
    ['PATCH', '/v1/workflows/x', 'GET, HEAD, PUT, DELETE'],
    ['GET', '/v1/workflow-runs/x/cancel', 'POST'],
    ['POST', '/v1/workflow-runs/x', 'GET, HEAD, DELETE'],
    ['PUT', '/webhooks/workflows/x', 'GET, HEAD, POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['OPTIONS', '/v1/workflows', 'GET, HEAD, POST'],
  ];
  for (const [method, path, allow] of wrong) {
    const answer = await server.ask(method, path);
    assertFails(answer, 405, /method not allowed/);
    assert.equal(answer.headers.get('allow'), allow, path);
  }
});

// --- workflows ------------------------------------------------------------------------------------

test('a workflow is stored as YAML and as JSON', async () => {
  const json = { name: 'From JSON', steps: [{ id: 'a', type: 'set', config: { fields: { x: 1 } } }] };
  const answers = [
    await server.post('/v1/workflows', JSON.stringify(json)),
    await server.post('/v1/workflows', pure('From YAML'), { type: 'application/yaml' }),
    await server.post('/v1/workflows', pure('From text'), { type: 'text/plain; charset=utf-8' }),
    await server.post('/v1/workflows', pure('From x-yaml'), { type: 'application/x-yaml' }),
  ];
  for (const { status, text, data, headers } of answers) {
    assert.equal(status, 201, text);
    assert.match(data.id, ID);
    assert.match(data.slug, /^from-/);
    assert.deepEqual([data.status, data.version, data.publishedVersion], ['draft', 1, null]);
    assert.match(data.createdAt, ISO);
    assert.equal(headers.get('location'), `https://windrow.example/base/v1/workflows/${data.id}`);
    assert.deepEqual((await server.get(`/v1/workflows/${data.id}`)).data, data);
    assert.deepEqual((await server.get(`/v1/workflows/${data.slug}`)).data, data);
  }
});

test('publishing makes it active', async () => {
  const { data } = await server.post('/v1/workflows?publish=true', pure('Active'), {
    type: 'text/yaml',
  });
  assert.deepEqual([data.status, data.version, data.publishedVersion], ['active', 1, 1]);
  const draft = await server.post('/v1/workflows?publish=false', pure('Draft'), {
    type: 'text/yaml',
  });
  assert.equal(draft.data.status, 'draft');
  assertFails(await server.post(`/v1/workflows/${draft.data.id}/runs`, {}), 409, /published/);
  assertFails(
    await server.post('/v1/workflows?publish=maybe', pure('Maybe'), { type: 'text/yaml' }),
    400,
    /publish: expected true or false/,
  );
});

test('every problem of a workflow is told with its place', async () => {
  const answer = await server.post(
    '/v1/workflows',
    `name: Wrong
steps:
  - { id: a, type: transfrom }
  - { id: b, type: filter, config: { where: ".item.x >" } }
unknown: 1
`,
    { type: 'text/yaml' },
  );
  assertFails(answer, 400, /^the workflow has \d+ problems$/);
  const { problems } = answer.json;
  assert.ok(problems.length >= 3, answer.text);
  const type = problems.find((problem) => problem.path === 'steps[0].type');
  assert.deepEqual([type.line, type.nearest], [3, 'transform']);
  assert.ok(problems.some((problem) => problem.path === 'steps[1].config.where'));
  for (const { line, column, path, message } of problems) {
    assert.ok(line > 0 && column > 0);
    assert.equal(typeof path, 'string');
    assert.equal(typeof message, 'string');
  }
});

test('a workflow that says it is JSON has to be JSON', async () => {
  const answer = await server.post('/v1/workflows', 'name: x\n');
  assertFails(answer, 400, /problem/);
  assert.deepEqual([answer.json.problems[0].line, answer.json.problems[0].column], [1, 1]);
});

test('a slug is there once', async () => {
  await server.publish(pure('Once'));
  assertFails(
    await server.post('/v1/workflows', pure('Once'), { type: 'text/yaml' }),
    409,
    /slug/,
  );
});

test('a run is answered with its record', async () => {
  const workflow = await server.publish(pure('Run'));
  const answer = await server.post(`/v1/workflows/${workflow.id}/runs`, { input: { n: 21 } });
  assert.equal(answer.status, 201, answer.text);
  const { data } = answer;
  assert.match(data.id, ID);
  assert.equal(data.workflowId, workflow.id);
  assert.ok(['queued', 'completed'].includes(data.status));
  assert.deepEqual(data.input, { n: 21 });
  assert.equal(
    answer.headers.get('location'),
    `https://windrow.example/base/v1/workflow-runs/${data.id}`,
  );
  const end = await server.reachEnd(data.id);
  assert.deepEqual([end.status, end.output, end.error], ['completed', { doubled: 42 }, null]);
  assert.deepEqual([end.version, end.generation, end.trigger], [1, 1, 'api']);
  assert.match(end.createdAt, ISO);
  assert.match(end.completedAt, ISO);
});

test('a run needs no body, and takes one without input', async () => {
  const workflow = await server.publish('name: Bare\nsteps:\n  - { type: set, config: { fields: { x: 1 } } }\n');
  const path = `/v1/workflows/${workflow.id}/runs`;
  for (const body of [undefined, '{}', '{"input": {}}', '{"input": null}', ' {"input":{}}\n']) {
    const { status, text, data } = await server.post(path, body);
    assert.equal(status, 201, text);
    assert.deepEqual(data.input, {});
  }
  const typed = await server.ask('POST', path, { headers: { 'content-type': 'application/json' } });
  assert.equal(typed.status, 201);
});

test('ids are accepted in every form', async () => {
  const workflow = await server.publish(pure('Forms'));
  const { id } = await server.begin(workflow, { n: 1 });
  const run = await server.reachEnd(id);
  for (const form of [id, id.toUpperCase(), `wf_${id}`])
    assert.deepEqual((await server.get(`/v1/workflow-runs/${form}`)).data, run, form);
  for (const form of [workflow.id, `wf_${workflow.id}`, workflow.slug])
    assert.equal((await server.post(`/v1/workflows/${form}/runs`, { input: { n: 1 } })).status, 201);
  for (const form of ['x', id.slice(1), `${id}0`, `0${id.slice(1)}`, '%00', '%2e%2e'])
    assert.ok([400, 404].includes((await server.get(`/v1/workflow-runs/${form}`)).status), form);
});

test('bodies that are not right', async () => {
  const workflow = await server.publish(pure('Bodies'));
  const path = `/v1/workflows/${workflow.id}/runs`;
  const table = [
    ['{"input": {"n": 1}', /line 1, column 19/],
    ['{"input":\n {"n": 01}}', /line 2, column/],
    ['{"input": {}} x', /line 1, column 15/],
    ['{"input": {}, "input": {}}', /line 1/],
    ['[]', /expected object, found an array/],
    ['"text"', /expected object, found "text"/],
    ['{"imput": {}}', /unknown key "imput".*did you mean "input"/],
    ['{"steps": []}', /unknown key "steps".*input/],
    ['{"input": {}, "graph": {}}', /unknown key "graph"/],
    ['{"input": []}', /input: expected null or object, found an array/],
    ['{"input": 7}', /input: expected null or object, found 7/],
    ['{"input": {"n": "\\ud800"}}', /line 1, column/],
    ['[' .repeat(300) + ']'.repeat(300), /line 1/],
  ];
  for (const [body, words] of table) assertFails(await server.post(path, body), 400, words);
});

test('content types that are not right', async () => {
  const workflow = await server.publish(pure('Types'));
  const path = `/v1/workflows/${workflow.id}/runs`;
  const body = '{"input": {"n": 1}}';
  for (const type of ['application/json', 'Application/JSON; Charset="UTF-8"', 'text/json',
    'application/vnd.api+json'])
    assert.equal((await server.post(path, body, { type })).status, 201, type);
  for (const type of ['text/plain', 'text/yaml', 'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x', 'application/json; charset=utf-16', 'json', 'application/json+x'])
    assertFails(await server.post(path, body, { type }), 415, /application\/json/);
  assertFails(
    await server.post(path, body, { headers: { 'content-encoding': 'gzip' } }),
    415,
    /compressed/,
  );
  assertFails(
    await server.post('/v1/workflows', pure('Form'), { type: 'multipart/form-data; boundary=x' }),
    415,
    /yaml/,
  );
  const two = await server.raw(
    `POST ${path} HTTP/1.1\r\nx-api-key: ${server.key.apiKey}\r\n` +
      'Content-Type: application/json\r\nContent-Type: text/plain',
    body,
  );
  assert.equal(two.status, 400);
});

test('bodies that are too large', async () => {
  const workflow = await server.publish(pure('Large'));
  const body = JSON.stringify({ input: { text: 'x'.repeat(9 << 20) } });
  await assert.doesNotReject(async () => {
    const answer = await server.post(`/v1/workflows/${workflow.id}/runs`, body).catch(() => null);
    assert.ok(answer === null || answer.status === 413, 'the server may close before all is sent');
  });
  const large = JSON.stringify({ input: { n: 1, text: 'x'.repeat(1 << 20) } });
  const { status, data } = await server.post(`/v1/workflows/${workflow.id}/runs`, large);
  assert.equal(status, 201);
  const run = await server.reachEnd(data.id);
  assert.equal(run.input.text.length, 1 << 20);
});

test('what is not there is not found', async () => {
  const id = '507f1f77bcf86cd799439011';
  const table = [
    ['GET', `/v1/workflows/${id}`],
    ['GET', '/v1/workflows/no-such-slug'],
    ['GET', `/v1/workflows/${id}/runs`],
    ['POST', `/v1/workflows/${id}/runs`],
    ['GET', `/v1/workflow-runs/${id}`],
    ['GET', `/v1/workflow-runs/${id}/items`],
    ['POST', `/v1/workflow-runs/${id}/retry`],
    ['POST', `/v1/workflow-runs/${id}/rerun`],
    ['POST', `/v1/workflow-runs/${id}/cancel`],
    ['POST', '/webhooks/workflows/no-such-slug'],
  ];
  for (const [method, path] of table) assertFails(await server.ask(method, path), 404, /not found/);
});

// --- lists ----------------------------------------------------------------------------------------

test('lists are paged as Metal pages them', async () => {
  const workflow = await server.publish(pure('Listed'));
  const path = `/v1/workflows/${workflow.id}/runs`;
  const ids = [];
  for (let n = 0; n < 7; n++) ids.push((await server.begin(workflow, { n })).id);
  const list = async (query) => (await server.get(`${path}?${query}`)).data.map((run) => run.id);
  const newest = [...ids].reverse();
  assert.deepEqual([...ids].sort(), ids);
  assert.deepEqual(await list(''), newest);
  assert.deepEqual(await list('limit=3'), newest.slice(0, 3));
  assert.deepEqual(await list('limit=3&page=2'), newest.slice(3, 6));
  assert.deepEqual(await list('limit=3&page=3'), newest.slice(6));
  assert.deepEqual(await list('limit=3&page=4'), []);
  assert.deepEqual(await list(`lt=${ids[4]}&limit=2`), [ids[3], ids[2]]);
  assert.deepEqual(await list('direction=asc'), ids);
  assert.deepEqual(await list('direction=asc&limit=3&page=2'), ids.slice(3, 6));
  assert.deepEqual(await list(`direction=asc&lt=${ids[2]}`), ids.slice(0, 2));
  assert.deepEqual(await list('direction=desc&sort=_id'), newest);
  assert.deepEqual(await list('sort=id&limit=0'), newest.slice(0, 1));
  assert.deepEqual(await list('limit=-5'), newest.slice(0, 1));
  assert.deepEqual(await list('limit=100000'), newest);
  const one = (await server.get(`${path}?limit=1`)).data[0];
  assert.deepEqual(one, (await server.get(`/v1/workflow-runs/${ids[6]}`)).data);
  const other = await server.publish(pure('Not listed'));
  assert.deepEqual((await server.get(`/v1/workflows/${other.id}/runs`)).json, { data: [] });
});

test('workflows are listed', async () => {
  const first = await server.publish(pure('Listed one'));
  const second = await server.publish(pure('Listed two'));
  const { json } = await server.get('/v1/workflows?limit=2');
  assert.deepEqual(json, { data: [second, first] });
  const { data } = await server.get(`/v1/workflows?lt=${second.id}&limit=1`);
  assert.deepEqual(data, [first]);
  assert.equal((await server.get('/v1/workflows?direction=asc&limit=1')).data.length, 1);
});

test('list parameters that are not right', async () => {
  const table = [
    ['sort=createdAt', /sort/],
    ['direction=up', /direction/],
    ['page=0', /page/],
    ['page=101', /page/],
    ['page=x', /page: expected a whole number/],
    ['limit=ten', /limit: expected a whole number/],
    ['limit=', /limit/],
    ['limit=99999999999999999999', /limit/],
    ['lt=x', /lt/],
    ["lt=' or 1=1 --", /lt/],
  ];
  for (const [query, words] of table)
    assertFails(await server.get(`/v1/workflows?${query}`), 400, words);
});

test('a page that would be too large is refused, a smaller one is not', async () => {
  const workflow = await server.publish(`
name: Heavy
steps:
  - { id: size, type: transform, config: { expression: ".input.text | length" } }
`);
  const body = JSON.stringify({ input: { text: 'x'.repeat(8_000_000) } });
  for (let n = 0; n < 9; n++)
    assert.equal((await server.post(`/v1/workflows/${workflow.id}/runs`, body)).status, 201);
  const path = `/v1/workflows/${workflow.id}/runs`;
  assertFails(await server.get(path), 422, /larger than \d+ bytes/);
  assert.equal((await server.get(`${path}?limit=2`)).data.length, 2);
});

// --- moves ----------------------------------------------------------------------------------------

test('a run is cancelled, once and again', async () => {
  const workflow = await server.publish(waiting('Cancelled'));
  const { id } = await server.begin(workflow, {});
  await server.reach(id, 'running');
  const first = await server.post(`/v1/workflow-runs/${id}/cancel`);
  assert.equal(first.status, 200, first.text);
  assert.equal(first.data.status, 'cancelled');
  assert.match(first.data.completedAt, ISO);
  const again = await server.post(`/v1/workflow-runs/${id}/cancel`, {});
  assert.deepEqual([again.status, again.data], [200, first.data]);
  assert.deepEqual((await server.get(`/v1/workflow-runs/${id}`)).data, first.data);
});

test('a run that waits shows as running, and no end', async () => {
  const workflow = await server.publish(waiting('Waiting'));
  const { id } = await server.begin(workflow, {});
  const run = await server.reach(id, 'running');
  assert.equal(run.completedAt, null);
  assert.equal(run.output, null);
  await server.post(`/v1/workflow-runs/${id}/cancel`);
});

test('moves that the state does not allow', async () => {
  const done = await server.begin(await server.publish(pure('Done')), { n: 1 });
  await server.reachEnd(done.id);
  assertFails(await server.post(`/v1/workflow-runs/${done.id}/cancel`), 409, /completed/);
  assertFails(await server.post(`/v1/workflow-runs/${done.id}/retry`), 409, /completed/);
  const open = await server.begin(await server.publish(waiting('Open')), {});
  await server.reach(open.id, 'running');
  assertFails(await server.post(`/v1/workflow-runs/${open.id}/retry`), 409, /retry/);
  await server.post(`/v1/workflow-runs/${open.id}/cancel`);
});

test('bodies of moves that are not right', async () => {
  const { id } = await server.begin(await server.publish(pure('Moves')), { n: 1 });
  await server.reachEnd(id);
  for (const move of ['retry', 'rerun', 'cancel']) {
    assertFails(await server.post(`/v1/workflow-runs/${id}/${move}`, '{"verison": 1}'), 400, /verison/);
    assertFails(await server.post(`/v1/workflow-runs/${id}/${move}`, '['), 400, /line 1/);
    assertFails(
      await server.post(`/v1/workflow-runs/${id}/${move}`, '{}', { type: 'text/plain' }),
      415,
      /json/,
    );
  }
  assertFails(
    await server.post(`/v1/workflow-runs/${id}/retry`, { version: 'latest' }),
    400,
    /pinned.*newest/,
  );
});

test('rerun is a new run with the same input', async () => {
  const { id } = await server.begin(await server.publish(pure('Again')), { n: 4 });
  const first = await server.reachEnd(id);
  const answer = await server.post(`/v1/workflow-runs/${id}/rerun`);
  assert.equal(answer.status, 201, answer.text);
  assert.notEqual(answer.data.id, id);
  const second = await server.reachEnd(answer.data.id);
  assert.deepEqual([second.input, second.output], [first.input, first.output]);
  assert.equal(second.trigger, 'rerun');
  assert.equal(second.generation, 1);
});

// --- items ----------------------------------------------------------------------------------------

test('the items of a run', async () => {
  const { id } = await server.begin(await server.publish(pure('Items')), { n: 4 });
  await server.reachEnd(id);
  const { status, text, data } = await server.get(`/v1/workflow-runs/${id}/items`);
  assert.equal(status, 200, text);
  assert.equal(data.length, 1);
  assert.equal(data[0].state, 'completed');
  assert.equal(data[0].steps.double.value, 8);
  const items = (query) => server.get(`/v1/workflow-runs/${id}/items?${query}`);
  assert.deepEqual((await items('state=failed')).data, []);
  assert.equal((await items('state=completed&limit=5&from=0')).data.length, 1);
  assertFails(await items('state=done'), 400, /state/);
  assertFails(await items('from=-1'), 400, /from/);
  assertFails(await items('limit=x'), 400, /limit/);
  assertFails(await items('table=nowhere'), 404, /./);
});

// --- webhooks -------------------------------------------------------------------------------------

const hooked = (name, triggers) => `
name: ${name}
triggers: ${triggers}
steps:
  - { id: seen, type: set, config: { fields: { got: "{{input}}" } } }
`;

test('an open webhook starts runs without a key; any JSON is the input', async () => {
  const { slug } = await server.publish(hooked('Open hook', '{ webhook: { auth: none } }'));
  const inputs = ['{"companyId":"7"}', '[1, 2]', '"text"', '7', 'null', 'true', '{}'];
  for (const input of inputs) {
    const answer = await server.post(`/webhooks/workflows/${slug}`, input, { key: null });
    assert.equal(answer.status, 201, answer.text);
    assert.match(answer.data.id, ID);
    assert.equal(answer.data.output, undefined, 'a stranger does not learn what came out');
    const run = await server.reachEnd(answer.data.id);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    assert.deepEqual([run.trigger, run.input], ['webhook', JSON.parse(input)]);
    assert.deepEqual(run.output, { got: JSON.parse(input) });
  }
  const bare = await server.ask('POST', `/webhooks/workflows/${slug}`, { key: null });
  assert.equal(bare.status, 201);
  assert.deepEqual((await server.reachEnd(bare.data.id)).input, {});
});

test('an input schema holds for webhooks too', async () => {
  const yaml = hooked('Strict hook', '{ webhook: { auth: none } }').replace(
    'steps:',
    'input: { type: object, required: [id] }\nsteps:',
  );
  const { slug } = await server.publish(yaml);
  const send = (body) => server.post(`/webhooks/workflows/${slug}`, body, { key: null });
  assertFails(await send('{}'), 400, /id/);
  assertFails(await send('[]'), 400, /object/);
  assert.equal((await send('{"id": 1}')).status, 201);
});

test('webhooks that are not open', async () => {
  const closed = await server.publish(pure('No hook'));
  const signed = await server.publish(hooked('Signed hook', '{ webhook: { auth: standard } }'));
  const unsaid = await server.publish(hooked('Unsaid hook', '{ webhook: {} }'));
  const draft = await server.post('/v1/workflows', hooked('Draft hook', '{ webhook: { auth: none } }'), {
    type: 'text/yaml',
  });
  const send = (name, body = '{}') => server.post(`/webhooks/workflows/${name}`, body, { key: null });
  assertFails(await send(closed.slug), 404, /not found/);
  assertFails(await send(signed.slug), 401, /webhook-signature/);
  assertFails(await send(unsaid.slug), 401, /webhook-signature/);
  assertFails(await send(draft.data.slug), 404, /not found/);
  assertFails(await send('nobody'), 404, /not found/);
});

test('a webhook is addressed by its slug, and reads its body strictly', async () => {
  const workflow = await server.publish(hooked('Exact hook', '{ webhook: { auth: none } }'));
  const send = (name, body, type) =>
    server.post(`/webhooks/workflows/${name}`, body, { key: null, type });
  assertFails(await send(workflow.id, '{}'), 404, /not found/);
  assertFails(await send(workflow.slug, '{"a":'), 400, /line 1, column/);
  assertFails(await send(workflow.slug, 'a: 1', 'application/yaml'), 415, /json/);
});

test('many requests at once are all answered', async () => {
  const workflow = await server.publish(pure('Many'));
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, n) => server.begin(workflow, { n })),
  );
  assert.equal(new Set(answers.map((run) => run.id)).size, 200);
  await until(async () => {
    const { data } = await server.get(`/v1/workflows/${workflow.id}/runs?limit=1000`);
    return data.length === 200 && data.every((run) => run.output?.doubled === run.input.n * 2);
  }, 'all to be completed');
});
