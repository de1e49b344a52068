// Rows through a model whose server has real quotas, of requests or of tokens, and misbehaves: 5 % of its answers are 500, 3 %
// are cut streams, 3 % broken JSON, 2 % never end.
//
//   node bench/model.mjs [ROWS [REQUESTS_A_SECOND]]

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startModel } from '../tests/e2e/model.mjs';
import { WINDROW, bench, figure, folder, run, write } from './inside/measure.mjs';

const ROWS = Number(process.argv[2] ?? 10_000);
const QUOTA = Number(process.argv[3] ?? 200);
// About what one of these calls takes.
const TOKENS = 200;
const FAULTS = { error: 0.05, cut: 0.03, badJson: 0.03, hang: 0.02 };
const CAUSES = ['provider_failed', 'connection_broken', 'timed_out', 'bad_output'];

const config = (url) => `default_model: stub/m
providers:
  stub: { base_url: "${url}", idle_timeout: 3s, models: { m: { input: 0.5, output: 1.5 } } }
`;

const workflow = (rows) => `name: Model
limits: { concurrency: 500 }
steps:
  - id: rows
    type: read_csv
    config: { file: ${rows} }
  - id: ask
    type: ai_generate
    config:
      prompt: "Name company {{item.id}}"
      output: { type: object, required: [name], properties: { name: { type: string } } }
    retry: { attempts: 4, backoff: 500ms..5s }
  - id: answers
    type: write_csv
    config: { columns: { id: "{{item.id}}", name: "{{steps.ask.name}}" } }
`;

/** The number of the row that is asked about stands in the prompt. */
function say({ messages }) {
  const asked = messages.find((message) => message.role === 'user').content;
  const [, id] = /Name company (\d+)/.exec(asked);
  return JSON.stringify({ output: { name: `company ${id}` }, citations: [] });
}

async function live(more) {
  const home = folder();
  const model = await startModel({ requestsPerSecond: QUOTA, burstSeconds: 2, latencyMs: 400, seed: 7, faults: FAULTS, say, ...more });
  const rows = write(join(home, 'rows.csv'), `id\n${Array.from({ length: ROWS }, (_, i) => `${i}\n`).join('')}`);
  const path = write(join(home, 'workflow.yaml'), workflow(rows));
  const data = join(home, 'data');
  const began = performance.now();
  const file = write(join(home, 'config.yaml'), config(model.url));
  const text = await run(WINDROW, 'run', path, '--config', file, '--data', data, '--out', join(home, 'out'), '--json');
  const seconds = (performance.now() - began) / 1000;
  await model.close();
  const ended = JSON.parse(text);
  const items = (await run(WINDROW, 'runs', 'items', ended.id, '--data', data, '--table', 'rows', '--state', 'failed', '--limit', '1000')).trim();
  return { model, seconds, run: ended, home, failed: items === '' ? [] : items.split('\n').map((line) => JSON.parse(line)) };
}

/** What the server took in a second, from ten seconds on until the last rows. */
function throughput(calls, weigh) {
  const taken = calls.filter((call) => call.status !== 429).sort((a, b) => a.ms - b.ms);
  const end = taken[Math.floor(taken.length * 0.95)].ms;
  const counted = taken.filter((call) => call.ms >= 10_000 && call.ms < end);
  return counted.reduce((sum, call) => sum + weigh(call), 0) / ((end - 10_000) / 1000);
}

function checkRows({ home, failed }) {
  const lines = readFileSync(join(home, 'out', 'answers.csv'), 'utf8').trim().split('\n').slice(1);
  const wrong = lines.filter((line) => !/^(\d+),company \1$/.test(line)).length;
  const untrue = failed.filter((item) => !CAUSES.includes(item.error?.code));
  if (wrong > 0 || untrue.length > 0 || lines.length + failed.length !== ROWS)
    throw new Error(`${lines.length} rows, ${wrong} wrong, ${failed.length} failed, ${JSON.stringify(untrue[0])}`);
  return lines.length;
}

async function measure(label, more, quota = QUOTA, weigh = () => 1) {
  const life = await live(more);
  const right = checkRows(life);
  const stats = life.model.stats();
  figure(label, life.seconds, { unit: 's' });
  figure('  calls answered 429 after ten seconds', (100 * stats.late.refused) / stats.late.calls, { unit: '%', must: 5, less: true });
  figure('  throughput, of the quota', (100 * throughput(life.model.calls, weigh)) / quota, { unit: '%', must: 85 });
  figure('  rows that end right', right, { unit: '' });
  figure('  rows that failed with the true cause', life.failed.length, { unit: '' });
  figure('  calls in all', stats.calls, { unit: '' });
  figure('  calls at once, at most', stats.mostAtOnce, { unit: '' });
  console.log();
}

await bench(`${ROWS} rows through a model, ${QUOTA} requests a second allowed`, async () => {
  await measure('with Retry-After', {});
  await measure('with x-ratelimit headers', { saysLimits: true });
  const tokens = QUOTA * TOKENS;
  await measure('tokens', { requestsPerSecond: 0, tokensPerSecond: tokens }, tokens, (call) => call.tokens);
});
