// Tables of runs as files, made when they are asked for: columns, states, ranges, while the run goes
// on, over HTTP and by the command line.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import ExcelJS from 'exceljs';

import { startServer, until, windrow } from './server.mjs';

let folder;
after(() => rm(folder, { recursive: true, force: true }));

const jsonLines = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));

/** Fields of CSV as a plain state machine reads them. */
function csvRows(text) {
  const rows = [];
  let row = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') field += text[(i += 1)];
    else if (c === '"') quoted = !quoted;
    else if (!quoted && (c === ',' || c === '\n')) {
      row.push(field);
      field = '';
      if (c === '\n') rows.push(row);
      if (c === '\n') row = [];
    } else field += c;
  }
  assert.equal(field, '', 'the last line has an end');
  return rows;
}

// --- one run of rows that branch and fail, by the command line ---

const COUNT = 2000;
const workflow = `
name: Branches
input: { type: object, required: [rows], properties: { rows: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: score, type: transform, config: { expression: "(.item.n | tonumber) * 2" } }
  - { id: even, type: condition, config: { if: "(.item.n | tonumber) % 2 == 0" } }
  - { id: half, type: set, needs: even.yes,
      config: { fields: { of: "{{= .steps.score / 4 }}", deep: { list: ["{{item.name}}"] } } } }
  - id: odd
    type: transform
    needs: even.no
    config: { expression: 'if .item.n | endswith("7") then error("seven: \\(.item.n)") else { is: .item.n, same: null } end' }
  - { id: kept, type: filter, needs: [half, odd], config: { where: "(.item.n | tonumber) % 10 != 0" } }
  - { id: last, type: set, config: { fields: { ok: true } } }
`;

/** What a row has to be. */
function expected(n) {
  const row = { n: `${n}`, name: `name, ${n}`, 'item.score': `s${n}`, 'item._state': 'own', score: 2 * n };
  const fails = n % 10 === 7;
  if (n % 2 === 0) Object.assign(row, { 'half.of': n / 2, 'half.deep': { list: [row.name] } });
  else if (!fails) Object.assign(row, { 'odd.is': row.n, 'odd.same': null });
  if (n % 10 !== 0 && !fails) row['last.ok'] = true;
  row._key = `${n}`;
  row._state = fails ? 'failed' : n % 10 === 0 ? 'dropped' : 'completed';
  row._error = fails ? `odd: expression_failed: expression: seven: ${n}` : null;
  return row;
}

let data;
let run;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-results-'));
  data = join(folder, 'data');
  const lines = Array.from({ length: COUNT }, (_, n) => `${n},"name, ${n}",s${n},own\n`);
  await writeFile(join(folder, 'rows.csv'), `n,name,score,_state\n${lines.join('')}`);
  await writeFile(join(folder, 'branches.yaml'), workflow);
  const ran = await windrow('run', join(folder, 'branches.yaml'), '--input',
    `rows=${join(folder, 'rows.csv')}`, '--data', data, '--out', join(folder, 'out'));
  assert.equal(ran.code, 0, ran.stderr);
  run = JSON.parse((await windrow('runs', 'list', '--data', data, '--json')).stdout).data[0].id;
});

const results = (...args) => windrow('runs', 'results', run, '--data', data, ...args);

test('rows as JSON lines hold what each item has', async () => {
  const { code, stdout } = await results('--format', 'ndjson');
  assert.equal(code, 0);
  const rows = jsonLines(stdout);
  assert.equal(rows.length, COUNT);
  rows.forEach((row, n) => {
    assert.deepEqual(row, expected(n));
    assert.deepEqual(Object.keys(row), Object.keys(expected(n)));
  });
  assert.equal((await results('--format', 'jsonl')).stdout, stdout);
  assert.deepEqual(JSON.parse((await results('--format', 'json')).stdout), rows);
});

test('CSV has the columns of all rows, own ones first, then step by step', async () => {
  const [header, ...rows] = csvRows((await results()).stdout);
  assert.deepEqual(header, ['n', 'name', 'item.score', 'item._state', 'score', 'half.of', 'half.deep',
    'odd.is', 'odd.same', 'last.ok', '_key', '_state', '_error']);
  assert.equal(rows.length, COUNT);
  rows.forEach((row, n) => {
    const wanted = expected(n);
    const cells = header.map((name) => {
      const value = wanted[name] ?? '';
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
    });
    assert.deepEqual(row, cells);
  });
});

