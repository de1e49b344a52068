// Running the server: its configuration, what it tells about itself, its end and its copies.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startServer, windrow } from './server.mjs';

async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'windrow-ops-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// --- configuration ---

test('docs/configuration.md is what the table of settings says', async () => {
  const { stdout } = await windrow('docs', 'config', '--json');
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `/.test(line));
  const groups = page.split('\n').filter((line) => /^## /.test(line)).map((line) => line.slice(3));
  const settings = JSON.parse(stdout);
  assert.deepEqual(
    rows,
    settings.map(
      (one) => `| \`${one.name}\` | ${one.default === null ? '' : `${one.default} `}| ${one.words} |`,
    ),
  );
  assert.deepEqual(groups, [...new Set(settings.map((one) => one.group))]);
});

test('the help of serve has every setting', async () => {
  const help = await windrow('serve', '--help');
  const { stdout } = await windrow('docs', 'config', '--json');
  assert.equal(help.code, 0);
  for (const one of JSON.parse(stdout)) {
    assert.ok(help.stdout.includes(`  ${one.flag} `), one.flag);
    assert.ok(help.stdout.includes(`(or ${one.variable})`), one.variable);
    assert.ok(help.stdout.includes(one.words), one.words);
  }
});

test('a server takes its settings from a file, and flags win', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'windrow.yaml');
    await writeFile(
      file,
      `listen: "nonsense"\npublic_url: https://windrow.example\nlog_format: json\n` +
        `default_model: local/extractive-1\nproviders: {}\n`,
    );
    const server = await startServer('--config', file);
    await server.close();
    const lines = server.log.text.trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.some((line) => /listening on http:\/\/127/.test(line.msg)));
  }));

test('a mistake in the file ends every command that reads it, with its place', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'windrow.yaml');
    await writeFile(file, 'data: x\nlissten: y\n');
    for (const args of [['serve', '--data', join(folder, 'data')], ['models']]) {
      const { code, stderr } = await windrow(...args, '--config', file);
      assert.notEqual(code, 0);
      assert.match(stderr, /windrow\.yaml: line 2, column 1: .*"lissten"; did you mean listen\?/);
    }
  }));

// --- metrics ---

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/;

/**
 * Reads the text format as strictly as promtool does; gives each family's type, help and samples.
 * A family's lines stand together, help and type first; counters end with _total; units are
 * seconds and bytes; the buckets of a histogram grow.
 */
function readMetrics(text) {
  const families = new Map();
  let now;
  assert.ok(text.endsWith('\n'));
  for (const line of text.slice(0, -1).split('\n')) {
    const head = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (head?.[1] === 'HELP') {
      assert.ok(!families.has(head[2]), `${head[2]} stands in two places`);
      assert.match(head[3], /\.$/);
      now = { name: head[2], samples: new Map() };
      families.set(head[2], now);
    } else if (head) {
      assert.equal(head[2], now.name);
      assert.match(head[3], /^(counter|gauge|histogram)$/);
      now.type = head[3];
      assert.equal(now.type === 'counter', /_total$/.test(now.name), now.name);
      assert.doesNotMatch(now.name, /_(ms|us|milliseconds|minutes|kb|mb|count|sum|bucket)$/);
      assert.match(now.name, /^(windrow|process)_[a-z0-9_]+$/);
    } else {
      const sample = SAMPLE.exec(line);
      assert.ok(sample, `not a sample: ${line}`);
      const [, name, labels = '', value] = sample;
      const end = now.type === 'histogram' ? /_(bucket|sum|count)$/ : /$/;
      assert.equal(name.replace(end, ''), now.name, line);
      assert.ok(now.type, line);
      const number = Number(value);
      assert.ok(Number.isFinite(number) && (number >= 0 || now.type === 'gauge'), line);
      const key = `${name}{${labels}}`;
      assert.ok(!now.samples.has(key), `twice: ${key}`);
      now.samples.set(key, number);
    }
  }
  for (const family of families.values()) {
    if (family.type === 'histogram') checkBuckets(family);
  }
  return families;
}

function checkBuckets({ name, samples }) {
  let last = 0;
  for (const [key, value] of samples) {
    if (!key.startsWith(`${name}_bucket`)) continue;
    if (key.includes('le="0.001"')) last = 0;
    assert.ok(value >= last, key);
    last = value;
    if (key.includes('le="+Inf"'))
      assert.equal(value, samples.get(key.replace('_bucket{', '_count{').replace(/,?le="\+Inf"/, '')));
  }
}

const WORKFLOW = `
name: ops-hello
steps:
  - { id: say, type: transform, config: { expression: ".input.n + 1" } }
`;

async function freePort() {
  const probe = createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  return port;
}

/** A server with a port of its own for metrics; another port where somebody was quicker to take it. */
async function startWithMetrics(...args) {
  for (;;) {
    const listen = `127.0.0.1:${await freePort()}`;
    try {
      return { listen, server: await startServer('--metrics-listen', listen, ...args) };
    } catch (error) {
      if (!/in use/.test(error.message)) throw error;
    }
  }
}

