// The end of a run is told to addresses outside: signed, until it is taken, with the same id each time.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { Webhook } from 'standardwebhooks';

import { startServer, until } from './server.mjs';

let server;
let receiver;

/** A server that notes what it gets and answers as it is told, by path. */
async function startReceiver() {
  const calls = [];
  const held = new Set();
  const answers = new Map();
  const http = createServer((request, response) => {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => {
      const call = { path: request.url, headers: request.headers, body, at: Date.now() };
      calls.push(call);
      const answer = answers.get(request.url) ?? (() => 204);
      const seen = calls.filter(({ path }) => path === request.url).length;
      const said = answer(seen, call);
      if (said === 'hang') {
        held.add(response);
        return;
      }
      if (said === 'close') {
        request.socket.destroy();
        return;
      }
      const [status, headers, text] = [said].flat();
      response.writeHead(status, headers ?? {});
      response.end(text ?? '');
    });
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    answer: (path, how) => answers.set(path, how),
    at: (path) => calls.filter((call) => call.path === path),
    stop: () => {
      for (const response of held) response.destroy();
      http.closeAllConnections();
      return new Promise((done) => http.close(done));
    },
  };
}

before(async () => {
  receiver = await startReceiver();
  server = await startServer('--allow', '127.0.0.1', '--delivery-retry', '200ms');
});
after(async () => {
  await server?.close();
  await receiver?.stop();
});

let number = 0;
/** A published workflow that tells `path` of the receiver; `steps`: in YAML. */
const workflowTo = (path, steps = '[{ id: a, type: transform, config: { expression: ".input" } }]', of = server) =>
  of.publish(`name: Notice ${(number += 1)}\nnotify: { on_end: "${receiver.url}${path}" }\nsteps: ${steps}\n`);

const deliveriesOf = async (run, of = server) => (await of.get(`/v1/deliveries?runId=${run.id}`)).data;
const ended = (run, of = server) => until(async () => {
  const [delivery] = await deliveriesOf(run, of);
  return delivery && delivery.status !== 'pending' ? delivery : null;
}, 'the end of the delivery');

async function secret() {
  return (await server.get('/v1/webhook-secret')).data;
}

