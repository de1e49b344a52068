// Connectors: vendors in YAML files that are steps under their own names; the examples of demo/ against stubs.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, windrow } from './server.mjs';

const EXAMPLES = new URL('../../demo/connectors/', import.meta.url);

const calls = [];
let tries = 0;

/** All three vendors; gives [status, body]. */
function vendor(request, body) {
  const url = new URL(request.url, 'http://vendor');
  if (url.pathname === '/v2/person') {
    const email = url.searchParams.get('email');
    if (email === 'nobody@a.example') return [404, { message: 'not found' }];
    if (email === 'poor@a.example') return [402, { message: 'pay first' }];
    if (email === 'html@a.example') return [503, '<h1>busy</h1>'];
    return [200, { person: { name: 'Ada', title: 'CTO', employment: { company: 'Acme' }, email } }];
  }
  if (url.pathname === '/api/search') {
    const { query, cursor } = JSON.parse(body);
    if (query.name === 'busy' && tries++ === 0) return [200, { error: { code: 'busy', message: 'later' } }];
    if (query.name === 'bad') return [200, { error: { code: 'x', message: 'no such country' } }];
    const from = Number(cursor ?? 0);
    const hits = [1, 2, 3, 4, 5].slice(from, from + 2)
      .map((n) => ({ registration: `R${n}`, name: query.name, address: { city: `C${n}` } }));
    return [200, { hits, next: from + 2 < 5 ? String(from + 2) : null }];
  }
  const domain = decodeURIComponent(url.pathname.split('/').at(-1));
  if (domain === 'none.example') return [200, { state: 'unknown' }];
  if (domain === 'blocked.example') return [200, { state: 'blocked' }];
  return [200, { state: 'ok', rank: 7, traffic: { monthly: 99 } }];
}

