// Documents that stay and are found by their words.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
  await keep('Acme', 'Acme builds pumps and valves in Berlin. Größe: 20 people.',
    { collection: 'profiles', metadata: { sector: 'industry', year: 2024, tags: ['a', 'b'] }, externalId: 'acme' });
  await keep('Globex', 'Globex sells software that controls pumps, and <b>other</b> things.',
    { collection: 'profiles', metadata: { sector: 'software', year: 2023 } });
  await keep('Minutes', 'Nobody mentioned anything of interest.', { collection: 'meetings' });
});
after(() => server?.close());

async function keep(title, text, more = {}) {
  const made = await server.post('/v1/documents', { title, text, ...more });
  assert.equal(made.status, 201, made.text);
  return made.data;
}

const search = (query, more = {}) => server.post('/v1/documents/search', { query, ...more });
async function titles(query, more) {
  const answer = await search(query, more);
  assert.equal(answer.status, 200, answer.text);
  return answer.data.map(({ title }) => title).sort();
}

test('words, phrases, beginnings and exclusions', async () => {
  const table = [
    ['pumps', ['Acme', 'Globex']], ['PUMPS berlin', ['Acme']], ['grosse OR', []], ['größe', ['Acme']],
    ['"pumps and valves"', ['Acme']], ['"valves and pumps"', []], ['soft*', ['Globex']], ['soft', []],
    ['pumps -software', ['Acme']], ['pumps – valves & Berlin', ['Acme']], ['acme', ['Acme']],
    ['") OR title:*', []], ['pumps"', ['Acme', 'Globex']], ['tags', []], ['a'.repeat(4000), []],
  ];
  for (const [query, wanted] of table) assert.deepEqual(await titles(query), wanted, query.slice(0, 60));
  assert.deepEqual(await titles('berlin software interest', { match: 'any' }), ['Acme', 'Globex', 'Minutes']);
});

test('filters by collection and metadata', async () => {
  const table = [
    [{ collection: 'profiles' }, ['Acme', 'Globex']], [{ collection: 'meetings' }, []],
    [{ metadata: { year: 2024 } }, ['Acme']], [{ metadata: { year: 2024.0, sector: 'industry' } }, ['Acme']],
    [{ metadata: { year: '2024' } }, []], [{ metadata: { tags: 'b' } }, ['Acme']],
    [{ collection: 'profiles', metadata: { sector: 'software' } }, ['Globex']],
  ];
  for (const [filter, wanted] of table)
    assert.deepEqual(await titles('pumps', { filter }), wanted, JSON.stringify(filter));
});

test('pages and snippets', async () => {
  const first = await search('pumps', { limit: 1 });
  assert.deepEqual(first.json.metadata, { page: 1, limit: 1, totalCount: 2, totalPages: 2 });
  const second = await search('pumps', { limit: 1, page: 2 });
  assert.notEqual(first.data[0].id, second.data[0].id);
  assert.ok(first.data[0].score >= second.data[0].score);
  const [hit] = (await search('things')).data;
  assert.match(hit.snippet, /&lt;b&gt;other&lt;\/b&gt; <mark>things<\/mark>/);
  assert.equal((await search('pumps', { page: 3 })).data.length, 0);
  assert.equal((await search('pumps', { limit: 0 })).json.metadata.limit, 1);
  assert.equal((await search('pumps', { limit: 5000 })).json.metadata.limit, 100);
});

test('what is no search is refused with words', async () => {
  for (const query of ['', '  ', '-pumps', '!!! –', '"', `${'a '.repeat(65)}`, 'a'.repeat(5000)]) {
    const answer = await search(query);
    assert.equal(answer.status, 400, query.slice(0, 40));
    assert.match(answer.json.error, /^query: /);
  }
  assert.match((await search('a', { limit: 50, page: 201 })).json.error, /only the first 10000 finds/);
  assert.equal((await search('a', { filter: { metadata: { a: {} } } })).status, 400);
});

test('a document is read, changed, and found as it is now, also after a kill', async () => {
  const made = await keep('Draft', 'first words', { externalId: 'draft' });
  assert.equal(made.text, 'first words');
  const again = await server.post('/v1/documents', { title: 'x', text: 'y', externalId: 'draft' });
  assert.equal(again.status, 409);
  const change = (body) => server.ask('PATCH', `/v1/documents/${made.id}`, { body });
  assert.equal((await change({ metadata: { state: 'new' } })).data.text, 'first words');
  assert.deepEqual(await titles('first', { filter: { metadata: { state: 'new' } } }), ['Draft']);
  const changed = await change({ title: 'Final', text: 'second words' });
  assert.deepEqual(changed.data.metadata, { state: 'new' });
  await server.restart('SIGKILL');
  assert.deepEqual(await titles('first words'), []);
  assert.deepEqual(await titles('second words'), ['Final']);
  assert.equal((await server.get('/v1/documents/draft')).data.text, 'second words');
  const listed = (await server.get('/v1/documents?limit=1')).data[0];
  assert.deepEqual([listed.id, listed.text], [made.id, null]);
  assert.equal((await server.ask('DELETE', '/v1/documents/draft')).status, 200);
  assert.deepEqual(await titles('second words'), []);
  assert.equal((await server.get(`/v1/documents/${made.id}`)).status, 404);
});

test('sizes, and the same request again', async () => {
  const long = await server.post('/v1/documents', { title: 'x', text: 'y'.repeat((1 << 20) + 1) });
  assert.equal(long.status, 400);
  assert.match(long.json.error, /^text: at most 1048576 bytes/);
  const many = await server.post('/v1/documents', { title: 'x', text: 'y',
    metadata: { all: Array.from({ length: 300 }, (_, i) => i) } });
  assert.match(many.json.error, /^metadata: at most 256 values/);
  const full = await keep('Full', 'word '.repeat((1 << 20) / 5));
  assert.equal((await server.ask('DELETE', `/v1/documents/${full.id}`)).status, 200);
  const headers = { 'idempotency-key': 'doc' };
  const once = () => server.post('/v1/documents', { title: 'Once', text: 'once only' }, { headers });
  assert.equal((await once()).data.id, (await once()).data.id);
  assert.deepEqual(await titles('"once only"'), ['Once']);
});

test('another workspace finds nothing of it, nor does it change how things are ranked', async () => {
  const made = await server.post('/v1/workspaces', { name: 'Else' });
  const key = { apiKey: made.data.key.apiKey };
  const other = (method, path, body) => server.ask(method, path, { body, key });
  assert.deepEqual((await other('POST', '/v1/documents/search', { query: 'pumps' })).data, []);
  const before = (await search('pumps')).data.map(({ score }) => score);
  for (let i = 0; i < 20; i++) await other('POST', '/v1/documents', { title: 't', text: `pumps ${i}` });
  assert.deepEqual((await search('pumps')).data.map(({ score }) => score), before);
  for (const [method, path, body] of [['GET', '/acme'], ['PATCH', '/acme', {}], ['DELETE', '/acme']])
    assert.equal((await other(method, `/v1/documents${path}`, body)).status, 404);
  assert.equal((await other('POST', '/v1/documents', { title: 'x', text: 'y', externalId: 'acme' })).status, 201);
});
