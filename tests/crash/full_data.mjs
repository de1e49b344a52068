// A disk that fills up under lists, entities, documents, webhooks and deliveries: who is refused is told why, what was
// acknowledged is there once, also behind a kill, and every end of a run is told to the receiver when there is room.

import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { publish, readAll } from './requests.mjs';

const PATIENCE_MS = 60_000;
const ROOM_BYTES = 1 << 20;
export const FULL = /No space left|is full|disk is full/i;
// What comes once that many wait for room.
const CROWDED = /too much waits to be written/;

/**
 * Sends until isOver says so of an answer: true for what is stored, false for what is refused. What came before the server
 * knew of its disk waits for room, and nobody waits for it here; it is left in `waiting`.
 */
export async function sendUntil(waiting, send, isOver) {
  let is_over = false;
  const one = async () => {
    const answer = await send().catch(() => null);
    if (answer === null) return;
    const is_stored = answer.status === 200 || answer.status === 201;
    if (!is_stored)
      check([503, 507].includes(answer.status) && (FULL.test(answer.text) || CROWDED.test(answer.text)), 'a refusal says why', `${answer.status} ${answer.text}`);
    if (isOver(is_stored)) is_over = true;
  };
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !is_over; ) {
    const sent = one();
    waiting.push(sent);
    await Promise.race([sent, sleep(100)]);
  }
  check(is_over, 'the server on a full disk', 'it did not come to that');
}

const text = 'some words '.repeat(300);
const list = (path, number) => async (server, key) => (await readAll(server, key, path)).map(number);

/* How each kind is written and read back: the numbers that are there. */
const KINDS = {
  lists: {
    write: (n) => ['/v1/lists/Full/rows', { rows: [{ n, text }] }],
    read: async (server, key) => {
      const all = [];
      for (let after = ''; ; ) {
        const { data } = JSON.parse((await ask(server, key, 'GET', `/v1/lists/Full/rows?limit=1000${after}`)).text);
        all.push(...data.map(({ item }) => item.n));
        if (data.length < 1000) return all;
        after = `&after=${data.at(-1).id}`;
      }
    },
  },
  entities: {
    write: (n) => ['/v1/entities', { entityType: 'full', externalId: `${n}`, fields: { n, text } }],
    read: list('/v1/entities?entityType=full', ({ fields }) => fields.n),
  },
  documents: {
    write: (n) => ['/v1/documents', { title: `${n}`, text }],
    read: list('/v1/documents', ({ title }) => Number(title)),
  },
  webhooks: {
    write: (n) => ['/webhooks/workflows/full', { n, text }],
    read: list('/v1/workflows/full/runs', ({ input }) => input.n),
  },
};

class Writer {
  constructor(name) {
    this.name = name;
    this.kind = KINDS[name];
    this.next = 0;
    this.acknowledged = new Set();
    this.waiting = [];
  }

  async send(server, key) {
    const n = this.next++;
    const [path, body] = this.kind.write(n);
    const name = `${this.name}-${n}`;
    const answer = await ask(server, key, 'POST', path, { body, headers: { 'idempotency-key': name } });
    if (answer.status === 200 || answer.status === 201) this.acknowledged.add(n);
    return answer;
  }

  until(server, key, isOver) {
    return sendUntil(this.waiting, () => this.send(server, key), isOver);
  }

  async check(server, key, when) {
    const there = await this.kind.read(server, key);
    const seen = new Set(there);
    const lost = [...this.acknowledged].filter((n) => !seen.has(n));
    check(lost.length === 0, `full disk, ${when}: what ${this.name} acknowledged is there`, lost.slice(0, 5).join());
    check(seen.size === there.length, `full disk, ${when}: nothing of ${this.name} is there twice`, `${there.length - seen.size}`);
  }
}

/** Who is told of the ends of runs: how often by each id. */
async function startReceiver() {
  const told = new Map();
  const http = createServer((request, response) => {
    request.resume().on('end', () => {
      const id = request.headers['webhook-id'];
      told.set(id, (told.get(id) ?? 0) + 1);
      response.writeHead(204).end();
    });
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return { told, url: `http://127.0.0.1:${http.address().port}/`, close: () => http.close(() => {}) };
}

async function makeAll(server, key, url) {
  const fields = [{ name: 'n', type: 'number' }, { name: 'text', type: 'text' }];
  for (const [path, body] of [['/v1/lists', { name: 'Full' }], ['/v1/entity-types', { name: 'full', fields }]]) {
    const made = await ask(server, key, 'POST', path, { body });
    check(made.status === 201, `full disk: ${path}`, made.text);
  }
  await publish(server, key, `name: full\ntriggers: { webhook: { auth: none } }\nnotify: { on_end: "${url}" }
steps: [{ type: set, config: { fields: { n: "{{input.n}}" } } }]\n`);
}

async function checkDeliveries(server, key, told) {
  let all = [];
  const isPending = ({ status }) => status === 'pending';
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(100)) {
    all = await readAll(server, key, '/v1/deliveries');
    if (!all.some(isPending)) break;
  }
  const runs = await readAll(server, key, '/v1/workflows/full/runs');
  check(all.length === runs.length, 'full disk: every end of a run is a delivery', `${all.length} of ${runs.length}`);
  check(!all.some(({ id, status }) => status !== 'delivered' || !told.has(`msg_${id}`)), 'full disk: every delivery arrives');
}

export async function fullData(disk) {
  const data = join(disk.place, 'data-that-stays');
  mkdirSync(data);
  disk.makeRoom();
  const receiver = await startReceiver();
  const environment = { ...disk.environment, WINDROW_DELIVERY_RETRY: '100ms' };
  let server = await startServer(data, environment);
  const key = makeKey(data);
  await makeAll(server, key, receiver.url);
  const writers = Object.keys(KINDS).map((name) => new Writer(name));
  const all = (act) => Promise.all(writers.map(act));
  const refused = (writer) => writer.until(server, key, (is_stored) => !is_stored);
  await all((writer) => writer.until(server, key, () => writer.acknowledged.size >= 20));
  disk.leave(ROOM_BYTES);
  await all(refused);
  const read = await ask(server, key, 'GET', '/v1/lists/Full/rows?limit=1');
  check(read.status === 200, 'full disk: what is there is read', `${read.status}`);
  disk.makeRoom();
  await all((writer) => writer.until(server, key, (is_stored) => is_stored));
  await all((writer) => Promise.all(writer.waiting));
  await all((writer) => writer.check(server, key, 'with room'));
  await checkDeliveries(server, key, receiver.told);
  disk.leave(ROOM_BYTES);
  await all(refused);
  await killServer(server);
  await all((writer) => Promise.all(writer.waiting));
  disk.makeRoom();
  server = await startServer(data, environment);
  await all((writer) => writer.check(server, key, 'killed'));
  await checkDeliveries(server, key, receiver.told);
  await stopServer(server);
  receiver.close();
}
