#include "expr/schema_format.h"

#include "expr/schema_parts.h"

static bool
is_anything(struct slice text)
{
    return true;
}

static bool
is_uuid(struct slice text)
{
    if (text.size != 36)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (is_dash ? text.ptr[i] != '-' : !schema_is_hex(text.ptr[i]))
            return false;
    }
    return true;
}

static bool
is_json_pointer(struct slice text)
{
    if (text.size > 0 && text.ptr[0] != '/')
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char next = schema_byte(text, i + 1);
        if (text.ptr[i] == '~' && next != '0' && next != '1')
            return false;
    }
    return true;
}

/* Bytes of the whole number at the start, which has no leading zero; 0: none. */
static size_t
number_size(struct slice text)
{
    size_t size = 0;
    while (schema_is_digit(schema_byte(text, size)))
        size++;
    return size > 1 && text.ptr[0] == '0' ? 0 : size;
}

static bool
is_relative_json_pointer(struct slice text)
{
    size_t size = number_size(text);
    if (size == 0)
        return false;
    text = schema_rest(text, size);
    if (schema_byte(text, 0) == '+' || schema_byte(text, 0) == '-') {
        text = schema_rest(text, 1);
        size = number_size(text);
        if (size == 0)
            return false;
        text = schema_rest(text, size);
    }
    return slice_is(text, "#") || is_json_pointer(text);
}

static bool
is_regex(struct slice text)
{
    char message[SCHEMA_TEXT_BYTES / 2];
    struct arena arena;
    arena_init(&arena, MIB(4));
    bool is_good = schema_pattern_new(&arena, text, message, sizeof(message)) != NULL;
    arena_done(&arena);
    return is_good;
}

static bool
is_base64(struct slice text)
{
    size_t padding = 0;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.ptr[i];
        bool is_digit =
            schema_is_alpha(byte) || schema_is_digit(byte) || byte == '+' || byte == '/';
        padding += byte == '=';
        if (byte == '=' ? i + 2 < text.size : !is_digit || padding > 0)
            return false;
    }
    return text.size % 4 == 0;
}

static bool
is_int64(struct value number)
{
    int64_t integer = 0;
    return value_integer(number, &integer);
}

static bool
is_int32(struct value number)
{
    int64_t integer = 0;
    return value_integer(number, &integer) && integer >= INT32_MIN && integer <= INT32_MAX;
}

static bool
is_number(struct value number)
{
    return true;
}

/* Bytes are looked at one by one, and for a pattern many times. */
#define TEXT_STEPS 16
#define REGEX_STEPS 640

typedef bool number_fn(struct value number);

/* One of both functions. */
struct schema_format {
    const char *name;
    const char *words;
    schema_format_fn *text;
    number_fn *number;
};

static const struct schema_format formats[] = {
    {"date-time", "a date and time as 2024-05-17T09:30:00Z", schema_is_date_time, NULL},
    {"date", "a date as 2024-05-17", schema_is_date, NULL},
    {"time", "a time with its offset, as 09:30:00Z", schema_is_time, NULL},
    {"duration", "a duration as P3D or PT1H30M", schema_is_duration, NULL},
    {"email", "an e-mail address", schema_is_email, NULL},
    {"idn-email", "an e-mail address", schema_is_idn_email, NULL},
    {"hostname", "the name of a host", schema_is_hostname, NULL},
    {"ipv4", "an IPv4 address", schema_is_ipv4, NULL},
    {"ipv6", "an IPv6 address", schema_is_ipv6, NULL},
    {"uri", "an absolute URI", schema_is_uri, NULL},
    {"uri-reference", "a URI or a relative reference", schema_is_uri_reference, NULL},
    {"iri", "an absolute IRI", schema_is_iri, NULL},
    {"iri-reference", "an IRI or a relative reference", schema_is_iri_reference, NULL},
    {"uri-template", "a URI template", schema_is_uri_template, NULL},
    {"uuid", "a UUID", is_uuid, NULL},
    {"json-pointer", "a JSON pointer", is_json_pointer, NULL},
    {"relative-json-pointer", "a relative JSON pointer", is_relative_json_pointer, NULL},
    {"regex", "a regular expression", is_regex, NULL},
    {"byte", "base64", is_base64, NULL},
    {"int32", "a whole number of 32 bits", NULL, is_int32},
    {"int64", "a whole number of 64 bits", NULL, is_int64},
    /* These say how a value is meant, not which texts or numbers there may be. */
    {"float", "a number", NULL, is_number},
    {"double", "a number", NULL, is_number},
    {"password", "text", is_anything, NULL},
    {"binary", "text", is_anything, NULL},
    {"file", "a file", is_anything, NULL},
};

const struct schema_format *
schema_format_find(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        if (slice_is(name, formats[i].name))
            return &formats[i];
    }
    return NULL;
}

const char *
schema_format_nearest(struct slice name)
{
    const char *names[COUNT_OF(formats)];
    for (size_t i = 0; i < COUNT_OF(formats); i++)
        names[i] = formats[i].name;
    return slice_nearest(name, names, COUNT_OF(formats));
}

bool
schema_format_is_numeric(const struct schema_format *format)
{
    return format->number != NULL;
}

uint64_t
schema_format_steps(const struct schema_format *format)
{
    return format->text == is_regex ? REGEX_STEPS : TEXT_STEPS;
}

bool
schema_format_holds(const struct schema_format *format, struct value value)
{
    return format->number != NULL ? format->number(value) : format->text(value_slice(value));
}

const char *
schema_format_words(const struct schema_format *format)
{
    return format->words;
}
