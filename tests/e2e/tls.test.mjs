// HTTPS with the clients that people have: Node, curl, openssl s_client. And certificates that change
// or cannot be used.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { startServer, until, windrow } from './server.mjs';

const run = promisify(execFile);
let folder;
let server;
const at = (name) => join(folder, name);

/** NAME.pem and NAME.key, self-signed, for localhost and 127.0.0.1. */
async function makeCertificate(name, days = 30) {
  await run('openssl', ['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`), '-subj', `/CN=windrow ${name}`]);
  await writeFile(at('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
  await run('openssl', ['x509', '-req', '-in', at(`${name}.csr`), '-signkey', at(`${name}.key`),
    '-days', String(days), '-extfile', at('names'), '-out', at(`${name}.pem`)]);
}

async function use(name) {
  await copyFile(at(`${name}.pem`), at('used.pem'));
  await copyFile(at(`${name}.key`), at('used.key'));
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-tls-'));
  await makeCertificate('one');
  await makeCertificate('two');
  await makeCertificate('ended', 0);
  const made = Date.now();
  await use('one');
  server = await startServer('--tls-cert', at('used.pem'), '--tls-key', at('used.key'));
  await until(() => Date.now() > made + 1100, 'the certificate of no days to be over');
});
after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

/** One request by Node's https; gives status, headers, body and whether the session was resumed. */
async function ask(path, { method = 'GET', ca = 'one', agent, body, type = 'text/yaml' } = {}) {
  const trusted = await readFile(at(`${ca}.pem`));
  return new Promise((resolved, rejected) => {
    const headers = { 'x-metal-api-key': server.key.apiKey, 'x-metal-client-id': server.key.clientId };
    if (body) headers['content-type'] = type;
    const sent = request(`${server.url}${path}`, { method, ca: trusted, agent, headers }, (answer) => {
      let text = '';
      const resumed = answer.socket.isSessionReused();
      answer.on('data', (piece) => (text += piece));
      answer.on('end', () => resolved({ status: answer.statusCode, headers: answer.headers, text, resumed }));
      answer.on('error', rejected);
    });
    sent.on('error', rejected);
    sent.end(body);
  });
}

const YAML = 'name: Through TLS\nsteps: [{ id: a, type: set, config: { fields: { x: 1 } } }]\n';

test('Node speaks to it, and links say https', async () => {
  assert.match(server.url, /^https:/);
  const made = await ask('/v1/workflows?publish=true', { method: 'POST', body: YAML });
  assert.equal(made.status, 201, made.text);
  assert.match(made.headers.location, new RegExp(`^${server.url}/v1/workflows/[0-9a-f]{24}$`));
  const { id } = JSON.parse(made.text).data;
  const started = await ask(`/v1/workflows/${id}/runs`, {
    method: 'POST', type: 'application/json', body: JSON.stringify({ input: { text: 'x'.repeat(500_000) } }),
  });
  assert.equal(started.status, 201, started.text);
  const read = await ask(`/v1/workflow-runs/${JSON.parse(started.text).data.id}`);
  assert.equal(JSON.parse(read.text).data.input.text.length, 500_000);
});

test('connections are kept, and sessions taken up again', async () => {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 50; i++) assert.equal((await ask('/healthz', { agent: kept })).status, 200);
  kept.destroy();
  const fresh = new Agent({ keepAlive: false });
  await ask('/healthz', { agent: fresh });
  assert.equal((await ask('/healthz', { agent: fresh })).resumed, true);
});

test('curl speaks to it, in TLS 1.2 and 1.3 and not below', async () => {
  const curl = (...args) => run('curl', ['-sS', '--cacert', at('one.pem'), ...args]);
  for (const version of [['--tls-max', '1.2'], ['--tlsv1.3']])
    assert.equal((await curl(...version, `${server.url}/healthz`)).stdout, '{"status":"ok"}');
  await assert.rejects(
    curl('--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0', `${server.url}/healthz`), /protocol version|unsupported protocol/);
  await assert.rejects(run('curl', ['-sS', `${server.url}/healthz`]), /self.signed/i);
  const many = Array.from({ length: 20 }, () => `${server.url}/healthz`);
  assert.equal((await curl('-v', ...many)).stderr.match(/SSL connection using/g).length, 1);
});

test('openssl s_client sees the certificate, ALPN and no renegotiation', async () => {
  const child = spawn('openssl', ['s_client', '-connect', `127.0.0.1:${server.port}`, '-CAfile', at('one.pem'),
    '-alpn', 'h2,http/1.1', '-tls1_2', '-verify_return_error']);
  let text = '';
  child.stdout.on('data', (piece) => (text += piece));
  child.stderr.on('data', (piece) => (text += piece));
  await until(() => /Verify return code: .*\n/.test(text), 'the handshake');
  assert.match(text, /Verify return code: 0 \(ok\)/);
  assert.match(text, /ALPN protocol: http\/1\.1/);
  assert.match(text, /Cipher *: ECDHE-ECDSA-(AES|CHACHA)/);
  const ended = new Promise((done) => child.once('close', done));
  child.stdin.write('R\n'); // to renegotiate
  await ended;
  assert.match(text, /no renegotiation|handshake failure/i);
});

test('plain HTTP is told to use https', async () => {
  const text = await new Promise((resolved, rejected) => {
    let seen = '';
    const socket = connect(server.port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'));
    socket.on('data', (piece) => (seen += piece));
    socket.on('error', rejected);
    socket.on('close', () => resolved(seen));
  });
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.match(text, /this port speaks TLS; use https:/);
});

test('clients that hang up in the middle of a handshake do no harm', async () => {
  const hello = Buffer.from('1603010200010001fc0303', 'hex'); // its first bytes
  await Promise.all(Array.from({ length: 100 }, (_, i) => new Promise((done) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(hello.subarray(0, i % hello.length));
      setImmediate(() => (i % 2 ? socket.resetAndDestroy() : socket.end()));
    });
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', done);
  })));
  assert.equal((await ask('/healthz')).status, 200);
});

