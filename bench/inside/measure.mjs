// What the benches share: folders, the program, the tools beside it, and how figures are printed.

import { execFile, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
export const WINDROW = resolve(process.env.WINDROW ?? join(root, 'build/windrow'));
const TOOLS = join(dirname(WINDROW), 'bench');
const LONGEST_MS = 600_000;

/** The path of one of the C programs of bench/, in the build of the program under test. */
export function tool(name) {
  const path = join(TOOLS, name);
  if (!existsSync(path)) throw new Error(`${path} is missing; ninja -C ${dirname(WINDROW)} benches`);
  return path;
}

const cleanups = [];

/** Runs one bench; its folders and processes end with it. */
export async function bench(title, body) {
  const load = loadavg()[0].toFixed(2);
  console.log(`${title}\n(${cpus().length} cores, load ${load} at the start)\n`);
  try {
    await body();
  } finally {
    for (const end of cleanups.reverse()) await end();
  }
}

/** A new folder; WINDROW_BENCH_DIR chooses the disk. */
export function folder() {
  const path = mkdtempSync(join(process.env.WINDROW_BENCH_DIR ?? tmpdir(), 'windrow-bench-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Runs a program to its end; gives what it printed. */
export function run(program, ...args) {
  return new Promise((done, failed) => {
    const options = { maxBuffer: 1 << 26, timeout: LONGEST_MS, env: environment() };
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error) failed(new Error(`${program} ${args.join(' ')}: ${error.message}\n${stderr}`));
      else done(stdout);
    });
  });
}

/** A tool that prints one line of JSON. */
export async function ask(name, ...args) {
  return JSON.parse(await run(tool(name), ...args.map(String)));
}

function environment() {
  return { ...process.env, WINDROW_ALLOW: '127.0.0.1' };
}

/**
 * `windrow run` of a workflow in a folder of its own (data/ and out/ in it), watched: seconds, user,
 * system, peak_kib. Every item must complete, or the figures would be of something else.
 */
export async function watchedRun(workflow, home) {
  const data = join(home, 'data');
  const took = await ask('watch', 'run', WINDROW, 'run', workflow, '--data', data, '--out', join(home, 'out'));
  if (took.exit !== 0) throw new Error(`windrow run ended with ${took.exit}`);
  const listed = JSON.parse(await run(WINDROW, 'runs', 'list', '--data', data, '--json')).data[0];
  for (const table of listed.counts.tables) {
    if (table.completed !== table.items)
      throw new Error(`of table "${table.table}" only ${table.completed} of ${table.items} items completed`);
  }
  return took;
}

/** A process that prints its port on its first line and ends with the bench or by stop(). */
export async function servant(program, args, stdio) {
  const child = spawn(program, args, { stdio, env: environment() });
  const ended = new Promise((done) => child.once('exit', done));
  const stop = async (signal = 'SIGTERM') => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
  };
  cleanups.push(stop);
  return { child, stop };
}

async function firstLine(stream) {
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('it ended without a line');
}

/** The stub that answers after so many milliseconds; gives port and stop(). */
export async function startStub(delayMs) {
  const { child, stop } = await servant(tool('stub'), [String(delayMs)], ['ignore', 'pipe', 'inherit']);
  return { port: Number(await firstLine(child.stdout)), stop };
}

/** HTTP and one insert, see front.c. */
export async function startFront() {
  const { child, stop } = await servant(tool('front'), [folder()], ['pipe', 'pipe', 'inherit']);
  const port = Number(await firstLine(child.stdout));
  return {
    port,
    pid: child.pid,
    stop: () => {
      child.stdin.end();
      return stop('SIGCONT'); // the end of its input ends it
    },
  };
}

/** The bare HTTP server with a fixed answer, given at once or (isLater) from another thread. */
export async function startBareHttp(isLater = false) {
  const port = await freePort();
  const args = ['1', `127.0.0.1:${port}`, ...(isLater ? ['later'] : [])];
  const { child, stop } = await servant(tool('bare_http'), args, ['pipe', 'ignore', 'pipe']);
  await firstLine(child.stderr);
  return { port, stop };
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** windrow serve over a folder, ready for requests; with a key. */
export async function startServer(data, ...more) {
  const port = await freePort();
  const args = ['serve', '--listen', `127.0.0.1:${port}`, '--data', data, ...more];
  const { child, stop } = await servant(WINDROW, args, ['ignore', 'inherit', 'pipe']);
  let words = '';
  await new Promise((done, failed) => {
    child.once('exit', () => failed(new Error(`the server ended:\n${words}`)));
    child.stderr.on('data', (piece) => {
      words += piece;
      if (words.includes('listening on')) done();
    });
  });
  const key = JSON.parse(execFileSync(WINDROW, ['keys', 'create', '--data', data, '--json'])).apiKey;
  return { port, key, stop, pid: child.pid };
}

/** Stores and publishes a workflow (YAML) on a server; gives its id. */
export async function publish(server, yaml) {
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/workflows?publish=true`, {
    method: 'POST',
    headers: { 'x-api-key': server.key, 'content-type': 'text/yaml' },
    body: yaml,
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()).data.id;
}

/** Seconds of the processor that a process has used; the kernel counts in hundredths. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function write(path, text) {
  writeFileSync(path, text);
  return path;
}

// --- what the machine can do ---

/** 4 KB written and synced, again and again: how many a second, and the median in milliseconds. */
export async function disk(path, seconds = 1) {
  const text = await run(tool('bench_store'), path, String(seconds), '1');
  const found = /(\d+) \/s\s+p50\s+([\d.]+) ms/.exec(text);
  return { rate: Number(found[1]), p50Ms: Number(found[2]) };
}

/** The rate that one line of bench_store prints. */
export async function storeRate(path, line, seconds = 1) {
  const text = await run(tool('bench_store'), path, String(seconds), String(line));
  return Number(/(\d+) (?:\/s|MB\/s)/.exec(text)[1]);
}

export const STORE_LINE = { bareBatch: 3, runs64: 6, effects: 8 };

// --- printing ---

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

function shown(value, unit) {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const text = value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return unit ? `${text} ${unit}` : text;
}

/**
 * One figure of ours beside its bars: how often it fulfils each (1.00 or more is reached).
 * @param {string} label
 * @param {number} value
 * @param {{unit?: string, must?: number, aim?: number, less?: boolean}} bars less: the smaller, the better
 */
export function figure(label, value, { unit = '', must, aim, less = false } = {}) {
  let line = `  ${label.padEnd(46)}${shown(value, unit).padStart(14)}`;
  for (const [name, bar] of [['must', must], ['aim', aim]]) {
    if (bar === undefined) continue;
    const reached = less ? bar / value : value / bar;
    line += `   ${name} ${shown(bar, unit)}: ${reached.toFixed(2)}${reached < 1 ? ' MISSED' : ''}`;
  }
  console.log(line);
}

/** A limit of the machine, measured in the same run, and our part of it. */
export function limit(label, value, { unit = '', part } = {}) {
  const line = `    beside ${label}`.padEnd(48) + shown(value, unit).padStart(14);
  console.log(part === undefined ? line : `${line}   ours is ${part.toFixed(2)} of it`);
}
