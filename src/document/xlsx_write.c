#include "document/xlsx_write.h"

#include "base/limits.h"
#include "base/mem.h"
#include "document/xlsx_cell.h"
#include "document/xlsx_comments.h"
#include "document/xlsx_parts.h"
#include "document/zip_write.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Rows whose texts decide how wide the columns are: they are held back until it is known. */
#define ROWS_MEASURED 100
/* XML that waits to be deflated; and at most so much is held back. */
#define XML_BYTES KIB(64)
#define XML_BYTES_MAX MIB(64)
#define SHEETS_MAX 1000
#define WIDTH_MIN 8
#define WIDTH_MAX 60
/* What the button of the filter takes of the header. */
#define WIDTH_BUTTON 3

#define SHEET_BEGIN                                                                                \
    "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"                              \
    "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" "              \
    "xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\">"             \
    "<sheetViews><sheetView workbookViewId=\"0\">"
#define SHEET_FROZEN                                                                               \
    "<pane ySplit=\"1\" topLeftCell=\"A2\" activePane=\"bottomLeft\" state=\"frozen\"/>"

struct xlsx_column {
    char letters[XLSX_LETTERS_BYTES];
    uint8_t width; /* characters */
};

struct xlsx_writer {
    struct xlsx_options options;
    struct zip_writer *zip;
    struct xlsx_column *columns;
    struct buffer xml; /* of the sheet, not deflated yet */
    bool is_measured;  /* the sheet's first rows are written */
    uint32_t sheet_count;
    uint32_t row;        /* of the sheet, from 1: the last that was written */
    uint32_t *last_rows; /* of the sheets that are ended */
    bool *has_comments;  /* likewise */
    struct xlsx_comments comments;
};

struct xlsx_writer *
xlsx_writer_new(const struct xlsx_options *options)
{
    assert(options->rows_max > 0 && options->rows_max < XLSX_ROWS_MAX);
    struct xlsx_writer *writer = mem_alloc(sizeof(*writer));
    writer->options = *options;
    writer->zip = zip_writer_new();
    writer->columns = mem_alloc_array(options->columns.count + 1u, sizeof(*writer->columns));
    for (uint32_t c = 0; c < options->columns.count; c++)
        xlsx_letters(c, writer->columns[c].letters);
    buffer_init(&writer->xml, XML_BYTES_MAX);
    xlsx_comments_init(&writer->comments);
    return writer;
}

void
xlsx_writer_free(struct xlsx_writer **writer)
{
    struct xlsx_writer *gone = *writer;
    *writer = NULL;
    if (gone == NULL)
        return;
    zip_writer_free(&gone->zip);
    buffer_done(&gone->xml);
    mem_free(gone->columns);
    mem_free(gone->last_rows);
    mem_free(gone->has_comments);
    xlsx_comments_done(&gone->comments);
    mem_free(gone);
}

/* --- a row --- */

static enum status
refuse_text(const struct xlsx_writer *writer, uint32_t column, struct error *error)
{
    struct slice name = value_slice(value_items(writer->options.columns)[column]);
    return error_set(error, STATUS_LIMIT,
                     "row %" PRIu32 ", column %s (%.*s): a cell holds at most %d characters",
                     writer->row, writer->columns[column].letters,
                     SLICE_FORMAT(slice_cut(name, 100)), XLSX_TEXT_MAX);
}

/* Rows mostly hold their columns in the file's order. */
static struct value
cell_value(struct value row, struct value name, uint32_t place)
{
    if (row.kind == VALUE_ARRAY)
        return value_items(row)[place];
    if (place < row.count) {
        const struct member *member = &value_members(row)[place];
        if (slice_equal(value_slice(member->key), value_slice(name)))
            return member->value;
    }
    return value_find(row, value_slice(name));
}

