// What the killed commands do: workflows over rows of many sizes, and the files that they write.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeZip, readZip, sheetXml, workbookParts } from '../zip.mjs';
import { check } from './check.mjs';

export const CONCURRENCY = 20;

// Bytes of a row's text, so that some chunks end by their number of rows and others by their bytes,
// and one row is larger than a chunk.
function textBytes(i) {
  if (i === 700) return 70_000;
  if (i % 97 === 0) return 5_000 + (i % 7) * 4_000;
  return i < 500 ? (i * 31) % 60 : (i * 7919) % 900;
}

export function writeRows(path, rows) {
  const lines = ['id,name,size,text'];
  for (let i = 0; i < rows; i++)
    lines.push(`${i},"name ${i}, with a ""comma""",${(i * 7919) % 1000},${'x'.repeat(textBytes(i))}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
}

const call = (url) => `
  - id: call
    type: http_request
    config: { url: "${url}", method: POST, json: { id: "{{item.id}}", twice: "{{steps.double}}" } }
    retry: { attempts: 5, backoff: 10ms..50ms }`;

const rows = (csv) => `limits: { concurrency: ${CONCURRENCY} }
steps:
  - id: rows
    type: read_csv
    config: { file: ${csv} }
  - id: double
    type: transform
    config: { expression: "(.item.size | tonumber) * 2" }`;

/** Calls, a filter, and four files: declared columns, JSON lines, and two made when all is done. */
export const CALLS = {
  name: 'calls',
  rows: 1000,
  span_ms: 400,
  files: ['declared.csv', 'lines.jsonl', 'whole.csv', 'book.xlsx'],
  workflow: (csv, url) => `name: Calls
${rows(csv)}
  - id: big
    type: filter
    config: { where: ".steps.double >= 400" }${call(`${url}/echo`)}
  - id: declared
    type: write_csv
    config: { columns: { id: "{{item.id}}", name: "{{item.name}}", answer: "{{steps.call.body.body}}" } }
  - id: lines
    type: write_jsonl
    needs: double
    config: { columns: { id: "{{item.id}}", double: "{{steps.double}}" } }
  - id: whole
    type: write_csv
    needs: double
  - id: book
    type: write_xlsx
    needs: double
    config: { columns: { id: "{{item.id}}", name: "{{item.name}}", double: "{{steps.double}}" } }
output: { rows: "{{steps.declared.rows}}", file: "{{steps.declared.file}}" }
`,
};

/** Three stretches: a wait of a second, and rows that need the file of those before. */
export const GATES = {
  name: 'gates',
  rows: 600,
  span_ms: 1800,
  files: ['first.csv', 'last.jsonl'],
  workflow: (csv, url) => `name: Gates
${rows(csv)}${call(`${url}/echo`)}
  - id: pause
    type: wait
    config: { for: 1s }
  - id: after
    type: transform
    config: { expression: ".steps.call.body.body | fromjson | .twice + 1" }
  - id: first
    type: write_csv
    config: { columns: { id: "{{item.id}}", after: "{{steps.after}}" } }
  - id: behind
    type: transform
    needs: [after, first]
    config: { expression: "[.steps.first.rows, .steps.after]" }
  - id: last
    type: write_jsonl
    config: { columns: { id: "{{item.id}}", behind: "{{steps.behind}}" } }
output: { rows: "{{steps.last.rows}}" }
`,
};

/** Answers of a model, whose address stands in the environment. */
export const MODELS = {
  name: 'models',
  rows: 600,
  span_ms: 600,
  files: ['answers.csv'],
  environment: (place, stub) => ({ OPENAI_BASE_URL: stub.url }),
  workflow: (csv) => `name: Models
${rows(csv)}
  - id: ask
    type: ai_generate
    config: { model: openai/m, prompt: "Double of {{item.id}}: {{steps.double}}", max_tokens: 50 }
    retry: { attempts: 5, backoff: 10ms..50ms }
  - id: answers
    type: write_csv
    config: { columns: { id: "{{item.id}}", text: "{{steps.ask.text}}" } }
`,
};

/** Lists in pages: each page is asked for once. */
export const PAGES = {
  name: 'pages',
  rows: 200,
  span_ms: 500,
  files: ['lists.jsonl', 'counts.csv'],
  workflow: (csv, url) => `name: Pages
${rows(csv)}
  - id: list
    type: http_request
    config:
      url: "${url}/list/25?of={{item.id}}"
      method: POST
      json: { size: 10 }
      paging: { json: { cursor: .body.cursor }, items: .body.items }
    retry: { attempts: 5, backoff: 10ms..50ms }
  - id: lists
    type: write_jsonl
    config: { columns: { id: "{{item.id}}", list: "{{steps.list}}" } }
  - id: pause
    type: wait
    needs: list
    config: { for: 1s }
  - id: counts
    type: write_csv
    config: { columns: { id: "{{item.id}}", count: "{{= .steps.list | length}}" } }
`,
};

/** Single calls whose failures a person retries. */
export const RETRIES = {
  name: 'retries',
  rows: 600,
  span_ms: 300,
  files: ['declared.csv', 'whole.csv'],
  workflow: (csv, url) => `name: Retries
${rows(csv)}
  - id: call
    type: http_request
    config: { url: "${url}/", method: POST, json: { id: "{{item.id}}" } }
    retry: { attempts: 1 }
  - id: declared
    type: write_csv
    config: { columns: { id: "{{item.id}}", answer: "{{steps.call.body.id}}" } }
  - id: whole
    type: write_csv
    needs: call
`,
};

/** Rows of a workbook, which a child converts first, to a workbook. */
export const WORKBOOK = {
  name: 'workbook',
  rows: 30_000,
  span_ms: 900,
  files: ['lines.jsonl', 'book.xlsx'],
  write(path, rows) {
    const cells = (row, values) => `<row r="${row}">${values.map((value) =>
      (typeof value === 'number' ? `<c><v>${value}</v></c>` : `<c t="inlineStr"><is><t>${value}</t></is></c>`)).join('')}</row>`;
    const lines = [cells(1, ['id', 'name', 'size'])];
    for (let i = 0; i < rows; i++) lines.push(cells(i + 2, [i, `name ${i}`, (i * 7919) % 1000]));
    writeFileSync(path, makeZip(workbookParts(sheetXml(lines.join('')))));
  },
  workflow: (file) => `name: Workbook
steps:
  - id: rows
    type: read_xlsx
    config: { file: ${file} }
  - id: double
    type: transform
    config: { expression: ".item.size * 2" }
  - id: lines
    type: write_jsonl
  - id: book
    type: write_xlsx
`,
};

const called = (url, more) => `name: Called
input: { type: object, required: [id], properties: { id: { type: string } } }
steps:
  - id: say
    type: http_request
    config: { url: "${url}", method: POST, json: { id: "{{input.id}}" } }
    ${more}
output: "{{steps.say.body}}"
`;

/** A run for each row, and a file of what they gave. */
export const CHILDREN = {
  name: 'children',
  rows: 250,
  span_ms: 500,
  files: ['declared.csv', 'whole.csv'],
  called: (url) => called(`${url}/echo`, 'retry: { attempts: 5, backoff: 10ms..50ms }'),
  workflow: (csv) => `name: Children
${rows(csv)}
  - id: call
    type: workflow
    config: { slug: called, input: { id: "{{item.id}}" } }
  - id: declared
    type: write_csv
    config: { columns: { id: "{{item.id}}", answer: "{{steps.call.body}}" } }
  - id: whole
    type: write_csv
    needs: double
`,
};

/** Runs below whose failures are retried with the run above. */
export const CHILD_RETRIES = {
  name: 'child-retries',
  point: 'child_after_move',
  rows: 180,
  span_ms: 300,
  files: ['declared.csv'],
  called: (url) => called(`${url}/`, 'retry: { attempts: 1 }'),
  workflow: (csv) => `name: Child retries
${rows(csv)}
  - id: call
    type: workflow
    config: { slug: called, input: { id: "{{item.id}}" } }
  - id: declared
    type: write_csv
    config: { columns: { id: "{{item.id}}", answer: "{{steps.call.id}}" } }
`,
};

/** Of a workbook of another run: all but its date, which is that of the run. */
function readWorkbook(path) {
  const entries = readZip(path);
  entries.delete('docProps/core.xml');
  return [...entries].map(([name, bytes]) => `${name}\n${bytes}`).join('\n');
}

export function readFiles(scene, out) {
  return scene.files.map((name) => {
    try {
      const path = join(out, name);
      if (scene.is_one_run) return readFileSync(path, 'latin1');
      return name.endsWith('.xlsx') ? readWorkbook(path) : readFileSync(path, 'utf8');
    } catch {
      return null;
    }
  });
}

/** Byte for byte. */
export function compareFiles(scene, out, reference, label) {
  readFiles(scene, out).forEach((got, i) => {
    const detail = got === null ? 'it is missing' : `${got.length} bytes, not ${reference[i]?.length}`;
    check(got === reference[i], `${label}: ${scene.files[i]} differs`, detail);
  });
}
