#include "convert/text.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/compound.h"
#include "convert/docx.h"
#include "convert/html.h"
#include "convert/pdf.h"
#include "convert/plain.h"
#include "convert/sniff.h"
#include "document/charset.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Bytes of a page's beginning in which it says its charset. */
#define CHARSET_LOOK_BYTES KIB(4)
/* Lines of a text in which a heading is looked for. */
#define HEADING_LOOK_LINES 200

/* One document on its way. */
struct reading {
    struct convert_job *job;
    struct plain plain;
    const char *kind;
    struct slice title;
    int64_t pages; /* 0: it has none */
};

static struct slice
hint(const struct convert_job *job, const char *name)
{
    return value_get_text(job->options, name);
}

/* --- bytes --- */

/* Up to size bytes of the document's beginning; fewer only if there are no more. */
static size_t
read_head(int fd, char *out, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = pread(fd, out + done, size - done, (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        done += (size_t)got;
    }
    return done;
}

/* The whole document; .ptr is to be freed. */
static enum status
read_whole(int fd, struct slice *out, struct error *error)
{
    off_t size = lseek(fd, 0, SEEK_END);
    *out = slice_of(NULL, 0);
    if (size < 0)
        return error_set(error, STATUS_IO, "it cannot be measured: %s", strerror(errno));
    if ((uint64_t)size > LIMIT_SOURCE_FILE_BYTES)
        return error_set(error, STATUS_LIMIT, "it is larger than %zu MB; split it",
                         LIMIT_SOURCE_FILE_BYTES / MIB(1));
    char *bytes = mem_alloc_raw((size_t)size + 1);
    *out = slice_of(bytes, read_head(fd, bytes, (size_t)size));
    return STATUS_OK;
}

/* --- charsets --- */

/* Whether the text is known to be UTF-8, whatever is said about it: other charsets do not look like
 * it by chance. */
static bool
is_surely_utf8(struct slice head, bool is_whole)
{
    if (!charset_is_utf8(charset_guess_unicode(head).charset))
        return false;
    struct slice checked = head;
    for (size_t cut = 0; !is_whole && cut < 3 && checked.size > 0 && !slice_is_utf8(checked); cut++)
        checked.size--;
    bool is_ascii = true;
    for (size_t i = 0; i < checked.size && is_ascii; i++)
        is_ascii = (unsigned char)checked.ptr[i] < 0x80;
    return (is_whole || !is_ascii) && slice_is_utf8(checked);
}

static enum sniffed
sniff_document(const struct convert_job *job, struct slice bytes, const char **words)
{
    const struct sniff_hints hints = {hint(job, "name"), hint(job, "contentType")};
    struct slice head = slice_of(bytes.ptr, bytes.size < SNIFF_BYTES ? bytes.size : SNIFF_BYTES);
    return sniff(head, &hints, words);
}

void
text_prepare(struct convert_job *job, const struct confine_limits *limits)
{
    const char *words = NULL;
    char *bytes = mem_alloc_raw(LIMIT_ENCODING_LOOK_BYTES);
    struct slice head = slice_of(bytes, read_head(job->fd, bytes, LIMIT_ENCODING_LOOK_BYTES));
    switch (sniff_document(job, head, &words)) {
    case SNIFFED_PDF:
        job->pdf_error.status =
            program_start(&job->pdf, &pdf_program, job->fd, limits, &job->pdf_error);
        break;
    case SNIFFED_TEXT:
    case SNIFFED_MARKDOWN:
    case SNIFFED_HTML:
        if (!is_surely_utf8(head, head.size < LIMIT_ENCODING_LOOK_BYTES))
            charset_load_all();
        break;
    case SNIFFED_ZIP:
    case SNIFFED_COMPOUND:
    case SNIFFED_OTHER:
        break;
    }
    mem_free(bytes);
}

static struct slice
look_part(struct slice bytes)
{
    size_t size = bytes.size < LIMIT_ENCODING_LOOK_BYTES ? bytes.size : LIMIT_ENCODING_LOOK_BYTES;
    return slice_of(bytes.ptr, size);
}

/* Who says the one on the left means the one on the right, as browsers have it: it has letters and
 * quotes where the other has controls. */
static const struct charset *
as_browsers_do(const struct charset *said)
{
    if (said == charset_find(SLICE("iso-8859-1")))
        return charset_find(SLICE("windows-1252"));
    return said == charset_find(SLICE("iso-8859-9")) ? charset_find(SLICE("windows-1254")) : said;
}

/* What is said is believed if it is a charset that we know. */
static const struct charset *
said_charset(const struct reading *reading, enum sniffed sniffed, struct slice bytes)
{
    const struct charset *said = charset_find(sniff_charset(hint(reading->job, "contentType")));
    if (said != NULL || sniffed != SNIFFED_HTML)
        return as_browsers_do(said);
    size_t size = bytes.size < CHARSET_LOOK_BYTES ? bytes.size : CHARSET_LOOK_BYTES;
    said = charset_find(html_charset(slice_of(bytes.ptr, size)));
    /* It could not be read here if it were one of these. */
    return said != NULL && said->unit_bytes > 1 ? NULL : as_browsers_do(said);
}

static void
decode(struct slice bytes, struct decoder *decoder, struct buffer *out)
{
    size_t at = 0;
    while (at < bytes.size) {
        char *room = buffer_reserve(out, KIB(64));
        if (room == NULL)
            break;
        struct slice rest = slice_of(bytes.ptr + at, bytes.size - at);
        struct decoded done = decoder_run(decoder, rest, true, room, KIB(64));
        buffer_commit(out, done.text_bytes);
        at += done.source_bytes;
    }
}

/* A few zero bytes among what is UTF-8 do not make it UTF-16. */
static bool
is_utf8_with_zeros(struct slice head)
{
    size_t zeros = 0;
    for (size_t i = 0; i < head.size; i++)
        zeros += head.ptr[i] == '\0';
    return zeros < head.size / 8 && slice_is_utf8(slice_cut(head, head.size - 1));
}

static struct charset_guess
guess_charset(const struct reading *reading, enum sniffed sniffed, struct slice bytes)
{
    struct slice head = look_part(bytes);
    bool is_whole = head.size < LIMIT_ENCODING_LOOK_BYTES;
    struct charset_guess guess = charset_guess_unicode(head);
    bool is_marked = guess.mark_bytes > 0;
    if (is_marked || is_surely_utf8(head, is_whole))
        return guess;
    if (!charset_is_utf8(guess.charset) && is_utf8_with_zeros(head))
        return (struct charset_guess){charset_find(SLICE("utf-8")), 0};
    return charset_guess(head, is_whole, said_charset(reading, sniffed, bytes));
}

/* The bytes as UTF-8 in place of those that were read. */
static void
to_utf8(const struct reading *reading, enum sniffed sniffed, struct slice *bytes)
{
    struct charset_guess guess = guess_charset(reading, sniffed, *bytes);
    if (charset_is_utf8(guess.charset))
        return;
    struct decoder *decoder = decoder_new(guess.charset);
    if (decoder == NULL)
        return;
    struct buffer text;
    size_t mark = guess.mark_bytes;
    buffer_init(&text, CHARSET_GROWS * bytes->size + KIB(128));
    decode(slice_of(bytes->ptr + mark, bytes->size - mark), decoder, &text);
    decoder_free(&decoder);
    mem_free((char *)bytes->ptr);
    bytes->ptr = buffer_take(&text, &bytes->size);
}

/* --- text and Markdown --- */

/* Controls that no text has, more than a few. */
static bool
is_binary(struct slice text)
{
    size_t size = text.size < KIB(64) ? text.size : KIB(64);
    size_t controls = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        controls += byte == 0xFF || (byte < ' ' && strchr("\t\n\v\f\r\b\x1B", byte) == NULL) ||
                    byte == '\0';
    }
    return controls > size / 32 + 2;
}

