/* base/secret_mark.h - places in a text where a secret will stand.
 *
 * `{{secrets.NAME}}` renders to a mark. What holds marks is hashed, compared and shown; the plain
 * text is put in when the request leaves (service/secrets.h), and stands nowhere else. Marks begin
 * with bytes that no UTF-8 text has, so that nobody's data can be taken for one.
 *
 * Sources: RFC 3629 (0xFC to 0xFF never occur); RFC 7617 (Basic: user and password in Base64).
 * Threads: pure, any thread.
 */
#ifndef BASE_SECRET_MARK_H
#define BASE_SECRET_MARK_H

#include "base/buffer.h"
#include "base/slice.h"

#include <stdbool.h>

#define SECRET_NAME_BYTES_MAX 64

/* A letter or _, then letters, digits, _ and -. */
bool secret_name_is_good(struct slice name);

/* If the text between {{ and }} is secrets.NAME, blanks around it, gives the name. */
bool secret_name_of_path(struct slice path, struct slice *name);

/* Appends the mark of a good name. */
void secret_mark_append(struct buffer *out, struct slice name);

bool secret_mark_is_in(struct slice text);

/* Appends the text in Base64; one with marks when they are filled. */
void secret_mark_append_base64(struct buffer *out, struct slice text);

/* Appends the text as people write it: marks as {{secrets.NAME}}. */
void secret_mark_show(struct buffer *out, struct slice text);

/* Gives the plain text of a name, borrowed; false: there is none. */
typedef bool secret_find_fn(struct slice name, struct slice *plain, void *context);

/* Appends the text with every mark filled. False as soon as `find` says so, or the text is no text
 * that was made here. */
bool secret_mark_fill(struct buffer *out, struct slice text, secret_find_fn *find, void *context);

#endif
