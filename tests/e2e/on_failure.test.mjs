// Workflows that are run for failures of others: once for each generation that fails, never for their own.

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
  await server.close();
  await stub.close();
});

const PURE = '{ id: check, type: set, config: { fields: { x: \'{{= if .input.bad then error("no such customer") else 1 end }}\' } } }';
const PAUSE = '{ id: pause, type: wait, config: { for: 1ms } }';
const HOUR = '{ id: hour, type: wait, config: { for: 1h } }';
const workflow = (slug, steps, handler, extra = '') => `name: ${slug}
${handler ? `on_failure: { workflow: ${handler} }\n` : ''}${extra}steps: [${steps}]
`;
const handlerText = (slug, steps = '{ id: note, type: set, config: { fields: { code: "{{input.error.code}}", of: "{{input.run.id}}" } } }') =>
  workflow(slug, steps, '');
const start = async (slug, input = { bad: true }) => (await server.begin({ id: slug }, input)).id;
const find = async (id) => (await server.get(`/v1/workflow-runs/${id}`)).data;
const runsOf = async (slug) => (await server.get(`/v1/workflows/${slug}/runs?limit=1000`)).data;
const isEnded = ({ status }) => ['completed', 'failed', 'cancelled'].includes(status);
const ended = (id) => until(async () => ((run) => isEnded(run) && run)(await find(id)), `the end of ${id}`);
const endedRuns = (slug, count) =>
  until(async () => ((runs) => runs.length >= count && runs.every(isEnded) && runs)(await runsOf(slug)), `${count} runs of ${slug}`);

test('the handler is told what failed, whether the run was computed in place or not', async () => {
  await server.publish(handlerText('handler'));
  for (const [slug, steps] of [['in-place', PURE], ['durable', `${PAUSE}, ${PURE}`]]) {
    await server.publish(workflow(slug, steps, 'handler'));
    const id = await start(slug, { bad: true, customer: 7 });
    const failed = await ended(id);
    assert.equal(failed.status, 'failed');
    const run = await until(async () => (await runsOf('handler')).find(({ input }) => input.run.id === id), 'the handler');
    assert.equal(run.trigger, 'failure');
    assert.deepEqual(run.labels, { failed_run: id });
    const { input } = await ended(run.id);
    assert.equal(input.error.code, failed.error.code);
    assert.match(input.error.message, /no such customer/);
    assert.equal(input.error.step, 'check');
    assert.deepEqual(
      [input.run.generation, input.run.trigger, input.run.path, input.run.input],
      [1, 'api', `/v1/workflow-runs/${id}`, { bad: true, customer: 7 }],
    );
    assert.ok(Date.parse(input.run.startedAt) <= Date.parse(input.run.endedAt));
    assert.equal(input.workflow.slug, slug);
    assert.equal(input.workflow.version, 1);
    const { data } = await server.get(`/v1/workflow-runs?label=failed_run:${id}`);
    assert.deepEqual(data.map((one) => one.id), [run.id]);
  }
});

test('each generation that fails has one run; completed and cancelled ones have none', async () => {
  await server.publish(handlerText('counted'));
  await server.publish(workflow('counting', `${PAUSE}, ${PURE}`, 'counted'));
  await server.publish(workflow('cancelled', HOUR, 'counted'));
  const id = await start('counting');
  await ended(id);
  assert.equal((await server.post(`/v1/workflow-runs/${id}/retry`, {})).status, 200);
  await until(async () => ((run) => run.generation === 2 && run.status === 'failed')(await find(id)), 'the second failure');
  await ended(await start('counting', { bad: false }));
  const stopped = await start('cancelled');
  await server.post(`/v1/workflow-runs/${stopped}/cancel`, {});
  assert.equal((await ended(stopped)).status, 'cancelled');
  const last = await start('counting');
  await ended(last);
  const runs = await endedRuns('counted', 3);
  assert.deepEqual(runs.map(({ input }) => [input.run.id, input.run.generation]).sort(), [[id, 1], [id, 2], [last, 1]].sort());
});

test('a deadline that passed is a failure', async () => {
  await server.publish(handlerText('late'));
  const hanging = `{ id: call, type: http_request, config: { url: "${stub.url}/hang" } }`;
  await server.publish(workflow('slow', hanging, 'late', 'limits: { deadline: 100ms }\n'));
  const id = await start('slow');
  const [run] = await endedRuns('late', 1);
  assert.deepEqual([run.input.run.id, run.input.error.code], [id, 'deadline_passed']);
});

test('a workflow that a step calls is the failure of its caller', async () => {
  await server.publish(handlerText('of-caller'));
  await server.publish(handlerText('of-called'));
  await server.publish(workflow('called', `${PAUSE}, ${PURE}`, 'of-called'));
  await server.publish(workflow('caller', '{ id: call, type: workflow, config: { slug: called, input: { bad: true } } }', 'of-caller'));
  const id = await start('caller', {});
  const [run] = await endedRuns('of-caller', 1);
  assert.equal(run.input.run.id, id);
  assert.equal(run.input.error.step, 'call');
  assert.deepEqual(await runsOf('of-called'), []);
});

