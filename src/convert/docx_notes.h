/* convert/docx_notes.h - footnotes and endnotes of a Word document, each as one line of text.
 *
 * Threads: one.
 */
#ifndef CONVERT_DOCX_NOTES_H
#define CONVERT_DOCX_NOTES_H

#include "base/buffer.h"
#include "base/slice.h"
#include "convert/job.h"
#include "convert/plain.h"

#include <stdbool.h>
#include <stdint.h>

struct docx_note;

struct docx_notes {
    struct plain plain;  /* takes the words of the note that is read */
    bool is_endnote;     /* of all that are read now */
    struct buffer bytes; /* over: there is more than a text may have */
    struct convert_job job;
    struct docx_note *items;
    uint32_t count, capacity;
    uint32_t next; /* is looked for first: they come in the order of the text */
};

void docx_notes_init(struct docx_notes *notes);
void docx_notes_done(struct docx_notes *notes);

/* Around the words of one. */
void docx_notes_begin(struct docx_notes *notes, int32_t id);
void docx_notes_end(struct docx_notes *notes);

/* Empty if there is none. Borrowed. */
struct slice docx_notes_find(struct docx_notes *notes, bool is_endnote, int32_t id);

#endif
