// Workflows of the Sixtyfour API: graphs of blocks are stored, shown, changed, deleted and run.

import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, until, windrow } from './server.mjs';

const Ajv = createRequire(import.meta.url)('ajv/dist/2020').default;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
// Every block name that the vendor's pages have.
const BLOCKS = `webhook read_notebook search read_csv company_enrichment lead_enrichment find_email find_phone
  verify_email reverse_email reverse_phone enrich_company enrich_lead company_to_leads leads_to_company
  github_find_people google_maps_search scrape_web backlinks_referring_domains find_subdomains x_search
  tiktok_get_following kaggle_leaderboard llm_openai qa_agent research_agent transform_data filter deduplicate
  deduplicate_wrt_notebook group_by remove_columns append_to_notebook send_slack_message outgoing_webhook
  hubspot_import yc_batches yc_companies`.split(/\s+/);
// And one of ours.
const ALL = [...BLOCKS, 'join'];

let server, folder, vendor;
let asked = []; // of the vendor
before(async () => {
  // A vendor that knows an address for everybody.
  vendor = createServer((request, response) => {
    asked.push(request.url);
    const name = new URL(request.url, 'http://x').searchParams.get('name');
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify({ email: `${name}@example.com` }));
  });
  await new Promise((resolve) => vendor.listen(0, '127.0.0.1', resolve));
  folder = await mkdtemp(join(tmpdir(), 'windrow-sixtyfour-'));
  const at = `http://127.0.0.1:${vendor.address().port}/find`;
  await writeFile(
    join(folder, 'find_email.yaml'),
    `summary: Finds addresses.\ninputs:\n  name: { help: Whose., example: "{{item.name}}" }\n` +
      `request:\n  url: ${at}\n  query: { name: "{{input.name}}" }\nvalue: .steps.request.body\n`,
  );
  server = await startServer('--allow', '127.0.0.1', '--connectors', folder);
});
after(async () => {
  await server?.close();
  vendor?.close();
  await rm(folder, { recursive: true, force: true });
});

async function call(method, path, body, { key = server.key.apiKey, headers = {} } = {}) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { 'x-api-key': key, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, text, json, notes: answer.headers.get('x-notes') };
}

/** A block; its id is "b" and its number. */
const block = (sequence_number, block_name, specs = {}) => ({
  sequence_number,
  block_type: block_name,
  block_name,
  block_id: `b${sequence_number}`,
  specs,
});
const edge = (from, to) => ({ from_block_id: `b${from}`, to_block_id: `b${to}`, condition: null });
/** A graph of blocks one behind the other. */
const chain = (...blocks) => ({ blocks, edges: blocks.slice(1).map((_, i) => edge(i + 1, i + 2)) });

let made = 0;
const create = (definition, more = {}) =>
  call('POST', '/workflows/create_workflow', {
    workflow_name: `Graph ${++made}`,
    workflow_description: 'A graph.',
    workflow_definition: definition,
    ...more,
  });

