// Runs programs over inputs with jq 1.6 and with our evaluator (tests/expr/eval_pairs.c), and
// compares. Usage: node differential.mjs EVAL_PAIRS [--seed N] [--random N] [--verbose]
//
// Every program P is wrapped as [try ((P) | [0, .]) catch [1, .]], so that outputs and the error
// come as one value. jq compiles its built-ins for 40 ms each time it starts, so some hundred
// wrapped programs go through one process; a batch that jq refuses is halved until the wrong
// program stands alone, and then both must refuse it.
import { spawnSync } from 'node:child_process';
import { inputs, programs } from './programs.mjs';
import { callOf, libraryPrograms } from './library_programs.mjs';
import { differences, isExpected } from './differences.mjs';
import { randomPrograms } from './random_programs.mjs';

const args = process.argv.slice(2);
const pairsTool = args[0];
const option = (name, otherwise) => {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : Number(args[at + 1]);
};
const seed = option('--seed', 1);
const randomCount = option('--random', 1500);
const verbose = args.includes('--verbose');

// The closing parenthesis stands on a line of its own, because a program may end in a comment.
const wrap = (program) => `[try ((${program}\n) | [0, .]) catch [1, .]]`;

function runJq(batch) {
  const program = `[${batch.map(wrap).join(', ')}]`;
  const result = spawnSync('jq', ['-c', program], {
    input: inputs.join('\n'), encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60000,
  });
  if (result.status !== 0) return null;
  return result.stdout.trim().split('\n').map((line) => JSON.parse(line));
}

// For each program of the batch: its results, one for each input; null if jq refuses it.
function oracle(batch) {
  const rows = runJq(batch);
  if (rows !== null) return batch.map((_, p) => rows.map((row) => row[p]));
  if (batch.length === 1) return [null];
  const half = batch.length >> 1;
  return [...oracle(batch.slice(0, half)), ...oracle(batch.slice(half))];
}

// eval_pairs reads a program a line: line ends become spaces (there are none inside strings).
const oneLine = (text) => text.replace(/#[^"\n]*\n/g, ' ').replace(/\n/g, ' ');

function ours(all) {
  const lines = [];
  for (const program of all) {
    for (const input of inputs) lines.push(`${oneLine(wrap(program))}\t${input}`);
  }
  const result = spawnSync(pairsTool, [], {
    input: lines.join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 28, timeout: 600000,
  });
  if (result.status !== 0) throw new Error(`${pairsTool} failed: ${result.stderr}`);
  const answers = result.stdout.trimEnd().split('\n');
  return all.map((_, p) => answers.slice(p * inputs.length, (p + 1) * inputs.length));
}

// -0 is 0 for us where integers are concerned.
const clean = (value) => JSON.stringify(value, (_, v) => {
  if (Object.is(v, -0)) return 0;
  return v === Infinity || v === -Infinity ? Math.sign(v) * Number.MAX_VALUE : v;
});

function compare(program, expected, answers) {
  const found = [];
  for (let i = 0; i < inputs.length; i++) {
    const answer = answers[i];
    const refused = answer.startsWith('?');
    if (expected === null) {
      if (!refused) found.push({ program, input: inputs[i], jq: 'refused', us: answer });
      break;
    }
    const us = refused || answer.includes(']?') ? answer : clean(JSON.parse(answer)[0]);
    const jq = clean(expected[i]);
    if (us !== jq) found.push({ program, input: inputs[i], jq, us });
  }
  return found;
}

// Programs that use up a budget of ours (an exponential value, say) could take jq hours.
const candidates = [...programs, ...libraryPrograms, ...randomPrograms(seed, randomCount)];
const candidateAnswers = ours(candidates);
const isBounded = (p) => !candidateAnswers[p].some((answer) => answer.includes(']?'));
const all = candidates.filter((_, p) => isBounded(p));
const answers = candidateAnswers.filter((_, p) => isBounded(p));
const wrong = [];
let expectedCount = 0;
for (let start = 0; start < all.length; start += 100) {
  const batch = all.slice(start, start + 100);
  oracle(batch).forEach((expected, p) => {
    for (const difference of compare(batch[p], expected, answers[start + p])) {
      if (isExpected(difference)) expectedCount++;
      else wrong.push(difference);
    }
  });
}
for (const { program, input, jq, us } of wrong.slice(0, verbose ? wrong.length : 40)) {
  console.log(`${program}\n  on ${input}\n  jq ${jq}\n  us ${us}`);
}
// Whatever jq has is known here.
const builtins = JSON.parse(spawnSync('jq', ['-nc', '[builtins]|.[0]'], { encoding: 'utf8' }).stdout);
const calls = builtins.map(callOf).filter((call) => call !== null);
ours(calls).forEach((answer, i) => {
  if (/unknown function|does not exist/.test(answer[0]))
    wrong.push({ program: calls[i], input: inputs[0], jq: 'known', us: answer[0] });
});
const pairs = all.length * inputs.length;
console.log(
  `${pairs} pairs, ${expectedCount} different on purpose (${differences.length} reasons), ` +
    `${wrong.length} wrong (seed ${seed})`,
);
const failed = new Set(wrong.map(({ program }) => program)).size;
console.log(`${new Set([...all, ...calls]).size - failed} passed, ${failed} failed`);
process.exit(wrong.length === 0 ? 0 : 1);
