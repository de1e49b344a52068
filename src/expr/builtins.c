#include "expr/builtins.h"

#include "expr/access.h"
#include "expr/array.h"
#include "expr/date.h"
#include "expr/number.h"
#include "expr/order.h"
#include "expr/regex.h"
#include "expr/text.h"

#define NATIVE(name, arity, function)                                                              \
    {                                                                                              \
        name, arity, BUILTIN_NATIVE, 0, function, NULL                                             \
    }
#define MACRO(name, arity, text)                                                                   \
    {                                                                                              \
        name, arity, BUILTIN_MACRO, 0, NULL, text                                                  \
    }
#define DEFINITION(name, arity, text)                                                              \
    {                                                                                              \
        name, arity, BUILTIN_DEFINITION, 0, NULL, text                                             \
    }
#define LOOP(name, arity, kind)                                                                    \
    {                                                                                              \
        name, arity, BUILTIN_LOOP, kind, NULL, NULL                                                \
    }
#define REFUSED(name, text)                                                                        \
    {                                                                                              \
        name, 0, BUILTIN_REFUSED, 0, NULL, text                                                    \
    }

#define NO_INPUT "is not available: an expression has one input, which is `.`"
#define NO_CLOCK                                                                                   \
    "is not available: an expression that is run again must give the same result; "                \
    "the time of the run is .run.startedAt | fromdate"
#define NO_PROCESS "is not available: an expression can end only itself, by error(message)"
#define NO_MODULES "is not available: an expression has no modules"

#define NUMBER_UNARY_ROW(name, function) NATIVE(#name, 0, number_native_##name),
#define NUMBER_BINARY_ROW(name, function) NATIVE(#name, 2, number_native_##name),

