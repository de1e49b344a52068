// The Wiserows API: what its clients send and are answered, field by field. Workflows and jobs:
// wiserows_runs.test.mjs.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { client, codeOf, isMs } from './wiserows.mjs';
import { startServer } from './server.mjs';

let server;
let api;
before(async () => {
  server = await startServer();
  api = client(server);
});
after(() => server?.close());

let made = 0;
const newType = async (fields = [{ name: 'Title', slug: 'title', type: 'text', required: true }]) => {
  const answer = await api.post('/api/v1/entity-types', { name: `Page ${++made}`, fields });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.data;
};
const newEntity = async (type, fields) => {
  const answer = await api.post('/api/v1/entities', { entityTypeId: type.id, fields });
  assert.equal(answer.status, 201, answer.text);
  return answer.json.data;
};
const fails = (answer, status) => {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['data', 'error']);
  assert.equal(answer.json.data, null);
  assert.deepEqual(Object.keys(answer.json.error), ['code', 'message']);
  assert.equal(answer.json.error.code, codeOf(status));
  assert.ok(answer.json.error.message.length > 0);
  return answer.json.error.message;
};

/* --- who may come in --- */

test('a key in Authorization: Bearer is enough, on both generations of paths', async () => {
  for (const path of ['/api/v1/entity-types', '/api/entity-types']) {
    const answer = await api.get(path);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get('content-type'), 'application/json');
  }
});

test('no key, a wrong key, another scheme: 401 in the dialect, also at unknown paths', async () => {
  for (const headers of [{}, { Authorization: 'Bearer ds_wrong' }, { Authorization: `Basic ${server.key.apiKey}` }]) {
    for (const path of ['/api/v1/workflows', '/api/entities', '/api/v1/nothing']) {
      const answer = await api.get(path, { headers });
      assert.match(fails(answer, 401), /API key/);
      assert.equal(answer.headers.get('www-authenticate'), 'Bearer');
    }
  }
});

test('X-Project-Id: the vendor\'s own say nothing, that of another workspace is refused', async () => {
  const { data: home } = await server.get('/v1/workspaces?limit=1');
  const { data: other } = await server.post('/v1/workspaces', { name: 'Other' });
  const ask = (project) => api.get('/api/entity-types', { headers: { ...api.bearer(), 'X-Project-Id': project } });
  assert.equal((await ask('k57abcdefghijklmnop0123456789abcd')).status, 200);
  assert.equal((await ask(home[0].id)).status, 200);
  fails(await ask(other.id), 401);
});

test('permission levels are the scopes of the key: read looks, write makes, run runs', async () => {
  const { data: key } = await server.post('/v1/keys', { name: 'reader', scopes: ['read'] });
  const headers = api.bearer(key.apiKey);
  assert.equal((await api.get('/api/v1/entity-types', { headers })).status, 200);
  assert.match(fails(await api.post('/api/v1/entity-types', { name: 'No', fields: [] }, { headers }), 403), /write/);
  const id = '0'.repeat(24);
  assert.match(fails(await api.post(`/api/v1/workflows/${id}/run`, { entityIds: [id] }, { headers }), 403), /run/);
  assert.match(fails(await api.post(`/api/v1/jobs/${id}/cancel`, undefined, { headers }), 403), /run/);
});

test('a rate limit with its burst is 429 with Retry-After', async () => {
  const { data: key } = await server.post('/v1/keys', {
    name: 'slow', scopes: ['read'], limits: { rate: '60/h', burst: 2 },
  });
  const headers = api.bearer(key.apiKey);
  for (const left of ['1', '0']) {
    const answer = await api.get('/api/v1/jobs', { headers });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-ratelimit-limit'), '2');
    assert.equal(answer.headers.get('x-ratelimit-remaining'), left);
  }
  const much = await api.get('/api/v1/jobs', { headers });
  fails(much, 429);
  assert.ok(Number(much.headers.get('retry-after')) > 0);
});

test('unknown paths and methods are faults of this form', async () => {
  for (const path of ['/api/v1/nothing', '/api/nothing/at/all', '/api', '/api/v1', '/api/v1/entities/x/y', '/api/v2/entities'])
    fails(await api.get(path), 404);
  const answer = await api.call('PUT', '/api/v1/entities');
  fails(answer, 405);
  assert.equal(answer.headers.get('allow'), 'GET, HEAD, POST');
});

