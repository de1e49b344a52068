// What others cost those who work: starts of runs beside clients that hang, beside idle connections, beside a million
// finished runs; and what TLS costs.
//
//   node bench/crowd.mjs [ROUNDS [SECONDS [RUNS]]]

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  ask, bench, cpuSeconds, figure, folder, freePort, limit, median, publish, run, servant, startServer, tool,
} from './inside/measure.mjs';

const ROUNDS = Number(process.argv[2] ?? 3);
const SECONDS = Number(process.argv[3] ?? 2);
const RUNS = Number(process.argv[4] ?? 1_000_000);
const HANGING = 1000;
const LARGE = 16 << 20;
const IDLE = 10_000;
const TLS_IDLE = 1000;
const TLS_REQUESTS = 20_000;
const BODY = JSON.stringify({ input: { size: 41 } });
const WORKFLOW = `name: Finished
steps:
  - id: answer
    type: transform
    config: { expression: ".input.size + 1" }
`;

const pssKib = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);

async function starts(server, path, clients, ...more) {
  const result = await ask('load', '127.0.0.1', server.port, path, '-c', clients, '-d', SECONDS, '-b', BODY, '-k', server.key, '-e', 201, ...more);
  if (result.failed > 0 || result.broken > 0) throw new Error(`${result.failed} answers were wrong, ${result.broken} connections ended`);
  return result;
}

/** A file that no socket's buffers hold. */
async function upload(server) {
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/files?name=large`, {
    method: 'POST', headers: { 'x-api-key': server.key, 'content-type': 'application/octet-stream' }, body: Buffer.alloc(LARGE),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
  return `/v1/files/${(await answer.json()).data.id}/content`;
}

/* Each kind sends something and then neither sends nor reads: half a head, half a body, an answer left lying. */
const kinds = (server, path, large) => [
  'GET /v1/workflow-runs HTTP/1.1\r\nHost: x\r\nX-A',
  `POST ${path} HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${server.key}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"input"`,
  `GET ${large} HTTP/1.1\r\nHost: x\r\nX-Api-Key: ${server.key}\r\n\r\n`,
];

/** Keeps so many hanging clients open: who is cut off comes again. */
function hang(port, words) {
  const sockets = new Set();
  let is_over = false;
  const open = (i) => {
    if (is_over) return;
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.pause();
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket) && setTimeout(open, 100, i));
    socket.write(words[i % words.length]);
  };
  for (let i = 0; i < HANGING; i++) open(i);
  return () => {
    is_over = true;
    for (const socket of sockets) socket.destroy();
  };
}

/** In turn, so that they meet the same weather: [[rate of 64, p99 of one], …] by kind. */
async function besideOthers(server, path) {
  const seen = { alone: [], hanging: [], idle: [] };
  const words = kinds(server, path, await upload(server));
  for (let round = 0; round < ROUNDS; round++) {
    const both = async (...more) => [(await starts(server, path, 64, ...more)).rate, (await starts(server, path, 1, ...more)).p99_us / 1000];
    seen.alone.push(await both());
    const stop = hang(server.port, words);
    await sleep(500);
    seen.hanging.push(await both());
    stop();
    seen.idle.push(await both('-h', IDLE));
  }
  return seen;
}

function printBeside(seen) {
  const middle = (kind, i) => median(seen[kind].map((pair) => pair[i]));
  figure('starts a second, 64 clients', middle('alone', 0), { unit: '/s' });
  for (const [kind, words] of [['hanging', `beside ${HANGING} clients that hang`], ['idle', `beside ${IDLE} idle connections`]])
    figure(`  part of it that stays ${words}`, median(seen[kind].map(([rate], i) => rate / seen.alone[i][0])), { must: 0.9 });
  figure('p99 of one client', middle('alone', 1), { unit: 'ms' });
  figure(`  beside ${HANGING} clients that hang`, middle('hanging', 1), { unit: 'ms' });
  figure(`  beside ${IDLE} idle connections`, middle('idle', 1), { unit: 'ms' });
  console.log();
}

/** A folder with a workflow, and a server on it after `fill` has put so many runs there. */
async function filled(count) {
  const data = join(folder(), 'data');
  const server = await startServer(data);
  const path = `/v1/workflows/${await publish(server, WORKFLOW)}/runs`;
  await server.stop();
  if (count > 0) await run(tool('fill'), data, String(count), 'completed', 'api');
  return { server: await startServer(data), path };
}

async function besideFinished() {
  const empty = await filled(0);
  const full = await filled(RUNS);
  const parts = [];
  for (let round = 0; round < 2 * ROUNDS; round++) {
    const alone = (await starts(empty.server, empty.path, 64)).rate;
    parts.push((await starts(full.server, full.path, 64)).rate / alone);
  }
  figure(`part of the starts that stays with ${RUNS.toLocaleString('en')} finished runs`, median(parts), { must: 0.9 });
  console.log();
  await empty.server.stop();
  await full.server.stop();
}

// --- TLS ---

function makeCertificate() {
  const place = folder();
  const [cert, key] = [join(place, 'cert.pem'), join(place, 'key.pem')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

/** Handshakes a second, each with one request, as openssl's client makes them. */
async function handshakes(port) {
  const text = await run('openssl', 's_time', '-connect', `127.0.0.1:${port}`, '-new', '-time', String(SECONDS), '-www', '/healthz');
  return Number(/(\d+) connections in (\d+) real seconds/.exec(text)[1]) / SECONDS;
}

/** Requests a second on one connection, by curl. */
async function requests(base) {
  const begun = performance.now();
  await run('curl', '-sk', '--fail', '-o', '/dev/null', `${base}/healthz#[1-${TLS_REQUESTS}]`);
  return TLS_REQUESTS / ((performance.now() - begun) / 1000);
}

