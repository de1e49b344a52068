// The description that the server gives of itself, read by the tools that its users have.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import SwaggerParser from '@apidevtools/swagger-parser';
import { OpenAPIClientAxios } from 'openapi-client-axios';

import { startServer } from './server.mjs';

const run = promisify(execFile);
let server;
let document;

before(async () => {
  server = await startServer();
  document = (await server.get('/openapi.json', { key: null })).json;
});
after(() => server.close());

test('the linter of @redocly/cli has nothing to say', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windrow-openapi-'));
  const file = join(folder, 'openapi.json');
  await writeFile(file, JSON.stringify(document));
  const { stdout, stderr } = await run('node', [
    'node_modules/@redocly/cli/bin/cli.js', 'lint', '--format', 'json', file,
  ], { env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } });
  const found = JSON.parse(stdout);
  assert.deepEqual(found.totals, { errors: 0, warnings: 0, ignored: 0 }, stdout + stderr);
  await rm(folder, { recursive: true });
});

test('@apidevtools/swagger-parser takes it', async () => {
  const api = await SwaggerParser.validate(structuredClone(document));
  assert.ok(Object.keys(api.paths).length > 10);
});

test('every operation has a name of its own', () => {
  const names = Object.values(document.paths).flatMap((path) =>
    Object.values(path).map((operation) => operation.operationId));
  assert.equal(new Set(names).size, names.length);
});

test('it names the address that the client used', () => {
  assert.deepEqual(document.servers, [{ url: server.url }]);
});

test('a client made from it stores a workflow, runs it and reads the run', async () => {
  const api = new OpenAPIClientAxios({
    definition: document,
    axiosConfigDefaults: { headers: { 'x-api-key': server.key.apiKey }, proxy: false },
  });
  const client = await api.init();
  const text = 'name: Double\nsteps:\n' +
    '  - { id: n, type: transform, config: { expression: ".input.n * 2" } }\n';
  const made = await client.createWorkflow({ publish: true }, text,
    { headers: { 'content-type': 'application/yaml' } });
  assert.equal(made.status, 201);
  const started = await client.startRun({ workflow: made.data.data.id }, { input: { n: 21 } });
  assert.equal(started.status, 201);
  const found = await client.getRun({ run: started.data.data.id });
  assert.deepEqual(found.data.data.output, 42);
  const list = await client.listRuns({ workflow: 'double', limit: 10 });
  assert.equal(list.data.data.length, 1);
});

test('a body that is not as described is refused with the place', async () => {
  const bodies = {
    '{"inptu": {}}': 'unknown key "inptu"; did you mean "input"?',
    '{"input": 3}': 'input: expected null or object, found 3',
    '[]': 'the body: expected object, found an array of 0',
    '{': 'the body is not JSON that can be read',
  };
  for (const [body, words] of Object.entries(bodies)) {
    const answer = await server.post('/v1/workflows/double/runs', body);
    assert.equal(answer.status, 400);
    assert.ok(answer.json.error.startsWith(words), answer.json.error);
  }
});

test('a parameter that is not described is refused', async () => {
  const near = await server.get('/v1/workflows?limt=3');
  assert.equal(near.status, 400);
  assert.equal(near.json.error, 'unknown parameter "limt"; did you mean "limit"?');
  const none = await server.get('/v1/workflows/double?x=1');
  assert.equal(none.json.error, 'unknown parameter "x"; none is expected');
});
