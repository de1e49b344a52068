#include "render/words.h"

#include "base/buffer.h"

#include <strings.h>

static const struct words table[] = {
    {"en",
     "Contents",
     "Sources",
     "Notes",
     "Back to the text",
     "not found in the source",
     "done",
     "open",
     "Table",
     "D M Y",
     {"January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December"}},
    {"en-US",
     "Contents",
     "Sources",
     "Notes",
     "Back to the text",
     "not found in the source",
     "done",
     "open",
     "Table",
     "M D, Y",
     {"January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December"}},
    {"de",
     "Inhalt",
     "Quellen",
     "Anmerkungen",
     "Zurück zum Text",
     "in der Quelle nicht gefunden",
     "erledigt",
     "offen",
     "Tabelle",
     "D. M Y",
     {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
      "November", "Dezember"}},
    {"fr",
     "Sommaire",
     "Sources",
     "Notes",
     "Retour au texte",
     "introuvable dans la source",
     "fait",
     "à faire",
     "Tableau",
     "D M Y",
     {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
      "octobre", "novembre", "décembre"}},
    {"es",
     "Índice",
     "Fuentes",
     "Notas",
     "Volver al texto",
     "no encontrado en la fuente",
     "hecho",
     "pendiente",
     "Tabla",
     "D de M de Y",
     {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
      "octubre", "noviembre", "diciembre"}},
    {"it",
     "Indice",
     "Fonti",
     "Note",
     "Torna al testo",
     "non trovato nella fonte",
     "fatto",
     "da fare",
     "Tabella",
     "D M Y",
     {"gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre",
      "ottobre", "novembre", "dicembre"}},
    {"nl",
     "Inhoud",
     "Bronnen",
     "Noten",
     "Terug naar de tekst",
     "niet gevonden in de bron",
     "gedaan",
     "open",
     "Tabel",
     "D M Y",
     {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus", "september",
      "oktober", "november", "december"}},
    {"pt",
     "Índice",
     "Fontes",
     "Notas",
     "Voltar ao texto",
     "não encontrado na fonte",
     "feito",
     "por fazer",
     "Tabela",
     "D de M de Y",
     {"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro",
      "outubro", "novembro", "dezembro"}},
    {"ja",
     "目次",
     "出典",
     "注",
     "本文に戻る",
     "出典に見つかりません",
     "完了",
     "未完了",
     "表",
     "Y年N月D日",
     {NULL}},
    {"zh",
     "目录",
     "来源",
     "注释",
     "返回正文",
     "来源中未找到",
     "已完成",
     "未完成",
     "表格",
     "Y年N月D日",
     {NULL}},
    {"ar",
     "المحتويات",
     "المصادر",
     "الهوامش",
     "العودة إلى النص",
     "غير موجود في المصدر",
     "منجز",
     "غير منجز",
     "جدول",
     "D M Y",
     {"يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر",
      "نوفمبر", "ديسمبر"}},
    {"he",
     "תוכן העניינים",
     "מקורות",
     "הערות",
     "חזרה לטקסט",
     "לא נמצא במקור",
     "בוצע",
     "פתוח",
     "טבלה",
     "D בM Y",
     {"ינואר", "פברואר", "מרץ", "אפריל", "מאי", "יוני", "יולי", "אוגוסט", "ספטמבר", "אוקטובר",
      "נובמבר", "דצמבר"}},
};

/* The language without what follows its first "-". */
static struct slice
primary_of(struct slice language)
{
    const char *dash = memchr(language.ptr, '-', language.size);
    return slice_of(language.ptr, dash == NULL ? language.size : (size_t)(dash - language.ptr));
}

static bool
is_language(const char *name, struct slice language)
{
    return strlen(name) == language.size && strncasecmp(name, language.ptr, language.size) == 0;
}

/* NULL: not in the table. */
static const struct words *
find_words(struct slice language)
{
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        if (is_language(table[i].language, language))
            return &table[i];
    }
    return NULL;
}

static const struct words *
find_nearest(struct slice language)
{
    const struct words *words = find_words(language);
    return words != NULL ? words : find_words(primary_of(language));
}

const struct words *
words_of(struct slice language)
{
    const struct words *words = find_nearest(language);
    return words != NULL ? words : &table[0];
}

struct slice
words_date(struct arena *arena, struct slice language, struct civil_date date)
{
    const struct words *words = find_nearest(language);
    if (words == NULL)
        return slice_text(
            arena_format(arena, "%04d-%02d-%02d", (int)date.year, date.month, date.day));
    struct buffer out;
    buffer_init(&out, 200);
    for (const char *at = words->date; *at != '\0'; at++) {
        if (*at == 'D')
            buffer_append_int64(&out, date.day);
        else if (*at == 'N')
            buffer_append_int64(&out, date.month);
        else if (*at == 'Y')
            buffer_append_int64(&out, date.year);
        else if (*at == 'M')
            buffer_append_text(&out, words->months[date.month - 1]);
        else
            buffer_append_byte(&out, *at);
    }
    struct slice text = arena_copy(arena, buffer_slice(&out));
    buffer_done(&out);
    return text;
}

bool
words_are_right_to_left(struct slice language)
{
    static const char *const languages[] = {"ar", "arc", "ckb", "dv",  "fa", "he", "iw",
                                            "ks", "ps",  "sd",  "syr", "ug", "ur", "yi"};
    for (size_t i = 0; i < COUNT_OF(languages); i++) {
        if (is_language(languages[i], primary_of(language)))
            return true;
    }
    return false;
}
