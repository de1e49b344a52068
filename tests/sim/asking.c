#include "asking.h"

#include "world.h"

#include "base/json.h"
#include "base/limits.h"
#include "engine/step_env.h"
#include "steps/types.h"
#include "store/store.h"

#include <string.h>
#include <unistd.h>

#define READ_BYTES 200

/* --- ask --- */

static const struct field_decl ask_fields[] = {
    {.name = "url", .kind = FIELD_TEXT, .required = true, .help = "Whom."},
    {.name = "file", .kind = FIELD_TEXT, .required = true, .help = "About what."},
    {.name = "k", .kind = FIELD_ANY, .help = "What."},
    {.name = "mode", .kind = FIELD_TEXT, .help = "How the server takes it."},
    {.name = "model", .kind = FIELD_MODEL, .help = "What it costs."},
};
static const struct step_decl ask_decl = {
    .name = "ask",
    .group = STEP_GROUP_AI,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Reads a document and asks about it.",
    .fields = ask_fields,
    .field_count = COUNT_OF(ask_fields),
};

static bool
ask_begin(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    progress->next = value_object_set(scope->arena, value_empty_object(), value_text("read"),
                                      value_get(progress->config, "file"));
    return true;
}

static bool
ask_prepare(struct value config, struct slice key, struct exchange *exchange,
            struct step_failure *failure)
{
    exchange->needs_work = true;
    if (value_get(config, "read").kind == VALUE_STRING)
        return true;
    return step_http_request.prepare(config, key, exchange, failure);
}

static bool
conclude_read(struct step_conclusion *conclusion)
{
    struct step_document document = {.file = value_slice(value_get(conclusion->config, "read"))};
    struct step_text text;
    if (!step_env_read(conclusion->env, &document, &text, &conclusion->failure))
        return false;
    conclusion->value = step_text_value(conclusion->arena, &text);
    return true;
}

/* Every text that an earlier call of the item has kept is there. */
static bool
check_text(struct step_conclusion *conclusion, struct slice hex)
{
    struct digest digest;
    struct slice text;
    if (!digest_from_hex(&digest, hex))
        return step_fail(&conclusion->failure, "bad_answer", "no digest");
    if (!step_env_text(conclusion->env, &digest, conclusion->arena, &text, &conclusion->failure))
        return false;
    return slice_starts_with(text, SLICE("Text of k,name")) ||
           step_fail(&conclusion->failure, "bad_answer", "another text is kept");
}

static bool
ask_conclude(struct step_conclusion *conclusion)
{
    struct digest digest;
    char hex[2 * DIGEST_BYTES + 1];
    if (value_get(conclusion->config, "read").kind == VALUE_STRING)
        return conclude_read(conclusion);
    if (!step_http_request.conclude(conclusion))
        return false;
    struct value asked = value_get(conclusion->config, "json");
    struct slice word = value_slice(value_get(value_get(conclusion->value, "body"), "word"));
    struct slice note =
        slice_text(arena_format(conclusion->arena, "They said %.*s.", SLICE_FORMAT(word)));
    if (!check_text(conclusion, value_slice(value_get(asked, "digest"))) ||
        !step_env_keep(conclusion->env, note, &digest, &conclusion->failure))
        return false;
    digest_hex(&digest, hex);
    struct member members[] = {
        {value_text("word"), value_string(word)},
        {value_text("digest"), value_string_copy(conclusion->arena, slice_text(hex))},
    };
    conclusion->value = value_object_new(conclusion->arena, members, COUNT_OF(members));
    conclusion->usage =
        (struct step_usage){.tokens_in = 50, .tokens_out = 3, .cost_microcredits = 11};
    return true;
}

static enum step_follow
ask_follow(struct step_scope *scope, struct step_progress *progress, struct step_failure *failure)
{
    struct arena *arena = scope->arena;
    if (progress->call > 0)
        return STEP_FOLLOW_ANSWER;
    struct member members[] = {
        {value_text("k"), value_find_or_null(progress->config, SLICE("k"))},
        {value_text("mode"), value_find_or_null(progress->config, SLICE("mode"))},
        {value_text("digest"), value_get(progress->answer, "digest")},
    };
    progress->next = value_object_set(arena, value_empty_object(), value_text("url"),
                                      value_get(progress->config, "url"));
    progress->next = value_object_set(arena, progress->next, value_text("json"),
                                      value_object_new(arena, members, COUNT_OF(members)));
    progress->next = value_object_set(arena, progress->next, value_text("model"),
                                      value_get(progress->config, "model"));
    return STEP_FOLLOW_CALL;
}

/* --- memo --- */

static const struct field_decl memo_fields[] = {
    {.name = "name", .kind = FIELD_TEXT, .required = true, .help = "Of the file."},
    {.name = "text", .kind = FIELD_TEXT, .required = true, .help = "In it."},
};
static const struct step_decl memo_decl = {
    .name = "memo",
    .group = STEP_GROUP_OUTPUT,
    .shape = STEP_SHAPE_EFFECT,
    .summary = "Makes a file.",
    .fields = memo_fields,
    .field_count = COUNT_OF(memo_fields),
};

static bool
memo_prepare(struct value config, struct slice key, struct exchange *exchange,
             struct step_failure *failure)
{
    exchange->needs_work = true;
    return true;
}

static bool
memo_conclude(struct step_conclusion *conclusion)
{
    struct step_made_file made = {
        .kind = "render",
        .options = value_empty_object(),
        .input = value_slice(value_get(conclusion->config, "text")),
        .name = value_slice(value_get(conclusion->config, "name")),
        .content_type = "text/plain",
    };
    return step_env_make_file(conclusion->env, &made, &conclusion->value, &conclusion->failure);
}

static const struct step_type ask_type = {
    .decl = &ask_decl,
    .begin = ask_begin,
    .prepare = ask_prepare,
    .conclude = ask_conclude,
    .joins_alike = true,
    .follow = ask_follow,
};
static const struct step_type memo_type = {
    .decl = &memo_decl,
    .prepare = memo_prepare,
    .conclude = memo_conclude,
};
const struct step_type *const asking_types[ASKING_TYPES] = {&ask_type, &memo_type};

/* --- the converter --- */

enum status
asking_convert(void *world, struct conversion *conversion, struct error *error)
{
    char bytes[READ_BYTES];
    bool is_text = strcmp(conversion->kind, "text") == 0;
    ssize_t size = read(conversion->input_fd, bytes, sizeof(bytes));
    if (size < 0)
        return error_set(error, STATUS_IO, "the document cannot be read");
    buffer_append_text(&conversion->result, "{\"kind\":\"text\",\"title\":\"A title\"}");
    struct slice head = is_text ? SLICE("Text of ") : SLICE("Made of ");
    enum status status = conversion->output(head, conversion->context, error);
    if (status != STATUS_OK)
        return status;
    return conversion->output(slice_of(bytes, (size_t)size), conversion->context, error);
}

/* --- what must hold --- */

void
asking_note_recorded(struct world *world, const struct effect_row *row)
{
    static const char name[] = "\"digest\":\"";
    const char *at = memmem(row->value.ptr, row->value.size, name, sizeof(name) - 1);
    struct digest digest;
    if (at == NULL || row->state != EFFECT_OK ||
        !digest_from_hex(&digest, slice_of(at + sizeof(name) - 1, 2 * DIGEST_BYTES)))
        return;
    if (store_text_has(world->store, &world->workspace, &digest) != STATUS_OK)
        world_fail(world, "an effect of step %.*s names a text that is not kept",
                   SLICE_FORMAT(row->step));
}
