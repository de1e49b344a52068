#include "expr/schema_format.h"

#include "base/utf8.h"

#include <arpa/inet.h>

#define LABEL_BYTES_MAX 63
#define HOST_BYTES_MAX 253

/* --- bytes --- */

/* What the components of a URI may hold beside percent escapes, and what stands in the first part
 * of a mail address; bits of byte_classes. */
enum uri_part {
    URI_NAME = 1, /* letters, digits, "-._~" */
    URI_HOST = 2,
    URI_USER = 4,
    URI_PATH = 8,
    URI_QUERY = 16, /* the fragment too */
    MAIL_ATOM = 32,
};

#define URI_ALL (URI_NAME | URI_HOST | URI_USER | URI_PATH | URI_QUERY)
#define ANYWHERE (URI_ALL | MAIL_ATOM)
#define URI_DELIMITER (URI_HOST | URI_USER | URI_PATH | URI_QUERY)

static const unsigned char byte_classes[256] = {
    ['0' ... '9'] = ANYWHERE,
    ['A' ... 'Z'] = ANYWHERE,
    ['a' ... 'z'] = ANYWHERE,
    ['-'] = ANYWHERE,
    ['.'] = URI_ALL,
    ['_'] = ANYWHERE,
    ['~'] = ANYWHERE,
    ['!'] = URI_DELIMITER | MAIL_ATOM,
    ['$'] = URI_DELIMITER | MAIL_ATOM,
    ['&'] = URI_DELIMITER | MAIL_ATOM,
    ['\''] = URI_DELIMITER | MAIL_ATOM,
    ['('] = URI_DELIMITER,
    [')'] = URI_DELIMITER,
    ['*'] = URI_DELIMITER | MAIL_ATOM,
    ['+'] = URI_DELIMITER | MAIL_ATOM,
    [','] = URI_DELIMITER,
    [';'] = URI_DELIMITER,
    ['='] = URI_DELIMITER | MAIL_ATOM,
    [':'] = URI_USER | URI_PATH | URI_QUERY,
    ['@'] = URI_PATH | URI_QUERY,
    ['/'] = URI_PATH | URI_QUERY | MAIL_ATOM,
    ['?'] = URI_QUERY | MAIL_ATOM,
    ['#'] = MAIL_ATOM,
    ['%'] = MAIL_ATOM,
    ['^'] = MAIL_ATOM,
    ['`'] = MAIL_ATOM,
    ['{'] = MAIL_ATOM,
    ['|'] = MAIL_ATOM,
    ['}'] = MAIL_ATOM,
};

static inline bool
is_of(char byte, enum uri_part part)
{
    return (byte_classes[(unsigned char)byte] & part) != 0;
}

/* --- addresses --- */

static bool
is_address(int family, struct slice text)
{
    char copy[INET6_ADDRSTRLEN + 1];
    unsigned char address[sizeof(struct in6_addr)];
    if (text.size >= sizeof(copy) || schema_index_of(text, '\0') < text.size)
        return false;
    memcpy(copy, text.size == 0 ? "" : text.ptr, text.size);
    copy[text.size] = '\0';
    return inet_pton(family, copy, address) == 1;
}

bool
schema_is_ipv4(struct slice text)
{
    return is_address(AF_INET, text);
}

bool
schema_is_ipv6(struct slice text)
{
    return is_address(AF_INET6, text);
}

/* --- hosts and mail --- */

typedef bool byte_fn(char byte);

static bool
is_alphanumeric(char byte)
{
    return schema_is_alpha(byte) || schema_is_digit(byte);
}

static bool
is_alphanumeric_or_foreign(char byte)
{
    return is_alphanumeric(byte) || (unsigned char)byte >= 0x80;
}

static bool
is_label(struct slice label, byte_fn *is_letter)
{
    if (label.size == 0 || label.size > LABEL_BYTES_MAX || label.ptr[0] == '-' ||
        label.ptr[label.size - 1] == '-')
        return false;
    for (size_t i = 0; i < label.size; i++) {
        if (!is_letter(label.ptr[i]) && label.ptr[i] != '-')
            return false;
    }
    return true;
}

static bool
is_host(struct slice text, byte_fn *is_letter)
{
    if (text.size == 0 || text.size > HOST_BYTES_MAX)
        return false;
    for (;;) {
        size_t end = schema_index_of(text, '.');
        if (!is_label(slice_of(text.ptr, end), is_letter))
            return false;
        if (end == text.size)
            return true;
        text = schema_rest(text, end + 1);
    }
}

bool
schema_is_hostname(struct slice text)
{
    return is_host(text, is_alphanumeric);
}

/* Atoms with dots between. */
static bool
is_dot_string(struct slice text, bool may_be_foreign)
{
    char before = '.';
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.ptr[i];
        bool is_good =
            byte == '.' ? before != '.'
                        : is_of(byte, MAIL_ATOM) || (may_be_foreign && (unsigned char)byte >= 0x80);
        if (!is_good)
            return false;
        before = byte;
    }
    return before != '.';
}

