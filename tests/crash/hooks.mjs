// Messages that start runs by webhooks, and the ends of those runs told to receivers that fail, hang and answer slowly,
// while `windrow serve` is killed: each acknowledged message has one run, each run one delivery with one id, and each
// delivery arrives or ends dead.

import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, random } from './check.mjs';
import { HANG_MS, ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { publish, readAll } from './requests.mjs';

const SETTINGS = {
  WINDROW_DELIVERY_RETRY: '100ms',
  WINDROW_DELIVERY_TIMEOUT: '500ms',
};

/**
 * How a receiver answers the attempt of that number at a delivery of that number, until no server is killed any more: in
 * the end those that refuse say so for good. The rude one, whose host is left alone for a while, is the last.
 */
const MOODS = {
  well: () => 204,
  moody: (attempt, number) => (attempt <= number % 3 ? 500 : number % 5 === 0 ? 'slow' : 204),
  gone: () => 410,
  never: (attempt, number, isEnd) => (isEnd ? 410 : 500),
  rude: (attempt, number) => (attempt > 1 || number % 4 !== 0 ? 204 : number % 8 === 0 ? 'hang' : 'close'),
};
const ENDS = { well: 'delivered', moody: 'delivered', gone: 'dead', never: 'dead', rude: 'delivered' };

/** A server of its own for each mood, since hosts that fail are left alone for a while. */
class Receiver {
  constructor(mood) {
    this.mood = mood;
    this.isEnd = false;
    this.seen = new Map(); // by webhook-id: {number, run, attempts, taken}
    this.http = createServer((request, response) => this.take(request, response));
  }

  async listen() {
    await new Promise((done) => this.http.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.http.address().port}/`;
  }

  take(request, response) {
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('error', () => {});
    request.on('end', () => this.answer(request.headers['webhook-id'], JSON.parse(body), response));
  }

  async answer(id, event, response) {
    const known = this.seen.get(id) ?? { number: this.seen.size, run: event.data.id, attempts: 0, taken: 0 };
    this.seen.set(id, known);
    check(known.run === event.data.id, `hooks: ${id} is of one run`, `${known.run} and ${event.data.id}`);
    check(event.type === 'run.completed', 'hooks: the end that is told', event.type);
    known.attempts++;
    const mood = MOODS[this.mood](known.attempts, known.number, this.isEnd);
    if (mood === 'hang') return;
    if (mood === 'close') {
      response.destroy();
      return;
    }
    if (mood === 'slow') await sleep(200);
    const status = mood === 'slow' ? 204 : mood;
    known.taken += status < 300 ? 1 : 0;
    response.writeHead(status).end();
  }

  close() {
    this.http.closeAllConnections();
    this.http.close();
  }
}

/** A workflow that tells one receiver, and the messages that were sent to it. */
class Hook {
  constructor(receiver, is_pure) {
    this.receiver = receiver;
    this.slug = `hook-${receiver.mood}`;
    this.steps = is_pure ? '{ id: a, type: set, config: { fields: { x: 1 } } }' : '{ id: a, type: wait, config: { for: 30ms } }';
    this.next = 0;
    this.unsure = []; // sent, and not answered
    this.told = new Map(); // the run of each message
  }

  publish(server, key) {
    return publish(server, key, `name: Hook
slug: ${this.slug}
triggers: { webhook: { auth: none } }
notify: { on_end: "${this.receiver.url}" }
steps: [${this.steps}]
`);
  }

  /** Sends one message; false when the server has gone. */
  async send(server, key, n) {
    let answer;
    try {
      answer = await ask(server, key, 'POST', `/webhooks/workflows/${this.slug}`,
        { body: { n }, headers: { 'webhook-id': `message-${n}` } });
    } catch {
      this.unsure.push(n);
      return false;
    }
    if (!check(answer.status === 201, `hooks: message ${n}`, `${answer.status} ${answer.text}`)) return false;
    const { id } = JSON.parse(answer.text).data;
    const before = this.told.get(n) ?? id;
    check(before === id, `hooks: message ${n} has one run`, `${before} and ${id}`);
    this.told.set(n, id);
    return true;
  }

  /** What a sender does that was not answered: the same again, and now and then what was answered. */
  sendSome(server, key) {
    const known = this.next > 0 && random(5) === 0;
    return this.send(server, key, this.unsure.pop() ?? (known ? random(this.next) : this.next++));
  }
}

async function sender(server, key, hooks, isOver) {
  while (!isOver()) {
    const hook = random(12) === 0 ? hooks[hooks.length - 1] : hooks[random(hooks.length - 1)];
    if (!(await hook.sendSome(server, key))) return;
  }
}

async function untilNonePends(server, key) {
  for (const deadline = Date.now() + HANG_MS; Date.now() < deadline; await sleep(50)) {
    const answer = await ask(server, key, 'GET', '/v1/deliveries?status=pending&limit=1');
    if (JSON.parse(answer.text).data.length === 0) return;
  }
  check(false, 'hooks: every delivery ends');
}

async function checkRuns(server, key, hook) {
  const runs = await readAll(server, key, `/v1/workflows/${hook.slug}/runs`);
  const numbers = new Set(runs.map((run) => run.input.n));
  check(numbers.size === runs.length, `hooks: no message of ${hook.slug} has two runs`, `${numbers.size}, ${runs.length}`);
  check(runs.length === hook.told.size, `hooks: each run of ${hook.slug} was asked for`, `${runs.length}, ${hook.told.size}`);
  for (const run of runs) check(hook.told.get(run.input.n) === run.id, `hooks: the run of message ${run.input.n}`);
  const kept = await readAll(server, key, `/v1/workflows/${hook.slug}/webhook-requests`);
  check(kept.length === runs.length, `hooks: what came to ${hook.slug} is kept`, `${kept.length}, ${runs.length}`);
  return runs;
}

function checkDeliveries(hook, runs, deliveries) {
  for (const run of runs) {
    const own = deliveries.get(run.id) ?? [];
    if (!check(own.length === 1, `hooks: run ${run.id} is told once`, JSON.stringify(own))) continue;
    const [{ id, status, attempts }] = own;
    const seen = hook.receiver.seen.get(`msg_${id}`);
    check(ENDS[hook.receiver.mood] === status, `hooks: ${hook.slug} ends well`, JSON.stringify(own[0]));
    check(status !== 'delivered' || seen?.taken > 0, `hooks: what is delivered was taken`, JSON.stringify(own[0]));
    check(seen === undefined || seen.run === run.id, `hooks: run ${run.id} has one id outside`);
    check(attempts <= (seen?.attempts ?? 0) + 1, `hooks: attempts are made, not counted`, `${attempts}, ${seen?.attempts}`);
  }
  const ids = new Set(runs.flatMap((run) => (deliveries.get(run.id) ?? []).map(({ id }) => `msg_${id}`)));
  for (const id of hook.receiver.seen.keys()) check(ids.has(id), `hooks: ${id} was a delivery`);
}

export async function hookKills(folder, rounds) {
  const receivers = Object.keys(MOODS).map((mood) => new Receiver(mood));
  await Promise.all(receivers.map((receiver) => receiver.listen()));
  try {
    await killAndLook(folder, rounds, receivers);
  } finally {
    for (const receiver of receivers) receiver.close();
  }
}

async function killAndLook(folder, rounds, receivers) {
  const data = join(folder, 'hooks');
  mkdirSync(data);
  const hooks = receivers.map((receiver, i) => new Hook(receiver, i % 2 === 0));
  let server = await startServer(data, SETTINGS);
  const key = makeKey(data);
  for (const hook of hooks) await hook.publish(server, key);
  for (let round = 0; round < rounds; round++) {
    let is_over = false;
    const senders = Array.from({ length: 6 }, () => sender(server, key, hooks, () => is_over));
    await sleep(30 + random(150));
    is_over = true;
    await killServer(server);
    await Promise.all(senders);
    server = await startServer(data, SETTINGS);
  }
  for (const hook of hooks) while (hook.unsure.length > 0) await hook.send(server, key, hook.unsure.pop());
  for (const { receiver } of hooks) receiver.isEnd = true;
  await untilNonePends(server, key);
  const deliveries = new Map();
  for (const one of await readAll(server, key, '/v1/deliveries'))
    deliveries.set(one.runId, [...(deliveries.get(one.runId) ?? []), one]);
  for (const hook of hooks) checkDeliveries(hook, await checkRuns(server, key, hook), deliveries);
  check(hooks.every((hook) => hook.told.size > 0), 'hooks: every receiver was told something');
  await stopServer(server);
}
