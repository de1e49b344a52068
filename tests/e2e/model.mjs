// A server that speaks OpenAI's Chat Completions for tests and measurements, has real quotas, and
// misbehaves by a seed: the same call fails in the same way at the same try, whatever the order.
//
//   POST /v1/chat/completions   an answer, whole or as a stream
//   GET  /_stats                what came, as JSON
//
// Tests import startModel(). By itself: node model.mjs '{"port": 0, "seed": 7}', which prints its port.

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const DEFAULTS = {
  port: 0,
  seed: 1,
  key: null, // what Authorization has to carry; null: anything
  latencyMs: 0,
  requestsPerSecond: 0, // 0: no quota
  tokensPerSecond: 0,
  burstSeconds: 1, // what the buckets hold
  saysWhen: true, // Retry-After with a 429
  saysLimits: false, // x-ratelimit headers
  faults: {}, // shares of calls: error, cut, badJson, hang
  models: null, // names that it knows; null: any
};

/** A bucket that fills steadily: the quota. */
class Bucket {
  constructor(rate, seconds) {
    this.rate = rate;
    this.size = rate * seconds;
    this.level = this.size;
    this.filled = performance.now();
  }

  fill() {
    const now = performance.now();
    this.level = Math.min(this.size, this.level + ((now - this.filled) / 1000) * this.rate);
    this.filled = now;
  }

  /** Seconds until so much is there; 0: it is. */
  wait(amount) {
    if (this.rate === 0) return 0;
    this.fill();
    return Math.max(0, (amount - this.level) / this.rate);
  }

  take(amount) {
    if (this.rate > 0) this.level -= amount;
  }
}

const hash = (...parts) => createHash('sha256').update(parts.join('\0')).digest();

/** 0 to 1, by seed, call and try. */
const chance = (...parts) => hash(...parts).readUInt32BE(0) / 2 ** 32;

const tokensOf = (text) => Math.ceil(text.length / 4);

/** Some value that a schema allows. */
export function valueFor(schema) {
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return valueFor(schema.anyOf[0]);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === 'object') {
    const entries = Object.entries(schema.properties ?? {});
    return Object.fromEntries(entries.map(([name, property]) => [name, valueFor(property)]));
  }
  return { array: [], string: 'text', number: 1.5, integer: 1, boolean: true }[type] ?? null;
}

/** What a model says: by the schema if there is one, else the prompt's last line. */
function sayDefault(request) {
  const schema = request.response_format?.json_schema?.schema;
  if (schema) return JSON.stringify({ ...valueFor(schema), citations: [] });
  const { content } = request.messages.at(-1);
  return `You said: ${content.trim().split('\n').at(-1)}`;
}

export class Model {
  constructor(options) {
    this.options = { ...DEFAULTS, ...options };
    this.say = this.options.say ?? sayDefault;
    this.requests = new Bucket(this.options.requestsPerSecond, this.options.burstSeconds);
    this.tokens = new Bucket(this.options.tokensPerSecond, this.options.burstSeconds);
    this.tries = new Map(); // by idempotency key, or by body
    this.answered = new Map(); // likewise, calls that were answered whole
    this.calls = []; // {ms since the first call, status, tokens}
    this.seen = []; // every call when it came: {idempotency_key, body_sha256, unix_ms, usage (null: no answer yet)}
    this.bodies = []; // of the first calls
    this.headers = [];
    this.inFlight = 0;
    this.mostAtOnce = 0;
    this.held = new Set();
  }

