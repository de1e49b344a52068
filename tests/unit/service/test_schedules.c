/* Schedules over a simulated year: each instant starts one run, over restarts, clocks that are set
 * and times at which nobody was there. */
#include "test.h"

#include "base/cron.h"
#include "base/limits.h"
#include "base/moment.h"
#include "base/rng.h"
#include "base/zone.h"
#include "service/scheduler.h"
#include "service/schedules.h"
#include "service/wait.h"
#include "steps/table.h"
#include "store/sqlite/sqlite.h"

#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/windrow-test-schedules-XXXXXX";
static struct service *service;
static struct store *store;
static struct rng rng;

/* --- a clock that is set by the test --- */

static _Atomic int64_t now_unix_ms;

static int64_t
told_time(struct clock *clock)
{
    return now_unix_ms;
}

static int64_t
real_mono(struct clock *clock)
{
    return clock_mono_us(clock_system());
}

static struct clock test_clock = {told_time, real_mono};

static int64_t
at(const char *iso)
{
    int64_t unix_ms = 0;
    assert_true(moment_parse_iso(slice_text(iso), &unix_ms));
    return unix_ms;
}

/* --- the world --- */

static enum status
open_store(struct store **out, const char *unused, struct error *error)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/windrow.db", folder);
    enum status status = sqlite_store_open(out, path, NULL, error);
    store = *out;
    return status;
}

static void
open_service(void)
{
    struct service_options options = {
        .data_folder = folder,
        .open_store = open_store,
        .steps = &step_table,
        .catalog = &step_catalog,
        .clock = &test_clock,
        .eval_threads = 1,
    };
    struct error error = {0};
    if (service_open(&service, &options, &error) != STATUS_OK)
        fail_msg("%s", error.text);
}

static void
restart(void)
{
    service_close(&service);
    open_service();
}

static int
begin(void **state)
{
    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    if (mkdtemp(folder) == NULL)
        return 1;
    rng_seed(&rng, 7);
    now_unix_ms = at("2026-01-01T00:00:30Z");
    open_service();
    return 0;
}

static int
remove_one(const char *path, const struct stat *unused, int type, struct FTW *place)
{
    return remove(path);
}

static int
end(void **state)
{
    service_close(&service);
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Publishes a workflow with that schedule. */
static void
publish(const char *schedule)
{
    char text[512];
    snprintf(text, sizeof(text),
             "name: Tick\ntriggers: { schedule: %s }\n"
             "steps: [{ type: set, config: { fields: { x: \"{{input.n}}\" } } }]\n",
             schedule);
    struct arena arena;
    struct workflow_row row;
    struct error error = {0};
    arena_init(&arena, MIB(4));
    if (wait_for_workflow(service, slice_text(text), &arena, &row, &error) != STATUS_OK)
        fail_msg("%s: %s", schedule, error.text);
    arena_done(&arena);
}

static bool
count_run(const struct run_row *row, void *context)
{
    unsigned *count = context;
    *count += slice_is(row->trigger, "schedule");
    return true;
}

static unsigned
run_count(void)
{
    unsigned count = 0;
    struct store_page page = {.workspace = service_default_workspace(service), .limit = 1000};
    assert_int_equal(store_run_list(store, &page, count_run, &count), STATUS_OK);
    return count;
}

/* Instants of the schedule in (from, to]. */
static unsigned
instants(const char *text, const char *zone_name, int64_t from_ms, int64_t to_ms)
{
    struct cron cron;
    struct zone *zone = NULL;
    struct error error = {0};
    unsigned count = 0;
    int64_t at_s = from_ms / 1000;
    assert_int_equal(cron_parse(&cron, slice_text(text), &error), STATUS_OK);
    assert_int_equal(zone_open(&zone, slice_text(zone_name), &error), STATUS_OK);
    while (cron_next(&cron, zone, at_s, &at_s) && at_s * 1000 <= to_ms)
        count++;
    zone_free(&zone);
    return count;
}

/* Turns until nothing is due. */
static void
turn(void)
{
    for (int i = 0; i < 1000; i++) {
        int64_t next = scheduler_turn(service);
        bool was_due = next <= now_unix_ms;
        while (scheduler_is_flying(service))
            sched_yield();
        if (!was_due)
            return;
    }
    fail_msg("it is due again and again");
}

/* --- tests --- */

static void
test_a_year_of_nights_with_all_that_can_happen(void **state)
{
    int64_t begun = now_unix_ms, last = now_unix_ms;
    publish("{ cron: \"30 2 * * *\", timezone: Europe/Berlin, missed: all, input: { n: 1 } }");
    while (now_unix_ms < at("2027-01-01T00:00:00Z")) {
        now_unix_ms += 1000 * (int64_t)(1 + rng_below(&rng, 40 * 3600));
        last = now_unix_ms > last ? now_unix_ms : last;
        turn();
        if (rng_below(&rng, 8) == 0)
            restart();
        if (rng_below(&rng, 10) == 0)
            now_unix_ms -= 1000 * (int64_t)rng_below(&rng, 5 * 3600);
    }
    unsigned wanted = instants("30 2 * * *", "Europe/Berlin", begun, last);
    assert_in_range(wanted, 365, 368);
    assert_int_equal(run_count(), wanted);
}

static void
test_of_missed_ones_the_last_is_made_good(void **state)
{
    publish("{ cron: \"0 * * * *\" }");
    now_unix_ms = at("2026-01-01T01:00:00Z");
    turn();
    assert_int_equal(run_count(), 1);
    now_unix_ms = at("2026-01-03T12:20:00Z");
    turn();
    turn();
    assert_int_equal(run_count(), 2);
    now_unix_ms = at("2026-01-03T13:00:01Z");
    turn();
    assert_int_equal(run_count(), 3);
}

static void
test_missed_ones_are_skipped_when_asked(void **state)
{
    publish("{ cron: \"0 * * * *\", missed: skip }");
    now_unix_ms = at("2026-01-03T12:20:00Z");
    turn();
    assert_int_equal(run_count(), 0);
    now_unix_ms = at("2026-01-03T13:00:59Z");
    turn();
    assert_int_equal(run_count(), 1);
}

static void
test_another_schedule_replaces_the_first(void **state)
{
    publish("{ cron: \"0 * * * *\" }");
    publish("{ cron: \"0 5 * * *\" }");
    now_unix_ms = at("2026-01-01T04:00:00Z");
    turn();
    assert_int_equal(run_count(), 0);
    now_unix_ms = at("2026-01-01T05:00:00Z");
    turn();
    assert_int_equal(run_count(), 1);
}

static void
test_none_within_reach_is_never_due(void **state)
{
    publish("{ cron: \"0 0 30 2 *\" }");
    assert_int_equal(scheduler_turn(service), INT64_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_year_of_nights_with_all_that_can_happen),
        TEST(test_of_missed_ones_the_last_is_made_good),
        TEST(test_missed_ones_are_skipped_when_asked),
        TEST(test_another_schedule_replaces_the_first),
        TEST(test_none_within_reach_is_never_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
