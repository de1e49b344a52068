// The direct endpoints of the Sixtyfour API and their jobs: what is sent and answered, field by field.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSafeServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { startServer, until } from './server.mjs';

const run = promisify(execFile);
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const PAGE = '<html><head><title>Acme</title></head><body><h1>Acme Corp</h1>' +
  '<p>Acme Corp was founded in 1923 in Bonn. Contact: info@acme.example</p></body></html>';
const REVERSE = (url) => `
summary: Says whose number it is.
inputs: { phone: { required: true, help: The number. } }
request: { url: ${url}/reverse, query: { phone: "{{input.phone}}" } }
`;
const CONNECTOR = (url) => `
summary: Finds an address.
inputs:
  name: { required: true, help: The person. }
  mode: { help: Which address. }
request: { url: ${url}/vendor, query: { name: "{{input.name}}", mode: "{{input.mode}}" } }
errors: [{ status: 402, then: fail, words: no credit is left there }]
`;

let folder;
let site;
let hooks;
let server;
const seen = [];
const asked = [];
let release = () => {};
let held = Promise.resolve();

/** The vendor, a company's page, and one that takes until release() is called. */
async function answerSite(request, answer) {
  const url = new URL(request.url, 'http://site');
  if (url.pathname === '/slow') await held;
  if (url.pathname === '/reverse') {
    answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ name: `Of ${url.searchParams.get('phone')}` }));
  } else if (url.pathname === '/vendor') {
    const name = url.searchParams.get('name');
    asked.push(name);
    if (name === 'Last') release();
    if (name === 'First') await held;
    const body = name === 'Plain' ? 'ann@acme.example' : { email: [['ann@acme.example', 'OK']], mode: url.searchParams.get('mode') };
    answer.writeHead(name === 'Poor' ? 402 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  } else if (url.pathname === '/robots.txt' || url.pathname === '/none') {
    answer.writeHead(404).end();
  } else {
    answer.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
  }
}

