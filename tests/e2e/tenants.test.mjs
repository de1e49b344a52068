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
      await new Promise((done) => child.once('exit', done));
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
