#include "convert/docx_notes.h"

#include "base/limits.h"
#include "base/mem.h"

struct docx_note {
    bool is_endnote;
    int32_t id;
    size_t begin, end; /* in bytes */
};

static void
keep(void *context)
{
}

void
docx_notes_init(struct docx_notes *notes)
{
    *notes = (struct docx_notes){.job = {.flush = keep}};
    notes->job.out = &notes->bytes;
    buffer_init(&notes->bytes, LIMIT_SOURCE_TEXT_BYTES);
}

void
docx_notes_done(struct docx_notes *notes)
{
    buffer_done(&notes->bytes);
    mem_free(notes->items);
}

void
docx_notes_begin(struct docx_notes *notes, int32_t id)
{
    if (notes->count == notes->capacity) {
        notes->capacity = 2 * notes->capacity + 32;
        notes->items = mem_resize(notes->items, notes->capacity * sizeof(*notes->items));
    }
    notes->items[notes->count++] =
        (struct docx_note){notes->is_endnote, id, notes->bytes.size, notes->bytes.size};
    plain_init(&notes->plain, &notes->job);
    plain_row_begin(&notes->plain);
}

void
docx_notes_end(struct docx_notes *notes)
{
    notes->items[notes->count - 1].end = notes->bytes.size;
}

struct slice
docx_notes_find(struct docx_notes *notes, bool is_endnote, int32_t id)
{
    for (uint32_t i = 0; i < notes->count; i++) {
        uint32_t index = (notes->next + i) % notes->count;
        const struct docx_note *note = &notes->items[index];
        if (note->is_endnote != is_endnote || note->id != id)
            continue;
        notes->next = index + 1;
        if (note->end == note->begin)
            break;
        return slice_of(notes->bytes.ptr + note->begin, note->end - note->begin);
    }
    return slice_of(NULL, 0);
}
