// Lists of runs with filters, in stores where almost all runs are of another kind than what is asked for.
//
//   node bench/lists.mjs [RUNS]

import { join } from 'node:path';
import { ask, bench, figure, folder, limit, publish, run, startBareHttp, startServer, tool } from './inside/measure.mjs';

const RUNS = Number(process.argv[2] ?? 1_000_000);
const SECONDS = 1;
const MUST_MS = 10;

const WORKFLOW = `name: Finished
steps:
  - id: answer
    type: transform
    config: { expression: ".input.size" }
`;

/** A folder with three runs of each rare kind, older than all others, and RUNS of the common state. */
async function filled(common, rare) {
  const data = join(folder(), 'data');
  const server = await startServer(data);
  const workflow = await publish(server, WORKFLOW);
  await server.stop();
  for (const kind of rare) await run(tool('fill'), data, '3', ...kind);
  await run(tool('fill'), data, String(RUNS), common, 'api');
  return { server: await startServer(data), workflow };
}

async function measure(server, path) {
  const seen = await ask('load', '127.0.0.1', server.port, path, '-c', 1, '-d', SECONDS, '-w', 0.2, '-k', server.key, '-e', 200);
  if (seen.failed > 0) throw new Error(`${path}: ${seen.failed} answers were wrong`);
  return seen;
}

async function lists(common, rare, words) {
  const { server, workflow } = await filled(common, rare);
  console.log(`${RUNS.toLocaleString('en')} runs that are ${common} and of the trigger api, and a few others before them`);
  const year = new Date().getUTCFullYear();
  const queries = [
    ['all', 'limit=100'],
    [`status=${common}`, `status=${common}`],
    ...words.map((word) => [word, word]),
    ['trigger=fax', 'trigger=fax'],
    ['trigger=schedule (three)', 'trigger=schedule'],
    ['before this year', `createdBefore=${year}-01-01T00:00:00Z`],
    ['since last year, oldest first', `createdAfter=${year - 1}-01-01T00:00:00Z&direction=asc`],
    ['status, trigger and time', `${words[0]}&trigger=api&createdBefore=${year + 1}-01-01T00:00:00Z`],
    ['page 100 of 100', 'page=100'],
  ];
  for (const [label, query] of queries) {
    const all = await measure(server, `/v1/workflow-runs?${query}`);
    const one = await measure(server, `/v1/workflows/${workflow}/runs?${query}`);
    figure(`  ${label}, p99`, all.p99_us / 1000, { unit: 'ms', must: MUST_MS, less: true });
    figure('    of one workflow', one.p99_us / 1000, { unit: 'ms', must: MUST_MS, less: true });
  }
  await server.stop();
  console.log();
}

await bench('Lists of runs', async () => {
  await lists('completed', [['failed', 'api'], ['cancelled', 'api'], ['completed', 'schedule']], [
    'status=failed',
    'status=failed,cancelled',
    'status=running',
    'status=queued,completed',
  ]);
  await lists('failed', [['completed', 'api'], ['failed', 'schedule']], ['status=completed', 'status=cancelled']);
  const bare = await startBareHttp();
  limit('bare HTTP, p99', (await ask('load', '127.0.0.1', bare.port, '/', '-c', 1, '-d', SECONDS)).p99_us / 1000, { unit: 'ms' });
});
