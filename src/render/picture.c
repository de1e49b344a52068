#include "render/picture.h"

#include "base/base64.h"
#include "render/text.h"

static uint32_t
number16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* 0 x 0 if it is none. */
static void
measure_png(struct picture *picture)
{
    static const char signature[] = "\x89PNG\r\n\x1A\n\0\0\0\rIHDR";
    const unsigned char *bytes = (const unsigned char *)picture->bytes.ptr;
    if (!slice_starts_with(picture->bytes, slice_of(signature, 16)) || picture->bytes.size < 33)
        return;
    picture->width = number16(bytes + 16) << 16 | number16(bytes + 18);
    picture->height = number16(bytes + 20) << 16 | number16(bytes + 22);
}

/* A frame's header has the size; those are C0 to CF but for tables and extensions. */
static bool
is_frame_header(unsigned char marker)
{
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

static void
measure_jpeg(struct picture *picture)
{
    const unsigned char *bytes = (const unsigned char *)picture->bytes.ptr;
    size_t size = picture->bytes.size;
    if (size < 4 || bytes[0] != 0xFF || bytes[1] != 0xD8)
        return;
    for (size_t at = 2; at + 9 < size && bytes[at] == 0xFF;) {
        if (bytes[at + 1] == 0xFF) {
            at++; /* fill */
        } else if (is_frame_header(bytes[at + 1])) {
            picture->height = number16(bytes + at + 5);
            picture->width = number16(bytes + at + 7);
            return;
        } else {
            at += 2 + number16(bytes + at + 2);
        }
    }
}

static enum status
decode(struct picture *out, struct arena *arena, struct value base64, struct error *error)
{
    if (base64.kind != VALUE_STRING)
        return error_set(error, STATUS_INVALID, "\"base64\" is missing");
    out->base64 = value_slice(base64);
    char *bytes = arena_try_alloc(arena, BASE64_DECODED_BYTES(out->base64.size) + 1);
    if (bytes == NULL)
        return error_set(error, STATUS_LIMIT, "it needs too much memory");
    if (!base64_decode(bytes, &out->bytes.size, out->base64))
        return error_set(error, STATUS_INVALID, "\"base64\" is not Base64 with its padding");
    out->bytes.ptr = bytes;
    return STATUS_OK;
}

static enum status
read_bytes(struct picture *out, struct arena *arena, struct value from, struct error *error)
{
    struct value type = value_get(from, "type");
    struct slice name = value_slice_or(type, SLICE(""));
    bool is_png = slice_is(name, "image/png");
    if (!is_png && !slice_is(name, "image/jpeg"))
        return error_set(error, STATUS_UNSUPPORTED,
                         "it is of the type \"%.*s\"; pictures are image/png or image/jpeg",
                         SLICE_FORMAT(slice_cut(name, 100)));
    enum status status = decode(out, arena, value_get(from, "base64"), error);
    if (status != STATUS_OK)
        return status;
    out->type = is_png ? PICTURE_PNG : PICTURE_JPEG;
    if (is_png)
        measure_png(out);
    else
        measure_jpeg(out);
    if (out->width == 0 || out->height == 0)
        return error_set(error, STATUS_INVALID, "its bytes are not those of %s picture",
                         is_png ? "a PNG" : "a JPEG");
    if (out->width > MODEL_PICTURE_PIXELS_MAX || out->height > MODEL_PICTURE_PIXELS_MAX)
        return error_set(error, STATUS_LIMIT, "it is more than %d pixels wide or high",
                         MODEL_PICTURE_PIXELS_MAX);
    return STATUS_OK;
}

enum status
picture_read(struct picture *out, struct arena *arena, struct value from, struct error *error)
{
    *out = (struct picture){.width = 0};
    struct value name = value_get(from, "name");
    if (name.kind != VALUE_STRING || name.count == 0)
        return error_set(error, STATUS_INVALID, "a picture has no \"name\"");
    out->name = text_line(arena, value_slice(name));
    if (out->name.ptr == NULL)
        return error_set(error, STATUS_LIMIT, "the pictures need too much memory");
    enum status status = read_bytes(out, arena, from, error);
    if (status != STATUS_OK)
        error_prepend(error, "picture \"%.*s\"", SLICE_FORMAT(slice_cut(out->name, 100)));
    return status;
}
