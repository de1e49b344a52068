// More programs for the differential test: dates, mathematics, formats and texts, folds that change
// their state in place, and what functions do with wrong arguments. One a line.

const lists = String.raw`
1425599621 | todate
1425599621.678 | todate, gmtime
[-1, 0, 951782400, 4102444800 | todate]
[-86401, 68169600, 1e9 | gmtime]
[range(-40; 40) | . * 100000007 + 12345 | gmtime | ., mktime]
[range(-40; 40) | . * 100000007 | strftime("%A %a %B %b %h %d %e %j %m %y %C %Y")]
[range(-40; 40) | . * 100000007 | strftime("%H %k %I %l %M %S %p %P %R %T %r %X %s")]
[range(-40; 40) | . * 100000007 | strftime("%c %D %F %x %u %w %U %V %W %G %g %z %Z %n%t%%")]
[range(0; 400) | . * 86400 + 1388534400 | strftime("%G-%V %U %W %j %u")]
0 | strftime("%-d %_m %0e %^a %^B %-H %_M %Ey %Od")
0 | strftime("%Q %")?, strftime("x")
0 | strftime("")
1 + 2 as $x | [$x, -$x]
[limit(0; 1, 2)]
[2015, 2, 5, 23, 51, 47.8, 4, 63] | mktime, todate, strftime("%H:%M:%S")
[2015, 14, 35, 30, 70, 80, 0, 0] | mktime
[1969, 11, 31, 23, 59, 59, 3, 364] | mktime
"2015-03-05T23:51:47Z" | fromdate, fromdateiso8601, strptime("%Y-%m-%dT%H:%M:%SZ")
"2015-03-05T23:51:47Z" | strptime("%Y-%m-%dT%H:%M:%SZ") | mktime | todateiso8601
"Thu, 05 Mar 2015 23:51:47" | strptime("%a, %d %b %Y %T") | mktime
"thursday 5 MARCH 2015 11 pm" | strptime("%A %d %B %Y %I %p") | mktime
"03/05/15 11:51:47 AM" | strptime("%D %r") | mktime
"2015-03-05 23:51" | strptime("%F %R") | mktime
"63 2015" | strptime("%j %Y")
"1425599507" | strptime("%s") | mktime
"12%34  56" | strptime("%H%%%M %S") | .[3:6]
try strptime("%Y") catch .
try ("x" | strptime("%Y")) catch .
try ("2015x" | strptime("%Y")) catch .
try ("2015" | strptime(1)) catch .
try ("x" | fromdate) catch .
try mktime catch "no"
try ([1] | mktime) catch "no"
try (["a", 1, 2, 3, 4, 5, 6, 7] | mktime) catch .
try (["a", 1, 2, 3, 4, 5, 6, 7] | strftime("%Y")) catch .
try ("x" | strftime("%Y")) catch .
try ("x" | gmtime) catch .
0 | localtime, strflocaltime("%H:%M")
[1, 0.5, 2, 10, -1 | floor, ceil, sqrt?, cbrt, trunc, round, rint, nearbyint, fabs]
[1, 0.5, 2, 10 | exp, exp2, exp10, expm1, log, log2, log10, log1p, logb, significand]
[1, 0.5, 0, -0.25 | sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, atanh]
[1, 2, 10 | acosh, gamma, lgamma, tgamma, lgamma_r, j0, j1, y0, y1, erf?, erfc?]
[1, -2.5, 0, 1e10, 0.1 | frexp, modf]
[pow(2; 10, 0.5, -1), pow(0; 0), atan2(1; 2), fmod(7; 3), fmod(-7.5; 2)]
[drem(5; 3), drem(7; 2), ldexp(3; 4), ldexp(3; -4), scalb(3; 2), scalbln(3; 2), fma(2; 3; 4)]
[copysign(3; -1), fdim(5; 3), fdim(3; 5), fmin(1; 2), fmax(1; 2), nextafter(1; 2), nexttoward(1; 0)]
[hypot(3; 4), remainder(5; 3), jn(2; 3), yn(2; 3)]
try floor catch .
try pow(.; 2) catch .
try frexp catch .
[infinite, -infinite, nan | isinfinite, isnan, isnormal]
[infinite, -infinite, nan] | tojson, map(floor | tostring)
[nan < nan, nan == nan, nan > 1, ([nan, 1, nan] | sort | map(isnan))]
[.[]? | numbers | isnormal, isnan]
[1, nan, 2] | min, max, index(1)
.[]? | @json
try @csv catch .
try @tsv catch .
try @sh catch .
[1, "a b", null, true, 2.5] | @csv, @tsv, @sh
["a\"b", "c\td\\e\nf\rg"] | @csv, @tsv, @sh
@base64 "x\(.)", @json "y\(.)", @text "z\(.)", @base64
"aé😀b", "", "a", "ab", "abc" | @base64 | ., @base64d
"<&'\">" | @html "q \(.)", @uri "?q=\(.)"
[.[]? | strings | @uri]
format("json"), format("text"), format("html")
try format("nothing") catch .
[range(5)] | index(3), rindex(3), indices(3), indices([1, 2]), index([3, 4])
[1, 2, 1, 2, 1] | indices([1, 2, 1])?, indices(1), rindex([1, 2])
"a,b, cd, ef" | indices(", "), index(","), rindex(",")
"abc" | index("x"), rindex("x"), indices("x")
[splits(", *"; null)?]
"aXbxc" | ascii_downcase, ascii_upcase, [splits("x"; "gi")], split("X"; null)
"test" | ltrimstr("te"), rtrimstr("st"), ltrimstr("x"), ltrimstr(1), startswith("t"), endswith("t")
try startswith(1) catch .
try ("a" | endswith(1)) catch .
[65, 0x41?] | implode
"aé😀" | explode, (explode | implode), utf8bytelength, length
try implode catch "no"
"abc" | test("B"), test("B"; "i"), test(["B", "i"]), [match("B"; "gi").offset]
"foo bar foo" | [match("foo"; "g") | .offset, .length, .string, .captures]
"foo bar" | capture("(?<a>[a-z]+) (?<b>[a-z]+)"), [scan("o")], [scan("(o)(o)?")]
"xyz" | sub("(?<l>y)"; "<\(.l)>"), gsub("[xz]"; "-"), gsub("(?<c>.)"; "\(.c)\(.c)")
"a.b|c" | split("."), split("|"), split("\\.|\\|"; null)
"  1 ", "12", "-3.5", "1e3", "0x1", "abc", "" | try tonumber catch "no"
"1", "[1,2]", "{\"a\":1}", "nul", "[1" | try fromjson catch "no"
[1, 1.5, "a", null, [1], {"a": 2}] | map(tostring), map(tojson), tojson, tostring
[limit(3; .[]?)], [first(range(3))], [nth(2; range(5))], [until(true; 1)]
[range(0; 10; 3)], [range(5; 0; -2)], [range(0, 1; 3, 4)], [range(2.5)], [range(0; 1; 0.25)]
[while(type == "number" and . < 50; . * 3)?]
[.[]? | (numbers, strings) | [., 1] | until(.[1] > 3; [.[0], .[1] + 1])]
[recurse(if type == "array" then .[] else empty end)]
[2 | recurse(. * .; . < 100)]
[recurse_down?] | length
isempty(.[]?), isempty(empty), isempty(1, error("x"))
any(.[]?; . == 1), all(.[]?; . != 9), ([.[]?] | any), ([.[]?] | all)
[.[]? | IN(1, "a", null)], IN(.[]?; 1, 2)
INDEX(.[]?; type), (INDEX(range(3); . % 2))
JOIN({"1": "x", "a": "y"}; .[]?; tostring)
[JOIN({"1": "x"}; .[]?; tostring; .[1])]
try JOIN({"1": "x"}; tostring) catch "no"
[combinations?] | length, ([[1, 2], [3, 4]] | [combinations]), ([0, 1] | [combinations(2)])
[walk(if type == "number" then . + 1 else . end)]
walk(if type == "array" then sort else . end)
walk(if type == "object" then del(.a) else . end)
transpose?, ([[1], [2, 3]] | transpose), ([] | transpose)
flatten?, ([1, [2, [3]]] | flatten(1), flatten(0)), (try ([1] | flatten(-1)) catch .)
group_by(type)?, unique_by(type)?, ([.[]?] | group_by(type) | map(length)), min_by(tostring)?
[.[]?] | sort_by(tojson), unique_by(tojson | length), max_by(tojson | length), (map(tojson) | unique)
[1, 3, 5] | bsearch(0), bsearch(1), bsearch(2), bsearch(3), bsearch(4), bsearch(5), bsearch(6)
bsearch(1)?
[splits("a")?], [paths], [leaf_paths], [paths(type == "number")]
[tostream], (try fromstream(tostream) catch .), [1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]
fromstream(1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]]))
del(.[0]?, .a?), del(.[]?), delpaths([["a"], [0]])?, to_entries?, (objects | with_entries(.))
pick?(.a)
[paths as $p | getpath($p)]
$__loc__
[.[]? as [$a, $b] ?// $a | [$a, $b]]
[.[]? as {a: $a} ?// [$a] ?// $a | $a]
. as {a: $x, b: [$y, {c: $z}]} ?// [$x, $y, $z] ?// $x | [$x, $y, $z]
[label $f | .[]? | if . == 1 then ., break $f else . end]
[label $a | label $b | (1, break $b, 2), 3]
try error("x") catch ., try error({a: 1}) catch .a
[.[]? | try if type == "number" then error("n") else . end catch "c"]
[(1, error("x"), 2)?], [.[]? | .a?], [..?], (.a.b.c)?
try (try error("a") catch error("b")) catch .
[.[]? // "d"], (.a // .b // "d")?, (first(empty) // 1), [(false, null, 3, 4) // 5]
.a? //= 5, (.[0]? //= 5)?
@text "\(1, 2)-\(3, 4)"
{(("a", "b")): (1, 2)}, {"x\(1, 2)": 3}, {a: 1} + {b: 2} * {b: {c: 3}}
{"a": 1} | {a, "b": .a, "c\(.a)": 2, (.a | tostring): 3, @base64 "k": 4}
{if: 1, then: 2} | .if, .then?
[1, [2, 3]] as [$a, [$b, $c]] | [$c, $b, $a]
def f(a; $b): [a, $b, b]; [f(1, 2; 3, 4)]
def f: def g: . * 2; g | g; 3 | f
def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; [range(6) | fac]
[.[]? | scalars | tojson | ltrimstr("\"") | rtrimstr("\"")]
splits("a"; "b"; "c")?
reduce range(20) as $i ({}; .["k\($i % 3)"] += 1)
reduce range(20) as $i ({}; .["k\($i % 3)"] += [$i])
reduce range(9) as $i ({}; .["k\($i % 3)"] |= . + $i)
reduce range(9) as $i ([]; .[$i % 4] += 1)
reduce range(9) as $i ({}; . + {("k\($i % 3)"): $i})
reduce range(9) as $i ({}; setpath(["a", $i % 3]; $i))
reduce range(9) as $i ({}; .a.b += $i | .c[$i % 2].d = $i)
reduce range(4) as $i ({a: {n: 0}}; .h += [.a] | .a.n += 1)
reduce range(4) as $i ({a: {n: 0}}; .a as $x | .a.n += 1 | .b = $x)
reduce range(4) as $i ({a: {n: 0}}; .a |= {p: ., q: .} | .a.p.n += 1 | .a |= .q)
reduce range(3) as $i ([]; . + [.])
reduce .[]? as $x ({}; .[$x | type] += [$x])
reduce .[]? as $x (.; . as $y | [$y, $x])
reduce (.[]? | type) as $t ({}; if has($t) then .[$t] += 1 else .[$t] = 1 end)
[foreach range(5) as $i ({}; .["k\($i % 2)"] += 1)]
[foreach range(5) as $i ({}; .["k\($i % 2)"] += 1; .k0)]
[foreach range(3) as $i ({a: {}}; .a.n += 1; .a, .)]
[foreach (1, 2) as $x (0, 10; . + $x; [., $x])]
reduce (1, 2) as $x (0, 10; . + $x)
reduce range(3) as $i (.; [.])
reduce range(3) as $i ({}; reduce range(3) as $j (.; .["\($j)"] += $i))
`.split('\n').filter((line) => line !== '');

export const libraryPrograms = lists;

// Functions of jq 1.6 that are no part of the language that users see.
const internal = ['get_jq_origin/0', 'get_prog_origin/0', 'scalars_or_empty/0', 'isfinite/0'];

// A call of each of jq's functions, given as name/arity: it must be known here, or be refused with
// a reason.
export function callOf(builtin) {
  const [name, arity] = builtin.split('/');
  if (internal.includes(builtin)) return null;
  const args = Array(Number(arity)).fill('.').join('; ');
  return arity === '0' ? name : `${name}(${args})`;
}
