#include "convert/pdf.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE_BYTES KIB(64)
/* Bytes in front of the text: the title and other properties. */
#define HEAD_BYTES_MAX MIB(1)
#define WORDS_BYTES KIB(64)
/* Bytes of a title as the program gives it. */
#define TITLE_BYTES KIB(2)

static const char *const arguments[] = {"pdftotext", "-htmlmeta", "-enc", "UTF-8", "-", "-", NULL};

static const char *const paths[] = {"/usr/bin/pdftotext", "/usr/local/bin/pdftotext", NULL};

/* Libraries, how bytes of East Asian fonts mean characters, and fonts. */
static const char *const folders[] = {
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/usr/share/poppler",
    "/usr/share/fonts",
    "/etc/fonts",
    NULL,
};

const struct program pdf_program = {paths, arguments, folders};

struct reading {
    struct plain *plain;
    struct buffer bytes; /* that came and were not looked at */
    bool is_in_text;
    bool is_whole;       /* the end of the text was there */
    bool has_page_ended; /* what comes next stands on another page */
    int64_t pages;
};

/* --- the head --- */

static const char text_begins[] = "\n<pre>\n";
static const char text_ends[] = "</pre>\n</body>\n</html>\n";

/* "&amp;" and its like, which is all that is escaped. */
static size_t
unescape(struct slice text, char *to)
{
    static const struct {
        struct slice escape;
        char byte;
    } table[] = {
        {{"&amp;", 5}, '&'},  {{"&lt;", 4}, '<'},    {{"&gt;", 4}, '>'},
        {{"&quot;", 6}, '"'}, {{"&apos;", 6}, '\''},
    };
    size_t size = 0;
    while (text.size > 0) {
        size_t taken = 1;
        to[size] = text.ptr[0];
        for (size_t i = 0; i < COUNT_OF(table) && text.ptr[0] == '&'; i++) {
            if (!slice_starts_with(text, table[i].escape))
                continue;
            taken = table[i].escape.size;
            to[size] = table[i].byte;
        }
        size++;
        text = slice_of(text.ptr + taken, text.size - taken);
    }
    return size;
}

static struct slice
title_of(struct slice head, struct arena *arena)
{
    char title[TITLE_BYTES];
    const char *begin = memmem(head.ptr, head.size, "<title>", 7);
    if (begin == NULL)
        return slice_of(NULL, 0);
    begin += 7;
    size_t rest = (size_t)(head.ptr + head.size - begin);
    const char *end = memmem(begin, rest, "</title>", 8);
    struct slice text = slice_of(begin, end == NULL ? 0 : (size_t)(end - begin));
    text = slice_cut(text, sizeof(title));
    if (!slice_is_utf8(text))
        return slice_of(NULL, 0);
    return plain_title(arena, slice_of(title, unescape(text, title)));
}

/* --- the text --- */

/* Letters that the font draws as one are two or three to those who look for a word. */
static const char *
ligature(struct slice character)
{
    static const char *const letters[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};
    if (character.size != 3)
        return NULL;
    uint32_t point = utf8_point(character.ptr);
    return point >= 0xFB00 && point <= 0xFB06 ? letters[point - 0xFB00] : NULL;
}

static void
put_words(struct reading *reading, struct slice text)
{
    size_t begin = 0;
    for (size_t i = 0; i < text.size; i++) {
        struct slice rest = slice_of(text.ptr + i, text.size - i);
        if (!slice_starts_with(rest, SLICE("\xEF\xAC")))
            continue;
        const char *letters = ligature(slice_of(rest.ptr, slice_character(rest)));
        if (letters == NULL)
            continue;
        plain_verbatim(reading->plain, slice_of(text.ptr + begin, i - begin));
        plain_verbatim(reading->plain, slice_text(letters));
        begin = i + 3;
    }
    plain_verbatim(reading->plain, slice_of(text.ptr + begin, text.size - begin));
}

/* Every page ends with a form feed; ours stand between pages. */
static void
put_text(struct reading *reading, struct slice text)
{
    while (text.size > 0) {
        const char *feed = memchr(text.ptr, '\f', text.size);
        size_t size = feed == NULL ? text.size : (size_t)(feed - text.ptr);
        if (reading->has_page_ended)
            plain_page(reading->plain);
        reading->has_page_ended = feed != NULL;
        reading->pages += feed != NULL;
        put_words(reading, slice_of(text.ptr, size));
        size += feed != NULL;
        text = slice_of(text.ptr + size, text.size - size);
    }
}

/* What may be put out of the bytes that have come: whole lines, and not what may be the end. */
static size_t
count_ready(struct slice bytes)
{
    size_t keep = sizeof(text_ends) - 1;
    if (bytes.size <= keep)
        return 0;
    size_t size = bytes.size - keep;
    size_t line = size;
    while (line > 0 && bytes.ptr[line - 1] != '\n' && bytes.ptr[line - 1] != '\f')
        line--;
    /* A line without end is cut, between characters. */
    return line == 0 && size >= PIECE_BYTES ? slice_cut(bytes, size).size : line;
}

