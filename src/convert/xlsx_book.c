#include "convert/xlsx_book.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/links.h"
#include "convert/xlsx_format.h"
#include "convert/xml.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Bytes of a part that is no sheet and holds no texts. */
#define PART_BYTES_MAX MIB(64)
#define SHEETS_MAX 10000
#define FORMATS_MAX 100000

struct sheet {
    const char *name, *relation;
    bool is_hidden;
};

/* An own format of a workbook. */
struct own_format {
    uint32_t id;
    enum xlsx_format format;
};

struct reading_book {
    struct xlsx_book *book;
    struct arena *arena;
    struct sheet *sheets;
    uint32_t sheet_count;
    struct links links;
    struct own_format *own;
    uint32_t own_count;
    bool is_in_formats; /* of cells */
};

static const char *
keep(struct reading_book *reading, const char *text)
{
    return arena_copy(reading->arena, slice_text(text == NULL ? "" : text)).ptr;
}

static bool
is_true(const char *attribute)
{
    return attribute != NULL && (strcmp(attribute, "1") == 0 || strcmp(attribute, "true") == 0 ||
                                 strcmp(attribute, "on") == 0);
}

static void
ignore_end(struct xml *xml, const char *name)
{
}

/* --- the workbook --- */

static enum status
refuse_kind(const char *part, struct error *error)
{
    const char *dot = strrchr(part, '.');
    if (dot != NULL && strcasecmp(dot, ".bin") == 0)
        return error_set(error, STATUS_INVALID,
                         "it is a binary workbook (.xlsb); save it as an Excel workbook (.xlsx)");
    if (strncasecmp(part, "word/", 5) == 0)
        return error_set(error, STATUS_INVALID, "it is a Word document, not a workbook");
    if (strncasecmp(part, "ppt/", 4) == 0)
        return error_set(error, STATUS_INVALID, "it is a presentation, not a workbook");
    return STATUS_OK;
}

static enum status
find_workbook(struct reading_book *reading, struct error *error)
{
    struct package *package = reading->book->package;
    enum status status = links_read(&reading->links, "", error);
    if (status == STATUS_NOT_FOUND && package_has(package, "content.xml"))
        return error_set(error, STATUS_INVALID,
                         "it is an OpenDocument file (.ods); save it as an Excel workbook (.xlsx)");
    if (status == STATUS_NOT_FOUND)
        return error_set(error, STATUS_INVALID, "it is a ZIP file, but not a workbook");
    if (status != STATUS_OK)
        return status;
    const char *part = links_part(&reading->links, "officeDocument");
    if (part == NULL)
        return error_set(error, STATUS_INVALID, "it is a ZIP file, but not a workbook");
    reading->book->book_part = part;
    return refuse_kind(part, error);
}

static void
on_workbook(struct xml *xml, const char *name, const char **attributes)
{
    struct reading_book *reading = xml_context(xml);
    if (strcmp(name, "workbookPr") == 0)
        reading->book->is_1904 = is_true(xml_attribute(attributes, "date1904"));
    if (strcmp(name, "sheet") != 0)
        return;
    if (reading->sheet_count == SHEETS_MAX) {
        xml_fail(xml, STATUS_LIMIT, "it has more than %d sheets", SHEETS_MAX);
        return;
    }
    const char *state = xml_attribute(attributes, "state");
    struct sheet sheet = {
        .name = keep(reading, xml_attribute(attributes, "name")),
        .relation = keep(reading, xml_relation(attributes)),
        .is_hidden = state != NULL && strcmp(state, "visible") != 0,
    };
    if (sheet.name == NULL || sheet.relation == NULL)
        xml_fail(xml, STATUS_LIMIT, "the names of its sheets are too long");
    else
        reading->sheets[reading->sheet_count++] = sheet;
}

/* Sheets that hold a chart or macros have no rows. */
static bool
has_rows(const struct reading_book *reading, const struct sheet *sheet)
{
    const struct link *link = links_find(&reading->links, sheet->relation);
    return link != NULL && link_is(link, "worksheet");
}

static enum status
no_such_sheet(const struct reading_book *reading, struct value wanted, struct error *error)
{
    char names[300] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < reading->sheet_count && used < 200; i++) {
        struct slice name = slice_cut(slice_text(reading->sheets[i].name), 60);
        int size = snprintf(names + used, sizeof(names) - used, "%s\"%.*s\"", i == 0 ? "" : ", ",
                            SLICE_FORMAT(name));
        used += (size_t)size;
    }
    if (reading->sheet_count == 0)
        return error_set(error, STATUS_INVALID, "it has no sheet");
    if (wanted.kind == VALUE_STRING)
        return error_set(error, STATUS_INVALID, "it has no sheet \"%.*s\" with rows, but %s",
                         SLICE_FORMAT(slice_cut(value_slice(wanted), 100)), names);
    if (wanted.kind == VALUE_INT)
        return error_set(error, STATUS_INVALID,
                         "it has no sheet %" PRId64 " with rows; its sheets are %s", wanted.integer,
                         names);
    return error_set(error, STATUS_INVALID, "none of its sheets has rows: %s", names);
}

