// `approval`: what a person says on a page, by a link or with a key; one decision each, over kills.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

const asking = (slug, config, more = '') => `name: ${slug}
steps:
  - { id: ok, type: approval, ${more} config: ${config} }
  - { id: end, type: set, config: { fields: { by: "{{steps.ok.by}}" } } }
output: { ok: "{{steps.ok}}", end: "{{steps.end}}" }
`;
const CONFIG = '{ title: "Pay {{input.n}} <EUR>?", for: 1h, on_timeout: fail }';

/** Starts a run, and gives it with what it asks. */
async function begin(slug, input = { n: 7 }) {
  const { data: run } = await server.post(`/v1/workflows/${slug}/runs`, { input });
  const approval = await opened(run.id);
  return { run, approval };
}

const opened = (run) =>
  until(async () => (await server.get(`/v1/approvals?runId=${run}`)).data[0], `${run} to ask`);
/** What the run asks, or has asked: a short time to answer may be over before anybody looks. */
const asked = (run) =>
  until(async () => {
    for (const status of ['open', 'decided'])
      for (const one of (await server.get(`/v1/approvals?status=${status}&runId=${run}`)).data) return one;
    return null;
  }, `${run} to ask`);
const path = (link) => new URL(link).pathname;
const form = (fields) => new URLSearchParams(fields).toString();
const press = (link, fields) =>
  server.post(path(link), form(fields), {
    type: 'application/x-www-form-urlencoded', key: null,
  });
const open = (link) => server.get(path(link), { key: null });

test('a person approves on the page', async () => {
  await server.publish(asking('paying', CONFIG));
  const { run, approval } = await begin('paying');
  assert.equal(approval.title, 'Pay 7 <EUR>?');
  assert.deepEqual([approval.status, approval.step, approval.item], ['open', 'ok', '']);
  assert.deepEqual(approval.details, { n: 7 });
  assert.equal(approval.decision, null);

  const page = await open(approval.links.page);
  assert.equal(page.status, 200);
  assert.match(page.text, /Pay 7 &lt;EUR&gt;\?/);
  assert.doesNotMatch(page.text, /<script|<EUR>/);
  assert.match(page.headers.get('content-security-policy'), /default-src 'none'.*form-action 'self'/);
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
  assert.equal(page.headers.get('cache-control'), 'no-store');

  const done = await press(approval.links.page, {
    by: 'Ada <b>', comment: 'fine & good', decision: 'approve',
  });
  assert.equal(done.status, 200, done.text);
  assert.match(done.text, /Approved<\/strong> by Ada &lt;b&gt;/);
  const ended = await server.reachEnd(run.id);
  const { at, ...decided } = ended.output.ok;
  assert.deepEqual(decided, {
    decision: 'approved', by: 'Ada <b>', via: 'page', comment: 'fine & good',
  });
  assert.ok(Math.abs(Date.parse(at) - Date.now()) < 60_000);
  const { data: after } = await server.get(`/v1/approvals/${approval.id}`);
  assert.deepEqual([after.status, after.decision.at, after.links], ['approved', at, null]);
  assert.deepEqual((await server.get(`/v1/approvals?runId=${run.id}`)).data, []);
  const listed = await server.get(`/v1/approvals?status=decided&runId=${run.id}`);
  assert.deepEqual(listed.data.map((one) => one.id), [approval.id]);
});

test('what is rejected goes no further, and a retry asks again', async () => {
  const { run, approval } = await begin('paying');
  const no = await press(approval.links.reject, { by: 'Bob', comment: 'too much', decision: 'reject' });
  assert.equal(no.status, 200);
  const ended = await server.reachEnd(run.id);
  assert.equal(ended.status, 'failed');
  assert.equal(ended.error.code, 'rejected');
  assert.equal(ended.error.message, 'rejected by Bob: too much');
  assert.deepEqual([ended.error.by, ended.error.decision], ['Bob', 'rejected']);
  await server.post(`/v1/workflow-runs/${run.id}/retry`, {});
  const next = await opened(run.id);
  assert.notEqual(next.id, approval.id);
  const yes = await server.post(`/v1/approvals/${next.id}`, { decision: 'approve', by: 'Cy' });
  assert.deepEqual([yes.status, yes.data.status, yes.data.decision.via], [200, 'approved', 'api']);
  assert.equal((await server.reachEnd(run.id)).output.end.by, 'Cy');
});

