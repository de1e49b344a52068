// Many clients that watch one run of many events, and what one that only waits costs.
//
//   node bench/events.mjs [WATCHERS] [STEPS]

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  ask, bench, cpuSeconds, figure, folder, limit, publish, startServer, startStub, tool,
} from './inside/measure.mjs';

const WATCHERS = Number(process.argv[2] ?? 10_000);
const STEPS = Number(process.argv[3] ?? 498); // two events each, and those of run and table

/** A chain of calls, each of which tells its begin and its end; the first one waits for the gate. */
function chain(gate, port) {
  let text = 'name: Chain\nsteps:\n';
  for (let i = 0; i < STEPS; i++)
    text += `  - { id: s${i}, type: http_request, timeout: 10m, ${i > 0 ? `needs: s${i - 1}, ` : ''}` +
      `config: { url: "http://127.0.0.1:${i === 0 ? gate : port}/", method: POST, json: { n: ${i} } } }\n`;
  return text;
}

/** A server that answers when it is opened. */
async function startGate() {
  const held = [];
  const server = createServer((request, response) => held.push(response));
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    port: server.address().port,
    open: () => {
      for (const response of held) response.end('{}');
      server.close();
    },
  };
}

async function start(server, workflow) {
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/workflows/${workflow}/runs`, {
    method: 'POST', headers: { 'x-api-key': server.key, 'content-type': 'application/json' }, body: '{}',
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return (await answer.json()).data.id;
}

/** Opens the streams; `ready` when all have their heads, `done` gives what they read. */
function watch(server, run) {
  const child = spawn(tool('watchers'),
    [server.port, `/v1/workflow-runs/${run}/events`, server.key, WATCHERS].map(String),
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ready = lines.next();
  const done = ready.then(() => lines.next()).then(({ value }) => {
    if (value === undefined) throw new Error('the watchers ended without a word');
    return JSON.parse(value);
  });
  return { child, ready, done };
}

const pssKib = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);

await bench('Watching runs', async () => {
  const server = await startServer(join(folder(), 'data'));

  const stub = await startStub(0);
  const gate = await startGate();
  const run = await start(server, await publish(server, chain(gate.port, stub.port)));
  const before = pssKib(server.pid);
  const crowd = watch(server, run);
  await crowd.ready;
  figure('memory of a watcher that waits', (pssKib(server.pid) - before) / WATCHERS, {
    unit: 'KiB', must: 12, less: true,
  });
  console.log();
  const own = cpuSeconds(server.pid);
  gate.open();
  const took = await crowd.done;
  const cpu = cpuSeconds(server.pid) - own;
  const events = took.least;
  if (took.least !== took.most) throw new Error(`some saw ${took.least} events, some ${took.most}`);
  figure(`${WATCHERS.toLocaleString('en')} watchers, ${events.toLocaleString('en')} events each`, took.seconds, {
    unit: 's', must: 30, less: true,
  });
  figure('  events a second', (took.watchers * events) / took.seconds, { unit: '/s' });
  figure('  processor time of the server an event', (cpu / (took.watchers * events)) * 1e6, { unit: 'us' });
  // Both ends of its sockets are in one process at first, which may not have as many.
  const pairs = Math.min(WATCHERS, 8000);
  const bytes = Math.round(took.bytes / pairs);
  const bare = await ask('watchers', 'bare', pairs, bytes, Math.ceil(bytes / 50));
  limit('as many bytes sent in a plain loop', bare.seconds, { unit: 's', part: took.seconds / bare.seconds });
});
