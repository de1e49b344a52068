// The AI Tutor API: what its clients send and are answered, field by field.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startServer, until } from './server.mjs';
import { startSpeaker } from './speaker.mjs';
import { startStub } from './stub.mjs';

const UNAUTHORIZED = {
  error: 'Unauthorized. Please provide a valid secret key.',
  success: false,
};
const FAILED = { error: 'Failed to run workflow', success: false, code: 'internal_server_error' };
const BROKE = {
  error: 'No credits remaining. Please add credits to continue using the service.',
  success: false,
  code: 'invalid_billing',
};

let folder;
let server;
let speaker;
let stub;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-tutor-'));
  stub = await startStub();
  speaker = await startSpeaker();
  const config = join(folder, 'models.yaml');
  await writeFile(config, `providers:\n  live: { base_url: ${speaker.url} }\n`);
  server = await startServer('--allow', '127.0.0.1', '--config', config);
});
after(async () => {
  await server?.close();
  await stub?.close();
  await speaker?.close();
  await rm(folder, { recursive: true, force: true });
});

const bearer = (key) => ({ Authorization: `Bearer ${key ?? server.key.apiKey}` });

/** A request as a client of that API sends it; the answer as it reads it. */
async function call(method, path, { body, headers = bearer() } = {}) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, headers: answer.headers, text, json };
}
const run = (id, body, headers) => call('POST', `/api/v1/run/${id}`, { body, headers });

/** The latest run of the workspace. */
const newest = async () => (await server.get('/v1/workflow-runs?limit=1')).data[0];

const letter = (extra = '') => `
name: Letter
input:
  type: object
  required: [name, topic]
  properties: { name: { type: string }, topic: { type: string } }
steps:
  - { id: write, type: set, config: { fields: { text: "Dear {{input.name}}, about {{input.topic}}" } } }
${extra}`;
let made = 0;
const publish = (text) => server.publish(text.replace(/^name: .*$/m, `name: Tutor ${++made}`));

test('a run answers the text: success and result, and no citations without pages', async () => {
  const workflow = await publish(letter());
  for (const id of [`wf_${workflow.id}`, workflow.id]) {
    const answer = await run(id, { name: 'Ann', topic: 'nuts' });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.entries(answer.json), [['success', true], ['result', 'Dear Ann, about nuts']]);
    assert.equal(answer.headers.get('content-type'), 'application/json');
  }
});

test('rate headers are always there, 1000000 without a limit', async () => {
  const workflow = await publish(letter());
  const good = await run(workflow.id, { name: 'Ann', topic: 'nuts' });
  const bad = await run(workflow.id, {});
  for (const answer of [good, bad]) {
    assert.equal(answer.headers.get('x-ratelimit-limit'), '1000000');
    assert.equal(answer.headers.get('x-ratelimit-remaining'), '1000000');
  }
});

test('with a limit the headers count down, and too much is 429', async () => {
  const workflow = await publish(letter());
  const { data: key } = await server.post('/v1/keys', {
    name: 'slow', scopes: ['run'], limits: { rate: '2/h', burst: 2 },
  });
  const headers = bearer(key.apiKey);
  for (const left of ['1', '0']) {
    const answer = await run(workflow.id, { name: 'Ann', topic: 'nuts' }, headers);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('x-ratelimit-limit'), '2');
    assert.equal(answer.headers.get('x-ratelimit-remaining'), left);
  }
  const much = await run(workflow.id, { name: 'Ann', topic: 'nuts' }, { ...headers, 'x-user-id': 'another' });
  assert.equal(much.status, 429);
  assert.deepEqual(much.json, { error: 'Rate limit exceeded', success: false });
  assert.equal(much.headers.get('x-ratelimit-remaining'), '0');
  assert.ok(Number(much.headers.get('retry-after')) > 0);
});