/* The end of the quoted text that begins at the start, 0 if there is none. */
static size_t
end_of_quoted(struct slice text, bool may_be_foreign)
{
    for (size_t i = 1; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte == '"')
            return i + 1;
        if (byte == '\\')
            byte = (unsigned char)schema_byte(text, ++i);
        if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !may_be_foreign))
            return 0;
    }
    return 0;
}

static bool
is_mail_domain(struct slice text, bool may_be_foreign)
{
    if (schema_byte(text, 0) != '[')
        return is_host(text, may_be_foreign ? is_alphanumeric_or_foreign : is_alphanumeric);
    if (text.size < 3 || text.ptr[text.size - 1] != ']')
        return false;
    struct slice inner = slice_of(text.ptr + 1, text.size - 2);
    if (inner.size > 5 && strncasecmp(inner.ptr, "IPv6:", 5) == 0)
        return schema_is_ipv6(schema_rest(inner, 5));
    return schema_is_ipv4(inner);
}

static bool
is_mailbox(struct slice text, bool may_be_foreign)
{
    bool is_quoted = schema_byte(text, 0) == '"';
    size_t end = is_quoted ? end_of_quoted(text, may_be_foreign) : schema_index_of(text, '@');
    if (schema_byte(text, end) != '@' || end == 0)
        return false;
    return (is_quoted || is_dot_string(slice_of(text.ptr, end), may_be_foreign)) &&
           is_mail_domain(schema_rest(text, end + 1), may_be_foreign);
}

bool
schema_is_email(struct slice text)
{
    return is_mailbox(text, false);
}

bool
schema_is_idn_email(struct slice text)
{
    return is_mailbox(text, true);
}

/* --- URIs --- */

static bool
is_ucschar(uint32_t point)
{
    if (point < 0xA0 || (point >= 0xE000 && point <= 0xF8FF) ||
        (point >= 0xFDD0 && point <= 0xFDEF) || (point >= 0xFFF0 && point <= 0xFFFF))
        return false;
    return point < 0x10000 || ((point & 0xFFFF) <= 0xFFFD && point < 0xF0000 && point != 0xE0000);
}

/* Bytes of the percent escape or the foreign character at the start; 0: neither. */
static size_t
piece_size(struct slice text, bool is_iri)
{
    char byte = text.ptr[0];
    if (byte == '%')
        return schema_is_hex(schema_byte(text, 1)) && schema_is_hex(schema_byte(text, 2)) ? 3 : 0;
    if (!is_iri || (unsigned char)byte < 0x80)
        return 0;
    return is_ucschar(utf8_point(text.ptr)) ? utf8_size(byte) : 0;
}

static bool
holds_only(struct slice text, enum uri_part part, bool is_iri)
{
    size_t at = 0;
    while (at < text.size) {
        if (is_of(text.ptr[at], part)) {
            at++;
            continue;
        }
        size_t size = piece_size(schema_rest(text, at), is_iri);
        if (size == 0)
            return false;
        at += size;
    }
    return true;
}

/* "v1.…" of a later version of IP. */
static bool
is_future_address(struct slice text)
{
    size_t dot = schema_index_of(text, '.');
    if (schema_byte(text, 0) != 'v' && schema_byte(text, 0) != 'V')
        return false;
    for (size_t i = 1; i < dot; i++) {
        if (!schema_is_hex(text.ptr[i]))
            return false;
    }
    return dot > 1 && dot + 1 < text.size && schema_index_of(text, '%') == text.size &&
           holds_only(schema_rest(text, dot + 1), URI_USER, false);
}

static bool
is_port(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (!schema_is_digit(text.ptr[i]))
            return false;
    }
    return true;
}

static bool
is_authority(struct slice text, bool is_iri)
{
    size_t at = schema_index_of(text, '@');
    if (at < text.size) {
        if (!holds_only(slice_of(text.ptr, at), URI_USER, is_iri))
            return false;
        text = schema_rest(text, at + 1);
    }
    if (schema_byte(text, 0) == '[') {
        size_t end = schema_index_of(text, ']');
        struct slice inner = slice_of(text.ptr + 1, end == text.size ? 0 : end - 1);
        if (!schema_is_ipv6(inner) && !is_future_address(inner))
            return false;
        text = schema_rest(text, end + 1);
        return text.size == 0 || (text.ptr[0] == ':' && is_port(schema_rest(text, 1)));
    }
    size_t colon = schema_index_of(text, ':');
    return holds_only(slice_of(text.ptr, colon), URI_HOST, is_iri) &&
           (colon == text.size || is_port(schema_rest(text, colon + 1)));
}

static inline bool
is_one_of(char byte, const char *bytes)
{
    while (*bytes != '\0' && *bytes != byte)
        bytes++;
    return *bytes != '\0';
}

