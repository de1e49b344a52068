// Webhooks that start runs: every way in, with the senders' own libraries; messages that come again;
// what is kept of them.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { startServer, until } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

/** Publishes a workflow with that webhook; gives its record with the secret. */
async function publish(slug, webhook, steps = '{ id: n, type: set, config: { fields: { n: "{{input.n}}" } } }') {
  const workflow = await server.publish(
    `name: ${slug}\ntriggers: { webhook: ${webhook} }\nsteps:\n  - ${steps}\n`);
  const { data } = await server.get(`/v1/workflows/${slug}/trigger/webhook-secret`);
  return { ...workflow, secret: data.secret };
}

const send = (slug, body, headers = {}, query = '') =>
  server.ask('POST', `/webhooks/workflows/${slug}${query}`, { key: null, body, headers });

const signed = (secret, body, { id = 'msg_1', at = new Date() } = {}) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, at, body),
});

test('standard: what the library signs comes in, once', async () => {
  const { secret } = await publish('standard', '{ auth: standard }');
  const body = '{"n": 7}';
  const first = await send('standard', body, signed(secret, body));
  assert.equal(first.status, 201, first.text);
  assert.deepEqual(Object.keys(first.data), ['id', 'status']);
  const again = await send('standard', body, signed(secret, body));
  assert.deepEqual([again.status, again.data.id], [201, first.data.id]);
  const other = await send('standard', '{"n": 8}', signed(secret, '{"n": 8}'));
  assert.equal(other.status, 409);
  const runs = await server.get('/v1/workflows/standard/runs');
  assert.equal(runs.data.length, 1);
  assert.deepEqual([runs.data[0].trigger, runs.data[0].output], ['webhook', { n: 7 }]);
});

test('threat E12: forged, late, replayed and unsigned messages stay out', async () => {
  const { secret } = await publish('forged', '{ auth: standard }');
  const body = '{"n": 1}';
  const good = signed(secret, body);
  const late = signed(secret, body, { at: new Date(Date.now() - 400_000) });
  const early = signed(secret, body, { at: new Date(Date.now() + 400_000) });
  const other = (end) => (end === 'A=' ? 'E=' : 'A=');
  const flipped = { ...good, 'webhook-signature': good['webhook-signature'].replace(/.{2}$/, other) };
  const attempts = [
    [body, {}], [body, late], [body, early], [body, flipped], ['{ "n": 1}', good],
    [body, { ...good, 'webhook-id': 'msg_2' }], [body, { ...good, 'webhook-signature': 'v1,' }],
    [body, { 'x-webhook-secret': secret }], [body, { 'x-api-key': server.key.apiKey }],
    [body, signed('whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', body)],
  ];
  for (const [text, headers] of attempts) {
    const answer = await send('forged', text, headers);
    assert.equal(answer.status, 401, JSON.stringify(headers));
  }
  const { data } = await server.get('/v1/workflows/forged/webhook-requests');
  assert.deepEqual(data, []);
});

test('hub: the signature of GitHub', async () => {
  const { secret } = await publish('hub', '{ auth: hub }');
  const body = '{"n": 3, "ü": "Größe"}';
  const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
  const headers = { 'x-hub-signature-256': signature, 'x-github-delivery': 'd-1' };
  const first = await send('hub', body, headers);
  assert.equal(first.status, 201, first.text);
  assert.equal((await send('hub', body, headers)).data.id, first.data.id);
  assert.equal((await send('hub', `${body} `, headers)).status, 401);
});

test('header, basic, query: the secret itself', async () => {
  const header = await publish('by-header', '{ auth: header }');
  assert.equal((await send('by-header', '{}', { 'x-webhook-secret': header.secret })).status, 201);
  assert.equal((await send('by-header', '{}', { 'x-webhook-secret': 'no' })).status, 401);
  const basic = await publish('by-basic', '{ auth: basic }');
  const password = Buffer.from(`me:${basic.secret}`).toString('base64');
  assert.equal((await send('by-basic', '{}', { authorization: `Basic ${password}` })).status, 201);
  assert.equal((await send('by-basic', '{}', { authorization: 'Basic AAAA' })).status, 401);
  const query = await publish('by-query', '{ auth: query }');
  const asked = `?secret=${encodeURIComponent(query.secret)}`;
  assert.equal((await send('by-query', '{}', {}, asked)).status, 201);
  assert.equal((await send('by-query', '{}', {}, '?secret=no')).status, 401);
});

