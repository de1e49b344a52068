// Long uploads: what comes goes to the disk as it comes; what breaks off leaves nothing.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import NodeForm from 'form-data';

import { startServer, until } from './server.mjs';

const run = promisify(execFile);
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

/** Waits until there are so many files: what is refused goes behind the answer. */
const settled = (want) =>
  until(async () => {
    const { kept, coming } = await blobs();
    return kept === want.kept && coming === want.coming;
  }, `${JSON.stringify(want)} files`);

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
  await settled({ kept: before.kept + 2, coming: before.coming });
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

// --- forms ---

async function sendForm(parts, { query = '', type, headers = {} } = {}) {
  const form = new FormData();
  for (const [name, value, file] of parts) {
    if (file === undefined) form.append(name, value);
    else form.append(name, new Blob([value], type ? { type } : {}), file);
  }
  return send(form, { query, headers });
}

/** A form as bytes. */
function rawForm(body, type = 'multipart/form-data; boundary=XX') {
  return send(body, { query: '', headers: { 'content-type': type } });
}

async function content(id) {
  return (await server.get(`/v1/files/${id}/content`)).text;
}

test('a form with a file', async () => {
  const text = 'name\r\none\r\n--\r\n-\r\n';
  const { status, data } = await sendForm([['file', text, 'firms.csv']], { type: 'text/csv' });
  assert.equal(status, 201);
  assert.deepEqual([data.name, data.contentType, data.bytes], ['firms.csv', 'text/csv', text.length]);
  assert.equal(data.sha256, createHash('sha256').update(text).digest('hex'));
  assert.equal(await content(data.id), text);
  const long = await sendForm([['upload', Buffer.concat([block(1), block(2), block(3)]), 'long.bin']]);
  assert.equal(long.data.bytes, 3 * MB);
});

test('where the name of a file in a form comes from', async () => {
  const cases = [
    [[['file', 'x', 'own.txt']], {}, 'own.txt'],
    [[['name', 'field.txt'], ['file', 'x', 'own.txt']], {}, 'field.txt'],
    [[['file', 'x', 'own.txt'], ['name', 'field.txt']], {}, 'field.txt'],
    [[['file', 'x', 'own.txt'], ['name', 'field.txt']], { query: '?name=query.txt' }, 'query.txt'],
    [[['file', 'x']], {}, 'unnamed'],
    [[['file', 'x', 'Übersicht "1".txt']], {}, /^Übersicht/],
  ];
  for (const [parts, options, name] of cases) {
    const { status, json, data } = await sendForm(parts, options);
    assert.equal(status, 201, JSON.stringify(json));
    if (name instanceof RegExp) assert.match(data.name, name);
    else assert.equal(data.name, name);
  }
});

test('forms that are refused leave nothing', async () => {
  const before = await blobs();
  const head = '--XX\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n';
  const cases = [
    [[['name', 'x']], /no file/],
    [[['file', 'x', 'a'], ['other', 'y', 'b']], /two files/],
    [[['file', 'x', 'a'], ['purpose', 'y']], /unknown field "purpose"/],
    [[['name', 'y'.repeat(5000)], ['file', 'x', 'a']], /longer than 4000 bytes/],
    [[['file', 'x', 'a'], ['sha256', 'y']], /64 hex digits/],
    [[['file', 'x', 'a'], ['sha256', '0'.repeat(64)]], /another SHA-256/],
  ];
  for (const [parts, words] of cases) {
    const { status, json } = await sendForm(parts);
    assert.equal(status, 400, String(words));
    assert.match(json.error, words);
  }
  for (const [body, words] of [[head + 'x', /form is cut/], ['', /form is cut/], [head + 'x\r\n--XXy', /does not end behind it/],
    [`--XX\r\nContent-Transfer-Encoding: base64\r\n${head.slice(6)}eA==\r\n--XX--`, /as they are/]]) {
    const { status, json } = await rawForm(body);
    assert.equal(status, 400, body);
    assert.match(json.error, words);
  }
  await settled(before);
});

