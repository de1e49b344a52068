#include "net/address.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <strings.h>

#define HOST_NAME_BYTES 254

/* A run of addresses with the same first bits. IPv4 addresses use the first four bytes. */
struct network {
    int family; /* AF_INET or AF_INET6 */
    unsigned bits;
    uint8_t bytes[16];
};

struct address_rule {
    bool forbids;
    uint16_t port;              /* 0: any */
    char name[HOST_NAME_BYTES]; /* lower case; empty: `network` counts */
    struct network network;
};

struct address_rules {
    size_t count;
    struct address_rule *rules;
};

struct special_network {
    unsigned bits;
    enum address_kind kind;
    uint8_t bytes[16];
};

/* The first match counts, so the narrower network stands before the wider. */
static const struct special_network special_ipv4[] = {
    {8, ADDRESS_KIND_UNSPECIFIED, {0}},
    {8, ADDRESS_KIND_PRIVATE, {10}},
    {10, ADDRESS_KIND_SHARED, {100, 64}},
    {8, ADDRESS_KIND_LOOPBACK, {127}},
    {32, ADDRESS_KIND_METADATA, {168, 63, 129, 16}}, /* Azure's host agent */
    {16, ADDRESS_KIND_LINK_LOCAL, {169, 254}},
    {12, ADDRESS_KIND_PRIVATE, {172, 16}},
    {24, ADDRESS_KIND_RESERVED, {192, 0, 0}}, /* protocol assignments */
    {24, ADDRESS_KIND_DOCUMENTATION, {192, 0, 2}},
    {24, ADDRESS_KIND_RESERVED, {192, 31, 196}}, /* AS112 */
    {24, ADDRESS_KIND_RESERVED, {192, 52, 193}}, /* AMT */
    {24, ADDRESS_KIND_RESERVED, {192, 88, 99}},  /* 6to4 relays */
    {16, ADDRESS_KIND_PRIVATE, {192, 168}},
    {24, ADDRESS_KIND_RESERVED, {192, 175, 48}}, /* AS112 */
    {15, ADDRESS_KIND_RESERVED, {198, 18}},      /* benchmarks between networks */
    {24, ADDRESS_KIND_DOCUMENTATION, {198, 51, 100}},
    {24, ADDRESS_KIND_DOCUMENTATION, {203, 0, 113}},
    {4, ADDRESS_KIND_MULTICAST, {224}},
    {32, ADDRESS_KIND_BROADCAST, {255, 255, 255, 255}},
    {4, ADDRESS_KIND_RESERVED, {240}},
};

static const struct special_network special_ipv6[] = {
    {128, ADDRESS_KIND_UNSPECIFIED, {0}},
    {128, ADDRESS_KIND_LOOPBACK, {[15] = 1}},
    {96, ADDRESS_KIND_CARRIES_IPV4, {0}},                               /* compatible */
    {96, ADDRESS_KIND_CARRIES_IPV4, {[10] = 0xff, 0xff}},               /* mapped */
    {96, ADDRESS_KIND_CARRIES_IPV4, {[8] = 0xff, 0xff}},                /* translated, RFC 2765 */
    {96, ADDRESS_KIND_CARRIES_IPV4, {0x00, 0x64, 0xff, 0x9b}},          /* NAT64 */
    {48, ADDRESS_KIND_CARRIES_IPV4, {0x00, 0x64, 0xff, 0x9b, 0, 0x01}}, /* local NAT64 */
    {32, ADDRESS_KIND_CARRIES_IPV4, {0x20, 0x01}},                      /* Teredo */
    {23, ADDRESS_KIND_RESERVED, {0x20, 0x01}},                          /* protocol assignments */
    {32, ADDRESS_KIND_DOCUMENTATION, {0x20, 0x01, 0x0d, 0xb8}},
    {16, ADDRESS_KIND_CARRIES_IPV4, {0x20, 0x02}}, /* 6to4 */
    {20, ADDRESS_KIND_DOCUMENTATION, {0x3f, 0xff}},
    {3, ADDRESS_KIND_PUBLIC, {0x20}},
    {7, ADDRESS_KIND_PRIVATE, {0xfc}},
    {10, ADDRESS_KIND_LINK_LOCAL, {0xfe, 0x80}},
    {10, ADDRESS_KIND_PRIVATE, {0xfe, 0xc0}}, /* site-local, given up but still in use */
    {8, ADDRESS_KIND_MULTICAST, {0xff}},
};

