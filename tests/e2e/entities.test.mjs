// Entities with the fields that their type defines: checked, changed, deleted and restored.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

const FIELDS = [
  { name: 'Name', type: 'text', required: true, config: { maxLength: 40 } },
  { name: 'Website', type: 'url' },
  { name: 'Stage', type: 'select', config: { options: ['lead', 'customer'] } },
  { name: 'Revenue', type: 'number' },
  { name: 'Doubled', type: 'formula', config: { expression: '.revenue * 2' } },
];

async function makeType(name, fields = FIELDS) {
  const made = await server.post('/v1/entity-types', { name, fields });
  assert.equal(made.status, 201, made.text);
  return made.data;
}

async function make(entityType, fields, externalId) {
  const made = await server.post('/v1/entities', { entityType, fields, ...(externalId && { externalId }) });
  assert.equal(made.status, 201, made.text);
  return made.data;
}

const change = (id, body) => server.ask('PATCH', `/v1/entities/${id}`, { body });

test('an entity is made, read, changed field by field, and stays over a kill', async () => {
  const type = await makeType('Company');
  assert.equal(type.slug, 'company');
  const acme = await make('company', { name: 'Acme', revenue: 10 }, 'crm-1');
  assert.deepEqual(acme.fields, { name: 'Acme', revenue: 10, doubled: 20 });
  const changed = await change(acme.id, { fields: { website: 'https://acme.example', revenue: 21 } });
  assert.deepEqual(changed.data.fields,
    { name: 'Acme', website: 'https://acme.example', revenue: 21, doubled: 42 });
  const cut = await change(acme.id, { fields: { website: null } });
  assert.equal('website' in cut.data.fields, false);
  await server.restart('SIGKILL');
  const found = await server.get('/v1/entities?entityType=company&externalId=crm-1');
  assert.deepEqual(found.data, [cut.data]);
  assert.deepEqual((await server.get(`/v1/entities/${acme.id}`)).data, cut.data);
});

test('values that do not fit are refused with their place', async () => {
  await makeType('Strict');
  const one = await make('strict', { name: 'x' });
  const table = [
    [{ }, /^fields\.name: it is required/],
    [{ name: 7 }, /^fields\.name: expected string/],
    [{ name: 'x', stage: 'none' }, /^fields\.stage: /],
    [{ name: 'x', website: 'ftp://x' }, /^fields\.website: /],
    [{ name: 'x', doubled: 7 }, /^fields\.doubled: it is computed/],
    [{ name: 'x', other: 7 }, /^fields\.other: the type has no such field/],
  ];
  for (const [fields, words] of table) {
    const made = await server.post('/v1/entities', { entityType: 'strict', fields });
    assert.equal(made.status, 400, JSON.stringify(fields));
    assert.match(made.json.error, words);
  }
  const emptied = await change(one.id, { fields: { name: null } });
  assert.match(emptied.json.error, /^fields\.name: it is required/);
  assert.equal((await server.post('/v1/entities', { entityType: 'none', fields: {} })).status, 404);
  assert.equal((await server.get('/v1/entities')).status, 400);
});

test('an externalId is there once in its type, and free when its entity is deleted', async () => {
  await makeType('Ext');
  await makeType('Ext two');
  const first = await make('ext', { name: 'a' }, 'e');
  await make('ext-two', { name: 'a' }, 'e');
  const again = await server.post('/v1/entities', { entityType: 'ext', externalId: 'e', fields: { name: 'b' } });
  assert.equal(again.status, 409);
  assert.match(again.json.error, /^externalId: /);
  const other = await make('ext', { name: 'c' }, 'f');
  assert.equal((await change(other.id, { externalId: 'e' })).status, 409);
  await server.ask('DELETE', `/v1/entities/${first.id}`);
  assert.equal((await change(other.id, { externalId: 'e' })).data.externalId, 'e');
  const restore = await server.post(`/v1/entities/${first.id}/restore`, {});
  assert.equal(restore.status, 409);
  assert.equal((await change(other.id, { externalId: null })).data.externalId, null);
  assert.equal((await server.post(`/v1/entities/${first.id}/restore`, {})).data.externalId, 'e');
});

test('a deleted entity is listed apart and comes back', async () => {
  await makeType('Soft');
  const one = await make('soft', { name: 'one' });
  const two = await make('soft', { name: 'two' });
  const gone = await server.ask('DELETE', `/v1/entities/${one.id}`);
  assert.ok(gone.data.archivedAt);
  const ids = async (query) => (await server.get(`/v1/entities?entityType=soft${query}`)).data.map(({ id }) => id);
  assert.deepEqual(await ids(''), [two.id]);
  assert.deepEqual(await ids('&archived=true'), [one.id]);
  assert.equal((await server.get(`/v1/entities/${one.id}`)).status, 200);
  assert.equal((await change(one.id, { fields: { name: 'x' } })).status, 409);
  assert.equal((await server.ask('DELETE', `/v1/entities/${one.id}`)).status, 409);
  const headers = { 'idempotency-key': 'back' };
  const restore = () => server.post(`/v1/entities/${one.id}/restore`, {}, { headers });
  assert.equal((await restore()).data.archivedAt, null);
  assert.equal((await restore()).status, 200);
  assert.deepEqual(await ids(''), [two.id, one.id]);
});

