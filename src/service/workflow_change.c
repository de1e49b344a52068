#include "service/workflows.h"

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/rng.h"
#include "service/failures.h"
#include "service/host.h"
#include "service/scheduler.h"
#include "service/schedules.h"

#include <assert.h>

/* How often a change is made again because somebody else was first. */
#define ATTEMPTS_MAX 16
/* The texts that one attempt looks at. */
#define SCRATCH_BYTES (4 * LIMIT_DEFINITION_BYTES)

/* A change on its way. */
struct change_job {
    struct task task;
    struct service *service;
    struct arena arena;            /* of the change */
    struct arena scratch;          /* of one attempt */
    struct workflow_change change; /* texts in the arena */
    struct slice slug, name;       /* of its text */
    struct plan *plan;             /* of its text, for `any_slug`; NULL otherwise */
    struct object_row alias;       /* of what is made, if the change has one */
    unsigned attempts;
    struct workflow_row row; /* as it will be */
    struct idempotency_row once;
    struct version_row version; /* number 0: there is no new one */
    bool is_new;
    uint32_t refused_revision; /* from which a deletion was refused */
    workflow_changed_fn *done;
    void *context;
};

static void attempt(struct change_job *job);

static void
job_free(struct change_job *job)
{
    plan_drop(&job->plan);
    arena_done(&job->scratch);
    arena_done(&job->arena);
    mem_free(job);
}

static void
job_end(struct change_job *job, const struct workflow_changed *changed)
{
    job->done(changed, job->context);
    job_free(job);
}

static void
job_end_well(struct change_job *job)
{
    struct workflow_changed changed = {.row = &job->row, .is_new = job->is_new};
    job_end(job, &changed);
}

static void
job_fail(struct change_job *job, enum status status, const char *words)
{
    struct workflow_changed changed = {.status = status};
    error_set(&changed.error, status, "%s", words);
    job_end(job, &changed);
}

static void
job_fail_stale(struct change_job *job, const char *words)
{
    struct workflow_changed changed = {.status = STATUS_CONFLICT, .is_stale = true};
    error_set(&changed.error, STATUS_CONFLICT, "%s", words);
    job_end(job, &changed);
}

/* --- storing it --- */

static void
try_again(struct task *task, void *thread_context)
{
    attempt((struct change_job *)task);
}

static void
committed(struct intent *intent)
{
    struct change_job *job = intent->owner;
    enum status status = intent->status;
    intent_free(&intent);
    workflow_cache_forget(job->service->workflows);
    bool was_first = status == STATUS_CONFLICT || status == STATUS_NOT_FOUND;
    if (was_first && ++job->attempts < ATTEMPTS_MAX) {
        if (job->change.kind == WORKFLOW_DELETE)
            job->refused_revision = job->row.revision;
        job->task.run = try_again;
        service_post(job->service, &job->task, true);
    } else if (was_first) {
        job_fail(job, STATUS_UNAVAILABLE, "the workflow is being changed by others; try again");
    } else if (status != STATUS_OK) {
        job_fail(job, status, status_name(status));
    } else {
        scheduler_wake(job->service);
        job_end_well(job);
    }
}

static void
push(struct change_job *job, struct intent *intent)
{
    if (job->change.idempotency != NULL)
        intent_add_idempotency(intent, &job->once, IDEMPOTENCY_WORKFLOW, &job->row.id);
    intent->done = committed;
    intent->owner = job;
    writer_push(job->service->writer, intent);
}

/* The plan of what will be published; NULL: nothing will be. To be dropped. */
static enum status
published_plan(struct change_job *job, struct plan **out, struct error *error)
{
    struct service *service = job->service;
    struct workflow_row *row = &job->row;
    struct problems problems;
    *out = NULL;
    if (row->published_version == 0 || row->status != WORKFLOW_ACTIVE)
        return STATUS_OK;
    if (job->version.version == row->published_version) {
        struct plan_options options = {.catalog = service->options.catalog};
        problems_init(&problems, &job->scratch);
        return plan_load(out, job->version.text, &options, &problems);
    }
    struct program *program = NULL;
    enum status status =
        programs_get(service->programs, &row->id, row->published_version, &program, error);
    if (status != STATUS_OK)
        return status;
    *out = program->plan;
    plan_hold(*out);
    program_drop(&program);
    return STATUS_OK;
}

