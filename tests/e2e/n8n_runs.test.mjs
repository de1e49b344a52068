// Workflows of n8n of the kinds that people have, imported into a server and run there: does each do what it did?

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { condition, fields, list, node, start, to, workflow } from './n8n.mjs';
import { startServer, windrow } from './server.mjs';

/** What the programs that the workflows call were sent. */
const calls = [];
const ORDERS = [
  { id: 1, customer: 'ada', total: 120, placed: '2026-03-01T10:00:00Z' }, { id: 2, customer: 'bo', total: 15, placed: '2026-03-02T10:00:00Z' },
  { id: 3, customer: 'cy', total: 80, placed: '2026-03-03T10:00:00Z' }, { id: 4, customer: 'gone', total: 200, placed: '2026-03-04T10:00:00Z' },
];
const CUSTOMERS = { ada: { name: 'Ada Lovelace', city: 'London' }, bo: { name: 'Bo', city: 'Oslo' }, cy: { name: 'Cy', city: 'Rome' } };

function answer(method, path, body) {
  if (path === '/orders') return [200, { orders: ORDERS }];
  if (path.startsWith('/customers/')) return CUSTOMERS[path.slice(11)] ? [200, CUSTOMERS[path.slice(11)]] : [404, { message: 'gone' }];
  return [200, { id: `made-${calls.length}`, got: body }];
}