async function startHooks() {
  const at = (name) => join(folder, name);
  await writeFile(at('names'), 'subjectAltName=IP:127.0.0.1\n');
  await run('openssl', ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-keyout', at('hook.key'), '-out', at('hook.csr'), '-subj', '/CN=windrow hook']);
  await run('openssl', ['x509', '-req', '-in', at('hook.csr'), '-signkey', at('hook.key'), '-days', '30',
    '-extfile', at('names'), '-out', at('hook.pem')]);
  hooks = createSafeServer({ key: await readFile(at('hook.key')), cert: await readFile(at('hook.pem')) }, (request, answer) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      seen.push({ path: request.url, headers: request.headers, raw: Buffer.concat(pieces) });
      answer.writeHead(200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(hooks, 'listening');
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-direct-'));
  site = createServer(answerSite).listen(0, '127.0.0.1');
  await once(site, 'listening');
  await startHooks();
  await mkdir(join(folder, 'connectors'));
  await writeFile(join(folder, 'connectors', 'find_email.yaml'), CONNECTOR(siteUrl('')));
  await writeFile(join(folder, 'connectors', 'reverse_phone.yaml'), REVERSE(siteUrl('')));
  server = await startServer('--allow', '127.0.0.1', '--ca-file', join(folder, 'hook.pem'),
    '--connectors', join(folder, 'connectors'));
});
after(async () => {
  release();
  await server?.close();
  site?.closeAllConnections();
  site?.close();
  hooks?.closeAllConnections();
  hooks?.close();
  await rm(folder, { recursive: true, force: true });
});

const siteUrl = (path) => `http://127.0.0.1:${site.address().port}${path}`;
const hookUrl = (path) => `https://127.0.0.1:${hooks.address().port}${path}`;
const hold = () => (held = new Promise((done) => (release = done)));

/** A request as a client of that API sends it; the answer as it reads it. */
async function call(method, path, { body, key = server.key.apiKey, headers = {} } = {}) {
  const answer = await fetch(server.url + path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(key ? { 'x-api-key': key } : {}),
      ...headers,
    },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  let json;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, text, json };
}
const ask = (path, body, options) => call('POST', path, { body, ...options });

/** The job once it has ended. */
const ended = (task, options) =>
  until(async () => {
    const { json } = await call('GET', `/job-status/${task}`, options);
    return ['completed', 'failed'].includes(json.status) ? json : null;
  }, `the end of ${task}`);

const COMPANY = {
  target_company: { name: 'Acme Corp' },
  struct: {
    founded: { description: 'The year in which it was founded', type: 'int' },
    email: { description: 'e-mail address', type: 'email' },
    ceo: 'Name of the CEO',
  },
};
const LEAD = { lead_info: { name: 'Ada Lovelace', title: 'CTO' }, struct: { title: 'Job title' } };

const JUDGED = {
  data: { name: 'Acme Corp', about: 'The fit score is 8. The reach score is 3.' },
  qualification_criteria: [
    { criteria_name: 'fit', description: 'fit score', weight: 3, threshold: 5 },
    { criteria_name: 'reach', description: 'reach score' },
  ],
  struct: { seat: 'Where its head office is' },
};
const judgedBy = (...criteria) => ({ ...JUDGED, qualification_criteria: criteria });

/* --- enrichment --- */

test('a company is enriched by its page: data, notes, references, confidence, people', async () => {
  for (const path of ['/enrich-company', '/company-intelligence']) {
    const website = siteUrl('/');
    const answer = await ask(path, { ...COMPANY, target_company: { name: 'Acme Corp', website } });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(Object.keys(answer.json), ['structured_data', 'notes', 'references', 'confidence_score', 'people']);
    assert.deepEqual(answer.json.structured_data, { founded: 1923, email: 'info@acme.example', ceo: null });
    assert.equal(answer.json.notes, `Found 2 of 3 fields in the data that was given and on ${website}.`);
    assert.deepEqual(answer.json.references, { [website]: 'Acme: email, founded' });
    assert.ok(answer.json.confidence_score > 0 && answer.json.confidence_score < 7, answer.text);
    assert.deepEqual(answer.json.people, []);
  }
});

test('a person is enriched by what was given, under any of its names', async () => {
  for (const path of ['/enrich-lead', '/people-intelligence'])
    for (const name of ['lead_info', 'lead', 'data']) {
      const answer = await ask(path, { [name]: LEAD.lead_info, return_fields: LEAD.struct });
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(Object.keys(answer.json), ['structured_data', 'notes', 'references', 'confidence_score']);
      assert.deepEqual(answer.json.structured_data, { title: 'CTO' });
      assert.equal(answer.json.notes, 'Found 1 of 1 fields in the data that was given.');
      assert.deepEqual(answer.json.references, {});
    }
});

test('types of Python give values of these types', async () => {
  const about = 'Ada has 3 children. She is a member. She earns 12.5 points.';
  const answer = await ask('/enrich-lead', {
    lead_info: { name: 'Ada', about },
    struct: { children: { type: 'int', description: 'children' }, tags: { type: 'list[str]' }, ages: { type: 'list[int]' }, more: { type: 'dict' } },
  });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.structured_data.children, 3);
  assert.deepEqual(Object.keys(answer.json.structured_data), ['children', 'tags', 'ages', 'more']);
});

test('a page that cannot be read is told in the notes, and the rest is answered', async () => {
  const answer = await ask('/enrich-lead', { ...LEAD, lead_info: { ...LEAD.lead_info, website: siteUrl('/none') } });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.structured_data.title, 'CTO');
  assert.match(answer.json.notes, /^Found 1 of 1 fields in the data that was given\. The page could not be read: /);
});

test('each set of fields has one workflow, made on first use; it may be edited', async () => {
  const { data: key } = await server.post('/v1/workspaces', { name: 'Edited' });
  const options = { key: key.key.apiKey };
  for (let i = 0; i < 2; i++) assert.equal((await ask('/enrich-lead', LEAD, options)).status, 200);
  const list = async () => (await server.get('/v1/workflows', { key: key.key })).data;
  const [workflow, ...others] = await list();
  assert.deepEqual(others, []);
  assert.match(workflow.slug, /^sixtyfour-enrich-lead-[0-9a-f]{12}$/);
  const edited = await server.ask('PUT', `/v1/workflows/${workflow.slug}?publish=true`, {
    key: key.key, type: 'text/yaml',
    body: `name: Mine\nslug: ${workflow.slug}\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\noutput: { mine: true }\n`,
  });
  assert.equal(edited.status, 200, edited.text);
  assert.deepEqual((await ask('/enrich-lead', LEAD, options)).json, { mine: true });
  await ask('/enrich-lead', { ...LEAD, struct: { name: 'Name' } }, options);
  assert.equal((await list()).length, 2);
});

