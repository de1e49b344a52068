// Clients that watch runs of a server that is killed: over all its lives each event has one id and one text, ids
// rise, a client that comes again with the last id it saw misses nothing, and each acknowledged run tells its end.

import { mkdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, random } from './check.mjs';
import { HANG_MS, ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { publish } from './requests.mjs';

const STARTERS = 3;
const WATCHED_AT_ONCE = 100;
const STEPS = 4;
const WORKFLOW = (url) => `name: Watched
steps:
${Array.from({ length: STEPS }, (_, i) => `  - { id: s${i}, type: http_request, config: { url: "${url}/delay/15?n={{input.n}}&step=${i}" }, retry: { attempts: 5, backoff: 10ms..50ms } }`).join('\n')}
`;
const ENDS = ['run.completed', 'run.failed', 'run.cancelled'];

/** Gives the blocks of one stream to `take` until it ends or the server goes away. */
function stream(server, key, run, after, take) {
  return new Promise((resolve) => {
    const headers = { 'x-api-key': key, ...(after === null ? {} : { 'last-event-id': after }) };
    const path = `/v1/workflow-runs/${run}/events`;
    const call = get({ host: '127.0.0.1', port: server.port, path, headers, timeout: HANG_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (piece) => {
        const blocks = (text + piece).split('\n\n');
        text = blocks.pop();
        for (const block of blocks) take(block);
      });
      answer.on('error', resolve);
      answer.on('end', resolve);
    });
    call.on('timeout', () => call.destroy(new Error('nothing comes')));
    call.on('error', resolve);
  });
}

/** What is known of one run: the text of each id, in the order in which a client was told. */
class Watched {
  constructor(run) {
    this.run = run;
    this.events = new Map();
    this.last = null;
    this.types = [];
  }

  take(block) {
    const id = Number(/^id: (\d+)$/m.exec(block)?.[1]);
    if (!(id > 0)) return;
    check(id > (this.last ?? 0), `events: ids of ${this.run} rise`, `${id} after ${this.last}`);
    this.events.set(id, block);
    this.types.push(/^event: (.+)$/m.exec(block)?.[1]);
    this.last = id;
  }

  get isOver() {
    return ENDS.includes(this.types.at(-1));
  }

  /** Follows the run until it ends or the server goes away. */
  follow(server, key) {
    return stream(server, key, this.run, this.last, (block) => this.take(block));
  }

  /** What the store tells at the end is what was told before: not an event more or less. */
  async compare(server, key) {
    const whole = new Watched(this.run);
    await stream(server, key, this.run, null, (block) => whole.take(block));
    const told = [...this.events.entries()];
    check(JSON.stringify(told) === JSON.stringify([...whole.events.entries()]),
      `events: ${this.run} tells the same again`, `${this.types} and ${whole.types}`);
  }
}

async function startSome(server, key, path, watched, isOver) {
  while (!isOver()) {
    if (watched.filter((one) => !one.isOver).length >= WATCHED_AT_ONCE) {
      await sleep(5);
      continue;
    }
    let answer;
    try {
      answer = await ask(server, key, 'POST', path, { body: { input: { n: watched.length } } });
    } catch {
      return;
    }
    if (!check(answer.status === 201, 'events: a run is stored', answer.text)) return;
    const one = new Watched(JSON.parse(answer.text).data.id);
    watched.push(one);
    one.following = one.follow(server, key);
  }
}

function goOn(server, key, watched) {
  for (const one of watched.filter((w) => !w.isOver)) one.following = one.follow(server, key);
}

export async function eventKills(stub, folder, rounds) {
  const data = join(folder, 'events');
  mkdirSync(data);
  let server = await startServer(data);
  const key = makeKey(data);
  const path = `/v1/workflows/${await publish(server, key, WORKFLOW(stub.url))}/runs`;
  const watched = [];
  for (let round = 0; round < rounds; round++) {
    let is_over = false;
    goOn(server, key, watched);
    const starters = Array.from({ length: STARTERS }, () => startSome(server, key, path, watched, () => is_over));
    await sleep(30 + random(250));
    is_over = true;
    await killServer(server);
    await Promise.all([...starters, ...watched.map((one) => one.following)]);
    server = await startServer(data);
  }
  goOn(server, key, watched);
  await Promise.all(watched.map((one) => one.following));
  for (const one of watched) {
    check(one.isOver, `events: the acknowledged run ${one.run} tells its end`, one.types);
    await one.compare(server, key);
  }
  check(watched.length > 0, 'events: runs were watched');
  await stopServer(server);
}
