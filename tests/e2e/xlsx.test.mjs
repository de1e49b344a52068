// Excel workbooks: what the program writes is read by a program of others, and the other way round.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import ExcelJS from 'exceljs';

import { readZip } from '../zip.mjs';
import { windrow } from './server.mjs';

let folder;
let runs = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-xlsx-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Runs a workflow (YAML) here; gives its end and the folder of its files. */
async function run(yaml, ...args) {
  const place = join(folder, `run-${++runs}`);
  const file = join(folder, `workflow-${runs}.yaml`);
  await writeFile(file, yaml);
  const end = await windrow('run', file, '--data', `${place}-data`, '--out', place, ...args);
  return { ...end, place };
}

async function open(path) {
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile(path);
  return book;
}

/** The cells of a sheet as plain values, empty ones null. */
function cells(sheet) {
  const rows = [];
  sheet.eachRow({ includeEmpty: true }, (row) => {
    rows.push(Array.from({ length: sheet.columnCount }, (_, i) => row.getCell(i + 1).value));
  });
  return rows;
}

// --- writing ---

async function written(rows, config = '{}') {
  const source = join(folder, `rows-${runs}.jsonl`);
  await writeFile(source, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const end = await run(
    `name: Write\nsteps:\n  - { id: book, type: write_xlsx, config: ${config} }\n`, '--rows', source);
  return end;
}

test('values keep their types and their texts', async () => {
  const rows = [
    { name: 'Åse & <Söhne>', amount: 12.5, count: 3, ok: true, note: 'two\nlines', id: '007' },
    { name: '=SUM(A1:A9)', amount: -0.1, count: 0, ok: false, note: ' edges ', id: '+1' },
    { name: '', amount: null, count: 1e21, ok: null, note: 'a\tb', id: '@x', more: [1, { a: 2 }] },
  ];
  const { code, place, stderr } = await written(rows);
  assert.equal(code, 0, stderr);
  const sheet = (await open(join(place, 'book.xlsx'))).worksheets[0];
  assert.equal(sheet.name, 'Sheet1');
  assert.deepEqual(cells(sheet), [
    ['name', 'amount', 'count', 'ok', 'note', 'id', 'more'],
    ['Åse & <Söhne>', 12.5, 3, true, 'two\nlines', '007', null],
    ['=SUM(A1:A9)', -0.1, 0, false, ' edges ', '+1', null],
    [null, null, 1e21, null, 'a\tb', '@x', '[1,{"a":2}]'],
  ]);
});

test('the header is bold, frozen and filtered, the columns fit', async () => {
  const { place } = await written([{ short: 1, long: 'x'.repeat(30), longest: 'y'.repeat(500) }]);
  const sheet = (await open(join(place, 'book.xlsx'))).worksheets[0];
  assert.equal(sheet.getCell('A1').font.bold, true);
  assert.notEqual(sheet.getCell('A2').font?.bold, true);
  assert.equal(sheet.views[0].state, 'frozen');
  assert.equal(sheet.views[0].ySplit, 1);
  assert.deepEqual(sheet.autoFilter, 'A1:C2');
  const widths = [1, 2, 3].map((column) => sheet.getColumn(column).width);
  assert.ok(widths[0] < widths[1] && widths[1] < widths[2] && widths[2] < 100, String(widths));
});

test('identifiers that Excel would round stay as they are', async () => {
  const source = join(folder, 'ids.jsonl');
  await writeFile(source, '{"id":9007199254740993,"n":999999999999999,"d":1.10}\n{"id":12345678901234567890123}\n');
  const { place } = await run('name: Ids\nsteps:\n  - { id: book, type: write_xlsx }\n', '--rows', source);
  const sheet = (await open(join(place, 'book.xlsx'))).worksheets[0];
  assert.deepEqual(cells(sheet), [
    ['id', 'n', 'd'],
    ['9007199254740993', 999999999999999, 1.1],
    ['12345678901234567890123', null, null],
  ]);
});

test('columns, sheet, name and dates as configured', async () => {
  const { place } = await written(
    [{ when: '2024-02-29T06:00:00Z', day: '1999-12-31', n: 1 }],
    '{ name: "a b.xlsx", sheet: "Q1/Q2", dates: true, columns: { When: "{{item.when}}", Day: "{{item.day}}", Twice: "{{= .item.n * 2 }}" } }',
  );
  const sheet = (await open(join(place, 'a b.xlsx'))).getWorksheet('Q1_Q2');
  assert.deepEqual(cells(sheet), [
    ['When', 'Day', 'Twice'],
    [new Date('2024-02-29T06:00:00Z'), new Date('1999-12-31'), 2],
  ]);
});

test('a text that no cell holds fails its row, not the file', async () => {
  const { code, place, stdout } = await written([{ a: 'x'.repeat(32768) }, { a: 'y'.repeat(32767) }], '{}');
  assert.equal(code, 0);
  assert.match(stdout, /"rows":1/);
  const sheet = (await open(join(place, 'book.xlsx'))).worksheets[0];
  assert.equal(sheet.rowCount, 2);
  assert.equal(sheet.getCell('A2').value.length, 32767);
});

test('more rows than a sheet holds: an error, or further sheets', async () => {
  const rows = Array.from({ length: 25 }, (_, i) => ({ i }));
  const refused = await written(rows, '{ max_rows: 10 }');
  assert.equal(refused.code, 1);
  assert.match(refused.stdout + refused.stderr, /more than 10 rows.*split: true/s);

  const { place } = await written(rows, '{ max_rows: 10, split: true, sheet: "It\'s" }'.replace("'", "''"));
  const book = await open(join(place, 'book.xlsx'));
  assert.deepEqual(book.worksheets.map((sheet) => sheet.rowCount), [11, 11, 6]);
  assert.equal(book.worksheets[2].getCell('A6').value, 24);
});

test('an empty table is a workbook with its declared header', async () => {
  const { code, place } = await written([], '{ columns: { a: "{{item.a}}", b: "{{item.b}}" } }');
  assert.equal(code, 0);
  assert.deepEqual(cells((await open(join(place, 'book.xlsx'))).worksheets[0]), [['a', 'b']]);
});

test('two runs give the same bytes but for the date inside', async () => {
  const rows = Array.from({ length: 3000 }, (_, i) => ({ i, text: `row ${i}`, half: i / 2 }));
  const [first, again] = [await written(rows), await written(rows)].map(({ place }) =>
    readZip(join(place, 'book.xlsx')));
  assert.deepEqual([...first.keys()], [...again.keys()]);
  for (const [name, bytes] of first)
    if (name !== 'docProps/core.xml') assert.ok(bytes.equals(again.get(name)), name);
  assert.match(String(first.get('docProps/core.xml')), /<dcterms:created[^>]*>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ</);
});