test('first questions at the same moment make one workflow', async () => {
  const body = { ...LEAD, struct: { title: 'The job title, at once' } };
  const answers = await Promise.all(Array.from({ length: 8 }, () => ask('/enrich-lead', body)));
  for (const answer of answers) assert.equal(answer.status, 200, answer.text);
});

/* --- judgement --- */

test('criteria are scored out of what is sent, and weighed', async () => {
  const answer = await ask('/qa-agent', JUDGED);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), [
    'structured_data', 'notes', 'references', 'confidence_score', 'qualification_score', 'qualified',
  ]);
  assert.deepEqual(answer.json.structured_data, { seat: null, fit: 8, reach: 3 });
  assert.equal(answer.json.qualification_score, 6.75);
  assert.equal(answer.json.qualified, true);
  const { json: strict } = await ask('/qa-agent', judgedBy({ ...JUDGED.qualification_criteria[0], threshold: 9 }));
  assert.deepEqual([strict.qualification_score, strict.qualified], [8, false]);
  const { json: other } = await ask('/qa-agent', { ...JUDGED, data: { about: 'The fit score is 80. The reach score is 3.' } });
  assert.deepEqual(other.structured_data, { seat: null, fit: null, reach: 3 }, 'no score from 0 to 10');
  assert.deepEqual([other.qualification_score, other.qualified], [3, false]);
});

test('a criterion of which nothing is said is null, and nobody qualifies by it', async () => {
  const answer = await ask('/qa-agent', {
    lead_info: { name: 'Ada' },
    qualification_criteria: [{ criteria_name: 'budget', description: 'Has a budget of her own' }],
  });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.structured_data, { budget: null });
  assert.deepEqual([answer.json.qualification_score, answer.json.qualified], [null, false]);
  assert.equal(answer.json.confidence_score, 0);
});

test('criteria may have any name and long words', async () => {
  const name = 'near "x" {{y}} \\(z) }}';
  const answer = await ask('/qa-agent', judgedBy({ criteria_name: name, description: `{{= 1 }} ${'long '.repeat(2000)}`, weight: 0.5 }));
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json.structured_data, { seat: null, [name]: null });
  const { json } = await ask('/qa-agent', {
    ...JUDGED, qualification_criteria: Array.from({ length: 50 }, (_, i) => ({ criteria_name: `${'n'.repeat(150)}${i}`, weight: 0 })),
  });
  assert.deepEqual([Object.keys(json.structured_data).length, json.qualification_score, json.qualified], [51, null, false]);
});

test('references are read beside the page of the data', async () => {
  const { json } = await ask('/qa-agent-async', {
    ...JUDGED,
    data: { name: 'Acme Corp', website: siteUrl('/none') },
    references: [{ url: siteUrl('/about'), description: 'About' }],
    struct: { founded: { description: 'The year in which it was founded', type: 'int' } },
  });
  assert.equal(json.status, 'pending');
  const { status, result } = await ended(json.task_id);
  assert.equal(status, 'completed');
  assert.deepEqual(result.structured_data, { founded: 1923, fit: null, reach: null });
  assert.deepEqual(result.references, { [siteUrl('/about')]: 'Acme: founded' });
  assert.match(result.notes, /^Found 1 of 3 fields in the data that was given and on http:.*\/about\. The page could not be read: /);
});

test('a connector judges in place of the model where there is one', async () => {
  const own = await mkdtemp(join(tmpdir(), 'windrow-judge-'));
  await writeFile(join(own, 'qa_agent.yaml'), `
summary: Judges.
inputs: { name: { help: Who. } }
request: { url: ${siteUrl('/reverse')}, query: { phone: "{{input.name}}" } }
`);
  const judge = await startServer('--allow', '127.0.0.1', '--connectors', own);
  try {
    const answer = await fetch(`${judge.url}/qa-agent`, {
      method: 'POST', headers: { 'x-api-key': judge.key.apiKey }, body: JSON.stringify(JUDGED),
    });
    assert.deepEqual(await answer.json(), { ...JUDGED.data, name: 'Of Acme Corp' });
  } finally {
    await judge.close();
    await rm(own, { recursive: true, force: true });
  }
});

