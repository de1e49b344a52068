/* Web pages as people and machines write them, and as they should not be: the text that comes out,
 * or the words. */
#include "test.h"

#include "workbook.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/html_depth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMED "{\"name\":\"page.html\"}"

static void
check(const char *label, const char *page, const char *wanted)
{
    struct lines lines;
    text_of(&lines, bytes_file(page, strlen(page)), NAMED);
    const char *got = lines.status == STATUS_OK ? lines.text.ptr : lines.error.text;
    if (strcmp(got, wanted) != 0)
        fail_msg("%s: %s", label, got);
    lines_done(&lines);
}

static void
test_elements_become_lines(void **state)
{
    static const struct {
        const char *label, *page, *text;
    } table[] = {
        {"paragraphs", "<p>One\n  line</p><p>and <b>an</b>other</p>", "One line\n\nand another\n"},
        {"headings", "<h1>A</h1>b<h2> C </h2><p>d", "A\n\nb\n\nC\n\nd\n"},
        {"divisions", "<div>a<div>b</div>c</div>", "a\nb\nc\n"},
        {"line ends", "<p>a<br>b<br><br><br>c<br></p>d", "a\nb\n\nc\n\nd\n"},
        {"links", "<p>see <a href=\"https://a.example\">the <i>page</i></a>.", "see the page.\n"},
        {"entities", "<p>&lt;b&gt; &amp;amp; &eacute;&#8364; &nosuch;",
         "<b> &amp; \xC3\xA9\xE2\x82"
         "\xAC &nosuch;\n"},
        {"invisible characters", "<p>a&nbsp; b soft&shy;ware &#8203;x\x01\x7F\xC2\x9F",
         "a b software x\n"},
        {"a list", "<ul><li>a<li><p>b</p><li>c</ul>d", "- a\n- b\n\n- c\n\nd\n"},
        {"lists in lists", "<ul><li>a<ul><li>b<ul><li>c</ul></ul><li>d</ul>",
         "- a\n  - b\n    - c\n- d\n"},
        {"numbers", "<ol start=7><li>a<li value=20>b<li>c</ol>", "7. a\n20. b\n21. c\n"},
        {"numbers beyond all", "<ol start=99999999999999999999><li>a</ol>", "1. a\n"},
        {"an item of no list", "<li>a", "- a\n"},
        {"an item of lines", "<ul><li>a<br>b</ul>", "- a\n  b\n"},
        {"terms", "<dl><dt>a<dd>b<dt>c<dd>d</dl>", "a\nb\nc\nd\n"},
        {"code", "<p>x<pre>\na  b\n\tc\n\n\nd</pre>y", "x\n\na  b\n\tc\n\n\nd\n\ny\n"},
        {"a table",
         "<table><caption>Of</caption><thead><tr><th>a<th>b</thead><tr><td>1<td>2</table>e",
         "Of\na | b\n1 | 2\n\ne\n"},
        {"cells of lines", "<table><tr><td><p>a</p><p>b</p><ul><li>c</ul><td>d<br>e</table>",
         "a b c | d e\n"},
        {"empty cells", "<table><tr><td><td>a<td><td>b<td></tr><tr><td><td></tr></table>",
         "| a | | b\n"},
        {"a table for layout",
         "<table><tr><td><h2>a</h2><td>b<table><tr><td>c<td>d</table></table>",
         "a\n\nb\n\nc | d\n"},
        {"a table that says so", "<table role=presentation><tr><td>a<td>b</table>", "a\nb\n"},
        {"a column", "<table><tr><td>a<tr><td>b</table>", "a\nb\n"},
        {"formulas and rubies",
         "<p>x<sup>2</sup> <math><mi>y</mi><annotation-xml>no</annotation-"
         "xml></math> <ruby>a<rp>(</rp><rt>b</rt><rp>)</rp></ruby>",
         "x^2 y a(b)\n"},
        {"raised",
         "<p>10<sup>6</sup> 22.4<sup><a href=#n>1</a></sup> a<sup><a>[2]</a></sup> "
         "1<sup>st</sup> m<sup><b>-1</b></sup> <sup>3</sup>He<sup></sup>",
         "10^6 22.4[1] a[2] 1st m^-1 3He\n"},
        {"marks of direction",
         "<p>\xE2\x80\xAB"
         "a\xE2\x80\xAC \xE2\x81\xA6"
         "b\xE2\x81\xA9\xE2\x80\x8F",
         "a b\n"},
        {"torn", "<p>a <b>b <div>c</b> d</p><td>e</div", "a b\n\nc d\n\ne\n"},
        {"nothing but words", "no <tag", "no\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check(table[i].label, table[i].page, table[i].text);
}

static void
test_what_nobody_reads_is_left_out(void **state)
{
    static const char *const table[] = {
        "<script>if (a<b) no()</script>",
        "<style>no{}</style>",
        "<noscript>no</noscript>",
        "<template><p>no</template>",
        "<nav>no</nav>",
        "<footer>no</footer>",
        "<aside>no</aside>",
        "<div role=navigation>no</div>",
        "<div role=contentinfo>no</div>",
        "<a role=doc-backlink>no</a>",
        "<div hidden>no</div>",
        "<div aria-hidden=true>no</div>",
        "<div style=\"color:red; Display : NONE\">no</div>",
        "<div style='visibility:hidden'>no</div>",
        "<div style='x:y;visibility:hidden'>no</div>",
        "<dialog>no</dialog>",
        "<select><option>no</select>",
        "<textarea>no</textarea>",
        "<button>no</button>",
        "<svg><title>no</title><text>no</text><path/></svg>",
        "<iframe>no</iframe>",
        "<object>no</object>",
        "<video>no</video>",
        "<!-- no -->",
        "<img alt=no>",
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        char page[200];
        snprintf(page, sizeof(page), "<!doctype html><p>yes</p>%s<p>too</p>", table[i]);
        check(table[i], page, "yes\n\ntoo\n");
    }
    check("what fades in", "<p style='opacity:0'>yes<div style='font-size:0'><p>too</div>",
          "yes\n\ntoo\n");
    check("an open dialog", "<p>yes</p><dialog open>too</dialog>", "yes\n\ntoo\n");
}

#define LONG                                                                                       \
    "a text that is long enough to be what the page is about, which takes some more than "         \
    "one hundred letters"

static void
test_the_content_is_preferred(void **state)
{
    static const struct {
        const char *label, *page, *text;
    } table[] = {
        {"main", "<div>no</div><main><p>" LONG "</p></main><p>no", LONG "\n"},
        {"by its role", "<div>no</div><div role=main>" LONG "</div>", LONG "\n"},
        {"its own header, footer and aside",
         "<main><header>h</header><nav>no</nav>" LONG "<aside>s</aside><footer>f</footer></main>",
         "h\n" LONG "\ns\nf\n"},
        {"too short", "<main>Loading</main><p>yes", "Loading\n\nyes\n"},
        {"articles",
         "<div>no</div><article>" LONG "<article>c</article></article><article>two"
         "</article>",
         LONG "\n\nc\n\ntwo\n"},
        {"articles beside more", "<article>a</article><p>" LONG, "a\n\n" LONG "\n"},
        {"tables in front",
         "<table><tr><td>no<td>no</table><main><table><tr><td>" LONG "<td>b</table></main>",
         LONG " | b\n"},
        {"a hidden main", "<main hidden>" LONG LONG "</main><p>yes", "yes\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check(table[i].label, table[i].page, table[i].text);
}

static void
test_the_title_is_told(void **state)
{
    static const char page[] = "<title>\n A &amp; \"B\"\n C </title><svg><title>no</title></svg>d";
    struct lines lines;
    text_of(&lines, bytes_file(page, strlen(page)), NAMED);
    assert_string_equal(lines.result.ptr,
                        "{\"kind\":\"html\",\"title\":\"A & \\\"B\\\" C\",\"pages\":null}");
    lines_done(&lines);
    text_of(&lines, bytes_file("\xEF\xBB\xBF<title>A</title>x", 20), NAMED);
    assert_string_equal(lines.result.ptr, "{\"kind\":\"html\",\"title\":\"A\",\"pages\":null}");
    lines_done(&lines);
    text_of(&lines, bytes_file("<html>x", 7), NAMED);
    assert_string_equal(lines.result.ptr, "{\"kind\":\"html\",\"title\":null,\"pages\":null}");
    lines_done(&lines);
}

static void
test_a_page_without_words_is_refused(void **state)
{
    check("scripts", "<html><div id=app></div><script src=a.js></script>",
          "the page has no text of its own; perhaps scripts make it in the browser");
    check("a frame set", "<html><frameset><frame src=a></frameset>",
          "the page has no text of its own; perhaps scripts make it in the browser");
}

/* A page of the part again and again, between two words. */
static void
fill(struct buffer *page, const char *part, size_t count)
{
    buffer_init(page, MIB(64));
    buffer_append_text(page, "<!doctype html><p>first</p>");
    for (size_t i = 0; i < count; i++)
        buffer_append_text(page, part);
    buffer_append_text(page, "<p>last</p>");
}

static void
test_hostile_pages_cost_little(void **state)
{
    static const struct {
        const char *part;
        size_t count;
    } table[] = {
        {"<div>", 100000},   {"<x>", 100000},      {"<div><x/>", 50000},
        {"<ul><li>", 50000}, {"<svg><g>", 50000},  {"<table><tr><td>", 20000},
        {"<p><b>", 5000},    {"<b><i><a>", 10000}, {"</div>", 100000},
        {"<!-- ", 100000},   {"<script>", 100000}, {"<", 1000000},
        {"<a ", 300000},     {"\"'", 500000},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer page;
        struct lines lines;
        fill(&page, table[i].part, table[i].count);
        text_of(&lines, bytes_file(page.ptr, page.size), NAMED);
        if (lines.status != STATUS_OK || strncmp(lines.text.ptr, "first", 5) != 0)
            fail_msg("%s: %s", table[i].part, lines.error.text);
        lines_done(&lines);
        buffer_done(&page);
    }
}

static void
test_a_huge_attribute_is_passed_over(void **state)
{
    struct buffer page;
    struct lines lines;
    buffer_init(&page, MIB(64));
    buffer_append_text(&page, "<p title=\"");
    for (size_t i = 0; i < MIB(10) / 5; i++)
        buffer_append_text(&page, "huge ");
    buffer_append_text(&page, "\">small</p>");
    text_of(&lines, bytes_file(page.ptr, page.size), NAMED);
    assert_string_equal(lines.text.ptr, "small\n");
    lines_done(&lines);
    buffer_done(&page);
}

static void
limit(const char *page, char *out, size_t size)
{
    snprintf(out, size, "%s", page);
    html_limit_depth(out, strlen(out));
}

static void
test_only_tags_that_are_too_deep_are_blanked(void **state)
{
    static const char *const kept[] = {
        "<div><p>a<p>b</div>",
        "<p>a < b</p><!-- <div> --><img><br/><svg><path/></svg>",
        "<td><li>a<li>b<td>c<dt>d",
        "<",
        "</",
        "<!",
        "<a href='>'>b</a",
    };
    char out[20000];
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        limit(kept[i], out, sizeof(out));
        assert_string_equal(out, kept[i]);
    }
    /* Elements whose ends were forgotten do not add up where they end by themselves. */
    struct buffer page;
    buffer_init(&page, KIB(64));
    for (size_t i = 0; i < 2 * HTML_DEPTH_MAX; i++)
        buffer_append_text(&page, "<li><p>");
    buffer_append_text(&page, "<i>");
    buffer_append_byte(&page, '\0');
    limit(page.ptr, out, sizeof(out));
    assert_string_equal(out, page.ptr);
    buffer_done(&page);
}

static void
test_a_blanked_tag_takes_its_end_with_it(void **state)
{
    struct buffer page;
    char out[20000];
    buffer_init(&page, KIB(64));
    for (size_t i = 0; i < HTML_DEPTH_MAX; i++)
        buffer_append_text(&page, "<i>");
    size_t begin = page.size;
    buffer_append_text(&page, "<i>a</i>b</i><b>");
    buffer_append_byte(&page, '\0');
    limit(page.ptr, out, sizeof(out));
    assert_string_equal(out + begin, "   a    b</i><b>");
    buffer_done(&page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elements_become_lines),
        cmocka_unit_test(test_what_nobody_reads_is_left_out),
        cmocka_unit_test(test_the_content_is_preferred),
        cmocka_unit_test(test_the_title_is_told),
        cmocka_unit_test(test_a_page_without_words_is_refused),
        cmocka_unit_test(test_hostile_pages_cost_little),
        cmocka_unit_test(test_a_huge_attribute_is_passed_over),
        cmocka_unit_test(test_only_tags_that_are_too_deep_are_blanked),
        cmocka_unit_test(test_a_blanked_tag_takes_its_end_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
