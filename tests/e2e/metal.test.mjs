// A client as Metal's guide describes one: start a run, poll until it ends, read the output. Only the
// address and the keys are ours.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

// --- the client -----------------------------------------------------------------------------------

const POLL_INTERVAL_MS = 20; // the guide says 10 s
const TIMEOUT_MS = 20_000; // and 600 s
const TERMINAL = new Set(['completed', 'failed', 'cancelled']);

function headers() {
  return {
    'x-metal-client-id': server.key.clientId,
    'x-metal-api-key': server.key.apiKey,
    'Content-Type': 'application/json',
  };
}

async function request(method, path, body) {
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: headers(),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = await response.json();
  if (!response.ok) throw new Error(`${response.status}: ${json.error}`);
  return json.data;
}

async function findWorkflow(name) {
  const workflows = await request('GET', '/v1/workflows');
  return workflows.find((workflow) => workflow.name === name);
}

async function runWorkflow(workflowId, input) {
  const run = await request('POST', `/v1/workflows/${workflowId}/runs`, { input });
  const deadline = Date.now() + TIMEOUT_MS;
  while (Date.now() < deadline) {
    const current = await request('GET', `/v1/workflow-runs/${run.id}`);
    if (TERMINAL.has(current.status.toLowerCase())) return current;
    await new Promise((resolve) => setTimeout(resolve, POLL_INTERVAL_MS));
  }
  throw new Error('timed out');
}

// --- and what it sees -----------------------------------------------------------------------------

const SCORE = `
name: Score a company
input:
  type: object
  required: [companyId]
  properties: { companyId: { type: string } }
steps:
  - { id: length, type: transform, config: { expression: ".input.companyId | length" } }
  - { id: pause, type: wait, config: { for: 50ms } }
output: { company: "{{input.companyId}}", score: "{{steps.length}}" }
`;

test('a run is started, polled to its end and read', async () => {
  await server.publish(SCORE);
  const workflow = await findWorkflow('Score a company');
  const run = await runWorkflow(workflow.id, { companyId: '507f1f77bcf86cd799439011' });
  assert.equal(run.status, 'completed');
  assert.match(run.id, /^[0-9a-f]{24}$/);
  assert.equal(run.workflowId, workflow.id);
  assert.deepEqual(run.input, { companyId: '507f1f77bcf86cd799439011' });
  assert.deepEqual(run.output, { company: '507f1f77bcf86cd799439011', score: 24 });
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
  assert.match(run.createdAt, iso);
  assert.match(run.completedAt, iso);
  assert.ok(run.completedAt >= run.createdAt);
});

test('a run that fails says so to the same client', async () => {
  await server.publish(`
name: Always fails
steps:
  - { id: bad, type: transform, config: { expression: 'error("no such company")' } }
`);
  const workflow = await findWorkflow('Always fails');
  const run = await runWorkflow(workflow.id, {});
  assert.equal(run.status, 'failed');
  assert.equal(run.output, null);
  assert.equal(run.error.step, 'bad');
  assert.match(run.error.message, /no such company/);
});

test('the client meets errors as the guide shows them', async () => {
  const workflow = await findWorkflow('Score a company');
  await assert.rejects(runWorkflow(workflow.id, {}), /400: input.*companyId/);
  await assert.rejects(request('GET', '/v1/workflow-runs/507f1f77bcf86cd799439011'), /404/);
});
