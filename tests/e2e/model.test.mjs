// Models behind Chat Completions servers: set-up, quotas, faults, secrets, and a server that others
// wrote.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startModel } from './model.mjs';
import { startServer, until, windrow } from './server.mjs';

// Its other build asks for a newer Node than Debian's.
const { LLMock } = createRequire(import.meta.url)('@copilotkit/aimock');

const KEY = 'sk-very-secret-0123456789';

let home;
let made = 0;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'windrow-model-'));
});
after(() => rm(home, { recursive: true, force: true }));

async function write(name, text) {
  const path = join(home, `${++made}-${name}`);
  await writeFile(path, text);
  return path;
}

/* A short idle time only where a model hangs: what is slow on a busy machine must not be taken for that. */
const configure = (url, more = '', idle = '30s') => write('config.yaml', `
default_model: stub/m
providers:
  stub: { base_url: "${url}", idle_timeout: ${idle}${more} }
`);

const ROWS = (file, ask, retry) => `
name: Rows
steps:
  - { id: rows, type: read_csv, config: { file: ${file} } }
  - id: ask
    type: ai_generate
    config: { ${ask} }
    retry: { attempts: ${retry}, backoff: 10ms..50ms }
  - { id: out, type: write_csv, config: { columns: { id: "{{item.id}}", text: "{{= .steps.ask.text // .steps.ask.name}}" } } }
`;

/** `windrow run` over so many rows; gives the run, its rows and its failed items. */
async function runRows(count, config, { ask = 'prompt: "Name {{item.id}}"', retry = 3 } = {}) {
  const rows = await write('rows.csv', `id\n${Array.from({ length: count }, (_, i) => `${i}\n`).join('')}`);
  const data = join(home, `data-${++made}`);
  const out = join(home, `out-${made}`);
  const workflow = await write('workflow.yaml', ROWS(rows, ask, retry));
  const { code, stdout, stderr } = await windrow('run', workflow, '--config', config, '--data', data, '--out', out, '--json');
  const run = JSON.parse(stdout);
  const items = await windrow('runs', 'items', run.id, '--data', data, '--table', 'rows', '--state', 'failed', '--limit', '1000');
  const failed = items.stdout.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
  const lines = run.status === 'completed' ? (await readFile(join(out, 'out.csv'), 'utf8')).trim().split('\n').slice(1) : [];
  return { code, stderr, run, failed, lines, data };
}

const sum = (values) => values.reduce((a, b) => a + b, 0);

test('a server of others: texts, objects by a schema, and what the run says of them', async () => {
  const mock = new LLMock({ port: 0 });
  mock.onMessage('Greet the world', { content: 'Hello, world!' });
  mock.onMessage('Name a city', { content: JSON.stringify({ output: { city: 'Ur', old: true }, citations: [] }) });
  await mock.start();
  const config = await write('config.yaml', `
default_model: mock/gpt-4o
providers: { mock: { base_url: "${mock.url}/v1", headers: { X-Title: rows } } }
`);
  const server = await startServer('--config', config);
  try {
    const workflow = await server.publish(`
name: Mock
slug: mock
steps:
  - { id: greet, type: ai_generate, config: { prompt: Greet the world, system: Be kind, temperature: 0, max_tokens: 50, seed: 7 } }
  - id: city
    type: ai_generate
    config:
      model: mock/gpt-4o-mini
      prompt: Name a city
      output: { type: object, required: [city], properties: { city: { type: string }, old: { type: boolean } } }
output: { text: "{{steps.greet.text}}", city: "{{steps.city.city}}", old: "{{steps.city.old}}" }
`);
    const run = await server.reachEnd((await server.begin(workflow, {})).id);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    assert.deepEqual(run.output, { text: 'Hello, world!', city: 'Ur', old: true });
    assert.deepEqual(run.models, { default: 'mock/gpt-4o' });
    const [greet, city] = mock.getRequests().map((entry) => entry.body);
    assert.equal(greet.model, 'gpt-4o');
    assert.deepEqual(greet.messages.map(({ role, content }) => [role, content]), [['system', 'Be kind'], ['user', 'Greet the world']]);
    assert.deepEqual([greet.temperature, greet.max_tokens, greet.seed, greet.stream], [0, 50, 7, true]);
    assert.equal(city.model, 'gpt-4o-mini');
    const { json_schema: asked } = city.response_format;
    assert.equal(asked.strict, true);
    assert.deepEqual(asked.schema.properties.output.required, ['city', 'old']);
    assert.equal(asked.schema.properties.output.additionalProperties, false);
  } finally {
    await server.close();
    await mock.stop();
  }
});

