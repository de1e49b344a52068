/* A text in any charset gives the same UTF-8 however it is cut, every part of it leads back to the
 * bytes that it came from, and what is no character is found. The first byte chooses the charset,
 * the second how the text is cut. */
#include "fuzz.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "document/charset.h"

#include <string.h>

static const char *const names[] = {
    "utf-16le",     "utf-16be",     "utf-32le",     "utf-32be",    "windows-1250",
    "windows-1252", "windows-1255", "windows-1258", "windows-874", "iso-8859-1",
    "iso-8859-7",   "koi8-r",       "macintosh",    "ibm437",      "shift_jis",
    "euc-jp",       "gb18030",      "big5",         "euc-kr",      "euc-tw",
};

/* In pieces of so many bytes that grow until they hold a character, and with as little room. */
static void
decode(struct decoder *decoder, struct slice source, size_t step, struct buffer *out)
{
    size_t at = 0;
    size_t size = step;
    while (at < source.size) {
        char text[512];
        bool is_last = size >= source.size - at;
        struct slice part = slice_of(source.ptr + at, is_last ? source.size - at : size);
        size_t room = step + 3 < sizeof(text) ? step + 3 : sizeof(text);
        struct decoded done = decoder_run(decoder, part, is_last, text, room);
        assert(done.source_bytes <= part.size && done.text_bytes <= room);
        assert(decoder_span(decoder, part, is_last, done.text_bytes) == done.source_bytes);
        buffer_append(out, text, done.text_bytes);
        at += done.source_bytes;
        size = done.source_bytes == 0 ? size + step : step;
        assert(!is_last || done.source_bytes > 0);
    }
}

/* UTF-8 but for the bytes that stand for none. */
static void
check_text(struct slice text)
{
    while (text.size > 0) {
        size_t size = slice_character(text);
        assert(size > 0 || text.ptr[0] == '\xFF');
        size += size == 0;
        text = slice_of(text.ptr + size, text.size - size);
    }
}

static void
check_guesses(struct slice source)
{
    for (int is_whole = 0; is_whole < 2; is_whole++) {
        struct charset_guess guess = charset_guess(source, is_whole, NULL);
        assert(guess.charset != NULL && guess.mark_bytes <= source.size);
        struct charset_guess again = charset_guess(source, is_whole, NULL);
        assert(again.charset == guess.charset && again.mark_bytes == guess.mark_bytes);
    }
    assert(charset_guess_unicode(source).charset != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct slice source = slice_of((const char *)data + 2, size - 2);
    check_guesses(source);
    const char *name = names[data[0] % (sizeof(names) / sizeof(names[0]))];
    struct decoder *decoder = decoder_new(charset_find(slice_text(name)));
    assert(decoder != NULL);
    struct buffer whole, cut;
    buffer_init(&whole, MIB(16));
    buffer_init(&cut, MIB(16));
    decode(decoder, source, 500, &whole);
    decode(decoder, source, 1 + data[1] % 64, &cut);
    assert(slice_equal(buffer_slice(&whole), buffer_slice(&cut)));
    check_text(buffer_slice(&whole));
    buffer_done(&whole);
    buffer_done(&cut);
    decoder_free(&decoder);
    return 0;
}
