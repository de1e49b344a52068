// The text of documents on the command line: what comes out, what is refused, and how it ends.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { windrow, WINDROW } from './server.mjs';

let folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-documents-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function write(name, bytes) {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

/** The object that --json prints of a document; its problem when it is refused. */
async function read(name, bytes) {
  const { stdout } = await windrow('text', '--json', await write(name, bytes));
  return JSON.parse(stdout)[0];
}

const PAGE = `<!doctype html><title>Report</title><nav>Home</nav>
<h1>Report</h1><p>Revenue &amp; more: 7&nbsp;%</p><table><tr><th>Year<th>Sum</tr><tr><td>2024<td>22.4</tr></table>
<script>alert(1)</script>`;
const PAGE_TEXT = 'Report\n\nRevenue & more: 7 %\n\nYear | Sum\n2024 | 22.4\n';

test('a page, Markdown and text are printed', async () => {
  const page = await write('page.html', PAGE);
  const notes = await write('notes.md', '# Notes\r\n\r\n- a\r\n');
  assert.deepEqual(await windrow('text', page), { code: 0, stdout: PAGE_TEXT, stderr: '' });
  const both = await windrow('text', page, notes);
  assert.equal(both.stdout, `==> ${page} <==\n${PAGE_TEXT}==> ${notes} <==\n# Notes\n\n- a\n`);
});

test('--json tells about each document', async () => {
  const page = await write('page.html', PAGE);
  const none = join(folder, 'none.txt');
  const { code, stdout } = await windrow('text', '--json', page, none);
  const [first, second] = JSON.parse(stdout);
  assert.equal(code, 2);
  assert.deepEqual(first, { file: page, kind: 'html', title: 'Report', pages: null, bytes: PAGE_TEXT.length, text: PAGE_TEXT });
  assert.match(second.problem, /none\.txt: No such file/);
});

test('exit codes: 1 refused, 2 not there or wrong words', async () => {
  const refused = await windrow('text', await write('a.png', Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /a\.png: it is an image \(PNG\)/);
  assert.equal((await windrow('text', join(folder, 'none'))).code, 2);
  assert.equal((await windrow('text', folder)).code, 2);
  assert.equal((await windrow('text')).code, 2);
  assert.equal((await windrow('text', '--nonsense', 'a')).code, 2);
});

test('standard input', async () => {
  const child = spawn(WINDROW, ['text', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (piece) => (said += piece));
  child.stdin.end(PAGE);
  assert.equal(await new Promise((done) => child.once('close', done)), 0);
  assert.equal(said, PAGE_TEXT);
});

test('charsets, behind the sandbox', async () => {
  for (const [name, bytes, text] of [
    ['latin1.txt', Buffer.from('Gr\xfc\xdfe aus K\xf6ln', 'latin1'), 'Grüße aus Köln\n'],
    ['utf16.html', Buffer.from(`\ufeff<p>Grüße</p>`, 'utf16le'), 'Grüße\n'],
    ['sjis.html', Buffer.from('<meta charset=shift_jis><p>\x93\xfa\x96\x7b', 'latin1'), '日本\n'],
    ['cyrillic.html', Buffer.from('<meta charset="windows-1251"><p>\xcc\xe8\xf0', 'latin1'), 'Мир\n'],
    ['gb.html', Buffer.from('<meta charset=gb2312><p>\xd6\xd0\xb9\xfa', 'latin1'), '中国\n'],
    ['euc.html', Buffer.from('<meta charset=euc-kr><p>\xc7\xd1\xb1\xdb', 'latin1'), '한글\n'],
  ])
    assert.equal((await read(name, bytes)).text, text, name);
});

test('hostile pages end with text or with words', async () => {
  assert.equal((await read('deep.html', `<p>a${'<div>'.repeat(100_000)}b`)).text.replace(/\s+/g, ' '), 'a b ');
  assert.equal((await read('attribute.html', `<p title="${'x'.repeat(50_000_000)}">a`)).text, 'a\n');
  assert.equal((await read('zeros.html', `<p>a\0b</p>${'\0'.repeat(10)}<p>c and more words so that it is text</p>`)).text,
    'ab\n\nc and more words so that it is text\n');
  const clones = Array.from({ length: 20_000 }, (_, i) => `<p><b id=${i}>`).join('');
  assert.match((await read('clones.html', clones + 'a')).problem, /more than \d+ MB of memory/);
});
