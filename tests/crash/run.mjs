// The real program, killed at random instants and at every named point of the commit path, started
// again, and compared with an undisturbed life. What must hold, whatever the instant:
//   - the files are byte for byte those of an undisturbed run;
//   - each idempotency key was used with one body only;
//   - calls that were made twice are no more than those in flight at the kills;
//   - every run that a server acknowledged is there at the end, and completed with its right output;
//   - a start that is sent again with its Idempotency-Key is the same run, and runs of a line go on one by one;
//   - no event of a run is told twice, and none is missing for a client that comes again;
//   - a message that comes to a webhook starts one run, whose end is told under one id until it is taken or given up;
//   - a generation that fails starts one run of the workflow that its workflow names for that, or else of that of the workspace;
//   - every file that a server acknowledged is there and whole, and nothing half is;
//   - of runs that are retried, cancelled or deleted many at once each is moved and counted once; of deleted ones nothing is left;
//   - a cancelled run stays cancelled and makes no further call;
//   - a retry calls for failed items only.
//
//   node run.mjs [--kills N] [--seed S]
//   node run.mjs --papers [--kills N] [--seed S]
//   node run.mjs --full
//   node run.mjs --uploads [--kills N] [--seed S]
//   node run.mjs --starts [--kills N] [--seed S]
//   node run.mjs --events [--kills N] [--seed S]
//   node run.mjs --bulk [--kills N] [--seed S]
//   node run.mjs --hooks [--kills N] [--seed S]
//   node run.mjs --failures [--kills N] [--seed S]
//   node run.mjs --storm [--messages N] [--rate N] [--kills N] [--seed S]
//   node run.mjs --appends [--kills N] [--seed S]
//   node run.mjs --reshape NAME|all [--rows N] [--kills N] [--seed S]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStub } from '../e2e/stub.mjs';
import { bulkKills } from './bulk.mjs';
import { appendKills } from './appends.mjs';
import { counts, isLong, kills, option, seed, words } from './check.mjs';
import { converterKills } from './converters.mjs';
import { eventKills } from './events.mjs';
import { failureKills } from './failures.mjs';
import { fullDisks } from './full.mjs';
import { hookKills } from './hooks.mjs';
import { at, namedKills, points, prepare, randomKills, retryKills, startMoody } from './lives.mjs';
import { paperServerKills } from './paper_server.mjs';
import { PAPERS, PAPER_RETRIES, startWorld } from './papers.mjs';
import { reshapeKills } from './reshapes.mjs';
import { CALLS, CHILDREN, CHILD_RETRIES, GATES, MODELS, PAGES, RETRIES, WORKBOOK } from './scenes.mjs';
import { cancelKills, serverKills } from './server.mjs';
import { startKills } from './starts.mjs';
import { stormKills } from './storm.mjs';
import { uploadKills } from './uploads.mjs';

const folder = mkdtempSync(join(tmpdir(), 'windrow-crash-'));

async function part(name, act) {
  const begun = Date.now();
  await act();
  console.log(`${name}: ${((Date.now() - begun) / 1000).toFixed(1)} s, ${counts.killed} kills so far`);
}

async function main() {
  const stub = await startStub();
  const world = await startWorld(stub, false);
  const reshape = words('--reshape', null);
  const papers = async () => prepare(PAPERS, folder, world);
  try {
    if (process.argv.includes('--papers')) await paperKills(stub, world, await papers());
    else if (process.argv.includes('--uploads')) await part('uploads', () => uploadKills(folder, kills));
    else if (process.argv.includes('--starts')) await part('starts', () => startKills(folder, kills));
    else if (process.argv.includes('--events')) await part('events', () => eventKills(stub, folder, kills));
    else if (process.argv.includes('--bulk')) await part('bulk', () => bulkKills(stub, folder, kills));
    else if (process.argv.includes('--hooks')) await part('hooks', () => hookKills(folder, kills));
    else if (process.argv.includes('--failures')) await part('failures', () => failureKills(folder, kills));
    else if (process.argv.includes('--storm')) await part('storm', () => stormKills(folder, kills, option('--messages', 100_000)));
    else if (process.argv.includes('--appends')) await part('appends', () => appendKills(folder, kills));
    else if (process.argv.includes('--full')) await part('full disk', async () => fullDisks(stub, folder, await papers()));
    else if (reshape === null) await everything(stub, world, await papers());
    else await reshapeKills(stub, folder, reshape, kills, part);
  } finally {
    await Promise.all([stub.close(), world.close()]);
  }
}

