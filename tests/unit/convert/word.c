#include "word.h"

#include "workbook.h"

#include "base/limits.h"
#include "document/zip_write.h"

#include <assert.h>
#include <string.h>

#define MAIN "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
#define STRICT_MAIN "http://purl.oclc.org/ooxml/wordprocessingml/main"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define CORE "http://schemas.openxmlformats.org/package/2006/relationships/metadata/"
#define LINK(id, type, target)                                                                     \
    "<Relationship Id=\"" id "\" Type=\"" type "\" Target=\"" target "\"/>"

struct making {
    struct zip_writer *zip;
    struct buffer file;
    const char *main;
};

/* <w:root xmlns:w=…>inside</w:root>, or the text itself if it is a whole part. */
static void
add_part(struct making *making, const char *name, const char *root, const char *inside)
{
    struct buffer text;
    if (inside == NULL)
        return;
    buffer_init(&text, MIB(256));
    bool is_whole = strncmp(inside, "<?xml", 5) == 0;
    if (!is_whole)
        buffer_append_format(&text,
                             "<w:%s xmlns:w=\"%s\" xmlns:m=\"http://schemas.openxmlformats.org/"
                             "officeDocument/2006/math\" xmlns:mc=\"http://schemas.openxmlformats."
                             "org/markup-compatibility/2006\" xmlns:o=\"urn:other\">",
                             root, making->main);
    buffer_append_text(&text, inside);
    if (!is_whole)
        buffer_append_format(&text, "</w:%s>", root);
    zip_begin(making->zip, name, &making->file);
    zip_add(making->zip, buffer_slice(&text), &making->file);
    zip_end(making->zip, &making->file);
    buffer_done(&text);
}

static void
add_links(struct making *making, const char *name, const char *links)
{
    struct buffer text;
    buffer_init(&text, MIB(1));
    buffer_append_format(&text,
                         "<?xml version=\"1.0\"?><Relationships xmlns=\"http://schemas."
                         "openxmlformats.org/package/2006/relationships\">%s</Relationships>",
                         links);
    buffer_append_byte(&text, '\0');
    add_part(making, name, "", text.ptr);
    buffer_done(&text);
}

static void
add_all_links(struct making *making, const char *main_part)
{
    struct buffer links;
    buffer_init(&links, KIB(4));
    buffer_append_format(&links,
                         LINK("a", OFFICE "officeDocument", "%s")
                             LINK("b", CORE "core-properties", "docProps/core.xml"),
                         main_part);
    buffer_append_byte(&links, '\0');
    add_links(making, "_rels/.rels", links.ptr);
    add_links(making, "word/_rels/document.xml.rels",
              LINK("a", OFFICE "styles", "styles.xml")
                  LINK("b", OFFICE "numbering", "/word/numbering.xml")
                      LINK("c", OFFICE "footnotes", "footnotes.xml")
                          LINK("d", OFFICE "endnotes", "endnotes.xml")
                              LINK("e", OFFICE "header", "header1.xml"));
    buffer_done(&links);
}

int
word_file(const struct word *word)
{
    const char *main_part = word->main_part == NULL ? "word/document.xml" : word->main_part;
    struct making making = {.zip = zip_writer_new(), .main = word->is_strict ? STRICT_MAIN : MAIN};
    struct buffer body;
    buffer_init(&making.file, MIB(256));
    buffer_init(&body, MIB(256));
    bool is_whole = strncmp(word->body, "<?xml", 5) == 0;
    buffer_append_text(&body, is_whole ? "" : "<w:body>");
    buffer_append_text(&body, word->body);
    buffer_append_text(&body, is_whole ? "" : "</w:body>");
    buffer_append_byte(&body, '\0');
    add_all_links(&making, main_part);
    add_part(&making, main_part, "document", body.ptr);
    add_part(&making, "word/styles.xml", "styles", word->styles);
    add_part(&making, "word/numbering.xml", "numbering", word->numbering);
    add_part(&making, "word/footnotes.xml", "footnotes", word->footnotes);
    add_part(&making, "word/endnotes.xml", "endnotes", word->endnotes);
    add_part(&making, "docProps/core.xml", "core", word->core);
    add_part(&making, "word/header1.xml", "hdr", "<w:p><w:r><w:t>no</w:t></w:r></w:p>");
    struct error error;
    assert(zip_finish(making.zip, &making.file, &error) == STATUS_OK);
    int fd = bytes_file(making.file.ptr, making.file.size);
    buffer_done(&body);
    buffer_done(&making.file);
    zip_writer_free(&making.zip);
    return fd;
}
