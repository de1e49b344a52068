#include "flow/load.h"

#include "base/cron.h"

#include "base/buffer.h"
#include "base/credits.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/yaml.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

#define NAME_BYTES_MAX 200
#define SLUG_BYTES_MAX 63
#define CONCURRENCY_DEFAULT 50
#define CONCURRENCY_MAX 10000
/* What a file of the longest size may become in memory: values, templates, expressions. */
#define PLAN_BYTES MIB(64)
#define SCRATCH_BYTES MIB(64)
/* Of the graph alone: nodes, edges and sets of LIMIT_STEPS steps. */
#define GRAPH_BYTES MIB(32)

static void
read_name(struct loader *loader, struct spot spot, void *target)
{
    load_literal(loader, spot, &loader->plan->name);
    size_t size = loader->plan->name.count;
    if (loader->plan->name.kind == VALUE_STRING && (size == 0 || size > NAME_BYTES_MAX))
        load_problem(loader, spot, NULL, "expected a name of 1 to %d bytes", NAME_BYTES_MAX);
}

bool
load_slug_is_good(struct slice slug)
{
    for (size_t i = 0; i < slug.size; i++) {
        char byte = slug.ptr[i];
        bool is_letter = byte >= 'a' && byte <= 'z';
        bool is_digit = byte >= '0' && byte <= '9';
        if (!is_letter && !is_digit && byte != '-')
            return false;
    }
    return slug.size > 0 && slug.size <= SLUG_BYTES_MAX;
}

static void
read_slug(struct loader *loader, struct spot spot, void *target)
{
    if (!load_is_kind(loader, spot, VALUE_STRING, "a slug as text"))
        return;
    loader->plan->slug = spot.at->value;
    if (!load_slug_is_good(value_slice(spot.at->value)))
        load_problem(loader, spot, NULL, "expected 1 to %d of the letters a-z, digits and -",
                     SLUG_BYTES_MAX);
}

static void
read_description(struct loader *loader, struct spot spot, void *target)
{
    if (spot.at->value.kind != VALUE_NULL && load_is_kind(loader, spot, VALUE_STRING, "text"))
        loader->plan->description = spot.at->value;
}

static void
read_input(struct loader *loader, struct spot spot, void *target)
{
    struct plan *plan = loader->plan;
    plan->input_schema_text = spot.at->value;
    plan->input_schema = load_schema(loader, spot);
}

static void
read_auth(struct loader *loader, struct spot spot, void *target)
{
    static const char *const choices[] = {"standard", "hub", "header", "basic", "query", "none"};
    load_choice(loader, spot, choices, COUNT_OF(choices));
}

static void
read_respond(struct loader *loader, struct spot spot, void *target)
{
    static const char *const choices[] = {"at_once", "at_end"};
    load_choice(loader, spot, choices, COUNT_OF(choices));
}

static void
read_webhook(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {
        {"auth", read_auth, false},
        {"respond", read_respond, false},
    };
    load_members(loader, spot, keys, COUNT_OF(keys), NULL);
}

static void
read_cron(struct loader *loader, struct spot spot, void *target)
{
    struct value text = {.kind = VALUE_NONE};
    struct cron cron;
    struct error error = {0};
    load_literal(loader, spot, &text);
    if (text.kind == VALUE_STRING && cron_parse(&cron, value_slice(text), &error) != STATUS_OK)
        load_problem(loader, spot, NULL, "%s", error.text);
}

static void
read_timezone(struct loader *loader, struct spot spot, void *target)
{
    struct value zone = {.kind = VALUE_NONE};
    load_literal(loader, spot, &zone);
    if (zone.kind == VALUE_STRING && zone.count == 0)
        load_problem(loader, spot, NULL, "expected a time zone such as Europe/Berlin");
}

static void
read_missed(struct loader *loader, struct spot spot, void *target)
{
    static const char *const choices[] = {"skip", "once", "all"};
    load_choice(loader, spot, choices, COUNT_OF(choices));
}

static void
read_schedule_input(struct loader *loader, struct spot spot, void *target)
{
    load_is_kind(loader, spot, VALUE_OBJECT, "an object: the input of the runs");
}

static void
read_schedule(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {
        {"cron", read_cron, true},
        {"timezone", read_timezone, false},
        {"missed", read_missed, false},
        {"input", read_schedule_input, false},
    };
    load_members(loader, spot, keys, COUNT_OF(keys), NULL);
}

static void
read_failure(struct loader *loader, struct spot spot, void *target)
{
    enum value_kind kind = spot.at->value.kind;
    loader->plan->catches_failures = kind == VALUE_TRUE;
    if (kind != VALUE_TRUE && kind != VALUE_FALSE)
        load_problem(loader, spot, NULL, "expected true or false");
}

