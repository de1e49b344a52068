#include "convert/sniff.h"

#include "base/status.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* --- by the first bytes --- */

static const struct {
    struct slice begin;
    size_t offset;
    enum sniffed is;
    const char *words;
} magics[] = {
    {{"PK\3\4", 4}, 0, SNIFFED_ZIP, NULL},
    {{"PK\5\6", 4}, 0, SNIFFED_ZIP, NULL},
    {{"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8}, 0, SNIFFED_COMPOUND, NULL},
    {{"{\\rtf", 5}, 0, SNIFFED_OTHER, "an RTF document; save it as a Word document (.docx)"},
    {{"%!PS", 4}, 0, SNIFFED_OTHER, "PostScript; make a PDF of it"},
    {{"\x89PNG", 4}, 0, SNIFFED_OTHER, "an image (PNG): text in images is not read"},
    {{"\xFF\xD8\xFF", 3}, 0, SNIFFED_OTHER, "an image (JPEG): text in images is not read"},
    {{"GIF8", 4}, 0, SNIFFED_OTHER, "an image (GIF): text in images is not read"},
    {{"II*\0", 4}, 0, SNIFFED_OTHER, "an image (TIFF): text in images is not read"},
    {{"MM\0*", 4}, 0, SNIFFED_OTHER, "an image (TIFF): text in images is not read"},
    {{"WEBP", 4}, 8, SNIFFED_OTHER, "an image (WebP): text in images is not read"},
    {{"ftyp", 4}, 4, SNIFFED_OTHER, "an image or a film: text in it is not read"},
    {{"\x1F\x8B", 2}, 0, SNIFFED_OTHER, "packed (gzip); unpack it first"},
    {{"BZh", 3}, 0, SNIFFED_OTHER, "packed (bzip2); unpack it first"},
    {{"\xFD"
      "7zXZ",
      5},
     0,
     SNIFFED_OTHER,
     "packed (xz); unpack it first"},
    {{"\x28\xB5\x2F\xFD", 4}, 0, SNIFFED_OTHER, "packed (zstd); unpack it first"},
    {{"7z\xBC\xAF", 4}, 0, SNIFFED_OTHER, "an archive (7z); unpack it first"},
    {{"Rar!", 4}, 0, SNIFFED_OTHER, "an archive (RAR); unpack it first"},
    {{"\x7F"
      "ELF",
      4},
     0,
     SNIFFED_OTHER,
     "a program"},
    {{"SQLite format 3", 15}, 0, SNIFFED_OTHER, "a database (SQLite)"},
};

static bool
stands_at(struct slice head, size_t offset, struct slice what)
{
    return head.size >= offset + what.size && memcmp(head.ptr + offset, what.ptr, what.size) == 0;
}

static bool
is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* Whether a tag of that name begins here, whatever the case of its letters. */
static bool
is_tag(struct slice text, const char *name)
{
    size_t size = strlen(name);
    return text.size > size + 1 && text.ptr[0] == '<' &&
           strncasecmp(text.ptr + 1, name, size) == 0 && !is_letter_or_digit(text.ptr[size + 1]);
}

static struct slice
skip_bytes(struct slice text, size_t size)
{
    return size >= text.size ? slice_of(text.ptr, 0) : slice_of(text.ptr + size, text.size - size);
}

/* Behind white space, comments and declarations of XML. */
static struct slice
skip_preface(struct slice text)
{
    if (slice_starts_with(text, SLICE("\xEF\xBB\xBF")))
        text = skip_bytes(text, 3);
    for (;;) {
        text = slice_trim(text);
        bool is_comment = slice_starts_with(text, SLICE("<!--"));
        if (!is_comment && !slice_starts_with(text, SLICE("<?xml")))
            return text;
        const char *close = is_comment ? "-->" : "?>";
        const char *end = memmem(text.ptr, text.size, close, strlen(close));
        if (end == NULL)
            return text;
        text = skip_bytes(text, (size_t)(end - text.ptr) + strlen(close));
    }
}

/* Half of each character in UTF-16, which is enough to know a tag by. */
static struct slice
narrow(struct slice head, char room[SNIFF_BYTES])
{
    bool is_little = slice_starts_with(head, SLICE("\xFF\xFE"));
    if (!is_little && !slice_starts_with(head, SLICE("\xFE\xFF")))
        return head;
    size_t size = 0;
    for (size_t i = is_little ? 2 : 3; i < head.size; i += 2)
        room[size++] = head.ptr[i];
    return slice_of(room, size);
}

static bool
begins_with_tag(struct slice text, const char *const *names)
{
    text = skip_preface(text);
    for (; *names != NULL; names++) {
        if (is_tag(text, *names))
            return true;
    }
    return false;
}

/* --- by what is said --- */

static bool
name_ends_with(struct slice name, const char *const *endings)
{
    for (; *endings != NULL; endings++) {
        size_t size = strlen(*endings);
        if (name.size > size && strncasecmp(name.ptr + name.size - size, *endings, size) == 0)
            return true;
    }
    return false;
}

static bool
type_is(struct slice content_type, const char *type)
{
    size_t size = strlen(type);
    return content_type.size >= size && strncasecmp(content_type.ptr, type, size) == 0 &&
           (content_type.size == size || !is_letter_or_digit(content_type.ptr[size]));
}

static bool
is_said_to_be(const struct sniff_hints *hints, const char *type, const char *const *endings)
{
    return type_is(hints->content_type, type) || name_ends_with(hints->name, endings);
}

/* Markdown may begin with any tag of HTML, but not with those of a whole page. */
static enum sniffed
sniff_text(struct slice text, const struct sniff_hints *hints)
{
    static const char *const page[] = {"!doctype html", "html", "head", "body", NULL};
    static const char *const part[] = {"title", "meta", "link", "script", "style",  "div",
                                       "h1",    "p",    "ul",   "table",  "center", NULL};
    static const char *const html[] = {".html", ".htm", ".xhtml", NULL};
    static const char *const markdown[] = {".md", ".markdown", NULL};
    static const char *const plain[] = {".txt", NULL};
    if (begins_with_tag(text, page))
        return SNIFFED_HTML;
    if (is_said_to_be(hints, "text/markdown", markdown))
        return SNIFFED_MARKDOWN;
    bool has_tags = text.size > 0 && memchr(text.ptr, '<', text.size) != NULL;
    if (has_tags && (is_said_to_be(hints, "text/html", html) ||
                     type_is(hints->content_type, "application/xhtml+xml")))
        return SNIFFED_HTML;
    if (begins_with_tag(text, part) && !is_said_to_be(hints, "text/plain", plain))
        return SNIFFED_HTML;
    return SNIFFED_TEXT;
}

enum sniffed
sniff(struct slice head, const struct sniff_hints *hints, const char **words)
{
    *words = NULL;
    for (size_t i = 0; i < COUNT_OF(magics); i++) {
        if (!stands_at(head, magics[i].offset, magics[i].begin))
            continue;
        *words = magics[i].words;
        return magics[i].is;
    }
    /* Readers of PDF have always accepted other bytes in front (ISO 32000-1, annex H.3.4.1). */
    size_t size = head.size < 1024 ? head.size : 1024;
    if (size > 0 && memmem(head.ptr, size, "%PDF-", 5) != NULL)
        return SNIFFED_PDF;
    char room[SNIFF_BYTES];
    return sniff_text(narrow(head, room), hints);
}

/* --- the charset of a content type --- */

struct slice
sniff_charset(struct slice content_type)
{
    static const char name[] = "charset=";
    size_t size = sizeof(name) - 1;
    for (size_t i = 0; i + size < content_type.size; i++) {
        if (strncasecmp(content_type.ptr + i, name, size) != 0)
            continue;
        struct slice value = slice_trim(skip_bytes(content_type, i + size));
        if (value.size > 0 && (value.ptr[0] == '"' || value.ptr[0] == '\''))
            value = skip_bytes(value, 1);
        size_t end = 0;
        while (end < value.size && strchr("\"'; \t", value.ptr[end]) == NULL)
            end++;
        return slice_of(value.ptr, end);
    }
    return slice_of(NULL, 0);
}
