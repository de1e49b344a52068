// Files over HTTP: a table goes up, a run reads it, its results come down; documents for models;
// what is refused, and who may see what.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, rm, truncate } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, until, windrow } from './server.mjs';

const UPLOAD_BYTES = 2 ** 31;
const NOBODYS = '0123456789abcdef01234567';

const TABLE = `
name: Table
slug: table
input: { type: object, required: [companies], properties: { companies: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.companies}}" } }
  - { id: loud, type: transform, config: { expression: ".item.name | ascii_upcase" } }
  - { id: table, type: write_csv, config: { name: loud.csv, columns: { name: "{{item.name}}", loud: "{{steps.loud}}" } } }
`;

let server;
let table;
before(async () => {
  server = await startServer();
  table = await server.publish(TABLE);
});
after(() => server.close());

/** Sends bytes; gives the whole answer. */
async function send(body, { name, headers = {}, key = server.key } = {}) {
  const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
  const answer = await fetch(`${server.url}/v1/files${query}`, {
    method: 'POST',
    headers: { ...(key ? { 'x-api-key': key.apiKey } : {}), ...headers },
    body,
  });
  const json = await answer.json();
  return { status: answer.status, headers: answer.headers, json, data: json.data };
}

async function upload(body, options) {
  const answer = await send(body, options);
  assert.equal(answer.status, 201, JSON.stringify(answer.json));
  return answer.data;
}

