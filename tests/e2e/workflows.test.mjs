// Workflows as objects: new versions, publishing, archiving, deleting, restoring.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
before(async () => {
  server = await startServer();
});
after(() => server?.close());

/** A workflow whose runs say which text they ran. */
const saying = (name, word) => `name: ${name}
steps:
  - { id: word, type: set, config: { fields: { said: "${word}" } } }
output: { said: "{{steps.word.said}}" }
`;
const resting = (name) => `name: ${name}
steps:
  - { id: rest, type: wait, config: { for: 1d } }
`;

function assertFails(answer, status, words) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.headers.get('content-type'), 'application/json');
  assert.match(answer.json.error, words);
}

function put(target, text, { query = '', headers = {}, type = 'text/yaml' } = {}) {
  return server.ask('PUT', `/v1/workflows/${target}${query}`, { body: text, type, headers });
}

async function said(target) {
  const started = await server.post(`/v1/workflows/${target}/runs`, {});
  assert.equal(started.status, 201, started.text);
  return (await server.reachEnd(started.data.id)).output.said;
}

test('a new version runs only after it is published', async () => {
  const made = await server.publish(saying('Steps', 'one'));
  const second = await put('steps', saying('Steps', 'two'));
  assert.equal(second.status, 200, second.text);
  assert.deepEqual([second.data.version, second.data.publishedVersion], [2, 1]);
  assert.equal(await said('steps'), 'one');
  const published = await server.post('/v1/workflows/steps/publish');
  assert.equal(published.status, 200, published.text);
  assert.deepEqual([published.data.version, published.data.publishedVersion], [2, 2]);
  assert.equal(await said('steps'), 'two');
  const back = await server.post(`/v1/workflows/${made.id}/publish`, { version: 1 });
  assert.deepEqual([back.data.version, back.data.publishedVersion], [2, 1]);
  assert.equal(await said('steps'), 'one');
  const third = await put('steps', saying('Steps', 'three'), { query: '?publish=true' });
  assert.deepEqual([third.data.version, third.data.publishedVersion], [3, 3]);
  assert.equal(await said('steps'), 'three');
});

test('the same text is no new version', async () => {
  const text = saying('Same', 'x');
  const made = await put('same', text);
  assert.equal(made.status, 201);
  assert.equal(made.data.status, 'draft');
  assert.match(made.headers.get('location'), new RegExp(`/v1/workflows/${made.data.id}$`));
  const again = await put('same', text);
  assert.deepEqual([again.status, again.data], [200, made.data]);
  assert.equal(again.headers.get('etag'), made.headers.get('etag'));
  const published = await put('same', text, { query: '?publish=true' });
  assert.deepEqual([published.data.version, published.data.publishedVersion, published.data.status],
    [1, 1, 'active']);
  const twice = await put('same', text, { query: '?publish=true' });
  assert.deepEqual(twice.data, published.data);
});

test('a draft takes the name and the slug of its newest version', async () => {
  await put('early', saying('Early', 'x'));
  const renamed = await put('early', 'slug: late\n' + saying('Late', 'x'));
  assert.deepEqual([renamed.data.name, renamed.data.slug], ['Late', 'late']);
  assertFails(await server.get('/v1/workflows/early'), 404, /not found/);
});

test('a published workflow is renamed when the version is published', async () => {
  const made = await server.publish(saying('Before', 'x'));
  const drafted = await put('before', saying('After', 'x'));
  assert.deepEqual([drafted.data.slug, drafted.data.name], ['before', 'Before']);
  await server.post('/v1/workflows/before/publish');
  const { data } = await server.get('/v1/workflows/after');
  assert.deepEqual([data.id, data.slug, data.name], [made.id, 'after', 'After']);
  assertFails(await server.get('/v1/workflows/before'), 404, /not found/);
});

test('a taken slug is refused, at once and when it was free a while', async () => {
  await server.publish(saying('Owner', 'x'));
  await server.publish(saying('Guest', 'x'));
  assertFails(await put('guest', 'slug: owner\n' + saying('Guest', 'x')), 409, /has this slug/);
  await put('guest', 'slug: wanted\n' + saying('Guest', 'x'));
  await server.publish('slug: wanted\n' + saying('Quicker', 'x'));
  assertFails(await server.post('/v1/workflows/guest/publish'), 409, /has this slug/);
});

test('a put makes a workflow under its own slug only', async () => {
  assertFails(await put('nobody', saying('Somebody', 'x')), 404, /slug of the text is "somebody"/);
  assertFails(await put('0123456789abcdef01234567', saying('Somebody', 'x')), 404, /no such/);
});