test('states choose rows, and the columns of these, beside the declared ones', async () => {
  for (const state of ['completed', 'failed', 'dropped', 'cancelled', 'open']) {
    const { stdout } = await results('--format', 'ndjson', '--state', state);
    const wanted = Array.from({ length: COUNT }, (_, n) => expected(n))
      .filter((row) => row._state === state);
    assert.deepEqual(jsonLines(stdout), wanted, state);
  }
  const [header, ...rows] = csvRows((await results('--state', 'failed')).stdout);
  assert.deepEqual(header, ['n', 'name', 'item.score', 'item._state', 'score', 'half.of', 'half.deep',
    'last.ok', '_key', '_state', '_error']);
  assert.equal(rows.length, COUNT / 10);
  assert.equal((await results('--state', 'open')).stdout,
    'n,name,item.score,item._state,half.of,half.deep,last.ok,_key,_state,_error\n');
  assert.equal((await results('--state', 'open', '--format', 'json')).stdout, '[]\n');
});

test('ranges and limits', async () => {
  const keys = async (...args) =>
    jsonLines((await results('--format', 'ndjson', ...args)).stdout).map((row) => Number(row._key));
  assert.deepEqual(await keys('--from', '254', '--to', '257'), [254, 255, 256, 257]);
  assert.deepEqual(await keys('--from', '1998'), [1998, 1999]);
  assert.deepEqual(await keys('--to', '1', '--limit', '5'), [0, 1]);
  assert.deepEqual(await keys('--from', '300', '--limit', '2', '--state', 'failed'), [307, 317]);
  assert.deepEqual(await keys('--from', '5000'), []);
});

test('columns are chosen by name, in the order asked for', async () => {
  const { stdout } = await results('--columns', '_state,n,half.deep,nowhere', '--limit', '2');
  assert.equal(stdout,
    '_state,n,half.deep,nowhere\ndropped,0,"{""list"":[""name, 0""]}",\ncompleted,1,,\n');
  const json = await results('--columns', '["_error","n"]', '--from', '7', '--to', '7', '--format', 'json');
  assert.deepEqual(JSON.parse(json.stdout), [{ _error: expected(7)._error, n: '7' }]);
});

test('other tables have results too', async () => {
  const { stdout } = await results('--table', '', '--format', 'ndjson');
  assert.deepEqual(jsonLines(stdout),
    [{ rows: join(folder, 'rows.csv'), _key: '', _state: 'completed', _error: null }]);
});

test('a file is named by its ending and put in place whole', async () => {
  const whole = (await results()).stdout;
  for (const [name, ...more] of [['a.csv'], ['b.out', '--format', 'csv']]) {
    const path = join(folder, name);
    assert.equal((await results('--out', path, ...more)).code, 0);
    assert.equal(await readFile(path, 'utf8'), whole);
  }
  const path = join(folder, 'rows.jsonl');
  assert.equal((await results('--out', path)).code, 0);
  assert.equal(jsonLines(await readFile(path, 'utf8')).length, COUNT);
  const lost = await results('--out', join(folder, 'nowhere', 'a.csv'));
  assert.equal(lost.code, 1);
  assert.match(lost.stderr, /nowhere\/a\.csv\.part/);
});