test('SIGHUP reads the files again; connections go on; what cannot be used changes nothing', async () => {
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  assert.equal((await ask('/healthz', { agent: kept })).status, 200);
  const reload = async (words) => {
    const before = server.log.text.length;
    server.child.kill('SIGHUP');
    await until(() => words.test(server.log.text.slice(before)), `${words} in the log`);
  };
  await use('two');
  await reload(/certificate read again/);
  assert.equal((await ask('/healthz', { agent: kept })).status, 200, 'on the connection from before');
  kept.destroy();
  const agent = new Agent();
  assert.equal((await ask('/healthz', { ca: 'two', agent })).status, 200);
  await assert.rejects(ask('/healthz', { ca: 'one', agent }), /self.signed/);

  await copyFile(at('one.pem'), at('used.pem'));
  await reload(/the certificate in use stays.*is not that of the certificate/);
  await use('ended');
  await reload(/the certificate in use stays.*ended on/);
  await rm(at('used.pem'));
  await reload(/the certificate in use stays.*cannot be read/);
  assert.equal((await ask('/healthz', { ca: 'two', agent })).status, 200);
  await use('one');
  await reload(/certificate read again/);
  assert.equal((await ask('/healthz', { agent })).status, 200);
});

test('files that cannot be used end the start with words', async () => {
  const start = (cert, key) => windrow('serve', '--listen', '127.0.0.1:0', '--data', at('data'),
    ...(cert ? ['--tls-cert', at(cert)] : []), ...(key ? ['--tls-key', at(key)] : []));
  for (const [cert, key, words] of [
    ['one.pem', 'two.key', /two\.key is not that of the certificate .*one\.pem/],
    ['one.key', 'one.key', /one\.key holds no certificate/],
    ['one.pem', 'one.pem', /one\.pem holds no private key/],
    ['none.pem', 'one.key', /none\.pem cannot be read: No such file/],
    ['one.pem', null, /tls_key is missing/],
    [null, 'one.key', /tls_cert is missing/],
  ]) {
    const { code, stderr } = await start(cert, key);
    assert.notEqual(code, 0);
    assert.match(stderr, words);
  }
});

test('a certificate that has ended is told in the log', async () => {
  const late = await startServer('--tls-cert', at('ended.pem'), '--tls-key', at('ended.key'));
  try {
    assert.match(late.log.text, /ended\.pem ended on .* clients refuse it/);
  } finally {
    await late.close();
  }
});
