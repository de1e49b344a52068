// `notify`: e-mail to a real SMTP server, with TLS and without, that refuses, hangs and is killed
// beside; Slack and webhooks over HTTP.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startServer, until } from './server.mjs';
import { startStub } from './stub.mjs';

const { SMTPServer } = createRequire(import.meta.url)('smtp-server');

let folder;
let stub;
let mails;
let server;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windrow-mail-'));
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256',
    '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
    '-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')], { stdio: 'ignore' });
  await writeFile(join(folder, 'password'), 'right\n');
  stub = await startStub();
  mails = await startMails();
  server = await startServer(...settings(mails), '--allow', '127.0.0.1');
});
after(async () => {
  await server?.close();
  await mails?.close();
  await stub?.close();
  await rm(folder, { recursive: true, force: true });
});

const settings = ({ port }, ...more) => ['--smtp-url', `smtp://localhost:${port}`,
  '--smtp-from', 'windrow@example.com', '--smtp-user', 'us',
  '--smtp-password-file', join(folder, 'password'), '--smtp-ca-file', join(folder, 'cert.pem'), ...more];

/** A mail server that keeps what it takes; `moods` by recipient say what it does instead. */
async function startMails(options = {}) {
  const taken = [];
  const moods = {};
  const mail = new SMTPServer({
    key: await readFile(join(folder, 'key.pem')),
    cert: await readFile(join(folder, 'cert.pem')),
    authMethods: ['PLAIN', 'LOGIN'],
    ...options,
    onAuth: ({ username, password }, session, done) =>
      username === 'us' && password === 'right'
        ? done(null, { user: username })
        : done(new Error('who are you')),
    onRcptTo: ({ address }, session, done) => {
      const mood = moods[address];
      if (mood === 'unknown') done(Object.assign(new Error('nobody'), { responseCode: 550 }));
      else if (mood?.busy > 0) {
        mood.busy--;
        done(Object.assign(new Error('later'), { responseCode: 451 }));
      } else if (mood !== 'hang') done();
    },
    onData: (stream, session, done) => {
      const pieces = [];
      stream.on('data', (piece) => pieces.push(piece));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        taken.push({
          from: session.envelope.mailFrom.address, to, isSecure: session.secure,
          text: Buffer.concat(pieces).toString(),
        });
        if (moods[to[0]] !== 'silent') done();
      });
    },
  });
  mail.on('error', () => {});
  await new Promise((done) => mail.listen(0, '127.0.0.1', done));
  return {
    port: mail.server.address().port, taken, moods,
    to: (address) => taken.filter((one) => one.to.includes(address)),
    close: () => new Promise((done) => mail.close(done)),
  };
}

const header = (mail, name) =>
  new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'mi').exec(mail.text)?.[1].replace(/\r\n\s/g, ' ');
/** The decoded parts of a mail, by content type. */
function partsOf(mail) {
  const parts = {};
  for (const [, head, body] of mail.text.matchAll(
    /\r\n(Content-Type: (?!multipart)[\s\S]*?)\r\n\r\n([A-Za-z0-9+/=\r\n]*?)\r\n--/g)) {
    const type = /Content-Type: ([^;\r\n]+)/.exec(head)[1];
    parts[type] = { head, body: Buffer.from(body, 'base64').toString() };
  }
  return parts;
}

const telling = (slug, config, more = '', steps = '') => `name: ${slug}
steps:
${steps}  - { id: mail, type: notify, ${more} config: ${config} }
output: { mail: "{{steps.mail}}" }
`;
async function send(slug, config, { more, steps, input = {} } = {}) {
  await server.publish(telling(slug, config, more, steps));
  const { data } = await server.post(`/v1/workflows/${slug}/runs`, { input });
  return server.reachEnd(data.id);
}

