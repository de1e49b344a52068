// Runs the cases of reference.txt: what the manuals of jq 1.7 and 1.8 promise.
// Usage: node reference.mjs EVAL_PAIRS
//
// A case is a line with a program, `< INPUT` (null if there is none), then what comes out: `> VALUE` for
// each output, `! VALUE` for the error that ends them, or `? WORDS` if the program is refused with
// these words. Lines that begin with # say what the cases below them are about.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const lines = readFileSync(new URL('reference.txt', import.meta.url), 'utf8').split('\n');
const cases = [];
lines.forEach((line, number) => {
  const last = cases.at(-1);
  if (line.startsWith('# ') || line === '#' || line === '') return;
  if (line.startsWith('< ')) last.input = line.slice(2);
  else if (line.startsWith('> ')) last.outputs.push(line.slice(2));
  else if (line.startsWith('! ')) last.error = line.slice(2);
  else if (line.startsWith('? ')) last.refusal = line.slice(2);
  else cases.push({ line: number + 1, program: line, input: 'null', outputs: [] });
});

function isRight(wanted, answer) {
  if (wanted.refusal !== undefined) return answer.startsWith('?') && answer.includes(wanted.refusal);
  const error = wanted.error === undefined ? '' : `!${wanted.error}`;
  return answer === `[${wanted.outputs.join(',')}]${error}`;
}

const result = spawnSync(process.argv[2], [], {
  input: cases.map(({ program, input }) => `${program}\t${input}\n`).join(''),
  encoding: 'utf8', maxBuffer: 1 << 28, timeout: 60000,
});
if (result.status !== 0) throw new Error(`${process.argv[2]} failed: ${result.stderr}`);
const answers = result.stdout.trimEnd().split('\n');
let failed = 0;
cases.forEach((wanted, i) => {
  if (isRight(wanted, answers[i])) return;
  failed++;
  console.log(`reference.txt:${wanted.line}: ${wanted.program}\n  on ${wanted.input}\n  got ${answers[i]}`);
});
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