/* Names are equal in Excel whatever their case. */
static bool
is_wanted(const struct reading_book *reading, struct value wanted, uint32_t index)
{
    const struct sheet *sheet = &reading->sheets[index];
    struct slice name = slice_text(sheet->name);
    if (!has_rows(reading, sheet))
        return false;
    if (wanted.kind == VALUE_STRING)
        return name.size == wanted.count && strncasecmp(name.ptr, wanted.text, name.size) == 0;
    if (wanted.kind == VALUE_INT)
        return wanted.integer == (int64_t)index + 1;
    return !sheet->is_hidden;
}

static enum status
choose_sheet(struct reading_book *reading, struct value wanted, struct error *error)
{
    uint32_t index = 0;
    while (index < reading->sheet_count && !is_wanted(reading, wanted, index))
        index++;
    /* All are hidden: better those than none. */
    if (index == reading->sheet_count && wanted.kind == VALUE_NONE) {
        for (index = 0; index < reading->sheet_count; index++) {
            if (has_rows(reading, &reading->sheets[index]))
                break;
        }
    }
    if (index == reading->sheet_count)
        return no_such_sheet(reading, wanted, error);
    const struct sheet *sheet = &reading->sheets[index];
    reading->book->sheet_name = sheet->name;
    reading->book->sheet_part =
        links_target(&reading->links, links_find(&reading->links, sheet->relation));
    return STATUS_OK;
}

static enum status
read_workbook(struct reading_book *reading, struct value sheet, struct error *error)
{
    struct xml_handler handler = {on_workbook, ignore_end, NULL, reading, xml_spreadsheet};
    enum status status =
        xml_read(reading->book->package, reading->book->book_part, PART_BYTES_MAX, &handler, error);
    if (status == STATUS_OK)
        status = links_read(&reading->links, reading->book->book_part, error);
    if (status == STATUS_NOT_FOUND)
        status = STATUS_INVALID;
    if (status != STATUS_OK)
        return status;
    reading->book->strings_part = links_part(&reading->links, "sharedStrings");
    reading->book->styles_part = links_part(&reading->links, "styles");
    return choose_sheet(reading, sheet, error);
}

/* --- styles --- */

static enum xlsx_format
format_of_id(const struct reading_book *reading, uint32_t id)
{
    for (uint32_t i = 0; i < reading->own_count; i++) {
        if (reading->own[i].id == id)
            return reading->own[i].format;
    }
    return xlsx_format_of_id(id);
}

static uint32_t
format_id(const char **attributes)
{
    const char *id = xml_attribute(attributes, "numFmtId");
    return id == NULL ? 0 : (uint32_t)strtoul(id, NULL, 10);
}

static void
add_own_format(struct reading_book *reading, const char **attributes)
{
    const char *code = xml_attribute(attributes, "formatCode");
    if (code == NULL || reading->own_count == SHEETS_MAX)
        return;
    reading->own[reading->own_count++] =
        (struct own_format){format_id(attributes), xlsx_format_of_code(slice_text(code))};
}

static void
on_style(struct xml *xml, const char *name, const char **attributes)
{
    struct reading_book *reading = xml_context(xml);
    struct xlsx_book *book = reading->book;
    if (strcmp(name, "numFmt") == 0)
        add_own_format(reading, attributes);
    if (strcmp(name, "cellXfs") == 0)
        reading->is_in_formats = true;
    if (strcmp(name, "xf") != 0 || !reading->is_in_formats)
        return;
    if (book->format_count == FORMATS_MAX)
        xml_fail(xml, STATUS_LIMIT, "it has more than %d cell styles", FORMATS_MAX);
    else
        book->formats[book->format_count++] = (uint8_t)format_of_id(reading, format_id(attributes));
}

static void
on_style_end(struct xml *xml, const char *name)
{
    struct reading_book *reading = xml_context(xml);
    if (strcmp(name, "cellXfs") == 0)
        reading->is_in_formats = false;
}

static enum status
read_styles(struct reading_book *reading, struct error *error)
{
    struct xml_handler handler = {on_style, on_style_end, NULL, reading, xml_spreadsheet};
    if (reading->book->styles_part == NULL)
        return STATUS_OK;
    enum status status = xml_read(reading->book->package, reading->book->styles_part,
                                  PART_BYTES_MAX, &handler, error);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status
xlsx_book_read(struct xlsx_book *out, struct package *package, struct value sheet,
               struct arena *arena, struct error *error)
{
    *out = (struct xlsx_book){.package = package};
    struct reading_book reading = {
        .book = out,
        .arena = arena,
        .sheets = mem_alloc_array(SHEETS_MAX, sizeof(struct sheet)),
        .own = mem_alloc_array(SHEETS_MAX, sizeof(struct own_format)),
    };
    links_init(&reading.links, package, arena);
    out->formats = arena_try_alloc(arena, FORMATS_MAX);
    enum status status = out->formats == NULL
                             ? error_set(error, STATUS_LIMIT, "no memory is left to read it")
                             : find_workbook(&reading, error);
    if (status == STATUS_OK)
        status = read_workbook(&reading, sheet, error);
    if (status == STATUS_OK)
        status = read_styles(&reading, error);
    mem_free(reading.sheets);
    links_done(&reading.links);
    mem_free(reading.own);
    return status;
}
