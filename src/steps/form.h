/* steps/form.h - names and values as text: headers, and pairs behind a URL or in a form.
 *
 * Sources: RFC 3986 (percent-encoding); WHATWG URL, "application/x-www-form-urlencoded".
 * Threads: any.
 */
#ifndef STEPS_FORM_H
#define STEPS_FORM_H

#include "base/buffer.h"
#include "engine/step.h"

enum form_style {
    FORM_QUERY, /* a space is %20 */
    FORM_BODY,  /* a space is + */
};

/* A string, a number or a boolean as text, in the arena if it has to be made. False: the failure
 * names `field` and `name`. */
bool form_text(struct arena *arena, const char *field, const struct member *member,
               struct slice *out, struct step_failure *failure);

/* Appends the pairs of an object, joined by '&'; a list repeats its name, null is left out. */
bool form_append(struct buffer *out, enum form_style style, const char *field, struct value pairs,
                 struct step_failure *failure);

#endif
