// A socket of the service manager: connections wait while the server is restarted.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { until, WINDROW } from './server.mjs';

/* Holds the socket as descriptor 3 without accepting, and starts what each line says. */
const HOLDER = 'while read -r line; do ( sh -c "$line"; echo "ended $?" ) & done; wait';

/** What a service manager does. */
class Manager {
  constructor(data) {
    this.data = data;
    this.said = '';
    this.log = '';
    this.starts = 0;
  }

  async open(environment) {
    const socket = createServer();
    await new Promise((done) => socket.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, done));
    this.port = socket.address().port;
    this.holder = spawn('sh', ['-c', HOLDER], {
      stdio: ['pipe', 'pipe', 'pipe', socket._handle.fd],
      env: { ...process.env, ...environment, WINDROW, DATA: this.data },
    });
    this.holder.stdout.on('data', (piece) => (this.said += piece));
    this.holder.stderr.on('data', (piece) => (this.log += piece));
    await new Promise((done) => socket.close(done));
  }

  async start(environment = 'LISTEN_PID=$$ LISTEN_FDS=1') {
    this.starts++;
    this.holder.stdin.write(`echo "pid $$"; ${environment} exec "$WINDROW" serve --data "$DATA"\n`);
    this.pid = Number((await this.hear(/pid (\d+)\n/g))[1]);
  }

  /** The one of this start. */
  hear(pattern) {
    return until(() => [...this.said.matchAll(pattern)][this.starts - 1], String(pattern));
  }

  async ended() {
    return Number((await this.hear(/ended (\d+)\n/g))[1]);
  }

  async stop() {
    process.kill(this.pid, 'SIGTERM');
    assert.equal(await this.ended(), 0, this.log);
  }

  close() {
    this.holder.stdin.end();
  }
}

function get(port, path) {
  return new Promise((resolved, rejected) => {
    const asked = request({ port, path, host: '127.0.0.1', agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolved(answer.statusCode));
    });
    asked.on('error', rejected);
    asked.end();
  });
}

async function withManager(work, environment) {
  const data = await mkdtemp(join(tmpdir(), 'windrow-activation-'));
  const manager = new Manager(data);
  await manager.open(environment);
  try {
    await work(manager);
  } finally {
    manager.close();
    await rm(data, { recursive: true, force: true });
  }
}

test('no connection is refused or lost while the server is restarted', () =>
  withManager(async (manager) => {
    await manager.start();
    await until(() => /listening on the socket that was handed over/.test(manager.log), 'the server');
    let goesOn = true;
    let answered = 0;
    const client = async () => {
      while (goesOn) {
        assert.equal(await get(manager.port, '/healthz'), 200);
        answered++;
      }
    };
    const clients = Promise.all(Array.from({ length: 8 }, client));
    for (let i = 0; i < 5; i++) {
      const before = answered;
      await until(() => answered > before + 50, 'answers');
      await manager.stop();
      await manager.start();
    }
    const before = answered;
    await until(() => answered > before + 50, 'answers');
    goesOn = false;
    await clients;
    await manager.stop();
  }));

test('the manager is told that the server is ready, and that it stops', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'windrow-notify-'));
  const path = join(folder, 'notify.sock');
  /* Node has no datagram sockets of that family. */
  const listener = spawn('python3', ['-u', '-c', `
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(${JSON.stringify(path)}); print("open")
for _ in range(2): print(s.recv(100).decode())
`]);
  let heard = '';
  listener.stdout.on('data', (piece) => (heard += piece));
  try {
    await until(() => /open/.test(heard), 'the listener');
    await withManager(
      async (manager) => {
        await manager.start();
        await until(() => /READY=1/.test(heard), 'READY=1');
        assert.equal(await get(manager.port, '/readyz'), 200);
        await manager.stop();
        await until(() => /STOPPING=1/.test(heard), 'STOPPING=1');
      },
      { NOTIFY_SOCKET: path },
    );
  } finally {
    listener.kill();
    await rm(folder, { recursive: true, force: true });
  }
});

test('sockets that are not for us, or make no sense', () =>
  withManager(async (manager) => {
    await manager.start('LISTEN_PID=1 LISTEN_FDS=1 WINDROW_LISTEN=127.0.0.1:0');
    await until(() => /listening on http:\/\/127/.test(manager.log), 'its own address');
    await manager.stop();
    await manager.start('LISTEN_PID=$$ LISTEN_FDS=3');
    assert.equal(await manager.ended(), 1);
    await until(() => /more sockets were handed over/.test(manager.log), 'the words for more sockets');
    await manager.start('exec 3</dev/null; LISTEN_PID=$$ LISTEN_FDS=1');
    assert.equal(await manager.ended(), 1);
    await until(() => /is no listening socket/.test(manager.log), 'the words for another file');
  }));