async function created(definition, more) {
  const answer = await create(definition, more);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

/** The rows of the last block of a run, or of that block. */
async function rows(id, payload, table, state = 'completed') {
  const started = await call('POST', `/workflows/run?workflow_id=${encodeURIComponent(id)}`, {
    webhook_payload: payload,
  });
  assert.equal(started.status, 200, started.text);
  const job = started.json.job_id;
  let run;
  await until(async () => {
    run = (await server.get(`/v1/workflow-runs/${job}`)).data;
    return run.completedAt;
  }, 'its end');
  assert.equal(run.status, state, JSON.stringify(run.error));
  const answer = await call('GET', `/v1/workflow-runs/${job}/results?format=json&table=${table}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.map(({ _key, _state, _error, ...row }) => row);
}

const people = [
  { name: 'Ada', age: 36, city: 'London' },
  { name: 'Bob', age: '17', city: 'Paris' },
  { name: 'Cyd', age: null, city: 'London' },
];

/* --- records --- */

test('a workflow is created: 200 and the record, published at once', async () => {
  const definition = chain(block(1, 'webhook'), block(2, 'deduplicate'));
  const record = await created(definition, { workflow_name: 'Grüße an alle' });
  assert.deepEqual(Object.keys(record), [
    'id', 'user_uuid', 'org_id', 'name', 'description', 'status', 'step', 'created_at', 'updated_at',
    'last_run_date', 'workflow_definition',
  ]);
  assert.match(record.id, UUID);
  assert.match(record.org_id, UUID);
  assert.equal(record.user_uuid, null);
  assert.equal(record.name, 'Grüße an alle');
  assert.equal(record.description, 'A graph.');
  assert.equal(record.status, 'active');
  assert.equal(record.step, 'completed');
  assert.match(record.created_at, TIME);
  assert.match(record.updated_at, TIME);
  assert.equal(record.last_run_date, null);
  assert.deepEqual(record.workflow_definition, definition);
  const found = await call('GET', `/workflows/${record.id}`);
  assert.deepEqual(found.json, record);
  assert.equal((await server.get(`/v1/workflows/${record.id}`)).data.name, 'Grüße an alle');
});

test('the list is a bare array of records without definitions', async () => {
  const record = await created(chain(block(1, 'webhook')));
  await rows(record.id, people, 'b1_webhook');
  const list = await call('GET', '/workflows');
  assert.equal(list.status, 200);
  const mine = list.json.find((one) => one.id === record.id);
  assert.equal('workflow_definition' in mine, false);
  assert.match(mine.last_run_date, TIME);
});

test('two workflows may have one name; a name without a letter of ours is fine', async () => {
  const first = await created(chain(block(1, 'webhook')), { workflow_name: 'Same' });
  const second = await created(chain(block(1, 'webhook')), { workflow_name: 'Same' });
  assert.notEqual(first.id, second.id);
  const third = await created(chain(block(1, 'webhook')), { workflow_name: '会社' });
  assert.equal(third.name, '会社');
});

test('what of a graph has no effect is said in a header', async () => {
  const search = block(1, 'search', { query: 'x', dataframe_type: 'COMPANY', auto_execute: true });
  const record = await create(chain(search, block(2, 'company_enrichment', { find_people: true, 'größe\n': 1 })));
  assert.equal(record.status, 200, record.text);
  assert.match(record.notes, /^blocks\[0\] \(search\): specs\.auto_execute: .*; blocks\[1\] \(company_enrichment\): specs\.gr\?\?\?\?e\?: is not known.*specs\.find_people: /);
  const again = await call('POST', `/workflows/update_workflow?workflow_id=${record.json.id}`, { workflow_definition: chain(search) });
  assert.match(again.notes, /auto_execute/);
  assert.equal((await create(chain(block(1, 'webhook')))).notes, null);
  assert.equal((await call('GET', `/workflows/${record.json.id}`)).notes, null);
});

test('an own id: the same again updates, and is the id everywhere', async () => {
  const id = 'my flow/1';
  const one = await created(chain(block(1, 'webhook')), { id, workflow_name: 'Own' });
  assert.equal(one.id, id);
  const definition = chain(block(1, 'webhook'), block(2, 'remove_columns', { columns: ['age'] }));
  const two = await created(definition, { id, workflow_name: 'Own, again' });
  assert.equal(two.id, id);
  assert.equal(two.name, 'Own, again');
  assert.equal(two.created_at, one.created_at);
  assert.deepEqual(two.workflow_definition, definition);
  const list = (await call('GET', '/workflows')).json.filter((each) => each.id === id);
  assert.equal(list.length, 1);
  assert.deepEqual((await call('GET', `/workflows/${encodeURIComponent(id)}`)).json, two);
  assert.deepEqual((await rows(id, people, 'b2_remove_columns'))[0], { name: 'Ada', city: 'London' });
  const gone = await call('POST', `/workflows/delete_workflow?workflow_id=${encodeURIComponent(id)}`);
  assert.equal(gone.json.id, id);
  assert.equal((await call('GET', `/workflows/${encodeURIComponent(id)}`)).status, 404);
  const again = await created(definition, { id });
  assert.equal(again.id, id);
});

test('an own id may be a UUID that the client made up', async () => {
  const id = 'F47AC10B-58CC-4372-A567-0E02B2C3D479';
  assert.equal((await created(chain(block(1, 'webhook')), { id })).id, id);
  assert.equal((await created(chain(block(1, 'webhook')), { id, workflow_name: 'B' })).name, 'B');
});

test('the id that we gave updates too', async () => {
  const one = await created(chain(block(1, 'webhook')));
  const two = await created(chain(block(1, 'webhook')), { id: one.id, workflow_name: 'Other' });
  assert.equal(two.id, one.id);
  assert.equal(two.name, 'Other');
});

test('an Idempotency-Key makes one workflow; for another body it is 409', async () => {
  const headers = { 'Idempotency-Key': 'make-one' };
  const body = { workflow_name: 'Once', workflow_description: '', workflow_definition: chain(block(1, 'webhook')) };
  const one = await call('POST', '/workflows/create_workflow', body, { headers });
  const two = await call('POST', '/workflows/create_workflow', body, { headers });
  assert.equal(two.status, 200, two.text);
  assert.deepEqual(two.json, one.json);
  const other = await call('POST', '/workflows/create_workflow', { ...body, workflow_name: 'Twice' }, { headers });
  assert.equal(other.status, 409);
});

test('many at once under one own id make one workflow', async () => {
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) => create(chain(block(1, 'webhook')), { id: 'at once', workflow_name: `At once ${i}` })),
  );
  for (const answer of answers) {
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.id, 'at once');
  }
  assert.equal((await call('GET', '/workflows')).json.filter((one) => one.id === 'at once').length, 1);
});

test('update changes what is sent, and creates what is not there', async () => {
  const definition = chain(block(1, 'webhook'), block(2, 'deduplicate'));
  const one = await created(definition);
  const named = await call('POST', `/workflows/update_workflow?workflow_id=${one.id}`, { workflow_name: 'New' });
  assert.equal(named.status, 200, named.text);
  assert.equal(named.json.name, 'New');
  assert.equal(named.json.description, 'A graph.');
  assert.deepEqual(named.json.workflow_definition, definition);
  const other = chain(block(1, 'webhook'), block(2, 'remove_columns', { columns: 'age' }));
  const changed = await call('POST', `/workflows/update_workflow?workflow_id=${one.id}`, {
    workflow_definition: other,
    workflow_name: null,
  });
  assert.equal(changed.json.name, 'New');
  assert.deepEqual(changed.json.workflow_definition, other);
  const fresh = await call('POST', '/workflows/update_workflow?workflow_id=made-by-update', {
    workflow_name: 'Fresh',
    workflow_definition: other,
  });
  assert.equal(fresh.status, 200, fresh.text);
  assert.equal(fresh.json.id, 'made-by-update');
  const nothing = await call('POST', '/workflows/update_workflow?workflow_id=nothing', { workflow_name: 'X' });
  assert.equal(nothing.status, 422);
  assert.deepEqual(nothing.json.detail[0].loc, ['body', 'workflow_definition']);
  const nobody = await call('POST', '/workflows/update_workflow', {});
  assert.deepEqual(nobody.json.detail[0].loc, ['query', 'workflow_id']);
});

test('runs have the name that the workflow had when they were started', async () => {
  const { id } = await created(chain(block(1, 'webhook')), { workflow_name: 'As it was' });
  await rows(id, [], 'b1_webhook');
  const renamed = await call('POST', `/workflows/update_workflow?workflow_id=${id}`, { workflow_name: 'As it is' });
  assert.equal(renamed.status, 200, renamed.text);
  await rows(id, [], 'b1_webhook');
  const names = async () => (await call('GET', '/workflows/runs')).json.filter((run) => run.workflow_id === id).map((run) => run.workflow_name);
  assert.deepEqual(await names(), ['As it is', 'As it was']);
  assert.equal((await call('POST', `/workflows/delete_workflow?workflow_id=${id}`)).status, 200);
  assert.deepEqual(await names(), ['As it is', 'As it was']);
});

test('delete answers the record and keeps the runs', async () => {
  const one = await created(chain(block(1, 'webhook')));
  const started = await call('POST', `/workflows/run?workflow_id=${one.id}`, { webhook_payload: people });
  await until(async () => (await server.get(`/v1/workflow-runs/${started.json.job_id}`)).data.completedAt, 'it');
  const gone = await call('POST', `/workflows/delete_workflow?workflow_id=${one.id}`);
  assert.equal(gone.status, 200, gone.text);
  assert.equal(gone.json.id, one.id);
  assert.equal((await call('GET', `/workflows/${one.id}`)).status, 404);
  assert.equal((await call('POST', `/workflows/delete_workflow?workflow_id=${one.id}`)).status, 404);
  const runs = (await call('GET', '/workflows/runs')).json;
  assert.ok(runs.some((run) => run.job_id === started.json.job_id));
});

test('a workflow that was made elsewhere is shown as a graph of its steps', async () => {
  const flow = await server.publish(
    'name: Elsewhere\nsteps:\n  - { id: a, type: set, config: { fields: { x: 1 } } }\n' +
      '  - { id: b, type: transform, config: { expression: .steps.a.x } }\n',
  );
  const { json } = await call('GET', `/workflows/${flow.id ?? flow}`);
  assert.deepEqual(json.workflow_definition, {
    blocks: [
      { sequence_number: 1, block_type: 'set', block_name: 'set', block_id: 'a', specs: { fields: { x: 1 } } },
      {
        sequence_number: 2, block_type: 'transform', block_name: 'transform', block_id: 'b',
        specs: { expression: '.steps.a.x' },
      },
    ],
    edges: [{ from_block_id: 'a', to_block_id: 'b', condition: null }],
  });
});

test('an origin that was written by hand does no harm', async () => {
  for (const definition of ['{ blocks: abc }', '{ blocks: [1, {}] }', '{}', '{ blocks: [{ sequence_number: x, specs: 1 }] }']) {
    const flow = await server.publish(
      `name: By hand ${++made}\norigin: { format: sixtyfour, definition: ${definition} }\n` +
        'steps:\n  - { id: b1_x, type: set, config: { fields: { x: 1 } } }\n',
    );
    const id = flow.id ?? flow;
    assert.equal((await call('GET', `/workflows/${id}`)).status, 200);
    const named = await call('POST', `/workflows/update_workflow?workflow_id=${id}`, { workflow_name: `Named ${made}` });
    assert.equal(named.status, 200, named.text);
    const run = await call('POST', `/workflows/run?workflow_id=${id}`, {});
    assert.equal(run.status, 200, run.text);
    assert.equal((await call('GET', `/workflows/runs/${run.json.job_id}/live_status`)).status, 200);
  }
});

/* --- faults --- */

test('ids that are none are 422 or 404', async () => {
  const definition = chain(block(1, 'webhook'));
  const ids = ['%ff%fe', '%00', '%0a', 'x'.repeat(201), 'x'.repeat(6000), "'; drop table objects; --"];
  for (const id of ids) {
    assert.equal((await call('GET', `/workflows/${id}`)).status >= 400, true, id);
    const update = await call('POST', `/workflows/update_workflow?workflow_id=${id}`, { workflow_name: 'x', workflow_definition: definition });
    assert.ok([200, 400, 414, 422, 431].includes(update.status), `${id.slice(0, 20)}: ${update.status} ${update.text}`);
  }
  for (const id of ['', 'x'.repeat(201), 'a\nb', 7, {}])
    assert.equal((await create(definition, { id })).status, 422, JSON.stringify(id).slice(0, 20));
  assert.equal((await call('GET', '/workflows')).status, 200);
});

const faults = [
  ['no blocks', { blocks: [], edges: [] }, ['blocks']],
  ['no list of blocks', { edges: [] }, ['blocks']],
  ['an unknown block', chain(block(1, 'nonsense')), ['blocks', 0, 'block_name']],
  ['no number', { blocks: [{ block_name: 'webhook', specs: {} }], edges: [] }, ['blocks', 0, 'sequence_number']],
  ['a dangling edge', { blocks: [block(1, 'webhook')], edges: [edge(1, 9)] }, ['edges', 0, 'to_block_id']],
  [
    'a circle',
    { blocks: [block(1, 'filter', { filters: [{ column: 'a', operator: 'is_empty' }] }), block(2, 'deduplicate')],
      edges: [edge(1, 2), edge(2, 1)] },
    ['edges'],
  ],
  ['a wrong operator', chain(block(1, 'webhook'), block(2, 'filter', { filters: [{ column: 'a', operator: 'near', value: 1 }] })),
    ['blocks', 1, 'specs', 'filters', 0, 'operator']],
  ['LEAD rows for companies', chain(block(1, 'webhook', { dataframe_type: 'LEAD' }), block(2, 'company_enrichment')),
    ['blocks', 1, 'block_name']],
  ['COMPANY rows for people', chain(block(1, 'webhook', { dataframe_type: 'COMPANY' }), block(2, 'find_email')),
    ['blocks', 1, 'block_name']],
  ['a vendor without a connector', chain(block(1, 'webhook'), block(2, 'find_phone')), ['blocks', 1, 'block_name']],
  ['what is not built', chain(block(1, 'webhook'), block(2, 'research_agent')), ['blocks', 1, 'block_name']],
  ['jq that is none', chain(block(1, 'webhook'), block(2, 'transform_data', { expression: '.a +' })),
    ['blocks', 1, 'specs']],
];
test('a graph that is wrong is 422 and the place in the body', async () => {
  for (const [label, definition, loc] of faults) {
    const answer = await create(definition);
    assert.equal(answer.status, 422, `${label}: ${answer.text}`);
    const [first] = answer.json.detail;
    assert.deepEqual(first.loc, ['body', 'workflow_definition', ...loc], label);
    assert.equal(typeof first.msg, 'string');
    assert.equal(typeof first.type, 'string');
  }
});

test('a vendor without a connector says which one to configure, and how', async () => {
  const answer = await create(chain(block(1, 'webhook'), block(2, 'find_phone')));
  assert.match(answer.json.detail[0].msg, /find_phone\.yaml.*--connectors/);
});

test('422 for members that are missing, wrong or unknown', async () => {
  const definition = chain(block(1, 'webhook'));
  const wrong = [
    [{ workflow_definition: definition, workflow_description: 'x' }, 'workflow_name', 'missing'],
    [{ workflow_name: 'x', workflow_definition: definition }, 'workflow_description', 'missing'],
    [{ workflow_name: 'x', workflow_description: 'x' }, 'workflow_definition', 'missing'],
    [{ workflow_name: 1, workflow_description: 'x', workflow_definition: definition }, 'workflow_name', 'string_type'],
    [{ workflow_name: 'x', workflow_description: 'x', workflow_definition: [] }, 'workflow_definition', 'dict_type'],
    [{ workflow_name: 'x', workflow_description: 'x', workflow_definition: definition, nam: 1 }, 'nam', 'extra_forbidden'],
  ];
  for (const [body, field, type] of wrong) {
    const answer = await call('POST', '/workflows/create_workflow', body);
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(answer.json.detail[0].loc, ['body', field]);
    assert.equal(answer.json.detail[0].type, type);
  }
});

test('workflows of another workspace are not there', async () => {
  assert.equal((await call('GET', '/workflows/0000')).status, 404);
  assert.deepEqual((await call('GET', '/workflows/0000')).json, { error: 'Not Found', message: 'Workflow not found' });
  assert.equal((await call('GET', '/workflows', undefined, { key: 'nope' })).status, 401);
});

/* --- blocks --- */

test('every block that the vendor has is listed with a JSON Schema', async () => {
  const { json } = await call('GET', '/workflows/blocks');
  assert.deepEqual(json.map((one) => one.block_name).sort(), [...ALL].sort());
  for (const one of json) {
    assert.deepEqual(Object.keys(one), ['block_name', 'specs_schema']);
    assert.doesNotThrow(() => new Ajv({ strict: false }).compile(one.specs_schema), one.block_name);
  }
});

/* --- runs --- */

const runs = [
  ['filter', { filters: [{ column: 'age', operator: 'greater', value: 18 }] }, (r) => r.map((p) => p.name), ['Ada']],
  ['filter', { filters: [{ column: 'city', operator: 'equals', value: 'London' }, { column: 'age', operator: 'is_empty', logic: 'and' }] },
    (r) => r.map((p) => p.name), ['Cyd']],
  ['filter', { filters: [{ column: 'name', operator: 'matches', value: '^[AB]' }] }, (r) => r.length, 2],
  ['deduplicate', { columns: ['city'] }, (r) => r.map((p) => p.name), ['Ada', 'Bob']],
  ['deduplicate', {}, (r) => r.length, 3],
  ['remove_columns', { columns: ['age', 'city'] }, (r) => r, [{ name: 'Ada' }, { name: 'Bob' }, { name: 'Cyd' }]],
  ['group_by', { column: 'city', aggregations: [{ column: 'age', function: 'sum' }] }, (r) => r,
    [{ city: 'London', count: 2, age_sum: 36 }, { city: 'Paris', count: 1, age_sum: 17 }]],
  ['transform_data', { expression: '{who: .name} # a comment' }, (r) => r, [{ who: 'Ada' }, { who: 'Bob' }, { who: 'Cyd' }]],
  ['transform_data', { columns: { hi: 'Hi {{name}} of {city}, {not me}' } }, (r) => r[0].hi, 'Hi Ada of London, {not me}'],
  ['find_email', { mode: 'PROFESSIONAL' }, (r) => r.map((p) => p.email), ['Ada@example.com', 'Bob@example.com', 'Cyd@example.com']],
];
test('blocks do what they say', async () => {
  for (const [name, specs, look, want] of runs) {
    const record = await created(chain(block(1, 'webhook'), block(2, name, specs)));
    assert.deepEqual(look(await rows(record.id, people, `b2_${name}`)), want, `${name} ${JSON.stringify(specs)}`);
  }
});

test('several parents: their tables one behind the other', async () => {
  const only = (city) => ({ filters: [{ column: 'city', operator: 'equals', value: city }] });
  const record = await created({
    blocks: [block(1, 'webhook'), block(2, 'filter', only('Paris')), block(3, 'filter', only('London')), block(4, 'deduplicate')],
    edges: [edge(1, 2), edge(1, 3), edge(2, 4), edge(3, 4)],
  });
  assert.deepEqual((await rows(record.id, people, 'b4_deduplicate')).map((p) => p.name), ['Bob', 'Ada', 'Cyd']);
});

test('a join has the columns of all of its parents, by key', async () => {
  const set = (columns) => ({ columns });
  const graph = (specs) => ({
    blocks: [
      block(1, 'webhook'), block(2, 'transform_data', set({ size: '{{age}}', city: 'elsewhere' })), block(3, 'filter', { filters: [{ column: 'city', operator: 'equals', value: 'London' }] }),
      block(4, 'transform_data', set({ lives: 'in {{city}}', 'a.b': 1 })), block(5, 'join', specs)],
    edges: [edge(1, 2), edge(1, 3), edge(3, 4), edge(2, 5), edge(4, 5), edge(1, 5)],
  });
  const left = await created(graph({ columns: ['name'] }));
  assert.deepEqual(await rows(left.id, people, 'b5_join'), [
    { name: 'Ada', age: 36, city: 'London', size: 36, lives: 'in London', 'a.b': 1 },
    { name: 'Bob', age: '17', city: 'Paris', size: '17' },
    { name: 'Cyd', age: null, city: 'London', size: null, lives: 'in London', 'a.b': 1 },
  ]);
  const inner = await created(graph({ column: 'name', kind: 'inner' }));
  const found = await rows(inner.id, [...people, { city: 'London', name: null }, { city: 'London' }], 'b5_join');
  assert.deepEqual(found.map((row) => [row.name, row.lives]), [['Ada', 'in London'], ['Cyd', 'in London']]);
  for (const [definition, place] of [
    [graph({}), 'columns'],
    [chain(block(1, 'webhook'), block(2, 'join', { columns: 'name' })), 'block_name'],
  ]) {
    const answer = await create(definition);
    assert.equal(answer.status, 422, answer.text);
    assert.equal(answer.json.detail[0].loc.at(-1), place);
  }
});

test('two sources: rows that came and a list, as one table', async () => {
  await call('POST', '/v1/lists', { name: 'More people' });
  await call('POST', '/v1/lists/More%20people/rows', { rows: [{ name: 'Eve', known: true }] });
  const record = await created({
    blocks: [block(1, 'webhook'), block(2, 'read_notebook', { notebook_id: 'More people' }), block(3, 'transform_data', { columns: { seen: 'yes' } })],
    edges: [edge(1, 3), edge(2, 3)],
  });
  assert.deepEqual(await rows(record.id, [{ name: 'Ada' }], 'b3_transform_data'), [
    { name: 'Ada', seen: 'yes' },
    { name: 'Eve', known: true, seen: 'yes' },
  ]);
});

test('an enrichment finds what the row says, by the built-in model', async () => {
  const specs = { return_fields: { founded: { description: 'The year in which it was founded', type: 'int' }, price: { description: 'What one costs', type: 'float' } } };
  const record = await created(chain(block(1, 'webhook', { dataframe_type: 'COMPANY' }), block(2, 'company_enrichment', specs)));
  const [row] = await rows(
    record.id,
    [{ name: 'Bolt AG', about: 'Bolt AG makes nuts. It was founded in 1923 in Bonn.' }],
    'b2_company_enrichment',
  );
  assert.equal(row.founded, 1923);
  assert.equal(row.price, null);
  assert.equal(row.name, 'Bolt AG');
});

test('tool calls of a judgement are pages, and there may be none', async () => {
  const at = `http://127.0.0.1:${vendor.address().port}/acme`;
  const judge = (more) =>
    chain(block(1, 'webhook'), block(2, 'qa_agent', { qualification_criteria: [{ criteria_name: 'fit', description: 'How well it fits' }], ...more }));
  for (const [specs, reads] of [[{ max_tool_calls: 0 }, false], [{ max_tool_calls: 3 }, true]]) {
    const record = await created(judge(specs));
    asked = [];
    const [row] = await rows(record.id, [{ name: 'Acme', website: at }], 'b2_qa_agent');
    assert.equal(row.name, 'Acme');
    assert.equal(asked.includes('/acme'), reads);
  }
});

test('a webhook runs on its sample when nothing is sent', async () => {
  const record = await created(chain(block(1, 'webhook', { webhook_input: '[{"a": 1}, {"a": 2}]' })));
  assert.deepEqual(await rows(record.id, undefined, 'b1_webhook'), [{ a: 1 }, { a: 2 }]);
});

test('columns that a webhook declares have to be there, others pass', async () => {
  const record = await created(
    chain(block(1, 'webhook', { input_schema: { name: { type: 'string' }, note: { type: 'string', required: false } } })),
  );
  assert.deepEqual(await rows(record.id, [{ name: 'x', more: 1 }], 'b1_webhook'), [{ name: 'x', more: 1 }]);
  const answer = await call('POST', `/workflows/run?workflow_id=${record.id}`, { webhook_payload: [{ note: 'x' }] });
  assert.equal(answer.status, 400, answer.text);
  assert.match(answer.json.message, /name/);
});

test('lists: rows are appended to a new one, and left out when they are in it', async () => {
  const record = await created(
    chain(block(1, 'webhook'), block(2, 'append_to_notebook', { notebook_id: '__create_new__', notebook_name: 'Known people' })),
  );
  assert.equal((await rows(record.id, people.slice(0, 2), 'b2_append_to_notebook')).length, 2);
  const known = await created(
    chain(block(1, 'webhook'), block(2, 'deduplicate_wrt_notebook', { notebook_id: 'Known people', columns: 'name' })),
  );
  assert.deepEqual((await rows(known.id, people, 'b2_deduplicate_wrt_notebook')).map((p) => p.name), ['Cyd']);
  const read = await created(chain(block(1, 'read_notebook', { notebook_id: 'Known people' })));
  const names = (await rows(read.id, undefined, 'b1_read_notebook')).map((p) => p.name);
  assert.deepEqual(names.sort(), ['Ada', 'Bob']);
});

/* --- what goes out --- */

/** Collects what is posted to an address. */
async function listener() {
  const got = [];
  const sink = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    got.push(JSON.parse(text));
    response.end('ok');
  });
  await new Promise((resolve) => sink.listen(0, '127.0.0.1', resolve));
  return { got, url: `http://127.0.0.1:${sink.address().port}/`, close: () => sink.close() };
}

