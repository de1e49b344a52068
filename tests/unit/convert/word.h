/* tests/unit/convert/word.h - Word documents made of XML by hand.
 *
 * Threads: one.
 */
#ifndef TESTS_CONVERT_WORD_H
#define TESTS_CONVERT_WORD_H

#include <stdbool.h>

/* What stands inside the root of each part, or a whole part if it begins with "<?xml"; NULL: the
 * part is left out. */
struct word {
    const char *body; /* inside <body> */
    const char *styles, *numbering, *footnotes, *endnotes, *core;
    const char *main_part; /* NULL: word/document.xml */
    bool is_strict;        /* in the namespaces of the strict variant */
};

/* The document as a file without a name. */
int word_file(const struct word *word);

#endif
