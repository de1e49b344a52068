#include "ai/local_lexicon.h"

#include "ai/local_words.h"
#include "base/slice.h"

/* Words apart by spaces, in the languages that are written most with Latin letters. */
static const struct {
    unsigned roles;
    const char *words;
} role_table[] = {
    {LOCAL_ROLE_STOP,
     "a an the of in on at by for from to with and or as its their his her our your this that "
     "these "
     "those it they he she we you i s t into than then there which who whose what where when how "
     "any all also about per via each if but so such "
     "der die das des dem den ein eine und oder von vom zu zur zum mit im am fur auf ist sind war "
     "le la les un une et ou du aux en dans pour sur est sont "
     "el los las una y o del por con para es son "
     "il lo gli e di da per nel della sono os as um uma do dos na no em"},
    {LOCAL_ROLE_LINK,
     "is are was were be been has have had of in at to by ist sind war est sont es "
     "son became becomes remains named called stands stood totalled totaled "
     "reached amounted mit with von from the a an its approximately about around "
     "nearly over roughly some almost currently now since von am im betragt "
     "estimated"},
    {LOCAL_ROLE_GENERIC,
     "total overall amount number count value text name current currently latest figure info "
     "information content detail data est estimate estimated approx approximate annual title "
     "field item nr no size full official gesamt anzahl nombre numero total valor insgesamt "
     "aktuell"},
    {LOCAL_ROLE_YEARLY, "year date founded established incorporated since founding foundation "
                        "gegrundet grundung grundungsjahr fonde creation jahr annee ano opened "
                        "launched born"},
    {LOCAL_ROLE_PERCENT, "percent percentage share rate ratio margin growth prozent anteil quote"},
    {LOCAL_ROLE_RESIDUAL,
     "other others unspecified unknown none undeclared unallocated remaining "
     "some many various several more over approximately sonstige andere autres "
     "otros miscellaneous etc"},
    {LOCAL_ROLE_NOT, "not no never none without nicht kein keine keinen nie pas jamais sin nunca "
                     "non nao isn doesn wasn aren neither nor"},
    {LOCAL_ROLE_REMARK, "note notes footnote source sources remark comment sample see hinweis"},
    {LOCAL_ROLE_NAMED,
     "name city town country capital headquarters headquarter hq location place region state ceo "
     "founder owner president director manager chairman chairwoman chair author contact person "
     "company parent subsidiary customer supplier partner bank auditor brand product currency "
     "airport sponsor minister leader head editor publisher investor competitor language "
     "nationality "
     "seat street university school team hauptsitz sitz stadt grunder inhaber geschaftsfuhrer "
     "standort siege ville fondateur directeur sede ciudad"},
    {LOCAL_ROLE_TOLD, "summary description overview reason why explanation background history "
                      "profile introduction outlook strategy risk risks argument rationale "
                      "assessment conclusion abstract note comment sentence quote passage answer "
                      "zusammenfassung beschreibung resume"},
    {LOCAL_ROLE_ASK,
     "write summarize summarise summary describe explain give list tell please short "
     "sentence sentences word words brief text texts source sources document documents "
     "following answer question use using based provide paragraph bullet points point "
     "one two three four five six seven eight nine ten most important main key "
     "zusammenfassen fasse schreibe nenne me us does did do can could would should"},
    {LOCAL_ROLE_PARTIAL, "quarter quarterly half month monthly week weekly quartal trimestre"},
    {LOCAL_ROLE_YES, "yes true ja oui si sim y wahr vrai"},
    {LOCAL_ROLE_NO, "no false nein non nao n falsch faux none"},
};

/* One line a meaning. */
static const char *const alike_table[] = {
    "employees staff workforce headcount personnel workers employs mitarbeiter beschaftigte "
    "work employ emploie effectif salaries empleados dipendenti medewerkers collaborators",
    "revenue revenues sales turnover umsatz umsatzerlose affaires ingresos fatturato omzet "
    "recettes",
    "profit earnings income gewinn benefice beneficio utile winst",
    "founded established incorporated gegrundet grundung fondee fonde fundada fundado founding "
    "foundation grundungsjahr started begun opgericht fondata",
    "headquarters headquarter headquartered hq based seat sitz hauptsitz siege sede hoofdkantoor "
    "firmensitz",
    "ceo executive geschaftsfuhrer geschaftsfuhrerin vorstandsvorsitzender vorstandsvorsitzende",
    "founder founders grunder fondateur fundador",
    "phone telephone tel telefon telefono",
    "email mail",
    "website site homepage web url webseite",
    "price cost preis prix precio prezzo prijs",
    "industry sector branche sectors",
    "customer client kunde kunden clients",
    "area surface flache superficie oppervlakte",
    "population inhabitants einwohner bevolkerung habitants habitantes residents",
    "capital hauptstadt capitale",
    "language sprache sprachen langue idioma lingua",
    "country land pays pais nation",
    "city stadt ville ciudad citta town",
    "address adresse anschrift direccion indirizzo",
    "date datum fecha",
    "exports ausfuhren exportations",
    "imports einfuhren importations",
    "owner owned eigentumer inhaber",
    "debt schulden verbindlichkeiten dette borrowings",
    "subsidiary tochtergesellschaft filiale",
    "author autor written verfasser",
    "warranty guarantee garantie",
    "weight weighs gewicht poids peso",
    "deadline due frist",
};

static struct local_lexeme *
slot_of(struct local_lexicon *lexicon, uint64_t stem)
{
    size_t at = stem % LOCAL_LEXICON_SLOTS;
    while (lexicon->slots[at].stem != 0 && lexicon->slots[at].stem != stem)
        at = (at + 1) % LOCAL_LEXICON_SLOTS;
    return &lexicon->slots[at];
}

static void
learn(struct local_lexicon *lexicon, struct slice words, unsigned roles, size_t group)
{
    struct local_word word;
    for (size_t at = 0; local_word_next(words, &at, &word);) {
        struct local_lexeme *slot = slot_of(lexicon, word.stem);
        slot->stem = word.stem;
        slot->roles |= (uint16_t)roles;
        if (slot->group == 0)
            slot->group = (uint16_t)group;
    }
}

void
local_lexicon_init(struct local_lexicon *lexicon)
{
    *lexicon = (struct local_lexicon){0};
    for (size_t i = 0; i < sizeof(role_table) / sizeof(role_table[0]); i++)
        learn(lexicon, slice_text(role_table[i].words), role_table[i].roles, 0);
    for (size_t i = 0; i < sizeof(alike_table) / sizeof(alike_table[0]); i++)
        learn(lexicon, slice_text(alike_table[i]), 0, i + 1);
}

const struct local_lexeme *
local_lexicon_find(const struct local_lexicon *lexicon, uint64_t stem)
{
    const struct local_lexeme *slot = slot_of((struct local_lexicon *)lexicon, stem);
    return slot->stem == 0 ? NULL : slot;
}

unsigned
local_lexicon_roles(const struct local_lexicon *lexicon, uint64_t stem)
{
    const struct local_lexeme *slot = local_lexicon_find(lexicon, stem);
    return slot == NULL ? 0 : slot->roles;
}

void
local_lexicon_each_alike(const struct local_lexicon *lexicon, uint64_t stem, local_alike_fn *visit,
                         void *context)
{
    const struct local_lexeme *known = local_lexicon_find(lexicon, stem);
    if (known == NULL || known->group == 0)
        return;
    for (size_t i = 0; i < LOCAL_LEXICON_SLOTS; i++)
        if (lexicon->slots[i].group == known->group && lexicon->slots[i].stem != stem)
            visit(context, lexicon->slots[i].stem);
}