static struct slice
next_line(struct slice *text)
{
    const char *end = memchr(text->ptr, '\n', text->size);
    size_t size = end == NULL ? text->size : (size_t)(end - text->ptr);
    struct slice line = slice_of(text->ptr, size);
    size += end != NULL;
    *text = slice_of(text->ptr + size, text->size - size);
    return slice_trim(line);
}

static bool
is_underline(struct slice line)
{
    size_t count = 0;
    while (count < line.size && line.ptr[count] == '=')
        count++;
    return count > 0 && count == line.size;
}

/* The first heading ("# Title", or a line with "===" below), behind front matter if there is any.
 */
static struct slice
find_heading(struct slice text)
{
    struct slice before = slice_of(NULL, 0);
    bool is_in_code = false;
    bool is_in_front = false;
    for (int i = 0; i < HEADING_LOOK_LINES && text.size > 0; i++) {
        struct slice line = next_line(&text);
        bool is_rule = slice_is(line, "---");
        if (is_rule && (i == 0 || is_in_front))
            is_in_front = i == 0;
        else if (slice_starts_with(line, SLICE("```")) || slice_starts_with(line, SLICE("~~~")))
            is_in_code = !is_in_code;
        else if (!is_in_code && !is_in_front && slice_starts_with(line, SLICE("# ")))
            return slice_of(line.ptr + 2, line.size - 2);
        else if (!is_in_code && !is_in_front && before.size > 0 && is_underline(line))
            return before;
        before = is_rule ? slice_of(NULL, 0) : line;
    }
    return slice_of(NULL, 0);
}

