// A disk that fills up: a clear word, nothing is lost or corrupt, and all goes on when there is room.
//
// The disk is a small tmpfs with ballast on it, whose removal makes room. Where this process may not
// mount one, a library before the program's own (full_disk.c) refuses what is written beyond a number
// of bytes, which it reads from a file.

import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { check } from './check.mjs';
import { FULL, fullData, sendUntil } from './full_data.mjs';
import { dataFolder, finishAlike, goOn, prepare } from './lives.mjs';
import { ask, begin, killServer, makeKey, startServer, stopServer, windrow } from './program.mjs';
import { checkAcknowledged, publish } from './requests.mjs';
import { fullUploads } from './uploads.mjs';

const MIB = 1 << 20;
const DISK_BYTES = 96 * MIB;
const PATIENCE_MS = 60_000;

/** A tmpfs, all of it taken by ballast but for some bytes. */
class SmallDisk {
  static make(place) {
    mkdirSync(place);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'windrow-full', place]);
    return mounted.status === 0 ? new SmallDisk(place) : null;
  }
  constructor(place) {
    this.place = place;
    this.ballast = join(place, 'ballast');
    this.environment = {};
  }
  leave(bytes) {
    rmSync(this.ballast, { force: true });
    const { bavail, bsize } = statfsSync(this.place);
    const file = openSync(this.ballast, 'w');
    const piece = Buffer.alloc(64 * 1024, 1);
    for (let left = bavail * bsize - bytes; left > 0; left -= piece.length) writeSync(file, piece);
    fsyncSync(file);
    closeSync(file);
  }
  makeRoom() {
    rmSync(this.ballast, { force: true });
  }
  remove() {
    spawnSync('umount', ['-l', this.place]);
  }
}

/** A folder whose programs may write so many bytes each. */
class RefusingDisk {
  constructor(place, library) {
    this.place = place;
    this.room = join(place, 'room');
    this.environment = { LD_PRELOAD: library, WINDROW_TEST_ROOM: this.room };
    this.makeRoom();
  }
  leave(bytes) {
    writeFileSync(this.room, `${bytes}\n`);
  }
  makeRoom() {
    this.leave(Number.MAX_SAFE_INTEGER);
  }
  remove() {}
}

function makeDisk(folder) {
  const place = join(folder, 'small-disk');
  const small = process.env.WINDROW_TEST_NO_MOUNT ? null : SmallDisk.make(place);
  if (small !== null) return small;
  const library = join(dirname(windrow), 'tests/crash/libfull_disk.so');
  if (!check(existsSync(library), 'a full disk needs the right to mount, or the library', library)) return null;
  mkdirSync(place, { recursive: true });
  return new RefusingDisk(place, library);
}

/** Until the program has said something of that kind; false if it ended before or never does. */
async function untilSaid(life, pattern) {
  let is_over = false;
  life.ended.then(() => (is_over = true));
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !is_over; await sleep(20))
    if (pattern.test(life.words())) return true;
  return pattern.test(life.words());
}

/* Rows with text, so that there is more than a sort keeps in memory. */
function write(path, rows) {
  const lines = ['id,size,text'];
  for (let k = 0; k < rows; k++) lines.push(`${k},${(k * 7919) % 1000},${'some text '.repeat(25 + (k % 10))}`);
  writeFileSync(path, `${lines.join('\n')}\n`);
}

const SORTED = {
  name: 'full',
  rows: 40_000,
  write,
  files: ['table.csv'],
  workflow: (csv) => `name: Full
steps:
  - id: rows
    type: read_csv
    config: { file: ${csv} }
  - id: sorted
    type: sort
    config: { by: [item.size, item.text] }
  - id: table
    type: write_csv
    config: { columns: { id: "{{item.id}}", text: "{{item.text}}" } }
`,
};

