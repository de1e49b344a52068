// What models say, while they say it: token events of a run that somebody watches.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';
import { startSpeaker } from './speaker.mjs';

/** Reads a stream of events as it comes. */
function watch(server, id, headers = {}) {
  const seen = { events: [], texts: new Map(), isEnded: false };
  const abort = new AbortController();
  seen.stop = () => abort.abort();
  seen.done = (async () => {
    const answer = await fetch(`${server.url}/v1/workflow-runs/${id}/events`,
      { headers: { 'x-api-key': server.key.apiKey, ...headers }, signal: abort.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of answer.body) {
      text += decoder.decode(bytes, { stream: true });
      for (let at = text.indexOf('\n\n'); at >= 0; at = text.indexOf('\n\n')) {
        const data = /^data: (.*)$/m.exec(text.slice(0, at));
        const type = /^event: (.*)$/m.exec(text.slice(0, at));
        text = text.slice(at + 2);
        if (!data) continue;
        const event = { event: type[1], ...JSON.parse(data[1]) };
        seen.events.push(event);
        if (event.event !== 'token') continue;
        const old = Buffer.from(seen.texts.get(event.call) ?? '');
        assert.ok(event.from <= old.length, 'nothing is left out');
        seen.texts.set(event.call, Buffer.concat([old.subarray(0, event.from), Buffer.from(event.text)]).toString());
      }
    }
    seen.isEnded = true;
  })().catch((error) => {
    if (error.name !== 'AbortError') throw error;
  });
  seen.said = () => [...seen.texts.values()];
  return seen;
}

let folder;
let speaker;
let server;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-tokens-'));
  speaker = await startSpeaker();
  const config = join(folder, 'models.yaml');
  await writeFile(config, `default_model: live/one\nproviders:\n  live: { base_url: ${speaker.url} }\n`);
  server = await startServer('--config', config);
});
after(async () => {
  await server?.close();
  await speaker?.close();
  await rm(folder, { recursive: true, force: true });
});

const WRITE = (name) => `
name: ${name}
steps:
  - { id: write, type: ai_generate, config: { prompt: "Write {{input.n}}" } }
output: "{{steps.write.text}}"
`;

/** The next call that comes to the model. */
async function nextCall(number) {
  await until(() => speaker.calls.length > number, 'the call');
  return speaker.calls[number];
}

test('words are shown as they come, and to who comes later from the beginning', async () => {
  const workflow = await server.publish(WRITE('One'));
  const before = speaker.calls.length;
  const { id } = await server.begin(workflow, { n: 1 });
  const call = await nextCall(before);
  const first = watch(server, id);
  await until(() => first.events.some(({ event }) => event === 'step.started'), 'the step');
  call.say('Once ');
  await until(() => first.said()[0] === 'Once ', 'the first words');
  call.say('upon ');
  call.say('a time ä€😀 ');
  await until(() => first.said()[0] === 'Once upon a time ä€😀 ', 'more words');
  const second = watch(server, id);
  await until(() => second.said()[0] === first.said()[0], 'the text so far');
  const shown = second.events.filter(({ event }) => event === 'token');
  assert.equal(shown.length, 1, 'in one event');
  assert.deepEqual({ ...shown[0], call: '', run: '' },
    { event: 'token', run: '', step: 'write', item: '', call: '', from: 0, text: first.said()[0] });
  call.say('there was.');
  await until(() => second.said()[0]?.endsWith('there was.'), 'the last words');
  call.end();
  await first.done;
  await second.done;
  assert.equal(first.said()[0], 'Once upon a time ä€😀 there was.');
  assert.equal(second.said()[0], first.said()[0]);
  assert.equal((await server.get(`/v1/workflow-runs/${id}`)).data.output, first.said()[0]);
  assert.ok(first.events.filter(({ event }) => event === 'token').every(({ id: name }) => name === undefined));
});

test('who watches when half was said is shown all of it', async () => {
  const workflow = await server.publish(WRITE('Two'));
  const before = speaker.calls.length;
  const { id } = await server.begin(workflow, { n: 2 });
  const call = await nextCall(before);
  for (let i = 0; i < 200; i++) call.say(`word${i} `);
  const whole = Array.from({ length: 200 }, (_, i) => `word${i} `).join('');
  const late = watch(server, id);
  await until(() => late.events.some(({ event }) => event === 'step.started'), 'the step');
  call.say('end');
  await until(() => late.said()[0] === `${whole}end`, 'all words');
  late.stop();
  await late.done;
  /* Nobody watches now, and somebody again. */
  call.say(' really');
  const again = watch(server, id);
  await until(() => again.events.some(({ event }) => event === 'step.started'), 'the step');
  call.say('!');
  await until(() => again.said()[0] === `${whole}end really!`, 'all words again');
  call.end();
  await again.done;
  assert.equal(again.said().length, 1);
});

test('who comes while the model is silent is shown what it has said', async () => {
  const workflow = await server.publish(WRITE('Silent'));
  const before = speaker.calls.length;
  const { id } = await server.begin(workflow, { n: 4 });
  const call = await nextCall(before);
  const first = watch(server, id);
  call.say('Once upon');
  await until(() => first.said()[0] === 'Once upon', 'the words');
  first.stop();
  await first.done;
  const second = watch(server, id);
  await until(() => second.said()[0] === 'Once upon', 'the words, without any more of them');
  call.end();
  await second.done;
  assert.equal(second.said()[0], 'Once upon');
});

test('a call that is tried again is told apart, and its words end with it', async () => {
  const workflow = await server.publish(WRITE('Three').replace('"Write {{input.n}}" }', '"Write {{input.n}}" }, retry: { attempts: 2, backoff: 10ms..20ms }'));
  const before = speaker.calls.length;
  const { id } = await server.begin(workflow, { n: 3 });
  const call = await nextCall(before);
  const first = watch(server, id);
  await until(() => first.events.some(({ event }) => event === 'step.started'), 'the step');
  call.say('half of');
  await until(() => first.said()[0] === 'half of', 'the first words');
  call.cut();
  const next = await nextCall(before + 1);
  next.say('whole');
  await until(() => first.said().includes('whole'), 'the second try');
  const later = watch(server, id);
  await until(() => later.said().length > 0, 'the text so far');
  assert.deepEqual(later.said(), ['whole']);
  next.end();
  await first.done;
  await later.done;
  assert.deepEqual(first.said(), ['half of', 'whole']);
});
