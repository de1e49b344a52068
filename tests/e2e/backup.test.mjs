// Copies of everything beside a running server, and new servers made of them.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startServer, startServerOn, until, windrow, WINDROW } from './server.mjs';

const DOUBLE = `
name: Double
steps:
  - { id: double, type: transform, config: { expression: ".input.n * 2" } }
`;
const ROWS = `
name: Rows
input: { type: object, properties: { file: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.file}}" } }
  - { id: out, type: write_csv }
`;

async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'windrow-backup-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isThere = (path) => access(path).then(() => true, () => false);

/** Clients that start runs until told to stop; `done` has what was acknowledged. */
function load(server, workflow, clients = 4) {
  const done = [];
  let goesOn = true;
  const one = async (client) => {
    for (let n = client; goesOn; n += clients) done.push({ n, id: (await server.begin(workflow, { n })).id });
  };
  const ended = Promise.all(Array.from({ length: clients }, (_, i) => one(i)));
  /* A test that fails closes the server below them: what they say then must not stand in place of its words. */
  ended.catch(() => {});
  return { done, stop: () => ((goesOn = false), ended) };
}

async function expectRuns(server, runs) {
  for (const { n, id } of runs) {
    const { data } = await server.get(`/v1/workflow-runs/${id}`);
    assert.equal(data?.output, n * 2, `run ${id}`);
  }
}

test('what was acknowledged before a backup began is in it, and commits go on meanwhile', () =>
  inFolder(async (folder) => {
    const server = await startServer();
    let restored;
    try {
      const workflow = await server.publish(DOUBLE);
      const clients = load(server, workflow);
      await until(() => clients.done.length >= 1000, 'some runs');
      const copy = join(folder, 'copy');
      let before;
      let made;
      await until(async () => {
        await rm(copy, { recursive: true, force: true });
        before = clients.done.slice();
        made = await windrow('backup', '--data', server.data, '--json', copy);
        assert.equal(made.code, 0, made.stderr);
        return clients.done.length > before.length;
      }, 'a run that is acknowledged meanwhile');
      await clients.stop();
      assert.equal(JSON.parse(made.stdout).path, join(folder, 'copy'));
      assert.ok(!(await isThere(join(folder, 'copy.partial'))));

      const data = join(folder, 'data');
      const again = await windrow('restore', '--data', data, join(folder, 'copy'));
      assert.equal(again.code, 0, again.stderr);
      restored = await startServerOn(data, server.key);
      await expectRuns(restored, before);
      const run = await restored.begin(workflow, { n: 21 });
      assert.equal((await restored.reachEnd(run.id)).output, 42);
    } finally {
      await restored?.close();
      await server.close();
    }
  }));

test('files come along, and runs that were under way go on in the restored folder', () =>
  inFolder(async (folder) => {
    const server = await startServer();
    let restored;
    try {
      const workflow = await server.publish(ROWS);
      const rows = `n\n${Array.from({ length: 200_000 }, (_, i) => i).join('\n')}\n`;
      const file = await server.post('/v1/files?name=rows.csv', rows, { type: 'text/csv' });
      const ended = await server.begin(workflow, { file: file.data.id });
      await server.reachEnd(ended.id);
      const open = await server.begin(workflow, { file: file.data.id });
      const copy = join(folder, 'copy');
      const made = await windrow('backup', '--data', server.data, copy);
      assert.equal(made.code, 0, made.stderr);

      const data = join(folder, 'data');
      const again = await windrow('restore', '--data', data, copy);
      assert.equal(again.code, 0, again.stderr);
      restored = await startServerOn(data, server.key);
      for (const { id } of [ended, open]) {
        assert.equal((await restored.reachEnd(id)).status, 'completed');
        const { data: files } = await restored.get(`/v1/workflow-runs/${id}/files`);
        const { text } = await restored.get(`/v1/files/${files[0].id}/content`);
        assert.equal(text.replace(/\r/g, ''), rows);
      }
    } finally {
      await restored?.close();
      await server.close();
    }
  }));

test('a backup without a server, and what is refused', () =>
  inFolder(async (folder) => {
    const data = join(folder, 'data');
    const copy = join(folder, 'copy');
    assert.equal((await windrow('backup', '--data', data, copy)).code, 1);
    assert.equal((await windrow('keys', 'create', '--data', data)).code, 0);
    assert.equal((await windrow('backup', '--data', data, copy)).code, 0);
    const twice = await windrow('backup', '--data', data, copy);
    assert.equal(twice.code, 1);
    assert.match(twice.stderr, /copy is there already/);
    const full = await windrow('restore', '--data', data, copy);
    assert.equal(full.code, 1);
    assert.match(full.stderr, /not empty/);
    assert.ok(await isThere(join(data, 'windrow.db')));
    const nothing = await windrow('restore', '--data', join(folder, 'x'), folder);
    assert.match(nothing.stderr, /no whole backup: there is no manifest\.json/);
    assert.ok(!(await isThere(join(folder, 'x'))));
  }));