/** Documents and models. */
async function paperKills(stub, world, papers) {
  await part('random kills, papers', () => randomKills(papers, kills / 6));
  await part('named kills, papers', () => namedKills(papers, at(isLong ? points.papers : points.made, [1, 9], [1, 9])));
  const moody = await startWorld(stub, true);
  await part('retries, papers', () => retryKills(PAPER_RETRIES, folder, moody, isLong ? 12 : 1)).finally(moody.close);
  await part('server, papers', () => paperServerKills(world, folder, Math.max(2, kills / 12)));
  await part('converters', () => converterKills(stub, folder, isLong ? 10 : 1));
}

async function everything(stub, world, papers) {
  const calls = await prepare(CALLS, folder, stub);
  const gates = await prepare(GATES, folder, stub);
  const pages = await prepare(PAGES, folder, stub);
  const models = await prepare(MODELS, folder, stub);
  const workbook = await prepare(WORKBOOK, folder, stub);
  const children = await prepare(CHILDREN, folder, stub);
  await part('random kills', () => randomKills(calls, kills / 2));
  await part('random kills, gates', () => randomKills(gates, kills / 6));
  await part('random kills, pages', () => randomKills(pages, kills / 6));
  await part('random kills, models', () => randomKills(models, kills / 6));
  await part('random kills, workbook', () => randomKills(workbook, kills / 6));
  await part('random kills, children', () => randomKills(children, kills / 6));
  await part('named kills', () => namedKills(calls, at(points.calls, [1, 5], [1, 2, 7, 30])));
  if (isLong) await part('named kills, gates', () => namedKills(gates, at(points.calls, [], [1, 4])));
  await part('named kills, children', () => namedKills(children, at(points.children, [1, 20], [1, 3, 40])));
  await paperKills(stub, world, papers);
  await reshapeKills(stub, folder, 'all', isLong ? kills / 20 : 1, part);
  await part('full disk', () => fullDisks(stub, folder, papers));
  const moody = await startMoody();
  await part('retries', () => retryKills(RETRIES, folder, moody, isLong ? 12 : 2));
  await part('retries, children', () => retryKills(CHILD_RETRIES, folder, moody, isLong ? 12 : 2));
  moody.close();
  await part('server', () => serverKills(stub, folder, Math.max(3, kills / 8)));
  await part('starts', () => startKills(folder, Math.max(3, kills / 8)));
  await part('events', () => eventKills(stub, folder, Math.max(3, kills / 8)));
  await part('hooks', () => hookKills(folder, Math.max(3, kills / 8)));
  await part('storm', () => stormKills(folder, Math.max(3, kills / 8), isLong ? 20_000 : 2000));
  await part('failures', () => failureKills(folder, Math.max(3, kills / 8)));
  await part('bulk', () => bulkKills(stub, folder, Math.max(2, Math.floor(kills / 12))));
  await part('appends', () => appendKills(folder, Math.max(4, kills / 8)));
  await part('uploads', () => uploadKills(folder, Math.max(3, kills / 8)));
  await part('cancel', () => cancelKills(stub, folder, Math.max(2, kills / 12)));
}

try {
  await main();
} catch (error) {
  counts.failed++;
  console.error(error);
}
if (counts.failed === 0) rmSync(folder, { recursive: true, force: true });
else console.error(`kept: ${folder}; again with: --seed ${seed}`);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exitCode = counts.failed === 0 ? 0 : 1;