test('a message with places is sent for each row, one without once', async () => {
  const slack = await listener();
  const send = (message) => ({ webhook_url: slack.url, message });
  const record = await created({
    blocks: [block(1, 'webhook'), block(2, 'send_slack_message', send('Hi {{name}}')), block(3, 'send_slack_message', send('Done'))],
    edges: [edge(1, 2), edge(2, 3)],
  });
  assert.equal((await rows(record.id, people, 'b3_send_slack_message')).length, 3);
  const texts = slack.got.map((one) => one.text).sort();
  assert.deepEqual(texts, ['Done', 'Hi Ada', 'Hi Bob', 'Hi Cyd']);
  slack.close();
});

test('an outgoing webhook is told once for each run, also of no rows', async () => {
  const hook = await listener();
  const record = await created(chain(block(1, 'webhook'), block(2, 'outgoing_webhook', { url: hook.url })));
  await rows(record.id, people, 'b2_outgoing_webhook');
  await until(() => hook.got.length === 1, 'the first post');
  await rows(record.id, [], 'b2_outgoing_webhook');
  await until(() => hook.got.length === 2, 'the second post');
  const texts = hook.got.map((one) => JSON.stringify(one));
  assert.ok(texts[0].includes('"Ada"') && texts[0].includes('"Cyd"'), texts[0]);
  assert.ok(!texts[1].includes('_windrow_end'), texts[1]);
  hook.close();
});