let stub;
let folder;
let server;
before(async () => {
  stub = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += piece;
    calls.push({ url: request.url, headers: request.headers, body: text });
    const [status, answer] = vendor(request, text);
    const isText = typeof answer === 'string';
    response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json', connection: 'close' });
    response.end(isText ? answer : JSON.stringify(answer));
  });
  await new Promise((done) => stub.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${stub.address().port}`;
  folder = await mkdtemp(join(tmpdir(), 'windrow-connectors-'));
  for (const name of await readdir(EXAMPLES)) {
    const text = await readFile(new URL(name, EXAMPLES), 'utf8');
    await writeFile(join(folder, name), text.replace(/https:\/\/[a-z.-]+\.example/, origin));
  }
  server = await startServer('--allow', '127.0.0.1', '--connectors', folder);
  const secrets = { PEOPLE_FINDER_KEY: 'people-key-1', FIRM_REGISTRY_KEY: 'firm-key-2', RANK_USER: 'rank-user', RANK_PASSWORD: 'rank-pass-3' };
  for (const [name, value] of Object.entries(secrets)) {
    const made = await server.ask('PUT', `/v1/secrets/${name}`, { body: { value, hosts: [origin] } });
    assert.equal(made.status, 200, made.text);
  }
});
after(async () => {
  await server?.close();
  await new Promise((done) => stub.close(done));
  await rm(folder, { recursive: true, force: true });
});

async function ask(type, config, retry = { attempts: 1 }) {
  const workflow = await server.publish(JSON.stringify({
    name: `${type} ${Math.random()}`, steps: [{ id: 'ask', type, config, retry }] }));
  const { id } = await server.begin(workflow, {});
  return server.reachEnd(id);
}

test('people_finder: a key, a mapped value, nothing for 404, its own words for 402', async () => {
  const found = await ask('people_finder', { email: 'ada@a.example', fields: ['name', 'title'] });
  assert.deepEqual(found.output, { name: 'Ada', title: 'CTO', company: 'Acme' });
  const call = calls.at(-1);
  assert.equal(call.url, '/v2/person?email=ada%40a.example&fields=name%2Ctitle');
  assert.equal(call.headers.authorization, 'Bearer people-key-1');
  assert.equal(found.usage.cost, 0.01);
  const none = await ask('people_finder', { email: 'nobody@a.example' });
  assert.deepEqual([none.status, none.output], ['completed', null]);
  const poor = await ask('people_finder', { email: 'poor@a.example' });
  assert.match(JSON.stringify(poor.error), /vendor_error.*people_finder: no credit is left there.*402/);
  const html = await ask('people_finder', { email: 'html@a.example' });
  assert.match(JSON.stringify(html.error), /http_status.*503/);
});

test('the price of a connector is held against budgets before a call is sent', async () => {
  const list = Array.from({ length: 8 }, (_, i) => ({ email: `ada${i}@a.example` }));
  const steps = [
    { id: 'each', type: 'expand', config: { list: '.input.list' } },
    { id: 'ask', type: 'people_finder', config: { email: 'ada@a.example', fields: ['name'] }, retry: { attempts: 1 } },
    { id: 'out', type: 'write_jsonl' },
  ];
  const limits = { budget: 0.03, max_failed: '100%', concurrency: 4 };
  const workflow = await server.publish(JSON.stringify({ name: 'Few calls', limits, steps }));
  const before = calls.length;
  const run = await server.reachEnd((await server.begin(workflow, { list })).id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.deepEqual([calls.length - before, run.usage.cost], [3, 0.03]);
  const { data } = await server.get(`/v1/workflow-runs/${run.id}/items?table=each`);
  const codes = data.map((item) => JSON.stringify(item)).filter((text) => text.includes('budget_exhausted'));
  assert.equal(codes.length, 5);
  const none = await server.publish(JSON.stringify({ name: 'No calls', limits: { budget: 0 }, steps }));
  const refused = await server.post(`/v1/workflows/${none.id}/runs`, { input: { list } });
  assert.deepEqual([refused.status, calls.length - before], [422, 3], refused.text);
});

test('firm_registry: pages become one list, "busy" is tried again, a refusal says what the vendor said', async () => {
  const found = await ask('firm_registry', { name: 'Acme', country: 'DE' });
  assert.equal(found.status, 'completed', JSON.stringify(found.error));
  assert.deepEqual(found.output.map((one) => one.id), ['R1', 'R2', 'R3', 'R4', 'R5']);
  assert.deepEqual(found.output[4], { id: 'R5', name: 'Acme', city: 'C5' });
  const bodies = calls.slice(-3).map((call) => JSON.parse(call.body));
  assert.deepEqual(bodies.map((body) => body.cursor), [undefined, '2', '4']);
  assert.deepEqual(bodies[2].query, { name: 'Acme', country: 'DE' });
  assert.equal(calls.at(-1).headers['x-api-key'], 'firm-key-2');
  const again = await ask('firm_registry', { name: 'busy' }, { attempts: 3, backoff: '10ms..20ms' });
  assert.equal(again.status, 'completed', JSON.stringify(again.error));
  const bad = await ask('firm_registry', { name: 'bad' });
  assert.match(JSON.stringify(bad.error), /the registry refuses: no such country/);
});

test('page_rank: user and password, rules on answers that are always 200', async () => {
  const found = await ask('page_rank', { domain: 'a b.example' });
  assert.deepEqual(found.output, { rank: 7, visits: 99 });
  assert.equal(calls.at(-1).url, '/domains/a%20b.example');
  assert.equal(calls.at(-1).headers.authorization,
    `Basic ${Buffer.from('rank-user:rank-pass-3').toString('base64')}`);
  assert.equal((await ask('page_rank', { domain: 'none.example' })).output, null);
  const blocked = await ask('page_rank', { domain: 'blocked.example' });
  assert.match(JSON.stringify(blocked.error), /the account is blocked/);
});

test('a connector is a step like others: checked, tried, described', async () => {
  const wrong = { name: 'Wrong', steps: [
    { id: 'a', type: 'people_finder', config: { emial: 'x' } },
    { id: 'b', type: 'people_findr', config: {} },
    { id: 'c', type: 'page_rank', config: { domain: '{{secrets.RANK_USER}}' } }] };
  const { data } = await server.post('/v1/workflows/validate', JSON.stringify(wrong));
  const words = JSON.stringify(data.problems);
  for (const expected of [/email.*required/, /emial/, /people_findr.*people_finder/, /secret.*RANK_USER/])
    assert.match(words, expected);
  const definition = JSON.stringify({ name: 'T', steps: [{ id: 'a', type: 'page_rank', config: { domain: 'x.example' } }] });
  const dry = await server.post('/v1/workflows/steps/try', { definition, step: 'a' });
  assert.equal(dry.data.state, 'not_sent');
  assert.match(dry.data.requests[0].url, /\/domains\/x\.example$/);
  const real = await server.post('/v1/workflows/steps/try', { definition, step: 'a', effects: true });
  assert.deepEqual(real.data.value, { rank: 7, visits: 99 });
  assert.ok(!real.text.includes('rank-pass-3'));
  const schema = await server.get('/v1/workflow-schema', { key: null });
  assert.match(schema.text, /people_finder/);
  process.env.WINDROW_CONNECTORS = folder;
  try {
    assert.match((await windrow('docs', 'firm_registry')).stdout, /firm_registry {2}\(look-ups\)[\s\S]*country/);
    assert.match((await windrow('docs')).stdout, /page_rank/);
    const json = JSON.parse((await windrow('docs', 'page_rank', '--json')).stdout);
    assert.equal(json.config[0].name, 'domain');
  } finally {
    delete process.env.WINDROW_CONNECTORS;
  }
});

test('a file that is no connector is refused with its place', async () => {
  const good = 'summary: S\ninputs: { a: { help: A } }\nrequest: { url: "https://a.example/{{input.a}}" }\n';
  const cases = [
    ['summary: S\n', /request/],
    [good.replace('summary: S', 'summary: S\ncolour: red'), /colour/],
    [good.replace('input.a}}', 'input.b}}'), /line 3: request\.url: the input has no "b"/],
    [good.replace('input.a}}', 'input.a'), /request\.url: .*\}\}/],
    [good.replace('input.a}}', 'secrets.A}}'), /request\.url: the secret "A"/],
    [good.replace('input.a}}', 'vars.a}}'), /variables/],
    [`${good}value: ".steps.reqest"\n`, /value: .*reqest/],
    [`${good}value: "1 +"\n`, /value/],
    [good.replace('a: { help', 'rate: { help'), /line 2: \/inputs\/rate/],
    [`name: set\n${good}`, /"set".*another name/],
    [`name: "A B"\n${good}`, /name/],
    [`${good}errors: [{ then: fail }]\n`, /errors\/0/],
    [`${good}errors: [{ status: 404, then: explode }]\n`, /line 4: \/errors\/0\/then/],
    [`${good}errors: [{ status: 404, equals: 1, then: fail }]\n`, /errors\/0/],
    [`${good}price: -1\n`, /price/],
    [good.replace('request: {', 'request: { methd: GET,'), /line 3: request\.methd: .*did you mean method/],
    [`${good}errors:\n  - { status: 404, then: fail }\n  - { status: 404, then: explode }\n`, /line 6: \/errors\/1\/then/],
    ['summary: S\ninputs: { a: { help: A } }\nrequest:\n  url: "https://a.example/"\n  headers:\n    X-A: "{{input.c}}"\n', /line 6: request\.headers/],
    ['{', /line 1/],
    ['[]', /object/],
  ];
  const place = await mkdtemp(join(tmpdir(), 'windrow-connectors-'));
  process.env.WINDROW_CONNECTORS = place;
  try {
    await writeFile(join(place, 'mine.yaml'), good);
    assert.equal((await windrow('docs', 'mine')).code, 0);
    for (const [text, words] of cases) {
      await writeFile(join(place, 'mine.yaml'), text);
      const { code, stderr } = await windrow('docs', 'mine');
      assert.notEqual(code, 0, text);
      assert.match(stderr, /mine\.yaml/);
      assert.match(stderr, words, text);
    }
    await writeFile(join(place, 'mine.yaml'), good);
    await writeFile(join(place, 'other.yaml'), `name: mine\n${good}`);
    assert.match((await windrow('docs')).stderr, /other\.yaml: another connector is called "mine"/);
    process.env.WINDROW_CONNECTORS = join(place, 'missing');
    assert.match((await windrow('docs')).stderr, /missing/);
  } finally {
    delete process.env.WINDROW_CONNECTORS;
    await rm(place, { recursive: true, force: true });
  }
});