test('a look decides nothing, and a link says one thing once', async () => {
  const { run, approval } = await begin('paying');
  for (const link of Object.values(approval.links))
    for (let i = 0; i < 3; i++) assert.equal((await open(link)).status, 200);
  assert.equal((await server.get(`/v1/approvals/${approval.id}`)).data.status, 'open');
  assert.doesNotMatch((await open(approval.links.approve)).text, />Reject</);
  const twisted = await press(approval.links.approve, { by: 'Eve', decision: 'reject' });
  assert.equal(twisted.status, 403);
  for (const fields of [{}, { by: 'Eve' }, { decision: 'approve' }, { by: ' ', decision: 'approve' },
    { by: 'Eve', decision: 'maybe' }, { by: 'x'.repeat(5000), decision: 'approve' }])
    assert.equal((await press(approval.links.page, fields)).status, 400, JSON.stringify(fields));
  assert.equal((await server.get(`/v1/approvals/${approval.id}`)).data.status, 'open');

  const presses = await Promise.all([
    ...Array.from({ length: 6 }, (_, i) =>
      press(approval.links.approve, { by: `yes ${i}`, decision: 'approve' })),
    ...Array.from({ length: 6 }, (_, i) =>
      press(approval.links.reject, { by: `no ${i}`, decision: 'reject' })),
  ]);
  const ended = await server.reachEnd(run.id);
  const wasYes = ended.status === 'completed';
  presses.forEach((one, i) => assert.equal(one.status, (i < 6) === wasYes ? 200 : 409));
  const by = wasYes ? ended.output.ok.by : ended.error.by;
  assert.match(by, wasYes ? /^yes \d$/ : /^no \d$/);
  for (const one of presses) assert.match(one.text, new RegExp(`by ${by},`));
});

test('kills between the click and what follows take one decision', async () => {
  for (let round = 0; round < 6; round++) {
    const { run, approval } = await begin('paying');
    const sent = press(approval.links.approve, { by: 'Ada', decision: 'approve' })
      .catch(() => null);
    await new Promise((done) => setTimeout(done, Math.random() * 25));
    await server.restart('SIGKILL');
    await sent;
    const again = await press(path(approval.links.approve).replace(/^/, server.url), {
      by: 'Ada again', decision: 'approve',
    });
    assert.equal(again.status, 200, again.text);
    const ended = await server.reachEnd(run.id);
    assert.ok(['Ada', 'Ada again'].includes(ended.output.ok.by));
    const { data } = await server.get(`/v1/approvals/${approval.id}`);
    assert.deepEqual([data.status, data.decision.by], ['approved', ended.output.ok.by]);
  }
});

test('when nobody decides, the step does what it says', async () => {
  const expected = {
    approve: (run) => assert.deepEqual(
      [run.status, run.output.ok.decision, run.output.ok.via, run.output.ok.by],
      ['completed', 'approved', 'timeout', null]),
    reject: (run) => assert.deepEqual([run.status, run.error.code, run.error.via],
      ['failed', 'rejected', 'timeout']),
    fail: (run) => assert.deepEqual([run.status, run.error.code], ['failed', 'no_answer']),
  };
  for (const [what, check] of Object.entries(expected)) {
    await server.publish(asking(`late-${what}`, `{ title: T, for: 1200ms, on_timeout: ${what} }`));
    const { data: run } = await server.post(`/v1/workflows/late-${what}/runs`, { input: { n: 7 } });
    const approval = await asked(run.id);
    if (what === 'reject') await server.restart('SIGKILL');
    check(await server.reachEnd(run.id));
    const { data } = await server.get(`/v1/approvals/${approval.id}`);
    assert.equal(data.status, { approve: 'approved', reject: 'rejected', fail: 'expired' }[what]);
    const late = await server.post(`/v1/approvals/${approval.id}`, {
      decision: what === 'approve' ? 'reject' : 'approve',
    });
    assert.equal(late.status, 409, late.text);
    if (approval.links)
      assert.equal((await open(path(approval.links.page).replace(/^/, server.url))).status, 404);
  }
});

