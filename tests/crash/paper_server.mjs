// `windrow serve` that asks models and makes documents, killed and started again.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, checkCalls, random } from './check.mjs';
import { at, points } from './lives.mjs';
import { checkBlobs, checkUsage, keptTexts, modelsFile } from './papers.mjs';
import { HANG_MS, ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { begin, publish, untilEnded } from './requests.mjs';

const ROWS = 4;
const CONCURRENCY = 4;

const REPORTS = (url) => `name: Reports
limits: { concurrency: ${CONCURRENCY} }
templates:
  report: |
    # Page {{item.page}}

    {{steps.say.summary}}{{cite steps.say.summary}}
steps:
  - id: pages
    type: expand
    config: { list: "[range(${ROWS}) as $i | {page: (.input.n * 100 + $i)}]" }
  - id: say
    type: ai_generate
    config:
      model: stub/m
      prompt: What does the page say?
      sources: { page: "${url}/page?title=Page&text=The+number+of+this+page+is+{{item.page}}." }
      output: { type: object, required: [summary], properties: { summary: { type: string } } }
    retry: { attempts: 5, backoff: 10ms..50ms }
  - id: report
    type: document
    config: { format: docx, template: report, name: report.docx }
  - id: book
    type: write_xlsx
    config: { columns: { page: "{{item.page}}", summary: "{{steps.say.summary}}", bytes: "{{steps.report.bytes}}" } }
output: { rows: "{{steps.book.rows}}" }
`;

async function beginSome(server, key, workflow, acknowledged) {
  for (let i = 0; i < 3; i++) acknowledged.push(await begin(server, key, workflow, { n: acknowledged.length }));
}

async function listRuns(server, key, workflow) {
  const { text } = await ask(server, key, 'GET', `/v1/workflows/${workflow}/runs?limit=1000`);
  return JSON.parse(text).data.map(({ id }) => id);
}

/** The run ends well, and each item says what its own page does. Gives what it used. */
async function checkReport(server, key, id) {
  const run = await untilEnded(server, key, id);
  const is_right = run.status === 'completed' && run.output.rows === ROWS && run.usage.calls === ROWS;
  check(is_right, `reports: the run ${id} completes`, JSON.stringify(run));
  const { text } = await ask(server, key, 'GET', `/v1/workflow-runs/${id}/items?table=pages`);
  JSON.parse(text).data.forEach(({ item, steps: { say, report } }, i) => {
    const is_own = item.page === run.input.n * 100 + i && say.value.summary.endsWith(` ${item.page}.`);
    check(is_own && say.value.citations[0].verified && report.value.bytes > 0, `reports: item ${i} of ${id}`, JSON.stringify({ item, say, report }));
  });
  return run.usage;
}

/** One kill at a point that runs come by. */
async function dieAt(point, data, key, workflow, acknowledged, environment) {
  const server = await startServer(data, { ...environment, WINDROW_DIE_AT: point });
  const hang = setTimeout(() => server.child.kill('SIGTERM'), HANG_MS);
  await beginSome(server, key, workflow, acknowledged).catch(() => {}); // it may die before the last is stored
  const end = await server.ended;
  clearTimeout(hang);
  check(end.signal === 'SIGKILL', `reports: ${point} is reached`, `${end.code ?? end.signal}`);
}

export async function paperServerKills(world, folder, rounds) {
  const data = join(folder, 'paper-server');
  mkdirSync(data);
  writeFileSync(join(data, 'models.yaml'), modelsFile(world));
  const environment = { WINDROW_CONFIG: join(data, 'models.yaml') };
  world.reset();
  let server = await startServer(data, environment);
  const key = makeKey(data);
  const workflow = await publish(server, key, REPORTS(world.url));
  const acknowledged = [];
  let inFlight = 0; // calls that may have been cut, of all kills
  for (let round = 0; round < rounds; round++) {
    await beginSome(server, key, workflow, acknowledged);
    await sleep(random(400));
    await killServer(server);
    inFlight += acknowledged.length * CONCURRENCY;
    server = await startServer(data, environment);
  }
  for (const point of at(points.made, [3], [1, 3, 7])) {
    await killServer(server);
    inFlight += acknowledged.length * CONCURRENCY;
    await dieAt(point, data, key, workflow, acknowledged, environment);
    inFlight += acknowledged.length * CONCURRENCY;
    server = await startServer(data, environment);
  }
  const runs = await listRuns(server, key, workflow);
  check(acknowledged.every((id) => runs.includes(id)), 'reports: what was acknowledged is there');
  const usages = [];
  for (const id of runs) usages.push(await checkReport(server, key, id));
  checkCalls(world.calls(), inFlight, 'reports');
  await stopServer(server);
  checkBlobs(data, 'reports', runs.length);
  keptTexts(data, 'reports');
  checkUsage(data, usages, world, 'reports');
}