test('what is not here says so with 501', async () => {
  const groups = ['content-buckets', 'topical-clusters', 'keywords', 'integrations', 'seo/pipeline', 'chat', 'generate',
    'knowledge-base', 'notes', 'audit-log', 'project'];
  for (const group of groups) {
    for (const prefix of ['/api/v1', '/api']) {
      assert.match(fails(await api.get(`${prefix}/${group}`), 501), /not part of this/);
      if (`${prefix}/${group}` !== '/api/v1/chat') // below it the AI Tutor API is
        assert.match(fails(await api.post(`${prefix}/${group}/x`, {}), 501), /not part of this/);
    }
  }
  fails(await api.post('/api/v1/chat', { message: 'Hi' }), 501);
  fails(await api.get('/api/v1/chat', { headers: {} }), 401);
});

test('a body that is no JSON object, or has a field that is not known, is 400', async () => {
  for (const body of ['{', '[]', '"x"', 'null', ''])
    fails(await api.post('/api/v1/entity-types', body), 400);
  assert.match(fails(await api.post('/api/v1/entity-types', { name: 'A', feilds: [] }), 400), /unknown key "feilds"; did you mean "fields"/);
  assert.match(fails(await api.post('/api/v1/entities', { entityTypeId: 'x', fields: {}, extra: 1 }), 400), /extra/);
});

test('a body that is too large is 413 in this form', async () => {
  const answer = await api.post('/api/entities', { entityTypeId: 'x', fields: { title: 'x'.repeat(3e6) } });
  assert.match(fails(answer, 413), /longer than \d+ bytes/);
});

test('any content type is read as JSON', async () => {
  const body = JSON.stringify({ name: `Plain ${++made}`, fields: [] });
  const answer = await api.post('/api/v1/entity-types', body, { type: 'text/plain' });
  assert.equal(answer.status, 201, answer.text);
});

test('nonsense is refused in this form, whatever it is and wherever it stands', async () => {
  const deep = `${'['.repeat(1000)}${']'.repeat(1000)}`;
  const bodies = ['{', '[]', 'null', '7', deep, `{"name":${deep}}`, '{"name":"a","name":"b","fields":[]}', '\u0000', '{"fields":{"":1}}',
    '{"entityTypeId":{},"fields":[]}', '{"entityIds":{"0":"a"}}', `{"name":"${'x'.repeat(300)}","fields":[],"steps":[]}`,
    '{"name":"a","entityTypeId":"x","steps":[{"type":"transform","config":{"expression":"["}}]}', '{"steps":[null]}'];
  const ids = ['x', '..%2f..%2fetc%2fpasswd', 'x'.repeat(1000), '%F0%9F%8C%88', '0'.repeat(24), "'%20or%201=1"];
  const posts = ['entity-types', 'entities', 'workflows', ...ids.map((id) => `workflows/${id}/run`), ...ids.map((id) => `jobs/${id}/cancel`)];
  for (const path of posts) {
    for (const body of bodies) {
      const answer = await api.post(`/api/v1/${path}`, body);
      assert.ok([400, 404].includes(answer.status), `${path} ${body.slice(0, 80)}: ${answer.status} ${answer.text}`);
      fails(answer, answer.status);
    }
  }
  for (const id of ids) {
    for (const path of [`entity-types/${id}`, `entities/${id}`, `workflows/${id}`, `workflows/${id}/runs/${id}`, `jobs/${id}`])
      fails(await api.get(`/api/${path}`), 404);
    fails(await api.call('PATCH', `/api/entity-types/${id}`, { body: { fields: id } }), 404);
    fails(await api.call('PATCH', `/api/entities/${id}`, { body: { fields: id } }), 400);
  }
  for (const query of ['limit=-1', 'limit=1e9', 'offset=x', 'limit=99999999999999999999', 'status=%00', 'category=%F0%9F%8C%88'])
    fails(await api.get(`/api/v1/jobs?${query}`), 400);
});

/* --- entity types --- */

