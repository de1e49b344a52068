/* convert/html_tag.h - what the elements of HTML mean for plain text.
 *
 * Threads: pure functions.
 */
#ifndef CONVERT_HTML_TAG_H
#define CONVERT_HTML_TAG_H

#include "base/slice.h"

#include <gumbo.h>
#include <stdbool.h>

enum html_role {
    HTML_INLINE,    /* goes on in the line */
    HTML_BLOCK,     /* lines of its own */
    HTML_PARAGRAPH, /* set off by empty lines */
    HTML_SKIPPED,   /* no text, or none to be read */
    HTML_ASIDE,     /* of the page, not of what it is about: left out, unless within that */
    HTML_LINE,      /* <br> */
    HTML_LIST,
    HTML_ITEM,
    HTML_TABLE,
    HTML_ROW,
    HTML_CELL,
    HTML_VERBATIM, /* its white space counts */
};

enum html_role html_tag_role(GumboTag tag);

/* Whatever the case of its letters; GUMBO_TAG_UNKNOWN for others. */
GumboTag html_tag_of(struct slice name);

/* Has no end tag. */
bool html_tag_is_void(GumboTag tag);
/* Holds text in which a '<' begins nothing. */
bool html_tag_is_raw(GumboTag tag);

#endif
