// Random programs for the differential test: small trees of everything that both evaluators have
// and that ends. The same seed gives the same programs.

function generator(seed) {
  let state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
  return (below) => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number((state >> 33n) % BigInt(below));
  };
}

const literals = [
  'null', 'true', 'false', '0', '1', '2', '10', '-1', '""', '"a"', '"b"', '"ab"', '[]', '{}',
  '[1, 2]', '["a", "b"]', '{a: 1}', '{a: {b: 2}}', '[[1], [2, 3]]', '[{a: 2}, {a: 1}]',
];
const paths = [
  '.', '.a', '.b', '.a?', '.b?', '.[0]?', '.[-1]?', '.[1:]?', '.[:1]?', '.[]?', '.a.b?',
  '.a[]?', '..', '.["a"]?', '.[0].a?', 'first(.[]?)', 'select(.)', 'recurse(.a?; . != null)',
];
const filters = [
  'length', 'keys', 'type', 'not', 'tostring', 'tojson', 'add', 'sort', 'unique',
  'flatten', 'to_entries', 'min', 'max', 'explode', 'ascii_upcase', '([try tonumber catch 1] | .[])', 'any', 'all',
  'floor', 'empty', 'first', 'last', 'values', 'arrays', 'objects', 'scalars', 'paths',
  'leaf_paths', 'utf8bytelength', 'keys_unsorted', 'isnan', 'error("e")', 'implode',
  'ascii_downcase', 'tostream', '@text', '@json', 'sqrt', '([try fromjson catch 0] | .[])',
];
const operators = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>=', 'and', 'or', '//'];
const assigns = ['=', '|=', '+=', '-=', '*=', '//='];