const TYPE_FIELDS = ['id', 'name', 'slug', 'description', 'fields', 'createdAt', 'updatedAt'];
const FIELD_FIELDS = ['name', 'slug', 'type', 'required', 'config'];

test('an entity type: id, name, slug, description, fields and times in milliseconds', async () => {
  const answer = await api.post('/api/v1/entity-types', {
    name: 'Blog post',
    fields: [{ name: 'Title', slug: 'title', type: 'text', required: true, config: { maxLength: 60 } },
      { name: 'Words', slug: 'words', type: 'number' }],
  });
  assert.equal(answer.status, 201, answer.text);
  const type = answer.json.data;
  assert.deepEqual(Object.keys(answer.json), ['data']);
  assert.deepEqual(Object.keys(type), TYPE_FIELDS);
  assert.match(type.id, /^[0-9a-f]{24}$/);
  assert.equal(type.name, 'Blog post');
  assert.equal(type.slug, 'blog-post');
  assert.equal(type.description, '');
  assert.deepEqual(type.fields.map(Object.keys), [FIELD_FIELDS, FIELD_FIELDS]);
  assert.deepEqual(type.fields[0], { name: 'Title', slug: 'title', type: 'text', required: true, config: { maxLength: 60 } });
  assert.deepEqual(type.fields[1], { name: 'Words', slug: 'words', type: 'number', required: false, config: {} });
  isMs(type.createdAt);
  isMs(type.updatedAt);
  assert.deepEqual((await api.get(`/api/v1/entity-types/${type.id}`)).json, { data: type });
  assert.deepEqual((await api.get('/api/entity-types/blog-post')).json, { data: type });
});

test('all 18 types of fields are taken, another one is 400', async () => {
  const types = ['text', 'longText', 'richText', 'number', 'boolean', 'date', 'datetime', 'select', 'multiSelect', 'file',
    'image', 'url', 'email', 'json', 'reference', 'relation', 'aiGenerated', 'formula'];
  const config = { select: { options: ['a', 'b'] }, multiSelect: { options: ['a', 'b'] }, formula: { expression: '.number + 1' } };
  const type = await newType(types.map((name) => ({ name, slug: name, type: name, config: config[name] ?? {} })));
  assert.deepEqual(type.fields.map((field) => field.type), types);
  const bad = await api.post('/api/v1/entity-types', { name: 'Bad', fields: [{ name: 'a', slug: 'a', type: 'colour' }] });
  assert.match(fails(bad, 400), /fields\.0.*colour/);
});

test('what a type may not be is 400, a slug that is taken 409', async () => {
  const bad = [
    [{ fields: [] }, /name/], [{ name: 'A' }, /fields/], [{ name: '', fields: [] }, /^name: /], [{ name: '  ', fields: [] }, /^name: /], [{ name: 7, fields: [] }, /name/],
    [{ name: 'A', fields: {} }, /fields/], [{ name: 'A', fields: [{ name: 'x' }] }, /fields\.0/],
    [{ name: 'A', fields: [{ name: 'x', type: 'text', required: 'yes' }] }, /fields\.0\.required/],
    [{ name: 'A', fields: [{ name: 'x', type: 'text' }, { name: 'X', type: 'text' }] }, /slug/],
    [{ name: 'A', fields: [{ name: 'x', type: 'text', config: { minimum: 1 } }] }, /config/],
    [{ name: 'A', slug: 'A B', fields: [] }, /slug/],
  ];
  for (const [body, words] of bad) assert.match(fails(await api.post('/api/v1/entity-types', body), 400), words);
  const type = await newType();
  assert.match(fails(await api.post('/api/v1/entity-types', { name: 'A', slug: type.slug, fields: [] }), 409), /slug/);
});

