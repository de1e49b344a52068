#include "document/charset.h"

#include "base/mem.h"
#include "base/status.h"
#include "document/scan.h"

#include <assert.h>
#include <errno.h>
#include <iconv.h>
#include <string.h>

/* Bytes of a name that is looked for. */
#define NAME_BYTES_MAX 32

#define UTF_16(name, iconv, aliases)                                                               \
    {                                                                                              \
        name, iconv, aliases, 2, 2, false                                                          \
    }
#define UTF_32(name, iconv, aliases)                                                               \
    {                                                                                              \
        name, iconv, aliases, 4, 4, false                                                          \
    }
#define SINGLE(name, iconv, aliases)                                                               \
    {                                                                                              \
        name, iconv, aliases, 1, 1, true                                                           \
    }
#define DOUBLE(name, iconv, aliases)                                                               \
    {                                                                                              \
        name, iconv, aliases, 1, 2, false                                                          \
    }

/* utf-16 stands before its two orders: the mark or the zero bytes tell which. */
static const struct charset charsets[] = {
    {"utf-8", NULL, " utf8 ascii usascii ", 1, 1, false},
    UTF_16("utf-16", "UTF-16LE", " utf16 ucs2 unicode "),
    UTF_16("utf-16le", "UTF-16LE", " utf16le ucs2le "),
    UTF_16("utf-16be", "UTF-16BE", " utf16be ucs2be "),
    UTF_32("utf-32le", "UTF-32LE", " utf32le "),
    UTF_32("utf-32be", "UTF-32BE", " utf32be "),
    SINGLE("windows-1250", "CP1250", " windows1250 cp1250 "),
    SINGLE("windows-1251", "CP1251", " windows1251 cp1251 "),
    SINGLE("windows-1252", "CP1252", " windows1252 cp1252 ansi "),
    SINGLE("windows-1253", "CP1253", " windows1253 cp1253 "),
    SINGLE("windows-1254", "CP1254", " windows1254 cp1254 "),
    SINGLE("windows-1255", "CP1255", " windows1255 cp1255 "),
    SINGLE("windows-1256", "CP1256", " windows1256 cp1256 "),
    SINGLE("windows-1257", "CP1257", " windows1257 cp1257 "),
    SINGLE("windows-1258", "CP1258", " windows1258 cp1258 "),
    SINGLE("windows-874", "CP874", " windows874 cp874 tis620 iso885911 "),
    SINGLE("iso-8859-1", "ISO-8859-1", " iso88591 latin1 l1 "),
    SINGLE("iso-8859-2", "ISO-8859-2", " iso88592 latin2 l2 "),
    SINGLE("iso-8859-3", "ISO-8859-3", " iso88593 latin3 "),
    SINGLE("iso-8859-4", "ISO-8859-4", " iso88594 latin4 "),
    SINGLE("iso-8859-5", "ISO-8859-5", " iso88595 "),
    SINGLE("iso-8859-6", "ISO-8859-6", " iso88596 "),
    SINGLE("iso-8859-7", "ISO-8859-7", " iso88597 "),
    SINGLE("iso-8859-8", "ISO-8859-8", " iso88598 "),
    SINGLE("iso-8859-9", "ISO-8859-9", " iso88599 latin5 "),
    SINGLE("iso-8859-10", "ISO-8859-10", " iso885910 latin6 "),
    SINGLE("iso-8859-13", "ISO-8859-13", " iso885913 latin7 "),
    SINGLE("iso-8859-15", "ISO-8859-15", " iso885915 latin9 "),
    SINGLE("iso-8859-16", "ISO-8859-16", " iso885916 latin10 "),
    SINGLE("koi8-r", "KOI8-R", " koi8r "),
    SINGLE("koi8-u", "KOI8-U", " koi8u "),
    SINGLE("macintosh", "MACINTOSH", " macintosh macroman mac "),
    SINGLE("ibm437", "IBM437", " ibm437 cp437 "),
    SINGLE("ibm850", "IBM850", " ibm850 cp850 "),
    SINGLE("ibm852", "IBM852", " ibm852 cp852 "),
    SINGLE("ibm855", "IBM855", " ibm855 cp855 "),
    SINGLE("ibm866", "IBM866", " ibm866 cp866 "),
    DOUBLE("shift_jis", "CP932", " shiftjis sjis cp932 windows31j "),
    DOUBLE("euc-jp", "EUC-JP", " eucjp "),
    DOUBLE("gb18030", "GB18030", " gb18030 gbk gb2312 cp936 "),
    DOUBLE("big5", "CP950", " big5 cp950 "),
    DOUBLE("euc-kr", "CP949", " euckr uhc cp949 "),
    DOUBLE("euc-tw", "EUC-TW", " euctw "),
};

/* Names are compared by their letters and digits. */
static size_t
plain_name(struct slice name, char out[NAME_BYTES_MAX])
{
    size_t size = 0;
    out[size++] = ' ';
    for (size_t i = 0; i < name.size && size < NAME_BYTES_MAX - 2; i++) {
        char byte = name.ptr[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte + 'a' - 'A');
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))
            out[size++] = byte;
    }
    out[size++] = ' ';
    out[size] = '\0';
    return size;
}

const struct charset *
charset_find(struct slice name)
{
    char plain[NAME_BYTES_MAX];
    if (name.size >= NAME_BYTES_MAX - 2 || plain_name(name, plain) <= 2)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(charsets); i++) {
        if (strstr(charsets[i].aliases, plain) != NULL)
            return &charsets[i];
    }
    return NULL;
}