test('a variable that is missing or null is named; any other input of the body is let be', async () => {
  const workflow = await publish(letter());
  for (const [body, name] of [[{}, 'name'], [{ name: 'Ann' }, 'topic'], [{ name: null, topic: 'x' }, 'name'], [undefined, 'name']]) {
    const answer = await run(workflow.id, body);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json, { error: `Missing input: ${name}`, success: false, code: 'missing_input' });
  }
  const more = await run(workflow.id, { name: 'Ann', topic: 'nuts', colour: 'red' });
  assert.equal(more.status, 200, more.text);
});

test('a body that is no object, or does not fit the schema, is 400 in this form', async () => {
  const workflow = await publish(letter());
  for (const body of ['{', '[]', '"x"', 'null', '{"name": 1, "topic": "x"}']) {
    const answer = await run(workflow.id, body);
    assert.equal(answer.status, 400, body);
    assert.deepEqual(Object.keys(answer.json), ['error', 'success', 'code']);
    assert.equal(answer.json.success, false);
    assert.equal(answer.json.code, 'invalid_request');
  }
});

test('any content type is read as JSON', async () => {
  const workflow = await publish(letter());
  for (const type of ['text/plain', 'application/json; charset=utf-8']) {
    const answer = await run(workflow.id, { name: 'Ann', topic: 'nuts' }, { ...bearer(), 'Content-Type': type });
    assert.equal(answer.status, 200, answer.text);
  }
});

test('no key, a wrong key, another scheme: 401 without a code', async () => {
  const workflow = await publish(letter());
  for (const headers of [{}, bearer('sk_wrong'), { Authorization: `Basic ${server.key.apiKey}` }, { Authorization: 'Bearer ' }]) {
    const answer = await run(workflow.id, { name: 'Ann', topic: 'nuts' }, headers);
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.json, UNAUTHORIZED);
  }
});

test('any of the key headers of the others is taken', async () => {
  const workflow = await publish(letter());
  for (const name of ['x-api-key', 'x-metal-api-key']) {
    const answer = await run(workflow.id, { name: 'Ann', topic: 'nuts' }, { [name]: server.key.apiKey });
    assert.equal(answer.status, 200);
  }
});

test('a key without the scope to run is refused', async () => {
  const workflow = await publish(letter());
  const { data: key } = await server.post('/v1/keys', { name: 'reader', scopes: ['read'] });
  const answer = await run(workflow.id, { name: 'Ann', topic: 'x' }, bearer(key.apiKey));
  assert.equal(answer.status, 403);
  assert.deepEqual(Object.keys(answer.json), ['error', 'success']);
  assert.equal(answer.json.success, false);
});

test('unknown, unpublished, archived and foreign workflows: 404', async () => {
  const draft = await server.post('/v1/workflows', letter().replace('Letter', 'Tutor draft'), { type: 'text/yaml' });
  const old = await publish(letter());
  await server.post(`/v1/workflows/${old.id}/archive`, {});
  const other = await server.post('/v1/workspaces', { name: 'Other' });
  const foreign = await publish(letter());
  const stranger = bearer(other.data.key.apiKey);
  const asked = [
    ['wf_abc123', bearer()], [draft.data.id, bearer()], [old.id, bearer()], [foreign.id, stranger],
  ];
  for (const [id, headers] of asked) {
    const answer = await run(id, { name: 'Ann', topic: 'nuts' }, headers);
    assert.equal(answer.status, 404, `${id}: ${answer.text}`);
    assert.deepEqual(answer.json, { error: 'Workflow not found', success: false });
  }
});

test('a run that fails is 500, whatever the reason', async () => {
  const workflow = await publish(`
name: Fails
steps:
  - { id: get, type: http_request, config: { url: "${stub.url}/status/404" }, retry: { attempts: 1 } }
`);
  const answer = await run(workflow.id, {});
  assert.equal(answer.status, 500);
  assert.deepEqual(answer.json, FAILED);
  assert.equal((await newest()).status, 'failed');
});