test('threat E5: a file can only come from what was sent', async () => {
  const before = await blobs();
  const json = JSON.stringify({ files: [{ filepath: '/etc/passwd', originalFilename: 'x' }] });
  const good = '--XX\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--XX--\r\n';
  const types = [
    ['multipart/form-data; boundary=XX', json], ['multipart/form-data', json], ['multipart/form-data', good],
    ['multipart/form-data; boundary=XX; boundary=YY', good], ['multipart/form-data; boundary=""', good],
    ['multipart/form-data; boundary=XX; charset=utf-16', good], ['multipart/form-data; boundary=XX, application/json', good],
    ['multipart/mixed; boundary=XX', good], ['multipart/form-data boundary=XX', good], ['multipart/', good],
  ];
  for (const [type, body] of types) {
    const answer = await rawForm(body, type);
    assert.equal(answer.status, 400, type);
  }
  const twice = await begin(`Content-Length: ${good.length}\r\nContent-Type: multipart/form-data; boundary=XX\r\nContent-Type: application/json`, good);
  await until(() => twice.text.includes('\r\n\r\n{'), 'the refusal');
  assert.match(twice.text, /^HTTP\/1\.1 400 /);
  twice.destroy();
  await settled(before);
  // JSON that is sent as JSON is a file with that text.
  const { data } = await send(json, { headers: { 'content-type': 'application/json' } });
  assert.equal(await content(data.id), json);
});

test('threat E6: names that lead somewhere are only names', async () => {
  const names = ['../../../etc/passwd', '/etc/passwd', '..\\..\\windows\\system32', 'C:\\x', 'a\0b', 'a\r\nSet-Cookie: x',
    'x'.repeat(4096), '.', '..', '.htaccess', '%2e%2e%2fx', 'incoming', 'a/../../b', '\u202egpj.exe'];
  const folder = join(server.data, 'blobs');
  for (const name of names) {
    const sent = [await send('x', { query: `?name=${encodeURIComponent(name)}` }), await sendForm([['file', 'x', name]]),
      await sendForm([['file', 'x'], ['name', name]])];
    for (const { status, data, json } of sent) {
      if (status === 400) {
        assert.match(json.error, /form/);
        continue;
      }
      assert.equal(status, 201, name);
      assert.doesNotMatch(data.name, /[\/\\\0\r\n\u202e]|^\./);
      assert.ok(Buffer.byteLength(data.name) <= 200);
      const { headers } = await server.get(`/v1/files/${data.id}/content`);
      assert.match(headers.get('content-disposition'), /^attachment; filename="[^"\r\n]*"/);
      assert.equal(headers.get('set-cookie'), null);
    }
  }
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    assert.match(entry.name, entry.isFile() ? /^[0-9a-f]{24}$/ : /^([0-9a-f]{2}|incoming)$/);
});

test('clients of forms as they are', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windrow-forms-'));
  const path = join(folder, 'a "b" ä.csv');
  const bytes = block(5, 300_000);
  await writeFile(path, bytes);
  const want = createHash('sha256').update(bytes).digest('hex');
  const key = `x-api-key: ${server.key.apiKey}`;
  const quoted = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  for (const arguments_ of [['-F', `file=@"${quoted}"`], ['-F', `upload=@"${quoted}";type=text/csv`, '-F', 'name=c.csv'], ['-H', 'Expect: 100-continue', '-F', `file=@"${quoted}"`],
    ['--data-binary', `@${path}`, '-H', 'content-type: text/csv'], ['-T', path, '-X', 'POST'], ['-F', `file=<${path}`]]) {
    const { stdout } = await run('curl', ['-sS', `${server.url}/v1/files`, '-H', key, ...arguments_]);
    const { data } = JSON.parse(stdout);
    assert.equal(data?.sha256, want, `${arguments_.join(' ')}: ${stdout}`);
  }
  const form = new NodeForm();
  form.append('name', 'node.csv');
  form.append('file', createReadStream(path), { filename: 'x', contentType: 'text/csv' });
  const answer = await new Promise((resolved, rejected) => {
    form.submit({ host: '127.0.0.1', port: server.port, path: '/v1/files', headers: { 'x-api-key': server.key.apiKey } },
      (error, response) => (error ? rejected(error) : resolved(response)));
  });
  let text = '';
  for await (const piece of answer) text += piece;
  const { data } = JSON.parse(text);
  assert.deepEqual([data.name, data.contentType, data.sha256], ['node.csv', 'text/csv', want]);
  await rm(folder, { recursive: true });
});

