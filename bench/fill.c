/* bench/fill.c - puts finished runs into a data folder, quickly.
 *
 * Usage: fill FOLDER COUNT [STATE [TRIGGER]]; the folder has been opened by windrow before and is
 * in nobody's hands. The runs are of the first workflow that is found, as if it had been started so
 * many times; they are completed and of the trigger "api" unless said otherwise.
 */
#include "base/clock.h"
#include "base/rng.h"
#include "store/lock.h"
#include "store/sqlite/sqlite.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH 512

struct fill {
    struct store *store;
    struct id_source ids;
    struct id workspace, workflow;
    enum run_state state;
    const char *trigger;
};

static void
die(const char *words)
{
    fprintf(stderr, "fill: %s\n", words);
    exit(1);
}

static bool
keep_workflow(const struct workflow_row *row, void *context)
{
    struct fill *fill = context;
    fill->workspace = row->workspace;
    fill->workflow = row->id;
    return false;
}

static void
find_workflow(struct fill *fill, struct arena *arena)
{
    struct slice hex;
    struct store_page page = {.limit = 1};
    if (store_setting_get(fill->store, arena, SLICE("default_workspace"), &hex) != STATUS_OK ||
        !id_parse(&page.workspace, hex))
        die("the folder has no workspace");
    if (store_workflow_list(fill->store, &page, keep_workflow, fill) != STATUS_OK ||
        id_is_zero(&fill->workflow))
        die("the folder has no workflow");
}

static struct intent *
make_intent(struct fill *fill, uint32_t number)
{
    struct intent *intent = intent_new(65536);
    struct run_row *row = arena_alloc(&intent->arena, sizeof(*row));
    int64_t now = clock_unix_ms(clock_system());
    char *input = arena_alloc(&intent->arena, 128);
    int size = snprintf(input, 128, "{\"name\":\"Company %u\",\"size\":%u}", number, number % 1000);
    *row = (struct run_row){
        .workspace = fill->workspace,
        .id = id_next(&fill->ids),
        .workflow = fill->workflow,
        .version = 1,
        .generation = 1,
        .state = fill->state,
        .trigger = slice_text(fill->trigger),
        .created_unix_ms = now,
        .started_unix_ms = now,
        .ended_unix_ms = now,
        .input = slice_of(input, (size_t)size),
        .output = SLICE("{\"name\":\"Company\",\"score\":135,\"level\":\"large\"}"),
        .counts = SLICE("{\"tables\":[{\"table\":\"\",\"state\":\"completed\",\"items\":1,"
                        "\"completed\":1,\"failed\":0,\"dropped\":0,\"cancelled\":0}]}"),
    };
    intent_add(intent, STORE_RUN_INSERT, 600)->run = row;
    return intent;
}

static void
insert(struct fill *fill, uint32_t from, uint32_t count)
{
    struct intent *intents[BATCH];
    struct error error = {0};
    for (uint32_t i = 0; i < count; i++)
        intents[i] = make_intent(fill, from + i);
    if (store_commit(fill->store, intents, count, &error) != STATUS_OK)
        die(error.text);
    for (uint32_t i = 0; i < count; i++) {
        if (intents[i]->status != STATUS_OK)
            die("a run was refused");
        intent_free(&intents[i]);
    }
}

int
main(int count, char **arguments)
{
    static struct fill fill = {.state = RUN_STATE_COMPLETED, .trigger = "api"};
    struct store_lock *lock = NULL;
    struct error error = {0};
    struct arena arena;
    if (count < 3 || chdir(arguments[1]) != 0)
        die("expected FOLDER COUNT [STATE [TRIGGER]]");
    if (count > 3 && !run_state_parse(arguments[3], &fill.state))
        die("there is no such state");
    if (count > 4)
        fill.trigger = arguments[4];
    if (store_lock_take(&lock, ".", 2000, &error) != STATUS_OK ||
        sqlite_store_open(&fill.store, "windrow.db", NULL, &error) != STATUS_OK)
        die(error.text);
    arena_init(&arena, 65536);
    find_workflow(&fill, &arena);
    struct rng rng;
    rng_seed_system(&rng);
    id_source_init(&fill.ids, clock_system(), &rng);

    uint32_t wanted = (uint32_t)strtoul(arguments[2], NULL, 10);
    for (uint32_t done = 0; done < wanted; done += BATCH)
        insert(&fill, done, wanted - done < BATCH ? wanted - done : BATCH);
    store_close(&fill.store);
    store_lock_drop(&lock);
    arena_done(&arena);
    return 0;
}
