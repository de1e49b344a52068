// The program under test: lives of commands that may be killed, and a server.

import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { check, counts, option } from './check.mjs';

const here = dirname(fileURLToPath(import.meta.url));
export const windrow = process.env.WINDROW ?? join(here, '../../build/windrow');
/** Nothing that is asked for takes so long, not even in a build with sanitizers. */
export const HANG_MS = option('--rows', 0) > 100_000 ? 600_000 : 60_000;

function start(args, environment = {}, program = windrow) {
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, WINDROW_ALLOW: '127.0.0.1', ...environment },
  });
}

/** Collects words, and the end. What hangs is ended, and said. */
function follow(child, label, hangMs) {
  const life = { words: '', output: '' };
  child.stderr.on('data', (piece) => (life.words += piece));
  child.stdout.on('data', (piece) => (life.output += piece));
  const guard =
    hangMs === null
      ? null
      : setTimeout(() => {
          check(false, `${label} hangs`, `no end after ${hangMs} ms; it said: ${life.words}`);
          child.kill('SIGKILL');
        }, hangMs);
  life.ended = new Promise((resolve) =>
    child.on('close', (code, signal) => {
      clearTimeout(guard);
      resolve({ code, signal });
    }),
  );
  return life;
}

/**
 * One life of a command. After `after` ms (if given) it gets `signal`, and its children do not outlive it.
 * @returns {Promise<{code: number|null, signal: string|null, words: string, output: string,
 *   was_killed: boolean, end: string}>}
 */
export async function live(args, { after = null, signal = 'SIGKILL', environment = {}, program } = {}) {
  const child = start(args, environment, program);
  const life = follow(child, args.join(' '), HANG_MS);
  let children = [];
  const kill = () => {
    children = childrenOf(child.pid) ?? [];
    child.kill(signal);
  };
  const killer = after === null ? null : setTimeout(kill, after);
  const end = await life.ended;
  clearTimeout(killer);
  await checkGone(children, args.join(' '));
  const was_killed = end.signal === 'SIGKILL';
  if (was_killed) counts.killed++;
  return { ...end, ...life, was_killed, end: `${end.code ?? end.signal} ${life.words}` };
}

/** A life that goes on beside the caller: words() so far, and its end. */
export function begin(args, environment, program) {
  const child = start(args, environment, program);
  const life = follow(child, args.join(' '), HANG_MS);
  return { pid: child.pid, ended: life.ended, words: () => life.words };
}

// --- children ---

/** Of a process: its parent's id and whether it still runs; null if it is gone. */
function statusOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(parent), is_running: state !== 'Z' && state !== 'X' };
  } catch {
    return null;
  }
}

/** The ids of a process's running children, or null if it has none. */
export function childrenOf(pid) {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
  const children = all.filter((id) => {
    const status = statusOf(id);
    return status !== null && status.parent === pid && status.is_running;
  });
  return children.length > 0 ? children : null;
}

/* The system ends them, a moment later perhaps. */
async function checkGone(children, label) {
  const isThere = (pid) => statusOf(pid)?.is_running;
  for (const deadline = Date.now() + HANG_MS; Date.now() < deadline && children.some(isThere); ) await sleep(5);
  if (children.some(isThere)) check(false, `${label}: children outlive it`, children);
}

// --- what is stored ---

/** The newest run of a data folder, or null. */
export function newestRun(data) {
  const listed = spawnSync(windrow, ['runs', 'list', '--parent', 'none', '--json', '--data', data], {
    encoding: 'utf8',
    timeout: HANG_MS,
  });
  return listed.status === 0 ? (JSON.parse(listed.stdout).data[0] ?? null) : null;
}

/** The newest run with all that is shown of it. */
export function showRun(data) {
  const shown = spawnSync(windrow, ['runs', 'show', newestRun(data).id, '--json', '--data', data], {
    encoding: 'utf8',
    timeout: HANG_MS,
  });
  if (shown.status !== 0) throw new Error(`runs show: ${shown.status ?? shown.signal} ${shown.stderr}`);
  return JSON.parse(shown.stdout);
}