test('problems of a text are listed and nothing is stored', async () => {
  const wrong = await put('wrong', 'name: Wrong\nsteps: [{ type: nothing }]\n');
  assertFails(wrong, 400, /1 problem/);
  assert.equal(wrong.json.problems[0].line, 2);
  assertFails(await put('wrong', '{"name":', { type: 'application/json' }), 400, /problem/);
  assertFails(await put('wrong', ''), 400, /empty/);
  assertFails(await put('wrong', 'x', { type: 'text/csv' }), 415, /Content-Type/);
  assertFails(await server.get('/v1/workflows/wrong'), 404, /not found/);
});

test('a change of what one has not seen is refused', async () => {
  const made = await server.publish(saying('Seen', '1'));
  const first = (await server.get('/v1/workflows/seen')).headers.get('etag');
  assert.match(first, /^"1-\d+"$/);
  const mine = await put('seen', saying('Seen', '2'), { headers: { 'if-match': first } });
  assert.equal(mine.status, 200, mine.text);
  const theirs = await put('seen', saying('Seen', '3'), { headers: { 'if-match': first } });
  assertFails(theirs, 412, /somebody else has changed the workflow: its newest version is 2/);
  for (const tag of ['"2"', '2', mine.headers.get('etag'), `"9-9", ${mine.headers.get('etag')}`, '*'])
    assert.equal((await put('seen', saying('Seen', '2'), { headers: { 'if-match': tag } })).status,
      200, tag);
  for (const tag of ['"1"', '"2-99"', 'W/"2"', '"x"', '""', '"2-"', '"-2"'])
    assertFails(await put('seen', saying('Seen', '4'), { headers: { 'if-match': tag } }), 412, /else/);
  const many = Array.from({ length: 9 }, () => '"1"').join(',');
  assertFails(await put('seen', saying('Seen', '4'), { headers: { 'if-match': many } }), 400, /most 8/);
  for (const path of ['publish', 'archive', 'unarchive', 'versions/restore'])
    assertFails(await server.post(`/v1/workflows/seen/${path}`, path.endsWith('restore') ?
      { version: 1 } : {}, { headers: { 'if-match': first } }), 412, /else/);
  assertFails(await server.ask('DELETE', '/v1/workflows/seen', { headers: { 'if-match': first } }),
    412, /else/);
  assertFails(await put('gone', saying('Gone', '1'), { headers: { 'if-match': '*' } }), 412, /no such/);
  assertFails(await put('seen', saying('Seen', '5'), { headers: { 'if-none-match': '*' } }), 412,
    /exists already/);
  assertFails(await put('seen', saying('Seen', '5'), { headers: { 'if-none-match': '"1"' } }), 400,
    /only \*/);
  assert.equal((await server.get(`/v1/workflows/${made.id}`)).data.version, 2);
});

test('of many at once each makes a version and none is lost', async () => {
  await server.publish(saying('Busy', 'x'));
  const words = Array.from({ length: 12 }, (_, i) => `word ${i}`);
  const answers = await Promise.all(words.map((word) => put('busy', saying('Busy', word))));
  assert.deepEqual(answers.map((answer) => answer.status), words.map(() => 200));
  const versions = answers.map((answer) => answer.data.version).sort((a, b) => a - b);
  assert.deepEqual(versions, words.map((_, i) => i + 2));
  const once = await Promise.all(words.map((word) =>
    put('busy', saying('Busy', `again ${word}`), { headers: { 'if-match': '"13"' } })));
  assert.equal(once.filter((answer) => answer.status === 200).length, 1);
  assert.equal(once.filter((answer) => answer.status === 412).length, words.length - 1);
});

test('versions are listed, newest first', async () => {
  await server.publish(saying('Listed', '1'));
  for (const word of ['2', '3', '4', '5']) await put('listed', saying('Listed', word));
  const list = async (query) => (await server.get(`/v1/workflows/listed/versions${query}`)).data;
  const numbers = async (query) => (await list(query)).map((row) => row.version);
  const all = await list('');
  assert.deepEqual(all.map((row) => row.published), [false, false, false, false, true]);
  assert.match(all[0].createdAt, /^\d{4}-.*Z$/);
  assert.deepEqual(await numbers(''), [5, 4, 3, 2, 1]);
  assert.deepEqual(await numbers('?limit=2'), [5, 4]);
  assert.deepEqual(await numbers('?limit=2&page=2'), [3, 2]);
  assert.deepEqual(await numbers('?limit=2&page=4'), []);
  assert.deepEqual(await numbers('?lt=3'), [2, 1]);
  assert.deepEqual(await numbers('?lt=0'), []);
  assert.deepEqual(await numbers('?direction=asc&limit=2'), [1, 2]);
  assert.deepEqual(await numbers('?direction=asc&limit=2&page=2'), [3, 4]);
  assert.deepEqual(await numbers('?direction=asc&lt=3'), [1, 2]);
  assertFails(await server.get('/v1/workflows/listed/versions?lt=x'), 400, /lt: expected/);
  assertFails(await server.get('/v1/workflows/nobody/versions'), 404, /not found/);
});

