/* The input and the options of the kind "render": what is taken, and what is refused with words. */
#include "test.h"

#include "render/address.h"
#include "render/render.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void
no_flush(void *context)
{
}

struct made {
    struct arena arena;
    struct buffer out;
    struct buffer result;
    enum status status;
    struct error error;
};

static void
make(struct made *made, const char *input, const char *options)
{
    int fd = memfd_create("input", 0);
    assert_true(write(fd, input, strlen(input)) == (ssize_t)strlen(input));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    *made = (struct made){.status = STATUS_OK};
    arena_init(&made->arena, MIB(64));
    buffer_init(&made->out, MIB(64));
    buffer_init(&made->result, MIB(1));
    struct render_job job = {.fd = fd, .arena = &made->arena, .out = &made->out, .flush = no_flush};
    assert_int_equal(
        json_parse(&job.options, &made->arena, slice_text(options), 0, NULL, &made->error),
        STATUS_OK);
    made->status = render_convert(&job, &made->error);
    if (made->status == STATUS_OK)
        json_print(&made->result, job.result);
    close(fd);
}

static void
made_done(struct made *made)
{
    buffer_done(&made->result);
    buffer_done(&made->out);
    arena_done(&made->arena);
}

static void
test_facts_stand_at_the_top(void **state)
{
    struct made made;
    make(&made,
         "{\"markdown\":\"# A *t*\\n\\nx\",\"title\":\"A t\",\"subtitle\":\"s\",\"author\":\"w\","
         "\"date\":1774915200000,\"language\":\"de\"}",
         "{\"format\":\"md\"}");
    assert_int_equal(made.status, STATUS_OK);
    buffer_append(&made.out, "", 1);
    assert_string_equal(made.out.ptr, "# A _t_\n\n**s**\n\nw \u00B7 31. M\u00E4rz 2026\n\nx\n");
    assert_true(slice_is(buffer_slice(&made.result), "{\"format\":\"md\"}"));
    made_done(&made);
}

