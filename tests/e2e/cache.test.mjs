// Answers that are used again: within a run, by later runs, and not where they failed.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer('--allow', '127.0.0.1');
});
after(() => server?.close());

/** Answers with how many calls came before, and remembers their paths. */
async function startHost({ status = () => 200, delayMs = 20 } = {}) {
  const paths = [];
  const http = createServer((request, response) => {
    const number = paths.push(request.url);
    setTimeout(() => {
      response.writeHead(status(number), { 'content-type': 'application/json' });
      response.end(JSON.stringify({ number }));
    }, delayMs);
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    paths,
    close: () => new Promise((done) => http.close(done) && http.closeAllConnections()),
  };
}

/** Steps beside each other that ask for these paths. */
const asking = (name, url, paths, more) => `
name: ${name}
slug: ${name}
steps:
  - { id: begin, type: set, config: { fields: { x: 1 } } }
${paths
  .map((path, i) => `  - { id: s_${i}, type: http_request, needs: begin, config: { url: "${url}${path}" }, ${more} }`)
  .join('\n')}
output: { numbers: [${paths.map((_, i) => `"{{steps.s_${i}.body.number}}"`).join(', ')}] }
`;

const publish = (text) => server.publish(text);

async function runOnce(workflow) {
  const { id } = await server.begin(workflow, {});
  return server.reachEnd(id);
}

const repeated = Array.from({ length: 30 }, (_, i) => `/${i % 3}`);

test('with cache, one answer serves all that ask for the same', async () => {
  const host = await startHost();
  try {
    const workflow = await publish(asking('kept', host.url, repeated, 'cache: 1h'));
    const first = await runOnce(workflow);
    assert.equal(first.status, 'completed');
    assert.deepEqual([...host.paths].sort(), ['/0', '/1', '/2']);
    assert.equal(new Set(first.output.numbers).size, 3);
    first.output.numbers.forEach((number, i) => assert.equal(number, first.output.numbers[i % 3]));

    const second = await runOnce(workflow);
    assert.deepEqual(second.output, first.output);
    assert.equal(host.paths.length, 3);

    // A step without it asks for itself, and one of another workflow with it does not.
    const other = await runOnce(await publish(asking('kept-too', host.url, ['/0', '/1'], 'cache: 5m')));
    assert.deepEqual(other.output.numbers, first.output.numbers.slice(0, 2));
    await runOnce(await publish(asking('not-kept', host.url, ['/0', '/0'], 'timeout: 5s')));
    assert.equal(host.paths.length, 5);
  } finally {
    await host.close();
  }
});

test('what fails serves nobody else', async () => {
  const host = await startHost({ status: (number) => (number === 1 ? 404 : 200) });
  try {
    const steps = ['/a', '/a', '/a', '/a', '/a'];
    const workflow = await publish(asking('failing', host.url, steps, 'cache: 1h, on_error: continue'));
    const run = await runOnce(workflow);
    assert.equal(run.status, 'completed');
    assert.equal(host.paths.length, 5);
    assert.equal(run.output.numbers.filter((number) => number === null).length, 1);
    // The failure is not kept, the answers are.
    const again = await runOnce(workflow);
    assert.equal(host.paths.length, 5);
    assert.ok(again.output.numbers.every((number) => number > 1));
  } finally {
    await host.close();
  }
});

test('a call that is cancelled leaves its turn to those that wait for it', async () => {
  const waiting = [];
  let stays = true;
  const http = createServer((request, response) => {
    const answer = () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end('{"number":7}');
    };
    waiting.push(request.url);
    if (!stays) answer();
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${http.address().port}`;
  try {
    const workflow = await publish(asking('left', url, ['/w'], 'cache: 1h'));
    const first = await server.begin(workflow, {});
    while (waiting.length === 0) await new Promise((done) => setTimeout(done, 5));
    const second = await server.begin(workflow, {});
    // It has joined the first, whose call stays unanswered.
    stays = false;
    await server.post(`/v1/workflow-runs/${first.id}/cancel`);
    const ended = await server.reachEnd(second.id);
    assert.deepEqual(ended.output.numbers, [7]);
    assert.equal((await server.reachEnd(first.id)).status, 'cancelled');
    assert.equal(waiting.length, 2);
  } finally {
    http.closeAllConnections();
    await new Promise((done) => http.close(done));
  }
});
