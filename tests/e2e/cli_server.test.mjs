// The commands that talk to a server elsewhere.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { WINDROW, startServer } from './server.mjs';

let server;
let folder;
before(async () => {
  server = await startServer();
  folder = await mkdtemp(join(tmpdir(), 'windrow-cli-'));
});
after(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const PROFILES = () => join(folder, 'config/windrow/profiles.yaml');

/** Runs a command with a home of its own; gives code, stdout and stderr. */
function cli(args, { env = {}, input = '' } = {}) {
  return new Promise((done) => {
    const child = execFile(WINDROW, args, {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: join(folder, 'config'), ...env },
      maxBuffer: 1 << 28,
    }, (error, stdout, stderr) => done({ code: error ? error.code : 0, stdout, stderr }));
    // A command that does not read it may be gone already.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
const there = (...args) => cli([...args, '--server', server.url, '--key', server.key.apiKey]);

const saying = (name, word) => `name: ${name}
steps:
  - { id: word, type: set, config: { fields: { said: "${word}" } } }
output: { said: "{{steps.word.said}}" }
`;

async function file(name, text) {
  await writeFile(join(folder, name), text);
  return name;
}

test('login notes a server that answers, readable by nobody else', async () => {
  const none = await cli(['push', await file('a.yaml', saying('A', 'x'))]);
  assert.equal(none.code, 1);
  assert.match(none.stderr, /which server\? Give --server URL and --key KEY, or run windrow login/);
  const wrong = await cli(['login', '--server', server.url, '--key', 'wk_wrong']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /does not accept the key/);
  await assert.rejects(stat(PROFILES()));
  const noted = await cli(['login', '--server', `${server.url}/`], { input: `${server.key.apiKey}\n` });
  assert.equal(noted.code, 0, noted.stderr);
  assert.doesNotMatch(noted.stdout + noted.stderr, /wk_/);
  assert.equal((await stat(PROFILES())).mode & 0o777, 0o600);
  assert.equal((await cli(['push', 'a.yaml'])).stdout, 'a: version 1, not published\n');
  assert.equal((await cli(['login', '--server', server.url, '--profile', 'other', '--key', server.key.apiKey])).code, 0);
  assert.equal((await cli(['runs', 'list', '--profile', 'other'])).code, 0);
  assert.equal((await cli(['runs', 'list'], { env: { WINDROW_PROFILE: 'default' } })).code, 0);
  assert.match((await cli(['runs', 'list', '--profile', 'nobody'])).stderr, /no profile "nobody"/);
  assert.equal(JSON.parse(await readFile(PROFILES(), 'utf8')).default, 'default');
  await chmod(PROFILES(), 0o644);
  assert.match((await cli(['push', 'a.yaml'])).stderr, /can be read by others: chmod 600/);
  await chmod(PROFILES(), 0o600);
  assert.equal((await cli(['login'])).code, 2);
  assert.equal((await cli(['login', '--server', server.url])).code, 2);
});

test('trouble names the server and the mend', async () => {
  const away = await cli(['push', 'a.yaml', '--server', 'http://127.0.0.1:1', '--key', 'x']);
  assert.equal(away.code, 4);
  assert.match(away.stderr, /cannot reach http:\/\/127\.0\.0\.1:1: .*is windrow serve running there/);
  const odd = createServer((_, response) => response.end('<html>hello</html>'));
  await new Promise((done) => odd.listen(0, '127.0.0.1', done));
  const foreign = await cli(['runs', 'list', '--server', `http://127.0.0.1:${odd.address().port}`, '--key', 'x']);
  odd.close();
  assert.equal(foreign.code, 4);
  assert.match(foreign.stderr, /is this the address of a Windrow server/);
  assert.match((await cli(['runs', 'list', '--server', 'ftp://x', '--key', 'x'])).stderr, /expected an address/);
  const keyless = await cli(['runs', 'list', '--server', server.url], { env: { XDG_CONFIG_HOME: '/nowhere' } });
  assert.match(keyless.stderr, /there is no key for/);
  const reader = JSON.parse((await there('keys', 'create', '--scopes', 'read', '--json')).stdout);
  const barred = await cli(['push', 'a.yaml', '--server', server.url, '--key', reader.apiKey]);
  assert.equal(barred.code, 1);
  assert.match(barred.stderr, /lacks the scope "write"/);
});

test('push stores files as versions', async () => {
  const name = await file('pushed.yaml', saying('Pushed', 'one'));
  assert.equal((await there('push', name, '--publish')).stdout, 'pushed: version 1, published\n');
  await file(name, saying('Pushed', 'two'));
  assert.equal((await there('push', name)).stdout, 'pushed: version 2, published is 1\n');
  assert.equal((await there('push', name)).stdout, 'pushed: version 2, published is 1\n');
  const { stdout } = await there('push', name, '--publish', '--json');
  assert.deepEqual([JSON.parse(stdout).version, JSON.parse(stdout).publishedVersion], [2, 2]);
  const json = await file('other.json', JSON.stringify({ name: 'Other', steps: [{ type: 'set', config: { fields: { a: 1 } } }] }));
  assert.equal((await there('push', name, json)).code, 0);
  const bad = await there('push', await file('bad.yaml', 'name: Bad\nsteps: [{ type: nothing }]\n'), name);
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /bad\.yaml:2:\d+: steps\[0\]\.type/);
  assert.match(bad.stdout, /pushed: version 2/);
});

test('pull writes files, and none over another', async () => {
  const text = `# kept\n${saying('Pulled', 'x')}`;
  await there('push', await file('source.yaml', text));
  const pulled = await there('pull', 'pulled', '--out', 'pulled');
  assert.equal(pulled.stdout, 'pulled/pulled.yaml: version 1\n');
  assert.equal(await readFile(join(folder, 'pulled/pulled.yaml'), 'utf8'), text);
  await file('pulled/pulled.yaml', 'mine');
  const refused = await there('pull', 'pulled', '--out', 'pulled');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /is there and says something else; --force/);
  assert.equal((await there('pull', 'pulled', '--out', 'pulled', '--force')).code, 0);
  const all = await there('pull', '--out', 'all');
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, /all\/other\.json/);
  assert.match((await there('pull', 'nobody')).stderr, /^windrow: nobody: .*not found/);
  assert.match((await there('pull', 'pulled', '--version', '7', '--out', 'x')).stderr, /no version 7/);
});