test('answers of others that break are tried again', async () => {
  const mock = new LLMock({ port: 0 });
  mock.onMessage('Name', { content: 'a name' });
  mock.setChaos({ dropRate: 0.2, malformedRate: 0.1, disconnectRate: 0.1 });
  await mock.start();
  try {
    const config = await configure(`${mock.url}/v1`);
    const { run, lines, failed } = await runRows(60, config, { retry: 8 });
    assert.equal(run.status, 'completed');
    assert.equal(lines.length + failed.length, 60);
    assert.ok(lines.length >= 55, `${lines.length}`);
    assert.ok(mock.getRequests().length > 60);
  } finally {
    await mock.stop();
  }
});

test('rows end right, or failed with the true cause, and each answer is paid once', async () => {
  const faults = { error: 0.1, cut: 0.06, badJson: 0.06, hang: 0.04 };
  const say = ({ messages }) => {
    const asked = messages.find((message) => message.role === 'user').content;
    return JSON.stringify({ output: { name: `row ${/Name (\d+)/.exec(asked)[1]}` }, citations: [] });
  };
  const model = await startModel({ faults, say, seed: 3 });
  try {
    const config = await configure(model.url, ', models: { m: { input: 1, output: 2 } }', '3s');
    const ask = 'prompt: "Name {{item.id}}", output: { type: object, required: [name], properties: { name: { type: string } } }';
    const { run, lines, failed } = await runRows(150, config, { ask, retry: 4 });
    assert.equal(lines.length + failed.length, 150);
    lines.forEach((line) => assert.match(line, /^(\d+),row \1$/));
    const causes = ['provider_failed', 'connection_broken', 'timed_out', 'bad_output'];
    failed.forEach((item) => assert.ok(causes.includes(item.error.code), JSON.stringify(item.error)));
    assert.equal(model.stats().repeated, 0);
    assert.ok(run.usage.tokensIn > 0 && run.usage.cost > 0);
    const { tokensIn, tokensOut, cost } = run.usage;
    assert.ok(Math.abs(cost - (tokensIn + 2 * tokensOut) / 1e6) < 1e-3, `${cost}`);
  } finally {
    await model.close();
  }
});

test('a quota delays, and uses up no attempt', async () => {
  for (const more of [{}, { saysWhen: false }, { saysLimits: true }]) {
    const model = await startModel({ requestsPerSecond: 60, burstSeconds: 0.5, ...more });
    try {
      const { run, lines } = await runRows(80, await configure(model.url), { retry: 1 });
      assert.equal(run.status, 'completed');
      assert.equal(lines.length, 80);
      if (!more.saysLimits) assert.ok(model.stats().refused > 0);
      assert.equal(sum([...model.answered.values()]), 80);
    } finally {
      await model.close();
    }
  }
});

test('a server of one’s own is not overrun, and needs no stream', async () => {
  const model = await startModel({ latencyMs: 20 });
  try {
    const config = await configure(model.url, ', concurrency: 3, stream: false');
    const { lines } = await runRows(40, config);
    assert.equal(lines[7], '7,You said: Name 7');
    assert.equal(lines.length, 40);
    assert.ok(model.stats().mostAtOnce <= 3, `${model.stats().mostAtOnce}`);
    assert.equal(model.bodies[0].stream, undefined);
  } finally {
    await model.close();
  }
});

