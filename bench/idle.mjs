// What a server costs that does nothing, and how soon it is ready: with an empty folder and with a
// million finished runs.
//
//   node bench/idle.mjs [RUNS]

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import {
  WINDROW, ask, bench, figure, folder, freePort, limit, median, publish, run, startServer, tool,
} from './inside/measure.mjs';

const RUNS = Number(process.argv[2] ?? 1_000_000);
const STARTS = 7;

const WORKFLOW = `name: Finished
steps:
  - id: answer
    type: transform
    config: { expression: ".input.size" }
`;

async function starts(data) {
  const seen = [];
  for (let i = 0; i < STARTS; i++) {
    const port = await freePort();
    seen.push(await ask('watch', 'start', port, WINDROW, 'serve', '--listen', `127.0.0.1:${port}`, '--data', data));
  }
  return seen;
}

function print(label, seen) {
  figure(`ready, ${label}`, median(seen.map((s) => s.ready_ms)), { unit: 'ms', must: 100, aim: 50, less: true });
  figure('  the first time', seen[0].ready_ms, { unit: 'ms' });
  figure('  memory of all processes (PSS)', median(seen.map((s) => s.pss_kib)) / 1024, {
    unit: 'MB', must: 25, aim: 15, less: true,
  });
  figure('  stop', median(seen.map((s) => s.stop_ms)), { unit: 'ms' });
}

/** Milliseconds from exec to the end of a program that does nothing but load the same libraries. */
function bareStart() {
  const begin = process.hrtime.bigint();
  execFileSync(WINDROW, ['version']);
  return Number(process.hrtime.bigint() - begin) / 1e6;
}

await bench('A server that does nothing', async () => {
  print('empty folder', await starts(join(folder(), 'data')));
  limit('windrow version', median(Array.from({ length: STARTS }, bareStart)), { unit: 'ms' });
  console.log();

  const data = join(folder(), 'data');
  const server = await startServer(data);
  await publish(server, WORKFLOW);
  await server.stop();
  const begin = Date.now();
  await run(tool('fill'), data, String(RUNS));
  console.log(`  (${RUNS.toLocaleString('en')} runs stored in ${((Date.now() - begin) / 1000).toFixed(1)} s)`);
  print(`${RUNS.toLocaleString('en')} runs stored`, await starts(data));
});
