/* sandbox/sandbox.h - parses foreign documents in children that can do no harm.
 *
 * A child is the program windrow-convert, started for one document: with an empty environment, no
 * open file but the document, and behind a filter of system calls (sandbox/confine.h). What it says
 * is checked like any foreign input; it is killed when its time is over, when it says too much, and
 * when this process ends. Whatever happens to it is an error of that one document.
 *
 * Sources: docs/adr/0008-sandbox.md.
 * Threads: a sandbox may be used by any number of threads; each conversion keeps its thread
 * waiting. As many children run at once as there are threads that call.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include "base/conversion.h"
#include "base/status.h"

struct sandbox;

/* program: path of windrow-convert; NULL: the one beside this executable. Nothing is started yet.
 */
struct sandbox *sandbox_new(const char *program);
/* Conversions under way end soon, as cancelled; later ones too. */
void sandbox_stop(struct sandbox *sandbox);
/* Nobody uses it any more. Does nothing for NULL. */
void sandbox_free(struct sandbox **sandbox);

/* A converter_fn over a struct sandbox. */
converter_fn sandbox_convert;

#endif