test('rows that ask the same are asked once', async () => {
  const model = await startModel({ latencyMs: 300 });
  try {
    const { lines, run } = await runRows(30, await configure(model.url), { ask: 'prompt: "The same"' });
    assert.equal(lines.length, 30);
    assert.equal(model.stats().calls, 1);
    assert.equal(run.usage.calls, 1);
  } finally {
    await model.close();
  }
});

test('a wrong key, model or provider fails at once, with words', async () => {
  const model = await startModel({ key: KEY, models: ['m'] });
  try {
    const key = await write('key', `${KEY}\n`);
    const wrong = await write('key', 'sk-wrong');
    const cases = [
      [`, key_file: ${wrong}`, 'prompt: x', 'provider_refused', /401.*check its key/],
      [`, key_file: ${key}`, 'prompt: x, model: stub/other', 'provider_refused', /does not exist.*model's name/],
      [`, key_file: ${key}`, 'prompt: x, model: nobody/m', 'no_provider', /nobody/],
    ];
    for (const [more, ask, code, words] of cases) {
      const before = model.calls.length;
      const { run, failed, data } = await runRows(2, await configure(model.url, more), { ask });
      assert.equal(run.status, 'failed');
      assert.equal(failed[0].error.code, code);
      assert.match(failed[0].error.message, words);
      assert.ok(model.calls.length - before <= 2, 'a row is not tried again');
      for (const file of await readdir(data)) {
        const bytes = await readFile(join(data, file)).catch(() => '');
        assert.ok(!bytes.includes(KEY), `${file} holds the key`);
      }
    }
    const right = await runRows(2, await configure(model.url, `, key_file: ${key}`));
    assert.equal(right.lines.length, 2);
  } finally {
    await model.close();
  }
});

test('a cancelled run leaves a silent server at once', async () => {
  const model = await startModel({ faults: { hang: 1 } });
  const server = await startServer('--config', await configure(model.url));
  try {
    const workflow = await server.publish('{name: Hang, slug: hang, steps: [{id: ask, type: ai_generate, config: {prompt: x}}]}');
    const run = await server.begin(workflow, {});
    await until(() => model.held.size > 0, 'the call to hang');
    await server.post(`/v1/workflow-runs/${run.id}/cancel`);
    assert.equal((await server.reachEnd(run.id)).status, 'cancelled');
    await until(() => model.inFlight === 0, 'the connection to end');
  } finally {
    await server.close();
    await model.close();
  }
});

test('what is wrong with a configuration is said with its place, and nothing starts', async () => {
  const bad = await write('config.yaml', 'providers:\n  x:\n    base_url: https://x.example/v1\n    key_env: NO_SUCH_VARIABLE\n');
  const workflow = await write('workflow.yaml', '{name: A, steps: [{id: a, type: set, config: {fields: {x: 1}}}]}');
  for (const command of [['models'], ['run', workflow, '--data', join(home, 'never')], ['serve', '--data', join(home, 'never')]]) {
    const { code, stderr } = await windrow(...command, '--config', bad);
    assert.equal(code, 1, stderr);
    assert.match(stderr, /line 4, column 14: providers\.x\.key_env: this variable is not set/);
  }
  const none = await windrow('models', '--config', join(home, 'no-such-file'));
  assert.equal(none.code, 1);
  assert.match(none.stderr, /no-such-file/);
});

test('windrow models lists providers, prices and the default', async () => {
  const config = await write('config.yaml', `
default_model: big/one
providers:
  big: { base_url: "https://big.example/v1", models: { one: { input: 0.15, output: 0.6 }, two: {} } }
`);
  const { stdout } = await windrow('models', '--config', config);
  assert.match(stdout, /^default {2}big\/one\n/);
  assert.match(stdout, /one {2}0\.15 in, 0\.6 out/);
  assert.match(stdout, /two {2}no price/);
  assert.match(stdout, /^local .*computed here/m);
  const { stdout: json } = await windrow('models', '--config', config, '--json');
  const told = JSON.parse(json);
  assert.equal(told.default, 'big/one');
  assert.deepEqual(told.providers[0].models[0], { name: 'one', input: 0.15, output: 0.6, contextBytes: 49152 });
});
