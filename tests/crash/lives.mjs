// `windrow run` with a workflow over rows, killed and gone on with, against an undisturbed life.

import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { check, checkCalls, isLong, random } from './check.mjs';
import { live, newestRun } from './program.mjs';
import { CONCURRENCY, compareFiles, readFiles, writeRows } from './scenes.mjs';

const here = dirname(fileURLToPath(import.meta.url));

/** Calls that may be on their way at once. */
const inFlight = (scene) => scene.concurrency ?? CONCURRENCY;

/**
 * Lives of a scene of one run begin with a copy of its folder, in which it is stored and nothing was
 * done: so they have the same id and date.
 */
async function storeRun(prepared) {
  const { scene, place, begin, environment } = prepared;
  prepared.origin = join(place, 'origin');
  const life = await live(['run', ...begin, '--data', prepared.origin, '--out', join(place, 'out-origin')], {
    environment: { ...environment, WINDROW_DIE_AT: 'call_before_send:1' },
  });
  check(life.was_killed && newestRun(prepared.origin) !== null, `${scene.name}: the run is stored`, life.end);
}

/** A data folder for a life of its own; the scene's place holds it if it is not a path. */
export function dataFolder(prepared, name) {
  const data = resolve(prepared.place, name);
  if (prepared.origin !== undefined) cpSync(prepared.origin, data, { recursive: true });
  return data;
}

/** Makes the scene's input and lives it once without a disturbance. */
export async function prepare(scene, folder, stub) {
  const place = join(folder, scene.name);
  mkdirSync(place);
  const csv = join(place, 'rows.csv');
  const file = join(place, 'workflow.yaml');
  await (scene.write ?? writeRows)(csv, scene.rows, stub);
  writeFileSync(file, scene.workflow(csv, stub.url));
  const begin = [file];
  if (scene.called !== undefined) {
    begin.push('--with', join(place, 'called.yaml'));
    writeFileSync(join(place, 'called.yaml'), scene.called(stub.url));
  }
  const prepared = { scene, place, begin, stub, environment: scene.environment?.(place, stub) ?? {} };
  if (scene.is_one_run) await storeRun(prepared);
  stub.reset();
  const label = `${scene.name} undisturbed`;
  const out = join(place, 'out-undisturbed');
  const data = dataFolder(prepared, 'undisturbed');
  const begun = Date.now();
  const life = await liveOn(prepared, data, out);
  check(life.code === 0, `${label}: it completes`, life.end);
  scene.span_ms ??= Date.now() - begun; // kills come in the time that it takes
  prepared.effects = checkCalls(stub.calls(), 0, label);
  prepared.reference = readFiles(scene, out);
  prepared.seen = scene.look?.(prepared, data, out, label);
  return prepared;
}

/** Goes on with what the data folder holds, or begins if nothing was stored yet. */
export function goOn(prepared, data, out) {
  const run = newestRun(data);
  const what = run === null ? prepared.begin : ['--resume', run.id];
  return ['run', ...what, '--data', data, '--out', out];
}

const liveOn = (prepared, data, out, { environment, ...how } = {}) =>
  live(goOn(prepared, data, out), { ...how, environment: { ...prepared.environment, ...environment } });

/** All that is left to do; the files, and what the scene looks at, are those of the undisturbed life. */
export async function finishAlike(prepared, data, out, label) {
  const life = await liveOn(prepared, data, out);
  if (!check(life.code === 0, `${label}: completes`, life.end)) return;
  compareFiles(prepared.scene, out, prepared.reference, label);
  checkSeen(prepared, data, out, label);
}

function checkSeen(prepared, data, out, label) {
  const seen = prepared.scene.look?.(prepared, data, out, label);
  check(isDeepStrictEqual(seen, prepared.seen), `${label}: it ends as undisturbed`,
    `${JSON.stringify(seen)}, not ${JSON.stringify(prepared.seen)}`);
}

/** A run that has ended writes its files again. */
async function finishAgain(prepared, data, out, label) {
  rmSync(out, { recursive: true });
  await finishAlike(prepared, data, out, `${label}, again`);
}

