/* tests/unit/net/stub.h - a small HTTP server on loopback that misbehaves on order, by path.
 *
 *   /echo            the request as it came, as the body
 *   /status/CODE     that status
 *   /chunked         "one two three" in chunks, with a trailer
 *   /interim         a 103 with headers, then a 200
 *   /gzip            "unpacked" with Content-Encoding: gzip
 *   /encoded         a Content-Encoding that nobody knows
 *   /to/CODE/URL     that redirect to URL
 *   /loop            a redirect to itself
 *   /hang            reads and never answers
 *   /close           reads and closes
 *   /cut             closes in the middle of the body
 *   /garbage         what is not HTTP
 *   /big/BYTES       a body of so many bytes, with Content-Length
 *   /endless         chunks without end
 *   /headers/COUNT   so many headers
 *   /second-close    closes at the second request of a connection, without an answer
 *
 * Threads: started and stopped by the test; counters may be read any time.
 */
#ifndef TESTS_UNIT_NET_STUB_H
#define TESTS_UNIT_NET_STUB_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct stub {
    uint16_t port;
    atomic_int connections;
    atomic_int requests;
    struct stub_inside *inside;
};

/* With tls, certificate_path becomes a PEM file of a fresh certificate for 127.0.0.1. */
void stub_start(struct stub *stub, const char *certificate_path);
void stub_stop(struct stub *stub);

#endif
