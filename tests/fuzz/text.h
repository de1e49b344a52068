/* tests/fuzz/text.h - what holds of every text that was made of a document.
 *
 * Threads: one.
 */
#ifndef FUZZ_TEXT_H
#define FUZZ_TEXT_H

#include "../unit/convert/workbook.h"
#include "fuzz.h"

#include "base/limits.h"

/* Converts the file, which it closes, as the kind "text" and looks at what comes out. */
static inline void
check_text(int fd, const char *options)
{
    struct lines lines;
    text_of(&lines, fd, options);
    struct slice text = slice_of(lines.text.ptr, lines.text.size - 1);
    if (lines.status != STATUS_OK) {
        assert(lines.error.text[0] != '\0');
        assert(slice_is_utf8(slice_text(lines.error.text)));
    } else {
        assert(text.size > 0 && text.size <= LIMIT_SOURCE_TEXT_BYTES);
        assert(slice_is_utf8(text));
        assert(text.ptr[text.size - 1] == '\n');
    }
    for (size_t i = 0; i < text.size && lines.status == STATUS_OK; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        assert(byte >= ' ' || byte == '\n' || byte == '\t' || byte == '\f');
        assert(byte != 0x7F);
    }
    lines_done(&lines);
}

#endif