test('a run that ends well is told once, signed as Standard Webhooks have it', async () => {
  const workflow = await workflowTo('/well');
  const run = await server.begin(workflow, { n: 1 });
  assert.equal(run.status, 'completed');
  const delivery = await ended(run);
  const [call] = receiver.at('/well');
  assert.equal(receiver.at('/well').length, 1);
  assert.equal(call.headers['content-type'], 'application/json');
  assert.match(call.headers['user-agent'], /^Windrow\//);
  assert.equal(call.headers['webhook-id'], `msg_${delivery.id}`);
  const { secret: text } = await secret();
  assert.match(text, /^whsec_/);
  const event = new Webhook(text).verify(call.body, call.headers);
  assert.equal(event.type, 'run.completed');
  assert.equal(event.timestamp, delivery.createdAt);
  assert.deepEqual(event.data, (await server.get(`/v1/workflow-runs/${run.id}`)).data);
  assert.throws(() => new Webhook(text).verify(call.body.replace('"n":1', '"n":2'), call.headers));
  assert.throws(() => new Webhook('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw').verify(call.body, call.headers));
  assert.deepEqual(
    [delivery.runId, delivery.type, delivery.url, delivery.status, delivery.attempts, delivery.httpStatus,
      delivery.error, delivery.nextAttemptAt],
    [run.id, 'run.completed', `${receiver.url}/well`, 'delivered', 1, 204, null, null]);
});

test('the address that a start names is told too', async () => {
  const workflow = await workflowTo('/workflow');
  for (const steps of ['[{ id: a, type: set, config: { fields: { x: 1 } } }]', '[{ id: a, type: wait, config: { for: 1500ms } }]']) {
    const plain = await server.publish(`name: Asked ${(number += 1)}\nsteps: ${steps}\n`);
    const { status, data } = await server.post(`/v1/workflows/${plain.id}/runs`,
      { input: {}, callbackUrl: `${receiver.url}/asked-${number}` });
    assert.equal(status, 201);
    await ended(data);
    const [{ body }] = receiver.at(`/asked-${number}`);
    assert.equal(JSON.parse(body).data.id, data.id);
  }
  const both = await server.post(`/v1/workflows/${workflow.id}/runs`, { input: {}, callbackUrl: `${receiver.url}/both` });
  await until(() => receiver.at('/both').length === 1 && receiver.at('/workflow').length === 1, 'both');
  const ids = [...receiver.at('/both'), ...receiver.at('/workflow')].map(({ headers }) => headers['webhook-id']);
  assert.equal(new Set(ids).size, 2);
  assert.equal((await deliveriesOf(both.data)).length, 2);
});

test('runs that fail or are cancelled are told as that', async () => {
  const failing = await workflowTo('/failed',
    '[{ id: a, type: transform, config: { expression: "error(\\"no\\")" } }]');
  const failed = await server.begin(failing, {});
  await ended(failed);
  const event = JSON.parse(receiver.at('/failed')[0].body);
  assert.deepEqual([event.type, event.data.status, event.data.id], ['run.failed', 'failed', failed.id]);
  assert.ok(event.data.error);

  const resting = await workflowTo('/cancelled', '[{ id: a, type: wait, config: { for: 1d } }]');
  const run = await server.begin(resting, {});
  await server.post(`/v1/workflow-runs/${run.id}/cancel`);
  await ended(run);
  assert.deepEqual(receiver.at('/cancelled').map(({ body }) => JSON.parse(body).type), ['run.cancelled']);
});

test('what is not taken is sent again, with the same id and a new signature', async () => {
  receiver.answer('/flaky', (seen) => (seen < 3 ? [500, {}, 'not now'] : 200));
  const run = await server.begin(await workflowTo('/flaky'), {});
  const delivery = await ended(run);
  assert.deepEqual([delivery.status, delivery.attempts, delivery.httpStatus], ['delivered', 3, 200]);
  const calls = receiver.at('/flaky');
  assert.equal(new Set(calls.map(({ headers }) => headers['webhook-id'])).size, 1);
  const webhook = new Webhook((await secret()).secret);
  for (const { body, headers } of calls) webhook.verify(body, headers);
  const { data } = await server.get(`/v1/deliveries/${delivery.id}`);
  assert.deepEqual(data.tries.map(({ attempt, httpStatus, answer }) => [attempt, httpStatus, answer]),
    [[1, 500, 'not now'], [2, 500, 'not now'], [3, 200, null]]);
  assert.match(data.tries[0].error, /did not take it/);
});

test('a receiver that hangs or hangs up is tried again', async () => {
  receiver.answer('/hangs', (seen) => (seen === 1 ? 'hang' : 200));
  receiver.answer('/closes', (seen) => (seen === 1 ? 'close' : 200));
  const hasty = await startServer('--allow', '127.0.0.1', '--delivery-retry', '200ms', '--delivery-timeout', '1s');
  try {
    for (const path of ['/hangs', '/closes']) {
      const delivery = await ended(await hasty.begin(await workflowTo(path, undefined, hasty), {}), hasty);
      assert.equal(delivery.status, 'delivered', path);
      /* What is slow on a busy machine hangs for it too. */
      assert.ok(delivery.attempts >= 2, path);
    }
  } finally {
    await hasty.close();
  }
});

test('an attempt that is due before the last one is stored is made', async () => {
  const hasty = await startServer('--allow', '127.0.0.1', '--delivery-retry', '1ms');
  try {
    receiver.answer('/hasty', (seen, { headers }) =>
      (receiver.at('/hasty').filter((call) => call.headers['webhook-id'] === headers['webhook-id']).length < 6 ? 500 : 200));
    const workflow = await hasty.publish(
      `name: Hasty\nnotify: { on_end: "${receiver.url}/hasty" }\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n`);
    for (let n = 1; n <= 30; n++) {
      await hasty.begin(workflow, {});
      await until(async () => (await hasty.get('/v1/deliveries?status=delivered')).data.length === n, `delivery ${n}`);
    }
  } finally {
    await hasty.close();
  }
});

test('Retry-After is waited for', async () => {
  receiver.answer('/later', (seen) => (seen === 1 ? [429, { 'retry-after': '2' }] : 200));
  await ended(await server.begin(await workflowTo('/later'), {}));
  const [first, second] = receiver.at('/later');
  assert.ok(second.at - first.at >= 1900, `${second.at - first.at} ms`);
});

test('410 ends it, redirects are not followed, private addresses are not reached', async () => {
  receiver.answer('/gone', () => 410);
  receiver.answer('/moved', (seen) => (seen === 1 ? [307, { location: `${receiver.url}/secret` }] : 200));
  const gone = await ended(await server.begin(await workflowTo('/gone'), {}));
  assert.deepEqual([gone.status, gone.attempts, gone.httpStatus], ['dead', 1, 410]);
  const moved = await ended(await server.begin(await workflowTo('/moved'), {}));
  assert.deepEqual([moved.status, moved.attempts], ['delivered', 2]);
  assert.equal(receiver.at('/secret').length, 0);
  const inside = await server.publish(
    'name: Inside\nnotify: { on_end: "http://169.254.169.254/latest" }\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n');
  const refused = await ended(await server.begin(inside, {}));
  assert.deepEqual([refused.status, refused.attempts, refused.httpStatus], ['dead', 1, null]);
  assert.match(refused.error, /169\.254\.169\.254|link-local/);
});

test('a dead receiver holds up nobody else, and ends as a dead letter that can be sent again', async () => {
  const brief = await startServer('--allow', '127.0.0.1', '--delivery-retry', '200ms', '--delivery-give-up', '5s');
  try {
    let isMended = false;
    receiver.answer('/dead', () => (isMended ? 200 : 500));
    const dead = await workflowTo('/dead', undefined, brief);
    const runs = await Promise.all(Array.from({ length: 30 }, () => brief.begin(dead, {})));
    const well = await brief.publish(
      `name: Beside\nnotify: { on_end: "${receiver.url.replace('127.0.0.1', 'localhost')}/beside" }\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n`);
    await ended(await brief.begin(well, {}), brief);

    const letter = await ended(runs[0], brief);
    assert.equal(letter.status, 'dead');
    assert.ok(letter.attempts >= 1);
    const { data } = await brief.get('/v1/deliveries?status=dead&limit=1000');
    assert.ok(data.some(({ id }) => id === letter.id));
    assert.ok(data.every(({ status }) => status === 'dead'));

    isMended = true;
    const replayed = await brief.post(`/v1/deliveries/${letter.id}/replay`);
    assert.deepEqual([replayed.status, replayed.data.status, replayed.data.endedAt], [200, 'pending', null]);
    const delivered = await ended(runs[0], brief);
    assert.equal(delivered.status, 'delivered');
    const ids = receiver.at('/dead').filter(({ body }) => JSON.parse(body).data.id === runs[0].id)
      .map(({ headers }) => headers['webhook-id']);
    assert.deepEqual([...new Set(ids)], [`msg_${letter.id}`]);

    const again = await brief.post(`/v1/deliveries/${letter.id}/replay`, undefined,
      { headers: { 'idempotency-key': 'once' } });
    await ended(runs[0], brief);
    const same = await brief.post(`/v1/deliveries/${letter.id}/replay`, undefined,
      { headers: { 'idempotency-key': 'once' } });
    assert.deepEqual([again.status, same.status, same.data.status], [200, 200, 'delivered']);
  } finally {
    await brief.close();
  }
});

test('of a receiver that always hangs all letters die in time', async () => {
  const patient = await startServer('--allow', '127.0.0.1', '--delivery-retry', '200ms', '--delivery-give-up', '4s',
    '--delivery-timeout', '1s');
  try {
    receiver.answer('/silent', () => 'hang');
    const workflow = await patient.publish(
      `name: Silent\nnotify: { on_end: "${receiver.url}/silent" }\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n`);
    await Promise.all(Array.from({ length: 12 }, () => patient.begin(workflow, {})));
    await until(async () => (await patient.get('/v1/deliveries?status=dead')).data.length === 12, 'the end of all');
  } finally {
    await patient.close();
  }
});

test('the secret rotates; both sign for a day', async () => {
  const before = await secret();
  assert.deepEqual([before.previous, before.previousUntil], [null, null]);
  const rotated = await server.post('/v1/webhook-secret/rotate');
  assert.equal(rotated.status, 200, rotated.text);
  const now = rotated.data;
  assert.notEqual(now.secret, before.secret);
  assert.deepEqual([now.version, now.previous], [before.version + 1, before.secret]);
  const left = Date.parse(now.previousUntil) - Date.now();
  assert.ok(left > 23 * 3_600_000 && left <= 24 * 3_600_000);
  await ended(await server.begin(await workflowTo('/rotated'), {}));
  const [{ body, headers }] = receiver.at('/rotated');
  for (const text of [now.secret, before.secret]) new Webhook(text).verify(body, headers);
  assert.match(headers['webhook-signature'], /^v1,\S+ v1,\S+$/);
});

test('a large output is left out of what is told', async () => {
  const workflow = await workflowTo('/large', '[{ id: a, type: transform, config: { expression: ".input" } }]');
  const run = await server.begin(workflow, { text: 'x'.repeat(700_000) });
  await ended(run);
  const event = JSON.parse(receiver.at('/large')[0].body);
  assert.equal(event.data.id, run.id);
  assert.equal(event.data.output, null);
  assert.equal(event.data.input.text.length, 700_000);
});

test('what was not taken yet is sent after kill -9, with the same id', async () => {
  let isUp = false;
  receiver.answer('/crash', () => (isUp ? 200 : 500));
  const workflow = await workflowTo('/crash');
  const runs = await Promise.all(Array.from({ length: 20 }, (_, n) => server.begin(workflow, { n })));
  await until(() => receiver.at('/crash').length > 0, 'an attempt');
  await server.restart('SIGKILL');
  isUp = true;
  for (const run of runs) assert.equal((await ended(run)).status, 'delivered');
  const ids = new Map();
  for (const { body, headers } of receiver.at('/crash')) {
    const { id } = JSON.parse(body).data;
    ids.set(id, (ids.get(id) ?? new Set()).add(headers['webhook-id']));
  }
  assert.equal(ids.size, runs.length);
  for (const seen of ids.values()) assert.equal(seen.size, 1);
});

test('outgoing_webhook tells of each item, once, over kills, and waits for nobody', async () => {
  let isUp = false;
  receiver.answer('/items', (seen) => (isUp ? 200 : seen % 2 === 0 ? 'close' : 500));
  const workflow = await server.publish(`name: Items ${(number += 1)}
steps:
  - { id: row, type: expand, config: { list: .input.rows } }
  - { id: tell, type: outgoing_webhook, config: { url: "${receiver.url}/items", type: "row.seen", data: { n: "{{item.n}}" } } }
`);
  const rows = Array.from({ length: 30 }, (_, n) => ({ n }));
  const begun = (await server.post(`/v1/workflows/${workflow.id}/runs`, { input: { rows } })).data;
  await until(() => receiver.at('/items').length > 0, 'an attempt');
  await server.restart('SIGKILL');
  const run = await server.reachEnd(begun.id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  isUp = true;
  const told = await until(async () => {
    const list = (await server.get(`/v1/deliveries?runId=${run.id}&limit=1000`)).data;
    return list.every(({ status }) => status !== 'pending') ? list : null;
  }, 'all deliveries');
  assert.equal(told.length, 30);
  assert.ok(told.every(({ status, type }) => status === 'delivered' && type === 'row.seen'));
  const ids = new Map();
  const webhook = new Webhook((await secret()).secret);
  for (const { body, headers } of receiver.at('/items')) {
    const event = webhook.verify(body, headers);
    assert.deepEqual([event.type, Object.keys(event)], ['row.seen', ['type', 'timestamp', 'data']]);
    ids.set(event.data.n, (ids.get(event.data.n) ?? new Set()).add(headers['webhook-id']));
  }
  assert.deepEqual([...ids.keys()].sort((a, b) => a - b), rows.map(({ n }) => n));
  for (const seen of ids.values()) assert.equal(seen.size, 1);
  const { data: items } = await server.get(`/v1/workflow-runs/${run.id}/items?table=row&limit=1000`);
  assert.deepEqual(items.map(({ steps }) => steps.tell.value.delivery).sort(), told.map(({ id }) => id).sort());
});

test('outgoing_webhook per: table tells once of all rows, over kills, and the rows go on', async () => {
  let isUp = false;
  receiver.answer('/table', () => (isUp ? 200 : 500));
  const workflow = await server.publish(`name: Table ${(number += 1)}
steps:
  - { id: row, type: expand, config: { list: .input.rows } }
  - { id: rest, type: wait, config: { for: 20ms } }
  - { id: odd, type: filter, config: { where: .item.n % 2 == 1 } }
  - { id: told, type: outgoing_webhook, config: { url: "${receiver.url}/table", type: "rows.seen", per: table } }
  - { id: more, type: set, config: { fields: { n: "{{item.n}}" } } }
  - { id: lines, type: write_jsonl, config: { columns: { n: "{{steps.more.n}}" } } }
  - { id: named, type: outgoing_webhook, needs: more, when: .item.rows > 0,
      config: { url: "${receiver.url}/table", data: { count: "{{item.rows}}" }, per: table } }
  - { id: end, type: set, needs: [told, named], config: { fields: { a: "{{steps.told.delivery}}", b: "{{steps.named.delivery}}" } } }
output: { rows: "{{steps.lines.rows}}", told: "{{steps.end}}" }
`);
  const rows = Array.from({ length: 700 }, (_, n) => ({ n }));
  const begun = (await server.post(`/v1/workflows/${workflow.id}/runs`, { input: { rows } })).data;
  for (let kill = 0; kill < 4; kill++) {
    await new Promise((done) => setTimeout(done, Math.random() * 30));
    await server.restart('SIGKILL');
  }
  const run = await server.reachEnd(begun.id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.equal(run.output.rows, 350);
  isUp = true;
  const [told, named] = await until(async () => {
    const list = await deliveriesOf(run);
    return list.every(({ status }) => status === 'delivered') ? list.sort((a, b) => (a.type < b.type ? 1 : -1)) : null;
  }, 'both deliveries');
  assert.equal((await deliveriesOf(run)).length, 2);
  assert.deepEqual([told.type, named.type, run.output.told], ['rows.seen', 'outgoing_webhook', { a: told.id, b: named.id }]);
  const webhook = new Webhook((await secret()).secret);
  const events = new Map(receiver.at('/table').map(({ body, headers }) =>
    [headers['webhook-id'], webhook.verify(body, headers).data]));
  assert.deepEqual([...events.keys()].sort(), [`msg_${told.id}`, `msg_${named.id}`].sort());
  assert.deepEqual(events.get(`msg_${named.id}`), { count: 350 });
  const { file, rows: count } = events.get(`msg_${told.id}`);
  assert.equal(count, 350);
  assert.equal(file, 'told/rows.jsonl');
  const { data: files } = await server.get(`/v1/workflow-runs/${run.id}/files`);
  const { id } = files.find(({ step }) => step === 'told/rows');
  const { text } = await server.get(`/v1/files/${id}/content`);
  assert.deepEqual(text.trim().split('\n').map((line) => JSON.parse(line).n), rows.map(({ n }) => n).filter((n) => n % 2));

  const none = await server.begin(workflow, { rows: [{ n: 2 }] });
  const ended = await server.reachEnd(none.id);
  assert.deepEqual([ended.status, ended.output.rows, ended.output.told.b], ['completed', 0, null]);
  await until(async () => (await deliveriesOf(none)).length === 1, 'what told the table without rows');
});

test('outgoing_webhook: what is too long or no address fails the item, and tries tell nobody', async () => {
  const workflow = await server.publish(`name: Bad events ${(number += 1)}
steps:
  - { id: row, type: expand, config: { list: .input.urls } }
  - { id: tell, type: outgoing_webhook, config: { url: "{{item}}", data: "{{input.long}}" } }
`);
  const run = async (input) => {
    const begun = await server.begin(workflow, input);
    await server.reachEnd(begun.id);
    const { data } = await server.get(`/v1/workflow-runs/${begun.id}/items?table=row`);
    assert.deepEqual(await deliveriesOf(begun), []);
    return data.map(({ error }) => error.code);
  };
  assert.deepEqual(await run({ urls: ['x', 'ftp://a/', 'http://u:p@a/'], long: 1 }), ['bad_config', 'bad_config', 'bad_config']);
  assert.deepEqual(await run({ urls: [receiver.url], long: 'x'.repeat(263_000) }), ['limit_exceeded']);
});

test('bad questions are refused with words', async () => {
  const [{ id }] = (await server.get('/v1/deliveries?limit=1')).data;
  for (const [path, status, words] of [
    ['/v1/deliveries?status=lost', 400, /pending, delivered or dead/],
    ['/v1/deliveries?runId=x', 400, /runId/],
    ['/v1/deliveries/x', 404, /not found/],
    ['/v1/deliveries/507f1f77bcf86cd799439011', 404, /not found/],
  ]) {
    const answer = await server.get(path);
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.json.error, words);
  }
  for (const url of ['ftp://x', 'x', 'https://', 'https://a b', 'https://{{input.x}}/'])
    assert.equal((await server.post('/v1/workflows',
      `name: Bad\nnotify: { on_end: "${url}" }\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n`,
      { type: 'text/yaml' })).status, 400, url);
  assert.ok(id);
});