test('a backup that was changed is not restored', () =>
  inFolder(async (folder) => {
    const data = join(folder, 'data');
    assert.equal((await windrow('keys', 'create', '--data', data)).code, 0);
    const damages = [
      [async (copy) => truncate(join(copy, 'windrow.db'), 4096), /windrow\.db was changed/],
      [async (copy) => unlink(join(copy, 'windrow.db')), /windrow\.db/],
      [async (copy) => unlink(join(copy, 'SHA256SUMS')), /SHA256SUMS/],
      [async (copy) => unlink(join(copy, 'manifest.json')), /no manifest\.json/],
      [async (copy) => writeFile(join(copy, 'manifest.json'), '{'), /not one of ours/],
      [
        async (copy) => {
          const sums = join(copy, 'SHA256SUMS');
          await writeFile(sums, (await readFile(sums, 'utf8')).replace('windrow.db', '../../evil'));
        },
        /SHA256SUMS was changed/,
      ],
      [
        async (copy) => {
          const manifest = join(copy, 'manifest.json');
          await writeFile(manifest, (await readFile(manifest, 'utf8')).replace('"version":1', '"version":2'));
        },
        /another version/,
      ],
    ];
    for (const [i, [damage, words]] of damages.entries()) {
      const copy = join(folder, `copy-${i}`);
      assert.equal((await windrow('backup', '--data', data, copy)).code, 0);
      assert.equal((await windrow('restore', '--check', copy)).code, 0);
      await damage(copy);
      for (const args of [['--check'], ['--data', join(folder, 'new')]]) {
        const { code, stderr } = await windrow('restore', ...args, copy);
        assert.equal(code, 1, `${words}: ${stderr}`);
        assert.match(stderr, words);
      }
      assert.ok(!(await isThere(join(folder, 'new'))));
      assert.ok(!(await isThere(join(folder, 'new.restoring'))));
    }
  }));

test('a backup that is killed leaves nothing that restore accepts before it is whole, and the next one works', () =>
  inFolder(async (folder) => {
    const server = await startServer();
    try {
      const workflow = await server.publish(DOUBLE);
      const clients = load(server, workflow);
      for (let i = 0; i < 20; i++)
        await server.post('/v1/files?name=x.bin', 'x'.repeat(200_000), { type: 'text/plain' });
      await until(() => clients.done.length >= 300, 'some runs');
      for (let i = 0; i < 12; i++) {
        const copy = join(folder, `copy-${i}`);
        const child = spawn(WINDROW, ['backup', '--data', server.data, copy]);
        const ended = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
        await until(async () => (await isThere(`${copy}.partial`)) || child.exitCode !== null, 'its begin');
        await new Promise((done) => setTimeout(done, i * 2));
        child.kill('SIGKILL');
        const { signal } = await ended;
        if (await isThere(copy)) {
          assert.equal((await windrow('restore', '--check', copy)).code, 0);
        } else if (signal !== null) {
          /* The manifest is written last: with it the backup is whole, and lacks its name only. */
          const isWhole = await isThere(join(`${copy}.partial`, 'manifest.json'));
          const { code, stderr } = await windrow('restore', '--data', join(folder, 'new'), `${copy}.partial`);
          assert.equal(code, isWhole ? 0 : 1, stderr);
          assert.equal(await isThere(join(folder, 'new')), isWhole);
          await rm(join(folder, 'new'), { recursive: true, force: true });
        }
        const next = await until(async () => {
          const made = await windrow('backup', '--data', server.data, `${copy}-next`);
          if (made.code !== 0) assert.match(made.stderr, /another backup|writer is busy/);
          return made.code === 0 ? made : null;
        }, 'the next backup');
        assert.equal(next.code, 0);
      }
      await clients.stop();
    } finally {
      await server.close();
    }
  }));

test('a server that is killed during a backup leaves none', () =>
  inFolder(async (folder) => {
    const server = await startServer();
    try {
      const workflow = await server.publish(DOUBLE);
      for (let n = 0; n < 200; n++) await server.begin(workflow, { n });
      for (let i = 0; i < 6; i++) {
        const copy = join(folder, `copy-${i}`);
        let isOver = false;
        const making = windrow('backup', '--data', server.data, copy).finally(() => (isOver = true));
        await until(async () => isOver || (await isThere(`${copy}.partial`)), 'its begin');
        await server.restart('SIGKILL');
        const { code, stderr } = await making;
        assert.equal(code === 0, await isThere(copy), stderr);
        assert.ok(!(await isThere(`${copy}.partial`)), stderr);
        if (code === 0) assert.equal((await windrow('restore', '--check', copy)).code, 0);
      }
      assert.deepEqual((await readdir(folder)).filter((name) => /partial/.test(name)), []);
    } finally {
      await server.close();
    }
  }));
