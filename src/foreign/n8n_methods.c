/* Functions and methods in expressions of n8n. */
#include "base/limits.h"
#include "foreign/n8n_jq.h"
#include "foreign/n8n_js.h"

#include <ctype.h>

#define ARGUMENTS_MAX 4

static const char only_ascii[] = "only letters a to z change their case";

/* In `jq` $0, $1 stand for the arguments and . for what has the method. */
struct method {
    const char *name;
    int min, max; /* arguments */
    const char *jq;
    enum jq_type type;
    const char *change; /* what the user has to know, or NULL */
};

static const struct method methods[] = {
    {"toUpperCase", 0, 0, "ascii_upcase", JQ_STRING, only_ascii},
    {"toLowerCase", 0, 0, "ascii_downcase", JQ_STRING, only_ascii},
    {"trim", 0, 0, "trim", JQ_STRING, NULL},
    {"trimStart", 0, 0, "ltrim", JQ_STRING, NULL},
    {"trimEnd", 0, 0, "rtrim", JQ_STRING, NULL},
    {"split", 1, 1, "split($0)", JQ_ARRAY, NULL},
    {"join", 0, 0, "join(\",\")", JQ_STRING, NULL},
    {"join", 1, 1, "join($0)", JQ_STRING, NULL},
    {"includes", 1, 1, "if type == \"array\" then any(. == $0) else contains($0 | tostring) end",
     JQ_BOOL, NULL},
    {"startsWith", 1, 1, "startswith($0)", JQ_BOOL, NULL},
    {"endsWith", 1, 1, "endswith($0)", JQ_BOOL, NULL},
    {"toString", 0, 0, "tostring", JQ_STRING, NULL},
    {"toNumber", 0, 0, "tonumber", JQ_NUMBER, NULL},
    {"toInt", 0, 0, "tonumber | trunc", JQ_NUMBER, NULL},
    {"toFloat", 0, 0, "tonumber", JQ_NUMBER, NULL},
    {"toBoolean", 0, 0,
     "if type == \"string\" then (ascii_downcase | . != \"false\" and . != \"no\" and . != \"0\" "
     "and . != \"\") else . != null and . != false and . != 0 end",
     JQ_BOOL, NULL},
    {"slice", 1, 1, ".[$0:]", JQ_ANY, NULL},
    {"slice", 2, 2, ".[$0:$1]", JQ_ANY, NULL},
    {"substring", 1, 1, ".[([$0, 0] | max):]", JQ_STRING, NULL},
    {"substring", 2, 2, ".[([$0, 0] | max):([$1, 0] | max)]", JQ_STRING, NULL},
    {"indexOf", 1, 1,
     "if type == \"array\" then (map(. == $0) | index(true)) else index($0) end | . // -1",
     JQ_NUMBER, NULL},
    {"lastIndexOf", 1, 1,
     "if type == \"array\" then (map(. == $0) | rindex(true)) else rindex($0) end | . // -1",
     JQ_NUMBER, NULL},
    {"concat", 1, 1, "if type == \"array\" then . + $0 else . + ($0 | tostring) end", JQ_ANY, NULL},
    {"repeat", 1, 1, ". * $0 // \"\"", JQ_STRING, NULL},
    {"charAt", 1, 1, ".[$0:$0 + 1]", JQ_STRING, NULL},
    {"at", 1, 1, ".[$0]", JQ_ANY, NULL},
    {"reverse", 0, 0, "reverse", JQ_ARRAY, NULL},
    {"sort", 0, 0, "sort_by(tostring)", JQ_ARRAY, NULL},
    {"flat", 0, 0, "flatten(1)", JQ_ARRAY, NULL},
    {"first", 0, 0, ".[0]", JQ_ANY, NULL},
    {"last", 0, 0, ".[-1]", JQ_ANY, NULL},
    {"pop", 0, 0, ".[-1]", JQ_ANY, NULL},
    {"shift", 0, 0, ".[0]", JQ_ANY, NULL},
    {"isEmpty", 0, 0, ". == null or . == \"\" or . == [] or . == {}", JQ_BOOL, NULL},
    {"isNotEmpty", 0, 0, ". != null and . != \"\" and . != [] and . != {}", JQ_BOOL, NULL},
    {"unique", 0, 0, "reduce .[] as $one ([]; if any(. == $one) then . else . + [$one] end)",
     JQ_ARRAY, NULL},
    {"removeDuplicates", 0, 0,
     "reduce .[] as $one ([]; if any(. == $one) then . else . + [$one] end)", JQ_ARRAY, NULL},
    {"compact", 0, 0, "map(select(. != null and . != \"\" and . != [] and . != {}))", JQ_ARRAY,
     NULL},
    {"sum", 0, 0, "map(tonumber) | add // 0", JQ_NUMBER, NULL},
    {"average", 0, 0, "map(tonumber) | if length == 0 then 0 else add / length end", JQ_NUMBER,
     NULL},
    {"min", 0, 0, "map(tonumber) | min", JQ_NUMBER, NULL},
    {"max", 0, 0, "map(tonumber) | max", JQ_NUMBER, NULL},
    {"pluck", 1, 1, "map(.[$0])", JQ_ARRAY, NULL},
    {"round", 0, 0, ". + 0.5 | floor", JQ_NUMBER, NULL},
    {"floor", 0, 0, "floor", JQ_NUMBER, NULL},
    {"ceil", 0, 0, "ceil", JQ_NUMBER, NULL},
    {"abs", 0, 0, "abs", JQ_NUMBER, NULL},
    {"isEven", 0, 0, ". % 2 == 0", JQ_BOOL, NULL},
    {"isOdd", 0, 0, ". % 2 != 0", JQ_BOOL, NULL},
    {"toJsonString", 0, 0, "tojson", JQ_STRING, NULL},
    {"parseJson", 0, 0, "fromjson", JQ_ANY, NULL},
    {"base64Encode", 0, 0, "@base64", JQ_STRING, NULL},
    {"base64Decode", 0, 0, "@base64d", JQ_STRING, NULL},
    {"urlEncode", 0, 0, "@uri", JQ_STRING, NULL},
    {"urlDecode", 0, 0, "@urid", JQ_STRING, NULL},
    {"keys", 0, 0, "keys_unsorted", JQ_ARRAY, NULL},
    {"values", 0, 0, "[.[]]", JQ_ARRAY, NULL},
    {"hasField", 1, 1, "has($0)", JQ_BOOL, NULL},
    {"removeField", 1, 1, "del(.[$0])", JQ_OBJECT, NULL},
    {"keepFieldsContaining", 1, 1, "with_entries(select(.value | tostring | contains($0)))",
     JQ_OBJECT, NULL},
    {"isEmail", 0, 0, "test(\"^[^@\\\\s]+@[^@\\\\s]+\\\\.[^@\\\\s]+$\")", JQ_BOOL, NULL},
    {"extractDomain", 0, 0,
     "capture(\"(?:^|//|@)(?<domain>[\\\\w-]+(?:\\\\.[\\\\w-]+)+)\") | .domain", JQ_STRING, NULL},
    {"removeTags", 0, 0, "gsub(\"<[^>]*>\"; \"\")", JQ_STRING, NULL},
    {"toDateTime", 0, 0,
     "if type == \"number\" then . / 1000 elif test(\"^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d$\") then . + "
     "\"T00:00:00Z\" | fromdate else fromdate end",
     JQ_DATE, NULL},
    {"getTime", 0, 0, "fromdate * 1000", JQ_NUMBER, NULL},
};

