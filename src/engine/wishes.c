#include "engine/wishes.h"

#include "base/json.h"
#include "base/limits.h"

static const char *const priority_names[] = {
    [RUN_PRIORITY_NORMAL] = "normal",
    [RUN_PRIORITY_LOW] = "low",
    [RUN_PRIORITY_HIGH] = "high",
};

const char *
priority_name(enum run_priority priority)
{
    return priority_names[priority];
}

bool
priority_parse(enum run_priority *out, struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(priority_names); i++) {
        if (!slice_is(name, priority_names[i]))
            continue;
        *out = (enum run_priority)i;
        return true;
    }
    return false;
}

uint32_t
priority_weight(enum run_priority priority)
{
    switch (priority) {
    case RUN_PRIORITY_LOW:
        return 1;
    case RUN_PRIORITY_NORMAL:
        return 3;
    case RUN_PRIORITY_HIGH:
        break;
    }
    return 9;
}

static struct value
with_text(struct arena *arena, struct value object, const char *name, struct slice text)
{
    if (text.size == 0)
        return object;
    return value_object_set(arena, object, value_text(name), value_string_copy(arena, text));
}

struct slice
wishes_print(const struct run_wishes *wishes, struct arena *arena)
{
    struct value object = value_empty_object();
    if (wishes->labels.kind == VALUE_OBJECT && wishes->labels.count > 0)
        object = value_object_set(arena, object, value_text("labels"), wishes->labels);
    if (wishes->priority != RUN_PRIORITY_NORMAL)
        object = with_text(arena, object, "priority", slice_text(priority_name(wishes->priority)));
    if (wishes->deadline_ms > 0)
        object = value_object_set(arena, object, value_text("deadlineMs"),
                                  value_int(wishes->deadline_ms));
    object = with_text(arena, object, "callbackUrl", wishes->callback_url);
    object = with_text(arena, object, "callbackTask", wishes->callback_task);
    object = with_text(arena, object, "concurrencyKey", wishes->concurrency_key);
    return object.count == 0 ? slice_of("", 0) : json_text(arena, object);
}

void
wishes_read(struct run_wishes *out, struct slice text, struct arena *arena)
{
    struct value object;
    *out = (struct run_wishes){0};
    if (text.size == 0 || json_parse(&object, arena, text, 0, NULL, NULL) != STATUS_OK)
        return;
    struct value labels = value_get(object, "labels");
    if (labels.kind == VALUE_OBJECT)
        out->labels = labels;
    priority_parse(&out->priority, value_get_text(object, "priority"));
    value_integer(value_get(object, "deadlineMs"), &out->deadline_ms);
    out->callback_url = value_get_text(object, "callbackUrl");
    out->callback_task = value_get_text(object, "callbackTask");
    out->concurrency_key = value_get_text(object, "concurrencyKey");
}
