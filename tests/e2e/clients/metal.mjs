// A screening tool, written as Metal's guides teach: find the workflow, start a run for a company,
// poll until its status is terminal, read the output; retry a run that failed; trigger by webhook.
//
// METAL_URL, METAL_CLIENT_ID and METAL_API_KEY say where; METAL_POLL_SECONDS how often it asks (the
// guide says 10) and METAL_TIMEOUT_SECONDS for how long (600). It prints one line of JSON for each
// thing that it does.

const BASE = process.env.METAL_URL;
const POLL_MS = Number(process.env.METAL_POLL_SECONDS ?? 10) * 1000;
const TIMEOUT_MS = Number(process.env.METAL_TIMEOUT_SECONDS ?? 600) * 1000;
const TERMINAL = new Set(['completed', 'failed', 'cancelled']);

class MetalError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function createClient(clientId, apiKey) {
  async function request(method, path, body) {
    const response = await fetch(`${BASE}${path}`, {
      method,
      headers: {
        'x-metal-client-id': clientId,
        'x-metal-api-key': apiKey,
        'Content-Type': 'application/json',
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const json = await response.json();
    if (!response.ok) throw new MetalError(response.status, json.error);
    return json;
  }

  async function waitForRun(id) {
    const deadline = Date.now() + TIMEOUT_MS;
    while (Date.now() < deadline) {
      const { data: run } = await request('GET', `/v1/workflow-runs/${id}`);
      if (TERMINAL.has(run.status.toLowerCase())) return run;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
    throw new Error(`run ${id} did not end in time`);
  }

  return {
    waitForRun,
    listWorkflows: async () => (await request('GET', '/v1/workflows')).data,
    createCompany: async (company) => (await request('POST', '/v1/companies', company)).data,
    getCompany: async (externalId) =>
      (await request('GET', `/v1/companies/externalId=${encodeURIComponent(externalId)}`)).data,
    searchCompanies: (query) => request('POST', '/v1/companies/search', { query, limit: 10, page: 1 }),
    startRun: async (workflowId, input) =>
      (await request('POST', `/v1/workflows/${workflowId}/runs`, { input })).data,
    listRuns: async (workflowId) =>
      (await request('GET', `/v1/workflows/${workflowId}/runs?limit=50`)).data,
    retryRun: async (id) => (await request('POST', `/v1/workflow-runs/${id}/retry`)).data,
  };
}

const say = (line) => console.log(JSON.stringify(line));
const metal = createClient(process.env.METAL_CLIENT_ID, process.env.METAL_API_KEY);
const workflows = await metal.listWorkflows();
const named = (name) => workflows.find((workflow) => workflow.name === name).id;

await metal.createCompany({
  canonicalName: 'Bolt AG',
  externalId: 'crm/42',
  description: 'Bolt AG was founded in 1923 in Bonn. It makes screws and employs 12,400 people.',
});
const company = await metal.getCompany('crm/42');
const found = await metal.searchCompanies('bolt');
say({ company: company.canonicalName, found: found.data[0].id === company.id, of: found.metadata });

const started = await metal.startRun(named('Screen a company'), { companyId: company.id });
const screened = await metal.waitForRun(started.id);
say({ screened: screened.output, sameCompany: screened.input.companyId === company.id });

const first = await metal.waitForRun((await metal.startRun(named('Check the register'), {})).id);
const again = await metal.retryRun(first.id);
const second = await metal.waitForRun(again.id);
say({ first: first.status, sameRun: again.id === first.id, second: second.status, output: second.output });

const hook = await fetch(`${BASE}/webhooks/workflows/screen-a-company`, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ companyId: company.id }),
});
const triggered = await metal.waitForRun((await hook.json()).data.id);
say({ triggered: triggered.output, runs: (await metal.listRuns(named('Screen a company'))).length });

try {
  await createClient(process.env.METAL_CLIENT_ID, 'revoked').listWorkflows();
} catch (error) {
  say({ status: error.status, error: error.message });
}
