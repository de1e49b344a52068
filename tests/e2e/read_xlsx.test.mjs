// Reading Excel workbooks: those that another program wrote, those that nobody should have written,
// and a reader that is killed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';

import ExcelJS from 'exceljs';

import { makeZip, sheetXml, workbookParts } from '../zip.mjs';
import { until, windrow, WINDROW } from './server.mjs';

let folder;
let runs = 0;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-read-xlsx-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const reading = (file, config = '') => `name: Read
steps:
  - { id: rows, type: read_xlsx, config: { file: "${file}"${config} } }
  - { id: lines, type: write_jsonl }
`;

/** Reads a workbook with the program; gives the end of the run, and its rows. */
async function read(file, { config, data } = {}) {
  const place = join(folder, `run-${++runs}`);
  const workflow = join(folder, `workflow-${runs}.yaml`);
  await writeFile(workflow, reading(file, config));
  const end = await windrow('run', workflow, '--data', data ?? `${place}-data`, '--out', place);
  const text = await readFile(join(place, 'lines.jsonl'), 'utf8').catch(() => '');
  const rows = text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  return { ...end, text, rows, data: data ?? `${place}-data`, words: end.stdout + end.stderr };
}

/** Writes a workbook with exceljs; gives its path. */
async function write(fill, name = `book-${++runs}.xlsx`) {
  const book = new ExcelJS.Workbook();
  const path = join(folder, name);
  fill(book);
  await book.xlsx.writeFile(path);
  return path;
}

// --- what others write ---

test('values of a workbook of exceljs', async () => {
  const file = await write((book) => {
    const sheet = book.addWorksheet('Data');
    sheet.addRow(['name', 'amount', 'when', 'day', 'ok', 'sum', 'rich', 'bad']);
    sheet.addRow(['Åse & <b>', 12.5, new Date('2024-02-29T10:30:00Z'), new Date('1999-12-31T00:00:00Z'),
      true, { formula: 'B2*2', result: 25 },
      { richText: [{ font: { bold: true }, text: 'bold' }, { text: ' plain' }] }, { error: '#N/A' }]);
    sheet.addRow(['two\nlines', 0.1 + 0.2, null, null, false, { formula: 'A1', result: 'text' },
      { text: 'link', hyperlink: 'https://a.example' }]);
    sheet.addRow([]);
    sheet.addRow([' edges ', -1e-7, new Date('1900-03-01T00:00:00.250Z')]);
    sheet.getColumn(3).numFmt = 'yyyy-mm-dd hh:mm:ss';
    sheet.getColumn(4).numFmt = 'dd.mm.yyyy';
  });
  const { rows, code, words } = await read(file);
  assert.equal(code, 0, words);
  assert.deepEqual(rows, [
    { name: 'Åse & <b>', amount: 12.5, when: '2024-02-29T10:30:00', day: '1999-12-31', ok: true,
      sum: 25, rich: 'bold plain', bad: null },
    { name: 'two\nlines', amount: 0.30000000000000004, when: null, day: null, ok: false, sum: 'text',
      rich: 'link', bad: null },
    { name: ' edges ', amount: -1e-7, when: '1900-03-01T00:00:00.250', day: null, ok: null, sum: null,
      rich: null, bad: null },
  ]);
});

test('dates that count from 1904', async () => {
  const file = await write((book) => {
    book.properties.date1904 = true;
    const sheet = book.addWorksheet('Data');
    sheet.addRow(['day']);
    sheet.addRow([new Date('2024-02-29T00:00:00Z')]).getCell(1).numFmt = 'yyyy-mm-dd';
  });
  assert.deepEqual((await read(file)).rows, [{ day: '2024-02-29' }]);
});

test('a sheet by name, by number, the first that is not hidden', async () => {
  const file = await write((book) => {
    for (const name of ['Hidden', 'Second', 'Third']) {
      const sheet = book.addWorksheet(name, { state: name === 'Hidden' ? 'hidden' : 'visible' });
      sheet.addRow(['from']);
      sheet.addRow([name]);
    }
  });
  const from = async (config) => (await read(file, { config })).rows[0]?.from;
  assert.equal(await from(''), 'Second');
  assert.equal(await from(', sheet: third'), 'Third');
  assert.equal(await from(', sheet: 1'), 'Hidden');
  const { code, words } = await read(file, { config: ', sheet: "Fourth"' });
  assert.equal(code, 1);
  assert.match(words, /no sheet "Fourth" with rows, but "Hidden", "Second", "Third"/);
  assert.match((await read(file, { config: ', sheet: 0' })).words, /sheet: expected a name, or a number from 1/);
});

