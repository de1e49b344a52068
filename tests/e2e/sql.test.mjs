// sql_query: SQLite files, and a server that speaks PostgreSQL's protocol as far as it is asked.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer } from './server.mjs';

let folder;
let server;
let postgres;
const seen = [];

const message = (type, ...parts) => {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type, 0, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const int16 = (n) => { const b = Buffer.alloc(2); b.writeInt16BE(n); return b; };
const int32 = (n) => { const b = Buffer.alloc(4); b.writeInt32BE(n); return b; };
const text = (words) => Buffer.from(`${words}\0`);
const READY = message('Z', Buffer.from('T'));

function fault(state, words) {
  return message('E', Buffer.from('S'), text('ERROR'), Buffer.from('V'), text('ERROR'),
    Buffer.from('C'), text(state), Buffer.from('M'), text(words), Buffer.from('\0'));
}

/** Rows of [name, oid] columns, values as texts or null. */
function rowsOf(columns, rows) {
  const fields = columns.map(([name, oid]) => Buffer.concat(
    [text(name), int32(0), int16(0), int32(oid), int16(-1), int32(-1), int16(0)]));
  return [message('T', int16(columns.length), ...fields),
    ...rows.map((row) => message('D', int16(row.length), ...row.flatMap((value) =>
      value === null ? [int32(-1)] : [int32(Buffer.byteLength(value)), Buffer.from(value)]))),
    message('C', text(`SELECT ${rows.length}`))];
}

function answerOf(sql, params) {
  if (sql.includes('everything'))
    return rowsOf([['i', 23], ['n', 1700], ['b', 16], ['j', 3802], ['t', 25], ['z', 25], ['f', 701]],
      [['7', '1.50', 't', '{"a": [1]}', params[0] ?? 'none', null, 'NaN']]);
  if (sql.includes('many')) return rowsOf([['n', 23]], Array.from({ length: 1500 }, (_, i) => [String(i)]));
  if (sql.startsWith('INSERT')) return [fault('25006', 'cannot execute INSERT in a read-only transaction')];
  if (sql.startsWith('SET')) return [message('C', text('SET'))];
  return [fault('42601', `syntax error at or near "${sql.split(' ')[0]}"`)];
}

function talk(socket) {
  let data = Buffer.alloc(0);
  let isBegun = false;
  let statement = '';
  let params = [];
  socket.on('error', () => {});
  const handle = (type, body) => {
    if (type === 'Q') {
      seen.push(body.toString('utf8').replace('\0', ''));
      socket.write(Buffer.concat([message('C', text('BEGIN')), message('C', text('SET')), READY]));
    } else if (type === 'P') {
      statement = body.toString('utf8').split('\0')[1];
    } else if (type === 'B') {
      // No names and no formats: the count of values stands behind two texts and a count.
      let at = 2 + 2 + 2 * body.readInt16BE(2);
      const count = body.readInt16BE(at);
      at += 2;
      params = Array.from({ length: count }, () => {
        const size = body.readInt32BE(at);
        at += 4;
        if (size < 0) return null;
        at += size;
        return body.toString('utf8', at - size, at);
      });
    } else if (type === 'S') {
      seen.push([statement, params]);
      if (statement.includes('hang')) return;
      if (statement.includes('cut')) { socket.destroy(); return; }
      const parts = answerOf(statement, params);
      socket.write(Buffer.concat([message('1'), message('2'), ...parts, READY]));
    }
  };
  socket.on('data', (piece) => {
    data = Buffer.concat([data, piece]);
    for (;;) {
      const head = isBegun ? 1 : 0;
      if (data.length < head + 4) return;
      const size = data.readInt32BE(head) + head;
      if (data.length < size) return;
      const body = data.subarray(head + 4, size);
      const type = isBegun ? String.fromCharCode(data[0]) : '';
      data = data.subarray(size);
      if (isBegun) { handle(type, body); continue; }
      if (body.readInt32BE(0) === 80877103) { socket.write('N'); continue; }
      isBegun = true;
      socket.write(Buffer.concat([message('R', int32(0)),
        message('S', text('server_version'), text('15.0')),
        message('S', text('client_encoding'), text('UTF8')), message('K', int32(1), int32(2)),
        message('Z', Buffer.from('I'))]));
    }
  });
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-sql-'));
  await mkdir(join(folder, 'archive/below'), { recursive: true });
  const make = (path, sql) => execFileSync('sqlite3', [path, sql]);
  make(join(folder, 'shop.db'), `CREATE TABLE orders (number INTEGER, email TEXT, total REAL, note, raw BLOB);
    INSERT INTO orders VALUES (1, 'ada@a.example', 9.5, NULL, x'00ff'), (2, 'ada@a.example', 20.0, 'ü', NULL),
    (9007199254740993, 'bob@a.example', 1.0, '', x'');`);
  make(join(folder, 'archive/below/old.db'), 'CREATE TABLE t (x); INSERT INTO t VALUES (42);');
  await symlink(join(folder, 'shop.db'), join(folder, 'archive/away.db'));
  await writeFile(join(folder, 'broken.db'), 'this is no database');
  postgres = createServer(talk);
  await new Promise((done) => postgres.listen(0, '127.0.0.1', done));
  const { port } = postgres.address();
  await writeFile(join(folder, 'databases'), `# for tests
shop = sqlite:${folder}/shop.db
archive = sqlite:${folder}/archive/
broken = sqlite:${folder}/broken.db
gone = sqlite:${folder}/gone.db
pg = postgresql://reader:pass-never-seen@127.0.0.1:${port}/db
away = postgresql://reader:pass-never-seen@127.0.0.1:1/db
`);
  server = await startServer('--databases-file', join(folder, 'databases'));
  const own = (await server.get('/v1/workspaces')).data[0].id;
  await appendFile(join(folder, 'databases'), `mine for 000000000000000000000001, ${own} = sqlite:${folder}/shop.db
foreign for 000000000000000000000001 = sqlite:${folder}/shop.db
`);
  await server.restart('SIGTERM');
});
after(async () => {
  await server?.close();
  postgres?.close();
  await rm(folder, { recursive: true, force: true });
});