test('PATCH changes what it names of a type, and the list has them oldest first with meta.total', async () => {
  const type = await newType();
  const fields = [...type.fields, { name: 'Summary', slug: 'summary', type: 'longText' }];
  const changed = await api.call('PATCH', `/api/v1/entity-types/${type.id}`, { body: { description: 'Pages', fields } });
  assert.equal(changed.status, 200, changed.text);
  assert.equal(changed.json.data.description, 'Pages');
  assert.equal(changed.json.data.name, type.name);
  assert.equal(changed.json.data.fields.length, 2);
  const list = (await api.get('/api/v1/entity-types')).json;
  assert.deepEqual(Object.keys(list), ['data', 'meta']);
  assert.deepEqual(list.meta, { total: list.data.length });
  assert.deepEqual(list.data.at(-1), changed.json.data);
  assert.deepEqual((await api.get(`/api/v1/entity-types?limit=1&offset=${list.meta.total - 1}`)).json,
    { data: [changed.json.data], meta: list.meta });
  fails(await api.call('DELETE', `/api/v1/entity-types/${type.id}`), 405);
  fails(await api.get('/api/v1/entity-types/nothing'), 404);
  fails(await api.call('PATCH', `/api/v1/entity-types/${'0'.repeat(24)}`, { body: {} }), 404);
});

/* --- entities --- */

const ENTITY_FIELDS = ['id', 'entityTypeId', 'fields', 'createdAt', 'updatedAt', 'archivedAt'];

test('an entity: id, entityTypeId, fields, times in milliseconds, archivedAt null', async () => {
  const type = await newType();
  const answer = await api.post('/api/entities', { entityTypeId: type.id, fields: { title: 'Nuts' } });
  assert.equal(answer.status, 201, answer.text);
  const entity = answer.json.data;
  assert.deepEqual(Object.keys(entity), ENTITY_FIELDS);
  assert.match(entity.id, /^[0-9a-f]{24}$/);
  assert.equal(entity.entityTypeId, type.id);
  assert.deepEqual(entity.fields, { title: 'Nuts' });
  isMs(entity.createdAt);
  isMs(entity.updatedAt);
  assert.equal(entity.archivedAt, null);
  for (const prefix of ['/api/v1', '/api'])
    assert.deepEqual((await api.get(`${prefix}/entities/${entity.id}`)).json, { data: entity });
});

test('a datetime is told in milliseconds, however it was sent; a date stays an ISO text', async () => {
  const type = await newType([{ name: 'At', slug: 'at', type: 'datetime' }, { name: 'Day', slug: 'day', type: 'date' }]);
  for (const at of [1763712000000, '2025-11-21T08:00:00Z', '2025-11-21T09:00:00+01:00']) {
    const entity = await newEntity(type, { at, day: '2025-11-21' });
    assert.deepEqual(entity.fields, { at: 1763712000000, day: '2025-11-21' });
  }
  for (const at of [12.5, -1, 9e18, 'yesterday']) {
    const answer = await api.post('/api/v1/entities', { entityTypeId: type.id, fields: { at } });
    assert.match(fails(answer, 400), /^fields\.at: expected a (date and )?time as 2024-05-17T09:30:00Z/);
  }
  const { json } = await api.get(`/api/v1/entities?entityTypeId=${type.id}`);
  assert.deepEqual(json.data.map((entity) => entity.fields.at), Array(3).fill(1763712000000));
});

test('a list of entities needs the type, and has limit, offset and meta.total', async () => {
  const type = await newType();
  const ids = [];
  for (let i = 0; i < 53; i++) ids.push((await newEntity(type, { title: `P${i}` })).id);
  const list = async (query) => (await api.get(`/api/v1/entities?entityTypeId=${type.id}${query}`)).json;
  const usual = await list('');
  assert.deepEqual(Object.keys(usual), ['data', 'meta']);
  assert.deepEqual(usual.meta, { total: 53 });
  assert.deepEqual(usual.data.map((one) => one.id), ids.slice(0, 50));
  assert.deepEqual(Object.keys(usual.data[0]), ENTITY_FIELDS);
  assert.deepEqual((await list('&limit=5&offset=50')).data.map((one) => one.id), ids.slice(50));
  assert.deepEqual((await list('&limit=100000')).data.map((one) => one.id), ids);
  assert.deepEqual(await list('&offset=53'), { data: [], meta: { total: 53 } });
  assert.deepEqual(await list('&offset=250000'), { data: [], meta: { total: 53 } });
  assert.match(fails(await api.get('/api/v1/entities'), 400), /entityTypeId/);
  assert.match(fails(await api.get('/api/v1/entities?entityTypeId=x'), 404), /entityTypeId/);
  assert.match(fails(await api.get(`/api/v1/entities?entityTypeId=${type.id}&limit=x`), 400), /limit/);
  assert.match(fails(await api.get(`/api/v1/entities?entityTypeId=${type.id}&limit=0`), 400), /limit/);
  assert.match(fails(await api.get(`/api/v1/entities?entityTypeId=${type.id}&offset=-1`), 400), /offset/);
});

