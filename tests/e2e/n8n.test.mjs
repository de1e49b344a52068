// windrow import: workflows of n8n, as its editor saves them, made into ours and run.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { condition, fields, list, node, start, to, typeOf, workflow } from './n8n.mjs';
import { windrow } from './server.mjs';
import { startStub } from './stub.mjs';

let home;
let stub;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'windrow-n8n-'));
  stub = await startStub();
});
after(async () => {
  await stub?.close();
  await rm(home, { recursive: true, force: true });
});

// --- running them ---

let count = 0;
async function bring(file) {
  const path = join(home, `${++count}.json`);
  await writeFile(path, typeof file === 'string' || Buffer.isBuffer(file) ? file : JSON.stringify(file));
  const made = await windrow('import', path, '--print');
  return { ...made, flow: made.code === 0 ? JSON.parse(made.stdout) : undefined };
}

async function runFlow(flow, input) {
  const path = join(home, `${++count}.json`);
  const out = join(home, `out${count}`);
  // Values of the command line are texts unless the schema says what they are.
  const types = Object.entries(input).map(([name, value]) => [name, { type: Array.isArray(value) ? 'array' : typeof value }]);
  await writeFile(path, JSON.stringify({ ...flow, input: { type: 'object', properties: Object.fromEntries(types) } }));
  const inputs = Object.entries(input).flatMap(([name, value]) => ['--input', `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`]);
  const made = await windrow('run', path, '--json', '--allow', '127.0.0.1', '--data', join(home, 'data'), '--out', out, ...inputs);
  return { run: JSON.parse(made.stdout), out };
}

/** The output of a workflow of one item. */
async function output(file, input = {}) {
  const made = await bring(file);
  assert.equal(made.code, 0, made.stderr);
  const { run } = await runFlow(made.flow, input);
  assert.equal(run.error, null, `${JSON.stringify(run.error)}\n${JSON.stringify(made.flow.steps, null, 1)}`);
  return run.output;
}

/** What the last step gives for every row: `value` is a template. */
async function rows(file, input = {}, value = undefined) {
  const made = await bring(file);
  assert.equal(made.code, 0, made.stderr);
  const last = made.flow.steps.at(-1);
  const template = value ?? (['transform', 'set'].includes(last.type) ? `{{steps.${last.id}}}` : '{{item}}');
  delete made.flow.output;
  made.flow.steps.push({ id: 'rows_out', type: 'write_jsonl', needs: last.type === 'condition' ? undefined : last.id, config: { name: 'rows.jsonl', columns: { json: template } } });
  const { run, out } = await runFlow(made.flow, input);
  assert.equal(run.error, null, `${JSON.stringify(run.error)}\n${JSON.stringify(made.flow.steps, null, 1)}`);
  const text = await readFile(join(out, 'rows.jsonl'), 'utf8');
  return text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line).json);
}

// --- expressions ---

const EXPRESSIONS = [
  ['$json.name', 'Ada'],
  ['$json["last name"]', 'Lovelace'],
  ["$json.name + ' ' + $json['last name']", 'Ada Lovelace'],
  ['`${$json.name} is ${$json.age}`', 'Ada is 36'],
  ['$json.age * 2 + 1', 73],
  ['$json.age + 1', 37],
  ['$json.age + "1"', '361'],
  ['$json.age > 30 ? "old" : "young"', 'old'],
  ['$json.missing ?? "none"', 'none'],
  ['$json.empty || "none"', 'none'],
  ['$json.zero || 5', 5],
  ['$json.zero ?? 5', 0],
  ['$json.name && $json.age', 36],
  ['!$json.empty', true],
  ['$json.name === "Ada" && $json.age !== 3', true],
  ['$json.tags.length', 3],
  ['$json.name.length', 3],
  ['$json.tags.join(", ")', 'b, a, c'],
  ['$json.tags.map(t => t.toUpperCase() + $json.name).join("")', 'BAdaAAdaCAda'],
  ['$json.people.filter(p => p.age > 10).map(p => ({ n: p.name, of: $json.name }))', [{ n: 'Bo', of: 'Ada' }]],
  ['$json.people.find(p => p.name === "Cy")', { name: 'Cy', age: 9 }],
  ['$json.people.some(p => p.age > 10)', true],
  ['$json.people.every((p) => { return p.age > 10; })', false],
  ['$json.people[0].name', 'Bo'],
  ['$json.people?.[1]?.name', 'Cy'],
  ['$json.csv.split(",")[1].trim()', 'y'],
  ['$json.csv.includes("y")', true],
  ['$json.tags.includes("z")', false],
  ['$json.name.startsWith("A")', true],
  ['$json.csv.replace(",", "-")', 'x- y, z'],
  ['$json.csv.replaceAll(", ", "-")', 'x-y-z'],
  ['$json.csv.replace(/[, ]+/g, "_")', 'x_y_z'],
  ['$json.csv.match(/(\\w), (\\w)/)[2]', 'y'],
  ['/^x/.test($json.csv)', true],
  ['$json.csv.slice(0, 1)', 'x'],
  ['$json.csv.substring(3)', 'y, z'],
  ['$json.csv.indexOf("y")', 3],
  ['$json.csv.indexOf("q")', -1],
  ['Object.keys($json.nested)', ['a']],
  ['JSON.stringify($json.nested)', '{"a":{"b":1}}'],
  ['JSON.parse("[1]")[0]', 1],
  ['Math.round(2.5)', 3],
  ['Math.max($json.age, 40)', 40],
  ['parseInt("12")', 12],
  ['Number($json.text)', 7],
  ['$json.text * 2', 14],
  ['$json.text > 5', true],
  ['$json.age == "36"', false],
  ['typeof $json.age', 'number'],
  ['[1, ...$json.tags]', [1, 'b', 'a', 'c']],
  ['{ ...$json.nested, c: $json.age }', { a: { b: 1 }, c: 36 }],
  ['Array.isArray($json.tags)', true],
  ['$json.tags.first() + $json.tags.last()', 'bc'],
  ['$json.nested.isEmpty()', false],
  ['$if($json.age > 30, "a", "b")', 'a'],
  ['"2026-03-31T10:00:00Z".toDateTime().plus({ months: 1 }).toFormat("yyyy-MM-dd")', '2026-04-30'],
  ['"2026-03-01".toDateTime().minus(1, "days").toISO()', '2026-02-28T00:00:00.000Z'],
  ['$("Start").item.json.name', 'Ada'],
  ['$node["Start"].json.name', 'Ada'],
  ['$input.first().json.name', 'Ada'],
  ['$workflow.name', 'Of n8n'],
];
const DATA = {
  name: 'Ada', 'last name': 'Lovelace', age: 36, empty: '', zero: 0, text: '7', tags: ['b', 'a', 'c'], csv: 'x, y, z',
  people: [{ name: 'Bo', age: 40 }, { name: 'Cy', age: 9 }], nested: { a: { b: 1 } },
};

