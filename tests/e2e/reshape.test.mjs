// Tables made from others, by the command line and over HTTP: what comes out, and what a retry makes
// of it.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, windrow } from './server.mjs';

let folder;
let data;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-reshape-'));
  data = join(folder, 'data');
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a workflow file of that text; gives exit code, the run and its files by name. */
async function runText(text, files) {
  const out = await mkdtemp(join(folder, 'out-'));
  const file = join(out, 'workflow.yaml');
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  await writeFile(file, text.replaceAll('FOLDER', folder));
  const { code, stdout, stderr } = await windrow('run', file, '--data', data, '--out', out, '--json');
  const read = (name) => readFile(join(out, name), 'utf8');
  return { code, stderr, run: stdout ? JSON.parse(stdout) : null, read };
}

const COMPANIES = [
  { id: 9007199254740993n, name: 'Beta', country: 'DE', size: 20 },
  { id: 9007199254740994n, name: 'alpha ', country: 'FR', size: 5 },
  { id: 9007199254740995n, name: 'Alpha', country: 'FR', size: 7 },
  { id: 9007199254740996n, name: 'Gamma', country: 'DE', size: 20.0 },
  { id: 9007199254740997n, name: 'Delta', country: null, size: 1 },
];
const line = (row) => JSON.stringify(row, (k, v) => (typeof v === 'bigint' ? `#${v}#` : v))
  .replaceAll(/"#(\d+)#"/g, '$1');
const jsonl = (rows) => rows.map((row) => `${line(row)}\n`).join('');

test('sort, deduplicate, limit, join, union and group_by; ids above 2^53 stay exact', async () => {
  const { code, stderr, read } = await runText(
    `
name: All of them
steps:
  - { id: rows, type: read_jsonl, config: { file: FOLDER/companies.jsonl } }
  - { id: sorted, type: sort, config: { by: [{ path: item.size, order: desc }, item.name] } }
  - { id: once, type: deduplicate, config: { by: item.name, ignore_case: true, ignore_space: true } }
  - { id: names, type: write_csv, config: { columns: { id: "{{item.id}}", name: "{{item.name}}" } } }
  - { id: first, type: limit, config: { count: 2, offset: 1 } }
  - { id: few, type: write_jsonl, config: { columns: { id: "{{item.id}}" } } }
  - { id: countries, type: read_csv, needs: [], config: { file: FOLDER/countries.csv } }
  - id: country
    type: join
    needs: rows
    config: { with: countries, on: { left: item.country, right: item.code }, kind: left }
  - { id: joined, type: write_csv, config: { columns: { name: "{{item.name}}", country: "{{steps.country.item.label}}" } } }
  - { id: both, type: union, needs: [first, once] }
  - id: groups
    type: group_by
    config: { by: item.country, aggregates: { total: "map(.item.size) | add", ids: "map(.item.id)" } }
  - { id: grouped, type: write_jsonl }
`,
    {
      'companies.jsonl': jsonl(COMPANIES),
      'countries.csv': 'code,label\nDE,Germany\nFR,France\nFR,Frankreich\n',
    },
  );
  assert.equal(code, 0, stderr);
  assert.equal(await read('names.csv'),
    'id,name\n9007199254740993,Beta\n9007199254740996,Gamma\n9007199254740995,Alpha\n' +
    '9007199254740997,Delta\n');
  assert.equal(await read('few.jsonl'), '{"id":9007199254740996}\n{"id":9007199254740995}\n');
  assert.equal(await read('joined.csv'),
    'name,country\nBeta,Germany\n"alpha ",France\n"alpha ",Frankreich\nAlpha,France\n' +
    'Alpha,Frankreich\nGamma,Germany\nDelta,\n');
  assert.equal(await read('grouped.jsonl'),
    '{"country":"DE","count":3,"total":60,"ids":[9007199254740996,9007199254740993,9007199254740996]}\n' +
    '{"country":"FR","count":2,"total":14,"ids":[9007199254740995,9007199254740995]}\n' +
    '{"country":null,"count":1,"total":1,"ids":[9007199254740997]}\n');
});

