// Threats E10, E16 for steps: a workflow of one workspace sees, guesses and steers nothing of another. Generated from the
// schema of workflow files: every field of every step that takes a text, or anything, is given the ids and names that the
// other workspace has. That the same workflows find them at home shows that the test can fail.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';
import { startStub } from './stub.mjs';

/** What must not leave its workspace; no name of a thing has it. */
const SECRET = 'heliotrope';
const AT_ONCE = 16;

let server;
let stub;
let home;
before(async () => {
  stub = await startStub();
  server = await startServer('--allow', '127.0.0.1');
  home = await makeEverything();
});
after(async () => {
  await server?.close();
  await stub?.close();
});

async function make(path, body, options) {
  const made = await server.post(path, body, options);
  assert.ok([200, 201].includes(made.status), `${path}: ${made.text}`);
  return made.data;
}

async function makeEverything() {
  const list = await make('/v1/lists', { name: 'HomeList' });
  await make('/v1/lists/HomeList/rows', { rows: [{ word: SECRET, x: 1 }] });
  const type = await make('/v1/entity-types', { name: 'Hometype', fields: [{ name: 'Word', type: 'text' }, { name: 'x', type: 'json' }] });
  const entity = await make('/v1/entities', { entityType: 'hometype', externalId: 'home-1', fields: { word: SECRET } });
  const document = await make('/v1/documents', { title: 'HomeTitle', text: `homeword ${SECRET}`, externalId: 'home-doc' });
  const file = await make('/v1/files?name=home.csv', `a,b\n${SECRET},1\n`, { type: 'text/csv' });
  const lines = await make('/v1/files?name=home.jsonl', `{"a":"${SECRET}"}\n`, { type: 'application/x-ndjson' });
  const flow = await server.publish(`
name: Home flow
steps:
  - { id: word, type: set, config: { fields: { word: ${SECRET} } } }
output: { word: "{{steps.word.word}}" }
`);
  const run = await server.begin(flow, {});
  await server.ask('PUT', '/v1/secrets/HOMESECRET', { body: { value: `${SECRET}-token`, hosts: ['127.0.0.1'] } });
  await server.ask('PUT', '/v1/vars/HOMEVAR', { body: { value: SECRET } });
  await server.reachEnd(run.id);
  return [list.id, 'HomeList', type.id, 'hometype', entity.id, 'home-1', document.id, 'home-doc', 'homeword', file.id,
    lines.id, 'home.csv', flow.id, flow.slug, run.id, '{{vars.HOMEVAR}}', '{{secrets.HOMESECRET}}'];
}

// --- configs out of the schema ---

const schema = JSON.parse(readFileSync(new URL('../../docs/workflow.schema.json', import.meta.url)));
const resolved = (one) => (one.$ref ? resolved(schema.$defs[one.$ref.split('/').pop()]) : one);
const typesOf = (one) => [one.type ?? []].flat();

/** A value that the schema lets through. */
function sample(given, name) {
  const one = resolved(given);
  if (name === 'url') return `${stub.url}/echo`;
  if (['fields', 'filter'].includes(name) && typesOf(one).length === 0) return { x: 1 };
  if (['expression', 'where', 'if', 'list'].includes(name) && typesOf(one).includes('string')) return name === 'list' ? 'x' : '1';
  if (one.const !== undefined) return one.const;
  if (one.enum) return one.enum[0];
  const choice = one.anyOf ?? one.oneOf;
  if (choice && !one.properties && !one.type) return sample(choice[0], name);
  const [type] = typesOf(one);
  if (one.properties) return sampleObject(one);
  if (type === 'object') return { x: '1' };
  if (type === 'array') return [sample(one.items ?? {}, name)];
  if (type === 'integer' || type === 'number') return one.minimum ?? 1;
  if (type === 'boolean') return true;
  if (one.pattern?.includes('ms|s|m')) return '1ms';
  return one.pattern ? 'item.x' : 'x';
}

function sampleObject(one) {
  const names = one.required ?? [];
  const choice = (one.oneOf ?? one.anyOf ?? [])[0]?.required ?? [];
  return Object.fromEntries([...names, ...choice].map((name) => [name, sample(one.properties[name], name)]));
}

/** Configs of the type in which one place has the value: [place, config]. */
function* placed(one, value, path) {
  const base = sampleObject(one);
  for (const [name, given] of Object.entries(one.properties)) {
    const part = resolved(given);
    const place = `${path}.${name}`;
    const others = Object.fromEntries(Object.entries(base).filter(([other]) => !excludes(one, name, other)));
    if (part.properties) {
      for (const [inner, config] of placed(part, value, place)) yield [inner, { ...others, [name]: config }];
      continue;
    }
    const types = typesOf(part);
    if (types.length === 0 || types.includes('string')) yield [place, { ...others, [name]: value }];
    if (types.length === 0 || types.includes('array')) yield [`${place}[]`, { ...others, [name]: [value] }];
    if (types.includes('object')) yield [`${place}{}`, { ...others, [name]: { x: value } }];
  }
}

