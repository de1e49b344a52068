/* Forms: what a body is read as, at once and cut in two at every place. */
#include "net/multipart.h"

#include "base/buffer.h"
#include "net/http_parameters.h"
#include "test.h"

#include <stdio.h>

#define TYPE "multipart/form-data; boundary=XX"
#define HEAD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"
#define FILE_HEAD(name) "Content-Disposition: form-data; name=\"f\"; filename=\"" name "\"\r\n\r\n"

static void
append_visibly(struct buffer *out, struct slice bytes)
{
    for (size_t i = 0; i < bytes.size; i++)
        buffer_append_byte(out, bytes.ptr[i] == '\0' ? '0' : bytes.ptr[i]);
}

/* Shows all of a body, in two pieces; what was read goes to out as "[name|file|type]bytes". */
static enum multipart_step
show(struct buffer *out, struct slice type, struct slice body, size_t cut)
{
    struct arena arena;
    struct multipart parser;
    struct error error = {0};
    enum multipart_step step = MULTIPART_MORE;
    arena_init(&arena, KIB(64));
    buffer_clear(out);
    if (multipart_init(&parser, type, &arena, &error) != STATUS_OK)
        step = MULTIPART_BAD;
    const struct slice pieces[] = {slice_of(body.ptr, cut),
                                   slice_of(body.ptr + cut, body.size - cut)};
    for (size_t i = 0; i < 2 && step != MULTIPART_BAD; i++) {
        struct slice rest = pieces[i];
        do {
            size_t used;
            struct slice piece;
            struct multipart_part part;
            step = multipart_parse(&parser, rest, &used, &piece);
            assert_true(used <= rest.size);
            rest = slice_of(rest.ptr + used, rest.size - used);
            if (step == MULTIPART_HEAD &&
                multipart_part(&part, &parser, &arena, &error) != STATUS_OK)
                step = MULTIPART_BAD;
            else if (step == MULTIPART_HEAD)
                buffer_append_format(out, "[%.*s|%.*s|%.*s]", SLICE_FORMAT(part.name),
                                     SLICE_FORMAT(part.file_name), SLICE_FORMAT(part.content_type));
            else if (step == MULTIPART_DATA)
                append_visibly(out, piece);
            else if (step == MULTIPART_TAIL)
                buffer_append_text(out, ";");
        } while (step != MULTIPART_BAD && (rest.size > 0 || step != MULTIPART_MORE));
    }
    if (step == MULTIPART_BAD)
        buffer_clear(out);
    else if (!multipart_is_whole(&parser))
        buffer_append_text(out, "...");
    arena_done(&arena);
    return step;
}

