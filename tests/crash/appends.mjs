// Rows of one list that a workflow appends to another, while `windrow serve` is killed at random: each is appended once.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, random } from './check.mjs';
import { ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { begin, publish, untilEnded } from './requests.mjs';

const ROWS = 3000;
const KILLS_A_RUN = 4;
const WORKFLOW = `name: Append
steps:
  - { id: rows, type: read_list, config: { list: From } }
  - { id: put, type: append_to_list, config: { list: To, row: { n: "{{item.n}}", run: "{{run.id}}" } } }
`;

async function make(server, key, name) {
  const made = await ask(server, key, 'POST', '/v1/lists', { body: { name } });
  check(made.status === 201, `appends: list ${name}`, made.text);
}

async function fill(server, key) {
  for (let n = 0; n < ROWS; n += 1000) {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ n: n + i }));
    const added = await ask(server, key, 'POST', '/v1/lists/From/rows', { body: { rows } });
    check(added.status === 200, 'appends: rows are stored', added.text);
  }
}

/** How often each run has appended each number: "run n" to a count. */
async function countRows(server, key) {
  const counts = new Map();
  for (let after = ''; ; ) {
    const answer = await ask(server, key, 'GET', `/v1/lists/To/rows?limit=1000${after}`);
    if (!check(answer.status === 200, 'appends: rows are read', answer.text)) return counts;
    const page = JSON.parse(answer.text).data;
    for (const { item } of page) counts.set(`${item.run} ${item.n}`, (counts.get(`${item.run} ${item.n}`) ?? 0) + 1);
    if (page.length < 1000) return counts;
    after = `&after=${page.at(-1).id}`;
  }
}

export async function appendKills(folder, kills) {
  const data = join(folder, 'appends');
  mkdirSync(data);
  let server = await startServer(data);
  const key = makeKey(data);
  await make(server, key, 'From');
  await make(server, key, 'To');
  await fill(server, key);
  const workflow = await publish(server, key, WORKFLOW);
  const runs = [];
  for (let kill = 0; kill < kills; kill++) {
    if (kill % KILLS_A_RUN === 0) runs.push(await begin(server, key, workflow, {}));
    await sleep(random(60));
    await killServer(server);
    server = await startServer(data);
  }
  for (const id of runs) {
    const run = await untilEnded(server, key, id);
    check(run.status === 'completed', `appends: run ${id} ends well`, JSON.stringify(run));
  }
  const counts = await countRows(server, key);
  check(counts.size === ROWS * runs.length, 'appends: every row is there', `${counts.size} of ${ROWS * runs.length}`);
  for (const [row, count] of counts) check(count === 1, `appends: ${row} is there once`, `${count} times`);
  await stopServer(server);
}
