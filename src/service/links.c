#include "service/links.h"

#include "base/fs.h"
#include "base/rng.h"
#include "base/signed.h"
#include "service/host.h"

#include <stdio.h>
#include <string.h>

#define VERSION 1
#define FLAG_INLINE 1
#define FLAG_TABLE 2
#define FLAG_PLAIN 4
#define FLAG_ITEMS 8

/* Version, flags, time, id; the name follows. */
#define HEAD_BYTES (2 + SIGNED_TIME_BYTES + ID_BYTES)
#define RAW_BYTES_MAX (HEAD_BYTES + LINK_NAME_BYTES_MAX)

void
link_print(struct buffer *out, const struct digest *secret, const struct link *link)
{
    char raw[RAW_BYTES_MAX];
    struct slice name = slice_cut(link->name, LINK_NAME_BYTES_MAX);
    size_t size = HEAD_BYTES + name.size;
    raw[0] = VERSION;
    raw[1] = (char)((link->is_inline ? FLAG_INLINE : 0) | (link->is_table ? FLAG_TABLE : 0) |
                    (link->is_plain ? FLAG_PLAIN : 0) | (link->is_of_items ? FLAG_ITEMS : 0));
    signed_put_time(raw + 2, link->expires_unix_s);
    memcpy(raw + 2 + SIGNED_TIME_BYTES, link->file.bytes, ID_BYTES);
    memcpy(raw + HEAD_BYTES, name.ptr, name.size);
    signed_print(out, secret, slice_of(raw, size));
}

enum link_state
link_read(struct link *out, struct arena *arena, const struct digest *secret, struct slice token,
          int64_t now_unix_s)
{
    char raw[BASE64_DECODED_BYTES(LINK_TOKEN_BYTES_MAX)];
    size_t size = 0;
    *out = (struct link){.name = slice_of("", 0)};
    if (token.size > LINK_TOKEN_BYTES_MAX || !signed_read(raw, &size, secret, token) ||
        size < HEAD_BYTES || raw[0] != VERSION)
        return LINK_FORGED;
    out->is_inline = (raw[1] & FLAG_INLINE) != 0;
    out->is_table = (raw[1] & FLAG_TABLE) != 0;
    out->is_plain = (raw[1] & FLAG_PLAIN) != 0;
    out->is_of_items = (raw[1] & FLAG_ITEMS) != 0;
    out->expires_unix_s = signed_get_time(raw + 2);
    memcpy(out->file.bytes, raw + 2 + SIGNED_TIME_BYTES, ID_BYTES);
    out->name = arena_copy(arena, slice_of(raw + HEAD_BYTES, size - HEAD_BYTES));
    return now_unix_s < out->expires_unix_s ? LINK_GOOD : LINK_EXPIRED;
}

/* As bytes: 32 random ones. */
static enum status
make_secret(struct digest *out, const char *path, struct error *error)
{
    rng_secret(out->bytes, DIGEST_BYTES);
    return fs_write_file(path, slice_of((const char *)out->bytes, DIGEST_BYTES), error);
}

enum status
link_secret_open(struct digest *out, const char *folder, struct error *error)
{
    char path[4096];
    struct buffer bytes;
    if (snprintf(path, sizeof(path), "%s/link.key", folder) >= (int)sizeof(path))
        return error_set(error, STATUS_INVALID, "the path of the data folder is too long");
    enum status status = fs_read_file(&bytes, path, DIGEST_BYTES, error);
    if (status == STATUS_NOT_FOUND)
        status = make_secret(out, path, error);
    else if (status == STATUS_OK && bytes.size != DIGEST_BYTES)
        status =
            error_set(error, STATUS_INVALID,
                      "%s is damaged; remove it, and a new one is made at the next start", path);
    else if (status == STATUS_OK)
        memcpy(out->bytes, bytes.ptr, DIGEST_BYTES);
    buffer_done(&bytes);
    return status;
}

void
service_link_print(struct service *service, struct buffer *out, const struct link *link)
{
    link_print(out, &service->link_secret, link);
}

enum link_state
service_link_read(struct service *service, struct arena *arena, struct slice token,
                  struct link *out)
{
    int64_t now_unix_s = clock_unix_ms(service->options.clock) / 1000;
    return link_read(out, arena, &service->link_secret, token, now_unix_s);
}
