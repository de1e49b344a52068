#include "document/xlsx_parts.h"

#include "base/clock.h"
#include "document/xlsx_cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define XML_BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/"
#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define KIND "application/vnd.openxmlformats-officedocument.spreadsheetml."

/* --- the name of a sheet --- */

void
xlsx_sheet_name(char out[XLSX_SHEET_NAME_BYTES], struct slice wanted, uint32_t number)
{
    char ending[16] = "";
    if (number > 1)
        snprintf(ending, sizeof(ending), " (%" PRIu32 ")", number);
    size_t room = XLSX_SHEET_NAME_MAX - strlen(ending);
    struct slice rest = slice_trim(wanted);
    size_t size = 0;
    while (rest.size > 0) {
        size_t bytes = slice_character(rest);
        size_t units = bytes == 4 ? 2 : 1;
        if (bytes == 0 || units > room)
            break;
        char first = rest.ptr[0];
        bool is_bad = bytes == 1 && ((unsigned char)first < 0x20 || strchr("[]:*?/\\", first) ||
                                     (first == '\'' && (size == 0 || rest.size == 1)));
        memcpy(out + size, is_bad ? "_" : rest.ptr, bytes);
        size += bytes;
        room -= units;
        rest = slice_of(rest.ptr + bytes, rest.size - bytes);
    }
    if (size == 0) {
        memcpy(out, "Sheet1", 6);
        size = 6;
    }
    snprintf(out + size, XLSX_SHEET_NAME_BYTES - size, "%s", ending);
}

/* --- parts --- */

static void
append_package_links(struct buffer *out, const struct xlsx_book *book)
{
    buffer_append_text(out, XML_BEGIN
                       "<Relationships xmlns=\"" PACKAGE "relationships\">"
                       "<Relationship Id=\"rId1\" Type=\"" OFFICE "relationships/officeDocument\" "
                       "Target=\"xl/workbook.xml\"/>"
                       "<Relationship Id=\"rId2\" Type=\"" PACKAGE
                       "relationships/metadata/core-properties\" Target=\"docProps/core.xml\"/>"
                       "</Relationships>");
}

static void
append_properties(struct buffer *out, const struct xlsx_book *book)
{
    char created[CLOCK_ISO_BYTES];
    clock_iso(book->created_unix_ms, created);
    buffer_append_format(out,
                         XML_BEGIN "<cp:coreProperties xmlns:cp=\"" PACKAGE
                                   "metadata/core-properties\" "
                                   "xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                                   "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">"
                                   "<dcterms:created xsi:type=\"dcterms:W3CDTF\">%.19sZ"
                                   "</dcterms:created></cp:coreProperties>",
                         created);
}

/* The cell formats are in the order of enum xlsx_style. */
static void
append_styles(struct buffer *out, const struct xlsx_book *book)
{
    buffer_append_text(
        out,
        XML_BEGIN "<styleSheet xmlns=\"" MAIN "\">"
                  "<numFmts count=\"2\"><numFmt numFmtId=\"164\" formatCode=\"yyyy\\-mm\\-dd\"/>"
                  "<numFmt numFmtId=\"165\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm:ss\"/></numFmts>"
                  "<fonts count=\"2\"><font><sz val=\"11\"/><name val=\"Calibri\"/></font>"
                  "<font><b/><sz val=\"11\"/><name val=\"Calibri\"/></font></fonts>"
                  "<fills count=\"2\"><fill><patternFill patternType=\"none\"/></fill>"
                  "<fill><patternFill patternType=\"gray125\"/></fill></fills>"
                  "<borders count=\"1\"><border><left/><right/><top/><bottom/><diagonal/></border>"
                  "</borders><cellStyleXfs count=\"1\">"
                  "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\"/></cellStyleXfs>"
                  "<cellXfs count=\"4\">"
                  "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\"/>"
                  "<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" borderId=\"0\" xfId=\"0\" "
                  "applyFont=\"1\"/>"
                  "<xf numFmtId=\"164\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" "
                  "applyNumberFormat=\"1\"/>"
                  "<xf numFmtId=\"165\" fontId=\"0\" fillId=\"0\" borderId=\"0\" xfId=\"0\" "
                  "applyNumberFormat=\"1\"/></cellXfs>"
                  "<cellStyles count=\"1\"><cellStyle name=\"Normal\" xfId=\"0\" builtinId=\"0\"/>"
                  "</cellStyles></styleSheet>");
}

/* A name in a formula: in quotes, which are doubled inside. */
static void
append_quoted_name(struct buffer *out, const char *name)
{
    buffer_append_byte(out, '\'');
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '\'')
            buffer_append_byte(out, '\'');
        xlsx_append_escaped(out, slice_of(at, 1));
    }
    buffer_append_byte(out, '\'');
}

