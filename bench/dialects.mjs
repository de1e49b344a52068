// Starts of the same one-step workflow by each dialect, beside the native API in the same run.
//
//   node bench/dialects.mjs [ROUNDS [SECONDS]]

import { ask, bench, cpuSeconds, figure, folder, limit, median, publish, startServer } from './inside/measure.mjs';

const ROUNDS = Number(process.argv[2] ?? 7);
const SECONDS = Number(process.argv[3] ?? 1);
const CLIENTS = 64;

const WORKFLOW = `name: One step
steps:
  - { id: answer, type: set, config: { fields: { text: hello } } }
`;

/** Where each dialect starts a run, with the same little in the body. */
const DIALECTS = {
  native: { path: (id) => `/v1/workflows/${id}/runs`, body: { input: { who: 'Ada Lovelace' } }, status: 201 },
  'AI Tutor, whose answer is the result': { path: (id) => `/api/v1/run/wf_${id}`, body: { who: 'Ada Lovelace' }, status: 200 },
  Sixtyfour: { path: (id) => `/workflows/run?workflow_id=${id}`, body: { webhook_payload: { who: 'Ada Lovelace' } }, status: 200 },
  Wiserows: { path: (id) => `/api/v1/workflows/${id}/run`, body: { entityIds: ['507f1f77bcf86cd799439011'] }, status: 202 },
};

/** Starts a second, and the microseconds of the server's processor that each took. */
async function measure(server, id, dialect) {
  const before = cpuSeconds(server.pid);
  const result = await ask('load', '127.0.0.1', server.port, dialect.path(id), '-c', CLIENTS, '-d', SECONDS,
    '-w', 0.2, '-k', server.key, '-b', JSON.stringify(dialect.body), '-e', dialect.status);
  if (result.failed > 0 || result.broken > 0)
    throw new Error(`${dialect.path(id)}: ${result.failed} answers were wrong, ${result.broken} connections ended`);
  return { rate: result.rate, cpu_us: ((cpuSeconds(server.pid) - before) / result.all_answers) * 1e6 };
}

/** Native, the dialect twice, native again: what the machine does beside meets both alike. */
async function compare(server, id, dialect) {
  const parts = [];
  for (const one of [DIALECTS.native, dialect, dialect, DIALECTS.native]) parts.push(await measure(server, id, one));
  const [first, one, two, last] = parts;
  return {
    rate: (one.rate + two.rate) / 2,
    part: (one.rate + two.rate) / (first.rate + last.rate),
    cpu: (one.cpu_us + two.cpu_us) / 2,
    native: (first.rate + last.rate) / 2,
    nativeCpu: (first.cpu_us + last.cpu_us) / 2,
  };
}

await bench('Starts of a one-step workflow by each dialect', async () => {
  const server = await startServer(folder());
  const id = await publish(server, WORKFLOW);
  const rounds = [];
  for (let i = 0; i < ROUNDS; i++) {
    const round = {};
    for (const name of Object.keys(DIALECTS).slice(1)) round[name] = await compare(server, id, DIALECTS[name]);
    rounds.push(round);
  }
  const all = rounds.flatMap((round) => Object.values(round));
  figure('native', median(all.map((one) => one.native)), { unit: '/s' });
  limit('its processor time', median(all.map((one) => one.nativeCpu)), { unit: 'us' });
  for (const name of Object.keys(DIALECTS).slice(1)) {
    const of = (pick) => median(rounds.map((round) => pick(round[name])));
    console.log();
    figure(name, of((one) => one.rate), { unit: '/s' });
    figure('  part of native in the same seconds', of((one) => one.part), { aim: 0.9 });
    figure('  processor time of a start, of that of native', of((one) => one.cpu / one.nativeCpu), { must: 1.1, less: true });
  }
});
