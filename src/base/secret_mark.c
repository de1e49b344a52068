#include "base/secret_mark.h"

#include "base/base64.h"

#include <string.h>

#define MARK_BEGIN '\xff'
#define MARK_END '\xfe'
#define BASE64_BEGIN '\xfd'
#define BASE64_END '\xfc'

static bool
is_name_byte(char byte, bool is_first)
{
    bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
    return is_letter || (!is_first && ((byte >= '0' && byte <= '9') || byte == '-'));
}

bool
secret_name_is_good(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        if (!is_name_byte(name.ptr[i], i == 0))
            return false;
    }
    return name.size > 0 && name.size <= SECRET_NAME_BYTES_MAX;
}

bool
secret_name_of_path(struct slice path, struct slice *name)
{
    struct slice root = SLICE("secrets.");
    path = slice_trim(path);
    if (!slice_starts_with(path, root))
        return false;
    *name = slice_of(path.ptr + root.size, path.size - root.size);
    return secret_name_is_good(*name);
}

void
secret_mark_append(struct buffer *out, struct slice name)
{
    buffer_append_byte(out, MARK_BEGIN);
    buffer_append_slice(out, name);
    buffer_append_byte(out, MARK_END);
}

bool
secret_mark_is_in(struct slice text)
{
    return text.size > 0 && memchr(text.ptr, MARK_BEGIN, text.size) != NULL;
}

void
secret_mark_append_base64(struct buffer *out, struct slice text)
{
    if (!secret_mark_is_in(text)) {
        base64_encode(out, text);
        return;
    }
    buffer_append_byte(out, BASE64_BEGIN);
    buffer_append_slice(out, text);
    buffer_append_byte(out, BASE64_END);
}

void
secret_mark_show(struct buffer *out, struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        switch (text.ptr[i]) {
        case MARK_BEGIN:
            buffer_append_text(out, "{{secrets.");
            break;
        case MARK_END:
            buffer_append_text(out, "}}");
            break;
        case BASE64_BEGIN:
            buffer_append_text(out, "base64(");
            break;
        case BASE64_END:
            buffer_append_byte(out, ')');
            break;
        default:
            buffer_append_byte(out, text.ptr[i]);
        }
    }
}

/* The bytes from `at` to the next `end`; .ptr NULL: it does not come. */
static struct slice
part_until(struct slice text, size_t at, char end)
{
    const char *found = memchr(text.ptr + at, end, text.size - at);
    if (found == NULL)
        return slice_of(NULL, 0);
    return slice_of(text.ptr + at, (size_t)(found - text.ptr) - at);
}

static bool
fill_name(struct buffer *out, struct slice name, secret_find_fn *find, void *context)
{
    struct slice plain;
    if (name.ptr == NULL || !find(name, &plain, context))
        return false;
    buffer_append_slice(out, plain);
    return true;
}

/* Marks alone, no Base64. */
static bool
fill_marks(struct buffer *out, struct slice text, secret_find_fn *find, void *context)
{
    for (size_t at = 0; at < text.size; at++) {
        if (text.ptr[at] != MARK_BEGIN) {
            buffer_append_byte(out, text.ptr[at]);
            continue;
        }
        struct slice name = part_until(text, at + 1, MARK_END);
        if (!fill_name(out, name, find, context))
            return false;
        at += name.size + 1;
    }
    return true;
}

static bool
fill_base64(struct buffer *out, struct slice text, secret_find_fn *find, void *context)
{
    struct buffer plain;
    buffer_init(&plain, out->max_bytes);
    bool is_ok = text.ptr != NULL && fill_marks(&plain, text, find, context);
    out->over |= buffer_is_over(&plain);
    if (is_ok)
        base64_encode(out, buffer_slice(&plain));
    if (plain.ptr != NULL)
        explicit_bzero(plain.ptr, plain.capacity);
    buffer_done(&plain);
    return is_ok;
}

bool
secret_mark_fill(struct buffer *out, struct slice text, secret_find_fn *find, void *context)
{
    size_t at = 0;
    while (at < text.size) {
        struct slice before = part_until(text, at, BASE64_BEGIN);
        bool is_last = before.ptr == NULL;
        if (is_last)
            before = slice_of(text.ptr + at, text.size - at);
        if (!fill_marks(out, before, find, context))
            return false;
        if (is_last)
            return true;
        at += before.size + 1;
        struct slice inner = part_until(text, at, BASE64_END);
        if (!fill_base64(out, inner, find, context))
            return false;
        at += inner.size + 1;
    }
    return true;
}
