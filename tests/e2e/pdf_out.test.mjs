// Documents as PDF: what other programs find in them, in which order, and where links lead.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { PDFArray, PDFDict, PDFDocument, PDFHexString, PDFName, PDFString } from 'pdf-lib';

import { WINDROW, windrow } from './server.mjs';

const run = promisify(execFile);

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-pdf-'));
});
after(() => rm(folder, { recursive: true }));

const CITATIONS = [
  { field: 'x', title: 'Annual report', quote: 'Revenue was 5 billion', document: 'a.md', verified: true },
  { field: 'y', title: 'Outlook', quote: 'It grows', url: "https://example.com/?a=(1)&b='2'", verified: true },
];

async function start(program, name, markdown, config) {
  const workflow = {
    name,
    input: { type: 'object', properties: { f: { type: 'object' } } },
    templates: { it: markdown },
    steps: [{ id: 'made', type: 'document', config: { format: 'pdf', template: 'it', name: `${name}.pdf`, ...config } }],
  };
  const path = join(folder, `${name}.json`);
  await writeFile(path, JSON.stringify(workflow));
  return program('run', path, '--input', `f=${JSON.stringify({ x: 1, y: 2, citations: CITATIONS })}`, '--out', folder, '--data', join(folder, 'data'));
}

/** Makes a document of the Markdown; gives the path of the file. */
async function make(name, markdown, config = {}) {
  const { code, stderr } = await start(windrow, name, markdown, config);
  assert.equal(code, 0, stderr);
  return join(folder, `${name}.pdf`);
}

/** The text as a reader meets it, without marks of direction. */
async function textOf(path, ...options) {
  const { stdout } = await run('pdftotext', ['-enc', 'UTF-8', ...options, path, '-'], { maxBuffer: 1 << 28 });
  return stdout.replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '').replace(/(\d)\/(\d)/g, '$1 / $2');
}

const words = (value) => (value instanceof PDFHexString || value instanceof PDFString ? value.decodeText() : undefined);

/** Names of places, with the number of their page. */
function destinations(pdf) {
  const names = pdf.catalog.lookup(PDFName.of('Names'), PDFDict).lookup(PDFName.of('Dests'), PDFDict);
  const pages = pdf.getPages().map(({ ref }) => ref);
  const found = new Map();
  const list = names.lookup(PDFName.of('Names'), PDFArray);
  for (let i = 0; i < list.size(); i += 2) {
    const name = words(list.lookup(i));
    assert.ok(!found.has(name), `${name} is there twice`);
    found.set(name, pages.indexOf(list.lookup(i + 1, PDFArray).get(0)) + 1);
  }
  return found;
}

/** Links of all pages: {page, to} inside, {page, address} outside. */
function links(pdf) {
  return pdf.getPages().flatMap((page, index) => {
    const list = page.node.Annots();
    return Array.from({ length: list?.size() ?? 0 }, (_, i) => {
      const link = list.lookup(i, PDFDict);
      const action = link.lookup(PDFName.of('A'));
      return action
        ? { page: index + 1, address: words(action.lookup(PDFName.of('URI'))) }
        : { page: index + 1, to: words(link.lookup(PDFName.of('Dest'))) };
    });
  });
}

/** Bookmarks as nested lists: [title, place, [below]]. */
function outline(parent) {
  const list = [];
  for (let item = parent?.lookup(PDFName.of('First')); item; item = item.lookup(PDFName.of('Next')))
    list.push([words(item.lookup(PDFName.of('Title'))), words(item.lookup(PDFName.of('Dest'))), outline(item)]);
  return list;
}

const REPORT = `Intro with **bold** words, a [link](https://example.com/a?b=1), a cite{{cite input.f.x}}, another{{cite input.f.y}}
and the first again{{cite input.f.x}}; see [the end](#the-end).[^n]

## Figures

| Name | Value |
| --- | ---: |
| alpha | 1 |
| beta | 22,000 |

### Details (of them)

1. one
2. two

~~~chart
type: bar
title: Revenue
labels: [2024, 2025]
series: [{name: total, values: [1, 2]}]
~~~

\\pagebreak

## The end

Last words.

[^n]: The note at the foot.
`;

test('text stands in the order of reading, with notes at the foot and numbers of pages', async () => {
  const path = await make('order', REPORT, { title: 'The report', author: 'Someone', contents: true });
  const pages = (await textOf(path, '-layout')).split('\f');
  const inOrder = (text, ...parts) => assert.match(text, new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^]*')));
  inOrder(pages[0], 'The report', 'Someone', 'Contents', 'Figures', '2', 'Details (of them)', '2', 'The end', '3', 'Sources', '3', '1 / 3');
  inOrder(pages[1], 'The report', 'Intro with bold words', 'a cite[1]', 'another[2]', 'again[1]', 'Figures', 'Name', 'Value', 'alpha', '1', 'beta', '22,000');
  inOrder(pages[1], 'Details (of them)', '1.', 'one', '2.', 'two', 'Revenue', '2024', 'The note at the foot.', '2 / 3');
  inOrder(pages[2], 'The end', 'Last words.', 'Sources', '[1]', 'Annual report', 'Revenue was 5 billion', '[2]', 'Outlook', 'It grows', '3 / 3');
});