const char *
charset_nearest(struct slice wrong)
{
    const char *names[COUNT_OF(charsets)];
    for (size_t i = 0; i < COUNT_OF(charsets); i++)
        names[i] = charsets[i].name;
    return slice_nearest(wrong, names, COUNT_OF(names));
}

/* What stays open keeps the tables of its charset in memory. */
void
charset_load_all(void)
{
    for (size_t i = 0; i < COUNT_OF(charsets); i++) {
        if (charsets[i].iconv_name != NULL)
            (void)iconv_open("UTF-8", charsets[i].iconv_name);
    }
}

/* --- decoding --- */

struct decoder {
    const struct charset *charset;
    iconv_t iconv;
    /* Of single bytes: their characters as UTF-8. */
    char texts[256][CHARSET_GROWS];
    unsigned char sizes[256];
};

/* Each byte by itself: iconv would compose some characters with those behind them. */
static void
fill_texts(struct decoder *decoder)
{
    for (unsigned b = 0; b < 256; b++) {
        char byte = (char)b;
        char *in = &byte;
        char text[16];
        char *out = text;
        size_t left = 1;
        size_t room = sizeof(text);
        bool is_good = iconv(decoder->iconv, &in, &left, &out, &room) != (size_t)-1 &&
                       iconv(decoder->iconv, NULL, NULL, &out, &room) != (size_t)-1;
        size_t size = (size_t)(out - text);
        if (!is_good || size == 0 || size > CHARSET_GROWS) {
            text[0] = '\xFF';
            size = 1;
        }
        memcpy(decoder->texts[b], text, size);
        decoder->sizes[b] = (unsigned char)size;
    }
}

struct decoder *
decoder_new(const struct charset *charset)
{
    assert(!charset_is_utf8(charset));
    iconv_t handle = iconv_open("UTF-8", charset->iconv_name);
    if (handle == (iconv_t)-1)
        return NULL;
    struct decoder *decoder = mem_alloc(sizeof(*decoder));
    decoder->charset = charset;
    decoder->iconv = handle;
    if (charset->is_single)
        fill_texts(decoder);
    return decoder;
}

void
decoder_free(struct decoder **decoder)
{
    struct decoder *gone = *decoder;
    *decoder = NULL;
    if (gone == NULL)
        return;
    iconv_close(gone->iconv);
    mem_free(gone);
}

static inline size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Copies words that are ASCII, which all of them keep. */
static inline size_t
copy_ascii(char *out, const char *in, size_t size)
{
    size_t done = 0;
    for (; size - done >= 8 && (load_word(in + done) & BYTES(0x80)) == 0; done += 8)
        memcpy(out + done, in + done, 8);
    return done;
}

static struct decoded
run_single(const struct decoder *decoder, struct slice source, char *out, size_t room)
{
    struct decoded done = {0};
    while (done.source_bytes < source.size) {
        size_t passed =
            copy_ascii(out + done.text_bytes, source.ptr + done.source_bytes,
                       smaller(source.size - done.source_bytes, room - done.text_bytes));
        done.source_bytes += passed;
        done.text_bytes += passed;
        if (passed > 0)
            continue;
        unsigned char byte = (unsigned char)source.ptr[done.source_bytes];
        size_t size = decoder->sizes[byte];
        if (room - done.text_bytes < size)
            break;
        for (size_t i = 0; i < size; i++)
            out[done.text_bytes + i] = decoder->texts[byte][i];
        done.text_bytes += size;
        done.source_bytes++;
    }
    return done;
}

static struct decoded
run_iconv(struct decoder *decoder, struct slice source, bool is_last, char *out, size_t room)
{
    char *in = (char *)source.ptr; /* iconv only reads it */
    char *to = out;
    size_t left = source.size;
    size_t free_bytes = room;
    while (left > 0 && iconv(decoder->iconv, &in, &left, &to, &free_bytes) == (size_t)-1) {
        bool waits = errno == E2BIG || (errno == EINVAL && !is_last);
        if (waits || free_bytes == 0)
            break;
        size_t unit = decoder->charset->unit_bytes;
        size_t size = smaller(unit, left);
        in += size;
        left -= size;
        *to++ = '\xFF';
        free_bytes--;
        iconv(decoder->iconv, NULL, NULL, NULL, NULL);
    }
    return (struct decoded){source.size - left, room - free_bytes};
}

struct decoded
decoder_run(struct decoder *decoder, struct slice source, bool is_last, char *out, size_t room)
{
    if (decoder->charset->is_single)
        return run_single(decoder, source, out, room);
    return run_iconv(decoder, source, is_last, out, room);
}

/* Decodes again, which needs nothing to be kept. Behind the bytes that can matter a few more tell
 * whether the last of them are a character. */
size_t
decoder_span(struct decoder *decoder, struct slice source, bool is_last, size_t text_bytes)
{
    enum { step_bytes = 2048 };
    char text[step_bytes];
    size_t span = 0;
    while (text_bytes > 0) {
        size_t room = smaller(text_bytes, step_bytes);
        size_t size = room * decoder->charset->shrinks + 2 * CHARSET_CHARACTER_BYTES;
        bool is_rest = size >= source.size - span;
        struct slice part = slice_of(source.ptr + span, is_rest ? source.size - span : size);
        struct decoded done = decoder_run(decoder, part, is_last && is_rest, text, room);
        assert(done.text_bytes > 0);
        span += done.source_bytes;
        text_bytes -= done.text_bytes;
    }
    return span;
}
