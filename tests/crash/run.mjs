// The real program, killed at random instants and at every named point of the commit path, started
// again, and compared with an undisturbed life. What must hold, whatever the instant:
//   - the files are byte for byte those of an undisturbed run;
//   - each idempotency key was used with one body only;
//   - calls that were made twice are no more than those in flight at the kills;
//   - every run that a server acknowledged is there at the end, and completed with its right output.
//
//   node run.mjs [--kills N] [--seed S]

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { startStub } from '../e2e/stub.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const windrow = process.env.WINDROW ?? join(here, '../../build/windrow');
const CONCURRENCY = 20;
const ROWS = 1500;
const STEP_MS = 60_000;

function option(name, fallback) {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
}

const kills = option('--kills', 24);
const seed = option('--seed', Date.now() % 1_000_000);

// mulberry32: a small seeded generator, so that a failing life can be lived again.
let state = seed >>> 0;
function random(bound) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % bound;
}

let passed = 0;
let failed = 0;
function check(is_right, label, detail = '') {
  if (is_right) {
    passed++;
    return;
  }
  failed++;
  console.error(`FAILED (seed ${seed}): ${label}${detail === '' ? '' : `: ${detail}`}`);
}

const folder = mkdtempSync(join(tmpdir(), 'windrow-crash-'));
const csv = join(folder, 'rows.csv');
const workflow = join(folder, 'workflow.yaml');

function writeInputs(url) {
  const lines = ['id,name,size'];
  for (let i = 0; i < ROWS; i++) lines.push(`${i},"name ${i}, with a comma",${(i * 7919) % 1000}`);
  writeFileSync(csv, `${lines.join('\n')}\n`);
  writeFileSync(workflow, `name: Crash test
limits: { concurrency: ${CONCURRENCY} }
steps:
  - id: rows
    type: read_csv
    config: { file: ${csv} }
  - id: double
    type: transform
    config: { expression: "(.item.size | tonumber) * 2" }
  - id: big
    type: filter
    config: { where: ".steps.double >= 400" }
  - id: call
    type: http_request
    config: { url: "${url}/echo", method: POST, json: { id: "{{item.id}}", twice: "{{steps.double}}" } }
    retry: { attempts: 5, backoff: 10ms..50ms }
  - id: declared
    type: write_csv
    config: { columns: { id: "{{item.id}}", name: "{{item.name}}", answer: "{{steps.call.body.body}}" } }
  - id: lines
    type: write_jsonl
    needs: double
    config: { columns: { id: "{{item.id}}", double: "{{steps.double}}" } }
  - id: whole
    type: write_csv
    needs: double
output: { rows: "{{steps.declared.rows}}", file: "{{steps.declared.file}}" }
`);
}

function start(args, environment = {}) {
  return spawn(windrow, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WINDROW_ALLOW: '127.0.0.1', ...environment },
  });
}

/** Waits for the end; kills after killAfter ms if that is given. */
async function live(args, { killAfter = null, environment = {} } = {}) {
  const child = start(args, environment);
  let words = '';
  let output = '';
  child.stderr.on('data', (piece) => (words += piece));
  child.stdout.on('data', (piece) => (output += piece));
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  const guard = setTimeout(() => child.kill('SIGKILL'), STEP_MS);
  const killer = killAfter === null ? null : setTimeout(() => child.kill('SIGKILL'), killAfter);
  const end = await ended;
  clearTimeout(guard);
  clearTimeout(killer);
  return { ...end, words, output };
}

function newestRun(data) {
  const listed = spawnSync(windrow, ['runs', 'list', '--json', '--data', data], { encoding: 'utf8' });
  if (listed.status !== 0) return null;
  return JSON.parse(listed.stdout).data[0] ?? null;
}

/** Goes on with what the data folder holds, or begins if nothing was stored yet. */
function goOn(data, out) {
  const run = newestRun(data);
  return run === null
    ? ['run', workflow, '--data', data, '--out', out]
    : ['run', '--resume', run.id, '--data', data, '--out', out];
}

const FILES = ['declared.csv', 'lines.jsonl', 'whole.csv'];
function files(out) {
  return FILES.map((name) => {
    try {
      return readFileSync(join(out, name), 'utf8');
    } catch {
      return null;
    }
  });
}

function checkCalls(calls, livesCut, label) {
  const bodies = new Map();
  for (const call of calls) {
    const known = bodies.get(call.idempotency_key);
    if (known === undefined) bodies.set(call.idempotency_key, { body: call.body_sha256, count: 1 });
    else {
      check(known.body === call.body_sha256, `${label}: a key with two bodies`, call.idempotency_key);
      known.count++;
    }
  }
  const repeated = calls.length - bodies.size;
  check(repeated <= livesCut * CONCURRENCY, `${label}: calls repeated`, `${repeated} after ${livesCut} kills`);
  return bodies.size;
}