test('a run that is cancelled is 500', async () => {
  const workflow = await publish(`
name: Hangs
steps:
  - { id: get, type: http_request, config: { url: "${stub.url}/hang" } }
`);
  const answer = run(workflow.id, {});
  const { id } = await until(async () => {
    const last = await newest();
    return last.workflowId === workflow.id || last.workflow?.id === workflow.id ? last : null;
  }, 'the run');
  await server.post(`/v1/workflow-runs/${id}/cancel`, {});
  assert.equal((await answer).status, 500);
  assert.deepEqual((await answer).json, FAILED);
});

test('who closes the connection cancels the run', async () => {
  const workflow = await publish(`
name: Hangs
steps:
  - { id: get, type: http_request, config: { url: "${stub.url}/hang" } }
`);
  const abort = new AbortController();
  const gone = fetch(`${server.url}/api/v1/run/${workflow.id}`, {
    method: 'POST', headers: bearer(), body: '{}', signal: abort.signal,
  }).catch((error) => error.name);
  const { id } = await until(async () =>
    (await server.get(`/v1/workflows/${workflow.id}/runs`)).data[0], 'the run');
  abort.abort();
  assert.equal(await gone, 'AbortError');
  assert.equal((await server.reachEnd(id)).status, 'cancelled');
});

test('a run may take 300 seconds', async () => {
  const workflow = await publish(letter());
  await run(workflow.id, { name: 'Ann', topic: 'nuts' });
  const [{ deadline, createdAt }] = (await server.get(`/v1/workflows/${workflow.id}/runs`)).data;
  const may = Date.parse(deadline) - Date.parse(createdAt);
  assert.ok(may >= 300_000 && may < 360_000, deadline);
});

test('what other workflows give as a result: text, the text of a model, or JSON', async () => {
  const table = [
    ['"{{input.a}} and {{input.b}}"', '1 and x'],
    ['{ text: "just {{input.b}}" }', 'just x'],
    ['{ result: "it is {{input.b}}", more: 7 }', 'it is x'],
    ['{ text: "y", more: "{{input.a}}" }', '{"text":"y","more":1}'],
    ['["{{input.a}}", 2]', '[1,2]'],
    ['"{{input.a}}"', '1'],
    ['{ n: 1, citations: [] }', '{"n":1}'],
  ];
  for (const [output, wanted] of table) {
    const workflow = await publish(`
name: Shapes
steps: [{ id: s, type: set, config: { fields: { z: 1 } } }]
output: ${output}
`);
    const answer = await run(workflow.id, { a: 1, b: 'x' });
    assert.deepEqual(answer.json, { success: true, result: wanted }, output);
  }
});

test('citations are the addresses of the pages, each once', async () => {
  const workflow = await publish(`
name: Pages
steps:
  - id: answer
    type: ai_generate
    config:
      prompt: "When was Bolt AG founded, and where?"
      sources: [{ page: "{{input.page}}" }]
`);
  const page = `${stub.url}/page?title=Bolt&text=${encodeURIComponent('Bolt AG makes nuts. Bolt AG was founded in 1923 in Bonn.')}`;
  const answer = await run(workflow.id, { page });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['success', 'result', 'citations']);
  assert.match(answer.json.result, /1923/);
  assert.deepEqual(answer.json.citations, [page]);
});

test('without credits it is 402, before the workflow is looked for', async () => {
  const other = await server.post('/v1/workspaces', { name: 'Poor' });
  await server.post('/v1/credits', { workspaceId: other.data.id, set: 0 });
  const answer = await run('wf_abc123', {}, bearer(other.data.key.apiKey));
  assert.equal(answer.status, 402, answer.text);
  assert.deepEqual(answer.json, BROKE);
});