static const char *const kind_names[] = {
    [ADDRESS_KIND_PUBLIC] = "public",
    [ADDRESS_KIND_UNSPECIFIED] = "unspecified",
    [ADDRESS_KIND_LOOPBACK] = "loopback",
    [ADDRESS_KIND_PRIVATE] = "private",
    [ADDRESS_KIND_SHARED] = "carrier-grade NAT",
    [ADDRESS_KIND_LINK_LOCAL] = "link-local",
    [ADDRESS_KIND_MULTICAST] = "multicast",
    [ADDRESS_KIND_BROADCAST] = "broadcast",
    [ADDRESS_KIND_DOCUMENTATION] = "documentation",
    [ADDRESS_KIND_CARRIES_IPV4] = "IPv4-carrying IPv6",
    [ADDRESS_KIND_METADATA] = "cloud metadata",
    [ADDRESS_KIND_RESERVED] = "reserved",
};

static bool
bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    if (bits % 8 == 0)
        return true;
    return ((a[whole] ^ b[whole]) >> (8 - bits % 8)) == 0;
}

static const uint8_t *
address_bytes(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
    if (address->sa_family == AF_INET6)
        return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
    return NULL;
}

static uint16_t
address_port(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)address)->sin_port);
    return ntohs(((const struct sockaddr_in6 *)(const void *)address)->sin6_port);
}

static enum address_kind
special_kind(const struct special_network *table, size_t count, const uint8_t *bytes,
             enum address_kind otherwise)
{
    for (size_t i = 0; i < count; i++)
        if (bits_equal(table[i].bytes, bytes, table[i].bits))
            return table[i].kind;
    return otherwise;
}

enum address_kind
address_kind(const struct sockaddr *address)
{
    const uint8_t *bytes = address_bytes(address);
    if (bytes == NULL)
        return ADDRESS_KIND_RESERVED;
    if (address->sa_family == AF_INET)
        return special_kind(special_ipv4, COUNT_OF(special_ipv4), bytes, ADDRESS_KIND_PUBLIC);
    return special_kind(special_ipv6, COUNT_OF(special_ipv6), bytes, ADDRESS_KIND_RESERVED);
}

const char *
address_kind_name(enum address_kind kind)
{
    assert((size_t)kind < COUNT_OF(kind_names));
    return kind_names[kind];
}

void
address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES])
{
    const uint8_t *bytes = address_bytes(address);
    char plain[INET6_ADDRSTRLEN] = "";
    if (bytes == NULL || inet_ntop(address->sa_family, bytes, plain, sizeof(plain)) == NULL) {
        snprintf(out, ADDRESS_TEXT_BYTES, "address family %d", address->sa_family);
        return;
    }
    if (address->sa_family == AF_INET6)
        snprintf(out, ADDRESS_TEXT_BYTES, "[%s]:%u", plain, address_port(address));
    else
        snprintf(out, ADDRESS_TEXT_BYTES, "%s:%u", plain, address_port(address));
}

static bool
is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool
is_hex_digit(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'f');
}