static enum status
append_row(struct xlsx_writer *writer, struct value row, bool is_header, struct error *error)
{
    struct value names = writer->options.columns;
    writer->row++;
    buffer_append_format(&writer->xml, "<row r=\"%" PRIu32 "\">", writer->row);
    for (uint32_t c = 0; c < names.count; c++) {
        struct xlsx_column *column = &writer->columns[c];
        struct xlsx_cell cell = {column->letters, writer->row, is_header,
                                 writer->options.has_dates};
        size_t shown =
            xlsx_append_cell(&writer->xml, &cell, cell_value(row, value_items(names)[c], c));
        if (shown == SIZE_MAX)
            return refuse_text(writer, c, error);
        shown += is_header ? WIDTH_BUTTON : 0;
        if (shown > column->width)
            column->width = (uint8_t)(shown > WIDTH_MAX ? WIDTH_MAX : shown);
    }
    buffer_append_text(&writer->xml, "</row>");
    return STATUS_OK;
}

/* --- a sheet --- */

static void
append_columns(struct xlsx_writer *writer, struct buffer *out)
{
    uint32_t count = writer->options.columns.count;
    if (count > 0)
        buffer_append_text(out, "<cols>");
    for (uint32_t c = 0; c < count; c++) {
        unsigned width = writer->columns[c].width + 1u;
        buffer_append_format(
            out, "<col min=\"%" PRIu32 "\" max=\"%" PRIu32 "\" width=\"%u\" customWidth=\"1\"/>",
            c + 1, c + 1, width < WIDTH_MIN ? WIDTH_MIN : width);
    }
    if (count > 0)
        buffer_append_text(out, "</cols>");
}

/* What stands before the rows, once their first ones are known. */
static void
write_measured(struct xlsx_writer *writer, struct buffer *out)
{
    struct buffer head;
    buffer_init(&head, XML_BYTES_MAX);
    buffer_append_text(&head, SHEET_BEGIN);
    if (writer->options.columns.count > 0)
        buffer_append_text(&head, SHEET_FROZEN);
    buffer_append_text(&head, "</sheetView></sheetViews><sheetFormatPr defaultRowHeight=\"15\"/>");
    append_columns(writer, &head);
    buffer_append_text(&head, "<sheetData>");
    zip_add(writer->zip, buffer_slice(&head), out);
    buffer_done(&head);
    writer->is_measured = true;
}

static void
write_xml(struct xlsx_writer *writer, struct buffer *out)
{
    if (!writer->is_measured)
        write_measured(writer, out);
    zip_add(writer->zip, buffer_slice(&writer->xml), out);
    buffer_clear(&writer->xml);
}

static enum status
sheet_begin(struct xlsx_writer *writer, struct buffer *out, struct error *error)
{
    char name[64];
    writer->sheet_count++;
    writer->last_rows =
        mem_resize(writer->last_rows, writer->sheet_count * sizeof(*writer->last_rows));
    writer->has_comments =
        mem_resize(writer->has_comments, writer->sheet_count * sizeof(*writer->has_comments));
    snprintf(name, sizeof(name), "xl/worksheets/sheet%" PRIu32 ".xml", writer->sheet_count);
    zip_begin(writer->zip, name, out);
    writer->row = 0;
    writer->is_measured = false;
    for (uint32_t c = 0; c < writer->options.columns.count; c++)
        writer->columns[c].width = 0;
    if (writer->options.columns.count > XLSX_COLUMNS_MAX)
        return error_set(error, STATUS_LIMIT, "%" PRIu32 " columns, a sheet has at most %d",
                         writer->options.columns.count, XLSX_COLUMNS_MAX);
    if (writer->options.columns.count == 0)
        return STATUS_OK;
    return append_row(writer, writer->options.columns, true, error);
}

static void
sheet_end(struct xlsx_writer *writer, struct buffer *out)
{
    uint32_t count = writer->options.columns.count;
    bool has_comments = xlsx_comments_any(&writer->comments);
    writer->last_rows[writer->sheet_count - 1] = count == 0 ? 0 : writer->row;
    writer->has_comments[writer->sheet_count - 1] = has_comments;
    buffer_append_text(&writer->xml, "</sheetData>");
    if (count > 0) {
        const char *letters = writer->columns[count - 1].letters;
        buffer_append_format(&writer->xml, "<autoFilter ref=\"A1:%s%" PRIu32 "\"/>", letters,
                             writer->row);
        /* Long numbers are text on purpose. */
        buffer_append_format(&writer->xml,
                             "<ignoredErrors><ignoredError sqref=\"A1:%s%" PRIu32
                             "\" numberStoredAsText=\"1\"/></ignoredErrors>",
                             letters, writer->row);
    }
    buffer_append_text(&writer->xml,
                       has_comments ? XLSX_COMMENTS_ELEMENT "</worksheet>" : "</worksheet>");
    write_xml(writer, out);
    zip_end(writer->zip, out);
    if (has_comments)
        xlsx_comments_write(&writer->comments, writer->sheet_count, writer->zip, out);
}

