// Summaries for a blog, written as the guides of the Wiserows API teach: an entity type, entities of
// it, a workflow over them, a run, its job until it has ended, and the entities as they are then.
//
// WISEROWS_API and WISEROWS_API_KEY say where; the rest is its own. It prints one line of JSON for
// each thing that it has done.

const API = process.env.WISEROWS_API;
const KEY = process.env.WISEROWS_API_KEY;
const ENDED = ['completed', 'failed', 'cancelled'];

const articles = [
  { title: 'The Rhine', body: 'The Rhine is 1,233 kilometres long. It rises in Switzerland. It flows into the North Sea.' },
  { title: 'The Elbe', body: 'The Elbe is 1,094 kilometres long. It rises in the Krkonose mountains.' },
  { title: 'Stub', body: '' },
];

async function request(method, path, body) {
  const response = await fetch(`${API}${path}`, {
    method,
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.error.code}: ${answer.error.message}`);
  return answer;
}

const say = (line) => console.log(JSON.stringify(line));

async function createArticles() {
  const { data: type } = await request('POST', '/entity-types', {
    name: 'Blog article',
    fields: [
      { name: 'Title', slug: 'title', type: 'text', required: true, config: { maxLength: 80 } },
      { name: 'Body', slug: 'body', type: 'longText' },
      { name: 'Summary', slug: 'summary', type: 'longText' },
      { name: 'Shout', slug: 'shout', type: 'text' },
    ],
  });
  const ids = [];
  for (const fields of articles) {
    const { data: entity } = await request('POST', '/entities', { entityTypeId: type.id, fields });
    ids.push(entity.id);
  }
  return { type, ids };
}

async function createWorkflow(type) {
  const { data: workflow } = await request('POST', '/workflows', {
    name: 'Summarise articles',
    description: 'A sentence for each article that says something',
    entityTypeId: type.id,
    steps: [
      { type: 'validate', config: {} },
      { type: 'condition', config: { expression: '(.item.body | length) > 0' } },
      { type: 'ai_generate', config: { prompt: 'How long is it? {{item.body}}', field: 'summary' } },
      { type: 'transform', config: { expression: '{shout: (.item.title | ascii_upcase)}' } },
      { type: 'publish', config: {} },
    ],
  });
  return workflow;
}

async function waitForJob(jobId) {
  for (;;) {
    const { data: job } = await request('GET', `/jobs/${jobId}`);
    if (ENDED.includes(job.status)) return job;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const { type, ids } = await createArticles();
const workflow = await createWorkflow(type);
say({ workflow: workflow.id, steps: workflow.steps.length });

const { data: { jobId } } = await request('POST', `/workflows/${workflow.id}/run`, { entityIds: ids });
const job = await waitForJob(jobId);
say({ status: job.status, progress: job.progress, logs: job.logs.length });

const { data: run } = await request('GET', `/workflows/${workflow.id}/runs/${jobId}`);
say({ run: run.status, took: run.completedAt - run.startedAt });

const { data: entities, meta } = await request('GET', `/entities?entityTypeId=${type.id}&limit=50`);
say({ total: meta.total });
for (const entity of entities) say(entity.fields);

try {
  await request('POST', `/workflows/${workflow.id}/run`, { entityIds: [] });
} catch (error) {
  say({ refused: error.message });
}