static bool
is_name_byte(char byte)
{
    return is_digit(byte) || (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_';
}

static char
lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool
parse_number(struct slice digits, int64_t max, unsigned *out)
{
    int64_t number = 0;
    if (digits.size == 0 || !is_digit(digits.ptr[0]) || !slice_parse_int64(digits, &number) ||
        number > max)
        return false;
    *out = (unsigned)number;
    return true;
}

/* Cuts the port off: "a:1" and "[a]:1" to "a" and 1, "[a]" and "a" to "a" and 0. IPv6 without
 * brackets has no port. */
static bool
split_port(struct slice entry, struct slice *host, uint16_t *port)
{
    const char *end = entry.ptr + entry.size;
    const char *colon = memchr(entry.ptr, ':', entry.size);
    *host = entry;
    *port = 0;
    if (entry.ptr[0] == '[') {
        const char *bracket = memchr(entry.ptr, ']', entry.size);
        if (bracket == NULL)
            return false;
        *host = slice_of(entry.ptr + 1, (size_t)(bracket - entry.ptr) - 1);
        colon = bracket + 1;
        if (colon == end)
            return true;
        if (*colon != ':')
            return false;
    } else if (colon == NULL || memchr(colon + 1, ':', (size_t)(end - colon) - 1) != NULL) {
        return true;
    } else {
        *host = slice_of(entry.ptr, (size_t)(colon - entry.ptr));
    }

    unsigned number = 0;
    bool good = parse_number(slice_of(colon + 1, (size_t)(end - colon) - 1), UINT16_MAX, &number);
    *port = (uint16_t)number;
    return good && number > 0;
}

/* Whether all bits after the first `bits` are zero. */
static bool
has_clean_tail(const struct network *network)
{
    struct network masked = *network;
    unsigned width = network->family == AF_INET ? 32 : 128;
    for (unsigned i = network->bits; i < width; i++)
        masked.bytes[i / 8] &= (uint8_t) ~(0x80U >> (i % 8));
    return memcmp(masked.bytes, network->bytes, sizeof(masked.bytes)) == 0;
}

/* Reads "address" or "address/bits". False when the address part is no address. */
static bool
parse_address(struct slice text, struct network *out, struct slice *bits_text)
{
    char plain[INET6_ADDRSTRLEN];
    const char *slash = memchr(text.ptr, '/', text.size);
    size_t size = slash == NULL ? text.size : (size_t)(slash - text.ptr);
    *bits_text = slice_of(NULL, 0);
    if (slash != NULL)
        *bits_text = slice_of(slash + 1, text.size - size - 1);
    if (size >= sizeof(plain))
        return false;
    memcpy(plain, text.ptr, size);
    plain[size] = '\0';
    *out = (struct network){.family = AF_INET, .bits = 32};
    if (inet_pton(AF_INET, plain, out->bytes) == 1)
        return true;
    *out = (struct network){.family = AF_INET6, .bits = 128};
    return inet_pton(AF_INET6, plain, out->bytes) == 1;
}

/* Whether the C library would read the name's last label as a number, and so the whole name as one
 * of the old spellings of IPv4 addresses ("127.1", "0x7f000001"). */
static bool
ends_in_number(const char *name)
{
    const char *dot = strrchr(name, '.');
    const char *label = dot == NULL ? name : dot + 1;
    bool hex = label[0] == '0' && label[1] == 'x';
    for (const char *at = hex ? label + 2 : label; *at != '\0'; at++)
        if (hex ? !is_hex_digit(*at) : !is_digit(*at))
            return false;
    return true;
}

static bool
parse_name(struct slice text, char out[HOST_NAME_BYTES])
{
    if (text.size > 1 && text.ptr[text.size - 1] == '.')
        text.size--;
    if (text.size >= HOST_NAME_BYTES)
        return false;
    char before = '.';
    for (size_t i = 0; i < text.size; i++) {
        out[i] = lower(text.ptr[i]);
        if (!is_name_byte(out[i]) && (out[i] != '.' || before == '.'))
            return false;
        before = out[i];
    }
    out[text.size] = '\0';
    return before != '.' && !ends_in_number(out);
}

static const char *
parse_target(struct address_rule *rule, struct slice target)
{
    struct slice bits;
    if (!parse_address(target, &rule->network, &bits)) {
        if (memchr(target.ptr, '/', target.size) != NULL)
            return "not a network: write it like 10.0.0.0/8 or fd00::/8";
        if (!parse_name(target, rule->name))
            return "neither a host name nor an address: write IPv4 addresses as four decimal "
                   "numbers, IPv6 addresses with a port in brackets";
        return NULL;
    }
    if (bits.ptr == NULL)
        return NULL;
    unsigned width = rule->network.bits;
    if (!parse_number(bits, width, &rule->network.bits))
        return width == 32 ? "the number after / must be 0 to 32"
                           : "the number after / must be 0 to 128";
    if (!has_clean_tail(&rule->network))
        return "the address has bits set beyond the number after /: clear them, or leave / away to "
               "mean one address";
    return NULL;
}

/* What is wrong with the entry, or NULL. */
static const char *
parse_entry(struct address_rule *rule, struct slice entry)
{
    struct slice text = entry;
    *rule = (struct address_rule){.forbids = entry.ptr[0] == '!'};
    if (rule->forbids)
        text = slice_of(entry.ptr + 1, entry.size - 1);
    struct slice target = {0};
    if (text.size == 0 || !split_port(text, &target, &rule->port) || target.size == 0)
        return "write address, address:port, [IPv6]:port or name:port, with a port of 1 to 65535";
    return parse_target(rule, target);
}

static enum status
add_entry(struct address_rules *rules, struct slice entry, struct error *error)
{
    if (rules->count == ADDRESS_RULES_MAX)
        return error_set(error, STATUS_LIMIT, "more than %d entries", ADDRESS_RULES_MAX);
    struct address_rule rule;
    const char *words = parse_entry(&rule, entry);
    if (words != NULL)
        return error_set(error, STATUS_INVALID, "\"%.*s\": %s", SLICE_FORMAT(entry), words);
    rules->rules = mem_resize(rules->rules, (rules->count + 1) * sizeof(rule));
    rules->rules[rules->count++] = rule;
    return STATUS_OK;
}

static bool
is_separator(char byte)
{
    return byte == ',' || byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The next entry of *rest, which moves on behind it. Empty at the end. */
static struct slice
next_entry(struct slice *rest)
{
    size_t begin = 0;
    while (begin < rest->size && is_separator(rest->ptr[begin]))
        begin++;
    size_t end = begin;
    while (end < rest->size && !is_separator(rest->ptr[end]))
        end++;
    struct slice entry = slice_of(rest->ptr + begin, end - begin);
    *rest = slice_of(rest->ptr + end, rest->size - end);
    return entry;
}

enum status
address_rules_parse(struct address_rules **out, struct slice text, struct error *error)
{
    *out = NULL;
    struct address_rules *rules = mem_alloc(sizeof(*rules));
    struct slice rest = text.size == 0 ? SLICE("") : text;
    enum status status = STATUS_OK;
    for (struct slice entry = next_entry(&rest); entry.size > 0 && status == STATUS_OK;
         entry = next_entry(&rest))
        status = add_entry(rules, entry, error);
    if (status != STATUS_OK) {
        address_rules_free(&rules);
        return status;
    }
    *out = rules;
    return STATUS_OK;
}

void
address_rules_free(struct address_rules **rules)
{
    if (*rules == NULL)
        return;
    mem_free((*rules)->rules);
    mem_free(*rules);
    *rules = NULL;
}

static bool
rule_matches(const struct address_rule *rule, const struct sockaddr *address, struct slice host)
{
    if (rule->port != 0 && rule->port != address_port(address))
        return false;
    if (rule->name[0] != '\0')
        return host.size == strlen(rule->name) && strncasecmp(host.ptr, rule->name, host.size) == 0;
    return rule->network.family == address->sa_family &&
           bits_equal(rule->network.bytes, address_bytes(address), rule->network.bits);
}

bool
address_is_allowed(const struct address_rules *rules, const struct sockaddr *address,
                   struct slice host)
{
    if (address_bytes(address) == NULL)
        return false;
    if (host.size > 1 && host.ptr[host.size - 1] == '.')
        host.size--;
    bool allowed = address_kind(address) == ADDRESS_KIND_PUBLIC;
    size_t count = rules == NULL ? 0 : rules->count;
    for (size_t i = 0; i < count; i++) {
        if (!rule_matches(&rules->rules[i], address, host))
            continue;
        if (rules->rules[i].forbids)
            return false;
        allowed = true;
    }
    return allowed;
}