static void
append_filters(struct buffer *out, const struct xlsx_book *book)
{
    bool is_begun = false;
    for (uint32_t i = 0; i < book->sheet_count; i++) {
        if (book->last_rows[i] == 0)
            continue;
        char name[XLSX_SHEET_NAME_BYTES];
        xlsx_sheet_name(name, book->sheet, i + 1);
        buffer_append_text(out, is_begun ? "" : "<definedNames>");
        is_begun = true;
        buffer_append_format(out,
                             "<definedName name=\"_xlnm._FilterDatabase\" localSheetId=\"%" PRIu32
                             "\" hidden=\"1\">",
                             i);
        append_quoted_name(out, name);
        buffer_append_format(out, "!$A$1:$%s$%" PRIu32 "</definedName>", book->last_column,
                             book->last_rows[i]);
    }
    buffer_append_text(out, is_begun ? "</definedNames>" : "");
}

static void
append_workbook(struct buffer *out, const struct xlsx_book *book)
{
    buffer_append_text(out, XML_BEGIN "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" OFFICE
                                      "relationships\"><sheets>");
    for (uint32_t i = 1; i <= book->sheet_count; i++) {
        char name[XLSX_SHEET_NAME_BYTES];
        xlsx_sheet_name(name, book->sheet, i);
        buffer_append_text(out, "<sheet name=\"");
        for (const char *at = name; *at != '\0'; at++) {
            if (*at == '"')
                buffer_append_text(out, "&quot;");
            else
                xlsx_append_escaped(out, slice_of(at, 1));
        }
        buffer_append_format(out, "\" sheetId=\"%" PRIu32 "\" r:id=\"rId%" PRIu32 "\"/>", i, i);
    }
    buffer_append_text(out, "</sheets>");
    append_filters(out, book);
    buffer_append_text(out, "</workbook>");
}

static void
append_workbook_links(struct buffer *out, const struct xlsx_book *book)
{
    buffer_append_text(out, XML_BEGIN "<Relationships xmlns=\"" PACKAGE "relationships\">");
    for (uint32_t i = 1; i <= book->sheet_count; i++)
        buffer_append_format(out,
                             "<Relationship Id=\"rId%" PRIu32 "\" Type=\"" OFFICE
                             "relationships/worksheet\" Target=\"worksheets/sheet%" PRIu32
                             ".xml\"/>",
                             i, i);
    buffer_append_format(out,
                         "<Relationship Id=\"rId%" PRIu32 "\" Type=\"" OFFICE
                         "relationships/styles\" Target=\"styles.xml\"/></Relationships>",
                         book->sheet_count + 1);
}

static void
append_content_types(struct buffer *out, const struct xlsx_book *book)
{
    buffer_append_text(
        out, XML_BEGIN
        "<Types xmlns=\"" PACKAGE "content-types\">"
        "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package."
        "relationships+xml\"/><Default Extension=\"xml\" ContentType=\"application/xml\"/>"
        "<Default Extension=\"vml\" ContentType=\"application/vnd.openxmlformats-officedocument."
        "vmlDrawing\"/>"
        "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" KIND "sheet.main+xml\"/>"
        "<Override PartName=\"/xl/styles.xml\" ContentType=\"" KIND "styles+xml\"/>"
        "<Override PartName=\"/docProps/core.xml\" ContentType=\"application/vnd.openxmlformats-"
        "package.core-properties+xml\"/>");
    for (uint32_t i = 1; i <= book->sheet_count; i++)
        buffer_append_format(out,
                             "<Override PartName=\"/xl/worksheets/sheet%" PRIu32
                             ".xml\" ContentType=\"" KIND "worksheet+xml\"/>",
                             i);
    for (uint32_t i = 1; i <= book->sheet_count; i++) {
        if (book->has_comments[i - 1])
            buffer_append_format(out,
                                 "<Override PartName=\"/xl/comments%" PRIu32
                                 ".xml\" ContentType=\"" KIND "comments+xml\"/>",
                                 i);
    }
    buffer_append_text(out, "</Types>");
}

const struct xlsx_part xlsx_parts_before[] = {
    {"_rels/.rels", append_package_links},
    {"docProps/core.xml", append_properties},
    {"xl/styles.xml", append_styles},
    {NULL, NULL},
};

const struct xlsx_part xlsx_parts_behind[] = {
    {"xl/workbook.xml", append_workbook},
    {"xl/_rels/workbook.xml.rels", append_workbook_links},
    {"[Content_Types].xml", append_content_types},
    {NULL, NULL},
};
