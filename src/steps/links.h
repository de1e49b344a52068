/* steps/links.h - the links that an answer names in its header.
 *
 * Sources: RFC 8288, section 3.
 * Threads: any.
 */
#ifndef STEPS_LINKS_H
#define STEPS_LINKS_H

#include "base/value.h"

/* {relation: target} from the text of a Link header (several joined by commas); of two links with
 * the same relation the first counts. What is malformed ends the list. VALUE_NONE over the arena's
 * limit. */
struct value links_parse(struct arena *arena, struct slice header);

#endif
