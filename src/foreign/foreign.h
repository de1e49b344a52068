/* foreign/foreign.h - what the translations of other programs' workflows have in common.
 *
 * A workflow of theirs becomes a workflow file of ours as a value, which keeps the definition as it
 * came under `origin`; what could not be carried over is told in words.
 *
 * Threads: pure.
 */
#ifndef FOREIGN_FOREIGN_H
#define FOREIGN_FOREIGN_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"

#include <stdarg.h>

/* What of it could not be carried over, in words that name the place. */
typedef void foreign_note_fn(const char *words, void *context);

/* A slug of the name; "workflow" if it holds no letter or digit that slugs have. */
struct value foreign_slug(struct arena *arena, struct slice name);

/* The name in words of ours: cut at 200 bytes, between characters; "Untitled Workflow" for none. */
struct value foreign_name(struct arena *arena, struct slice name);

/* The `origin` of a workflow file. */
struct value foreign_origin(struct arena *arena, const char *format, struct value definition);

/* Sets a member of an object that only the caller has. */
void foreign_put(struct arena *arena, struct value *object, const char *name, struct value value);

/* A model as we name it, "provider/model", by the names that it has elsewhere ("local", "gpt-4o");
 * VALUE_NONE: its provider is not known, or there is none. */
struct value foreign_model(struct arena *arena, struct slice model);

/* Formatted text of any length, the arena's; empty when the arena is full. */
const char *foreign_format(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
const char *foreign_format_list(struct arena *arena, const char *format, va_list arguments)
    PRINTF_LIKE(2, 0);

/* A text as a literal of jq that can stand in a template too: no brace of it can end one. The
 * arena's; empty when it is full. */
const char *foreign_literal(struct arena *arena, struct slice text);
/* The same of any value. */
const char *foreign_literal_of(struct arena *arena, struct value value);

/* Appends the text as a template of ours that gives just that text: with its braces as they are. */
struct buffer;
void foreign_put_literal(struct buffer *out, struct slice text);

#endif
