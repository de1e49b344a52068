#include "convert/xlsx_strings.h"

#include "base/limits.h"
#include "convert/xlsx_text.h"
#include "convert/xml.h"

#include <string.h>

#define PART_BYTES_MAX ((uint64_t)4 * 1024 * 1024 * 1024)
#define ENDS_BYTES_MAX MIB(64)

struct reading_strings {
    struct xlsx_strings *strings;
    struct buffer text;  /* of the string that is read */
    unsigned is_in_text; /* inside <t> */
    unsigned is_aside;   /* inside what tells how to pronounce it */
    size_t piece_begin;  /* of <t> in text */
    bool keeps_space;
};

static void
on_begin(struct xml *xml, const char *name, const char **attributes)
{
    struct reading_strings *reading = xml_context(xml);
    if (strcmp(name, "si") == 0)
        buffer_clear(&reading->text);
    if (strcmp(name, "rPh") == 0)
        reading->is_aside++;
    if (strcmp(name, "t") == 0 && reading->is_aside == 0) {
        reading->is_in_text++;
        reading->piece_begin = reading->text.size;
        reading->keeps_space = xml_keeps_space(attributes);
    }
}

static void
end_string(struct xml *xml, struct reading_strings *reading)
{
    struct xlsx_strings *strings = reading->strings;
    if (buffer_is_over(&reading->text)) {
        xml_fail(xml, STATUS_LIMIT, "one of its texts is larger than %zu MB",
                 LIMIT_ROW_BYTES / MIB(1));
        return;
    }
    xlsx_append_text(&strings->texts, buffer_slice(&reading->text));
    uint32_t end = (uint32_t)strings->texts.size;
    buffer_append(&strings->ends, &end, sizeof(end));
    if (buffer_is_over(&strings->texts) || buffer_is_over(&strings->ends))
        xml_fail(xml, STATUS_LIMIT,
                 "the texts of its cells take more than %zu MB; save the sheet as CSV, or in "
                 "several workbooks",
                 LIMIT_XLSX_STRINGS_BYTES / MIB(1));
}

static void
on_end(struct xml *xml, const char *name)
{
    struct reading_strings *reading = xml_context(xml);
    if (strcmp(name, "si") == 0)
        end_string(xml, reading);
    if (strcmp(name, "rPh") == 0 && reading->is_aside > 0)
        reading->is_aside--;
    if (strcmp(name, "t") == 0 && reading->is_in_text > 0) {
        reading->is_in_text--;
        if (!reading->keeps_space)
            xml_trim(&reading->text, reading->piece_begin);
    }
}

static void
on_text(struct xml *xml, struct slice text)
{
    struct reading_strings *reading = xml_context(xml);
    if (reading->is_in_text > 0)
        buffer_append_slice(&reading->text, text);
}

enum status
xlsx_strings_read(struct xlsx_strings *out, struct package *package, const char *part,
                  struct error *error)
{
    buffer_init(&out->texts, LIMIT_XLSX_STRINGS_BYTES);
    buffer_init(&out->ends, ENDS_BYTES_MAX);
    if (part == NULL)
        return STATUS_OK;
    struct reading_strings reading = {.strings = out};
    buffer_init(&reading.text, LIMIT_ROW_BYTES);
    struct xml_handler handler = {on_begin, on_end, on_text, &reading, xml_spreadsheet};
    enum status status = xml_read(package, part, PART_BYTES_MAX, &handler, error);
    buffer_done(&reading.text);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

void
xlsx_strings_done(struct xlsx_strings *strings)
{
    buffer_done(&strings->texts);
    buffer_done(&strings->ends);
}

bool
xlsx_strings_get(const struct xlsx_strings *strings, uint64_t index, struct slice *out)
{
    uint32_t edges[2] = {0, 0};
    if (index >= strings->ends.size / sizeof(edges[0]))
        return false;
    const char *at = strings->ends.ptr + index * sizeof(edges[0]);
    memcpy(&edges[1], at, sizeof(edges[1]));
    if (index > 0)
        memcpy(&edges[0], at - sizeof(edges[0]), sizeof(edges[0]));
    *out = slice_of(strings->texts.ptr + edges[0], edges[1] - edges[0]);
    return true;
}