test('expressions give what JavaScript gives', async () => {
  const values = EXPRESSIONS.map(([text, want], i) => ({ id: String(i), name: `e${i}`, value: `={{ ${text} }}`, type: want === null ? 'string' : typeOf(want) }));
  const file = workflow([
    start(),
    node('Data', 'set', 3.4, { mode: 'raw', jsonOutput: '={{ JSON.stringify($json.data) }}', options: {} }),
    node('All', 'set', 3.4, { assignments: { assignments: values }, options: {} }),
  ]);
  const text = JSON.stringify(file).replaceAll('$(\\"Start\\").item.json.name', '$(\\"Start\\").item.json.data.name').replaceAll('$node[\\"Start\\"].json.name', '$node[\\"Start\\"].json.data.name');
  const got = await output(JSON.parse(text), { data: DATA });
  EXPRESSIONS.forEach(([expression, want], i) => assert.deepEqual(got[`e${i}`], want, expression));
});

test('what cannot be translated is named, and fails when it runs', async () => {
  const refused = ['$env', '$binary.data', '$json.x.toFixed(2)', 'Math.random()', '$("Nobody").item.json.x', 'x => x', '1 +', '$json.a.b(', '`a', 'require("fs")', '$json.a.replace(/(x)/, "$1")', 'await x', '$now.setZone("Asia/Tokyo")'];
  for (const text of refused) {
    const made = await bring(workflow([start(), node('Set it', 'set', 3.4, fields({ bad: `={{ ${text} }}`, good: 'x' }))]));
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /Set it \(set\): carried with changes .*fields\.bad: .*could not be translated: /, text);
    const { run } = await runFlow(made.flow, { x: 1 });
    assert.equal(run.status, 'failed', text);
    assert.match(run.error.message, /n8n node Set it, fields\.bad/, text);
  }
});

// --- nodes ---

test('set: all versions', async () => {
  const old = node('Old', 'set', 1, { values: { string: [{ name: 'a', value: '={{$json["x"]}}!' }], number: [{ name: 'b.c', value: 5 }], boolean: [{ name: 'd', value: true }] }, options: {} });
  assert.deepEqual(await output(workflow([start(), old]), { x: 'y' }), { x: 'y', a: 'y!', b: { c: 5 }, d: true });
  old.parameters.keepOnlySet = true;
  assert.deepEqual(await output(workflow([start(), old]), { x: 'y' }), { a: 'y!', b: { c: 5 }, d: true });
  const three = node('Three', 'set', 3, { fields: { values: [{ name: 'a', stringValue: '={{ $json.x }}' }, { name: 'n', type: 'numberValue', numberValue: '=7' }] }, include: 'none', options: {} });
  assert.deepEqual(await output(workflow([start(), three]), { x: 'y' }), { a: 'y', n: 7 });
  const typed = node('Typed', 'set', 3.4, { assignments: { assignments: [{ name: 's', value: '={{ $json.n }}', type: 'string' }, { name: 'n', value: '={{ $json.t }}', type: 'number' }] }, includeOtherFields: true, include: 'selected', includeFields: 'n, t' });
  assert.deepEqual(await output(workflow([start(), typed]), { n: { a: 1 }, t: '5', q: 'no' }), { n: 5, t: '5', s: '{"a":1}' });
  const raw = node('Raw', 'set', 3.4, { mode: 'raw', jsonOutput: '={\n  "a": "{{ $json.x }} {{',
    options: {} });
  raw.parameters.jsonOutput = '={\n  "a": "{{ $json.x }}!",\n  "b": {{ $json.n }},\n  "c": [{{ $json.n.a }}, "{{ $json.n.a }}"]\n}';
  assert.deepEqual(await output(workflow([start(), raw]), { x: 'y', n: { a: 1 } }), { a: 'y!', b: { a: 1 }, c: [1, '1'] });
});

test('if: branches come together again', async () => {
  const file = workflow(
    [start(), node('Old?', 'if', 2.2, condition('={{ $json.age }}', 'number', 'gte', 65)), node('Yes', 'set', 3.4, fields({ kind: 'old' }, { includeOtherFields: true })), node('No', 'set', 3.4, fields({ kind: 'young' })), node('End', 'set', 3.4, fields({ said: '={{ $json.kind }} {{ $("Start").item.json.age }} {{ $json.age }}' }))],
    { Start: { main: [[to('Old?')]] }, 'Old?': { main: [[to('Yes')], [to('No')]] }, Yes: { main: [[to('End')]] }, No: { main: [[to('End')]] } },
  );
  assert.deepEqual(await output(file, { age: { v: 1 }.v + 69 }), { said: 'old 70 70' });
  assert.deepEqual(await output(file, { age: 7 }), { said: 'young 7 ' });
});