static void
read_triggers(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {
        {"webhook", read_webhook, false},
        {"schedule", read_schedule, false},
        {"failure", read_failure, false},
    };
    loader->plan->triggers = spot.at->value;
    load_members(loader, spot, keys, COUNT_OF(keys), NULL);
}

static void
read_concurrency(struct loader *loader, struct spot spot, void *target)
{
    int64_t number = 0;
    bool is_whole = value_is_number(spot.at->value) && value_integer(spot.at->value, &number);
    if (is_whole && number >= 1 && number <= CONCURRENCY_MAX)
        loader->plan->limits.concurrency = (uint32_t)number;
    else
        load_problem(loader, spot, NULL, "expected a whole number from 1 to %d", CONCURRENCY_MAX);
}

static void
read_runs(struct loader *loader, struct spot spot, void *target)
{
    int64_t number = 0;
    bool is_whole = value_is_number(spot.at->value) && value_integer(spot.at->value, &number);
    if (is_whole && number >= 1 && number <= LIMIT_TREE_RUNS_MAX)
        loader->plan->limits.runs = (uint32_t)number;
    else
        load_problem(loader, spot, NULL, "expected a whole number from 1 to %d",
                     LIMIT_TREE_RUNS_MAX);
}

static void
read_credits(struct loader *loader, struct spot spot, int64_t *target)
{
    int64_t microcredits = 0;
    if (credits_read(spot.at->value, &microcredits))
        *target = microcredits;
    else
        load_problem(loader, spot, NULL, "expected credits: a number from 0 to %d", CREDITS_MAX);
}

static void
read_budget(struct loader *loader, struct spot spot, void *target)
{
    read_credits(loader, spot, &loader->plan->limits.budget_microcredits);
}

static void
read_day_budget(struct loader *loader, struct spot spot, void *target)
{
    read_credits(loader, spot, &loader->plan->limits.day_budget_microcredits);
}

static void
read_time(struct loader *loader, struct spot spot, int64_t *out)
{
    int64_t time_ms = -1;
    load_duration(loader, spot, &time_ms);
    if (time_ms == 0)
        load_problem(loader, spot, NULL, "expected a duration above 0");
    else if (time_ms > 0)
        *out = time_ms;
}

static void
read_deadline(struct loader *loader, struct spot spot, void *target)
{
    read_time(loader, spot, &loader->plan->limits.deadline_ms);
}

static void
read_retention(struct loader *loader, struct spot spot, void *target)
{
    read_time(loader, spot, &loader->plan->retention_ms);
}

/* "10%" or "2.5%" as a share of one, by digits: no locale can change it. -1 if it is neither. */
static double
read_percent(struct slice text)
{
    int64_t digits = 0;
    int64_t scale = 100;
    bool has_point = false;
    size_t digit_count = 0;
    if (text.size < 2 || text.size > 8 || text.ptr[text.size - 1] != '%')
        return -1;
    for (size_t i = 0; i + 1 < text.size; i++) {
        char byte = text.ptr[i];
        if (byte == '.' && !has_point && digit_count > 0) {
            has_point = true;
        } else if (byte >= '0' && byte <= '9') {
            digits = digits * 10 + (byte - '0');
            scale = has_point ? scale * 10 : scale;
            digit_count++;
        } else {
            return -1;
        }
    }
    return digits > scale ? -1 : (double)digits / (double)scale;
}

static void
read_max_failed(struct loader *loader, struct spot spot, void *target)
{
    struct plan_limits *limits = &loader->plan->limits;
    struct value value = spot.at->value;
    int64_t number = -1;
    if (value_is_number(value) && value_integer(value, &number) && number >= 0) {
        limits->max_failed = number;
        return;
    }
    double share = value.kind == VALUE_STRING ? read_percent(value_slice(value)) : -1;
    if (share >= 0)
        limits->max_failed_share = share;
    else
        load_problem(loader, spot, NULL,
                     "expected a share of the items such as 10%%, or a whole number of items");
}

static void
read_limits(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {
        {"concurrency", read_concurrency, false},   {"budget", read_budget, false},
        {"budget_per_day", read_day_budget, false}, {"deadline", read_deadline, false},
        {"max_failed", read_max_failed, false},     {"runs", read_runs, false},
    };
    load_members(loader, spot, keys, COUNT_OF(keys), NULL);
}

