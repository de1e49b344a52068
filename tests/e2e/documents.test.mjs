// The text of documents on the command line: what comes out, what is refused, and how it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { DeletedTextRun, Document, Footer, FootnoteReferenceRun, Header, HeadingLevel, InsertedTextRun, LevelFormat,
  Packer, PageBreak, Paragraph, Table, TableCell, TableRow, TextRun } from 'docx';
import { convert as htmlToText } from 'html-to-text';
import mammoth from 'mammoth';

import { makePdf } from '../pdf.mjs';
import { makeZip, sheetXml, wordParts, workbookParts } from '../zip.mjs';
import { windrow, WINDROW } from './server.mjs';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-documents-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function write(name, bytes) {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** The object that --json prints of a document; its problem when it is refused. */
async function read(name, bytes) {
  const { stdout } = await windrow('text', '--json', await write(name, bytes));
  return JSON.parse(stdout)[0];
}

const PAGE = `<!doctype html><title>Report</title><nav>Home</nav>
<h1>Report</h1><p>Revenue &amp; more: 7&nbsp;%</p><table><tr><th>Year<th>Sum</tr><tr><td>2024<td>22.4</tr></table>
<script>alert(1)</script>`;
const PAGE_TEXT = 'Report\n\nRevenue & more: 7 %\n\nYear | Sum\n2024 | 22.4\n';

test('a page, Markdown and text are printed', async () => {
  const page = await write('page.html', PAGE);
  const notes = await write('notes.md', '# Notes\r\n\r\n- a\r\n');
  assert.deepEqual(await windrow('text', page), { code: 0, stdout: PAGE_TEXT, stderr: '' });
  const both = await windrow('text', page, notes);
  assert.equal(both.stdout, `==> ${page} <==\n${PAGE_TEXT}==> ${notes} <==\n# Notes\n\n- a\n`);
});

test('--json tells about each document', async () => {
  const page = await write('page.html', PAGE);
  const none = join(folder, 'none.txt');
  const { code, stdout } = await windrow('text', '--json', page, none);
  const [first, second] = JSON.parse(stdout);
  assert.equal(code, 2);
  assert.deepEqual(first, { file: page, kind: 'html', title: 'Report', pages: null, bytes: PAGE_TEXT.length, text: PAGE_TEXT });
  assert.match(second.problem, /none\.txt: No such file/);
});

test('exit codes: 1 refused, 2 not there or wrong words', async () => {
  const refused = await windrow('text', await write('a.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /a\.png: it is an image \(PNG\)/);
  assert.equal((await windrow('text', join(folder, 'none'))).code, 2);
  assert.equal((await windrow('text', folder)).code, 2);
  assert.equal((await windrow('text')).code, 2);
  assert.equal((await windrow('text', '--nonsense', 'a')).code, 2);
});

test('standard input', async () => {
  const child = spawn(WINDROW, ['text', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (piece) => (said += piece));
  child.stdin.end(PAGE);
  assert.equal(await new Promise((done) => child.once('close', done)), 0);
  assert.equal(said, PAGE_TEXT);
});

test('charsets, behind the sandbox', async () => {
  for (const [name, bytes, text] of [
    ['latin1.txt', Buffer.from('Gr\xfc\xdfe aus K\xf6ln', 'latin1'), 'Grüße aus Köln\n'],
    ['utf16.html', Buffer.from(`\ufeff<p>Grüße</p>`, 'utf16le'), 'Grüße\n'],
    ['sjis.html', Buffer.from('<meta charset=shift_jis><p>\x93\xfa\x96\x7b', 'latin1'), '日本\n'],
    ['cyrillic.html', Buffer.from('<meta charset="windows-1251"><p>\xcc\xe8\xf0', 'latin1'), 'Мир\n'],
    ['gb.html', Buffer.from('<meta charset=gb2312><p>\xd6\xd0\xb9\xfa', 'latin1'), '中国\n'],
    ['euc.html', Buffer.from('<meta charset=euc-kr><p>\xc7\xd1\xb1\xdb', 'latin1'), '한글\n'],
  ])
    assert.equal((await read(name, bytes)).text, text, name);
});

test('hostile pages end with text or with words', async () => {
  assert.equal((await read('deep.html', `<p>a${'<div>'.repeat(100_000)}b`)).text.replace(/\s+/g, ' '), 'a b ');
  assert.equal((await read('attribute.html', `<p title="${'x'.repeat(50_000_000)}">a`)).text, 'a\n');
  assert.equal((await read('zeros.html', `<p>a\0b</p>${'\0'.repeat(10)}<p>c and more words so that it is text</p>`)).text,
    'ab\n\nc and more words so that it is text\n');
  const clones = Array.from({ length: 20_000 }, (_, i) => `<p><b id=${i}>`).join('');
  assert.match((await read('clones.html', clones + 'a')).problem, /more than \d+ MB of memory/);
});

// --- what other programs write and read ---

/** The words of a text, without signs. */
const words = (text) => text.match(/[\p{L}\p{N}]+/gu) ?? [];

async function wordDocument() {
  const cell = (...lines) => new TableCell({ children: lines.map((line) => new Paragraph(line)) });
  const listed = (reference, level, text) => new Paragraph({ text, numbering: { reference, level } });
  return Packer.toBuffer(new Document({
    title: 'Jahresbericht',
    numbering: { config: [{ reference: 'steps', levels: [
      { level: 0, format: LevelFormat.DECIMAL, text: '%1.', start: 3 },
      { level: 1, format: LevelFormat.LOWER_LETTER, text: '%1.%2' }] }] },
    footnotes: { 1: { children: [new Paragraph('As audited.')] } },
    sections: [{
      headers: { default: new Header({ children: [new Paragraph('HEADER')] }) },
      footers: { default: new Footer({ children: [new Paragraph('FOOTER')] }) },
      children: [
        new Paragraph({ text: 'Siemens Healthineers', heading: HeadingLevel.HEADING_1 }),
        new Paragraph({ children: [new TextRun('Revenue '), new TextRun({ text: 'grew', bold: true }),
          new TextRun(' by 5 %'), new FootnoteReferenceRun(1), new TextRun('.'),
          new DeletedTextRun({ text: 'DELETED', id: 1, author: 'a', date: '2024-01-01T00:00:00Z' }),
          new InsertedTextRun({ text: ' Added.', id: 2, author: 'a', date: '2024-01-01T00:00:00Z' })] }),
        new Paragraph({ text: 'One', bullet: { level: 0 } }),
        new Paragraph({ text: 'Two', bullet: { level: 1 } }),
        listed('steps', 0, 'Third'), listed('steps', 1, 'Inner'), listed('steps', 0, 'Fourth'),
        new Table({ rows: [['Year', 'Revenue'], ['2023', '21.7'], ['2024', '22.4']].map((row) =>
          new TableRow({ children: row.map((text) => cell(text)) })) }),
        new Paragraph({ children: [new TextRun('Before'), new PageBreak()] }),
        new Paragraph('日本語 and עברית & <tags>'),
      ],
    }],
  }));
}

test('a document of Word, and the same words that mammoth finds', async () => {
  const bytes = await wordDocument();
  const { kind, title, text } = await read('report.docx', bytes);
  assert.deepEqual({ kind, title }, { kind: 'docx', title: 'Jahresbericht' });
  assert.equal(text, `Siemens Healthineers

Revenue grew by 5 % [As audited.]. Added.

- One
  - Two
3. Third
  3.a Inner
4. Fourth

Year | Revenue
2023 | 21.7
2024 | 22.4

Before
\f日本語 and עברית & <tags>
`);
  const { value } = await mammoth.extractRawText({ buffer: bytes });
  const ours = new Set(words(text));
  for (const word of words(value)) assert.ok(ours.has(word), `"${word}" is missing`);
});

test('a page, and the same words that html-to-text finds', async () => {
  const cards = Array.from({ length: 300 }, (_, i) => `<section class="card c${i}"><h2>Title${i}</h2>
<p>Some <em>words</em> of card&nbsp;${i}, <a href="/x${i}">linked${i}</a><br>and&mdash;more${i}</p>
<ul><li>first${i}<li>second${i}</ul><table><tr><th>K${i}<th>V${i}<tr><td>k${i}<td>v${i}</table>
<div style="display:none">hidden${i}</div><script>var script${i};</script></section>`).join('\n');
  const { text } = await read('cards.html', `<!doctype html><body><nav>NAV</nav>${cards}<footer>FOOT</footer>`);
  const selectors = ['nav', 'footer', 'div'].map((selector) => ({ selector, format: 'skip' }));
  const theirs = htmlToText(cards, { wordwrap: false, selectors: [...selectors,
    { selector: 'a', options: { ignoreHref: true } }, { selector: 'h2', options: { uppercase: false } },
    { selector: 'table', format: 'dataTable', options: { uppercaseHeaderCells: false } }] });
  assert.deepEqual(words(text), words(theirs));
  assert.doesNotMatch(text, /NAV|FOOT|hidden|script/);
});

test('packages that are refused', async () => {
  const bomb = wordParts(' '.repeat(200 << 20));
  for (const [name, bytes, problem] of [
    ['bomb.docx', makeZip(bomb), /packed more than 200 times: the file seems to be a bomb/],
    ['torn.docx', makeZip(wordParts('<w:p/>')).subarray(0, -30), /it is damaged: the end of the file is missing/],
    ['broken.docx', makeZip(wordParts('<w:p>a</w:p>'), { damage: 'word/document.xml' }), /it is damaged/],
    ['locked.docx', makeZip(wordParts('<w:p/>'), { encrypted: 'word/document.xml' }), /it is encrypted/],
    ['empty.docx', makeZip(wordParts('<w:p/>')), /it is without text/],
    ['book.docx', makeZip(workbookParts(sheetXml(''))), /it is an Excel workbook; read_xlsx reads its rows/],
    ['text.odt', makeZip({ mimetype: 'application/vnd.oasis.opendocument.text', 'content.xml': '<a/>' }),
      /it is an OpenDocument file; save it as a Word document/],
    ['some.zip', makeZip({ 'a.txt': 'a' }), /it is a ZIP file; unpack it/],
    ['old.doc', Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(2000)]), /of an old Office program/],
    ['a.rtf', '{\\rtf1 a}', /it is an RTF document/],
  ])
    assert.match((await read(name, bytes)).problem ?? '', problem, name);
});

// --- PDF ---

test('pages, title and text of a PDF', async () => {
  const bytes = makePdf([['Annual report (2024)', 'Revenue grew.'], [], ['Page three <pre>&amp;</pre>']], { title: 'A <b> & "c"' });
  assert.deepEqual(await read('named.html', bytes), { file: join(folder, 'named.html'), kind: 'pdf', title: 'A <b> & "c"',
    pages: 3, bytes: 65, text: 'Annual report (2024)\nRevenue grew.\n\f\fPage three <pre>&amp;</pre>\n' });
  const behind = Buffer.concat([Buffer.from('some bytes\n'), makePdf([['a']])]);
  assert.equal((await read('behind.pdf', behind)).text, 'a\n');
});

test('a PDF whose bytes mean characters by tables that are not in it', async () => {
  const font = '/Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /90ms-RKSJ-H /DescendantFonts [<< /Type /Font ' +
    '/Subtype /CIDFontType0 /BaseFont /Ryumin-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >> >>]';
  assert.equal((await read('japan.pdf', makePdf([['93fa967b8cea']], { font, hex: true }))).text, '日本語\n');
});

test('a PDF of 10,000 pages', async () => {
  const { pages, text } = await read('long.pdf', makePdf(Array.from({ length: 10_000 }, (_, i) => [`page ${i + 1}`])));
  assert.equal(pages, 10_000);
  assert.equal(text.split('\f').length, 10_000);
  assert.ok(text.endsWith('\fpage 10000\n'));
});

test('a PDF with a broken table is read, what cannot be read is refused', async () => {
  const good = makePdf([['words of a page']]);
  const text = good.toString('latin1');
  const broken = Buffer.from(text.replace(/xref\n[^]*trailer/, 'xref\n0 1\ntrailer'), 'latin1');
  assert.equal((await read('broken.pdf', broken)).text, 'words of a page\n');
  const many = Array.from({ length: 1000 }, () => Array.from({ length: 50 }, () => 'x'.repeat(100)));
  for (const [name, bytes, problem] of [
    ['locked.pdf', makePdf([['a']], { encrypted: true }), /it is protected by a password; print it into a new PDF/],
    ['scanned.pdf', makePdf([[], []]), /it has no text: its pages seem to be scanned/],
    ['torn.pdf', good.subarray(0, 100), /it is damaged: pdftotext finds no pages in it/],
    ['nothing.pdf', '%PDF-1.7\n', /it is damaged/],
    ['long.pdf', makePdf(many), /its text is longer than 4 MB/],
  ])
    assert.match((await read(name, bytes)).problem ?? '', problem, name);
});

test('what reads a PDF can open no file', async () => {
  const bytes = makePdf([['a']]).toString('latin1').replace('/Info 4 0 R', '/Info 4 0 R /Prev 7')
    .replace(/\/Contents \d+ 0 R/, '/Contents << /F (/etc/passwd) /Length 0 >>');
  const { text, problem } = await read('file.pdf', Buffer.from(bytes, 'latin1'));
  assert.doesNotMatch(text ?? '', /root/);
  assert.match(problem, /no text/);
});
