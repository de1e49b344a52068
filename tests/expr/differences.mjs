// Where we differ from jq 1.6 on purpose; docs/expressions.md says the same in prose.

const is = (...programs) => ({ program }) => programs.includes(program);

// The outputs before an error, and whether there is one.
function parts(text) {
  const value = JSON.parse(text);
  const last = value.at(-1);
  const failed = last !== undefined && last[0] === 1;
  return { outputs: JSON.stringify(failed ? value.slice(0, -1) : value), failed, error: last?.[1] };
}

const bothFail = ({ jq, us }) => {
  if (!jq.startsWith('[') || !us.startsWith('[') || us.includes(']?')) return false;
  const [a, b] = [parts(jq), parts(us)];
  return a.failed && b.failed && a.outputs === b.outputs;
};

export const differences = [
  {
    why: 'integers beyond int64 are held at its ends by %',
    matches: is('1e19 % 7'),
  },
  {
    why: 'error(null) is an error that can be caught, as in jq 1.7',
    matches: is('[.[]? | try error catch .]'),
  },
  {
    why: 'an index is rounded down, as in jq 1.7',
    matches: is('. as $d | [1, 2, 3][$d]?'),
  },
  {
    why: 'the value of a member may hold operators',
    matches: is('{a: 1 | . + 1}'),
  },
  {
    why: 'last(empty) gives nothing, as in jq 1.8',
    matches: is('[last(empty)]'),
  },
  {
    why: 'limit(0; f) gives nothing, as in jq 1.7',
    matches: is('[limit(0; 1, 2)]'),
  },
  {
    why: 'a sum can be bound without parentheses, as in jq 1.8',
    matches: is('1 + 2 as $x | [$x, -$x]'),
  },
  {
    why: '@html and @uri escape what their manual says',
    matches: is(String.raw`"<&'\">" | @html "q \(.)", @uri "?q=\(.)"`),
  },
  {
    why: 'strptime takes what is not said to be the first of January 1900, midnight',
    matches: is('try strptime("%Y") catch .'),
  },
  {
    why: 'mktime takes arrays with fewer parts, as in jq 1.8, and -1 is a moment like others',
    matches: is('try mktime catch "no"', 'try ([1] | mktime) catch "no"',
      '[1969, 11, 31, 23, 59, 59, 3, 364] | mktime'),
  },
  {
    why: 'an empty format gives an empty text, as in jq 1.7',
    matches: is('0 | strftime("")'),
  },
  {
    why: 'bsearch is for arrays, as in jq 1.8',
    matches: is('bsearch(1)?'),
  },
  {
    why: 'repeat(f) gives its input first, as the manual has it',
    matches: is('[1 | limit(5; repeat(. * 2))]'),
  },
  {
    why: 'indices in a string count code points, as in jq 1.7',
    matches: is('indices("b")?', 'index("b")?, rindex("b")?'),
  },
  {
    why: 'from_entries makes names of keys that are not strings, as in jq 1.7',
    matches: is('from_entries?', 'with_entries(.)?', 'with_entries(.value |= tostring)?',
      'to_entries? | from_entries'),
  },
  {
    why: 'the path of a foreach goes on from its state',
    matches: is('[path(foreach ("a", "b") as $k (.; .[$k]))]?'),
  },
  {
    why: 'a group that did not take part has its members in the usual order',
    matches: is('[match("(a)|(b)"; "g")?]', '[match("(?<x>a)(?<y>z)?"; "g")?]',
      '[match("(b)?c")?]'),
  },
  {
    why: 'an excerpt in a message is cut at a character',
    matches: (found) => bothFail(found) && parts(found.jq).error?.includes?.('\ufffd'),
  },
  {
    why: 'of several errors in an assignment another one may come first',
    matches: (found) => /[^=!<>]=[^=]/.test(found.program) && bothFail(found),
  },
];

export function isExpected(found) {
  return differences.some((difference) => difference.matches(found));
}
