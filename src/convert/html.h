/* convert/html.h - a web page as plain text.
 *
 * The page is parsed as browsers do (gumbo), then walked: what nobody sees (scripts, styles,
 * templates, hidden elements) and what leads elsewhere (navigation, footers of the page) is left
 * out. If the page says what its content is (main, article) and most of the text is there, only
 * that is given. Tables are rows, unless they only arrange the page.
 *
 * Sources: the WHATWG HTML standard; @mozilla/readability for what counts as hidden.
 * Threads: one.
 */
#ifndef CONVERT_HTML_H
#define CONVERT_HTML_H

#include "base/arena.h"
#include "base/slice.h"
#include "base/status.h"
#include "convert/plain.h"

/* What the page's beginning says about its charset (<meta charset>), or empty. */
struct slice html_charset(struct slice head);

/* html: UTF-8, which is changed on the way. *title: in the arena; .ptr NULL: there is none. */
MUST_USE enum status html_read(struct plain *plain, char *html, size_t size, struct arena *arena,
                               struct slice *title, struct error *error);

#endif