static void
test_dates_are_written_in_the_language(void **state)
{
    static const struct {
        const char *language;
        const char *want;
    } table[] = {
        {"en", "31 March 2026"},
        {"en-US", "March 31, 2026"},
        {"en-GB", "31 March 2026"},
        {"fr", "31 mars 2026"},
        {"pt-BR", "31 de mar\u00E7o de 2026"},
        {"ja", "2026\u5E743\u670831\u65E5"},
        {"xx", "2026-03-31"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct made made;
        char input[200];
        snprintf(input, sizeof(input),
                 "{\"markdown\":\"\",\"date\":1774915200000,\"language\":\"%s\"}",
                 table[i].language);
        make(&made, input, "{\"format\":\"md\"}");
        if (memmem(made.out.ptr, made.out.size, table[i].want, strlen(table[i].want)) == NULL)
            fail_msg("%s: %.*s", table[i].language, (int)made.out.size, made.out.ptr);
        made_done(&made);
    }
}

/* A 3 x 2 PNG, as far as it is looked at. */
#define PNG "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAAElFTkSuQmCC"

static void
test_what_is_wrong_is_said(void **state)
{
    static const struct {
        const char *input;
        const char *options;
        enum status want;
        const char *words;
    } table[] = {
        {"{\"markdown\":\"\"}", "{\"format\":\"html\"}", STATUS_OK, NULL},
        {"{", "{\"format\":\"md\"}", STATUS_INVALID, "line 1"},
        {"[]", "{\"format\":\"md\"}", STATUS_INVALID, "not an object"},
        {"{}", "{\"format\":\"md\"}", STATUS_INVALID, "\"markdown\" is missing"},
        {"{\"markdown\":\"\"}", "{}", STATUS_UNSUPPORTED, "the format \"\""},
        {"{\"markdown\":\"\"}", "{\"format\":\"odt\"}", STATUS_UNSUPPORTED, "\"odt\""},
        {"{\"markdown\":\"\"}", "{\"format\":\"md\",\"papr\":\"a4\"}", STATUS_INVALID,
         "did you mean \"paper\""},
        {"{\"markdown\":\"\"}", "{\"format\":\"md\",\"paper\":\"a5\"}", STATUS_INVALID, "letter"},
        {"{\"markdown\":\"\"}", "{\"format\":\"md\",\"toc\":1}", STATUS_INVALID, "\"toc\""},
        {"{\"markdown\":\"\",\"titel\":\"\"}", "{\"format\":\"md\"}", STATUS_INVALID,
         "did you mean \"title\""},
        {"{\"markdown\":\"\",\"title\":7}", "{\"format\":\"md\"}", STATUS_INVALID, "\"title\""},
        {"{\"markdown\":\"\",\"date\":\"x\"}", "{\"format\":\"md\"}", STATUS_INVALID, "\"date\""},
        {"{\"markdown\":\"\",\"date\":9e17}", "{\"format\":\"md\"}", STATUS_INVALID, "\"date\""},
        {"{\"markdown\":\"\",\"language\":\"<x>\"}", "{\"format\":\"md\"}", STATUS_INVALID,
         "\"language\""},
        {"{\"markdown\":\"\",\"direction\":\"up\"}", "{\"format\":\"md\"}", STATUS_INVALID,
         "\"direction\""},
        {"{\"markdown\":\"\",\"citations\":{}}", "{\"format\":\"md\"}", STATUS_INVALID,
         "\"citations\" is a object"},
        {"{\"markdown\":\"\",\"citations\":[{},7]}", "{\"format\":\"md\"}", STATUS_INVALID,
         "\"citations\", element 2"},
        {"{\"markdown\":\"\",\"charts\":[{\"type\":\"bar\"}]}", "{\"format\":\"md\"}",
         STATUS_INVALID, "\"charts\", element 1: \"name\""},
        {"{\"markdown\":\"```chart\\ntype: pie\\n```\"}", "{\"format\":\"md\"}", STATUS_INVALID,
         "the chart that begins \"type: pie\": \"type\""},
        {"{\"markdown\":\"```chart\\n: {\\n```\"}", "{\"format\":\"md\"}", STATUS_INVALID,
         "the chart that begins \": {\": line"},
        {"{\"markdown\":\"a ![](chart:x)\",\"charts\":[{\"name\":\"x\",\"type\":\"bar\","
         "\"labels\":[1],\"series\":[[1]]}]}",
         "{\"format\":\"md\"}", STATUS_INVALID, "a paragraph of its own"},
        {"{\"markdown\":\"\",\"images\":[{\"name\":\"x\",\"type\":\"image/svg+xml\",\"base64\":"
         "\"\"}]}",
         "{\"format\":\"md\"}", STATUS_UNSUPPORTED, "picture \"x\": it is of the type"},
        {"{\"markdown\":\"\",\"images\":[{\"name\":\"x\",\"type\":\"image/png\",\"base64\":"
         "\"aGVsbG8=\"}]}",
         "{\"format\":\"md\"}", STATUS_INVALID, "not those of a PNG"},
        {"{\"markdown\":\"\",\"images\":[{\"name\":\"x\",\"type\":\"image/jpeg\",\"base64\":\"" PNG
         "\"}]}",
         "{\"format\":\"md\"}", STATUS_INVALID, "not those of a JPEG"},
        {"{\"markdown\":\"\",\"images\":[{\"name\":\"x\",\"type\":\"image/png\",\"base64\":\"" PNG
         "\"}]}",
         "{\"format\":\"md\"}", STATUS_OK, NULL},
        {"{\"markdown\":\"\",\"images\":[{\"name\":\"x\",\"type\":\"image/"
         "png\",\"base64\":\"a\"}]}",
         "{\"format\":\"md\"}", STATUS_INVALID, "not Base64"},
        {"{\"markdown\":\"\",\"images\":[{\"type\":\"image/png\"}]}", "{\"format\":\"md\"}",
         STATUS_INVALID, "no \"name\""},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct made made;
        make(&made, table[i].input, table[i].options);
        if (made.status != table[i].want)
            fail_msg("%s %s: %s %s", table[i].input, table[i].options, status_name(made.status),
                     made.error.text);
        if (table[i].words != NULL && strstr(made.error.text, table[i].words) == NULL)
            fail_msg("%s %s: %s", table[i].input, table[i].options, made.error.text);
        made_done(&made);
    }
}

static void
test_addresses(void **state)
{
    static const struct {
        const char *address;
        bool is_safe, is_web;
    } table[] = {
        {"http://a", true, true},
        {"HTTPS://a/b?c=d&e#f", true, true},
        {"https://[::1]/", true, true},
        {"http://", false, false},
        {"http:///a", false, false},
        {"http:a", false, false},
        {"mailto:a@b", true, false},
        {"mailto:", false, false},
        {"#a", true, false},
        {"#", false, false},
        {"a", true, false},
        {"a/b:c", true, false},
        {"?a:b", true, false},
        {"/a", true, false},
        {"//a", false, false},
        {"\\\\a", false, false},
        {"", false, false},
        {"a b", false, false},
        {"java\tscript:x", false, false},
        {"javascript:x", false, false},
        {" javascript:x", false, false},
        {"JAVASCRIPT:x", false, false},
        {"data:text/html,x", false, false},
        {"ftp://a", false, false},
        {"x:y", false, false},
        {"\u00E9:y", false, false},
        {"a\"b", false, false},
        {"\x01javascript:x", false, false},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct slice address = slice_text(table[i].address);
        if (address_is_safe(address) != table[i].is_safe ||
            address_is_web(address) != table[i].is_web)
            fail_msg("%s: %d %d", table[i].address, address_is_safe(address),
                     address_is_web(address));
    }
}

static void
test_base64(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* NULL: it is none */
    } table[] = {
        {"", ""},        {"Zg==", "f"},        {"Zm8=", "fo"},
        {"Zm9v", "foo"}, {"Zm9vYg==", "foob"}, {"+/+/", "\xFB\xFF\xBF"},
        {"Zg=", NULL},   {"Zg", NULL},         {"Zh==", NULL},
        {"Zm9=", NULL},  {"Zm 9", NULL},       {"Z===", NULL},
        {"====", NULL},  {"Zg==Zg==", NULL},   {"-_-_", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char out[16];
        size_t size = 99;
        bool is_right = base64_decode(out, &size, slice_text(table[i].text));
        if (is_right != (table[i].want != NULL) ||
            !slice_is(slice_of(out, size), is_right ? table[i].want : ""))
            fail_msg("%s: %d, %zu bytes", table[i].text, is_right, size);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_facts_stand_at_the_top),
        cmocka_unit_test(test_dates_are_written_in_the_language),
        cmocka_unit_test(test_what_is_wrong_is_said),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
