// The workflows of examples/, run as their README has it.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

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