/* --- the interface --- */

static void
write_parts(struct xlsx_writer *writer, const struct xlsx_part *parts, struct buffer *out)
{
    uint32_t count = writer->options.columns.count;
    struct xlsx_book book = {
        .sheet = writer->options.sheet,
        .sheet_count = writer->sheet_count,
        .last_rows = writer->last_rows,
        .has_comments = writer->has_comments,
        .last_column = count == 0 ? "A" : writer->columns[count - 1].letters,
        .created_unix_ms = writer->options.created_unix_ms,
    };
    for (const struct xlsx_part *part = parts; part->name != NULL; part++) {
        part->append(&writer->xml, &book);
        zip_begin(writer->zip, part->name, out);
        zip_add(writer->zip, buffer_slice(&writer->xml), out);
        zip_end(writer->zip, out);
        buffer_clear(&writer->xml);
    }
}

static enum status
book_begin(struct xlsx_writer *writer, struct buffer *out, struct error *error)
{
    write_parts(writer, xlsx_parts_before, out);
    return sheet_begin(writer, out, error);
}

static enum status
make_room(struct xlsx_writer *writer, struct buffer *out, struct error *error)
{
    uint32_t header = writer->options.columns.count > 0;
    if (writer->sheet_count == 0)
        return book_begin(writer, out, error);
    if (writer->row - header < writer->options.rows_max)
        return STATUS_OK;
    if (!writer->options.may_split)
        return error_set(error, STATUS_LIMIT,
                         "the table has more than %" PRIu32 " rows, which is all that a sheet "
                         "holds; set `split: true` to go on with further sheets",
                         writer->options.rows_max);
    if (writer->sheet_count == SHEETS_MAX)
        return error_set(error, STATUS_LIMIT, "the table would need more than %d sheets",
                         SHEETS_MAX);
    sheet_end(writer, out);
    return sheet_begin(writer, out, error);
}

enum status
xlsx_writer_add(struct xlsx_writer *writer, struct value row, struct buffer *out,
                struct error *error)
{
    enum status status = make_room(writer, out, error);
    if (status == STATUS_OK)
        status = append_row(writer, row, false, error);
    if (status != STATUS_OK)
        return status;
    bool is_held = writer->row <= ROWS_MEASURED && writer->xml.size < XML_BYTES_MAX / 4;
    if (!is_held && writer->xml.size >= XML_BYTES)
        write_xml(writer, out);
    if (buffer_is_over(&writer->xml))
        return error_set(error, STATUS_LIMIT, "row %" PRIu32 " is too large", writer->row);
    if (zip_entry_bytes(writer->zip) > ZIP_BYTES_MAX)
        return error_set(error, STATUS_LIMIT, "row %" PRIu32 ": the sheet is larger than 4 GiB",
                         writer->row);
    return STATUS_OK;
}

void
xlsx_writer_comment(struct xlsx_writer *writer, struct slice column, struct slice text)
{
    struct value names = writer->options.columns;
    for (uint32_t c = 0; c < names.count; c++) {
        if (!slice_equal(value_slice(value_items(names)[c]), column))
            continue;
        xlsx_comments_add(&writer->comments, writer->row - 1, c, text);
        return;
    }
}

enum status
xlsx_writer_end(struct xlsx_writer *writer, struct buffer *out, struct error *error)
{
    enum status status = STATUS_OK;
    if (writer->sheet_count == 0)
        status = book_begin(writer, out, error);
    if (status != STATUS_OK)
        return status;
    sheet_end(writer, out);
    write_parts(writer, xlsx_parts_behind, out);
    return zip_finish(writer->zip, out, error);
}