test('chat is not here and says so; other paths and methods are faults of this form', async () => {
  const chat = await call('POST', '/api/v1/chat/token', { body: { chatbotId: 'x', sessionId: 'y' } });
  const talk = await call('POST', '/api/v1/chat/tok/stream', { body: { messages: [] }, headers: {} });
  for (const answer of [chat, talk]) {
    assert.equal(answer.status, 501);
    assert.deepEqual(Object.keys(answer.json), ['error', 'success', 'code']);
    assert.equal(answer.json.code, 'not_implemented');
    assert.match(answer.json.error, /\/api\/v1\/run/);
  }
  for (const [method, path, status] of [
    ['GET', '/api/v1/run/wf_x', 405], ['POST', '/api/v1/run', 404], ['POST', '/api/v1/run/a/b', 404],
    ['POST', '/api/v1/run/a/b/c', 404], ['GET', '/api/v1/zapier/me', 404],
  ]) {
    const answer = await call(method, path);
    assert.equal(answer.status, status, path);
    assert.deepEqual(Object.keys(answer.json), ['error', 'success']);
    assert.equal((await call(method, path, { headers: {} })).status, 401, path);
  }
});

test('an Idempotency-Key says nothing here', async () => {
  const workflow = await publish(letter());
  const headers = { ...bearer(), 'Idempotency-Key': 'the same' };
  await run(workflow.id, { name: 'Ann', topic: 'nuts' }, headers);
  const answer = await run(workflow.id, { name: 'Bob', topic: 'nuts' }, headers);
  assert.equal(answer.json.result, 'Dear Bob, about nuts');
});

// --- tokens and streams ---

const spoken = (config = '', more = '') => `
name: Spoken
input: { type: object, required: [topic], properties: { topic: { type: string } } }
steps:
  - id: say
    type: ai_generate
    config: { model: live/one, prompt: "About {{input.topic}}"${config} }
    retry: { attempts: 1 }
${more}`;

const token = async (query = '') => (await call('GET', `/api/v1/token${query}`)).json.token;

/** A stream as a page in a browser opens it: the token, no key. */
async function stream(id, body, query) {
  const shown = query ?? `?token=${await token()}`;
  const answer = await fetch(`${server.url}/api/v1/run/${id}/stream${shown}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  const seen = { answer, text: '', isBroken: false };
  seen.done = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of answer.body) seen.text += decoder.decode(bytes, { stream: true });
  })().catch(() => { seen.isBroken = true; });
  return seen;
}

/** The call of the model that a stream has caused. */
async function nextCall() {
  const count = speaker.calls.length;
  return until(() => speaker.calls[count], 'a call of the model');
}

test('a token: success, token and ttl, 60 seconds unless asked for otherwise', async () => {
  for (const [query, ttl] of [['', 60], ['?ttl=1', 1], ['?ttl=300', 300], ['?ttl=', 60]]) {
    const answer = await call('GET', `/api/v1/token${query}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(Object.keys(answer.json), ['success', 'token', 'ttl']);
    assert.match(answer.json.token, /^pub_tok_[\w-]{43}$/);
    assert.deepEqual([answer.json.success, answer.json.ttl], [true, ttl]);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
  }
  for (const query of ['?ttl=0', '?ttl=301', '?ttl=x', '?ttl=-1']) {
    const answer = await call('GET', `/api/v1/token${query}`);
    assert.equal(answer.status, 400);
    assert.deepEqual([answer.json.success, answer.json.code], [false, 'invalid_ttl']);
  }
  const nobody = await call('GET', '/api/v1/token', { headers: {} });
  assert.deepEqual([nobody.status, nobody.json], [401, UNAUTHORIZED]);
});

test('a token without credits is 402', async () => {
  const other = await server.post('/v1/workspaces', { name: 'Poor too' });
  await server.post('/v1/credits', { workspaceId: other.data.id, set: 0 });
  const answer = await call('GET', '/api/v1/token', { headers: bearer(other.data.key.apiKey) });
  assert.deepEqual([answer.status, answer.json], [402, BROKE]);
});

/** A stream whose model speaks until its words come, and goes on when told: who begins to listen is
 * told what was said before with the next words. */