test('threat E6: a server does not choose where files go', async () => {
  const odd = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { id: 'x', slug: '../../evil', text: 'x', version: 1 } }));
  });
  await new Promise((done) => odd.listen(0, '127.0.0.1', done));
  const pulled = await cli(['pull', 'x', '--server', `http://127.0.0.1:${odd.address().port}`, '--key', 'x']);
  odd.close();
  assert.equal(pulled.code, 1);
  assert.match(pulled.stderr, /gave a slug that is none/);
});

test('diff tells what a file changes', async () => {
  const name = await file('differs.yaml', saying('Differs', 'one'));
  await there('push', name, '--publish');
  assert.deepEqual(await there('diff', name), { code: 0, stdout: '', stderr: '' });
  await file(name, `${saying('Differs', 'two')}limits: { concurrency: 3 }\n`);
  const { code, stdout } = await there('diff', name);
  assert.equal(code, 1);
  assert.equal(stdout, `--- ${server.url}, version 1\n+++ differs.yaml\n` +
    '~ limits: null → {"concurrency":3}\n~ step word\n    config.fields.said: "one" → "two"\n');
  assert.equal(JSON.parse((await there('diff', name, '--json')).stdout).same, false);
  assert.equal((await there('diff', await file('nowhere.yaml', saying('Nowhere', 'x')))).code, 2);
});

