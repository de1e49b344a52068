// A lesson planner, written as the guide of the AI Tutor API teaches: one synchronous call on the
// server, then a token for the browser, which streams with it.
//
// AITUTOR_URL, AITUTOR_SECRET_KEY and AITUTOR_WORKFLOW_ID say where; the rest is its own. It prints one
// line of JSON for each call.

const API = `${process.env.AITUTOR_URL}/api/v1`;
const KEY = process.env.AITUTOR_SECRET_KEY;
const WORKFLOW = process.env.AITUTOR_WORKFLOW_ID;
const variables = {
  topic: 'the river Rhine',
  notes: 'The Rhine is 1,233 kilometres long. It rises in Switzerland. It flows into the North Sea.',
};

async function runWorkflow() {
  const response = await fetch(`${API}/run/${WORKFLOW}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${KEY}` },
    body: JSON.stringify(variables),
  });
  const data = await response.json();
  if (!data.success) throw new Error(data.error);
  return {
    result: data.result,
    left: Number(response.headers.get('x-ratelimit-remaining')),
    of: Number(response.headers.get('x-ratelimit-limit')),
  };
}

async function createToken() {
  const response = await fetch(`${API}/token?ttl=120`, { headers: { Authorization: `Bearer ${KEY}` } });
  const data = await response.json();
  if (!data.success) throw new Error(data.error);
  return data.token;
}

async function streamWorkflow(token, onText) {
  const response = await fetch(`${API}/run/${WORKFLOW}/stream?token=${token}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(variables),
  });
  if (!response.ok) throw new Error((await response.json()).error);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    onText(decoder.decode(value, { stream: true }));
  }
}

const ran = await runWorkflow();
console.log(JSON.stringify(ran));

let text = '';
const token = await createToken();
await streamWorkflow(token, (piece) => { text += piece; });
console.log(JSON.stringify({ streamed: text }));

try {
  await streamWorkflow(token, () => {});
} catch (error) {
  console.log(JSON.stringify({ refused: error.message }));
}