test('two secrets hold while one replaces the other', async () => {
  const { secret } = await publish('rotated', '{ auth: standard }');
  const turned = await server.post('/v1/workflows/rotated/trigger/webhook-secret/rotate', {});
  assert.equal(turned.status, 200, turned.text);
  assert.notEqual(turned.data.secret, secret);
  const hours = (Date.parse(turned.data.previousUntil) - Date.now()) / 3_600_000;
  assert.ok(hours > 23 && hours <= 24, String(hours));
  const body = '{"n": 1}';
  const old = await send('rotated', body, signed(secret, body, { id: 'a' }));
  const fresh = await send('rotated', body, signed(turned.data.secret, body, { id: 'b' }));
  assert.deepEqual([old.status, fresh.status], [201, 201]);
  const rotate = () => server.post('/v1/workflows/rotated/trigger/webhook-secret/rotate', {},
    { headers: { 'idempotency-key': 'turn' } });
  const twice = await rotate();
  assert.deepEqual([twice.data, twice.data.version], [(await rotate()).data, 3]);
  const gone = await send('rotated', body, signed(secret, body, { id: 'c' }));
  assert.deepEqual([twice.status, gone.status], [200, 401]);
});

test('a form is an object of texts', async () => {
  await publish('form', '{ auth: none }');
  const answer = await server.ask('POST', '/webhooks/workflows/form', { key: null,
    body: 'n=a+b%26c&m=%C3%BC&n=last', type: 'application/x-www-form-urlencoded' });
  assert.equal(answer.status, 201, answer.text);
  const { data } = await server.get(`/v1/workflow-runs/${answer.data.id}`);
  assert.deepEqual(data.input, { n: 'last', m: 'ü' });
});

test('forms that are odd, huge or none', async () => {
  await publish('odd', '{ auth: none }', '{ id: n, type: transform, config: { expression: ".input | length" } }');
  const sendForm = (body, type = 'application/x-www-form-urlencoded', headers = {}) =>
    server.ask('POST', '/webhooks/workflows/odd', { key: null, body, type, headers });
  const inputOf = async ({ data }) => (await server.get(`/v1/workflow-runs/${data.id}`)).data.input;
  assert.deepEqual(await inputOf(await sendForm('a=%&%zz=%4&&=x&b=%41')), { a: '%', '%zz': '%4', '': 'x', b: 'A' });
  const many = await sendForm(Array.from({ length: 20_000 }, (_, i) => `f${i % 15_000}=${i}`).join('&'));
  const input = await inputOf(many);
  assert.deepEqual([Object.keys(input).length, input.f0, input.f14999], [15_000, '15000', '14999']);
  assert.equal((await sendForm('a=%ff')).status, 400);
  assert.equal((await sendForm('a=1', 'application/x-www-form-urlencoded-not')).status, 415);
  assert.equal((await sendForm('a=1', 'text/plain')).status, 415);
  assert.equal((await sendForm('a=1', 'application/x-www-form-urlencoded; charset=latin1')).status, 415);
  for (const id of ['ü', 'a b', 'x'.repeat(256)]) {
    const answer = await sendForm('a=1', undefined, { 'x-github-delivery': Buffer.from(id).toString('latin1') });
    assert.equal(answer.status, 400, id);
    assert.match(answer.json.error, /visible ASCII/);
  }
});

test('a message whose run has been deleted starts none', async () => {
  await publish('deleted', '{ auth: none }');
  const first = await send('deleted', '{}', { 'webhook-id': 'once' });
  assert.equal((await server.ask('DELETE', `/v1/workflow-runs/${first.data.id}`)).status, 200);
  const again = await send('deleted', '{}', { 'webhook-id': 'once' });
  assert.equal(again.status, 409);
  assert.match(again.json.error, /deleted/);
});

test('respond: at_end answers with what came of it', async () => {
  await publish('at-end', '{ auth: none, respond: at_end }',
    '{ id: w, type: wait, config: { for: 1100ms } }\n  - { id: n, type: set, config: { fields: { n: "{{input.n}}" } } }');
  const answer = await send('at-end', '{"n": 5}');
  assert.equal(answer.status, 201, answer.text);
  assert.deepEqual([answer.data.status, answer.data.output], ['completed', { n: 5 }]);
});

test('challenges are echoed and start nothing', async () => {
  await publish('challenged', '{ auth: none }');
  const slack = await fetch(`${server.url}/webhooks/workflows/challenged`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"type": "url_verification", "challenge": "c<1>"}',
  });
  assert.deepEqual([slack.status, await slack.json()], [200, { challenge: 'c<1>' }]);
  const hub = await server.get('/webhooks/workflows/challenged?hub.mode=subscribe&hub.challenge=%3Cb%3E',
    { key: null });
  assert.deepEqual([hub.status, hub.text], [200, '<b>']);
  assert.match(hub.headers.get('content-type'), /^text\/plain/);
  assert.equal((await server.get('/v1/workflows/challenged/runs')).data.length, 0);
});

