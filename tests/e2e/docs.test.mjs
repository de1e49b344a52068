// What the program tells about itself: windrow docs, and the JSON Schema of workflow files, which a
// real validator holds against every workflow of this repository and against broken ones.

import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import Ajv from 'ajv/dist/2020.js';
import { parse } from 'yaml';

import { startServer, windrow } from './server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
let folder;
let schema;
let accepts;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-docs-'));
  schema = JSON.parse((await windrow('docs', '--schema')).stdout);
  accepts = new Ajv({ strictSchema: true, strictTypes: false }).compile(schema);
});
after(() => rm(folder, { recursive: true, force: true }));

// --- windrow docs ---

test('types are listed by group, one line each', async () => {
  const { code, stdout } = await windrow('docs');
  assert.equal(code, 0);
  assert.match(stdout, /^sources\n {2}read_csv +Reads the rows of a CSV file/m);
  assert.match(stdout, /^data\n(.*\n)*? {2}transform /m);
  const listed = JSON.parse((await windrow('docs', '--json')).stdout);
  for (const { type, group, summary } of listed) {
    assert.ok(stdout.includes(`  ${type.padEnd(16)} ${summary}\n`), type);
    assert.ok(stdout.includes(`${group}\n`), `${type} has no group`);
  }
});

test('a type is told with its config, an example, its value and its failures', async () => {
  const { code, stdout } = await windrow('docs', 'http_request');
  assert.equal(code, 0);
  assert.match(stdout, /^ {2}url +text template, required\n +Absolute, http or https\.$/m);
  assert.match(stdout, /^ {2}method +one of GET, POST, /m);
  assert.match(stdout, /^ {6}- id: person$/m);
  assert.match(stdout, /What it gives\. `\{status, headers, body\}`/);
  assert.match(stdout, /Failures\. http_status when/);
  assert.doesNotMatch(stdout, /\]\(|\*\*|^\| /m);

  const told = JSON.parse((await windrow('docs', 'http_request', '--json')).stdout);
  assert.equal(told.group, 'look-ups');
  assert.deepEqual(told.config[0], {
    name: 'url', is: 'text template', required: true, words: 'Absolute, http or https.',
  });
  assert.ok(told.errors.includes('timed_out'));
  assert.match(told.example, /type: http_request/);
});

test('a type is found by its other name, a code by itself', async () => {
  assert.match((await windrow('docs', 'transform_data')).stdout, /^transform /);
  const { code, stdout } = await windrow('docs', 'bad_row');
  assert.equal(code, 0);
  assert.match(stdout, /^bad_row\n\nThe source could not read this row/);
  assert.match((await windrow('docs', 'errors')).stdout, /^bad_row +The source could not read/m);
  const codes = JSON.parse((await windrow('docs', 'errors', '--json')).stdout);
  assert.ok(codes.some((entry) => entry.code === 'timed_out' && entry.words.length > 20));
});

test('an unknown name is answered with the nearest', async () => {
  const { code, stdout, stderr } = await windrow('docs', 'filtre');
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.match(stderr, /did you mean filter\?/);
  assert.match((await windrow('docs', 'bad_rows')).stderr, /did you mean bad_row\?/);
});

// --- the schema ---

test('the schema is served without a key', async () => {
  const server = await startServer();
  try {
    const answer = await fetch(`${server.url}/v1/workflow-schema`);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^application\/json/);
    assert.deepEqual(await answer.json(), schema);
  } finally {
    await server.close();
  }
});

/** Which of these texts the program takes. */
async function taken(texts) {
  const files = await Promise.all(texts.map(async (text, i) => {
    const file = join(folder, `${i}.yaml`);
    await writeFile(file, text);
    return file;
  }));
  const good = new Set();
  for (let at = 0; at < files.length; at += 50) {
    const { stdout } = await windrow('validate', ...files.slice(at, at + 50));
    for (const [, file] of stdout.matchAll(/^(.*): ok$/gm)) good.add(file);
  }
  return files.map((file) => good.has(file));
}

/** Strings of C as they follow each other. */
function stringsOfC(text) {
  return [...text.matchAll(/(?:"(?:[^"\\\n]|\\.)*"\s*)+/g)].map(([run]) => {
    const pieces = run.match(/"(?:[^"\\\n]|\\.)*"/g);
    try {
      return pieces.map((piece) => JSON.parse(piece)).join('');
    } catch {
      return ''; // an escape that only C has
    }
  });
}

