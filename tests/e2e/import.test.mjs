// windrow import: workflows as the AI Tutor API exports them, stored and run.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startModel } from './model.mjs';
import { startServer, startServerOn, windrow } from './server.mjs';
import { startStub } from './stub.mjs';

/** What the model was asked. */
const sent = [];
let home;
let model;
let server;
let stub;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'windrow-import-'));
  model = await startModel({ say: (body) => { sent.push(body); return 'It is a thing.'; } });
  stub = await startStub();
  const config = join(home, 'config.yaml');
  await writeFile(config, `providers:\n  stub: { base_url: "${model.url}" }\n`);
  server = await startServer('--allow', '127.0.0.1', '--config', config);
});
after(async () => {
  await server?.close();
  await model?.close();
  await stub?.close();
  await rm(home, { recursive: true, force: true });
});

/** As the export of a live account has it. */
const exported = (more = {}) => ({
  id: 'wf_abcdefghijklmnopqrstuvwx',
  name: 'River facts',
  model: 'local',
  template: 'How long is {{river}}? {{notes}}',
  inputs: [
    { name: 'river', label: 'Which river', type: 'text' },
    { name: 'notes', label: 'Notes', type: 'textarea' },
  ],
  modelSettings: JSON.stringify({ enableWebSearch: false, maxTokens: 1024, temperature: 0.5 }),
  ...more,
});
const NOTES = 'The Rhine is 1,233 kilometres long. It rises in Switzerland.';

let count = 0;
async function bring(file, ...args) {
  const path = join(home, `${++count}.json`);
  await writeFile(path, typeof file === 'string' ? file : JSON.stringify(file));
  return windrow('import', path, '--data', server.data, '--json', ...args);
}

