/* tests/unit/convert/workbook.h - workbooks made of XML by hand, and what comes out of them.
 *
 * Threads: one.
 */
#ifndef TESTS_CONVERT_WORKBOOK_H
#define TESTS_CONVERT_WORKBOOK_H

#include "base/buffer.h"
#include "base/status.h"

/* NULL: the part is left out. */
struct workbook {
    const char *sheet;   /* inside <sheetData>, or a whole part if it begins with "<?xml" */
    const char *strings; /* inside <sst> */
    const char *styles;  /* inside <styleSheet> */
    const char *book;    /* in place of a workbook with one sheet "Data" */
    const char *links;   /* in place of the relationships of that */
    bool is_strict;      /* in the namespaces of the strict variant */
};

struct lines {
    struct buffer text;
    struct buffer result;
    enum status status;
    struct error error;
};

/* The workbook as a file without a name. */
int workbook_file(const struct workbook *workbook);
/* Bytes as a file without a name. */
int bytes_file(const void *bytes, size_t size);

/* Converts the file, which it closes; options: JSON. Ends with lines_done(). */
void lines_of(struct lines *out, int fd, const char *options);
/* The same as the kind "text". */
void text_of(struct lines *out, int fd, const char *options);
void lines_done(struct lines *lines);

#endif
