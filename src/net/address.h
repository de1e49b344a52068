/* net/address.h - which socket addresses outgoing requests may reach.
 *
 * A workflow's author chooses URLs, so whatever runs here could be used to reach machines that
 * only this one can see: metadata services, databases, this server itself. So everything but the
 * public internet is refused, unless the configuration allows it. The question is asked of the
 * address that a socket is about to connect to, never of a name: what a name resolves to may
 * change between a check and the connection.
 *
 * An IPv6 address that carries an IPv4 address inside (mapped, NAT64, 6to4, Teredo) is not public,
 * whatever it carries: resolvers do not give such addresses for public servers.
 *
 * Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6890; RFC 4291; RFC 6052;
 *          CVE-2026-42449 (a filter passed by [::ffff:169.254.169.254]).
 * Threads: rules never change after they are parsed; any thread.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <sys/socket.h>

/* Entries of one list: a list that is longer is not written by hand. */
#define ADDRESS_RULES_MAX 256

/* Room for address_text(): "[" IPv6 with a zone "]:65535" and a NUL. */
#define ADDRESS_TEXT_BYTES 80

enum address_kind {
    ADDRESS_KIND_PUBLIC,
    ADDRESS_KIND_UNSPECIFIED,
    ADDRESS_KIND_LOOPBACK,
    ADDRESS_KIND_PRIVATE,
    ADDRESS_KIND_SHARED,     /* carrier-grade NAT */
    ADDRESS_KIND_LINK_LOCAL, /* cloud metadata services live here */
    ADDRESS_KIND_MULTICAST,
    ADDRESS_KIND_BROADCAST,
    ADDRESS_KIND_DOCUMENTATION,
    ADDRESS_KIND_CARRIES_IPV4, /* IPv6 with an IPv4 address inside */
    ADDRESS_KIND_METADATA,     /* a cloud's service on an otherwise public address */
    ADDRESS_KIND_RESERVED,     /* set aside by IANA, or not an internet address at all */
};

struct address_rules;

/* What kind of address it is. Anything but AF_INET and AF_INET6 is RESERVED. */
enum address_kind address_kind(const struct sockaddr *address);

/* As it fits in "127.0.0.1 is a … address": "loopback", "link-local", … */
const char *address_kind_name(enum address_kind kind);

/* "192.0.2.1:80" or "[2001:db8::1]:80". */
void address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_BYTES]);

/* Reads a list of what is allowed beside the public internet. Entries are separated by commas or
 * white space; each is an address, a network ("10.0.0.0/8", "fd00::/8") or a host name, with a port
 * or without ("127.0.0.1:9000", "[::1]:9000", "[fd00::/8]:443", "localhost"). A host name allows
 * whatever it resolves to, for URLs that are spelled with that name. An entry after "!" forbids,
 * and wins over what allows. Empty text allows nothing beside the public internet.
 * On OK, *out ends with address_rules_free(). INVALID: an entry is malformed; LIMIT: too many. */
MUST_USE enum status address_rules_parse(struct address_rules **out, struct slice text,
                                         struct error *error);
void address_rules_free(struct address_rules **rules);

/* Whether a socket made for a URL with this host may connect to the address. host: as in the URL,
 * in any case, with or without a final dot. rules NULL: only public addresses. */
bool address_is_allowed(const struct address_rules *rules, const struct sockaddr *address,
                        struct slice host);

#endif
