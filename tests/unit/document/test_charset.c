/* Charsets: names, decoding (the same however the text is cut), and guesses. */
#include "document/charset.h"
#include "test.h"

#include "base/buffer.h"
#include "base/limits.h"
#include "base/status.h"

#include <string.h>

#define TEXT(literal)                                                                              \
    {                                                                                              \
        (literal), sizeof(literal) - 1                                                             \
    }

static void
test_names_are_found_in_any_spelling(void **state)
{
    static const struct {
        const char *written;
        const char *name;
    } table[] = {
        {"utf-8", "utf-8"},
        {"UTF8", "utf-8"},
        {"US-ASCII", "utf-8"},
        {"utf_16", "utf-16"},
        {"UTF-16LE", "utf-16le"},
        {"latin1", "iso-8859-1"},
        {"ISO_8859-15", "iso-8859-15"},
        {"Windows-1252", "windows-1252"},
        {"cp1252", "windows-1252"},
        {"ANSI", "windows-1252"},
        {"MacRoman", "macintosh"},
        {"Shift_JIS", "shift_jis"},
        {"gb2312", "gb18030"},
        {"", NULL},
        {"-", NULL},
        {"utf", NULL},
        {"utf-7", NULL},
        {"iso-2022-jp", NULL},
        {"latin", NULL},
        {"a very long name of a charset that is none", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        const struct charset *found = charset_find(slice_text(table[i].written));
        if ((found == NULL) != (table[i].name == NULL))
            fail_msg("%s", table[i].written);
        if (found != NULL)
            assert_string_equal(found->name, table[i].name);
    }
    assert_string_equal(charset_nearest(SLICE("windows-125")), "windows-1250");
    assert_null(charset_nearest(SLICE("klingon")));
}

/* Decodes with a room and a source that are cut anywhere, as readers do. */
static void
decode(const struct charset *charset, struct slice source, size_t step, struct buffer *out)
{
    struct decoder *decoder = decoder_new(charset);
    assert_non_null(decoder);
    size_t at = 0;
    size_t size = step;
    while (at < source.size) {
        char text[64];
        bool is_last = size >= source.size - at;
        struct slice part = slice_of(source.ptr + at, is_last ? source.size - at : size);
        size_t room = step + 3 < sizeof(text) ? step + 3 : sizeof(text);
        struct decoded done = decoder_run(decoder, part, is_last, text, room);
        assert_true(done.source_bytes <= part.size && done.text_bytes <= room);
        assert_int_equal(decoder_span(decoder, part, is_last, done.text_bytes), done.source_bytes);
        buffer_append(out, text, done.text_bytes);
        at += done.source_bytes;
        size = done.source_bytes == 0 ? size + step : step;
    }
    decoder_free(&decoder);
}

static void
test_text_is_decoded_alike_however_it_is_cut(void **state)
{
    static const struct {
        const char *charset;
        struct slice source;
        struct slice text;
    } table[] = {
        {"iso-8859-1", TEXT("a\xE9\x80\xFF"), TEXT("a\xC3\xA9\xC2\x80\xC3\xBF")},
        {"windows-1252", TEXT("5 \x80 \x81\x99"), TEXT("5 \xE2\x82\xAC \xFF\xE2\x84\xA2")},
        {"windows-1252", TEXT("a longer text in ASCII, \xFC, and so on to its end"),
         TEXT("a longer text in ASCII, \xC3\xBC, and so on to its end")},
        {"windows-1255", TEXT("\xF9\xD1\xE0"), TEXT("\xD7\xA9\xD7\x81\xD7\x90")},
        {"windows-1258",
         TEXT("a\xCC"
              "e\xEC"),
         TEXT("a\xCC\x80"
              "e\xCC\x81")},
        {"utf-16le", TEXT("a\0\xE9\0\x3D\xD8\x00\xDE\n\0"), TEXT("a\xC3\xA9\xF0\x9F\x98\x80\n")},
        {"utf-16be", TEXT("\0a\0\xE9\xD8\x3D\xDE\x00\0\n"), TEXT("a\xC3\xA9\xF0\x9F\x98\x80\n")},
        {"utf-16le",
         TEXT("a\0\x3D\xD8"
              "b\0\x00\xDE"
              "c\0d"),
         TEXT("a\xFF"
              "b\xFF"
              "c\xFF")},
        {"utf-16le", TEXT("a\0\x3D\xD8"), TEXT("a\xFF")},
        {"utf-16le", TEXT("\0\0\xFF\xFE"), TEXT("\0\xEF\xBB\xBF")},
        {"utf-32le", TEXT("a\0\0\0\0\xF6\1\0\0\0\0\1"), TEXT("a\xF0\x9F\x98\x80\xFF")},
        {"utf-32be", TEXT("\0\0\0a\0"), TEXT("a\xFF")},
        {"shift_jis", TEXT("\x93\x8C\x8B\x9E,\x83\x5C\xB1\x81\x20x\x81"),
         TEXT("\xE6\x9D\xB1\xE4\xBA\xAC,\xE3\x82\xBD\xEF\xBD\xB1\xFF x\xFF")},
        {"gb18030", TEXT("\xB1\xB1,\x81\x30\x81\x30\x94\x39\xFC\x36z\xFF"),
         TEXT("\xE5\x8C\x97,\xC2\x80\xF0\x9F\x98\x80z\xFF")},
        {"big5", TEXT("\xA5\x78|\xA5\x7C"), TEXT("\xE5\x8F\xB0|\xE5\x9B\x9B")},
        {"euc-kr", TEXT("\xC0\xCC,\x8C\x63"), TEXT("\xEC\x9D\xB4,\xEB\x98\xA0")},
        {"euc-jp", TEXT("\xC5\xEC\x8E\xB1\x8F\xB0\xA1"),
         TEXT("\xE6\x9D\xB1\xEF\xBD\xB1\xE4\xB8\x82")},
    };
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        for (size_t step = 1; step < 40; step++) {
            struct buffer out;
            buffer_init(&out, KIB(4));
            decode(charset_find(slice_text(table[i].charset)), table[i].source, step, &out);
            if (!slice_equal(buffer_slice(&out), table[i].text))
                fail_msg("%zu, %s, %zu at once: %.*s", i, table[i].charset, step,
                         SLICE_FORMAT(buffer_slice(&out)));
            buffer_done(&out);
        }
    }
}