async function finish(data, out, label) {
  for (let tries = 0; tries < 3; tries++) {
    const end = await live(goOn(data, out));
    if (end.code === 0) return true;
    if (tries === 2) check(false, `${label}: did not complete`, `${end.code ?? end.signal} ${end.words}`);
  }
  return false;
}

function compare(out, reference, label) {
  const got = files(out);
  FILES.forEach((name, i) => {
    check(got[i] === reference[i], `${label}: ${name} differs`,
      got[i] === null ? 'it is missing' : `${got[i].length} bytes, not ${reference[i]?.length}`);
  });
}

async function randomKills(stub, reference, uniqueCalls) {
  const lives = Math.max(1, Math.round(kills / 4));
  for (let life = 0; life < lives; life++) {
    const data = join(folder, `random-${life}`);
    const out = join(folder, `random-out-${life}`);
    stub.reset();
    let cut = 0;
    for (let kill = 0; kill < 4; kill++) {
      const end = await live(goOn(data, out), { killAfter: 5 + random(kill === 0 ? 200 : 400) });
      if (end.signal === 'SIGKILL') cut++;
      else if (end.code === 0) break;
      else check(false, `random life ${life}`, `ended with ${end.code}: ${end.words}`);
    }
    const label = `random life ${life}`;
    if (await finish(data, out, label)) compare(out, reference, label);
    check(checkCalls(stub.calls(), cut, label) === uniqueCalls, `${label}: number of effects`);
    rmSync(data, { recursive: true, force: true });
  }
}

/** The names come from the program's own list, so that a new point is tested at once. */
function faultPoints() {
  const header = readFileSync(join(here, '../../src/base/fault.h'), 'utf8');
  return [...header.matchAll(/^\s*FAULT_POINT\((\w+)\)/gm)].map((match) => match[1]);
}

async function namedKills(stub, reference, uniqueCalls) {
  for (const point of faultPoints()) {
    for (const count of kills >= 100 ? [1, 2, 7, 30] : [1, 5]) {
      const label = `${point}:${count}`;
      const data = join(folder, `named-${label.replace(':', '-')}`);
      const out = `${data}-out`;
      stub.reset();
      const end = await live(goOn(data, out), { environment: { WINDROW_DIE_AT: label } });
      const cut = end.signal === 'SIGKILL' ? 1 : 0;
      if (count === 1) check(cut === 1, `${label}: the point was never reached`, `${end.code} ${end.words}`);
      if (await finish(data, out, label)) compare(out, reference, label);
      check(checkCalls(stub.calls(), cut, label) === uniqueCalls, `${label}: number of effects`);
      rmSync(data, { recursive: true, force: true });
    }
  }
}

// --- the server under load ---

function post(agent, port, path, key, value) {
  return new Promise((resolve, reject) => {
    const body = JSON.stringify(value);
    const call = request({
      agent, host: '127.0.0.1', port, path, method: 'POST', timeout: 20_000,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-api-key': key },
    }, (response) => {
      let text = '';
      response.on('data', (piece) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode, text }));
      response.on('error', reject);
    });
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error('timeout')));
    call.end(body);
  });
}

function get(port, path, key) {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { 'x-api-key': key } }, (response) => {
      let text = '';
      response.on('data', (piece) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    }).on('error', reject).end();
  });
}

async function startServer(data, environment = {}) {
  const child = start(['serve', '--data', data, '--listen', '127.0.0.1:0', '--allow', '127.0.0.1'], environment);
  let words = '';
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  const port = await new Promise((resolve, reject) => {
    child.stderr.on('data', (piece) => {
      words += piece;
      const match = words.match(/http:\/\/127\.0\.0\.1:(\d+)/);
      if (match !== null) resolve(Number(match[1]));
    });
    ended.then(() => reject(new Error(`the server ended: ${words}`)));
  });
  return { child, port, ended };
}

const PURE = `name: Pure
steps:
  - { id: a, type: set, config: { fields: { n: "{{input.n}}" } } }
  - { id: b, type: transform, config: { expression: ".steps.a.n + 1" } }
output: { value: "{{steps.b}}" }
`;
const EFFECT = (url) => `name: Effect
steps:
  - { id: call, type: http_request, config: { url: "${url}/echo", method: POST, json: { n: "{{input.n}}" } }, retry: { attempts: 5, backoff: 10ms..50ms } }
  - { id: pause, type: wait, config: { for: 1s } }
  - { id: last, type: transform, config: { expression: ".steps.call.body.body | fromjson | .n" } }
output: { value: "{{steps.last}}" }
`;