test('headers: none, given, with gaps and repeats', async () => {
  const file = await write((book) => {
    const sheet = book.addWorksheet('Data');
    sheet.addRow(['a', null, 'a', 2024]);
    sheet.addRow([1, 2, 3, 4]);
  });
  assert.deepEqual((await read(file)).rows, [{ a: 1, column_2: 2, a_2: 3, 2024: 4 }]);
  assert.deepEqual((await read(file, { config: ', header: false' })).rows[1],
    { column_1: 1, column_2: 2, column_3: 3, column_4: 4 });
  assert.deepEqual((await read(file, { config: ', header: [p, q, r, s]' })).rows[0],
    { p: 'a', q: null, r: 'a', s: 2024 });
  assert.match((await read(file, { config: ', header: [p, p]' })).words, /"p" is given twice/);
});

test('merged cells, styles without values and wide gaps', async () => {
  const file = await write((book) => {
    const sheet = book.addWorksheet('Data');
    sheet.addRow(['a', 'b', 'c']);
    sheet.getCell('A2').value = 'merged';
    sheet.mergeCells('A2:B3');
    sheet.getCell('C900').value = 'far';
    for (let row = 4; row < 800; row++) sheet.getCell(row, 2).font = { bold: true };
  });
  const { rows } = await read(file);
  assert.deepEqual(rows, [{ a: 'merged', b: null, c: null }, { a: null, b: null, c: 'far' }]);
});

test('what we write we read back', async () => {
  const source = join(folder, 'round.jsonl');
  const lines = [
    '{"t":"text","n":1.10,"id":"9007199254740993","b":true,"x":"_x0041_ \\u0001 =1","l":[1,{"a":"<"}]}',
    '{"t":"\\ud83d\\ude00 \\r\\n","n":-5,"id":"007","b":false,"x":" s ","l":null}',
  ];
  await writeFile(source, `${lines.join('\n')}\n`);
  const workflow = join(folder, 'round.yaml');
  await writeFile(workflow, 'name: W\nsteps:\n  - { id: book, type: write_xlsx }\n');
  const out = join(folder, 'round');
  await windrow('run', workflow, '--rows', source, '--data', `${out}-data`, '--out', out);
  const { text } = await read(join(out, 'book.xlsx'));
  assert.equal(text, `${lines[0].replace('[1,{"a":"<"}]', '"[1,{\\"a\\":\\"<\\"}]"')}\n${lines[1]}\n`
    .replace('\\ud83d\\ude00', '😀'));
});

test('--rows takes a workbook, an unknown column is told', async () => {
  const file = await write((book) => {
    const sheet = book.addWorksheet('Data');
    sheet.addRow(['name', 'city']);
    sheet.addRow(['Acme', 'Berlin']);
  });
  const workflow = join(folder, 'rows.yaml');
  await writeFile(workflow, 'name: R\nsteps:\n  - { id: t, type: transform, config: { expression: .item.cty } }\n');
  const end = await windrow('run', workflow, '--rows', file, '--data', join(folder, 'rows-data'),
    '--out', join(folder, 'rows'));
  assert.equal(end.code, 1);
  assert.match(end.stdout + end.stderr, /no column "cty"; did you mean "city"/);
});

// --- what nobody should have written ---

const XML = '<?xml version="1.0" encoding="UTF-8"?>';
const HEADER = '<row><c t="inlineStr"><is><t>a</t></is></c></row>';

async function readParts(sheet, options) {
  const file = join(folder, `parts-${++runs}.xlsx`);
  await writeFile(file, makeZip(workbookParts(sheet), options));
  return read(file);
}