test('a version is given as it was sent, as a record and as a definition', async () => {
  const text = `# why\n${saying('Kept', 'x')}`;
  await server.publish(text);
  await put('kept', JSON.stringify({ slug: 'kept', steps: [{ config: { fields: { a: 1 } }, type: 'set' }],
    name: 'Kept' }), { type: 'application/json' });
  const path = '/v1/workflows/kept/versions';
  const { data } = await server.get(`${path}/1`);
  assert.deepEqual([data.version, data.published, data.text], [1, true, text]);
  assert.equal(data.definition.steps[0].config.fields.said, 'x');
  const yaml = await server.get(`${path}/1?format=yaml`);
  assert.deepEqual([yaml.status, yaml.headers.get('content-type'), yaml.text],
    [200, 'application/yaml', text]);
  const accepted = await server.get(`${path}/published`, { headers: { accept: 'application/yaml' } });
  assert.equal(accepted.text, text);
  const json = await server.get(`${path}/newest?format=json`);
  assert.equal(JSON.stringify(json.data.definition), JSON.stringify({ name: 'Kept', slug: 'kept',
    steps: [{ type: 'set', config: { fields: { a: 1 } } }] }));
  assert.equal((await server.get(`${path}/2?format=yaml`)).text[0], '{');
  assertFails(await server.get(`${path}/3`), 404, /no version 3; the newest is 2/);
  for (const wrong of ['0', '-1', 'x', '1.0', '99999999999999999999'])
    assertFails(await server.get(`${path}/${wrong}`), 400, /number of a version/);
  assertFails(await server.get(`${path}/1?format=xml`), 400, /yaml or json/);
  await put('unpublished', saying('Unpublished', 'x'));
  assertFails(await server.get('/v1/workflows/unpublished/versions/published'), 404, /no published/);
});

test('two versions are compared by step and field', async () => {
  await server.publish(saying('Compared', 'one'));
  await put('compared', `${saying('Compared', 'two')}# a note\nlimits: { concurrency: 3 }\n`);
  const diff = async (a, b) => (await server.get(`/v1/workflows/compared/versions/${a}/diff/${b}`)).data;
  assert.deepEqual(await diff('published', 'newest'), {
    from: 1,
    to: 2,
    same: false,
    fields: [{ path: 'limits', change: 'added', before: null, after: { concurrency: 3 } }],
    steps: {
      added: [],
      removed: [],
      changed: [{ id: 'word', fields: [
        { path: 'config.fields.said', change: 'changed', before: 'one', after: 'two' }] }],
      reordered: false,
    },
  });
  assert.equal((await diff(2, 2)).same, true);
  assertFails(await server.get('/v1/workflows/compared/versions/1/diff/7'), 404, /no version 7/);
});

test('an old version is restored as the newest, published', async () => {
  await server.publish(saying('Restored', 'good'));
  await put('restored', saying('Restored', 'bad'), { query: '?publish=true' });
  const restore = (version) => server.post('/v1/workflows/restored/versions/restore', { version });
  const back = await restore(1);
  assert.deepEqual([back.status, back.data.version, back.data.publishedVersion], [200, 3, 3]);
  assert.equal(await said('restored'), 'good');
  assert.equal((await restore(3)).data.version, 3);
  assertFails(await restore(9), 404, /no version 9; the newest is 3/);
  for (const version of [0, -1, 1.5, '1', null, undefined, 2 ** 40])
    assertFails(await restore(version), 400, /version/);
});

test('publish takes a version that is there', async () => {
  await put('drafts', saying('Drafts', 'x'));
  assertFails(await server.post('/v1/workflows/drafts/runs', {}), 409, /no published version/);
  assertFails(await server.post('/v1/workflows/drafts/publish', { version: 2 }), 404, /no version 2/);
  assertFails(await server.post('/v1/workflows/drafts/publish', { version: 'x' }), 400, /version/);
  assertFails(await server.post('/v1/workflows/drafts/publish', { versoin: 1 }), 400, /did you mean/);
  assert.equal((await server.post('/v1/workflows/drafts/publish', {})).data.status, 'active');
});