test('bytes that are not those that were said are refused', async () => {
  const before = await blobs();
  const bytes = block(7, 100_000);
  const hash = createHash('sha256').update(bytes);
  const hex = hash.copy().digest('hex');
  const base64 = hash.digest('base64');
  const right = [[`?sha256=${hex}`, {}], [`?sha256=${hex.toUpperCase()}`, {}], ['', { 'content-digest': `sha-256=:${base64}:` }],
    ['', { 'content-digest': `sha-512=:x:, sha-256=:${base64}:` }], ['', { digest: `SHA-256=${base64}` }], ['', { 'content-digest': 'sha-512=:x:' }]];
  for (const [query, headers] of right) assert.equal((await send(bytes, { query, headers })).status, 201, query + JSON.stringify(headers));
  const other = createHash('sha256').update('other');
  const wrong = [[`?sha256=${other.copy().digest('hex')}`, {}], ['', { 'content-digest': `sha-256=:${other.digest('base64')}:` }],
    ['?sha256=12', {}], ['?sha256=', {}], ['', { 'content-digest': 'sha-256=:nonsense:' }]];
  for (const [query, headers] of wrong) assert.equal((await send(bytes, { query, headers })).status, 400, query + JSON.stringify(headers));
  await settled({ kept: before.kept + right.length, coming: before.coming });
});

// --- lists and deletes ---

test('what was sent is listed, in pages, by name and time', async () => {
  const own = await startServer();
  try {
    const sendTo = async (name, body) => (await own.ask('POST', `/v1/files?name=${name}`, { body, type: 'text/plain' })).data;
    const sent = [];
    for (const name of ['a', 'b', 'a', 'c', 'a']) sent.push(await sendTo(name, name));
    const ids = async (query) => {
      const answer = await own.get(`/v1/files${query}`);
      assert.equal(answer.status, 200, answer.text);
      return answer.data.map((file) => sent.findIndex((one) => one.id === file.id));
    };
    assert.deepEqual((await own.get('/v1/files')).data, sent.toReversed?.() ?? [...sent].reverse());
    assert.deepEqual(await ids('?direction=asc'), [0, 1, 2, 3, 4]);
    assert.deepEqual(await ids('?name=a'), [4, 2, 0]);
    assert.deepEqual(await ids('?name=none'), []);
    assert.deepEqual(await ids('?limit=2&page=2'), [2, 1]);
    assert.deepEqual(await ids(`?lt=${sent[2].id}`), [1, 0]);
    assert.deepEqual(await ids(`?lt=${sent[2].id}&direction=asc`), [0, 1]);
    assert.deepEqual(await ids('?createdAfter=2001-01-01T00:00:00Z&limit=1'), [4]);
    assert.deepEqual(await ids('?createdBefore=2001-01-01T00:00:00Z'), []);
    for (const query of ['?createdAfter=yesterday', '?limit=x', '?lt=x', '?sort=name', '?nam=a'])
      assert.equal((await own.get(`/v1/files${query}`)).status, 400, query);
    const workflow = await own.publish(`
name: Made
slug: made
input: { type: object, properties: { rows: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: out, type: write_csv, config: { name: a, columns: { a: "{{item.a}}" } } }
`);
    const run = await own.reachEnd((await own.begin(workflow, { rows: sent[0].id })).id);
    assert.equal(run.status, 'completed');
    assert.deepEqual(await ids(''), [4, 3, 2, 1, 0]);
  } finally {
    await own.close();
  }
});

