/* Word documents as Word and others write them, and as they should not be: the text that comes out,
 * or the words. */
#include "test.h"

#include "word.h"
#include "workbook.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define T(text) "<w:t xml:space=\"preserve\">" text "</w:t>"
#define R(text) "<w:r>" T(text) "</w:r>"
#define P(inside) "<w:p>" inside "</w:p>"
#define STYLED(style, text) P("<w:pPr><w:pStyle w:val=\"" style "\"/></w:pPr>" R(text))
#define LISTED(list, level, text)                                                                  \
    P("<w:pPr><w:numPr><w:ilvl w:val=\"" level "\"/><w:numId w:val=\"" list                        \
      "\"/></w:numPr></w:pPr>" R(text))
#define CELL(inside) "<w:tc><w:tcPr/>" inside "</w:tc>"
#define ROW(inside) "<w:tr>" inside "</w:tr>"
#define TABLE(inside) "<w:tbl><w:tblPr/>" inside "</w:tbl>"
#define BOX(inside) "<w:drawing><w:txbxContent>" inside "</w:txbxContent></w:drawing>"

static void
check(const char *label, const struct word *word, const char *wanted)
{
    struct lines lines;
    text_of(&lines, word_file(word), "{}");
    const char *got = lines.status == STATUS_OK ? lines.text.ptr : lines.error.text;
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s", label, got);
    lines_done(&lines);
}

static const struct {
    const char *label, *body, *text;
} bodies[] = {
    {"paragraphs", P(R("One ") R("line")) P("") P(R("and another")), "One line\n\nand another\n"},
    {"line ends and tabs", P("<w:r>" T("a") "<w:br/>" T("b") "<w:tab/>" T("c") "<w:cr/></w:r>"),
     "a\nb c\n"},
    {"tab stops are no tabs", P("<w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr>" R("a")),
     "a\n"},
    {"a page break", P(R("a") "<w:r><w:br w:type=\"page\"/></w:r>") P(R("b")), "a\n\fb\n"},
    {"hyphens", P("<w:r>" T("a") "<w:noBreakHyphen/>" T("b") "<w:softHyphen/>" T("c") "</w:r>"),
     "a-bc\n"},
    {"raised",
     P(R("10") "<w:r><w:rPr><w:vertAlign w:val=\"superscript\"/></w:rPr>" T("6") T("7") "</w:r>" R(
         "8 a") "<w:r><w:rPr><w:vertAlign w:val=\"superscript\"/></w:rPr>" T("th") "</w:r>"),
     "10^678 ath\n"},
    {"a link", P(R("see ") "<w:hyperlink>" R("this") "</w:hyperlink>" R(".")), "see this.\n"},
    {"a field", P("<w:r><w:instrText>PAGE</w:instrText></w:r>" R("7")), "7\n"},
    {"a formula", P("<m:oMath><m:r><m:t>x+1</m:t></m:r></m:oMath>"), "x+1\n"},
    {"insertions and deletions",
     P(R("a ") "<w:ins>" R("new ") "</w:ins><w:del><w:r><w:delText>old </w:delText>" T(
         "old ") "</w:r></w:del><w:moveFrom>" R("away ") "</w:moveFrom><w:moveTo>" R("here") "<"
                                                                                             "/"
                                                                                             "w"
                                                                                             ":"
                                                                                             "m"
                                                                                             "o"
                                                                                             "v"
                                                                                             "e"
                                                                                             "T"
                                                                                             "o"
                                                                                             ">"),
     "a new here\n"},
    {"what it was before",
     P("<w:pPr><w:pPrChange><w:pPr><w:pStyle w:val=\"x\"/><w:numPr><w:numId "
       "w:val=\"1\"/></w:numPr></w:pPr></w:pPrChange></w:pPr>" R("a")),
     "a\n"},
    {"hidden words",
     P("<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr><w:r><w:rPr><w:vanish/></w:rPr>" T(
         "no") "</w:r>" R("a") "<w:r><w:rPr><w:vanish w:val=\"0\"/></w:rPr>" T("b") "</w:r>"),
     "ab\n"},
    {"controls",
     "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>" P(
         R("Click here")) "</w:sdtContent></w:sdt><w:sdt><w:sdtPr/><w:sdtContent>" P(R("a")) "</"
                                                                                             "w:"
                                                                                             "sdt"
                                                                                             "Con"
                                                                                             "ten"
                                                                                             "t><"
                                                                                             "/w:"
                                                                                             "sdt"
                                                                                             ">",
     "a\n"},
    {"pronunciation",
     P("<w:r><w:ruby><w:rt>" R("no") "</w:rt><w:rubyBase>" R("a") "</w:rubyBase></w:ruby></w:r>"),
     "a\n"},
    {"other namespaces", P(R("a") "<o:p><o:t>no</o:t></o:p>"), "a\n"},
    {"white space", P(R(" a\n b\xC2\xA0 ")), "a b\n"},
    {"a table",
     P(R("x")) TABLE(ROW(CELL(P(R("a")) P(R("b"))) CELL(P(R("c"))))
                         ROW(CELL(P("")) CELL(P(R("d"))))) P(R("y")),
     "x\n\na b | c\n| d\n\ny\n"},
    {"a table in a table",
     TABLE(ROW(CELL(P(R("a")) TABLE(ROW(CELL(P(R("b"))) CELL(P(R("c"))))) P("")) CELL(P(R("d"))))),
     "a b c | d\n"},
    {"a text box, once",
     P(R("a ") "<w:r><mc:AlternateContent><mc:Choice>" BOX(P(R("box")) P(
         R("two"))) "</mc:Choice><mc:Fallback>" BOX(P(R("box"))) "</mc:Fallback></"
                                                                 "mc:AlternateContent>"
                                                                 "</w:r>" R("b")) P(R("c")),
     "a b\n\nbox\n\ntwo\n\nc\n"},
    {"a text box in a text box and in a cell",
     TABLE(ROW(CELL(P("<w:r>" BOX(P(R("a") "<w:r>" BOX(P(R("b"))) "</w:r>")) "</w:r>" R("c")))
                   CELL(P(R("d"))))),
     "c a b | d\n"},
    {"a table in a text box",
     P("<w:r>" BOX(TABLE(ROW(CELL(P(R("a"))) CELL(P(R("b")))))) "</w:r>" R("c")), "c\n\na | b\n"},
};

