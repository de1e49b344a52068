// What comes down: ranges, conditions, what a browser may show, and links that need no key.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

const LONG = 3_000_000;

let server;
let small;
let long;
let bytes;
before(async () => {
  server = await startServer();
  bytes = Buffer.alloc(LONG);
  for (let i = 0; i < LONG; i += 1) bytes[i] = (i * 31 + (i >> 8)) & 255;
  small = await upload('0123456789', 'digits.txt', 'text/plain');
  long = await upload(bytes, 'long.bin');
});
after(() => server.close());

async function upload(body, name, type = 'application/octet-stream') {
  const answer = await fetch(`${server.url}/v1/files?name=${encodeURIComponent(name)}`, {
    method: 'POST', body, headers: { 'x-api-key': server.key.apiKey, 'content-type': type },
  });
  assert.equal(answer.status, 201);
  return (await answer.json()).data;
}

/** The answer to a GET of a path or a whole address. */
async function get(path, { headers = {}, method = 'GET', key = server.key } = {}) {
  const url = path.startsWith('http') ? path : server.url + path;
  const answer = await fetch(url, { method, headers: { ...(key ? { 'x-api-key': key.apiKey } : {}), ...headers } });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

async function link(id, body = {}) {
  const answer = await server.post(`/v1/files/${id}/link`, body);
  assert.equal(answer.status, 200, answer.text);
  return answer.data;
}

test('the whole file says how to ask for parts', async () => {
  for (const file of [small, long]) {
    const { status, headers, bytes: got } = await get(`/v1/files/${file.id}/content`);
    assert.equal(status, 200);
    assert.equal(headers.get('accept-ranges'), 'bytes');
    assert.equal(headers.get('etag'), `"${file.id}"`);
    assert.equal(headers.get('content-length'), String(file.bytes));
    assert.equal(headers.get('cache-control'), 'private, no-cache');
    assert.equal(createHash('sha256').update(got).digest('hex'), file.sha256);
    const head = await get(`/v1/files/${file.id}/content`, { method: 'HEAD' });
    assert.deepEqual([head.status, head.bytes.length], [200, 0]);
    for (const name of ['content-length', 'content-type', 'etag', 'accept-ranges', 'content-disposition'])
      assert.equal(head.headers.get(name), headers.get(name), name);
  }
});

test('ranges', async () => {
  const table = [
    ['bytes=0-3', 206, '0123', 'bytes 0-3/10'], ['bytes=4-', 206, '456789', 'bytes 4-9/10'], ['bytes=-2', 206, '89', 'bytes 8-9/10'],
    ['bytes=9-99', 206, '9', 'bytes 9-9/10'], ['bytes=0-9', 206, '0123456789', 'bytes 0-9/10'], ['bytes=10-', 416, null, 'bytes */10'],
    ['bytes=-0', 416, null, 'bytes */10'], ['bytes=0-1,4-5', 200, '0123456789', null], ['rows=1-2', 200, '0123456789', null],
    ['bytes=5-2', 200, '0123456789', null],
  ];
  for (const [range, status, text, contentRange] of table) {
    const answer = await get(`/v1/files/${small.id}/content`, { headers: { range } });
    assert.equal(answer.status, status, range);
    assert.equal(answer.headers.get('content-range'), contentRange, range);
    if (text !== null) assert.equal(answer.bytes.toString(), text, range);
    if (text !== null) assert.equal(answer.headers.get('content-length'), String(text.length), range);
    const head = await get(`/v1/files/${small.id}/content`, { method: 'HEAD', headers: { range } });
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '10'], range);
  }
  for (const [first, last] of [[0, LONG - 1], [1, 2_500_000], [262_143, 524_289], [LONG - 1, LONG - 1]]) {
    const { status, bytes: got } = await get(`/v1/files/${long.id}/content`, { headers: { range: `bytes=${first}-${last}` } });
    assert.equal(status, 206);
    assert.ok(got.equals(bytes.subarray(first, last + 1)), `${first}-${last}`);
  }
  const none = await upload('', 'none');
  const nothing = await get(`/v1/files/${none.id}/content`, { headers: { range: 'bytes=0-' } });
  assert.deepEqual([nothing.status, nothing.headers.get('content-range')], [416, 'bytes */0']);
  assert.equal((await get(`/v1/files/${none.id}/content`)).headers.get('content-length'), '0');
});