export function randomPrograms(seed, count) {
  const random = generator(seed);
  const pick = (list) => list[random(list.length)];
  const variables = [];

  const leaf = () => {
    const kind = random(10);
    if (kind < 4) return pick(paths);
    if (kind < 6) return pick(literals);
    if (kind < 7 && variables.length > 0) return pick(variables);
    return pick(filters);
  };
  const path = (depth) => {
    const kind = random(8);
    if (depth <= 0 || kind < 3) return pick(paths.slice(0, 14));
    if (kind < 4) return `(${path(depth - 1)} | ${path(depth - 1)})`;
    if (kind < 5) return `(${path(depth - 1)}, ${path(depth - 1)})`;
    if (kind < 6) return `(${path(depth - 1)} | select(${any(depth - 1)}))`;
    if (kind < 7) return `(if ${any(depth - 1)} then ${path(depth - 1)} else . end)`;
    return `first(${path(depth - 1)})`;
  };
  const within = (name, make) => {
    variables.push(name);
    const text = make();
    variables.pop();
    return text;
  };
  const names = ['$x', '$y', '$z'];
  // Steps that change an object, of which some keep parts of it.
  const folds = (d) => [
    '.a.n += 1', '.["k"] += [.a]', '.b = .a', '.c |= [., .]', '. + {d: .a}', 'del(.b)',
    `.e = [${any(d)}]`, `.a.b |= [${any(d)}]`, `.[${pick(['"f"', '"a"'])}] //= [${any(d)}]`,
    `if [${any(d)}] == [] then .a.n = 0 else .g = .b end`, '(.a as $s | .a.n += 1 | .h = $s)',
  ];
  const forms = [
    (d) => `(${any(d)} | ${any(d)})`,
    (d) => `(${any(d)} | ${any(d)})`,
    (d) => `(${any(d)}, ${any(d)})`,
    (d) => `(${any(d)} ${pick(operators)} ${any(d)})`,
    (d) => `(${any(d)} ${pick(operators)} ${any(d)})`,
    (d) => `(if ${any(d)} then ${any(d)} else ${any(d)} end)`,
    (d) => `([try ${any(d)} catch ${any(d)}] | .[])`,
    (d) => `([try ${any(d)} catch empty] | .[])`,
    (d) => `[${any(d)}]`,
    (d) => `{a: (${any(d)})}`,
    (d) => `{a: (${any(d)}), b: (${any(d)})}`,
    (d) => `{(${any(d)} | tostring): (${any(d)})}`,
    (d) => `[.[]? | ${any(d)}]`,
    (d) => `map(${any(d)})`,
    (d) => `map_values([${any(d)}])`,
    (d) => `select(${any(d)})`,
    (d) => `"s\\(${any(d)})t"`,
    (d) => `[limit(2; ${any(d)})]`,
    (d) => `first(${any(d)})`,
    (d) => `(${any(d)} | sort_by(${any(d)}))`,
    (d) => `(${any(d)} | group_by(${any(d)}))`,
    (d) => `(${any(d)} | min_by(${any(d)}))`,
    (d) => `[paths(${any(d)})]`,
    (d) => `[path(${path(d)})]`,
      (d) => `del(${path(d)})`,
    (d) => `(${path(d)} ${pick(assigns)} ([${any(d)}] | tojson | fromjson))`,
    (d) => `(${path(d)} |= [${any(d)}])`,
    (d) => `(${any(d)} | getpath(["a", "b"]))`,
    (d) => `(${any(d)} | setpath(["a"]; ${any(d)}))`,
    (d) => `(${any(d)} | objects | with_entries(.value |= [${any(d)}]))`,
    (d) => `([${any(d)}] | contains([${any(d)}]))`,
    (d) => `([${any(d)}] | index(${any(d)}))`,
    (d) => `([${any(d)}] | join(","))`,
    (d) => `isempty(${any(d)})`,
    (d) => `[range(${random(4)}; ${random(5)}) | ${any(d)}]`,
    (d) => `(label $l | (${any(d)}, break $l, ${any(d)}))`,
    (d) => {
      const name = pick(names);
      const source = any(d);
      return `((${source}) as ${name} | ${within(name, () => any(d))})`;
    },
    (d) => {
      const name = pick(names);
      const source = any(d);
      const start = `[${any(d)}]`;
      return `(reduce (${source}) as ${name} (${start}; ${within(name, () => `[${any(d)}]`)}))`;
    },
    (d) => {
      const name = pick(names);
      const source = any(d);
      return `[limit(9; foreach (${source}) as ${name} (0; ${within(name, () => any(d))}))]`;
    },
    (d) => {
      const name = pick(names);
      const source = any(d);
      const update = within(name, () => `${path(d)} ${pick(assigns)} ([${any(d)}] | tojson | fromjson)`);
      return `(reduce (${source}) as ${name} (${pick(literals)}; ${update}))`;
    },
    (d) => {
      const name = pick(names);
      const source = any(d);
      const steps = within(name, () => [0, 1].map(() => pick(folds(d))).join(' | '));
      return `(reduce (${source}) as ${name} ({a: {b: 1}}; ${steps}))`;
    },
    (d) => {
      const name = pick(names);
      const source = any(d);
      const steps = within(name, () => [0, 1].map(() => pick(folds(d))).join(' | '));
      return `[limit(9; foreach (${source}) as ${name} ({a: {b: 1}}; ${steps}))]`;
    },
    (d) => `([${any(d)}] | tojson | @base64 | @base64d)`,
    (d) => `([${any(d)}] | map(type) | @csv, @sh)`,
    (d) => `INDEX(${any(d)}; type)`,
    (d) => `([${any(d)}] | walk(if type == "array" then reverse else . end))`,
    (d) => `((${any(d)}) as [$x, {a: $y}] | [$x, $y])`,
    (d) => `(def f: ${any(d)}; [limit(5; f | f)])`,
    (d) => `(def f(g): ${any(d)} | g; [limit(5; f(${any(d)}))])`,
    (d) => `(def f(g): g | g; [limit(5; f((${any(d)}) as $x | ($x, [$x])))])`,
    (d) => `(def f($p; g): [$p, g]; [limit(4; f(${any(d)}; ${any(d)}))])`,
  ];
  function any(depth) {
    if (depth <= 0 || random(6) === 0) return leaf();
    return pick(forms)(depth - 1);
  }
  return Array.from({ length: count }, () => any(2 + random(2)));
}