static const struct builtin builtins[] = {
    /* Values of any kind. */
    NATIVE("type", 0, array_native_type),
    NATIVE("length", 0, array_native_length),
    NATIVE("not", 0, array_native_not),
    NATIVE("error", 0, array_native_error),
    NATIVE("error", 1, array_native_error_value),
    NATIVE("tostring", 0, text_native_tostring),
    NATIVE("tojson", 0, text_native_tojson),
    NATIVE("fromjson", 0, text_native_fromjson),
    NATIVE("contains", 1, array_native_contains),
    MACRO("inside", 1, ". as $x | a | contains($x)"),
    MACRO("values", 0, "if . == null then empty else . end"),
    MACRO("nulls", 0, "if . == null then . else empty end"),
    MACRO("booleans", 0, "if type == \"boolean\" then . else empty end"),
    MACRO("numbers", 0, "if type == \"number\" then . else empty end"),
    MACRO("strings", 0, "if type == \"string\" then . else empty end"),
    MACRO("arrays", 0, "if type == \"array\" then . else empty end"),
    MACRO("objects", 0, "if type == \"object\" then . else empty end"),
    MACRO("iterables", 0, "if type | . == \"array\" or . == \"object\" then . else empty end"),
    MACRO("scalars", 0, "if type | . == \"array\" or . == \"object\" then empty else . end"),
    MACRO("toarray", 0, "if type == \"array\" then . else [.] end"),
    MACRO("isvalid", 1, "try (a | true) catch false"),
    NATIVE("toboolean", 0, text_native_toboolean),
    MACRO("have_literal_numbers", 0, "true"),
    MACRO("have_decnum", 0, "true"),
    /* Control. */
    LOOP("empty", 0, NODE_EMPTY),
    MACRO("select", 1, "if a then . else empty end"),
    LOOP("first", 1, NODE_FIRST),
    LOOP("last", 1, NODE_LAST),
    MACRO("first", 0, ".[0]"),
    MACRO("last", 0, ".[-1]"),
    MACRO("nth", 1, "a as $n | .[$n]"),
    MACRO("nth", 2,
          "a as $n | if $n < 0 then error(\"nth doesn't support negative indices\") else "
          "first(skip($n; b)) end"),
    LOOP("_limit", 2, NODE_LIMIT),
    LOOP("_skip", 2, NODE_SKIP),
    LOOP("_range", 3, NODE_RANGE),
    MACRO("limit", 2, "a as $n | _limit($n; b)"),
    MACRO("skip", 2, "a as $n | _skip($n; b)"),
    MACRO("range", 1, "a as $upto | _range(0; $upto; 1)"),
    MACRO("range", 2, "a as $from | b as $upto | _range($from; $upto; 1)"),
    MACRO("range", 3, "a as $from | b as $upto | c as $by | _range($from; $upto; $by)"),
    LOOP("while", 2, NODE_WHILE),
    LOOP("until", 2, NODE_UNTIL),
    LOOP("repeat", 1, NODE_RECURSE),
    LOOP("recurse", 1, NODE_RECURSE),
    LOOP("_recurse", 0, NODE_RECURSE),
    MACRO("recurse", 0, "_recurse"),
    MACRO("recurse", 2, "recurse(a | select(b))"),
    MACRO("recurse_down", 0, "_recurse"),
    MACRO("isempty", 1, "first((a | false), true)"),
    MACRO("any", 2, "isempty(first(a | b or empty)) | not"),
    MACRO("all", 2, "isempty(first(a | b and empty))"),
    MACRO("any", 1, "any(.[]; a)"),
    MACRO("all", 1, "all(.[]; a)"),
    MACRO("any", 0, "any(.[]; .)"),
    MACRO("all", 0, "all(.[]; .)"),
    MACRO("in", 1, ". as $x | a | has($x)"),
    MACRO("IN", 1, ". as $x | any(a; . == $x)"),
    MACRO("IN", 2, "any(a == b; .)"),
    /* Arrays and objects. */
    MACRO("map", 1, "[.[] | a]"),
    MACRO("map_values", 1, ".[] |= a"),
    NATIVE("add", 0, array_native_add),
    MACRO("add", 1, "[a] | add"),
    NATIVE("keys", 0, order_native_keys),
    NATIVE("keys_unsorted", 0, array_native_keys_unsorted),
    NATIVE("has", 1, access_native_has),
    NATIVE("to_entries", 0, array_native_to_entries),
    NATIVE("from_entries", 0, array_native_from_entries),
    MACRO("with_entries", 1, "to_entries | map(a) | from_entries"),
    NATIVE("flatten", 1, array_native_flatten),
    MACRO("flatten", 0, "flatten(1000)"),
    NATIVE("reverse", 0, array_native_reverse),
    NATIVE("transpose", 0, array_native_transpose),
    NATIVE("sort", 0, order_native_sort),
    NATIVE("_sort_by", 1, order_native_sort_by),
    NATIVE("_group_by", 1, order_native_group_by),
    NATIVE("_unique_by", 1, order_native_unique_by),
    NATIVE("_min_by", 1, order_native_min_by),
    NATIVE("_max_by", 1, order_native_max_by),
    MACRO("sort_by", 1, "_sort_by([.[] | [a]])"),
    MACRO("group_by", 1, "_group_by([.[] | [a]])"),
    MACRO("unique_by", 1, "_unique_by([.[] | [a]])"),
    MACRO("min_by", 1, "_min_by([.[] | [a]])"),
    MACRO("max_by", 1, "_max_by([.[] | [a]])"),
    MACRO("unique", 0, "_unique_by([.[] | [.]])"),
    NATIVE("min", 0, order_native_min),
    NATIVE("max", 0, order_native_max),
    NATIVE("bsearch", 1, order_native_bsearch),
    NATIVE("indices", 1, array_native_indices),
    MACRO("index", 1, "indices(a) | .[0]"),
    MACRO("rindex", 1, "indices(a) | .[-1:][0]"),
    DEFINITION(
        "combinations", 0,
        "if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $w | [$x] + $w end"),
    MACRO("combinations", 1, ". as $x | [range(a)] | map($x) | combinations"),
    DEFINITION("walk", 1,
               "def w: if type == \"object\" then map_values(w) elif type == \"array\" then map(w) "
               "else . end | a; w"),
    MACRO("INDEX", 2, "reduce a as $row ({}; .[$row | b | tostring] |= $row)"),
    MACRO("INDEX", 1, "INDEX(.[]; a)"),
    MACRO("JOIN", 2, "a as $index | [.[] | [., $index[b]]]"),
    MACRO("JOIN", 3, "a as $index | b | [., $index[c]]"),
    MACRO("JOIN", 4, "a as $index | b | [., $index[c]] | d"),
    /* Paths. */
    LOOP("path", 1, NODE_PATH_OF),
    LOOP("getpath", 1, NODE_GETPATH),
    NATIVE("setpath", 2, access_native_setpath),
    NATIVE("delpaths", 1, access_native_delpaths),
    MACRO("del", 1, "delpaths([path(a)])"),
    MACRO("paths", 0, "path(..) | select(length > 0)"),
    MACRO("paths", 1, ". as $x | paths | select(. as $p | $x | getpath($p) | a)"),
    MACRO("leaf_paths", 0, "paths(scalars)"),
    MACRO("pick", 1, ". as $x | reduce path(a) as $p (null; setpath($p; $x | getpath($p)))"),
    DEFINITION("tostream", 0,
               "path(def r: (.[]?|r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, "
               ".]; [$p+$q])"),
    DEFINITION(
        "fromstream", 1,
        "{x: null, e: false} as $init | foreach a as $i ($init; if .e then $init else . end | if "
        "$i | length == 2 then setpath([\"e\"]; $i[0] | length == 0) | setpath([\"x\"] + $i[0]; "
        "$i[1]) else setpath([\"e\"]; $i[0] | length == 1) end; if .e then .x else empty end)"),
    DEFINITION("truncate_stream", 1,
               ". as $n | null | a | . as $input | if (.[0] | length) > $n then setpath([0]; "
               ".[0][$n:]) else empty end"),
    /* Strings. */
    NATIVE("tonumber", 0, text_native_tonumber),
    NATIVE("utf8bytelength", 0, text_native_utf8bytelength),
    NATIVE("ascii_downcase", 0, text_native_ascii_downcase),
    NATIVE("ascii_upcase", 0, text_native_ascii_upcase),
    NATIVE("explode", 0, text_native_explode),
    NATIVE("implode", 0, text_native_implode),
    MACRO("ascii", 0, "[.] | implode"),
    NATIVE("startswith", 1, text_native_startswith),
    NATIVE("endswith", 1, text_native_endswith),
    NATIVE("ltrimstr", 1, text_native_ltrimstr),
    NATIVE("rtrimstr", 1, text_native_rtrimstr),
    NATIVE("trimstr", 1, text_native_trimstr),
    NATIVE("trim", 0, text_native_trim),
    NATIVE("ltrim", 0, text_native_ltrim),
    NATIVE("rtrim", 0, text_native_rtrim),
    NATIVE("format", 1, text_native_format),
    NATIVE("split", 1, text_native_split),
    NATIVE("join", 1, text_native_join),
    /* Regular expressions. */
    NATIVE("_match", 2, regex_native_match),
    NATIVE("_test", 2, regex_native_test),
    NATIVE("_split", 2, regex_native_split),
    MACRO("match", 1, "_match(a; null) | .[]"),
    MACRO("match", 2, "_match(a; b) | .[]"),
    MACRO("test", 1, "_test(a; null)"),
    MACRO("test", 2, "_test(a; b)"),
    MACRO("_named", 0,
          "[.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries"),
    MACRO("capture", 1, "match(a) | _named"),
    MACRO("capture", 2, "match(a; b) | _named"),
    MACRO("scan", 1, "scan(a; null)"),
    MACRO("scan", 2,
          "match(a; \"g\" + b) | if (.captures | length) > 0 then [.captures[].string] else "
          ".string end"),
    NATIVE("_pieces", 2, regex_native_pieces),
    MACRO("sub", 3,
          "_pieces(a; c) as $pieces | reduce $pieces[:-1][] as $piece ([\"\"]; . as $done"
          " | [($piece[1] | b) as $new | $done[] | . + $piece[0] + $new]) | .[] + $pieces[-1]"),
    MACRO("sub", 2, "sub(a; b; null)"),
    MACRO("gsub", 3, "sub(a; b; c + \"g\")"),
    MACRO("gsub", 2, "sub(a; b; \"g\")"),
    MACRO("split", 2, "_split(a; b)"),
    MACRO("splits", 1, "_split(a; null) | .[]"),
    MACRO("splits", 2, "_split(a; b) | .[]"),
    /* Numbers. */
    /* clang-format off */
    NUMBER_UNARY(NUMBER_UNARY_ROW)
    NUMBER_BINARY(NUMBER_BINARY_ROW)
    /* clang-format on */
    NATIVE("fma", 3, number_native_fma),
    NATIVE("frexp", 0, number_native_frexp),
    NATIVE("modf", 0, number_native_modf),
    NATIVE("lgamma_r", 0, number_native_lgamma_r),
    NATIVE("abs", 0, number_native_abs),
    NATIVE("infinite", 0, number_native_infinite),
    NATIVE("nan", 0, number_native_nan),
    NATIVE("isinfinite", 0, number_native_isinfinite),
    NATIVE("isnan", 0, number_native_isnan),
    NATIVE("isnormal", 0, number_native_isnormal),
    MACRO("finites", 0, "select(isinfinite or isnan | not)"),
    MACRO("normals", 0, "select(isnormal)"),
    /* Dates. */
    NATIVE("gmtime", 0, date_native_gmtime),
    NATIVE("localtime", 0, date_native_gmtime),
    NATIVE("mktime", 0, date_native_mktime),
    NATIVE("strftime", 1, date_native_strftime),
    NATIVE("strflocaltime", 1, date_native_strflocaltime),
    NATIVE("strptime", 1, date_native_strptime),
    NATIVE("fromdate", 0, date_native_fromdate),
    NATIVE("fromdateiso8601", 0, date_native_fromdate),
    MACRO("todate", 0, "strftime(\"%Y-%m-%dT%H:%M:%SZ\")"),
    MACRO("todateiso8601", 0, "todate"),
    MACRO("date", 0, "todate"),
    MACRO("dateadd", 2, ". + b"),
    MACRO("datesub", 2, ". - b"),
    REFUSED("input", NO_INPUT),
    REFUSED("inputs", NO_INPUT),
    REFUSED("input_filename", NO_INPUT),
    REFUSED("input_line_number", NO_INPUT),
    REFUSED("debug", "is not available: an expression has no output but its value"),
    REFUSED("stderr", "is not available: an expression has no output but its value"),
    REFUSED("env", "is not available: an expression sees no environment"),
    REFUSED("halt", NO_PROCESS),
    REFUSED("halt_error", NO_PROCESS),
    REFUSED("modulemeta", NO_MODULES),
    REFUSED("get_search_list", NO_MODULES),
    REFUSED("builtins", "is not available: the documentation lists all functions"),
    REFUSED("now", NO_CLOCK),
};

const struct builtin *
builtin_at(size_t index)
{
    return index < COUNT_OF(builtins) ? &builtins[index] : NULL;
}

const struct builtin *
builtin_find(struct slice name, uint32_t arity, bool is_internal)
{
    if (name.size > 0 && name.ptr[0] == '_' && !is_internal)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(builtins); i++) {
        const struct builtin *builtin = &builtins[i];
        if ((builtin->arity == arity || builtin->kind == BUILTIN_REFUSED) &&
            slice_is(name, builtin->name))
            return builtin;
    }
    return NULL;
}