async function ask(config, { input = {}, timeout = '20s', attempts = 1 } = {}) {
  const workflow = await server.publish(JSON.stringify({
    name: `Ask ${Math.random()}`,
    steps: [{ id: 'ask', type: 'sql_query', config, timeout, retry: { attempts, backoff: '10ms..20ms' } }],
  }));
  return server.reachEnd((await server.begin(workflow, input)).id);
}

const failed = async (config, code, words, options) => {
  const run = await ask(config, options);
  assert.equal(run.status, 'failed', JSON.stringify(run.output));
  const told = JSON.stringify(run.error);
  assert.match(told, code);
  assert.match(told, words);
  assert.doesNotMatch(told, /pass-never-seen/);
};

test('rows of a SQLite file, by every kind of parameter', async () => {
  const columns = 'SELECT number, total, note, raw FROM orders WHERE email =';
  const both = [{ number: 1, total: 9.5, note: null, raw: 'AP8=' }, { number: 2, total: 20, note: 'ü', raw: null }];
  const ways = [['?', ['{{input.who}}']], ['$1', ['{{input.who}}']], [':who', { who: '{{input.who}}' }],
    ['@who', { who: '{{input.who}}' }], ['?1', ['{{input.who}}']]];
  for (const [sign, params] of ways) {
    const run = await ask({ database: 'shop', sql: `${columns} ${sign} ORDER BY 1`, params }, { input: { who: 'ada@a.example' } });
    assert.deepEqual(run.output, both, `${sign}: ${JSON.stringify(run.error)}`);
  }
  const evil = await ask({ database: 'shop', sql: `${columns} ?`, params: ['{{input.who}}'] },
    { input: { who: "' OR 1=1; DROP TABLE orders; --" } });
  assert.deepEqual(evil.output, []);
  const kinds = await ask({ database: 'shop', sql: 'SELECT ? AS a, ? AS b, ? AS c, ? AS d', params: [1, 2.5, true, null] });
  assert.deepEqual(kinds.output, [{ a: 1, b: 2.5, c: 1, d: null }]);
});

test('a row, a value, none of them, and numbers that stay exact', async () => {
  const one = { database: 'shop', sql: 'SELECT count(*) AS n FROM orders' };
  assert.deepEqual((await ask({ ...one, gives: 'row' })).output, { n: 3 });
  assert.equal((await ask({ ...one, gives: 'value' })).output, 3);
  const none = { database: 'shop', sql: 'SELECT 1 WHERE 0' };
  assert.equal((await ask({ ...none, gives: 'row' })).output, null);
  assert.equal((await ask({ ...none, gives: 'value' })).output, null);
  const large = await ask({ database: 'shop', sql: 'SELECT max(number) FROM orders', gives: 'value' });
  const { text: raw } = await server.get(`/v1/workflow-runs/${large.id}`);
  assert.match(raw, /9007199254740993/);
});

test('a folder of files, and no way out of it', async () => {
  const sql = 'SELECT x FROM t';
  assert.deepEqual((await ask({ database: 'archive', file: 'below/old.db', sql })).output, [{ x: 42 }]);
  await failed({ database: 'archive', sql }, /sql_failed/, /which `file`/);
  await failed({ database: 'archive', file: 'none.db', sql }, /no_file/, /none\.db/);
  for (const file of ['../shop.db', 'away.db', 'below/../../shop.db', '..', '/../shop.db'])
    await failed({ database: 'archive', file, sql }, /sql_failed|no_file/, /leads out|no file/);
});