/* --- jobs --- */

test('the async twin answers a task, and its status goes on to the result', async () => {
  hold();
  const started = await ask('/enrich-company-async', { ...COMPANY, target_company: { name: 'Acme', website: siteUrl('/slow') } });
  assert.equal(started.status, 200, started.text);
  assert.deepEqual(Object.keys(started.json), ['task_id', 'status']);
  assert.match(started.json.task_id, UUID);
  assert.equal(started.json.status, 'pending');
  const task = started.json.task_id;
  const now = await call('GET', `/job-status/${task}`);
  assert.equal(now.status, 200);
  assert.ok(['pending', 'processing'].includes(now.json.status), now.text);
  assert.deepEqual(now.json, { task_id: task, status: now.json.status, result: null, error: null });
  release();
  const end = await ended(task);
  assert.deepEqual(Object.keys(end), ['task_id', 'status', 'result', 'error']);
  assert.equal(end.status, 'completed');
  assert.equal(end.error, null);
  assert.equal(end.result.structured_data.founded, 1923);
});

test('a job that fails or is cancelled is failed, with words', async () => {
  const failed = await ask('/find-email-async', { lead: { name: 'Poor' } });
  const end = await ended(failed.json.task_id);
  assert.equal(end.status, 'failed');
  assert.equal(end.result, null);
  assert.match(end.error, /no credit is left there/);
  hold();
  const { json } = await ask('/enrich-company-async', { ...COMPANY, target_company: { name: 'Acme', website: siteUrl('/slow') } });
  await call('POST', `/workflows/cancel?job_id=${json.task_id}`);
  release();
  assert.deepEqual(await ended(json.task_id), {
    task_id: json.task_id, status: 'failed', result: null, error: 'The job was cancelled',
  });
});

test('a server that is killed between start and status goes on with the job', async () => {
  hold();
  const { json } = await ask('/enrich-company-async', { ...COMPANY, target_company: { name: 'Acme', website: siteUrl('/slow') } });
  await server.restart('SIGKILL');
  release();
  const end = await ended(json.task_id);
  assert.equal(end.status, 'completed', JSON.stringify(end));
  assert.equal(end.result.structured_data.founded, 1923);
});

test('jobs of another workspace are not found, and its workflows are its own', async () => {
  const { json } = await ask('/enrich-lead-async', LEAD);
  const { data } = await server.post('/v1/workspaces', { name: 'Other' });
  const key = data.key.apiKey;
  for (const path of [`/job-status/${json.task_id}`, '/job-status/none']) {
    const answer = await call('GET', path, { key });
    assert.equal(answer.status, 404, path);
    assert.deepEqual(Object.keys(answer.json), ['error', 'message']);
    assert.equal(answer.json.error, 'Not Found');
  }
  const own = await ask('/enrich-lead-async', LEAD, { key });
  assert.equal((await ended(own.json.task_id, { key })).status, 'completed');
  await ended(json.task_id);
});

test('the same Idempotency-Key starts one job, also of a question that waits', async () => {
  for (const path of ['/enrich-lead-async', '/enrich-lead']) {
    const headers = { 'Idempotency-Key': `once ${path}`.replaceAll(' ', '-') };
    const first = await ask(path, LEAD, { headers });
    const second = await ask(path, LEAD, { headers });
    assert.equal(second.status, 200, second.text);
    assert.deepEqual(second.json, first.json);
    assert.equal((await ask(path, { ...LEAD, struct: { name: 'x' } }, { headers })).status, 409);
  }
});

/* --- webhooks --- */

