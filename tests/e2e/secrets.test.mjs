// Secrets: they reach the host they are meant for, and stand nowhere else; variables.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, windrow, WINDROW } from './server.mjs';

const PLAIN = 'Zq7-very/secret"value\\42';
const BASE64 = Buffer.from(`me:${PLAIN}`).toString('base64');

let server;
let meant;
let other;
// All that the program answered.
const answers = [];
before(async () => {
  server = await startServer('--allow', '127.0.0.1', '--log-level', 'debug', '--log-requests');
  meant = await startStub();
  other = await startStub();
  const { ask } = server;
  server.ask = async (...args) => {
    const answer = await ask.call(server, ...args);
    answers.push(answer.text);
    return answer;
  };
});
after(async () => {
  await server?.close();
  await meant?.close();
  await other?.close();
});

/** A server that keeps what it got, headers too: /echo, /status/CODE, /redirect?to=URL, /once. */
async function startStub() {
  const calls = [];
  const http = createServer((request, response) => {
    calls.push({ url: request.url, headers: request.headers });
    const url = new URL(request.url, 'http://stub');
    const code = Number(/^\/status\/(\d+)/.exec(url.pathname)?.[1] ?? 200);
    const headers = { 'content-type': 'application/json', connection: 'close' };
    const to = url.searchParams.get('to');
    if (to) headers.location = to;
    const isFirst = calls.filter((one) => one.url === request.url).length === 1;
    const failed = url.pathname === '/once' && isFirst ? 400 : code;
    response.writeHead(to ? Number(url.searchParams.get('status') ?? 302) : failed, headers);
    response.end(JSON.stringify({ headers: request.headers }));
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  const { port } = http.address();
  return { port, calls, close: () => new Promise((done) => http.close(done)) };
}

const origin = (stub) => `http://127.0.0.1:${stub.port}`;
const put = (name, body, options) => server.ask('PUT', `/v1/secrets/${name}`, { body, ...options });

/** One call with that config; gives the step's verdict in the run. */
async function callWith(config, { key } = {}) {
  const definition = JSON.stringify({
    name: `Call ${Math.random()}`,
    steps: [{ id: 'call', type: 'http_request', config, retry: { attempts: 1 } }],
  });
  const stored = await server.post('/v1/workflows?publish=true', definition, { key });
  assert.equal(stored.status, 201, stored.text);
  const begun = await server.post(`/v1/workflows/${stored.data.id}/runs?wait=60`, { input: {} }, { key });
  const { data } = await server.get(`/v1/workflow-runs/${begun.data.id}`, { key });
  return { run: data, error: data.error, output: data.output };
}

async function filesBelow(folder) {
  const found = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

function command(args, input, environment = {}) {
  return new Promise((resolved) => {
    const child = spawn(WINDROW, args, { env: { ...process.env, ...environment } });
    let text = '';
    child.stdout.on('data', (piece) => (text += piece));
    child.stderr.on('data', (piece) => (text += piece));
    child.on('close', (code) => resolved({ code, text }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

test('a secret is stored, listed without its value, replaced and deleted', async () => {
  const made = await put('KEPT', { value: 'first-value-of-it', hosts: ['API.Example.com', 'https://b.example:8443'] });
  assert.equal(made.status, 200, made.text);
  assert.deepEqual(made.data.hosts, ['api.example.com', 'b.example:8443']);
  assert.equal(made.data.readable, true);
  const again = await put('KEPT', { value: 'second-value-of-it', hosts: ['*.example.com'] });
  assert.deepEqual([again.data.id, again.data.hosts], [made.data.id, ['*.example.com']]);
  const listed = await server.get('/v1/secrets');
  assert.ok(listed.data.some((one) => one.name === 'KEPT'));
  assert.ok(!listed.text.includes('value-of-it'));
  assert.equal((await server.ask('DELETE', '/v1/secrets/KEPT')).status, 200);
  assert.equal((await server.get('/v1/secrets/KEPT')).status, 404);
  assert.equal((await server.ask('DELETE', '/v1/secrets/KEPT')).status, 404);
});

test('what cannot be a secret is told with its place', async () => {
  const hosts = ['api.example.com'];
  const wrong = [
    ['A', { hosts }, /value/],
    ['A', { value: '', hosts }, /value/],
    ['A', { value: 'a\nb', hosts }, /value.*control/],
    ['A', { value: 'x'.repeat(8193), hosts }, /value/],
    ['A', { value: 'ü'.repeat(5000), hosts }, /value/],
    ['A', { value: 'x' }, /hosts/],
    ['A', { value: 'x', hosts: [] }, /hosts/],
    ['A', { value: 'x', hosts: ['*'] }, /hosts/],
    ['A', { value: 'x', hosts: ['*.com'] }, /hosts.*wide/],
    ['A', { value: 'x', hosts: ['a.example/path'] }, /hosts/],
    ['A', { value: 'x', hosts: ['a.example:0'] }, /hosts/],
    ['A', { value: 'x', hosts: ['me@a.example'] }, /hosts/],
    ['a%20b', { value: 'x', hosts }, /name/],
    ['1A', { value: 'x', hosts }, /name/],
  ];
  for (const [name, body, words] of wrong) {
    const answer = await put(name, body);
    assert.equal(answer.status, 400, `${JSON.stringify(body).slice(0, 80)}: ${answer.text}`);
    assert.match(answer.json.error, words);
  }
});

test('secrets stand in headers and auth alone; validate names every other place', async () => {
  const bad = {
    name: 'Wrong',
    steps: [{
      id: 'call',
      type: 'http_request',
      config: {
        url: 'https://a.example/{{secrets.A}}',
        query: { q: '{{secrets.A}}' },
        json: { deep: ['{{secrets.A}}'] },
        headers: { A: '{{= .secrets.A}}', B: '{{secrets.A | length}}' },
      },
    }, { id: 'keep', type: 'set', config: { fields: { x: '{{secrets.A}}' } } }],
    output: '{{ secrets.A }}',
  };
  const { data } = await server.post('/v1/workflows/validate', JSON.stringify(bad));
  assert.equal(data.valid, false);
  const places = data.problems.map((one) => one.path ?? JSON.stringify(one)).join(' ');
  for (const place of ['url', 'query', 'json', 'headers', 'fields', 'output'])
    assert.match(places, new RegExp(place));
});

test('threat E9: a secret reaches its host, and stands in no byte that the program wrote or said', async () => {
  const made = await put('TOKEN', { value: PLAIN, hosts: [origin(meant)] });
  assert.equal(made.status, 200, made.text);
  const { run, output } = await callWith({
    url: `${origin(meant)}/echo`,
    headers: { 'X-Custom': 'key {{secrets.TOKEN}}' },
    auth: { username: 'me', password: '{{secrets.TOKEN}}' },
  });
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  // The stub echoes what it got: it came whole, and comes back blotted out.
  assert.equal(output.body.headers['x-custom'], `key ${'*'.repeat(PLAIN.length + 2)}`);
  assert.match(output.body.headers.authorization, /^Basic \*+$/);
  const seen = meant.calls.at(-1);
  assert.equal(seen.headers['x-custom'], `key ${PLAIN}`);
  assert.equal(seen.headers.authorization, `Basic ${BASE64}`);

  const bearer = await callWith({ url: `${origin(meant)}/status/500`, auth: { bearer: '{{secrets.TOKEN}}' } });
  assert.equal(bearer.run.status, 'failed');
  assert.equal(meant.calls.at(-1).headers.authorization, `Bearer ${PLAIN}`);

  const config = { url: `${origin(meant)}/echo`, auth: { bearer: '{{secrets.TOKEN}}' } };
  const definition = JSON.stringify({ name: 'Try', steps: [{ id: 'call', type: 'http_request', config }] });
  for (const effects of [false, true]) {
    const tried = await server.post('/v1/workflows/steps/try', { definition, step: 'call', effects });
    assert.equal(tried.status, 200, tried.text);
    assert.match(tried.text, /"bearer":"\{\{secrets\.TOKEN\}\}"/);
  }

  await server.get('/v1/audit');
  await server.get('/v1/secrets');
  await server.get(`/v1/workflow-runs/${run.id}/events?lastEventId=0`);
  const backup = `${server.data}-backup`;
  assert.equal((await windrow('backup', backup, '--data', server.data)).code, 0);
  await server.end();
  const paths = [...(await filesBelow(server.data)), ...(await filesBelow(backup))];
  const written = await Promise.all(paths.map(async (path) => [path, await readFile(path)]));
  const needles = [PLAIN, BASE64, JSON.stringify(PLAIN).slice(1, -1), Buffer.from(PLAIN).toString('base64')];
  assert.ok(written.length > 3);
  for (const needle of needles) {
    for (const [path, bytes] of written) assert.ok(!bytes.includes(needle), `${path} holds the secret`);
    for (const text of answers) assert.ok(!text.includes(needle), `an answer holds the secret: ${text}`);
    assert.ok(!server.log.text.includes(needle), 'the log holds the secret');
  }
  await rm(backup, { recursive: true });
  await server.start();
  const later = await callWith({ url: `${origin(meant)}/echo`, auth: { bearer: '{{secrets.TOKEN}}' } });
  assert.equal(later.run.status, 'completed');
  assert.equal(meant.calls.at(-1).headers.authorization, `Bearer ${PLAIN}`);
});

test('threat E8, E9: a secret goes to no other host, by no URL and no redirect', async () => {
  await put('BOUND', { value: 'bound-to-one-host', hosts: [origin(meant)] });
  const auth = { bearer: '{{secrets.BOUND}}' };
  const before = other.calls.length;
  const elsewhere = [
    `${origin(other)}/echo`,
    `http://localhost:${meant.port}/echo`,
    `${origin(meant)}@127.0.0.1:${other.port}/echo`,
    `http://127.0.0.1:${meant.port}:${other.port}/echo`,
    `https://127.0.0.1:${meant.port}/echo`,
    `${origin(meant)}/redirect?to=${encodeURIComponent(`${origin(other)}/echo`)}`,
    `${origin(meant)}/redirect?status=307&to=${encodeURIComponent(`${origin(other)}/echo`)}`,
  ];
  for (const url of elsewhere) {
    const { run } = await callWith({ url, auth });
    assert.equal(run.status, 'failed', url);
  }
  assert.equal(other.calls.length, before, 'the other host was called');
  const { run } = await callWith({ url: `${origin(other)}/echo`, auth });
  assert.match(JSON.stringify(run), /secret_refused.*BOUND/);
  const same = await callWith({ url: `${origin(meant)}/redirect?to=/echo`, auth });
  assert.equal(same.run.status, 'completed');
  const none = await callWith({ url: `${origin(meant)}/echo`, auth: { bearer: '{{secrets.NONE}}' } });
  assert.match(JSON.stringify(none.run), /NONE.*windrow secrets set/);
});

test('threat E9, E10: what one workspace has is nothing to another', async () => {
  const made = await server.post('/v1/workspaces', { name: 'Others' });
  const { key } = made.data;
  await put('MINE', { value: 'only-for-its-owner', hosts: [origin(meant)] });
  await server.ask('PUT', '/v1/vars/mine', { body: { value: 1 } });
  for (const path of ['/v1/secrets/MINE', '/v1/vars/mine']) {
    assert.equal((await server.get(path, { key })).status, 404);
    assert.equal((await server.ask('DELETE', path, { key })).status, 404);
    assert.equal((await server.get(path)).status, 200);
  }
  assert.deepEqual((await server.get('/v1/secrets', { key })).data, []);
  assert.deepEqual((await server.get('/v1/vars', { key })).data, []);
  const { run } = await callWith({ url: `${origin(meant)}/echo`, auth: { bearer: '{{secrets.MINE}}' } }, { key });
  assert.match(JSON.stringify(run.error ?? run), /MINE/);
  assert.equal(run.status, 'failed');
});

test('data that looks like a mark is sent as it is', async () => {
  await put('TOKEN', { value: PLAIN, hosts: [origin(meant)] });
  const texts = ['{{secrets.TOKEN}}', '\u00ffTOKEN\u00fe', 'secrets.TOKEN'];
  for (const text of texts) {
    await server.ask('PUT', '/v1/vars/text', { body: { value: text } });
    const { run } = await callWith({ url: `${origin(meant)}/echo`, headers: { X: '{{vars.text}}' } });
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    const got = Buffer.from(meant.calls.at(-1).headers.x, 'latin1').toString('utf8');
    assert.equal(got, text);
  }
});

test('keys of the server: a new one takes over, one that is gone is told', async () => {
  const path = join(server.data, 'secrets.key');
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  await put('TURNED', { value: 'sealed-twice-over', hosts: [origin(meant)] });
  const old = (await readFile(path, 'utf8')).trim();
  const fresh = 'ab'.repeat(32);
  await server.end();
  await writeFile(path, `${fresh}\n${old}\n`);
  await server.start();
  assert.equal((await server.get('/v1/secrets/TURNED')).data.readable, true);
  await server.end();
  server.environment.WINDROW_SECRET_KEY = fresh;
  await server.start();
  assert.equal((await server.get('/v1/secrets/TURNED')).data.readable, true);
  const sent = await callWith({ url: `${origin(meant)}/echo`, auth: { bearer: '{{secrets.TURNED}}' } });
  assert.equal(sent.run.status, 'completed');
  await server.end();
  server.environment.WINDROW_SECRET_KEY = 'cd'.repeat(32);
  await server.start();
  assert.match(server.log.text, /secrets lie under a key that is not there/);
  assert.equal((await server.get('/v1/secrets/TURNED')).data.readable, false);
  const lost = await callWith({ url: `${origin(meant)}/echo`, auth: { bearer: '{{secrets.TURNED}}' } });
  assert.match(JSON.stringify(lost.run), /secret_refused/);
  await server.end();
  server.environment.WINDROW_SECRET_KEY = fresh;
  await server.start();
});

test('the command line sets, lists and deletes, beside a server and at one', async () => {
  const here = ['--data', server.data];
  const there = ['--server', server.url, '--key', server.key.apiKey];
  for (const where of [here, there]) {
    const set = await command(['secrets', 'set', 'CLI', '--hosts', 'a.example,*.b.example', ...where], 'typed-by-hand\n');
    assert.deepEqual([set.code, set.text], [0, '']);
    const { data } = await server.get('/v1/secrets/CLI');
    assert.deepEqual(data.hosts, ['a.example', '*.b.example']);
    const listed = await command(['secrets', 'list', ...where], '');
    assert.match(listed.text, /CLI +a\.example,\*\.b\.example/);
    assert.equal((await command(['secrets', 'delete', 'CLI', ...where], '')).code, 0);
    assert.equal((await server.get('/v1/secrets/CLI')).status, 404);
    assert.notEqual((await command(['secrets', 'delete', 'CLI', ...where], '')).code, 0);
    const bytes = await command(['secrets', 'set', 'CLI', '--hosts', 'a.example', ...where], Buffer.from([0xff, 0x41, 0xfe]));
    assert.match(bytes.text, /UTF-8/);
    const noHosts = await command(['secrets', 'set', 'CLI', ...where], 'x');
    assert.match(noHosts.text, /--hosts/);

    assert.equal((await command(['vars', 'set', 'limit', ...where], '{"rows": 5}\n')).code, 0);
    assert.deepEqual((await server.get('/v1/vars/limit')).data.value, { rows: 5 });
    assert.equal((await command(['vars', 'set', 'word', ...where], 'plain words\n')).code, 0);
    assert.equal((await server.get('/v1/vars/word')).data.value, 'plain words');
    assert.match((await command(['vars', 'list', '--json', ...where], '')).text, /"name":"limit"/);
    assert.equal((await command(['vars', 'delete', 'limit', ...where], '')).code, 0);
  }
});

test('a run sees the variables that there were when it began, in a retry and in runs below it too', async () => {
  const set = (value) => server.ask('PUT', '/v1/vars/color', { body: { value } });
  await set('red');
  const child = await server.publish(JSON.stringify({
    name: 'Below',
    steps: [
      { id: 'w', type: 'http_request', config: { url: `${origin(meant)}/echo` } },
      { id: 'see', type: 'set', config: { fields: { color: '{{vars.color}}' } } },
    ],
    output: '{{steps.see}}',
  }));
  const workflow = await server.publish(JSON.stringify({
    name: 'Above',
    steps: [
      { id: 'first', type: 'set', config: { fields: { color: '{{vars.color}}' } } },
      { id: 'call', type: 'http_request', config: { url: '{{vars.address}}' }, retry: { attempts: 1 } },
      { id: 'below', type: 'workflow', config: { id: child.id, input: {} } },
      { id: 'last', type: 'set', config: { fields: { color: '{{vars.color}}' } } },
    ],
    output: { first: '{{steps.first.color}}', last: '{{steps.last.color}}', below: '{{steps.below.color}}', now: '{{vars.color}}' },
  }));
  await server.ask('PUT', '/v1/vars/address', { body: { value: `${origin(meant)}/once` } });
  const begun = await server.begin(workflow, {});
  assert.equal((await server.reachEnd(begun.id)).status, 'failed');
  await set('blue');
  await server.restart();
  assert.equal((await server.post(`/v1/workflow-runs/${begun.id}/retry`, {})).status, 200);
  const ended = await server.reachEnd(begun.id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended.error));
  assert.deepEqual(ended.output, { first: 'red', last: 'red', below: 'red', now: 'red' });
  const rerun = await server.post(`/v1/workflow-runs/${begun.id}/rerun?wait=60`, {});
  const second = await server.reachEnd(rerun.data.id);
  assert.equal(second.output.first, 'blue');

  const pure = await server.publish(JSON.stringify({
    name: 'Pure', steps: [{ id: 'a', type: 'transform', config: { expression: '.vars.color' } }] }));
  const quick = await server.reachEnd((await server.begin(pure, {})).id);
  assert.equal(quick.output, 'blue');
  assert.equal((await server.ask('PUT', '/v1/vars/color', { body: { value: 'x'.repeat(4096) } })).status, 400);
});

test('a variable that is not there is named when a run starts', async () => {
  const steps = (value) => [{ id: 'a', type: 'set', config: { fields: { x: value } } }];
  const put = (name, value) => server.publish(JSON.stringify({ name, steps: steps(value) }));
  await put('Below all', '{{vars.below_all}}');
  await server.publish(JSON.stringify({ name: 'Above all', steps: [{ id: 'c', type: 'workflow', config: { slug: 'below-all' } }] }));
  for (const [slug, value, name] of [['plain', '{{vars.not_there}}', 'not_there'], ['deep', '{{= .vars.nor_this.a // 1 }}', 'nor_this'],
    ['above-all', null, 'below_all']]) {
    if (value) await put(slug, value);
    const answer = await server.post(`/v1/workflows/${slug}/runs`, { input: {} });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.error, new RegExp(`vars\\.${name}: .*windrow vars set ${name}`));
    assert.deepEqual((await server.get(`/v1/workflows/${slug}/runs`)).data, []);
  }
  await put('otherwise', '{{= (.vars | getpath(["not_there"])) // 5 }}');
  const run = await server.begin({ id: 'otherwise' }, {});
  assert.deepEqual((await server.reachEnd(run.id)).output, { x: 5 });
  await server.ask('PUT', '/v1/vars/not_there', { body: { value: null } });
  const there = await server.begin({ id: 'plain' }, {});
  assert.deepEqual((await server.reachEnd(there.id)).output, { x: null });
});
