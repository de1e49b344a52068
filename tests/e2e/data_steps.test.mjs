// Steps over what a workspace keeps: entities, lists and documents as rows, looked up and written.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';
import { startStub } from './stub.mjs';

let server;
let strangers;
before(async () => {
  server = await startServer('--allow', '127.0.0.1');
  const made = await server.post('/v1/workspaces', { name: 'Strangers' });
  strangers = { key: { apiKey: made.data.key.apiKey } };
});
after(() => server?.close());

async function make(path, body, options) {
  const made = await server.post(path, body, options);
  assert.ok([200, 201].includes(made.status), made.text);
  return made.data;
}

const FIELDS = [
  { name: 'Name', type: 'text', required: true },
  { name: 'Stage', type: 'select', config: { options: ['lead', 'customer'] } },
  { name: 'Size', type: 'number' },
  { name: 'Double', type: 'formula', config: { expression: '.size * 2' } },
];
const makeType = (name, options) => make('/v1/entity-types', { name, fields: FIELDS }, options);
const makeEntity = (entityType, fields, more, options) =>
  make('/v1/entities', { entityType, fields, ...more }, options);
const runOf = async (slug, input) =>
  (await make(`/v1/workflows/${slug}/runs?wait=30`, { input }));
const itemsOf = async (run, query) =>
  (await server.get(`/v1/workflow-runs/${run.id}/items?${query}`)).data;
const resultsOf = async (run, table = 'rows') =>
  (await server.get(`/v1/workflow-runs/${run.id}/results?table=${table}&format=json`)).json;

test('entities are rows; ids that are nobody\'s are failed items', async () => {
  await makeType('Company');
  const acme = await makeEntity('company', { name: 'Acme', stage: 'lead', size: 2 });
  const globex = await makeEntity('company', { name: 'Globex', stage: 'customer' });
  const gone = await makeEntity('company', { name: 'Gone' });
  await server.ask('DELETE', `/v1/entities/${gone.id}`);
  await makeType('Company', strangers);
  const foreign = await makeEntity('company', { name: 'Foreign' }, {}, strangers);
  await server.publish(`
name: Read
input: { type: object }
limits: { max_failed: 100% }
steps:
  - { id: rows, type: read_entities, config: { ids: "{{input.ids}}" } }
  - { id: greeting, type: transform, config: { expression: '"Dear " + .item.name' } }
`);
  await server.publish(`
name: Read all
steps:
  - { id: rows, type: read_entities, config: { type: company, filter: { stage: "{{input.stage}}" } } }
`);
  const none = '0'.repeat(24);
  const run = await runOf('read', { ids: [globex.id, gone.id, foreign.id, acme.id, none, 'x'] });
  assert.equal(run.status, 'completed', JSON.stringify(run));
  const rows = (await resultsOf(run)).filter((row) => row.greeting);
  assert.deepEqual(rows.map((row) => row.greeting), ['Dear Globex', 'Dear Acme']);
  assert.deepEqual([rows[1]._id, rows[1].name, rows[1].size, rows[1].double], [acme.id, 'Acme', 2, 4]);
  const failed = (await itemsOf(run, 'table=rows&state=failed')).map((item) => JSON.stringify(item.error));
  assert.equal(failed.length, 4);
  for (const [i, id] of [gone.id, foreign.id, none, 'x'].entries()) assert.ok(failed[i].includes(id), failed[i]);
  assert.match(failed[0], /is deleted/);
  assert.match(failed[1], /there is no entity/);
  const leads = await runOf('read-all', { stage: 'lead' });
  assert.deepEqual((await resultsOf(leads)).map((row) => row._id), [acme.id]);
  for (const ids of ['x', 'all']) {
    const bad = await runOf('read', { ids });
    assert.equal(bad.status, 'failed');
    assert.match(JSON.stringify(bad.error), ids === 'x' ? /bad_config.*ids: expected an array of ids, found string/ : /bad_config.*say which entities/);
  }
});

