// Watching runs: server-sent events with the clients that people use, over kills and slow readers.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';

import { EventSource } from 'eventsource';

import { startServer, until } from './server.mjs';
import { startStub } from './stub.mjs';

let server;
let stub;
before(async () => {
  stub = await startStub();
  server = await startServer('--allow', '127.0.0.1');
});
after(async () => {
  await server?.close();
  await stub?.close();
});

const calling = (name, path, more = '') => `
name: ${name}
steps:
  - id: call
    type: http_request
    config: { url: "${stub.url}${path}", method: POST, json: { a: 1 } }
    ${more}
`;
const PURE = 'name: Pure\nsteps: [{ id: s, type: set, config: { fields: { x: 1 } } }]\n';

/** The events of one stream until it ends: durable ones with their ids, others apart; `heard` gets the text as it grows. */
async function read(from, path, { lastEventId, key = from.key, heard = () => {} } = {}) {
  const headers = { 'x-api-key': key.apiKey };
  if (lastEventId !== undefined) headers['last-event-id'] = String(lastEventId);
  const answer = await fetch(from.url + path, { headers });
  const seen = { status: answer.status, headers: answer.headers, events: [], others: [] };
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of answer.body ?? []) heard((text += decoder.decode(piece, { stream: true })));
  seen.text = text;
  for (const block of text.split('\n\n').filter((b) => b !== '' && b !== ':')) {
    const fields = Object.fromEntries(block.split('\n').map((line) => {
      const at = line.indexOf(': ');
      return [line.slice(0, at), line.slice(at + 2)];
    }));
    const data = JSON.parse(fields.data);
    if (fields.id === undefined) {
      seen.others.push({ type: fields.event, ...data });
      continue;
    }
    assert.equal(Number(fields.id), data.id);
    assert.equal(fields.event, data.type);
    seen.events.push(data);
  }
  return seen;
}

const types = (seen) => seen.events.map(({ type }) => type);
const path = (id) => `/v1/workflow-runs/${id}/events`;

/** Ids rise; each event is told once. */
function assertSound(events) {
  for (let i = 1; i < events.length; i++)
    assert.ok(events[i].id > events[i - 1].id, JSON.stringify(events.slice(i - 1, i + 1)));
}

test('a run with a call tells its moves, tables and steps', async () => {
  const workflow = await server.publish(calling('Told', '/delay/100'));
  const { id } = await server.begin(workflow, {});
  const seen = await read(server, path(id));
  assert.equal(seen.status, 200);
  assert.equal(seen.headers.get('content-type'), 'text/event-stream');
  assert.equal(seen.headers.get('cache-control'), 'no-store');
  assert.deepEqual(types(seen), ['run.queued', 'run.started', 'table.opened', 'step.started',
    'step.completed', 'table.completed', 'run.completed']);
  assertSound(seen.events);
  assert.deepEqual(new Set(seen.events.map(({ run }) => run)), new Set([id]));
  const step = seen.events.find(({ type }) => type === 'step.completed');
  assert.equal(step.step, 'call');
  assert.deepEqual(step.counts, { done: 1 });
  assert.deepEqual(seen.events.at(-1).tables[0].counts,
    { items: 1, completed: 1, failed: 0, dropped: 0, cancelled: 0 });
  const again = await read(server, path(id));
  assert.deepEqual(again.events, seen.events);
});

test('a run of pure steps tells its begin and its end', async () => {
  const { id } = await server.begin(await server.publish(PURE), {});
  const seen = await read(server, path(id));
  assert.deepEqual(types(seen), ['run.queued', 'run.started', 'run.completed']);
  assert.deepEqual(seen.events.map((event) => event.id), [1, 2, 3]);
});

test('a client goes on behind the last id, by header or by query', async () => {
  const workflow = await server.publish(calling('Resumed', '/echo'));
  const { data } = await server.post(`/v1/workflows/${workflow.id}/runs?wait=60`, { input: {} });
  const all = (await read(server, path(data.id))).events;
  for (const { id } of all.slice(0, -1)) {
    const rest = all.filter((event) => event.id > id);
    assert.deepEqual((await read(server, path(data.id), { lastEventId: id })).events, rest);
    assert.deepEqual((await read(server, `${path(data.id)}?lastEventId=${id}`)).events, rest);
  }
  const over = await read(server, path(data.id), { lastEventId: all.at(-1).id });
  assert.equal(over.status, 204);
  for (const wrong of ['x', '-1', '1.5', '99999999999999999999'])
    assert.equal((await server.get(`${path(data.id)}?lastEventId=${wrong}`)).status, 400);
});