test('a mail with text, HTML and a file goes out over TLS', async () => {
  const run = await send('whole', `{ email: { to: [ada@example.com], cc: bob@example.com,
    bcc: [eve@example.com], reply_to: answers@example.com, subject: "Größe {{input.n}} – 日本語",
    text: "Hello\\n.\\nAda", html: "<p>Hello</p>", attach: "{{steps.paper.file}}" } }`, {
    input: { n: 7 },
    steps: `  - { id: paper, type: document, config: { per: item, format: md,
      template: "# {{input.n}}", name: "größe.md" } }\n`,
  });
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.deepEqual([run.output.mail.by, run.output.mail.recipients], ['email', 3]);
  const [mail, ...others] = mails.to('ada@example.com');
  assert.equal(others.length, 0);
  assert.equal(mail.isSecure, true);
  assert.equal(mail.from, 'windrow@example.com');
  assert.deepEqual(mail.to, ['ada@example.com', 'bob@example.com', 'eve@example.com']);
  assert.equal(header(mail, 'From'), 'windrow@example.com');
  assert.equal(header(mail, 'To'), 'ada@example.com');
  assert.equal(header(mail, 'Cc'), 'bob@example.com');
  assert.equal(header(mail, 'Reply-To'), 'answers@example.com');
  assert.equal(header(mail, 'Message-ID'), `<${run.output.mail.messageId}@example.com>`);
  assert.ok(Math.abs(Date.parse(header(mail, 'Date')) - Date.now()) < 60_000);
  assert.doesNotMatch(mail.text, /eve@/);
  const words = [...header(mail, 'Subject').matchAll(/=\?UTF-8\?B\?([^?]*)\?=/g)];
  assert.equal(words.map(([, word]) => Buffer.from(word, 'base64').toString()).join(''),
    'Größe 7 – 日本語');
  const parts = partsOf(mail);
  assert.equal(parts['text/plain'].body, 'Hello\n.\nAda');
  assert.equal(parts['text/html'].body, '<p>Hello</p>');
  const paper = Object.entries(parts).find(([type]) => /markdown/.test(type))[1];
  assert.match(paper.body, /7/);
  assert.match(mail.text, /Content-Disposition: attachment; .*filename\*=UTF-8''gr%C3%B6%C3%9Fe\.md/i);
  assert.match(mail.text, /^[\x00-\x7f]*$/);
});

test('what could break out of a header is refused before anything is sent', async () => {
  const before = mails.taken.length;
  const bad = ['a@b.c\\r\\nBcc: eve@example.com', 'a b@c.de', '<a@b.c>', 'a@b@c', '@b.c', 'a@', 'a,b@c.de',
    'a@b..c', 'a@b.c\\n', 'ä@b.c', 'Ada <a@b.c>', `${'x'.repeat(250)}@b.c`];
  for (const [i, address] of bad.entries()) {
    const run = await send(`bad-${i}`, `{ email: { to: "${address}", subject: S, text: T } }`);
    assert.deepEqual([run.status, run.error.code], ['failed', 'bad_config'], address);
  }
  for (const [i, part] of ['subject: "a\\r\\nBcc: e@x.de", text: T', 'subject: S',
    'subject: S, text: T, cc: 7', 'subject: S, text: T, attach: { a: 1 }'].entries()) {
    const run = await send(`bad-part-${i}`, `{ email: { to: a@example.com, ${part} } }`);
    assert.deepEqual([run.status, run.error.code], ['failed', 'bad_config'], part);
  }
  const none = await send('bad-file',
    '{ email: { to: a@example.com, subject: S, text: T, attach: absent.pdf } }');
  assert.equal(none.error.code, 'no_file');
  assert.equal(mails.taken.length, before);
});

test('a server that refuses, is busy or hangs', async () => {
  mails.moods['no@example.com'] = 'unknown';
  const no = await send('no', '{ email: { to: no@example.com, subject: S, text: T } }');
  assert.equal(no.error.code, 'mail_refused');
  assert.match(no.error.message, /550/);
  assert.equal(no.error.attempts, 1);

  mails.moods['busy@example.com'] = { busy: 1 };
  const busy = await send('busy', '{ email: { to: busy@example.com, subject: S, text: T } }',
    { more: 'retry: { attempts: 3, backoff: 10ms },' });
  assert.equal(busy.status, 'completed', JSON.stringify(busy.error));
  assert.equal(mails.to('busy@example.com').length, 1);

  mails.moods['hang@example.com'] = 'hang';
  const hang = await send('hang', '{ email: { to: hang@example.com, subject: S, text: T } }',
    { more: 'timeout: 500ms, retry: { attempts: 1 },' });
  assert.equal(hang.error.code, 'timed_out');
});