static void
read_on_end(struct loader *loader, struct spot spot, void *target)
{
    static const struct slice beginnings[] = {{"https://", 8}, {"http://", 7}};
    if (!load_is_kind(loader, spot, VALUE_STRING, "an address as text"))
        return;
    struct slice url = value_slice(spot.at->value);
    bool is_good = false;
    for (size_t i = 0; i < COUNT_OF(beginnings); i++)
        is_good = is_good || (url.size > beginnings[i].size &&
                              memcmp(url.ptr, beginnings[i].ptr, beginnings[i].size) == 0);
    for (size_t i = 0; i < url.size; i++)
        is_good = is_good && (unsigned char)url.ptr[i] > 0x20 && url.ptr[i] != '{';
    if (!is_good || url.size > LIMIT_NOTICE_URL_BYTES)
        load_problem(loader, spot, NULL,
                     "expected an address of at most %zu bytes that begins with https:// or "
                     "http://, without {{...}} and blanks",
                     LIMIT_NOTICE_URL_BYTES);
    else
        loader->plan->on_end = value_string_copy(loader->arena, url);
}

static void
read_notify_form(struct loader *loader, struct spot spot, void *target)
{
    if (!load_is_kind(loader, spot, VALUE_STRING, "standard or sixtyfour"))
        return;
    loader->plan->is_sixtyfour_notice = slice_is(value_slice(spot.at->value), "sixtyfour");
    if (!loader->plan->is_sixtyfour_notice && !slice_is(value_slice(spot.at->value), "standard"))
        load_problem(loader, spot, NULL, "expected standard or sixtyfour");
}

static void
read_notify(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {{"on_end", read_on_end, false},
                                           {"form", read_notify_form, false}};
    load_members(loader, spot, keys, COUNT_OF(keys), NULL);
}

static void
read_handler(struct loader *loader, struct spot spot, void *target)
{
    if (!load_is_kind(loader, spot, VALUE_STRING, "the slug of a workflow"))
        return;
    loader->plan->on_failure = spot.at->value;
    if (!load_slug_is_good(value_slice(spot.at->value)))
        load_problem(loader, spot, NULL,
                     "expected the slug of a workflow: 1 to %d of the letters a-z, digits and -",
                     SLUG_BYTES_MAX);
}

static void
read_on_failure(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {{"workflow", read_handler, true}};
    load_members(loader, spot, keys, COUNT_OF(keys), NULL);
}

/* When the slug is known. */
static void
check_handler(struct loader *loader, struct spot root)
{
    const struct plan *plan = loader->plan;
    if (plan->on_failure.kind == VALUE_STRING && value_equal(plan->on_failure, plan->slug))
        load_problem(loader, spot_at_pointer(loader->scratch, root, "/on_failure/workflow"), NULL,
                     "a workflow cannot be run for its own failures: name another one");
}

static void
read_output(struct loader *loader, struct spot spot, void *target)
{
    loader->plan->output = load_template(loader, spot, LEAF_OF_OUTPUT);
}

/* Nothing is made of it here: whoever reads that form shows it again. */
static void
read_origin_definition(struct loader *loader, struct spot spot, void *target)
{
    load_is_kind(loader, spot, VALUE_OBJECT, "an object: the definition as it was sent");
}

static void
read_origin_format(struct loader *loader, struct spot spot, void *target)
{
    static const char *const formats[] = {"sixtyfour", "wiserows", "tutor", "n8n"};
    load_choice(loader, spot, formats, COUNT_OF(formats));
}

static void
read_origin(struct loader *loader, struct spot spot, void *target)
{
    static const struct load_key keys[] = {
        {"format", read_origin_format, true},
        {"definition", read_origin_definition, true},
    };
    struct buffer text;
    load_members(loader, spot, keys, COUNT_OF(keys), NULL);
    buffer_init(&text, LIMIT_ORIGIN_BYTES);
    json_print(&text, spot.at->value);
    if (buffer_is_over(&text))
        load_problem(loader, spot, NULL, "the definition has more than %zu bytes",
                     LIMIT_ORIGIN_BYTES);
    buffer_done(&text);
    loader->plan->origin = spot.at->value;
}

static const struct load_key top_keys[] = {
    {"name", read_name, true},
    {"slug", read_slug, false},
    {"description", read_description, false},
    {"input", read_input, false},
    {"triggers", read_triggers, false},
    {"limits", read_limits, false},
    {"retention", read_retention, false},
    {"notify", read_notify, false},
    {"on_failure", read_on_failure, false},
    {"templates", load_templates, false},
    {"steps", load_steps, true},
    {"output", read_output, false},
    {"origin", read_origin, false},
};

/* The name in lower case with dashes for everything that is neither letter nor digit. */
static void
default_slug(struct loader *loader, struct spot root)
{
    struct plan *plan = loader->plan;
    if (plan->slug.kind != VALUE_NONE || plan->name.kind != VALUE_STRING)
        return;
    char slug[SLUG_BYTES_MAX];
    size_t size = 0;
    for (size_t i = 0; i < plan->name.count && size < sizeof(slug); i++) {
        char byte = plan->name.text[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte - 'A' + 'a');
        if (load_slug_is_good(slice_of(&byte, 1)) && byte != '-')
            slug[size++] = byte;
        else if (size > 0 && slug[size - 1] != '-')
            slug[size++] = '-';
    }
    while (size > 0 && slug[size - 1] == '-')
        size--;
    plan->slug = value_string_copy(loader->arena, slice_of(slug, size));
    if (size == 0 && plan->name.count > 0)
        load_problem(loader, root, NULL, "\"slug\" is missing and the name gives none: write one");
}

