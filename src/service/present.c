#include "service/present.h"

#include "base/clock.h"
#include "base/json.h"

static struct value
id_value(const struct id *id, struct arena *arena)
{
    char text[ID_HEX_BYTES];
    id_hex(id, text);
    return value_string_copy(arena, slice_text(text));
}

static struct value
time_value(int64_t unix_ms, struct arena *arena)
{
    char text[CLOCK_ISO_BYTES];
    if (unix_ms == 0)
        return value_null();
    clock_iso(unix_ms, text);
    return value_string_copy(arena, slice_text(text));
}

/* Stored JSON; null if there is none. */
static struct value
json_value(struct slice text, struct arena *arena)
{
    struct value value;
    if (text.size == 0 || json_parse(&value, arena, text, 0, NULL, NULL) != STATUS_OK)
        return value_null();
    return value;
}

struct value
present_run(const struct run_row *row, struct arena *arena)
{
    struct member members[] = {
        {value_text("id"), id_value(&row->id, arena)},
        {value_text("workflowId"), id_value(&row->workflow, arena)},
        {value_text("status"), value_text(run_state_name(row->state))},
        {value_text("input"), json_value(row->input, arena)},
        {value_text("output"), json_value(row->output, arena)},
        {value_text("error"), json_value(row->error, arena)},
        {value_text("createdAt"), time_value(row->created_unix_ms, arena)},
        {value_text("startedAt"), time_value(row->started_unix_ms, arena)},
        {value_text("completedAt"), time_value(row->ended_unix_ms, arena)},
        {value_text("version"), value_int(row->version)},
        {value_text("generation"), value_int(row->generation)},
        {value_text("trigger"), value_string_copy(arena, row->trigger)},
        {value_text("counts"), json_value(row->counts, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct value
present_workflow(const struct workflow_row *row, struct arena *arena)
{
    static const char *const statuses[] = {"draft", "active", "archived"};
    struct member members[] = {
        {value_text("id"), id_value(&row->id, arena)},
        {value_text("name"), value_string_copy(arena, row->name)},
        {value_text("slug"), value_string_copy(arena, row->slug)},
        {value_text("status"), value_text(statuses[row->status])},
        {value_text("version"), value_int(row->latest_version)},
        {value_text("publishedVersion"),
         row->published_version == 0 ? value_null() : value_int(row->published_version)},
        {value_text("createdAt"), time_value(row->created_unix_ms, arena)},
        {value_text("updatedAt"), time_value(row->updated_unix_ms, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