async function disturb(prepared, data, out, label) {
  const signal = random(6) === 0 ? 'SIGINT' : 'SIGKILL';
  const after = 5 + random(prepared.scene.span_ms);
  const life = await liveOn(prepared, data, out, { after, signal });
  /* Before a run is followed Ctrl-C ends the process at once; later it pauses the run. */
  const is_paused = signal === 'SIGINT' && (life.code === 130 || life.signal === 'SIGINT');
  const is_right = life.was_killed || life.code === 0 || is_paused;
  check(is_right, `${label}: ${signal} after ${after} ms`, life.end);
  if (life.was_killed) prepared.scene.lookDead?.(prepared, data, out, label);
  return life;
}

/** Lives with several kills at random instants each. */
export async function randomKills(prepared, kills) {
  const { scene, place, stub, effects } = prepared;
  for (let killed = 0, number = 0; killed < kills; number++) {
    const label = `${scene.name} life ${number}`;
    const data = dataFolder(prepared, `data-${number}`);
    const out = join(place, `out-${number}`);
    stub.reset();
    let cut = 0;
    for (let turn = 0; turn < 5; turn++) {
      const life = await disturb(prepared, data, out, label);
      cut += life.code === 0 ? 0 : 1;
      killed += life.was_killed ? 1 : 0;
      if (life.code === 0) break;
    }
    await finishAlike(prepared, data, out, label);
    const made = checkCalls(stub.calls(), cut * inFlight(scene), label);
    check(made === effects, `${label}: number of calls`, `${made}, not ${effects}`);
    if (number === 0) await finishAgain(prepared, data, out, label);
    rmSync(data, { recursive: true });
    rmSync(out, { recursive: true });
  }
}

/** The names come from the program's own list, so that a new point is tested at once. */
const faultPoints = () => {
  const header = readFileSync(join(here, '../../src/base/fault.h'), 'utf8');
  return [...header.matchAll(/^\s*FAULT_POINT\((\w+)\)/gm)].map((match) => match[1]);
};
const isOfFile = (name) => name.endsWith('_file');
const isOf = (part) => (name) => name.startsWith(`${part}_`);
/** Points that a run of calls and files comes by, one that makes files of items too, their making, a reshape, uploads, and a run over HTTP. */
export const points = {
  calls: faultPoints().filter((name) => !isOf('rows')(name) && !isOf('upload')(name) && !isOf('child')(name) && !isOfFile(name)),
  papers: faultPoints().filter((name) => !isOf('rows')(name) && !isOf('upload')(name) && !isOf('child')(name)),
  made: faultPoints().filter(isOfFile),
  rows: faultPoints().filter(isOf('rows')),
  children: faultPoints().filter((name) => /^child_.*_insert$/.test(name) || isOf('run')(name)),
  uploads: faultPoints().filter((name) => isOf('upload')(name) || isOf('writer')(name)),
  server: faultPoints().filter((name) => !['tap', 'record', 'rows', 'child', 'upload'].some((part) => isOf(part)(name)) && !isOfFile(name)),
};

/** Each of these points when it is reached for the n-th time; of a short test one n of each. */
export const at = (names, short, long) =>
  names.flatMap((name) => (isLong ? long : [short[random(short.length)]]).map((n) => `${name}:${n}`));

/** One kill at each of these points of the commit path. */
export async function namedKills(prepared, all) {
  const { scene, stub, effects } = prepared;
  for (const point of all) {
    const label = `${scene.name} ${point}`;
    const data = dataFolder(prepared, `data-${point.replace(':', '-')}`);
    const out = `${data}-out`;
    stub.reset();
    const life = await liveOn(prepared, data, out, { environment: { WINDROW_DIE_AT: point } });
    if (point.endsWith(':1')) check(life.was_killed, `${label}: the point is reached`, life.end);
    else check(life.was_killed || life.code === 0, label, life.end);
    if (life.was_killed) scene.lookDead?.(prepared, data, out, label);
    await finishAlike(prepared, data, out, label);
    const made = checkCalls(stub.calls(), life.was_killed ? inFlight(scene) : 0, label);
    check(made === effects, `${label}: number of calls`, `${made}, not ${effects}`);
    rmSync(data, { recursive: true });
  }
}

// --- retry of failed items ---