/* A new workflow gets its alias; one that goes takes it along. The alias has its id. */
static void
add_alias(struct change_job *job, struct intent *intent, enum store_op_kind kind)
{
    job->alias = (struct object_row){
        .workspace = job->row.workspace,
        .id = job->row.id,
        .kind = OBJECT_ALIAS,
        .name = job->change.alias,
        .body = SLICE("{}"),
        .revision = 1,
        .created_unix_ms = job->row.created_unix_ms,
        .updated_unix_ms = job->row.created_unix_ms,
    };
    if (kind == STORE_WORKFLOW_DELETE)
        intent_add(intent, STORE_OBJECT_DELETE, 64)->object = &job->alias;
    else if (kind == STORE_WORKFLOW_INSERT && job->change.alias.size > 0)
        intent_add(intent, STORE_OBJECT_INSERT, 512)->object = &job->alias;
}

/* Stores the row as it is now, and the version if there is one. */
static void
push_row(struct change_job *job, enum store_op_kind kind)
{
    struct intent *intent = intent_new(4 * LIMIT_DEFINITION_BYTES);
    struct plan *plan = NULL;
    struct error error = {0};
    enum status status =
        kind == STORE_WORKFLOW_DELETE ? STATUS_OK : published_plan(job, &plan, &error);
    if (status == STATUS_OK)
        status = schedules_follow(job->service, intent, &job->row, plan, &error);
    if (status == STATUS_OK)
        status = failures_follow(job->service, intent, &job->row, plan, &error);
    plan_drop(&plan);
    if (status != STATUS_OK) {
        intent_free(&intent);
        job_fail(job, status, error.text[0] == '\0' ? status_name(status) : error.text);
        return;
    }
    intent_add(intent, kind, 512)->workflow = &job->row;
    add_alias(job, intent, kind);
    if (job->version.version > 0)
        intent_add(intent, STORE_VERSION_INSERT, job->version.text.size)->version = &job->version;
    push(job, intent);
}

/* All is as it is asked for. That counts for a request that comes again, too. */
static void
keep_as_it_is(struct change_job *job)
{
    if (job->change.idempotency == NULL)
        job_end_well(job);
    else
        push(job, intent_new(KIB(64)));
}

static void
push_update(struct change_job *job)
{
    job->row.revision++;
    job->row.updated_unix_ms = clock_unix_ms(job->service->options.clock);
    push_row(job, STORE_WORKFLOW_UPDATE);
}

static void
take_version(struct change_job *job, struct slice text)
{
    job->row.latest_version++;
    job->version = (struct version_row){
        .workflow = job->row.id,
        .version = job->row.latest_version,
        .text = text,
        .created_unix_ms = clock_unix_ms(job->service->options.clock),
    };
}

/* --- what each kind does to the row --- */

/* OK: another workflow has it; NOT_FOUND. */
static enum status
look_at_slug(struct change_job *job, struct slice slug)
{
    struct workflow_row other;
    enum status status = store_workflow_by_slug(job->service->store, &job->scratch, slug, &other);
    bool is_own = status == STATUS_OK && !job->is_new && id_equal(&other.id, &job->row.id);
    return is_own ? STATUS_NOT_FOUND : status;
}

/* Writes the slug into the text. */
static void
take_slug(struct change_job *job, struct slice slug)
{
    struct value definition = value_object_set(&job->scratch, job->plan->canonical,
                                               value_text("slug"), value_string(slug));
    job->slug = arena_copy(&job->arena, slug);
    job->change.text = json_text(&job->scratch, definition);
}

/* Where the slug is a wish. */
static void
choose_slug(struct change_job *job)
{
    struct slice wanted = value_slice(job->plan->slug);
    if (!job->is_new) {
        wanted = job->row.slug;
    } else if (look_at_slug(job, wanted) == STATUS_OK) {
        uint32_t ending = 0;
        rng_secret(&ending, sizeof(ending));
        wanted = slice_text(
            arena_format(&job->scratch, "%.*s-%08x", SLICE_FORMAT(slice_cut(wanted, 54)), ending));
    }
    take_slug(job, wanted);
}

