// What stands beside workflows in Metal's API: companies, deals, people, lists, documents, searches.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
let stranger; // a key of another workspace
before(async () => {
  server = await startServer();
  const answer = await server.post('/v1/workspaces', { name: 'Elsewhere' });
  stranger = answer.data.key;
});
after(() => server?.close());

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const HEX = /^[0-9a-f]{24}$/;

const patch = (path, body, options) => server.ask('PATCH', path, { body, ...options });
const make = async (kind, body) => {
  const answer = await server.post(`/v1/${kind}`, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.data;
};
const fails = (answer, status, words) => {
  assert.equal(answer.status, status, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['error']);
  assert.match(answer.json.error, words);
};

/** Fields of each kind in their order, with what they are when nothing is known. */
const KINDS = {
  companies: {
    name: 'canonicalName',
    fields: {
      canonicalName: 'Acme', alternativeNames: [], website: null, description: null, shortDescription: null,
      sector: null, subsector: null, industry: null, location: null, companyType: null, externalId: null,
      externalReference: null, tags: [], assignees: [], custom: {}, employeeCount: null, ownershipStatus: null,
      lastValuation: null, lastRoundDate: null, lastAmountRaised: null, totalMoneyRaised: null,
      lastFinancials: null, enrichment: {}, lastEnrichedAt: null, lastEnrichmentStartedAt: null,
    },
  },
  deals: {
    name: 'name',
    fields: {
      name: 'Acme', companyId: null, status: null, stage: null, externalStatus: null, externalStage: null,
      owners: [], sector: null, industry: null, size: null, notes: null, externalId: null,
      externalReference: null, tags: [], custom: {},
    },
  },
  people: {
    name: 'name',
    fields: {
      name: 'Acme', firstName: null, lastName: null, email: null, phone: null, title: null, companyId: null,
      description: null, location: null, externalId: null, externalReference: null, tags: [], assignees: [],
      custom: {}, enrichment: {},
    },
  },
};

const WHOLE = {
  companies: {
    canonicalName: 'Whole Ltd', alternativeNames: ['Whole', 'W'], website: 'whole.example', description: 'long',
    shortDescription: 'short', sector: 'Software', subsector: 'Tools', industry: 'IT',
    location: { city: 'Berlin', state: null, country: 'Germany' }, companyType: 'operating',
    externalId: 'whole/1 ü', externalReference: { source: 'crm', id: '17' }, tags: ['hot'],
    assignees: [{ id: 'u1', type: 'user' }], custom: { mine: { deep: [1, null] } }, employeeCount: 12,
    ownershipStatus: 'private', lastValuation: 1e9, lastRoundDate: '2026-01-31', lastAmountRaised: 5.5,
    totalMoneyRaised: 12345678901.5, lastFinancials: { revenue: 1 },
    enrichment: { sector: [{ value: 'x', source: 'web', confidence: 0.5, pinned: false, discoveredAt: '2026-01-01T00:00:00Z' }] },
    lastEnrichedAt: '2026-01-01T00:00:00Z', lastEnrichmentStartedAt: '2026-01-01T00:00:00Z',
  },
  deals: {
    name: 'Whole deal', companyId: '507f1f77bcf86cd799439011', status: 'ACTIVE', stage: 'DUE_DILIGENCE',
    externalStatus: 'open', externalStage: '3', owners: [{ id: 'u1', type: 'user' }], sector: 'Software',
    industry: 'IT', size: 2500000, notes: 'much', externalId: 'whole/1 ü',
    externalReference: { source: 'crm', id: '17' }, tags: ['hot'], custom: { a: 1 },
  },
  people: {
    name: 'Zoë Whole', firstName: 'Zoë', lastName: 'Whole', email: 'zoe@whole.example', phone: '+49 30 1',
    title: 'CEO', companyId: '507f1f77bcf86cd799439011', description: 'knows all', location: { city: 'Berlin' },
    externalId: 'whole/1 ü', externalReference: { source: 'crm', id: '17' }, tags: ['hot'],
    assignees: [{ id: 'u1', type: 'user' }], custom: { a: 1 }, enrichment: {},
  },
};

test('before there is a record a workspace has empty lists and no type of it', async () => {
  for (const kind of Object.keys(KINDS)) {
    assert.equal((await server.get(`/v1/${kind}`, { key: stranger })).text, '{"data":[]}');
    assert.deepEqual((await server.post(`/v1/${kind}/search`, { query: 'a' }, { key: stranger })).json, {
      data: [], metadata: { page: 1, limit: 20, totalCount: 0, totalPages: 0 },
    });
    fails(await server.get(`/v1/${kind}/externalId=a`, { key: stranger }), 404, /^not found$/);
  }
  assert.equal((await server.get('/v1/entity-types', { key: stranger })).text, '{"data":[]}');
});

test('a record has all fields in their order, with null, [] or {} for what is not known', async () => {
  for (const [kind, { name, fields }] of Object.entries(KINDS)) {
    const answer = await server.post(`/v1/${kind}`, { [name]: 'Acme' });
    assert.equal(answer.status, 201);
    assert.deepEqual(Object.keys(answer.json), ['data']);
    assert.match(answer.headers.get('location'), new RegExp(`/v1/${kind}/${answer.data.id}$`));
    assert.deepEqual(Object.keys(answer.data), ['id', ...Object.keys(fields), 'createdAt', 'updatedAt']);
    const { id, createdAt, updatedAt, ...rest } = answer.data;
    assert.match(id, HEX);
    assert.match(createdAt, ISO);
    assert.equal(updatedAt, createdAt);
    assert.deepEqual(rest, fields);
    assert.deepEqual((await server.get(`/v1/${kind}/${id}`)).json, answer.json);
  }
});

test('every field is kept as it was sent, and the record is found by externalId=VALUE', async () => {
  for (const [kind, whole] of Object.entries(WHOLE)) {
    const answer = await server.post(`/v1/${kind}`, whole);
    assert.equal(answer.status, 201, answer.text);
    const { id, createdAt, updatedAt, ...rest } = answer.data;
    assert.deepEqual(rest, whole);
    for (const path of ['externalId=whole%2F1%20%C3%BC', 'externalId%3Dwhole%2F1%20%C3%BC'])
      assert.deepEqual((await server.get(`/v1/${kind}/${path}`)).json, answer.json);
    for (const path of ['externalId=', 'externalId=whole', 'whole%2F1%20%C3%BC', '507f1f77bcf86cd799439011'])
      fails(await server.get(`/v1/${kind}/${path}`), 404, /^not found$/);
    fails(await server.post(`/v1/${kind}`, whole), 409, /^externalId: another one of the \w+ has it$/);
  }
});

test('a change names what changes, null takes away, and a record can be sent back as it came', async () => {
  for (const [kind, { name }] of Object.entries(KINDS)) {
    const made = await make(kind, { [name]: 'Before', externalId: 'change', tags: ['a'], custom: { a: 1 } });
    const changed = await patch(`/v1/${kind}/externalId=change`, { tags: null, [name]: 'After' });
    assert.equal(changed.status, 200, changed.text);
    assert.deepEqual(changed.data,
      { ...made, [name]: 'After', tags: [], updatedAt: changed.data.updatedAt });
    assert.ok(changed.data.updatedAt >= made.updatedAt);
    const back = await server.ask('PUT', `/v1/${kind}/${made.id}`, { body: { ...changed.data, externalId: null } });
    assert.equal(back.status, 200, back.text);
    assert.deepEqual({ ...back.data, updatedAt: 0 }, { ...changed.data, externalId: null, updatedAt: 0 });
    fails(await server.get(`/v1/${kind}/externalId=change`), 404, /^not found$/);
    fails(await patch(`/v1/${kind}/${made.id}`, { [name]: null }), 400, new RegExp(`^${name}: `));
    fails(await patch(`/v1/${kind}/${made.id}`, { externalId: 'whole/1 ü' }), 409, /^externalId: /);
    assert.deepEqual((await server.get(`/v1/${kind}/${made.id}`)).json, back.json);
  }
});

test('changes of one company at the same time are all kept', async () => {
  const { id } = await make('companies', { canonicalName: 'Busy' });
  const fields = ['website', 'description', 'sector', 'industry', 'ownershipStatus'];
  const answers = await Promise.all(fields.map((name) => patch(`/v1/companies/${id}`, { [name]: name })));
  assert.deepEqual(answers.map(({ status }) => status), fields.map(() => 200));
  const { data } = await server.get(`/v1/companies/${id}`);
  for (const name of fields) assert.equal(data[name], name);
});

test('a company that was deleted is not found, and its externalId is free', async () => {
  const made = await make('companies', { canonicalName: 'Gone Inc', externalId: 'gone' });
  const answer = await server.ask('DELETE', '/v1/companies/externalId=gone');
  assert.equal(answer.status, 200);
  assert.equal(answer.data.id, made.id);
  for (const [method, body] of [['GET'], ['PATCH', {}], ['PUT', {}], ['DELETE']])
    fails(await server.ask(method, `/v1/companies/${made.id}`, { body }), 404, /^not found$/);
  assert.deepEqual((await server.post('/v1/companies/search', { query: 'gone' })).data, []);
  assert.ok(!(await server.get('/v1/companies')).data.some(({ id }) => id === made.id));
  await make('companies', { canonicalName: 'Gone 2', externalId: 'gone' });
  assert.equal((await server.post(`/v1/entities/${made.id}/restore`)).status, 409);
});

test('what does not fit is refused with the field and the nearest name', async () => {
  const refused = async (kind, body, words) => fails(await server.post(`/v1/${kind}`, body), 400, words);
  await refused('companies', {}, /"canonicalName" is required/);
  await refused('deals', {}, /"name" is required/);
  await refused('people', {}, /"name" is required/);
  await refused('companies', { canonicalName: '' }, /^canonicalName: /);
  await refused('companies', { canonicalName: null }, /^canonicalName: it is required$/);
  await refused('companies', { canonicalName: 7 }, /^canonicalName: expected null or string, found 7$/);
  await refused('companies', { canonicalNam: 'x' }, /^unknown key "canonicalNam"; did you mean "canonicalName"\?$/);
  await refused('companies', { canonicalName: 'x', companyType: 'zoo' }, /^companyType: expected one of "operating"/);
  await refused('companies', { canonicalName: 'x', tags: 'a' }, /^tags: /);
  await refused('companies', { canonicalName: 'x', tags: [1] }, /^tags\.0: /);
  await refused('companies', { canonicalName: 'x', employeeCount: '12' }, /^employeeCount: /);
  await refused('companies', { canonicalName: 'x', lastEnrichedAt: 'soon' }, /^lastEnrichedAt: /);
  await refused('companies', { canonicalName: 'x', externalId: '' }, /^externalId: /);
  await refused('deals', { name: 'x', companyId: '17' }, /^companyId: /);
  await refused('people', [], /the body: expected object/);
  await refused('people', '{"name":', /JSON|expected|byte/);
});

test('companies, deals and people are entities: each sees what the other does', async () => {
  const made = await make('companies', { canonicalName: 'Seen', externalId: 'seen', tags: ['a'] });
  const entity = (await server.get(`/v1/entities/${made.id}`)).data;
  assert.deepEqual(entity.fields, { canonicalName: 'Seen', tags: ['a'] });
  assert.equal(entity.externalId, 'seen');
  await patch(`/v1/entities/${made.id}`, { fields: { website: 'seen.example' } });
  assert.equal((await server.get(`/v1/companies/${made.id}`)).data.website, 'seen.example');
  const types = (await server.get('/v1/entity-types')).data.map(({ slug }) => slug);
  assert.deepEqual(types.sort(), ['companies', 'deals', 'people']);
  const other = await server.post('/v1/entities', { entityType: 'people', fields: { name: 'By entity' } });
  assert.equal((await server.get(`/v1/people/${other.data.id}`)).data.name, 'By entity');
  fails(await server.get(`/v1/deals/${other.data.id}`), 404, /^not found$/);
});

test('a workflow looks up the company of its input and writes what it found out', async () => {
  const company = await make('companies', { canonicalName: 'Bolt AG', description: 'Bolt AG employs 12,400 people.' });
  const workflow = await server.publish(`
name: Enrich a company
input: { type: object, required: [companyId], properties: { companyId: { type: string } } }
steps:
  - id: company
    type: lookup
    config: { entity: { type: companies, id: "{{input.companyId}}" } }
  - id: facts
    type: ai_generate
    config:
      model: local/extractive-1
      prompt: How many people work there?
      sources: "{{steps.company.description}}"
      output: { type: object, required: [employees], properties: { employees: { type: integer } } }
  - id: keep
    type: publish
    config: { entity: { id: "{{input.companyId}}", fields: { employeeCount: "{{steps.facts.employees}}" } } }
output: { name: "{{steps.company.canonicalName}}" }
`);
  const run = await server.reachEnd((await server.begin(workflow, { companyId: company.id })).id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.deepEqual(run.output, { name: 'Bolt AG' });
  const { data } = await server.get(`/v1/companies/${company.id}`);
  assert.deepEqual(data, { ...company, employeeCount: 12400, updatedAt: data.updatedAt });
  assert.equal((await server.post('/v1/companies/search', { query: '"bolt ag"' })).data[0].employeeCount, 12400);
});

test('a workflow runs over all companies, and the Wiserows API shows the same', async () => {
  const { key } = (await server.post('/v1/workspaces', { name: 'Faces' })).data;
  const ask = async (method, path, body) => (await server.ask(method, path, { body, key })).data;
  for (const canonicalName of ['One', 'Two', 'Three']) await ask('POST', '/v1/companies', { canonicalName });
  const [type] = await ask('GET', '/v1/entity-types');
  const rows = await ask('GET', `/api/v1/entities?entityTypeId=${type.id}`);
  assert.deepEqual(rows.map(({ fields }) => fields.canonicalName).sort(), ['One', 'Three', 'Two']);
  const answer = await server.ask('POST', '/v1/workflows?publish=true', { key, type: 'text/yaml', body: `
name: All companies
steps:
  - { id: all, type: read_entities, config: { type: companies } }
  - { id: greet, type: set, config: { fields: { text: "Dear {{item.canonicalName}}" } } }
` });
  const { id } = await ask('POST', `/v1/workflows/${answer.data.id}/runs`, {});
  await ask('GET', `/v1/workflow-runs/${id}?wait=60`);
  const items = await ask('GET', `/v1/workflow-runs/${id}/items`);
  assert.deepEqual(items.map(({ steps }) => steps.greet.value.text), ['Dear One', 'Dear Two', 'Dear Three']);
});

test('a type of that name that was made for something else is let be', async () => {
  const { key } = (await server.post('/v1/workspaces', { name: 'Own' })).data;
  const ask = (method, path, body) => server.ask(method, path, { body, key });
  const fields = [{ name: 'Title', type: 'text', required: true }];
  const type = (await ask('POST', '/v1/entity-types', { name: 'Companies', fields })).data;
  const other = (await ask('POST', '/v1/entities', { entityType: 'companies', externalId: 'a', fields: { title: 'A' } })).data;
  for (const path of [other.id, 'externalId=a'])
    fails(await ask('GET', `/v1/companies/${path}`), 404, /^not found$/);
  assert.deepEqual((await ask('GET', '/v1/companies')).data, []);
  assert.deepEqual((await ask('POST', '/v1/companies/search', { query: 'a' })).data, []);
  fails(await ask('POST', '/v1/companies', { canonicalName: 'B' }), 409,
    /^the workspace has an entity type "companies" of its own without a field "canonicalName"; give it that field/);
  fields.push({ name: 'canonicalName', slug: 'canonicalName', type: 'text' });
  await ask('PATCH', `/v1/entity-types/${type.id}`, { fields: fields.map((one) => ({ ...one, required: false })) });
  const made = await ask('POST', '/v1/companies', { canonicalName: 'B' });
  assert.equal(made.status, 201, made.text);
  fails(await ask('POST', '/v1/companies', { canonicalName: 'B', website: 'b.example' }), 400,
    /^website: the type has no such field$/);
  assert.deepEqual((await ask('GET', '/v1/companies')).data.map(({ canonicalName }) => canonicalName), ['B', null]);
});

test('the same request with an Idempotency-Key makes one company', async () => {
  const headers = { 'idempotency-key': 'company-1' };
  const body = { canonicalName: 'Once' };
  const first = await server.post('/v1/companies', body, { headers });
  const second = await server.post('/v1/companies', body, { headers });
  assert.equal(second.status, 201);
  assert.deepEqual(second.json, first.json);
  assert.equal((await server.post('/v1/companies', { canonicalName: 'Other' }, { headers })).status, 409);
});

test('first records of a kind at the same time make one type', async () => {
  const { data } = await server.post('/v1/workspaces', { name: 'Crowd' });
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) =>
    server.post('/v1/deals', { name: `deal ${i}` }, { key: data.key })));
  assert.deepEqual(answers.map(({ status }) => status), answers.map(() => 201));
  assert.equal((await server.get('/v1/entity-types', { key: data.key })).data.length, 1);
  assert.equal((await server.get('/v1/deals', { key: data.key })).data.length, 20);
});