test('shapes of ZIP files: stored, with descriptors, ZIP64, behind other bytes', async () => {
  const sheet = sheetXml(`${HEADER}<row><c><v>1</v></c></row>`);
  for (const options of [{}, { stored: true }, { descriptors: true }, { zip64: true }, { before: 'some bytes' }]) {
    const { rows, words } = await readParts(sheet, options);
    assert.deepEqual(rows, [{ a: 1 }], `${JSON.stringify(options)}: ${words}`);
  }
});

test('a bad row is one failed item', async () => {
  const { code, rows, data } = await readParts(sheetXml(
    `${HEADER}<row><c><v>1</v></c></row><row><c><v>x</v></c></row><row r="9"><c/><c><v>5</v></c></row><row><c><v>3</v></c></row>`));
  assert.equal(code, 0);
  assert.deepEqual(rows, [{ a: 1 }, { a: 3 }]);
  const { id } = JSON.parse((await windrow('runs', 'list', '--json', '--data', data)).stdout).data[0];
  const { stdout } = await windrow('runs', 'items', id, '--state', 'failed', '--json', '--data', data);
  assert.match(stdout, /row 3, column A: \\"x\\" is no number/);
  assert.match(stdout, /row 9, column B: a value beyond the last column of the header/);
});

test('hostile workbooks fail with words, and nothing of them is kept', async () => {
  const bomb = sheetXml(`${HEADER}<row><c t="inlineStr"><is><t>${'0'.repeat(100 << 20)}</t></is></c></row>`);
  const lol = Array.from({ length: 9 }, (_, i) =>
    `<!ENTITY l${i + 1} "${`&l${i};`.repeat(10)}">`).join('');
  for (const [sheet, words, options] of [
    [bomb, /seems to be a bomb/],
    [`${XML}<!DOCTYPE w [<!ENTITY l0 "lol">${lol}]><worksheet>&l9;</worksheet>`, /declares a document type/],
    [`${XML}<!DOCTYPE w SYSTEM "file:///etc/passwd"><worksheet/>`, /declares a document type/],
    [sheetXml(HEADER).replace('</worksheet>', ''), /line 1, column \d+: no element found/],
    [sheetXml(HEADER), /CRC error/, { damage: 'xl/s.xml' }],
    [sheetXml(HEADER), /encrypted/, { encrypted: 'xl/s.xml' }],
    [sheetXml(HEADER + '<row>'.repeat(1000)), /nested deeper than 256/],
  ]) {
    const { code, words: said, data } = await readParts(sheet, options);
    assert.equal(code, 1);
    assert.match(said, words);
    assert.deepEqual(await readdir(join(data, 'converted')), []);
  }
});

test('files of other kinds named .xlsx get clear words', async () => {
  const other = async (bytes) => {
    const file = join(folder, `other-${++runs}.xlsx`);
    await writeFile(file, bytes);
    return (await read(file)).words;
  };
  assert.match(await other('a,b\n1,2\n'), /it is text, not a workbook; read_csv reads CSV/);
  assert.match(await other('<html><table></table></html>'), /a web page or XML/);
  assert.match(await other(''), /it is empty/);
  assert.match(await other(makeZip({ 'word/document.xml': '<w/>' })), /a ZIP file, but not a workbook/);
  assert.match(await other(makeZip({ 'content.xml': '<w/>', mimetype: 'x' })), /an OpenDocument file/);
  assert.match(await other(makeZip({ ...workbookParts('<w/>'), '_rels/.rels':
    workbookParts('')['_rels/.rels'].replace('xl/workbook.xml', 'xl/workbook.bin') })), /a binary workbook/);
});

// --- the reader ---

test('a file is converted once, and anew when it was changed or the cache is gone', async () => {
  const data = join(folder, 'cache-data');
  const file = await write((book) => {
    const sheet = book.addWorksheet('S');
    sheet.addRow(['a']);
    sheet.addRow([1]);
  });
  const kept = () => readdir(join(data, 'converted'));
  const first = await read(file, { data });
  const [name] = await kept();
  assert.equal((await read(file, { data })).text, first.text);
  assert.deepEqual(await kept(), [name]);
  await rm(join(data, 'converted'), { recursive: true });
  assert.equal((await read(file, { data })).text, first.text);
  assert.deepEqual(await kept(), [name]);
  await writeFile(file, makeZip(workbookParts(sheetXml(`${HEADER}<row><c><v>2</v></c></row>`))));
  assert.deepEqual((await read(file, { data })).rows, [{ a: 2 }]);
  assert.equal((await kept()).length, 2);
});