static enum status
read_text(struct reading *reading, struct slice text, enum sniffed sniffed, struct error *error)
{
    if (is_binary(text))
        return error_set(error, STATUS_INVALID,
                         "it is no text and no kind of document that is read here");
    if (sniffed == SNIFFED_MARKDOWN && slice_is_utf8(text))
        reading->title = plain_title(reading->job->arena, find_heading(text));
    reading->kind = sniffed == SNIFFED_MARKDOWN ? "markdown" : "text";
    plain_verbatim(&reading->plain, text);
    return plain_end(&reading->plain, error);
}

static enum status
read_html(struct reading *reading, struct slice *text, struct error *error)
{
    reading->kind = "html";
    return html_read(&reading->plain, (char *)text->ptr, text->size, reading->job->arena,
                     &reading->title, error);
}

/* What is made of characters: everything but what has a format of its own. */
static enum status
read_characters(struct reading *reading, enum sniffed sniffed, struct error *error)
{
    struct slice text;
    enum status status = read_whole(reading->job->fd, &text, error);
    if (status != STATUS_OK)
        return status;
    to_utf8(reading, sniffed, &text);
    if (sniffed == SNIFFED_HTML)
        status = read_html(reading, &text, error);
    else
        status = read_text(reading, text, sniffed, error);
    mem_free((char *)text.ptr);
    if (status == STATUS_OK && !reading->plain.has_words)
        status = error_set(error, STATUS_INVALID, "there is nothing but white space in it");
    return status;
}

/* --- the kind --- */

static struct value
make_result(const struct reading *reading)
{
    bool has_title = reading->title.ptr != NULL;
    struct member members[] = {
        {value_text("kind"), value_text(reading->kind)},
        {value_text("title"), has_title ? value_string(reading->title) : value_null()},
        {value_text("pages"), reading->pages > 0 ? value_int(reading->pages) : value_null()},
    };
    return value_object_new(reading->job->arena, members, COUNT_OF(members));
}

static enum status
refuse_compound(int fd, struct error *error)
{
    static const char *const words[] = {
        [COMPOUND_DAMAGED] = "a damaged file of an old Office program",
        [COMPOUND_PROTECTED] = "protected by a password; save it without one",
        [COMPOUND_WORKBOOK] =
            "a workbook of Excel 97 (.xls); save it as .xlsx, whose rows read_xlsx reads",
        [COMPOUND_DOCUMENT] = "a document of Word 97 (.doc); save it as a Word document (.docx)",
        [COMPOUND_OTHER] = "a file of an old Office program; save it as .docx or PDF",
    };
    char head[512];
    struct slice bytes = slice_of(head, read_head(fd, head, sizeof(head)));
    return error_set(error, STATUS_INVALID, "it is %s", words[compound_holds(fd, bytes)]);
}

static enum status
read_pdf(struct reading *reading, struct error *error)
{
    struct convert_job *job = reading->job;
    struct pdf pdf;
    if (job->pdf_error.status != STATUS_OK) {
        *error = job->pdf_error;
        return error->status;
    }
    enum status status = pdf_read(&reading->plain, &job->pdf, job->arena, &pdf, error);
    reading->kind = "pdf";
    reading->title = pdf.title;
    reading->pages = pdf.pages;
    return status;
}

static enum status
read_as(struct reading *reading, enum sniffed sniffed, const char *words, struct error *error)
{
    switch (sniffed) {
    case SNIFFED_TEXT:
    case SNIFFED_MARKDOWN:
    case SNIFFED_HTML:
        return read_characters(reading, sniffed, error);
    case SNIFFED_PDF:
        return read_pdf(reading, error);
    case SNIFFED_ZIP:
        reading->kind = "docx";
        return docx_read(&reading->plain, reading->job->fd, reading->job->arena, &reading->title,
                         error);
    case SNIFFED_COMPOUND:
        return refuse_compound(reading->job->fd, error);
    case SNIFFED_OTHER:
        break;
    }
    return error_set(error, STATUS_INVALID, "it is %s", words);
}

enum status
text_convert(struct convert_job *job, struct error *error)
{
    char head[SNIFF_BYTES];
    struct reading reading = {.job = job};
    const char *words = NULL;
    size_t size = read_head(job->fd, head, sizeof(head));
    if (size == 0)
        return error_set(error, STATUS_INVALID, "it is empty");
    plain_init(&reading.plain, job);
    enum sniffed sniffed = sniff_document(job, slice_of(head, size), &words);
    enum status status = read_as(&reading, sniffed, words, error);
    if (status == STATUS_OK)
        job->result = make_result(&reading);
    return status;
}