test('runs of a server', async () => {
  const made = await server.publish(`name: Table
input: { type: object, properties: { file: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.file}}" } }
  - { id: loud, type: transform, config: { expression: ".item.name | ascii_upcase" } }
`);
  await file('names.csv', 'name\na\nb\nc\n');
  const sent = await there('files', 'upload', 'names.csv', '--json');
  const run = await server.begin(made, { file: JSON.parse(sent.stdout).id });
  const watched = await there('runs', 'watch', run.id);
  assert.equal(watched.code, 0, watched.stderr);
  assert.match(watched.stdout, /run\.queued/);
  assert.match(watched.stdout, /step\.completed +loud +3 done/);
  assert.match(watched.stdout.trim().split('\n').at(-1), /run\.completed/);
  const events = (await there('runs', 'watch', run.id, '--json')).stdout.trim().split('\n').map(JSON.parse);
  assert.equal(events[0].type, 'run.queued');
  const list = await there('runs', 'list', '--workflow', 'table', '--state', 'completed');
  assert.match(list.stdout, new RegExp(`^RUN .*\n${run.id}  completed`));
  assert.equal(JSON.parse((await there('runs', 'list', '--json')).stdout).data[0].id, run.id);
  const shown = await there('runs', 'show', run.id);
  assert.match(shown.stdout, new RegExp(`^run ${run.id}: completed`));
  assert.match(shown.stdout, /rows: 3 items, 3 completed/);
  const items = (await there('runs', 'items', run.id, '--limit', '2')).stdout.trim().split('\n');
  assert.deepEqual(items.map((line) => JSON.parse(line).steps.loud.value), ['A', 'B']);
  assert.equal((await there('runs', 'results', run.id, '--columns', 'name,loud')).stdout, 'name,loud\na,A\nb,B\nc,C\n');
  await there('runs', 'results', run.id, '--out', 'rows.jsonl');
  assert.match(await readFile(join(folder, 'rows.jsonl'), 'utf8'), /^\{"name":"a","loud":"A",/);
  const again = JSON.parse((await there('runs', 'rerun', run.id, '--json')).stdout);
  assert.notEqual(again.id, run.id);
  assert.equal((await there('runs', 'watch', again.id)).code, 0);
  const done = await there('runs', 'cancel', run.id);
  assert.deepEqual([done.code, /the run is completed/.test(done.stderr)], [1, true]);
  assert.match((await there('runs', 'show', '0123456789abcdef01234567')).stderr, /not found/);
  assert.equal((await there('runs', 'sow', run.id)).code, 2);
});

test('watching ends as the run does, also over a restart of the server', async () => {
  const made = await server.publish('name: Resting\nsteps: [{ type: wait, config: { for: 1d } }]\n');
  const run = await server.begin(made, {});
  const watching = there('runs', 'watch', run.id);
  await server.reach(run.id, 'running');
  const url = server.url;
  assert.equal((await there('runs', 'pause', run.id)).code, 0);
  assert.equal((await there('runs', 'resume', run.id)).code, 0);
  assert.equal((await there('runs', 'cancel', run.id)).code, 0);
  assert.equal((await watching).code, 3);
  assert.equal(url, server.url);
  const failing = await server.publish('name: Failing\nsteps: [{ type: transform, config: { expression: "error(\\"x\\")" } }]\n');
  const failed = await server.begin(failing, {});
  const ended = await there('runs', 'watch', failed.id);
  assert.equal(ended.code, 1);
  assert.match(ended.stdout, /run\.failed/);
});

test('files go and come whole', async () => {
  const bytes = Buffer.alloc(20_000_000, 'windrow ');
  await writeFile(join(folder, 'large.bin'), bytes);
  const sent = await there('files', 'upload', 'large.bin', 'names.csv');
  assert.equal(sent.code, 0, sent.stderr);
  const [large, small] = sent.stdout.trim().split('\n').map((line) => line.split('  '));
  assert.deepEqual([large[1], small[1]], ['large.bin', 'names.csv']);
  assert.equal((await there('files', 'download', large[0], '--out', 'again.bin')).code, 0);
  assert.ok((await readFile(join(folder, 'again.bin'))).equals(bytes));
  assert.equal((await there('files', 'download', small[0], '--out', '-')).stdout, 'name\na\nb\nc\n');
  const missing = await there('files', 'download', '0123456789abcdef01234567', '--out', 'missing.bin');
  assert.equal(missing.code, 1);
  await assert.rejects(stat(join(folder, 'missing.bin')));
  assert.equal((await there('files', 'upload', 'nothing.csv')).code, 1);
  assert.equal((await there('files', 'send', 'names.csv')).code, 2);
});

test('keys of a server', async () => {
  const made = JSON.parse((await there('keys', 'create', '--name', 'ci', '--scopes', 'read,run', '--json')).stdout);
  assert.match(made.apiKey, /^wk_/);
  const list = await there('keys', 'list');
  assert.match(list.stdout, new RegExp(`${made.clientId}  read,run .* ci`));
  assert.equal((await server.get('/v1/workflows', { key: made })).status, 200);
  assert.match((await there('keys', 'revoke', made.clientId)).stdout, /revoked/);
  assert.equal((await server.get('/v1/workflows', { key: made })).status, 401);
  assert.equal((await there('workspaces', 'list')).code, 0);
});

test('import and export of workflows of other programs', async () => {
  const prompt = { name: 'Ask there', model: 'local', template: 'What is {{thing}}?', inputs: [{ name: 'thing' }] };
  await file('prompt.json', JSON.stringify(prompt));
  const made = await there('import', 'prompt.json', '--publish', '--json');
  assert.equal(made.code, 0, made.stderr);
  const { id } = JSON.parse(made.stdout);
  assert.match(id, /^wf_[0-9a-f]{24}$/);
  assert.equal((await server.get(`/v1/workflows/${id}`)).data.publishedVersion, 1);
  const again = await there('import', 'prompt.json');
  assert.match(again.stdout, /^wf_[0-9a-f]{24} {2}not published\n$/);
  const back = await there('export', id);
  assert.equal(back.code, 0, back.stderr);
  assert.equal(JSON.parse(back.stdout).id, id);
  assert.match(JSON.parse(back.stdout).template, /What is \{\{ ?thing ?\}\}\?/);
  const flow = { name: 'Of n8n', nodes: [{ name: 'Go', type: 'n8n-nodes-base.manualTrigger', parameters: {} }, { name: 'Hi', type: 'n8n-nodes-base.set', typeVersion: 3.4, parameters: { assignments: { assignments: [{ name: 'a', value: 'b', type: 'string' }] } } }], connections: { Go: { main: [[{ node: 'Hi', type: 'main', index: 0 }]] } } };
  await file('n8n.json', JSON.stringify(flow));
  const brought = await there('import', 'n8n.json', '--publish', '--json');
  assert.equal(brought.code, 0, brought.stderr);
  const stored = (await server.get(`/v1/workflows/${JSON.parse(brought.stdout).id}/versions/newest`)).data.definition;
  assert.deepEqual(stored.origin, { format: 'n8n', definition: flow });
  assert.equal((await there('export', 'nothing-there')).code, 1);
  const wrong = await cli(['import', 'n8n.json', '--server', server.url, '--key', 'wk_wrong']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /does not accept the key/);
  assert.equal((await cli(['export', id, '--server', 'http://127.0.0.1:1', '--key', 'x'])).code, 4);
});
