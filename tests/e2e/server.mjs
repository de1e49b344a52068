// The real program for end-to-end tests: its own port, data folder and log for each.
//
// Tests import startServer(); they know the HTTP API and the command line, nothing else.

import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { checkAnswer } from './contract.mjs';

const run = promisify(execFile);
export const WINDROW = resolve(process.env.WINDROW ?? 'build/windrow');
const START_MS = 120_000;
const STOP_MS = 120_000;

/** Waits until `look` gives something true; fails after `ms`, long enough for a build with
 * sanitizers, with `what`. */
export async function until(look, what, ms = 120_000) {
  const end = Date.now() + ms;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

/** Runs a command of the program to its end; gives code, stdout and stderr. */
export async function windrow(...args) {
  try {
    const { stdout, stderr } = await run(WINDROW, args, { maxBuffer: 1 << 28 });
    return { code: 0, stdout, stderr };
  } catch (error) {
    if (typeof error.code !== 'number') throw error;
    return { code: error.code, stdout: error.stdout, stderr: error.stderr };
  }
}

function listening(child, log) {
  return new Promise((resolved, rejected) => {
    const late = setTimeout(() => rejected(new Error(`no server in time:\n${log.text}`)), START_MS);
    child.once('exit', (code, signal) => {
      clearTimeout(late);
      rejected(new Error(`the server ended with ${code ?? signal}:\n${log.text}`));
    });
    child.stderr.on('data', (piece) => {
      log.text += piece;
      const line = /listening on (https?:\/\/[^"\s]+)/.exec(log.text);
      if (!line) return;
      clearTimeout(late);
      resolved(line[1]);
    });
  });
}

class Server {
  constructor(data, args) {
    this.data = data;
    /** What nobody may ever read again: values of secrets that were put. */
    this.secrets = new Set();
    this.args = args;
    /** Variables for starts to come. */
    this.environment = {};
  }

  async start() {
    const args = ['serve', '--listen', '127.0.0.1:0', '--data', this.data, ...this.args];
    const log = { text: '' };
    this.log = log;
    const env = { ...process.env, ...this.environment };
    this.child = spawn(WINDROW, args, { stdio: ['ignore', 'inherit', 'pipe'], env });
    /* Not at its exit: what it has said last may come behind that. */
    this.ended = new Promise((done) =>
      this.child.once('close', (code, signal) => done({ code, signal })),
    );
    this.url = await listening(this.child, log);
    this.port = Number(new URL(this.url).port);
  }

  /** Sends the signal and waits for the end; a process that does not end is killed. */
  async end(signal = 'SIGTERM') {
    const late = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    this.child.kill(signal);
    const how = await this.ended;
    clearTimeout(late);
    await this.checkSecrets();
    return how;
  }

  /** No byte that the program wrote holds a key of its API, or a secret. */
  async checkSecrets() {
    const needles = [...this.secrets, ...(this.key?.apiKey ? [this.key.apiKey] : [])];
    if (needles.length === 0) return;
    for (const needle of needles)
      if (this.log.text.includes(needle)) throw new Error(`the log holds the secret ${needle}`);
    const held = await new Promise((done) => {
      const grep = spawn('grep', ['-rlaF', '-f', '-', this.data], { stdio: ['pipe', 'pipe', 'ignore'] });
      let text = '';
      grep.stdout.on('data', (piece) => (text += piece));
      grep.on('close', () => done(text));
      grep.stdin.end(`${needles.join('\n')}\n`);
    });
    if (held !== '') throw new Error(`a secret stands in ${held}`);
  }

  /** A secret that is put is in no answer from then on. */
  noteSecret(method, path, body) {
    const value = method === 'PUT' && path.startsWith('/v1/secrets/') ? body?.value : undefined;
    if (typeof value === 'string' && value.length >= 12 && !/[\r\n]/.test(value)) this.secrets.add(value);
  }

  async restart(signal = 'SIGKILL') {
    await this.end(signal);
    await this.start();
  }

  /** Ends the process and removes its folder; says so if it did not end well by itself. */
  async close() {
    const alive = this.child.exitCode === null && this.child.signalCode === null;
    const how = alive ? await this.end() : { code: 0 };
    await rm(this.data, { recursive: true, force: true });
    if (how.code !== 0)
      throw new Error(`the server ended with ${how.code ?? how.signal}:\n${this.log.text}`);
  }

  async makeKey() {
    const { stdout } = await run(WINDROW, ['keys', 'create', '--data', this.data, '--json']);
    return JSON.parse(stdout);
  }

  /**
   * One request. `body`: text as it is, anything else as JSON. `key`: what to authenticate with,
   * the server's own by default, null for nothing.
   */
  async ask(method, path, { body, type, key = this.key, headers = {} } = {}) {
    const sent = { ...headers };
    if (key) sent['x-metal-api-key'] = key.apiKey;
    if (key?.clientId) sent['x-metal-client-id'] = key.clientId;
    if (body !== undefined) sent['content-type'] = type ?? 'application/json';
    const answer = await fetch(this.url + path, {
      method,
      headers: sent,
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    this.noteSecret(method, path, body);
    const text = await answer.text();
    for (const secret of this.secrets)
      if (text.includes(secret)) throw new Error(`${method} ${path} answers with a secret: ${text}`);
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    if (answer.headers.get('content-type') === 'application/json')
      await checkAnswer(this.url, method, path, answer.status, json);
    return { status: answer.status, headers: answer.headers, text, json, data: json?.data };
  }

  get(path, options) {
    return this.ask('GET', path, options);
  }

  post(path, body, options = {}) {
    return this.ask('POST', path, { body, ...options });
  }

  /** A request as bytes, for what fetch() would tidy up; gives the status of the answer. */
  raw(head, body = '') {
    return new Promise((resolved, rejected) => {
      let text = '';
      const socket = connect(this.port, '127.0.0.1', () => {
        socket.write(`${head}\r\nHost: windrow\r\nConnection: close\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      });
      socket.on('data', (piece) => (text += piece));
      socket.on('error', rejected);
      socket.on('close', () => {
        const line = /^HTTP\/1\.1 (\d{3})/.exec(text);
        if (line) resolved({ status: Number(line[1]), text });
        else rejected(new Error(`no answer to ${head}: ${text}`));
      });
    });
  }

  /** Stores and publishes a workflow (YAML); gives its record. */
  async publish(yaml) {
    const answer = await this.post('/v1/workflows?publish=true', yaml, { type: 'text/yaml' });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    return answer.data;
  }

  /** Starts a run; gives its record. */
  async begin(workflow, input) {
    const answer = await this.post(`/v1/workflows/${workflow.id}/runs`, { input });
    if (answer.status !== 201) throw new Error(`${answer.status} ${answer.text}`);
    return answer.data;
  }

  /** The run once it is in one of these states. */
  reach(id, ...states) {
    return until(async () => {
      const { data } = await this.get(`/v1/workflow-runs/${id}`);
      return data && states.includes(data.status) ? data : null;
    }, `run ${id} to be ${states.join(' or ')}`);
  }

  reachEnd(id) {
    return this.reach(id, 'completed', 'failed', 'cancelled');
  }
}

/** A server on a free port over a new data folder, with a key of every scope. */
export async function startServer(...args) {
  const server = new Server(await mkdtemp(join(tmpdir(), 'windrow-e2e-')), args);
  await server.start();
  server.key = await server.makeKey();
  return server;
}

/** A server on a free port over a data folder that is there, asked with that key. */
export async function startServerOn(data, key, ...args) {
  const server = new Server(data, args);
  await server.start();
  server.key = key;
  return server;
}