test('conditions: the comparisons of both versions', async () => {
  const table = [
    ['string', 'equals', 'a', 'a', true], ['string', 'notEquals', 'a', 'a', false], ['string', 'contains', 'abc', 'b', true], ['string', 'notContains', 'abc', 'b', false],
    ['string', 'startsWith', 'abc', 'ab', true], ['string', 'endsWith', 'abc', 'ab', false], ['string', 'regex', 'abc', '^a.c$', true], ['string', 'empty', '', '', true], ['string', 'exists', 'a', '', true],
    ['number', 'gt', 3, 2, true], ['number', 'lt', 3, 2, false], ['number', 'lte', 2, 2, true], ['number', 'equals', 2, 2, true], ['boolean', 'true', true, '', true], ['boolean', 'false', true, '', false],
    ['array', 'contains', ['a'], 'a', true], ['array', 'lengthGt', ['a'], 1, false], ['object', 'notEmpty', { a: 1 }, '', true], ['dateTime', 'after', '2026-01-02', '2026-01-01', true],
  ];
  const nodes = [start()];
  const connections = { Start: { main: [[]] } };
  table.forEach(([type, operation, , right], i) => {
    nodes.push(node(`C${i}`, 'if', 2, condition(`={{ $json.v[${i}] }}`, type, operation, right)));
    nodes.push(node(`Y${i}`, 'set', 3.4, fields({ [`c${i}`]: true })));
    connections.Start.main[0].push(to(`C${i}`));
    connections[`C${i}`] = { main: [[to(`Y${i}`)], []] };
  });
  const made = await bring(workflow(nodes, connections));
  assert.equal(made.code, 0, made.stderr);
  made.flow.output = Object.fromEntries(table.map((_, i) => [`c${i}`, `{{= .steps.y${i} != null }}`]));
  const { run } = await runFlow(made.flow, { v: table.map((row) => row[2]) });
  table.forEach((row, i) => assert.equal(run.output[`c${i}`], row[4], JSON.stringify(row)));

  const one = (type, operation, value2) => node('If', 'if', 1, { conditions: { [type]: [{ value1: '={{ $json.v }}', operation, value2 }] } });
  for (const [type, operation, v, value2, want] of [['string', 'contains', 'abc', 'b', true], ['number', 'larger', 5, 4, true], ['number', undefined, 5, 4, false], ['boolean', undefined, 'x', true, false], ['string', 'isEmpty', '', undefined, true]]) {
    const file = workflow([start(), one(type, operation, value2), node('T', 'set', 1, { keepOnlySet: true, values: { boolean: [{ name: 't', value: true }] } })]);
    assert.deepEqual(await output(file, { v }), want ? { t: true } : null, `${type} ${operation}`);
  }
});

test('switch: rules, the old ones, and what fits none', async () => {
  const rule = (right, outputKey) => ({ conditions: condition('={{ $json.k }}', 'string', 'equals', right).conditions, renameOutput: true, outputKey });
  const make = (parameters, version, outputs) => {
    const nodes = [start(), node('Switch', 'switch', version, parameters)];
    const main = [];
    for (const name of outputs) {
      main.push([to(name)]);
      nodes.push(node(name, 'set', 3.4, fields({ way: name })));
    }
    return workflow(nodes, { Start: { main: [[to('Switch')]] }, Switch: { main } });
  };
  const three = make({ rules: { values: [rule('a', 'A'), rule('b', 'B')] }, options: { fallbackOutput: 'extra' } }, 3.2, ['A', 'B', 'Rest']);
  for (const [k, way] of [['a', 'A'], ['b', 'B'], ['c', 'Rest']]) assert.deepEqual(await output(three, { k }), { way });
  const again = make({ rules: { values: [rule('a', 'A'), rule('b', 'B')] }, options: { fallbackOutput: 1 } }, 3.2, ['A', 'B']);
  for (const [k, way] of [['a', 'A'], ['b', 'B'], ['c', 'B']]) assert.deepEqual(await output(again, { k }), { way });
  const old = make({ dataType: 'string', value1: '={{ $json.k }}', rules: { rules: [{ value2: 'a', output: 0 }, { operation: 'startsWith', value2: 'b', output: 1 }] }, fallbackOutput: 2 }, 1, ['A', 'B', 'Rest']);
  for (const [k, way] of [['a', 'A'], ['bbb', 'B'], ['c', 'Rest']]) assert.deepEqual(await output(old, { k }), { way });
});

test('code: what is simple', async () => {
  const code = (jsCode, more = {}) => node('Code', 'code', 2, { jsCode, ...more });
  const one = async (text, input, more) => output(workflow([start(), code(text, more)]), input);
  assert.deepEqual(await one('return [{ json: { a: $input.first().json.x + 1 } }];', { x: 1 }), { a: 2 });
  assert.deepEqual(await one('// nothing\nreturn items;', { x: 1 }), { x: 1 });
  assert.deepEqual(await one('const n = $json.x * 2;\nconst m = n + 1;\nreturn { n, m, all: [n, m].map(v => v * $json.x) };', { x: 2 }), { n: 4, m: 5, all: [8, 10] });
  assert.deepEqual(await one('$input.item.json.y = $json.x + 1;\n$input.item.json.z = $json.y * 2;\nreturn $input.item;', { x: 1 }, { mode: 'runOnceForEachItem' }), { x: 1, y: 2, z: 4 });
  const each = 'for (const item of $input.all()) {\n  item.json.myNewField = 1;\n  item.json.both = item.json.myNewField + item.json.age;\n}\nreturn $input.all();';
  assert.deepEqual(await rows(workflow([start(), list('people'), code(each)]), { people: [{ age: 3 }, { age: 4 }] }), [{ age: 3, myNewField: 1, both: 4 }, { age: 4, myNewField: 1, both: 5 }]);
  assert.deepEqual(await rows(workflow([start(), list('people'), code('return items.map(item => ({ json: { old: item.json.age > 3 } }));')]), { people: [{ age: 3 }, { age: 4 }] }), [{ old: false }, { old: true }]);
  assert.deepEqual(await rows(workflow([start(), code('return [{ json: { a: 1 } }, { json: { a: $json.x } }];')]), { x: 5 }), [{ a: 1 }, { a: 5 }]);
  assert.deepEqual(await output(workflow([start(), node('Old', 'functionItem', 1, { functionCode: "item.a = item.x + '!';\nreturn item;" })]), { x: 'q' }), { x: 'q', a: 'q!' });
  for (const text of ['', 'return await fetch("x");', 'const fs = require("fs"); return fs;', 'let i = 0; while (true) { i++; } return i;', 'items[0].json.a = 1; return items;', 'return', 'const root = 1; return {root};', 'return [{json: {a: ((x) => x)(1)}}]']) {
    const made = await bring(workflow([start(), code(text)]));
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stderr, /Code \(code\): left out .*its code could not be translated/, text);
    assert.equal((await runFlow(made.flow, {})).run.status, 'failed');
  }
});

