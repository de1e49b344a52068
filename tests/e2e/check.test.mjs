// windrow check, from the command line only: files, places, exit codes; and its answers beside
// those of ajv on random schemas and values.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

import { WINDROW, windrow } from './server.mjs';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-check-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** Writes files into the folder; gives their paths. */
async function files(texts) {
  const paths = Object.keys(texts).map((name) => join(folder, name));
  await Promise.all(paths.map((path, i) => writeFile(path, Object.values(texts)[i])));
  return paths;
}

/** The program with a text on its standard input. */
function check(input, ...args) {
  return new Promise((resolve) => {
    const child = execFile(WINDROW, ['check', ...args], { maxBuffer: 1 << 28 },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

const SCHEMA = `
type: object
required: [name]
properties:
  name: { type: string, minLength: 2 }
  kids: { type: array, items: { $ref: "#" } }
`;

// --- files and places ---

test('what is valid is said to be', async () => {
  const paths = await files({
    'schema.yaml': SCHEMA,
    'ann.json': '{"name": "Ann", "kids": [{"name": "Bea"}]}',
    'ann.yml': 'name: Ann\nkids: []\n',
    'many.jsonl': '{"name":"Ann"}\n\n{"name":"Bea"}\r\n{"name":"Cleo"}',
  });
  const end = await windrow('check', '--schema', ...paths);
  assert.equal(end.stderr, '');
  assert.equal(end.code, 0);
  assert.equal(end.stdout, `${paths[1]}: ok\n${paths[2]}: ok\n${paths[3]}: ok, 3 values\n`);
  assert.equal((await windrow('check', '--schema', paths[0])).stdout, `${paths[0]}: ok\n`);
});

test('findings have file, line, column, place, words and the place in the schema', async () => {
  const [schema, json, yaml, lines] = await files({
    'schema.yaml': SCHEMA,
    'bad.json': '{"name": "Ann",\n "kids": [\n  {"name": "B"},\n  {"nme": 1}]}',
    'bad.yaml': 'name: Ann\nkids:\n  - name: 7\n',
    'bad.ndjson': '{"name":"Ann"}\n{"name":"Bea","kids":[{}]}\nnot json\n[]\n',
  });
  const end = await windrow('check', '--schema', schema, json, yaml, lines);
  assert.equal(end.code, 1);
  assert.equal(end.stdout, '');
  assert.deepEqual(end.stderr.trim().split('\n'), [
    `${json}:3:12: /kids/0/name: expected at least 2 characters, found 1 ` +
      '(by /properties/name/minLength)',
    `${json}:4:3: /kids/1: the property "name" is required and missing (by /required)`,
    `${yaml}:3:11: /kids/0/name: expected string, found 7 (by /properties/name/type)`,
    `${lines}:2:23: /kids/0: the property "name" is required and missing (by /required)`,
    `${lines}:3:1: expected a value, found 'n'`,
    `${lines}:4:1: expected object, found an array of 0 (by /type)`,
    `${lines}: 3 of 4 values are invalid`,
  ]);
});

test('the findings as JSON', async () => {
  const [schema, lines] = await files({
    'schema.yaml': SCHEMA,
    'bad.jsonl': '{"name":"Ann"}\n{"name":"B"}\n{',
  });
  const gone = join(folder, 'gone.json');
  const end = await windrow('check', '--schema', schema, '--json', lines, gone);
  assert.equal(end.code, 2);
  const told = JSON.parse(end.stdout);
  assert.deepEqual(told.schema_errors, []);
  assert.equal(told.valid, false);
  assert.deepEqual(told.files[0], {
    file: lines,
    errors: [
      { line: 2, column: 9, path: '/name', schema: '/properties/name/minLength',
        message: 'expected at least 2 characters, found 1' },
      { line: 3, column: 2, message: 'expected a name in double quotes, found the end of the text' },
    ],
    values: 3,
    invalid: 2,
    valid: false,
  });
  assert.match(told.files[1].problem, /No such file/);
  assert.equal(told.files[1].valid, false);
});

test('a schema that is refused, with its places', async () => {
  const [schema, file] = await files({
    'refused.json': '{\n "type": "objct",\n "$ref": "other.json",\n "x-note": 1,\n "requird": []}',
    'any.json': '1',
  });
  const end = await windrow('check', '--schema', schema, file);
  assert.equal(end.code, 2);
  assert.deepEqual(end.stderr.trim().split('\n'), [
    `${schema}:2:10: /type: unknown type "objct", did you mean "object"?`,
    `${schema}:5:13: /requird: unknown keyword "requird", did you mean "required"?`,
    `${schema}:3:10: /$ref: "other.json" is not in this document, and references to other ` +
      'documents are not supported: put the schema under "$defs"',
  ]);
  const told = JSON.parse((await windrow('check', '--json', '--schema', schema, file)).stdout);
  assert.equal(told.schema_errors.length, 3);
  assert.deepEqual(told.files, []);
  assert.equal((await windrow('check', '--schema', join(folder, 'none.json'), file)).code, 2);
  const [broken] = await files({ 'broken.json': '{"type": ' });
  assert.match((await windrow('check', '--schema', broken)).stderr, /broken\.json:1:10: /);
  assert.equal((await windrow('check', file)).code, 2);
});

test('standard input, whole and by lines', async () => {
  const [schema] = await files({ 'schema.yaml': SCHEMA });
  assert.equal((await check('{"name":\n"Ann"}', '--schema', schema, '-')).stdout, '-: ok\n');
  const lines = await check('{"name":"Ann"}\n{}\n', '--schema', schema, '--lines', '-');
  assert.equal(lines.code, 1);
  assert.match(lines.stderr, /^-:2:1: the property "name" is required and missing/);
});

test('lines that are too long, and very many findings', async () => {
  const [schema, long, many] = await files({
    'number.json': '{"type":"number"}',
    'long.jsonl': `1\n"${'x'.repeat(17 << 20)}"\n2\n"${'y'.repeat(17 << 20)}"`,
    'many.jsonl': '"x"\n'.repeat(1500),
  });
  const end = await windrow('check', '--schema', schema, long);
  assert.equal(end.code, 1);
  assert.deepEqual(end.stderr.trim().split('\n'), [
    `${long}:2: the line is longer than 16 MiB`,
    `${long}:4: the line is longer than 16 MiB`,
    `${long}: 2 of 4 values are invalid`,
  ]);
  const shown = (await windrow('check', '--schema', schema, many)).stderr.trim().split('\n');
  assert.equal(shown.length, 1002);
  assert.equal(shown[1000], `${many}: 500 further findings are not shown`);
  assert.equal(shown[1001], `${many}: 1500 of 1500 values are invalid`);
  const told = JSON.parse((await windrow('check', '--json', '--schema', schema, many)).stdout);
  assert.equal(told.files[0].errors.length, 1000);
  assert.equal(told.files[0].more, 500);
});

test('workflows against the schema for editors', async () => {
  const end = await windrow('check', '--schema', 'docs/workflow.schema.json', 'demo/workflow.yaml');
  assert.equal(end.stdout, 'demo/workflow.yaml: ok\n');
  const [broken] = await files({ 'broken.yaml': 'name: x\nsteps: [{ type: set, config: {} }]\n' });
  const found = await windrow('check', '--schema', 'docs/workflow.schema.json', broken);
  assert.equal(found.code, 1);
  assert.match(found.stderr, /broken\.yaml:2:\d+: \/steps\/0.*"fields" is required and missing/);
});

test('an input of several types is JSON unless it may be a text', async () => {
  const [yaml] = await files({ 'typed.yaml':
    'name: x\ninput:\n  properties:\n    n: { type: [integer, "null"] }\n' +
    '    t: { type: [integer, string] }\nsteps:\n' +
    '  - { type: transform, config: { expression: "[.input.n, .input.t]" } }\n' });
  const end = await windrow('run', yaml, '--data', join(folder, 'data'), '--input', 'n=5',
    '--input', 't=5');
  assert.deepEqual(JSON.parse(end.stdout), [5, '5']);
});

// --- beside ajv ---

/** A small generator with a seed (mulberry32), so that a failure can be run again. */
function randomness(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const below = (n) => Math.floor(next() * n);
  return { below, pick: (list) => list[below(list.length)], chance: (p) => next() < p };
}

const NAMES = ['a', 'b', 'c', 'ab'];
const TEXTS = ['', 'a', 'ab', 'abc', 'é€😀', '2024-02-30', '2024-02-29', '10.0.0.1', '::1', '/a~1b',
  '123e4567-e89b-12d3-a456-426614174000'];
const PATTERNS = ['^a', 'b$', '^[a-c]+$', '^\\d', '\\p{L}', '^.{2,3}$', '^(a|b)*$'];
const FORMATS = ['date', 'ipv4', 'ipv6', 'uuid', 'json-pointer'];

function value(random, depth = 2) {
  const kind = random.below(depth > 0 ? 7 : 5);
  if (kind === 0) return null;
  if (kind === 1) return random.chance(0.5);
  if (kind === 2) return random.below(7) - 2;
  if (kind === 3) return (random.below(9) - 2) / 2;
  if (kind === 4) return random.pick(TEXTS);
  const count = random.below(4);
  if (kind === 5) return Array.from({ length: count }, () => value(random, depth - 1));
  const members = {};
  for (let i = 0; i < count; i++) members[random.pick(NAMES)] = value(random, depth - 1);
  return members;
}

function named(random, make) {
  const made = {};
  for (let i = random.below(3); i >= 0; i--) made[random.pick(NAMES)] = make();
  return made;
}

/** Keywords that ajv 8 gets wrong beside others: with `contains`, prefixItems lets an empty array
 * pass; items that `contains` found count as evaluated too often or too seldom, and so does what a
 * schema looked at that does not hold. So a schema has none of the one or of the other. */
const APART = [['contains', 'anyOf', 'oneOf', 'if', 'not'], ['prefixItems', 'unevaluatedItems', 'unevaluatedProperties']];

/** What each keyword may have, given a way to make schemas. */
function keywords(random, inner) {
  const some = () => Array.from({ length: 1 + random.below(2) }, inner);
  const count = () => random.below(4);
  return {
    type: () => random.chance(0.5) ? random.pick(['null', 'boolean', 'integer', 'number', 'string',
      'array', 'object']) : ['object', 'array', random.pick(['string', 'number', 'null'])],
    enum: () => [value(random), value(random)],
    const: () => value(random, 1),
    minimum: count,
    exclusiveMaximum: count,
    multipleOf: () => random.pick([1, 2, 0.5]),
    minLength: count,
    maxLength: count,
    pattern: () => random.pick(PATTERNS),
    format: () => random.pick(FORMATS),
    minItems: count,
    maxItems: count,
    uniqueItems: () => true,
    prefixItems: some,
    items: inner,
    contains: inner,
    minProperties: count,
    maxProperties: count,
    required: () => [random.pick(NAMES)],
    properties: () => named(random, inner),
    patternProperties: () => ({ [random.pick(PATTERNS)]: inner() }),
    additionalProperties: inner,
    propertyNames: inner,
    dependentRequired: () => named(random, () => [random.pick(NAMES)]),
    dependentSchemas: () => named(random, inner),
    allOf: some,
    anyOf: some,
    oneOf: some,
    not: inner,
    if: inner,
    unevaluatedItems: inner,
    unevaluatedProperties: inner,
    $ref: () => `#/$defs/${random.pick(NAMES)}`,
  };
}

function schema(random, depth, without) {
  if (depth <= 0) return random.pick([true, false, { type: 'string' }, { type: 'number' }, {}]);
  const made = {};
  const known = keywords(random, () => schema(random, depth - 1, without));
  without.forEach((name) => delete known[name]);
  for (let i = 1 + random.below(4); i > 0; i--) {
    const name = random.pick(Object.keys(known));
    made[name] = known[name]();
  }
  if ('contains' in made && random.chance(0.5)) made.minContains = random.below(3);
  if ('contains' in made && random.chance(0.3)) made.maxContains = random.below(3);
  if ('if' in made) made.then = schema(random, depth - 1, without);
  if ('if' in made && random.chance(0.5)) made.else = schema(random, depth - 1, without);
  return made;
}

/** A schema whose references go down only: none leads back to itself. */
function whole(random) {
  const without = random.pick(APART);
  const made = schema(random, 3, without);
  const defs = {};
  NAMES.forEach((name) => {
    const def = schema(random, 1, without);
    if (typeof def === 'object') delete def.$ref;
    defs[name] = def;
  });
  return { ...(typeof made === 'object' ? made : {}), $defs: defs };
}

/** ajv's answer; none where it breaks, as some of its code for unevaluated properties does. */
function answer(accepts, one) {
  try {
    return accepts(one);
  } catch {
    return undefined;
  }
}

test('answers are those of ajv', { timeout: 300_000 }, async () => {
  const first = Number(process.env.SEED ?? 1);
  const seeds = Array.from({ length: 150 }, (_, i) => first + i);
  let answers = 0;
  for (const seed of seeds) {
    const random = randomness(seed);
    const made = whole(random);
    const values = Array.from({ length: 40 }, () => value(random, 3));
    const ajv = new Ajv({ strict: false });
    addFormats(ajv);
    const accepts = ajv.compile(made);
    const wanted = values.map((one) => answer(accepts, one));
    const [path] = await files({ [`random-${seed}.json`]: JSON.stringify(made) });
    const lines = values.map((one) => JSON.stringify(one)).join('\n');
    const end = await check(lines, '--json', '--lines', '--schema', path, '-');
    assert.ok(end.code === 0 || end.code === 1, `seed ${seed}: ${end.stdout}${end.stderr}`);
    const bad = new Set(JSON.parse(end.stdout).files[0].errors.map((error) => error.line));
    values.forEach((one, i) => {
      if (wanted[i] === undefined) return;
      assert.equal(!bad.has(i + 1), wanted[i],
        `seed ${seed}: ${JSON.stringify(one)} under ${JSON.stringify(made)}`);
      answers++;
    });
  }
  assert.ok(answers > seeds.length * 36, `only ${answers} answers`);
});
