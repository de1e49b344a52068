/* service/present.h - stored rows as JSON values in the native shape, for HTTP and command line.
 *
 * Threads: any.
 */
#ifndef SERVICE_PRESENT_H
#define SERVICE_PRESENT_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/value.h"
#include "store/store.h"

struct service;

/* 24 hex digits. */
struct value present_id(const struct id *id, struct arena *arena);
/* ISO 8601; null for 0. */
struct value present_time(int64_t unix_ms, struct arena *arena);

/* {id, workflowId, status, state, input, output?, error?, createdAt, startedAt?, completedAt?,
 * version, generation, trigger, parentRunId?, models?, counts?, usage?}: the fields of Metal's run
 * record and ours beside them. Stored JSON goes out as it lies there. status: the word for the
 * row's state in the caller's dialect. service: where to read what each step used; NULL, as within
 * a list, leaves that out. */
void present_run_text(struct buffer *out, const struct run_row *row, const char *status,
                      struct service *service);

/* The same as a value, with our own words for states; null over the arena's limit. */
struct value present_run(const struct run_row *row, struct service *service, struct arena *arena);

/* {id, name, contentType, bytes, sha256, createdAt, runId, step, partial}. */
void present_file_text(struct buffer *out, const struct file_row *row);

/* {id, name, slug, status, version, publishedVersion?, createdAt, updatedAt}. */
struct value present_workflow(const struct workflow_row *row, struct arena *arena);

#endif