test('generations follow each other in one stream', async () => {
  const workflow = await server.publish(calling('Again', '/page?title=x&broken=1'));
  const { data } = await server.post(`/v1/workflows/${workflow.id}/runs?wait=60`, { input: {} });
  assert.equal(data.status, 'failed');
  const first = await read(server, path(data.id));
  assert.equal(types(first).at(-1), 'run.failed');
  assert.equal(first.events.at(-1).error.step, 'call');
  await fetch(`${stub.url}/_mend`, { method: 'POST' });
  await server.post(`/v1/workflow-runs/${data.id}/retry?wait=60`);
  const rest = await read(server, path(data.id), { lastEventId: first.events.at(-1).id });
  assert.deepEqual(types(rest), ['run.retried', 'run.started', 'table.opened', 'step.started',
    'step.completed', 'table.completed', 'run.completed']);
  assert.ok(rest.events.every(({ generation }) => generation === 2));
  const whole = await read(server, path(data.id));
  assert.deepEqual(whole.events, [...first.events, ...rest.events]);
  assertSound(whole.events);
});

test('a run computed in place that is retried keeps its first ids', async () => {
  const workflow = await server.publish(
    'name: Wrong\nsteps: [{ id: s, type: transform, config: { expression: "1 / .input.n" } }]\n');
  const { id } = await server.begin(workflow, { n: 0 });
  const first = await read(server, path(id));
  assert.deepEqual(types(first), ['run.queued', 'run.started', 'run.failed']);
  await server.post(`/v1/workflow-runs/${id}/retry?wait=60`);
  const whole = await read(server, path(id));
  assert.deepEqual(whole.events.slice(0, 3), first.events);
  assert.equal(types(whole)[3], 'run.retried');
  assert.equal(types(whole).at(-1), 'run.failed');
  assertSound(whole.events);
});

