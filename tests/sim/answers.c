#include "answers.h"

#include "disk.h"
#include "world.h"

#include "base/limits.h"
#include "base/mem.h"
#include "engine/ask.h"

/* One question that was answered, whoever heard it. */
struct answered {
    struct world *world;
    struct id question;
    uint32_t process; /* that was asked */
    bool is_flying, is_acknowledged;
};

struct giving {
    struct world *world;
    struct arena arena;
    bool gives_all;
    uint32_t given;
};

static bool
is_flying(const struct world *world)
{
    for (size_t i = 0; i < world->answers.count; i++) {
        const struct answered *answered = world->answers.items[i];
        if (answered->is_flying)
            return true;
    }
    return false;
}

static void
check_once(const struct answered *now)
{
    for (size_t i = 0; i < now->world->answers.count; i++) {
        const struct answered *other = now->world->answers.items[i];
        if (other != now && other->is_acknowledged && id_equal(&other->question, &now->question))
            world_fail(now->world, "a question was answered twice");
    }
}

static void
on_answered(enum status status, void *context)
{
    struct answered *answered = context;
    struct world *world = answered->world;
    if (world->is_dead || answered->process != world->process)
        return;
    answered->is_flying = false;
    answered->is_acknowledged = status == STATUS_OK;
    if (status != STATUS_OK && status != STATUS_CONFLICT)
        world_fail(world, "an answer was answered %s", status_name(status));
    if (status == STATUS_OK)
        check_once(answered);
}

/* What the question is about: an event says it, an approval has it as title. */
static struct value
topic_of(const struct ask_body *body)
{
    return body->shown.kind == VALUE_OBJECT ? value_get(body->shown, "title") : body->shown;
}

static void
give(struct giving *giving, const struct object_row *row, const struct ask_body *body)
{
    struct world *world = giving->world;
    struct value topic = topic_of(body);
    struct member members[] = {{value_text("word"), topic}, {value_text("n"), value_int(7)}};
    bool is_no = topic.kind == VALUE_STRING && slice_is(value_slice(topic), "no");
    struct ask_answer answer = {
        .row = row,
        .body = body,
        .is_ok = !is_no,
        .value = value_object_new(&giving->arena, members, COUNT_OF(members)),
    };
    uint64_t times = world->is_calm ? 1 : 1 + world_below(world, 2);
    for (uint64_t i = 0; i < times; i++) {
        struct answered *answered = mem_alloc(sizeof(*answered));
        *answered = (struct answered){
            .world = world, .question = row->id, .process = world->process, .is_flying = true};
        bag_add(&world->answers, answered);
        engine_ask_answer(world->engine, &answer, &(struct run_asker){on_answered, answered, NULL});
    }
    giving->given++;
}

struct seen {
    struct id ids[64];
    uint32_t count;
};

static bool
see(const struct object_row *row, void *context)
{
    struct seen *seen = context;
    seen->ids[seen->count++] = row->id;
    return seen->count < COUNT_OF(seen->ids);
}

static void
look_at(struct giving *giving, const struct id *id)
{
    struct store *store = giving->world->store;
    struct object_row row;
    struct run_row run;
    struct ask_body body;
    if (store_object_get(store, &giving->arena, id, &row) != STATUS_OK ||
        !ask_body_read(&body, &giving->arena, &row) ||
        store_run_get(store, &giving->arena, &body.run, &run) != STATUS_OK)
        return;
    bool is_live =
        (STORE_LIVE_STATES >> run.state & 1) != 0 && run.generation == body.place.generation;
    struct value topic = topic_of(&body);
    bool is_late = topic.kind == VALUE_STRING && slice_is(value_slice(topic), "late");
    if (is_live && !is_late && (giving->gives_all || world_below(giving->world, 3) > 0))
        give(giving, &row, &body);
}

bool
answers_give(struct world *world, bool gives_all)
{
    struct giving giving = {.world = world, .gives_all = gives_all};
    struct seen seen = {.count = 0};
    struct object_page page = {
        .workspace = world->workspace, .kind = OBJECT_WAIT, .limit = COUNT_OF(seen.ids)};
    if (is_flying(world) || disk_is_dead())
        return false;
    arena_init(&giving.arena, MIB(64));
    status_ignore(store_object_list(world->store, &page, see, &seen));
    page.kind = OBJECT_APPROVAL;
    page.limit -= seen.count;
    if (page.limit > 0)
        status_ignore(store_object_list(world->store, &page, see, &seen));
    for (uint32_t i = 0; i < seen.count; i++)
        look_at(&giving, &seen.ids[i]);
    arena_done(&giving.arena);
    return giving.given > 0;
}

void
answers_check(struct world *world)
{
    for (size_t i = 0; i < world->answers.count; i++) {
        const struct answered *answered = world->answers.items[i];
        struct arena arena;
        struct object_row row;
        arena_init(&arena, MIB(1));
        enum status status = store_object_get(world->store, &arena, &answered->question, &row);
        bool is_kept = status == STATUS_OK && row.archived_unix_ms > 0;
        arena_done(&arena);
        if (answered->is_acknowledged && !is_kept)
            world_fail(world, "an acknowledged answer is gone");
    }
}

void
answers_forget(struct world *world)
{
    for (size_t i = 0; i < world->answers.count; i++)
        ((struct answered *)world->answers.items[i])->is_flying = false;
}

void
answers_done(struct world *world)
{
    for (size_t i = 0; i < world->answers.count; i++)
        mem_free(world->answers.items[i]);
    bag_done(&world->answers);
}
