#include "api/call.h"

#include "base/json.h"

#include <strings.h>

static bool
text_is(struct slice text, const char *wanted)
{
    return text.size == strlen(wanted) && strncasecmp(text.ptr, wanted, text.size) == 0;
}

/* Takes what comes before the next ';' off *rest. */
static struct slice
next_part(struct slice *rest)
{
    const char *end = rest->size == 0 ? NULL : memchr(rest->ptr, ';', rest->size);
    size_t size = end == NULL ? rest->size : (size_t)(end - rest->ptr);
    struct slice part = slice_of(rest->ptr, size);
    size_t used = end == NULL ? size : size + 1;
    *rest = slice_of(rest->ptr + used, rest->size - used);
    return slice_trim(part);
}

/* JSON and YAML are UTF-8 here; a parameter that claims another encoding would make the body mean
 * something else. */
static bool
is_utf8_claim(struct slice parameter)
{
    struct slice name = SLICE("charset=");
    if (parameter.size < name.size || strncasecmp(parameter.ptr, name.ptr, name.size) != 0)
        return true;
    struct slice value = slice_of(parameter.ptr + name.size, parameter.size - name.size);
    if (value.size >= 2 && value.ptr[0] == '"' && value.ptr[value.size - 1] == '"')
        value = slice_of(value.ptr + 1, value.size - 2);
    return text_is(value, "utf-8") || text_is(value, "utf8") || text_is(value, "us-ascii");
}

static enum media
media_of(struct slice type)
{
    static const struct {
        const char *name;
        enum media media;
    } types[] = {
        {"application/json", MEDIA_JSON},
        {"text/json", MEDIA_JSON},
        {"application/yaml", MEDIA_YAML},
        {"application/x-yaml", MEDIA_YAML},
        {"text/yaml", MEDIA_YAML},
        {"text/x-yaml", MEDIA_YAML},
        {"application/vnd.yaml", MEDIA_YAML},
        {"text/plain", MEDIA_YAML},
        {"application/x-www-form-urlencoded", MEDIA_FORM},
    };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        if (text_is(type, types[i].name))
            return types[i].media;
    }
    /* RFC 6839: whatever is built on JSON. */
    struct slice ending = SLICE("+json");
    if (type.size > ending.size &&
        text_is(slice_of(type.ptr + type.size - ending.size, ending.size), "+json"))
        return MEDIA_JSON;
    return MEDIA_NONE;
}

static bool
refuse_media(struct call *call, enum media also)
{
    const char *first = "";
    if (also == MEDIA_YAML)
        first = "application/yaml or ";
    else if (also == MEDIA_FORM)
        first = "application/x-www-form-urlencoded or ";
    call_fail(call, 415,
              "expected a body of Content-Type %sapplication/json, in UTF-8 and not compressed",
              first);
    return false;
}

bool
call_read_media(struct call *call, enum media also, enum media *out)
{
    *out = MEDIA_NONE;
    size_t at = 0;
    struct slice type = http_request_next_header(call->request, "Content-Type", &at);
    if (http_request_next_header(call->request, "Content-Type", &at).ptr != NULL) {
        call_fail(call, 400, "the request has two Content-Types");
        return false;
    }
    if (http_request_body(call->request).size == 0)
        return true;
    struct slice encoding = http_request_header(call->request, "Content-Encoding");
    bool is_good = encoding.ptr == NULL || text_is(encoding, "identity");
    enum media media = media_of(next_part(&type));
    while (type.size > 0)
        is_good = is_utf8_claim(next_part(&type)) && is_good;
    if (!is_good || media == MEDIA_NONE || (media != MEDIA_JSON && media != also))
        return refuse_media(call, also);
    *out = media;
    return true;
}

bool
call_read_json(struct call *call, struct value *out)
{
    *out = (struct value){0};
    enum media media;
    if (!call_read_media(call, MEDIA_NONE, &media))
        return false;
    if (media == MEDIA_NONE)
        return true;
    struct error error = {0};
    struct slice body = http_request_body(call->request);
    enum status status = json_parse(out, call->arena, body, JSON_BORROW, NULL, &error);
    if (status == STATUS_OK)
        return true;
    error_prepend(&error, "the body is not JSON that can be read");
    call_fail_status(call, status, &error);
    return false;
}