/* True if another workflow has it; the job has ended then. */
static bool
slug_is_taken(struct change_job *job, struct slice slug)
{
    enum status status = look_at_slug(job, slug);
    if (status == STATUS_NOT_FOUND)
        return false;
    if (status == STATUS_OK)
        job_fail(job, STATUS_CONFLICT,
                 "another workflow has this slug; give this one another slug or name");
    else
        job_fail(job, status, status_name(status));
    return true;
}

static void
create(struct change_job *job)
{
    int64_t now = clock_unix_ms(job->service->options.clock);
    job->is_new = true;
    if (job->plan != NULL)
        choose_slug(job);
    if (slug_is_taken(job, job->slug))
        return;
    job->row = (struct workflow_row){
        .workspace = job->change.workspace,
        .id = id_next(&job->service->ids),
        .slug = job->slug,
        .name = job->name,
        .status = job->change.publish ? WORKFLOW_ACTIVE : WORKFLOW_DRAFT,
        .revision = 1,
        .created_unix_ms = now,
        .updated_unix_ms = now,
    };
    take_version(job, job->change.text);
    job->row.published_version = job->change.publish ? 1 : 0;
    push_row(job, STORE_WORKFLOW_INSERT);
}

/* The text of a version of the row; .ptr NULL: the job has ended. */
static struct slice
read_text(struct change_job *job, uint32_t number)
{
    struct version_row version = {.text = {NULL, 0}};
    enum status status =
        store_version_get(job->service->store, &job->scratch, &job->row.id, number, &version);
    if (status == STATUS_OK)
        return version.text;
    job_fail(job, status, status_name(status));
    return (struct slice){NULL, 0};
}

static bool
refuse_archived(struct change_job *job)
{
    if (job->row.status != WORKFLOW_ARCHIVED)
        return false;
    job_fail(job, STATUS_CONFLICT, "the workflow is archived; unarchive it first");
    return true;
}

/* The row's version `number`, of that slug and name, is published. */
static void
publish(struct change_job *job, uint32_t number, struct slice slug, struct slice name)
{
    job->row.published_version = number;
    job->row.status = WORKFLOW_ACTIVE;
    job->row.slug = slug;
    job->row.name = name;
}

static void
put(struct change_job *job)
{
    struct slice newest = read_text(job, job->row.latest_version);
    struct workflow_row *row = &job->row;
    if (job->plan != NULL)
        choose_slug(job);
    if (newest.ptr == NULL || (job->change.publish && refuse_archived(job)) ||
        slug_is_taken(job, job->slug))
        return;
    bool is_same = slice_equal(newest, job->change.text);
    if (!is_same)
        take_version(job, job->change.text);
    bool is_out = row->published_version == row->latest_version;
    if (is_same && (is_out || !job->change.publish)) {
        keep_as_it_is(job);
        return;
    }
    if (job->change.publish)
        publish(job, row->latest_version, job->slug, job->name);
    if (row->published_version == 0) {
        row->slug = job->slug;
        row->name = job->name;
    }
    push_update(job);
}

/* Publishes a stored version under the name and slug that it has. */
static void
publish_stored(struct change_job *job, uint32_t stored, uint32_t number)
{
    struct program *program = NULL;
    struct error error = {0};
    enum status status =
        programs_get(job->service->programs, &job->row.id, stored, &program, &error);
    if (status != STATUS_OK) {
        job_fail(job, status == STATUS_INVALID ? STATUS_CONFLICT : status, error.text);
        return;
    }
    struct slice slug = arena_copy(&job->scratch, value_slice(program->plan->slug));
    struct slice name = arena_copy(&job->scratch, value_slice(program->plan->name));
    program_drop(&program);
    if (slug_is_taken(job, slug))
        return;
    publish(job, number, slug, name);
    push_update(job);
}

/* The version that is meant; 0: there is none, the job has ended. */
static uint32_t
wanted_version(struct change_job *job)
{
    uint32_t wanted = job->change.version == 0 ? job->row.latest_version : job->change.version;
    if (wanted <= job->row.latest_version)
        return wanted;
    job_fail(job, STATUS_NOT_FOUND,
             arena_format(&job->scratch, "there is no version %u; the newest is %u", wanted,
                          job->row.latest_version));
    return 0;
}