/* The place of the first of the bytes, text.size if none is there. */
static size_t
index_of_any(struct slice text, const char *bytes)
{
    size_t at = 0;
    while (at < text.size && !is_one_of(text.ptr[at], bytes))
        at++;
    return at;
}

/* "//authority/path?query#fragment", each but the path absent or there. */
static bool
is_hier_part(struct slice text, bool is_iri)
{
    if (schema_byte(text, 0) == '/' && schema_byte(text, 1) == '/') {
        text = schema_rest(text, 2);
        size_t end = index_of_any(text, "/?#");
        if (!is_authority(slice_of(text.ptr, end), is_iri))
            return false;
        text = schema_rest(text, end);
    }
    size_t end = index_of_any(text, "?#");
    if (!holds_only(slice_of(text.ptr, end), URI_PATH, is_iri))
        return false;
    text = schema_rest(text, end);
    if (schema_byte(text, 0) == '?') {
        end = schema_index_of(text, '#');
        if (!holds_only(slice_of(text.ptr + 1, end - 1), URI_QUERY, is_iri))
            return false;
        text = schema_rest(text, end);
    }
    return text.size == 0 || holds_only(schema_rest(text, 1), URI_QUERY, is_iri);
}

/* Bytes of the scheme with its colon; 0: none. */
static size_t
scheme_size(struct slice text)
{
    size_t at = 0;
    if (!schema_is_alpha(schema_byte(text, 0)))
        return 0;
    while (is_alphanumeric(schema_byte(text, at)) || schema_byte(text, at) == '+' ||
           schema_byte(text, at) == '-' || schema_byte(text, at) == '.')
        at++;
    return schema_byte(text, at) == ':' ? at + 1 : 0;
}

static bool
is_absolute(struct slice text, bool is_iri)
{
    size_t scheme = scheme_size(text);
    return scheme > 0 && is_hier_part(schema_rest(text, scheme), is_iri);
}

/* Without a scheme the first segment has no colon, which would end one. */
static bool
is_any_reference(struct slice text, bool is_iri)
{
    if (is_absolute(text, is_iri))
        return true;
    size_t end = index_of_any(text, "/?#:");
    return schema_byte(text, end) != ':' && is_hier_part(text, is_iri);
}

bool
schema_is_uri(struct slice text)
{
    return is_absolute(text, false);
}

bool
schema_is_uri_reference(struct slice text)
{
    return is_any_reference(text, false);
}

bool
schema_is_iri(struct slice text)
{
    return is_absolute(text, true);
}

bool
schema_is_iri_reference(struct slice text)
{
    return is_any_reference(text, true);
}

/* --- templates --- */

/* Names of letters, digits, "_" and escapes, with dots between. */
static bool
is_variable_name(struct slice name)
{
    char before = '.';
    for (size_t i = 0; i < name.size; i++) {
        if (name.ptr[i] == '-' || name.ptr[i] == '~' || (name.ptr[i] == '.' && before == '.'))
            return false;
        before = name.ptr[i];
    }
    return before != '.' && holds_only(name, URI_NAME, false);
}

static bool
is_variable(struct slice text)
{
    size_t size = index_of_any(text, ":*");
    struct slice rest = schema_rest(text, size);
    if (!is_variable_name(slice_of(text.ptr, size)))
        return false;
    if (schema_byte(rest, 0) == ':')
        return rest.size >= 2 && rest.size <= 5 && rest.ptr[1] != '0' &&
               is_port(schema_rest(rest, 1));
    return rest.size <= 1;
}

static bool
is_expression(struct slice text)
{
    if (text.size > 0 && schema_index_of(SLICE("+#./;?&=,!@|"), text.ptr[0]) < 12)
        text = schema_rest(text, 1);
    for (;;) {
        size_t end = schema_index_of(text, ',');
        if (!is_variable(slice_of(text.ptr, end)))
            return false;
        if (end == text.size)
            return true;
        text = schema_rest(text, end + 1);
    }
}

static bool
is_literal(struct slice text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte <= 0x20 || byte == 0x7f || is_one_of(text.ptr[i], "\"<>\\^`{|}"))
            return false;
        if (byte == '%' &&
            !(schema_is_hex(schema_byte(text, i + 1)) && schema_is_hex(schema_byte(text, i + 2))))
            return false;
    }
    return true;
}

bool
schema_is_uri_template(struct slice text)
{
    for (;;) {
        size_t open = schema_index_of(text, '{');
        if (!is_literal(slice_of(text.ptr, open)))
            return false;
        if (open == text.size)
            return true;
        text = schema_rest(text, open + 1);
        size_t close = schema_index_of(text, '}');
        if (close == text.size || !is_expression(slice_of(text.ptr, close)))
            return false;
        text = schema_rest(text, close + 1);
    }
}