/* --- import --- */

test('a graph is imported, with notes, and runs with the built-in model', async () => {
  const place = await mkdtemp(join(tmpdir(), 'windrow-graph-'));
  const file = join(place, 'Leads.json');
  const sample = JSON.stringify([{ name: 'Bolt AG', about: 'Bolt AG was founded in 1923 in Bonn.' }]);
  await writeFile(
    file,
    JSON.stringify(
      chain(
        block(1, 'webhook', { webhook_input: sample }),
        block(2, 'company_enrichment', { return_fields: { founded: { description: 'When it was founded', type: 'int' } }, depth: 3 }),
      ),
    ),
  );
  const data = join(place, 'data');
  const imported = await windrow('import', file, '--data', data, '--publish', '--json');
  assert.equal(imported.code, 0, imported.stderr);
  assert.match(imported.stderr, /blocks\[1\] \(company_enrichment\): specs\.depth: is not known/);
  const printed = await windrow('import', file, '--data', data, '--print');
  const flow = join(place, 'flow.json');
  await writeFile(flow, printed.stdout);
  const run = await windrow('run', flow, '--data', data, '--out', join(place, 'out'), '--json');
  assert.equal(run.code, 0, run.stderr);
  const result = await windrow('runs', 'results', JSON.parse(run.stdout).id, '--data', data, '--table', 'b2_company_enrichment', '--format', 'json');
  assert.equal(JSON.parse(result.stdout)[0].founded, 1923);
  const broken = join(place, 'broken.json');
  await writeFile(broken, JSON.stringify({ workflow_name: 'x', workflow_definition: { blocks: [block(1, 'nonsense')], edges: [] } }));
  const refused = await windrow('import', broken, '--data', data);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /blocks\.0\.block_name: There is no block "nonsense"/);
  const lacking = join(place, 'lacking.json');
  await writeFile(lacking, JSON.stringify(chain(block(1, 'webhook'), block(2, 'find_phone'))));
  const noted = await windrow('import', lacking, '--data', data);
  assert.equal(noted.code, 0, noted.stderr);
  assert.match(noted.stderr, /find_phone\.yaml/);
  await rm(place, { recursive: true, force: true });
});