test('conditions', async () => {
  const tag = `"${small.id}"`;
  const table = [
    [{ 'if-none-match': tag }, 304], [{ 'if-none-match': `W/${tag}` }, 304], [{ 'if-none-match': `"x", ${tag}` }, 304],
    [{ 'if-none-match': '*' }, 304], [{ 'if-none-match': '"x"' }, 200], [{ 'if-none-match': 'nonsense' }, 200],
    [{ 'if-match': tag }, 200], [{ 'if-match': '"x"' }, 412], [{ 'if-match': `W/${tag}` }, 412],
    [{ 'if-range': tag, range: 'bytes=0-1' }, 206], [{ 'if-range': '"x"', range: 'bytes=0-1' }, 200],
    [{ 'if-range': `W/${tag}`, range: 'bytes=0-1' }, 200], [{ 'if-range': 'Sun, 06 Nov 1994 08:49:37 GMT', range: 'bytes=0-1' }, 200],
    [{ 'if-none-match': tag, range: 'bytes=0-1' }, 304],
  ];
  for (const [headers, status] of table) {
    const answer = await get(`/v1/files/${small.id}/content`, { headers });
    assert.equal(answer.status, status, JSON.stringify(headers));
    if (status === 304) assert.deepEqual([answer.bytes.length, answer.headers.get('etag')], [0, tag]);
  }
});

test('threat E17: what a browser shows can do nothing', async () => {
  const page = '<script>alert(1)</script>';
  const shown = ['text/html', 'TEXT/HTML; charset=utf-8', 'image/svg+xml', 'text/plain', 'image/png', 'application/pdf', 'application/json'];
  const kept = ['application/octet-stream', 'application/xhtml+xml', 'text/xml', 'application/javascript', 'text/javascript', 'text/html2'];
  for (const type of [...shown, ...kept]) {
    const file = await upload(page, 'page.html', type);
    for (const [query, isShown] of [['', false], ['?inline=false', false], ['?inline=true', shown.includes(type)]]) {
      const { headers, status } = await get(`/v1/files/${file.id}/content${query}`);
      assert.equal(status, 200);
      assert.match(headers.get('content-disposition'), isShown ? /^inline; filename="page.html"$/ : /^attachment; filename="page.html"$/);
      assert.equal(headers.get('x-content-type-options'), 'nosniff');
      const policy = headers.get('content-security-policy');
      if (isShown && type === 'application/pdf') assert.match(policy, /default-src 'none'/);
      else assert.match(policy, /^sandbox(;|$)/);
      assert.doesNotMatch(policy, /allow-/);
    }
    const through = await get((await link(file.id, { inline: true })).url, { key: null });
    assert.match(through.headers.get('content-security-policy'), /sandbox|default-src 'none'/);
    assert.equal(/^inline/.test(through.headers.get('content-disposition')), shown.includes(type), type);
  }
  assert.equal((await get(`/v1/files/${small.id}/content?inline=maybe`)).status, 400);
});

test('a link lets whoever has it read the file', async () => {
  const { url, expiresAt } = await link(small.id);
  assert.ok(url.startsWith(`${server.url}/files/`), url);
  const left = Date.parse(expiresAt) - Date.now();
  assert.ok(left > 880_000 && left <= 900_000, expiresAt);
  const { status, headers, bytes: got } = await get(url, { key: null });
  assert.deepEqual([status, got.toString()], [200, '0123456789']);
  assert.equal(headers.get('content-disposition'), 'attachment; filename="digits.txt"');
  const part = await get(url, { key: null, headers: { range: 'bytes=2-3' } });
  assert.deepEqual([part.status, part.bytes.toString()], [206, '23']);
  assert.equal((await get(url, { key: null, method: 'HEAD' })).headers.get('content-length'), '10');
  assert.equal((await get(url, { key: null, headers: { 'if-none-match': headers.get('etag') } })).status, 304);
  for (const body of [{ expiresIn: 0 }, { expiresIn: 604_801 }, { expiresIn: 1.5 }, { expiresIn: '900' }, { inline: 1 }, { expires: 1 }])
    assert.equal((await server.post(`/v1/files/${small.id}/link`, body)).status, 400, JSON.stringify(body));
  assert.equal((await server.post('/v1/files/0123456789abcdef01234567/link', {})).status, 404);
  assert.equal((await server.post(`/v1/files/${small.id}/link`)).status, 200);
  assert.equal((await server.post(`/v1/files/${small.id}/link`, {}, { key: null })).status, 401);
});

