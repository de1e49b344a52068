// The workflows of examples/, run as their README has it, and that of the demo.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import ExcelJS from 'exceljs';
import mammoth from 'mammoth';

import { windrow } from './server.mjs';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-examples-'));
});
after(() => rm(folder, { recursive: true }));

const example = (name) => join('examples', name);
const written = (name, file) => readFile(join(folder, name, file), 'utf8');

/** The command of the README for that example, with its addresses and folders replaced. */
async function command(name, replaced = {}) {
  const readme = await readFile(example('README.md'), 'utf8');
  const start = readme.indexOf(`build/windrow run ${example(name)}/workflow.yaml`);
  assert.ok(start > 0, `README tells how to run ${name}`);
  const text = readme.slice(start, readme.indexOf('\n\n', start)).replaceAll(/\\\n/g, ' ');
  const words = text.trim().split(/\s+/).slice(1).map((word) => replaced[word] ?? word);
  words[words.indexOf('--out') + 1] = join(folder, name);
  return [...words, '--data', join(folder, `${name}-data`)];
}

async function run(name, replaced) {
  const { code, stdout, stderr } = await windrow(...(await command(name, replaced)));
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('every example is told of and valid', async () => {
  const readme = await readFile(example('README.md'), 'utf8');
  const entries = await readdir('examples', { withFileTypes: true });
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    assert.match(readme, new RegExp(`\\[${name}\\]\\(${name}/workflow.yaml\\)`));
    const files = (await readdir(example(name))).filter((file) => file.endsWith('.yaml'));
    const { code, stderr } = await windrow('validate', ...files.map((file) => join(example(name), file)));
    assert.equal(code, 0, stderr);
  }
});

test('enrichment asks once for each company, and once in all', async () => {
  const known = { 'bolt.example': 41, 'nut.example': 7, 'gear.example': 300 };
  const asked = [];
  const service = createServer((request, response) => {
    const domain = request.url.split('/').pop();
    asked.push(domain);
    // The first answer of all is an overload: nothing is lost by it.
    if (asked.length === 1) return response.writeHead(503, { 'retry-after': '0' }).end();
    response.writeHead(known[domain] ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ employees: known[domain], country: 'XX' }));
  });
  await new Promise((done) => service.listen(0, '127.0.0.1', done));
  const address = `service=http://127.0.0.1:${service.address().port}`;
  try {
    const replaced = { 'service=http://127.0.0.1:8080': address };
    assert.deepEqual(await run('enrichment', replaced), { known: 3, unknown: 1 });
    assert.equal(
      await written('enrichment', 'companies.csv'),
      'name,domain,country,employees\nBolt & Sons,bolt.example,XX,41\nNut Works,nut.example,XX,7\nGear AG,gear.example,XX,300\n',
    );
    assert.equal(await written('enrichment', 'unknown.csv'), 'name,domain\nNobody Ltd,nobody.example\n');
    assert.equal(asked.length, 5);
    assert.deepEqual(await run('enrichment', replaced), { known: 3, unknown: 1 });
    assert.equal(asked.length, 5, 'the second run takes the answers of the first');
  } finally {
    service.close();
  }
});

test('letters are written to those who owe something', async () => {
  assert.deepEqual(await run('letters'), { letters: 3 });
  const files = (await readdir(join(folder, 'letters'))).sort();
  assert.equal(files.length, 4);
  assert.deepEqual(files.filter((file) => file === 'Ada Winter.docx' || file === 'open.html').length, 2);
  const { value: letter, messages } = await mammoth.extractRawText({ path: join(folder, 'letters', 'Ada Winter.docx') });
  assert.deepEqual(messages.filter(({ type }) => type === 'error'), []);
  assert.match(letter, /Dear Ada Winter,/);
  assert.match(letter, /some of your 2 invoices are still open/);
  assert.match(letter, /A-1\s+1,250 €/);
  assert.doesNotMatch(letter, /A-2/);
  const list = await written('letters', 'open.html');
  assert.match(list, /Carla \| Co/);
  assert.doesNotMatch(list, /Ben/);
});

