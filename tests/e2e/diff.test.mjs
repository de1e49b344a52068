// What differs between two runs, or two generations of one.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { windrow } from './server.mjs';

let folder;
let data;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-diff-'));
  data = join(folder, 'data');
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs the workflow here; gives the run's id. */
async function run(name, yaml, ...args) {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, yaml);
  const ran = await windrow('run', file, '--data', data, '--out', join(folder, 'out'), ...args);
  assert.ok([0, 1].includes(ran.code), ran.stderr);
  return /^run ([0-9a-f]{24}) /m.exec(ran.stderr)[1];
}

const diff = (...args) => windrow('runs', 'diff', ...args, '--data', data);

/** {changed, missing, added: [line of JSON], counts}. */
async function diffJson(...args) {
  const { code, stdout, stderr } = await diff(...args, '--json');
  assert.ok([0, 1].includes(code), stderr);
  const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  const of = (change) => lines.filter((line) => line.change === change);
  return { code, changed: of('changed'), missing: of('missing'), added: of('added'), counts: lines.at(-1) };
}

const rows = `
name: Rows
input: { type: object, required: [rows], properties: { rows: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: double, type: transform, config: { expression: "(.item.n | tonumber) * 2" } }
  - { id: good, type: filter, config: { where: ".steps.double < 5000" } }
  - { id: kept, type: set, config: { fields: { note: "{{item.note}}" } } }
`;

async function csv(name, lines) {
  const path = join(folder, `${name}.csv`);
  await writeFile(path, `n,note\n${lines.map((line) => `${line}\n`).join('')}`);
  return path;
}

test('items and columns of two runs', async () => {
  const before = Array.from({ length: 1500 }, (_, n) => `${n},note ${n}`);
  const after = before.slice(0, 1490).map((line, n) => (n % 500 === 7 ? `${n},other` : line));
  const more = [...before, '9000,new', 'x,bad'];
  const a = await run('rows', rows, '--input', `rows=${await csv('a', before)}`);
  const b = await run('rows', rows, '--input', `rows=${await csv('b', after)}`);
  const c = await run('rows', rows, '--input', `rows=${await csv('c', more)}`);

  const fewer = await diffJson(a, b);
  assert.equal(fewer.code, 1);
  assert.deepEqual(fewer.counts,
    { same: 1487, changed: 3, missing: 10, added: 0, reordered: false });
  assert.deepEqual(fewer.changed[1], {
    change: 'changed', key: '507', columns: {
      note: { before: 'note 507', after: 'other' },
      'kept.note': { before: 'note 507', after: 'other' },
    },
  });
  assert.deepEqual(fewer.missing.map(({ key }) => key),
    Array.from({ length: 10 }, (_, i) => `${1490 + i}`));
  assert.equal(fewer.missing[0].row['kept.note'], 'note 1490');

  const grown = await diffJson(a, c);
  assert.deepEqual(grown.counts, { same: 1500, changed: 0, missing: 0, added: 2, reordered: false });
  assert.deepEqual(grown.added.map(({ key, row }) => [key, row._state]),
    [['1500', 'dropped'], ['1501', 'failed']]);

  const { code, stdout } = await diff(a, b);
  assert.equal(code, 1);
  assert.match(stdout, new RegExp(`^--- ${a}@1, version 1, table rows\n\\+\\+\\+ ${b}@1, version 1, table rows\n`));
  assert.match(stdout, /\n~ 507\n {4}note: "note 507" → "other"\n {4}kept\.note: /);
  assert.match(stdout, /\n- 1499\n3 changed, 10 missing, 0 added, 1487 the same\n$/);

  const none = await diff(a, a);
  assert.equal(none.code, 0);
  assert.match(none.stdout, /\n0 changed, 0 missing, 0 added, 1500 the same\n$/);

  const inputs = await diffJson(a, b, '--table', '');
  assert.deepEqual(inputs.changed[0].columns,
    { rows: { before: join(folder, 'a.csv'), after: join(folder, 'b.csv') } });
});

