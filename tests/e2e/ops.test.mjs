// Running the server: its configuration, what it tells about itself, its end and its copies.

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { startServer, windrow } from './server.mjs';

async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'windrow-ops-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

// --- configuration ---

test('docs/configuration.md is what the table of settings says', async () => {
  const { stdout } = await windrow('docs', 'config', '--json');
  const page = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  const rows = page.split('\n').filter((line) => /^\| `/.test(line));
  const groups = page.split('\n').filter((line) => /^## /.test(line)).map((line) => line.slice(3));
  const settings = JSON.parse(stdout);
  assert.deepEqual(
    rows,
    settings.map(
      (one) => `| \`${one.name}\` | ${one.default === null ? '' : `${one.default} `}| ${one.words} |`,
    ),
  );
  assert.deepEqual(groups, [...new Set(settings.map((one) => one.group))]);
});

test('the help of serve has every setting', async () => {
  const help = await windrow('serve', '--help');
  const { stdout } = await windrow('docs', 'config', '--json');
  assert.equal(help.code, 0);
  for (const one of JSON.parse(stdout)) {
    assert.ok(help.stdout.includes(`  ${one.flag} `), one.flag);
    assert.ok(help.stdout.includes(`(or ${one.variable})`), one.variable);
    assert.ok(help.stdout.includes(one.words), one.words);
  }
});

test('a server takes its settings from a file, and flags win', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'windrow.yaml');
    await writeFile(
      file,
      `listen: "nonsense"\npublic_url: https://windrow.example\nlog_format: json\n` +
        `default_model: local/extractive-1\nproviders: {}\n`,
    );
    const server = await startServer('--config', file);
    await server.close();
    const lines = server.log.text.trim().split('\n').map((line) => JSON.parse(line));
    assert.ok(lines.some((line) => /listening on http:\/\/127/.test(line.msg)));
  }));

test('a mistake in the file ends every command that reads it, with its place', () =>
  inFolder(async (folder) => {
    const file = join(folder, 'windrow.yaml');
    await writeFile(file, 'data: x\nlissten: y\n');
    for (const args of [['serve', '--data', join(folder, 'data')], ['models']]) {
      const { code, stderr } = await windrow(...args, '--config', file);
      assert.notEqual(code, 0);
      assert.match(stderr, /windrow\.yaml: line 2, column 1: .*"lissten"; did you mean listen\?/);
    }
  }));