/* Math.x and the like; $0 is the first argument. */
static const struct method functions[] = {
    {"Math.round", 1, 1, "$0 | tonumber + 0.5 | floor", JQ_NUMBER, NULL},
    {"Math.floor", 1, 1, "$0 | tonumber | floor", JQ_NUMBER, NULL},
    {"Math.ceil", 1, 1, "$0 | tonumber | ceil", JQ_NUMBER, NULL},
    {"Math.trunc", 1, 1, "$0 | tonumber | trunc", JQ_NUMBER, NULL},
    {"Math.abs", 1, 1, "$0 | tonumber | abs", JQ_NUMBER, NULL},
    {"Math.sqrt", 1, 1, "$0 | tonumber | sqrt", JQ_NUMBER, NULL},
    {"Math.pow", 2, 2, "pow($0; $1)", JQ_NUMBER, NULL},
    {"Math.min", 2, 2, "[$0, $1] | map(tonumber) | min", JQ_NUMBER, NULL},
    {"Math.max", 2, 2, "[$0, $1] | map(tonumber) | max", JQ_NUMBER, NULL},
    {"JSON.stringify", 1, 1, "$0 | tojson", JQ_STRING, NULL},
    {"JSON.stringify", 2, 3, "$0 | tojson", JQ_STRING, "the JSON text is in one line"},
    {"JSON.parse", 1, 1, "$0 | fromjson", JQ_ANY, NULL},
    {"Object.keys", 1, 1, "$0 | keys_unsorted", JQ_ARRAY, NULL},
    {"Object.values", 1, 1, "$0 | [.[]]", JQ_ARRAY, NULL},
    {"Object.entries", 1, 1, "$0 | to_entries | map([.key, .value])", JQ_ARRAY, NULL},
    {"Object.assign", 2, 2, "$0 + $1", JQ_OBJECT, NULL},
    {"Array.isArray", 1, 1, "$0 | type == \"array\"", JQ_BOOL, NULL},
    {"Number.isInteger", 1, 1, "$0 | type == \"number\" and . == floor", JQ_BOOL, NULL},
    {"Number", 1, 1,
     "$0 | if . == true then 1 elif . == false or . == \"\" or . == null then 0 "
     "else tonumber end",
     JQ_NUMBER, NULL},
    {"String", 1, 1, "$0 | tostring", JQ_STRING, NULL},
    {"Boolean", 1, 1, "$0 | . != null and . != false and . != 0 and . != \"\"", JQ_BOOL, NULL},
    {"parseInt", 1, 2, "$0 | tonumber | trunc", JQ_NUMBER, NULL},
    {"parseFloat", 1, 1, "$0 | tonumber", JQ_NUMBER, NULL},
    {"isNaN", 1, 1, "$0 | (tonumber? // null) == null", JQ_BOOL, NULL},
    {"encodeURIComponent", 1, 1, "$0 | @uri", JQ_STRING, NULL},
    {"encodeURI", 1, 1, "$0 | gsub(\" \"; \"%20\")", JQ_STRING,
     "of an address only blanks are encoded"},
    {"decodeURIComponent", 1, 1, "$0 | @urid", JQ_STRING, NULL},
    {"$ifEmpty", 2, 2, "$0 | if . == null or . == \"\" or . == [] or . == {} then $1 else . end",
     JQ_ANY, NULL},
    {"$max", 2, 2, "[$0, $1] | max", JQ_NUMBER, NULL},
    {"$min", 2, 2, "[$0, $1] | min", JQ_NUMBER, NULL},
    {"DateTime.fromISO", 1, 1,
     "$0 | if test(\"^\\\\d{4}-\\\\d\\\\d-\\\\d\\\\d$\") then . + \"T00:00:00Z\" else . end | "
     "fromdate",
     JQ_DATE, NULL},
    {"DateTime.fromMillis", 1, 1, "$0 / 1000", JQ_DATE, NULL},
    {"DateTime.fromSeconds", 1, 1, "$0", JQ_DATE, NULL},
};

