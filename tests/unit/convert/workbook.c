#include "workbook.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "convert/text.h"
#include "convert/xlsx.h"
#include "document/zip_write.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAIN "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define STRICT_MAIN "http://purl.oclc.org/ooxml/spreadsheetml/main"
#define STRICT_OFFICE "http://purl.oclc.org/ooxml/officeDocument/relationships"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/relationships"

struct making {
    struct zip_writer *zip;
    struct buffer file;
    const char *main, *office;
};

static void
add_part(struct making *making, const char *name, const struct buffer *text)
{
    zip_begin(making->zip, name, &making->file);
    zip_add(making->zip, buffer_slice(text), &making->file);
    zip_end(making->zip, &making->file);
}

/* <root xmlns=…>inside</root>, or the text itself if it is a whole part. */
static void
add_xml(struct making *making, const char *name, const char *root, const char *inside)
{
    struct buffer text;
    if (inside == NULL)
        return;
    buffer_init(&text, MIB(128));
    if (strncmp(inside, "<?xml", 5) == 0) {
        buffer_append_text(&text, inside);
    } else {
        buffer_append_format(&text, "<%s xmlns=\"%s\" xmlns:r=\"%s\">", root, making->main,
                             making->office);
        buffer_append_text(&text, inside);
        buffer_append_format(&text, "</%s>", root);
    }
    add_part(making, name, &text);
    buffer_done(&text);
}

static void
add_links(struct making *making, const char *name, const char *inside)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_format(&text, "<Relationships xmlns=\"" PACKAGE "\">%s</Relationships>", inside);
    add_part(making, name, &text);
    buffer_done(&text);
}

static void
add_book(struct making *making, const struct workbook *workbook)
{
    static const char book[] =
        "<sheets><sheet name=\"Data\" sheetId=\"1\" r:id=\"rId1\"/></sheets>";
    struct buffer links;
    buffer_init(&links, KIB(64));
    buffer_append_format(&links,
                         "<Relationship Id=\"rId1\" Type=\"%s/officeDocument\" "
                         "Target=\"xl/workbook.xml\"/>",
                         making->office);
    buffer_append_byte(&links, '\0');
    add_links(making, "_rels/.rels", links.ptr);
    add_xml(making, "xl/workbook.xml", "workbook", workbook->book == NULL ? book : workbook->book);
    buffer_clear(&links);
    if (workbook->links != NULL)
        buffer_append_text(&links, workbook->links);
    else
        buffer_append_format(
            &links,
            "<Relationship Id=\"rId1\" Type=\"%s/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
            "<Relationship Id=\"rId2\" Type=\"%s/styles\" Target=\"/xl/styles.xml\"/>"
            "<Relationship Id=\"rId3\" Type=\"%s/sharedStrings\" Target=\"../xl/strings.xml\"/>",
            making->office, making->office, making->office);
    buffer_append_byte(&links, '\0');
    add_links(making, "xl/_rels/workbook.xml.rels", links.ptr);
    buffer_done(&links);
}

int
bytes_file(const void *bytes, size_t size)
{
    int fd = memfd_create("workbook", MFD_CLOEXEC);
    assert(fd >= 0);
    assert(write(fd, bytes, size) == (ssize_t)size);
    return fd;
}

int
workbook_file(const struct workbook *workbook)
{
    struct making making = {
        .zip = zip_writer_new(),
        .main = workbook->is_strict ? STRICT_MAIN : MAIN,
        .office = workbook->is_strict ? STRICT_OFFICE : OFFICE,
    };
    buffer_init(&making.file, MIB(128));
    add_book(&making, workbook);
    add_xml(&making, "xl/styles.xml", "styleSheet", workbook->styles);
    add_xml(&making, "xl/strings.xml", "sst", workbook->strings);
    struct buffer sheet;
    buffer_init(&sheet, MIB(128));
    bool is_whole = workbook->sheet != NULL && strncmp(workbook->sheet, "<?xml", 5) == 0;
    if (workbook->sheet != NULL) {
        buffer_append_text(&sheet, is_whole ? "" : "<sheetData>");
        buffer_append_text(&sheet, workbook->sheet);
        buffer_append_text(&sheet, is_whole ? "" : "</sheetData>");
        buffer_append_byte(&sheet, '\0');
        add_xml(&making, "xl/worksheets/sheet1.xml", "worksheet", sheet.ptr);
    }
    struct error error;
    assert(zip_finish(making.zip, &making.file, &error) == STATUS_OK);
    int fd = bytes_file(making.file.ptr, making.file.size);
    buffer_done(&sheet);
    buffer_done(&making.file);
    zip_writer_free(&making.zip);
    return fd;
}

static void
keep(void *context)
{
}

typedef enum status convert_fn(struct convert_job *job, struct error *error);

static void
convert(struct lines *out, int fd, const char *options, convert_fn *kind)
{
    struct arena arena;
    arena_init(&arena, MIB(64));
    *out = (struct lines){.status = STATUS_OK};
    buffer_init(&out->text, MIB(256));
    buffer_init(&out->result, MIB(1));
    struct convert_job job = {
        .fd = fd,
        .arena = &arena,
        .out = &out->text,
        .flush = keep,
        .result = value_null(),
        .pdf = {-1, -1}, /* nothing reads a PDF here */
    };
    enum status status =
        json_parse(&job.options, &arena, slice_text(options), 0, NULL, &out->error);
    assert(status == STATUS_OK);
    out->status = kind(&job, &out->error);
    json_print(&out->result, job.result);
    buffer_append_byte(&out->text, '\0');
    buffer_append_byte(&out->result, '\0');
    arena_done(&arena);
    close(fd);
}

void
lines_of(struct lines *out, int fd, const char *options)
{
    convert(out, fd, options, xlsx_convert);
}

void
text_of(struct lines *out, int fd, const char *options)
{
    convert(out, fd, options, text_convert);
}

void
lines_done(struct lines *lines)
{
    buffer_done(&lines->text);
    buffer_done(&lines->result);
}
