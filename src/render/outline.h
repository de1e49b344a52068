/* render/outline.h - the headings of a document: its title, their ranks, anchors and links to them.
 *
 * Threads: one at a time.
 */
#ifndef RENDER_OUTLINE_H
#define RENDER_OUTLINE_H

#include "render/markdown.h"

/* Finds the title, fills document->headings and what a heading tells, and takes links away, but for
 * their words, that lead to anchors which nothing has. Anchors are made as GitHub makes them: small
 * letters, "-" for spaces, no punctuation, "-1" behind the second of the same name. */
MUST_USE enum status outline_make(struct document *document, struct arena *arena,
                                  struct supplies *supplies, struct error *error);

#endif