static const struct {
    const char *label;
    const char *type;
    struct slice body;
    const char *want; /* NULL: refused */
} cases[] = {
    {"one file", TYPE, SLICE("--XX\r\n" FILE_HEAD("a.csv") "a,b\r\n1,2\r\n\r\n--XX--\r\n"),
     "[f|a.csv|]a,b\r\n1,2\r\n;"},
    {"a field and a file", TYPE,
     SLICE("--XX\r\n" HEAD("name") "x\r\n--XX\r\n" FILE_HEAD("b") "y\r\n--XX--"),
     "[name||]x;[f|b|]y;"},
    {"nothing in it", TYPE, SLICE("--XX\r\n" FILE_HEAD("e") "\r\n--XX--\r\n"), "[f|e|];"},
    {"no parts", TYPE, SLICE("--XX--\r\n"), ""},
    {"something before and behind", TYPE,
     SLICE("hi\r\n-\r\n--X\r\n--XX\r\n" HEAD("n") "1\r\n--XX--\r\nbye --XX"), "[n||]1;"},
    {"almost boundaries in the bytes", TYPE,
     SLICE("--XX\r\n" HEAD("n") "\r\r\n\r\n-\r\n--\r\n--X\r\r\n--Xx--XX\n--XX\r\n--XX--"),
     "[n||]\r\r\n\r\n-\r\n--\r\n--X\r\r\n--Xx--XX\n--XX;"},
    {"a CR before the boundary", TYPE, SLICE("--XX\r\n" HEAD("n") "a\r\r\n--XX--"), "[n||]a\r;"},
    {"zero bytes", TYPE, SLICE("--XX\r\n" HEAD("n") "a\0b\r\n--XX--"), "[n||]a0b;"},
    {"a type and a header of no use", TYPE,
     SLICE("--XX\r\nX-Other: 1\r\nContent-Type: text/plain; charset=x\r\n" HEAD("n") "1\r\n--XX--"),
     "[n||text/plain; charset=x]1;"},
    {"names in any case", TYPE,
     SLICE("--XX\r\ncontent-DISPOSITION:FORM-data ;NAME=n;FileName=\"q\"\r\n"
           "content-transfer-encoding: Binary\r\n\r\n1\r\n--XX--"),
     "[n|q|]1;"},
    {"filename* wins", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=n; filename=\"x\"; "
           "filename*=utf-8'de'%c3%a4%20b\r\n\r\n1\r\n--XX--"),
     "[n|\xc3\xa4 b|]1;"},
    {"quotation marks and backslashes", TYPE,
     SLICE("--XX\r\n" FILE_HEAD("C:\\d\\a \\\"b\\\\;c\\\"") "1\r\n--XX--"),
     "[f|C:\\d\\a \"b\\;c\"|]1;"},
    {"a quoted boundary of all signs", "Multipart/Form-Data; boundary=\"a'()+_,-./:=? b\"",
     SLICE("--a'()+_,-./:=? b\r\n" HEAD("n") "1\r\n--a'()+_,-./:=? b--"), "[n||]1;"},
    {"UTF-8 is what it is", TYPE "; charset=UTF-8", SLICE("--XX--"), ""},
    {"not whole", TYPE, SLICE("--XX\r\n" HEAD("n") "1\r\n--XX"), "[n||]1;..."},
    {"a head that is not whole", TYPE, SLICE("--XX\r\nContent-Dis"), "..."},
    {"nothing at all", TYPE, SLICE(""), "..."},
    {"a boundary that goes on", TYPE, SLICE("--XX\r\n" HEAD("n") "1\r\n--XXy\r\n--XX--"), NULL},
    {"space behind a boundary", TYPE, SLICE("--XX \r\n" HEAD("n") "1\r\n--XX--"), NULL},
    {"one dash behind a boundary", TYPE, SLICE("--XX\r\n" HEAD("n") "1\r\n--XX-\r\n"), NULL},
    {"a boundary that ends with LF", TYPE, SLICE("--XX\n" HEAD("n") "1\r\n--XX--"), NULL},
    {"a boundary at once behind a head", TYPE, SLICE("--XX\r\n" HEAD("n") "--XX--\r\n"), NULL},
    {"no empty line", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=n\r\n--XX--\r\n\r\n"), NULL},
    {"lines of LF alone", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=n\n\r\n\r\n1\r\n--XX--"), NULL},
    {"a folded line", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data;\r\n name=n\r\n\r\n1\r\n--XX--"), NULL},
    {"space before a colon", TYPE,
     SLICE("--XX\r\nContent-Disposition : form-data; name=n\r\n\r\n1\r\n--XX--"), NULL},
    {"a zero byte in a head", TYPE, SLICE("--XX\r\n" FILE_HEAD("a\0b") "1\r\n--XX--"), NULL},
    {"a CR in a head", TYPE, SLICE("--XX\r\n" FILE_HEAD("a\rb") "1\r\n--XX--"), NULL},
    {"no head", TYPE, SLICE("--XX\r\n\r\n1\r\n--XX--"), NULL},
    {"no name", TYPE, SLICE("--XX\r\nContent-Disposition: form-data\r\n\r\n1\r\n--XX--"), NULL},
    {"an attachment", TYPE,
     SLICE("--XX\r\nContent-Disposition: attachment; name=n\r\n\r\n1\r\n--XX--"), NULL},
    {"two dispositions", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=a\r\n" HEAD("n") "1\r\n--XX--"), NULL},
    {"two types", TYPE,
     SLICE("--XX\r\nContent-Type: a/b\r\nContent-type: c/d\r\n" HEAD("n") "1\r\n--XX--"), NULL},
    {"two names", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n--XX--"), NULL},
    {"a name without an end", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--XX--"), NULL},
    {"base64", TYPE,
     SLICE("--XX\r\nContent-Transfer-Encoding: base64\r\n" HEAD("n") "MQ==\r\n--XX--"), NULL},
    {"filename* of another charset", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=n; filename*=latin1''%e4\r\n\r\n"
           "1\r\n--XX--"),
     NULL},
    {"filename* cut", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=n; filename*=utf-8''%c3%a\r\n\r\n"
           "1\r\n--XX--"),
     NULL},
    {"filename* that is no UTF-8", TYPE,
     SLICE("--XX\r\nContent-Disposition: form-data; name=n; filename*=utf-8''%c3\r\n\r\n"
           "1\r\n--XX--"),
     NULL},
    {"threat E5: JSON that poses as a form", TYPE, SLICE("{\"files\":[{\"filepath\":\"/etc/x\"}]}"),
     "..."},
    {"threat E5: two boundaries", TYPE "; boundary=YY", SLICE("--XX--"), NULL},
    {"threat E5: another charset", TYPE "; charset=utf-7", SLICE("--XX--"), NULL},
    {"threat E5: another parameter", TYPE "; x=y", SLICE("--XX--"), NULL},
    {"threat E5: no boundary", "multipart/form-data", SLICE("--XX--"), NULL},
    {"an empty boundary", "multipart/form-data; boundary=\"\"", SLICE("----"), NULL},
    {"a boundary that ends with a space", "multipart/form-data; boundary=\"a \"", SLICE("--a --"),
     NULL},
    {"a boundary with a line end", "multipart/form-data; boundary=\"a\rb\"", SLICE("--a\rb--"),
     NULL},
    {"another kind", "multipart/mixed; boundary=XX", SLICE("--XX--"), NULL},
};

static void
test_forms_are_read_alike_wherever_they_are_cut(void **state)
{
    struct buffer out;
    buffer_init(&out, KIB(64));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t cut = 0; cut <= cases[i].body.size; cut++) {
            enum multipart_step step = show(&out, slice_text(cases[i].type), cases[i].body, cut);
            bool is_right = cases[i].want == NULL ? step == MULTIPART_BAD
                                                  : step != MULTIPART_BAD &&
                                                        slice_is(buffer_slice(&out), cases[i].want);
            if (!is_right)
                fail_msg("%s, cut at %zu: %.*s", cases[i].label, cut, (int)out.size, out.ptr);
        }
    }
    buffer_done(&out);
}

/* Each says what is wrong with it. */
static void
test_limits(void **state)
{
    static const struct {
        const char *label, *before, *again, *behind, *words;
        size_t times;
    } table[] = {
        {"head", "--XX\r\nX: ", "y", "\r\n", "head of a part is too long",
         LIMIT_MULTIPART_HEAD_BYTES},
        {"parts", "", "--XX\r\n" HEAD("n") "\r\n", "", "too many parts", LIMIT_MULTIPART_PARTS + 1},
        {"before", "", "y", "", "does not begin with the boundary",
         LIMIT_MULTIPART_MARGIN_BYTES + 1},
        {"behind", "--XX--", "y", "", "behind its last boundary", LIMIT_MULTIPART_MARGIN_BYTES + 1},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct arena arena;
        struct multipart parser;
        struct error error = {0};
        struct buffer body;
        buffer_init(&body, KIB(64));
        arena_init(&arena, KIB(16));
        buffer_append_text(&body, table[i].before);
        for (size_t n = 0; n < table[i].times; n++)
            buffer_append_text(&body, table[i].again);
        buffer_append_text(&body, table[i].behind);
        assert_int_equal(multipart_init(&parser, SLICE(TYPE), &arena, &error), STATUS_OK);
        enum multipart_step step = MULTIPART_MORE;
        for (struct slice rest = buffer_slice(&body); rest.size > 0 && step != MULTIPART_BAD;) {
            size_t used;
            struct slice piece;
            step = multipart_parse(&parser, rest, &used, &piece);
            rest = slice_of(rest.ptr + used, rest.size - used);
        }
        if (step != MULTIPART_BAD || strstr(multipart_error(&parser)->text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].label, multipart_error(&parser)->text);
        arena_done(&arena);
        buffer_done(&body);
    }
}

static void
test_dispositions_are_printed(void **state)
{
    static const struct {
        const char *name, *want;
        bool is_inline;
    } table[] = {
        {"a.csv", "attachment; filename=\"a.csv\"", false},
        {"a b;c.pdf", "inline; filename=\"a b;c.pdf\"", true},
        {"\xc3\xa4%.txt", "attachment; filename=\"___.txt\"; filename*=UTF-8''%C3%A4%25.txt",
         false},
        {"a\"b\\\r\n", "attachment; filename=\"a_b___\"; filename*=UTF-8''a%22b%5C%0D%0A", false},
    };
    struct buffer out;
    buffer_init(&out, KIB(4));
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        buffer_clear(&out);
        http_disposition_print(&out, table[i].is_inline, slice_text(table[i].name));
        assert_true(slice_is(buffer_slice(&out), table[i].want));
    }
    buffer_done(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms_are_read_alike_wherever_they_are_cut),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_dispositions_are_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
