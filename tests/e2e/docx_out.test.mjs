// Documents as DOCX: well-formed parts that hold together, and what a reader of such files finds.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { after, before, test } from 'node:test';

import mammoth from 'mammoth';
import { SaxesParser } from 'saxes';

import { readZip } from '../zip.mjs';
import { windrow } from './server.mjs';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-docx-'));
});
after(() => rm(folder, { recursive: true }));

const CITATIONS = [
  { field: 'x', title: 'Page A', quote: 'Revenue was 5 <billion>', document: 'a.md', verified: true },
  { field: 'y', title: 'Page B', quote: 'not there', url: 'https://example.com/?a=1&b=2', verified: false },
];

const MARKDOWN = `Intro with **bold**, *em*, ~~gone~~, \`code\`, a [link](https://example.com/?a=1&b=2 "tip") and a cite{{cite input.f.x}} again{{cite input.f.x}} and{{cite input.f.y}}.

# First & <foremost>

See [Second](#second).[^n] And again[^n].

- one
- two
  1. a
  2. b
- [x] done

3. three

> quoted

~~~js
let a = "<";
	let b;
~~~

| A | B |
| --- | ---: |
| x | 1 |
| y & z | 22,000 |

\\pagebreak

## Second

~~~chart
type: bar
title: Revenue & cost
unit: bn
labels: [a, b, c]
series: [{name: x, values: [1, -2, 3.5]}, {name: y, values: [2, null, 1]}]
~~~

[^n]: A note with *words* and [another](https://example.org).
`;

/** Makes a document of the Markdown; gives the path of the file. */
async function make(name, markdown, config = {}) {
  const workflow = {
    name,
    input: { type: 'object', properties: { f: { type: 'object' } } },
    templates: { it: markdown },
    steps: [{ id: 'made', type: 'document', config: { format: 'docx', template: 'it', name: `${name}.docx`, ...config } }],
  };
  const path = join(folder, `${name}.json`);
  await writeFile(path, JSON.stringify(workflow));
  const { code, stderr } = await windrow('run', path, '--input', `f=${JSON.stringify({ x: 1, y: 2, citations: CITATIONS })}`,
    '--out', folder, '--data', join(folder, 'data'));
  assert.equal(code, 0, stderr);
  return join(folder, `${name}.docx`);
}

/** The elements of a part, in order, as {name, attributes}; throws on what is not well-formed. */
function elements(text) {
  const found = [];
  const parser = new SaxesParser({ xmlns: true });
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) =>
    found.push({ name, attributes: Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value])) }));
  parser.write(text).close();
  return found;
}

const named = (list, name) => list.filter((element) => element.name === name);

/** What must hold for every such file: parts, types, relationships, marks and where they lead. */
function check(parts) {
  const texts = [...parts].filter(([name]) => /\.(xml|rels)$/.test(name)).map(([name, bytes]) => [name, elements(String(bytes))]);
  const types = elements(String(parts.get('[Content_Types].xml')));
  for (const { attributes } of named(types, 'Override')) assert.ok(parts.has(attributes.PartName.slice(1)), attributes.PartName);
  for (const [name, list] of texts.filter(([part]) => part.endsWith('.rels'))) {
    const base = dirname(dirname(name));
    const ids = new Set();
    for (const { attributes } of named(list, 'Relationship')) {
      assert.ok(!ids.has(attributes.Id));
      ids.add(attributes.Id);
      if (attributes.TargetMode !== 'External') assert.ok(parts.has(posix.join(base, attributes.Target)), attributes.Target);
    }
    const part = posix.join(base, name.split('/').pop().replace(/\.rels$/, ''));
    if (!parts.has(part)) continue;
    for (const match of String(parts.get(part)).matchAll(/r:(?:id|embed)="([^"]*)"/g)) assert.ok(ids.has(match[1]), `${part} ${match[1]}`);
  }
  const body = elements(String(parts.get('word/document.xml')));
  const styles = new Set(named(elements(String(parts.get('word/styles.xml'))), 'w:style').map(({ attributes }) => attributes['w:styleId']));
  for (const kind of ['w:pStyle', 'w:rStyle', 'w:tblStyle'])
    for (const { attributes } of named(body, kind)) assert.ok(styles.has(attributes['w:val']), attributes['w:val']);
  const bookmarks = named(body, 'w:bookmarkStart');
  assert.equal(new Set(bookmarks.map(({ attributes }) => attributes['w:id'])).size, bookmarks.length);
  const names = new Set(bookmarks.map(({ attributes }) => attributes['w:name']));
  assert.equal(names.size, bookmarks.length);
  for (const { attributes } of named(body, 'w:hyperlink'))
    if (attributes['w:anchor']) assert.ok(names.has(attributes['w:anchor']), attributes['w:anchor']);
  const numbers = new Set(named(elements(String(parts.get('word/numbering.xml'))), 'w:num').map(({ attributes }) => attributes['w:numId']));
  for (const { attributes } of named(body, 'w:numId')) assert.ok(numbers.has(attributes['w:val']));
  const notes = new Set(named(elements(String(parts.get('word/footnotes.xml'))), 'w:footnote').map(({ attributes }) => attributes['w:id']));
  for (const { attributes } of named(body, 'w:footnoteReference')) assert.ok(notes.has(attributes['w:id']));
  return body;
}

