#include "engine/child.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/in_place.h"

#include <string.h>

/* --- what is asked for --- */

/* False: the input is larger than that of a run may be. */
static bool
input_digest(struct digest *out, const struct callee *callee, struct value input)
{
    struct buffer text;
    buffer_init(&text, LIMIT_INPUT_BYTES);
    buffer_append_text(&text, "workflow\n");
    buffer_append(&text, callee->workflow.bytes, ID_BYTES);
    json_print_canonical(&text, input);
    bool is_ok = !buffer_is_over(&text);
    *out = digest_of(buffer_slice(&text));
    buffer_done(&text);
    return is_ok;
}

/* Ids sort by the time in their first bytes: a child stands beside its parent. */
static struct id
child_id(const struct id *parent, struct slice step, struct slice key, const struct digest *input)
{
    struct buffer text;
    buffer_init(&text, KIB(1));
    buffer_append(&text, parent->bytes, ID_BYTES);
    buffer_append_byte(&text, (char)step.size);
    buffer_append_slice(&text, step);
    buffer_append_byte(&text, (char)key.size);
    buffer_append_slice(&text, key);
    buffer_append(&text, input->bytes, DIGEST_BYTES);
    struct digest digest = digest_of(buffer_slice(&text));
    buffer_done(&text);
    struct id id = *parent;
    memcpy(id.bytes + 4, digest.bytes, ID_BYTES - 4);
    return id;
}

static void
set_hash(struct child_wish *wish, const struct digest *input)
{
    uint8_t both[DIGEST_BYTES + STORE_HASH_BYTES];
    memcpy(both, input->bytes, DIGEST_BYTES);
    memcpy(both + DIGEST_BYTES, wish->callee->pins, STORE_HASH_BYTES);
    struct digest digest = digest_of(slice_of((const char *)both, sizeof(both)));
    memcpy(wish->hash, digest.bytes, STORE_HASH_BYTES);
}

bool
child_wish_make(struct child_wish *out, const struct chunk *chunk, struct key key,
                struct step_scope *scope, struct step_failure *failure)
{
    *out = (struct child_wish){.callee = callee_of(chunk->callees, scope->node)};
    if (!step_render(scope, "input", &out->input, failure))
        return false;
    if (out->input.kind == VALUE_NONE)
        out->input = value_empty_object();
    struct error error = {0};
    if (program_check_input(out->callee->program, out->input, false, &error) != STATUS_OK)
        return step_fail(failure, "bad_input", "%s", error.text);
    struct digest input;
    if (!input_digest(&input, out->callee, out->input))
        return step_fail(failure, "limit_exceeded", "input: larger than %zu bytes",
                         LIMIT_INPUT_BYTES);
    out->run = child_id(&chunk->run, value_slice(scope->node->id), key_slice(&key), &input);
    set_hash(out, &input);
    return true;
}

/* --- computing it --- */

static struct value
run_value_of(const struct chunk *parent, const struct child_wish *wish, struct arena *arena)
{
    char id[ID_HEX_BYTES];
    id_hex(&wish->run, id);
    struct member members[] = {
        {value_text("id"), value_string_copy(arena, slice_text(id))},
        {value_text("createdAt"), value_find_or_null(parent->run_value, SLICE("createdAt"))},
        {value_text("startedAt"), value_find_or_null(parent->run_value, SLICE("startedAt"))},
        {value_text("generation"), value_int(1)},
        {value_text("trigger"), value_text(RUN_TRIGGER_CHILD)},
        {value_text("labels"), value_empty_object()},
        {value_text("workflow"), wish->callee->workflow_value},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

/* Workflows that call many that call many would keep a thread for hours. */
static bool
has_calls_left(struct chunk *chunk, const struct child_wish *wish, struct value *failure)
{
    if (chunk->calls_left > 0) {
        chunk->calls_left--;
        return true;
    }
    chunk->is_over_budget = true;
    *failure = chunk_failure_value(&chunk->arena, "limit_exceeded",
                                   arena_format(&chunk->arena,
                                                "more than %d workflows are called for one item",
                                                LIMIT_ITEM_CALLS));
    return false;
}

bool
child_compute(struct value *out, struct chunk *chunk, const struct child_wish *wish,
              struct expr_machine *machine)
{
    if (!has_calls_left(chunk, wish, out))
        return false;
    struct in_place what = {
        .program = wish->callee->program,
        .callees = chunk->callees,
        .run = wish->run,
        .input = wish->input,
        .run_value = run_value_of(chunk, wish, &chunk->arena),
        .vars = chunk->vars,
        .now_unix_ms = chunk->now_unix_ms,
        .calls_left = chunk->calls_left,
    };
    struct chunk child;
    struct value value = {0};
    bool is_ok = false;
    if (in_place_compute(&child, &what, machine))
        is_ok = in_place_output(&child, machine, &value);
    *out = is_ok ? value_copy(&chunk->arena, value)
                 : child_failure(&chunk->arena, wish->callee, NULL, value);
    chunk->is_over_budget |= child.is_over_budget;
    chunk->calls_left = child.calls_left;
    arena_done(&child.arena);
    return is_ok;
}

/* --- what went wrong in it --- */

static struct slice
text_of(struct value error, const char *name)
{
    return slice_cut(value_get_text(error, name), 1000);
}

/* "the workflow "x" failed in run R at step "s": code: words", as far as all that is known. */
static void
print_failure(struct buffer *out, const struct callee *callee, const char *run, struct value error)
{
    struct slice code = text_of(error, "code");
    struct slice step = text_of(error, "step");
    buffer_append_format(out, "the workflow \"%.*s\" %s",
                         SLICE_FORMAT(text_of(callee->workflow_value, "slug")),
                         code.size == 0 ? "was cancelled" : "failed");
    if (run[0] != '\0')
        buffer_append_format(out, " in run %s", run);
    if (step.size > 0)
        buffer_append_format(out, " at step \"%.*s\"", SLICE_FORMAT(step));
    if (code.size > 0)
        buffer_append_format(out, ": %.*s: %.*s", SLICE_FORMAT(code),
                             SLICE_FORMAT(text_of(error, "message")));
    buffer_append_byte(out, '\0');
}

struct value
child_failure(struct arena *arena, const struct callee *callee, const struct id *run,
              struct value error)
{
    char id[ID_HEX_BYTES] = "";
    if (run != NULL)
        id_hex(run, id);
    struct buffer words;
    buffer_init(&words, KIB(8));
    print_failure(&words, callee, id, error);
    struct value failure = chunk_failure_value(arena, "workflow_failed", words.ptr);
    buffer_done(&words);
    if (run == NULL)
        return failure;
    return value_object_set(arena, failure, value_text("run"),
                            value_string_copy(arena, slice_text(id)));
}
