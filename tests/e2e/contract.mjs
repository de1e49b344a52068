// Holds every JSON answer of the native API to the description that the server gives of itself.
//
// Objects are taken as closed here, so that a field that the description forgets is found.

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

let description;

/** Objects that list their properties have no others, unless they say so. */
function close(schema) {
  if (Array.isArray(schema)) return schema.map(close);
  if (schema === null || typeof schema !== 'object') return schema;
  const out = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
  if (out.properties && !('additionalProperties' in out)) out.additionalProperties = false;
  return out;
}

/** '/v1/runs/{run}' as an expression over paths. */
function pathPattern(template) {
  const parts = template.split('/').map((part) =>
    part.startsWith('{') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  );
  return new RegExp(`^${parts.join('/')}$`);
}

class Description {
  constructor(document) {
    this.paths = Object.keys(document.paths).map((template) => ({
      template,
      pattern: pathPattern(template),
      operations: document.paths[template],
    }));
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(this.ajv);
    this.ajv.addSchema(close(document), 'api');
  }

  /** The schema of the answer; undefined where the description has none. */
  place(method, path, status) {
    const found = this.paths.find(({ pattern, operations }) =>
      pattern.test(path) && operations[method.toLowerCase()]);
    if (!found) return undefined;
    const name = method.toLowerCase();
    const answers = found.operations[name].responses;
    const key = answers[status] ? String(status) : status >= 500 ? '5XX' : '4XX';
    const answer = answers[key];
    if (!answer) return undefined;
    const steps = ['paths', found.template, name, 'responses', key];
    if (answer.$ref) return `api${answer.$ref}/content/application~1json/schema`;
    if (!answer.content?.['application/json']) return undefined;
    const pointer = [...steps, 'content', 'application/json', 'schema']
      .map((step) => encodeURIComponent(step.replace(/~/g, '~0').replace(/\//g, '~1')));
    return `api#/${pointer.join('/')}`;
  }

  check(method, path, status, json) {
    const place = this.place(method, path, status);
    if (!place) return;
    const validate = this.ajv.getSchema(place);
    if (!validate) throw new Error(`no schema at ${place}`);
    if (validate(json)) return;
    const words = validate.errors.map((error) =>
      `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
    throw new Error(`${method} ${path} answered ${status}, not as described:\n` +
      `${words.join('\n')}\n${JSON.stringify(json)}`);
  }
}

/** Fails if the answer is not as the server's own description has it. */
export async function checkAnswer(server, method, path, status, json) {
  if (json === undefined) return;
  if (!description) {
    const answer = await fetch(`${server}/openapi.json`);
    description = new Description(await answer.json());
  }
  description.check(method, path.split('?')[0], status, json);
}