static bool
all_types_are_known(const struct loader *loader)
{
    for (uint16_t i = 0; i < loader->draft_count; i++) {
        if (loader->drafts[i].node.decl == NULL)
            return false;
    }
    return true;
}

void *
load_take(struct loader *loader, size_t count, size_t size)
{
    void *memory = arena_try_alloc(loader->arena, count * size + 1);
    assert(memory != NULL);
    return memset(memory, 0, count * size);
}

static void
load_graph(struct loader *loader)
{
    loader->arena->limit_bytes = loader->arena->used_bytes + GRAPH_BYTES;
    load_needs(loader);
    /* A type that is not known may have made a table: what follows would be guesswork. */
    if (!all_types_are_known(loader))
        loader->graph_is_broken = true;
    if (!loader->graph_is_broken)
        load_tables(loader);
    load_names(loader);
}

static void
load_document(struct loader *loader, const struct located *root, const char *rows_file)
{
    struct spot top = {.at = root, .key = {root->line, root->column}, .path = ""};
    loader->root = top;
    /* The first draft is kept for the file of rows. */
    loader->draft_count = rows_file == NULL ? 0 : 1;
    load_members(loader, top, top_keys, COUNT_OF(top_keys), NULL);
    default_slug(loader, top);
    check_handler(loader, top);
    if (rows_file != NULL)
        load_rows_file(loader, rows_file);
    if (loader->draft_count > 0) {
        load_graph(loader);
        load_callees(loader);
    }
    if (arena_is_over(loader->arena) || arena_is_over(loader->scratch))
        load_problem(loader, top, NULL, "the file needs more memory than a workflow may take");
    if (loader->problems->count == 0)
        load_canonical(loader, root);
}

/* Words of the parser begin with the place, which a problem has beside them. */
static const char *
without_place(const char *words)
{
    unsigned line = 0, column = 0;
    int size = 0;
    if (sscanf(words, "line %u, column %u: %n", &line, &column, &size) == 2 && size > 0)
        return words + size;
    return words;
}

static void
load_text(struct loader *loader, const char *rows_file)
{
    struct located *root = NULL;
    struct json_place place = {.line = 1, .column = 1};
    struct error error = {.status = STATUS_OK};
    if (yaml_load(&root, loader->arena, loader->text, &place, &error) != STATUS_OK) {
        problems_add(loader->problems, place.line == 0 ? 1 : place.line,
                     place.column == 0 ? 1 : place.column, "", NULL, "%s",
                     without_place(error.text));
        return;
    }
    load_document(loader, root, rows_file);
}

static struct plan *
plan_new(void)
{
    struct plan *plan = mem_alloc(sizeof(*plan));
    arena_init(&plan->arena, PLAN_BYTES);
    plan->description = value_null();
    plan->limits = (struct plan_limits){.concurrency = CONCURRENCY_DEFAULT,
                                        .max_failed = -1,
                                        .max_failed_share = -1,
                                        .budget_microcredits = -1,
                                        .day_budget_microcredits = -1,
                                        .runs = LIMIT_TREE_RUNS};
    atomic_init(&plan->references, 1);
    return plan;
}

static void
loader_done(struct loader *loader)
{
    for (uint16_t i = 0; i < loader->draft_count; i++)
        mem_free(loader->drafts[i].list);
    mem_free(loader->drafts);
    mem_free(loader->order);
    arena_done(loader->scratch);
}

enum status
plan_load(struct plan **out, struct slice text, const struct plan_options *options,
          struct problems *problems)
{
    *out = NULL;
    struct plan *plan = plan_new();
    struct arena scratch;
    arena_init(&scratch, SCRATCH_BYTES);
    struct loader loader = {.plan = plan,
                            .arena = &plan->arena,
                            .scratch = &scratch,
                            .problems = problems,
                            .catalog = options->catalog,
                            .options = options,
                            .text = text,
                            .drafts = mem_alloc_array(LOAD_STEPS_MAX, sizeof(struct draft)),
                            .order = mem_alloc_array(LOAD_STEPS_MAX, sizeof(uint16_t))};
    load_text(&loader, options->rows_file);
    loader_done(&loader);
    if (problems->count > 0) {
        problems_sort(problems);
        plan_drop(&plan);
        return STATUS_INVALID;
    }
    *out = plan;
    return STATUS_OK;
}
