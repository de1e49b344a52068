/* convert/html_depth.h - takes tags out of a page that are nested too deep.
 *
 * A parser of HTML looks through all open elements at most tags, so that a page of nothing but
 * opening tags costs it the square of their number. Browsers open no more than 512 elements inside
 * each other and put the others beside them; here their tags become blanks. The text stays.
 *
 * Sources: Blink's maximum depth of the tree builder.
 * Threads: one.
 */
#ifndef CONVERT_HTML_DEPTH_H
#define CONVERT_HTML_DEPTH_H

#include <stddef.h>

#define HTML_DEPTH_MAX 512

/* Works on the bytes where they are. */
void html_limit_depth(char *html, size_t size);

#endif
