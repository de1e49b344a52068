#include "steps/types.h"
#include "steps/until.h"

static const char *const late_choices[] = {"fail", "continue", NULL};

static const struct field_decl event_parts[] = {
    {.name = "about",
     .kind = FIELD_ANY,
     .help = "What is waited for; shown to who asks what a run waits for."},
    {.name = "on_timeout",
     .kind = FIELD_CHOICE,
     .choices = late_choices,
     .required = true,
     .help = "What holds when nothing came in time: the step fails, or goes on with null."},
};

static const struct field_decl wait_fields[] = {
    {.name = "for", .kind = FIELD_DURATION, .help = "How long, such as 30s or 2d."},
    {.name = "until",
     .kind = FIELD_TEXT,
     .help = "A moment: ISO 8601 with a zone, or milliseconds since 1970. One that is past does "
             "not wait."},
    {.name = "event",
     .kind = FIELD_GROUP,
     .is_apart = true,
     .parts = event_parts,
     .part_count = COUNT_OF(event_parts),
     .help = "Wait for a program outside to send the step's value, at most until then."},
};

static const char *const wait_one_of[] = {"for", "until", NULL};

#define WAIT_DECL                                                                                  \
    .name = "wait", .group = STEP_GROUP_FLOW, .summary = "Goes on after a time, or an event.",     \
    .fields = wait_fields, .field_count = COUNT_OF(wait_fields), .one_of = wait_one_of

const struct step_decl wait_decl = {
    WAIT_DECL,
    .shape = STEP_SHAPE_WAIT,
    .variant = &wait_event_decl,
    .variant_field = "event",
};

const struct step_decl wait_event_decl = {
    WAIT_DECL,
    .shape = STEP_SHAPE_EFFECT,
    .asks = STEP_ASKS_EVENT,
};

static bool
wait_time(struct step_scope *scope, struct step_wait *out, struct step_failure *failure)
{
    struct value length;
    struct value until;
    if (!step_render(scope, "for", &length, failure) ||
        !step_render(scope, "until", &until, failure))
        return false;
    return until_read(out, length, until, failure);
}

/* The parts of the event belong to what is asked. */
static bool
event_begin(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    struct value next = progress->config;
    for (size_t i = 0; i < COUNT_OF(event_parts); i++) {
        struct value part;
        if (!step_render_part(scope, "event", event_parts[i].name, &part, failure))
            return false;
        if (part.kind != VALUE_NONE)
            next = value_object_set(scope->arena, next, value_text(event_parts[i].name), part);
    }
    progress->next = next;
    return true;
}

static bool
event_ask(struct value config, struct arena *arena, struct step_ask *out,
          struct step_failure *failure)
{
    struct value about = value_get(config, "about");
    if (!until_read(&out->until, value_get(config, "for"), value_get(config, "until"), failure))
        return false;
    if (about.kind != VALUE_NONE)
        out->shown = value_copy(arena, about);
    out->is_ok_late = slice_is(value_slice(value_get(config, "on_timeout")), "continue");
    out->late = value_null();
    if (!out->is_ok_late) {
        struct step_failure late;
        step_fail(&late, "no_answer", "nothing came in time");
        out->late = step_failure_value(arena, &late);
    }
    return true;
}

const struct step_type step_wait = {.decl = &wait_decl, .wait = wait_time};

const struct step_type step_wait_event = {
    .decl = &wait_event_decl, .begin = event_begin, .ask = event_ask};
