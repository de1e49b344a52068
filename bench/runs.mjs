// Durable runs of five pure steps over HTTP: 64 clients, one client, and beside held connections.
//
//   node bench/runs.mjs [ROUNDS [SECONDS]]

import {
  STORE_LINE, ask, bench, cpuSeconds, disk, figure, folder, limit, median, publish, startBareHttp, startFront, startServer,
  storeRate,
} from './inside/measure.mjs';

const ROUNDS = Number(process.argv[2] ?? 3);
const SECONDS = Number(process.argv[3] ?? 3);
const HELD = 5000;
const BODY = JSON.stringify({ input: { name: 'Ada Lovelace', size: 41 } });

const WORKFLOW = `name: Lead
input:
  type: object
  required: [name, size]
  properties: { name: { type: string }, size: { type: integer } }
steps:
  - id: names
    type: set
    config: { fields: { first: '{{= .input.name | split(" ") | first }}', greeting: "Hello {{input.name}}" } }
  - id: score
    type: transform
    config: { expression: ".input.size * 3 + (.input.name | length)" }
  - id: big
    type: condition
    config: { if: ".steps.score >= 100" }
  - id: level
    type: transform
    config: { expression: 'if .steps.big then "large" else "small" end' }
  - id: answer
    type: transform
    config: { expression: "{name: .steps.names.first, score: .steps.score, level: .steps.level}" }
`;

const load = (port, path, clients, ...more) =>
  ask('load', '127.0.0.1', port, path, '-c', clients, '-d', SECONDS, '-b', BODY, ...more);

function check(result, held = 0) {
  if (result.failed > 0 || result.broken > 0)
    throw new Error(`${result.failed} answers were wrong, ${result.broken} connections ended (${held} held)`);
  return result;
}

/** The same, with the microseconds of the processor that the server spent on each answer. */
async function counted(server, measure) {
  const before = cpuSeconds(server.pid);
  const result = check(await measure());
  return { ...result, cpu_us: ((cpuSeconds(server.pid) - before) / result.all_answers) * 1e6 };
}

/** All measures once, one after the other, so that they meet the same weather. */
async function round(server, path) {
  const ours = (clients, ...more) => load(server.port, path, clients, '-k', server.key, '-e', 201, ...more);
  const bare = await startBareHttp();
  const front = await startFront();
  const data = folder();
  const result = {
    disk: await disk(data),
    bare: check(await load(bare.port, '/', 64)),
    front: await counted(front, () => load(front.port, '/', 64, '-e', 201)),
    many: await counted(server, () => ours(64)),
    rows: await storeRate(data, STORE_LINE.runs64),
    held: check(await ours(64, '-h', HELD), HELD),
    again: await counted(server, () => ours(64)),
    heldAgain: check(await ours(64, '-h', HELD), HELD),
    frontOne: check(await load(front.port, '/', 1, '-e', 201)),
    one: check(await ours(1)),
    diskAgain: await disk(data),
  };
  await bare.stop();
  await front.stop();
  return result;
}

await bench('Durable runs of 5 pure steps over HTTP', async () => {
  const server = await startServer(folder());
  const path = `/v1/workflows/${await publish(server, WORKFLOW)}/runs`;
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push(await round(server, path));
  const of = (pick) => median(rounds.map(pick));

  const many = of((r) => (r.many.rate + r.again.rate) / 2);
  figure('runs a second, 64 clients', many, { unit: '/s', must: 15_000, aim: 25_000 });
  figure('  p99 of them', of((r) => r.many.p99_us / 1000), { unit: 'ms' });
  limit('the same front with one insert', of((r) => r.front.rate), {
    unit: '/s',
    part: of((r) => (r.many.rate + r.again.rate) / 2 / r.front.rate),
  });
  figure('part of the same front with one insert', of((r) => (r.many.rate + r.again.rate) / 2 / r.front.rate), {
    aim: 0.7,
  });
  figure('  processor time a run', of((r) => (r.many.cpu_us + r.again.cpu_us) / 2), { unit: 'us' });
  limit('processor time of the same front', of((r) => r.front.cpu_us), { unit: 'us' });
  limit('durable rows of the store alone', of((r) => r.rows), { unit: '/s', part: of((r) => r.many.rate / r.rows) });
  limit('bare HTTP', of((r) => r.bare.rate), { unit: '/s', part: of((r) => r.many.rate / r.bare.rate) });
  limit('write and fdatasync', of((r) => r.disk.rate), { unit: '/s' });
  console.log();
  figure(`part that stays beside ${HELD} held connections`, of((r) => (r.held.rate + r.heldAgain.rate) / (r.many.rate + r.again.rate)), {
    must: 0.9,
  });
  console.log();
  const sync = of((r) => Math.min(r.disk.p50Ms, r.diskAgain.p50Ms));
  figure('one client, p50', of((r) => r.one.p50_us / 1000), {
    unit: 'ms', must: 4 * sync + 0.3, aim: 2 * sync + 0.1, less: true,
  });
  figure('  p99 of it', of((r) => r.one.p99_us / 1000), { unit: 'ms' });
  limit('fdatasync, p50', sync, { unit: 'ms' });
  limit('the same front with one insert, p50', of((r) => r.frontOne.p50_us / 1000), { unit: 'ms' });
});
