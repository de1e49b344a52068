// A lead pipeline, written as the guide of the Sixtyfour API teaches: start a run with rows, poll its
// overall status, print and download each result file; then the same with a CSV file.
//
// SIXTYFOUR_URL, SIXTYFOUR_API_KEY, SIXTYFOUR_WORKFLOW_ID and SIXTYFOUR_CSV_WORKFLOW_ID say where; the
// rest is its own. It prints one line of JSON for each thing that it learns.

const API = process.env.SIXTYFOUR_URL;
const KEY = process.env.SIXTYFOUR_API_KEY;
const TERMINAL = ['completed', 'failed', 'cancelled', 'canceled', 'timeout'];
const POLL_MS = Number(process.env.SIXTYFOUR_POLL_MS ?? 5000);
const leads = [
  { name: 'Ada Lovelace', company: 'Analytical Engines', domain: 'engines.example' },
  { name: 'Grace Hopper', company: 'Compilers Inc', domain: 'compilers.example' },
];

const say = (line) => console.log(JSON.stringify(line));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

async function request(method, path, body, headers = {}) {
  const response = await fetch(API + path, {
    method,
    headers: {
      'x-api-key': KEY,
      ...(body && !(body instanceof FormData) ? { 'Content-Type': 'application/json' } : {}),
      ...headers,
    },
    body: body && !(body instanceof FormData) ? JSON.stringify(body) : body,
  });
  const data = response.status === 204 ? null : await response.json();
  if (response.ok) return data;
  const detail = data.message ?? (Array.isArray(data.detail) ? data.detail.map((one) => one.msg).join('; ') : data.detail);
  throw new Error(`${response.status}: ${detail}`);
}

async function startRun(workflow, body, key) {
  const run = await request('POST', `/workflows/run?workflow_id=${workflow}`, body, { 'Idempotency-Key': key });
  return { job: run.job_id, again: run.already_started === true };
}

async function finish(job) {
  for (;;) {
    const live = await request('GET', `/workflows/runs/${job}/live_status`);
    if (TERMINAL.includes(live.overall_status)) return live;
    await sleep(POLL_MS);
  }
}

async function printResults(job) {
  for (const item of await request('GET', `/workflows/runs/${job}/results/download-links`)) {
    const file = await fetch(item.download_url);
    const lines = (await file.text()).trim().split(/\r?\n/);
    say({ filename: item.filename, download_url: item.download_url, rows: item.row_count, status: file.status, lines });
  }
}

async function main() {
  const key = `leads-${Date.now()}`;
  const first = await startRun(process.env.SIXTYFOUR_WORKFLOW_ID, { webhook_payload: leads }, key);
  const again = await startRun(process.env.SIXTYFOUR_WORKFLOW_ID, { webhook_payload: leads }, key);
  say({ started: first.job, again: again.again, same: first.job === again.job });
  const live = await finish(first.job);
  say({ status: live.overall_status, blocks: live.blocks.map((block) => `${block.sequence_number} ${block.block_name} ${block.status}`) });
  await printResults(first.job);

  const form = new FormData();
  form.append('file', new Blob([`company\n${leads.map((lead) => lead.company).join('\n')}\n`], { type: 'text/csv' }), 'leads.csv');
  const { handle_id: handle } = await request('POST', '/storage/csv/upload', form);
  const second = await startRun(process.env.SIXTYFOUR_CSV_WORKFLOW_ID, { specs_override: { resource_handle_id: handle } }, `${key}-csv`);
  await finish(second.job);
  await printResults(second.job);

  const runs = await request('GET', '/workflows/runs?status=completed&limit=10');
  say({ runs: runs.map((run) => [run.job_id, run.workflow_name]) });
  say({ cancelled: (await request('POST', `/workflows/cancel?job_id=${first.job}`)).status });
  try {
    await startRun('wf_unknown', {}, `${key}-unknown`);
  } catch (error) {
    say({ error: error.message });
  }
}

await main();
