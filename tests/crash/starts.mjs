// Starts with an Idempotency-Key, sent until they are answered, while `windrow serve` is killed: each is one run. Some of
// them stand in lines, which go on in order.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, random } from './check.mjs';
import { ask, killServer, makeKey, startServer, stopServer } from './program.mjs';
import { publish, readAll, untilEnded } from './requests.mjs';

const PURE = `name: Once
steps:
  - { id: a, type: transform, config: { expression: ".input.n + 1" } }
output: { value: "{{steps.a}}" }
`;
const LINES = 3;

/** Every fourth start stands in a line. */
const line = (n) => (n % 4 === 0 ? `line-${(n / 4) % LINES}` : undefined);

class Starts {
  constructor(path) {
    this.path = path;
    this.next = 0;
    this.unsure = []; // sent, and not answered
    this.told = new Map(); // the run of each number
  }

  /** Sends one; false when the server has gone. */
  async send(server, key, n) {
    const body = { input: { n }, concurrencyKey: line(n) };
    const headers = { 'idempotency-key': `start-${n}` };
    let answer;
    try {
      answer = await ask(server, key, 'POST', this.path, { body, headers });
    } catch {
      this.unsure.push(n);
      return false;
    }
    if (!check(answer.status === 201, `start ${n}`, `${answer.status} ${answer.text}`)) return false;
    const { id } = JSON.parse(answer.text).data;
    const before = this.told.get(n) ?? id;
    check(before === id, `start ${n} is the same run`, `${before} and ${id}`);
    this.told.set(n, id);
    return true;
  }

  /** What a client does that was not answered: the same again, and now and then what was answered. */
  async client(server, key, isOver) {
    while (!isOver()) {
      const known = this.next > 0 && random(5) === 0;
      const n = this.unsure.pop() ?? (known ? random(this.next) : this.next++);
      if (!(await this.send(server, key, n))) return;
    }
  }
}

/** All runs of the workflow, by the number that they were started with. */
async function readRuns(server, key, path) {
  const runs = new Map();
  for (const run of await readAll(server, key, path)) {
    const { n } = run.input;
    check(!runs.has(n), `start ${n} is one run`, `${runs.get(n)?.id} and ${run.id}`);
    runs.set(n, run);
  }
  return runs;
}

function checkLines(ends) {
  for (let number = 0; number < LINES; number++) {
    const inLine = ends.filter((run) => run.concurrencyKey === `line-${number}`);
    inLine.sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
    const overlaps = inLine.filter((run, i) =>
      i > 0 && Date.parse(run.startedAt) < Date.parse(inLine[i - 1].completedAt));
    check(overlaps.length === 0, `line ${number} goes on one by one`, JSON.stringify(overlaps[0]));
  }
}

export async function startKills(folder, rounds) {
  const data = join(folder, 'starts');
  mkdirSync(data);
  let server = await startServer(data);
  const key = makeKey(data);
  const path = `/v1/workflows/${await publish(server, key, PURE)}/runs`;
  const starts = new Starts(path);
  for (let round = 0; round < rounds; round++) {
    let isOver = false;
    const clients = Array.from({ length: 8 }, () => starts.client(server, key, () => isOver));
    await sleep(20 + random(120));
    isOver = true;
    await killServer(server);
    await Promise.all(clients);
    server = await startServer(data);
  }
  while (starts.unsure.length > 0) await starts.send(server, key, starts.unsure.pop());
  const ends = [];
  for (const [n, id] of starts.told) {
    const run = await untilEnded(server, key, id);
    check(run.status === 'completed' && run.output.value === n + 1, `start ${n} completes`, JSON.stringify(run));
    ends.push(run);
  }
  const runs = await readRuns(server, key, path);
  check(runs.size === starts.told.size && runs.size > 0, 'no run that nobody asked for', `${runs.size}, ${starts.told.size}`);
  checkLines(ends);
  await stopServer(server);
}
