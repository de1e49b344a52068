/* ai/local_list.h - the members of an enumeration: "German (official) 62 %, French, other 3 %".
 *
 * Members are apart by lines, semicolons, commas or "and"; brackets, percentages, numbers at the
 * end and words such as "other" belong to none of them.
 *
 * Threads: pure, any thread.
 */
#ifndef AI_LOCAL_LIST_H
#define AI_LOCAL_LIST_H

#include "ai/local_lexicon.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* Members of one list. */
#define LOCAL_LIST_MAX 200
/* Bytes of one member. */
#define LOCAL_MEMBER_BYTES 300

/* Fills members[0..max), slices of the text; returns how many. */
size_t local_list_split(const struct local_lexicon *lexicon, struct slice text,
                        struct slice *members, size_t max);

/* Whether the word ("and", "und", "y") joins the last two members. */
bool local_list_is_and(struct slice word);

#endif
