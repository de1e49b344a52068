#include "service/key_words.h"

#include "base/duration.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/moment.h"
#include "service/present.h"

/* Room for printed limits. */
#define LIMITS_TEXT_BYTES 256

/* --- read --- */

static bool
is_missing(struct value value)
{
    return value.kind == VALUE_NONE || value.kind == VALUE_NULL;
}

static bool
is_name(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return false;
    }
    return text.size > 0 && text.size <= KEY_NAME_BYTES_MAX;
}

enum status
tenant_name_read(struct slice *out, struct value from, bool may_miss, struct error *error)
{
    struct value name = value_get(from, "name");
    *out = SLICE("");
    if (is_missing(name) && may_miss)
        return STATUS_OK;
    if (name.kind != VALUE_STRING || !is_name(value_slice(name)))
        return error_set(error, STATUS_INVALID,
                         "name: expected a text of 1 to %d bytes without control characters",
                         KEY_NAME_BYTES_MAX);
    *out = value_slice(name);
    return STATUS_OK;
}

enum status
tenant_limits_read(struct slice *out, struct value from, struct arena *arena, struct error *error)
{
    struct access_limits limits;
    struct buffer text;
    *out = SLICE("");
    enum status status = access_limits_read(&limits, value_get(from, "limits"), error);
    if (status != STATUS_OK)
        return status;
    buffer_init(&text, LIMITS_TEXT_BYTES);
    access_limits_print(&text, &limits);
    *out = arena_copy(arena, buffer_slice(&text));
    buffer_done(&text);
    return STATUS_OK;
}

static enum status
read_scopes(uint32_t *out, struct value scopes, struct error *error)
{
    if (is_missing(scopes) && *out != 0)
        return STATUS_OK;
    *out = 0;
    if (scopes.kind != VALUE_ARRAY || scopes.count == 0)
        return error_set(error, STATUS_INVALID,
                         "scopes: expected a list of \"read\", \"run\", \"write\" and \"admin\"");
    for (uint32_t i = 0; i < scopes.count; i++) {
        struct value item = value_items(scopes)[i];
        struct slice name = value_slice_or(item, SLICE(""));
        uint32_t scope = key_scope_named(name);
        if (scope == 0)
            return error_set(error, STATUS_INVALID,
                             "scopes/%u: expected \"read\", \"run\", \"write\" or \"admin\"", i);
        *out |= scope;
    }
    return STATUS_OK;
}

static enum status
read_moment(int64_t *out, struct value at, struct error *error)
{
    if (at.kind == VALUE_STRING && moment_parse_iso(value_slice(at), out))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID,
                     "expiresAt: expected a time with its zone, such as \"2030-01-31T00:00:00Z\"");
}

static enum status
read_span(int64_t *out, struct value in, int64_t now_unix_ms, struct error *error)
{
    int64_t span_ms = 0;
    if (in.kind != VALUE_STRING || duration_parse(&span_ms, value_slice(in), NULL) != STATUS_OK)
        return error_set(error, STATUS_INVALID, "expiresIn: expected a duration such as \"90d\"");
    *out = now_unix_ms + span_ms;
    return STATUS_OK;
}

static enum status
read_expiry(int64_t *out, struct value from, int64_t now_unix_ms, struct error *error)
{
    struct value at = value_get(from, "expiresAt");
    struct value in = value_get(from, "expiresIn");
    *out = 0;
    if (is_missing(at) && is_missing(in))
        return STATUS_OK;
    if (!is_missing(at) && !is_missing(in))
        return error_set(error, STATUS_INVALID, "expected one of expiresAt and expiresIn");
    enum status status =
        is_missing(in) ? read_moment(out, at, error) : read_span(out, in, now_unix_ms, error);
    if (status == STATUS_OK && *out <= now_unix_ms)
        status = error_set(error, STATUS_INVALID, "%s: the key would have expired already",
                           is_missing(in) ? "expiresAt" : "expiresIn");
    return status;
}

enum status
key_wanted_read(struct key_wanted *out, struct value from, int64_t now_unix_ms, struct arena *arena,
                struct error *error)
{
    enum status status = tenant_name_read(&out->name, from, true, error);
    if (status == STATUS_OK)
        status = read_scopes(&out->scopes, value_get(from, "scopes"), error);
    if (status == STATUS_OK)
        status = read_expiry(&out->expires_unix_ms, from, now_unix_ms, error);
    if (status == STATUS_OK)
        status = tenant_limits_read(&out->limits, from, arena, error);
    return status;
}

/* --- shown --- */

static struct value
scopes_value(uint32_t scopes, struct arena *arena)
{
    struct value names[KEY_SCOPE_COUNT];
    size_t count = 0;
    for (unsigned i = 0; i < KEY_SCOPE_COUNT; i++) {
        if ((scopes & 1u << i) != 0)
            names[count++] = value_text(key_scope_name((enum key_scope)(1u << i)));
    }
    return value_array_new(arena, names, count);
}

static struct value
limits_value(struct slice json, struct arena *arena)
{
    struct value value;
    if (json.size == 0 || json_parse(&value, arena, json, 0, NULL, NULL) != STATUS_OK)
        return value_null();
    return value;
}

struct value
key_value(const struct key_row *row, struct arena *arena)
{
    struct member members[] = {
        {value_text("clientId"), present_id(&row->id, arena)},
        {value_text("name"), value_string_copy(arena, row->name)},
        {value_text("scopes"), scopes_value(row->scopes, arena)},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
        {value_text("expiresAt"), present_time(row->expires_unix_ms, arena)},
        {value_text("lastUsedAt"), present_time(row->used_unix_ms, arena)},
        {value_text("revokedAt"), present_time(row->revoked_unix_ms, arena)},
        {value_text("limits"), limits_value(row->limits, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct value
workspace_value(const struct workspace_row *row, struct arena *arena)
{
    struct member members[] = {
        {value_text("id"), present_id(&row->id, arena)},
        {value_text("name"), value_string_copy(arena, row->name)},
        {value_text("status"), value_text(row->is_closed ? "closed" : "active")},
        {value_text("createdAt"), present_time(row->created_unix_ms, arena)},
        {value_text("limits"), limits_value(row->limits, arena)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}
