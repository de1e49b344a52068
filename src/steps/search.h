/* steps/search.h - what a search of documents asks for, as a step and as a look-up of a row.
 *
 * Threads: constants.
 */
#ifndef STEPS_SEARCH_H
#define STEPS_SEARCH_H

#include "flow/catalog.h"

/* The query, a filter, whether any word is enough, and how many are wanted. */
#define SEARCH_FIELD_COUNT 4
extern const struct field_decl search_fields[SEARCH_FIELD_COUNT];

#endif
