#include "render/pdf_pages.h"

#include "base/limits.h"

/* Notes from pages before take at most this share of a page that has text. */
#define CARRIED_SHARE_MAX 0.5
/* A head that is higher than this share of a page does not stand again. */
#define HEAD_SHARE_MAX 0.3

struct dealer {
    struct pdf *pdf;
    struct pdf_run *carried; /* notes that are still to be shown */
    struct pdf_page **end;   /* where the next page goes */
};

/* --- notes --- */

static double
run_height(const struct pdf_strip *first, const struct pdf_strip *end)
{
    double height = 0;
    for (const struct pdf_strip *strip = first; strip != end; strip = strip->next)
        height += strip->space + pdf_strip_height(strip);
    return height;
}

static double
carried_height(const struct dealer *dealer)
{
    double height = 0;
    for (const struct pdf_run *run = dealer->carried; run != NULL; run = run->next)
        height += run_height(run->first, run->end);
    return height;
}

/* The height that the notes called by a strip need on its page: a long one may go on on the
 * next. */
static double
calls_height(const struct dealer *dealer, const struct pdf_strip *strip)
{
    double height = 0;
    for (const struct pdf_note_call *call = strip->calls; call != NULL; call = call->next) {
        const struct pdf_note *note = &dealer->pdf->notes[call->number];
        if (note->is_placed || note->strips.first == NULL)
            continue;
        double least = pdf_strip_height(note->strips.first) * 2;
        height +=
            note->height < dealer->pdf->height / 4 || note->height < least ? note->height : least;
    }
    return height;
}

static void
carry(struct dealer *dealer, const struct pdf_strip *first, const struct pdf_strip *end)
{
    struct pdf_run *run = arena_alloc(dealer->pdf->arena, sizeof(*run));
    *run = (struct pdf_run){.first = first, .end = end};
    struct pdf_run **at = &dealer->carried;
    while (*at != NULL)
        at = &(*at)->next;
    *at = run;
}

/* Notes called by a strip join those that are to be shown, and so do notes of their own. */
static void
call_notes(struct dealer *dealer, const struct pdf_strip *strip)
{
    for (const struct pdf_note_call *call = strip->calls; call != NULL; call = call->next) {
        struct pdf_note *note = &dealer->pdf->notes[call->number];
        if (note->is_placed)
            continue;
        note->is_placed = true;
        carry(dealer, note->strips.first, NULL);
        for (const struct pdf_strip *inner = note->strips.first; inner != NULL; inner = inner->next)
            call_notes(dealer, inner);
    }
}

/* Takes of a run what fits into room; at least a line when the page has no other. */
static const struct pdf_strip *
fitting_end(const struct pdf_run *run, double *room, bool is_forced)
{
    const struct pdf_strip *strip = run->first;
    while (strip != run->end) {
        double height = strip->space + pdf_strip_height(strip);
        if (height > *room && !is_forced)
            break;
        *room -= height;
        strip = strip->next;
        is_forced = false;
    }
    return strip;
}

static void
place_notes(struct dealer *dealer, struct pdf_page *page, double room)
{
    const struct pdf_run **end = &page->notes;
    bool is_forced = page->first == page->end;
    while (dealer->carried != NULL) {
        struct pdf_run *run = dealer->carried;
        const struct pdf_strip *stop = fitting_end(run, &room, is_forced);
        if (stop == run->first && stop != run->end)
            return;
        is_forced = false;
        struct pdf_run *placed = arena_alloc(dealer->pdf->arena, sizeof(*placed));
        *placed = (struct pdf_run){.first = run->first, .end = stop};
        *end = placed;
        end = (const struct pdf_run **)&placed->next;
        run->first = stop;
        if (stop != run->end)
            return;
        dealer->carried = run->next;
    }
}

/* --- pages --- */

static double
head_height(const struct dealer *dealer, const struct pdf_strip *head)
{
    double height = 0;
    for (const struct pdf_strip *strip = head; strip != NULL && strip->row == head->row;
         strip = strip->next)
        height += pdf_strip_height(strip);
    return height > dealer->pdf->height * HEAD_SHARE_MAX ? 0 : height;
}

/* The strip before which the page that begins with `first` ends. */
static const struct pdf_strip *
page_end(const struct dealer *dealer, const struct pdf_strip *first, double used)
{
    double room = dealer->pdf->height - used;
    double carried = carried_height(dealer);
    double most = dealer->pdf->height * CARRIED_SHARE_MAX;
    double notes = carried > most ? most : carried;
    const struct pdf_strip *allowed = NULL;
    const struct pdf_strip *strip = first;
    double height = 0;
    for (; strip != NULL; strip = strip->next) {
        if (strip != first && strip->is_first)
            return strip;
        double more = (strip == first ? 0 : strip->space) + pdf_strip_height(strip);
        double calls = calls_height(dealer, strip);
        double gap = notes + calls > 0 ? PDF_NOTES_GAP : 0;
        if (strip != first && height + more + notes + calls + gap > room)
            return allowed == NULL ? strip : allowed;
        height += more;
        notes += calls;
        if (!strip->is_kept)
            allowed = strip->next;
    }
    return NULL;
}

static double
strips_height(const struct pdf_page *page)
{
    double height = 0;
    for (const struct pdf_strip *strip = page->first; strip != page->end; strip = strip->next)
        height += (strip == page->first ? 0 : strip->space) + pdf_strip_height(strip);
    return height;
}

static struct pdf_page *
add_page(struct dealer *dealer)
{
    struct pdf *pdf = dealer->pdf;
    struct pdf_page *page = arena_alloc(pdf->arena, sizeof(*page));
    *dealer->end = page;
    dealer->end = &page->next;
    if (++pdf->page_count > LIMIT_PDF_PAGES)
        error_set(pdf->error, STATUS_LIMIT,
                  "the document has more than %d pages, which is the most for a PDF: make several",
                  LIMIT_PDF_PAGES);
    return page;
}

static void
finish_page(struct dealer *dealer, struct pdf_page *page, double used)
{
    for (const struct pdf_strip *strip = page->first; strip != page->end; strip = strip->next) {
        call_notes(dealer, strip);
        if (strip->heading != NULL && strip->kind == STRIP_TEXT)
            strip->heading->page = dealer->pdf->page_count;
    }
    if (dealer->carried != NULL)
        place_notes(dealer, page, dealer->pdf->height - used - strips_height(page) - PDF_NOTES_GAP);
}

void
pdf_pages_deal(struct pdf *pdf, const struct pdf_strips *strips)
{
    struct dealer dealer = {.pdf = pdf, .end = &pdf->pages};
    while (*dealer.end != NULL)
        dealer.end = &(*dealer.end)->next;
    const struct pdf_strip *strip = strips->first;
    while ((strip != NULL || dealer.carried != NULL) && !pdf_is_stopped(pdf)) {
        struct pdf_page *page = add_page(&dealer);
        double used = strip == NULL ? 0 : head_height(&dealer, strip->head);
        page->first = strip;
        page->head = used > 0 ? strip->head : NULL;
        page->end = strip == NULL ? NULL : page_end(&dealer, strip, used);
        finish_page(&dealer, page, used);
        strip = page->end;
    }
}