/* Readers look for delimiters, quotes and line ends in the text. */
static void
test_single_bytes_keep_ascii(void **state)
{
    static const char *const names[] = {
        "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254",
        "windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874",
        "iso-8859-1",   "iso-8859-2",   "iso-8859-3",   "iso-8859-4",   "iso-8859-5",
        "iso-8859-6",   "iso-8859-7",   "iso-8859-8",   "iso-8859-9",   "iso-8859-10",
        "iso-8859-13",  "iso-8859-15",  "iso-8859-16",  "koi8-r",       "koi8-u",
        "macintosh",    "ibm437",       "ibm850",       "ibm852",       "ibm855",
        "ibm866",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char all[256];
        char text[256 * CHARSET_GROWS];
        for (size_t b = 0; b < sizeof(all); b++)
            all[b] = (char)b;
        struct decoder *decoder = decoder_new(charset_find(slice_text(names[i])));
        struct decoded done =
            decoder_run(decoder, slice_of(all, sizeof(all)), true, text, sizeof(text));
        assert_int_equal(done.source_bytes, sizeof(all));
        for (size_t b = 0; b < 128; b++)
            assert_int_equal(text[b], (char)b);
        for (size_t b = 128; b < 256; b++) {
            done = decoder_run(decoder, slice_of(all + b, 1), true, text, sizeof(text));
            assert_true(done.text_bytes >= 2 || text[0] == '\xFF');
        }
        decoder_free(&decoder);
    }
}

