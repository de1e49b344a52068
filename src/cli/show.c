#include "cli/show.h"

#include "base/duration.h"
#include "base/json.h"
#include "base/moment.h"

#include <string.h>

/* Failed items shown with a run. */
#define FAILURES_SHOWN 5

const char *
show_run_head(void)
{
    return "RUN                       STATUS     CREATED                   ITEMS     FAILED    "
           "PARENT\n";
}

static int64_t
count_of(struct value table, const char *name)
{
    int64_t count = 0;
    value_integer(value_get(table, name), &count);
    return count;
}

/* The table with the most items stands for the run in a list. */
static struct value
largest_table(struct value run)
{
    struct value tables = value_get(value_get(run, "counts"), "tables");
    struct value largest = value_null();
    for (uint32_t t = 0; tables.kind == VALUE_ARRAY && t < tables.count; t++) {
        struct value table = value_items(tables)[t];
        if (largest.kind == VALUE_NULL || count_of(table, "items") > count_of(largest, "items"))
            largest = table;
    }
    return largest;
}

void
show_run_value_line(struct value run, struct buffer *out)
{
    struct value table = largest_table(run);
    struct value parent = value_get(run, "parentRunId");
    buffer_append_format(out, "%.*s  %-9.*s  %.*s  %-8lld  %-8lld  %.*s\n",
                         SLICE_FORMAT(value_slice(value_get(run, "id"))),
                         SLICE_FORMAT(value_slice(value_get(run, "status"))),
                         SLICE_FORMAT(value_slice(value_get(run, "createdAt"))),
                         (long long)count_of(table, "items"), (long long)count_of(table, "failed"),
                         SLICE_FORMAT(value_slice_or(parent, SLICE("-"))));
}

void
show_run_line(const struct run_row *row, struct arena *arena, struct buffer *out)
{
    show_run_value_line(present_run(row, NULL, arena), out);
}

static void
show_step(struct value step, bool is_last, struct buffer *out)
{
    static const char *const states[] = {"done",   "refused",   "skipped", "passed",
                                         "failed", "continued", "blocked"};
    struct slice id = value_slice(value_get(step, "id"));
    struct slice type = value_slice(value_get(step, "type"));
    buffer_append_format(out, "  %s %-20.*s %-16.*s", is_last ? "└─" : "├─", SLICE_FORMAT(id),
                         SLICE_FORMAT(type));
    for (size_t s = 0; s < COUNT_OF(states); s++) {
        if (count_of(step, states[s]) > 0)
            buffer_append_format(out, " %lld %s", (long long)count_of(step, states[s]), states[s]);
    }
    buffer_append_byte(out, '\n');
}

static void
show_table(struct value table, struct buffer *out)
{
    struct slice name = value_slice(value_get(table, "table"));
    struct value steps = value_get(table, "steps");
    if (steps.count == 0 && count_of(table, "items") <= 1 && name.size > 0)
        return;
    buffer_append_format(out, "\n%.*s: %lld items", name.size == 0 ? 5 : (int)name.size,
                         name.size == 0 ? "input" : name.ptr, (long long)count_of(table, "items"));
    static const char *const states[] = {"completed", "failed", "dropped", "cancelled"};
    for (size_t s = 0; s < COUNT_OF(states); s++) {
        if (count_of(table, states[s]) > 0)
            buffer_append_format(out, ", %lld %s", (long long)count_of(table, states[s]),
                                 states[s]);
    }
    buffer_append_byte(out, '\n');
    for (uint32_t s = 0; s < steps.count; s++)
        show_step(value_items(steps)[s], s + 1 == steps.count, out);
}

static bool
show_file(const struct file_row *row, void *context)
{
    buffer_append_format(context, "  %.*s  %llu bytes%s\n", SLICE_FORMAT(row->name),
                         (unsigned long long)row->size_bytes, row->is_partial ? " (partial)" : "");
    return true;
}

static bool
show_failure(struct value item, void *context)
{
    struct value error = value_get(item, "error");
    struct value step = value_get(error, "step");
    struct value words = value_get(error, "message");
    if (words.kind != VALUE_STRING || step.kind != VALUE_STRING)
        return true;
    buffer_append_format(context, "  item %.*s, step %.*s: %.*s\n",
                         SLICE_FORMAT(value_slice(value_get(item, "key"))),
                         SLICE_FORMAT(value_slice(step)), SLICE_FORMAT(value_slice(words)));
    return true;
}