test('bookmarks are the headings, links lead to places that exist', async () => {
  const pdf = await PDFDocument.load(await readFile(await make('links', REPORT, { title: 'Links', contents: true })));
  assert.equal(pdf.getPageCount(), 3);
  assert.deepEqual(outline(pdf.catalog.lookup(PDFName.of('Outlines'))), [
    ['Figures', 'h-figures', [['Details (of them)', 'h-details-of-them', []]]],
    ['The end', 'h-the-end', []],
    ['Sources', 'sources', []],
  ]);
  const places = destinations(pdf);
  const all = links(pdf);
  for (const { to } of all) if (to) assert.ok(places.has(to), to);
  const leads = (page, to, on) => {
    assert.ok(all.some((link) => link.page === page && link.to === to), `a link on page ${page} to ${to}`);
    assert.equal(places.get(to), on, to);
  };
  leads(1, 'h-the-end', 3); // the contents
  leads(2, 'h-the-end', 3); // the text
  leads(2, 'cite-1-0', 3); // a mark to its source
  leads(3, 'cite-1-2', 2); // and back to the second mark
  leads(2, 'note-1-0', 2);
  leads(2, 'note-1-1', 2);
  assert.deepEqual(
    all.flatMap(({ address }) => address ?? []).sort(),
    ['https://example.com/?a=%281%29&b=%272%27', 'https://example.com/a?b=1'],
  );
});

test('the file says what it is', async () => {
  const path = await make('about', 'Text\n', { title: 'Grün & (co)', subtitle: 'Below', author: 'Someone', paper: 'letter' });
  const pdf = await PDFDocument.load(await readFile(path));
  assert.equal(pdf.getTitle(), 'Grün & (co)');
  assert.equal(pdf.getAuthor(), 'Someone');
  assert.equal(pdf.getSubject(), 'Below');
  assert.deepEqual(pdf.getPage(0).getSize(), { width: 612, height: 792 });
});

test('text from right to left and in CJK can be copied out', async () => {
  const text = await textOf(await make('scripts', 'שלום עולם עם מספרים 123\n\nمرحبا بالعالم\n\n漢字かな交じり文。\n\nΕλληνικά, Русский, čeština\n', { language: 'he' }));
  for (const part of ['שלום עולם עם מספרים', '漢字かな交じり文。', 'Ελληνικά, Русский, čeština'])
    assert.ok(text.includes(part), `${part} in ${text}`);
  // pdftotext takes the room between some Arabic letters for spaces.
  assert.ok(text.normalize('NFKC').replaceAll(' ', '').includes('مرحبابالعالم'), text);
});

test('a long report has all its places', async () => {
  const sections = Array.from({ length: 400 }, (_, i) => `## Section ${i + 1}\n\n${'Some words. '.repeat(60)}{{cite input.f.x}}\n`);
  const pdf = await PDFDocument.load(await readFile(await make('long', sections.join('\n'), { contents: true })));
  const places = destinations(pdf);
  for (const { to } of links(pdf)) if (to) assert.ok(places.has(to), to);
  assert.ok(places.get('h-section-400') > 30);
  assert.equal(places.get('sources'), pdf.getPageCount());
});

test('documents meant to do harm become files, or words', async () => {
  const hostile = {
    words: `# ${'W'.repeat(20000)}\n\n${'x'.repeat(100000)}\n`,
    marks: `${'**'.repeat(2000)}${'['.repeat(5000)}${'`'.repeat(999)}\n`,
    table: `${'| a '.repeat(100)}|\n${'| --- '.repeat(100)}|\n${`${`| ${'y'.repeat(100)} `.repeat(100)}|\n`.repeat(5)}`,
    letters: 'e\u0301'.repeat(20000) + '\u202e'.repeat(200) + '\ufffc\u2028\u200b'.repeat(500) + '\n',
    links: "[a](https://example.com/'%20uri='x)\\) [b](https://e.com/(((\\))) [c](javascript:alert)\n",
  };
  for (const [name, markdown] of Object.entries(hostile)) {
    const { code, stderr } = await start(windrow, name, markdown.replaceAll('{', '').replaceAll('\\\\', ''), { contents: true });
    assert.equal(code, 0, `${name}: ${stderr}`);
    await textOf(join(folder, `${name}.pdf`));
  }
});

test('without what makes PDF files, other documents are made and this one says why not', async () => {
  const alone = join(folder, 'alone');
  await mkdir(alone);
  for (const name of ['windrow', 'windrow-convert']) await copyFile(join(dirname(WINDROW), name), join(alone, name));
  const program = async (...args) => run(join(alone, 'windrow'), args).then(
    (said) => ({ code: 0, ...said }),
    (error) => error,
  );
  assert.equal((await start(program, 'page', 'Text\n', { format: 'html', name: 'page.html' })).code, 0);
  const { code, stdout, stderr } = await start(program, 'none', 'Text\n', {});
  assert.notEqual(code, 0);
  assert.match(stdout + stderr, /what makes PDF files cannot be loaded: .*windrow-pdf\.so/);
});