/* --- arguments --- */

struct arguments {
    const char *texts[ARGUMENTS_MAX];
    const char *binds; /* `x as $v1 | ` for those that are not constant */
    int count;
};

static bool
read_arguments(struct n8n_scope *scope, const struct js *first, struct arguments *out)
{
    struct arena *arena = scope->n8n->arena;
    *out = (struct arguments){.binds = ""};
    for (const struct js *js = first; js != NULL; js = js->next) {
        struct jq jq = out->count == ARGUMENTS_MAX ? jq_fail(scope, "a call has many arguments")
                                                   : n8n_jq_of(scope, js);
        jq = jq_plain(scope, jq);
        if (jq.text == NULL)
            return false;
        const char *name = jq.text;
        if (!jq.is_constant) {
            name = arena_format(arena, "$v%d", ++scope->bound);
            out->binds =
                n8n_cat(arena, out->binds, jq_closed(scope, jq), " as ", name, " | ", NULL);
        }
        out->texts[out->count++] = name;
    }
    return true;
}

/* The method's jq with its arguments. */
static const char *
fill(struct n8n_scope *scope, const char *jq, const struct arguments *arguments)
{
    struct buffer out;
    buffer_init(&out, LIMIT_DEFINITION_BYTES);
    for (const char *at = jq; *at != '\0'; at++) {
        bool is_place = at[0] == '$' && isdigit((unsigned char)at[1]);
        if (is_place)
            buffer_append_text(&out, arguments->texts[*++at - '0']);
        else
            buffer_append_byte(&out, *at);
    }
    const char *text =
        buffer_is_over(&out) ? NULL : arena_copy(scope->n8n->arena, buffer_slice(&out)).ptr;
    buffer_done(&out);
    return text;
}