async function idleKib(server, scheme, cert) {
  const before = pssKib(server.pid);
  const { connect: connectTls } = await import('node:tls');
  const sockets = await Promise.all(Array.from({ length: TLS_IDLE }, () => new Promise((done, failed) => {
    const options = { host: '127.0.0.1', port: server.port };
    const socket = scheme === 'http' ? connect(options) : connectTls({ ...options, ca: readFileSync(cert), checkServerIdentity: () => {} });
    socket.once(scheme === 'http' ? 'connect' : 'secureConnect', () => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'));
    socket.once('data', () => done(socket));
    socket.once('error', failed);
  })));
  const used = (pssKib(server.pid) - before) / TLS_IDLE;
  for (const socket of sockets) socket.destroy();
  return used;
}

async function tls() {
  const { cert, key } = makeCertificate();
  const plain = await startServer(folder());
  const safe = await startServer(folder(), '--tls-cert', cert, '--tls-key', key);
  const bare = await freePort();
  const stop = servant('openssl', ['s_server', '-accept', String(bare), '-cert', cert, '-key', key, '-www', '-quiet'], 'ignore');
  await sleep(300);
  const before = cpuSeconds(safe.pid);
  const ours = await handshakes(safe.port);
  const cpu = ((cpuSeconds(safe.pid) - before) / (ours * SECONDS)) * 1000;
  figure('handshakes a second, each with a request', ours, { unit: '/s' });
  const theirs = await handshakes(bare);
  limit('openssl s_server', theirs, { unit: '/s', part: ours / theirs });
  figure('  processor time of the server for one', cpu, { unit: 'ms' });
  const over = await requests(`https://127.0.0.1:${safe.port}`);
  figure('requests a second on one connection', over, { unit: '/s' });
  const open = await requests(`http://127.0.0.1:${plain.port}`);
  limit('the same without TLS', open, { unit: '/s', part: over / open });
  figure('memory of an idle connection', await idleKib(safe, 'https', cert), { unit: 'KiB' });
  limit('the same without TLS', await idleKib(plain, 'http', cert), { unit: 'KiB' });
  await (await stop).stop();
}

await bench('Beside others, and TLS', async () => {
  const server = await startServer(folder());
  const path = `/v1/workflows/${await publish(server, WORKFLOW)}/runs`;
  printBeside(await besideOthers(server, path));
  await server.stop();
  await besideFinished();
  await tls();
});
