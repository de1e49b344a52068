// Runs that fail while `windrow serve` is killed: each generation that failed has one run of the workflow that is to be
// run for it, which has none when it fails itself.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, random } from './check.mjs';
import { HANG_MS, ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { publish, readAll, untilEnded } from './requests.mjs';

const FAIL = '{ type: set, config: { fields: { x: "{{= error(\\"no\\") }}" } } }';
const PAUSE = '{ type: wait, config: { for: 10ms } }';
const NAMES = 'on_failure: { workflow: handler }';
const text = (slug, head, steps) => `name: ${slug}\n${head}\nsteps: [${steps}]\n`;
/* Two name the workflow that is run for their failures, two leave them to that of the workspace. */
const FAILING = [
  text('in-place', NAMES, FAIL), text('durable', NAMES, `${PAUSE}, ${FAIL}`),
  text('caught-in-place', '', FAIL), text('caught', '', `${PAUSE}, ${FAIL}`),
];
/* Every third fails too, and none of them is handled. */
const handler = (slug, head) => `name: ${slug}
${head}
steps:
  - { type: wait, config: { for: 5ms } }
  - { type: set, config: { fields: { x: '{{= if .input.run.input.n % 3 == 0 then error("no") else 1 end }}' } } }
`;
const HANDLERS = [handler('handler', 'on_failure: { workflow: in-place }'), handler('catcher', 'triggers: { failure: true }')];

class Failing {
  constructor(paths) {
    this.paths = paths;
    this.next = 0;
    this.unsure = []; // sent, and not answered
    this.told = []; // runs
  }

  /** Sends one; false when the server has gone. */
  async send(server, key, n) {
    const headers = { 'idempotency-key': `failing-${n}` };
    const path = this.paths[n % this.paths.length];
    try {
      const answer = await ask(server, key, 'POST', path, { body: { input: { n } }, headers });
      check(answer.status === 201, `failing ${n}`, `${answer.status} ${answer.text}`);
      this.told.push(JSON.parse(answer.text).data.id);
      return true;
    } catch {
      this.unsure.push(n);
      return false;
    }
  }

  async client(server, key, isOver) {
    while (!isOver() && (await this.send(server, key, this.unsure.pop() ?? this.next++))) {
      /* A retry that is answered or not: what came of it, the run tells. */
      const id = this.told[random(this.told.length)];
      if (random(4) === 0) await ask(server, key, 'POST', `/v1/workflow-runs/${id}/retry`, { body: {} }).catch(() => {});
    }
  }
}

/** Each with the generations of it that failed: all up to the last. */
async function ends(server, key, told) {
  const wanted = new Set();
  for (const id of told) {
    const run = await untilEnded(server, key, id);
    check(run.status === 'failed', `run ${id} fails`, JSON.stringify(run));
    for (let generation = 1; generation <= run.generation; generation++) wanted.add(`${id} ${generation}`);
  }
  return wanted;
}

async function handled(server, key, count) {
  for (const deadline = Date.now() + HANG_MS; ; await sleep(50)) {
    const runs = [];
    for (const slug of ['handler', 'catcher']) runs.push(...await readAll(server, key, `/v1/workflows/${slug}/runs`));
    if (runs.length >= count || Date.now() > deadline) return runs;
  }
}

export async function failureKills(folder, rounds) {
  const data = join(folder, 'failures');
  mkdirSync(data);
  let server = await startServer(data);
  const key = makeKey(data);
  const handlers = [];
  for (const one of HANDLERS) handlers.push(await publish(server, key, one));
  const paths = [];
  for (const one of FAILING) paths.push(`/v1/workflows/${await publish(server, key, one)}/runs`);
  const failing = new Failing(paths);
  for (let round = 0; round < rounds; round++) {
    let isOver = false;
    const clients = Array.from({ length: 6 }, () => failing.client(server, key, () => isOver));
    await sleep(20 + random(150));
    isOver = true;
    await killServer(server);
    await Promise.all(clients);
    server = await startServer(data);
  }
  while (failing.unsure.length > 0) await failing.send(server, key, failing.unsure.pop());
  const wanted = await ends(server, key, failing.told);
  const runs = await handled(server, key, wanted.size);
  const got = runs.map(({ input }) => `${input.run.id} ${input.run.generation}`);
  check(new Set(got).size === got.length, 'failures: each is handled once', `${got.length - new Set(got).size} twice`);
  check(got.length === wanted.size && got.every((name) => wanted.has(name)), 'failures: each is handled', `${got.length} of ${wanted.size}`);
  for (const run of runs) {
    const isCaught = run.input.workflow.slug.startsWith('caught');
    check(run.workflowId === handlers[isCaught ? 1 : 0], 'failures: its own handler wins', JSON.stringify(run));
    const end = await untilEnded(server, key, run.id);
    check(end.status === (run.input.run.input.n % 3 === 0 ? 'failed' : 'completed'), 'failures: the handler ends', JSON.stringify(end));
  }
  const all = await readAll(server, key, paths[0]);
  check(all.every(({ trigger }) => trigger === 'api'), 'failures: nobody handles a handler');
  await stopServer(server);
}
