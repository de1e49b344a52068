/* The kind "text": what a document is, whatever it is called; texts and Markdown in any charset. */
#include "test.h"

#include "workbook.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

static void
test_a_document_is_what_its_bytes_say(void **state)
{
    static const struct {
        const char *label, *bytes, *options, *kind;
    } table[] = {
        {"text", "a\nb", "{}", "text"},
        {"text of HTML's name", "a and b", "{\"name\":\"a.html\"}", "text"},
        {"Markdown by name", "a", "{\"name\":\"A.MD\"}", "markdown"},
        {"Markdown by type", "a", "{\"contentType\":\"text/markdown; charset=utf-8\"}", "markdown"},
        {"Markdown that begins with a tag", "<p align=center>a</p>", "{\"name\":\"a.md\"}",
         "markdown"},
        {"a page named otherwise", "<!DOCTYPE html><p>a", "{\"name\":\"a.pdf\"}", "html"},
        {"a page named .md", "<html><p>a", "{\"name\":\"a.md\"}", "html"},
        {"a page behind a mark, a comment and XML",
         "\xEF\xBB\xBF <?xml version=\"1.0\"?>\n<!-- x -->\n<html><p>a", "{}", "html"},
        {"a piece of a page", "<div>a</div>", "{}", "html"},
        {"a piece of a page that is said to be text", "<div>a</div>",
         "{\"contentType\":\"text/plain\"}", "text"},
        {"words and tags by name", "a <b>b</b>", "{\"name\":\"a.htm\"}", "html"},
        {"words and tags by type", "a <b>b</b>", "{\"contentType\":\"TEXT/HTML;charset=x\"}",
         "html"},
        {"XML", "<?xml version=\"1.0\"?><rss>a</rss>", "{}", "text"},
        {"no type", "a", "{\"contentType\":7,\"name\":null}", "text"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct lines lines;
        char wanted[100];
        text_of(&lines, bytes_file(table[i].bytes, strlen(table[i].bytes)), table[i].options);
        snprintf(wanted, sizeof(wanted), "{\"kind\":\"%s\",\"title\":null,\"pages\":null}",
                 table[i].kind);
        if (lines.status != STATUS_OK || strcmp(lines.result.ptr, wanted) != 0)
            fail_msg("%s: %s%s", table[i].label, lines.result.ptr, lines.error.text);
        lines_done(&lines);
    }
}

static void
test_what_is_not_read_is_told(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *words;
    } table[] = {
        {"", 0, "it is empty"},
        {" \n\xEF\xBB\xBF\n", 6, "nothing but white space"},
        {"{\\rtf1 a}", 9, "it is an RTF document; save it as a Word document (.docx)"},
        {"\x89PNG\r\n\x1A\n", 8, "it is an image (PNG): text in images is not read"},
        {"\xFF\xD8\xFF\xE0", 4, "it is an image (JPEG)"},
        {"GIF89a", 6, "it is an image (GIF)"},
        {"RIFFxxxxWEBP", 12, "it is an image (WebP)"},
        {"\0\0\0\x18"
         "ftypheic",
         12, "it is an image or a film"},
        {"\x1F\x8B\x08", 3, "it is packed (gzip); unpack it first"},
        {"7z\xBC\xAF\x27\x1C", 6, "it is an archive (7z)"},
        {"%!PS-Adobe", 10, "it is PostScript; make a PDF of it"},
        {"\x7F"
         "ELF\2",
         5, "it is a program"},
        {"\1\2\3\4\5\6\7abc\1\2\3", 13, "it is no text and no kind of document"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct lines lines;
        text_of(&lines, bytes_file(table[i].bytes, table[i].size), "{}");
        if (lines.status != STATUS_INVALID || strstr(lines.error.text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].words, lines.error.text);
        lines_done(&lines);
    }
}

static void
test_texts_come_out_clean(void **state)
{
    static const struct {
        const char *label, *bytes;
        size_t size;
        const char *options, *text;
    } table[] = {
        {"ends of lines", "\n\na\r\nb\rc\n\n\nd \v\n", 15, "{}", "a\nb\nc\n\n\nd \n"},
        {"ends of lines of Unicode",
         "a\xC2\x85"
         "b\xE2\x80\xA8"
         "c",
         8, "{}", "a\nb\nc\n"},
        {"white space stays", "\ta  b\f\n  c", 10, "{}", "\ta  b\f\n  c\n"},
        {"zero bytes and controls", "a\0b\x1B[1mc and so on, more than thirty-two bytes", 46, "{}",
         "ab[1mc and so on, more than thirty-two bytes\n"},
        {"bad bytes", "\xC3\xA9\xC3\xA9\xC3\xA9 \xFF \xE2\x82 x", 13, "{}",
         "\xC3\xA9\xC3\xA9\xC3\xA9 \xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD x\n"},
        {"a mark",
         "\xEF\xBB\xBF"
         "a",
         4, "{}", "a\n"},
        {"UTF-16",
         "\xFF\xFE"
         "a\0\xE9\0",
         6, "{}", "a\xC3\xA9\n"},
        {"UTF-16 without a mark", "a\0b\0c\0\n\0d\0", 10, "{}", "abc\nd\n"},
        {"half a character of UTF-16", "\xFE\xFF\0a\xD8\0", 6, "{}", "a\xEF\xBF\xBD\n"},
        {"windows-1252", "caf\xE9 \x80", 6, "{}", "caf\xC3\xA9 \xE2\x82\xAC\n"},
        {"as it is said", "\xCC\xE8\xF0", 3, "{\"contentType\":\"text/plain; charset=cp1251\"}",
         "\xD0\x9C\xD0\xB8\xD1\x80\n"},
        {"said wrongly", "caf\xC3\xA9", 5, "{\"contentType\":\"text/plain; charset=latin1\"}",
         "caf\xC3\xA9\n"},
        {"said by the page", "<meta charset=windows-1251><p>\xCC\xE8\xF0", 33, "{}",
         "\xD0\x9C\xD0\xB8\xD1\x80\n"},
        {"said by the page at length",
         "<html><META content='text/html; charset=koi8-r' http-equiv=Content-Type><p>\xED\xC9\xD2",
         78, "{}", "\xD0\x9C\xD0\xB8\xD1\x80\n"},
        {"Latin 1 means windows-1252", "<meta charset=latin1><p>it\x92s", 28, "{}",
         "it\xE2\x80\x99s\n"},
        {"a page that says UTF-16", "<meta charset=utf-16><p>caf\xC3\xA9", 29, "{}",
         "caf\xC3\xA9\n"},
        {"a page in UTF-16", "\xFF\xFE<\0p\0>\0\xE9\0", 10, "{}", "\xC3\xA9\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct lines lines;
        text_of(&lines, bytes_file(table[i].bytes, table[i].size), table[i].options);
        const char *got = lines.status == STATUS_OK ? lines.text.ptr : lines.error.text;
        if (strcmp(got, table[i].text) != 0)
            fail_msg("%s: %s", table[i].label, got);
        lines_done(&lines);
    }
}

static void
test_the_title_of_markdown_is_its_first_heading(void **state)
{
    static const struct {
        const char *text, *title;
    } table[] = {
        {"# A  *b*\n\n# C", "\"A *b*\""},
        {"words\n\n# A", "\"A\""},
        {"A\nB\n===\n", "\"B\""},
        {"---\ntitle: x\n# no\n---\n# A", "\"A\""},
        {"```\n# no\n```\n\n# A", "\"A\""},
        {"#no\n\n===\n## no", "null"},
        {"", "null"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct lines lines;
        char bytes[100];
        char wanted[100];
        snprintf(bytes, sizeof(bytes), "%s\nx", table[i].text);
        text_of(&lines, bytes_file(bytes, strlen(bytes)), "{\"name\":\"a.md\"}");
        snprintf(wanted, sizeof(wanted), "{\"kind\":\"markdown\",\"title\":%s,\"pages\":null}",
                 table[i].title);
        assert_string_equal(lines.result.ptr, wanted);
        lines_done(&lines);
    }
}

static void
read_size(struct lines *lines, size_t size)
{
    struct buffer text;
    buffer_init(&text, MIB(80));
    while (text.size < size)
        buffer_append(&text, "words words wor\n", size - text.size < 16 ? size - text.size : 16);
    text_of(lines, bytes_file(text.ptr, text.size), "{}");
    buffer_done(&text);
}

static void
test_a_text_has_a_maximum(void **state)
{
    struct lines lines;
    read_size(&lines, LIMIT_SOURCE_TEXT_BYTES);
    assert_int_equal(lines.status, STATUS_OK);
    assert_int_equal(lines.text.size - 1, LIMIT_SOURCE_TEXT_BYTES);
    lines_done(&lines);
    read_size(&lines, LIMIT_SOURCE_TEXT_BYTES + 1);
    assert_int_equal(lines.status, STATUS_LIMIT);
    assert_string_equal(lines.error.text,
                        "its text is longer than 4 MB; split it into several documents");
    lines_done(&lines);
    read_size(&lines, LIMIT_SOURCE_FILE_BYTES + 1);
    assert_int_equal(lines.status, STATUS_LIMIT);
    assert_string_equal(lines.error.text, "it is larger than 64 MB; split it");
    lines_done(&lines);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_document_is_what_its_bytes_say),
        cmocka_unit_test(test_what_is_not_read_is_told),
        cmocka_unit_test(test_texts_come_out_clean),
        cmocka_unit_test(test_the_title_of_markdown_is_its_first_heading),
        cmocka_unit_test(test_a_text_has_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