test('what was sent is deleted at once, what a run has made is not', async () => {
  const before = await blobs();
  const workflow = await server.publish(`
name: Copy
slug: copy
input: { type: object, properties: { rows: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: out, type: write_csv, config: { name: copy.csv, columns: { a: "{{item.a}}" } } }
`);
  const { data: file } = await send('a\n1\n', { query: '?name=a.csv', headers: { 'idempotency-key': 'gone-1' } });
  const { data: link } = await server.post(`/v1/files/${file.id}/link`, {});
  const run = await server.reachEnd((await server.begin(workflow, { rows: file.id })).id);
  const { data: [made] } = await server.get(`/v1/workflow-runs/${run.id}/files`);
  const kept = await server.ask('DELETE', `/v1/files/${made.id}`);
  assert.equal(kept.status, 409, kept.text);
  assert.match(kept.json.error, /goes with the run/);

  const gone = await server.ask('DELETE', `/v1/files/${file.id}`);
  assert.deepEqual([gone.status, gone.data], [200, file]);
  assert.deepEqual(await blobs(), { kept: before.kept + 1, coming: before.coming });
  for (const [method, path] of [['DELETE', ''], ['GET', ''], ['GET', '/content'], ['POST', '/link']])
    assert.equal((await server.ask(method, `/v1/files/${file.id}${path}`)).status, 404, method + path);
  assert.equal((await fetch(link.url)).status, 404);
  assert.ok(!(await server.get('/v1/files?limit=1000')).data.some((one) => one.id === file.id));
  const again = await send('a\n1\n', { query: '?name=a.csv', headers: { 'idempotency-key': 'gone-1' } });
  assert.equal(again.status, 404);
  assert.match(again.json.error, /has been deleted/);
  const refused = await server.post('/v1/workflows/copy/runs', { input: { rows: file.id } });
  assert.equal(refused.status, 400);
  assert.equal(await content(made.id), 'a\n1\n');
  await server.restart();
  assert.equal((await server.get(`/v1/files/${file.id}`)).status, 404);
});

test('the largest file is a setting, and a long upload counts once', async () => {
  const small = await startServer('--max-upload', '1MiB', '--key-rate', '5/1h');
  try {
    const sendTo = (body) => fetch(`${small.url}/v1/files`, { method: 'POST', body, duplex: 'half', headers: { 'x-api-key': small.key.apiKey } });
    const stored = await sendTo(block(1));
    assert.equal(stored.status, 201);
    assert.equal(stored.headers.get('x-ratelimit-remaining'), '4');
    const large = await sendTo(Buffer.concat([block(1), Buffer.from('x')]));
    assert.equal(large.status, 413);
    assert.match((await large.json()).error, /longer than 1048576 bytes/);
    assert.deepEqual((await small.get('/v1/files')).data.length, 1);
    assert.equal((await sendTo(block(1))).status, 201);
    assert.equal((await sendTo(block(1))).status, 201);
    assert.equal((await sendTo(block(1))).status, 429);
  } finally {
    await small.close();
  }
});

test('clients that leave while they are refused do no harm', async () => {
  const before = await blobs();
  const bad = Buffer.concat([Buffer.from('--XX\r\nno header\r\n\r\n'), block(0, 600_000)]);
  const head = `Content-Length: ${bad.length}\r\nContent-Type: multipart/form-data; boundary=XX`;
  for (let round = 0; round < 20; round += 1) {
    const sockets = await Promise.all(Array.from({ length: 10 }, () => begin(head, bad)));
    if (round % 2 === 0) await until(() => sockets.some((socket) => socket.text !== ''), 'a refusal');
    for (const socket of sockets) socket.resetAndDestroy();
  }
  await until(async () => (await blobs()).coming === before.coming, 'the end of all');
  assert.equal((await blobs()).kept, before.kept);
  assert.equal((await send(block(1))).status, 201);
});
