// scrape_web: pages as text, as far as robots.txt lets us.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';

import { startServer } from './server.mjs';

let server;
let site;
let calls = [];
let moved = {};
let robots = { status: 404, text: '' };
before(async () => {
  site = createServer((request, response) => {
    calls.push({ url: request.url, agent: request.headers['user-agent'] });
    if (request.url === '/robots.txt') {
      const { status, text } = typeof robots === 'function' ? robots() : robots;
      response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' });
      response.end(text);
      return;
    }
    if (moved[request.url]) {
      response.writeHead(302, { location: moved[request.url], connection: 'close' }).end();
      return;
    }
    const isGone = request.url.startsWith('/gone');
    response.writeHead(isGone ? 410 : 200, { 'content-type': 'text/html; charset=utf-8', connection: 'close' });
    response.end(`<html><head><title>Page ${request.url}</title><style>p{}</style><script>hidden()</script></head>
      <body><h1>Über uns</h1><p>We make <b>windmills</b>.</p></body></html>`);
  });
  await new Promise((done) => site.listen(0, '127.0.0.1', done));
  server = await startServer('--allow', '127.0.0.1');
});
after(async () => {
  await server?.close();
  await new Promise((done) => site.close(done));
});
beforeEach(() => {
  calls = [];
  robots = { status: 404, text: '' };
});

const at = (path) => `http://127.0.0.1:${site.address().port}${path}`;

async function scrape(url, { more = {}, attempts = 1, input = {} } = {}) {
  const workflow = await server.publish(JSON.stringify({
    name: `Scrape ${Math.random()}`,
    steps: [{ id: 'page', type: 'scrape_web', config: { url }, retry: { attempts, backoff: '10ms..20ms' }, ...more }],
  }));
  return server.reachEnd((await server.begin(workflow, input)).id);
}

test('a page becomes text, behind a look at robots.txt', async () => {
  const run = await scrape(at('/about?x=1#part'));
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.equal(run.output.title, 'Page /about?x=1');
  assert.match(run.output.text, /Über uns[\s\S]*We make (\*\*)?windmills/);
  assert.doesNotMatch(run.output.text, /hidden\(\)|<p>/);
  assert.deepEqual([run.output.kind, run.output.url, run.output.pages], ['html', at('/about?x=1'), null]);
  assert.deepEqual(calls.map((call) => call.url), ['/robots.txt', '/about?x=1']);
  for (const call of calls) assert.match(call.agent, /^windrow\//);
});

test('what robots.txt refuses is not asked for', async () => {
  robots = { status: 200, text: 'User-agent: *\nDisallow: /private\nAllow: /private/open\n\nUser-agent: windrow\nDisallow: /ours\n' };
  const refused = await scrape(at('/ours/x'));
  assert.match(JSON.stringify(refused.error), /robots_refused.*127\.0\.0\.1/);
  assert.deepEqual(calls.map((call) => call.url), ['/robots.txt']);
  assert.equal((await scrape(at('/private'))).status, 'completed');
  robots = { status: 200, text: 'User-agent: *\nDisallow: /\n' };
  assert.equal((await scrape(at(''))).status, 'failed');
});

test('a site in trouble is asked again, and not read before', async () => {
  let count = 0;
  robots = () => (count++ === 0 ? { status: 503, text: '' } : { status: 200, text: 'User-agent: *\nDisallow:\n' });
  const run = await scrape(at('/a'), { attempts: 3 });
  assert.equal(run.status, 'completed', JSON.stringify(run.error));
  assert.deepEqual(calls.map((call) => call.url), ['/robots.txt', '/robots.txt', '/a']);
  robots = { status: 500, text: '' };
  assert.match(JSON.stringify((await scrape(at('/b'))).error), /http_status.*500/);
  assert.ok(!calls.some((call) => call.url === '/b'));
});

test('with a cache the rules and the page are asked for once', async () => {
  const more = { cache: '1h' };
  assert.equal((await scrape(at('/kept'), { more })).status, 'completed');
  assert.equal((await scrape(at('/kept'), { more })).status, 'completed');
  assert.equal((await scrape(at('/other'), { more })).status, 'completed');
  assert.deepEqual(calls.map((call) => call.url), ['/robots.txt', '/kept', '/other']);
});

test('a run asks a site for its rules once, another run asks again', async () => {
  const workflow = await server.publish(JSON.stringify({ name: 'Many pages', limits: { concurrency: 1 }, steps: [
    { id: 'each', type: 'expand', config: { list: '.input.paths' } },
    { id: 'page', type: 'scrape_web', config: { url: '{{item.url}}' } },
    { id: 'out', type: 'write_jsonl' },
  ] }));
  const paths = Array.from({ length: 6 }, (_, i) => ({ url: at(`/many/${i}`) }));
  for (let runs = 1; runs < 3; runs++) {
    const run = await server.reachEnd((await server.begin(workflow, { paths })).id);
    assert.equal(run.status, 'completed', JSON.stringify(run.error));
    const asked = calls.map((call) => call.url);
    assert.equal(asked.filter((url) => url === '/robots.txt').length, runs);
    assert.equal(asked.length, 7 * runs);
  }
});

test('where a page has gone is asked for its rules too', async () => {
  const other = { calls: [], robots: 'User-agent: *\nDisallow: /closed\n' };
  other.http = createServer((request, response) => {
    other.calls.push(request.url);
    response.writeHead(200, { 'content-type': 'text/html', connection: 'close' });
    response.end(request.url === '/robots.txt' ? other.robots : '<title>There</title><p>Moved here.</p>');
  });
  await new Promise((done) => other.http.listen(0, '127.0.0.1', done));
  const there = `http://127.0.0.1:${other.http.address().port}`;
  try {
    robots = { status: 200, text: 'User-agent: *\nDisallow: /closed\n' };
    moved = { '/to-open': `${there}/open`, '/to-closed': `${there}/closed`, '/near': '/near/2', '/near/2': '/about', '/shut': '/closed/x', '/round': '/round' };
    const gone = await scrape(at('/to-open'));
    assert.deepEqual([gone.status, gone.output?.title, gone.output?.url], ['completed', 'There', `${there}/open`], JSON.stringify(gone.error));
    assert.deepEqual(other.calls, ['/robots.txt', '/open']);
    assert.match(JSON.stringify((await scrape(at('/to-closed'))).error), /robots_refused/);
    assert.ok(!other.calls.includes('/closed'));
    calls = [];
    assert.equal((await scrape(at('/near'))).output.url, at('/about'));
    assert.deepEqual(calls.map((call) => call.url), ['/robots.txt', '/near', '/near/2', '/about']);
    assert.match(JSON.stringify((await scrape(at('/shut'))).error), /robots_refused/);
    assert.ok(!calls.some((call) => call.url === '/closed/x'));
    assert.match(JSON.stringify((await scrape(at('/round'))).error), /address_refused.*redirected/);
    moved = { '/inside': 'http://169.254.169.254/' };
    assert.match(JSON.stringify((await scrape(at('/inside'))).error), /address_refused/);
  } finally {
    moved = {};
    other.http.closeAllConnections();
    await new Promise((done) => other.http.close(done));
  }
});

test('failures are told', async () => {
  assert.match(JSON.stringify((await scrape(at('/gone'))).error), /http_status.*410/);
  assert.match(JSON.stringify((await scrape('ftp://a.example/')).error), /bad_config.*url/);
  assert.match(JSON.stringify((await scrape('{{input.none}}')).error), /bad_config.*url/);
  assert.match(JSON.stringify((await scrape('http://169.254.169.254/')).error), /address_refused/);
});
