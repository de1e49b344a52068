// Workflows of n8n, as its editor saves them.
import { randomUUID } from 'node:crypto';

export const node = (name, type, typeVersion, parameters = {}, more = {}) => ({
  id: randomUUID(), name, type: type.includes('.') ? type : `n8n-nodes-base.${type}`, typeVersion, position: [0, 0], parameters, ...more,
});
export const start = () => node('Start', 'manualTrigger', 1);
export const to = (name, index = 0) => ({ node: name, type: 'main', index });
export const fields = (values, more = {}) => ({
  assignments: { assignments: Object.entries(values).map(([name, value], i) => ({ id: String(i), name, value, type: typeOf(value) })) },
  ...more,
});
export function typeOf(value) {
  if (Array.isArray(value)) return 'array';
  return typeof value;
}
/** All nodes behind each other, unless `connections` says otherwise. */
export function workflow(nodes, connections) {
  const line = {};
  for (let i = 0; i + 1 < nodes.length; i++) line[nodes[i].name] = { main: [[to(nodes[i + 1].name)]] };
  return {
    name: 'Of n8n', nodes, connections: connections ?? line, pinData: {}, settings: { executionOrder: 'v1' }, active: false,
    versionId: randomUUID(), tags: [],
  };
}
export const list = (path) => node('List', 'splitOut', 1, { fieldToSplitOut: path, options: {} });
export const condition = (leftValue, type, operation, rightValue) => ({
  conditions: {
    options: { caseSensitive: true, leftValue: '', typeValidation: 'strict', version: 2 },
    conditions: [{ id: '1', leftValue, rightValue, operator: { type, operation } }],
    combinator: 'and',
  },
});
