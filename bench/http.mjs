// The HTTP server alone, with a fixed answer: what any request costs before we do anything.
//
//   node bench/http.mjs [SECONDS]

import { ask, bench, figure, startBareHttp } from './inside/measure.mjs';

const SECONDS = Number(process.argv[2] ?? 2);
const BODY = JSON.stringify({ input: { words: 'x'.repeat(1000) } });

async function measure(label, isLater) {
  const server = await startBareHttp(isLater);
  const load = (clients, ...more) => ask('load', '127.0.0.1', server.port, '/', '-c', clients, '-d', SECONDS, ...more);
  figure(`${label}, GET, 64 clients`, (await load(64)).rate, { unit: '/s' });
  figure(`${label}, POST of 1 KB, 64 clients`, (await load(64, '-b', BODY)).rate, { unit: '/s' });
  figure(`${label}, GET, 1 client, p50`, (await load(1)).p50_us / 1000, { unit: 'ms' });
  await server.stop();
}

await bench('The bare HTTP server, one thread', async () => {
  await measure('answered at once', false);
  await measure('answered by another thread', true);
});
