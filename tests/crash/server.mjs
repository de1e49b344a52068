// `windrow serve` under load, killed and started again: what it acknowledged, it keeps.

import { mkdirSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, checkCalls, isLong, random } from './check.mjs';
import { points } from './lives.mjs';
import { HANG_MS, ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { begin, checkAcknowledged, publish, untilEnded } from './requests.mjs';

const PURE = `name: Pure
steps:
  - { id: a, type: set, config: { fields: { n: "{{input.n}}" } } }
  - { id: b, type: transform, config: { expression: ".steps.a.n + 1" } }
output: { value: "{{steps.b}}" }
`;
const EFFECT = (url) => `name: Effect
steps:
  - { id: call, type: http_request, config: { url: "${url}/echo", method: POST, json: { n: "{{input.n}}" } }, retry: { attempts: 5, backoff: 10ms..50ms } }
  - { id: pause, type: wait, config: { for: 1s } }
  - { id: last, type: transform, config: { expression: ".steps.call.body.body | fromjson | .n" } }
output: { value: "{{steps.last}}" }
`;
const CHAIN_STEPS = 12;
const CHAIN = (url) => `name: Chain
steps:
${Array.from({ length: CHAIN_STEPS }, (_, i) => `  - { id: s${i}, type: http_request, config: { url: "${url}/delay/20?n={{input.n}}&step=${i}" }, retry: { attempts: 5, backoff: 10ms..50ms } }`).join('\n')}
`;
/* Of a call that was sent before the answer to a cancel and read after it. */
const ON_THE_WIRE_MS = 50;

/** Clients that start runs one after the other until the server goes away or `isOver`. */
async function load(server, key, workflows, from, isOver, acknowledged) {
  const agent = new Agent({ keepAlive: true });
  const client = async () => {
    while (!isOver()) {
      const n = from.next++;
      const is_effect = n % 3 === 0;
      const body = { input: { n } };
      try {
        const path = `/v1/workflows/${workflows[is_effect ? 1 : 0]}/runs`;
        const answer = await ask(server, key, 'POST', path, { body, agent });
        if (check(answer.status === 201, 'a run is stored', `${answer.status} ${answer.text}`))
          acknowledged.set(JSON.parse(answer.text).data.id, is_effect ? n : n + 1);
      } catch {
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: 8 }, client));
  agent.destroy();
}

function checkServerCalls(stub, cuts, label) {
  /* Every one-item run may have had its one call in flight. */
  checkCalls(stub.calls(), cuts * 2000, label);
}

/** Kills at random instants, and at the points of the commit path, under the load of 8 clients. */
export async function serverKills(stub, folder, rounds) {
  const data = join(folder, 'server');
  mkdirSync(data);
  stub.reset();
  let server = await startServer(data);
  const key = makeKey(data);
  const workflows = [await publish(server, key, PURE), await publish(server, key, EFFECT(stub.url))];
  const acknowledged = new Map();
  const from = { next: 0 };
  for (let round = 0; round < rounds; round++) {
    let is_over = false;
    const clients = load(server, key, workflows, from, () => is_over, acknowledged);
    await sleep(20 + random(150));
    is_over = true;
    await killServer(server);
    await clients;
    server = await startServer(data);
  }
  for (const point of isLong ? points.server : points.server.slice(0, 3)) {
    await killServer(server);
    server = await startServer(data, { WINDROW_DIE_AT: `${point}:${isLong ? 40 : 9}` });
    const hang = setTimeout(() => server.child.kill('SIGTERM'), HANG_MS);
    await load(server, key, workflows, from, () => false, acknowledged);
    const end = await server.ended;
    clearTimeout(hang);
    check(end.signal === 'SIGKILL', `server: ${point} is reached`, `${end.code ?? end.signal}`);
    server = await startServer(data);
  }
  check(acknowledged.size > 0, 'runs were acknowledged');
  await checkAcknowledged(server, key, acknowledged, 'server');
  checkServerCalls(stub, rounds + 1, 'server');
  await stopServer(server);
}

// --- cancel ---

async function cancel(server, key, id) {
  const answer = await ask(server, key, 'POST', `/v1/workflow-runs/${id}/cancel`);
  return { id, status: answer.status, text: answer.text, at_ms: Date.now() };
}

function checkCancelled(stub, cancelled, ns) {
  for (const { id, at_ms } of cancelled) {
    const late = stub.calls().filter(
      (call) => call.path.includes(`n=${ns.get(id)}&`) && call.unix_ms > at_ms + ON_THE_WIRE_MS,
    );
    /* A run makes one call at a time: on a busy machine that one may be on its way for longer. */
    check(late.length <= 1, `no new call of ${id} after its cancel`, late.map((call) => call.path).join(' '));
  }
}

async function cancelRound(server, key, workflow, stub, data) {
  const ns = new Map();
  for (let i = 0; i < 12; i++) {
    const n = 1000 + ns.size + random(1000) * 1000;
    ns.set(await begin(server, key, workflow, { n }), n);
  }
  await sleep(random(CHAIN_STEPS * 20));
  const ids = [...ns.keys()];
  const asked = await Promise.all(ids.filter((_, i) => i % 2 === 0).map((id) => cancel(server, key, id)));
  const cancelled = asked.filter((answer) => answer.status === 200);
  /* A run that had ended before. */
  for (const answer of asked) check([200, 409].includes(answer.status), 'cancel', `${answer.status} ${answer.text}`);
  await sleep(random(10));
  await killServer(server);
  const again = await startServer(data);
  for (const id of ids) {
    const run = await untilEnded(again, key, id);
    const expected = cancelled.some((answer) => answer.id === id) ? 'cancelled' : 'completed';
    check(run.status === expected, `${id} is ${expected} after a kill`, JSON.stringify(run));
  }
  checkCancelled(stub, cancelled, ns);
  return { server: again, cancelled };
}

/** An acknowledged cancel holds through a kill; what was not cancelled completes. */
export async function cancelKills(stub, folder, rounds) {
  const data = join(folder, 'cancel');
  mkdirSync(data);
  stub.reset();
  let server = await startServer(data);
  const key = makeKey(data);
  const workflow = await publish(server, key, CHAIN(stub.url));
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const end = await cancelRound(server, key, workflow, stub, data);
    server = end.server;
    count += end.cancelled.length;
  }
  check(count > 0, 'runs were cancelled');
  checkCalls(stub.calls(), rounds * 12, 'cancel');
  await stopServer(server);
}
