/* convert/sniff.h - what a document is: its first bytes decide, then what is said about it.
 *
 * Sources: the WHATWG MIME Sniffing standard (7.1, HTML), the formats' own magic numbers.
 * Threads: pure functions.
 */
#ifndef CONVERT_SNIFF_H
#define CONVERT_SNIFF_H

#include "base/slice.h"

/* Bytes of a document's beginning that are looked at. */
#define SNIFF_BYTES 4096

enum sniffed {
    SNIFFED_TEXT,
    SNIFFED_MARKDOWN,
    SNIFFED_HTML,
    SNIFFED_PDF,
    SNIFFED_ZIP,      /* DOCX, and others */
    SNIFFED_COMPOUND, /* a file of an old Office program, or a protected one */
    SNIFFED_OTHER,    /* nothing whose text is read */
};

/* What is said about a document, by its name and over the network; both may be empty. */
struct sniff_hints {
    struct slice name;
    struct slice content_type;
};

/* head: the first SNIFF_BYTES, or all. *words: of OTHER, what goes behind "it is". */
enum sniffed sniff(struct slice head, const struct sniff_hints *hints, const char **words);

/* The value of a content type's parameter "charset", or empty. */
struct slice sniff_charset(struct slice content_type);

#endif