test('models: chains, agents, OpenAI, extraction, labels', async () => {
  const model = node('Model', '@n8n/n8n-nodes-langchain.lmChatOpenAi', 1.2, { model: { __rl: true, value: 'gpt-4o-mini', mode: 'list' }, options: { temperature: 0.2 } });
  const with_ = (nodes, subs = {}) => {
    const file = workflow(nodes);
    const root = nodes.at(-1).name;
    file.nodes.push(model, ...Object.values(subs));
    file.connections.Model = { ai_languageModel: [[{ node: root, type: 'ai_languageModel', index: 0 }]] };
    for (const [kind, sub] of Object.entries(subs)) file.connections[sub.name] = { [kind]: [[{ node: root, type: kind, index: 0 }]] };
    return file;
  };
  const lang = (name, type, version, parameters) => node(name, `@n8n/n8n-nodes-langchain.${type}`, version, parameters);
  const chain = await bring(with_([start(), lang('Chain', 'chainLlm', 1.6, { promptType: 'define', text: '=Sum up {{ $json.text }}', messages: { messageValues: [{ message: 'Be short.' }] } })]));
  assert.equal(chain.code, 0, chain.stderr);
  assert.deepEqual(chain.flow.steps[0].config, { model: 'openai/gpt-4o-mini', temperature: 0.2, system: 'Be short.', prompt: 'Sum up {{input.text}}' });
  assert.equal(chain.flow.steps[1].config.expression, '{text: .steps.chain.text}');
  const parser = lang('Parser', 'outputParserStructured', 1.2, { jsonSchemaExample: '{"city": "x", "tags": ["a"], "n": 1}' });
  const parsed = await bring(with_([start(), lang('Agent', 'agent', 1.7, { promptType: 'define', text: 'Hi', hasOutputParser: true, options: { systemMessage: 'You are kind.' } })], { ai_outputParser: parser }));
  assert.deepEqual(parsed.flow.steps[0].config.output, { type: 'object', properties: { city: { type: 'string' }, tags: { type: 'array', items: { type: 'string' } }, n: { type: 'number' } } });
  assert.equal(parsed.flow.steps[1].config.expression, '{output: .steps.agent}');
  const tooled = await bring(with_([start(), lang('Agent', 'agent', 1.7, { promptType: 'define', text: 'Hi' })], { ai_tool: lang('Tool', 'toolCalculator', 1, {}) }));
  assert.match(tooled.stderr, /Agent \(agent\): left out .*models call no tools/);
  const said = await bring(workflow([start(), lang('Say', 'openAi', 1.8, { modelId: { value: 'gpt-4o' }, messages: { values: [{ content: 'Be kind', role: 'system' }, { content: '={{ $json.q }}' }] }, jsonOutput: true })]));
  assert.deepEqual(said.flow.steps[0].config, { model: 'openai/gpt-4o', system: 'Be kind', prompt: '{{input.q}}' });
  const facts = with_([start(), lang('Facts', 'informationExtractor', 1, { text: '={{ $json.about }}', attributes: { attributes: [{ name: 'founded', type: 'number', description: 'The year in which it was founded' }] } })]);
  model.type = '@n8n/n8n-nodes-langchain.lmChatOllama';
  const got = await output(facts, { about: 'Bolt AG makes nuts. It was founded in 1923 in Bonn.' });
  assert.deepEqual(got, { output: { founded: 1923 } });
  const kinds = with_([start(), lang('Kind', 'textClassifier', 1, { inputText: '={{ $json.t }}', categories: { categories: [{ category: 'bill', description: 'About invoices, payments and refunds' }, { category: 'fault', description: 'Something is broken and shows an error' }] } })]);
  kinds.nodes.push(node('Bill', 'set', 3.4, fields({ way: 'bill' })), node('Fault', 'set', 3.4, fields({ way: 'fault {{' })));
  kinds.connections.Kind = { main: [[to('Bill')], [to('Fault')]] };
  assert.deepEqual(await output(kinds, { t: 'The invoice asks for payments twice, I want refunds.' }), { way: 'bill' });
});

const PEOPLE = [{ name: 'Bo', team: 'x', age: 30 }, { name: 'al', team: 'y', age: 20 }, { name: 'Cy', team: 'x', age: 40 }, { name: 'Bo', team: 'x', age: 30 }];

test('lists: split, filter, sort, limit, duplicates', async () => {
  assert.deepEqual(await rows(workflow([start(), list('people')]), { people: PEOPLE }), PEOPLE);
  const some = node('Some', 'filter', 2.2, condition('={{ $json.age }}', 'number', 'lt', 40));
  assert.deepEqual(await rows(workflow([start(), list('people'), some]), { people: PEOPLE }), PEOPLE.filter((p) => p.age < 40));
  const sort = node('Sort', 'sort', 1, { sortFieldsUi: { sortField: [{ fieldName: 'name' }] }, options: {} });
  assert.deepEqual((await rows(workflow([start(), list('people'), sort]), { people: PEOPLE })).map((p) => p.name), ['al', 'Bo', 'Bo', 'Cy']);
  const limit = node('Limit', 'limit', 1, { maxItems: 2 });
  assert.deepEqual(await rows(workflow([start(), list('people'), limit]), { people: PEOPLE }), PEOPLE.slice(0, 2));
  const once = node('Once', 'removeDuplicates', 1.1, { compare: 'selectedFields', fieldsToCompare: 'name, team', options: {} });
  assert.deepEqual(await rows(workflow([start(), list('people'), once]), { people: PEOPLE }), PEOPLE.slice(0, 3));
  const others = node('List', 'splitOut', 1, { fieldToSplitOut: 'tags', include: 'allOtherFields', options: {} });
  assert.deepEqual(await rows(workflow([start(), others]), { tags: ['a', 'b'], id: 'q' }), [{ id: 'q', tags: 'a' }, { id: 'q', tags: 'b' }]);
});