test('webhook_url is told the end of the job, signed', async () => {
  const { json: secret } = await call('POST', '/webhooks/signing-secret');
  const good = await ask('/enrich-lead-async', { ...LEAD, webhook_url: hookUrl('/good') });
  const bad = await ask('/find-email-async', { lead: { name: 'Poor' }, webhook_url: hookUrl('/bad') });
  await until(() => seen.length >= 2, 'both webhooks');
  const at = (path) => seen.find((one) => one.path === path);
  const body = (path) => JSON.parse(at(path).raw);
  const { result } = await ended(good.json.task_id);
  assert.deepEqual(Object.entries(body('/good')), [
    ['task_id', good.json.task_id], ['status', 'completed'], ['task_type', 'enrich_lead'], ['result', result],
  ]);
  assert.deepEqual(Object.keys(body('/bad')), ['task_id', 'status', 'task_type', 'error']);
  assert.equal(body('/bad').task_id, bad.json.task_id);
  assert.equal(body('/bad').status, 'failed');
  assert.equal(body('/bad').task_type, 'find_email');
  assert.match(body('/bad').error, /no credit is left there/);
  const { headers, raw } = at('/good');
  assert.match(headers['sixtyfour-event-id'], UUID);
  assert.equal(headers['sixtyfour-event-type'], 'enrich_lead');
  assert.equal(headers['sixtyfour-delivery-attempt'], '1');
  const [, second, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['sixtyfour-signature']);
  assert.equal(createHmac('sha256', secret.plaintext).update(`${second}.`).update(raw).digest('hex'), hex);
});

test('a webhook_url that is none is 422 with its place', async () => {
  for (const [url, type] of [
    [7, 'url_type'], ['x', 'url_parsing'], ['http://127.0.0.1/', 'url_scheme'], [`https://a.example/${'x'.repeat(2083)}`, 'url_too_long'],
  ]) {
    const answer = await ask('/enrich-lead-async', { ...LEAD, webhook_url: url });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(answer.json.detail[0].loc, ['body', 'webhook_url']);
    assert.equal(answer.json.detail[0].type, type);
  }
  const waiting = await ask('/enrich-lead', { ...LEAD, webhook_url: 'https://a.example/' });
  assert.equal(waiting.status, 422);
});

/* --- vendors --- */

test('a connector answers together with the lead, a plain value as result', async () => {
  const answer = await ask('/find-email', { lead: { name: 'Ann', company: 'Acme' }, mode: 'PERSONAL' });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json, { name: 'Ann', company: 'Acme', email: [['ann@acme.example', 'OK']], mode: 'PERSONAL' });
  const plain = await ask('/find-email', { lead: { name: 'Plain' } });
  assert.deepEqual(plain.json, { name: 'Plain', result: 'ann@acme.example' });
});

test('a question whose run fails is 500 with its words', async () => {
  const answer = await ask('/find-email', { lead: { name: 'Poor' } });
  assert.equal(answer.status, 500);
  assert.deepEqual(Object.keys(answer.json), ['error', 'message']);
  assert.equal(answer.json.error, 'Internal Server Error');
  assert.match(answer.json.message, /no credit is left there/);
});

test('a missing connector is named, and how to configure it', async () => {
  for (const [path, body, name] of [
    ['/find-phone', { lead: { name: 'Ann' } }, 'find_phone'],
    ['/find-phone-async', { lead: { name: 'Ann' } }, 'find_phone'],
    ['/reverse-email', { email: 'a@b.example' }, 'reverse_email'],
    ['/find-phone-bulk', { leads: [{ name: 'Ann' }] }, 'find_phone'],
    ['/reverse-email-bulk-async', { leads: [{ email: 'a@b.example' }] }, 'reverse_email'],
    ['/enrich-linkedin', { url: 'x' }, 'enrich_linkedin'],
    ['/get-linkedin', { url: 'x' }, 'get_linkedin'],
    ['/research-agent', { input_data: {} }, 'research_agent'],
  ]) {
    const answer = await ask(path, body);
    assert.equal(answer.status, 501, path);
    assert.equal(answer.json.error, 'Not Implemented');
    assert.ok(answer.json.message.includes(`${name}.yaml`) && answer.json.message.includes('--connectors'), answer.text);
  }
});

/* --- bulk --- */

