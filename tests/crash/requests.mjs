// What clients of a server do: store a workflow, start runs, wait for their ends.

import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { HANG_MS, ask } from './program.mjs';

/** Stores and publishes a workflow; gives its id. */
export async function publish(server, key, text) {
  const answer = await ask(server, key, 'POST', '/v1/workflows?publish=true', { body: text, type: 'application/yaml' });
  if (!check(answer.status === 201, 'a workflow is stored', answer.text)) throw new Error('no workflow');
  return JSON.parse(answer.text).data.id;
}

/** Starts a run; gives its id. */
export async function begin(server, key, workflow, input) {
  const answer = await ask(server, key, 'POST', `/v1/workflows/${workflow}/runs`, { body: { input } });
  if (!check(answer.status === 201, 'a run is stored', answer.text)) throw new Error('no run');
  return JSON.parse(answer.text).data.id;
}

/** All of a list, page by page, the newest first. */
export async function readAll(server, key, path) {
  for (const all = []; ; ) {
    const before = all.length > 0 ? `&lt=${all.at(-1).id}` : '';
    const answer = await ask(server, key, 'GET', `${path}${path.includes('?') ? '&' : '?'}limit=1000${before}`);
    if (!check(answer.status === 200, path, answer.text)) return all;
    const page = JSON.parse(answer.text).data;
    all.push(...page);
    if (page.length < 1000) return all;
  }
}

/** The run when it has ended, or after a long time as it is. */
export async function untilEnded(server, key, id) {
  for (const deadline = Date.now() + HANG_MS; ; await sleep(20)) {
    const answer = await ask(server, key, 'GET', `/v1/workflow-runs/${id}`);
    const run = answer.status === 200 ? JSON.parse(answer.text).data : { status: answer.status, text: answer.text };
    if (!['queued', 'running'].includes(run.status) || Date.now() > deadline) return run;
  }
}

/** All of these runs, a map to what they give, complete with that. */
export async function checkAcknowledged(server, key, acknowledged, label) {
  for (const [id, value] of acknowledged) {
    const run = await untilEnded(server, key, id);
    const is_right = run.status === 'completed' && run.output.value === value;
    if (!check(is_right, `${label}: the acknowledged run ${id} completes with ${value}`, JSON.stringify(run))) return;
  }
}