test('a kill before the answer repeats the mail under the same Message-ID', async () => {
  mails.moods['slow@example.com'] = 'silent';
  await server.publish(telling('slow', '{ email: { to: slow@example.com, subject: S, text: T } }'));
  const { data: run } = await server.post('/v1/workflows/slow/runs', {});
  await until(() => mails.to('slow@example.com').length === 1, 'the mail');
  delete mails.moods['slow@example.com'];
  await server.restart('SIGKILL');
  const ended = await server.reachEnd(run.id);
  assert.equal(ended.status, 'completed', JSON.stringify(ended.error));
  const sent = mails.to('slow@example.com');
  assert.equal(sent.length, 2);
  assert.equal(header(sent[0], 'Message-ID'), header(sent[1], 'Message-ID'));
  await server.restart('SIGKILL');
  await server.reachEnd(run.id);
  assert.equal(mails.to('slow@example.com').length, 2);
});

test('TLS is asked for, and the password stays ours', async () => {
  const plain = await startMails({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] });
  const other = await startServer(...settings(plain));
  const yaml = telling('plain', '{ email: { to: a@example.com, subject: S, text: T } }',
    'retry: { attempts: 1 },');
  await other.publish(yaml);
  const { data } = await other.post('/v1/workflows/plain/runs', {});
  const run = await other.reachEnd(data.id);
  assert.equal(run.error.code, 'mail_refused');
  assert.equal(plain.taken.length, 0);
  await other.close();
  await plain.close();
  await writeFile(join(folder, 'password'), 'wrong-one');
  const wrong = await startServer(...settings(mails));
  await writeFile(join(folder, 'password'), 'right');
  await wrong.publish(yaml);
  const begun = await wrong.post('/v1/workflows/plain/runs', {});
  const ended = await wrong.reachEnd(begun.data.id);
  assert.equal(ended.error.code, 'mail_refused');
  assert.doesNotMatch(JSON.stringify(ended) + wrong.log.text, /wrong-one/);
  await wrong.close();

  const none = await startServer();
  await none.publish(yaml);
  const { data: last } = await none.post('/v1/workflows/plain/runs', {});
  assert.equal((await none.reachEnd(last.id)).error.code, 'no_mail_server');
  await none.close();
});

test('smtps speaks TLS from the first byte', async () => {
  const secure = await startMails({ secure: true });
  const other = await startServer('--smtp-url', `smtps://localhost:${secure.port}`,
    ...settings(secure).slice(2));
  await other.publish(telling('s', '{ email: { to: a@example.com, subject: S, html: "<b>T</b>" } }'));
  const { data } = await other.post('/v1/workflows/s/runs', {});
  const run = await other.reachEnd(data.id);
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.equal(secure.taken[0].isSecure, true);
  await other.close();
  await secure.close();
});

test('Slack and webhooks are told over HTTP', async () => {
  const slack = await send('slack', `{ slack: { url: "${stub.url}/echo", text: "Hi {{input.n}}" } }`,
    { input: { n: 1 } });
  assert.deepEqual(slack.output.mail, { by: 'slack', status: 200 });
  const hook = await send('hook', `{ webhook: { url: "${stub.url}/echo" } }`, { input: { n: 2 } });
  assert.deepEqual(hook.output.mail, { by: 'webhook', status: 200 });
  const [first, second] = stub.calls();
  assert.deepEqual([first.method, first.body_bytes], ['POST', '{"text":"Hi 1"}'.length]);
  assert.deepEqual([second.method, second.body_bytes], ['POST', '{"n":2}'.length]);
  assert.ok(first.idempotency_key && first.idempotency_key !== second.idempotency_key);
  const failed = await send('down', `{ webhook: { url: "${stub.url}/status/400" } }`);
  assert.equal(failed.error.code, 'http_status');
});