test('a pause keeps the decision, a cancel ends the question', async () => {
  const { run, approval } = await begin('paying');
  await server.post(`/v1/workflow-runs/${run.id}/pause`, {});
  const key = { 'Idempotency-Key': 'decide-once' };
  const body = { decision: 'approve', comment: 'go' };
  const first = await server.post(`/v1/approvals/${approval.id}`, body, { headers: key });
  const again = await server.post(`/v1/approvals/${approval.id}`, body, { headers: key });
  assert.deepEqual([first.status, again.status], [200, 200], first.text + again.text);
  assert.equal(again.headers.get('idempotency-replayed'), 'true');
  assert.deepEqual(again.data, first.data);
  assert.equal((await server.get(`/v1/workflow-runs/${run.id}`)).data.state, 'paused');
  await server.post(`/v1/workflow-runs/${run.id}/resume`, {});
  assert.equal((await server.reachEnd(run.id)).output.ok.comment, 'go');

  const ended = await begin('paying');
  await server.post(`/v1/workflow-runs/${ended.run.id}/cancel`, {});
  const { data } = await server.get(`/v1/approvals/${ended.approval.id}`);
  assert.deepEqual([data.status, data.links], ['over', null]);
  assert.equal((await server.post(`/v1/approvals/${ended.approval.id}`, body)).status, 409);
  const pressed = await press(ended.approval.links.page, { by: 'Ada', decision: 'approve' });
  assert.deepEqual([pressed.status, /has ended/.test(pressed.text)], [409, true]);
  assert.deepEqual((await server.get(`/v1/approvals?runId=${ended.run.id}`)).data, []);
});

test('one decision holds for all rows of a table, one each with per: item', async () => {
  const rows = (slug, config) => `name: ${slug}
input: { type: object, properties: { file: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.file}}" } }
  - { id: big, type: filter, config: { where: ".item.n != \\"3\\"" } }
  - { id: ok, type: approval, config: ${config} }
  - { id: paid, type: set, config: { fields: { n: "{{item.n}}", by: "{{steps.ok.by}}" } } }
  - { id: out, type: write_jsonl, config: { columns: { n: "{{item.n}}", by: "{{steps.paid.by}}" } } }
output: { rows: "{{steps.out.rows}}" }
`;
  const sent = await server.post('/v1/files?name=rows.csv', 'n\n1\n2\n3\n4\n', { type: 'text/csv' });
  const input = { file: sent.data.id };
  await server.publish(rows('table', '{ title: "Pay {{item.rows}} rows?", for: 1h, on_timeout: fail }'));
  const yes = await begin('table', input);
  assert.equal(yes.approval.title, 'Pay 3 rows?');
  const page = await open(yes.approval.links.page);
  const link = /href="([^"]+)"/.exec(page.text)[1].replaceAll('&amp;', '&');
  const file = await server.get(link, { key: null });
  assert.deepEqual(file.text.trim().split('\n').map((line) => JSON.parse(line).n), ['1', '2', '4']);
  await server.restart('SIGKILL');
  const decided = await server.post(`/v1/approvals/${yes.approval.id}`, {
    decision: 'approve', by: 'Ada',
  });
  assert.equal(decided.status, 200, decided.text);
  const done = await server.reachEnd(yes.run.id);
  assert.deepEqual([done.status, done.output], ['completed', { rows: 3 }]);

  const no = await begin('table', input);
  await server.post(`/v1/approvals/${no.approval.id}`, { decision: 'reject', by: 'Bob' });
  const stopped = await server.reachEnd(no.run.id);
  assert.deepEqual([stopped.status, stopped.error.code], ['failed', 'rejected']);

  await server.publish(rows('each', '{ per: item, title: "Pay {{item.n}}?", for: 1h, on_timeout: fail }'));
  const { data: run } = await server.post('/v1/workflows/each/runs', { input });
  const open3 = await until(async () => {
    const { data } = await server.get(`/v1/approvals?runId=${run.id}`);
    return data.length === 3 && data;
  }, 'three questions');
  assert.deepEqual(open3.map((one) => one.title).sort(), ['Pay 1?', 'Pay 2?', 'Pay 4?']);
  for (const one of open3) {
    const pressed = await press(one.links.page, {
      by: one.title, decision: one.title === 'Pay 2?' ? 'reject' : 'approve',
    });
    assert.equal(pressed.status, 200);
    if (one.title === 'Pay 2?') await server.restart('SIGKILL');
    for (const other of open3)
      other.links.page = other.links.page.replace(/^http:..[^/]+/, server.url);
  }
  const each = await server.reachEnd(run.id);
  assert.deepEqual([each.status, each.output], ['completed', { rows: 2 }]);
});