static void
take_bytes(struct reading *reading, struct arena *arena, struct slice *title)
{
    struct slice bytes = buffer_slice(&reading->bytes);
    if (!reading->is_in_text) {
        const char *begin = memmem(bytes.ptr, bytes.size, text_begins, sizeof(text_begins) - 1);
        if (begin == NULL)
            return;
        size_t head = (size_t)(begin - bytes.ptr) + sizeof(text_begins) - 1;
        *title = title_of(slice_of(bytes.ptr, head), arena);
        buffer_consume(&reading->bytes, head);
        reading->is_in_text = true;
        bytes = buffer_slice(&reading->bytes);
    }
    size_t ready = count_ready(bytes);
    put_text(reading, slice_of(bytes.ptr, ready));
    buffer_consume(&reading->bytes, ready);
}

static void
take_end(struct reading *reading)
{
    struct slice bytes = buffer_slice(&reading->bytes);
    size_t size = sizeof(text_ends) - 1;
    reading->is_whole = reading->is_in_text && bytes.size >= size &&
                        memcmp(bytes.ptr + bytes.size - size, text_ends, size) == 0;
    if (reading->is_whole)
        put_text(reading, slice_of(bytes.ptr, bytes.size - size));
}

static ssize_t
read_piece(int fd, struct buffer *out, size_t size)
{
    char *room = buffer_reserve(out, size);
    ssize_t got = -1;
    do {
        got = room == NULL ? 0 : read(fd, room, size);
    } while (got < 0 && errno == EINTR);
    if (got > 0)
        buffer_commit(out, (size_t)got);
    return got;
}

/* --- how it ended --- */

static bool
says(struct slice words, const char *what)
{
    return words.size > 0 && memmem(words.ptr, words.size, what, strlen(what)) != NULL;
}

static enum status
explain(const struct reading *reading, struct slice words, struct error *error)
{
    struct slice not_started = SLICE(PROGRAM_NOT_STARTED);
    if (slice_starts_with(words, not_started) && slice_is_utf8(words))
        return error_set(error, STATUS_UNAVAILABLE, "pdftotext cannot be started: %.*s",
                         (int)(words.size - not_started.size), words.ptr + not_started.size);
    if (says(words, "Incorrect password"))
        return error_set(error, STATUS_INVALID,
                         "it is protected by a password; print it into a new PDF without one");
    if (says(words, "is not allowed"))
        return error_set(error, STATUS_INVALID,
                         "its author does not allow its text to be copied; ask for a PDF without "
                         "that restriction");
    if (says(words, "memory") || says(words, "bad_alloc"))
        return error_set(error, STATUS_LIMIT, "reading it takes more memory than a document may");
    if (reading->is_in_text)
        return error_set(error, STATUS_INVALID,
                         "it is damaged: pdftotext broke on it behind page %lld",
                         (long long)reading->pages);
    return error_set(error, STATUS_INVALID, "it is damaged: pdftotext finds no pages in it");
}

static enum status
finish(struct reading *reading, int words_fd, struct error *error)
{
    struct buffer words;
    buffer_init(&words, WORDS_BYTES);
    while (!reading->is_whole && words.size < WORDS_BYTES &&
           read_piece(words_fd, &words, WORDS_BYTES - words.size) > 0)
        continue;
    enum status status = STATUS_OK;
    if (!reading->is_whole)
        status = explain(reading, buffer_slice(&words), error);
    else if (!reading->plain->has_words)
        status = error_set(error, STATUS_INVALID,
                           "it has no text: its pages seem to be scanned; run a program for text "
                           "recognition (OCR) over it");
    buffer_done(&words);
    return status;
}

enum status
pdf_read(struct plain *plain, const struct program_run *run, struct arena *arena, struct pdf *out,
         struct error *error)
{
    struct reading reading = {.plain = plain};
    *out = (struct pdf){.title = {NULL, 0}};
    buffer_init(&reading.bytes, HEAD_BYTES_MAX + PIECE_BYTES);
    while (!plain_is_over(plain) && reading.bytes.size < HEAD_BYTES_MAX &&
           read_piece(run->output_fd, &reading.bytes, PIECE_BYTES) > 0)
        take_bytes(&reading, arena, &out->title);
    take_end(&reading);
    enum status status = STATUS_OK;
    if (!plain_is_over(plain))
        status = finish(&reading, run->words_fd, error);
    if (status == STATUS_OK)
        status = plain_end(plain, error);
    out->pages = reading.pages;
    buffer_done(&reading.bytes);
    return status;
}
