// docs/compat.md says of each fact which test shows it: those tests are there.

import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const E2E = fileURLToPath(new URL('.', import.meta.url));

/** The names of the tests of a file. */
async function testsIn(file) {
  const text = await readFile(join(E2E, file), 'utf8');
  return new Set([...text.matchAll(/^test\('((?:[^'\\]|\\.)*)'/gm)].map((found) => found[1].replaceAll("\\'", "'")));
}

test('every row names its verdict and a test that is there', async () => {
  const known = new Map();
  for (const file of await readdir(E2E)) {
    if (file.endsWith('.test.mjs')) known.set(file, await testsIn(file));
  }
  const text = await readFile(join(E2E, '../../docs/compat.md'), 'utf8');
  let rows = 0;
  for (const section of text.split(/^## /m).slice(1)) {
    const usual = /^Tests without a file name stand in `([^`]+)`/m.exec(section)?.[1];
    if (!usual) continue;
    for (const line of section.split('\n').filter((one) => /^\| (?!fact|---)/.test(one))) {
      const cells = line.split('|').map((cell) => cell.trim()).slice(1, -1);
      assert.equal(cells.length, 4, line);
      assert.match(cells[1], /^(same|chosen|differs|out)$/, line);
      const [, file, name] = /^(?:`([^`]+)`: )?(.+)$/.exec(cells[3]) ?? [];
      assert.ok(known.get(file ?? usual)?.has(name), `there is no test "${cells[3]}"`);
      rows++;
    }
  }
  assert.ok(rows > 40);
});