test('SQLite only reads', async () => {
  const statements = ['DELETE FROM orders', 'CREATE TABLE x (y)', "ATTACH '/tmp/x.db' AS x", 'PRAGMA journal_mode = DELETE',
    'VACUUM', 'BEGIN', "VACUUM INTO '/tmp/windrow-x.db'", 'INSERT INTO orders (number) VALUES (1) RETURNING number',
    "SELECT load_extension('x')", 'WITH a AS (SELECT 1) UPDATE orders SET total = 0', 'PRAGMA table_info(orders)'];
  for (const sql of statements) await failed({ database: 'shop', sql }, /sql_failed/, /read|authorized|load_extension/);
  await failed({ database: 'shop', sql: 'SELECT 1; SELECT 2' }, /sql_failed/, /exactly one/);
  await failed({ database: 'shop', sql: '  ' }, /sql_failed/, /exactly one/);
  const left = await ask({ database: 'shop', sql: 'SELECT count(*) FROM orders', gives: 'value' });
  assert.equal(left.output, 3);
});

test('mistakes are told, limits hold', async () => {
  await failed({ database: 'foreign', sql: 'SELECT 1' }, /no_database/, /foreign.*for this workspace/);
  assert.equal((await ask({ database: 'mine', sql: 'SELECT 1', gives: 'value' })).output, 1);
  await failed({ database: 'nowhere', sql: 'SELECT 1' }, /no_database/, /nowhere/);
  await failed({ database: 'shop', sql: 'SELECT nope FROM orders' }, /sql_failed/, /no such column: nope/);
  await failed({ database: 'shop', sql: 'SELECT ?' }, /sql_failed/, /params/);
  await failed({ database: 'shop', sql: 'SELECT :a', params: { b: 1 } }, /sql_failed/, /:a/);
  await failed({ database: 'shop', sql: 'SELECT ?', params: [1, 2] }, /sql_failed/, /2 are given/);
  await failed({ database: 'shop', sql: 'SELECT ?', params: [[1]] }, /sql_failed/, /params.*array/);
  await failed({ database: 'shop', sql: 'SELECT 1', params: 'x' }, /bad_config/, /params/);
  await failed({ database: 'shop', sql: 'SELECT 1 AS a, 2 AS a' }, /sql_failed/, /"a.*AS/);
  await failed({ database: 'broken', sql: 'SELECT 1 FROM sqlite_schema' }, /sql_failed/, /not a database/);
  await failed({ database: 'gone', sql: 'SELECT 1' }, /no_file/, /gone/);
  const count = 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 1001) SELECT x FROM n';
  await failed({ database: 'shop', sql: count }, /limit_exceeded/, /more than 1000 rows/);
  assert.equal((await ask({ database: 'shop', sql: count, max_rows: 1001 })).output.length, 1001);
  const endless = 'WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n';
  await failed({ database: 'shop', sql: endless }, /timed_out/, /300 ms/, { timeout: '300ms' });
  const wrong = { name: 'W', steps: [{ id: 'a', type: 'sql_query', config: { database: 'shop', sql: "SELECT '{{item.x}}'" } }] };
  const { data } = await server.post('/v1/workflows/validate', JSON.stringify(wrong));
  assert.match(JSON.stringify(data.problems), /sql.*template/);
});

test('PostgreSQL: values by type, in a transaction that only reads', async () => {
  const run = await ask({ database: 'pg', sql: 'SELECT everything WHERE a = $1', params: ["{{input.who}}"] }, { input: { who: "o'brien" } });
  assert.deepEqual(run.output, [{ i: 7, n: 1.5, b: true, j: { a: [1] }, t: "o'brien", z: null, f: 'NaN' }], JSON.stringify(run.error));
  assert.match(seen.at(-2), /^BEGIN TRANSACTION READ ONLY; SET LOCAL statement_timeout = 20000$/);
  assert.deepEqual(seen.at(-1), ['SELECT everything WHERE a = $1', ["o'brien"]]);
  await failed({ database: 'pg', sql: 'INSERT INTO t VALUES (1)' }, /sql_failed/, /read-only/);
  await failed({ database: 'pg', sql: 'SELEC 1' }, /sql_failed/, /syntax error/);
  await failed({ database: 'pg', sql: 'SET x = 1' }, /sql_failed/, /gives no rows/);
  await failed({ database: 'pg', sql: 'SELECT many' }, /limit_exceeded/, /more than 1000/);
  await failed({ database: 'pg', sql: 'SELECT :a', params: { a: 1 } }, /sql_failed/, /list/);
  await failed({ database: 'pg', sql: 'SELECT hang' }, /timed_out/, /300 ms/, { timeout: '300ms' });
  await failed({ database: 'pg', sql: 'SELECT cut' }, /unreachable/, /pg/);
  await failed({ database: 'away', sql: 'SELECT 1' }, /unreachable/, /away/);
});