/** Refuses every ninth id until it is healed; remembers calls as the stub does. */
export async function startMoody() {
  const state = { calls: [], is_healed: false };
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    let text = '';
    request.on('data', (piece) => (text += piece));
    request.on('end', () => {
      const { id } = JSON.parse(text);
      state.calls.push({
        id,
        idempotency_key: request.headers['idempotency-key'] ?? null,
        body_sha256: createHash('sha256').update(text).digest('hex'),
      });
      response.writeHead(state.is_healed || id % 9 !== 0 ? 200 : 422, { 'content-type': 'application/json' });
      response.end(text);
    });
  });
  await new Promise((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    calls: () => state.calls,
    isFailing: (call) => call.id % 9 === 0,
    heal: () => (state.is_healed = true),
    reset: () => Object.assign(state, { calls: [], is_healed: false }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Retries, or goes on with a retry that was begun. */
function goOnRetrying(data, out) {
  const run = newestRun(data);
  const is_begun = run.generation === 2;
  return [...(is_begun ? ['run', '--resume'] : ['runs', 'retry']), run.id, '--data', data, '--out', out];
}

/** At the scene's own point, else at random. */
function howToDie(scene, turn) {
  if (scene.point === undefined || turn > 0) return { after: 10 + random(scene.span_ms / 2) };
  return { environment: { WINDROW_DIE_AT: `${scene.point}:${1 + random(10)}` } };
}

const liveRetrying = (prepared, data, out, { environment, ...how } = {}) =>
  live(goOnRetrying(data, out), { ...how, environment: { ...prepared.environment, ...environment } });

/** `retried`: what an undisturbed retry came to. */
async function retryLife(prepared, retried, number) {
  const { scene, place, stub: moody } = prepared;
  const label = `${scene.name} life ${number}`;
  const data = dataFolder(prepared, `data-${number}`);
  const out = join(place, `out-${number}`);
  moody.reset();
  let cut = 0;
  if ((await liveOn(prepared, data, out, { after: 20 + random(scene.span_ms) })).was_killed) cut++;
  await finishAlike(prepared, data, out, label);
  const first = moody.calls().length;
  moody.heal();
  for (let turn = 0; turn < 2; turn++) {
    const life = await liveRetrying(prepared, data, out, howToDie(scene, turn));
    cut += life.was_killed ? 1 : 0;
    if (life.code === 0) break;
  }
  const life = await liveRetrying(prepared, data, out);
  const again = newestRun(data);
  /* The retry may have completed before the kill: then there is nothing left to do. */
  check(life.code === 0 && again.generation === 2, `${label}: the retry completes`, life.end);
  compareFiles(scene, out, retried.reference, `${label} retried`);
  checkSeen(retried, data, out, `${label} retried`);
  const made = checkCalls(moody.calls(), cut * inFlight(scene), label);
  check(made === retried.effects, `${label}: number of calls`, `${made}, not ${retried.effects}`);
  const others = moody.calls().slice(first).filter((call) => !moody.isFailing(call));
  check(others.length === 0, `${label}: a retry calls for failed items only`, `${others.length} others`);
  rmSync(data, { recursive: true });
}

async function retryUndisturbed(prepared) {
  const { scene, place, stub: moody } = prepared;
  const label = `${scene.name}: the undisturbed retry`;
  const data = join(place, 'undisturbed');
  const out = join(place, 'out-retried');
  const first = moody.calls().length;
  moody.heal();
  const life = await liveRetrying(prepared, data, out);
  check(life.code === 0, label, life.end);
  const effects = checkCalls(moody.calls(), 0, label);
  check(moody.calls().slice(first).every(moody.isFailing), `${label} calls for failed items only`);
  const reference = readFiles(scene, out);
  check(reference[0] !== prepared.reference[0], `${label} adds rows`);
  return { ...prepared, effects, reference, seen: scene.look?.(prepared, data, out, label) };
}

/** Kills around `runs retry`: what went well is not called again, what failed gets a new key. */
export async function retryKills(scene, folder, moody, lives) {
  const prepared = await prepare(scene, folder, moody);
  const retried = await retryUndisturbed(prepared);
  for (let number = 0; number < lives; number++) await retryLife(prepared, retried, number);
}