test('links are good for as long as they say, also after a restart', async () => {
  const short = await link(small.id, { expiresIn: 1 });
  const week = await link(small.id, { expiresIn: 604_800 });
  await server.restart();
  const gone = await until(async () => {
    const answer = await get(short.url.replace(/:\d+\//, `:${server.port}/`), { key: null });
    return answer.status === 410 && answer;
  }, 'the end of the link');
  assert.match(JSON.parse(gone.bytes).error, /expired/);
  assert.equal((await get(week.url.replace(/:\d+\//, `:${server.port}/`), { key: null })).status, 200);
  const about = await stat(join(server.data, 'link.key'));
  assert.equal(about.mode & 0o777, 0o600);
  assert.equal(about.size, 32);
});

test('a link that nobody gave out is none', async () => {
  const { url } = await link(small.id);
  const token = url.split('/files/')[1];
  const other = (await link(long.id)).url.split('/files/')[1];
  const forged = [token.slice(0, -1), token.slice(1), `${token}A`, `${token}=`, `${token}==`, `A${token}`, token.toUpperCase(), token.split('').reverse().join(''),
    token.slice(0, 30) + other.slice(30), token.slice(0, -43) + other.slice(-43), 'AAAA', '-', 'x'.repeat(3000), small.id, `${token}.${token}`, '%00', '..%2f..%2fwindrow.db'];
  for (let at = 0; at < token.length; at += 5)
    forged.push(token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1));
  for (const one of forged) {
    const answer = await get(`${server.url}/files/${one}`, { key: null });
    assert.ok([400, 404].includes(answer.status), `${one}: ${answer.status}`);
    assert.ok(!answer.bytes.includes('0123456789'));
  }
  for (const path of ['/files', '/files/', `/files/${token}/x`]) assert.ok([400, 404].includes((await get(path, { key: null })).status), path);
  assert.equal((await fetch(url, { method: 'POST' })).status, 405);
});

test('the files of a run come with links', async () => {
  const workflow = await server.publish(`
name: Made
slug: made
input: { type: object, properties: { rows: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: out, type: write_csv, config: { name: "größe.csv", columns: { a: "{{item.a}}" } } }
`);
  const file = await upload('a\n1\n2\n', 'a.csv', 'text/csv');
  const run = await server.reachEnd((await server.begin(workflow, { rows: file.id })).id);
  const { data: [made] } = await server.get(`/v1/workflow-runs/${run.id}/files`);
  assert.deepEqual([made.runId, made.step, made.partial, made.sha256], [run.id, 'out', false, null]);
  const answer = await get(made.url, { key: null });
  assert.deepEqual([answer.status, answer.bytes.toString()], [200, 'a\n1\n2\n']);
  assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="gr____e.csv"; filename*=UTF-8\'\'gr%C3%B6%C3%9Fe.csv');
});

test('links have the address at which clients reach us', async () => {
  const behind = await startServer('--public-url', 'https://flows.example.com/base');
  try {
    const file = await behind.ask('POST', '/v1/files?name=x', { body: 'x', type: 'text/plain' });
    const { data } = await behind.post(`/v1/files/${file.data.id}/link`, {});
    assert.match(data.url, /^https:\/\/flows\.example\.com\/base\/files\/[\w-]+$/);
  } finally {
    await behind.close();
  }
});