test('more than 1,000 people are read page by page, by number and by lt, in both directions', async () => {
  const { data } = await server.post('/v1/workspaces', { name: 'Many' });
  const key = data.key;
  const ids = [];
  for (let i = 0; i < 1050; i += 50) {
    const some = await Promise.all(Array.from({ length: 50 }, (_, k) =>
      server.post('/v1/people', { name: `Person ${i + k}` }, { key })));
    ids.push(...some.map((one) => one.data.id));
  }
  const newest = [...ids].sort().reverse();
  const page = async (query) => (await server.get(`/v1/people?${query}`, { key })).data.map(({ id }) => id);
  assert.deepEqual(await page(''), newest.slice(0, 100));
  assert.deepEqual(await page('limit=99999'), newest.slice(0, 1000));
  assert.deepEqual(await page('limit=-5'), newest.slice(0, 1));
  assert.deepEqual(await page('limit=1000&page=2'), newest.slice(1000));
  assert.deepEqual(await page(`limit=1000&lt=${newest[999]}`), newest.slice(1000));
  assert.deepEqual(await page(`limit=30&page=2&direction=asc&sort=_id`), [...newest].reverse().slice(30, 60));
  assert.deepEqual(await page(`direction=asc&lt=${newest.at(-3)}`), [newest.at(-1), newest.at(-2)]);
  const search = (body) => server.post('/v1/people/search', body, { key });
  const second = await search({ query: 'person', limit: 1000, page: 2 });
  assert.equal(second.data.length, 50);
  assert.deepEqual(second.json.metadata, { page: 2, limit: 1000, totalCount: 1050, totalPages: 2 });
  assert.deepEqual((await search({ query: 'person 1049' })).data.map(({ name }) => name), ['Person 1049']);
});