/** `windrow run` whose folder has that much room. */
async function fullRun(prepared, disk, bytes) {
  const label = `full disk, ${prepared.scene.name}, ${(bytes / MIB).toFixed(1)} MiB free`;
  const data = dataFolder(prepared, join(disk.place, 'data'));
  const out = join(prepared.place, `out-${bytes}`);
  prepared.stub.reset();
  disk.leave(bytes);
  const life = begin(goOn(prepared, data, out), { ...prepared.environment, ...disk.environment });
  check(await untilSaid(life, FULL), `${label}: it says that the disk is full`, life.words());
  await sleep(300);
  disk.makeRoom();
  const end = await life.ended;
  /* Before a run is stored there is nothing to go on with: it may end with these words. */
  check(end.code === 0 || !/run [0-9a-f]{24}/.test(life.words()), `${label}: the run completes`, `${end.code ?? end.signal} ${life.words()}`);
  await finishAlike(prepared, data, out, label);
  rmSync(data, { recursive: true });
}

// --- the server ---

const ADD = `name: Add
steps:
  - { id: a, type: transform, config: { expression: ".input.n + 1" } }
output: { value: "{{steps.a}}" }
`;
const LATER = `name: Later
steps:
  - { id: list, type: expand, config: { list: "[range(.input.n % 50) | {i: .}]" } }
  - { id: sorted, type: sort, config: { by: [{ path: item.i, order: desc }] } }
  - { id: table, type: write_csv, config: { columns: { i: "{{item.i}}" } } }
output: { value: "{{steps.table.rows}}" }
`;

/** Starts runs until one is refused, or stored, as asked for. */
function startUntil(server, key, workflows, state, isOver) {
  const send = async () => {
    const n = state.next++;
    const kind = n % 2;
    const body = { input: { n, text: 'x'.repeat(3000) } };
    const answer = await ask(server, key, 'POST', `/v1/workflows/${workflows[kind]}/runs`, { body });
    if (answer.status === 201) state.acknowledged.set(JSON.parse(answer.text).data.id, kind === 0 ? n + 1 : n % 50);
    return answer;
  };
  return sendUntil(state.waiting, send, isOver);
}

async function fullServer(disk) {
  const data = join(disk.place, 'server');
  mkdirSync(data);
  disk.makeRoom();
  let server = await startServer(data, disk.environment);
  const key = makeKey(data);
  const workflows = [await publish(server, key, ADD), await publish(server, key, LATER)];
  const state = { next: 0, acknowledged: new Map(), waiting: [] };
  await startUntil(server, key, workflows, state, () => state.acknowledged.size === 20);
  disk.leave(MIB);
  await startUntil(server, key, workflows, state, (is_stored) => !is_stored);
  /* The answer may be quicker than the log. */
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline && !FULL.test(server.words()); ) await sleep(20);
  check(FULL.test(server.words()), 'the server logs that its disk is full', server.words());
  const ready = await ask(server, key, 'GET', '/readyz');
  check(ready.status === 503, 'a server with a full disk is not ready', `${ready.status}`);
  disk.makeRoom();
  await startUntil(server, key, workflows, state, (is_stored) => is_stored);
  await Promise.all(state.waiting);
  await checkAcknowledged(server, key, state.acknowledged, 'full disk, with room');
  disk.leave(MIB);
  await startUntil(server, key, workflows, state, (is_stored) => !is_stored);
  await killServer(server);
  await Promise.all(state.waiting);
  disk.makeRoom();
  server = await startServer(data, disk.environment);
  await checkAcknowledged(server, key, state.acknowledged, 'full disk, killed');
  await stopServer(server);
}

/** `papers`: a scene that makes documents. */
export async function fullDisks(stub, folder, papers) {
  const disk = makeDisk(folder);
  if (disk === null) return;
  try {
    const prepared = await prepare(SORTED, folder, stub);
    for (const mib of [0.1, 3, 9, 24]) await fullRun(prepared, disk, mib * MIB);
    for (const mib of [0.1, 0.4]) await fullRun(papers, disk, mib * MIB);
    await fullServer(disk);
    await fullData(disk);
    await fullUploads(disk);
  } finally {
    disk.remove();
  }
}
