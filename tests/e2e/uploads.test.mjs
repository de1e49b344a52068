// Long uploads: what comes goes to the disk as it comes; what breaks off leaves nothing.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

const MB = 1 << 20;

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

/** Bytes that differ from block to block. */
function block(number, size = MB) {
  const bytes = Buffer.alloc(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 31 + (i >> 8) + number * 7) & 255;
  return bytes;
}

function streamed(blocks) {
  let number = 0;
  return new ReadableStream({
    pull(stream) {
      if (number < blocks) stream.enqueue(block(number++));
      else stream.close();
    },
  }, { highWaterMark: 0 });
}

async function send(body, { query = '?name=long.bin', headers = {} } = {}) {
  const answer = await fetch(`${server.url}/v1/files${query}`, {
    method: 'POST', body, duplex: 'half', headers: { 'x-api-key': server.key.apiKey, ...headers },
  });
  const json = await answer.json();
  return { status: answer.status, headers: answer.headers, json, data: json.data };
}

/** Files under the folder of blobs, those that are still coming apart. */
async function blobs() {
  const folder = join(server.data, 'blobs');
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile());
  const coming = files.filter((entry) => (entry.parentPath ?? entry.path).endsWith('incoming'));
  return { kept: files.length - coming.length, coming: coming.length };
}

/** Begins an upload by hand and leaves it open. */
async function begin(head, bytes) {
  const socket = connect(server.port, '127.0.0.1');
  socket.text = '';
  socket.on('data', (piece) => (socket.text += piece));
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.write(`POST /v1/files?name=x HTTP/1.1\r\nHost: x\r\nx-api-key: ${server.key.apiKey}\r\n${head}\r\n\r\n`);
  socket.write(bytes);
  return socket;
}

test('a long file comes back as it was, with its SHA-256', async () => {
  const sha256 = createHash('sha256');
  for (let i = 0; i < 40; i += 1) sha256.update(block(i));
  const want = sha256.digest('hex');
  const { status, data } = await send(streamed(40));
  assert.equal(status, 201);
  assert.equal(data.bytes, 40 * MB);
  assert.equal(data.sha256, want);
  assert.deepEqual((await server.get(`/v1/files/${data.id}`)).data, data);
  const answer = await fetch(`${server.url}/v1/files/${data.id}/content`, {
    headers: { 'x-api-key': server.key.apiKey },
  });
  const back = createHash('sha256');
  for await (const piece of answer.body) back.update(piece);
  assert.equal(back.digest('hex'), want);
});

test('an upload in progress is no file, and leaves nothing when its client goes', async () => {
  const before = await blobs();
  const socket = await begin('Content-Length: 9000000', block(0, 3 * MB));
  await until(async () => (await blobs()).coming === before.coming + 1, 'the first bytes');
  assert.equal((await blobs()).kept, before.kept);
  socket.destroy();
  await until(async () => (await blobs()).coming === before.coming, 'the end');
  assert.equal((await blobs()).kept, before.kept);
});

test('what was coming when the process was killed is gone at the next start', async () => {
  const before = await blobs();
  const whole = await send(block(3));
  const socket = await begin('Transfer-Encoding: chunked', '300000\r\n');
  socket.write(block(0, 3 * MB - 1));
  await until(async () => (await blobs()).coming === before.coming + 1, 'the first bytes');
  await server.end('SIGKILL');
  assert.equal((await blobs()).coming, before.coming + 1);
  await writeFile(join(server.data, 'blobs', 'incoming', 'other'), 'x');
  await server.start();
  assert.deepEqual(await blobs(), { kept: before.kept + 1, coming: 0 });
  assert.equal((await server.get(`/v1/files/${whole.data.id}`)).data.sha256, whole.data.sha256);
});

test('a stop ends uploads and leaves nothing of them', async () => {
  const before = await blobs();
  const socket = await begin('Content-Length: 9000000', block(0, 3 * MB));
  await until(async () => (await blobs()).coming === 1, 'the first bytes');
  const how = await server.end('SIGTERM');
  assert.equal(how.code, 0, server.log.text);
  assert.deepEqual(await blobs(), { kept: before.kept, coming: 0 });
  socket.destroy();
  await server.start();
});

test('a body that goes wrong on its way leaves nothing', async () => {
  const before = await blobs();
  const socket = await begin('Transfer-Encoding: chunked', '100000\r\n');
  socket.write(block(0));
  socket.write('nonsense');
  await until(() => socket.text.startsWith('HTTP/1.1 400 '), 'the refusal');
  await until(() => socket.closed, 'the end of the connection');
  await until(async () => (await blobs()).coming === before.coming, 'the end');
  assert.equal((await blobs()).kept, before.kept);
});

test('many uploads at once take little memory', async () => {
  const pss = async () => {
    const text = await readFile(`/proc/${server.child.pid}/smaps_rollup`, 'utf8');
    return Number(/Pss:\s+(\d+)/.exec(text)[1]) * 1024;
  };
  await send(streamed(1));
  const first = await pss();
  let most = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      most = Math.max(most, await pss());
      await new Promise((done) => setTimeout(done, 10));
    }
  })();
  const answers = await Promise.all(Array.from({ length: 8 }, () => send(streamed(20))));
  isOver = true;
  await watching;
  assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [201]);
  assert.ok(most - first < 32 * MB, `${most - first} bytes more for 8 uploads of 20 MB`);
});

test('an upload with a key that comes again is the same file', async () => {
  const before = await blobs();
  const headers = { 'idempotency-key': 'up-1', 'content-type': 'text/csv' };
  const first = await send(streamed(2), { headers });
  assert.equal(first.status, 201);
  const again = await send(streamed(2), { headers });
  assert.deepEqual([again.status, again.data], [201, first.data]);
  for (const options of [{ headers, query: '?name=other.csv' }, { headers: { ...headers, 'content-type': 'text/plain' } }])
    assert.equal((await send(streamed(2), options)).status, 409);
  assert.equal((await send(streamed(3), { headers })).status, 409);
  assert.equal((await send(block(0, 10), { headers })).status, 409);
  const keyed = { headers: { 'idempotency-key': 'up-2' } };
  const both = await Promise.all([send(streamed(2), keyed), send(streamed(2), keyed)]);
  assert.deepEqual(both.map((answer) => answer.status), [201, 201]);
  assert.deepEqual(both[0].data, both[1].data);
  assert.deepEqual(await blobs(), { kept: before.kept + 2, coming: before.coming });
});

test('parameters of an upload are looked at before its body', async () => {
  const socket = await begin('Content-Length: 9000000\r\nContent-Type: a/b\r\nContent-Type: text/plain', '');
  await until(() => socket.text.includes('\r\n\r\n{'), 'the refusal');
  assert.match(socket.text, /^HTTP\/1\.1 400 /);
  socket.destroy();
  const wrong = await send(streamed(1), { query: '?nam=x' });
  assert.equal(wrong.status, 400);
  assert.match(wrong.json.error, /did you mean "name"/);
});
