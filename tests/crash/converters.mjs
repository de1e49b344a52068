// windrow-convert, which reads and makes documents, goes missing, or is killed: items fail with words,
// nothing else does, and a retry mends them.

import { copyFileSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check, counts, random } from './check.mjs';
import { dataFolder, goOn, prepare } from './lives.mjs';
import { HANG_MS, begin, childrenOf, filesBelow, items, live, newestRun, query, windrow } from './program.mjs';
import { compareFiles, writeRows } from './scenes.mjs';

const ROWS = 6;

/* Long enough to be met while they are read and made. */
const EMPTY_PLACES = 60_000;
const LINES = 300;

function write(csv, rows) {
  writeRows(csv, rows);
  writeFileSync(pageBeside(csv), `<title>Facts</title>${'<div></div>'.repeat(EMPTY_PLACES)}<p>Capital: Port One`);
}

const pageBeside = (csv) => join(dirname(csv), 'page.html');

const PRINTS = {
  name: 'prints',
  rows: ROWS,
  is_one_run: true,
  files: ['table.csv', ...Array.from({ length: ROWS }, (_, i) => `${i}.pdf`)],
  write,
  workflow: (csv) => `name: Prints
limits: { concurrency: 2 }
templates:
  print: |
    {{steps.facts.capital}}

    {{#each steps.lines as line}}
    Line {{line}} of {{item.id}}.

    {{/each}}
steps:
  - id: rows
    type: read_csv
    config: { file: ${csv} }
  - id: facts
    type: extract
    config: { model: local/extractive-1, sources: { file: ${pageBeside(csv)} }, fields: { capital: capital city } }
  - id: lines
    type: transform
    config: { expression: "[range(${LINES})]" }
  - id: print
    type: document
    config: { format: pdf, template: print, name: "{{item.id}}.pdf" }
  - id: table
    type: write_csv
    config: { columns: { id: "{{item.id}}", bytes: "{{steps.print.bytes}}" } }
`,
};

/** The program and its converter, with what makes PDF, in a folder of their own. */
function installPrograms(folder) {
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const name of ['windrow', 'windrow-convert', 'windrow-pdf.so'])
    copyFileSync(join(dirname(windrow), name), join(bin, name));
  return { program: join(bin, 'windrow'), converter: join(bin, 'windrow-convert') };
}

async function until(look, life, label) {
  let is_over = false;
  life.ended.then(() => (is_over = true));
  for (const deadline = Date.now() + HANG_MS; Date.now() < deadline && !is_over; await sleep(1)) {
    const found = look();
    if (found) return found;
  }
  check(false, label, life.words());
  return null;
}

/** When each file was last written that an item has. */
const filesOfItems = (data) => {
  const blobs = filesBelow(join(data, 'blobs'));
  return query(data, 'SELECT lower(hex(id)) AS id FROM files WHERE item IS NOT NULL')
    .map(({ id }) => `${id} ${statSync(blobs.get(id)).mtimeMs}`);
};

/** Some items failed with that code; a retry, with the converter in its place, makes their files and no others. */
async function mend(prepared, { data, out, label, code, words, program }) {
  const all = items(data, 'rows');
  const failed = all.filter((item) => item.state === 'failed');
  check(all.length === ROWS && failed.length > 0 && failed.length < ROWS, `${label}: some items fail`, `${failed.length} of ${all.length}`);
  for (const { key, error } of failed)
    check(error.code === code && words.test(error.message), `${label}: item ${key} says why`, JSON.stringify(error));
  const made = filesOfItems(data);
  check(made.length === ROWS - failed.length, `${label}: the others have their files`, made.length);
  const life = await live(['runs', 'retry', newestRun(data).id, '--data', data, '--out', out], { program });
  check(life.code === 0, `${label}: the retry completes`, life.end);
  compareFiles(prepared.scene, out, prepared.reference, `${label}, retried`);
  const later = filesOfItems(data);
  check(made.every((file) => later.includes(file)), `${label}: a retry makes the files of failed items only`);
  return failed.length;
}

async function missing(prepared, { program, converter }) {
  const [label, code, words] = ['a missing converter', 'no_sandbox', /windrow-convert.*cannot be started/];
  const data = dataFolder(prepared, 'missing');
  const out = join(prepared.place, 'out-missing');
  const life = begin(goOn(prepared, data, out), {}, program);
  /* The third is begun when one of the first two is whole. */
  await until(() => filesBelow(join(data, 'blobs')).size >= 3, life, `${label}: documents are made`);
  renameSync(converter, `${converter}-away`);
  await life.ended;
  renameSync(`${converter}-away`, converter);
  await mend(prepared, { data, out, label, code, words, program });
}

/** False: it is gone already. */
function kill(pid) {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false;
  }
}

/** The first that reads, for the others wait for what it finds; or one that makes a document. */
async function killed(prepared, number) {
  const isReader = random(2) === 0;
  const [label, code, words] = [`a killed converter ${number}`, 'not_converted', /was killed|ended/];
  const data = dataFolder(prepared, `killed-${number}`);
  const out = join(prepared.place, `out-killed-${number}`);
  const life = begin(goOn(prepared, data, out));
  const isMaking = () => isReader || filesBelow(join(data, 'blobs')).size > 0;
  await until(() => isMaking() && childrenOf(life.pid)?.some(kill), life, `${label}: it is seen`);
  counts.killed++;
  const { code: end } = await life.ended;
  check(end === 0, `${label}: the run completes`, `${end} ${life.words()}`);
  const failed = await mend(prepared, { data, out, label, code, words });
  check(failed === 1, `${label}: one item fails`, failed);
}

export async function converterKills(stub, folder, kills) {
  const programs = installPrograms(folder);
  const prepared = await prepare(PRINTS, folder, stub);
  await missing(prepared, programs);
  for (let number = 0; number < kills; number++) await killed(prepared, number);
}
