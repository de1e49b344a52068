// The outgoing webhooks of the Sixtyfour API and the secret that signs them, checked as the vendor's
// guide teaches receivers to.

import assert from 'node:assert/strict';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';

import { startServer, until } from './server.mjs';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const PATH = '/webhooks/signing-secret';

let server;
before(async () => {
  server = await startServer('--allow', '127.0.0.1', '--delivery-retry', '1s', '--public-url', 'https://windrow.example');
});
after(async () => {
  await server?.close();
});

async function call(method, path, { body, key = server.key.apiKey } = {}) {
  const answer = await fetch(server.url + path, {
    method,
    headers: { ...(key ? { 'x-api-key': key } : {}), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, text, json: text ? JSON.parse(text) : undefined };
}

/** An address that takes webhooks, after refusing the first `refuse` of them. */
async function startReceiver(refuse = 0) {
  const seen = [];
  const receiver = createServer((request, answer) => {
    const pieces = [];
    request.on('data', (piece) => pieces.push(piece));
    request.on('end', () => {
      seen.push({ headers: request.headers, raw: Buffer.concat(pieces) });
      answer.writeHead(seen.length <= refuse ? 500 : 200).end();
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  return { url: `http://127.0.0.1:${receiver.address().port}/hook`, seen, close: () => receiver.close() };
}

/** As the guide has it: the parts of the header one by one, since there may be two of v1. */
function isSigned({ headers, raw }, secret) {
  const parts = (headers['sixtyfour-signature'] ?? '').split(',').map((part) => part.split('='));
  const second = parts.find(([name]) => name === 't')?.[1];
  if (Math.abs(Date.now() / 1000 - Number(second)) > 300) return false;
  const wanted = createHmac('sha256', secret).update(`${second}.`).update(raw).digest();
  return parts.some(([name, hex]) => name === 'v1' && timingSafeEqual(Buffer.from(hex, 'hex'), wanted));
}

let receiver;
beforeEach(async () => {
  await call('DELETE', PATH);
  receiver = await startReceiver();
});
afterEach(() => receiver.close());

let made = 0;
const publish = (url) => server.publish(`
name: Told ${++made}
input: { type: object, properties: { webhook_payload: { type: array } } }
steps:
  - { id: rows, type: expand, config: { list: .input.webhook_payload } }
  - { id: upper, type: transform, config: { expression: 'if .item.a == "bad" then error("no") else .item.a end' } }
notify: { on_end: "${url}", form: sixtyfour }
`);
async function runIt(url, rows) {
  const workflow = await publish(url);
  const answer = await call('POST', `/workflows/run?workflow_id=${workflow.id}`, { body: { webhook_payload: rows } });
  return { job: answer.json.job_id, workflow: answer.json.workflow_id };
}
const told = (who, count = 1) => until(() => who.seen.length >= count && who.seen[count - 1], 'the webhook');

/* --- the secret --- */

const META = ['id', 'org_id', 'preview', 'status', 'created_at', 'revoked_at'];

test('there is no secret at first: null', async () => {
  const answer = await call('GET', PATH);
  assert.equal(answer.status, 200);
  assert.equal(answer.json, null);
});

test('a secret is shown once, and its meta again', async () => {
  const answer = await call('POST', PATH);
  assert.equal(answer.status, 201, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['plaintext', 'meta']);
  const { plaintext, meta } = answer.json;
  assert.match(plaintext, /^sk_whsec_[0-9a-f]{64}$/);
  assert.deepEqual(Object.keys(meta), META);
  assert.match(meta.id, UUID);
  assert.match(meta.org_id, UUID);
  assert.equal(meta.preview, `sk_whsec_••••${plaintext.slice(-4)}`);
  assert.equal(meta.status, 'active');
  assert.match(meta.created_at, TIME);
  assert.equal(meta.revoked_at, null);
  assert.deepEqual((await call('GET', PATH)).json, meta);
});

test('one is active: making another revokes it, removing leaves none', async () => {
  const first = (await call('POST', PATH)).json;
  const second = (await call('POST', PATH)).json;
  assert.notEqual(second.meta.id, first.meta.id);
  assert.equal((await call('GET', PATH)).json.id, second.meta.id);
  await runIt(receiver.url, [{ a: 'x' }]);
  const hook = await told(receiver);
  assert.equal(isSigned(hook, first.plaintext), false);
  assert.equal(isSigned(hook, second.plaintext), true);
  for (let i = 0; i < 2; i++) {
    const gone = await call('DELETE', PATH);
    assert.equal(gone.status, 204);
    assert.equal(gone.text, '');
  }
  assert.equal((await call('GET', PATH)).json, null);
});

test('a rolled secret signs with the one before for the overlap, new one first; 0 cuts over at once', async () => {
  const missing = await call('POST', `${PATH}/roll`, { body: {} });
  assert.equal(missing.status, 404);
  assert.equal(missing.json.error, 'Not Found');
  const first = (await call('POST', PATH)).json;
  const rolled = await call('POST', `${PATH}/roll`);
  assert.equal(rolled.status, 200, rolled.text);
  assert.deepEqual(Object.keys(rolled.json), ['plaintext', 'meta']);
  await runIt(receiver.url, [{ a: 'x' }]);
  const hook = await told(receiver);
  assert.match(hook.headers['sixtyfour-signature'], /^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
  assert.ok(isSigned(hook, first.plaintext) && isSigned(hook, rolled.json.plaintext));
  const [, newest] = hook.headers['sixtyfour-signature'].split(',');
  const second = /^t=(\d+)/.exec(hook.headers['sixtyfour-signature'])[1];
  assert.equal(newest, `v1=${createHmac('sha256', rolled.json.plaintext).update(`${second}.`).update(hook.raw).digest('hex')}`);

  const cut = (await call('POST', `${PATH}/roll`, { body: { expire_overlap_hours: 0 } })).json;
  await runIt(receiver.url, [{ a: 'x' }]);
  const after = await told(receiver, 2);
  assert.match(after.headers['sixtyfour-signature'], /^t=\d+,v1=[0-9a-f]{64}$/);
  assert.ok(isSigned(after, cut.plaintext) && !isSigned(after, rolled.json.plaintext));
});

test('hours that are none are 422, and so are other fields', async () => {
  await call('POST', PATH);
  for (const [body, loc] of [
    [{ expire_overlap_hours: 73 }, 'expire_overlap_hours'],
    [{ expire_overlap_hours: -1 }, 'expire_overlap_hours'],
    [{ expire_overlap_hours: '24' }, 'expire_overlap_hours'],
    [{ hours: 1 }, 'hours'],
  ]) {
    const answer = await call('POST', `${PATH}/roll`, { body });
    assert.equal(answer.status, 422, answer.text);
    assert.deepEqual(answer.json.detail[0].loc, ['body', loc]);
  }
  assert.equal((await call('POST', `${PATH}/roll`, { body: { expire_overlap_hours: 72 } })).status, 200);
});

test('another workspace has a secret of its own, and a key needs admin', async () => {
  const other = await server.post('/v1/workspaces', { name: 'Other' });
  await call('POST', PATH);
  assert.equal((await call('GET', PATH, { key: other.data.key.apiKey })).json, null);
  const { data: key } = await server.post('/v1/keys', { name: 'runner', scopes: ['run', 'read'] });
  for (const method of ['GET', 'POST', 'DELETE']) {
    const answer = await call(method, PATH, { key: key.apiKey });
    assert.equal(answer.status, 403);
    assert.equal(answer.json.error, 'Forbidden');
  }
});

test('a secret holds over a restart, and lies nowhere in the clear', async () => {
  const { plaintext, meta } = (await call('POST', PATH)).json;
  await server.restart('SIGKILL');
  assert.deepEqual((await call('GET', PATH)).json, meta);
  await runIt(receiver.url, [{ a: 'x' }]);
  assert.ok(isSigned(await told(receiver), plaintext));
  const hex = plaintext.slice('sk_whsec_'.length);
  for (const name of await readdir(server.data)) {
    const bytes = await readFile(join(server.data, name)).catch(() => Buffer.alloc(0));
    assert.equal(bytes.includes(hex), false, name);
  }
  assert.equal(server.log.text.includes(hex), false);
});

/* --- deliveries --- */

const ENVELOPE = ['event_id', 'event_type', 'run_id', 'workflow_id', 'status', 'row_count', 'results',
  'results_download_url', 'completed_at'];

test('one webhook for a run, with its rows inline and a link to them', async () => {
  const { job, workflow } = await runIt(receiver.url, [{ a: 'x' }, { a: 'y' }]);
  const hook = await told(receiver);
  const event = JSON.parse(hook.raw);
  assert.deepEqual(Object.keys(event), ENVELOPE);
  assert.equal(event.run_id, job);
  assert.equal(event.workflow_id, workflow);
  assert.equal(event.status, 'completed');
  assert.equal(event.event_type, 'outgoing_webhook.completed');
  assert.equal(event.row_count, 2);
  assert.deepEqual(event.results, [{ a: 'x', upper: 'x' }, { a: 'y', upper: 'y' }]);
  assert.match(event.completed_at, TIME);
  assert.ok(event.results_download_url.startsWith('https://windrow.example/files/'));
  const file = await fetch(event.results_download_url.replace('https://windrow.example', server.url));
  assert.equal(file.status, 200);
  assert.deepEqual((await file.text()).trim().split(/\r?\n/), ['a,upper', 'x,x', 'y,y']);
  assert.equal(hook.headers['content-type'], 'application/json');
  assert.match(hook.headers['sixtyfour-event-id'], UUID);
  assert.equal(hook.headers['sixtyfour-event-id'], event.event_id);
  assert.equal(hook.headers['sixtyfour-event-type'], 'outgoing_webhook.completed');
  assert.equal(hook.headers['sixtyfour-delivery-attempt'], '1');
  assert.equal(hook.headers['webhook-signature'], undefined);
  const { data } = await server.get(`/v1/deliveries?runId=${job}`);
  assert.equal(data.length, 1);
});

test('without a secret it goes out unsigned', async () => {
  await runIt(receiver.url, [{ a: 'x' }]);
  assert.equal((await told(receiver)).headers['sixtyfour-signature'], undefined);
});

test('many rows are not told inline', async () => {
  await runIt(receiver.url, Array.from({ length: 20_000 }, (_, i) => ({ a: `row ${i}` })));
  const event = JSON.parse((await told(receiver)).raw);
  assert.equal(event.row_count, 20_000);
  assert.equal(event.results, null);
  assert.equal(typeof event.results_download_url, 'string');
});

test('few rows of many are told inline, and none as an empty list', async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => ({ a: `row ${i}` }));
  const workflow = await server.publish(`
name: Few of many
input: { type: object, properties: { webhook_payload: { type: array } } }
steps:
  - { id: rows, type: expand, config: { list: ".input.webhook_payload" } }
  - { id: keep, type: filter, config: { where: '.item.a | IN("row 3", "row 1999")' } }
notify: { on_end: "${receiver.url}", form: sixtyfour }
`);
  const start = (payload) => call('POST', `/workflows/run?workflow_id=${workflow.id}`, { body: { webhook_payload: payload } });
  await start(rows);
  const few = JSON.parse((await told(receiver)).raw);
  assert.deepEqual([few.row_count, few.results], [2, [rows[3], rows[1999]]]);
  await start(rows.slice(10, 1010));
  const none = JSON.parse((await told(receiver, 2)).raw);
  assert.deepEqual([none.row_count, none.results], [0, []]);
});

test('what is refused comes again with the same event and the next number', async () => {
  const picky = await startReceiver(1);
  await call('POST', PATH);
  await runIt(picky.url, [{ a: 'x' }]);
  await told(picky, 2);
  picky.close();
  const [first, second] = picky.seen;
  assert.equal(first.headers['sixtyfour-event-id'], second.headers['sixtyfour-event-id']);
  assert.deepEqual([first, second].map((hook) => hook.headers['sixtyfour-delivery-attempt']), ['1', '2']);
});

test('a run that has failed or was cancelled tells nobody', async () => {
  const { job } = await runIt(receiver.url, [{ a: 'bad' }]);
  await server.reach(job, 'failed');
  await runIt(receiver.url, [{ a: 'x' }]);
  await told(receiver);
  assert.deepEqual((await server.get(`/v1/deliveries?runId=${job}`)).data, []);
  assert.equal(receiver.seen.length, 1);
});

test('when the keys of the server change, the secret is sealed anew', async () => {
  const [old, fresh] = ['a'.repeat(64), 'b'.repeat(64)];
  const keyed = await startServer('--allow', '127.0.0.1');
  const ask = async (method, path, body) => {
    const answer = await fetch(keyed.url + path, {
      method,
      headers: { 'x-api-key': keyed.key.apiKey },
      body: body && JSON.stringify(body),
    });
    return answer.status === 204 ? null : answer.json();
  };
  try {
    keyed.environment = { WINDROW_SECRET_KEY: old };
    await keyed.restart('SIGTERM');
    const first = await ask('POST', PATH);
    const second = await ask('POST', `${PATH}/roll`);
    for (const keys of [`${fresh},${old}`, fresh]) {
      keyed.environment = { WINDROW_SECRET_KEY: keys };
      await keyed.restart('SIGTERM');
    }
    const workflow = await keyed.publish(`
name: Told
steps:
  - { id: one, type: set, config: { fields: { a: "1" } } }
notify: { on_end: "${receiver.url}", form: sixtyfour }
`);
    await ask('POST', `/workflows/run?workflow_id=${workflow.id}`);
    const hook = await told(receiver);
    assert.ok(isSigned(hook, first.plaintext) && isSigned(hook, second.plaintext));
    const event = JSON.parse(hook.raw);
    assert.equal(event.results_download_url, null);
    assert.deepEqual(event.results, [{ 'one.a': '1' }]);
  } finally {
    await keyed.close();
  }
});