test('a graph that is imported is the workflow that the API makes of it', async () => {
  const definition = chain(
    block(1, 'webhook', { webhook_input: JSON.stringify(people) }),
    block(2, 'filter', { filters: [{ column: 'age', operator: 'greater', value: 10 }] }),
    block(3, 'find_email'),
  );
  const record = await created(definition, { workflow_name: 'Both ways' });
  const path = join(folder, 'both.json');
  await writeFile(path, JSON.stringify({ workflow_name: 'Both ways', workflow_definition: definition }));
  process.env.WINDROW_CONNECTORS = join(folder, 'vendors');
  await mkdir(process.env.WINDROW_CONNECTORS);
  await copyFile(join(folder, 'find_email.yaml'), join(process.env.WINDROW_CONNECTORS, 'find_email.yaml'));
  const brought = await windrow('import', path, '--data', server.data, '--publish', '--json');
  delete process.env.WINDROW_CONNECTORS;
  assert.equal(brought.code, 0, brought.stderr);
  const { id, report } = JSON.parse(brought.stdout);
  assert.deepEqual(report.notes, []);
  const steps = async (workflow) => (await server.get(`/v1/workflows/${workflow}/versions/newest`)).data.definition.steps;
  assert.deepEqual(await steps(id), await steps(record.id));
  const [by, through] = [await rows(record.id, people, 'b3_find_email'), await rows(id, people, 'b3_find_email')];
  assert.deepEqual(through, by);
  assert.deepEqual(through.map((row) => row.email), ['Ada@example.com', 'Bob@example.com']);
  const shown = await call('GET', `/workflows/${id}`);
  assert.deepEqual(shown.json.workflow_definition, definition);
});