test('lists take limit, page, lt, sort and direction as Metal has them', async () => {
  for (const path of ['/v1/companies', '/v1/deals', '/v1/people', '/v1/lists', '/v1/documents', '/v1/entity-types']) {
    assert.equal((await server.get(`${path}?limit=0&page=100&sort=_id&direction=desc`)).status, 200);
    for (const [query, words] of [
      ['limit=ten', /^limit: expected a whole number/],
      ['page=0', /^page: expected 1 to 100/],
      ['page=101', /^page: expected 1 to 100/],
      ['lt=7', /^lt: expected an id/],
      ['sort=name', /^sort: /],
      ['direction=up', /^direction: expected asc or desc/],
      ['limits=1', /^unknown parameter "limits"; did you mean "limit"\?/],
    ])
      fails(await server.get(`${path}?${query}`), 400, words);
  }
});

test('a search answers the best first, with metadata of page, limit and totals', async () => {
  await make('companies', { canonicalName: 'Other', description: 'a rival of Näherei' });
  await make('companies', { canonicalName: 'Alte Näherei' });
  await make('companies', { canonicalName: 'Zwei', alternativeNames: ['Näherei Zwei'] });
  await make('companies', { canonicalName: 'Näherei' });
  const search = (body) => server.post('/v1/companies/search', body);
  const names = async (query) => (await search({ query })).data.map(({ canonicalName }) => canonicalName);
  assert.deepEqual(await names('naherei'), ['Näherei', 'Zwei', 'Alte Näherei', 'Other']);
  assert.deepEqual(await names('NÄH -rival -alte'), ['Näherei', 'Zwei']);
  assert.deepEqual(await names('"naherei zwei"'), ['Zwei']);
  const answer = await search({ query: 'naherei', limit: 3, page: 2 });
  assert.deepEqual(Object.keys(answer.json), ['data', 'metadata']);
  assert.deepEqual(answer.json.metadata, { page: 2, limit: 3, totalCount: 4, totalPages: 2 });
  assert.deepEqual(answer.data.map(({ canonicalName }) => canonicalName), ['Other']);
  assert.deepEqual(Object.keys(answer.data[0]),
    ['id', ...Object.keys(KINDS.companies.fields), 'createdAt', 'updatedAt']);
  assert.equal((await search({ query: 'naherei', limit: 0 })).json.metadata.limit, 1);
  assert.equal((await search({ query: 'naherei', limit: 9999 })).json.metadata.limit, 1000);
});

