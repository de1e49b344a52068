#include "steps/keys.h"

#include "base/utf8.h"

#include <locale.h>
#include <pthread.h>
#include <string.h>
#include <wctype.h>

void
keys_append(struct buffer *out, struct value values)
{
    for (uint32_t i = 0; i < values.count; i++)
        sort_key_append(out, value_items(values)[i], false);
}

void
keys_append_hash(struct buffer *out, struct value values)
{
    uint8_t hash[SORT_KEY_HASH_BYTES];
    size_t begin = out->size;
    keys_append(out, values);
    sort_key_hash(slice_of(out->ptr + begin, out->size - begin), hash);
    out->size = begin;
    buffer_append(out, hash, sizeof(hash));
}

/* What letters and blanks are is the same on every machine: not the user's locale. */
static locale_t letters;
static pthread_once_t letters_once = PTHREAD_ONCE_INIT;

static void
make_letters(void)
{
    letters = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
}

static uint32_t
lower(uint32_t point)
{
    if (point < 0x80 || letters == (locale_t)0)
        return point >= 'A' && point <= 'Z' ? point + ('a' - 'A') : point;
    return (uint32_t)towlower_l((wint_t)point, letters);
}

static bool
is_blank(uint32_t point)
{
    if (point < 0x80 || letters == (locale_t)0)
        return point == ' ' || (point >= '\t' && point <= '\r');
    return point == 0xa0 || iswspace_l((wint_t)point, letters) != 0;
}

static struct value
loosen_text(struct arena *arena, struct slice text, bool ignores_case, bool ignores_space)
{
    /* A letter in lower case may take one byte more. */
    char *room = arena_try_alloc(arena, 2 * text.size + 1);
    if (room == NULL)
        return (struct value){0};
    size_t size = 0;
    bool owes_blank = false;
    for (size_t at = 0; at < text.size; at += utf8_size(text.ptr[at])) {
        uint32_t point = utf8_point(text.ptr + at);
        if (ignores_space && is_blank(point)) {
            owes_blank = size > 0;
            continue;
        }
        if (owes_blank)
            room[size++] = ' ';
        owes_blank = false;
        size += utf8_write(room + size, ignores_case ? lower(point) : point);
    }
    return value_string(slice_of(room, size));
}

struct value
keys_loosened(struct arena *arena, struct value values, bool ignores_case, bool ignores_space)
{
    pthread_once(&letters_once, make_letters);
    struct value out = value_empty_array();
    for (uint32_t i = 0; i < values.count && out.kind != VALUE_NONE; i++) {
        struct value value = value_items(values)[i];
        if (value.kind == VALUE_STRING)
            value = loosen_text(arena, value_slice(value), ignores_case, ignores_space);
        out = value.kind == VALUE_NONE ? value : value_array_append(arena, out, value);
    }
    return out;
}

/* Rows put out by one call. */
#define PUT_ROWS 4096

enum status
keys_put_sorted(struct sorter *sorter, struct reshape_out *out, bool *is_done, struct error *error)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < PUT_ROWS && status == STATUS_OK; i++) {
        struct slice key, packed;
        struct reshape_row row;
        status = sorter_next(sorter, &key, &packed, is_done, error);
        if (status != STATUS_OK || *is_done)
            break;
        reshape_row_unpack(packed, &row);
        status = out->put(out, &row, error);
    }
    return status;
}
