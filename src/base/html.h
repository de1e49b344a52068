/* base/html.h - text in HTML.
 *
 * Threads: pure.
 */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/buffer.h"

/* Appends a byte of a text so that it is nothing but text, between tags and in quoted attributes.
 */
void html_put_byte(struct buffer *out, char byte);
/* Appends the text so that it is nothing but text, between tags and in quoted attributes. */
void html_put_text(struct buffer *out, struct slice text);

#endif
