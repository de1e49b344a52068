// Documents that are read, asked about and made: every file, call and cost is there once, whatever the kills.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { startModel } from '../e2e/model.mjs';
import { makeZip, wordParts } from '../zip.mjs';
import { check } from './check.mjs';
import { filesBelow, query, showRun } from './program.mjs';

const ROWS = 16;
const LATENCY_MS = 20;
const ENDINGS = ['md', 'txt', 'html', 'docx'];

const wordDocument = (lines) =>
  makeZip(wordParts(lines.map((line) => `<w:p><w:r><w:t>${line}</w:t></w:r></w:p>`).join('')));

/* Rows whose page is broken, and those about which the model talks nonsense, until they are mended. */
const isBroken = (i) => i % 9 === 0;
const isNonsense = (i) => i % 9 === 4;

function writeDocument(path, lines) {
  const [title, ...rest] = lines;
  if (path.endsWith('.docx')) writeFileSync(path, wordDocument(lines));
  else if (path.endsWith('.html')) writeFileSync(path, `<title>${title}</title>${lines.map((line) => `<p>${line}</p>`).join('')}`);
  else if (path.endsWith('.md')) writeFileSync(path, `# ${title}\n\n${rest.join('\n\n')}\n`);
  else writeFileSync(path, `${lines.join('\n')}\n`);
}

/** Rows with a document each, a folder of documents that all of them share, and where the model is. */
function write(csv, rows, world) {
  const place = dirname(csv);
  mkdirSync(join(place, 'shared'));
  ENDINGS.forEach((ending, i) =>
    writeDocument(join(place, 'shared', `${i}.${ending}`), [`Notes ${i}`, `Ships leave port ${i} every day.`]));
  const lines = ['id,name,document,broken'];
  for (let i = 0; i < rows; i++) {
    const path = join(place, `${i}.${ENDINGS[i % ENDINGS.length]}`);
    writeDocument(path, [`Country ${i}`, `Capital: City ${i}`, `Population: ${1000 + i} people`]);
    lines.push(`${i},Country ${i},${path},${isBroken(i) ? 1 : ''}`);
  }
  writeFileSync(csv, `${lines.join('\n')}\n`);
  writeFileSync(configOf(place), modelsFile(world));
}

export const modelsFile = (world) => `providers:
  stub: { base_url: "${world.modelUrl}", models: { m: { input: 1, output: 3 } } }
`;

const configOf = (place) => join(place, 'models.yaml');