test('a page that is too deep, and what is no search, is refused with words', async () => {
  for (const kind of ['companies', 'deals', 'people', 'documents', 'workspaces']) {
    const path = `/v1/${kind}/search`;
    fails(await server.post(path, { query: 'a', limit: 100, page: 101 }), 400,
      /^page: only the first 10000 finds can be seen, of limit 100 the pages 1 to 100/);
    fails(await server.post(path, { query: 'a', page: 9007199254740993 }), 400, /^page: /);
    fails(await server.post(path, { query: 'a', page: 0 }), 400, /^page: /);
    fails(await server.post(path, { query: ' -a' }), 400, /^query: /);
    fails(await server.post(path, {}), 400, /"query" is required/);
    fails(await server.post(path, { query: 'a', sort: 'name' }), 400, /^unknown key "sort"/);
    assert.equal((await server.post(path, { query: 'a', limit: 100, page: 100 })).status, 200);
  }
});

test('workspaces are found by name; a key of one finds its own alone', async () => {
  const search = (query, key) => server.post('/v1/workspaces/search', { query }, { key });
  const answer = await search('elsew', server.key);
  assert.deepEqual(answer.data.map(({ name }) => name), ['Elsewhere']);
  assert.deepEqual(answer.json.metadata, { page: 1, limit: 20, totalCount: 1, totalPages: 1 });
  assert.deepEqual((await search('elsewhere', stranger)).data, answer.data);
  assert.deepEqual((await search('default', stranger)).data, []);
});

test('another workspace sees none of it', async () => {
  const key = stranger;
  for (const [kind, { name }] of Object.entries(KINDS)) {
    const { id } = await make(kind, { [name]: 'Secret', externalId: 'secret' });
    for (const path of [id, 'externalId=secret']) {
      for (const [method, body] of [['GET'], ['PATCH', { [name]: 'Mine' }], ['PUT', {}], ['DELETE']])
        fails(await server.ask(method, `/v1/${kind}/${path}`, { body, key }), 404, /^not found$/);
    }
    assert.deepEqual((await server.post(`/v1/${kind}/search`, { query: 'secret' }, { key })).data, []);
    assert.deepEqual((await server.get(`/v1/${kind}`, { key })).data, []);
    assert.equal((await server.get(`/v1/${kind}/${id}`)).data[name], 'Secret');
  }
});

test('records are there after a kill', async () => {
  const made = await make('people', { name: 'Durable' });
  await server.restart();
  assert.deepEqual((await server.get(`/v1/people/${made.id}`)).data, made);
});