static void
show_failures(struct service *service, const struct run_row *row, struct value run,
              struct buffer *out)
{
    if (count_of(largest_table(run), "failed") == 0)
        return;
    struct item_query query = {
        .has_state = true, .state = ITEM_STATE_FAILED, .limit = FAILURES_SHOWN};
    struct error error = {0};
    buffer_append_text(out, "\nfirst failures:\n");
    if (service_run_items(service, row, &query, show_failure, out, &error) != STATUS_OK)
        buffer_append_format(out, "  %s\n", error.text);
}

static void
show_used(struct value used, struct buffer *out)
{
    int64_t calls = count_of(used, "calls");
    buffer_append_format(out, "%lld %s, %lld tokens in, %lld out, ", (long long)calls,
                         calls == 1 ? "call" : "calls", (long long)count_of(used, "tokensIn"),
                         (long long)count_of(used, "tokensOut"));
    json_print(out, value_get(used, "cost"));
    buffer_append_text(out, " credits\n");
}

static void
show_usage(struct value usage, struct buffer *out)
{
    struct value steps = value_get(usage, "steps");
    if (usage.kind != VALUE_OBJECT)
        return;
    buffer_append_text(out, "\nused: ");
    show_used(usage, out);
    for (uint32_t s = 0; s < steps.count; s++) {
        const struct member *step = &value_members(steps)[s];
        buffer_append_format(out, "  %-20.*s ", SLICE_FORMAT(value_slice(step->key)));
        show_used(step->value, out);
    }
}

static void
show_duration(struct value run, struct buffer *out)
{
    char duration[DURATION_TEXT_BYTES];
    struct value from = value_get(run, "startedAt");
    struct value to = value_get(run, "completedAt");
    int64_t started = 0;
    int64_t ended = 0;
    bool is_known = from.kind == VALUE_STRING && to.kind == VALUE_STRING &&
                    moment_parse_iso(value_slice(from), &started) &&
                    moment_parse_iso(value_slice(to), &ended);
    if (!is_known || ended <= started)
        return;
    duration_print(ended - started, duration);
    buffer_append_format(out, " in %s", duration);
}

static void
show_head(struct value run, struct buffer *out)
{
    buffer_append_format(out, "run %.*s: %.*s", SLICE_FORMAT(value_slice(value_get(run, "id"))),
                         SLICE_FORMAT(value_slice(value_get(run, "status"))));
    show_duration(run, out);
    if (count_of(run, "generation") > 1)
        buffer_append_format(out, ", generation %lld", (long long)count_of(run, "generation"));
    struct value parent = value_get(run, "parentRunId");
    if (parent.kind == VALUE_STRING)
        buffer_append_format(out, ", called by run %.*s", SLICE_FORMAT(value_slice(parent)));
    struct value model = value_get(value_get(run, "models"), "default");
    if (model.kind == VALUE_STRING)
        buffer_append_format(out, "\ndefault model: %.*s", SLICE_FORMAT(value_slice(model)));
    struct value words = value_get(value_get(run, "error"), "message");
    if (words.kind == VALUE_STRING)
        buffer_append_format(out, "\nerror: %.*s", SLICE_FORMAT(value_slice(words)));
    buffer_append_byte(out, '\n');
}

/* Up to its usage. */
static void
show_counts(struct value run, struct buffer *out)
{
    struct value tables = value_get(value_get(run, "counts"), "tables");
    show_head(run, out);
    for (uint32_t t = 0; tables.kind == VALUE_ARRAY && t < tables.count; t++)
        show_table(value_items(tables)[t], out);
    show_usage(value_get(run, "usage"), out);
}

static void
show_output(struct value run, struct buffer *out)
{
    struct value output = value_get(run, "output");
    if (output.kind == VALUE_NONE || output.kind == VALUE_NULL)
        return;
    buffer_append_text(out, "\noutput: ");
    json_print(out, output);
    buffer_append_byte(out, '\n');
}

void
show_run_value(struct value run, struct buffer *out)
{
    show_counts(run, out);
    show_output(run, out);
}

void
show_run(struct service *service, const struct run_row *row, struct arena *arena,
         struct buffer *out)
{
    struct value run = present_run(row, service, arena);
    show_counts(run, out);
    size_t before = out->size;
    buffer_append_text(out, "\nfiles:\n");
    size_t head = out->size;
    struct error error = {0};
    if (service_run_files(service, row, show_file, out, &error) != STATUS_OK)
        buffer_append_format(out, "  %s\n", error.text);
    if (out->size == head)
        out->size = before;
    show_failures(service, row, run, out);
    show_output(run, out);
}
