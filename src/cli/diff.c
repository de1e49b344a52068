#include "base/json.h"
#include "base/limits.h"
#include "cli/options.h"
#include "cli/runs.h"
#include "cli/stored.h"
#include "service/results.h"

#include <stdio.h>
#include <string.h>

/* As diff(1) has it. */
enum diff_exit { DIFF_EXIT_SAME = 0, DIFF_EXIT_DIFFERENT = 1, DIFF_EXIT_TROUBLE = 2 };

/* Bytes of a value that people are shown. */
#define SHOWN_BYTES 200

struct diff_asked {
    const char *data, *table;
    bool as_json;
};

/* --- what is printed --- */

struct printing {
    struct buffer out;
    struct buffer value;
    bool as_json;
    bool has_column; /* of this item */
};

static void
flush(struct printing *printing)
{
    cli_write(stdout, &printing->out);
    buffer_clear(&printing->out);
}

static void
put_value(struct printing *printing, struct value value)
{
    buffer_clear(&printing->value);
    json_print(&printing->value, value);
    struct slice text = buffer_slice(&printing->value);
    struct slice shown = slice_cut(text, SHOWN_BYTES);
    buffer_append_slice(&printing->out, shown);
    if (shown.size < text.size)
        buffer_append_text(&printing->out, "…");
}

static void
put_column(struct value name, struct value before, struct value after, void *context)
{
    struct printing *printing = context;
    buffer_append_format(&printing->out, "    %.*s: ", SLICE_FORMAT(value_slice(name)));
    put_value(printing, before);
    buffer_append_text(&printing->out, " → ");
    put_value(printing, after);
    buffer_append_byte(&printing->out, '\n');
}

static void
put_json_column(struct value name, struct value before, struct value after, void *context)
{
    struct printing *printing = context;
    struct buffer *out = &printing->out;
    buffer_append_text(out, printing->has_column ? "," : "");
    json_print_string(out, value_slice(name));
    buffer_append_text(out, ":{\"before\":");
    json_print(out, before);
    buffer_append_text(out, ",\"after\":");
    json_print(out, after);
    buffer_append_byte(out, '}');
    printing->has_column = true;
}

static void
put_json(struct printing *printing, const struct diff_item *item)
{
    static const char *const words[] = {
        [DIFF_CHANGED] = "changed", [DIFF_MISSING] = "missing", [DIFF_ADDED] = "added"};
    struct buffer *out = &printing->out;
    buffer_append_format(out, "{\"change\":\"%s\",\"key\":", words[item->kind]);
    json_print_string(out, item->key);
    if (item->kind == DIFF_CHANGED) {
        buffer_append_text(out, ",\"columns\":{");
        printing->has_column = false;
        diff_each_column(item, put_json_column, printing);
        buffer_append_text(out, "}}\n");
        return;
    }
    buffer_append_text(out, ",\"row\":");
    json_print(out, item->kind == DIFF_MISSING ? item->before : item->after);
    buffer_append_text(out, "}\n");
}

static bool
put_item(const struct diff_item *item, void *context)
{
    static const char signs[] = {[DIFF_CHANGED] = '~', [DIFF_MISSING] = '-', [DIFF_ADDED] = '+'};
    struct printing *printing = context;
    if (printing->as_json) {
        put_json(printing, item);
    } else {
        const char *name = item->key.size == 0 ? "the item" : "";
        buffer_append_format(&printing->out, "%c %.*s%s\n", signs[item->kind],
                             SLICE_FORMAT(item->key), name);
        if (item->kind == DIFF_CHANGED)
            diff_each_column(item, put_column, printing);
    }
    if (printing->out.size >= KIB(64))
        flush(printing);
    return ferror(stdout) == 0;
}

static void
put_counts(struct printing *printing, const struct diff_counts *counts)
{
    unsigned long long same = counts->same, changed = counts->changed;
    unsigned long long missing = counts->missing, added = counts->added;
    if (printing->as_json)
        buffer_append_format(&printing->out,
                             "{\"same\":%llu,\"changed\":%llu,\"missing\":%llu,\"added\":%llu,"
                             "\"reordered\":%s}\n",
                             same, changed, missing, added,
                             counts->is_reordered ? "true" : "false");
    else
        buffer_append_format(
            &printing->out, "%llu changed, %llu missing, %llu added, %llu the same%s\n", changed,
            missing, added, same, counts->is_reordered ? "; they stand in another order" : "");
}

/* --- the two sides --- */

/* ID, or ID@GENERATION. */
static enum status
find_at(struct stored *stored, const char *text, struct run_row *out, struct error *error)
{
    const char *at = strchr(text, '@');
    int64_t generation = 0;
    if (at == NULL)
        return stored_find(stored, text, out, error);
    if (!slice_parse_int64(slice_text(at + 1), &generation) || generation < 1 ||
        generation > UINT32_MAX)
        return error_set(error, STATUS_INVALID, "%s: expected a run, @ and a generation", text);
    struct run_row now;
    const char *id = arena_format(&stored->arena, "%.*s", (int)(at - text), text);
    enum status status = stored_find(stored, id, &now, error);
    if (status != STATUS_OK)
        return status;
    return service_run_at(stored->service, &now, (uint32_t)generation, out, error);
}