test('a run keeps the entities as they were when it began, over a kill', async () => {
  await makeType('Kept');
  const entities = [];
  for (let i = 0; i < 30; i++) entities.push(await makeEntity('kept', { name: `n${i}` }));
  await server.publish(`
name: Slow
steps:
  - { id: rows, type: read_entities, config: { type: kept } }
  - { id: pause, type: wait, config: { for: 2s } }
  - { id: name, type: transform, config: { expression: .item.name } }
`);
  const begun = await make('/v1/workflows/slow/runs', { input: {} });
  await until(async () => (await itemsOf(begun, 'table=rows&limit=1'))?.length > 0, 'rows to be read');
  await server.ask('PATCH', `/v1/entities/${entities[0].id}`, { body: { fields: { name: 'new' } } });
  await server.restart('SIGKILL');
  await server.ask('DELETE', '/v1/entity-types/kept');
  const ended = await server.reachEnd(begun.id);
  assert.equal(ended.status, 'completed');
  assert.deepEqual((await resultsOf(begun)).map((row) => row.name), entities.map(({ fields }) => fields.name));
  const again = await make(`/v1/workflow-runs/${begun.id}/rerun?wait=20`, {});
  assert.equal(again.status, 'failed');
  assert.match(JSON.stringify(again.error), /no_entity_type/);
});

test('publish changes entities field by field, makes new ones, and keeps everybody\'s change', async () => {
  await makeType('Firm');
  const acme = await makeEntity('firm', { name: 'Acme', size: 1 }, { externalId: 'crm-0' });
  await make('/v1/lists', { name: 'Firms' });
  await make('/v1/lists/Firms/rows', { rows: Array.from({ length: 50 }, (_, n) => ({ n })) });
  await server.publish(`
name: Fill
limits: { max_failed: 100% }
steps:
  - { id: rows, type: read_list, config: { list: Firms } }
  - id: put
    type: publish
    config: { entity: { type: firm, externalId: "crm-{{item.n}}", fields: { name: "F{{item.n}}", stage: lead } } }
  - { id: wrong, type: publish, config: { entity: { id: "{{steps.put.id}}", fields: { stage: "{{= if .item.n == 7 then 3 else null end }}" } } } }
`);
  const run = await runOf('fill', {});
  const rows = await resultsOf(run);
  assert.deepEqual(rows.map((row) => row['put.created']).filter(Boolean).length, 49);
  const [failed, ...others] = await itemsOf(run, 'table=rows&state=failed');
  assert.equal(others.length, 0);
  assert.match(JSON.stringify(failed), /bad_fields.*fields\.stage: /);
  const { data } = await server.get(`/v1/entities/${acme.id}`);
  assert.deepEqual(data.fields, { name: 'F0', size: 1, double: 2 });
  const again = await runOf('fill', {});
  assert.equal((await resultsOf(again)).filter((row) => row['put.created']).length, 0);
  assert.equal((await server.get('/v1/entities?entityType=firm&limit=1000')).data.length, 50);
});

test('many items change one entity at the same time, and none is lost', async () => {
  const fields = Array.from({ length: 60 }, (_, i) => ({ name: `f${i}`, type: 'number' }));
  await make('/v1/entity-types', { name: 'Crowd', fields });
  const one = await makeEntity('crowd', {});
  await make('/v1/lists', { name: 'Crowd' });
  await make('/v1/lists/Crowd/rows', { rows: fields.map((_, n) => ({ n })) });
  await server.publish(`
name: Crowd run
steps:
  - { id: rows, type: read_list, config: { list: Crowd } }
  - { id: fields, type: transform, config: { expression: '{("f" + (.item.n | tostring)): .item.n}' } }
  - { id: put, type: publish, config: { entity: { id: ${one.id}, fields: "{{steps.fields}}" } } }
`);
  const run = await runOf('crowd-run', {});
  assert.equal(run.status, 'completed', JSON.stringify(run));
  const { data } = await server.get(`/v1/entities/${one.id}`);
  assert.deepEqual(data.fields, Object.fromEntries(fields.map(({ name }, n) => [name, n])));
});