async function listen(workflow) {
  const opening = stream(workflow.id, { topic: 'nuts' });
  const model = await nextCall();
  let said = '';
  const say = (text) => {
    model.say(text);
    said += text;
  };
  const timer = setInterval(() => say('Grüße, '), 20);
  const seen = await opening;
  clearInterval(timer);
  await until(() => seen.text === said, 'the first words, while the model still speaks');
  return { seen, model, say, said: () => said };
}

test('a stream brings the text as the model says it, plain, with CORS', async () => {
  const { seen, model, say, said } = await listen(await publish(spoken()));
  assert.equal(seen.answer.status, 200);
  assert.equal(seen.answer.headers.get('content-type'), 'text/plain; charset=utf-8');
  assert.equal(seen.answer.headers.get('access-control-allow-origin'), '*');
  assert.equal(seen.answer.headers.get('x-ratelimit-limit'), '1000000');
  say('dear nuts.');
  await until(() => seen.text === said(), 'more words');
  model.end();
  await seen.done;
  assert.deepEqual([seen.text, seen.isBroken], [said(), false]);
});

test('a token is good once, also when the stream is refused', async () => {
  const workflow = await publish(letter());
  const used = `?token=${await token()}`;
  const first = await stream(workflow.id, {}, used);
  assert.equal(first.answer.status, 400);
  assert.equal(first.answer.headers.get('access-control-allow-origin'), '*');
  const again = await call('POST', `/api/v1/run/${workflow.id}/stream${used}`, { body: { name: 'a', topic: 'b' }, headers: {} });
  assert.deepEqual([again.status, again.json], [401, UNAUTHORIZED]);
  assert.equal(again.headers.get('access-control-allow-origin'), '*');
});

test('wrong, missing, late and foreign tokens are 401', async () => {
  const workflow = await publish(letter());
  const body = { name: 'Ann', topic: 'nuts' };
  const late = await token('?ttl=1');
  for (const query of ['', '?token=', '?token=pub_tok_x', `?token=pub_tok_${'a'.repeat(43)}`, `?token=${(await token()).slice(8)}`]) {
    const answer = await call('POST', `/api/v1/run/${workflow.id}/stream${query}`, { body, headers: {} });
    assert.deepEqual([answer.status, answer.json], [401, UNAUTHORIZED], query);
  }
  const asked = Date.now();
  await until(() => Date.now() - asked > 1100, 'the token to be over');
  const answer = await call('POST', `/api/v1/run/${workflow.id}/stream?token=${late}`, { body, headers: {} });
  assert.equal(answer.status, 401);
  const other = await server.post('/v1/workspaces', { name: 'Elsewhere' });
  const theirs = await call('GET', '/api/v1/token', { headers: bearer(other.data.key.apiKey) });
  const foreign = await call('POST', `/api/v1/run/${workflow.id}/stream?token=${theirs.json.token}`, { body, headers: {} });
  assert.deepEqual([foreign.status, foreign.json], [404, { error: 'Workflow not found', success: false }]);
});

test('a token opens nothing when its key is revoked, and nothing but a stream', async () => {
  const workflow = await publish(letter());
  const { data: key } = await server.post('/v1/keys', { name: 'short', scopes: ['run'] });
  const mine = (await call('GET', '/api/v1/token', { headers: bearer(key.apiKey) })).json.token;
  for (const path of [`/api/v1/run/${workflow.id}`, '/api/v1/token', '/v1/workflows']) {
    const answer = await call(path.includes('run') ? 'POST' : 'GET', `${path}?token=${mine}`, { headers: {} });
    assert.equal(answer.status, 401, path);
    assert.equal((await call('GET', '/v1/workflows', { headers: bearer(mine) })).status, 401);
  }
  const gone = await server.ask('DELETE', `/v1/keys/${key.clientId}`);
  assert.equal(gone.status, 200, gone.text);
  const answer = await call('POST', `/api/v1/run/${workflow.id}/stream?token=${mine}`, { body: { name: 'a', topic: 'b' }, headers: {} });
  assert.equal(answer.status, 401);
});