/** Whether only one of the two may be given. */
function excludes(one, name, other) {
  const alone = (one.oneOf ?? one.anyOf ?? []).flatMap(({ required }) => required ?? []);
  return name !== other && alone.includes(name) && alone.includes(other);
}

const kinds = schema.$defs.step.allOf.map(({ if: when, then }) => [[when.properties.type.enum ?? when.properties.type.const].flat()[0],
  resolved(then.properties.config)]).filter(([, config]) => config.properties);

/** All steps: [place, step]. */
function* steps() {
  for (const [type, config] of kinds)
    for (const value of home) for (const [place, wanted] of placed(config, value, type)) yield [place, { id: 'it', type, config: wanted }];
  for (const value of home.slice(-2))
    yield ['http_request.headers', { id: 'it', type: 'http_request', config: { url: `${stub.url}/echo`, headers: { 'x-word': value } } }];
}

// --- trying them ---

let count = 0;

/** All that the workspace of the key can see of a run of that step; null: it is no workflow. */
async function seen(step, options) {
  const name = `Probe ${count++}`;
  const put = await server.post('/v1/workflows?publish=true', { name, input: { type: 'object' }, steps: [step] }, options);
  if (put.status !== 201) return null;
  const isLong = ['wait', 'approval'].includes(step.type);
  const begun = await server.post(`/v1/workflows/${put.data.id}/runs${isLong ? '' : '?wait=20'}`, { input: {} }, options);
  if (begun.status >= 300) return begun.text;
  const run = `/v1/workflow-runs/${begun.data.id}`;
  const paths = ['', '/items', '/items?table=it', '/results?table=it&format=json', '/files'];
  const answers = [begun.text];
  for (const path of paths) answers.push((await server.get(run + path, options)).text);
  for (const file of (await server.get(`${run}/files`, options)).data ?? [])
    answers.push((await server.get(`/v1/files/${file.id}/content`, options)).text);
  const estimate = await server.post(`/v1/workflows/${put.data.id}/estimate`, { input: {} }, options);
  answers.push(estimate.text);
  if (isLong) await server.post(`${run}/cancel`, {}, options);
  return answers.join('\n');
}

/** What each place has shown, by key; places that no workflow could be made for are left out. */
async function tryAll(all, options) {
  const queue = [...all];
  const found = new Map();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const [place, step] = next;
      const text = await seen(step, options);
      if (text !== null) found.set(place, [...(found.get(place) ?? []), [text, step]]);
    }
  }));
  return found;
}

/** What is at home, but for what the answers say of the present. */
async function stateOfHome() {
  const paths = ['/v1/lists', '/v1/lists/HomeList/rows', '/v1/entity-types', '/v1/entities?entityType=hometype', '/v1/documents',
    '/v1/files', '/v1/workflows', '/v1/workflow-runs', '/v1/secrets', '/v1/vars'];
  const texts = [];
  for (const path of paths) texts.push(JSON.stringify((await server.get(path)).data));
  return texts;
}

test('no field of a step of a stranger reaches what another workspace has', async () => {
  const made = await make('/v1/workspaces', { name: 'Strangers' });
  const stranger = { key: { apiKey: made.key.apiKey } };
  const before = await stateOfHome();
  const found = await tryAll(steps(), stranger);
  for (const [place, all] of found)
    for (const [text, step] of all) assert.ok(!text.includes(SECRET), `${place} ${JSON.stringify(step)}: ${text.slice(0, 2000)}`);
  assert.ok(!JSON.stringify(stub.calls()).includes(SECRET));
  assert.deepEqual(await stateOfHome(), before);
  assert.ok(found.size > 100, [...found.keys()].join(' '));
});

test('at home the same workflows reach it', async () => {
  const places = ['read_csv.file', 'read_jsonl.file', 'read_list.list', 'read_entities.type', 'read_entities.ids[]', 'search.query',
    'lookup.entity.id', 'lookup.document.id', 'lookup.documents.query', 'workflow.id', 'workflow.slug', 'set.fields{}'];
  const writing = { 'publish.entity.id': '"created":false', 'append_to_notebook.list': `"list":"${home[0]}"` };
  const some = [...steps()].filter(([place]) => places.includes(place) || place in writing);
  const found = await tryAll(some, {});
  for (const place of places)
    assert.ok(found.get(place)?.some(([text]) => text.includes(SECRET)), `${place}: ${JSON.stringify(found.get(place)?.map(([text]) => text.slice(0, 300)))}`);
  for (const [place, words] of Object.entries(writing)) assert.ok(found.get(place)?.some(([text]) => text.includes(words)), place);
});