/** All files below a folder, without what is built or fetched. */
async function filesIn(at) {
  const entries = await readdir(at, { withFileTypes: true });
  const found = await Promise.all(entries.map((entry) => {
    if (/^(\.|build|node_modules)/.test(entry.name)) return [];
    const path = join(at, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  }));
  return found.flat();
}

/** Every text of the repository that may be a workflow. */
async function candidates() {
  const found = [];
  for (const path of await filesIn(root)) {
    const file = relative(root, path);
    if (!/\.(yaml|yml|md|mjs|c)$/.test(file)) continue;
    const text = await readFile(path, 'utf8');
    if (/\.ya?ml$/.test(file)) found.push([file, text]);
    const texts = file.endsWith('.md')
      ? [...text.matchAll(/^```ya?ml\n([^]*?)^```/gm)].map((match) => match[1])
      : file.endsWith('.mjs')
        ? [...text.matchAll(/`([^`$]*?)`/g)].map((match) => match[1])
        : stringsOfC(text);
    for (const part of texts) if (/^\s*["{]?.*steps"?:/m.test(part)) found.push([file, part]);
  }
  return found;
}

test('what the program takes, the schema takes', async () => {
  const texts = await candidates();
  const good = await taken(texts.map(([, text]) => text));
  let count = 0;
  texts.forEach(([file, text], i) => {
    if (!good[i]) return;
    count += 1;
    const isValid = accepts(parse(text));
    assert.ok(isValid, `${file}: ${JSON.stringify(accepts.errors)}\n${text}`);
  });
  assert.ok(count > 30, `only ${count} workflows were found`);
});

const step = (text) => `name: x\nsteps:\n  - ${text}\n`;
const broken = {
  'no name': 'steps: [{ type: set, config: { fields: { a: 1 } } }]',
  'no steps': 'name: x',
  'an empty list of steps': 'name: x\nsteps: []',
  'an unknown key': `${step('{ type: write_csv }')}stepz: 1\n`,
  'a slug in capitals': `slug: Abc\n${step('{ type: write_csv }')}`,
  'an unknown type': step('{ type: fliter, config: { where: "true" } }'),
  'a step without a type': step('{ id: a }'),
  'an id that begins with a digit': step('{ id: 1a, type: write_csv }'),
  'an unknown key of a step': step('{ type: write_csv, typ: 1 }'),
  'no config where one is needed': step('{ type: set }'),
  'a field too few': step('{ type: set, config: {} }'),
  'an unknown field': step('{ type: set, config: { fields: { a: 1 }, field: 1 } }'),
  'a config of a type without that field': step('{ type: write_csv, config: { where: "true" } }'),
  'an unknown field under another name of a type': step('{ type: transform_data, config: { x: 1 } }'),
  'a number in place of a text': step('{ type: transform, config: { expression: 1 } }'),
  'a text in place of a map': step('{ type: set, config: { fields: a } }'),
  'an unknown choice': step('{ type: http_request, config: { url: "https://a.b", method: GOT } }'),
  'names that are no list': step('{ type: remove_columns, config: { columns: a } }'),
  'an empty list of names': step('{ type: remove_columns, config: { columns: [] } }'),
  'two of which one is meant': step('{ type: wait, config: { for: 1s, until: "2030-01-01" } }'),
  'none of which one is needed': step('{ type: wait, config: {} }'),
  'a wait of a number': step('{ type: wait, config: { for: 5 } }'),
  'a duration without a unit': step('{ type: wait, config: { for: "5" } }'),
  'cases without else': step('{ type: condition, config: { cases: { a: "true" } } }'),
  'else without cases': step('{ type: condition, config: { if: "true", else: a } }'),
  'a template where a literal is needed':
    step('{ type: condition, config: { cases: { a: "true" }, else: "{{item.x}}" } }'),
  'too many attempts': step('{ type: write_csv, retry: { attempts: 21 } }'),
  'a backoff without units': step('{ type: write_csv, retry: { backoff: 1..2 } }'),
  'a wrong on_error': step('{ type: write_csv, on_error: ignore }'),
  'needs that are a number': step('{ type: write_csv, needs: 1 }'),
  'a wrong kind of webhook': `triggers: { webhook: { auth: open } }\n${step('{ type: write_csv }')}`,
  'a cron of four fields':
    `triggers: { schedule: { cron: "0 7 * *" } }\n${step('{ type: write_csv }')}`,
  'a share above what it is of': `limits: { max_failed: ten }\n${step('{ type: write_csv }')}`,
  'a concurrency of 0': `limits: { concurrency: 0 }\n${step('{ type: write_csv }')}`,
};

test('what is broken, both refuse', async () => {
  const good = await taken(Object.values(broken));
  Object.entries(broken).forEach(([label, text], i) => {
    assert.equal(good[i], false, `the program takes a file with ${label}`);
    assert.equal(accepts(parse(text)), false, `the schema takes a file with ${label}`);
  });
});

test('the keys of the schema are those of the program', async () => {
  const file = join(folder, 'unknown.yaml');
  await writeFile(file, `
name: x
zzz: 1
triggers: { zzz: 1, webhook: { zzz: 1 }, schedule: { cron: "* * * * *", zzz: 1 } }
limits: { zzz: 1 }
notify: { zzz: 1 }
steps: [{ type: write_csv, zzz: 1, retry: { zzz: 1 } }]
`);
  const { stderr } = await windrow('validate', file);
  const top = schema.properties;
  const places = {
    zzz: top,
    'triggers.zzz': top.triggers.properties,
    'triggers.webhook.zzz': top.triggers.properties.webhook.properties,
    'triggers.schedule.zzz': top.triggers.properties.schedule.properties,
    'limits.zzz': top.limits.properties,
    'notify.zzz': top.notify.properties,
    'steps[0].zzz': schema.$defs.step.properties,
    'steps[0].retry.zzz': schema.$defs.step.properties.retry.properties,
  };
  for (const [place, properties] of Object.entries(places)) {
    const line = stderr.split('\n').find((words) => words.includes(` ${place}: `));
    const keys = line.replace(/.*expected /, '').split(/, | or /);
    assert.deepEqual(Object.keys(properties).sort(), keys.sort(), place);
  }
});