/** `more`: of the page's address; `retry`: of the question. */
const workflowOf = (more, retry) => (csv, url) => `name: Papers
limits: { concurrency: 4 }
templates:
  letter: |
    # {{item.name}}

    Its capital is **{{steps.facts.capital}}**{{cite steps.facts.capital}}. {{steps.say.summary}}{{cite steps.say.summary}}
  list: |
    | Country | Capital |
    | --- | --- |
    {{#each rows as row}}
    | {{row.item.name}} | {{row.steps.facts.capital}}{{cite row.steps.facts.capital}} |
    {{/each}}
steps:
  - id: rows
    type: read_csv
    config: { file: ${csv} }
  - id: facts
    type: extract
    config:
      model: local/extractive-1
      sources: { file: "{{item.document}}" }
      fields: { capital: capital city, population: { type: integer, description: population } }
  - id: say
    type: ai_generate
    config:
      model: stub/m
      prompt: "What is there about {{item.name}}?"
      sources: [{ documents: ${join(dirname(csv), 'shared')} }, { page: "${url}/page?title=Page&text=The+number+of+this+page+is+{{item.id}}.${more}" }]
      output: { type: object, required: [summary], properties: { summary: { type: string } } }
    retry: ${retry}
    cache: 1d
  - id: letter
    type: document
    config: { format: docx, template: letter, name: "{{item.name}}.docx", author: Accounts }
  - id: list
    type: document
    config: { per: table, format: html, template: list, name: list.html, author: Accounts }
  - id: print
    type: document
    config: { per: table, format: pdf, template: list, name: list.pdf, author: Accounts }
  - id: book
    type: write_xlsx
    config: { columns: { name: "{{item.name}}", capital: "{{steps.facts.capital}}", summary: "{{steps.say.summary}}" } }
  - id: lines
    type: write_jsonl
`;

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** What a step's answers quote can be read where they say. */
function checkQuotes(out, texts, label) {
  const rows = readFileSync(join(out, 'lines.jsonl'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const citations = rows.flatMap((row) => [...row['facts.citations'], ...row['say.citations']]);
  check(citations.length > rows.length, `${label}: citations`, `${citations.length} of ${rows.length} rows`);
  const wrong = citations.filter(({ digest, start, end, quote }) => {
    const text = texts.get(digest);
    return text === undefined || text.subarray(start, end).toString('utf8') !== quote;
  });
  check(wrong.length === 0, `${label}: what is quoted can be read`, JSON.stringify(wrong.slice(0, 3)));
}

/** The texts that the store keeps, by their digest; each is whole. */
export function keptTexts(data, label) {
  const rows = query(data, 'SELECT hex(digest) AS digest, hex(body) AS body FROM texts');
  const texts = new Map(rows.map(({ digest, body }) => [digest.toLowerCase(), Buffer.from(body, 'hex')]));
  for (const [digest, body] of texts) check(sha256(body) === digest, `${label}: the text ${digest} is whole`);
  return texts;
}

/** The files that the store counts are there and whole; gives those that lie beside them. */
function checkCounted(data, condition, label) {
  const blobs = filesBelow(join(data, 'blobs'));
  const rows = query(data, `SELECT lower(hex(id)) AS id, name, size_bytes AS size FROM files WHERE ${condition}`);
  for (const { id, name, size } of rows) {
    const bytes = blobs.has(id) ? statSync(blobs.get(id)).size : 'no file';
    check(bytes === size, `${label}: ${name} is whole`, `${bytes}, not ${size} bytes`);
    blobs.delete(id);
  }
  return blobs;
}

/** `tables`: made by steps over rows, each kept in a file of its own that is not shown. */
export function checkBlobs(data, label, tables = 0) {
  const blobs = checkCounted(data, 'TRUE', label);
  check(blobs.size === tables, `${label}: only files that count are kept`, `${[...blobs.keys()]}, not ${tables}`);
}

/** What the program says that runs have used is what their effects add up to, and what the model was asked. */
export function checkUsage(data, usages, world, label) {
  const [sum] = query(data, `SELECT sum(tokens_in) AS tokensIn, sum(tokens_out) AS tokensOut,
    sum(cost_microcredits) AS cost, sum(tokens_in > 0) AS calls FROM effects`);
  const total = (name) => usages.reduce((all, usage) => all + usage[name], 0);
  const [tokensIn, tokensOut, calls] = ['tokensIn', 'tokensOut', 'calls'].map(total);
  const used = { tokensIn, tokensOut, cost: Math.round(total('cost') * 1e6), calls };
  check(isDeepStrictEqual(used, sum), `${label}: usage is the sum of effects`, `${JSON.stringify(used)}, not ${JSON.stringify(sum)}`);
  const asked = new Map(world.asked().map((call) => [call.idempotency_key, call.usage]));
  const told = [...asked.values()].reduce((all, usage) => all + (usage?.prompt_tokens ?? 0), 0);
  check(told === tokensIn && asked.size === calls, `${label}: usage is what the model was asked`, `${asked.size} calls, ${told} tokens`);
  const twice = query(data, `SELECT count(*) AS count FROM effects WHERE state = 1
    GROUP BY run, step, item_key, call, hash HAVING count(*) > 1`);
  check(twice.length === 0, `${label}: no effect went well twice`);
}

/** All that has to be the same after any life; checks what has to hold by itself. */
function look({ stub }, data, out, label) {
  const run = showRun(data);
  checkQuotes(out, keptTexts(data, label), label);
  checkBlobs(data, label);
  checkUsage(data, [run.usage], stub, label);
  const [{ effects }] = query(data, 'SELECT count(*) AS effects FROM effects');
  const converted = readdirSync(join(data, 'converted'));
  check(converted.every((name) => /^[0-9a-f]{64}$/.test(name)), `${label}: what was converted is whole`, converted);
  return { usage: run.usage, counts: run.counts, effects, names: readdirSync(out).sort() };
}

/** What is there of a run that was killed: whole files or none, but for taps, which are cut to what counts. */
function lookDead({ scene, reference }, data, out, label) {
  checkCounted(data, 'item IS NOT NULL', `${label}, killed`);
  let names = [];
  try {
    names = readdirSync(out).filter((name) => !name.endsWith('.part'));
  } catch {
    return; // nothing was written yet
  }
  for (const name of names) {
    const expected = reference[scene.files.indexOf(name)];
    check(readFileSync(join(out, name), 'latin1') === expected, `${label}, killed: ${name} is whole`);
  }
}

const letters = Array.from({ length: ROWS }, (_, i) => `Country ${i}.docx`);

/** All lives are of one run, so that its files have the same bytes, dates included. */
export const PAPERS = {
  name: 'papers',
  rows: ROWS,
  concurrency: 4,
  span_ms: 900,
  is_one_run: true,
  files: ['list.html', 'list.pdf', 'book.xlsx', 'lines.jsonl', ...letters],
  write,
  workflow: workflowOf('', '{ attempts: 5, backoff: 10ms..50ms }'),
  environment: (place) => ({ WINDROW_CONFIG: configOf(place) }),
  look,
  lookDead,
};

/** The same, with pages that are broken and a model that talks nonsense about some, until a person mends it. */
export const PAPER_RETRIES = {
  ...PAPERS,
  name: 'paper-retries',
  workflow: workflowOf('&broken={{item.broken}}', '{ attempts: 1 }'),
};

/** Which row a text, or a page's address, is about. */
const rowOf = (text) => Number(text.match(/number.of.this.page.is.(\d+)\./)?.[1]);

/** Pages and a model, which remember their calls alike. A moody one talks nonsense until it is healed. */
export async function startWorld(stub, isMoody) {
  const about = new Map(); // rows, by idempotency key
  let pagesBefore = Infinity; // pages that were got before it was healed
  const say = (request, key) => {
    const row = rowOf(request.messages.map(({ content }) => content).join('\n'));
    about.set(key, row);
    if (isMoody && isNonsense(row) && pagesBefore === Infinity) return 'I would rather not.';
    const quote = `The number of this page is ${row}.`;
    const source = ENDINGS.length + 1;
    return JSON.stringify({ output: { summary: quote }, citations: [{ field: 'summary', source, quote, confidence: 0.9 }] });
  };
  const model = await startModel({ say, latencyMs: LATENCY_MS });
  /* Pages are got without a key. */
  const pages = () => stub.calls().map((call, i) => ({ ...call, idempotency_key: `${call.path} ${i < pagesBefore}` }));
  const rowAsked = ({ path, idempotency_key: key }) => (path === undefined ? about.get(key) : rowOf(path));
  return {
    url: stub.url,
    modelUrl: model.url,
    asked: () => model.seen,
    calls: () => [...pages(), ...model.seen].sort((a, b) => a.unix_ms - b.unix_ms),
    isFailing: (call) => isBroken(rowAsked(call)) || isNonsense(rowAsked(call)),
    heal: () => {
      pagesBefore = stub.calls().length;
      stub.mend();
    },
    reset: () => {
      pagesBefore = Infinity;
      model.seen.length = 0;
      stub.reset();
    },
    close: () => model.close(),
  };
}