/* One run alone is compared with the generation before. */
static enum status
find_both(struct stored *stored, const struct positional *words, struct run_row runs[2],
          struct error *error)
{
    enum status status = find_at(stored, words->values[0], &runs[0], error);
    if (status != STATUS_OK || words->count == 2)
        return status != STATUS_OK ? status : find_at(stored, words->values[1], &runs[1], error);
    runs[1] = runs[0];
    if (runs[1].generation == 1)
        return error_set(error, STATUS_INVALID,
                         "the run has one generation only; name two runs, or two generations as "
                         "RUN@1 RUN@2");
    return service_run_at(stored->service, &runs[1], runs[1].generation - 1, &runs[0], error);
}

static enum status
open_side(struct diff_side **side, struct stored *stored, const struct run_row *run,
          const struct diff_asked *asked, struct error *error)
{
    struct slice table = asked->table == NULL ? (struct slice){NULL, 0} : slice_text(asked->table);
    stored_enter(stored, run);
    return results_diff_open(side, stored->service, run, table, error);
}

static void
put_head(struct printing *printing, const struct run_row *run, const char *sign,
         const struct diff_side *side)
{
    char id[ID_HEX_BYTES];
    struct slice table = diff_side_table(side);
    id_hex(&run->id, id);
    buffer_append_format(&printing->out, "%s %s@%u, version %u, table %.*s\n", sign, id,
                         run->generation, run->version, table.size == 0 ? 5 : (int)table.size,
                         table.size == 0 ? "input" : table.ptr);
}

static int
compare(struct stored *stored, const struct run_row runs[2], const struct diff_asked *asked,
        struct error *error)
{
    struct diff_side *sides[2] = {NULL, NULL};
    struct diff_counts counts = {0};
    struct printing printing = {.as_json = asked->as_json};
    buffer_init(&printing.out, MIB(256));
    buffer_init(&printing.value, MIB(256));
    enum status status = open_side(&sides[0], stored, &runs[0], asked, error);
    if (status == STATUS_OK)
        status = open_side(&sides[1], stored, &runs[1], asked, error);
    if (status == STATUS_OK && !asked->as_json) {
        put_head(&printing, &runs[0], "---", sides[0]);
        put_head(&printing, &runs[1], "+++", sides[1]);
    }
    if (status == STATUS_OK)
        status = diff_sides(sides[0], sides[1], put_item, &printing, &counts, error);
    if (status == STATUS_OK)
        put_counts(&printing, &counts);
    flush(&printing);
    diff_side_close(&sides[0]);
    diff_side_close(&sides[1]);
    buffer_done(&printing.out);
    buffer_done(&printing.value);
    bool differs = counts.changed + counts.missing + counts.added > 0 || counts.is_reordered;
    return status != STATUS_OK ? DIFF_EXIT_TROUBLE : differs ? DIFF_EXIT_DIFFERENT : DIFF_EXIT_SAME;
}

static int
show_diff(struct cli *cli, const struct diff_asked *asked, const struct positional *words)
{
    struct stored stored;
    struct run_row runs[2];
    struct error error = {0};
    int exit_code = DIFF_EXIT_TROUBLE;
    enum status status = stored_open(&stored, cli, asked->data, &error);
    if (status == STATUS_OK)
        status = find_both(&stored, words, runs, &error);
    if (status == STATUS_OK)
        exit_code = compare(&stored, runs, asked, &error);
    if (error.status != STATUS_OK)
        cli_complain(&error);
    stored_close(&stored);
    return exit_code;
}

int
runs_diff(struct cli *cli, int argc, char **argv)
{
    struct diff_asked asked = {.data = CLI_DATA_DEFAULT};
    const struct option options[] = {
        OPTION_DATA(&asked.data),
        {"--table", OPTION_TEXT, .into.text = &asked.table, .value = "STEP",
         .help = "the table that this step makes [the last of many items]"},
        {"--json", OPTION_FLAG, .into.flag = &asked.as_json,
         .help = "one JSON line for each item that differs, and one with the counts"},
    };
    const struct option_table table = {
        .usage = "windrow runs diff A [B] [options]",
        .summary = "Shows which items and columns differ between two runs, or generations of one\n"
                   "(RUN@1 RUN@2). One run alone is compared with its generation before.\n"
                   "Exits with 0 if nothing differs, 1 if something does, 2 after trouble.",
        .options = options,
        .count = COUNT_OF(options),
        .positional_min = 1,
        .positional_max = 2,
    };
    struct positional words;
    enum options_end end = options_read(&table, argc, argv, &words);
    if (end != OPTIONS_OK)
        return end == OPTIONS_HELP ? CLI_OK : CLI_USAGE;
    return show_diff(cli, &asked, &words);
}
