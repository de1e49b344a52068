/* A workbook of anybody gives lines of JSON, or words. Input that is no ZIP file is XML: of a
 * sheet, the shared strings, the styles and the workbook, with a zero byte between them, since a
 * fuzzer does not find its way through deflated data. */
#include "../unit/convert/workbook.h"
#include "fuzz.h"

#include "base/json.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

static void
check_line(struct slice line, bool is_header)
{
    struct arena arena;
    struct value value = {0};
    arena_init(&arena, MIB(256));
    enum status status = json_parse(&value, &arena, line, 0, NULL, NULL);
    assert(status == STATUS_OK);
    assert(value.kind == VALUE_ARRAY || (value.kind == VALUE_STRING && !is_header));
    for (uint32_t i = 0; i < value.count && value.kind == VALUE_ARRAY; i++) {
        enum value_kind kind = (enum value_kind)value_items(value)[i].kind;
        assert(kind < VALUE_ARRAY);
        assert(!is_header || kind == VALUE_STRING || kind == VALUE_NULL);
    }
    arena_done(&arena);
}

static void
check_lines(const struct lines *lines, bool has_header)
{
    const char *at = lines->text.ptr;
    const char *end = at + lines->text.size - 1;
    if (lines->status != STATUS_OK) {
        assert(lines->error.text[0] != '\0');
        assert(slice_is_utf8(slice_text(lines->error.text)));
        return;
    }
    for (bool is_header = has_header; at < end; is_header = false) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        assert(line_end != NULL);
        check_line(slice_of(at, (size_t)(line_end - at)), is_header);
        at = line_end + 1;
    }
}

static int
file_of(const char *text, size_t size)
{
    if (size >= 2 && memcmp(text, "PK", 2) == 0)
        return bytes_file(text, size);
    const char *parts[4] = {NULL};
    const char *at = text;
    for (size_t i = 0; i < 4 && at < text + size; i++) {
        parts[i] = at;
        at += strlen(at) + 1;
    }
    struct workbook workbook = {parts[0], parts[1], parts[2], parts[3], NULL, false};
    return workbook_file(&workbook);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (text == NULL)
        abort();
    memcpy(text, data, size);
    text[size] = '\0';
    struct lines lines;
    lines_of(&lines, file_of(text, size), "{}");
    check_lines(&lines, true);
    lines_done(&lines);
    lines_of(&lines, file_of(text, size), "{\"header\":false,\"sheet\":1}");
    check_lines(&lines, false);
    lines_done(&lines);
    free(text);
    return 0;
}