async function serverKills(stub, rounds) {
  const data = join(folder, 'server');
  mkdirSync(data);
  stub.reset();
  let server = await startServer(data);
  const made = spawnSync(windrow, ['keys', 'create', '--data', data, '--json'], { encoding: 'utf8' });
  const key = JSON.parse(made.stdout).apiKey;
  const ids = [];
  for (const text of [PURE, EFFECT(stub.url)]) {
    const answer = await postText(server.port, '/v1/workflows?publish=true', key, text);
    check(answer.status === 201, 'a workflow is stored', answer.text);
    ids.push(JSON.parse(answer.text).data.id);
  }
  const acknowledged = new Map();
  let next = 0;
  let cut = 0;
  for (let round = 0; round <= rounds; round++) {
    const agent = new Agent({ keepAlive: true });
    let is_over = false;
    const client = async () => {
      while (!is_over) {
        const n = next++;
        const which = n % 3 === 0 ? 1 : 0;
        try {
          const answer = await post(agent, server.port, `/v1/workflows/${ids[which]}/runs`, key, { input: { n } });
          if (answer.status === 201) acknowledged.set(JSON.parse(answer.text).data.id, which === 0 ? n + 1 : n);
          else check(false, 'a run is stored', `${answer.status} ${answer.text}`);
        } catch {
          return;
        }
      }
    };
    const clients = Array.from({ length: 8 }, client);
    await sleep(20 + random(150));
    is_over = true;
    if (round < rounds) {
      server.child.kill('SIGKILL');
      cut++;
      await server.ended;
      await Promise.all(clients);
      agent.destroy();
      server = await startServer(data);
    } else {
      await Promise.all(clients);
      agent.destroy();
    }
  }
  await checkAcknowledged(server.port, key, acknowledged);
  const bodies = new Set(stub.calls().map((call) => `${call.idempotency_key} ${call.body_sha256}`));
  const keys = new Set(stub.calls().map((call) => call.idempotency_key));
  check(bodies.size === keys.size, 'server: one body for each idempotency key');
  check(stub.calls().length - keys.size <= cut * 2000, 'server: calls repeated');
  server.child.kill('SIGTERM');
  const end = await server.ended;
  check(end.code === 0, 'the server stops when asked', `${end.code ?? end.signal}`);
}

function postText(port, path, key, text) {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1', port, path, method: 'POST',
      headers: { 'content-type': 'application/yaml', 'content-length': Buffer.byteLength(text), 'x-api-key': key },
    }, (response) => {
      let answer = '';
      response.on('data', (piece) => (answer += piece));
      response.on('end', () => resolve({ status: response.statusCode, text: answer }));
    });
    call.on('error', reject);
    call.end(text);
  });
}

async function checkAcknowledged(port, key, acknowledged) {
  check(acknowledged.size > 0, 'runs were acknowledged');
  const deadline = Date.now() + STEP_MS;
  for (const [id, value] of acknowledged) {
    for (;;) {
      const answer = await get(port, `/v1/workflow-runs/${id}`, key);
      if (answer.status !== 200) {
        check(false, `acknowledged run ${id} is there`, `${answer.status} ${answer.text}`);
        break;
      }
      const run = JSON.parse(answer.text).data;
      if (['completed', 'failed', 'cancelled'].includes(run.status)) {
        check(run.status === 'completed' && run.output.value === value, `run ${id}`, answer.text);
        break;
      }
      if (Date.now() > deadline) {
        check(false, `run ${id} ends`, answer.text);
        break;
      }
      await sleep(20);
    }
  }
}

async function main() {
  const stub = await startStub();
  writeInputs(stub.url);
  const out = join(folder, 'reference');
  const end = await live(['run', workflow, '--data', join(folder, 'undisturbed'), '--out', out]);
  check(end.code === 0, 'the undisturbed run', `${end.code ?? end.signal} ${end.words}`);
  if (end.code === 0) {
    const reference = files(out);
    const uniqueCalls = checkCalls(stub.calls(), 0, 'undisturbed');
    await randomKills(stub, reference, uniqueCalls);
    await namedKills(stub, reference, uniqueCalls);
    await serverKills(stub, Math.max(2, Math.round(kills / 6)));
  }
  await stub.close();
  if (failed === 0) rmSync(folder, { recursive: true, force: true });
  else console.error(`kept: ${folder}`);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