test('generations of one run', async () => {
  let isMended = false;
  const server = createServer((request, response) => {
    const n = Number(new URL(request.url, 'http://x').searchParams.get('n'));
    response.writeHead(n % 100 === 3 && !isMended ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ n }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const id = await run('calls', `
name: Calls
steps:
  - { id: list, type: expand, config: { list: "[range(300)]" } }
  - id: call
    type: http_request
    config: { url: "http://127.0.0.1:${server.address().port}/", query: { n: "{{item}}" } }
    retry: { attempts: 1 }
`, '--allow', '127.0.0.1');
    const alone = await diff(id);
    assert.equal(alone.code, 2);
    assert.match(alone.stderr, /one generation only/);

    isMended = true;
    const retried = await windrow('runs', 'retry', id, '--data', data, '--out', join(folder, 'out'),
      '--allow', '127.0.0.1');
    assert.equal(retried.code, 0, retried.stderr);
    const { changed, counts } = await diffJson(id);
    assert.deepEqual(counts, { same: 297, changed: 3, missing: 0, added: 0, reordered: false });
    assert.deepEqual(changed.map(({ columns }) => columns['call.body'].after.n), [3, 103, 203]);
    assert.deepEqual(changed[0].columns._state, { before: 'failed', after: 'completed' });
    assert.match(changed[0].columns._error.before, /^call: http_status: /);
    assert.deepEqual(changed[0].columns['call.body'], { before: null, after: { n: 3 } });
    assert.deepEqual((await diffJson(`${id}@1`, `${id}@2`)).counts, counts);
    assert.equal((await diff(`${id}@2`, id)).code, 0);
  } finally {
    server.close();
  }
});

test('a generation on a newer version is held against the one on its own', async () => {
  const flow = (steps) => `name: Versions\nsteps:\n${steps}`;
  const list = '  - { id: list, type: expand, config: { list: "[range(300)]" } }\n';
  const odd = (words) =>
    `  - { id: odd, type: transform, config: { expression: 'if .item == 5 then ${words} else .item end' } }\n`;
  const more = '  - { id: more, type: set, config: { fields: { m: "{{item}}" } } }\n';
  const id = await run('versions', flow(list + odd('error("five")')));
  await run('versions', flow(list + more + odd('"mended"')));
  const retried = await windrow('runs', 'retry', id, '--newest', '--data', data, '--out',
    join(folder, 'out'));
  assert.equal(retried.code, 0, retried.stderr);
  const { changed, counts } = await diffJson(`${id}@1`, `${id}@2`);
  assert.deepEqual(counts, { same: 0, changed: 300, missing: 0, added: 0, reordered: false });
  assert.deepEqual(changed[4].columns, { 'more.m': { before: null, after: 4 } });
  assert.deepEqual(Object.keys(changed[5].columns), ['_state', '_error', 'more.m', 'odd']);
  const { stdout } = await diff(id);
  assert.match(stdout, new RegExp(`^--- ${id}@1, version 1, .*\n\\+\\+\\+ ${id}@2, version 2, `));
});

test('tables in another order are matched by key all the same', async () => {
  const sorted = (by) => `
name: Sorted
steps:
  - { id: list, type: expand, config: { list: "[range(700) | { n: ., r: (. * 37 % 101) }]" } }
  - { id: by, type: sort, config: { by: [{ path: item.${by}, order: desc }] } }
  - { id: rank, type: set, config: { fields: { low: "{{= .item.n < 350 }}" } } }
`;
  const a = await run('sorted', sorted('n'));
  const b = await run('sorted', sorted('r'));
  const moved = await diffJson(a, b);
  assert.equal(moved.code, 1);
  assert.deepEqual(moved.counts, { same: 700, changed: 0, missing: 0, added: 0, reordered: true });
  assert.match((await diff(a, b)).stdout, /700 the same; they stand in another order\n$/);
  assert.equal((await diff(a, a)).code, 0);

  const fewer = await run('sorted', sorted('n').replace('range(700)', 'range(690)')
    .replace('350', '10'));
  const both = await diffJson(a, fewer);
  assert.deepEqual(both.counts, { same: 350, changed: 340, missing: 10, added: 0, reordered: false });
});

test('trouble is told and exits with 2', async () => {
  const id = await run('one', 'name: One\nsteps:\n  - { id: a, type: transform, config: { expression: "1" } }\n');
  for (const [args, words] of [
    [[id, '0'.repeat(24)], /there is no run 000/],
    [[`${id}@0`, id], /expected a run, @ and a generation/],
    [[`${id}@x`, id], /expected a run, @ and a generation/],
    [[`${id}@9`, id], /has the generations 1 to 1/],
    [[id, id, '--table', 'none'], /has no table "none"/],
    [[], /usage:/],
    [[id, id, id], /unexpected/],
  ]) {
    const { code, stderr } = await diff(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, words);
  }
});
