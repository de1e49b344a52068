/* tests/unit/steps/source_world.h - a source over a file in memory, and its rows as text.
 *
 * Threads: one, but what is open may be read by several.
 */
#ifndef TESTS_SOURCE_WORLD_H
#define TESTS_SOURCE_WORLD_H

#include "base/buffer.h"
#include "engine/step.h"

struct source_world {
    struct step_file file;
    struct slice text;
    size_t read_most; /* bytes that one read gives at most */
    enum status read_status;
    const struct step_type *type;
    struct arena arena;
    struct source *source; /* NULL: it could not be opened */
    struct error error;
};

/* Opens a source of that type over text, which must outlive it; config is JSON. */
void source_world_open(struct source_world *world, const struct step_type *type, const char *config,
                       struct slice text);
void source_world_close(struct source_world *world);

/* All rows in batches of these sizes, each batch read twice; a line each: "ordinal:line JSON" or
 * "ordinal:line !problem" with the place where the row's batch began. */
enum status source_world_read(struct source_world *world, size_t rows_max, size_t bytes_max,
                              struct buffer *out);

/* What a text gives. */
struct source_case {
    const char *label;
    const char *config;
    const char *text;
    const char *rows; /* as source_world_read() shows them */
};

/* Reads the text in batches of many sizes. */
void source_world_check(const struct step_type *type, const struct source_case *wanted);

#endif
