// One run of a million items with two simple expressions; and of a tenth, for the memory.
//
//   node bench/items.mjs [ITEMS [ROUNDS]]

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { bench, disk, figure, folder, limit, median, watchedRun, write } from './inside/measure.mjs';

const ITEMS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = Number(process.argv[3] ?? 1);

const workflow = (file) => `name: Items
steps:
  - id: rows
    type: read_jsonl
    config: { file: ${file} }
  - id: double
    type: transform
    config: { expression: ".item.size * 2" }
  - id: label
    type: transform
    config: { expression: '.item.name + ": " + (.steps.double | tostring)' }
`;

async function makeItems(path, count) {
  const out = createWriteStream(path);
  for (let i = 0; i < count; i += 1000) {
    let text = '';
    for (let k = i; k < Math.min(count, i + 1000); k++)
      text += `{"name":"company ${k}","size":${(k * 7919) % 100_000}}\n`;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

async function measure(count) {
  const home = folder();
  const file = join(home, 'items.jsonl');
  await makeItems(file, count);
  const path = write(join(home, 'workflow.yaml'), workflow(file));
  return watchedRun(path, home);
}

await bench(`One run of ${ITEMS.toLocaleString('en')} items, 2 expressions each`, async () => {
  const small = [];
  const large = [];
  for (let i = 0; i < ROUNDS; i++) {
    small.push(await measure(ITEMS / 10));
    large.push(await measure(ITEMS));
  }
  const seconds = median(large.map((r) => r.seconds));
  const smallKib = median(small.map((r) => r.peak_kib));
  const largeKib = median(large.map((r) => r.peak_kib));
  figure('items a second', ITEMS / seconds, { unit: '/s', must: 50_000, aim: 100_000 });
  figure('  processor time an item', (median(large.map((r) => r.user + r.system)) / ITEMS) * 1e6, { unit: 'us' });
  figure('  with a tenth of the items', ITEMS / 10 / median(small.map((r) => r.seconds)), { unit: '/s' });
  console.log();
  figure('peak memory', largeKib / 1024, { unit: 'MB', must: 120, aim: 80, less: true });
  figure('  with a tenth of the items', smallKib / 1024, { unit: 'MB' });
  const isWhole = ITEMS >= 1_000_000; // a small run pays for its threads, not for its items
  figure('  all beside a tenth', largeKib / smallKib, { must: isWhole ? 1.25 : undefined, less: true });
  const machine = await disk(folder());
  limit('write and fdatasync', machine.rate, { unit: '/s' });
});