test('a handler that fails starts nothing, also not in a circle', async () => {
  const failing = '{ type: set, config: { fields: { x: \'{{= error("handlers fail too") }}\' } } }';
  await server.publish(workflow('round', failing, 'and-round'));
  await server.publish(workflow('and-round', `${PAUSE}, ${failing}`, 'round'));
  await ended(await start('round', {}));
  const [run] = await endedRuns('and-round', 1);
  assert.equal(run.status, 'failed');
  await server.post(`/v1/workflow-runs/${run.id}/retry`, {});
  await until(async () => ((one) => one.generation === 2 && one.status === 'failed')(await find(run.id)), 'the second failure');
  // Whatever would be started is started before this one, which is committed later.
  await server.publish(handlerText('after-all'));
  await server.publish(workflow('last', PURE, 'after-all'));
  await start('last');
  await endedRuns('after-all', 1);
  assert.deepEqual([(await runsOf('round')).length, (await runsOf('and-round')).length], [1, 1]);
});

test('a handler that cannot be run harms nobody, and the log says so', async () => {
  await server.publish(handlerText('strict').replace('steps:', 'input: { type: object, required: [never] }\nsteps:'));
  await server.ask('POST', '/v1/workflows', { body: handlerText('draft'), type: 'application/yaml' });
  for (const handler of ['nobody', 'strict', 'draft']) {
    await server.publish(workflow(`for-${handler}`, PURE, handler));
    const id = await start(`for-${handler}`);
    assert.equal((await ended(id)).status, 'failed');
    const line = await until(() => server.log.text.split('\n').find((text) => text.includes(`run=${id}`)), 'a line in the log');
    assert.match(line, new RegExp(`could not be run for a failure.*on_failure=${handler}`));
  }
});

// --- for all workflows of a workspace ---

const catching = (slug, note = '{ id: note, type: set, config: { fields: { of: "{{input.workflow.slug}}" } } }') =>
  workflow(slug, note, '', 'triggers: { failure: true }\n');
const send = (text) => server.post('/v1/workflows?publish=true', text, { type: 'application/yaml' });

test('a workflow that catches is run once for each failure that no other is run for, over kills', async () => {
  await server.publish(handlerText('own'));
  await server.publish(workflow('named', PURE, 'own'));
  await server.publish(workflow('pure', PURE));
  await server.publish(workflow('slow-one', `${PAUSE}, ${PURE}`));
  await ended(await start('pure')); // before anybody catches
  const failing = '{ type: set, config: { fields: { x: \'{{= if .input.run.input.again then error("too") else 1 end }}\' } } }';
  await server.publish(catching('catcher', failing));
  const failed = [];
  for (const slug of ['pure', 'slow-one', 'named', 'pure']) failed.push(await start(slug, { bad: true, again: slug === 'slow-one' }));
  await server.restart('SIGKILL');
  for (const id of failed) await ended(id);
  assert.equal((await server.post(`/v1/workflow-runs/${failed[0]}/retry`, {})).status, 200);
  await until(async () => ((run) => run.generation === 2 && run.status === 'failed')(await find(failed[0])), 'the second failure');
  await ended(await start('pure', { bad: false }));
  const [direct] = [await start('catcher', { run: { input: { again: true } } })]; // its own failures start nothing
  assert.equal((await ended(direct)).status, 'failed');
  const caught = async () => (await runsOf('catcher')).filter(({ id }) => id !== direct);
  await until(async () => (await caught()).length >= 4 && (await caught()).every(isEnded), 'what catches');
  const runs = await caught();
  assert.deepEqual(runs.map(({ input }) => `${input.run.id} ${input.run.generation}`).sort(),
    [`${failed[0]} 1`, `${failed[0]} 2`, `${failed[1]} 1`, `${failed[3]} 1`].sort());
  assert.deepEqual(runs.map(({ status, trigger, input: { workflow: { slug } } }) => [slug, status, trigger]).sort(),
    [['pure', 'completed', 'failure'], ['pure', 'completed', 'failure'], ['pure', 'completed', 'failure'],
      ['slow-one', 'failed', 'failure']]);
  assert.deepEqual((await endedRuns('own', 1)).map(({ input }) => input.run.id), [failed[2]]);
});

test('a workspace has one workflow that catches; others do not see its failures', async () => {
  const refused = await send(catching('second'));
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.json.error, /triggers\.failure: another workflow/);
  const draft = await server.post('/v1/workflows', catching('draft-catcher'), { type: 'application/yaml' });
  assert.equal(draft.status, 201, 'a draft catches nothing');

  const other = (await server.post('/v1/workspaces', { name: 'Other' })).data.key;
  const elsewhere = await server.post('/v1/workflows?publish=true', workflow('elsewhere', PURE), { type: 'application/yaml', key: other });
  assert.equal(elsewhere.status, 201, elsewhere.text);
  const run = await server.post(`/v1/workflows/${elsewhere.data.id}/runs`, { input: { bad: true } }, { key: other });
  assert.equal(run.data.status, 'failed');

  const before = (await runsOf('catcher')).length;
  const put = async (slug, text) => assert.equal(
    (await server.ask('PUT', `/v1/workflows/${slug}?publish=true`, { body: text, type: 'application/yaml' })).status < 300, true);
  await put('catcher', handlerText('catcher'));
  await ended(await start('pure'));
  assert.equal((await send(catching('second'))).status, 201);
  assert.equal((await server.post('/v1/workflows/second/archive', {})).status, 200);
  await ended(await start('pure'));
  await put('catcher', catching('catcher'));
  assert.equal((await server.post('/v1/workflows/second/unarchive', {})).status, 409);
  const last = await start('pure');
  const runs = await endedRuns('catcher', before + 1);
  assert.equal(runs.length, before + 1);
  assert.ok(runs.some(({ input }) => input.run.id === last)); // ids of one second have no order
  assert.equal((await server.ask('DELETE', '/v1/workflows/catcher')).status, 200);
  assert.equal((await server.post('/v1/workflows/second/unarchive', {})).status, 200);
});
