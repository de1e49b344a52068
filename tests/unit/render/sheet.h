/* A document made of Markdown, and what a renderer makes of it, for tests of renderers.
 *
 * Threads: one at a time. */
#ifndef TESTS_UNIT_RENDER_SHEET_H
#define TESTS_UNIT_RENDER_SHEET_H

#include "base/arena.h"
#include "base/buffer.h"
#include "render/model.h"
#include "render/pdf.h"
#include "render/render.h"
#include "render/supplies.h"

struct sheet {
    struct arena arena;
    struct buffer out;
    struct error error;
    struct supplies supplies;
    struct citation citations[3];
    struct picture pictures[2]; /* "a.png", "b.jpg" */
    struct document document;
    struct rendering rendering;
    struct pdf pdf;
};

/* A document in English without a title, dated, that may be changed before it is read. */
void sheet_begin(struct sheet *sheet);
void sheet_end(struct sheet *sheet);

void sheet_set_title(struct sheet *sheet, const char *title);

/* The Markdown has to be right. */
void sheet_read(struct sheet *sheet, const char *markdown);

/* Lays pages out, sheet->pdf holds them. */
void sheet_lay_out(struct sheet *sheet);

/* The whole file, in sheet->out. */
enum status sheet_render(struct sheet *sheet);

/* Page number from 1. */
const struct pdf_page *sheet_page(const struct sheet *sheet, uint32_t number);

/* The words of a strip's line, or of all cells of a row's line one after the other. NUL-terminated,
 * in the arena. */
const char *sheet_words(struct sheet *sheet, const struct pdf_strip *strip);

/* The page on which a line with those words stands, as text or as a note; 0: none. */
uint32_t sheet_page_of(struct sheet *sheet, const char *words);
uint32_t sheet_note_page_of(struct sheet *sheet, const char *words);

/* Whether the file has those bytes outside of its compressed parts. */
bool sheet_has(const struct sheet *sheet, const char *bytes);
size_t sheet_count(const struct sheet *sheet, const char *bytes);

/* count words after each other, in the arena. */
char *sheet_repeat(struct sheet *sheet, const char *words, size_t count);

#endif
