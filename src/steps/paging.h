/* steps/paging.h - how http_request reads a list that comes in pages.
 *
 * Each page is a call of its own. What asks for the next one is taken from the answer by the parts
 * of the field `paging`: a link, or values that are put into the request.
 *
 * Threads: any.
 */
#ifndef STEPS_PAGING_H
#define STEPS_PAGING_H

#include "engine/step.h"

/* Pages of one request when `max_pages` does not say otherwise; more are a failure. */
#define PAGING_PAGES_DEFAULT 100

#define PAGING_PART_COUNT 9
extern const struct field_decl paging_parts[PAGING_PART_COUNT];
extern const char *const paging_one_of[];
extern const char *const paging_roots[];

step_follow_fn paging_follow;

#endif