async function askMetrics(url, headers = {}) {
  const answer = await fetch(`${url}/metrics`, { headers });
  return { status: answer.status, type: answer.headers.get('content-type'), text: await answer.text() };
}

test('/metrics is what Prometheus reads, and counts what was done', async () => {
  const server = await startServer();
  try {
    const workflow = await server.publish(WORKFLOW);
    const { id } = await server.begin(workflow, { n: 1 });
    await server.reachEnd(id);
    await server.get('/v1/nothing/here');
    const { status, type, text } = await askMetrics(server.url);
    assert.equal(status, 200);
    assert.match(type, /^text\/plain; version=0\.0\.4/);
    const families = readMetrics(text);
    const value = (name, labels = '') => families.get(name).samples.get(`${name}{${labels}}`);
    const start = 'method="POST",route="/v1/workflows/{workflow}/runs"';
    assert.equal(value('windrow_runs_started_total', 'trigger="api"'), 1);
    assert.equal(value('windrow_runs_ended_total', 'state="completed"'), 1);
    assert.equal(value('windrow_http_requests_total', `${start},status="2xx"`), 1);
    assert.equal(value('windrow_http_requests_total', 'method="any",route="none",status="4xx"'), 1);
    const spent = families.get('windrow_http_request_duration_seconds').samples;
    assert.equal(spent.get(`windrow_http_request_duration_seconds_count{${start}}`), 1);
    assert.ok(value('process_resident_memory_bytes') > 1e6);
    assert.ok(value('windrow_disk_free_bytes') > 0);
    assert.equal(value('windrow_ai_provider_down', 'provider="local"'), 0);
    assert.ok(Math.abs(value('process_start_time_seconds') - Date.now() / 1000) < 600);
    assert.ok(value('windrow_store_calls_total', 'call="commit"') >= 2);
    for (const name of ['windrow_runs_in_memory', 'windrow_calls_waiting', 'windrow_http_connections',
      'windrow_commit_duration_seconds', 'windrow_pool_waiting_tasks', 'windrow_store_trouble',
      'windrow_watchers', 'windrow_cleaned_rows_total'])
      assert.ok(families.has(name), name);
  } finally {
    await server.close();
  }
});

test('threat E16: /metrics and the probes tell no ids and no names of users', async () => {
  const server = await startServer();
  try {
    const workflow = await server.publish(WORKFLOW);
    const { id } = await server.begin(workflow, { n: 1 });
    await server.reachEnd(id);
    for (const path of ['/metrics', '/healthz', '/readyz']) {
      const { text } = await server.get(path, { key: null });
      for (const secret of [id, workflow.id, workflow.slug ?? 'ops-hello', server.key.clientId,
        server.key.apiKey, server.data])
        assert.ok(!text.includes(secret), `${path} tells ${secret}`);
      assert.doesNotMatch(text.replace(/^#.*$/gm, ''), /[0-9a-f]{24}/);
    }
  } finally {
    await server.close();
  }
});

test('/metrics may have an address of its own, and a token', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'token');
    await writeFile(file, 'open-sesame\n');
    const { listen, server } = await startWithMetrics('--metrics-token-file', file);
    try {
      assert.equal((await askMetrics(server.url)).status, 404);
      const own = `http://${listen}`;
      assert.equal((await askMetrics(own)).status, 401);
      assert.equal((await askMetrics(own, { authorization: 'Bearer open' })).status, 401);
      const found = await askMetrics(own, { authorization: 'Bearer open-sesame' });
      assert.equal(found.status, 200);
      readMetrics(found.text);
      assert.equal((await fetch(`${own}/healthz`)).status, 200);
      assert.equal((await fetch(`${own}/v1/workflows`)).status, 401);
      const key = { headers: { 'x-api-key': server.key.apiKey } };
      assert.equal((await fetch(`${own}/v1/workflows`, key)).status, 404);
    } finally {
      await server.close();
    }
  }));

// --- logs ---

test('a request has an id, which the log and the answer tell', async () => {
  const server = await startServer('--log-requests', '--log-format', 'json');
  try {
    const given = await server.get('/v1/workflows', { headers: { 'x-request-id': 'trace-7:a/b' } });
    assert.equal(given.headers.get('x-request-id'), 'trace-7:a/b');
    const made = await server.get('/v1/workflows');
    assert.match(made.headers.get('x-request-id'), /^[0-9a-f]{16}$/);
    const other = await server.get('/healthz', { key: null });
    assert.notEqual(other.headers.get('x-request-id'), made.headers.get('x-request-id'));
  } finally {
    await server.close();
  }
  const lines = server.log.text.trim().split('\n').map((line) => JSON.parse(line));
  const line = lines.find((one) => one.request === 'trace-7:a/b');
  assert.equal(line.route, '/v1/workflows');
  assert.equal(line.method, 'GET');
  assert.equal(line.status, '200');
  assert.equal(line.key, server.key.clientId);
  assert.ok(!server.log.text.includes(server.key.apiKey));
});

