// Each kind of reshape over rows, killed and gone on with: the same bytes come out.

import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { check, isLong, option } from './check.mjs';
import { at, namedKills, points, prepare, randomKills } from './lives.mjs';

const ROWS = option('--rows', isLong ? 20_000 : 3000);

async function write(path, rows) {
  const out = createWriteStream(path);
  out.write('id,size,part,name,text\n');
  for (let i = 0; i < rows; i += 1000) {
    let text = '';
    for (let k = i; k < Math.min(rows, i + 1000); k++)
      text += `${k},${(k * 7919) % 1000},part ${(k * 7919) % Math.ceil(rows / 3)},"name ${(k * 104_729) % rows}, Ltd",${'x'.repeat((k * 31) % 60)}\n`;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
}

const OTHERS = `
  - id: others
    type: filter
    needs: double
    config: { where: ".steps.double % 3 > 0" }`;

/** The steps, and which of them gives the rows. Each gathers more than it may keep in memory once the rows are many. */
const RESHAPES = {
  sort: `
  - id: it
    type: sort
    config: { by: [{ path: item.size, order: desc }, item.name] }`,
  deduplicate: `
  - id: it
    type: deduplicate
    config: { by: ".item.id | tonumber % ${Math.ceil(ROWS * 0.7)}" }`,
  group_by: `
  - id: it
    type: group_by
    config:
      by: item.part
      aggregates: { id: "map(.item.id | tonumber) | add", text: "sort_by(.item.name) | map(.item.id) | tojson" }`,
  limit: `
  - id: it
    type: limit
    config: { count: ${Math.ceil(ROWS / 2)}, offset: ${Math.ceil(ROWS / 5)} }`,
  union: `${OTHERS}
  - id: it
    type: union
    needs: [others, double]`,
  expand: `
  - id: list
    type: expand
    config: { list: "[range(.item.id | tonumber % 3) | {id: .}]" }
  - id: it
    type: set
    config: { fields: { id: "{{item.id}} of {{parent.item.id}}", name: "{{parent.item.name}}" } }`,
  join: `${OTHERS}
  - id: it
    type: join
    needs: double
    config:
      with: others
      on: { left: ".item.id | tonumber", right: ".item.id | tonumber / 2 | floor" }
      kind: left`,
};

const COLUMNS = {
  expand: '{ id: "{{steps.it.id}}", name: "{{steps.it.name}}" }',
  join: '{ id: "{{item.id}}", double: "{{steps.double}}", pair: "{{steps.it.item.id}}" }',
  group_by: '{ part: "{{item.part}}", count: "{{item.count}}", id: "{{item.id}}", text: "{{item.text}}" }',
  other: '{ id: "{{item.id}}", double: "{{steps.double}}", text: "{{item.text}}" }',
};

const sceneOf = (name) => ({
  name,
  rows: ROWS,
  write,
  files: ['table.csv'],
  workflow: (csv) => `name: Rows ${name}
steps:
  - id: rows
    type: read_csv
    config: { file: ${csv} }
  - id: double
    type: transform
    config: { expression: "(.item.size | tonumber) * 2" }${RESHAPES[name]}
  - id: table
    type: write_csv
    config: { columns: ${COLUMNS[name] ?? COLUMNS.other} }
`,
});

async function killReshape(stub, folder, name, kills) {
  await randomKills(await prepare(sceneOf(name), folder, stub), kills);
}

/** Kills at random instants of each kind, and at the points of a reshape, of the one that gathers most. */
export async function reshapeKills(stub, folder, which, kills, part) {
  const names = which === 'all' ? Object.keys(RESHAPES) : [which];
  for (const name of names) {
    if (!check(RESHAPES[name] !== undefined, `there is no reshape ${name}`)) return;
    await part(`random kills, ${name}`, () => killReshape(stub, folder, name, kills));
  }
  if (which !== 'all') return;
  const scene = { ...sceneOf('group_by'), name: 'rows' };
  const prepared = await prepare(scene, folder, stub);
  await part('named kills, rows', () => namedKills(prepared, at(points.rows, [1], [1, 3])));
}
