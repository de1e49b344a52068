/* document/charset.h - text in other encodings as UTF-8.
 *
 * A decoder keeps no state between two calls, so that reading can begin at the first byte of any
 * character. Therefore the list is closed: encodings with shift states or with characters that
 * change the ones before them are not in it. A unit that is no character (a byte; two in UTF-16,
 * four in UTF-32) becomes one byte 0xFF, which no UTF-8 holds, so that who reads the text finds it.
 *
 * Sources: the WHATWG Encoding standard (names, a mark wins over what is said); glibc's iconv.
 * Threads: charsets are constant; a decoder belongs to one thread.
 */
#ifndef DOCUMENT_CHARSET_H
#define DOCUMENT_CHARSET_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct charset {
    const char *name;       /* as it is shown: "windows-1252" */
    const char *iconv_name; /* NULL: UTF-8 */
    const char *aliases;    /* in lower case without signs, with blanks around each */
    unsigned char unit_bytes;
    unsigned char shrinks; /* bytes of the text for one of UTF-8, at most */
    bool is_single;        /* every byte is a character */
};

/* Bytes of UTF-8 for one of the text, at most. */
#define CHARSET_GROWS 3
/* Bytes of one character in any charset, at most. */
#define CHARSET_CHARACTER_BYTES 4

/* By one of its usual names, in any spelling ("UTF-8", "latin1", "cp1252"), or NULL. */
const struct charset *charset_find(struct slice name);

/* The name in the list that is nearest to a wrong one, or NULL: for "did you mean". */
const char *charset_nearest(struct slice wrong);

static inline bool
charset_is_utf8(const struct charset *charset)
{
    return charset->iconv_name == NULL;
}

/* Reads what the decoders of all charsets need from files, for a process that soon may open none.
 * It stays until the process ends. */
void charset_load_all(void);

/* --- what a file is written in --- */

struct charset_guess {
    const struct charset *charset;
    size_t mark_bytes; /* of the byte order mark, which is no text */
};

/* From a file's beginning; is_whole: nothing follows. A byte order mark decides, then what is said
 * (NULL: nothing), then the zero bytes of UTF-16, then whether it is UTF-8 (a few bad bytes among
 * good ones do no harm), then the statistics of uchardet; windows-1252 if those have too little to
 * go by. */
struct charset_guess charset_guess(struct slice prefix, bool is_whole, const struct charset *said);

/* The same among Unicode's encodings only, without statistics. */
struct charset_guess charset_guess_unicode(struct slice prefix);

/* --- decoding --- */

struct decoder;

/* NULL: this machine's iconv does not know the charset, which is not UTF-8. */
struct decoder *decoder_new(const struct charset *charset);
void decoder_free(struct decoder **decoder);

struct decoded {
    size_t source_bytes; /* taken */
    size_t text_bytes;   /* given */
};

/* Decodes whole characters into out until `room` is used up. What the end of the source cuts is
 * left, unless it is the last. */
struct decoded decoder_run(struct decoder *decoder, struct slice source, bool is_last, char *out,
                           size_t room);

/* How many bytes of the source the first text_bytes of its text came from; they end a character. */
size_t decoder_span(struct decoder *decoder, struct slice source, bool is_last, size_t text_bytes);

#endif
