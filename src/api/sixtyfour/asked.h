/* api/sixtyfour/asked.h - what the start of a run asks for, and the input that this makes.
 *
 * The members of `specs_override`, which go to the source block, are members of the input, and
 * `webhook_payload` is one too, always as an array of rows: this is what workflows take that were
 * made of graphs (the input's schema declares it). To other workflows a payload that is an object
 * is the input itself, and a `resource_handle_id` goes to the input's only file.
 *
 * Threads: plain values of one call.
 */
#ifndef API_SIXTYFOUR_ASKED_H
#define API_SIXTYFOUR_ASKED_H

#include "api/sixtyfour/sixtyfour.h"

struct plan;

struct asked {
    struct value payload;   /* an object, an array of them, or VALUE_NONE */
    struct value overrides; /* an object, or VALUE_NONE */
    struct run_formats formats;
    struct value input; /* by asked_make_input() */
    struct value kept;  /* what sixtyfour_formats_of() reads */
};

/* Body and query. False: the call was answered. */
bool asked_read(struct call *call, struct asked *out);

/* Of the body, which was read: the payload. False: the call was answered. */
bool asked_read_payload(struct call *call, struct asked *out);

/* Makes `kept` of the formats. */
void asked_keep_formats(struct call *call, struct asked *out);

/* As the workflow of that plan takes it. False: the call was answered with 400. */
bool asked_make_input(struct call *call, const struct plan *plan, struct asked *asked);

#endif
