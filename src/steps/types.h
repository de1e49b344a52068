/* steps/types.h - the list of all step types; each is made in its own file.
 *
 * Threads: constant data.
 */
#ifndef STEPS_TYPES_H
#define STEPS_TYPES_H

#include "engine/step.h"

/* In the order of the catalog. A type NAME is `step_NAME`, with its declaration in `NAME_decl`. */
/* clang-format off */
#define STEP_TYPES(each)     \
    each(read_csv)           \
    each(read_jsonl)         \
    each(read_xlsx)          \
    each(read_list)          \
    each(read_entities)      \
    each(search)             \
    each(transform)          \
    each(set)                \
    each(remove_columns)     \
    each(filter)             \
    each(deduplicate)        \
    each(expand)             \
    each(group_by)           \
    each(join)               \
    each(limit)              \
    each(sort)               \
    each(union)              \
    each(validate)           \
    each(condition)          \
    each(wait)               \
    each(approval)           \
    each(workflow)           \
    each(http_request)       \
    each(scrape_web)         \
    each(lookup)             \
    each(sql_query)          \
    each(ai_generate)        \
    each(extract)            \
    each(classify)           \
    each(write_csv)          \
    each(write_jsonl)        \
    each(write_xlsx)         \
    each(document)           \
    each(append_to_list)     \
    each(publish)            \
    each(notify)             \
    each(outgoing_webhook)

/* Types that are others of the catalog with a field of theirs (step_decl.per_table, variant). */
#define STEP_TYPES_VARIANT(each) \
    each(document_table)         \
    each(wait_event)
/* clang-format on */

#define STEP_TYPE_EXTERN(name)                                                                     \
    extern const struct step_decl name##_decl;                                                     \
    extern const struct step_type step_##name;

STEP_TYPES(STEP_TYPE_EXTERN)
STEP_TYPES_VARIANT(STEP_TYPE_EXTERN)

#endif