test('threat E: nothing of it is seen or steered from outside', async () => {
  const { run, approval } = await begin('paying');
  const other = JSON.parse(JSON.stringify(server.key));
  const made = await server.post('/v1/keys', { name: 'reader', scopes: ['read'] });
  assert.equal(made.status, 201, made.text);
  const reader = { apiKey: made.data.key ?? made.data.apiKey };
  const seen = await server.get(`/v1/approvals/${approval.id}`, { key: reader });
  assert.deepEqual([seen.status, seen.data.links], [200, null]);
  const refused = await server.post(`/v1/approvals/${approval.id}`, { decision: 'approve' },
    { key: reader });
  assert.equal(refused.status, 403);
  const token = path(approval.links.approve).split('/').pop();
  const raw = Buffer.from(token, 'base64url');
  raw[1] = 0;
  for (const forged of [raw.toString('base64url'), `${token}A`, token.slice(1), 'x'])
    assert.equal((await server.get(`/approvals/${forged}`, { key: null })).status, 404, forged);
  const event = await server.post(`/v1/resume/${token}`, { decision: 'approved' }, { key: null });
  assert.notEqual(event.status, 200);
  assert.equal((await server.get(`/v1/approvals/${approval.id}`, { key: other })).data.status, 'open');
  await server.post(`/v1/workflow-runs/${run.id}/cancel`, {});
});

const events = async (run) => {
  const { text } = await server.get(`/v1/workflow-runs/${run}/events`);
  return text.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)));
};

test('who decided is an event of the run, and so is a comment, which decides nothing', async () => {
  await server.publish(asking('discussed', CONFIG));
  const { run, approval } = await begin('discussed');
  const at = `/v1/approvals/${approval.id}`;
  assert.equal((await server.post(at, { decision: 'comment', by: 'Ada' })).status, 400);
  const once = { headers: { 'idempotency-key': 'a-comment' } };
  for (let i = 0; i < 2; i++) {
    const said = await server.post(at, { decision: 'comment', by: 'Ada', comment: 'why <now>?' }, once);
    assert.equal(said.status, 200, said.text);
    assert.deepEqual([said.status, said.data.status, said.data.comments.length], [200, 'open', 1]);
  }
  const pressed = await press(approval.links.approve, { by: 'Bob', comment: 'it is due', decision: 'comment' });
  assert.equal(pressed.status, 200, pressed.text);
  assert.match(pressed.text, /Ada, .*why &lt;now&gt;\?.*Bob, .*it is due/s);
  assert.equal((await press(approval.links.page, { by: 'Bob', decision: 'comment' })).status, 400);
  const crowd = await Promise.all(Array.from({ length: 8 }, (_, i) =>
    server.post(at, { decision: 'comment', by: `n${i}`, comment: 'me too' })));
  assert.deepEqual([...new Set(crowd.map((one) => one.status))], [200]);
  const yes = await server.post(at, { decision: 'approve', by: 'Cy', comment: 'fine' });
  assert.deepEqual(yes.data.comments.slice(0, 2).map(({ by, via, comment }) => [by, via, comment]),
    [['Ada', 'api', 'why <now>?'], ['Bob', 'page', 'it is due']]);
  assert.equal(yes.data.comments.length, 10);
  assert.equal((await server.reachEnd(run.id)).output.ok.by, 'Cy');
  const told = (await events(run.id)).filter(({ type }) => type.startsWith('approval.'));
  assert.equal(told.length, 11);
  const { type, step, by, decision, via, comment, approval: id } = told.at(-1);
  assert.deepEqual([type, step, by, decision, via, comment, id],
    ['approval.decided', 'ok', 'Cy', 'approved', 'api', 'fine', approval.id]);
  assert.deepEqual([told[0].type, told[0].by, told[0].comment], ['approval.commented', 'Ada', 'why <now>?']);
  assert.equal((await server.post(at, { decision: 'comment', by: 'Ed', comment: 'late' })).status, 409);
});

