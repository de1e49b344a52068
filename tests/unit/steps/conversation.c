#include "conversation.h"
#include "test.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/limits.h"
#include "engine/step_env.h"
#include "steps/table.h"

#include <stdio.h>

/* --- the made-up world: what the engine does for real steps --- */

struct step_env {
    struct conversation *talk;
};

static const struct made_up *
find_made_up(const struct step_env *env, struct slice name)
{
    const struct made_up *at = env->talk->documents;
    while (at != NULL && at->name != NULL && !slice_is(name, at->name))
        at++;
    return at == NULL || at->name == NULL ? NULL : at;
}

bool
step_env_read(struct step_env *env, const struct step_document *document, struct step_text *out,
              struct step_failure *failure)
{
    struct slice name = document->file.size > 0 ? document->file : document->name;
    const struct made_up *found = find_made_up(env, name);
    *out = (struct step_text){.name = name, .kind = SLICE("text")};
    if (document->file.size == 0)
        out->text = document->bytes;
    else if (found == NULL)
        return step_fail(failure, "no_file", "there is no %.*s", SLICE_FORMAT(name));
    else
        out->text = slice_text(found->text);
    if (found != NULL && found->title != NULL)
        out->title = slice_text(found->title);
    return step_env_keep(env, out->text, &out->digest, failure);
}

