#include "document/xlsx_comments.h"

#include "document/xlsx_cell.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* XML that waits to be deflated. */
#define XML_BYTES KIB(64)
/* Boxes of one block of numbers; the first number of a block is not used. */
#define BLOCK_BOXES 1023
#define BLOCK_NUMBERS 1024

#define XML_BEGIN "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/"

#define FULL_TEXT                                                                                  \
    "Comments on further cells of this sheet are left out: they come to too many bytes. The "      \
    "column "                                                                                      \
    "of citations of a CSV or JSON lines file has all of them."

/* What stands in front of each text in `packed`. */
struct place {
    uint32_t row, column, size;
};

void
xlsx_comments_init(struct xlsx_comments *comments)
{
    *comments = (struct xlsx_comments){.next_block = 1};
    buffer_init(&comments->packed, XLSX_COMMENT_BYTES);
}

void
xlsx_comments_done(struct xlsx_comments *comments)
{
    buffer_done(&comments->packed);
}

void
xlsx_comments_add(struct xlsx_comments *comments, uint32_t row, uint32_t column, struct slice text)
{
    text = slice_cut(text, XLSX_COMMENT_TEXT_MAX);
    struct place place = {row, column, (uint32_t)text.size};
    if (comments->packed.size + sizeof(place) + text.size >= XLSX_COMMENT_BYTES)
        comments->packed.over = true;
    buffer_append(&comments->packed, &place, sizeof(place));
    buffer_append_slice(&comments->packed, text);
    comments->count += !buffer_is_over(&comments->packed);
}

/* --- the parts --- */

/* One part in the making. */
struct part {
    struct buffer xml;
    struct zip_writer *zip;
    struct buffer *out;
    uint32_t first_block; /* of the numbers for boxes */
};

static void
part_begin(struct part *part, const char *name)
{
    zip_begin(part->zip, name, part->out);
}

static void
part_flush(struct part *part, size_t least_bytes)
{
    if (part->xml.size < least_bytes)
        return;
    zip_add(part->zip, buffer_slice(&part->xml), part->out);
    buffer_clear(&part->xml);
}

static void
part_end(struct part *part)
{
    part_flush(part, 1);
    zip_end(part->zip, part->out);
}

typedef void append_fn(struct part *part, const struct place *place, struct slice text,
                       uint32_t number);

/* number: of the comment, from 0. */
static void
append_each(const struct xlsx_comments *comments, struct part *part, append_fn *append)
{
    uint32_t number = 0;
    size_t at = 0;
    if (buffer_is_over(&comments->packed)) {
        struct place first = {0};
        append(part, &first, SLICE(FULL_TEXT), number++);
    }
    for (uint32_t i = 0; i < comments->count; i++) {
        struct place place;
        memcpy(&place, comments->packed.ptr + at, sizeof(place));
        at += sizeof(place);
        append(part, &place, slice_of(comments->packed.ptr + at, place.size), number++);
        at += place.size;
        part_flush(part, XML_BYTES);
    }
}

static void
append_text(struct part *part, const struct place *place, struct slice text, uint32_t number)
{
    struct buffer *xml = &part->xml;
    char letters[XLSX_LETTERS_BYTES];
    xlsx_letters(place->column, letters);
    buffer_append_format(xml, "<comment ref=\"%s%" PRIu32 "\" authorId=\"0\"><text><r><rPr>",
                         letters, place->row + 1);
    buffer_append_text(xml, "<sz val=\"9\"/><rFont val=\"Tahoma\"/></rPr>"
                            "<t xml:space=\"preserve\">");
    xlsx_append_escaped(xml, text);
    buffer_append_text(xml, "</t></r></text></comment>");
}

static void
write_texts(const struct xlsx_comments *comments, uint32_t sheet, struct part *part)
{
    char name[64];
    snprintf(name, sizeof(name), "xl/comments%" PRIu32 ".xml", sheet);
    part_begin(part, name);
    buffer_append_text(&part->xml, XML_BEGIN
                       "<comments xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/"
                       "main\"><authors><author>Windrow</author></authors><commentList>");
    append_each(comments, part, append_text);
    buffer_append_text(&part->xml, "</commentList></comments>");
    part_end(part);
}

/* --- the boxes --- */