static const struct method *
find_method(const struct method *table, size_t count, const char *name, int arguments)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(table[i].name, name) == 0 && arguments >= table[i].min &&
            arguments <= table[i].max)
            return &table[i];
    }
    return NULL;
}

static struct jq
use_method(struct n8n_scope *scope, const struct method *method, const char *of,
           const struct arguments *arguments)
{
    struct arena *arena = scope->n8n->arena;
    if (method->change != NULL)
        n8n_change(scope->n8n, scope->node,
                   n8n_cat(arena, "`", method->name, "`: ", method->change, NULL));
    return jq_term(method->type,
                   n8n_cat(arena, "(", arguments->binds, of, of[0] == '\0' ? "" : " | ",
                           fill(scope, method->jq, arguments), ")", NULL));
}

/* --- regular expressions --- */

/* Flags of JavaScript that mean the same; NULL: one does not. */
static const char *
regex_flags(struct n8n_scope *scope, struct slice flags, bool with_g)
{
    const char *out = "";
    for (size_t i = 0; i < flags.size; i++) {
        char byte = flags.ptr[i];
        if (byte == 'i' || (byte == 'g' && with_g))
            out = n8n_cat(scope->n8n->arena, out, byte == 'i' ? "i" : "g", NULL);
        else if (byte != 'g' && byte != 'u' && byte != 'm' && byte != 's')
            return NULL;
    }
    return out;
}

/* `m` and `s` stand in the pattern. */
static const char *
regex_pattern(struct n8n_scope *scope, const struct js *regex)
{
    struct arena *arena = scope->n8n->arena;
    bool is_m = memchr(regex->flags.ptr, 'm', regex->flags.size) != NULL;
    bool is_s = memchr(regex->flags.ptr, 's', regex->flags.size) != NULL;
    const char *front = is_m && is_s ? "(?ms)" : is_m ? "(?m)" : is_s ? "(?s)" : "";
    const char *text = n8n_cat(arena, front, arena_copy(arena, regex->text).ptr, NULL);
    return text == NULL ? NULL : jq_quote(scope, slice_text(text));
}

static struct jq
regex_replace(struct n8n_scope *scope, const char *of, const struct js *regex)
{
    struct arena *arena = scope->n8n->arena;
    const struct js *by = regex->next;
    const char *flags = regex_flags(scope, regex->flags, false);
    bool is_global = memchr(regex->flags.ptr, 'g', regex->flags.size) != NULL;
    if (by == NULL || by->kind == JS_ARROW || flags == NULL ||
        (by->kind == JS_TEXT && memchr(by->text.ptr, '$', by->text.size) != NULL))
        return jq_fail(scope, "such a replacement is not translated");
    struct arguments arguments;
    if (!read_arguments(scope, by, &arguments) || arguments.count != 1)
        return (struct jq){0};
    return jq_term(JQ_STRING,
                   n8n_cat(arena, "(", arguments.binds, of, is_global ? " | gsub(" : " | sub(",
                           regex_pattern(scope, regex), "; ", arguments.texts[0], "; \"", flags,
                           "\"))", NULL));
}

/* replace("a", "b"): the first one; replaceAll: all. */
static struct jq
text_replace(struct n8n_scope *scope, const char *of, const struct js *arguments, bool is_all)
{
    static const struct method first = {"replace",
                                        2,
                                        2,
                                        "index($0) as $at | if $at == null then . else .[:$at] + "
                                        "$1 + .[$at + ($0 | length):] end",
                                        JQ_STRING,
                                        NULL};
    static const struct method all = {"replaceAll", 2, 2, "split($0) | join($1)", JQ_STRING, NULL};
    struct arguments read;
    if (!read_arguments(scope, arguments, &read))
        return (struct jq){0};
    if (read.count != 2)
        return jq_fail(scope, "`replace` has two arguments");
    return use_method(scope, is_all ? &all : &first, of, &read);
}

