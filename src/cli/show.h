/* cli/show.h - runs as people read them.
 *
 * Threads: the main thread.
 */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "base/buffer.h"
#include "service/present.h"
#include "service/service.h"

/* The head of a list, and one line of it. */
const char *show_run_head(void);
void show_run_line(const struct run_row *row, struct arena *arena, struct buffer *out);

/* The same of a run as an API gives it. */
void show_run_value_line(struct value run, struct buffer *out);

/* Its state, tables, steps, counts, usage and output, as an API gives them. */
void show_run_value(struct value run, struct buffer *out);

/* A run with its tables, steps, counts, duration, usage, files and the first failures. */
void show_run(struct service *service, const struct run_row *row, struct arena *arena,
              struct buffer *out);

#endif
