// Documents as HTML: valid, accessible, whole in one file, and free of anything that runs.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { HtmlValidate } from 'html-validate';

import { windrow } from './server.mjs';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-html-'));
});
after(() => rm(folder, { recursive: true }));

/** What the checker recommends and what HTML asks for; its wishes about style are left out. */
const validator = new HtmlValidate({
  extends: ['html-validate:recommended', 'html-validate:a11y', 'html-validate:document'],
  rules: {
    'no-trailing-whitespace': 'off', // the text of code blocks is the author's
    'long-title': 'off',
    'valid-id': ['error', { relaxed: true }],
  },
});

const CITATIONS = [
  { field: 'x', title: 'Report <2024>', quote: 'Orders were "high" & rising', url: 'https://example.com/?a=1&b=2', verified: true },
  { field: 'y', title: 'notes.md', quote: 'not there', document: 'notes.md', verified: false },
];

const REPORT = `Sales **grew**{{cite input.f.x}} and fell{{cite input.f.y}}{{cite input.f.x}}.[^a] See [below](#numbers).

## Why

- one
  1. deep

     and loose
- [x] done
- [ ] open

> quoted
>
> # A heading in a quote

### Numbers

| Name | Orders | | D | E | F |
| --- | --- | :-: | --- | --- | --- |
| a \\| b | 1,200 | x | | | ~~gone~~ |

~~~chart
type: bar
title: Orders <all>
unit: million
labels: [a long label that does not fit below, "b & c"]
series: [{name: one, values: [1, -2]}, {name: two, values: [3, null]}]
~~~

~~~chart
type: line
labels: [a, b, c]
series: [[1, 2, 4]]
~~~

\\pagebreak

#### Too deep

\`code\` <b>no HTML</b> [bad](javascript:alert(1)) <https://example.org>

~~~js
if (a < b && c) "x";
~~~

[^a]: A *note*[^b].

    Its second paragraph.
[^b]: Another.
`;

let documents = 0;

/** Makes an HTML document of the template; gives its text. */
async function make(template, config = {}) {
  const workflow = {
    name: 'paper',
    input: { type: 'object', properties: { f: { type: 'object' } } },
    templates: { it: template },
    steps: [{ id: 'made', type: 'document', config: { format: 'html', template: 'it', name: 'paper.html', ...config } }],
  };
  const out = join(folder, `${++documents}`);
  await writeFile(`${out}.json`, JSON.stringify(workflow));
  const { code, stderr } = await windrow('run', `${out}.json`, '--input', `f=${JSON.stringify({ x: 1, y: 2, citations: CITATIONS })}`,
    '--out', out, '--data', `${out}-data`);
  assert.equal(code, 0, stderr);
  return readFile(join(out, 'paper.html'), 'utf8');
}

async function findings(html) {
  const report = await validator.validateString(html);
  return report.results.flatMap((result) =>
    result.messages.map((m) => `${m.line}:${m.column} ${m.ruleId}: ${m.message}\n  ${html.split('\n')[m.line - 1]}`));
}

const whole = { title: 'The "paper" & more', subtitle: 'A subtitle', author: 'A & B', contents: true };

test('a report with everything is valid and accessible', async () => {
  assert.deepEqual(await findings(await make(REPORT, whole)), []);
});

test('so are small ones, and one from right to left', async () => {
  assert.deepEqual(await findings(await make('text', { title: 'T' })), []);
  assert.deepEqual(await findings(await make('# A\n\n- a', { contents: true })), []);
  const html = await make('# \u05d3\u05d5\u05d7\n\n| a |\n|-|\n| 1 |', { language: 'he' });
  assert.match(html, /<html lang="he" dir="rtl">/);
  assert.deepEqual(await findings(html), []);
});

test('a page fetches nothing and runs nothing', async () => {
  const html = await make(REPORT, whole);
  assert.match(html, /http-equiv="Content-Security-Policy" content="default-src 'none';/);
  assert.doesNotMatch(html, /<script|<iframe|<link|<object|@import|url\(|\son\w+=/i);
  for (const [, address] of html.matchAll(/\s(?:src|href)="([^"]*)"/g))
    assert.match(address, /^(#|https:\/\/example\.(com|org))/);
});

test('every link inside leads somewhere, and every mark has a way back', async () => {
  const html = await make(REPORT, whole);
  const ids = [...html.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]);
  assert.equal(new Set(ids).size, ids.length, 'an id stands twice');
  const links = [...html.matchAll(/href="#([^"]*)"/g)].map((match) => match[1]);
  for (const link of links) assert.ok(ids.includes(link), `#${link} leads nowhere`);
  for (const mark of ids.filter((id) => /^_(source|note)-\d+-\d+$/.test(id)))
    assert.ok(links.includes(mark), `nothing leads back to #${mark}`);
  for (const id of ['_source-1', '_source-2', '_note-1', '_note-2', 'numbers', 'why'])
    assert.ok(links.includes(id), `nothing leads to #${id}`);
});

test('citations are numbered by their marks and say what was not found', async () => {
  const html = await make(REPORT, whole);
  const sources = /<section class="sources"[^]*?<\/section>/.exec(html)[0];
  assert.match(sources, /<a class="title" href="https:\/\/example\.com\/\?a=1&amp;b=2">Report &lt;2024&gt;<\/a>/);
  assert.match(sources, /<q>Orders were &quot;high&quot; &amp; rising<\/q>/);
  assert.match(sources, /notes\.md<\/span> <span class="unverified">/);
  assert.match(html, /grew<\/strong><sup class="cite"><a href="#_source-1"[^>]*>\[1\]<\/a><\/sup> and fell<sup class="cite"><a href="#_source-2"/);
});

test('a chart says its numbers to those who do not see it', async () => {
  const html = await make(REPORT, whole);
  assert.match(html, /<svg role="img" aria-label="Orders &lt;all&gt; \(million\)\. one: a long label that does not fit below 1, b &amp; c \u22122\. two:/);
  assert.equal(html.match(/<figure class="chart">/g).length, 2);
});