test('publish sends requests and writes files', async () => {
  const stub = await startStub();
  await server.publish(`
name: Out
steps:
  - { id: send, type: publish, config: { http: { url: "${stub.url}/echo", json: { title: "{{input.title}}" } } } }
  - { id: file, type: publish, config: { file: { name: "{{input.title}}.md", content: "# {{input.title}}" } } }
output: { sent: "{{steps.send.body}}", file: "{{steps.file.file}}" }
`);
  const run = await runOf('out', { title: 'Hello' });
  const { sent } = run.output;
  assert.deepEqual([run.output.file, sent.method, JSON.parse(sent.body)], ['Hello.md', 'POST', { title: 'Hello' }]);
  assert.ok(sent.headers['idempotency-key']);
  const [file] = (await server.get(`/v1/workflow-runs/${run.id}/files`)).data;
  assert.equal((await server.get(`/v1/files/${file.id}/content`)).text, '# Hello');
  await stub.close();
});

test('search and lookup find what there is, and a run keeps what it has found', async () => {
  for (const [title, text, collection] of [
    ['One', 'Acme wants green apples', 'calls'], ['Two', 'Globex wants red apples', 'calls'], ['Three', 'Acme apples', 'mails'],
  ]) await make('/v1/documents', { title, text, collection, externalId: title });
  await make('/v1/documents', { title: 'Foreign', text: 'Acme apples', externalId: 'foreign' }, strangers);
  await makeType('Client');
  await makeEntity('client', { name: 'Acme', size: 3 }, { externalId: '17' });
  await make('/v1/lists', { name: 'Prices' });
  await make('/v1/lists/Prices/rows', { rows: [{ size: 3, price: 30 }, { size: 4, price: 40 }] });
  await server.publish(`
name: Find
steps:
  - { id: found, type: search, config: { query: "apples", filter: { collection: calls } } }
  - { id: table, type: write_jsonl }
`);
  await server.publish(`
name: Look
steps:
  - { id: client, type: lookup, config: { entity: { type: client, externalId: 17 } } }
  - { id: price, type: lookup, config: { list: { list: Prices, filter: { size: "{{steps.client.size}}" } } } }
  - { id: calls, type: lookup, config: { documents: { query: "{{steps.client.name}}", limit: 5 } } }
  - { id: one, type: lookup, config: { document: { id: One } } }
  - { id: nobody, type: lookup, config: { entity: { id: "{{input.nobody}}" } } }
  - { id: foreign, type: lookup, config: { document: { id: foreign } } }
output: { client: "{{steps.client.name}}", price: "{{steps.price.price}}", one: "{{steps.one.text}}",
  calls: "{{= [.steps.calls[].title] | sort }}", nobody: "{{steps.nobody}}", foreign: "{{steps.foreign}}" }
`);
  const found = await resultsOf(await runOf('find', {}), 'found');
  assert.deepEqual(found.map((row) => row.title).sort(), ['One', 'Two']);
  assert.ok(found.every((row) => row.score > 0 && row.snippet.includes('apples')));
  const looked = await runOf('look', { nobody: '0'.repeat(24) });
  const want = { client: 'Acme', price: 30, one: 'Acme wants green apples', calls: ['One', 'Three'], nobody: null, foreign: null };
  assert.deepEqual(looked.output, want, JSON.stringify(looked));
  assert.equal((await runOf('look', {})).output.nobody, null);
  await server.ask('DELETE', '/v1/lists/Prices');
  const failed = await runOf('look', {});
  assert.match(JSON.stringify(failed.error), /no_list/);
});

test('a filter finds texts however they are written as JSON', async () => {
  const texts = ['plain', 'Größe', 'a "quoted" one', 'back\\slash', 'two\nlines', 'tab\there', '\u2028', '\u007f', 'plain!', ''];
  await make('/v1/lists', { name: 'Texts' });
  await make('/v1/lists/Texts/rows', { rows: [{ text: 'x plain' }, { other: 'plain' }, ...texts.map((text, n) => ({ text, n, also: true }))] });
  await makeType('Text');
  for (const name of texts.slice(0, -1)) await makeEntity('text', { name, size: 1 });
  await server.publish(`
name: Texts
input: { type: object }
steps:
  - { id: row, type: lookup, config: { list: { list: Texts, filter: { text: "{{input.text}}", also: "{{= true}}" } } } }
  - { id: entity, type: lookup, config: { entity: { type: text, filter: { name: "{{input.text}}" } } } }
output: { n: "{{steps.row.n}}", entity: "{{steps.entity.name}}" }
`);
  for (const [n, text] of texts.entries())
    assert.deepEqual((await runOf('texts', { text })).output, { n, entity: text === '' ? null : text });
  assert.deepEqual((await runOf('texts', { text: 'plai' })).output, { n: null, entity: null });
});

