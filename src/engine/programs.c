#include "engine/programs.h"

#include "base/limits.h"
#include "base/mem.h"
#include "flow/problem.h"
#include "store/store.h"

#include <pthread.h>

struct kept {
    struct id workflow;
    uint32_t version;
    uint64_t used; /* a counter's reading: the least goes first */
    struct program *program;
};

struct programs {
    struct programs_options options;
    pthread_mutex_t mutex;
    uint64_t clock;
    size_t count;
    struct kept kept[PROGRAMS_KEPT_MAX];
};

struct programs *
programs_new(const struct programs_options *options)
{
    struct programs *programs = mem_alloc(sizeof(*programs));
    programs->options = *options;
    pthread_mutex_init(&programs->mutex, NULL);
    return programs;
}

void
programs_free(struct programs **programs)
{
    struct programs *gone = *programs;
    *programs = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->count; i++)
        program_drop(&gone->kept[i].program);
    pthread_mutex_destroy(&gone->mutex);
    mem_free(gone);
}

static struct program *
find_kept(struct programs *programs, const struct id *workflow, uint32_t version)
{
    for (size_t i = 0; i < programs->count; i++) {
        struct kept *kept = &programs->kept[i];
        if (kept->version != version || !id_equal(&kept->workflow, workflow))
            continue;
        kept->used = ++programs->clock;
        program_hold(kept->program);
        return kept->program;
    }
    return NULL;
}

static struct kept *
place_for_one(struct programs *programs)
{
    if (programs->count < PROGRAMS_KEPT_MAX)
        return &programs->kept[programs->count++];
    struct kept *oldest = &programs->kept[0];
    for (size_t i = 1; i < programs->count; i++) {
        if (programs->kept[i].used < oldest->used)
            oldest = &programs->kept[i];
    }
    program_drop(&oldest->program);
    return oldest;
}

static void
keep(struct programs *programs, const struct id *workflow, uint32_t version,
     struct program *program)
{
    struct kept *place = place_for_one(programs);
    *place = (struct kept){*workflow, version, ++programs->clock, program};
    program_hold(program);
}

static enum status
compile(struct programs *programs, struct slice text, struct program **out, struct error *error)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct problems *problems = mem_alloc(sizeof(*problems));
    problems_init(problems, &arena);
    struct plan_options options = {.catalog = programs->options.catalog,
                                   .rows_file = programs->options.rows_file};
    struct plan *plan = NULL;
    enum status status = plan_load(&plan, text, &options, problems);
    if (status == STATUS_OK)
        *out = program_new(plan, programs->options.types);
    else
        error_set(error, status, "the stored workflow does not load: %s",
                  problems->count > 0 ? problems->list[0].words : "unknown");
    mem_free(problems);
    arena_done(&arena);
    return status;
}

enum status
programs_get(struct programs *programs, const struct id *workflow, uint32_t version,
             struct program **out, struct error *error)
{
    pthread_mutex_lock(&programs->mutex);
    *out = find_kept(programs, workflow, version);
    pthread_mutex_unlock(&programs->mutex);
    if (*out != NULL)
        return STATUS_OK;

    struct arena arena;
    arena_init(&arena, 2 * LIMIT_DEFINITION_BYTES);
    struct version_row row;
    enum status status =
        store_version_get(programs->options.store, &arena, workflow, version, &row);
    if (status != STATUS_OK)
        error_set(error, status, "the workflow's version %u is not in the store", version);
    else
        status = compile(programs, row.text, out, error);
    arena_done(&arena);
    if (status != STATUS_OK)
        return status;

    pthread_mutex_lock(&programs->mutex);
    struct program *other = find_kept(programs, workflow, version);
    if (other == NULL)
        keep(programs, workflow, version, *out);
    pthread_mutex_unlock(&programs->mutex);
    program_drop(&other);
    return STATUS_OK;
}