static void
publish_wanted(struct change_job *job)
{
    if (refuse_archived(job))
        return;
    uint32_t wanted = wanted_version(job);
    if (wanted == 0)
        return;
    if (wanted == job->row.published_version)
        keep_as_it_is(job);
    else
        publish_stored(job, wanted, wanted);
}

static void
restore(struct change_job *job)
{
    if (refuse_archived(job))
        return;
    uint32_t wanted = wanted_version(job);
    struct slice text = wanted > 0 ? read_text(job, wanted) : (struct slice){NULL, 0};
    struct slice newest =
        text.ptr != NULL ? read_text(job, job->row.latest_version) : (struct slice){NULL, 0};
    if (newest.ptr == NULL)
        return;
    if (!slice_equal(text, newest))
        take_version(job, text);
    if (job->row.published_version == job->row.latest_version)
        keep_as_it_is(job);
    else
        publish_stored(job, wanted, job->row.latest_version);
}

static void
set_status(struct change_job *job, enum workflow_status status)
{
    bool is_same = job->row.status == status;
    job->row.status = status;
    if (is_same)
        keep_as_it_is(job);
    else
        push_update(job);
}

static void
unarchive(struct change_job *job)
{
    if (job->row.status != WORKFLOW_ARCHIVED)
        keep_as_it_is(job);
    else
        set_status(job, job->row.published_version > 0 ? WORKFLOW_ACTIVE : WORKFLOW_DRAFT);
}

static void
remove_row(struct change_job *job)
{
    if (job->refused_revision == job->row.revision) {
        job_fail(
            job, STATUS_CONFLICT,
            "runs of the workflow have not ended; cancel them, or wait for them, and delete it "
            "then");
        return;
    }
    job->row.updated_unix_ms = clock_unix_ms(job->service->options.clock);
    push_row(job, STORE_WORKFLOW_DELETE);
}

/* --- one attempt --- */

static void
change_row(struct change_job *job)
{
    switch (job->change.kind) {
    case WORKFLOW_CREATE:
        assert(!"it has no row");
        return;
    case WORKFLOW_PUT:
        put(job);
        return;
    case WORKFLOW_PUBLISH:
        publish_wanted(job);
        return;
    case WORKFLOW_RESTORE:
        restore(job);
        return;
    case WORKFLOW_ARCHIVE:
        set_status(job, WORKFLOW_ARCHIVED);
        return;
    case WORKFLOW_UNARCHIVE:
        unarchive(job);
        return;
    case WORKFLOW_DELETE:
        remove_row(job);
        return;
    }
}

/* What others have stored counts, so the row does not come from memory. */
static enum status
find_row(struct change_job *job)
{
    struct store *store = job->service->store;
    struct slice target = job->change.target.size == 0 ? job->slug : job->change.target;
    struct object_row alias, which = {.workspace = job->change.workspace, .kind = OBJECT_ALIAS};
    struct id id;
    enum status status = STATUS_NOT_FOUND;
    if (job->change.alias.size > 0)
        status = store_object_named(store, &job->scratch, &which, job->change.alias, &alias);
    if (status == STATUS_OK)
        return store_workflow_get(store, &job->scratch, &alias.id, &job->row);
    if (status == STATUS_NOT_FOUND && id_parse(&id, target))
        status = store_workflow_get(store, &job->scratch, &id, &job->row);
    if (status == STATUS_NOT_FOUND && job->change.alias.size == 0)
        status = store_workflow_by_slug(store, &job->scratch, target, &job->row);
    if (status == STATUS_OK && !id_equal(&job->row.workspace, &job->change.workspace))
        status = STATUS_NOT_FOUND;
    return status;
}

static bool
is_what_was_seen(const struct change_job *job)
{
    bool is_seen = job->change.tag_count == 0;
    for (size_t i = 0; i < job->change.tag_count; i++) {
        const struct workflow_tag *tag = &job->change.tags[i];
        is_seen = is_seen || (tag->version == job->row.latest_version &&
                              (tag->revision == 0 || tag->revision == job->row.revision));
    }
    return is_seen;
}

