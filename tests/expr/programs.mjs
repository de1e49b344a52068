// Programs for the differential test, one a line, grouped by what they try. Each is run over all
// inputs. A line that is a difference on purpose stands in `differences` of differential.mjs.

export const inputs = [
  'null', 'true', 'false', '0', '1', '-3', '2.5', '""', '"abc"', '"aéb😀"', '"a,b, c"', '"12"',
  '[]', '[1,2,3]', '[3,1,2,1]', '["b","a","b"]', '[[1,2],[3]]', '[null,true,1,"a",[1],{"a":1}]',
  '{}', '{"a":1,"b":2}', '{"a":{"b":[1,{"c":2}]},"c":"x"}', '{"b":null,"a":false}',
  '[{"a":1,"b":"x"},{"a":2,"b":"y"},{"a":1,"b":"z"}]', '{"key":"k","value":[1]}',
  '["x1","y22","z"]', '[0,-1,[2,[3,[4]]]]',
];

export const programs = String.raw`
.
.a
.a.b
.a?
.a.b?
.["a"]
."a"
.a."b"
.a["b"]
.[0]
.[-1]
.[99]
.["a","b"]?
.[]
.[]?
.[][]?
.a[]?
..
..|numbers
[..]
.[1:]
.[:1]
.[1:2]
.[-2:]
.[:-1]
.[2:1]
.[1.2:2.5]
.[null:1]
.[{"start":1,"end":2}]?
try .[{}] catch .
try .[null] catch .
try .[true] catch .
try .[[1]] catch .
.[[1,2]]?
.[[]]?
1, 2
1, "a", null
., .
. | .
.a | .b?
1 + 2 * 3
7 - 2 - 1
2 * 3 + 4 * 5
10 / 4
10 / 5
7 % 3
-7 % 3
7 % -3
5 % 1e19
1e19 % 7
1 - -1
-1
-(1 + 2)
-.
try -. catch .
. + 1
. + null
null + .
. + .
. + "x"
. + []
. + [1]
. + {}
. + {"a":5}
. - 1
. - .
. - [1]
. * 2
. * 0
2 * .
. * .
. * {"a":{"z":1}}
. / 2
. / .
. / ","
. / 0
. % 2
. % 0
. == 1
. != 1
. == .
. < 2
. <= .
. > null
. >= "a"
[.[]?] < [2]
. < {"a":1}
{"a":1} < {"a":2}
{"a":2} < {"b":1}
{"b":1} < {"a":1,"b":0}
[1,2] < [1,2,3]
1 == 1.0
[1] == [1.0]
"a" < "b"
"é" > "z"
null < false and false < true and true < 0 and 0 < "" and "" < [] and [] < {}
. and true
. or false
. and (1, null)
(true, false) and (true, false)
(true, false) or (true, false)
(1, null) and (2, false)
not
[.[]? | not]
.a // 5
.a // .b // 6
(false, null, 1) // 2
(false, null) // 2
(1, null, 2) // 3
empty // 1
first(empty) // 1
[.[]?] // 1
(.a // "d") | tostring
try error("x") catch .
try error({"a":1}) catch .a
try (1, error("x"), 3) catch .
(error("x"))?
[.[]? | try error catch .]
try error("\(.)") catch .
[.[]? | (1 / .)?]
try (try error("x") catch error("y")) catch .
[(1, 2) | try if . == 1 then error("e") else . end catch "c"]
.a.b.c?
try .a.b.c catch .
if . then 1 else 2 end
if .a? then "y" else "n" end
if (true, false) then 1 else 2 end
if empty then 1 else 2 end
if . == 1 then "one" elif . == null then "null" else "other" end
[.[]? | if . then . else "f" end]
if true then (1, 2) else 3 end
. as $x | $x
. as $x | [$x, $x]
1 as $x | 2 as $y | [$x, $y, $x + $y]
(1, 2) as $x | (10, 20) as $y | $x + $y
[.[]? as $x | $x]
. as [$a, $b] | [$a, $b]
. as {a: $x} | $x
. as {a: $x, b: $y} | [$x, $y]
. as {$a} | $a
. as {$a, b: [$c]} | [$a, $c]
. as {$a: {b: $b}} | [$a, $b]
. as {"a": $x} | $x
. as {"a\("")": $x} | $x
. as {("a", "b"): $x} | $x
. as [[$a], $b] | [$a, $b]
[.[]? as [$a] | $a]
[.[]? as {a: $a} | $a]
try (. as [$a] | $a) catch .
. as [$a] ?// {a: $a} ?// $a | [$a]
. as {a: $a} ?// [$a] | [$a]
. as [$a] ?// $a | [$a]
. as {$a} ?// {$b} ?// [$a, $b] | [$a, $b]
[.[]? as [$a] ?// $a | $a]
1 as $x | [$x, (2 as $x | $x), $x]
. as $d | [1, 2, 3][$d]?
[1, 2] as [$a, $b] | {a: $a, b: $b}
reduce .[]? as $x (0; . + 1)
reduce (1, 2, 3) as $x (0; . + $x)
reduce empty as $x (5; 6)
reduce (1, 2) as $x (0, 10; . + $x)
reduce (1, 2) as $x (0; ., 5)
reduce (1, 2) as $x (0; empty)
reduce range(5) as $i ([]; . + [$i * 2])
reduce range(5) as $i ({}; .["k\($i)"] = $i)
reduce ([1, 2], [3, 4]) as [$a, $b] (0; . + $a * $b)
reduce .[]? as $x (null; [$x, .])
. as $x | reduce range(3) as $x ($x; [.])
[foreach (1, 2, 3) as $x (0; . + $x)]
[foreach (1, 2, 3) as $x (0; . + $x; [$x, .])]
[foreach .[]? as $x (0; . + 1; . * 2)]
[foreach (1, 2) as $x (0, 10; . + $x)]
[foreach (1, 2) as $x (0; (. + $x, . * 10))]
[foreach (1, 2, 3) as $x (0; if $x == 2 then empty else . + $x end; .)]
[foreach ([1, 2], [3, 4]) as [$a, $b] (0; . + $a; $b)]
[foreach (1, 2, 3) as $x (0; . + $x; select(. > 1), "t")]
def f: . + 1; 1 | f | f
def f: 3; [f, f]
def f(g): g | g; 2 | f(. * 3)
def f(g): [g]; f(1, 2)
def f($a): $a + 1; f(1, 2)
def f($a; $b): [$a, $b]; [f(1, 2; 3, 4)]
def f($a): a, $a; [f(5)]
def f(a; $b): a + $b; [f(1, 2; 10)]
def f: def g: 3; g * 2; f
def f(x): def g: x; g, g; [f(1, 2)]
def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; [1, 5, 10 | fac]
def fib: if . < 2 then . else (. - 1 | fib) + (. - 2 | fib) end; 12 | fib
def f: if . > 100 then . else . * 2 | f end; 3 | f
def f($n): if $n > 0 then f($n - 1) else "done" end; f(50)
def f(x): if x > 5 then x else f(x + 1) end; f(1)
def r: ., (.[]? | r); [r]
def f: reduce .[]? as $x (0; . + 1); f
def f(x): x as $v | $v; [f(1, 2)]
def f(x): [x as $v | (x, $v)]; f(1, 2)
def f(g): [1 | g], [2 | g]; f(. as $x | ($x, $x * 10))
def f(g): g | g; [3 | f(. as $x | ($x, $x + 1))]
def f(g): g | g | g; [1 | f(. as $x | ($x + 1, $x * 2))]
def m(f): def n: if length > 0 then (.[0] | f), (.[1:] | n) else empty end; [n]; [1, 2, 3] | m(. * 2)
def a: 1; def b: a + 1; def a: 10; [a, b]
def f(a; b): a - b; f(5; 3)
def f: def f: 1; f + 1; f
[limit(5; def f: 1, (f | . + 1); f)]
def f(x): if . == 0 then x else . - 1 | f(x * 2) end; 5 | f(1)
[path(def f: .[]?; f | f)]
[path(def g(h): h | h; g(.[0]?))]
def r: if type == "array" then .[] | r else . end; [r]
def f(p): p; f(.a) = 1
def f($k): .[$k]; f("a") |= 5
def f($k; $j): .[$k] | .[$j]; try [path(f("a"; "b"))] catch .
def f(x): reduce range(3) as $i (.; x); 1 | f(. * 2)
[limit(3; def f: ., f; f)]
def f(g): def h: g; [h, (h | h)]; 3 | f(f(. + 1)[0])
def f(g): if . > 10 then . else g | f(g | g) end; 1 | f(. + 1)
def f(a): def g(b): a + b; g(a); f(2)
def f($a): def g: $a; g; [f(1), f(2)]
5 as $x | def f(g): [g, (1 | g)]; 5 | f(. + $x)
def tree(f): {v: ., k: [f | tree(f)]}; 0 | tree(if . < 3 then . + 1 else empty end)
def ack($m; $n): if $m == 0 then $n + 1 elif $n == 0 then ack($m - 1; 1) else ack($m - 1; ack($m; $n - 1)) end; ack(2; 3)
def even: if . == 0 then true else . - 1 | odd_ end; def odd_: false; try even catch .
def f(n): if n == 0 then [] else [n] + f(n - 1) end; f(4)
def f($n): if $n == 0 then empty else $n, f($n - 1) end; [f(5)]
def f(g): g as $x | [$x, (g | . as $y | [$x, $y])]; [f(1, 2)]
def f(g): [limit(3; g)]; f(def h: 1, h; h)
def f(g): label $x | g | if . > 2 then ., break $x else . end; [f(range(10))]
def f(g): [(1, 2) as $x | g as $y | [$x, $y]]; 7 | f(. as $z | (., $z + 1))
def f(g): [foreach (1, 2) as $x (0; . + $x; [., g])]; 3 | f(. * 2, .)
def f(g): reduce g as [$a, $b] (0; . + $a * $b); f([1, 2], [3, 4])
def zip(f; g): [f] as $a | [g] as $b | [range($a | length) | [$a[.], $b[.]]]; zip(1, 2; "a", "b")
def f(g; h): g + h; [f(1, 2; 10, 20)]
def m(f): . as $in | reduce keys_unsorted[] as $k ({}; .[$k] = ($in[$k] | f)); {"a": 1, "b": 2} | m(. + 1)
def f: . as [$a, $b] | if $b == null then $a else [$a + $b] | f end; [1, 2] | f
def g: def h: def i: . + 1; i * 2; h - 1; 5 | g
def f(x): def g: def h: x; h; g; [f(1, 2)]
def f($x): $x as [$a] | $a; f([3])
def f(a): a | a; def g(b): f(b | b); 2 | g(. * .)
[.[]? as $x | def f: $x; f]
def f: try error("x") catch .; [f, f]
def f(g): try g catch "c"; [f(1, error("e"))]
[path(def f: ., (.[]? | f); f)]
(def f: .[]? | f, .; f) |= 1
def pick_(p): . as $in | reduce path(p) as $q (null; setpath($q; $in | getpath($q))); {"a": {"b": 1, "c": 2}} | pick_(.a.b)
def while_(c; u): def w: if c then ., (u | w) else empty end; w; [1 | while_(. < 30; . * 2)]
def until_(c; u): def w: if c then . else (u | w) end; w; 1 | until_(. > 30; . * 2)
label $f | 1, break $f, 2
[label $a | label $b | 1, break $a, 2]
[label $a | (label $b | 1, break $b, 2), 3]
[(1, 2) | label $a | ., break $a, 9]
label $f | reduce range(10) as $i (0; if $i > 3 then ., break $f else . + $i end)
[range(5) | label $l | if . > 2 then break $l else . end]
def f: label $x | (1, break $x, 2); [f, f]
def f(g): label $x | g, break $x; [f(1, 2)]
"a\(1 + 1)b"
"\(.)"
"x\(1, 2)y\(3, 4)"
"\("a" + "\("b")")"
"é\u00e9\ud83d\ude00\n\t\"\\\/"
@text
@json
@text "a\(.)b"
@json "a\(.)b"
"\(1;2)"?
@html "<\(.)>"
@csv "\([1, "a\"b", null, true])"
@tsv "\(["a\tb", "c\\d", null, false, 1.5])"
@base64
@base64d "\("YcOp")"
@sh "echo \("it's")"
{}
{a: 1}
{a: 1, "b": 2, "c d": 3}
{a: (1, 2), b: (3, 4)}
{(("a", "b")): 1}
{("a", "b"): (1, 2)}
{"a\(1)": 2}
{@json "x": 1}
1 as $x | {$x}
1 as $x | {$x, y: $x}
try {(1, "a"): 2} catch .
try {(.): 1} catch .
{a: 1 | . + 1}
{a: -1}
{a: 1, a: 2}
{if: 1, then: 2, and: 3} | .if + .then + .and
{a, b}?
{"a"}?
{a: .}
[]
[1]
[.[]?]
[1, 2, [3]]
[range(5)]
[range(2; 5)]
[range(0; 10; 3)]
[range(5; 0; -2)]
[range(0; 1; 0.3)]
[range(0, 1; 3, 4)]
[range(-1)]
[range(3) as $x | $x * $x]
[range(5) | select(. % 2 == 0)]
[.[]? | select(. == 1)]
[.[]? | select(type == "number")]
[.[]? | select(.a? == 1)]
empty
[empty]
first(range(10))
[first(empty)]
[limit(3; range(10))]
[limit(1; 1, error("x"))]
[limit(2; empty)]
first(1, error("x"))
last(range(5))
[last(empty)]
nth(2; range(10))
try nth(-1; 1) catch .
[.[]?] | first
[.[]?] | last
[.[]?] | nth(1)
until(true; 1)
1 | until(. > 100; . * 2)
[1 | while(. < 50; . * 2)]
[1 | limit(5; repeat(. * 2))]
[0 | recurse(if . < 3 then . + 1 else empty end)]
[recurse(.[]?)]
[recurse]
[recurse(.[]?; . != 1)]
[0 | recurse(if . < 2 then (. + 1, . + 2) else empty end)]
[2 | while(. < 20; (. * 2, . * 3))]
isempty(empty), isempty(1), isempty(error("x") | 1)?
[any, all]?
any(.[]?; . == 1)
all(.[]?; . == 1)
any(.[]?; . == "b")
[true, null] | any, all
[] | any, all
[1, 2] | any(. > 1), all(. > 0)
IN(1, 2)
IN(.[]?; 1, "a")
in({"a": 1})?
inside("xabcx")?
type
length
try length catch .
utf8bytelength?
try utf8bytelength catch .
keys?
try keys catch .
keys_unsorted?
values
nulls
booleans
numbers
strings
arrays
objects
iterables
scalars
has("a")?
try has("a") catch .
has(0)?
try has(0) catch .
contains(.)?
contains("b")?
try contains(1) catch .
contains({"a":1})?
contains([1])?
[1, [2, 3]] | contains([[2]])
{"a": [1, {"b": "foobar"}]} | contains({"a": [{"b": "oba"}]})
add?
try add catch .
[[1], [2, 3]] | add
["a", "b"] | add
[{"a": 1}, {"b": 2}, {"a": 3}] | add
[1, null, 2] | add
[] | add
map(.)?
map(1)?
try map(. + 1) catch .
map(.a)?
map_values(1)?
map_values(. + 1)?
map(., .)?
flatten?
flatten(1)?
try flatten(-1) catch .
[1, [2, [3, [4]]]] | flatten(0), flatten(1), flatten(2)
sort?
try sort catch .
[3, 1, "b", null, [1], {"a": 1}, true, false, "a"] | sort
sort_by(.)?
sort_by(.a)?
sort_by(.b, .a)?
sort_by(-.a)?
group_by(.)?
group_by(.a)?
try group_by(.a) catch .
unique?
unique_by(.)?
unique_by(.a)?
unique_by(length)?
min?, max?
min_by(.a)?, max_by(.a)?
try min catch .
[] | min, max, min_by(.a), max_by(.a)
[{"a": 1, "b": 1}, {"a": 1, "b": 2}] | min_by(.a), max_by(.a)
[1, 2, 3] | reverse
[] | reverse
null | reverse
transpose?
[[1], [2, 3]] | transpose
[[], [1]] | transpose
combinations?
[[1, 2], [3, 4]] | [combinations]
[0, 1] | [combinations(2)]
[[], [1]] | [combinations]
[1, 2, 1] | indices(1), index(1), rindex(1)
[1, 2, 1, 2] | indices([1, 2])
"a,b, cd, efg" | indices(", "), index(","), rindex(",")
indices(1)?
indices("b")?
index("b")?, rindex("b")?
"x" | indices("xx")
[1, 2, 3] | bsearch(2), bsearch(0), bsearch(4)
to_entries?
try to_entries catch .
from_entries?
[{"key": "a", "value": 1}, {"key": "b"}] | from_entries
[{"name": "a", "value": 1}, {"Name": "b", "Value": 2}] | from_entries
with_entries(.)?
with_entries(.value |= tostring)?
{"a": 1, "b": 2} | with_entries(select(.value > 1))
{"a": 1, "b": 2} | with_entries(.key |= "x" + .)
walk(.)
walk(if type == "number" then . + 1 else . end)
walk(if type == "array" then sort else . end)
[walk(numbers)]
[paths]
[paths(type == "number")]
[leaf_paths]
[path(..)]
path(.a)
path(.a.b)?
[path(.a[]?)]
[path(.[0], .[1:])]?
try path(1) catch .
try path(tostring | .a) catch .
try path([1] | .[]) catch .
[path(.a // .b)]?
[path(if .a? then .a else .b end)]?
[path(first(.a, .b))]?
[path(limit(1; .[]?))]
[path(getpath(["a", "b"]))]?
[path(.a | select(. == 1))]?
[path(empty)]
[path(.. | select(type == "number"))]
try [path(.a | tojson)] catch .
[path(. as $x | .a)]?
[path(label $f | .a, break $f)]?
[path(.[1, 0])]?
[path(.a?, .b?)]
[path(foreach ("a", "b") as $k (.; .[$k]))]?
getpath(["a"])?
getpath(["a", "b"])?
try getpath(["a", "b", "c"]) catch .
getpath([])
try getpath(1) catch .
[getpath(["a"], ["b"])?]
setpath(["a"]; 1)?
try setpath(["a", 0]; 1) catch .
try setpath([0, "a"]; 1) catch .
setpath([]; 1)
try setpath(1; 1) catch .
try setpath([-1]; 9) catch .
try setpath([-9]; 9) catch .
try setpath([{"start": 1}]; [9]) catch .
delpaths([])
delpaths([["a"]])?
try delpaths([["a"], ["b"]]) catch .
try delpaths([[0], [1]]) catch .
try delpaths([["a", "b"]]) catch .
try delpaths(1) catch .
try delpaths([1]) catch .
delpaths([[]])
del(.a)?
try del(.a, .b) catch .
del(.[0])?
try del(.[0, 2]) catch .
del(.[1:])?
del(.[-1])?
del(.[])?
del(.[]? | select(. == 1))
del(.. | select(. == 1)?)
del(.a.b)?
del(.a?, .b?)
del(empty)
del(.)
to_entries? | map(.key)
.a = 1
try (.a = 1) catch .
.a = (1, 2)
(.a, .b) = 9
.a.b = 1
.a.b.c = 1
.[0] = 9
.[2] = 9
.[-1] = 9
try (.[0] = 1) catch .
.[] = 1
.[]? = 1
.a[0] = 1
.a[1:] = [1]
.[1:] = ["x"]
.[1:2] = []
try (.[1:] = 1) catch .
.. = 1
(.. | select(type == "number")) = 0
.a |= 5
.a |= . + 1
.[0] |= 5
.[] |= 1
.[]? |= [.]
.[] |= tostring
.a.b |= 7
(.a, .b) |= 3
.a |= (1, 2)
(.. | numbers) |= . + 1
(.[]? | select(. == 1)) |= 10
.[1:] |= map(tostring)
.a += 1
.a -= 1
.a *= 2
.a /= 2
.a %= 2
.a //= 9
.b //= (1, 2)
.[] += 1
.[]? += 1
.a += (1, 2)
. += 1
. |= 5
(.a | .b) = 1
(.a // .b) = 1
if .a? then .a else .b end |= 8
first(.a, .b) |= 9
limit(1; .a, .b) = 9
getpath(["x", "y"]) = 5
getpath(["a"]) |= 5
to_entries[0].value? = 5
try ((1, 2) = 3) catch .
try (error("x") |= 1) catch .
reduce ("a", "b") as $k (.; .[$k] = 1)
[.[]? | . as $x | {x: $x}]
.["a", "b"] = 1
.a["b", "c"] = 1
.a as $x | .b = $x
tostring
[.[]? | tostring]
tojson
[.[]? | tojson]
tojson | fromjson
fromjson?
tonumber?
try tonumber catch "no"
"12" | tonumber
" 1 " | tonumber
"1e2" | tonumber
ascii_downcase?
ascii_upcase?
try ascii_downcase catch .
explode?
explode? | implode
try explode catch .
[65, 233, 128512] | implode
try implode catch .
startswith("a")?
endswith("c")?
try startswith(1) catch .
try endswith(1) catch .
ltrimstr("a")
rtrimstr("c")
ltrimstr(1)
split(",")?
split(", ")?
split("")?
try split(1) catch .
"a,b" / ","
"" / ","
join(",")?
try join(",") catch .
["a", 1, null, true] | join("-")
[[1]] | try join(",") catch .
[] | join(",")
["a"] | join(1)
["a", "b"] | try join(1) catch .
["a", "b"] | join(",", "-")
test("a")?
test("A"; "i")?
try test("a") catch .
try test(1) catch .
test(["A", "i"])?
test("^b"; null)?
try test("a"; "q") catch .
[match("[a-z]"; "g")?]
[match("(a)|(b)"; "g")?]
[match("(?<x>a)(?<y>z)?"; "g")?]
[match("é")?]
[match("😀|é"; "g")? | .offset]
[match("B"; "gi")? | .string]
[match("(b)?c")?]
capture("(?<first>[a-z])(?<rest>.*)")?
capture("(?<n>x)?b")?
[scan("[a-z]")?]
[scan("([a-z]),?")?]
split(", *"; null)?
[splits(", *")?]
"test 12 and 345" | [scan("\\d+")]
"2024-05-06" | capture("(?<y>\\d{4})-(?<m>\\d{2})")
"aXbxc" | [splits("x"; "i")]
"foo bar foo" | [match("foo"; "g").offset]
floor?
sqrt?
try floor catch .
[2.5, -2.5, 1] | map(floor), map(ceil), map(round), map(fabs)
[4, 9] | map(sqrt)
pow(2; 10), pow(2, 3; 1, 2)
[1, 10, 100] | map(log10)
[1, 2, 8] | map(log2), map(exp2)
infinite, -infinite
nan | isnan
[nan] | sort
nan < nan, nan == nan
[1, nan] | map(isnan)
[infinite, 1] | map(isinfinite)
isnormal?
[1, 1.0, 100, 1.5, -0.5, 1e3]
1e1000, -1e1000
100000000000000000000 > 1
3.0, 3.10, 1e2
.1 + .2
1.
tostream
[tostream] | fromstream(.[])
fromstream(tostream)
[1 | truncate_stream([[0], 1], [[1, 0], 2], [[1, 0]], [[1]])]
INDEX(.a)?
[splits("a")?]
sub("[a-z]"; "<>")?
gsub("[a-z]"; "<>")?
gsub("(?<x>[a-z])(?<n>[0-9])?"; "\(.x)\(.n)!")?
[gsub("a"; "b", "c")?]
sub("(?<l>.)$"; "\(.l)\(.l)")?
gsub("A"; "z"; "i")?
try gsub("a"; 1) catch .
try sub(1; "a") catch .
gsub("\\s+"; " ")?
. as $v | [$v, $v][0]
[.[]?] | length
[.[]? | length?]
[.[]? | type]
# a comment
1 # and one at the end
[1,
[.[]? | {a: .}] | map(.a)
[[1, 2], [3]] | map(add)
[{"a": 1}, {"a": 2}] | map(.a) | add
{"a": [1, 2, {"b": 3}]} | [.a[] | .b?]
{"a": [1, 2, {"b": 3}]} | .a[2].b
{"users": [{"n": "x", "t": ["p", "q"]}, {"n": "y", "t": ["q"]}]} | [.users[] | {n, t: .t[]}]
[{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "a", "v": 3}] | group_by(.k) | map({(.[0].k): map(.v) | add}) | add
reduce ([{"k": "a", "v": 1}, {"k": "a", "v": 2}][]) as $x ({}; .[$x.k] += $x.v)
[1, 2, 3] as [$a] | $a
[[0, 1], ["a", "b"]] | [.[0][], .[1][]]
"\([1, {"a": "b"}])"
[.[]? | if type == "array" then length elif type == "object" then keys[0] else . end]
try (if . then error("t") else error("f") end) catch .
.a.b[1].c?
.. |= .
[..] | length
[.. | scalars]
to_entries? | from_entries
[1, 2, 3] | .[1:] + .[:1]
[1, 2, 3, 4] | [.[::2]?]
1 as $x | [1, 2] | map(. + $x)
[3, 4] | to_entries | map([.key, .value])
"abc" | .[1:2], .[-1:], .[:-1], .[5:]
"aéb😀c" | .[1:4], length, utf8bytelength
[limit(3; .[]?)]
[first(.[]?)]
[.[]?] | .[1:] |= map([.])
def f(x): x | x; def g: f(. + 1); 1 | g
def f: .[0] as $x | .[1] as $y | [$y, $x]; [1, 2] | f | f
[1, [2]] | getpath([1, 0])
{"a": 1} | has("a", "b")
[0, 1] | has(0, 5)
"abc" | test("B"; "i"), test("b"), test("x")
[true, false, null] | map(not)
[1, 2] | . as [$a, $b] | {$a, $b}
"a" as $k | {"a": 1} | .[$k]
{"a": {"b": 1}} | .a["b"], ."a"."b", .["a"].b
[[1, [2]], [3]] | flatten == [1, 2, 3]
[1, 2, 3] | IN(.[]; 2, 3)
[.[]?] | map(tojson) | join(";")
`.split('\n').filter((line) => line !== '');