test('a document has all its parts, and a reader finds what was written', async () => {
  const path = await make('whole', MARKDOWN, { title: 'A & B', subtitle: 'Below', author: 'Someone', contents: true });
  const parts = readZip(path);
  const body = check(parts);
  assert.deepEqual(named(body, 'c:chart').length, 1);
  assert.equal(named(body, 'w:tblHeader').length, 1);
  const fills = [...String(parts.get('word/charts/chart1.xml')).matchAll(/<c:ser>.*?srgbClr val="(\w+)"/g)].map((match) => match[1]);
  assert.deepEqual(fills, ['1F5A96', 'C2541B'], 'the colours that charts have in every format');
  const { value: html, messages } = await mammoth.convertToHtml({ path });
  assert.deepEqual(messages.filter(({ type }) => type === 'error'), []);
  for (const found of ['<strong>bold</strong>', '<em>em</em>', '<s>gone</s>', 'First &amp; &lt;foremost&gt;</h1>', 'Second</h2>',
    'let a = "&lt;";', 'y &amp; z', '22,000', 'href="https://example.com/?a=1&amp;b=2"', 'A note with <em>words</em>',
    'Page A', 'Revenue was 5 &lt;billion&gt;', 'not found in the source', '<ol><li>three</li></ol>'])
    assert.ok(html.includes(found), `${found}\n${html}`);
  assert.equal(html.match(/href="#source-1">\[1\]/g).length, 2);
});

test('the same document has the same bytes', async () => {
  const first = await readFile(await make('same', MARKDOWN));
  const again = await readFile(await make('same', MARKDOWN));
  assert.ok(first.equals(again));
});

test('right to left, letter paper, and documents of nearly nothing', async () => {
  const body = check(readZip(await make('rtl', '# שלום\n\nעולם **חזק**\n\n| א | ב |\n| --- | --- |\n| 1 | 2 |\n', { language: 'he', paper: 'letter' })));
  assert.ok(named(body, 'w:bidi').length > 1);
  assert.ok(named(body, 'w:rtl').length > 1);
  assert.equal(named(body, 'w:pgSz')[0].attributes['w:w'], '12240');
  check(readZip(await make('empty', '{{! nothing }}')));
  check(readZip(await make('odd', '{{! x }}> - 1. > deep\n\n- \n\n1.\n\n| a |\n| - |\n\n![no](such.png)\n\n[^1]\n\n[^1]: - list\n', { contents: true })));
});

test('a document of a thousand tables and links is one that holds together', async () => {
  const part = (i) => `## Part ${i}\n\n| a | b |\n| --- | --- |\n| [${i}](https://example.com/${i}) | ${i}[^${i}] |\n\n[^${i}]: Note ${i}\n\n`;
  const text = Array.from({ length: 1000 }, (_, i) => part(i)).join('');
  const body = check(readZip(await make('large', `{{! x }}\n${text}`, { contents: true })));
  assert.equal(named(body, 'w:tbl').length, 1000);
  assert.equal(named(body, 'w:footnoteReference').length, 1000);
});
