/* The fixture of the conformance suite: one fresh store a test, of the back end whose turn it is,
 * and short ways to write. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "store/store.h"

#include "test.h"

#include <stdarg.h>

struct fixture {
    struct store *store;
    struct arena arena; /* of the rows that were read */
};

/* The fixture of the running test. */
struct fixture *fixture_of(void **state);

/* Closes and opens the store, as a start of the program does; what cannot persist stays open. */
void fixture_reopen(struct fixture *fixture);

/* An id that ends in number: higher numbers sort later. */
struct id id_of(uint32_t number);

/* One operation of an intent: {STORE_RUN_INSERT, .run = &row}. */
enum status commit_ops(struct store *store, const struct store_op *ops, size_t count);
enum status commit_guarded(struct store *store, struct store_guard guard,
                           const struct store_op *ops, size_t count);
#define COMMIT(store, ...)                                                                         \
    commit_ops((store), (const struct store_op[]){__VA_ARGS__},                                    \
               sizeof((const struct store_op[]){__VA_ARGS__}) / sizeof(struct store_op))
#define COMMIT_OK(store, ...) assert_int_equal(COMMIT(store, __VA_ARGS__), STATUS_OK)

/* A guard for one generation and a set of states (bits). */
struct store_guard guard_of(const struct id *run, uint32_t generation, uint32_t states);

/* Rows with every field filled in, different ones for different numbers. */
struct workflow_row workflow_of(uint32_t number);
struct run_row run_of(uint32_t number, enum run_state state);
struct effect_row effect_of(uint32_t run, struct slice key, uint32_t call, uint32_t generation);
struct record_row record_of(uint32_t run, uint32_t chunk, uint32_t generation, struct slice body);
struct timer_row timer_of(uint32_t run, uint32_t chunk, int64_t due_unix_ms);

void assert_slice(struct slice got, struct slice want);
void assert_id(const struct id *got, const struct id *want);
void assert_run(const struct run_row *got, const struct run_row *want);

/* What a list showed: the numbers of its ids, or of its chunks, in order. */
struct seen {
    uint32_t numbers[64];
    size_t count;
    size_t stop_after; /* 0: never */
};
/* As text, "3 2 1", for comparing. */
void assert_seen(const struct seen *seen, const char *want);
bool seen_add(struct seen *seen, uint32_t number);
uint32_t number_of(const struct id *id);

extern const struct CMUnitTest definition_tests[], run_tests[], tree_tests[], item_tests[],
    intent_tests[], gone_tests[], kept_tests[], object_tests[], search_tests[], usage_tests[],
    tenant_tests[], delivery_tests[], events_tests[], standing_tests[];
extern const size_t definition_test_count, run_test_count, tree_test_count, item_test_count,
    intent_test_count, gone_test_count, kept_test_count, object_test_count, search_test_count,
    usage_test_count, tenant_test_count, delivery_test_count, events_test_count,
    standing_test_count;

#endif