test('more than 200 entities are not given at once', async () => {
  const type = await newType();
  const bodies = Array.from({ length: 201 }, (_, i) => ({ title: `P${i}` }));
  await Promise.all(bodies.map((fields) => newEntity(type, fields)));
  const { json } = await api.get(`/api/v1/entities?entityTypeId=${type.id}&limit=500`);
  assert.equal(json.data.length, 200);
  assert.equal(json.meta.total, 201);
});

test('PATCH merges fields: those it names change, null takes a value away', async () => {
  const type = await newType([{ name: 'Title', slug: 'title', type: 'text' }, { name: 'Note', slug: 'note', type: 'text' }]);
  const entity = await newEntity(type, { title: 'Nuts', note: 'old' });
  const patch = (body) => api.call('PATCH', `/api/v1/entities/${entity.id}`, { body });
  const changed = (await patch({ fields: { note: 'new' } })).json.data;
  assert.deepEqual(changed.fields, { title: 'Nuts', note: 'new' });
  assert.ok(changed.updatedAt >= entity.updatedAt);
  assert.deepEqual((await patch({ fields: { note: null } })).json.data.fields, { title: 'Nuts' });
  assert.match(fails(await patch({ fields: { colour: 'red' } }), 400), /fields\.colour/);
  assert.match(fails(await patch({ fields: { title: 7 } }), 400), /fields\.title/);
  assert.match(fails(await patch({}), 400), /fields/);
  assert.match(fails(await patch({ fields: {}, entityTypeId: type.id }), 400), /entityTypeId/);
});

test('PATCHes of one entity at the same time are all kept', async () => {
  const fields = Array.from({ length: 6 }, (_, i) => ({ name: `F${i}`, slug: `f${i}`, type: 'number' }));
  const type = await newType(fields);
  const entity = await newEntity(type, {});
  const answers = await Promise.all(fields.map((field, i) =>
    api.call('PATCH', `/api/v1/entities/${entity.id}`, { body: { fields: { [field.slug]: i } } })));
  assert.deepEqual(answers.map((answer) => answer.status), Array(6).fill(200));
  const { json } = await api.get(`/api/v1/entities/${entity.id}`);
  assert.deepEqual(json.data.fields, { f0: 0, f1: 1, f2: 2, f3: 3, f4: 4, f5: 5 });
});

test('DELETE sets archivedAt: no list has it, GET shows it, PATCH is 409, it can be restored', async () => {
  const type = await newType();
  const entity = await newEntity(type, { title: 'Gone' });
  const gone = await api.call('DELETE', `/api/v1/entities/${entity.id}`);
  assert.equal(gone.status, 200, gone.text);
  assert.deepEqual(Object.keys(gone.json.data), ENTITY_FIELDS);
  isMs(gone.json.data.archivedAt);
  assert.deepEqual((await api.call('DELETE', `/api/v1/entities/${entity.id}`)).json, gone.json);
  assert.deepEqual((await api.get(`/api/v1/entities/${entity.id}`)).json, gone.json);
  assert.deepEqual((await api.get(`/api/v1/entities?entityTypeId=${type.id}`)).json, { data: [], meta: { total: 0 } });
  assert.match(fails(await api.call('PATCH', `/api/v1/entities/${entity.id}`, { body: { fields: { title: 'x' } } }), 409), /deleted/);
  assert.equal((await server.post(`/v1/entities/${entity.id}/restore`)).status, 200);
  assert.equal((await api.get(`/api/v1/entities/${entity.id}`)).json.data.archivedAt, null);
});

