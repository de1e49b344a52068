/* foreign/tutor_file.h - workflows of the AI Tutor API: one prompt with variables, as its export
 * has it.
 *
 * {name, model, template, inputs: [{name, label?, type?}], modelSettings?, instruction?,
 * cacheControlTtl?}; modelSettings is a text that holds JSON.
 *
 * Source: support.myapps.ai; an export of a live account.
 * Threads: pure.
 */
#ifndef FOREIGN_TUTOR_FILE_H
#define FOREIGN_TUTOR_FILE_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"
#include "foreign/foreign.h"

/* Whether a JSON object looks like one. */
bool tutor_file_is(struct value file);

/* The same as a workflow file of ours, in the arena. INVALID with words that name the place. */
MUST_USE enum status tutor_file_read(struct value *out, struct value file, struct arena *arena,
                                     foreign_note_fn *note, void *context, struct error *error);

/* The other way: a definition as plan->canonical has it, without an id. UNSUPPORTED: it has other
 * steps than one prompt. */
MUST_USE enum status tutor_file_write(struct value *out, struct value flow, struct arena *arena,
                                      foreign_note_fn *note, void *context, struct error *error);

#endif