test('lists: aggregate and summarize', async () => {
  const named = { aggregate: 'aggregateIndividualFields', fieldsToAggregate: { fieldToAggregate: [{ fieldToAggregate: 'name' }, { fieldToAggregate: 'age', renameField: true, outputFieldName: 'ages' }] }, options: {} };
  assert.deepEqual(await rows(workflow([start(), list('people'), node('Agg', 'aggregate', 1, named)]), { people: PEOPLE }), [{ name: PEOPLE.map((p) => p.name), ages: PEOPLE.map((p) => p.age) }]);
  const all = { aggregate: 'aggregateAllItemData', options: {} };
  assert.deepEqual(await rows(workflow([start(), list('people'), node('Agg', 'aggregate', 1, all)]), { people: PEOPLE }), [{ data: PEOPLE }]);
  assert.deepEqual(await output(workflow([start(), node('Agg', 'aggregate', 1, all)]), { a: 'b' }), { data: [{ a: 'b' }] });
  const sums = { fieldsToSummarize: { values: [{ aggregation: 'sum', field: 'age' }, { aggregation: 'count', field: 'name' }, { aggregation: 'concatenate', field: 'name', separateBy: ', ' }] }, fieldsToSplitBy: 'team', options: {} };
  assert.deepEqual(await rows(workflow([start(), list('people'), node('Sum', 'summarize', 1, sums)]), { people: PEOPLE }), [
    { team: 'x', sum_age: 100, count_name: 3, concatenated_name: 'Bo, Cy, Bo' }, { team: 'y', sum_age: 20, count_name: 1, concatenated_name: 'al' },
  ]);
});

test('merge: one behind the other, by position, by a field', async () => {
  const fork = (mode, version = 3) => workflow(
    [start(), node('L', 'splitOut', 1, { fieldToSplitOut: 'people' }), node('R', 'splitOut', 1, { fieldToSplitOut: 'teams' }), node('Merge', 'merge', version, mode)],
    { Start: { main: [[to('L'), to('R')]] }, L: { main: [[to('Merge', 0)]] }, R: { main: [[to('Merge', 1)]] } },
  );
  const input = { people: PEOPLE.slice(0, 2), teams: [{ team: 'x', boss: 'Di' }] };
  assert.deepEqual(await rows(fork({}), input), [...input.people, ...input.teams]);
  assert.deepEqual(await rows(fork({ mode: 'combine', fieldsToMatchString: 'team', options: {} }), input), [{ ...PEOPLE[0], boss: 'Di' }]);
  assert.deepEqual(await rows(fork({ mode: 'combine', joinMode: 'enrichInput1', fieldsToMatchString: 'team', options: {} }), input), [{ ...PEOPLE[0], boss: 'Di' }, PEOPLE[1]]);
  assert.deepEqual(await rows(fork({ mode: 'combine', combinationMode: 'mergeByFields', mergeByFields: { values: [{ field1: 'team', field2: 'team' }] }, joinMode: 'keepNonMatches', outputDataFrom: 'input1' }, 2), input), [PEOPLE[1]]);
  const pair = workflow(
    [start(), list('people'), node('A', 'set', 3.4, fields({ a: '={{ $json.name }}' })), node('B', 'set', 3.4, fields({ b: '={{ $json.age }}' })), node('Merge', 'merge', 3, { mode: 'combine', combineBy: 'combineByPosition' })],
    { Start: { main: [[to('List')]] }, List: { main: [[to('A'), to('B')]] }, A: { main: [[to('Merge', 0)]] }, B: { main: [[to('Merge', 1)]] } },
  );
  assert.deepEqual(await rows(pair, input), [{ a: 'Bo', b: '30' }, { a: 'al', b: '20' }]);
});

test('merge: more than two inputs', async () => {
  const sets = ['A', 'B', 'C', 'D'].map((name) => node(name, 'set', 3.4, fields({ [name]: name })));
  const file = workflow([start(), ...sets, node('Merge', 'merge', 3.2, { mode: 'combine', combineBy: 'combineByPosition', numberInputs: 4 })], {
    Start: { main: [sets.map((s) => to(s.name))] }, ...Object.fromEntries(sets.map((s, i) => [s.name, { main: [[to('Merge', i)]] }])),
  });
  assert.deepEqual(await output(file), { A: 'A', B: 'B', C: 'C', D: 'D' });
  const second = workflow([start(), node('Merge', 'merge', 3, { mode: 'combine' })], { Start: { main: [[to('Merge', 1)]] } });
  second.nodes.push(node('End', 'set', 3.4, fields({ got: '={{ $json.x }}' })));
  second.connections.Merge = { main: [[to('End')]] };
  assert.deepEqual(await output(second, { x: 'y' }), { got: 'y' });
  file.nodes.at(-1).parameters = { numberInputs: 4 };
  assert.deepEqual(await rows(file), [{ A: 'A' }, { B: 'B' }, { C: 'C' }, { D: 'D' }]);
});

test('one node behind two that both send', async () => {
  const file = workflow(
    [start(), list('people'), node('A', 'set', 3.4, fields({ a: '={{ $json.name }}' })), node('Both', 'set', 3.4, fields({ got: '={{ $json.a }}{{ $json.age }}' }))],
    { Start: { main: [[to('List')]] }, List: { main: [[to('A'), to('Both')]] }, A: { main: [[to('Both')]] } },
  );
  assert.deepEqual((await rows(file, { people: PEOPLE.slice(0, 2) })).map((r) => r.got).sort(), ['20', '30', 'Bo', 'al']);
});