/** Ids of the readers that a process has started. */
async function readers(parent) {
  const found = [];
  for (const task of await readdir(`/proc/${parent}/task`).catch(() => [])) {
    const children = await readFile(`/proc/${parent}/task/${task}/children`, 'utf8').catch(() => '');
    for (const id of children.split(' ').filter(Boolean)) {
      const line = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '');
      if (line.startsWith('windrow-convert\0')) found.push(Number(id));
    }
  }
  return found;
}

/** Whether it still runs; one that nobody has asked after yet may stay as a zombie. */
const isRunning = (id) => readFile(`/proc/${id}/stat`, 'utf8').then((line) => !/\) Z /.test(line), () => false);

/** A run that reads a large workbook, and its reader; another one where the reader was through before it was seen. */
async function slow() {
  for (;;) {
    const found = await beginSlow();
    if (found.reader) return found;
    await found.ended;
  }
}

async function beginSlow() {
  const file = join(folder, `slow-${++runs}.xlsx`);
  const rows = Array.from({ length: 1_000_000 }, (_, i) => `<row><c><v>${i}</v></c></row>`).join('');
  await writeFile(file, makeZip(workbookParts(sheetXml(HEADER + rows))));
  const workflow = join(folder, `slow-${runs}.yaml`);
  await writeFile(workflow, reading(file));
  const place = join(folder, `slow-${runs}`);
  const args = ['run', workflow, '--data', `${place}-data`, '--out', place];
  const child = spawn(WINDROW, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (piece) => (said += piece));
  child.stderr.on('data', (piece) => (said += piece));
  let isOver = false;
  const ended = new Promise((done) => child.once('close', (code, signal) => {
    isOver = true;
    done({ code, signal, said: () => said });
  }));
  const [reader] = await until(async () => {
    const found = await readers(child.pid);
    return (isOver || found.length > 0) && found;
  }, 'the reader to start');
  return { child, ended, reader, place };
}

test('a reader that is killed fails the run with words', async () => {
  const { ended, reader } = await slow();
  process.kill(reader, 'SIGKILL');
  const { code, said } = await ended;
  assert.equal(code, 1);
  assert.match(said(), /the reader was ended by signal 9/);
});

for (const signal of ['SIGKILL', 'SIGINT'])
  test(`a reader ends with the program at ${signal}; the run goes on later with the same rows`, async () => {
    const { child, ended, reader, place } = await slow();
    child.kill(signal);
    await ended;
    await until(async () => !(await isRunning(reader)), 'the reader to end');
    const kept = join(`${place}-data`, 'converted');
    assert.ok((await readdir(kept)).every((name) => name.endsWith('.new')));
    const stored = await windrow('runs', 'list', '--json', '--data', `${place}-data`);
    const { id } = JSON.parse(stored.stdout).data[0];
    const end = await windrow('run', '--resume', id, '--data', `${place}-data`, '--out', place);
    assert.equal(end.code, 0, end.stderr);
    assert.ok(!(await readdir(kept)).some((name) => name.endsWith('.new')));
    const lines = (await readFile(join(place, 'lines.jsonl'), 'utf8')).split('\n');
    assert.equal(lines.length, 1_000_001);
    assert.equal(lines[999_999], '{"a":999999}');
  });

test('without its reader the program says what is missing', async () => {
  const alone = join(folder, 'alone', 'windrow');
  await mkdir(dirname(alone));
  await copyFile(WINDROW, alone);
  await chmod(alone, 0o755);
  const file = await write((book) => book.addWorksheet('S').addRow(['a']));
  const workflow = join(folder, 'alone.yaml');
  await writeFile(workflow, reading(file));
  const child = spawn(alone, ['run', workflow, '--data', join(folder, 'alone-data'), '--out', join(folder, 'alone-out')]);
  let said = '';
  child.stdout.on('data', (piece) => (said += piece));
  child.stderr.on('data', (piece) => (said += piece));
  const code = await new Promise((done) => child.once('close', done));
  assert.equal(code, 1);
  assert.match(said, /alone\/windrow-convert, which reads foreign documents, cannot be started/);
});