test('changes at the same time are all kept', async () => {
  await makeType('Many', Array.from({ length: 6 }, (_, i) => ({ name: `f${i}`, type: 'number' })));
  const one = await make('many', {});
  const changes = await Promise.all([0, 1, 2, 3, 4, 5].map((i) => change(one.id, { fields: { [`f${i}`]: i } })));
  for (const answer of changes) assert.equal(answer.status, 200, answer.text);
  assert.deepEqual((await server.get(`/v1/entities/${one.id}`)).data.fields,
    { f0: 0, f1: 1, f2: 2, f3: 3, f4: 4, f5: 5 });
});

test('files, pictures and other entities that values name have to be there', async () => {
  const { data: text } = await server.post('/v1/files?name=a.txt', 'a', { type: 'text/plain' });
  const { data: picture } = await server.post('/v1/files?name=a.png', 'a', { type: 'image/png' });
  await makeType('Person', [{ name: 'Name', type: 'text' }]);
  await makeType('Firm', [
    { name: 'Paper', type: 'file' }, { name: 'Logo', type: 'image' },
    { name: 'Head', type: 'reference', config: { entityType: 'person' } }, { name: 'Staff', type: 'relation' },
  ]);
  const ann = await make('person', { name: 'Ann' });
  const firm = await make('firm', { paper: text.id, logo: picture.id, head: ann.id, staff: [ann.id] });
  const none = '0'.repeat(24);
  const table = [
    [{ paper: none }, /^fields\.paper: there is no such file/],
    [{ logo: text.id }, /^fields\.logo: the file is no picture/],
    [{ head: none }, /^fields\.head: there is no such entity/],
    [{ head: firm.id }, /^fields\.head: there is no such entity/],
    [{ staff: [ann.id, none] }, /^fields\.staff: there is no such entity/],
  ];
  for (const [fields, words] of table) {
    const answer = await change(firm.id, { fields });
    assert.equal(answer.status, 400, JSON.stringify(fields));
    assert.match(answer.json.error, words);
  }
});

test('types are checked, changed and deleted with their entities', async () => {
  const wrong = await server.post('/v1/entity-types', { name: 'W', fields: [{ name: 'a', type: 'colour' }] });
  assert.equal(wrong.status, 400);
  assert.match(wrong.json.error, /^fields\.0: type: there is no type "colour"; there are: text, longText/);
  await makeType('Moves');
  assert.equal((await server.post('/v1/entity-types', { name: 'Moves', fields: [] })).status, 409);
  const one = await make('moves', { name: 'x', revenue: 1 });
  const fields = [{ name: 'Name', type: 'text' }, { name: 'Note', type: 'longText' }];
  const changed = await server.ask('PATCH', '/v1/entity-types/moves', { body: { fields } });
  assert.deepEqual(changed.data.fields.map(({ slug }) => slug), ['name', 'note']);
  assert.deepEqual((await change(one.id, { fields: { note: 'n' } })).data.fields, { name: 'x', note: 'n' });
  assert.equal((await server.ask('DELETE', '/v1/entity-types/moves')).status, 200);
  for (const path of [`/v1/entities/${one.id}`, '/v1/entity-types/moves', '/v1/entities?entityType=moves'])
    assert.equal((await server.get(path)).status, 404, path);
  await makeType('Moves');
});

test('another workspace sees, names and changes none of it', async () => {
  await makeType('Own');
  const one = await make('own', { name: 'x' }, 'mine');
  const made = await server.post('/v1/workspaces', { name: 'Else' });
  const key = { apiKey: made.data.key.apiKey };
  const as = (method, path, body) => server.ask(method, path, { body, key });
  for (const [method, path, body] of [
    ['GET', `/v1/entities/${one.id}`], ['PATCH', `/v1/entities/${one.id}`, {}], ['DELETE', `/v1/entities/${one.id}`],
    ['POST', `/v1/entities/${one.id}/restore`, {}], ['GET', '/v1/entities?entityType=own'],
    ['POST', '/v1/entities', { entityType: 'own', fields: {} }], ['DELETE', '/v1/entity-types/own'],
  ])
    assert.equal((await as(method, path, body)).status, 404, `${method} ${path}`);
  const fields = [{ name: 'R', type: 'reference' }];
  await as('POST', '/v1/entity-types', { name: 'Spy', fields });
  const spy = await as('POST', '/v1/entities', { entityType: 'spy', fields: { r: one.id } });
  assert.equal(spy.status, 400);
});