test('large orders are priced by the other workflow', async () => {
  assert.deepEqual(await run('orders'), { priced: 3, wrong: 1 });
  assert.equal(
    await written('orders', 'priced.csv'),
    'order,pieces,total,discount\n1,10,40,0\n2,1000,3200,0.2\n3,100,360,0.1\n',
  );
  assert.deepEqual(JSON.parse(await written('orders', 'wrong.jsonl')), { order: '4', article: 'bolt', pieces: '0', count: 0 });
});

test('facts about countries are found, and what is not said is empty', async () => {
  assert.deepEqual(await run('countries'), { countries: 3 });
  assert.equal(
    await written('countries', 'countries.csv'),
    'country,capital,population,area,languages,exports\n' +
      'Alvania,Port Maren,3215000,12400,Alvanian; Low Coastal; English,14200000000\n' +
      'Kestrel Isles,,,386,,\n' +
      'Norrmark,Halvik,18400000,301000,Norrish; Sami,96500000000\n',
  );
  const quotes = (await written('countries', 'quotes.jsonl')).trim().split('\n').map((line) => JSON.parse(line));
  assert.match(quotes[0].quotes.capital, /Port Maren/);
  assert.deepEqual(Object.keys(quotes[1].quotes), ['area']);
});

test('the demo finds facts with their words, and writes all its files', async () => {
  const out = join(folder, 'demo');
  const { code, stdout, stderr } = await windrow('run', 'demo/workflow.yaml', '--input', 'companies=demo/companies.csv',
    '--input', 'profiles=demo/profiles', '--out', out, '--data', join(folder, 'demo-data'));
  assert.equal(code, 0, stderr);
  const { shortlist, questions } = JSON.parse(stdout);
  assert.ok(shortlist >= 9 && questions <= 6, stdout);
  const files = await readdir(out);
  for (const file of ['companies.xlsx', 'questions.csv', 'report.pdf', 'shortlist.csv', 'memo Siemens.docx'])
    assert.ok(files.includes(file), file);
  assert.equal(files.length, shortlist + 4, 'a memo for each company of the shortlist');
  assert.match(await written('demo', 'shortlist.csv'), /^Deere & Company,"Moline, United States",1837,61\.3,83000,738554$/m);
  const { value: memo } = await mammoth.extractRawText({ path: join(out, 'memo Siemens.docx') });
  assert.match(memo, /Founded\s+1847\[1\]|Founded\s+1847\[2\]/);
  assert.match(memo, /Sources[^]*It was founded in Berlin in 1847/);
  const { stdout: report } = await promisify(execFile)('pdftotext', ['-layout', join(out, 'report.pdf'), '-']);
  assert.match(report, /Industrial companies worth a closer look/);
  assert.match(report, /Moline, United States/);
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile(join(out, 'companies.xlsx'));
  const cell = book.getWorksheet('Companies').getCell('D2');
  assert.equal(cell.value, 1847);
  assert.match(JSON.stringify(cell.note), /It was founded in Berlin in 1847/);
});

test('the years that the demo finds are those that people know', async () => {
  const known = new Map((await readFile('demo/known.csv', 'utf8')).trim().split('\n').slice(1).map((line) => line.split(',')));
  const { stdout } = await windrow('runs', 'list', '--data', join(folder, 'demo-data'), '--limit', '1', '--json');
  const { stdout: items } = await windrow('runs', 'items', JSON.parse(stdout).data[0].id, '--data', join(folder, 'demo-data'), '--table', 'rows', '--json');
  const found = items.trim().split('\n').map((line) => JSON.parse(line)).map(({ item, steps }) => [item.name, steps.facts.value]);
  assert.equal(found.length, 24);
  const years = found.filter(([, { founded }]) => founded !== null);
  for (const [name, { founded }] of years) assert.equal(String(founded), known.get(name), name);
  assert.ok(years.length >= 20);
  for (const [name, { citations }] of found) assert.ok(citations.length > 0 && citations.every(({ verified }) => verified), name);
});
