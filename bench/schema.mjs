// The object of bench_schema.c by ajv, which makes a program of each schema: the same checks a
// second in the same hour.
import { readFileSync } from 'node:fs';

import addFormats from 'ajv-formats';
import Ajv from 'ajv/dist/2020.js';

const { schema, value } = JSON.parse(readFileSync('bench/inside/company.json'));
const ajv = new Ajv();
addFormats(ajv);
const accepts = ajv.compile(schema);
const BATCH = 1000;
const text = JSON.stringify(value);

function measure(name, once) {
  let best = Infinity;
  for (const end = performance.now() + 500; performance.now() < end;) {
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) once();
    best = Math.min(best, performance.now() - start);
  }
  const each = (best / BATCH) * 1e6;
  console.log(`${Math.round(1e9 / each).toString().padStart(12)} /s ${each.toFixed(0).padStart(8)} ns  ${name}`);
}

if (!accepts(value)) throw new Error('the value is not valid');
measure('an object of 12 fields, by ajv', () => accepts(value));
measure('  beside: JSON.parse of it', () => JSON.parse(text));