test('what came is listed, shown and sent again', async () => {
  await publish('kept', '{ auth: none }');
  const body = '{"n": "Größe"}';
  const first = await send('kept', body, { 'idempotency-key': 'mine' });
  const { data } = await server.get('/v1/workflows/kept/webhook-requests');
  assert.deepEqual([data.length, data[0].runId, data[0].messageId, data[0].bytes],
    [1, first.data.id, 'mine', Buffer.byteLength(body)]);
  const shown = await server.get(`/v1/webhook-requests/${data[0].id}`);
  assert.deepEqual([shown.data.body, shown.data.encoding], [body, 'text']);
  const replayed = await server.post(`/v1/webhook-requests/${data[0].id}/replay?wait=5`, {});
  assert.equal(replayed.status, 201, replayed.text);
  assert.deepEqual(replayed.data.output, { n: 'Größe' });
  assert.notEqual(replayed.data.id, first.data.id);
});

test('in a closed workspace webhooks and schedules start nothing', async () => {
  const team = (await server.post('/v1/workspaces', { name: 'Team' })).data;
  const { key } = team;
  const path = `/v1/workspaces/${team.id}`;
  const made = await server.post('/v1/workflows?publish=true', `name: closing
triggers: { webhook: { auth: none }, schedule: { cron: "* * * * * *" } }
steps: [{ id: n, type: set, config: { fields: { n: 1 } } }]
`, { key, type: 'text/yaml' });
  assert.equal(made.status, 201, made.text);
  const schedule = async () => (await server.get('/v1/workflows/closing/schedule', { key })).data;
  const count = async () => (await server.get('/v1/workflows/closing/runs?limit=1000', { key })).data.length;
  await until(async () => (await count()) > 0, 'the schedule to begin');
  assert.equal((await send('closing', '{}')).status, 201);

  const set = (status) => server.ask('PATCH', path, { body: { status } });
  assert.equal((await set('closed')).status, 200);
  const closedAt = Date.now();
  const refused = await send('closing', '{}');
  assert.deepEqual([refused.status, refused.json.error], [403, 'the workspace is closed']);
  await new Promise((done) => setTimeout(done, 2100));
  const openAt = Date.now();
  assert.equal((await set('active')).status, 200);
  await until(async () => (await schedule()).lastError === null, 'the schedule to go on');
  assert.equal((await send('closing', '{}')).status, 201);
  const { data } = await server.get('/v1/workflows/closing/runs?limit=1000', { key });
  const meanwhile = data.map(({ createdAt }) => Date.parse(createdAt)).filter((at) => at > closedAt + 500 && at < openAt);
  assert.deepEqual(meanwhile, []);
});

test('a kill loses no message that was acknowledged, and starts none twice', async () => {
  const { secret } = await publish('killed', '{ auth: standard }');
  const acknowledged = new Map();
  let stop = false;
  const sender = async (name) => {
    for (let i = 0; !stop; i++) {
      const body = `{"n": "${name}-${i}"}`;
      const id = `${name}-${i}`;
      for (;;) {
        try {
          const answer = await send('killed', body, signed(secret, body, { id }));
          if (answer.status === 201) {
            acknowledged.set(id, answer.data.id);
            break;
          }
        } catch {
          await new Promise((done) => setTimeout(done, 20));
        }
      }
    }
  };
  const senders = ['a', 'b', 'c', 'd'].map(sender);
  for (let kill = 0; kill < 3; kill++) {
    await new Promise((done) => setTimeout(done, 200 + Math.random() * 300));
    await server.restart('SIGKILL');
  }
  stop = true;
  await Promise.all(senders);
  const runs = new Set();
  for (let page = 1; ; page++) {
    const { data } = await server.get(`/v1/workflows/killed/runs?limit=1000&page=${page}`);
    for (const run of data) runs.add(run.input.n);
    if (data.length < 1000) {
      const total = (page - 1) * 1000 + data.length;
      assert.equal(total, runs.size, 'a message has started two runs');
      break;
    }
  }
  assert.equal(runs.size, acknowledged.size);
});

test('messages count against the rate of the workspace, but for those that stay out', async () => {
  const { data: made } = await server.post('/v1/workspaces', { name: 'Few', limits: { rate: '3/h' } });
  const options = { key: made.key };
  const put = async (slug, auth) => {
    const text = `name: ${slug}\ntriggers: { webhook: { auth: ${auth} } }\nsteps: [{ type: set, config: { fields: { n: 1 } } }]\n`;
    const answer = await server.ask('POST', '/v1/workflows?publish=true', { body: text, type: 'text/yaml', ...options });
    assert.equal(answer.status, 201, answer.text);
  };
  await put('few-open', 'none');
  await put('few-closed', 'standard');
  for (let i = 0; i < 5; i++) assert.equal((await send('few-closed', '{}')).status, 401);
  assert.equal((await send('few-open', '{}')).status, 201);
  const refused = await send('few-open', '{}');
  assert.equal(refused.status, 429, refused.text);
  assert.deepEqual([refused.json.of, refused.json.rate], ['workspace', '3/h']);
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
  assert.equal((await send('standard', '{}')).status, 401);
});
