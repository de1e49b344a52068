/* bench_pdf - pages a second of a report of 100 pages as PDF, beside pango and cairo alone with the
 * same text in the same run, and beside reading the Markdown.
 *
 * Usage: bench_pdf [ROUNDS]; the best of 3 is told unless said otherwise.
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "render/markdown.h"
#include "render/pdf_fonts.h"
#include "render/pdf_module.h"

#include <cairo-pdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#define PAGES 100
#define MUST_SECONDS 3.0
#define BYTES_MAX ((size_t)256 * 1024 * 1024)

struct work {
    struct buffer markdown;
    struct arena arena;
    struct document document;
    uint32_t pages; /* of the last round */
    size_t bytes;
};

typedef void work_fn(struct work *work);

static void
add_words(struct buffer *text, unsigned *seed, int count)
{
    static const char *const words[] = {
        "grid", "operators", "plan",       "of",   "the",   "market",    "revenue", "grew",
        "and",  "capacity",  "invest",     "more", "than",  "suppliers", "which",   "has",
        "been", "reported",  "transition", "for",  "their", "customers", "in",      "quarter"};
    for (int i = 0; i < count; i++) {
        *seed = *seed * 1103515245 + 12345;
        buffer_append_text(text, words[(*seed >> 16) % COUNT_OF(words)]);
        buffer_append_byte(text, i + 1 < count ? ' ' : '.');
    }
}

static void
add_section(struct buffer *text, unsigned number)
{
    unsigned seed = number;
    buffer_append_format(text, "## Section %u\n\n", number);
    for (int paragraph = 0; paragraph < 4; paragraph++) {
        add_words(text, &seed, 90);
        buffer_append_text(text, "\n\n");
    }
    buffer_append_text(text, "| Company | Country | Revenue | Comment |\n"
                             "| --- | --- | ---: | --- |\n");
    for (unsigned row = 0; row < 8; row++) {
        buffer_append_format(text, "| Company %u | Germany | %u | ", row, seed % 100000);
        add_words(text, &seed, 7);
        buffer_append_text(text, " |\n");
    }
    buffer_append_text(text, "\n");
    for (int item = 0; item < 3; item++) {
        buffer_append_text(text, "- ");
        add_words(text, &seed, 12);
        buffer_append_text(text, "\n");
    }
    buffer_append_text(text, "\n");
}

static void
read_document(struct work *work)
{
    struct supplies supplies = {0};
    struct error error;
    arena_reset(&work->arena);
    work->document = (struct document){.language = SLICE("en"), .date_iso = SLICE("2026-03-31")};
    if (markdown_read(&work->document, &work->arena, buffer_slice(&work->markdown), &supplies,
                      &error) != STATUS_OK)
        abort();
}

static void
empty(void *context)
{
}

static void
render(struct work *work)
{
    struct buffer out;
    struct error error;
    buffer_init(&out, BYTES_MAX);
    read_document(work);
    struct rendering rendering = {.document = &work->document,
                                  .has_contents = true,
                                  .arena = &work->arena,
                                  .out = &out,
                                  .flush = empty,
                                  .context = work};
    if (pdf_render(&rendering, &error) != STATUS_OK)
        abort();
    work->pages = rendering.page_count;
    work->bytes = out.size;
    buffer_done(&out);
}

static cairo_status_t
count_bytes(void *context, const unsigned char *bytes, unsigned size)
{
    struct work *work = context;
    work->bytes += size;
    return CAIRO_STATUS_SUCCESS;
}

static void
show_lines(cairo_t *cairo, PangoLayout *layout, double *y, uint32_t *pages)
{
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    do {
        PangoRectangle line;
        pango_layout_iter_get_line_extents(iter, NULL, &line);
        double height = line.height / (double)PANGO_SCALE;
        if (*y + height > 770) {
            cairo_show_page(cairo);
            *y = 70;
            ++*pages;
        }
        cairo_move_to(cairo, 68, *y + height * 0.8);
        pango_cairo_show_layout_line(cairo, pango_layout_iter_get_line_readonly(iter));
        *y += height;
    } while (pango_layout_iter_next_line(iter));
    pango_layout_iter_free(iter);
}

/* Each line of the Markdown is a paragraph; no tables, no links, no second look. */
static void
show_bare(struct work *work)
{
    struct error error;
    PangoContext *context = NULL;
    read_document(work);
    if (pdf_fonts_open(&context, &work->document, &error) != STATUS_OK)
        abort();
    work->bytes = 0;
    work->pages = 1;
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(count_bytes, work, 595.28, 841.89);
    cairo_t *cairo = cairo_create(surface);
    PangoFontDescription *font = pango_font_description_from_string("Carlito, DejaVu Sans");
    pango_font_description_set_absolute_size(font, 10.5 * PANGO_SCALE);
    double y = 70;
    struct slice rest = buffer_slice(&work->markdown);
    while (rest.size > 0) {
        const char *end = memchr(rest.ptr, '\n', rest.size);
        PangoLayout *layout = pango_layout_new(context);
        pango_layout_set_font_description(layout, font);
        pango_layout_set_width(layout, 459 * PANGO_SCALE);
        pango_layout_set_text(layout, rest.ptr, (int)(end - rest.ptr));
        show_lines(cairo, layout, &y, &work->pages);
        g_object_unref(layout);
        rest = slice_of(end + 1, rest.size - (size_t)(end + 1 - rest.ptr));
    }
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    cairo_surface_destroy(surface);
    pango_font_description_free(font);
    g_object_unref(context);
}

static double
now_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
measure(struct work *work, work_fn *run, int rounds)
{
    double best = 1e9;
    for (int i = 0; i < rounds; i++) {
        double begin = now_seconds();
        run(work);
        double took = now_seconds() - begin;
        best = took < best ? took : best;
    }
    return best;
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3;
    struct work work = {.pages = 0};
    struct rusage usage;
    buffer_init(&work.markdown, BYTES_MAX);
    arena_init(&work.arena, BYTES_MAX);
    unsigned sections = 0;
    while (work.pages < PAGES) {
        for (int i = 0; i < (work.pages == 0 ? 50 : 1); i++)
            add_section(&work.markdown, ++sections);
        render(&work);
    }
    double ours = measure(&work, render, rounds);
    uint32_t pages = work.pages;
    printf("%u pages as PDF, %zu KB      %.2f s, %.0f pages/s   must %.0f s: %.2f%s\n", pages,
           work.bytes / 1024, ours, pages / ours, MUST_SECONDS, MUST_SECONDS / ours,
           ours > MUST_SECONDS ? " MISSED" : "");
    double bare = measure(&work, show_bare, rounds);
    printf("  beside pango and cairo alone, %u pages      %.2f s   ours is %.2f of it\n",
           work.pages, bare, bare / ours);
    double reading = measure(&work, read_document, rounds);
    getrusage(RUSAGE_SELF, &usage);
    printf("  beside reading the Markdown      %.4f s\n  peak memory      %ld MB\n", reading,
           usage.ru_maxrss / 1024);
    buffer_done(&work.markdown);
    arena_done(&work.arena);
    return 0;
}