test('a loop goes on with what came back', async () => {
  const file = workflow(
    [start(), list('people'), node('Loop', 'splitInBatches', 3, { batchSize: 1, options: {} }), node('Work', 'set', 3.4, fields({ done: '={{ $json.name }}' })), node('After', 'aggregate', 1, { aggregate: 'aggregateAllItemData', options: {} })],
    { Start: { main: [[to('List')]] }, List: { main: [[to('Loop')]] }, Loop: { main: [[to('After')], [to('Work')]] }, Work: { main: [[to('Loop')]] } },
  );
  assert.deepEqual(await rows(file, { people: PEOPLE.slice(0, 2) }), [{ data: [{ done: 'Bo' }, { done: 'al' }] }]);
});

test('http: what is sent, lists as items, failures', async () => {
  const call = node('Ask', 'httpRequest', 4.2, {
    method: 'POST', url: `=${stub.url}/echo/{{ $json.id }}`, sendQuery: true, queryParameters: { parameters: [{ name: 'q', value: '={{ $json.q }}' }] },
    sendHeaders: true, headerParameters: { parameters: [{ name: 'X-A', value: 'b' }] }, sendBody: true, specifyBody: 'json', jsonBody: '={ "id": {{ $json.id }}, "t": "{{ $json.q }}" }', options: {},
  });
  const got = await rows(workflow([start(), call]), { id: 'a', q: 'x y' });
  assert.equal(got.length, 1);
  assert.equal(got[0].method, 'POST');
  assert.deepEqual(got[0].query, { q: 'x y' });
  assert.equal(got[0].headers['x-a'], 'b');
  assert.deepEqual(JSON.parse(got[0].body), { id: 'a', t: 'x y' });
  const names = await rows(workflow([start(), node('Get', 'httpRequest', 4.2, { url: `${stub.url}/list/3`, options: {} }), node('Out', 'splitOut', 1, { fieldToSplitOut: 'items' })]));
  assert.deepEqual(names.map((item) => item.items ?? item), [1, 2, 3]);
  const old = node('Old', 'httpRequest', 1, { url: `${stub.url}/echo`, requestMethod: 'PUT', jsonParameters: true, bodyParametersJson: '={"a": {{ $json.n }} }', options: {} });
  const put = await output(workflow([start(), old]), { n: [1] });
  assert.equal(put.method, 'PUT');
  assert.deepEqual(JSON.parse(put.body), { a: [1] });
  const failing = node('Fail', 'httpRequest', 4.2, { url: `${stub.url}/status/404`, options: {} }, { onError: 'continueErrorOutput' });
  const caught = workflow([start(), failing, node('Good', 'set', 3.4, fields({ way: 'good' })), node('Bad', 'set', 3.4, fields({ way: 'bad' }))], { Start: { main: [[to('Fail')]] }, Fail: { main: [[to('Good')], [to('Bad')]] } });
  assert.deepEqual(await output(caught), { way: 'bad' });
});

test('credentials become names of secrets', async () => {
  const call = (parameters, credentials) => workflow([start(), node('Ask', 'httpRequest', 4.2, { url: 'https://api.example.com', ...parameters }, { credentials })]);
  const header = await bring(call({ authentication: 'genericCredentialType', genericAuthType: 'httpHeaderAuth' }, { httpHeaderAuth: { id: '1', name: 'My CRM' } }));
  assert.equal(header.flow.steps[0].config.headers.Authorization, '{{secrets.MY_CRM}}');
  assert.match(header.stderr, /to do: windrow secrets set MY_CRM --hosts api\.example\.com \(for Ask\)/);
  const basic = await bring(call({ authentication: 'genericCredentialType', genericAuthType: 'httpBasicAuth' }, { httpBasicAuth: { id: '1', name: 'Box' } }));
  assert.deepEqual(basic.flow.steps[0].config.auth, { username: '{{secrets.BOX_USER}}', password: '{{secrets.BOX_PASSWORD}}' });
  const named = await bring(call({ authentication: 'predefinedCredentialType', nodeCredentialType: 'notionApi' }, { notionApi: { id: '1', name: 'Notion' } }));
  assert.deepEqual(named.flow.steps[0].config.auth, { bearer: '{{secrets.NOTION}}' });
});

test('triggers: webhook, schedule, several', async () => {
  const hook = node('Hook', 'webhook', 2, { httpMethod: 'POST', path: 'x', responseMode: 'responseNode', options: {} });
  const file = workflow([hook, node('Answer', 'respondToWebhook', 1.1, { respondWith: 'json', responseBody: '={ "hello": "{{ $json.body.name }}" }' })]);
  const made = await bring(file);
  assert.deepEqual(made.flow.triggers, { webhook: { auth: 'none', respond: 'at_end' } });
  assert.deepEqual((await runFlow(made.flow, { name: 'Ada' })).run.output, { hello: 'Ada' });
  const failed = workflow([node('Oops', 'errorTrigger', 1), node('Set', 'set', 3.4, fields({ a: 'b' }))]);
  failed.settings.errorWorkflow = 'abc';
  const oops = await bring(failed);
  assert.match(oops.stderr, /Oops \(errorTrigger\): carried with changes: other workflows name this one under `on_failure`/);
  assert.match(oops.stderr, /its error workflow is not named/);
  const times = [
    [{ field: 'minutes', minutesInterval: 15 }, '*/15 * * * *'], [{ field: 'hours', hoursInterval: 2, triggerAtMinute: 5 }, '5 */2 * * *'], [{ field: 'days', triggerAtHour: 7 }, '0 7 * * *'], [{}, '0 0 * * *'],
    [{ field: 'weeks', triggerAtDay: [1, 5], triggerAtHour: 9, triggerAtMinute: 30 }, '30 9 * * 1,5'], [{ field: 'months', triggerAtDayOfMonth: 3 }, '0 0 3 */1 *'], [{ field: 'cronExpression', expression: '0 6 * * 1-5' }, '0 6 * * 1-5'],
  ];
  for (const [rule, cron] of times) {
    const timed = workflow([node('When', 'scheduleTrigger', 1.2, { rule: { interval: [rule] } }), node('Set', 'set', 3.4, fields({ a: 'b' }))]);
    timed.settings.timezone = 'Europe/Berlin';
    const { flow, code, stderr } = await bring(timed);
    assert.equal(code, 0, stderr);
    assert.deepEqual(flow.triggers.schedule, { cron, timezone: 'Europe/Berlin' });
  }
});