test('an estimate counts rows of what stays', async () => {
  await make('/v1/lists', { name: 'Counted' });
  await make('/v1/lists/Counted/rows', { rows: Array.from({ length: 700 }, (_, n) => ({ n, even: n % 2 === 0 })) });
  const count = async (type, config) => {
    const { slug } = await server.publish(`
name: Count ${Math.random()}
steps:
  - { id: rows, type: ${type}, config: ${config} }
  - { id: one, type: transform, config: { expression: "1" } }
`);
    return make(`/v1/workflows/${slug}/estimate`, { input: {} });
  };
  const rowsIn = (estimate) => estimate.tables.find(({ name }) => name === 'rows').rows;
  assert.equal(rowsIn(await count('read_list', '{ list: Counted }')), 700);
  assert.equal(rowsIn(await count('read_list', '{ list: Counted, filter: { even: true } }')), 350);
  assert.equal(rowsIn(await count('read_entities', '{ type: client }')), 1);
  const unknown = await count('read_list', '{ list: Nowhere }');
  assert.equal(rowsIn(unknown), null);
  assert.match(JSON.stringify(unknown), /there is no list/);
});

test('deduplicate drops what stands in a list when the run begins, also in a retry and over a kill', async () => {
  const list = await make('/v1/lists', { name: 'Known' });
  await make('/v1/lists', { name: 'New' });
  await make('/v1/lists/Known/rows', { rows: [{ n: 3 }, { n: 5.0 }, { other: 1 }] });
  await make('/v1/lists/New/rows', { rows: Array.from({ length: 600 }, (_, n) => ({ n: n % 300 })) });
  await server.publish(`
name: Fresh
steps:
  - { id: rows, type: read_list, config: { list: New } }
  - { id: fresh, type: deduplicate, config: { by: item.n, against: { list: Known } } }
  - { id: keep, type: append_to_list, config: { list: Known, row: { n: "{{item.n}}" } } }
  - { id: pause, type: wait, config: { for: 2s } }
  - { id: last, type: transform, config: { expression: .item.n } }
`);
  const begun = await make('/v1/workflows/fresh/runs', { input: {} });
  await until(async () => (await server.get('/v1/lists/Known')).data.rowCount > 100, 'rows to be kept');
  await server.restart('SIGKILL');
  assert.equal((await server.reachEnd(begun.id)).status, 'completed');
  const fresh = await resultsOf(begun, 'fresh');
  assert.deepEqual(fresh.map((row) => row.last), Array.from({ length: 300 }, (_, n) => n).filter((n) => n !== 3 && n !== 5));
  assert.equal((await server.get('/v1/lists/Known')).data.rowCount, 301);
  assert.deepEqual(await resultsOf(await runOf('fresh', {}), 'fresh'), []);
  await server.ask('DELETE', `/v1/lists/${list.id}`);
  const failed = await runOf('fresh', {});
  assert.match(JSON.stringify(failed.error), /no_list.*there is no list/);
});

test('a step that is tried finds what there is and changes nothing', async () => {
  await makeType('Tried');
  const one = await makeEntity('tried', { name: 'One' }, { externalId: 'one' });
  const attempt = async (type, config) => {
    const definition = `name: t\nsteps:\n  - { id: it, type: ${type}, config: ${config} }\n`;
    return make('/v1/workflows/steps/try', { definition, step: 'it', effects: true });
  };
  const rows = await attempt('read_entities', '{ type: tried }');
  assert.deepEqual([rows.state, rows.value], ['completed', [{ _id: one.id, name: 'One', double: null }]], JSON.stringify(rows));
  const found = await attempt('lookup', '{ entity: { type: tried, externalId: one } }');
  assert.equal(found.value.name, 'One');
  const put = await attempt('publish', '{ entity: { type: tried, externalId: two, fields: { name: Two } } }');
  assert.equal(put.value.created, true, JSON.stringify(put));
  assert.equal((await server.get('/v1/entities?entityType=tried')).data.length, 1);
  const failed = await attempt('read_list', '{ list: Nowhere }');
  assert.match(JSON.stringify(failed), /no_list/);
});