static struct jq
regex_match(struct n8n_scope *scope, const char *of, const struct js *regex)
{
    struct arena *arena = scope->n8n->arena;
    const char *flags = regex_flags(scope, regex->flags, true);
    bool is_global = memchr(regex->flags.ptr, 'g', regex->flags.size) != NULL;
    if (flags == NULL)
        return jq_fail(scope, "a flag of a regular expression is not known");
    return jq_term(JQ_ANY,
                   n8n_cat(arena, "(", of, " | [match(", regex_pattern(scope, regex), "; \"", flags,
                           is_global ? "\")] | if . == [] then null else map(.string) end)"
                                     : "\")] | if . == [] then null else .[0] | [.string] + "
                                       "(.captures | map(.string)) end)",
                           NULL));
}

static struct jq
regex_test(struct n8n_scope *scope, const struct js *regex, const struct js *argument)
{
    struct jq of =
        argument == NULL ? jq_fail(scope, "`test` has an argument") : n8n_jq_of(scope, argument);
    const char *flags = regex_flags(scope, regex->flags, false);
    if (of.text == NULL || flags == NULL)
        return jq_fail(scope, "a flag of a regular expression is not known");
    return jq_term(JQ_BOOL, n8n_cat(scope->n8n->arena, "(", jq_text(scope, of), " | test(",
                                    regex_pattern(scope, regex), "; \"", flags, "\"))", NULL));
}

/* What takes a regular expression. .text NULL without a reason: it is not one of these. */
static struct jq
call_with_regex(struct n8n_scope *scope, const struct js *method, const char *of)
{
    struct slice name = method->text;
    const struct js *argument = method->next;
    bool is_regex = argument != NULL && argument->kind == JS_REGEX;
    bool is_all = slice_is(name, "replaceAll");
    if (is_all || slice_is(name, "replace"))
        return is_regex ? regex_replace(scope, of, argument)
                        : text_replace(scope, of, argument, is_all);
    if (!is_regex)
        return (struct jq){0};
    if (slice_is(name, "match"))
        return regex_match(scope, of, argument);
    if (slice_is(name, "split"))
        return jq_term(JQ_ARRAY, n8n_cat(scope->n8n->arena, "(", of, " | [splits(",
                                         regex_pattern(scope, argument), ")])", NULL));
    return jq_fail(scope, "a regular expression stands where none is read");
}

/* --- functions of lists --- */

static struct jq
call_with_arrow(struct n8n_scope *scope, struct slice name, const char *of, const struct js *arrow)
{
    static const struct {
        const char *name, *before, *after;
        bool is_test;
        enum jq_type type;
    } table[] = {
        {"map", "map(", ")", false, JQ_ARRAY},
        {"flatMap", "map(", ") | flatten(1)", false, JQ_ARRAY},
        {"filter", "map(select(", "))", true, JQ_ARRAY},
        {"find", "[.[] | select(", ")] | .[0]", true, JQ_ANY},
        {"some", "any(", ")", true, JQ_BOOL},
        {"every", "all(", ")", true, JQ_BOOL},
        {"findIndex", "map(", ") | index(true) // -1", true, JQ_NUMBER},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (!slice_is(name, table[i].name))
            continue;
        enum jq_type type;
        const char *body = jq_arrow(scope, arrow, &type);
        if (body == NULL)
            return (struct jq){0};
        if (table[i].is_test)
            body = jq_truth(scope, jq_made(type, body));
        return jq_term(table[i].type, n8n_cat(scope->n8n->arena, "(", of, " | ", table[i].before,
                                              body, table[i].after, ")", NULL));
    }
    return jq_fail(scope, arena_format(scope->n8n->arena, "`%.*s` is not translated",
                                       SLICE_FORMAT(slice_cut(name, 60))));
}

/* --- calls --- */

