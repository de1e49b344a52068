// Rows of one list that a workflow appends to another and makes entities of, while `windrow serve` is killed at random: each
// is there once.

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
  - { id: keep, type: publish, config: { entity: { type: kept, fields: { n: "{{item.n}}", run: "{{run.id}}" } } } }
  - { id: name, type: publish, config: { entity: { type: named, externalId: "{{item.n}}", fields: { run: "{{run.id}}" } } } }
`;

async function make(server, key, name) {
  const made = await ask(server, key, 'POST', '/v1/lists', { body: { name } });
  check(made.status === 201, `appends: list ${name}`, made.text);
}

async function makeType(server, key, name) {
  const fields = [{ name: 'n', type: 'number' }, { name: 'run', type: 'text' }];
  const made = await ask(server, key, 'POST', '/v1/entity-types', { body: { name, fields } });
  check(made.status === 201, `appends: type ${name}`, made.text);
}

async function fill(server, key) {
  for (let n = 0; n < ROWS; n += 1000) {
    const rows = Array.from({ length: 1000 }, (_, i) => ({ n: n + i }));
    const added = await ask(server, key, 'POST', '/v1/lists/From/rows', { body: { rows } });
    check(added.status === 200, 'appends: rows are stored', added.text);
  }
}

/** How often each run has written each number: "run n" to a count. next: the parameter that goes on behind an id. */
async function countRows(server, key, path, next) {
  const counts = new Map();
  for (let after = ''; ; ) {
    const answer = await ask(server, key, 'GET', `${path}limit=1000${after}`);
    if (!check(answer.status === 200, 'appends: rows are read', answer.text)) return counts;
    const page = JSON.parse(answer.text).data;
    for (const row of page) {
      const { run, n } = row.item ?? row.fields;
      counts.set(`${run} ${n}`, (counts.get(`${run} ${n}`) ?? 0) + 1);
    }
    if (page.length < 1000) return counts;
    after = `&${next}=${page.at(-1).id}`;
  }
}

async function checkOnce(server, key, path, next, runs) {
  const counts = await countRows(server, key, path, next);
  check(counts.size === ROWS * runs.length, `appends: all is there in ${path}`, `${counts.size} of ${ROWS * runs.length}`);
  for (const [row, count] of counts) check(count === 1, `appends: ${row} is there once in ${path}`, `${count} times`);
}

/** Each is made by whichever run comes first and changed by the others. */
async function checkNamed(server, key) {
  const found = await ask(server, key, 'GET', '/v1/entities?entityType=named&limit=1000');
  const some = JSON.parse(found.text).data.map(({ externalId }) => externalId);
  check(new Set(some).size === 1000, 'appends: an externalId is there once', `${new Set(some).size} of 1000`);
}

export async function appendKills(folder, kills) {
  const data = join(folder, 'appends');
  mkdirSync(data);
  let server = await startServer(data);
  const key = makeKey(data);
  await make(server, key, 'From');
  await make(server, key, 'To');
  await makeType(server, key, 'kept');
  await makeType(server, key, 'named');
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
  await checkOnce(server, key, '/v1/lists/To/rows?', 'after', runs);
  await checkOnce(server, key, '/v1/entities?entityType=kept&', 'lt', runs);
  await checkNamed(server, key);
  await stopServer(server);
}
