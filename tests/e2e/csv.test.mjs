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

// --- writing ---

const NASTY = [
  '', ' ', 'a b', ' a', 'a ', 'a,b', 'a;b', 'a\tb', '|', '"', '""', '"a"', 'a"b', '\n', '\r\n', 'x\ny', '\r', '\t',
  '=1+1', '-5', '+3.2e1', '-', '@x', ' =1', "'", 'sep=;', 'é', '😀', '\u2028', '\ufeff', '\0', '\\', '\\N', 'null', '#',
];

/** Every nasty text in every column of its own row. */
async function nastyRows(columns) {
  const rows = NASTY.flatMap((text, i) =>
    columns.map((_, at) =>
      Object.fromEntries(columns.map((name, k) => [name, k === at ? text : NASTY[(i + k) % NASTY.length]]))));
  const file = join(folder, `nasty-${runs}.jsonl`);
  await writeFile(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return { rows, file };
}

test('csv-parse reads what write_csv wrote, and so does read_csv without options', async () => {
  for (const columns of [['a', 'b', 'c'], ['one'], ['a;b', 'c|d'], ['sep=,', ' x'], ['=name', '@b']]) {
    const { rows, file } = await nastyRows(columns);
    const ways = [{}, { delimiter: ';' }, { delimiter: '\t', bom: true }, { delimiter: '|' }];
    const steps = ways.map((way, i) => (
      { id: `w${i}`, type: 'write_csv', config: { escape_formulas: false, ...way } }));
    const end = await run({ steps }, '--rows', file);
    assert.equal(end.code, 0, end.stderr);
    for (const [i, way] of ways.entries()) {
      const path = join(end.place, `w${i}.csv`);
      const options = { bom: true, delimiter: way.delimiter ?? ',', record_delimiter: '\n' };
      const [header, ...records] = parse(await readFile(path), options);
      assert.deepEqual(header, columns);
      assert.deepEqual(records, rows.map((row) => Object.values(row)), JSON.stringify(way));
      const back = await run({ steps: [{ id: 'out', type: 'write_jsonl' }] }, '--rows', path);
      const lines = (await readFile(join(back.place, 'out.jsonl'), 'utf8')).split('\n').slice(0, -1);
      assert.deepEqual(lines.map((line) => Object.values(JSON.parse(line))), records);
    }
  }
});

test('no cell that is written begins a formula, unless it is a number', async () => {
  const { file } = await nastyRows(['=x', '-y', 'z']);
  const end = await run({ steps: [{ id: 'out', type: 'write_csv' }] }, '--rows', file);
  assert.equal(end.code, 0, end.stderr);
  const cells = parse(await readFile(join(end.place, 'out.csv')), { record_delimiter: '\n' }).flat();
  assert.ok(cells.includes("'=x") && cells.includes("'-y") && cells.includes("'=1+1") && cells.includes("'\t"));
  for (const cell of cells) assert.match(cell, /^(?![=+\-@\t\r])|^[+-]?[\d.e+]+$|^-$/, cell);
  assert.ok(cells.includes('-5') && cells.includes('+3.2e1') && cells.includes('-'));
});

// --- numbers ---

const NUMBERS = ['9007199254740993', '-9007199254740993', '9223372036854775807', '18446744073709551615',
  '123456789012345678901234567890', '0.10', '1e400', '-0.0'];

test('numbers above 2^53 come through unchanged', async () => {
  const jsonl = join(folder, 'numbers.jsonl');
  const csv = join(folder, 'numbers.csv');
  await writeFile(jsonl, NUMBERS.map((n) => `{"id":${n},"deep":[${n}]}\n`).join(''));
  await writeFile(csv, `id,deep\n${NUMBERS.map((n) => `${n},[${n}]\n`).join('')}`);
  const columns = { id: '{{item.id}}', same: '{{steps.t.id}}', deep: '{{steps.t.deep}}' };
  const steps = [
    { id: 't', type: 'transform', config: { expression: '{id: .item.id, deep: .item.deep}' } },
    { id: 'c', type: 'write_csv', config: { columns } },
    { id: 'j', type: 'write_jsonl', config: { columns } },
  ];
  const typed = await run({ steps }, '--rows', jsonl);
  const text = await run({ steps }, '--rows', csv);
  assert.equal(typed.code + text.code, 0, typed.stderr + text.stderr);
  const rows = NUMBERS.map((n) => `${n},${n},[${n}]\n`).join('');
  assert.equal(await readFile(join(typed.place, 'c.csv'), 'utf8'), `id,same,deep\n${rows}`);
  assert.equal(await readFile(join(text.place, 'c.csv'), 'utf8'), `id,same,deep\n${rows}`);
  assert.equal(await readFile(join(typed.place, 'j.jsonl'), 'utf8'),
    NUMBERS.map((n) => `{"id":${n},"same":${n},"deep":[${n}]}\n`).join(''));
  assert.equal(await readFile(join(text.place, 'j.jsonl'), 'utf8'),
    NUMBERS.map((n) => `{"id":"${n}","same":"${n}","deep":"[${n}]"}\n`).join(''));
});
