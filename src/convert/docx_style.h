/* convert/docx_style.h - what paragraphs of a Word document are: headings, items of lists, and
 * which number those have.
 *
 * Sources: ECMA-376-1 (5th edition), 17.7 (styles), 17.9 (numbering).
 * Threads: one.
 */
#ifndef CONVERT_DOCX_STYLE_H
#define CONVERT_DOCX_STYLE_H

#include "base/arena.h"
#include "base/status.h"
#include "convert/package.h"

#include <stdbool.h>
#include <stdint.h>

/* Namespaces of a Word document's parts; ends with NULL. */
extern const char *const docx_namespaces[];

#define DOCX_LEVELS 9
#define DOCX_MARKER_BYTES 32

/* A paragraph, or a style: what it says, and -1 or NULL where it says nothing. */
struct docx_paragraph {
    const char *style; /* its id; of a style: the one that it is based on */
    int32_t outline;   /* level of a heading, from 0; 9: none */
    int32_t list;      /* 0: none */
    int32_t level;     /* in the list, from 0 */
};

struct docx_styles;

/* Both parts may be missing: NULL. */
MUST_USE enum status docx_styles_read(struct docx_styles **out, struct package *package,
                                      const char *styles_part, const char *numbering_part,
                                      struct error *error);
/* Does nothing for NULL. */
void docx_styles_free(struct docx_styles **styles);

/* Fills what the paragraph leaves to its style. Afterwards nothing is -1. */
void docx_styles_resolve(const struct docx_styles *styles, struct docx_paragraph *paragraph);
/* Whether its style is the one of titles. */
bool docx_styles_is_title(const struct docx_styles *styles, const char *style);

/* Counts the item and gives what it begins with ("- ", "1.2 ", ""). The paragraph is resolved and
 * in a list. */
void docx_styles_count(struct docx_styles *styles, const struct docx_paragraph *paragraph,
                       char marker[DOCX_MARKER_BYTES]);

#endif
