// A server of models whose words come when a test lets them: what is streamed can be looked at in between.

import { createServer } from 'node:http';

/** A server of models that says its words one after the other, when it is let. */
export async function startSpeaker() {
  const calls = [];
  const http = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const piece = (delta, finish = null) => response.write(
        `data: ${JSON.stringify({ id: 'x', model: 'one', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
      calls.push({
        say: (text) => piece({ content: text }),
        cut: () => response.destroy(),
        end: () => {
          piece({}, 'stop');
          response.end('data: [DONE]\n\n');
        },
      });
    });
  });
  await new Promise((done) => http.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${http.address().port}/v1`,
    calls,
    close: () => {
      http.closeAllConnections();
      return new Promise((done) => http.close(done));
    },
  };
}