let home, outside, server, url;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'windrow-n8n-runs-'));
  outside = createServer((request, response) => {
    let text = '';
    request.on('data', (piece) => (text += piece));
    request.on('end', () => {
      const body = text === '' ? null : JSON.parse(text);
      calls.push({ method: request.method, path: request.url, headers: request.headers, body });
      const [status, said] = answer(request.method, request.url, body);
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(said));
    });
  });
  await new Promise((resolve) => outside.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${outside.address().port}`;
  server = await startServer('--allow', '127.0.0.1');
});
after(async () => {
  await server?.close();
  outside?.close();
  await rm(home, { recursive: true, force: true });
});

/** Imports and publishes it; gives its id and the report. */
async function bring(name, nodes, connections) {
  const path = join(home, `${name}.json`);
  await writeFile(path, JSON.stringify({ ...workflow(nodes, connections), name }));
  const made = await windrow('import', path, '--data', server.data, '--publish', '--json');
  assert.equal(made.code, 0, made.stderr);
  const brought = JSON.parse(made.stdout);
  assert.deepEqual(brought.report.nodes.filter((one) => one.outcome === 'left_out'), [], made.stderr);
  return brought;
}

const hook = (name) => node(name, 'webhook', 2, { httpMethod: 'POST', path: 'in', responseMode: 'responseNode', options: {} });
const send = async (slug, body) => {
  const said = await server.ask('POST', `/webhooks/workflows/${slug}`, { key: null, body: JSON.stringify(body) });
  assert.equal(said.status, 201, said.text);
  return said.data;
};
const json = (name, body) => node(name, 'respondToWebhook', 1.1, { respondWith: 'json', responseBody: body });
const set = (name, values, more) => node(name, 'set', 3.4, fields(values, more));

test('a lead comes by webhook, is judged, kept in a CRM and answered', async () => {
  const crm = node('CRM', 'httpRequest', 4.2, {
    method: 'POST', url: `${url}/leads`, authentication: 'genericCredentialType', genericAuthType: 'httpHeaderAuth', sendBody: true, specifyBody: 'keypair',
    bodyParameters: { parameters: [{ name: 'name', value: '={{ $json.body.name }}' }, { name: 'first', value: '={{ $json.body.name.split(" ")[0] }}' }, { name: 'mail', value: '={{ $json.body.email.toLowerCase() }}' }] }, options: {},
  }, { credentials: { httpHeaderAuth: { id: '1', name: 'CRM key' } } });
  const { slug, report } = await bring('Intake', [
    hook('In'), node('Good?', 'if', 2.2, condition('={{ $json.body.score }}', 'number', 'gte', 50)), crm,
    json('Kept', '={ "kept": true, "id": "{{ $json.id }}", "hello": "{{ $("In").item.json.body.name }}" }'), json('Refused', '={ "kept": false, "score": {{ $json.body.score }} }'),
  ], { In: { main: [[to('Good?')]] }, 'Good?': { main: [[to('CRM')], [to('Refused')]] }, CRM: { main: [[to('Kept')]] } });
  const secret = report.todo.find((one) => one.kind === 'secret');
  assert.deepEqual([secret.name, secret.hosts, secret.nodes], ['CRM_KEY', [url], ['CRM']]);
  const stored = await server.ask('PUT', `/v1/secrets/${secret.name}`, { body: JSON.stringify({ value: 'let-me-in-please', hosts: secret.hosts }) });
  assert.ok(stored.status < 300, stored.text);
  const before = calls.length;
  const good = await send(slug, { name: 'Ada Lovelace', email: 'ADA@Example.com', score: 70 });
  assert.equal(good.status, 'completed', JSON.stringify(good));
  assert.equal(calls.length, before + 1);
  const call = calls.at(-1);
  assert.deepEqual(call.body, { name: 'Ada Lovelace', first: 'Ada', mail: 'ada@example.com' });
  assert.equal(call.headers.authorization, 'let-me-in-please');
  assert.deepEqual(good.output, { kept: true, id: `made-${calls.length}`, hello: 'Ada Lovelace' });
  assert.deepEqual((await send(slug, { name: 'Bo', email: 'b@example.com', score: 7 })).output, { kept: false, score: 7 });
  assert.equal(calls.length, before + 1);
});

test('a report is made of a list, every night or by hand', async () => {
  const { id } = await bring('Report', [
    node('Nightly', 'scheduleTrigger', 1.2, { rule: { interval: [{ triggerAtHour: 3 }] } }), start(), node('Orders', 'httpRequest', 4.2, { url: `${url}/orders`, options: {} }), list('orders'),
    node('Large', 'filter', 2.2, condition('={{ $json.total }}', 'number', 'gt', 50)), node('Order', 'sort', 1, { sortFieldsUi: { sortField: [{ fieldName: 'total', order: 'descending' }] }, options: {} }),
    node('Top', 'limit', 1, { maxItems: 2 }), set('Line', { line: '={{ $json.placed.toDateTime().toFormat("dd.MM.yyyy") }}: {{ $json.customer.toUpperCase() }} {{ $json.total * 2 }}' }),
    node('All', 'aggregate', 1, { fieldsToAggregate: { fieldToAggregate: [{ fieldToAggregate: 'line', renameField: true, outputFieldName: 'lines' }] }, options: {} }),
    node('Tell', 'httpRequest', 4.2, { method: 'POST', url: `${url}/report`, sendBody: true, specifyBody: 'json', jsonBody: '={{ { text: $json.lines.join("; "), count: $json.lines.length } }}', options: {} }),
  ], {
    Nightly: { main: [[to('Orders')]] }, Start: { main: [[to('Orders')]] }, Orders: { main: [[to('List')]] }, List: { main: [[to('Large')]] }, Large: { main: [[to('Order')]] },
    Order: { main: [[to('Top')]] }, Top: { main: [[to('Line')]] }, Line: { main: [[to('All')]] }, All: { main: [[to('Tell')]] },
  });
  const run = await server.begin({ id }, {});
  const ended = await server.reachEnd(run.id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended.error));
  const told = calls.filter((call) => call.path === '/report');
  assert.equal(told.length, 1);
  assert.deepEqual(told[0].body, { text: '04.03.2026: GONE 400; 01.03.2026: ADA 240', count: 2 });
});

test('a mail is read by a model, sorted by a switch and answered', async () => {
  const model = node('Model', '@n8n/n8n-nodes-langchain.lmChatGroq', 1, { model: 'x', options: {} });
  const facts = node('Facts', '@n8n/n8n-nodes-langchain.informationExtractor', 1, { text: '={{ $json.body.text }}', attributes: { attributes: [{ name: 'founded', type: 'number', description: 'The year in which it was founded' }] } });
  const rule = (operation, rightValue, outputKey) => ({ conditions: condition('={{ $json.output.founded }}', 'number', operation, rightValue).conditions, renameOutput: true, outputKey });
  const nodes = [hook('Mail'), facts, node('Age', 'switch', 3.2, { rules: { values: [rule('lt', 1950, 'old'), rule('gte', 1950, 'new')] }, options: {} }), set('Old', { kind: 'old' }), set('New', { kind: 'new' }), json('Answer', '={ "kind": "{{ $json.kind }}", "founded": {{ $("Facts").item.json.output.founded }} }')];
  const connections = { Mail: { main: [[to('Facts')]] }, Facts: { main: [[to('Age')]] }, Age: { main: [[to('Old')], [to('New')]] }, Old: { main: [[to('Answer')]] }, New: { main: [[to('Answer')]] }, Model: { ai_languageModel: [[{ node: 'Facts', type: 'ai_languageModel', index: 0 }]] } };
  const { slug } = await bring('Mail', [...nodes, model], connections);
  assert.deepEqual((await send(slug, { text: 'Bolt AG makes nuts. It was founded in 1923 in Bonn.' })).output, { kind: 'old', founded: 1923 });
  assert.deepEqual((await send(slug, { text: 'Nut AG makes bolts. It was founded in 1990 in Bonn.' })).output, { kind: 'new', founded: 1990 });
});

test('orders are looked up one by one in a loop; who is not found goes another way', async () => {
  const { id } = await bring('Loop', [
    start(), node('Orders', 'httpRequest', 4.2, { url: `${url}/orders`, options: {} }), list('orders'), node('Loop', 'splitInBatches', 3, { batchSize: 1, options: {} }),
    node('Who', 'httpRequest', 4.2, { url: `=${url}/customers/{{ $json.customer }}`, options: {} }, { onError: 'continueErrorOutput' }),
    set('Known', { id: '={{ $("Loop").item.json.id }}', name: '={{ $json.name }}' }), set('Lost', { id: '={{ $("Loop").item.json.id }}', name: 'nobody' }),
    node('File', 'convertToFile', 1.1, { options: { fileName: 'orders.csv' } }),
  ], {
    Start: { main: [[to('Orders')]] }, Orders: { main: [[to('List')]] }, List: { main: [[to('Loop')]] }, Loop: { main: [[to('File')], [to('Who')]] },
    Who: { main: [[to('Known')], [to('Lost')]] }, Known: { main: [[to('Loop')]] }, Lost: { main: [[to('Loop')]] },
  });
  const run = await server.begin({ id }, {});
  const ended = await server.reachEnd(run.id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended.error));
  const files = await server.get(`/v1/workflow-runs/${run.id}/files`);
  const text = (await server.ask('GET', `/v1/files/${files.data[0].id}/content`)).text;
  assert.deepEqual(text.trim().split('\n').sort(), ['1,Ada Lovelace', '2,Bo', '3,Cy', '4,nobody', 'id,name']);
});

test('a form is worked on by code and another workflow, and kept in a table', async () => {
  await bring('Greet', [
    node('Called', 'executeWorkflowTrigger', 1.1, { inputSource: 'passthrough' }), set('Words', { words: '=Dear {{ $json.name }}' }),
  ]);
  const { id, report } = await bring('Form', [
    node('Form', 'formTrigger', 2.2, { formTitle: 'Hi', formFields: { values: [{ fieldLabel: 'name' }, { fieldLabel: 'age', fieldType: 'number' }] } }),
    node('Code', 'code', 2, { mode: 'runOnceForEachItem', jsCode: 'const adult = $json.age >= 18;\n$json.name = $json.name.trim();\nreturn { json: { name: $json.name, adult, tags: ["form", adult ? "adult" : "child"] } };' }),
    node('Greet', 'executeWorkflow', 1.2, { workflowId: { __rl: true, value: 'x1', mode: 'list', cachedResultName: 'Greet' }, options: {} }),
    node('Keep', 'dataTable', 1, { dataTableId: { __rl: true, value: 't1', mode: 'list', cachedResultName: 'Guests' }, columns: { mappingMode: 'defineBelow', value: { words: '={{ $json.words }}', tags: '={{ $("Code").item.json.tags.join(",") }}' } } }),
  ]);
  assert.deepEqual(report.todo.map((one) => [one.kind, one.name]), [['workflow', 'greet'], ['list', 'Guests']]);
  assert.equal((await server.ask('POST', '/v1/lists', { body: JSON.stringify({ name: 'Guests' }) })).status, 201);
  const run = await server.begin({ id }, { name: ' Ada ', age: 36 });
  const ended = await server.reachEnd(run.id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended.error));
  assert.deepEqual(ended.output, { words: 'Dear Ada', tags: 'form,adult' });
  const lists = await server.get('/v1/lists');
  const rows = await server.get(`/v1/lists/${lists.data.find((one) => one.name === 'Guests').id}/rows`);
  assert.deepEqual(rows.data.map((row) => row.item), [{ words: 'Dear Ada', tags: 'form,adult' }]);
});