/** The paths of all files below a folder, by their names. */
export const filesBelow = (folder) =>
  new Map((existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [...filesBelow(path)] : [[entry.name, path]];
  }));

/** The items of a table of the newest run. */
export function items(data, table) {
  const listed = spawnSync(windrow, ['runs', 'items', newestRun(data).id, '--table', table, '--data', data], {
    encoding: 'utf8',
    timeout: HANG_MS,
    maxBuffer: 1 << 28,
  });
  if (listed.status !== 0) throw new Error(`runs items: ${listed.status ?? listed.signal} ${listed.stderr}`);
  return listed.stdout.trim().split('\n').map((line) => JSON.parse(line));
}

/** What a copy of the store answers: a row each. */
export function query(data, sql) {
  const copy = mkdtempSync(join(tmpdir(), 'windrow-store-'));
  for (const name of ['windrow.db', 'windrow.db-wal'])
    if (existsSync(join(data, name))) copyFileSync(join(data, name), join(copy, name));
  const asked = spawnSync('sqlite3', ['-json', join(copy, 'windrow.db'), sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
  rmSync(copy, { recursive: true });
  if (asked.status !== 0) throw new Error(`sqlite3: ${asked.error ?? asked.stderr}`);
  return JSON.parse(asked.stdout || '[]');
}

export function makeKey(data) {
  const made = spawnSync(windrow, ['keys', 'create', '--data', data, '--json'], {
    encoding: 'utf8',
    timeout: HANG_MS,
  });
  if (made.status !== 0) throw new Error(`keys create: ${made.status ?? made.signal} ${made.stderr}`);
  return JSON.parse(made.stdout).apiKey;
}

/* A port on which nobody listens. */
const NOWHERE = 1;

/**
 * A server, when it listens. `ended` and `words()` tell the rest. One that is to die at a point may come by it
 * before it listens: nobody reaches it then.
 */
export async function startServer(data, environment = {}) {
  const args = ['serve', '--data', data, '--listen', '127.0.0.1:0', '--allow', '127.0.0.1'];
  const child = start(args, environment);
  const life = follow(child, 'the server', null);
  const words = () => life.words;
  let hang = null;
  const port = await new Promise((resolve, reject) => {
    hang = setTimeout(() => reject(new Error(`the server does not listen: ${life.words}`)), HANG_MS);
    child.stderr.on('data', () => {
      const match = life.words.match(/http:\/\/127\.0\.0\.1:(\d+)/);
      if (match !== null) resolve(Number(match[1]));
    });
    life.ended.then((end) => {
      if (environment.WINDROW_DIE_AT && end.signal === 'SIGKILL') resolve(NOWHERE);
      else reject(new Error(`the server ended: ${end.code ?? end.signal} ${life.words}`));
    });
  });
  clearTimeout(hang);
  return { child, port, ended: life.ended, words };
}

export async function killServer(server) {
  server.child.kill('SIGKILL');
  counts.killed++;
  await server.ended;
}

/** Asked to stop, it stops well. */
export async function stopServer(server) {
  const hang = setTimeout(() => server.child.kill('SIGKILL'), HANG_MS);
  server.child.kill('SIGTERM');
  const end = await server.ended;
  clearTimeout(hang);
  check(end.code === 0, 'the server stops when asked', `${end.code ?? end.signal} ${server.words()}`);
}

/** One HTTP request; body: text, or a value that is sent as JSON. */
export function ask(server, key, method, path, { body = null, type = 'application/json', agent, headers: more = {} } = {}) {
  const text = body === null ? '' : typeof body === 'string' ? body : JSON.stringify(body);
  const headers = { ...more, 'x-api-key': key, 'content-length': Buffer.byteLength(text) };
  if (body !== null) headers['content-type'] = type;
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: server.port, path, method, headers, agent, timeout: HANG_MS },
      (response) => {
        let answer = '';
        response.on('data', (piece) => (answer += piece));
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, text: answer }));
      },
    );
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error(`no answer to ${method} ${path}`)));
    call.end(text);
  });
}
