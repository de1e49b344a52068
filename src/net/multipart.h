/* net/multipart.h - the grammar of multipart/form-data bodies, piece by piece.
 *
 * A machine without I/O or memory of its own: it is shown the body as it comes and gives heads of
 * parts and the bytes between. Showing it byte by byte and all at once gives the same parts.
 *
 * Whatever two programs might read differently is refused: a boundary that is no boundary, a line
 * that begins with the boundary and goes on, bare CR or LF and folded lines in heads, heads without
 * one Content-Disposition of a form, encodings of a part. What stands before the first boundary and
 * behind the last one is passed over, if it is short.
 *
 * Sources: RFC 7578; RFC 2046 (5.1); the WHATWG's encoding of forms, which browsers have.
 * Threads: plain data, one at a time.
 */
#ifndef NET_MULTIPART_H
#define NET_MULTIPART_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/slice.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* RFC 2046: a boundary has at most 70 characters. */
#define MULTIPART_BOUNDARY_BYTES_MAX 70

enum multipart_step {
    MULTIPART_MORE, /* all input was used */
    MULTIPART_HEAD, /* a part begins: multipart_part() tells which */
    MULTIPART_DATA, /* bytes of it */
    MULTIPART_TAIL, /* it has ended */
    MULTIPART_BAD,  /* refused, with words */
};

/* The parser's own. */
struct multipart {
    char delimiter[4 + MULTIPART_BOUNDARY_BYTES_MAX]; /* CR LF "--" boundary */
    size_t delimiter_size;
    unsigned place;
    size_t matched;      /* bytes of the delimiter that were seen */
    size_t matched_from; /* of them, those that did not come as bytes */
    size_t margin_bytes; /* before the first part, or behind the last */
    size_t part_count;
    size_t head_size;
    char head[LIMIT_MULTIPART_HEAD_BYTES];
    struct error error;
};

/* Whether the type is of a form with files, right or wrong. */
bool multipart_is_form(struct slice content_type);

/* Ready for the first byte of the body that has this Content-Type. INVALID: it has no boundary, or
 * two, or claims another charset than UTF-8. */
MUST_USE enum status multipart_init(struct multipart *parser, struct slice content_type,
                                    struct arena *arena, struct error *error);

/* Reads input up to the next event: *used bytes of it were read. DATA: *piece is among them, or of
 * the parser itself, until the next call. Call it again with the rest until MORE. */
enum multipart_step multipart_parse(struct multipart *parser, struct slice input, size_t *used,
                                    struct slice *piece);

/* The last part has ended: what comes now is passed over. */
bool multipart_is_whole(const struct multipart *parser);

/* After BAD. */
const struct error *multipart_error(const struct multipart *parser);

struct multipart_part {
    struct slice name;
    struct slice file_name; /* .ptr NULL: it is no file */
    struct slice content_type;
};

/* After HEAD; in the arena. INVALID: refused. */
MUST_USE enum status multipart_part(struct multipart_part *out, const struct multipart *parser,
                                    struct arena *arena, struct error *error);

#endif