test('an archived workflow starts nothing until it is taken back', async () => {
  const made = await server.publish(resting('Archived'));
  const run = await server.begin(made, {});
  const archived = await server.post('/v1/workflows/archived/archive');
  assert.deepEqual([archived.status, archived.data.status], [200, 'archived']);
  assert.equal((await server.post('/v1/workflows/archived/archive')).status, 200);
  assertFails(await server.post('/v1/workflows/archived/runs', {}), 409, /archived/);
  assertFails(await server.post('/v1/workflows/archived/publish'), 409, /unarchive it first/);
  assertFails(await put('archived', saying('Archived', 'x'), { query: '?publish=true' }), 409,
    /unarchive it first/);
  const drafted = await put('archived', saying('Archived', 'x'));
  assert.deepEqual([drafted.data.status, drafted.data.version], ['archived', 2]);
  await server.reach(run.id, 'running');
  const back = await server.post('/v1/workflows/archived/unarchive');
  assert.deepEqual([back.data.status, back.data.publishedVersion], ['active', 1]);
  await put('never', saying('Never', 'x'));
  await server.post('/v1/workflows/never/archive');
  assert.equal((await server.post('/v1/workflows/never/unarchive')).data.status, 'draft');
});

test('a deleted workflow is gone, its ended runs stay', async () => {
  const made = await server.publish(resting('Doomed'));
  const run = await server.begin(made, {});
  const remove = () => server.ask('DELETE', `/v1/workflows/${made.id}`);
  assertFails(await remove(), 409, /runs of the workflow have not ended/);
  await server.post(`/v1/workflow-runs/${run.id}/cancel`);
  const gone = await remove();
  assert.deepEqual([gone.status, gone.data.id], [200, made.id]);
  assertFails(await remove(), 404, /not found/);
  assertFails(await server.get('/v1/workflows/doomed'), 404, /not found/);
  assertFails(await server.get(`/v1/workflows/${made.id}/versions`), 404, /not found/);
  assertFails(await server.post(`/v1/workflows/${made.id}/runs`, {}), 404, /not found/);
  await server.restart();
  const { data } = await server.get(`/v1/workflow-runs/${run.id}`);
  assert.deepEqual([data.status, data.workflowId], ['cancelled', made.id]);
  assert.equal((await server.get(`/v1/workflow-runs/${run.id}/items`)).status, 200);
  assertFails(await server.post(`/v1/workflow-runs/${run.id}/rerun`), 409, /was deleted/);
  const heir = await server.publish(saying('Doomed', 'again'));
  assert.notEqual(heir.id, made.id);
  assert.equal(await said('doomed'), 'again');
});

test('a change that is sent again is answered as the first time', async () => {
  const headers = { 'idempotency-key': 'create-1' };
  const create = (word) => server.post('/v1/workflows', saying('Once', word), { type: 'text/yaml', headers });
  const [first, second] = await Promise.all([create('x'), create('x')]);
  assert.deepEqual([first.status, second.status], [201, 201], second.text);
  assert.equal(first.data.id, second.data.id);
  assert.equal((await create('x')).headers.get('idempotency-replayed'), 'true');
  assertFails(await create('y'), 409, /for another request/);
  await put('once', saying('Once', 'y'));
  const restore = () => server.post('/v1/workflows/once/versions/restore', { version: 1 },
    { headers: { 'idempotency-key': 'restore-1' } });
  const versions = (await Promise.all([restore(), restore(), restore()])).map((a) => a.data.version);
  assert.deepEqual(versions, [3, 3, 3]);
  await put('once', saying('Once', 'z'));
  assert.equal((await restore()).data.version, 4);
  assert.equal((await server.get('/v1/workflows/once')).data.publishedVersion, 3);
  const publish = (version, key) => server.post('/v1/workflows/once/publish', { version },
    { headers: { 'idempotency-key': key } });
  await publish(3, 'publish-3');
  await publish(4, 'publish-4');
  assert.equal((await publish(3, 'publish-3')).data.publishedVersion, 4);
});

test('another key of a lower scope changes nothing', async () => {
  await server.publish(saying('Guarded', 'x'));
  const key = null;
  for (const [method, path] of [['PUT', ''], ['DELETE', ''], ['POST', '/publish'],
    ['POST', '/archive'], ['POST', '/unarchive'], ['GET', '/versions'],
    ['POST', '/versions/restore']])
    assert.equal((await server.ask(method, `/v1/workflows/guarded${path}`, { key })).status, 401);
});