test('cells are those of write_csv', async () => {
  const cells = ['=1+1', '-5', '-x', '@y', '"a ""b"", c"', "'=1", ' =2', ''];
  const rows = join(folder, 'cells.csv');
  const other = join(folder, 'cells');
  await writeFile(rows, `n,cell\n${cells.map((cell, n) => `${n},${cell}\n`).join('')}`);
  await writeFile(join(folder, 'cells.yaml'), `
name: Cells
input: { type: object, properties: { rows: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: sum, type: transform, config: { expression: "[.item.cell, 1.10, null, {a: .item.n}]" } }
  - { id: pair, type: set, config: { fields: { same: "{{item.cell}}", big: 9007199254740993 } } }
  - { id: out, type: write_csv }
  - { id: lines, type: write_jsonl }
`);
  const ran = await windrow('run', join(folder, 'cells.yaml'), '--input', `rows=${rows}`, '--data',
    other, '--out', other);
  const id = /^run ([0-9a-f]{24}) /m.exec(ran.stderr)[1];
  const columns = 'n,cell,sum,pair.same,pair.big';
  for (const [file, format] of [['out.csv', 'csv'], ['lines.jsonl', 'ndjson']]) {
    const { stdout } = await windrow('runs', 'results', id, '--data', other, '--format', format,
      '--columns', columns);
    assert.equal(stdout, await readFile(join(other, file), 'utf8'), format);
  }
  assert.match((await readFile(join(other, 'out.csv'), 'utf8')), /^0,'=1\+1,/m);
});

test('a workbook holds the same cells', async () => {
  const path = join(folder, 'rows.xlsx');
  assert.equal((await results('--out', path, '--from', '5', '--to', '7')).code, 0);
  const book = new ExcelJS.Workbook();
  await book.xlsx.readFile(path);
  const cells = book.worksheets[0].getSheetValues().slice(1).map((row) => row.slice(1));
  const [header, ...rows] = csvRows((await results('--from', '5', '--to', '7')).stdout);
  assert.deepEqual(cells[0], header);
  rows.forEach((row, i) =>
    assert.deepEqual(header.map((_, c) => String(cells[i + 1][c] ?? '')), row));
  assert.equal(cells[1][header.indexOf('score')], 10, 'numbers are numbers');
});

test('a source without rows leaves its header', async () => {
  const rows = join(folder, 'empty.csv');
  const other = join(folder, 'empty');
  await writeFile(rows, 'n,name\n');
  await writeFile(join(folder, 'empty.yaml'), `
name: Empty
input: { type: object, properties: { rows: { type: string, format: file } } }
steps:
  - { id: rows, type: read_csv, config: { file: "{{input.rows}}" } }
  - { id: more, type: set, config: { fields: { m: 1 } } }
  - { id: out, type: write_csv }
`);
  const ran = await windrow('run', join(folder, 'empty.yaml'), '--input', `rows=${rows}`, '--data',
    other, '--out', other);
  assert.equal(ran.code, 0, ran.stderr);
  assert.equal(await readFile(join(other, 'out.csv'), 'utf8'), 'n,name,more.m\n');
  const { data: [{ id }] } =
    JSON.parse((await windrow('runs', 'list', '--data', other, '--json')).stdout);
  const { stdout } = await windrow('runs', 'results', id, '--data', other);
  assert.equal(stdout, 'n,name,more.m,_key,_state,_error\n');
});

test('what cannot be had is said in words', async () => {
  const table = [
    [['--format', 'xml'], /format: expected csv, xlsx, ndjson or json, found "xml"/],
    [['--out', 'a.pdf'], /format: expected csv, xlsx, ndjson or json, found "pdf"/],
    [['--state', 'fine'], /state: expected completed, failed/],
    [['--table', 'score'], /the run has no table "score"/],
    [['--columns', 'a,b,a'], /columns: expected different names/],
    [['--columns', '["a",'], /columns: expected/],
    [['--columns', '[]'], /columns: expected/],
    [['--from', '3', '--to', '2'], /to: lies before from/],
  ];
  for (const [args, words] of table) {
    const { code, stdout, stderr } = await results(...args);
    assert.equal(code, 1, args.join(' '));
    assert.match(stderr, words);
    assert.equal(stdout, '');
  }
  assert.equal((await results('--limit', '0')).code, 2);
  const unknown = await windrow('runs', 'results', '0'.repeat(24), '--data', data);
  assert.equal(unknown.code, 1);
  assert.match(unknown.stderr, /there is no run 0000/);
});

test('rows of a file that was changed are not shown', async () => {
  const rows = join(folder, 'changing.csv');
  const other = join(folder, 'changing');
  await writeFile(rows, 'n,name,score,_state\n1,a,s,o\n');
  await windrow('run', join(folder, 'branches.yaml'), '--input', `rows=${rows}`, '--data', other,
    '--out', join(folder, 'out'));
  const { data: [{ id }] } =
    JSON.parse((await windrow('runs', 'list', '--data', other, '--json')).stdout);
  assert.match((await windrow('runs', 'results', id, '--data', other)).stdout, /^1,a,s,o,2/m);
  await writeFile(rows, 'n,name,score,_state\n2,b,s,o\n');
  const { code, stdout, stderr } = await windrow('runs', 'results', id, '--data', other);
  assert.equal(code, 1);
  assert.match(stderr, /changed since the run began/);
  assert.equal(stdout, '');
});

test('reshaped rows bring their columns along', async () => {
  const file = join(folder, 'shapes.yaml');
  const shapes = join(folder, 'shapes');
  await writeFile(file, `
name: Shapes
steps:
  - { id: list, type: expand, config: { list: "[range(600) | { a: ., b: [.] }]" } }
  - { id: twice, type: transform, config: { expression: ".item.a * 2" } }
  - { id: few, type: limit, config: { count: 300 } }
  - { id: more, type: set, config: { fields: { c: "{{= .steps.twice + 1 }}" } } }
`);
  assert.equal((await windrow('run', file, '--data', shapes, '--out', join(folder, 'out'))).code, 0);
  const { data: [{ id }] } =
    JSON.parse((await windrow('runs', 'list', '--data', shapes, '--json')).stdout);
  const { stdout } = await windrow('runs', 'results', id, '--data', shapes);
  const lines = stdout.split('\n');
  assert.equal(lines.length, 302);
  assert.equal(lines[0], 'a,b,twice,more.c,_key,_state,_error');
  assert.equal(lines[300], '299,[299],598,599,299,completed,');
});

test('the right row of a join lies a level deeper', async () => {
  const file = join(folder, 'join.yaml');
  const joined = join(folder, 'joined');
  await writeFile(file, `
name: Joined
steps:
  - { id: left, type: expand, config: { list: "[range(3) | { id: ., j: \\"own\\" }]" } }
  - { id: up, type: set, config: { fields: { x: "{{item.id}}" } } }
  - { id: right, type: expand, needs: [], config: { list: "[range(2;4) | { id: ., city: (\\"c\\" + (. | tostring)) }]" } }
  - { id: loud, type: transform, config: { expression: '.item.city + "!"' } }
  - { id: j, type: join, needs: up, config: { with: loud, on: item.id, kind: left } }
  - { id: out, type: write_csv }
`);
  const ran = await windrow('run', file, '--data', joined, '--out', joined);
  assert.equal(ran.code, 0, ran.stderr);
  const text = await readFile(join(joined, 'out.csv'), 'utf8');
  assert.equal(text, 'id,item.j,up.x,j.item.id,j.item.city,j.steps.loud\n' +
    '0,own,0,,,\n1,own,1,,,\n2,own,2,2,c2,c2!\n');
  const id = /^run ([0-9a-f]{24}) /m.exec(ran.stderr)[1];
  const { stdout } = await windrow('runs', 'results', id, '--data', joined, '--table', 'j', '--columns',
    'id,item.j,up.x,j.item.id,j.item.city,j.steps.loud');
  assert.equal(stdout, text);
});

// --- over HTTP ---

/** Answers calls with the body's n, once it is let to. */
async function startGate() {
  const waiting = [];
  let isOpen = false;
  const server = createServer((request, response) => {
    const answer = () => response.end('{"ok":true}');
    response.setHeader('content-type', 'application/json');
    if (isOpen || Number(new URL(request.url, 'http://x').searchParams.get('n')) < 256) answer();
    else waiting.push(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    waiting,
    open() {
      isOpen = true;
      for (const answer of waiting) answer();
    },
    close: () => server.close(),
  };
}

test('a run that goes on is rendered as far as it is', async () => {
  const gate = await startGate();
  const server = await startServer('--allow', '127.0.0.1');
  try {
    const { id: flow } = await server.publish(`
name: Partial
limits: { concurrency: 1000 }
steps:
  - { id: list, type: expand, config: { list: "[range(600) | { n: . }]" } }
  - { id: call, type: http_request, config: { url: "${gate.url}", query: { n: "{{item.n}}" } } }
`);
    const { id } = await server.begin({ id: flow }, {});
    const path = `/v1/workflow-runs/${id}/results?format=ndjson&columns=n,call.body,_state`;
    const part = await until(async () => {
      const { text } = await server.get(path);
      return text === '' ? null : jsonLines(text);
    }, 'the first rows');
    assert.deepEqual(part, Array.from({ length: 256 },
      (_, n) => ({ n, 'call.body': { ok: true }, _state: 'completed' })));

    const beside = await windrow('runs', 'results', id, '--data', server.data, '--columns', 'n');
    assert.equal(beside.code, 0);
    assert.equal(beside.stdout.split('\n').length, 258);
    assert.match(beside.stderr, /the run is running; this is what it has so far/);

    gate.open();
    await server.reachEnd(id);
    assert.equal(jsonLines((await server.get(path)).text).length, 600);
  } finally {
    gate.close();
    await server.close();
  }
});

// Longer than what kernels keep for a client that does not read.
const MANY = 100_000;
const PAD = 'x'.repeat(300);

/** A request whose body is not read before it is asked for. */
function begin(server, path) {
  return new Promise((resolved, rejected) => {
    const options = { headers: { 'x-api-key': server.key.apiKey } };
    get(server.url + path, options, resolved).on('error', rejected);
  });
}

async function read(answer) {
  const pieces = [];
  for await (const piece of answer) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

test('large tables are streamed to slow clients, and to none', async (context) => {
  const server = await startServer();
  try {
    const { id: flow } = await server.publish(`
name: Many
steps:
  - { id: list, type: expand, config: { list: "[range(${MANY}) | { n: ., text: \\"row \\\\(.) ${PAD}\\" }]" } }
  - { id: twice, type: transform, config: { expression: ".item.n * 2" } }
`);
    const { id } = await server.begin({ id: flow }, {});
    await server.reachEnd(id);
    const path = `/v1/workflow-runs/${id}/results`;
    const whole = (await windrow('runs', 'results', id, '--data', server.data)).stdout;
    assert.equal(whole.split('\n').length, MANY + 2);

    await context.test('as CSV by default, with a name', async () => {
      const answer = await begin(server, path);
      assert.equal(answer.statusCode, 200);
      assert.equal(answer.headers['content-type'], 'text/csv; charset=utf-8');
      assert.equal(answer.headers['content-disposition'], 'attachment; filename="list.csv"');
      assert.equal(await read(answer), whole);
    });

    await context.test('in parts', async () => {
      const { text, headers } = await server.get(`${path}?format=json&from=90000&to=90001`);
      assert.equal(headers.get('content-type'), 'application/json');
      assert.deepEqual(JSON.parse(text).map((row) => row.twice), [180000, 180002]);
      const { text: none } = await server.get(`${path}?state=failed&format=ndjson`);
      assert.equal(none, '');
    });

    await context.test('so many at once, and those behind are told', async () => {
      const slow = await Promise.all(Array.from({ length: 16 }, () => begin(server, path)));
      const refused = await server.get(path);
      assert.equal(refused.status, 503);
      assert.match(refused.json.error, /16 tables are rendered already/);
      for (const answer of slow.slice(4)) answer.destroy();
      const texts = await Promise.all(slow.slice(0, 4).map(read));
      for (const text of texts) assert.equal(text, whole);
      const free = await until(async () => {
        const answer = await begin(server, path);
        if (answer.statusCode === 200) return answer;
        answer.resume();
        return null;
      }, 'a free place');
      assert.equal(await read(free), whole);
    });

    await context.test('faults come as faults', async () => {
      const faults = [
        ['?format=xml', 400, /format: expected csv/],
        ['?state=x', 400, /state: expected/],
        ['?from=x', 400, /from: expected a whole number/],
        ['?from=-1', 400, /from: expected the number of a row/],
        ['?limit=0', 400, /limit: expected how many rows/],
        ['?columns=', 200, null],
        ['?columns=a,a', 400, /columns: expected different names/],
        ['?table=twice', 404, /has no table "twice"/],
      ];
      for (const [query, status, words] of faults) {
        const answer = await server.get(path + query);
        assert.equal(answer.status, status, query);
        if (words) assert.match(answer.json.error, words);
      }
      const unknown = await server.get(`/v1/workflow-runs/${'0'.repeat(24)}/results`);
      assert.equal(unknown.status, 404);
    });
  } finally {
    await server.close();
  }
});