test('an approval takes so many comments and no more', async () => {
  const { run, approval } = await begin('discussed');
  const at = `/v1/approvals/${approval.id}`;
  const say = () => server.post(at, { decision: 'comment', by: 'x', comment: 'y' });
  for (let i = 0; i < 50; i++) assert.equal((await say()).status, 200);
  assert.equal((await say()).status, 422);
  assert.equal((await press(approval.links.page, { by: 'x', comment: 'y', decision: 'comment' })).status, 422);
  await server.post(at, { decision: 'approve' });
  await server.reachEnd(run.id);
});

test('approvals are listed by status, workflow, run and time', async () => {
  await server.publish(asking('listed', CONFIG));
  await server.publish(asking('listed-too', CONFIG));
  const made = [];
  for (const slug of ['listed', 'listed', 'listed', 'listed', 'listed-too']) made.push(await begin(slug));
  const decide = (one, decision) => server.post(`/v1/approvals/${one.approval.id}`, { decision });
  await decide(made[0], 'approve');
  await decide(made[1], 'reject');
  await server.post(`/v1/workflow-runs/${made[2].run.id}/cancel`, {});
  await server.reachEnd(made[2].run.id);
  const list = async (query) => {
    const answer = await server.get(`/v1/approvals?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return [answer.data.map(({ id }) => made.findIndex(({ approval }) => approval.id === id)).sort(), answer.json.next];
  };
  assert.deepEqual(await list('workflow=listed'), [[3], null]);
  assert.deepEqual(await list('workflow=listed-too&status=open'), [[4], null]);
  for (const [status, want] of [['decided', [0, 1]], ['approved', [0]], ['rejected', [1]], ['over', [2]], ['expired', []]])
    assert.deepEqual(await list(`workflow=listed&status=${status}`), [want, null], status);
  assert.deepEqual(await list(`runId=${made[3].run.id}&createdAfter=2020-01-01T00:00:00Z`), [[3], null]);
  assert.deepEqual(await list('workflow=listed&createdAfter=2099-01-01T00:00:00Z'), [[], null]);
  assert.deepEqual(await list('workflow=listed&createdBefore=2020-01-01T00:00:00Z'), [[], null]);
  const seen = [];
  for (let next = ''; next !== null; ) {
    const answer = await server.get(`/v1/approvals?status=decided&limit=1${next && `&lt=${next}`}`);
    seen.push(...answer.data.map(({ id }) => id));
    next = answer.json.next;
  }
  const all = (await server.get('/v1/approvals?status=decided&limit=1000')).data.map(({ id }) => id);
  assert.deepEqual(seen, all);
  for (const query of ['workflow=none', 'status=maybe', 'createdAfter=soon'])
    assert.equal((await server.get(`/v1/approvals?${query}`)).status, 400, query);
  assert.equal((await server.get('/v1/waits?status=approved')).status, 400);
});
