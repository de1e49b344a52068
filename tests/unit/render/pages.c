#include "pages.h"

#include "base/limits.h"
#include "render/chart.h"
#include "render/markdown.h"

static const double values[] = {1, -2.5};
static const struct slice labels[] = {{"a", 1}, {"b", 1}};
static const struct chart_series series = {.values = values};
static const struct chart chart = {
    .type = CHART_LINE, .label_count = 2, .series_count = 1, .labels = labels, .series = &series};
static const struct named_chart charts[] = {{{"c", 1}, &chart}};
static const struct picture pictures[] = {{
    .name = {"p.png", 5},
    .type = PICTURE_PNG,
    .bytes = {"\x89PNG", 4},
    .base64 = {"iVBORw==", 8},
    .width = 30,
    .height = 20,
}};

static void
no_flush(void *context)
{
}

void
page_read(struct page *page, struct slice markdown, bool has_citations)
{
    static const struct citation citations[] = {
        {.title = {"A <report>", 10},
         .quote = {"verbatim & so", 13},
         .address = {"https://example.org/?a=1&b=2", 28}},
        {.document = {"notes.md", 8}, .quote = {"found nowhere", 13}, .is_unverified = true},
    };
    *page = (struct page){
        .supplies = {.citations = page->citations,
                     .citation_count = has_citations ? 2 : 0,
                     .pictures = pictures,
                     .picture_count = 1,
                     .charts = charts,
                     .chart_count = 1},
        .document = {.language = {"en", 2}},
    };
    memcpy(page->citations, citations, sizeof(citations));
    arena_init(&page->arena, MIB(256));
    page->status =
        markdown_read(&page->document, &page->arena, markdown, &page->supplies, &page->error);
}

void
page_done(struct page *page)
{
    arena_done(&page->arena);
}

void
page_render(struct page *page, render_fn *render, struct buffer *out)
{
    struct rendering rendering = {
        .document = &page->document,
        .has_contents = page->has_contents,
        .arena = &page->arena,
        .out = out,
        .flush = no_flush,
    };
    buffer_init(out, MIB(256));
    page->status = render(&rendering, &page->error);
}
