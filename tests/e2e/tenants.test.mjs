// Keys and workspaces: made, used, revoked; what one workspace has is nothing to another.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until, windrow } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

const make = (body, options) => server.post('/v1/keys', body, options);

test('a key is made, shown once, used, listed and revoked at once', async () => {
  const made = await make({ name: 'ci', scopes: ['read'], expiresIn: '90d' });
  assert.equal(made.status, 201, made.text);
  assert.match(made.data.apiKey, /^wk_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(made.data.scopes, ['read']);
  const days = (new Date(made.data.expiresAt) - new Date(made.data.createdAt)) / 86_400_000;
  assert.equal(Math.round(days), 90);
  const key = { apiKey: made.data.apiKey };
  assert.equal((await server.get('/v1/workflows', { key })).status, 200);
  assert.equal((await server.get('/v1/keys', { key })).status, 403);

  const listed = await server.get('/v1/keys');
  assert.ok(!listed.text.includes(made.data.apiKey));
  const found = listed.data.find((one) => one.clientId === made.data.clientId);
  assert.equal(found.name, 'ci');
  await until(async () => {
    const { data } = await server.get('/v1/keys');
    return data.find((one) => one.clientId === made.data.clientId).lastUsedAt;
  }, 'the last use to be stored');

  const gone = await server.ask('DELETE', `/v1/keys/${made.data.clientId}`);
  assert.equal(gone.status, 200);
  assert.ok(gone.data.revokedAt);
  assert.equal((await server.get('/v1/workflows', { key })).status, 401);
  const again = await server.ask('DELETE', `/v1/keys/${made.data.clientId}`);
  assert.equal(again.data.revokedAt, gone.data.revokedAt);
  assert.equal((await server.ask('DELETE', `/v1/keys/${'0'.repeat(24)}`)).status, 404);
});

test('wishes for keys that cannot be are told with their place', async () => {
  const wrong = [
    [{}, /scopes/],
    [{ scopes: [] }, /scopes/],
    [{ scopes: ['root'] }, /scopes/],
    [{ scopes: ['read'], name: '' }, /name/],
    [{ scopes: ['read'], name: 'x\u0007' }, /name/],
    [{ scopes: ['read'], name: 'x'.repeat(201) }, /name/],
    [{ scopes: ['read'], expiresIn: '0s' }, /expiresIn/],
    [{ scopes: ['read'], expiresIn: 'soon' }, /expiresIn/],
    [{ scopes: ['read'], expiresAt: '2020-01-01T00:00:00Z' }, /expiresAt/],
    [{ scopes: ['read'], expiresAt: '2030-01-01' }, /expiresAt/],
    [{ scopes: ['read'], expiresIn: '1d', expiresAt: '2030-01-01T00:00:00Z' }, /one of/],
    [{ scopes: ['read'], limits: { rate: 'often' } }, /limits.rate/],
    [{ scopes: ['read'], limits: { burst: 5 } }, /limits.burst/],
    [{ scopes: ['read'], limits: { rate: '5/s', burst: 0 } }, /limits.*burst/],
    [{ scopes: ['read'], limits: { budgetPerDay: -1 } }, /limits.*budgetPerDay/],
    [{ scopes: ['read'], secret: 'mine' }, /secret/],
  ];
  for (const [body, words] of wrong) {
    const answer = await make(body);
    assert.equal(answer.status, 400, `${JSON.stringify(body)}: ${answer.text}`);
    assert.match(answer.json.error, words);
  }
});

test('a key cannot give what it lacks', async () => {
  const { data } = await make({ scopes: ['admin'] });
  const key = { apiKey: data.apiKey };
  assert.equal((await make({ scopes: ['admin'] }, { key })).status, 201);
  for (const scope of ['read', 'run', 'write']) {
    const answer = await make({ scopes: ['admin', scope] }, { key });
    assert.equal(answer.status, 403);
    assert.match(answer.json.error, new RegExp(`"${scope}"`));
  }
});

test('the same wish sent again makes no second key', async () => {
  const headers = { 'idempotency-key': 'once' };
  const first = await make({ name: 'once', scopes: ['read'] }, { headers });
  const second = await make({ name: 'once', scopes: ['read'] }, { headers });
  assert.equal(second.status, 201, second.text);
  assert.equal(second.data.clientId, first.data.clientId);
  assert.equal(second.data.apiKey, null);
  assert.equal((await make({ name: 'other', scopes: ['read'] }, { headers })).status, 409);
});

test('an expired key opens nothing', async () => {
  const { data } = await make({ scopes: ['read'], expiresIn: '300ms' });
  const key = { apiKey: data.apiKey };
  await until(async () => (await server.get('/v1/workflows', { key })).status === 401, 'its end');
});

test('the command line makes, lists and revokes keys, beside the server and without one', async () => {
  const keys = (...args) => windrow('keys', ...args, '--data', server.data, '--json');
  const made = JSON.parse((await keys('create', '--name', 'desk', '--scopes', 'read,run')).stdout);
  const key = { apiKey: made.apiKey };
  assert.equal((await server.get('/v1/workflows', { key })).status, 200);
  const listed = JSON.parse((await keys('list')).stdout);
  const found = listed.data.find((one) => one.clientId === made.clientId);
  assert.deepEqual([found.name, found.scopes], ['desk', ['read', 'run']]);
  assert.equal((await keys('revoke', made.clientId)).code, 0);
  assert.equal((await server.get('/v1/workflows', { key })).status, 401);

  await server.end();
  const alone = JSON.parse((await keys('create', '--scopes', 'read', '--expires', '1d')).stdout);
  assert.ok(JSON.parse((await keys('list')).stdout).data.length > 3);
  assert.equal((await keys('revoke', 'f'.repeat(24))).code, 1);
  assert.equal((await keys('create', '--scopes', 'all')).code, 1);
  await server.start();
  const status = await server.get('/v1/workflows', { key: { apiKey: alone.apiKey } });
  assert.equal(status.status, 200);
});

test('threat E13: there is no default key; the first start makes one and says it once', async () => {
  const { mkdtemp, rm } = await import('node:fs/promises');
  const { spawn } = await import('node:child_process');
  const { WINDROW } = await import('./server.mjs');
  const start = async (data, env = {}) => {
    const child = spawn(WINDROW, ['serve', '--listen', '127.0.0.1:0', '--data', data], {
      env: { ...process.env, ...env },
    });
    let out = '';
    let log = '';
    child.stdout.on('data', (piece) => (out += piece));
    child.stderr.on('data', (piece) => (log += piece));
    await until(() => /listening on/.test(log), 'the server');
    const url = /listening on (http:\/\/[^"\s]+)/.exec(log)[1];
    const ask = (key) =>
      fetch(`${url}/v1/keys`, { headers: key ? { 'x-api-key': key } : {} }).then((a) => a.status);
    const stop = async () => {
      child.kill('SIGTERM');
      await new Promise((done) => child.once('close', done));
      return { out, log };
    };
    return { ask, stop };
  };
  const data = await mkdtemp('/tmp/windrow-e2e-first-');
  const other = await mkdtemp('/tmp/windrow-e2e-first-');
  try {
    let one = await start(data, { WINDROW_ADMIN_KEY: 'none' });
    assert.equal((await one.stop()).out, '');

    one = await start(data);
    await until(async () => (await one.ask('')) === 401, 'an answer');
    const { out, log } = await one.stop();
    const key = /api key +(wk_\S+)/.exec(out)[1];
    assert.ok(!log.includes(key));

    one = await start(data);
    assert.equal(await one.ask(key), 200);
    for (const guess of [null, '', 'admin', 'null', 'undefined', '[]', '0', 'x'.repeat(4000)])
      assert.equal(await one.ask(guess), 401, String(guess));
    assert.equal((await one.stop()).out, '');

    const mine = 'my-own-key-of-at-least-32-characters';
    one = await start(other, { WINDROW_ADMIN_KEY: mine });
    assert.equal(await one.ask(mine), 200);
    const said = await one.stop();
    assert.ok(!said.out.includes(mine) && !said.log.includes(mine));
  } finally {
    await rm(data, { recursive: true, force: true });
    await rm(other, { recursive: true, force: true });
  }
});

const workspace = async (name = 'Team', limits) => {
  const made = await server.post('/v1/workspaces', { name, limits });
  assert.equal(made.status, 201, made.text);
  return { ...made.data, key: { apiKey: made.data.key.apiKey, clientId: made.data.key.clientId } };
};

test('the operator makes workspaces, names, limits and closes them; nobody else does', async () => {
  const team = await workspace();
  const { key } = team;
  const own = await server.get('/v1/workspaces', { key });
  assert.deepEqual(own.data.map((one) => one.id), [team.id]);
  assert.ok((await server.get('/v1/workspaces')).data.length >= 2);
  assert.equal((await server.post('/v1/workspaces', { name: 'x' }, { key })).status, 403);
  assert.equal((await server.ask('PATCH', `/v1/workspaces/${team.id}`, { key, body: {} })).status, 403);
  const home = (await server.get('/v1/workspaces')).data.find((one) => one.name === 'default');
  assert.equal((await server.get(`/v1/workspaces/${home.id}`, { key })).status, 404);
  const more = await server.post(`/v1/workspaces/${team.id}/keys`, { scopes: ['read'] }, { key });
  assert.equal(more.status, 403);

  const path = `/v1/workspaces/${team.id}`;
  const second = await server.post(`${path}/keys`, { scopes: ['read'] });
  assert.equal(second.status, 201, second.text);
  const reader = { apiKey: second.data.apiKey };
  assert.equal((await server.get('/v1/workflows', { key: reader })).status, 200);

  const named = await server.ask('PATCH', path, { body: { name: 'Crew' } });
  assert.deepEqual([named.data.name, named.data.status], ['Crew', 'active']);
  const closed = await server.ask('PATCH', path, { body: { status: 'closed' } });
  assert.deepEqual([closed.data.name, closed.data.status], ['Crew', 'closed']);
  const refused = await server.get('/v1/workflows', { key });
  assert.equal(refused.status, 403);
  assert.match(refused.json.error, /closed/);
  await server.ask('PATCH', path, { body: { status: 'active' } });
  assert.equal((await server.get('/v1/workflows', { key })).status, 200);
  const self = await server.ask('PATCH', `/v1/workspaces/${home.id}`, { body: { status: 'closed' } });
  assert.equal(self.status, 409);
});

test('the same workspace asked for again is made once', async () => {
  const headers = { 'idempotency-key': 'team' };
  const first = await server.post('/v1/workspaces', { name: 'Once' }, { headers });
  const again = await server.post('/v1/workspaces', { name: 'Once' }, { headers });
  assert.equal(again.status, 201);
  assert.equal(again.data.id, first.data.id);
  assert.equal(again.data.key, null);
});

test('a rate limit refuses what is too much, says when it is over, and holds nobody else back', async () => {
  const made = await make({ scopes: ['read'], limits: { rate: '3/h', burst: 3 } });
  const key = { apiKey: made.data.apiKey };
  for (let left = 2; left >= 0; left--) {
    const answer = await server.get('/v1/workflows', { key });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('x-ratelimit-limit'), '3');
    assert.equal(answer.headers.get('x-ratelimit-remaining'), String(left));
  }
  const refused = await server.get('/v1/workflows', { key });
  assert.equal(refused.status, 429);
  assert.equal(refused.json.error, 'rate limit exceeded');
  assert.deepEqual([refused.json.of, refused.json.rate, refused.json.limit], ['key', '3/h', 3]);
  const wait = Number(refused.headers.get('retry-after'));
  assert.ok(wait > 1000 && wait <= 1200, String(wait));
  assert.ok(new Date(refused.json.resetAt) > new Date());
  assert.equal(refused.headers.get('x-ratelimit-remaining'), '0');
  const free = await server.get('/v1/workflows');
  assert.equal(free.status, 200);
  assert.equal(free.headers.get('x-ratelimit-limit'), null);
});

test('the limit of a workspace holds for all of its keys together', async () => {
  const { id, key } = await workspace('Slow', { rate: '4/h' });
  const second = await server.post('/v1/keys', { scopes: ['read'] }, { key });
  const other = { apiKey: second.data.apiKey };
  for (const one of [key, other, other])
    assert.equal((await server.get('/v1/workflows', { key: one })).status, 200);
  const refused = await server.get('/v1/workflows', { key });
  assert.deepEqual([refused.status, refused.json.of], [429, 'workspace']);
  await server.ask('PATCH', `/v1/workspaces/${id}`, { body: { limits: null } });
  assert.equal((await server.get('/v1/workflows', { key })).status, 200);
});

// --- what is generated from the description of the API ---

/** The smallest body that a schema lets through. */
function bodyOf(schema, all, depth = 0) {
  if (schema.$ref) return bodyOf(all[schema.$ref.split('/').pop()], all, depth);
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  const choice = schema.anyOf ?? schema.oneOf;
  if (choice && !schema.type) return bodyOf(choice.at(-1), all, depth);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object' || schema.properties) {
    const names = schema.required ?? [];
    return Object.fromEntries(names.map((name) => [name, bodyOf(schema.properties[name], all, depth + 1)]));
  }
  if (type === 'array') return schema.minItems ? [bodyOf(schema.items ?? {}, all, depth + 1)] : [];
  if (type === 'integer' || type === 'number') return schema.minimum ?? 1;
  if (type === 'boolean') return true;
  return type === 'string' ? 'x'.repeat(Math.max(1, schema.minLength ?? 1)) : {};
}

let count = 0;

/** Every operation that needs a key: method, path with `ids` filled in, a body, the scope. */
function* guarded(description, ids) {
  for (const [pattern, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const scope = /scope `(\w+)`/.exec(operation.description ?? '')?.[1];
      if (!scope) continue;
      const names = [...pattern.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
      const path = pattern.replace(/\{(\w+)\}/g, (_, name) => ids[name] ?? ids.run);
      const json = operation.requestBody?.content?.['application/json']?.schema;
      const media = Object.keys(operation.requestBody?.content ?? {})[0];
      const isFlow = media === 'application/yaml';
      const flow = `name: n${count++}\nsteps: [{ type: set, config: { fields: { x: 1 } } }]\n`;
      const body = isFlow ? flow : json ? bodyOf(json, description.components.schemas) : media && 'x';
      const type = json && !isFlow ? 'application/json' : media;
      yield { method: method.toUpperCase(), pattern, path, names, body, type, scope };
    }
  }
}

/** One of everything in the default workspace, all of it with the word that must not leave it. */
const SECRET = 'heliotrope';
let made;
function everything() {
  made ??= makeEverything();
  return made;
}

async function makeEverything() {
  const flow = await server.publish(`
name: ${SECRET} flow
steps:
  - { id: word, type: set, config: { fields: { word: ${SECRET} } } }
`);
  const run = await server.begin(flow, { word: SECRET });
  await server.reachEnd(run.id);
  const file = await server.post(`/v1/files?name=${SECRET}.csv`, `${SECRET}\n1\n`, { type: 'text/csv' });
  assert.equal(file.status, 201, file.text);
  const key = await make({ name: SECRET, scopes: ['read'] });
  const { data } = await server.get('/v1/workspaces');
  const secret = await server.ask('PUT', '/v1/secrets/NAMED', {
    body: { value: SECRET, hosts: [`${SECRET}.example`] } });
  assert.equal(secret.status, 200, secret.text);
  assert.equal((await server.ask('PUT', '/v1/vars/NAMED', { body: { value: SECRET } })).status, 200);
  return {
    secretName: 'NAMED', varName: 'NAMED',
    workflow: flow.id, run: run.id, file: file.data.id, key: key.data.clientId, slug: flow.slug,
    workspace: data.find((one) => one.name === 'default').id, step: 'word', version: '1',
  };
}

test('threats E10, E16: no route gives or changes anything of another workspace', async () => {
  const ids = await everything();
  const description = (await server.get('/openapi.json', { key: null })).json;
  const { key } = await workspace('Stranger');
  const before = JSON.stringify((await server.get(`/v1/workflow-runs/${ids.run}`)).data);
  let count = 0;
  for (const route of guarded(description, ids)) {
    const { method, path, body, type } = route;
    const answer = await server.ask(method, path, { key, body, type });
    const what = `${method} ${route.pattern}: ${answer.status} ${answer.text.slice(0, 300)}`;
    assert.ok(!answer.text.includes(SECRET), what);
    const own = Object.values(ids).filter((id) => !path.includes(id) && id.length === 24);
    // The audit log repeats what the stranger himself has asked for.
    if (route.pattern !== '/v1/audit') assert.ok(!own.some((id) => answer.text.includes(id)), what);
    // Names are everybody's own: the stranger may have one that somebody else has too.
    const isOwn = route.names.some((name) => ['secretName', 'varName'].includes(name));
    if (isOwn) assert.ok([200, 400, 404].includes(answer.status), what);
    else if (route.names.length > 0) assert.ok([403, 404].includes(answer.status), what);
    else assert.ok(answer.status < 500, what);
    count++;
  }
  assert.ok(count > 20, `${count} routes`);
  for (const [path] of [[`/v1/workflows/${ids.workflow}`], [`/v1/files/${ids.file}`]])
    assert.equal((await server.get(path)).status, 200, path);
  assert.equal(JSON.stringify((await server.get(`/v1/workflow-runs/${ids.run}`)).data), before);
  assert.deepEqual((await server.get('/v1/secrets/NAMED')).data.hosts, [`${SECRET}.example`]);
  assert.equal((await server.get('/v1/vars/NAMED')).data.value, SECRET);
  const keys = await server.get('/v1/keys');
  assert.equal(keys.data.find((one) => one.clientId === ids.key).revokedAt, null);
});

test('threats E3, E11: each route asks for the scope that it is said to need, and for a key', async () => {
  const ids = await everything();
  const description = (await server.get('/openapi.json', { key: null })).json;
  const scopes = ['read', 'run', 'write', 'admin'];
  const lacking = {};
  for (const scope of scopes) {
    const { data } = await make({ scopes: scopes.filter((one) => one !== scope) });
    lacking[scope] = { apiKey: data.apiKey };
  }
  const late = await make({ scopes, expiresIn: '1ms' });
  const gone = await make({ scopes });
  await server.ask('DELETE', `/v1/keys/${gone.data.clientId}`);
  for (const { method, path, pattern, body, type, scope } of guarded(description, ids)) {
    const ask = (key) => server.ask(method, path, { key, body, type });
    const refused = await ask(lacking[scope]);
    assert.equal(refused.status, 403, `${method} ${pattern} without ${scope}: ${refused.text}`);
    assert.match(refused.json.error, new RegExp(`"${scope}"`));
    for (const key of [null, { apiKey: late.data.apiKey }, { apiKey: gone.data.apiKey }]) {
      const answer = await ask(key);
      assert.equal(answer.status, 401, `${method} ${pattern}: ${answer.text}`);
      assert.deepEqual(answer.json, { error: 'invalid api key or clientId' });
    }
  }
});

test('threat E4: however a path is twisted, nothing guarded comes out without a key', async () => {
  const ids = await everything();
  const description = (await server.get('/openapi.json', { key: null })).json;
  const routes = [...guarded(description, ids)];
  let seed = 20261121;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const pick = (list) => list[random(list.length)];
  const twists = [
    (path) => path.replace('/', '//'),
    (path) => path.replaceAll('/', '%2f').replace('%2f', '/'),
    (path) => path.replace('/v1', pick(['/V1', '/v1.', '/%76%31', '/v1;a=b', '/v1%00', '/v1/.'])),
    (path) => pick(['/healthz/..', '/ui/..', '/docs/../', '/openapi.json/%2e%2e', '/.']) + path,
    (path) => path + pick(['/', '.', ';x', '%00', '/configs', '/healthz', '..;/', '%20', '?x=/healthz']),
    (path) => path.replace(/\/(\w)/g, (_, letter) => `/${random(2) ? letter.toUpperCase() : letter}`),
    (path) => path.replace(/(\w)$/, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  ];
  const headers = ['', 'X-HTTP-Method-Override: GET', 'X-Original-URL: /healthz', 'X-Rewrite-URL: /healthz'];
  for (let i = 0; i < 400; i++) {
    const route = pick(routes);
    let path = route.path;
    for (let twist = random(3); twist >= 0; twist--) path = pick(twists)(path);
    const header = pick(headers);
    const head = `${pick([route.method, 'GET', 'POST'])} ${path} HTTP/1.1${header ? `\r\n${header}` : ''}`;
    const answer = await server.raw(head);
    assert.ok(answer.status < 500, `${head}: ${answer.text}`);
    assert.ok(!answer.text.includes(SECRET), `${head}: ${answer.text}`);
    if (answer.status < 300) assert.match(path, /healthz|ui|docs|openapi/i, head);
  }
});

test('who changed what is kept, and told to admins of the workspace alone', async () => {
  const { id, key } = await workspace('Watched');
  const before = new Date();
  const made = await server.post('/v1/keys', { scopes: ['read'] }, { key });
  const reader = { apiKey: made.data.apiKey };
  assert.equal((await server.ask('DELETE', `/v1/keys/${made.data.clientId}`, { key: reader })).status, 403);
  assert.equal((await server.get('/v1/audit', { key: reader })).status, 403);
  assert.equal((await server.ask('DELETE', `/v1/keys/${'0'.repeat(24)}`, { key })).status, 404);
  await server.get('/v1/workflows', { key });
  await server.ask('DELETE', `/v1/keys/${made.data.clientId}`, { key: { apiKey: 'wrong' } });
  const entries = await until(async () => {
    const { data } = await server.get('/v1/audit', { key });
    return data.length >= 3 && data.every((one) => one.status !== null) ? data : null;
  }, 'the entries');
  assert.deepEqual(
    entries.map((one) => [one.keyId, one.method, one.route, one.object, one.status]),
    [
      [key.clientId, 'DELETE', '/v1/keys/{key}', '0'.repeat(24), 404],
      [made.data.clientId, 'DELETE', '/v1/keys/{key}', made.data.clientId, 403],
      [key.clientId, 'POST', '/v1/keys', made.data.clientId, 201],
    ],
  );
  const page = await server.get(`/v1/audit?limit=1&lt=${entries[0].id}`, { key });
  assert.deepEqual(page.data, [entries[1]]);
  const some = (query) => server.get(`/v1/audit?${query}`, { key }).then((answer) => answer.data.length);
  const later = new Date(Date.now() + 10_000).toISOString();
  assert.equal(await some(`createdAfter=${before.toISOString()}&createdBefore=${later}`), 3);
  assert.equal(await some(`createdBefore=${before.toISOString()}`), 0);
  assert.equal(await some(`createdAfter=${later}`), 0);
  assert.equal((await server.get('/v1/audit?createdAfter=yesterday', { key })).status, 400);
  const mine = await server.get('/v1/audit');
  assert.ok(!mine.data.some((one) => one.keyId === key.clientId));
  assert.ok(mine.data.some((one) => one.route === '/v1/workspaces' && one.object === id));
});
