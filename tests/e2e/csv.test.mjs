// CSV and JSON lines: the cases of tests/csv by the real program and by csv-parse of npm, what the
// program writes as csv-parse reads it, and numbers that survive the way through.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { parse } from 'csv-parse/sync';

import { windrow } from './server.mjs';

let folder;
let runs = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-csv-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a workflow (JSON) here; gives its end, its data folder and the folder of its files. */
async function run(workflow, ...args) {
  const place = join(folder, `run-${++runs}`);
  const file = join(folder, `workflow-${runs}.json`);
  await writeFile(file, JSON.stringify({ name: 'CSV', ...workflow }));
  const data = `${place}-data`;
  const end = await windrow('run', file, '--json', '--data', data, '--out', place, ...args);
  return { ...end, data, place };
}

// --- the cases ---

const HERE = new URL('../csv/', import.meta.url);

async function allCases() {
  const files = (await readdir(HERE)).filter((name) => name.endsWith('.json')).sort();
  const texts = await Promise.all(files.map((name) => readFile(new URL(name, HERE), 'utf8')));
  return texts.flatMap((text) => JSON.parse(text));
}

const whole = (parts) =>
  (Array.isArray(parts) ? parts : [parts])
    .map((part) => (Array.isArray(part) ? part[0].repeat(part[1]) : part))
    .join('');

const fileOf = (one) => ('bytes' in one ? Buffer.from(one.bytes, 'latin1') : Buffer.from(whole(one.text)));
const cell = (value) => (value === null ? null : whole(value));

// Written by JSON.stringify as itself, by the program as an escape.
const sameDelete = (line) => line.replaceAll('\\u007f', '\x7F');

/** Rows that can be read as JSON, without those that are problems. */
const goodLines = (one) =>
  one.rows
    .filter((row) => typeof row !== 'string')
    .map((row) => row.map((value, i) => [whole(one.columns[i]), cell(value)].map((x) => JSON.stringify(x)).join(':')))
    .map((members) => `{${members.join(',')}}`);

/** Each case is a table of its own: a source and a file of its rows. */
async function runCases(cases) {
  const steps = [];
  for (const [i, one] of cases.entries()) {
    const file = join(folder, `case-${runs}-${i}.csv`);
    await writeFile(file, fileOf(one));
    steps.push({ id: `c${i}`, type: 'read_csv', needs: [], config: { ...one.config, file } });
    steps.push({ id: `o${i}`, type: 'write_jsonl', needs: [`c${i}`] });
  }
  return run({ limits: { max_failed: '100%' }, steps });
}

test('the program reads every oddity as its case says', async () => {
  const cases = (await allCases()).filter((one) => !one.error);
  assert.ok(cases.length >= 200);
  for (let begin = 0; begin < cases.length; begin += 200) {
    const part = cases.slice(begin, begin + 200);
    const end = await runCases(part);
    assert.equal(end.code, 0, end.stderr.slice(0, 2000));
    const { id } = JSON.parse(end.stdout);
    for (const [i, one] of part.entries()) {
      const lines = (await readFile(join(end.place, `o${i}.jsonl`), 'utf8')).split('\n').slice(0, -1);
      assert.deepEqual(lines.map(sameDelete), goodLines(one), one.name);
      const problems = one.rows.filter((row) => typeof row === 'string');
      if (problems.length > 0)
        assert.deepEqual(await problemsOf(end.data, id, `c${i}`), problems, one.name);
    }
  }
});

async function problemsOf(data, id, table) {
  const { stdout } = await windrow(
    'runs', 'items', id, '--data', data, '--table', table, '--state', 'failed');
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).error.message);
}

test('what cannot be opened fails the run with the words of its case', async () => {
  const cases = (await allCases()).filter((one) => one.error);
  assert.ok(cases.length > 5);
  for (const one of cases) {
    const end = await runCases([one]);
    assert.equal(end.code, 1, one.name);
    const message = JSON.parse(end.stdout).error.message;
    assert.ok(message.endsWith(one.error.replace('rows.csv', '')), `${one.name}: ${message}`);
  }
});

// TextDecoder of some versions of Node takes windows-1252 for Latin-1.
const HIGH = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8DŽ\x8F\x90‘’“”•–—˜™š›œ\x9DžŸ';
const decoded = (bytes, name) =>
  name === 'windows-1252'
    ? bytes.toString('latin1').replace(/[\x80-\x9F]/g, (sign) => HIGH[sign.charCodeAt(0) - 0x80])
    : new TextDecoder(name).decode(bytes);

/** As csv-parse reads a case whose dialect is known. */
function parsed(one) {
  const { decode = 'utf-8', ...more } = one.parse ?? {};
  const quote = one.config?.quote ?? '"';
  return parse(decoded(fileOf(one), decode), {
    bom: true,
    delimiter: one.config?.delimiter ?? one.delimiter ?? ',',
    quote: quote === '' ? null : quote,
    escape: quote || '"',
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    ...more,
  });
}

test('csv-parse reads the same rows, where a case does not say why not', async () => {
  let compared = 0;
  for (const one of (await allCases()).filter((each) => !each.error && !each.differs)) {
    const records = parsed(one);
    const hasHeader = one.config?.header === undefined || one.config.header === true;
    const width = one.columns.length;
    for (const record of records) {
      while (record.length > width && record.at(-1) === '') record.pop();
    }
    const rows = one.rows.map((row) => row.filter((value) => value !== null).map(cell));
    assert.deepEqual(hasHeader ? records.slice(1) : records, rows, one.name);
    compared++;
  }
  assert.ok(compared >= 200, `${compared} cases`);
});
