/* What pdftotext says, as text; and how it may end. */
#include "test.h"

#include "workbook.h"

#include "base/limits.h"
#include "convert/pdf.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD(title) "<!DOCTYPE html><html>\n<head>\n" title "</head>\n<body>\n<pre>\n"
#define TAIL "</pre>\n</body>\n</html>\n"
#define NO_START "not started: no sandbox for foreign documents can be made here: landlock: x"

struct told {
    struct arena arena;
    struct buffer text;
    struct pdf pdf;
    enum status status;
    struct error error;
};

static void
keep(void *context)
{
}

static void
tell(struct told *told, struct slice output, struct slice words)
{
    struct plain plain;
    struct program_run run = {bytes_file(output.ptr, output.size),
                              bytes_file(words.ptr, words.size)};
    *told = (struct told){.status = STATUS_OK};
    arena_init(&told->arena, MIB(1));
    buffer_init(&told->text, MIB(64));
    struct convert_job job = {.out = &told->text, .flush = keep};
    plain_init(&plain, &job);
    lseek(run.output_fd, 0, SEEK_SET);
    lseek(run.words_fd, 0, SEEK_SET);
    told->status = pdf_read(&plain, &run, &told->arena, &told->pdf, &told->error);
    buffer_append_byte(&told->text, '\0');
    close(run.output_fd);
    close(run.words_fd);
}

static void
told_done(struct told *told)
{
    arena_done(&told->arena);
    buffer_done(&told->text);
}

static void
test_what_it_says_becomes_text(void **state)
{
    static const struct {
        const char *label, *output, *text, *title;
        int64_t pages;
    } table[] = {
        {"a page", HEAD("<title>A &lt;b&gt; &amp;amp; &quot;</title>\n") "one\ntwo\n\n\f" TAIL,
         "one\ntwo\n", "A <b> &amp; \"", 1},
        {"pages", HEAD("") "a\n\f\fb\n\f" TAIL, "a\n\f\fb\n", NULL, 3},
        {"an empty page in front", HEAD("<title></title>") "\fb\n\f" TAIL, "\fb\n", NULL, 2},
        {"what looks like the end", HEAD("") "a\n" TAIL "b\n\f" TAIL, "a\n" TAIL "b\n", NULL, 1},
        {"what looks like the head", HEAD("") "a\n" HEAD("<title>no</title>") "b\n\f" TAIL,
         "a\n" HEAD("<title>no</title>") "b\n", NULL, 1},
        {"ligatures",
         HEAD("") "e\xEF\xAC\x83"
                  "cient \xEF\xAC\x81ne \xEF\xAC\xA9 \xEF\xAC\n\f" TAIL,
         "efficient fine \xEF\xAC\xA9 \xEF\xBF\xBD\xEF\xBF\xBD\n", NULL, 1},
        {"controls",
         HEAD("") "a\x01\x02"
                  "b\r\nc\n\f" TAIL,
         "ab\nc\n", NULL, 1},
        {"a title that is no text", HEAD("<title>\xFF</title>") "a\n\f" TAIL, "a\n", NULL, 1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct told told;
        tell(&told, slice_text(table[i].output), SLICE("Syntax Warning: x"));
        const char *title = told.pdf.title.ptr;
        bool has_title = title == NULL
                             ? table[i].title == NULL
                             : table[i].title != NULL && strcmp(title, table[i].title) == 0;
        if (told.status != STATUS_OK || strcmp(told.text.ptr, table[i].text) != 0 ||
            told.pdf.pages != table[i].pages || !has_title)
            fail_msg("%s: %s%s %s", table[i].label, told.text.ptr, told.error.text, title);
        told_done(&told);
    }
}

static void
test_a_bad_end_is_explained(void **state)
{
    static const struct {
        const char *output, *complaints;
        enum status status;
        const char *words;
    } table[] = {
        {"", "Command Line Error: Incorrect password\n", STATUS_INVALID, "protected by a password"},
        {"", "Copying of text from this document is not allowed.\n", STATUS_INVALID,
         "its author does not allow"},
        {"", "Syntax Error: Couldn't read xref table\n", STATUS_INVALID, "finds no pages in it"},
        {"", "", STATUS_INVALID, "finds no pages in it"},
        {"<html><head>", "", STATUS_INVALID, "finds no pages in it"},
        {HEAD("") "a\n\fb\n\fc", "", STATUS_INVALID, "broke on it behind page "},
        {HEAD("") "a\n", "Out of memory\n", STATUS_LIMIT, "more memory"},
        {"", "terminate called after throwing an instance of 'std::bad_alloc'", STATUS_LIMIT,
         "more memory"},
        {"", NO_START, STATUS_UNAVAILABLE,
         "pdftotext cannot be started: no sandbox for foreign documents can be made here: "
         "landlock"},
        {HEAD("") " \n\f\n\f" TAIL, "", STATUS_INVALID, "seem to be scanned"},
        {HEAD("") TAIL, "", STATUS_INVALID, "seem to be scanned"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct told told;
        tell(&told, slice_text(table[i].output), slice_text(table[i].complaints));
        if (told.status != table[i].status || strstr(told.error.text, table[i].words) == NULL)
            fail_msg("%zu: %s", i, told.error.text);
        told_done(&told);
    }
}

/* Pieces of any size, lines of any length. */
static void
test_long_texts_come_out_whole(void **state)
{
    struct buffer output;
    struct told told;
    buffer_init(&output, MIB(16));
    buffer_append_text(&output, HEAD(""));
    for (size_t i = 0; i < 100000; i++)
        buffer_append_text(&output, "\xC3\xA9\xE2\x82\xAC");
    buffer_append_text(&output, "\n");
    for (size_t i = 0; i < 100000; i++)
        buffer_append_text(&output, "line\n");
    buffer_append_text(&output, "\f" TAIL);
    tell(&told, buffer_slice(&output), SLICE(""));
    assert_int_equal(told.status, STATUS_OK);
    assert_int_equal(told.text.size - 1, 500000 + 1 + 500000);
    assert_null(strstr(told.text.ptr, "\xEF\xBF\xBD"));
    told_done(&told);
    buffer_clear(&output);
    for (size_t i = 0; i < MIB(2); i++)
        buffer_append_text(&output, "head");
    tell(&told, buffer_slice(&output), SLICE(""));
    assert_int_equal(told.status, STATUS_INVALID);
    told_done(&told);
    buffer_done(&output);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_it_says_becomes_text),
        cmocka_unit_test(test_a_bad_end_is_explained),
        cmocka_unit_test(test_long_texts_come_out_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
