// Stops and starts: what was acknowledged stays, however the process ended.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startServer, until, windrow } from './server.mjs';
import { startStub } from './stub.mjs';

const PURE = `
name: Pure
steps:
  - { id: double, type: transform, config: { expression: ".input.n * 2" } }
`;

test('acknowledged runs are there after kill -9', async () => {
  const server = await startServer();
  try {
    const workflow = await server.publish(PURE);
    const acknowledged = [];
    const worker = async () => {
      for (let n = 0; ; n++) {
        try {
          acknowledged.push((await server.begin(workflow, { n })).id);
        } catch {
          return;
        }
      }
    };
    const workers = Array.from({ length: 8 }, worker);
    await until(() => acknowledged.length >= 300, 'some runs');
    server.child.kill('SIGKILL');
    await Promise.all(workers);
    await server.ended;
    await server.start();
    for (const id of acknowledged) {
      const { status, data } = await server.get(`/v1/workflow-runs/${id}`);
      assert.equal(status, 200, id);
      assert.deepEqual([data.status, data.output], ['completed', data.input.n * 2]);
    }
  } finally {
    await server.close();
  }
});

test('unfinished runs go on after kill -9, with the same key for the same call', async () => {
  const stub = await startStub();
  const server = await startServer('--allow', '127.0.0.1');
  try {
    const workflow = await server.publish(`
name: Effects
steps:
  - { id: first, type: http_request, config: { url: "${stub.url}/echo", method: POST, json: { a: 1 } } }
  - { id: slow, type: http_request, config: { url: "${stub.url}/hang?until=mended", method: POST, json: { b: 2 } } }
`);
    const { id } = await server.begin(workflow, {});
    await until(() => stub.calls().length === 2, 'both calls');
    stub.mend();
    await server.restart('SIGKILL');
    const run = await server.reachEnd(id);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    const slow = stub.calls().filter((call) => call.path.startsWith('/hang'));
    const first = stub.calls().filter((call) => call.path.startsWith('/echo'));
    assert.equal(first.length, 1, 'a recorded result is not asked for again');
    assert.equal(slow.length, 2, 'the call in flight is');
    assert.equal(slow[0].idempotency_key, slow[1].idempotency_key);
  } finally {
    await server.close();
    await stub.close();
  }
});

test('SIGTERM and SIGINT stop in good order', async () => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    const server = await startServer();
    try {
      const workflow = await server.publish(PURE);
      const { id } = await server.begin(workflow, { n: 4 });
      const how = await server.end(signal);
      assert.deepEqual(how, { code: 0, signal: null }, server.log.text);
      assert.match(server.log.text, /stopped/);
      await server.start();
      assert.equal((await server.get(`/v1/workflow-runs/${id}`)).data.output, 8);
    } finally {
      await server.close();
    }
  }
});

test('a stop does not wait for runs that wait, and a start goes on with them', async () => {
  const server = await startServer();
  try {
    const workflow = await server.publish(`
name: Rests
steps:
  - { id: rest, type: wait, config: { for: 2s } }
  - { id: after, type: set, config: { fields: { done: true } } }
`);
    const { id } = await server.begin(workflow, {});
    await server.reach(id, 'running');
    const how = await server.end('SIGTERM');
    assert.equal(how.code, 0, server.log.text);
    await server.start();
    const run = await server.reachEnd(id);
    assert.deepEqual([run.status, run.output], ['completed', { done: true }]);
  } finally {
    await server.close();
  }
});

test('requests under way are answered by a stopping server', async () => {
  const stub = await startStub();
  const server = await startServer('--allow', '127.0.0.1');
  try {
    const workflow = await server.publish(`
name: Hanging
steps:
  - { id: call, type: http_request, config: { url: "${stub.url}/hang", method: GET } }
`);
    const { id } = await server.begin(workflow, {});
    await until(() => stub.calls().length === 1, 'the call');
    const how = await server.end('SIGTERM');
    assert.equal(how.code, 0, server.log.text);
    await server.start();
    await until(() => stub.calls().length === 2, 'the call again');
    assert.equal((await server.post(`/v1/workflow-runs/${id}/cancel`)).status, 200);
  } finally {
    await server.close();
    await stub.close();
  }
});

test('the command line works beside a running server', async () => {
  const server = await startServer();
  try {
    const workflow = await server.publish(PURE);
    const { id } = await server.begin(workflow, { n: 2 });
    const rerun = await windrow('runs', 'rerun', id, '--data', server.data);
    assert.equal(rerun.code, 0, rerun.stderr);
    await until(async () => {
      const { data } = await server.get(`/v1/workflows/${workflow.id}/runs`);
      return data.length === 2 && data.every((run) => run.output === 4);
    }, 'the second run');
  } finally {
    await server.close();
  }
});

