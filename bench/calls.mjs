// HTTP calls of a run: slow ones, a thousand at once, and as many as go.
//
//   node bench/calls.mjs

import { join } from 'node:path';
import {
  STORE_LINE, bench, figure, folder, limit, run, startStub, storeRate, tool, watchedRun, write,
} from './inside/measure.mjs';

const SLOW = { items: 10_000, atOnce: 1000, delayMs: 200 };
const FLAT = { items: 50_000, atOnce: 100, delayMs: 0 };

const workflow = (file, port, atOnce) => `name: Calls
limits: { concurrency: ${atOnce} }
steps:
  - id: rows
    type: read_csv
    config: { file: ${file} }
  - id: call
    type: http_request
    config: { url: "http://127.0.0.1:${port}/score", method: POST, json: { id: "{{item.id}}", name: "{{item.name}}" } }
  - id: score
    type: transform
    config: { expression: ".steps.call.body.score" }
  - id: table
    type: write_csv
    config: { columns: { id: "{{item.id}}", score: "{{steps.score}}" } }
`;

function makeRows(path, count) {
  let text = 'id,name\n';
  for (let i = 0; i < count; i++) text += `${i},company ${i}\n`;
  return write(path, text);
}

async function measure({ items, atOnce, delayMs }) {
  const home = folder();
  const stub = await startStub(delayMs);
  const rows = makeRows(join(home, 'rows.csv'), items);
  const path = write(join(home, 'workflow.yaml'), workflow(rows, stub.port, atOnce));
  const took = await watchedRun(path, home);
  await stub.stop('SIGKILL');
  return took;
}

/** Seconds that the HTTP client alone takes for the same calls. */
async function alone({ items, atOnce, delayMs }) {
  const text = await run(tool('bench_client'), String(items), String(atOnce), String(delayMs));
  return Number(/ms each: ([\d.]+) s/.exec(text)[1]);
}

await bench('HTTP calls', async () => {
  const slowAlone = await alone(SLOW);
  const slow = await measure(SLOW);
  figure('10,000 calls of 200 ms, 1,000 at once', slow.seconds, { unit: 's', must: 2.6, aim: 2.3, less: true });
  figure('  processor time a call', ((slow.user + slow.system) / SLOW.items) * 1e6, { unit: 'us' });
  figure('  peak memory', slow.peak_kib / 1024, { unit: 'MB' });
  limit('the ideal', 2, { unit: 's', part: slow.seconds / 2 });
  limit('libcurl alone', slowAlone, { unit: 's', part: slow.seconds / slowAlone });
  console.log();

  const flatAlone = FLAT.items / (await alone(FLAT));
  const flat = await measure(FLAT);
  const rate = FLAT.items / flat.seconds;
  const effects = await storeRate(folder(), STORE_LINE.effects);
  figure('recorded calls flat out', rate, { unit: '/s', must: 5000, aim: 8000 });
  figure('  processor time a call', ((flat.user + flat.system) / FLAT.items) * 1e6, { unit: 'us' });
  figure('  peak memory', flat.peak_kib / 1024, { unit: 'MB' });
  limit('libcurl alone', flatAlone, { unit: '/s', part: rate / flatAlone });
  limit('effects of the store alone', effects, { unit: '/s', part: rate / effects });
});
