// `wait` for an event: the step's value is what a program outside sends to the resume address.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

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

const waiting = (slug, wait, more = '') => `name: ${slug}
${more}steps:
  - { id: tell, type: http_request,
      config: { url: "${stub.url}/echo", query: { run: "{{run.id}}", token: "{{run.tokens.payment}}" } } }
  - { id: payment, type: wait, config: ${wait} }
  - { id: end, type: set, config: { fields: { paid: "{{steps.payment.amount}}" } } }
output: { end: "{{steps.end}}", payment: "{{steps.payment}}" }
`;

/** Starts a run, and gives it with the token that it has told. */
async function begin(slug) {
  const { data } = await server.post(`/v1/workflows/${slug}/runs`, {});
  const path = await until(
    () => stub.calls().map((call) => call.path).find((at) => at.includes(`run=${data.id}&`)),
    'the run to tell its token',
  );
  stub.reset();
  return { run: data, token: new URL(path, stub.url).searchParams.get('token') };
}

const send = (token, body) => server.post(`/v1/resume/${token}`, body, { key: null });

/** Sends until the run has come to its step. */
const deliver = (token, body) =>
  until(async () => {
    const answer = await send(token, body);
    return answer.status !== 409 || !answer.text.includes('has not come') ? answer : null;
  }, 'the run to wait');

test('an event is the value of the step that waits for it', async () => {
  await server.publish(waiting('paying', '{ for: 1h, event: { about: invoice 7, on_timeout: fail } }'));
  const { run, token } = await begin('paying');
  const taken = await deliver(token, { amount: 12.5, currency: 'EUR' });
  assert.equal(taken.status, 200, taken.text);
  assert.deepEqual(taken.data, { runId: run.id, step: 'payment', status: 'answered' });
  const ended = await server.reachEnd(run.id);
  assert.equal(ended.status, 'completed');
  assert.deepEqual(ended.output, {
    end: { paid: 12.5 }, payment: { amount: 12.5, currency: 'EUR' },
  });

  const again = await send(token, { amount: 12.5, currency: 'EUR' });
  assert.deepEqual([again.status, again.data], [200, taken.data]);
  const other = await send(token, { amount: 13 });
  assert.deepEqual([other.status, /another one/.test(other.text)], [409, true]);
});

test('a run waits over kills, and of many senders one is first', async () => {
  const { run, token } = await begin('paying');
  await server.restart('SIGKILL');
  await deliver(token, { amount: 1 });
  await server.restart('SIGKILL');
  assert.equal((await server.reachEnd(run.id)).output.end.paid, 1);

  const second = await begin('paying');
  await server.reach(second.run.id, 'running');
  await until(async () => {
    const answers = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map((amount) => send(second.token, { amount })),
    );
    const taken = answers.filter((answer) => answer.status === 200);
    if (taken.length === 0) return false;
    assert.equal(taken.length, 1);
    assert.ok(answers.every((answer) => [200, 409].includes(answer.status)));
    return true;
  }, 'one event to be taken');
  const ended = await server.reachEnd(second.run.id);
  assert.ok(ended.output.end.paid >= 1);
});

test('kills while the event comes lose nothing and take nothing twice', async () => {
  for (let round = 0; round < 8; round++) {
    const { run, token } = await begin('paying');
    assert.equal((await deliver(token, [1])).status, 200);
    const next = await begin('paying');
    const sent = deliver(next.token, { amount: round }).catch(() => null);
    await new Promise((done) => setTimeout(done, Math.random() * 30));
    await server.restart('SIGKILL');
    await sent;
    const answer = await deliver(next.token, { amount: round });
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await server.reachEnd(next.run.id)).output.end.paid, round);
    assert.equal((await server.reachEnd(run.id)).state, 'failed');
  }
});

test('without an event the step fails, or goes on with null', async () => {
  await server.publish(waiting('late', '{ for: 1500ms, event: { on_timeout: fail } }'));
  const late = await begin('late');
  const failed = await server.reachEnd(late.run.id);
  assert.deepEqual([failed.status, failed.error.code], ['failed', 'no_answer']);
  const refused = await send(late.token, { amount: 1 });
  assert.deepEqual([refused.status, /is over/.test(refused.text)], [409, true]);

  await server.publish(waiting('patient', '{ for: 1500ms, event: { on_timeout: continue } }'));
  const patient = await begin('patient');
  await server.restart('SIGKILL');
  const completed = await server.reachEnd(patient.run.id);
  assert.deepEqual([completed.status, completed.output.payment], ['completed', null]);
});

test('what was paused or ended is told apart', async () => {
  const { run, token } = await begin('paying');
  const state = async () => (await server.get(`/v1/workflow-runs/${run.id}`)).data.state;
  await until(async () => (await state()) === 'waiting', 'the run to wait');
  await server.post(`/v1/workflow-runs/${run.id}/pause`, {});
  await deliver(token, { amount: 4 });
  await server.post(`/v1/workflow-runs/${run.id}/resume`, {});
  const taken = await deliver(token, { amount: 4 });
  assert.equal(taken.status, 200, taken.text);
  assert.equal((await server.reachEnd(run.id)).output.end.paid, 4);

  const ended = await begin('paying');
  await server.post(`/v1/workflow-runs/${ended.run.id}/cancel`, {});
  await server.reach(ended.run.id, 'cancelled');
  const refused = await send(ended.token, { amount: 5 });
  assert.deepEqual([refused.status, /has ended/.test(refused.text)], [409, true]);
});

test('nobody guesses an address', async () => {
  const { run, token } = await begin('paying');
  const raw = Buffer.from(token, 'base64url');
  for (let i = 0; i < raw.length; i++) {
    const forged = Buffer.from(raw);
    forged[i] ^= 1;
    const answer = await send(forged.toString('base64url'), { amount: 6 });
    assert.equal(answer.status, 404, `byte ${i}`);
  }
  for (const text of ['', 'x', `${token}A`, token.slice(0, -1), 'A'.repeat(1000)])
    assert.equal((await send(text || '%20', {})).status, 404, text);
  const get = await server.get(`/v1/resume/${token}`, { key: null });
  assert.equal(get.status, 405);
  await server.post(`/v1/workflow-runs/${run.id}/cancel`, {});
});
