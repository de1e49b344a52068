// Asks a server as a client of the Wiserows API does.

import assert from 'node:assert/strict';

const CODES = {
  400: 'invalid_request', 401: 'unauthorized', 402: 'insufficient_credits', 403: 'forbidden', 404: 'not_found',
  405: 'method_not_allowed', 409: 'conflict', 413: 'payload_too_large', 429: 'rate_limited', 501: 'not_implemented',
};
export const codeOf = (status) => CODES[status];

/** A time of this century in milliseconds. */
export function isMs(number) {
  assert.ok(Number.isInteger(number) && number > 1.6e12 && number < 4e12, `${number} is no time in ms`);
}

export function client(server) {
  const bearer = (key = server.key.apiKey) => ({ Authorization: `Bearer ${key}` });
  const call = async (method, path, { body, type = 'application/json', headers = bearer() } = {}) => {
    const answer = await fetch(server.url + path, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': type }), ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: answer.status, headers: answer.headers, text, json };
  };
  return {
    bearer,
    call,
    get: (path, options) => call('GET', path, options),
    post: (path, body, options) => call('POST', path, { body, ...options }),
  };
}