  sendJson(response, status, value, headers = {}) {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(value));
  }

  refuse(response, status, message, code, headers) {
    this.sendJson(response, status, { error: { message, type: code, code } }, headers);
  }

  limits() {
    if (!this.options.saysLimits) return {};
    this.requests.fill();
    const left = Math.max(0, Math.floor(this.requests.level));
    const reset = (this.requests.size - this.requests.level) / this.requests.rate;
    return {
      'x-ratelimit-limit-requests': Math.floor(this.requests.size),
      'x-ratelimit-remaining-requests': left,
      'x-ratelimit-reset-requests': `${Math.round(reset * 1000)}ms`,
    };
  }

  /** Which fault this try of this call meets; null: none. */
  fault(id, number) {
    let at = chance(this.options.seed, id, number);
    for (const [name, share] of Object.entries(this.options.faults)) {
      if (at < share) return name;
      at -= share;
    }
    return null;
  }

  async stream(response, answer, fault) {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...this.limits() });
    const { content } = answer.choices[0].message;
    const piece = (choices, more = {}) =>
      response.write(`data: ${JSON.stringify({ id: answer.id, model: answer.model, choices, ...more })}\n\n`);
    const middle = Math.ceil(content.length / 2);
    piece([{ index: 0, delta: { role: 'assistant', content: content.slice(0, middle) }, finish_reason: null }]);
    if (fault === 'cut') {
      await new Promise((done) => setTimeout(done, 1));
      response.socket?.destroy();
      return;
    }
    if (fault === 'hang') {
      this.held.add(response);
      return;
    }
    piece([{ index: 0, delta: { content: content.slice(middle) }, finish_reason: null }]);
    piece([{ index: 0, delta: {}, finish_reason: 'stop' }]);
    piece([], { usage: answer.usage });
    response.end('data: [DONE]\n\n');
  }

  whole(response, answer, fault) {
    if (fault === 'hang') {
      this.held.add(response);
      return;
    }
    const text = JSON.stringify(answer);
    if (fault === 'cut') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 9 });
      response.write(text, () => response.socket?.destroy());
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', ...this.limits() });
    response.end(text);
  }

  /** False: the quota is used up, and the call was told so. */
  admit(response, tokens, note) {
    const wait = Math.max(this.requests.wait(1), this.tokens.wait(tokens));
    if (wait > 0) {
      note(429);
      const headers = this.options.saysWhen ? { 'retry-after': Math.max(1, Math.ceil(wait)) } : {};
      this.refuse(response, 429, 'Rate limit reached', 'rate_limit_exceeded', { ...headers, ...this.limits() });
      return false;
    }
    this.requests.take(1);
    this.tokens.take(tokens);
    return true;
  }

  async answer(request, response, text) {
    const began = performance.now();
    this.first ??= began;
    const body = JSON.parse(text);
    const id = request.headers['idempotency-key'] ?? hash(text).toString('hex');
    const call = { idempotency_key: id, body_sha256: hash(text).toString('hex'), unix_ms: Date.now(), usage: null };
    this.seen.push(call);
    if (this.bodies.length < 1000) this.bodies.push(body);
    if (this.headers.length < 1000) this.headers.push(request.headers);
    const tokens = tokensOf(text) + (body.max_tokens ?? 20);
    const note = (status) => this.calls.push({ ms: began - this.first, status, tokens });
    if (this.options.key && request.headers.authorization !== `Bearer ${this.options.key}`) {
      note(401);
      this.refuse(response, 401, 'Incorrect API key provided', 'invalid_api_key');
      return;
    }
    if (this.options.models && !this.options.models.includes(body.model)) {
      note(404);
      this.refuse(response, 404, `The model \`${body.model}\` does not exist`, 'model_not_found');
      return;
    }
    if (!this.admit(response, tokens, note)) return;
    const number = (this.tries.get(id) ?? 0) + 1;
    this.tries.set(id, number);
    let fault = this.fault(id, number);
    await new Promise((done) => setTimeout(done, this.options.latencyMs));
    if (fault === 'error') {
      note(500);
      this.refuse(response, 500, 'The server had an error', 'server_error');
      return;
    }
    note(200);
    let content = this.say(body, id);
    if (fault === 'badJson') content = content.slice(0, Math.ceil(content.length / 2));
    else if (fault === null) this.answered.set(id, (this.answered.get(id) ?? 0) + 1);
    const usage = { prompt_tokens: tokensOf(text), completion_tokens: tokensOf(content) };
    call.usage = usage;
    const message = { role: 'assistant', content };
    const answer = {
      id: `chatcmpl-${id.slice(0, 12)}`,
      object: 'chat.completion',
      model: body.model,
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    };
    if (body.stream) await this.stream(response, answer, fault);
    else this.whole(response, answer, fault);
  }

  stats() {
    const late = this.calls.filter((call) => call.ms >= 10_000);
    const last = Math.max(0, ...this.calls.map((call) => call.ms));
    const count = (calls, status) => calls.filter((call) => call.status === status).length;
    return {
      calls: this.calls.length,
      refused: count(this.calls, 429),
      seconds: last / 1000,
      late: { calls: late.length, refused: count(late, 429) },
      admitted: this.calls.length - count(this.calls, 429),
      ids: this.tries.size,
      tries: [...this.tries.values()].reduce((sum, number) => sum + number, 0),
      repeated: [...this.answered.values()].filter((number) => number > 1).length,
      mostAtOnce: this.mostAtOnce,
    };
  }

  handle(request, response) {
    if (request.url === '/_stats') {
      this.sendJson(response, 200, this.stats());
      return;
    }
    const pieces = [];
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.inFlight);
    response.once('close', () => this.inFlight--);
    request.on('data', (piece) => pieces.push(piece));
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('end', () => {
      this.answer(request, response, Buffer.concat(pieces).toString('utf8')).catch((error) =>
        this.refuse(response, 400, String(error), 'invalid_request_error'),
      );
    });
  }

  async start() {
    this.http = createServer((request, response) => this.handle(request, response));
    this.http.keepAliveTimeout = 60_000;
    await new Promise((done) => this.http.listen(this.options.port, '127.0.0.1', done));
    // A test that ends early, by a failure, does not wait for its model.
    this.http.unref();
    this.http.on('connection', (socket) => socket.unref());
    this.port = this.http.address().port;
    this.url = `http://127.0.0.1:${this.port}/v1`;
  }

  close() {
    return new Promise((done) => {
      this.http.close(done);
      this.http.closeAllConnections();
    });
  }
}

/** `options` as DEFAULTS has them, and `say(request)`: what the model answers. */
export async function startModel(options = {}) {
  const model = new Model(options);
  await model.start();
  return model;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const model = await startModel(JSON.parse(process.argv[2] ?? '{}'));
  model.http.ref();
  console.log(`listening on ${model.url}`);
  process.on('SIGTERM', () => process.exit(0));
}
