// Options, counted checks and seeded chance, for all parts of the crash test.

export function words(name, fallback) {
  const at = process.argv.indexOf(name);
  return at < 0 ? fallback : process.argv[at + 1];
}

export const option = (name, fallback) => Number(words(name, fallback));

export const kills = option('--kills', 24);
export const seed = option('--seed', Date.now() % 1_000_000);
/** A thorough run, as `./dev check` asks for it. */
export const isLong = kills >= 100;

// mulberry32: a small seeded generator, so that a failing life can be lived again.
let state = seed >>> 0;
export function random(bound) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % bound;
}

export const counts = { passed: 0, failed: 0, killed: 0 };

export function check(is_right, label, detail = '') {
  if (is_right) {
    counts.passed++;
    return true;
  }
  counts.failed++;
  const words = `${detail}`.slice(0, 2000);
  console.error(`FAILED (seed ${seed}): ${label}${words === '' ? '' : `: ${words}`}`);
  return false;
}

/**
 * Each idempotency key with one body only, and no more repeated calls than were in flight.
 * @returns {number} how many different calls were made
 */
export function checkCalls(calls, most, label) {
  const bodies = new Map();
  for (const call of calls) {
    const known = bodies.get(call.idempotency_key);
    if (known === undefined) bodies.set(call.idempotency_key, call.body_sha256);
    else if (known !== call.body_sha256)
      check(false, `${label}: a key with two bodies`, call.idempotency_key);
  }
  const repeated = calls.length - bodies.size;
  check(repeated <= most, `${label}: calls repeated`, `${repeated}, at most ${most} were in flight`);
  return bodies.size;
}
