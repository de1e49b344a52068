/* render/address.h - which addresses a document may lead to.
 *
 * Whoever reads a document clicks on what it holds, so that an address which runs something, reads
 * a file or names another scheme is none.
 *
 * Sources: RFC 3986 (schemes); the WHATWG URL Standard, "scheme start state" (what browsers leave
 *          out before they look).
 * Threads: pure functions, any thread.
 */
#ifndef RENDER_ADDRESS_H
#define RENDER_ADDRESS_H

#include "base/slice.h"

#include <stdbool.h>

#define ADDRESS_BYTES_MAX 4096

/* http or https with a host, mailto with something behind it, "#" with something behind it, or
 * relative to the document. Control characters, white space inside, backslashes and "//host" are
 * refused, as is what is longer than ADDRESS_BYTES_MAX. */
bool address_is_safe(struct slice address);

/* http or https with a host. */
bool address_is_web(struct slice address);

#endif