test('threat: what a client sends makes no line of its own in the log', async () => {
  for (const format of ['json', 'text']) {
    const server = await startServer('--log-requests', '--log-level', 'debug', '--log-format', format);
    const evil = 'x level=error msg="forged"';
    try {
      await server.get(`/v1/${encodeURIComponent('a\r\nlevel=error msg=forged')}`);
      await server.get('/v1/workflows', { headers: { 'x-request-id': evil } });
      await server.get('/v1/workflows', { headers: { 'x-request-id': 'y'.repeat(200) } });
      await server.raw('GET /\x1b[2Jforged\nlevel=error HTTP/1.1').catch(() => {});
    } finally {
      await server.close();
    }
    assert.doesNotMatch(server.log.text, /forged/);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(server.log.text, /[\x00-\x09\x0b-\x1f\x7f]/);
    for (const line of server.log.text.trim().split('\n'))
      assert.match(line, format === 'json' ? /^\{"time":".*\}$/ : /^time=\S+ level=(info|debug|warn) /);
  }
});

// --- the doctor ---

const doctor = async (...args) => {
  const { code, stdout, stderr } = await windrow('doctor', '--json', ...args);
  assert.ok(stdout, stderr);
  const found = JSON.parse(stdout);
  assert.equal(code, found.ok ? 0 : 1);
  return { ok: found.ok, ...Object.fromEntries(found.checks.map((one) => [one.name, one])) };
};

test('the doctor finds a sound server sound, beside it and without it', () =>
  inFolder(async (folder) => {
    const server = await startServer();
    try {
      const found = await doctor('--data', server.data, '--listen', `127.0.0.1:${server.port}`);
      assert.ok(found.ok, JSON.stringify(found));
      assert.match(found.data.words, /held by a running server/);
      assert.match(found.database.words, /sound/);
      assert.match(found.sandbox.words, /safe child/);
    } finally {
      await server.close();
    }
    const fresh = await doctor('--data', join(folder, 'new'), '--listen', '127.0.0.1:0');
    assert.ok(fresh.ok, JSON.stringify(fresh));
    assert.match(fresh.data.words, /the first start makes it/);
    const { code, stdout } = await windrow('doctor', '--data', join(folder, 'new'), '--listen', '127.0.0.1:0');
    assert.equal(code, 0);
    assert.match(stdout, /^ok {5}config /m);
  }));

test('the doctor says what is wrong, and what to do', () =>
  inFolder(async (folder) => {
    const taken = createServer();
    await new Promise((done) => taken.listen(0, '127.0.0.1', done));
    try {
      const data = join(folder, 'data');
      assert.equal((await windrow('keys', 'create', '--data', data)).code, 0);
      const pem = join(folder, 'cert.pem');
      await writeFile(pem, 'no certificate');
      await writeFile(join(folder, 'windrow.yaml'), 'providers: { openai: { key_env: NO_SUCH_KEY } }\n');
      await writeFile(join(data, 'windrow.db'), 'no database at all '.repeat(1000));
      const found = await doctor(
        ...['--data', data, '--listen', `127.0.0.1:${taken.address().port}`],
        ...['--tls-cert', pem, '--tls-key', pem, '--config', join(folder, 'windrow.yaml')],
      );
      assert.ok(!found.ok);
      for (const name of ['providers', 'tls', 'listen', 'database']) {
        assert.equal(found[name].state, 'wrong', `${name}: ${found[name].words}`);
        assert.ok(found[name].mend, name);
      }
      assert.match(found.providers.words, /NO_SUCH_KEY|key_env/);
      const file = await doctor('--data', pem);
      assert.match(file.data.words, /is no folder/);
      const wrong = await windrow('doctor', '--config', join(folder, 'none.yaml'));
      assert.equal(wrong.code, 2);
    } finally {
      taken.close();
    }
  }));

test('the doctor asks providers only when it may', async () => {
  const seen = [];
  const provider = createHttp((request, answer) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    answer.writeHead(request.headers.authorization === 'Bearer good' ? 200 : 401).end('{}');
  });
  await new Promise((done) => provider.listen(0, '127.0.0.1', done));
  const base = `http://127.0.0.1:${provider.address().port}/v1`;
  try {
    await inFolder(async (folder) => {
      const args = ['--data', join(folder, 'data'), '--listen', '127.0.0.1:0', '--config', join(folder, 'c.yaml')];
      const write = (key, url = base) =>
        writeFile(join(folder, 'key'), key).then(() =>
          writeFile(
            join(folder, 'c.yaml'),
            `providers: { mine: { base_url: '${url}', key_file: '${join(folder, 'key')}' } }\n`,
          ),
        );
      await write('good');
      assert.equal((await doctor(...args)).providers.state, 'ok');
      assert.deepEqual(seen, []);
      assert.equal((await doctor('--online', ...args)).providers.state, 'ok');
      assert.deepEqual(seen, ['GET /v1/models Bearer good']);
      await write('very-bad');
      const refused = await doctor('--online', ...args);
      assert.match(refused.providers.words, /refuses the key/);
      assert.ok(!JSON.stringify(refused).includes('very-bad'));
      await write('good', 'http://127.0.0.1:1/v1');
      assert.match((await doctor('--online', ...args)).providers.words, /cannot be reached/);
    });
  } finally {
    provider.close();
  }
});