static void
test_a_body_becomes_lines(void **state)
{
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        struct word word = {.body = bodies[i].body};
        check(bodies[i].label, &word, bodies[i].text);
        word.is_strict = true;
        check(bodies[i].label, &word, bodies[i].text);
    }
}

#define LEVEL(level, format, text)                                                                 \
    "<w:lvl w:ilvl=\"" level "\"><w:start w:val=\"1\"/><w:numFmt w:val=\"" format                  \
    "\"/><w:lvlText w:val=\"" text "\"/></w:lvl>"

static const char numbering[] =
    "<w:abstractNum w:abstractNumId=\"0\">" LEVEL("0", "bullet", "\xEF\x82\xB7")
        LEVEL("1", "bullet",
              "o") "</w:abstractNum>"
                   "<w:abstractNum w:abstractNumId=\"5\">" LEVEL("0", "decimal", "%1.")
                       LEVEL("1", "lowerLetter", "%1.%2)") LEVEL("2", "upperRoman", "(%3)")
                           LEVEL("3", "none",
                                 "") "</w:abstractNum>"
                                     "<w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num>"
                                     "<w:num w:numId=\"2\"><w:abstractNumId w:val=\"5\"/></w:num>"
                                     "<w:num w:numId=\"3\"><w:abstractNumId "
                                     "w:val=\"5\"/><w:lvlOverride w:ilvl=\"0\">"
                                     "<w:startOverride w:val=\"7\"/><w:lvl w:ilvl=\"0\"><w:lvlText "
                                     "w:val=\"no\"/></w:lvl>"
                                     "</w:lvlOverride></w:num>";

static const char styles[] =
    "<w:style w:styleId=\"Titel\"><w:name w:val=\"Title\"/></w:style>"
    "<w:style w:styleId=\"berschrift1\"><w:name w:val=\"heading 1\"/></w:style>"
    "<w:style w:styleId=\"Kapitel\"><w:name w:val=\"Own\"/><w:basedOn w:val=\"berschrift1\"/>"
    "<w:pPr><w:numPr><w:numId w:val=\"2\"/></w:numPr></w:pPr></w:style>"
    "<w:style w:styleId=\"Liste\"><w:pPr><w:numPr><w:numId "
    "w:val=\"1\"/></w:numPr></w:pPr></w:style>"
    "<w:style w:styleId=\"Ring\"><w:basedOn w:val=\"Ring\"/></w:style>";