test('OPTIONS of a stream answers {} to anybody', async () => {
  const answer = await call('OPTIONS', '/api/v1/run/wf_abc123/stream', { headers: { Origin: 'https://page.example' } });
  assert.equal(answer.status, 200);
  assert.equal(answer.text, '{}');
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  assert.equal(answer.headers.get('access-control-allow-methods'), 'POST, OPTIONS');
  assert.equal(answer.headers.get('access-control-allow-headers'), '*');
});

test('faults before the first byte are JSON: a model that fails', async () => {
  const workflow = await publish(spoken());
  const [seen] = await Promise.all([
    stream(workflow.id, { topic: 'nuts' }),
    nextCall().then((model) => model.cut()),
  ]);
  await seen.done;
  assert.equal(seen.answer.status, 500);
  assert.equal(seen.answer.headers.get('content-type'), 'application/json');
  assert.deepEqual(JSON.parse(seen.text), FAILED);
});

test('a model that breaks off after its first words: the stream breaks too', async () => {
  const { seen, model, said } = await listen(await publish(spoken()));
  model.cut();
  await seen.done;
  assert.deepEqual([seen.text, seen.isBroken], [said(), true]);
});

test('a result that is not what the model says is sent when it is there', async () => {
  const workflow = await publish(spoken('', 'output: "All: {{steps.say.text}}"\n'));
  const [seen] = await Promise.all([
    stream(workflow.id, { topic: 'nuts' }),
    nextCall().then((model) => { model.say('nuts'); model.end(); }),
  ]);
  await seen.done;
  assert.deepEqual([seen.answer.status, seen.text, seen.isBroken], [200, 'All: nuts', false]);
  const pure = await publish(letter());
  const whole = await stream(pure.id, { name: 'Ann', topic: 'nuts' });
  await whole.done;
  assert.deepEqual([whole.text, whole.answer.headers.get('content-type')],
    ['Dear Ann, about nuts', 'text/plain; charset=utf-8']);
});

test('who leaves a stream cancels its run', async () => {
  const workflow = await publish(spoken());
  const abort = new AbortController();
  const gone = fetch(`${server.url}/api/v1/run/${workflow.id}/stream?token=${await token()}`,
    { method: 'POST', body: '{"topic":"nuts"}', signal: abort.signal })
    .then((answer) => answer.text()).catch((error) => error.name);
  const model = await nextCall();
  model.say('Well, ');
  const { id } = await until(async () => (await server.get(`/v1/workflows/${workflow.id}/runs`)).data[0], 'the run');
  abort.abort();
  assert.equal(await gone, 'AbortError');
  assert.equal((await server.reachEnd(id)).status, 'cancelled');
});

test('who has the key may stream without a token', async () => {
  const workflow = await publish(letter());
  const answer = await call('POST', `/api/v1/run/${workflow.id}/stream`, { body: { name: 'Ann', topic: 'x' } });
  assert.deepEqual([answer.status, answer.text], [200, 'Dear Ann, about x']);
});

// --- a program that knows nothing of us ---

test('a client program written after the guide: one call, then token and stream', async () => {
  const workflow = await publish(`
name: Planner
input: { type: object, required: [topic, notes] }
steps:
  - id: generate
    type: ai_generate
    config: { model: local/extractive-1, prompt: "How long is {{input.topic}}? {{input.notes}}" }
`);
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('clients/tutor.mjs', import.meta.url))], {
    env: {
      ...process.env,
      AITUTOR_URL: server.url,
      AITUTOR_SECRET_KEY: server.key.apiKey,
      AITUTOR_WORKFLOW_ID: `wf_${workflow.id}`,
    },
  });
  const [ran, streamed, refused] = stdout.trim().split('\n').map((line) => JSON.parse(line));
  assert.match(ran.result, /1,233 kilometres/);
  assert.deepEqual([ran.left, ran.of], [1000000, 1000000]);
  assert.equal(streamed.streamed, ran.result);
  assert.equal(refused.refused, UNAUTHORIZED.error);
});
