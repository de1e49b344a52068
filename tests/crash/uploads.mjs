// Files that are sent to a server that is killed, or whose disk is full: what was acknowledged is there
// and whole, what was not leaves nothing that is listed but whole files, and nothing half.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, isLong, random } from './check.mjs';
import { points } from './lives.mjs';
import { HANG_MS, ask, killServer, makeKey, startServer, stopServer } from './program.mjs';

const MIB = 1 << 20;
const CLIENTS = 6;
const LONGEST = 5 * MIB;

const bytesOf = (size) => {
  const bytes = Buffer.alloc(size);
  for (let i = 0, n = random(1 << 30); i < size; i++, n += 1 + (i >> 6)) bytes[i] = n;
  return bytes;
};
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** As it is, in chunks, or in a form. */
function framed(bytes, kind) {
  if (kind < 2) return { head: kind === 0 ? { 'content-length': bytes.length } : {}, pieces: [bytes] };
  const begin = Buffer.from('--XX\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n');
  return { head: { 'content-type': 'multipart/form-data; boundary=XX' }, pieces: [begin, bytes, Buffer.from('\r\n--XX--\r\n')] };
}

/** Sends a file; its record once it is acknowledged, or {status, text}, or null if the server went away. */
export function send(server, key, bytes, kind = 0) {
  const { head, pieces } = framed(bytes, kind);
  return new Promise((resolve) => {
    const call = request({ host: '127.0.0.1', port: server.port, path: '/v1/files?name=x', method: 'POST', headers: { 'x-api-key': key, ...head } }, (response) => {
      let text = '';
      response.on('data', (piece) => (text += piece));
      response.on('error', () => resolve(null));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    call.on('error', () => resolve(null));
    for (const whole of pieces)
      for (let at = 0; at < whole.length; at += 64 * 1024) call.write(whole.subarray(at, at + 64 * 1024));
    call.end();
  });
}

/** Clients that send files one after the other until the server goes away or it is over. */
async function load(server, key, state, isOver) {
  const client = async () => {
    while (!isOver()) {
      const bytes = bytesOf(random(4) === 0 ? random(2000) : random(LONGEST));
      const digest = sha256(bytes);
      state.sent.add(digest);
      const answer = await send(server, key, bytes, random(3));
      if (answer === null) return;
      if (check(answer.status === 201, 'a file is stored', `${answer.status} ${answer.text}`))
        state.acknowledged.set(JSON.parse(answer.text).data.id, digest);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
}

/** What is listed, all of it. */
async function listAll(server, key) {
  const all = [];
  for (let before = ''; ; ) {
    const { text } = await ask(server, key, 'GET', `/v1/files?limit=1000${before}`);
    const { data } = JSON.parse(text);
    all.push(...data);
    if (data.length < 1000) return all;
    before = `&lt=${data[data.length - 1].id}`;
  }
}

async function contentOf(server, key, id) {
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/files/${id}/content`, { headers: { 'x-api-key': key } });
  return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
}

export async function checkFiles(server, key, data, state, label) {
  const listed = new Map((await listAll(server, key)).map((file) => [file.id, file]));
  for (const [id, digest] of state.acknowledged)
    check(listed.get(id)?.sha256 === digest, `${label}: ${id} was acknowledged and is there`, JSON.stringify(listed.get(id)));
  for (const [id, file] of listed) {
    check(state.sent.has(file.sha256), `${label}: ${id} is a file that was sent`, JSON.stringify(file));
    if (state.looked.has(id)) continue;
    const { status, bytes } = await contentOf(server, key, id);
    check(status === 200 && sha256(bytes) === file.sha256 && bytes.length === file.bytes, `${label}: ${id} is whole`, `${status}, ${bytes.length} of ${file.bytes} bytes`);
    state.looked.add(id);
  }
  const coming = join(data, 'blobs', 'incoming');
  check(existsSync(coming) && readdirSync(coming).length === 0, `${label}: nothing half is left`, readdirSync(coming).join(' '));
}

/** Kills at random instants, and at the points that an upload comes by. */
export async function uploadKills(folder, rounds) {
  const data = join(folder, 'uploads');
  mkdirSync(data);
  let server = await startServer(data);
  const key = makeKey(data);
  const state = { sent: new Set(), acknowledged: new Map(), looked: new Set() };
  for (let round = 0; round < rounds; round++) {
    let is_over = false;
    const clients = load(server, key, state, () => is_over);
    await sleep(20 + random(300));
    is_over = true;
    await killServer(server);
    await clients;
    server = await startServer(data);
    await checkFiles(server, key, data, state, 'uploads');
  }
  for (const point of isLong ? points.uploads : [points.uploads[random(points.uploads.length)]]) {
    await killServer(server);
    server = await startServer(data, { WINDROW_DIE_AT: `${point}:${1 + random(9)}` });
    const hang = setTimeout(() => server.child.kill('SIGTERM'), HANG_MS);
    await load(server, key, state, () => false);
    const end = await server.ended;
    clearTimeout(hang);
    check(end.signal === 'SIGKILL', `uploads: ${point} is reached`, `${end.code ?? end.signal}`);
    server = await startServer(data);
    await checkFiles(server, key, data, state, `uploads, ${point}`);
  }
  check(state.acknowledged.size > 0, 'files were acknowledged');
  await stopServer(server);
}

/** A disk on which a file does not fit: it is said, nothing of it is left, and smaller ones go on. */
export async function fullUploads(disk) {
  const data = join(disk.place, 'uploads');
  mkdirSync(data);
  disk.makeRoom();
  let server = await startServer(data, disk.environment);
  const key = makeKey(data);
  const state = { sent: new Set(), acknowledged: new Map(), looked: new Set() };
  const one = async (size, kind, status) => {
    const bytes = bytesOf(size);
    state.sent.add(sha256(bytes));
    const answer = await send(server, key, bytes, kind);
    check(answer?.status === status, `full disk: an upload of ${size} bytes is answered ${status}`, `${answer?.status} ${answer?.text}`);
    if (answer?.status === 201) state.acknowledged.set(JSON.parse(answer.text).data.id, sha256(bytes));
    if (answer?.status === 507) check(/disk is full; nothing was stored/.test(answer.text), 'full disk: it is said', answer.text);
  };
  await one(2 * MIB, 0, 201);
  disk.leave(8 * MIB);
  for (let kind = 0; kind < 3; kind++) await one(24 * MIB, kind, 507);
  await checkFiles(server, key, data, state, 'full disk, uploads');
  disk.makeRoom();
  await one(24 * MIB, 1, 201);
  await checkFiles(server, key, data, state, 'full disk, uploads with room');
  await stopServer(server);
}
