// All files of this folder, two at a time: most of a test is waiting. Node's own runner leaves one core free,
// which on two cores is one file at a time.
//
//   node tests/e2e/run.mjs

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';

const AT_ONCE = 2;

const folder = dirname(fileURLToPath(import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => join(folder, name));
const told = run({ files, concurrency: AT_ONCE });
told.on('test:fail', () => (process.exitCode = 1));
told.compose(new spec()).pipe(process.stdout);
