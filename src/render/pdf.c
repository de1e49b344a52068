#include "render/pdf.h"

#include "base/limits.h"
#include "render/pdf_fonts.h"
#include "render/pdf_front.h"
#include "render/pdf_module.h"
#include "render/pdf_pages.h"
#include "render/pdf_paint.h"

#include <cairo-pdf.h>
#include <stdio.h>

#define OUTLINE_RANK_MAX 6

/* --- what all parts use --- */

bool
pdf_is_stopped(struct pdf *pdf)
{
    if (pdf->error->status == STATUS_OK && arena_is_over(pdf->arena))
        error_set(pdf->error, STATUS_LIMIT,
                  "the document is too large for a PDF: make several, or leave out long tables");
    return pdf->error->status != STATUS_OK;
}

struct pdf_strip *
pdf_strip_add(struct pdf *pdf, struct pdf_strips *strips, enum pdf_strip_kind kind)
{
    struct pdf_strip *strip = arena_alloc(pdf->arena, sizeof(*strip));
    *strip = (struct pdf_strip){.kind = kind};
    if (strips->last == NULL)
        strips->first = strip;
    else
        strips->last->next = strip;
    strips->last = strip;
    return strip;
}

const char *
pdf_destination(struct pdf *pdf, struct slice anchor)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    anchor = slice_cut(anchor, 1000);
    char *name = arena_alloc(pdf->arena, 3 + 3 * anchor.size);
    size_t size = (size_t)snprintf(name, 3, "h-");
    for (size_t i = 0; i < anchor.size; i++) {
        char byte = anchor.ptr[i];
        if (byte != '\0' && strchr(plain, byte) != NULL)
            name[size++] = byte;
        else
            size += (size_t)snprintf(name + size, 4, "_%02x", (unsigned)(unsigned char)byte);
    }
    name[size] = '\0';
    return name;
}

const char *
pdf_mark_destination(struct pdf *pdf, const char *kind, uint32_t number, uint32_t use)
{
    return arena_format(pdf->arena, "%s-%u-%u", kind, (unsigned)number, (unsigned)use);
}

/* --- the steps --- */

static void
set_paper(struct pdf *pdf)
{
    bool is_letter = pdf->rendering->paper == PAPER_LETTER;
    pdf->page_width = is_letter ? 612 : 595.28;
    pdf->page_height = is_letter ? 792 : 841.89;
    pdf->margin_side = 68;
    pdf->margin_top = 76;
    pdf->margin_bottom = 70;
    pdf->width = pdf->page_width - 2 * pdf->margin_side;
    pdf->height = pdf->page_height - pdf->margin_top - pdf->margin_bottom;
    pdf->texts.picture_height_max = pdf->height / 2;
}

static void
make_strips(struct pdf *pdf)
{
    bool has_contents = pdf->rendering->has_contents;
    struct pdf_flow body = pdf_flow_begin(pdf, &pdf->body);
    if (!has_contents)
        pdf_front_title(&body);
    pdf_front_notes(pdf);
    pdf_flow_blocks(&body, pdf->document->first);
    pdf_front_sources(&body);
    struct pdf_flow front = pdf_flow_begin(pdf, &pdf->front);
    if (has_contents) {
        pdf_front_title(&front);
        if (pdf->headings != NULL)
            pdf_front_contents(&front);
    }
    if (pdf->body.first == NULL && pdf->front.first == NULL)
        pdf_flow_text(&body, pdf_flow_text_new(&body, NULL, STYLE_BODY));
}

static void
set_metadata(struct pdf *pdf)
{
    const struct document *document = pdf->document;
    char date[40] = "";
    if (document->date_iso.size > 0)
        snprintf(date, sizeof(date), "%.*sT00:00:00Z",
                 SLICE_FORMAT(slice_cut(document->date_iso, 10)));
    const struct {
        cairo_pdf_metadata_t kind;
        struct slice text;
    } table[] = {
        {CAIRO_PDF_METADATA_TITLE, document->title_text},
        {CAIRO_PDF_METADATA_AUTHOR, document->author},
        {CAIRO_PDF_METADATA_SUBJECT, document->subtitle},
        {CAIRO_PDF_METADATA_CREATOR, SLICE("Windrow")},
        /* Cairo would take the present time. */
        {CAIRO_PDF_METADATA_CREATE_DATE, slice_text(date)},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct slice text = slice_cut(table[i].text, 2000);
        if (text.size == 0 && table[i].kind != CAIRO_PDF_METADATA_CREATE_DATE)
            continue;
        cairo_pdf_surface_set_metadata(pdf->surface, table[i].kind,
                                       arena_format(pdf->arena, "%.*s", SLICE_FORMAT(text)));
    }
}