static void
append_box(struct part *part, const struct place *place, struct slice text, uint32_t number)
{
    struct buffer *xml = &part->xml;
    uint32_t block = part->first_block + number / BLOCK_BOXES;
    uint32_t id = block * BLOCK_NUMBERS + number % BLOCK_BOXES + 1;
    buffer_append_format(
        xml,
        "<v:shape id=\"_x0000_s%" PRIu32 "\" type=\"#_x0000_t202\" "
        "style=\"position:absolute;visibility:hidden\" fillcolor=\"#ffffe1\" "
        "o:insetmode=\"auto\"><v:fill color2=\"#ffffe1\"/>"
        "<v:shadow on=\"t\" color=\"black\" obscured=\"t\"/><v:path o:connecttype=\"none\"/>"
        "<v:textbox style=\"mso-direction-alt:auto\"><div style=\"text-align:left\"></div>"
        "</v:textbox><x:ClientData ObjectType=\"Note\"><x:MoveWithCells/><x:SizeWithCells/>",
        id);
    buffer_append_format(xml,
                         "<x:Anchor>%" PRIu32 ", 15, %" PRIu32 ", 2, %" PRIu32 ", 15, %" PRIu32
                         ", 4</x:Anchor><x:AutoFill>False</x:AutoFill>"
                         "<x:Row>%" PRIu32 "</x:Row><x:Column>%" PRIu32
                         "</x:Column></x:ClientData></v:shape>",
                         place->column + 1, place->row, place->column + 4, place->row + 7,
                         place->row, place->column);
}

/* "1,2,3": the blocks of numbers that the sheet's boxes have. */
static void
append_blocks(struct buffer *xml, uint32_t first, uint32_t behind)
{
    for (uint32_t block = first; block < behind; block++)
        buffer_append_format(xml, "%s%" PRIu32, block == first ? "" : ",", block);
}

static void
write_boxes(struct xlsx_comments *comments, uint32_t sheet, struct part *part)
{
    char name[64];
    uint32_t boxes = comments->count + buffer_is_over(&comments->packed);
    part->first_block = comments->next_block;
    comments->next_block += (boxes + BLOCK_BOXES - 1) / BLOCK_BOXES;
    snprintf(name, sizeof(name), "xl/drawings/vmlDrawing%" PRIu32 ".vml", sheet);
    part_begin(part, name);
    buffer_append_text(&part->xml, "<xml xmlns:v=\"urn:schemas-microsoft-com:vml\" "
                                   "xmlns:o=\"urn:schemas-microsoft-com:office:office\" "
                                   "xmlns:x=\"urn:schemas-microsoft-com:office:excel\">"
                                   "<o:shapelayout v:ext=\"edit\"><o:idmap v:ext=\"edit\" data=\"");
    append_blocks(&part->xml, part->first_block, comments->next_block);
    buffer_append_text(&part->xml,
                       "\"/></o:shapelayout><v:shapetype id=\"_x0000_t202\" "
                       "coordsize=\"21600,21600\" o:spt=\"202\" path=\"m,l,21600r21600,l21600,xe\">"
                       "<v:stroke joinstyle=\"miter\"/>"
                       "<v:path gradientshapeok=\"t\" o:connecttype=\"rect\"/></v:shapetype>");
    append_each(comments, part, append_box);
    buffer_append_text(&part->xml, "</xml>");
    part_end(part);
}

/* What leads from the sheet to both. */
static void
write_links(uint32_t sheet, struct part *part)
{
    char name[64];
    snprintf(name, sizeof(name), "xl/worksheets/_rels/sheet%" PRIu32 ".xml.rels", sheet);
    part_begin(part, name);
    buffer_append_format(&part->xml,
                         XML_BEGIN
                         "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/"
                         "relationships\"><Relationship Id=\"rId1\" Type=\"" OFFICE
                         "relationships/vmlDrawing\" Target=\"../drawings/vmlDrawing%" PRIu32
                         ".vml\"/><Relationship Id=\"rId2\" Type=\"" OFFICE
                         "relationships/comments\" Target=\"../comments%" PRIu32
                         ".xml\"/></Relationships>",
                         sheet, sheet);
    part_end(part);
}

void
xlsx_comments_write(struct xlsx_comments *comments, uint32_t sheet, struct zip_writer *zip,
                    struct buffer *out)
{
    struct part part = {.zip = zip, .out = out};
    buffer_init(&part.xml, 4 * XML_BYTES);
    write_texts(comments, sheet, &part);
    write_boxes(comments, sheet, &part);
    write_links(sheet, &part);
    buffer_done(&part.xml);
    buffer_clear(&comments->packed);
    comments->count = 0;
}
