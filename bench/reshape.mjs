// A million rows sorted, told apart and grouped, to a CSV; and small runs over HTTP beside such a run.
//
//   node bench/reshape.mjs [ROWS]

import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, bench, figure, folder, limit, median, publish, run, startServer, watchedRun, write } from './inside/measure.mjs';

const ROWS = Number(process.argv[2] ?? 1_000_000);
const WINDOW_SECONDS = 3;

const STEPS = `
  - id: sorted
    type: sort
    config: { by: [{ path: item.price, order: desc }, item.name] }
  - id: once
    type: deduplicate
    config: { by: [item.name, item.city], ignore_case: true }
  - id: groups
    type: group_by
    config:
      by: item.group
      aggregates: { employees: "map(.item.employees | tonumber) | add", best: "first | .item.name" }
  - id: table
    type: write_csv
    config: { columns: { group: "{{item.group}}", count: "{{item.count}}", employees: "{{item.employees}}", best: "{{item.best}}" } }
`;

const workflow = (file) => `name: Reshaped
steps:
  - id: rows
    type: read_csv
    config: { file: ${file} }${STEPS}`;

/** The same rows, as far as it matters, without a file. */
const SERVED = `name: Reshaped
input: { type: object, required: [hundreds], properties: { hundreds: { type: integer } } }
steps:
  - id: hundred
    type: expand
    config: { list: "[range(.input.hundreds)]" }
  - id: rows
    type: expand
    config:
      list: >-
        .item as $t | [range(100) | ($t * 100 + .) as $k | {id: $k, name: "Company \\($k * 7 % 900000) Holdings",
        group: "group \\($k % 100000)", price: ($k * 7919 % 1000), city: "City \\($k % 50), ST", employees: ($k * 13 % 100000)}]
${STEPS.slice(1)}`;

const SMALL = `name: Small
input: { type: object, required: [n], properties: { n: { type: integer } } }
steps:
  - { id: a, type: set, config: { fields: { n: "{{input.n}}" } } }
  - { id: b, type: transform, config: { expression: ".steps.a.n + 1" } }
output: { value: "{{steps.b}}" }
`;

async function makeRows(path, rows) {
  const out = createWriteStream(path);
  out.write('id,name,group,price,city,employees\n');
  for (let i = 0; i < rows; i += 1000) {
    let text = '';
    for (let k = i; k < Math.min(rows, i + 1000); k++)
      text += `${k},Company ${(k * 7) % 900_000} Holdings,group ${k % 100_000},${(k * 7919) % 1000},` +
        `"City ${k % 50}, ST",${(k * 13) % 100_000}\n`;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

async function sortSeconds(file, home) {
  const begin = process.hrtime.bigint();
  const command = `LC_ALL=C sort -t, -k4,4nr -k2,2 -S 32M --parallel=2 -T '${home}' '${file}' -o '${home}/sorted' && sync '${home}/sorted'`;
  await run('/bin/sh', '-c', command);
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

async function measure(rows) {
  const home = folder();
  const file = join(home, 'rows.csv');
  await makeRows(file, rows);
  const took = await watchedRun(write(join(home, 'workflow.yaml'), workflow(file)), home);
  const lines = readFileSync(join(home, 'out', 'table.csv'), 'utf8').split('\n').length - 2;
  if (lines !== Math.min(rows, 100_000)) throw new Error(`the table has ${lines} rows`);
  return { ...took, sortSeconds: await sortSeconds(file, home) };
}

async function api(server, method, path, body) {
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers: { 'x-api-key': server.key, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()).data;
}

/** p50 and p99 in milliseconds of one client's small runs. */
async function small(server, id) {
  const took = await ask('load', '127.0.0.1', server.port, `/v1/workflows/${id}/runs`, '-c', 1, '-d', WINDOW_SECONDS,
    '-b', JSON.stringify({ input: { n: 1 } }), '-k', server.key, '-e', 201);
  if (took.failed > 0 || took.broken > 0) throw new Error(`${took.failed} answers were wrong`);
  return { p50: took.p50_us / 1000, p99: took.p99_us / 1000 };
}

/** Windows of small runs until the large one has ended. */
async function beside(server, smallId, largeId) {
  const large = await api(server, 'POST', `/v1/workflows/${largeId}/runs`, { input: { hundreds: ROWS / 100 } });
  const begin = Date.now();
  const windows = [];
  for (;;) {
    const window = await small(server, smallId);
    const { status } = await api(server, 'GET', `/v1/workflow-runs/${large.id}`);
    if (status === 'completed' && windows.length > 0) return { windows, seconds: (Date.now() - begin) / 1000 };
    windows.push(window);
    if (!['queued', 'running', 'completed'].includes(status)) throw new Error(`the large run is ${status}`);
    await sleep(10);
  }
}

await bench(`${ROWS.toLocaleString('en')} rows sorted, told apart, grouped, to CSV`, async () => {
  const part = ROWS / 1_000_000;
  const tenth = await measure(ROWS / 10);
  const whole = await measure(ROWS);
  figure('seconds', whole.seconds, { unit: 's', must: 60 * part, less: true });
  figure('  processor time a row', ((whole.user + whole.system) / ROWS) * 1e6, { unit: 'us' });
  limit('sort of coreutils on the same lines', whole.sortSeconds, { unit: 's', part: whole.seconds / whole.sortSeconds });
  figure('peak memory', whole.peak_kib / 1024, { unit: 'MB', must: 120, less: true });
  figure('  of a tenth of the rows', tenth.peak_kib / 1024, { unit: 'MB' });
  figure('  the one by the other', whole.peak_kib / tenth.peak_kib, { must: 1.25, less: true });
  console.log();

  const server = await startServer(folder());
  const smallId = await publish(server, SMALL);
  const largeId = await publish(server, SERVED);
  await small(server, smallId);
  const idle = [await small(server, smallId), await small(server, smallId), await small(server, smallId)];
  const idleP99 = median(idle.map((window) => window.p99));
  const { windows, seconds } = await beside(server, smallId, largeId);
  const must = 3 * idleP99 + 10;
  figure('small runs, p99, alone', idleP99, { unit: 'ms' });
  figure('  beside such a run, median of its windows', median(windows.map((window) => window.p99)), { unit: 'ms', must, less: true });
  figure('  beside such a run, worst window', Math.max(...windows.map((window) => window.p99)), { unit: 'ms', must, less: true });
  figure('  p50 alone', median(idle.map((window) => window.p50)), { unit: 'ms' });
  figure('  p50 beside it', median(windows.map((window) => window.p50)), { unit: 'ms' });
  figure('  seconds of that run', seconds, { unit: 's' });
});
