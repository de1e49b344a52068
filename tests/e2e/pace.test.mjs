// How fast a host is called: rates, calls at once, and a host that wants a pause.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer('--allow', '127.0.0.1');
});
after(() => server?.close());

/** Answers after a moment, and remembers when calls came and how many were there at once. */
async function startHost({ delayMs = 20, answer = () => ({ status: 200 }) } = {}) {
  const seen = { came: [], mostAtOnce: 0 };
  let atOnce = 0;
  const http = createServer((request, response) => {
    seen.came.push(performance.now());
    seen.mostAtOnce = Math.max(seen.mostAtOnce, ++atOnce);
    request.resume();
    setTimeout(() => {
      atOnce--;
      const { status, headers = {} } = answer(seen.came.length);
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end('{}');
    }, delayMs);
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    seen,
    close: () => new Promise((done) => http.close(done) && http.closeAllConnections()),
  };
}

/** So many calls beside each other, since none needs another. */
const calling = (name, url, count, config) => `
name: ${name}
slug: ${name}
steps:
  - { id: begin, type: set, config: { fields: { x: 1 } } }
${Array.from(
  { length: count },
  (_, i) => `  - { id: call_${i}, type: http_request, needs: begin, config: { url: "${url}/${i}", ${config} } }`,
).join('\n')}
`;

async function runAll(workflows) {
  const begun = await Promise.all(
    workflows.map(async (text) => server.begin(await server.publish(text), {})),
  );
  return Promise.all(begun.map(({ id }) => server.reachEnd(id)));
}

test('a rate is never exceeded', async () => {
  const host = await startHost({ delayMs: 0 });
  try {
    const began = performance.now();
    const [run] = await runAll([calling('rated', host.url, 21, 'rate: 20/s')]);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    assert.equal(host.seen.came.length, 21);
    assert.ok(performance.now() - began >= 1000, 'the last one had to wait for its second');
  } finally {
    await host.close();
  }
});

test('two runs share a host', async () => {
  const host = await startHost();
  try {
    const runs = await runAll([
      calling('left', host.url, 12, 'per_host: 2'),
      calling('right', host.url, 12, 'per_host: 2'),
    ]);
    assert.deepEqual(runs.map((run) => run.status), ['completed', 'completed']);
    assert.equal(host.seen.came.length, 24);
    assert.equal(host.seen.mostAtOnce, 2);
  } finally {
    await host.close();
  }
});

test('calls to another host do not wait', async () => {
  const slow = await startHost();
  const quick = await startHost();
  try {
    const workflow = `
name: Two hosts
steps:
  - { id: begin, type: set, config: { fields: { x: 1 } } }
  - { id: a, type: http_request, needs: begin, config: { url: "${slow.url}/a", rate: 1/h } }
  - { id: b, type: http_request, needs: begin, config: { url: "${slow.url}/b", rate: 1/h } }
  - { id: c, type: http_request, needs: begin, config: { url: "${quick.url}/c", rate: 1/h } }
limits: { concurrency: 1, deadline: 5s }
`;
    const [run] = await runAll([workflow]);
    assert.equal(run.status, 'failed');
    assert.equal(run.error.code, 'deadline_passed');
    assert.deepEqual([slow.seen.came.length, quick.seen.came.length], [1, 1]);
  } finally {
    await slow.close();
    await quick.close();
  }
});

test('a host that wants a pause gets it from all', async () => {
  const host = await startHost({
    answer: (number) => (number === 1 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 200 }),
  });
  try {
    const [run] = await runAll([calling('paused', host.url, 4, 'per_host: 1')]);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    assert.equal(host.seen.came.length, 5);
    assert.ok(host.seen.came[1] - host.seen.came[0] >= 1000);
  } finally {
    await host.close();
  }
});

test('limits that cannot be understood are told', async () => {
  for (const [config, words] of [
    ['rate: 10', 'expected a rate such as 10/s, found a number'],
    ['rate: ten/s', 'not a rate'],
    ['per_host: 0', 'expected a whole number from 1 to 1000'],
  ]) {
    const answer = await server.post('/v1/workflows', calling('wrong', 'http://a', 1, config), {
      type: 'application/yaml',
    });
    assert.equal(answer.status, 400, answer.text);
    assert.ok(answer.text.includes(words), answer.text);
  }
});