test('a column that the header does not have is named, behind a sort too', async () => {
  const { code, stderr, run } = await runText(
    `
name: Typo
steps:
  - { id: rows, type: read_csv, config: { file: FOLDER/few.csv } }
  - { id: sorted, type: sort, config: { by: item.name } }
  - { id: groups, type: group_by, config: { by: item.county, aggregates: { n: length } } }
  - { id: out, type: write_csv }
`,
    { 'few.csv': 'name,country\na,DE\n' },
  );
  assert.notEqual(code, 0);
  assert.match(JSON.stringify(run) + stderr, /groups.*no column.*county.*country/s);
});

const repaired = (expression, type = 'transform') => `
name: Repaired
slug: repaired
steps:
  - { id: rows, type: read_jsonl, config: { file: FOLDER/sizes.jsonl } }
  - { id: size, type: ${type}, config: { ${type === 'set' ? 'fields: { v: 1 }' : `expression: '${expression}'`} } }
  - { id: sorted, type: sort, config: { by: { path: steps.size, order: desc } } }
  - { id: groups, type: group_by, config: { by: item.kind, aggregates: { sum: "map(.steps.size) | add" } } }
  - { id: out, type: write_csv }
`;

test('a retry on a mended version takes rows in that had failed, and shows what changed', async () => {
  const files = { 'sizes.jsonl': '{"n":1,"kind":"a"}\n{"n":"x","kind":"b"}\n{"n":3,"kind":"a"}\n' };
  const first = await runText(repaired('(.item.n | tonumber) * 2'), files);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(await first.read('out.csv'), 'kind,count,sum\na,2,8\n');
  await runText(repaired('(.item.n | tonumber? // 5) * 2'), files);

  const out = await mkdtemp(join(folder, 'out-'));
  const retried = await windrow('runs', 'retry', first.run.id, '--newest', '--data', data, '--out', out);
  assert.equal(retried.code, 0, retried.stderr);
  assert.equal(await readFile(join(out, 'out.csv'), 'utf8'), 'kind,count,sum\nb,1,10\na,2,8\n');
  const diff = await windrow('runs', 'diff', `${first.run.id}@1`, `${first.run.id}@2`, '--data', data);
  assert.equal(diff.code, 1, diff.stderr);
});

test('a version in which a step has another type is refused', async () => {
  const files = { 'sizes.jsonl': '{"n":1,"kind":"a"}\n{"n":"x","kind":"b"}\n' };
  const first = await runText(repaired('(.item.n | tonumber) * 2'), files);
  await runText(repaired('', 'set'), files);
  const { code, stderr } = await windrow('runs', 'retry', first.run.id, '--newest', '--data', data);
  assert.notEqual(code, 0);
  assert.match(stderr, /step "size" has another type/);
});

test('over HTTP a list becomes a table, and a group that fails is one failed item', async () => {
  const server = await startServer();
  try {
    const workflow = await server.publish(`
name: Many
steps:
  - { id: numbers, type: expand, config: { list: "[range(5000)]" } }
  - { id: back, type: sort, config: { by: { path: item, order: desc } } }
  - { id: kind, type: transform, config: { expression: ".item % 3" } }
  - id: kinds
    type: group_by
    config: { by: steps.kind, max_rows: 1666, aggregates: { sum: "map(.item) | add", sorted: "sort_by(.item) | first.item" } }
`);
    const { id } = await server.begin(workflow, {});
    const run = await server.reachEnd(id);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    const { data: items } = await server.get(`/v1/workflow-runs/${id}/items?table=kinds`);
    assert.deepEqual(items.map((item) => [item.item.kind, item.state]),
      [[1, 'failed'], [0, 'failed'], [2, 'completed']]);
    assert.deepEqual(items[2].item, { kind: 2, count: 1666, sum: 4164167, sorted: 2 });
    assert.match(items[0].error.message, /sorted/);
    assert.equal(items[0].error.code, 'reshape_failed');
  } finally {
    await server.close();
  }
});