test('options that are not right are told, and nothing starts', async () => {
  const data = await mkdtemp(join(tmpdir(), 'windrow-e2e-'));
  const table = [
    [['--store', 'postgres://localhost/x'], 2, /PostgreSQL is not in this build/],
    [['--store', 'mysql'], 2, /expected sqlite/],
    [['--public-url', 'windrow.example'], 2, /--public-url/],
    [['--public-url', 'https://windrow.example/'], 2, /slash/],
    [['--log-level', 'loud'], 2, /--log-level/],
    [['--http-threads', '0'], 2, /--http-threads/],
    [['--lisen', ':0'], 2, /did you mean --listen/],
    [['--listen', 'nonsense'], 1, /nonsense/],
    [['--allow', 'no/such/net'], 1, /./],
  ];
  try {
    for (const [args, code, words] of table) {
      const found = await windrow('serve', '--data', data, ...args);
      assert.equal(found.code, code, `${args}: ${found.stderr}`);
      assert.match(found.stderr, words);
    }
  } finally {
    await rm(data, { recursive: true, force: true });
  }
});

test('a second server on the same folder says so', async () => {
  const server = await startServer();
  try {
    const found = await windrow('serve', '--data', server.data, '--listen', '127.0.0.1:0');
    assert.notEqual(found.code, 0);
    assert.match(found.stderr, /lock|use|hold|another/i);
  } finally {
    await server.close();
  }
});

test('log lines may be JSON', async () => {
  const server = await startServer('--log-format', 'json');
  await server.close();
  const lines = server.log.text.trim().split('\n').map((line) => JSON.parse(line));
  assert.ok(lines.some((line) => /listening on http/.test(line.msg)));
});

test('a second signal ends the server at once, and nothing acknowledged is lost', async () => {
  const server = await startServer();
  try {
    const workflow = await server.publish(PURE);
    const { id } = await server.begin(workflow, { n: 4 });
    /* A request whose body does not come keeps a stop waiting. */
    const socket = connect(server.port, '127.0.0.1');
    let text = '';
    socket.on('data', (piece) => (text += piece));
    socket.on('error', () => {});
    socket.write(`POST /v1/workflows HTTP/1.1\r\nHost: x\r\nX-API-Key: ${server.key.apiKey}\r\n` +
      'Content-Type: application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n');
    await until(() => text.startsWith('HTTP/1.1 100 '), 'the body to be asked for');
    server.child.kill('SIGTERM');
    await until(() => /stopping/.test(server.log.text), 'the stop');
    const how = await server.end('SIGTERM');
    assert.deepEqual(how, { code: null, signal: 'SIGTERM' });
    socket.destroy();
    await server.start();
    assert.equal((await server.get(`/v1/workflow-runs/${id}`)).data.output, 8);
  } finally {
    await server.close();
  }
});

test('a run on which the server crashes three times is given up, and the others go on', async () => {
  const stub = await startStub();
  const server = await startServer('--allow', '127.0.0.1');
  try {
    const workflow = await server.publish(`
name: Poison
steps:
  - { id: call, type: http_request, config: { url: "${stub.url}/echo", method: GET } }
`);
    const calm = await server.publish(PURE);
    const before = await server.begin(calm, { n: 4 });
    /* As if the step broke an assert. */
    server.environment = { WINDROW_DIE_AT: 'call_before_send', WINDROW_DIE_BY: 'SIGABRT' };
    await server.restart('SIGTERM');
    /* It may die before it answers. */
    await server.begin(workflow, {}).catch(() => {});
    assert.deepEqual(await server.ended, { code: null, signal: 'SIGABRT' });
    for (let crash = 2; crash <= 3; crash++) {
      await server.start().catch(() => {});
      assert.deepEqual(await server.ended, { code: null, signal: 'SIGABRT' }, `crash ${crash}`);
    }
    await server.start();
    const [{ id }, ...others] = (await server.get(`/v1/workflows/${workflow.id}/runs`)).data;
    assert.equal(others.length, 0);
    const run = await server.reachEnd(id);
    assert.deepEqual([run.status, run.error.code], ['failed', 'crashed_server']);
    assert.match(server.log.text, new RegExp(`given up.*run=${id} crashes=3`));
    assert.equal((await server.reachEnd((await server.begin(calm, { n: 5 })).id)).output, 10);
    assert.equal((await server.get(`/v1/workflow-runs/${before.id}`)).data.output, 8);

    server.environment = {};
    await server.restart('SIGTERM');
    assert.equal((await server.post(`/v1/workflow-runs/${id}/retry`)).status, 200);
    assert.equal((await server.reachEnd(id)).status, 'completed');
  } finally {
    server.environment = {};
    await server.close();
    await stub.close();
  }
});

test('kill -9 is no crash of a run, however often it comes', async () => {
  const stub = await startStub();
  const server = await startServer('--allow', '127.0.0.1');
  try {
    const workflow = await server.publish(`
name: Killed
steps:
  - { id: call, type: http_request, config: { url: "${stub.url}/hang", method: GET } }
`);
    const { id } = await server.begin(workflow, {});
    for (let i = 0; i < 5; i++) {
      await server.reach(id, 'running');
      await server.restart('SIGKILL');
    }
    assert.equal((await server.reach(id, 'running')).error ?? null, null);
    assert.equal((await server.post(`/v1/workflow-runs/${id}/cancel`)).status, 200);
  } finally {
    await server.close();
    await stub.close();
  }
});
