/* api/html.h - text in pages.
 *
 * Threads: pure.
 */
#ifndef API_HTML_H
#define API_HTML_H

#include "base/buffer.h"

/* Appends the text so that it is nothing but text, between tags and in quoted attributes. */
void html_put_text(struct buffer *out, struct slice text);

#endif