static void
add_outline(struct pdf *pdf)
{
    int parents[OUTLINE_RANK_MAX + 1] = {CAIRO_PDF_OUTLINE_ROOT};
    for (const struct pdf_heading *heading = pdf->headings; heading != NULL;
         heading = heading->next) {
        uint32_t rank = heading->rank < OUTLINE_RANK_MAX ? heading->rank : OUTLINE_RANK_MAX;
        struct slice text = slice_cut(heading->text, 500);
        const char *name = arena_format(pdf->arena, "%.*s", SLICE_FORMAT(text));
        const char *to = arena_format(pdf->arena, "dest='%s'", heading->destination);
        parents[rank] = cairo_pdf_surface_add_outline(pdf->surface, parents[rank - 1], name, to,
                                                      rank == 1 ? CAIRO_PDF_OUTLINE_FLAG_OPEN
                                                                : (cairo_pdf_outline_flags_t)0);
        for (uint32_t below = rank + 1; below <= OUTLINE_RANK_MAX; below++)
            parents[below] = parents[rank];
    }
}

static cairo_status_t
write_out(void *context, const unsigned char *bytes, unsigned size)
{
    const struct rendering *rendering = context;
    buffer_append(rendering->out, bytes, size);
    rendering->flush(rendering->context);
    return buffer_is_over(rendering->out) ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static void
note_status(struct pdf *pdf, cairo_status_t status)
{
    if (status == CAIRO_STATUS_SUCCESS || pdf->error->status != STATUS_OK)
        return;
    if (status == CAIRO_STATUS_NO_MEMORY)
        error_set(pdf->error, STATUS_LIMIT, "the PDF needs more memory than is allowed");
    else
        error_set(pdf->error, STATUS_IO, "the PDF could not be made: %s",
                  cairo_status_to_string(status));
}

static void
draw(struct pdf *pdf)
{
    pdf->surface = cairo_pdf_surface_create_for_stream(write_out, pdf->rendering, pdf->page_width,
                                                       pdf->page_height);
    pdf->cairo = cairo_create(pdf->surface);
    set_metadata(pdf);
    pdf_paint_pages(pdf);
    if (pdf->error->status == STATUS_OK)
        add_outline(pdf);
    cairo_status_t status = cairo_status(pdf->cairo);
    cairo_destroy(pdf->cairo);
    cairo_surface_finish(pdf->surface);
    note_status(pdf, status);
    note_status(pdf, cairo_surface_status(pdf->surface));
    cairo_surface_destroy(pdf->surface);
}

enum status
pdf_open(struct pdf *pdf, struct rendering *rendering, struct error *error)
{
    *error = (struct error){.status = STATUS_OK};
    *pdf = (struct pdf){
        .rendering = rendering,
        .document = rendering->document,
        .arena = rendering->arena,
        .error = error,
        .is_from_right = rendering->document->direction == DIRECTION_RIGHT_TO_LEFT,
    };
    enum status status = pdf_fonts_open(&pdf->context, rendering->document, error);
    if (status != STATUS_OK)
        return status;
    pdf_texts_init(&pdf->texts, pdf->context, rendering->arena);
    set_paper(pdf);
    return STATUS_OK;
}

enum status
pdf_lay_out(struct pdf *pdf)
{
    make_strips(pdf);
    if (!pdf_is_stopped(pdf))
        pdf_pages_deal(pdf, &pdf->front);
    if (!pdf_is_stopped(pdf))
        pdf_pages_deal(pdf, &pdf->body);
    return pdf_is_stopped(pdf) ? pdf->error->status : STATUS_OK;
}

void
pdf_close(struct pdf *pdf)
{
    if (pdf->context == NULL)
        return;
    pdf_texts_done(&pdf->texts);
    g_object_unref(pdf->context);
    pdf->context = NULL;
}

enum status
pdf_render(struct rendering *rendering, struct error *error)
{
    struct pdf pdf;
    enum status status = pdf_open(&pdf, rendering, error);
    if (status == STATUS_OK)
        status = pdf_lay_out(&pdf);
    if (status == STATUS_OK) {
        draw(&pdf);
        status = error->status;
    }
    rendering->page_count = pdf.page_count;
    pdf_close(&pdf);
    return status;
}
