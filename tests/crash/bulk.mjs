// Many runs retried, cancelled and deleted at once, and runs whose retention ends, while `windrow serve` is killed: each
// run that was meant is moved once, the counts say so, and of what is deleted nothing is left.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, random } from './check.mjs';
import { HANG_MS, ask, filesBelow, killServer, makeKey, query, startServer, stopServer } from './program.mjs';
import { publish, untilEnded } from './requests.mjs';

const RUNS = 40;
const QUICK = { WINDROW_CLEAN_AFTER: '0s', WINDROW_CLEAN_EVERY: '20ms' };

const flow = (name, url, more = '') => `name: ${name}
${more}
steps:
  - { id: rows, type: expand, config: { list: "[range(4)]" } }
  - { id: order, type: sort, config: { by: [{ path: item, order: desc }] } }
  - { id: call, type: http_request, retry: { attempts: 1 }, config: { url: "${url}" } }
  - { id: table, type: write_csv, config: { columns: { n: "{{item}}" } } }
`;

const json = async (...request) => JSON.parse((await ask(...request)).text);

class Bulk {
  constructor(data, kills) {
    this.data = data;
    this.kills = kills;
  }

  async start() {
    this.server = await startServer(this.data, QUICK);
    this.key ??= makeKey(this.data);
  }

  async restart() {
    await killServer(this.server);
    await this.start();
  }

  ask(method, path, options) {
    return ask(this.server, this.key, method, path, options);
  }

  /** Starts the runs of a workflow; gives their ids. */
  async begin(workflow, count = RUNS) {
    const body = { input: {}, labels: { team: 'bulk' } };
    const answers = [];
    for (let i = 0; i < count; i++)
      answers.push(await this.ask('POST', `/v1/workflows/${workflow}/runs`, { body }));
    check(answers.every(({ status }) => status === 201), 'runs are stored', answers.find(({ status }) => status !== 201)?.text);
    return answers.map(({ text }) => JSON.parse(text).data.id);
  }

  async ends(ids) {
    const runs = [];
    for (const id of ids) runs.push(await untilEnded(this.server, this.key, id));
    return runs;
  }

  async operation(id) {
    return (await json(this.server, this.key, 'GET', `/v1/operations/${id}`)).data;
  }

  /** Asks until it is answered, under kills, and waits for the end of what it has made. */
  async move(verb, filter) {
    const headers = { 'idempotency-key': `${verb}-${random(1 << 30)}` };
    const ids = new Set();
    for (let round = 0; ; round++) {
      const asked = this.ask('POST', `/v1/workflow-runs/${verb}`, { body: { filter }, headers }).catch(() => null);
      const isLast = round === this.kills;
      if (!isLast) await sleep(random(60));
      if (!isLast) await this.restart();
      const answer = await asked;
      if (answer === null) continue;
      if (!check(answer.status === 202, verb, `${answer.status} ${answer.text}`)) throw new Error('no operation');
      ids.add(JSON.parse(answer.text).data.id);
      if (isLast) break;
    }
    check(ids.size === 1, `${verb}: one request is one operation`, [...ids]);
    const [id] = ids;
    for (const late = Date.now() + HANG_MS; ; await sleep(20)) {
      const operation = await this.operation(id);
      if (operation.status !== 'running' || Date.now() > late) return operation;
    }
  }

  checkCounts(verb, operation, count) {
    const { status, done, failed, skipped } = operation;
    check(status === 'completed' && failed === 0 && done + skipped === count, `${verb}: each run is counted once`,
      JSON.stringify(operation));
  }
}

async function retries(bulk, workflow, ids) {
  for (let generation = 2; generation <= 3; generation++) {
    bulk.checkCounts('retry', await bulk.move('retry', { workflow, status: 'failed' }), ids.length);
    const wrong = (await bulk.ends(ids)).filter((run) => run.status !== 'failed' || run.generation !== generation);
    check(wrong.length === 0, `retry: each run once, to generation ${generation}`, JSON.stringify(wrong[0]));
  }
}

async function cancels(bulk, workflow, ids) {
  bulk.checkCounts('cancel', await bulk.move('cancel', { workflow }), ids.length);
  const wrong = (await bulk.ends(ids)).filter((run) => run.status !== 'cancelled' || run.generation !== 1);
  check(wrong.length === 0, 'cancel: each run once', JSON.stringify(wrong[0]));
}

async function deletes(bulk, count) {
  bulk.checkCounts('delete', await bulk.move('delete', { label: 'team:bulk' }), count);
}

/** Its runs complete, and then go by themselves. */
async function retention(bulk, workflow) {
  const ids = await bulk.begin(workflow);
  for (let round = 0; round < bulk.kills; round++) {
    await sleep(random(400));
    await bulk.restart();
  }
  for (const late = Date.now() + HANG_MS; Date.now() < late; await sleep(50)) {
    const { data } = await json(bulk.server, bulk.key, 'GET', `/v1/workflows/${workflow}/runs`);
    if (data.length === 0) return;
  }
  check(false, 'retention: all runs go', ids.length);
}

const TABLES = ['runs', 'run_inputs', 'runs_gone', 'effects', 'records', 'cursors', 'timers', 'usage', 'files',
  'run_blobs', 'events', 'run_labels', 'deliveries'];

/** Rows that hang on runs, by table, and bytes. */
function leftovers(data) {
  const [counts] = query(data, `SELECT ${TABLES.map((name) => `(SELECT count(*) FROM ${name}) AS ${name}`)}`);
  counts.blobs = filesBelow(join(data, 'blobs')).size;
  return Object.entries(counts).filter(([, count]) => count > 0);
}

async function checkNothingLeft(bulk) {
  for (const late = Date.now() + HANG_MS; ; ) {
    await stopServer(bulk.server);
    const left = leftovers(bulk.data);
    if (left.length === 0 || Date.now() > late) {
      check(left.length === 0, 'nothing is left of deleted runs', JSON.stringify(left));
      return;
    }
    await bulk.start();
    await sleep(300);
  }
}

export async function bulkKills(stub, folder, kills) {
  const data = join(folder, 'bulk');
  mkdirSync(data);
  const bulk = new Bulk(data, kills);
  await bulk.start();
  const refused = await publish(bulk.server, bulk.key, flow('Refused', `${stub.url}/status/422?of={{item}}`));
  const held = await publish(bulk.server, bulk.key, flow('Held', `${stub.url}/hang?of={{item}}`));
  const brief = await publish(bulk.server, bulk.key, flow('Brief', `${stub.url}/echo?of={{item}}`, 'retention: 1s'));
  const failed = await bulk.begin(refused);
  await bulk.ends(failed);
  await retries(bulk, refused, failed);
  const hanging = await bulk.begin(held);
  await cancels(bulk, held, hanging);
  await deletes(bulk, failed.length + hanging.length);
  await retention(bulk, brief);
  await checkNothingLeft(bulk);
}