test('a list is answered in its order, each with its result or its error', async () => {
  hold();
  const answer = await ask('/find-email-bulk', {
    leads: [{ name: 'First', company: 'Acme' }, { name: 'Poor' }, { name: 'Plain' }, { name: 'Last' }], mode: 'PERSONAL',
  });
  assert.equal(answer.status, 200, answer.text);
  const email = [['ann@acme.example', 'OK']];
  const [first, poor, ...others] = answer.json;
  assert.deepEqual(first, { name: 'First', company: 'Acme', email, mode: 'PERSONAL' });
  assert.deepEqual(Object.keys(poor), ['name', 'error']);
  assert.match(poor.error, /no credit is left there/);
  assert.deepEqual(others, [{ name: 'Plain', result: 'ann@acme.example' }, { name: 'Last', email, mode: 'PERSONAL' }]);
});

test('a hundred leads are one run, whose job tells its end', async () => {
  const leads = Array.from({ length: 100 }, (_, i) => ({ name: `Bulk ${i}` }));
  const started = await ask('/find-email-bulk-async', { leads, webhook_url: hookUrl('/bulk') });
  assert.deepEqual(Object.keys(started.json), ['task_id', 'status'], started.text);
  const end = await ended(started.json.task_id);
  assert.equal(end.status, 'completed', JSON.stringify(end.error));
  assert.deepEqual(end.result.map(({ name }) => name), leads.map(({ name }) => name));
  assert.ok(end.result.every(({ email }) => email[0][0] === 'ann@acme.example'));
  assert.equal(asked.filter((name) => name.startsWith('Bulk ')).length, 100);
  await until(() => seen.some(({ path }) => path === '/bulk'), 'the webhook');
  const told = JSON.parse(seen.find(({ path }) => path === '/bulk').raw);
  assert.deepEqual([told.task_type, told.status, told.result], ['find_email_bulk', 'completed', end.result]);
});

test('a text in a list stands for what each has to have', async () => {
  const answer = await ask('/reverse-phone-bulk', { leads: ['+49 1', { phone: '+49 2', city: 'Bonn' }] });
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.json, [{ phone: '+49 1', name: 'Of +49 1' }, { phone: '+49 2', city: 'Bonn', name: 'Of +49 2' }]);
});

/* --- faults --- */