static const struct {
    const char *label;
    struct slice text;
    const char *said;
    const char *name;
    size_t mark_bytes;
} guesses[] = {
    {"nothing", TEXT(""), NULL, "utf-8", 0},
    {"ASCII", TEXT("a,b\n1,2\n"), NULL, "utf-8", 0},
    {"UTF-8", TEXT("a,\xC3\xA9\n"), NULL, "utf-8", 0},
    {"UTF-8 with a mark",
     TEXT("\xEF\xBB\xBF"
          "a"),
     NULL, "utf-8", 3},
    {"UTF-8 with a bad byte", TEXT("\xC3\xA9,\xC3\xA8\n\xE9,x\n"), NULL, "utf-8", 0},
    {"a mark and bad bytes", TEXT("\xEF\xBB\xBF\xE9\n"), NULL, "utf-8", 3},
    {"a mark against what is said",
     TEXT("\xEF\xBB\xBF"
          "a"),
     "windows-1252", "utf-8", 3},
    {"UTF-16 LE with a mark",
     TEXT("\xFF\xFE"
          "a\0"),
     NULL, "utf-16le", 2},
    {"UTF-16 BE with a mark", TEXT("\xFE\xFF\0a"), NULL, "utf-16be", 2},
    {"UTF-32 LE with a mark", TEXT("\xFF\xFE\0\0a\0\0\0"), NULL, "utf-32le", 4},
    {"UTF-32 BE with a mark", TEXT("\0\0\xFE\xFF\0\0\0a"), NULL, "utf-32be", 4},
    {"UTF-16 LE",
     TEXT("a\0,\0b\0\n\0"
          "1\0,\0"),
     NULL, "utf-16le", 0},
    {"UTF-16 BE",
     TEXT("\0a\0,\0b\0\n\0"
          "1"),
     NULL, "utf-16be", 0},
    {"UTF-16 LE in Chinese", TEXT("\x0A\x4E\x77\x6D,\0\x0A\x4E\x77\x6D\n\0"), NULL, "utf-16le", 0},
    {"UTF-16 is said", TEXT("\0a\0\n"), "utf-16", "utf-16be", 0},
    {"UTF-16 is said, no zeros", TEXT("\x0A\x4E"), "utf-16", "utf-16", 0},
    {"zeros in UTF-8", TEXT("a\0b,\0\0c,\0\nde\0,f\n"), NULL, "utf-8", 0},
    {"zeros on one side, beside no line feed", TEXT("a\0b\0\na\0b\0\n"), NULL, "utf-8", 0},
    {"what is said wins", TEXT("a\0,\0\n\0"), "windows-1252", "windows-1252", 0},
    {"German, a few",
     TEXT("Name;Stra\xDF"
          "e;Ort\nM\xFCller;Hauptstra\xDF"
          "e 5;K\xF6ln\n"),
     NULL, "windows-1252", 0},
    {"one accent", TEXT("name,city\nAcme,London\nCaf\xE9 Rouge,Paris\nFoo,Bar\n"), NULL,
     "windows-1252", 0},
    {"quotes and euro",
     TEXT("name,price\nA,5 \x80\nB,\x93"
          "7\x94 \x80\n"),
     NULL, "windows-1252", 0},
    {"Spanish",
     TEXT("A\xF1o,Poblaci\xF3n,Pa\xEDs\n2020,1234,Espa\xF1"
          "a\n2021,1235,M\xE9xico\n"),
     NULL, "windows-1252", 0},
    {"Danish",
     TEXT("navn,by\nS\xF8ren J\xF8rgensen,\xC5rhus\n\xC6"
          "ble,K\xF8"
          "benhavn\nM\xE6rsk,R\xF8"
          "dovre\nKj\xE6r,N\xE6stved\n"),
     NULL, "iso-8859-15", 0},
    {"Polish of Windows",
     TEXT("imi\xEA;miasto\n\xA3ukasz;\xA3\xF3"
          "d\x9F\n\xAF"
          "aneta;Gda\xF1sk\nMa\xB3gorzata;Wroc\xB3"
          "aw\nPozna\xF1;Cz\xEAstochowa\n\x8Cwi\xEAtokrzyskie;Bia\xB3ystok\n"),
     NULL, "windows-1250", 0},
    {"Polish of ISO",
     TEXT("imi\xEA;miasto\n\xA3ukasz;\xA3\xF3"
          "d\xBC\n\xAF"
          "aneta;Gda\xF1sk\nMa\xB3gorzata;Wroc\xB3"
          "aw\nPozna\xF1;Cz\xEAstochowa\n\xA6wi\xEAtokrzyskie;Bia\xB3ystok\n"),
     NULL, "iso-8859-2", 0},
    {"Turkish",
     TEXT("ad;\xFE"
          "ehir\n\xDD"
          "brahim;\xDDstanbul\n\xC7"
          "a\xF0la;Eski\xFE"
          "ehir\nG\xFCl\xFE"
          "en;Mu\xF0la\nI\xFE\xFDk;\xDE\xFDrnak\n"),
     NULL, "windows-1254", 0},
    {"Russian of Windows",
     TEXT("\xE8\xEC\xFF;\xE3\xEE\xF0\xEE\xE4\n\xC8\xE2\xE0\xED;"
          "\xCC\xEE\xF1\xEA\xE2\xE0\n\xCE\xEB\xFC\xE3\xE0;\xD1\xE0\xED\xEA\xF2-"
          "\xCF\xE5\xF2\xE5\xF0\xE1\xF3\xF0\xE3\n"),
     NULL, "windows-1251", 0},
    {"Russian of Unix",
     TEXT("\xC9\xCD\xD1;\xC7\xCF\xD2\xCF\xC4\n\xE9\xD7\xC1\xCE;"
          "\xED\xCF\xD3\xCB\xD7\xC1\n\xEF\xCC\xD8\xC7\xC1;\xF3\xC1\xCE\xCB\xD4-"
          "\xF0\xC5\xD4\xC5\xD2\xC2\xD5\xD2\xC7\n"),
     NULL, "koi8-r", 0},
    {"Russian of DOS",
     TEXT("\xA8\xAC\xEF;\xA3\xAE\xE0\xAE\xA4\n\x88\xA2\xA0\xAD;"
          "\x8C\xAE\xE1\xAA\xA2\xA0\n\x8E\xAB\xEC\xA3\xA0;\x91\xA0\xAD\xAA\xE2-"
          "\x8F\xA5\xE2\xA5\xE0\xA1\xE3\xE0\xA3\n"),
     NULL, "ibm866", 0},
    {"Greek",
     TEXT("\xFC\xED\xEF\xEC\xE1;\xF0\xFC\xEB\xE7\n\xC3\xE9\xFE\xF1\xE3\xEF\xF2;"
          "\xC1\xE8\xDE\xED\xE1\n\xD0\xDC\xF4\xF1\xE1;"
          "\xC8\xE5\xF3\xF3\xE1\xEB\xEF\xED\xDF\xEA\xE7\n"),
     NULL, "iso-8859-7", 0},
    {"Hebrew", TEXT("\xF9\xED,\xF2\xE9\xF8\n\xE3\xE5\xE3,\xFA\xEC \xE0\xE1\xE9\xE1\n"), NULL,
     "windows-1255", 0},
    {"Arabic",
     TEXT("\xC7\xD3\xE3,\xE3\xCF\xED\xE4\xC9\n\xE3\xCD\xE3\xCF,\xC7\xE1\xDE\xC7\xE5\xD1\xC9\n"),
     NULL, "windows-1256", 0},
    {"Thai",
     TEXT("\xAA\xD7\xE8\xCD,\xE0\xC1\xD7\xCD\xA7\n\xCA\xC1\xAA\xD2\xC2,"
          "\xA1\xC3\xD8\xA7\xE0\xB7\xBE\n"),
     NULL, "windows-874", 0},
    {"Japanese of Windows",
     TEXT("\x96\xBC\x91O,\x8FZ\x8F\x8A\n\x8A\x94\x8E\xAE\x89\xEF\x8E\xD0\x83g\x83\x88\x83^,"
          "\x88\xA4\x92m\x8C\xA7\x96L\x93"
          "c\x8Es\n\x8ER\x93"
          "c\x91\xBE\x98Y,\x93\x8C\x8B\x9E\x93s\x90\xE7\x91\xE3\x93"
          "c\x8B\xE6\n"),
     NULL, "shift_jis", 0},
    {"Japanese of Unix",
     TEXT("\xCC\xBE\xC1\xB0,"
          "\xBD\xBB\xBD\xEA\n\xB3\xF4\xBC\xB0\xB2\xF1\xBC\xD2\xA5\xC8\xA5\xE8\xA5\xBF,"
          "\xB0\xA6\xC3\xCE\xB8\xA9\xCB\xAD\xC5\xC4\xBB\xD4\n\xBB\xB3\xC5\xC4\xC2\xC0\xCF\xBA,"
          "\xC5\xEC\xB5\xFE\xC5\xD4\xC0\xE9\xC2\xE5\xC5\xC4\xB6\xE8\n"),
     NULL, "euc-jp", 0},
    {"Chinese, simplified",
     TEXT("\xC3\xFB\xB3\xC6,\xB3\xC7\xCA\xD0\n\xB1\xB1\xBE\xA9\xB9\xAB\xCB\xBE,"
          "\xB1\xB1\xBE\xA9\xCA\xD0\n\xC9\xCF\xBA\xA3\xC3\xB3\xD2\xD7\xD3\xD0\xCF\xDE\xB9\xAB"
          "\xCB\xBE,\xC9\xCF\xBA\xA3\n"),
     NULL, "gb18030", 0},
    {"Chinese, traditional",
     TEXT("\xA6W\xBA\xD9,\xAB\xB0\xA5\xAB\n\xA5x\xA5_\xA4\xBD\xA5q,\xA5x\xA5_"
          "\xA5\xAB\n\xB0\xAA\xB6\xAF\xB6T\xA9\xF6\xA6\xB3\xAD\xAD\xA4\xBD\xA5q,"
          "\xB0\xAA\xB6\xAF\n"),
     NULL, "big5", 0},
    {"Korean",
     TEXT("\xC0\xCC\xB8\xA7,\xB5\xB5\xBD\xC3\n\xB1\xE8\xC3\xB6\xBC\xF6,"
          "\xBC\xAD\xBF\xEF\n\xBB\xEF\xBC\xBA\xC0\xFC\xC0\xDA,\xBC\xF6\xBF\xF8\n"),
     NULL, "euc-kr", 0},
    {"DOS text of the West", TEXT("nom,ville\nH\x82l\x8Ane,Besan\x87on\nM\x81ller,K\x94ln\n"), NULL,
     "windows-1252", 0},
};

