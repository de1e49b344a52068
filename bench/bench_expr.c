/* bench_expr - evaluations a second of typical expressions over one typical item.
 *
 * Usage: bench_expr [SECONDS]; SECONDS is the time of each line, 0.3 unless said otherwise.
 * Every line is the best spell, not the mean.
 */
#include "base/json.h"
#include "expr/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ARENA_BYTES ((size_t)64 << 20)
#define BATCH 2000

static const char root_text[] =
    "{\"input\":{\"min\":3},\"item\":{\"id\":17,\"name\":\"Ada Lovelace\",\"email\":"
    "\"ada@example.com\",\"x\":\"abc\",\"y\":\"12.5\",\"country\":\"UK\",\"tags\":[\"a\",\"b\","
    "\"c\"],\"scores\":[3,1,2,8,5],\"note\":\"Called on Monday; asked for an offer.\"},"
    "\"steps\":{\"a\":{\"b\":0.75,\"list\":[{\"k\":1,\"v\":2},{\"k\":2,\"v\":3}]},\"c\":true},"
    "\"run\":{\"id\":\"r1\"},\"vars\":{}}";

static const char *const sources[] = {
    ".item.name",
    ".steps.a.b >= 0.7",
    ".item.id > .input.min and .steps.c",
    "{a: .item.x, b: (.item.y | tonumber)}",
    "\"Dear \\(.item.name), id \\(.item.id)\"",
    ".item | {id, name, email, country}",
    ".item + {total: (.item.scores | add)}",
    ".item.name | ascii_downcase | split(\" \") | join(\"-\")",
    "[.item.tags[] | ascii_upcase]",
    ".item.scores | map(select(. > 2)) | length",
    ".item.scores | sort | .[-1]",
    "[.steps.a.list[] | {(\"k\\(.k)\"): .v}] | add",
    "reduce .item.scores[] as $s (0; . + $s)",
    "reduce range(1000) as $i ({}; .[\"k\\($i % 100)\"] += 1) | length",
    ".item.email | test(\"^[a-z]+@[a-z.]+$\")",
    "if .item.country == \"UK\" then \"gb\" else .item.country end",
    ".item.missing // \"none\"",
    "[range(100)] | map(. * 2) | add",
    "def fib: if . < 2 then . else (. - 1 | fib) + (. - 2 | fib) end; 15 | fib",
};

static void
die(const char *source, const char *words)
{
    fprintf(stderr, "bench_expr: %s: %s\n", source, words);
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
    struct expr_machine *machine;
    struct value root;
    struct arena results;
    const char *source;
    const struct expr *expr;         /* or */
    const struct template *template; /* this */
    uint64_t sum;                    /* of the results, so that no work can be left out */
};

static void
run_once(struct work *work)
{
    struct value out;
    struct expr_failure failure;
    arena_reset(&work->results);
    enum status status =
        work->expr != NULL
            ? expr_one(work->machine, work->expr, work->root, &work->results, &out, &failure)
            : template_render(work->machine, work->template, work->root, &work->results, &out,
                              &failure);
    if (status != STATUS_OK)
        die(work->source, failure.words);
    work->sum += out.count;
}

/* The best of many short spells, since other work on the machine only ever makes one slower. */
static void
measure(struct work *work, double seconds)
{
    double best = 1e9;
    double end = now_s() + seconds;
    for (double start = now_s(); start < end;) {
        for (int i = 0; i < BATCH; i++)
            run_once(work);
        double now = now_s();
        if (now - start < best)
            best = now - start;
        start = now;
    }
    printf("%12.0f /s %8.0f ns  %s\n", BATCH / best, best / BATCH * 1e9, work->source);
    fflush(stdout);
}

static void
measure_source(struct work *work, const char *source, double seconds)
{
    struct arena arena;
    struct expr *expr = NULL;
    struct expr_problem problem;
    arena_init(&arena, ARENA_BYTES);
    work->source = source;
    if (expr_compile(&expr, &arena, slice_text(source), &problem) != STATUS_OK)
        die(source, problem.words);
    work->expr = expr;
    measure(work, seconds);
    work->expr = NULL;
    arena_done(&arena);
}

static void
measure_template(struct work *work, const char *text, double seconds)
{
    struct arena arena;
    struct template *template = NULL;
    struct expr_problem problem;
    arena_init(&arena, ARENA_BYTES);
    work->source = text;
    if (template_compile(&template, &arena, value_text(text), &problem, NULL) != STATUS_OK)
        die(text, problem.words);
    work->template = template;
    measure(work, seconds);
    work->template = NULL;
    arena_done(&arena);
}

int
main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.3;
    struct arena inputs;
    struct work work = {.machine = expr_machine_new(expr_budget_default())};
    arena_init(&inputs, ARENA_BYTES);
    arena_init(&work.results, ARENA_BYTES);
    if (json_parse(&work.root, &inputs, SLICE(root_text), 0, NULL, NULL) != STATUS_OK)
        die("input", "is no JSON");
    for (size_t i = 0; i < COUNT_OF(sources); i++)
        measure_source(&work, sources[i], seconds);
    measure_template(&work, "{{item.name}}", seconds);
    measure_template(&work, "Dear {{item.name}}, your id is {{item.id}}.", seconds);
    arena_done(&work.results);
    arena_done(&inputs);
    expr_machine_free(&work.machine);
    return 0;
}