async function download(id) {
  const answer = await fetch(`${server.url}/v1/files/${id}/content`, {
    headers: { 'x-api-key': server.key.apiKey },
  });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

async function countBlobs() {
  const found = await readdir(join(server.data, 'blobs'), { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).length;
}

test('a table goes up, a run reads it, the result comes down', async () => {
  const lines = Array.from({ length: 5000 }, (_, n) => `firm ${n},x${n}`);
  const csv = `name,more\n${lines.join('\n')}\n`;
  const sent = await send(csv, { name: 'companies.csv', headers: { 'content-type': 'text/csv' } });
  assert.equal(sent.status, 201);
  const file = sent.data;
  assert.deepEqual(Object.keys(file), ['id', 'name', 'contentType', 'bytes', 'sha256', 'createdAt', 'runId', 'step', 'partial']);
  assert.deepEqual([file.name, file.contentType, file.bytes], ['companies.csv', 'text/csv', csv.length]);
  assert.ok(sent.headers.get('location').endsWith(`/v1/files/${file.id}`));
  assert.deepEqual((await server.get(`/v1/files/${file.id}`)).data, file);

  const run = await server.reachEnd((await server.begin(table, { companies: file.id })).id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  const { data: made } = await server.get(`/v1/workflow-runs/${run.id}/files`);
  assert.equal(made.length, 1);
  assert.deepEqual([made[0].name, made[0].runId, made[0].step, made[0].partial],
    ['loud.csv', run.id, 'table', false]);
  const { status, headers, bytes } = await download(made[0].id);
  assert.equal(status, 200);
  assert.equal(headers.get('content-disposition'), 'attachment; filename="loud.csv"');
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.match(headers.get('content-type'), /^text\/csv/);
  assert.equal(bytes.length, made[0].bytes);
  const want = lines.map((line) => line.split(',')[0]).map((name) => `${name},${name.toUpperCase()}`);
  assert.deepEqual(bytes.toString().trim().split('\n').slice(1), want);
});

test('what a run has made is a file for another one, by any form of its id', async () => {
  const file = await upload('name\none\n', { name: 'a.csv' });
  const uuidLess = `wf_${file.id}`;
  const first = await server.reachEnd((await server.begin(table, { companies: uuidLess })).id);
  const { data: [made] } = await server.get(`/v1/workflow-runs/${first.id}/files`);
  const second = await server.reachEnd((await server.begin(table, { companies: made.id })).id);
  assert.equal(second.status, 'completed');
  const { data: [again] } = await server.get(`/v1/workflow-runs/${second.id}/files`);
  assert.equal((await download(again.id)).bytes.toString(), 'name,loud\none,ONE\n');
});

test('an acknowledged file is there after a kill, and a run reads it again', async () => {
  const file = await upload('name\nlast\n', { name: 'b.csv' });
  await server.restart('SIGKILL');
  assert.equal((await download(file.id)).bytes.toString(), 'name\nlast\n');
  const run = await server.reachEnd((await server.begin(table, { companies: file.id })).id);
  assert.equal(run.status, 'completed');
  const items = await server.get(`/v1/workflow-runs/${run.id}/items`);
  assert.deepEqual(items.data.map((row) => row.item), [{ name: 'last' }]);
  const seen = await windrow('runs', 'results', run.id, '--data', server.data, '--table', 'rows');
  assert.equal(seen.code, 0, seen.stderr);
  assert.match(seen.stdout, /\nlast,/);
});

test('a model is asked about an uploaded document', async () => {
  const facts = await server.publish(`
name: Facts
slug: facts
input: { type: object, required: [page], properties: { page: { type: string, format: file } } }
steps:
  - id: facts
    type: extract
    config:
      sources: [{ file: "{{input.page}}" }]
      fields: { email: { type: email, description: "address for questions" } }
`);
  const page = '<html><head><title>Acme</title></head><body><p>Acme makes pumps.</p>' +
    '<p>Email: office@acme.example</p></body></html>';
  const file = await upload(page, { name: 'acme.html', headers: { 'content-type': 'text/html' } });
  const run = await server.reachEnd((await server.begin(facts, { page: file.id })).id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.equal(run.output.email, 'office@acme.example');
  assert.equal(run.output.citations[0].document, 'acme.html');
  assert.equal(run.output.citations[0].verified, true);
});

test('an input that names no file of the workspace is refused where it is named', async () => {
  for (const id of [NOBODYS, 'companies.csv', '/etc/passwd', '', '../../x']) {
    const answer = await server.post('/v1/workflows/table/runs', { input: { companies: id } });
    assert.equal(answer.status, 400, id);
    assert.match(answer.json.error, /^input\/companies: there is no file "/);
  }
  const deep = await server.publish(`
name: Deep
slug: deep
input: { type: object, properties: { a: { type: object, properties: { b: { type: string, format: file } } } } }
steps: [{ id: x, type: set, config: { fields: { a: 1 } } }]
`);
  const answer = await server.post(`/v1/workflows/${deep.id}/runs`, { input: { a: { b: NOBODYS } } });
  assert.equal(answer.status, 400);
  assert.match(answer.json.error, /^input\/a\/b: there is no file/);
});

test('a file that only the steps name fails the run, and a path is never read', async () => {
  const free = await server.publish(`
name: Free
slug: free
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.which}}" } }
  - { id: one, type: set, config: { fields: { a: 1 } } }
`);
  for (const [which, words] of [[NOBODYS, /there is no file/], ['/etc/passwd', /only under `windrow run`/]]) {
    const run = await server.reachEnd((await server.begin(free, { which })).id);
    assert.equal(run.status, 'failed');
    assert.equal(run.error.code, 'no_file');
    assert.match(run.error.message, words);
  }
});

test('names and types', async () => {
  const table = [
    [{ name: '../../etc/passwd' }, /^[^/]+$/, 'application/octet-stream'],
    [{ name: 'Übersicht "1".txt' }, /^Übersicht/, 'application/octet-stream'],
    [{ headers: { 'content-disposition': 'attachment; filename="a; b\\"c.txt"' } }, /^a; b.c\.txt$/],
    [{ headers: { 'content-disposition': 'attachment; x="filename=no"; FileName=plain.txt; y=1' } }, /^plain\.txt$/],
    [{ headers: { 'content-disposition': 'attachment; filename=old.txt; filename*=UTF-8\'\'%c3%9cb%20er.txt' } }, /^Üb er\.txt$/],
    [{}, /^unnamed$/],
    [{ headers: { 'content-type': 'text/html' } }, /^unnamed$/, 'text/html'],
    [{ headers: { 'content-type': 'application/x-www-form-urlencoded' } }, /^unnamed$/, 'application/octet-stream'],
    [{ headers: { 'content-type': 'text/\xe9' } }, /^unnamed$/, 'application/octet-stream'],
    [{ headers: { 'content-disposition': 'attachment; filename="\xe9.txt"' } }, /^_\.txt$/],
    [{ headers: { 'content-type': `text/${'x'.repeat(300)}` } }, /^unnamed$/, 'application/octet-stream'],
  ];
  for (const [options, name, type] of table) {
    const file = await upload(Buffer.from('x'), options);
    assert.match(file.name, name);
    if (type) assert.equal(file.contentType, type);
    const { headers } = await download(file.id);
    assert.match(headers.get('content-disposition'), /^attachment; filename="[^"]*"/);
    assert.equal(headers.get('content-type'), file.contentType);
    assert.equal(headers.get('content-security-policy'), 'sandbox');
  }
  const file = await upload('x', { name: 'ä%.txt' });
  assert.equal((await download(file.id)).headers.get('content-disposition'),
    'attachment; filename="___.txt"; filename*=UTF-8\'\'%C3%A4%25.txt');
});

test('any bytes come back as they were, none too', async () => {
  for (const size of [0, 1, 256 << 10, (256 << 10) + 1, 9 << 20]) {
    const bytes = Buffer.alloc(size, (n) => n);
    for (let i = 0; i < size; i += 1) bytes[i] = (i * 31 + (i >> 8)) & 255;
    const file = await upload(bytes, { name: 'bytes.bin' });
    assert.equal(file.bytes, size);
    const back = await download(file.id);
    assert.equal(back.status, 200);
    assert.ok(back.bytes.equals(bytes), `${size} bytes`);
  }
});

test('a body without a length is a file too', async () => {
  const pieces = new ReadableStream({
    start(stream) {
      for (const piece of ['name\n', 'one\n']) stream.enqueue(Buffer.from(piece));
      stream.close();
    },
  });
  const answer = await fetch(`${server.url}/v1/files?name=c.csv`, {
    method: 'POST', body: pieces, duplex: 'half', headers: { 'x-api-key': server.key.apiKey },
  });
  const { data } = await answer.json();
  assert.equal((await download(data.id)).bytes.toString(), 'name\none\n');
});

test('what is too large or no plain file is refused and leaves nothing', async () => {
  const before = await countBlobs();
  const socket = connect(server.port, '127.0.0.1');
  let large = '';
  socket.on('data', (piece) => (large += piece));
  socket.write(`POST /v1/files HTTP/1.1\r\nHost: x\r\nx-api-key: ${server.key.apiKey}\r\n` +
    `Content-Length: ${UPLOAD_BYTES + 1}\r\n\r\n`);
  await until(() => large.includes('\r\n\r\n{'), 'the refusal');
  socket.destroy();
  assert.match(large, /^HTTP\/1\.1 413 /);
  assert.ok(large.includes(`${UPLOAD_BYTES} bytes`), large);
  for (const wrong of ['attachment; filename="open', 'filename=', 'a; filename=x; filename=y', 'a; filename*=x'])
    assert.equal((await send('x', { headers: { 'content-disposition': wrong } })).status, 400, wrong);
  assert.equal((await send('x', { headers: { 'content-encoding': 'gzip' } })).status, 415);
  assert.equal((await send('x', { key: null })).status, 401);
  await until(async () => (await countBlobs()) === before, 'nothing to be left');
});

test('an upload that is cut leaves nothing', async () => {
  const before = await countBlobs();
  const socket = connect(server.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST /v1/files?name=cut HTTP/1.1\r\nHost: x\r\nx-api-key: ${server.key.apiKey}\r\n` +
    `Content-Length: 300000\r\n\r\n${'x'.repeat(200000)}`);
  socket.end();
  socket.resume();
  await once(socket, 'close');
  assert.equal((await server.get('/healthz')).status, 200);
  await until(async () => (await countBlobs()) === before, 'nothing to be left');
});

test('bytes that are gone or cut are a fault, not a part of the file', async () => {
  const file = await upload('name\nlost\n', { name: 'lost.csv' });
  const found = await readdir(join(server.data, 'blobs'), { recursive: true, withFileTypes: true });
  const entry = found.find((one) => one.name.includes(file.id));
  const path = join(entry.parentPath ?? entry.path, entry.name);
  for (const spoil of [() => truncate(path, 3), () => rm(path)]) {
    await spoil();
    const answer = await server.get(`/v1/files/${file.id}/content`);
    assert.equal(answer.status, 500);
    assert.ok(!answer.text.includes(server.data), answer.text);
    const run = await server.reachEnd((await server.begin(table, { companies: file.id })).id);
    assert.equal(run.error.code, 'no_file');
    assert.match(run.error.message, /the bytes of lost\.csv are missing or damaged$/);
  }
});

test('files that are not there', async () => {
  for (const id of [NOBODYS, 'nonsense', '%2e%2e%2fwindrow.db'])
    for (const path of [`/v1/files/${id}`, `/v1/files/${id}/content`])
      assert.equal((await server.get(path)).status, 404, path);
  assert.equal((await server.get(`/v1/workflow-runs/${NOBODYS}/files`)).status, 404);
  const wrong = await server.ask('PUT', '/v1/files');
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'GET, HEAD, POST']);
});