/** Answers one call after the other, so that a run moves, but the last ones only when it is opened. */
async function startGate() {
  const waiting = [];
  let isOpen = false;
  const http = createServer((request, response) => {
    request.resume();
    waiting.push(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  let answered = 0;
  const timer = setInterval(() => {
    for (let next; (isOpen || answered < 50) && (next = waiting.shift()); answered++) {
      next();
      if (!isOpen) break;
    }
  }, 20);
  return {
    url: `http://127.0.0.1:${http.address().port}/`,
    open: () => (isOpen = true),
    close: () => {
      clearInterval(timer);
      return new Promise((done) => http.close(done) && http.closeAllConnections());
    },
  };
}

test('snapshots between events tell how far a run is', async () => {
  const rows = await server.ask('POST', '/v1/files?name=rows.csv',
    { body: 'n\n' + '1\n'.repeat(60), type: 'text/csv' });
  const gate = await startGate();
  const workflow = await server.publish(`
name: Rows
input: { type: object, properties: { rows: { type: string, format: file } } }
limits: { concurrency: 2 }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: call, type: http_request, config: { url: "${gate.url}", method: POST, json: { n: "{{item.n}}" } } }
`);
  const { id } = await server.begin(workflow, { rows: rows.data.id });
  const seen = await read(server, path(id), { heard: (text) => {
    if (text.split('event: progress').length > 3) gate.open();
  } });
  await gate.close();
  assert.equal(types(seen).at(-1), 'run.completed');
  const snapshots = seen.others.filter(({ type }) => type === 'progress');
  assert.ok(snapshots.length >= 2, seen.text);
  assert.ok(snapshots.some(({ calls }) => calls.inFlight > 0));
  for (const snapshot of snapshots) {
    assert.equal(snapshot.run, id);
    assert.deepEqual(snapshot.tables.map(({ table }) => table), ['', 'rows']);
  }
});

test('pause, resume and cancel are told', async () => {
  const workflow = await server.publish(calling('Hangs', '/hang'));
  const { id } = await server.begin(workflow, {});
  const stream = read(server, path(id));
  await server.reach(id, 'running');
  await server.post(`/v1/workflow-runs/${id}/cancel`);
  const seen = await stream;
  assert.equal(types(seen).at(-1), 'run.cancelled');
  assertSound(seen.events);
});

/** The npm client `eventsource`: collects until it is closed or told that nothing comes. */
function listen(from, id) {
  const events = [];
  let opened = 0;
  const source = new EventSource(from.url + path(id), {
    fetch: (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, 'x-api-key': from.key.apiKey } }),
  });
  source.addEventListener('open', () => opened++);
  for (const type of ['run.queued', 'run.started', 'run.waiting', 'run.resumed', 'run.paused',
    'run.completed', 'run.failed', 'run.cancelled', 'table.opened', 'table.completed',
    'step.started', 'step.completed'])
    source.addEventListener(type, (event) =>
      events.push({ ...JSON.parse(event.data), lastEventId: event.lastEventId }));
  return { source, events, opened: () => opened };
}

test('EventSource gets all, comes again, and learns that nothing comes', async () => {
  const workflow = await server.publish(calling('Browser', '/delay/200'));
  const { id } = await server.begin(workflow, {});
  const client = listen(server, id);
  try {
    await until(() => client.events.some(({ type }) => type === 'run.completed'), 'the end');
    assert.equal(client.events[0].lastEventId, '1');
    await until(() => client.source.readyState === EventSource.CLOSED, 'EventSource to give up');
    assertSound(client.events);
    assert.equal(client.events.at(-1).type, 'run.completed');
  } finally {
    client.source.close();
  }
});

test('a stream goes on behind its last id when the server was killed in the middle', async () => {
  const other = await startServer('--allow', '127.0.0.1');
  try {
    const workflow = await other.publish(`
name: Killed
steps:
  - { id: one, type: http_request, config: { url: "${stub.url}/delay/150", method: POST, json: { n: 1 } } }
  - { id: two, type: http_request, needs: one, config: { url: "${stub.url}/delay/150", method: POST, json: { n: 2 } } }
  - { id: three, type: http_request, needs: two, config: { url: "${stub.url}/delay/150", method: POST, json: { n: 3 } } }
`);
    const { id } = await other.begin(workflow, {});
    const events = [];
    /* Killed as often as it takes to meet all its moves; then it is let go to its end. */
    for (let life = 0; ; life++) {
      const headers = { 'x-api-key': other.key.apiKey };
      if (events.length > 0) headers['last-event-id'] = String(events.at(-1).id);
      let text = '';
      let late;
      try {
        const answer = await fetch(other.url + path(id), { headers });
        if (answer.status === 204) break;
        if (life < 40) late = setTimeout(() => other.child.kill('SIGKILL'), 20 + 23 * life);
        for await (const piece of answer.body) text += Buffer.from(piece).toString();
      } catch {
        /* It was cut. */
      }
      clearTimeout(late);
      /* What stands behind the last empty line was cut. */
      for (const block of text.split('\n\n').slice(0, -1)) {
        const data = /^data: (.*)$/m.exec(block);
        if (/^id: /.test(block) && data) events.push(JSON.parse(data[1]));
      }
      if (other.child.killed) {
        await other.ended;
        await other.start();
      }
    }
    assert.equal(events.at(-1).type, 'run.completed');
    assertSound(events);
    const whole = await read(other, path(id));
    assert.deepEqual(events, whole.events);
    assert.equal(types(whole).filter((type) => type === 'step.started').length, 3);
    assert.equal(types(whole).filter((type) => type === 'step.completed').length, 3);
  } finally {
    await other.close();
  }
});

test('steps of rows begin in their order, also those that are known of later', async () => {
  const workflow = await server.publish(`
name: In order
steps:
  - { id: row, type: expand, config: { list: "[range(3)]" } }
  - { id: first, type: set, config: { fields: { n: "{{item}}" } } }
  - { id: some, type: filter, config: { where: .item > 0 } }
  - { id: call, type: http_request, config: { url: "${stub.url}/delay/100", method: POST, json: { n: "{{steps.first.n}}" } } }
  - { id: last, type: set, config: { fields: { n: 1 } } }
`);
  const { id } = await server.begin(workflow, {});
  const { events } = await read(server, path(id));
  const begun = events.filter(({ type }) => type === 'step.started').map(({ step }) => step);
  assert.deepEqual(begun, ['row', 'first', 'some', 'call', 'last']);
});

test('a thousand watch one run', async () => {
  const workflow = await server.publish(calling('Crowd', '/delay/1500'));
  const { id } = await server.begin(workflow, {});
  const all = await Promise.all(Array.from({ length: 1000 }, () => read(server, path(id))));
  const first = JSON.stringify(all[0].events);
  assert.equal(types(all[0]).at(-1), 'run.completed');
  for (const seen of all) assert.equal(JSON.stringify(seen.events), first);
});

test('a client that never reads does no harm, and another key sees nothing', async () => {
  const workflow = await server.publish(calling('Deaf', '/delay/300'));
  const { id } = await server.begin(workflow, {});
  const socket = connect(server.port, '127.0.0.1');
  socket.pause();
  socket.write(`GET ${path(id)} HTTP/1.1\r\nHost: w\r\nx-api-key: ${server.key.apiKey}\r\n\r\n`);
  const seen = await read(server, path(id));
  assert.equal(types(seen).at(-1), 'run.completed');
  socket.destroy();
  assert.equal((await server.get(path(id), { key: null })).status, 401);
  assert.equal((await server.get(path('0123456789abcdef01234567'))).status, 404);
});

test('a stop ends streams at once', async () => {
  const other = await startServer('--allow', '127.0.0.1');
  try {
    const { id } = await other.begin(await other.publish(calling('Stops', '/hang')), {});
    let said = '';
    const stream = read(other, path(id), { heard: (text) => (said = text) });
    await until(() => said.includes('run.started'), 'the stream to tell of the run');
    await other.end('SIGTERM');
    const seen = await stream;
    assert.equal(seen.status, 200);
    await other.start();
    await other.post(`/v1/workflow-runs/${id}/cancel`);
    const rest = await read(other, path(id), { lastEventId: seen.events.at(-1).id });
    assert.equal(types(rest).at(-1), 'run.cancelled');
  } finally {
    await other.close();
  }
});