static struct jq
call_method(struct n8n_scope *scope, const struct js *callee, const struct js *arguments)
{
    struct arena *arena = scope->n8n->arena;
    if (callee->parts->kind == JS_REGEX && slice_is(callee->text, "test"))
        return regex_test(scope, callee->parts, arguments);
    struct jq of = n8n_jq_of(scope, callee->parts);
    if (of.text == NULL)
        return of;
    if (of.type == JQ_DATE)
        return jq_date_call(scope, of, callee->text, arguments);
    const char *closed = jq_closed(scope, of);
    if (arguments != NULL && arguments->kind == JS_ARROW)
        return call_with_arrow(scope, callee->text, closed, arguments);
    struct js method = {.text = callee->text, .next = (struct js *)arguments};
    struct jq jq = call_with_regex(scope, &method, closed);
    if (jq.text != NULL || scope->why != NULL)
        return jq;
    struct arguments read;
    if (!read_arguments(scope, arguments, &read))
        return (struct jq){0};
    const char *name = arena_format(arena, "%.*s", SLICE_FORMAT(slice_cut(callee->text, 60)));
    const struct method *known = find_method(methods, COUNT_OF(methods), name, read.count);
    if (known == NULL)
        return jq_fail(scope, n8n_cat(arena, "`", name, "()` is not translated", NULL));
    return use_method(scope, known, closed, &read);
}

/* $if(a, b, c) */
static struct jq
call_if(struct n8n_scope *scope, const struct js *arguments)
{
    if (arguments == NULL || arguments->next == NULL || arguments->next->next == NULL)
        return jq_fail(scope, "`$if` has three arguments");
    struct js choice = {.kind = JS_CHOICE, .parts = (struct js *)arguments};
    return n8n_jq_of(scope, &choice);
}

static struct jq
call_function(struct n8n_scope *scope, const char *name, const struct js *arguments)
{
    struct arena *arena = scope->n8n->arena;
    if (strcmp(name, "$if") == 0)
        return call_if(scope, arguments);
    bool is_now = strcmp(name, "DateTime.now") == 0 || strcmp(name, "DateTime.local") == 0 ||
                  strcmp(name, "DateTime.utc") == 0 || strcmp(name, "Date.now") == 0;
    struct js now = {.kind = JS_NAME, .text = SLICE("$now")};
    if (is_now && arguments == NULL) {
        struct jq date = n8n_jq_of(scope, &now);
        bool is_number = strcmp(name, "Date.now") == 0;
        return is_number
                   ? jq_term(JQ_NUMBER, n8n_cat(arena, "(", date.text, " * 1000 | floor)", NULL))
                   : date;
    }
    struct arguments read;
    if (!read_arguments(scope, arguments, &read))
        return (struct jq){0};
    const struct method *known = find_method(functions, COUNT_OF(functions), name, read.count);
    if (known == NULL)
        return jq_fail(scope, n8n_cat(arena, "`", name, "()` is not translated", NULL));
    return use_method(scope, known, "", &read);
}

static bool
is_namespace(const struct js *js)
{
    static const char *const names[] = {"Math", "JSON",     "Object", "Array",   "Number",
                                        "Date", "DateTime", "String", "Duration"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (js->kind == JS_NAME && slice_is(js->text, names[i]))
            return true;
    }
    return false;
}

struct jq
jq_call(struct n8n_scope *scope, const struct js *call)
{
    struct arena *arena = scope->n8n->arena;
    const struct js *callee = call->parts, *arguments = callee->next;
    if (callee->kind == JS_NAME)
        return call_function(scope,
                             arena_format(arena, "%.*s", SLICE_FORMAT(slice_cut(callee->text, 60))),
                             arguments);
    if (callee->kind != JS_MEMBER)
        return jq_fail(scope, "such a call is not translated");
    if (is_namespace(callee->parts))
        return call_function(scope,
                             arena_format(arena, "%.*s.%.*s", SLICE_FORMAT(callee->parts->text),
                                          SLICE_FORMAT(slice_cut(callee->text, 60))),
                             arguments);
    return call_method(scope, callee, arguments);
}

/* new Date(), new Date(value) */
struct jq
jq_new(struct n8n_scope *scope, const struct js *call)
{
    const struct js *name = call->parts, *argument = name->next;
    struct js now = {.kind = JS_NAME, .text = SLICE("$now")};
    if (!slice_is(name->text, "Date") || (argument != NULL && argument->next != NULL))
        return jq_fail(scope, "such a `new` is not translated");
    if (argument == NULL)
        return n8n_jq_of(scope, &now);
    struct jq of = n8n_jq_of(scope, argument);
    if (of.text == NULL || of.type == JQ_DATE)
        return of;
    const struct method *method = find_method(methods, COUNT_OF(methods), "toDateTime", 0);
    struct arguments none = {.binds = ""};
    return use_method(scope, method, jq_closed(scope, of), &none);
}
