/* bench_schema - checks a second of typical values against a JSON Schema.
 *
 * Usage: bench_schema [SECONDS]; SECONDS is the time of each line, 0.3 unless said otherwise. Run
 * from the top of the tree. Every line is the best spell, not the mean. schema.mjs measures ajv.
 */
#include "base/fs.h"
#include "base/json.h"
#include "expr/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define COMPANY "bench/inside/company.json"
#define BATCH 1000
#define DEFS "\"$defs\":{\"person\":{\"properties\":{\"name\":{\"type\":\"string\"}}}}"

/* Schema and value in one array. */
static const struct {
    const char *name;
    const char *text;
} cases[] = {
    {"text by a pattern", "[{\"pattern\":\"^[A-Z]{2}-\\\\d{4,6}$\"},\"AB-04711\"]"},
    {"text by a format", "[{\"format\":\"date-time\"},\"2024-05-17T09:30:00.25+02:00\"]"},
    {"one of three kinds of object",
     "[{\"oneOf\":[{\"properties\":{\"kind\":{\"const\":\"a\"},\"n\":{\"type\":\"number\"}}},"
     "{\"properties\":{\"kind\":{\"const\":\"b\"},\"s\":{\"type\":\"string\"}}},"
     "{\"properties\":{\"kind\":{\"const\":\"c\"},\"l\":{\"type\":\"array\"}}}]},"
     "{\"kind\":\"b\",\"s\":\"x\"}]"},
    {"nothing unevaluated",
     "[{\"allOf\":[{\"$ref\":\"#/$defs/person\"},{\"properties\":{\"age\":{\"minimum\":0}}}],"
     "\"unevaluatedProperties\":false," DEFS "},{\"name\":\"Ann\",\"age\":41}]"},
    {"20 numbers without a double",
     "[{\"items\":{\"type\":\"integer\",\"multipleOf\":3},\"uniqueItems\":true},[3,6,9,12,15,18,21,"
     "24,27,30,33,36,39,42,45,48,51,54,57,60]]"},
    {"a schema by the metaschema",
     "[{\"$ref\":\"https://json-schema.org/draft/2020-12/schema\"},{\"type\":\"object\","
     "\"properties\":{\"a\":{\"type\":\"string\",\"minLength\":1},\"b\":{\"enum\":[1,2]}}}]"},
};

static void
die(const char *what, const char *words)
{
    fprintf(stderr, "bench_schema: %s: %s\n", what, words);
    exit(1);
}

static double
now_s(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct work {
    const struct schema *schema;
    struct value value;
    struct slice text;
};

typedef void work_fn(const struct work *work);

static void
check_once(const struct work *work)
{
    if (schema_check(work->schema, work->value, NULL, NULL) != STATUS_OK)
        die("check", "the value is not valid");
}

static void
parse_once(const struct work *work)
{
    struct arena arena;
    struct value value;
    arena_init(&arena, MIB(16));
    if (json_parse(&value, &arena, work->text, JSON_BORROW, NULL, NULL) != STATUS_OK)
        die("parse", "no JSON");
    arena_done(&arena);
}

/* The best of many short spells, since other work on the machine only ever makes one slower. */
static void
measure(const struct work *work, work_fn *run, const char *name, double seconds)
{
    double best = 1e9;
    double end = now_s() + seconds;
    for (double start = now_s(); start < end;) {
        for (int i = 0; i < BATCH; i++)
            run(work);
        double now = now_s();
        if (now - start < best)
            best = now - start;
        start = now;
    }
    printf("%12.0f /s %8.0f ns  %s\n", BATCH / best, best / BATCH * 1e9, name);
    fflush(stdout);
}

static void
complain(const char *instance_path, const char *schema_path, const char *words, void *context)
{
    die(schema_path, words);
}

static void
compile(struct work *work, struct arena *arena, struct value schema, struct value value)
{
    struct schema *compiled = NULL;
    status_ignore(schema_compile(&compiled, arena, schema, complain, NULL));
    work->schema = compiled;
    work->value = value;
}

static void
measure_company(double seconds)
{
    struct arena arena;
    struct buffer file;
    struct value both = {0};
    struct error error = {0};
    struct work work = {.schema = NULL};
    arena_init(&arena, MIB(16));
    if (fs_read_file(&file, COMPANY, MIB(1), &error) != STATUS_OK ||
        json_parse(&both, &arena, buffer_slice(&file), 0, NULL, &error) != STATUS_OK)
        die(COMPANY, error.text);
    compile(&work, &arena, value_get(both, "schema"), value_get(both, "value"));
    work.text = json_text(&arena, work.value);
    measure(&work, check_once, "an object of 12 fields", seconds);
    measure(&work, parse_once, "  beside: reading its JSON", seconds);
    buffer_done(&file);
    arena_done(&arena);
}

int
main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.3;
    measure_company(seconds);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct value pair = {0};
        struct work work = {.schema = NULL};
        arena_init(&arena, MIB(16));
        if (json_parse(&pair, &arena, slice_text(cases[i].text), 0, NULL, NULL) != STATUS_OK)
            die(cases[i].name, "no JSON");
        compile(&work, &arena, value_items(pair)[0], value_items(pair)[1]);
        measure(&work, check_once, cases[i].name, seconds);
        arena_done(&arena);
    }
    return 0;
}
