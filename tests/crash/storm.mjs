// Many messages to webhooks at a steady rate while `windrow serve` is killed again and again: each that was acknowledged
// has exactly one run. Half of the senders send again what was not answered, with the same id, and have one run then too;
// the others send once, and have a run at most.

import { mkdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, counts, option, random } from './check.mjs';
import { HANG_MS, ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { publish, readAll } from './requests.mjs';

const IN_FLIGHT = 256;
const TICK_MS = 5;
const SLUGS = ['storm', 'storm-durable'];
const STEPS = ['{ type: set, config: { fields: { x: 1 } } }', '{ type: wait, config: { for: 5ms } }'];

/* Every tenth is a run that is not computed in place. */
const slugOf = (n) => SLUGS[n % 10 === 0 ? 1 : 0];
const isResent = (n) => n % 2 === 0;

class Storm {
  constructor(messages, rate) {
    this.messages = messages;
    this.rate = rate;
    this.agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
    this.next = 0;
    this.again = []; // to be sent again
    this.flying = 0;
    this.sent = 0;
    this.resent = 0;
    this.lost = 0; // sent once, and not answered
    this.told = new Map(); // the run of each message
    this.took = []; // ms until it was acknowledged
  }

  get isOver() {
    return this.told.size >= this.messages && this.again.length === 0 && this.flying === 0;
  }

  async send(server, key, n) {
    this.flying++;
    this.sent++;
    const begun = performance.now();
    const headers = isResent(n) ? { 'webhook-id': `message-${n}` } : {};
    try {
      const answer = await ask(server, key, 'POST', `/webhooks/workflows/${slugOf(n)}`, { body: { n }, headers, agent: this.agent });
      this.note(n, answer);
      this.took.push(performance.now() - begun);
    } catch {
      if (isResent(n)) this.again.push(n);
      else this.lost++;
    }
    this.flying--;
  }

  note(n, answer) {
    if (answer.status !== 201) {
      check(answer.status === 503, `storm: message ${n}`, `${answer.status} ${answer.text}`);
      if (isResent(n)) this.again.push(n);
      else this.lost++;
      return;
    }
    const { id } = JSON.parse(answer.text).data;
    check(!this.told.has(n), `storm: message ${n} is acknowledged once`);
    this.told.set(n, id);
  }

  /** What is due by the rate, to whatever server there is. */
  async run(getServer, key) {
    const begun = performance.now();
    for (let due = 0; !this.isOver; await sleep(TICK_MS)) {
      due = Math.min(due + IN_FLIGHT, ((performance.now() - begun) / 1000) * this.rate);
      while (this.sent < due && this.flying < IN_FLIGHT) {
        if (this.again.length > 0) this.resent++;
        else if (this.told.size + this.flying >= this.messages) break;
        void this.send(getServer(), key, this.again.shift() ?? this.next++);
      }
    }
    this.agent.destroy();
    return performance.now() - begun;
  }

  /** The share's place among the times in order. */
  percentile(share) {
    const sorted = this.took.sort((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);
  }
}

/** Every acknowledged message has its one run, and no run is of nobody. */
async function checkRuns(server, key, storm) {
  const seen = new Map();
  for (const slug of SLUGS) {
    const runs = await readAll(server, key, `/v1/workflows/${slug}/runs`);
    const kept = await readAll(server, key, `/v1/workflows/${slug}/webhook-requests`);
    check(kept.length === runs.length, `storm: what came to ${slug} is kept`, `${kept.length} of ${runs.length}`);
    for (const run of runs) {
      check(!seen.has(run.input.n), `storm: message ${run.input.n} has one run`);
      check(slugOf(run.input.n) === slug, `storm: message ${run.input.n} went to ${slug}`);
      seen.set(run.input.n, run);
    }
  }
  for (const [n, id] of storm.told) check(seen.get(n)?.id === id, `storm: message ${n} has its run`, seen.get(n)?.id);
  for (const n of seen.keys())
    check(storm.told.has(n) || !isResent(n), `storm: message ${n} was acknowledged in the end`);
  return seen;
}

async function untilAllEnd(server, key) {
  const path = (slug) => `/v1/workflows/${slug}/runs?status=queued,running,waiting&limit=1`;
  for (const deadline = Date.now() + HANG_MS; ; await sleep(100)) {
    const left = [];
    for (const slug of SLUGS) left.push(...JSON.parse((await ask(server, key, 'GET', path(slug))).text).data);
    if (left.length === 0) return;
    if (Date.now() > deadline) return check(false, 'storm: every run ends', JSON.stringify(left[0]));
  }
}

export async function stormKills(folder, rounds, messages) {
  const data = join(folder, 'storm');
  const storm = new Storm(messages, option('--rate', 2000));
  mkdirSync(data);
  let server = await startServer(data);
  const key = makeKey(data);
  for (const [i, slug] of SLUGS.entries())
    await publish(server, key, `name: ${slug}\ntriggers: { webhook: { auth: none } }\nsteps: [${STEPS[i]}]\n`);
  const sending = storm.run(() => server, key);
  /* The kills are spread over the messages, so that there are as many however fast it goes. */
  for (let round = 1; round <= rounds; round++) {
    const at = (storm.messages * round) / (rounds + 1);
    while (storm.told.size < at) await sleep(5);
    await sleep(random(30));
    await killServer(server);
    server = await startServer(data);
  }
  const took = await sending;
  await untilAllEnd(server, key);
  const seen = await checkRuns(server, key, storm);
  await stopServer(server);
  const rate = ((storm.told.size * 1000) / took).toFixed(0);
  console.log(`storm: ${storm.told.size} acknowledged in ${(took / 1000).toFixed(1)} s (${rate} a second over the kills, ` +
    `${storm.rate} asked for), ${storm.resent} sent again, ${storm.lost} not, of which ${seen.size - storm.told.size} have a run; ` +
    `acknowledged in ${storm.percentile(0.5)} ms, p99 ${storm.percentile(0.99)} ms; ${counts.killed} kills`);
}