test('values that do not fit, and types and entities that are not there', async () => {
  const type = await newType();
  const create = (body) => api.post('/api/v1/entities', body);
  assert.match(fails(await create({ entityTypeId: type.id, fields: {} }), 400), /fields\.title.*required/);
  assert.match(fails(await create({ entityTypeId: type.id, fields: { title: 7 } }), 400), /fields\.title/);
  assert.match(fails(await create({ entityTypeId: type.id, fields: { title: 'x', colour: 1 } }), 400), /fields\.colour/);
  assert.match(fails(await create({ fields: {} }), 400), /entityTypeId/);
  assert.match(fails(await create({ entityTypeId: type.id }), 400), /fields/);
  assert.match(fails(await create({ entityTypeId: '0'.repeat(24), fields: {} }), 404), /entityTypeId/);
  for (const id of ['0'.repeat(24), 'nothing', type.id]) {
    fails(await api.get(`/api/v1/entities/${id}`), 404);
    fails(await api.call('DELETE', `/api/v1/entities/${id}`), 404);
    fails(await api.call('PATCH', `/api/v1/entities/${id}`, { body: { fields: {} } }), 404);
  }
});

test('an Idempotency-Key makes one type and one entity; for another body it is 409', async () => {
  const once = (path, body, key) => api.post(path, body, { headers: { ...api.bearer(), 'Idempotency-Key': key } });
  const madeOnce = async (path, body, key) => {
    const answers = await Promise.all([1, 2, 3].map(() => once(path, body, key)));
    for (const answer of answers) {
      assert.equal(answer.status, 201, answer.text);
      assert.deepEqual(answer.json, answers[0].json);
    }
    const again = await once(path, body, key);
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(again.json, answers[0].json);
    assert.match(fails(await once(path, { ...body, fields: [] }, key), 409), /Idempotency-Key was used .* for another request/);
    return again.json.data;
  };
  const { meta: before } = (await api.get('/api/v1/entity-types')).json;
  const type = await madeOnce('/api/v1/entity-types', { name: 'Once', fields: [{ name: 'Title', type: 'text' }] }, 'one-type');
  assert.equal((await api.get('/api/v1/entity-types')).json.meta.total, before.total + 1);
  const entity = await madeOnce('/api/entities', { entityTypeId: type.id, fields: { title: 'Nuts' } }, 'one-entity');
  const { json } = await api.get(`/api/entities?entityTypeId=${type.id}`);
  assert.deepEqual(json, { data: [entity], meta: { total: 1 } });
  const gone = (await api.call('DELETE', `/api/entities/${entity.id}`)).json;
  const shown = await once('/api/entities', { entityTypeId: type.id, fields: { title: 'Nuts' } }, 'one-entity');
  assert.deepEqual([shown.status, shown.json], [201, gone]);
  assert.match(fails(await once('/api/entities', { entityTypeId: type.id, fields: {} }, 'no key'), 400), /Idempotency-Key/);
  assert.equal((await server.ask('DELETE', `/v1/entity-types/${type.id}`)).status, 200);
  const lost = await once('/api/v1/entity-types', { name: 'Once', fields: [{ name: 'Title', type: 'text' }] }, 'one-type');
  assert.match(fails(lost, 404), /Idempotency-Key made has been deleted/);
});

test('another workspace sees no types and no entities', async () => {
  const type = await newType();
  const entity = await newEntity(type, { title: 'Mine' });
  const { data } = await server.post('/v1/workspaces', { name: 'Strangers' });
  const headers = api.bearer(data.key.apiKey);
  assert.deepEqual((await api.get('/api/v1/entity-types', { headers })).json, { data: [], meta: { total: 0 } });
  fails(await api.get(`/api/v1/entity-types/${type.id}`, { headers }), 404);
  fails(await api.get(`/api/v1/entities?entityTypeId=${type.id}`, { headers }), 404);
  fails(await api.post('/api/v1/entities', { entityTypeId: type.id, fields: { title: 'x' } }, { headers }), 404);
  fails(await api.get(`/api/v1/entities/${entity.id}`, { headers }), 404);
  fails(await api.call('PATCH', `/api/v1/entities/${entity.id}`, { headers, body: { fields: { title: 'x' } } }), 404);
  fails(await api.call('DELETE', `/api/v1/entities/${entity.id}`, { headers }), 404);
  assert.equal((await api.get(`/api/v1/entities/${entity.id}`)).json.data.fields.title, 'Mine');
});