test('bad bodies are told in the three forms', async () => {
  for (const [path, body, status, json] of [
    ['/enrich-lead', '{', 400, 'general'],
    ['/enrich-lead', { struct: LEAD.struct }, 400, { detail: 'Lead data is required' }],
    ['/enrich-lead', { ...LEAD, lead_info: {} }, 400, { detail: 'Lead data is required' }],
    ['/find-email', {}, 400, { detail: 'Lead data is required' }],
    ['/enrich-company', { struct: LEAD.struct }, 400, { detail: 'Company data is required' }],
    ['/qa-agent', { data: {} }, 400, { error: 'Bad Request', message: 'Missing required field: qualification_criteria' }],
    ['/find-email', { lead: { company: 'Acme' } }, 422, ['body', 'name']],
    ['/qa-agent', { ...JUDGED, qualification_criteria: null }, 400, { error: 'Bad Request', message: 'Missing required field: qualification_criteria' }],
    ['/qa-agent', { ...JUDGED, data: {} }, 400, { error: 'Bad Request', message: 'Missing required field: data' }],
    ['/qa-agent', { ...JUDGED, data: 'Ada' }, 422, ['body', 'data']],
    ['/qa-agent', { ...JUDGED, qualification_criteria: {} }, 422, ['body', 'qualification_criteria']],
    ['/qa-agent', { ...JUDGED, qualification_criteria: [] }, 422, ['body', 'qualification_criteria']],
    ['/qa-agent', { ...JUDGED, qualification_criteria: Array(51).fill({ criteria_name: 'a' }) }, 422, ['body', 'qualification_criteria']],
    ['/qa-agent', judgedBy('fit'), 422, ['body', 'qualification_criteria', 0]],
    ['/qa-agent', judgedBy({}), 422, ['body', 'qualification_criteria', 0, 'criteria_name']],
    ['/qa-agent', judgedBy({ criteria_name: 'a' }, { criteria_name: 'a' }), 422, ['body', 'qualification_criteria', 1, 'criteria_name']],
    ['/qa-agent', judgedBy({ criteria_name: 'seat' }), 422, ['body', 'qualification_criteria', 0, 'criteria_name']],
    ['/qa-agent', judgedBy({ criteria_name: 'a', description: 7 }), 422, ['body', 'qualification_criteria', 0, 'description']],
    ['/qa-agent', judgedBy({ criteria_name: 'a', weight: -1 }), 422, ['body', 'qualification_criteria', 0, 'weight']],
    ['/qa-agent', judgedBy({ criteria_name: 'a', threshold: 'x' }), 422, ['body', 'qualification_criteria', 0, 'threshold']],
    ['/qa-agent', { ...JUDGED, struct: [] }, 422, ['body', 'struct']],
    ['/qa-agent', { ...JUDGED, struct: { age: { type: 'year' } } }, 422, ['body', 'struct', 'age', 'type']],
    ['/qa-agent', { ...JUDGED, references: 'x' }, 422, ['body', 'references']],
    ['/qa-agent', { ...JUDGED, references: Array(6).fill('https://a.example') }, 422, ['body', 'references']],
    ['/qa-agent', { ...JUDGED, references: [{}] }, 422, ['body', 'references', 0, 'url']],
    ['/find-email-bulk', {}, 400, { error: 'Bad Request', message: 'Missing required field: leads' }],
    ['/find-email-bulk', { leads: { name: 'Ann' } }, 422, ['body', 'leads']],
    ['/find-email-bulk', { leads: [] }, 422, ['body', 'leads']],
    ['/find-email-bulk-async', { leads: Array(101).fill({ name: 'Ann' }) }, 422, ['body', 'leads']],
    ['/find-email-bulk', { leads: [{ name: 'Ann' }, 'Bob'] }, 422, ['body', 'leads', 1]],
    ['/find-email-bulk', { leads: [{ name: 'Ann' }, { company: 'Acme' }] }, 422, ['body', 'leads', 1, 'name']],
    ['/reverse-phone-bulk', { leads: [{ email: 'a@b.example' }] }, 422, ['body', 'leads', 0, 'phone']],
    ['/reverse-email', {}, 400, { error: 'Bad Request', message: 'Missing required field: email' }],
    ['/enrich-lead', '[]', 422, ['body']],
    ['/enrich-lead', { ...LEAD, lead_info: 'Ada' }, 422, ['body', 'lead_info']],
    ['/enrich-lead', { lead_info: LEAD.lead_info }, 422, ['body', 'struct']],
    ['/enrich-lead', { ...LEAD, struct: {} }, 422, ['body', 'struct']],
    ['/enrich-lead', { ...LEAD, struct: { age: { type: 'year' } } }, 422, ['body', 'struct', 'age', 'type']],
    ['/enrich-lead', { ...LEAD, struct: { citations: 'x' } }, 422, ['body', 'struct', 'citations']],
  ]) {
    const answer = await ask(path, body);
    assert.equal(answer.status, status, answer.text);
    if (json === 'general') assert.deepEqual(Object.keys(answer.json), ['error', 'message']);
    else if (Array.isArray(json)) assert.deepEqual(answer.json.detail[0].loc, json);
    else assert.deepEqual(answer.json, json);
  }
});

test('keys, scopes and methods are asked for as everywhere', async () => {
  const { data: reader } = await server.post('/v1/keys', { name: 'reader', scopes: ['read'] });
  assert.equal((await ask('/enrich-lead', LEAD, { key: null })).status, 401);
  assert.equal((await ask('/enrich-lead', LEAD, { key: reader.apiKey })).status, 403);
  assert.deepEqual((await call('GET', '/enrich-lead')).json, { detail: 'Method Not Allowed' });
  assert.deepEqual((await ask('/enrich-lead/more', LEAD)).json, { detail: 'Not Found' });
  assert.deepEqual((await ask('/get-linkedin-async', {})).status, 404);
});

test('what is not there says so, and what there is instead', async () => {
  for (const [method, path] of [
    ['POST', '/search/start-deep-search'], ['GET', '/search/status/x'], ['GET', '/api/usage'],
    ['POST', '/oauth/token'], ['GET', '/.well-known/oauth-authorization-server'],
  ]) {
    const answer = await call(method, path, method === 'POST' ? { body: {} } : {});
    assert.equal(answer.status, 501, path);
    assert.equal(answer.json.error, 'Not Implemented');
    assert.ok(answer.json.message.length > 20);
  }
});