struct value
step_text_value(struct arena *arena, const struct step_text *text)
{
    char hex[2 * DIGEST_BYTES + 1];
    digest_hex(&text->digest, hex);
    struct member members[] = {
        {value_text("digest"), value_string_copy(arena, slice_text(hex))},
        {value_text("title"), text->title.size > 0 ? value_string(text->title) : value_null()},
        {value_text("name"), value_string(text->name)},
        {value_text("bytes"), value_int((int64_t)text->text.size)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

bool
step_env_list(struct step_env *env, struct slice folder, struct slice match, struct value *out,
              struct step_failure *failure)
{
    struct arena *arena = &env->talk->scene.arena;
    *out = value_empty_array();
    for (const struct made_up *at = env->talk->documents; at->name != NULL; at++) {
        if (!slice_starts_with(slice_text(at->name), folder))
            continue;
        struct member members[] = {
            {value_text("file"), value_text(at->name)},
            {value_text("name"), value_text(at->name + folder.size + 1)},
        };
        *out = value_array_append(arena, *out, value_object_new(arena, members, 2));
    }
    return true;
}

struct id
step_env_workspace(const struct step_env *env)
{
    return (struct id){{1}};
}

bool
step_env_keep(struct step_env *env, struct slice text, struct digest *digest,
              struct step_failure *failure)
{
    *digest = digest_of(text);
    env->talk->kept = value_array_append(&env->talk->scene.arena, env->talk->kept,
                                         value_string_copy(&env->talk->scene.arena, text));
    return true;
}

bool
step_env_text(struct step_env *env, const struct digest *digest, struct arena *arena,
              struct slice *out, struct step_failure *failure)
{
    for (uint32_t i = 0; i < env->talk->kept.count; i++) {
        struct slice text = value_slice(value_items(env->talk->kept)[i]);
        struct digest its = digest_of(text);
        if (memcmp(&its, digest, sizeof(its)) != 0)
            continue;
        *out = arena_copy(arena, text);
        return true;
    }
    return step_fail(failure, "no_text", "no such text is kept");
}

/* Its bytes are the text of the document of that name. */
bool
step_env_bytes(struct step_env *env, struct slice file, size_t most, struct slice *out,
               struct step_failure *failure)
{
    for (const struct made_up *at = env->talk->documents; at != NULL && at->name != NULL; at++) {
        if (!slice_is(file, at->name))
            continue;
        *out = slice_text(at->text);
        return true;
    }
    return step_fail(failure, "no_file", "there is no %.*s", SLICE_FORMAT(file));
}

/* The file is what it would be made of. */
bool
step_env_make_file(struct step_env *env, const struct step_made_file *made, struct value *out,
                   struct step_failure *failure)
{
    struct arena *arena = &env->talk->scene.arena;
    struct member members[] = {
        {value_text("file"), value_string_copy(arena, made->name)},
        {value_text("kind"), made->kind == NULL ? value_null() : value_text(made->kind)},
        {value_text("options"),
         made->kind == NULL ? value_null() : value_copy(arena, made->options)},
        {value_text("type"), value_text(made->content_type)},
        {value_text("input"), value_string_copy(arena, made->input)},
    };
    *out = value_object_new(arena, members, COUNT_OF(members));
    return true;
}

/* What would be appended to which list, but to the list "none". */
bool
step_env_append(struct step_env *env, struct slice list, struct value row, struct value *out,
                struct step_failure *failure)
{
    struct arena *arena = &env->talk->scene.arena;
    struct member members[] = {
        {value_text("list"), value_string_copy(arena, list)},
        {value_text("row"), value_copy(arena, row)},
    };
    if (slice_is(list, "none"))
        return step_fail(failure, "no_list", "there is no list");
    *out = value_object_new(arena, members, COUNT_OF(members));
    return true;
}

/* The one row says how it was asked for. */
bool
step_env_rows(struct step_env *env, enum step_reads reads, struct value config, uint32_t most,
              struct value *out, struct step_failure *failure)
{
    static const char *const names[] = {"file", "list", "entities", "documents"};
    struct arena *arena = &env->talk->scene.arena;
    struct member members[] = {{value_text("reads"), value_text(names[reads])},
                               {value_text("config"), value_copy(arena, config)},
                               {value_text("most"), value_int(most)}};
    *out = value_empty_array();
    if (slice_is(value_slice(value_find_or_null(config, SLICE("type"))), "none"))
        return step_fail(failure, "no_entity_type", "there is no entity type");
    if (!slice_is(value_slice(value_find_or_null(config, SLICE("type"))), "empty"))
        *out = value_array_append(arena, *out, value_object_new(arena, members, COUNT_OF(members)));
    return true;
}

/* What would be merged stands in the place of what comes of it. */
bool
step_env_merge(struct step_env *env, const struct step_entity *entity, struct value *out,
               struct step_failure *failure)
{
    struct arena *arena = &env->talk->scene.arena;
    struct member members[] = {
        {value_text("type"), value_string_copy(arena, entity->type)},
        {value_text("id"), value_string_copy(arena, entity->id)},
        {value_text("externalId"), value_string_copy(arena, entity->external_id)},
        {value_text("fields"), value_copy(arena, entity->fields)},
    };
    if (slice_is(entity->type, "none"))
        return step_fail(failure, "no_entity_type", "there is no entity type");
    *out = value_object_new(arena, members, COUNT_OF(members));
    return true;
}

/* What would be told stands in the place of the delivery. */
bool
step_env_tell(struct step_env *env, const struct step_event *event, struct value *out,
              struct step_failure *failure)
{
    struct arena *arena = &env->talk->scene.arena;
    struct member members[] = {
        {value_text("url"), value_string_copy(arena, event->url)},
        {value_text("type"), value_string_copy(arena, event->type)},
        {value_text("data"), value_copy(arena, event->data)},
    };
    *out = value_object_new(arena, members, COUNT_OF(members));
    return true;
}

/* --- the conversation --- */

void
conversation_open(struct conversation *talk, const char *type, const char *config, const char *root)
{
    char workflow[4096];
    *talk = (struct conversation){.kept = value_empty_array()};
    snprintf(workflow, sizeof(workflow),
             "name: one\nsteps:\n  - { id: it, type: %s, config: %s }\n", type, config);
    scene_open(&talk->scene, workflow, "it", root);
    talk->scene.scope.default_model = value_text("local/extractive-1");
}

void
conversation_close(struct conversation *talk)
{
    if (talk->exchange != NULL)
        exchange_free(&talk->exchange);
    scene_close(&talk->scene);
}

static const char *
failed(struct conversation *talk, const struct step_failure *failure)
{
    return arena_format(&talk->scene.arena, "%s: %s", failure->code, failure->words);
}

const char *
conversation_begin(struct conversation *talk)
{
    struct scene *scene = &talk->scene;
    if (!step_render_config(&scene->scope, &talk->progress.config, &scene->failure) ||
        !scene->type->begin(&scene->scope, &talk->progress, &scene->failure))
        return failed(talk, &scene->failure);
    talk->progress.asked = talk->progress.next;
    return scene_text(scene, talk->progress.asked);
}

static void
end_exchange(struct exchange *exchange, int status, const char *body)
{
    exchange->end = EXCHANGE_ANSWERED;
    exchange->http_status = status;
    exchange->answer_body = slice_text(body);
}

const char *
conversation_answer(struct conversation *talk, int status, const char *body)
{
    struct scene *scene = &talk->scene;
    struct step_env env = {talk};
    if (talk->exchange != NULL)
        exchange_free(&talk->exchange);
    talk->exchange = exchange_new(LIMIT_EXCHANGE_BYTES);
    if (!scene->type->prepare(talk->progress.asked, SLICE("key"), talk->exchange, &scene->failure))
        return failed(talk, &scene->failure);
    assert_true(talk->exchange->needs_work || talk->exchange->url.size > 0);
    if (talk->exchange->url.size > 0)
        end_exchange(talk->exchange, status, body);
    talk->conclusion = (struct step_conclusion){
        .node = scene->scope.node,
        .config = talk->progress.asked,
        .exchange = talk->exchange,
        .env = &env,
        .arena = &scene->arena,
    };
    if (!scene->type->conclude(&talk->conclusion))
        return failed(talk, &talk->conclusion.failure);
    talk->progress.answer = talk->conclusion.value;
    return scene_text(scene, talk->conclusion.value);
}

const char *
conversation_say(struct conversation *talk, const char *text)
{
    struct member said = {value_text("text"), value_text(text)};
    struct arena *arena = &talk->scene.arena;
    return conversation_answer(talk, 200,
                               scene_text(&talk->scene, value_object_new(arena, &said, 1)));
}

const char *
conversation_follow(struct conversation *talk)
{
    struct scene *scene = &talk->scene;
    switch (scene->type->follow(&scene->scope, &talk->progress, &scene->failure)) {
    case STEP_FOLLOW_ANSWER:
        return "answer";
    case STEP_FOLLOW_VALUE:
        return arena_format(&scene->arena, "value: %s", scene_text(scene, talk->progress.value));
    case STEP_FOLLOW_CALL:
        talk->progress.call++;
        talk->progress.asked = talk->progress.next;
        return scene_text(scene, talk->progress.asked);
    case STEP_FOLLOW_FAIL:
        break;
    }
    return failed(talk, &scene->failure);
}

const char *
conversation_problem(const char *type, const char *config)
{
    static char shown[1024];
    static const char above[] = "steps[0].config";
    char workflow[4096];
    struct arena arena;
    struct problems problems;
    struct plan *plan = NULL;
    struct plan_options options = {.catalog = &step_catalog};
    snprintf(workflow, sizeof(workflow), "name: one\nsteps:\n  - { type: %s, config: %s }\n", type,
             config);
    arena_init(&arena, MIB(1));
    problems_init(&problems, &arena);
    snprintf(shown, sizeof(shown), "no problem");
    if (plan_load(&plan, slice_text(workflow), &options, &problems) == STATUS_INVALID) {
        const char *path = problems.list[0].path;
        size_t size = strlen(above);
        path += strncmp(path, above, size) == 0 ? size : 0;
        snprintf(shown, sizeof(shown), "%s: %s", path + (*path == '.'), problems.list[0].words);
    }
    plan_drop(&plan);
    arena_done(&arena);
    return shown;
}

bool
conversation_is_like(const char *text, const char *pattern)
{
    size_t front = strcspn(pattern, "*");
    if (strncmp(text, pattern, front) != 0)
        return false;
    if (pattern[front] == '\0')
        return text[front] == '\0';
    for (text += front; *text != '\0'; text++) {
        if (conversation_is_like(text, pattern + front + 1))
            return true;
    }
    return pattern[front + 1] == '\0';
}