async function run(id, body) {
  const answer = await fetch(`${server.url}/api/v1/run/${id}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${server.key.apiKey}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, json: await answer.json() };
}

const publish = async (file) => {
  const made = await bring(file, '--publish');
  assert.equal(made.code, 0, made.stderr);
  return { ...JSON.parse(made.stdout), notes: made.stderr };
};

test('an export becomes a workflow with an id of its own, and runs', async () => {
  const { id, notes } = await publish(exported());
  assert.match(id, /^wf_[0-9a-f]{24}$/);
  assert.equal(notes, '');
  const answer = await run(id, { river: 'the Rhine', notes: NOTES });
  assert.equal(answer.status, 200);
  assert.match(answer.json.result, /1,233 kilometres/);
  for (const name of ['river', 'notes']) {
    const body = { river: 'the Rhine', notes: NOTES };
    delete body[name];
    assert.deepEqual((await run(id, body)).json,
      { error: `Missing input: ${name}`, success: false, code: 'missing_input' });
  }
  const { data } = await server.get(`/v1/workflows/${id}`);
  assert.equal(data.name, 'River facts');
});

test('without --publish it is there, and does not run', async () => {
  const made = await bring(exported({ name: 'A draft' }));
  const { id } = JSON.parse(made.stdout);
  assert.equal((await run(id, {})).status, 404);
  assert.equal((await server.get(`/v1/workflows/${id}`)).status, 200);
});

test('several of one name stand beside each other', async () => {
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await publish(exported({ name: 'Twins' }))).id);
  assert.equal(new Set(ids).size, 3);
  for (const id of ids) assert.equal((await server.get(`/v1/workflows/${id}`)).data.name, 'Twins');
});

test('without a server the data folder is opened, and made', async () => {
  const path = join(home, 'alone.json');
  const data = join(home, 'alone');
  await writeFile(path, JSON.stringify(exported()));
  const made = await windrow('import', path, '--data', data, '--publish');
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /^wf_[0-9a-f]{24} {2}published\n$/);
  const keys = await windrow('keys', 'create', '--data', data, '--json');
  const other = await startServerOn(data, JSON.parse(keys.stdout));
  try {
    assert.equal((await other.get(`/v1/workflows/${made.stdout.split(' ')[0]}`)).status, 200);
  } finally {
    await other.close();
  }
});

test('a structured output is answered as JSON text, whatever its properties are called', async () => {
  const schema = {
    type: 'object', additionalProperties: false, required: ['length'],
    properties: { length: { type: ['string', 'null'], description: 'kilometres long' }, text: { type: ['string', 'null'] } },
  };
  for (const properties of [schema.properties, { length: schema.properties.length }]) {
    const { id } = await publish(exported({
      name: 'Structured',
      modelSettings: JSON.stringify({ structuredOutputSchema: JSON.stringify({ ...schema, properties }) }),
    }));
    const answer = await run(id, { river: 'the Rhine', notes: NOTES });
    assert.equal(answer.status, 200, JSON.stringify(answer.json));
    assert.equal(typeof answer.json.result, 'string');
    const result = JSON.parse(answer.json.result);
    assert.deepEqual(Object.keys(result).sort(), Object.keys(properties).sort());
  }
});

test('what a model is sent: places filled by exact name, other braces as they are', async () => {
  const { id } = await publish(exported({
    name: 'Braces',
    model: 'stub/m',
    instruction: 'You know {{river}}.',
    template: 'A {{river}}, {{ river }}, {{of course}}, {{#if x}}, {{my-place}} and {{later}}, {{',
    inputs: [{ name: 'river' }, { name: 'my-place' }],
    modelSettings: { temperature: 0.25, maxTokens: 77 },
  }));
  assert.equal((await run(id, { river: 'Rhine', 'my-place': 7 })).json.error, 'Missing input: later');
  const answer = await run(id, { river: 'Rhine', 'my-place': 7, later: 'soon' });
  assert.deepEqual(answer.json, { success: true, result: 'It is a thing.' });
  const body = sent.at(-1);
  assert.deepEqual([body.model, body.temperature], ['m', 0.25]);
  assert.equal(body.max_tokens ?? body.max_completion_tokens, 77);
  assert.equal(body.messages[0].content, 'You know Rhine.');
  assert.equal(body.messages.at(-1).content, 'A Rhine, Rhine, {{of course}}, {{#if x}}, 7 and soon, {{');
});

test('cacheControlTtl: the same body is answered again without asking the model', async () => {
  const before = sent.length;
  const cached = await publish(exported({ name: 'Kept', model: 'stub/m', cacheControlTtl: 60 }));
  const plain = await publish(exported({ name: 'Not kept', model: 'stub/m', cacheControlTtl: 0 }));
  for (let i = 0; i < 3; i++) {
    const answer = await run(cached.id, { river: 'kept', notes: 'x' });
    assert.deepEqual(answer.json, { success: true, result: 'It is a thing.' });
  }
  assert.equal(sent.length - before, 1);
  await run(cached.id, { river: 'another', notes: 'x' });
  assert.equal(sent.length - before, 2);
  for (let i = 0; i < 2; i++) await run(plain.id, { river: 'plain', notes: 'x' });
  assert.equal(sent.length - before, 4);
});

test('a variable of type url is a page that is read and cited', async () => {
  const { id } = await publish(exported({
    name: 'Pages', template: 'How long is the Rhine? {{page}}', inputs: [{ name: 'page', type: 'url' }],
  }));
  const page = `${stub.url}/page?title=Rhine&text=${encodeURIComponent(NOTES)}`;
  const answer = await run(id, { page });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  assert.match(answer.json.result, /1,233/);
  assert.deepEqual(answer.json.citations, [page]);
});

test('what cannot be carried over is said', async () => {
  const { notes } = await publish(exported({
    name: 'Notes', model: 'mystery-9', inputs: [{ name: 'river' }, { name: 'notes', type: 'image' }],
    modelSettings: JSON.stringify({ enableWebSearch: true, topP: 1 }),
  }));
  for (const words of [/model: its provider is not known/, /enableWebSearch/, /topP: is left out/, /image/])
    assert.match(notes, words);
});

test('a file that is none is refused with its place, and nothing is stored', async () => {
  const before = (await server.get('/v1/workflows?limit=1000')).data.length;
  for (const [file, words] of [
    ['{', /line 1/],
    [[], /expected a workflow of n8n .* or the export/],
    [{ steps: [] }, /it is a workflow file as they are here: store it with windrow push/],
    [exported({ name: '' }), /name: expected a text/],
    [exported({ template: '' }), /template: expected a text/],
    [exported({ modelSettings: '{' }), /modelSettings/],
    [exported({ modelSettings: '[]' }), /modelSettings: expected/],
    [exported({ inputs: [{}] }), /inputs\[0\].name/],
    [exported({ cacheControlTtl: -1 }), /cacheControlTtl/],
    [exported({ cacheControlTtl: 'x' }), /cacheControlTtl/],
    [exported({ modelSettings: JSON.stringify({ structuredOutputSchema: '{"type":"nonsense"}' }) }), /output/],
    [exported({ modelSettings: JSON.stringify({ maxTokens: -5 }) }), /max_tokens/],
  ]) {
    const made = await bring(file, '--publish');
    assert.equal(made.code, 1, JSON.stringify(file));
    assert.equal(made.stdout, '');
    assert.match(made.stderr, words);
  }
  assert.equal((await server.get('/v1/workflows?limit=1000')).data.length, before);
  assert.equal((await windrow('import')).code, 2);
  assert.equal((await windrow('import', join(home, 'nowhere.json'), '--data', server.data)).code !== 0, true);
});

test('export gives what was imported, and imports again as the same', async () => {
  const schema = JSON.stringify({ type: 'object', required: ['length'], properties: { length: { type: 'string' } } });
  for (const file of [
    exported({ name: 'Round', instruction: 'Be short, {{river}}.', cacheControlTtl: 90 }),
    exported({
      name: 'Round too', model: 'gpt-4o-mini', template: 'A {{my place}} and {{of course}} {{ {{n}}',
      inputs: [{ name: 'my place', label: 'Where', type: 'url' }, { name: 'n', label: 'How many', type: 'number' }],
      modelSettings: JSON.stringify({ enableWebSearch: false, maxTokens: 10, temperature: 0, structuredOutputSchema: schema }),
    }),
  ]) {
    const { id } = await publish(file);
    const out = await windrow('export', id, '--data', server.data);
    assert.equal(out.code, 0, out.stderr);
    assert.deepEqual(JSON.parse(out.stdout), { ...file, id });
  }
});

test('export says what is no prompt, and what is not there', async () => {
  const workflow = await server.publish('name: Other steps\nsteps: [{ id: a, type: set, config: { fields: { a: 1 } } }]\n');
  const other = await windrow('export', workflow.id, '--data', server.data);
  assert.equal(other.code, 1);
  assert.match(other.stderr, /only a workflow of one step/);
  assert.equal((await windrow('export', 'nothing', '--data', server.data)).code, 1);
});