static void
test_lists_have_their_markers(void **state)
{
    static const struct {
        const char *label, *body, *text;
    } table[] = {
        {"bullets",
         P(R("x")) LISTED("1", "0", "a") LISTED("1", "1", "b") LISTED("1", "0", "c") P(R("y")),
         "x\n\n- a\n  - b\n- c\n\ny\n"},
        {"numbers",
         LISTED("2", "0", "a") LISTED("2", "1", "b") LISTED("2", "1", "c") LISTED("2", "2", "d")
             LISTED("2", "0", "e") LISTED("2", "1", "f") LISTED("2", "3", "g"),
         "1. a\n  1.a) b\n  1.b) c\n    (I) d\n2. e\n  2.a) f\n        g\n"},
        {"a list that begins anew, and one that goes on",
         LISTED("2", "0", "a") LISTED("3", "0", "b") LISTED("3", "0", "c") LISTED("2", "0", "d"),
         "1. a\n7. b\n8. c\n9. d\n"},
        {"an item without words counts",
         LISTED("2", "0", "a") LISTED("2", "0", "") LISTED("2", "0", "b"), "1. a\n3. b\n"},
        {"by its style", STYLED("Liste", "a") STYLED("Ring", "b"), "- a\n\nb\n"},
        {"not though its style says so",
         P("<w:pPr><w:pStyle w:val=\"Liste\"/><w:numPr><w:numId w:val=\"0\"/></w:numPr></w:pPr>" R(
             "a")),
         "a\n"},
        {"unknown lists and levels", LISTED("99", "0", "a") LISTED("2", "77", "b"),
         "- a\n              - b\n"},
        {"headings with numbers", STYLED("Kapitel", "A") P(R("a")) STYLED("Kapitel", "B"),
         "1. A\n\na\n\n2. B\n"},
        {"in a cell", TABLE(ROW(CELL(LISTED("1", "0", "a") LISTED("1", "0", "b")) CELL(P(R("c"))))),
         "a b | c\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct word word = {.body = table[i].body, .styles = styles, .numbering = numbering};
        check(table[i].label, &word, table[i].text);
    }
}

#define NOTE(kind, id, inside) "<w:" kind " w:id=\"" id "\">" inside "</w:" kind ">"

static void
test_notes_stand_where_they_belong(void **state)
{
    struct word word = {
        .body = P(R("a") "<w:r><w:footnoteReference w:id=\"2\"/></w:r>" R(
            ", b") "<w:r><w:endnoteReference w:id=\"2\"/></w:r>" R(".") "<w:r><w:footnoteReference "
                                                                        "w:id=\"9\"/></w:r>"
                                                                        "<w:r><w:footnoteReference "
                                                                        "w:id=\"-1\"/></w:r>"),
        .footnotes = "<w:footnote w:type=\"separator\" w:id=\"-1\">" P(
            R("no")) "</w:footnote>" NOTE("footnote", "1", P(R("unused")))
            NOTE("footnote", "2",
                 P("<w:r><w:footnoteRef/></w:r>" R(" one")) P(R("more "))
                     TABLE(ROW(CELL(P(R("x"))) CELL(P(R("y")))))),
        .endnotes = NOTE("endnote", "2", P(R("end"))),
    };
    check("notes", &word, "a [one more x y], b [end].\n");
    word.footnotes = word.endnotes = NULL;
    check("without the parts", &word, "a, b.\n");
}

static void
test_the_title_is_told(void **state)
{
#define CORE(title)                                                                                \
    "<?xml version=\"1.0\"?><c:p xmlns:c=\"urn:c\" xmlns:d=\"http://purl.org/dc/elements/1.1/\">"  \
    "<d:creator>no</d:creator><d:title>" title "</d:title></c:p>"
    static const struct {
        const char *label, *body, *core, *title;
    } table[] = {
        {"of the properties", P(R("a")), CORE(" A &amp;\n B "), "\"A & B\""},
        {"of the style", STYLED("berschrift1", "no") STYLED("Titel", "T 1") STYLED("Titel", "no"),
         CORE(""), "\"T 1\""},
        {"of the first heading", P(R("no")) STYLED("Kapitel", "H") STYLED("Kapitel", "no"), NULL,
         "\"H\""},
        {"none", P(R("a")), "<?xml version=\"1.0\"?><torn", "null"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct word word = {.body = table[i].body, .core = table[i].core, .styles = styles};
        struct lines lines;
        char wanted[200];
        snprintf(wanted, sizeof(wanted), "{\"kind\":\"docx\",\"title\":%s,\"pages\":null}",
                 table[i].title);
        text_of(&lines, word_file(&word), "{\"name\":\"a.html\"}");
        if (strcmp(lines.result.ptr, wanted) != 0)
            fail_msg("%s: %s %s", table[i].label, lines.result.ptr, lines.error.text);
        lines_done(&lines);
    }
}

static void
repeat(struct buffer *out, const char *part, size_t count)
{
    buffer_init(out, MIB(256));
    for (size_t i = 0; i < count; i++)
        buffer_append_text(out, part);
    buffer_append_byte(out, '\0');
}

static void
test_hostile_documents_are_refused(void **state)
{
    static const struct {
        const char *label, *body;
        size_t times;
        enum status status;
        const char *words;
    } table[] = {
        {"an entity",
         "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY a \"b\">]><w:document>&a;</w:document>", 1,
         STATUS_INVALID, "declares a document type"},
        {"torn XML", "<?xml version=\"1.0\"?><a>", 1, STATUS_INVALID, "line 1, column "},
        {"no text", P(""), 1, STATUS_INVALID, "it is without text; text in images is not read"},
        {"nested deep", "<w:p><w:r>", 1000, STATUS_LIMIT, "nested deeper than 256"},
        {"a bomb", P(R("0000000000000000000000000000000000000000000000000000000000000000")),
         1100000, STATUS_LIMIT, "text is longer than 4 MB"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer body;
        struct lines lines;
        repeat(&body, table[i].body, table[i].times);
        struct word word = {.body = body.ptr};
        text_of(&lines, word_file(&word), "{}");
        if (lines.status != table[i].status || strstr(lines.error.text, table[i].words) == NULL)
            fail_msg("%s: %s", table[i].label, lines.error.text);
        lines_done(&lines);
        buffer_done(&body);
    }
}

static void
test_other_packages_are_told(void **state)
{
    struct word word = {.body = P(R("a")), .main_part = "xl/workbook.xml"};
    check("a workbook", &word, "it is an Excel workbook; read_xlsx reads its rows");
    word.main_part = "ppt/presentation.xml";
    check("a presentation", &word, "it is a presentation (.pptx); save it as a PDF");
}

static void
test_a_damaged_file_is_told(void **state)
{
    struct word word = {.body = P(R("a"))};
    struct lines lines;
    int fd = word_file(&word);
    assert_int_equal(ftruncate(fd, lseek(fd, 0, SEEK_END) - 30), 0);
    text_of(&lines, fd, "{}");
    assert_int_equal(lines.status, STATUS_INVALID);
    assert_string_equal(lines.error.text, "it is damaged: the end of the file is missing");
    lines_done(&lines);
}

/* A compound file of which only the directory is there. */
static void
test_files_of_old_programs_are_told(void **state)
{
    static const struct {
        const char *name, *words;
    } table[] = {
        {"EncryptedPackage", "it is protected by a password; save it without one"},
        {"WordDocument", "it is a document of Word 97 (.doc); save it as a Word document (.docx)"},
        {"Workbook", "it is a workbook of Excel 97 (.xls); save it as .xlsx, whose rows read_xlsx "
                     "reads"},
        {"Other", "it is a file of an old Office program; save it as .docx or PDF"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char bytes[2048] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";
        struct lines lines;
        bytes[30] = 9;
        bytes[48] = 1;
        for (size_t j = 0; table[i].name[j] != '\0'; j++)
            bytes[1024 + 2 * j] = table[i].name[j];
        text_of(&lines, bytes_file(bytes, sizeof(bytes)), "{}");
        assert_int_equal(lines.status, STATUS_INVALID);
        assert_string_equal(lines.error.text, table[i].words);
        lines_done(&lines);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_body_becomes_lines),
        cmocka_unit_test(test_lists_have_their_markers),
        cmocka_unit_test(test_notes_stand_where_they_belong),
        cmocka_unit_test(test_the_title_is_told),
        cmocka_unit_test(test_hostile_documents_are_refused),
        cmocka_unit_test(test_other_packages_are_told),
        cmocka_unit_test(test_a_damaged_file_is_told),
        cmocka_unit_test(test_files_of_old_programs_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
