// A million CSV rows through three pure steps into a CSV: with declared columns and without.
//
//   node bench/rows.mjs [ROWS]

import { createWriteStream, fdatasyncSync, openSync, closeSync, copyFileSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { bench, figure, folder, limit, run, tool, watchedRun, write } from './inside/measure.mjs';

const ROWS = Number(process.argv[2] ?? 1_000_000);

const workflow = (file, columns) => `name: Rows
steps:
  - id: rows
    type: read_csv
    config: { file: ${file} }
  - id: revenue
    type: transform
    config: { expression: "(.item.employees | tonumber) * 120" }
  - id: size
    type: transform
    config: { expression: 'if .steps.revenue > 1000000 then "large" else "small" end' }
  - id: words
    type: set
    config: { fields: { title: "{{item.name}} in {{item.city}}", founded: "{{= .item.founded | .[:4] }}" } }
  - id: table
    type: write_csv
    config: ${columns}
`;

const DECLARED = `
      columns:
        id: "{{item.id}}"
        name: "{{item.name}}"
        url: "{{item.url}}"
        sector: "{{item.sector}}"
        revenue: "{{steps.revenue}}"
        size: "{{steps.size}}"
        title: "{{steps.words.title}}"
        founded: "{{steps.words.founded}}"`;

async function makeRows(path) {
  const out = createWriteStream(path);
  out.write('id,name,url,sector,price,city,founded,employees\n');
  for (let i = 0; i < ROWS; i += 1000) {
    let text = '';
    for (let k = i; k < Math.min(ROWS, i + 1000); k++)
      text += `${k},Company ${k * 7} Holdings,https://www.company-${k}.example.com,Industrials,${k % 1000}.` +
        `${k % 100},"City ${k % 50}, ST",19${10 + (k % 90)}-03-0${1 + (k % 9)},${(k * 13) % 100000}\n`;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

function copyAndSync(from, to) {
  const begin = process.hrtime.bigint();
  copyFileSync(from, to);
  const file = openSync(to, 'r+');
  fdatasyncSync(file);
  closeSync(file);
  return Number(process.hrtime.bigint() - begin) / 1e9;
}

/** Seconds of reading and writing so many bytes, by what bench_csv does with the first of its texts. */
async function bareSeconds(inBytes, outBytes) {
  const text = await run(tool('bench_csv'), '0.5');
  const speed = (word) => Number(new RegExp(`^  ${word}\\s+(\\d+) MB/s`, 'm').exec(text)[1]) * 1e6;
  return inBytes / speed('read') + outBytes / speed('write');
}

function checkLines(path) {
  let lines = 0;
  const bytes = readFileSync(path);
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  if (lines !== ROWS + 1) throw new Error(`${path} has ${lines} lines`);
}

async function measure(label, columns, bars) {
  const home = folder();
  const file = join(home, 'rows.csv');
  await makeRows(file);
  const path = write(join(home, 'workflow.yaml'), workflow(file, columns));
  const took = await watchedRun(path, home);
  const made = join(home, 'out', 'table.csv');
  checkLines(made);
  const copySeconds = copyAndSync(file, join(home, 'copy-in')) + copyAndSync(made, join(home, 'copy-out'));
  const bare = await bareSeconds(statSync(file).size, statSync(made).size);
  figure(`seconds, ${label}`, took.seconds, { unit: 's', ...bars, less: true });
  figure('  rows a second', ROWS / took.seconds, { unit: '/s' });
  figure('  processor time a row', ((took.user + took.system) / ROWS) * 1e6, { unit: 'us' });
  figure('  peak memory', took.peak_kib / 1024, { unit: 'MB', must: 120, aim: 80, less: true });
  limit('copies of both files, synced', copySeconds, { unit: 's', part: took.seconds / copySeconds });
  limit('bare reading and writing of CSV', bare, { unit: 's', part: took.seconds / bare });
  console.log();
}

await bench(`${ROWS.toLocaleString('en')} CSV rows, 3 pure steps, to CSV`, async () => {
  const part = ROWS / 1_000_000;
  await measure('columns declared', DECLARED, { must: 30 * part, aim: 15 * part });
  await measure('columns found in the rows', '{}', { must: 30 * part, aim: 15 * part });
});