static void
test_guesses(void **state)
{
    for (size_t i = 0; i < COUNT_OF(guesses); i++) {
        const struct charset *said =
            guesses[i].said == NULL ? NULL : charset_find(slice_text(guesses[i].said));
        struct charset_guess guess = charset_guess(guesses[i].text, true, said);
        if (strcmp(guess.charset->name, guesses[i].name) != 0 ||
            guess.mark_bytes != guesses[i].mark_bytes)
            fail_msg("%s: %s, %zu", guesses[i].label, guess.charset->name, guess.mark_bytes);
    }
}

static void
test_without_statistics_all_else_is_utf8(void **state)
{
    assert_string_equal(charset_guess_unicode(SLICE("Caf\xE9\n")).charset->name, "utf-8");
    assert_string_equal(charset_guess_unicode(SLICE("{\0}\0\n\0")).charset->name, "utf-16le");
    assert_int_equal(charset_guess_unicode(SLICE("\xFF\xFE{\0")).mark_bytes, 2);
}

/* A character that the prefix cuts is not held against UTF-8. */
static void
test_a_cut_prefix_is_no_fault(void **state)
{
    struct slice text = SLICE("a,b\n1,\xE2\x82\xAC");
    for (size_t size = text.size; size > 6; size--) {
        struct slice prefix = slice_of(text.ptr, size);
        assert_string_equal(charset_guess(prefix, false, NULL).charset->name, "utf-8");
    }
    assert_string_equal(charset_guess(SLICE("a\xE2\x82"), true, NULL).charset->name,
                        "windows-1252");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found_in_any_spelling),
        cmocka_unit_test(test_text_is_decoded_alike_however_it_is_cut),
        cmocka_unit_test(test_single_bytes_keep_ascii),
        cmocka_unit_test(test_guesses),
        cmocka_unit_test(test_without_statistics_all_else_is_utf8),
        cmocka_unit_test(test_a_cut_prefix_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