/* A put makes a workflow under no other name than its own. */
static const char *
other_slug(struct change_job *job)
{
    return arena_format(&job->scratch,
                        "there is no such workflow; the slug of the text is \"%.*s\": to make it, "
                        "put it there",
                        SLICE_FORMAT(job->slug));
}

/* Without a row. */
static void
change_nothing_there(struct change_job *job)
{
    const struct workflow_change *change = &job->change;
    bool is_own = change->target.size == 0 || slice_equal(change->target, job->slug) ||
                  change->alias.size > 0;
    if (change->must_exist || change->tag_count > 0)
        job_fail_stale(job, "there is no such workflow any more");
    else if (change->kind == WORKFLOW_PUT && is_own)
        create(job);
    else
        job_fail(job, STATUS_NOT_FOUND,
                 change->kind == WORKFLOW_PUT ? other_slug(job) : "not found");
}

/* Whether a request with the same key was first. */
static bool
is_again(struct change_job *job)
{
    struct idempotency_row found;
    if (job->change.idempotency == NULL || job->attempts == 0)
        return false;
    return service_idempotency_find(job->service, &job->once, &job->scratch, &found) == STATUS_OK;
}

static void
attempt(struct change_job *job)
{
    arena_reset(&job->scratch);
    if (is_again(job)) {
        job_fail(job, STATUS_CONFLICT, "a request with this Idempotency-Key was answered before");
        return;
    }
    job->version = (struct version_row){.version = 0};
    job->is_new = false;
    if (job->change.kind == WORKFLOW_CREATE) {
        create(job);
        return;
    }
    enum status status = find_row(job);
    if (status == STATUS_NOT_FOUND)
        change_nothing_there(job);
    else if (status != STATUS_OK)
        job_fail(job, status, status_name(status));
    else if (job->change.must_not_exist)
        job_fail_stale(job, "the workflow exists already");
    else if (!is_what_was_seen(job))
        job_fail_stale(job, arena_format(&job->scratch,
                                         "somebody else has changed the workflow: its newest "
                                         "version is %u; get it, and send the change again",
                                         job->row.latest_version));
    else
        change_row(job);
}

/* The texts of the change become the job's own. */
static enum status
take_texts(struct change_job *job, struct problems *problems)
{
    struct workflow_change *change = &job->change;
    struct plan *plan = NULL;
    if (change->kind == WORKFLOW_CREATE || change->kind == WORKFLOW_PUT) {
        struct plan_options options = {.catalog = job->service->options.catalog};
        enum status status = plan_load(&plan, change->text, &options, problems);
        if (status != STATUS_OK)
            return status;
        job->slug = arena_copy(&job->arena, value_slice(plan->slug));
        job->name = arena_copy(&job->arena, value_slice(plan->name));
        if (change->any_slug)
            job->plan = plan;
        else
            plan_drop(&plan);
    }
    change->text = arena_copy(&job->arena, change->text);
    change->target = arena_copy(&job->arena, change->target);
    change->alias = arena_copy(&job->arena, change->alias);
    if (change->idempotency == NULL)
        return STATUS_OK;
    job->once = *change->idempotency;
    job->once.answer = change->kind == WORKFLOW_CREATE ? 201 : 200;
    job->once.scope = arena_copy(&job->arena, job->once.scope);
    job->once.key = arena_copy(&job->arena, job->once.key);
    return STATUS_OK;
}

enum status
service_workflow_change(struct service *service, const struct workflow_change *change,
                        struct problems *problems, workflow_changed_fn *done, void *context)
{
    struct change_job *job = mem_alloc(sizeof(*job));
    *job = (struct change_job){
        .service = service, .change = *change, .done = done, .context = context};
    arena_init(&job->arena, 2 * LIMIT_DEFINITION_BYTES);
    arena_init(&job->scratch, SCRATCH_BYTES);
    enum status status = take_texts(job, problems);
    if (status == STATUS_OK) {
        attempt(job);
        return STATUS_OK;
    }
    job_free(job);
    return status;
}
