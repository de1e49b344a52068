/* What Markdown becomes: the page of it, and Markdown again. */
#include "pages.h"
#include "test.h"

#include "base/limits.h"

#include <string.h>

struct row {
    const char *label;
    const char *markdown;
    const char *want;
};

/* What stands between <main> and </main>. */
static struct slice
body_of(const struct buffer *html)
{
    char *begin = memmem(html->ptr, html->size, "<main>\n", 7);
    assert_non_null(begin);
    char *end = memmem(begin, html->size - (size_t)(begin - html->ptr), "</main>", 7);
    return slice_of(begin + 7, (size_t)(end - begin - 7));
}

static void
check_html(const struct row *row, bool has_citations)
{
    struct page page;
    struct buffer html;
    page_read(&page, slice_text(row->markdown), has_citations);
    if (page.status != STATUS_OK)
        fail_msg("%s: %s", row->label, page.error.text);
    page_render(&page, render_html, &html);
    struct slice body = body_of(&html);
    if (!slice_is(body, row->want))
        fail_msg("%s:\n%.*s\nis not\n%s", row->label, SLICE_FORMAT(body), row->want);
    buffer_done(&html);
    page_done(&page);
}

static void
test_blocks(void **state)
{
    static const struct row table[] = {
        {"nothing", "", ""},
        {"white space", " \n\t\n", ""},
        {"a paragraph", "a\nb", "<p>a b</p>\n"},
        {"line ends of all kinds", "a\r\nb\rc\n", "<p>a b c</p>\n"},
        {"a break", "a  \nb\\\nc", "<p>a<br>\nb<br>\nc</p>\n"},
        {"a title", "# A & *b*\n\ntext",
         "<header class=\"head\">\n<h1>A &amp; <em>b</em></h1>\n</header>\n<p>text</p>\n"},
        {"headings leave no gap", "# T\n\n## a\n\n#### b\n\n### c",
         "<header class=\"head\">\n<h1>T</h1>\n</header>\n<h2 id=\"a\">a</h2>\n<h3 "
         "id=\"b\">b</h3>\n<h3 id=\"c\">c</h3>\n"},
        {"headings of one name", "## a b\n## A, b!\n## a b\n## a-b-1",
         "<h2 id=\"a-b\">a b</h2>\n<h2 id=\"a-b-1\">A, b!</h2>\n<h2 id=\"a-b-2\">a b</h2>\n<h2 "
         "id=\"a-b-1-1\">a-b-1</h2>\n"},
        {"a heading without letters", "## !?", "<h2 id=\"section\">!?</h2>\n"},
        {"a heading in a quote", "> # a",
         "<blockquote>\n<p class=\"inner-heading\" id=\"a\">a</p>\n</blockquote>\n"},
        {"a tight list", "- a\n- b\n  - c",
         "<ul>\n<li>a</li>\n<li>b\n<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n"},
        {"a loose list that begins at 3", "3. a\n\n4. b",
         "<ol start=\"3\">\n<li><p>a</p>\n</li>\n<li><p>b</p>\n</li>\n</ol>\n"},
        {"tasks", "- [x] a\n- [ ] b",
         "<ul>\n<li class=\"task\"><span class=\"box\" role=\"img\" aria-label=\"done\">"
         "\u2611</span>a</li>\n<li class=\"task\"><span class=\"box\" role=\"img\" "
         "aria-label=\"open\">\u2610</span>b</li>\n</ul>\n"},
        {"code", "```c\na < b\n\n\tc\n```", "<pre><code>a &lt; b\n\n    c\n</code></pre>\n"},
        {"a rule", "a\n\n---", "<p>a</p>\n<hr>\n"},
        {"page breaks", "a\n\\pagebreak\nb\n\n> \\pagebreak",
         "<p>a</p>\n<div class=\"page-break\"></div>\n<p>b</p>\n<blockquote>\n"
         "<div class=\"page-break\"></div>\n</blockquote>\n"},
        {"no page breaks",
         "\\\\pagebreak\n\na \\pagebreak\n\n\\pagebreak&amp;\n\n```\n\\pagebreak\n```",
         "<p>\\pagebreak</p>\n<p>a "
         "\\pagebreak</p>\n<p>\\pagebreak&amp;</p>\n<pre><code>\\pagebreak\n</code></pre>\n"},
        {"a table", "|a|b|\n|-|:-:|\n|1,000|x|\n|2 %||\n",
         "<div class=\"table\">\n<table>\n<thead>\n<tr><th scope=\"col\" class=\"number\">a</th>"
         "<th scope=\"col\" class=\"center\">b</th></tr>\n</thead>\n<tbody>\n<tr><td "
         "class=\"number\">1,000</td><td class=\"center\">x</td></tr>\n<tr><td "
         "class=\"number\">2 %</td><td class=\"center\"></td></tr>\n</tbody>\n</table>\n</div>\n"},
        {"a picture", "![An *alt*](p.png \"A <b>\")",
         "<figure>\n<img src=\"data:image/png;base64,iVBORw==\" width=\"30\" height=\"20\" "
         "alt=\"An alt\">\n<figcaption>A &lt;b&gt;</figcaption>\n</figure>\n"},
        {"a picture in the line", "a ![](p.png)",
         "<p>a <img src=\"data:image/png;base64,iVBORw==\" width=\"30\" height=\"20\" "
         "alt=\"\"></p>\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_html(&table[i], false);
}

static void
test_spans(void **state)
{
    static const struct row table[] = {
        {"HTML is text", "<b onclick=x>\"a\"</b>\n\n<script>x</script>",
         "<p>&lt;b onclick=x&gt;&quot;a&quot;&lt;/b&gt;</p>\n"
         "<p>&lt;script&gt;x&lt;/script&gt;</p>\n"},
        {"emphasis in its kind", "*a _b_ c* **d __e__** ~~f~~",
         "<p><em>a b c</em> <strong>d e</strong> <del>f</del></p>\n"},
        {"emphasis side by side", "*a*_b_", "<p><em>ab</em></p>\n"},
        {"entities", "&eacute;&#233;&#xE9; &nope; &#0; &#7; &amp;lt;",
         "<p>\u00E9\u00E9\u00E9 &amp;nope; \uFFFD \uFFFD &amp;lt;</p>\n"},
        {"controls",
         "a\x01\x7F"
         "b\xC2\x85\xEF\xBF\xBF",
         "<p>ab</p>\n"},
        {"links", "[a](http://x/?a=1&b=2 \"t\") [b](rel/a.html) <mailto:a@b.cc> www.a.bc",
         "<p><a href=\"http://x/?a=1&amp;b=2\" title=\"t\">a</a> <a href=\"rel/a.html\">b</a> <a "
         "href=\"mailto:a@b.cc\">mailto:a@b.cc</a> <a href=\"http://www.a.bc\">www.a.bc</a></p>\n"},
        {"links that are none",
         "[a](javascript:x) [*b*](JaVaScript:x) [c](data:text/html,x) [d](//h/x) [e](file:///x) "
         "[f](&#106;avascript:x) [g](java&#10;script:x) [h](<\\\\h\\x>) [i](vbscript:x)",
         "<p>a <em>b</em> c d e f g h i</p>\n"},
        {"links inside", "[a](#b-c) [d](#e) [f](#_g)\n\n## B C",
         "<p><a href=\"#b-c\">a</a> d f</p>\n<h2 id=\"b-c\">B C</h2>\n"},
        {"a link without words", "[](http://x)", "<p><a href=\"http://x\">http://x</a></p>\n"},
        {"no link in a link", "[a <http://x> b](http://y)",
         "<p><a href=\"http://y\">a http://x b</a></p>\n"},
        {"pictures that are not there", "![a](http://x/a.png) ![b](b.png) ![](c.png)",
         "<p><a href=\"http://x/a.png\">a</a> b c.png</p>\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_html(&table[i], false);
}

static void
test_notes(void **state)
{
    static const struct row table[] = {
        {"a note", "a[^x]\n\n[^x]: b",
         "<p>a<sup><a href=\"#_note-1\" id=\"_note-1-1\" role=\"doc-noteref\">1</a></sup></p>\n"
         "<section class=\"notes\" aria-labelledby=\"_notes\">\n<h2 "
         "id=\"_notes\">Notes</h2>\n<ol>\n"
         "<li id=\"_note-1\"><p>b</p>\n <a class=\"back\" href=\"#_note-1-1\" "
         "role=\"doc-backlink\" aria-label=\"Back to the text [1]\">\u21A9</a></li>\n</ol>\n"
         "</section>\n"},
        {"notes that are none", "a[^x] `[^y]` \\[^y]\n\n```\n[^z]: c\n```\n\n[^y]: b",
         "<p>a[^x] <code>[^y]</code> [^y]</p>\n<pre><code>[^z]: c\n</code></pre>\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_html(&table[i], false);
}

static void
test_citations(void **state)
{
    static const struct row table[] = {
        {"in the order of the marks", "a[@2] b [@2, @1][@3] \\[@1]",
         "<p>a<sup class=\"cite\"><a href=\"#_source-1\" id=\"_source-1-1\" title=\"found "
         "nowhere\">[1]</a></sup> b <sup class=\"cite\"><a href=\"#_source-1\" id=\"_source-1-2\" "
         "title=\"found nowhere\">[1]</a></sup><sup class=\"cite\"><a href=\"#_source-2\" "
         "id=\"_source-2-1\" title=\"verbatim &amp; so\">[2]</a></sup>[@3] [@1]</p>\n"
         "<section class=\"sources\" aria-labelledby=\"_sources\">\n"
         "<h2 id=\"_sources\">Sources</h2>\n<ol>\n<li id=\"_source-1\"><span class=\"title\">"
         "notes.md</span> <span class=\"unverified\">not found in the source</span> <a "
         "class=\"back\" href=\"#_source-1-1\" role=\"doc-backlink\" aria-label=\"Back to the text "
         "[1, 1]\">\u21A9<sup>1</sup></a> <a class=\"back\" href=\"#_source-1-2\" "
         "role=\"doc-backlink\" aria-label=\"Back to the text [1, 2]\">\u21A9<sup>2</sup></a>\n"
         "<q>found nowhere</q></li>\n<li id=\"_source-2\"><a class=\"title\" "
         "href=\"https://example.org/?a=1&amp;b=2\">A &lt;report&gt;</a> <span class=\"place\">"
         "https://example.org/?a=1&amp;b=2</span> <a class=\"back\" href=\"#_source-2-1\" "
         "role=\"doc-backlink\" aria-label=\"Back to the text [2]\">\u21A9</a>\n<q>verbatim &amp; "
         "so</q></li>\n</ol>\n</section>\n"},
        {"a mark in a link follows it", "[a[@1] b](http://x)",
         "<p><a href=\"http://x\">a b</a><sup class=\"cite\"><a href=\"#_source-1\" "
         "id=\"_source-1-1\" title=\"verbatim &amp; so\">[1]</a></sup></p>\n"
         "<section class=\"sources\" aria-labelledby=\"_sources\">\n"
         "<h2 id=\"_sources\">Sources</h2>\n<ol>\n<li id=\"_source-1\"><a class=\"title\" "
         "href=\"https://example.org/?a=1&amp;b=2\">A &lt;report&gt;</a> <span class=\"place\">"
         "https://example.org/?a=1&amp;b=2</span> <a class=\"back\" href=\"#_source-1-1\" "
         "role=\"doc-backlink\" aria-label=\"Back to the text [1]\">\u21A9</a>\n<q>verbatim &amp; "
         "so</q></li>\n</ol>\n</section>\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++)
        check_html(&table[i], true);
}

static void
test_markdown_again(void **state)
{
    static const struct row table[] = {
        {"signs of lines", "\\# a\n\n\\- b\n\n1\\. c\n\n\\> d\n\n2024\\. e",
         "\n\\# a\n\n\\- b\n\n1\\. c\n\n\\> d\n\n2024\\. e\n"},
        {"signs in lines", "\\*a\\* snake_case a\\_ b\\|c 1.5 x\\<y R&D &amp;amp; \\`",
         "\n\\*a\\* snake_case a\\_ b\\|c 1.5 x\\<y R&D \\&amp; \\`\n"},
        {"emphasis", "_a_ __b__ x*y*z ***c***", "\n_a_ **b** x*y*z _**c**_\n"},
        {"code in code", "`` a`b `` ` `", "\n``a`b`` ` `\n"},
        {"links", "[a](<b c> \"d\") http://x.yz [e](f_g)", "\na <http://x.yz> [e](<f\\_g>)\n"},
        {"what looks like a link", "http\\://x.yz a\\@b.cc www\\.x.yz",
         "\nhttp\\://x.yz a\\@b.cc www\\.x.yz\n"},
        {"lists side by side", "- a\n\n* b\n\n1. c\n\n1) d", "\n- a\n\n* b\n\n1. c\n\n1) d\n"},
        {"a list in a list", "* a\n  1. b\n\n     c\n", "\n- a\n  1. b\n\n     c\n"},
        {"a quote", "> a\n>\n> > b", "\n> a\n>\n> > b\n"},
        {"a fence in a fence", "~~~~\n```\n~~~~", "\n````\n```\n````\n"},
        {"a table", "a|b\n:-|-:\n`x\\|y`|\\|", "\n| a | b |\n| :--- | ---: |\n| `x\\|y` | \\| |\n"},
        {"dashes in a table", "a|b\n-|-\n-|-\n:-|x",
         "\n| a | b |\n| --- | --- |\n| - | - |\n| :- | x |\n"},
        {"a mark before a colon", "[^a]\\: b\n\n[^a]: c", "\n[^1]\\: b\n\n[^1]: c\n"},
        {"a box alone", "- [x]\n  - a", "\n- [x] \n  * a\n"},
        {"notes", "a[^z] b[^y]\n\n[^y]: c\n[^z]: d\n\n    - e",
         "\na[^1] b[^2]\n\n[^1]: d\n\n    - e\n\n[^2]: c\n"},
        {"a chart", "![](chart:c)",
         "\n```chart\ntype: line\nlabels: [\"a\", \"b\"]\nseries:\n  - name: \"\"\n    values: [1, "
         "-2.5]\n```\n"},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct page page;
        struct buffer markdown;
        page_read(&page, slice_text(table[i].markdown), false);
        assert_int_equal(page.status, STATUS_OK);
        page_render(&page, render_markdown, &markdown);
        if (!slice_is(buffer_slice(&markdown), table[i].want))
            fail_msg("%s:\n%.*s\nis not\n%s", table[i].label, (int)markdown.size, markdown.ptr,
                     table[i].want);
        buffer_done(&markdown);
        page_done(&page);
    }
}

static void
test_warnings_say_what_is_missing(void **state)
{
    struct page page;
    page_read(&page, SLICE("[@9] [a](javascript:x) ![b](c.png) [d](#e)"), true);
    assert_int_equal(page.status, STATUS_OK);
    assert_int_equal(page.supplies.warning_count, 4);
    assert_string_equal(page.supplies.warnings[0], "the mark [@9] leads to no citation");
    assert_non_null(strstr(page.supplies.warnings[1], "javascript:x"));
    assert_non_null(strstr(page.supplies.warnings[2], "c.png"));
    assert_non_null(strstr(page.supplies.warnings[3], "#e"));
    page_done(&page);
}

/* Text `count` times. */
static struct slice
many(struct buffer *out, const char *text, size_t count)
{
    buffer_init(out, 2 * LIMIT_RENDER_MARKDOWN_BYTES);
    for (size_t i = 0; i < count; i++)
        buffer_append_text(out, text);
    return buffer_slice(out);
}

static void
test_too_much_is_refused_or_left_out(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        enum status want;
    } table[] = {
        {"> ", 33, STATUS_LIMIT},
        {"1. ", 100000, STATUS_LIMIT},
        {"|", 300, STATUS_OK},
        {"[", 100000, STATUS_OK},
        {"*a **b ", 50000, STATUS_OK},
        {"![a](", 50000, STATUS_OK},
        {"`", 100000, STATUS_OK},
        {"[^a]", 100000, STATUS_OK},
        {"&#32;", 100000, STATUS_OK},
        {"[a](#b)", 10000, STATUS_OK},
        {"x", MIB(8) + 1, STATUS_LIMIT},
        {"# a\n", 50000, STATUS_OK},
        {"*a*_b_", 50000, STATUS_OK},
        {"[^a]: b\n", 10001, STATUS_LIMIT},
        {"\\pagebreak\n", 1000, STATUS_OK},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer text;
        struct page page;
        page_read(&page, many(&text, table[i].text, table[i].count), false);
        if (page.status != table[i].want ||
            (page.status != STATUS_OK && page.error.text[0] == '\0'))
            fail_msg("'%s': %s %s", table[i].text, status_name(page.status), page.error.text);
        page_done(&page);
        buffer_done(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_notes),
        cmocka_unit_test(test_citations),
        cmocka_unit_test(test_markdown_again),
        cmocka_unit_test(test_warnings_say_what_is_missing),
        cmocka_unit_test(test_too_much_is_refused_or_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