test('the report: what became of each node, and what there is to do', async () => {
  const file = workflow([
    start(),
    node('Ask', 'httpRequest', 4.2, { url: '=https://api.example.com/people/{{ $json.id }}', authentication: 'predefinedCredentialType', nodeCredentialType: 'notionApi', sendQuery: true, queryParameters: { parameters: [{ name: 'k', value: '={{ $env.REGION }}' }] }, options: {} }, { credentials: { notionApi: { id: '1', name: 'My Notion' } } }),
    node('Again', 'httpRequest', 4.2, { url: 'https://other.example.com/', authentication: 'predefinedCredentialType', nodeCredentialType: 'notionApi', options: {} }, { credentials: { notionApi: { id: '1', name: 'My Notion' } } }),
    node('Sheet', 'googleSheets', 4.5, { operation: 'append', documentId: { __rl: true, value: 'abc', mode: 'list' }, sheetName: { __rl: true, value: 'gid=0' } }),
    node('Mail', 'gmail', 2.1, { sendTo: 'ada@example.com', subject: '=For {{ $json.name }}', message: 'Hi', options: { ccList: 'bo@example.com' } }),
    node('Chat', 'telegram', 1.2, { chatId: '1', text: 'Hi' }),
  ]);
  const path = join(home, 'report.json');
  await writeFile(path, JSON.stringify(file));
  const printed = await windrow('import', path, '--print', '--json');
  assert.equal(printed.code, 0, printed.stderr);
  const { workflow: flow, report } = JSON.parse(printed.stdout);
  assert.deepEqual(report.counts, { carried: 1, changed: 3, left_out: 2, passed_over: 0 });
  assert.deepEqual(report.nodes.map((n) => [n.name, n.type, n.outcome, n.step]), [
    ['Start', 'manualTrigger', 'carried', null], ['Ask', 'httpRequest', 'changed', 'ask'], ['Again', 'httpRequest', 'changed', 'again'],
    ['Sheet', 'googleSheets', 'left_out', 'sheet'], ['Mail', 'gmail', 'changed', 'mail'], ['Chat', 'telegram', 'left_out', 'chat'],
  ]);
  assert.deepEqual(report.todo.map((t) => [t.kind, t.name, t.nodes]), [
    ['variable', 'REGION', ['Ask']], ['secret', 'MY_NOTION', ['Ask', 'Again']], ['connector', 'google_sheets', ['Sheet']], ['setting', 'smtp_url', ['Mail']], ['step', 'telegram', ['Chat']],
  ]);
  assert.deepEqual(report.todo[1].hosts, ['api.example.com', 'other.example.com']);
  assert.match(report.nodes[5].words[0], /no secret may stand; tell somebody by notify/);
  assert.equal(flow.steps[0].config.query.k, '{{vars.REGION}}');
  assert.deepEqual(flow.steps.find((step) => step.id === 'mail').config.email.cc, ['bo@example.com']);
  assert.match(printed.stderr, /to do: windrow vars set REGION \(for Ask\)/);
  assert.match(printed.stderr, /to do: windrow secrets set MY_NOTION --hosts api\.example\.com,other\.example\.com \(for Ask, Again\)/);
  const stored = await windrow('import', path, '--data', join(home, 'stored'), '--json');
  const made = JSON.parse(stored.stdout);
  assert.match(made.id, /^wf_[0-9a-f]{24}$/);
  assert.equal(made.slug, 'of-n8n');
  assert.deepEqual(made.report, report);
  const again = await windrow('import', path, '--data', join(home, 'stored'), '--publish');
  assert.match(again.stderr, /next: start a run: POST \/v1\/workflows\/of-n8n-2\/runs/);
});

test('an app is the connector of its name, if there is one', async () => {
  const connectors = join(home, 'connectors');
  await mkdir(connectors, { recursive: true });
  await writeFile(join(connectors, 'google_sheets.yaml'), `summary: Adds a row to a sheet.
inputs:
  operation: { required: true, help: What is done. }
  document_id: { required: true, help: The sheet's id. }
  columns: { type: any, help: The row. }
request:
  url: ${stub.url}/echo/{{input.document_id}}/{{input.operation}}
  method: POST
  json: { row: "{{input.columns}}" }
value: '.steps.request.body.body | fromjson | .row.value'
`);
  const sheet = (parameters) => workflow([start(), node('Sheet', 'googleSheets', 4.5, parameters), node('End', 'set', 3.4, fields({ got: '={{ $json.A }}!' }))]);
  const row = { mappingMode: 'defineBelow', value: { A: '={{ $json.name }}' } };
  const file = sheet({ operation: 'append', documentId: { __rl: true, value: 'abc', mode: 'list' }, columns: row });
  process.env.WINDROW_CONNECTORS = connectors;
  try {
    assert.deepEqual(await rows(file, { name: 'Ada' }), [{ got: 'Ada!' }]);
    const lacking = await bring(sheet({ operation: 'append' }));
    assert.match(lacking.stderr, /the connector google_sheets asks for `document_id`, which this node does not say/);
    assert.equal((await runFlow(lacking.flow, {})).run.status, 'failed');
  } finally {
    delete process.env.WINDROW_CONNECTORS;
  }
  const without = await bring(file);
  assert.match(without.stderr, /to do: write the connector google_sheets\.yaml/);
});

