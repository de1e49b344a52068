// Schedules on the real clock, over kills: each instant starts one run.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server.close());

const ticking = (slug, schedule, extra = '') => `name: ${slug}
triggers: { schedule: ${schedule} }
${extra}steps: [{ type: set, config: { fields: { n: "{{input.n}}" } } }]
`;
const runsOf = async (slug) => (await server.get(`/v1/workflows/${slug}/runs?limit=1000`)).data;
const scheduleOf = (slug, query = '') => server.get(`/v1/workflows/${slug}/schedule${query}`);

test('every second has one run, over five kills', async () => {
  const second = (time) => Math.floor(new Date(time).getTime() / 1000);
  const asked = Date.now();
  await server.publish(ticking('every', '{ cron: "* * * * * *", missed: all, input: { n: 7 } }'));
  const begun = Date.now();
  for (let kill = 0; kill < 5; kill++) {
    await new Promise((done) => setTimeout(done, 300 + Math.random() * 900));
    await server.restart('SIGKILL');
  }
  const { lastAt } = await until(async () => {
    const { data } = await scheduleOf('every');
    return Date.parse(data.next[0]) > Date.now() && Date.parse(data.lastAt) > begun + 2000 && data;
  }, 'the schedule to be up to date');
  const archived = await server.post('/v1/workflows/every/archive', {});
  assert.equal(archived.status, 200);
  const runs = await runsOf('every');
  /* Runs may be made a while after their instants, and a second may begin while it is published or archived. */
  const least = second(lastAt) - second(begun);
  const most = second(Date.now()) - second(asked);
  assert.ok(runs.length >= least && runs.length <= most, `${runs.length} runs for ${least} to ${most} instants`);
  for (const run of runs) assert.deepEqual([run.trigger, run.input], ['schedule', { n: 7 }]);
  assert.equal((await scheduleOf('every')).status, 404);
});

test('the next times are told, with the jump of the clock', async () => {
  await server.publish(ticking('mondays', '{ cron: "0 7 * * 1", timezone: Europe/Berlin }'));
  const { data } = await scheduleOf('mondays', '?next=60');
  assert.deepEqual([data.cron, data.timezone, data.missed], ['0 7 * * 1', 'Europe/Berlin', 'once']);
  assert.equal(data.next.length, 60);
  const hours = new Set(data.next.map((time) => new Date(time).getUTCHours()));
  assert.deepEqual([...hours].sort(), [5, 6]);
  const list = await server.get('/v1/schedules');
  assert.deepEqual(list.data.map((one) => one.cron), ['0 7 * * 1']);
});

test('a schedule that cannot start its runs says why, and goes on', async () => {
  const closed = 'input: { type: object, required: [m], properties: { n: {} } }\n';
  await server.publish(ticking('wrong', '{ cron: "* * * * * *", input: { n: 1 } }', closed));
  const { data } = await until(async () => {
    const answer = await scheduleOf('wrong');
    return answer.data.lastError && answer;
  }, 'the schedule to fail');
  assert.match(data.lastError, /^input: /);
  assert.ok(Date.parse(data.next[0]) > Date.parse(data.lastAt));
  assert.equal((await runsOf('wrong')).length, 0);
});

test('a schedule that is none is refused with its place', async () => {
  const store = (schedule) => server.post('/v1/workflows?publish=true', ticking('none', schedule),
    { type: 'text/yaml' });
  const minute = await store('{ cron: "61 * * * *" }');
  assert.equal(minute.status, 400);
  assert.match(minute.json.problems[0].message, /^minute: a number is out of range/);
  assert.equal(minute.json.problems[0].line, 2);
  const zone = await store('{ cron: "0 7 * * *", timezone: Europe/Atlantis }');
  assert.equal(zone.status, 400);
  assert.match(zone.json.error, /triggers.schedule: there is no time zone "Europe\/Atlantis"/);
});

test('a new version without a schedule ends it; a deleted workflow too', async () => {
  await server.publish(ticking('ends', '{ cron: "0 0 1 1 *" }'));
  assert.equal((await scheduleOf('ends')).status, 200);
  const put = await server.ask('PUT', '/v1/workflows/ends?publish=true',
    { body: 'name: ends\nsteps: [{ type: set, config: { fields: { x: 1 } } }]\n', type: 'text/yaml' });
  assert.equal(put.status, 200, put.text);
  assert.equal((await scheduleOf('ends')).status, 404);
});