test('several triggers of one node: it runs once, with what started the run', async () => {
  const timed = node('When', 'scheduleTrigger', 1.2, { rule: { interval: [{}] } });
  const one = workflow([timed, start(), node('A', 'set', 3.4, fields({ got: '={{ $json.x }}' }))], { When: { main: [[to('A')]] }, Start: { main: [[to('A')]] } });
  assert.deepEqual((await bring(one)).flow.steps.map((step) => step.type), ['set']);
  assert.deepEqual(await output(one, { x: 'y' }), { got: 'y' });
  const hook = node('Hook', 'webhook', 2, { httpMethod: 'POST', path: 'x', options: {} });
  const two = workflow([hook, start(), node('A', 'set', 3.4, fields({ plain: '={{ $json.x }}', sent: '={{ $json.body?.x }}' }))], { Hook: { main: [[to('A')]] }, Start: { main: [[to('A')]] } });
  assert.deepEqual(await output(two, { x: 'y' }), { plain: 'y', sent: null });
});

test('a node without a step is named, its step fails, the rest is there', async () => {
  const file = workflow([start(), node('Sheet', 'googleSheets', 4.5, { operation: 'append' }), node('End', 'set', 3.4, fields({ a: 'b' })), node('Lone', 'set', 3.4, fields({ a: 'b' })), node('Note', 'stickyNote', 1, { content: '## Hi' })]);
  delete file.connections.End;
  delete file.connections.Lone;
  const made = await bring(file);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /Sheet \(googleSheets\): left out as step sheet, which fails: there is no step for nodes of the type googleSheets/);
  assert.match(made.stderr, /Lone \(set\): left out: nothing that starts the workflow leads to it/);
  assert.match(made.stderr, /4 nodes: 2 carried, 0 with changes, 2 left out/);
  const { run } = await runFlow(made.flow, {});
  assert.equal(run.status, 'failed');
  assert.match(run.error.message, /n8n node Sheet: there is no step/);
});

test('files: rows of one, rows as one', async () => {
  await writeFile(join(home, 'people.csv'), 'name;age\nAda;36\nBo;7\n');
  const file = workflow([
    start(), node('Read', 'readWriteFile', 1, { fileSelector: join(home, 'people.csv') }), node('Rows', 'extractFromFile', 1, { options: { delimiter: ';' } }),
    node('Set', 'set', 3.4, fields({ who: '={{ $json.name }}' })), node('Write', 'convertToFile', 1.1, { options: { fileName: 'who.csv' } }),
  ]);
  const made = await bring(file);
  assert.equal(made.code, 0, made.stderr);
  const { run, out } = await runFlow(made.flow, {});
  assert.equal(run.error, null, JSON.stringify(run.error));
  assert.equal(await readFile(join(out, 'who.csv'), 'utf8'), 'who\nAda\nBo\n');
  const form = workflow([node('Form', 'formTrigger', 2.2, { formTitle: 'Up', formFields: { values: [{ fieldLabel: 'table', fieldType: 'file' }] } }), node('Rows', 'extractFromFile', 1, { binaryPropertyName: 'table' }), node('Set', 'set', 3.4, fields({ who: '={{ $json.name }}' }))]);
  const brought = await bring(form);
  assert.deepEqual(brought.flow.input.properties.table, { type: 'string', format: 'file' });
  assert.equal(brought.flow.steps[0].config.file, '{{= .input.table }}');
  const pdf = await bring(workflow([start(), node('Rows', 'extractFromFile', 1, { operation: 'pdf' })]));
  assert.match(pdf.stderr, /Rows \(extractFromFile\): left out/);
});

// --- bad files ---

test('files that are no workflow get words, and nothing crashes', async () => {
  const deep = '['.repeat(5000);
  const table = [
    ['', /expected/], ['a,b\n1,2\n', /line 1/], [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]), /line 1/], ['[]', /expected a workflow of n8n/], ['{}', /expected a workflow of n8n/], ['{"name":"x","steps":[]}', /store it with windrow push/],
    [deep, /deep|nest/i], [{ nodes: [], connections: {} }, /nodes: expected 1 to/], [{ nodes: [1], connections: {} }, /nodes\[0\]/], [{ nodes: [{ name: 'A', type: 'x' }], connections: [] }, /expected/],
    [workflow([start(), start()], {}), /two nodes are called Start/], [workflow([node('A', 'set', 3.4)], {}), /none of them starts/], [{ nodes: Array.from({ length: 2000 }, (_, i) => node(`N${i}`, 'noOp', 1)), connections: {} }, /1 to 1024/],
  ];
  for (const [file, words] of table) {
    const made = await bring(file);
    assert.equal(made.code, 1, JSON.stringify(file).slice(0, 100));
    assert.match(made.stderr, words);
  }
});

test('circles, self-loops, dangling connections and long chains', async () => {
  const circle = workflow([start(), node('A', 'set', 3.4, fields({ a: 'b' })), node('B', 'if', 2, condition('={{ $json.a }}', 'string', 'equals', 'x'))], { Start: { main: [[to('A')]] }, A: { main: [[to('B')]] }, B: { main: [[], [to('A'), to('Gone')]] } });
  const made = await bring(circle);
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stderr, /the way back to "A" is left out/);
  assert.match(made.stderr, /leads to no node/);
  assert.equal((await runFlow(made.flow, {})).run.status, 'failed');
  const self = await bring(workflow([start(), node('A', 'noOp', 1)], { Start: { main: [[to('A')]] }, A: { main: [[to('A')]] } }));
  assert.equal(self.code, 0, self.stderr);
  const long = [start(), ...Array.from({ length: 480 }, (_, i) => node(`S${i}`, 'set', 3.4, fields({ n: `={{ $json.n }}${i % 10}` })))];
  assert.equal((await bring(workflow(long))).code, 0);
  const wide = Array.from({ length: 300 }, (_, i) => node(`W${i}`, 'noOp', 1));
  const mesh = { Start: { main: [wide.map((w) => to(w.name))] } };
  wide.forEach((w, i) => (mesh[w.name] = { main: [wide.slice(i + 1, i + 12).map((x) => to(x.name))] }));
  const meshed = await bring(workflow([start(), ...wide], mesh));
  assert.ok([0, 1].includes(meshed.code), meshed.stderr);
});
