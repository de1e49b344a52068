/* The embedded provider: what it finds in texts of our own, by table. */
#include "test.h"

#include "ai/provider.h"
#include "base/json.h"
#include "base/limits.h"

#include <stdio.h>
#include <string.h>

/* Texts that the rows share. */

static const char company[] =
    "Nordwind Turbinen AG\n\n"
    "Nordwind Turbinen AG is a German maker of wind turbines. Founded in 1987 by Greta "
    "Holm and Peter Stein, it is headquartered in Bremen, Germany. The company employs "
    "about 12,400 people at nine sites. In 2023 revenue rose by 8% to €3.2 billion from "
    "€2.96 billion a year before; net profit was €214 million. Its chief executive is "
    "Anna-Lena Brandt. Nordwind is not listed on any stock exchange. Press: "
    "press@nordwind.example, https://www.nordwind.example/press.\n";

static const char memo[] = "# Memo: supplier review\n\n"
                           "Date: 12 March 2024\n"
                           "Author: Maria Okafor\n\n"
                           "## Figures\n\n"
                           "| Supplier | Revenue (USD million) | Employees | On time |\n"
                           "|---|---|---|---|\n"
                           "| Acme Forge | 412.5 | 3,100 | 97 % |\n\n"
                           "Terms\n"
                           "- Payment: 30 days\n"
                           "- Penalty: yes\n"
                           "- Regions:\n"
                           "  - Europe\n"
                           "  - North Africa\n"
                           "  - Middle East\n";

static const char product[] = "Trail Lamp 300\n\n"
                              "Price: $49.95\n"
                              "Weight = 85 g\n"
                              "Battery life – 40 hours\n"
                              "Waterproof: yes\n"
                              "Colours: black, moss green and signal red\n"
                              "Warranty: 2 years\n"
                              "Website: traillamp.example\n"
                              "Address:\n"
                              "High Street 12\n"
                              "4020 Linz\n"
                              "Austria\n\n"
                              "Release date: 2023-09-01\n";

static const char german[] =
    "Müller Maschinenbau GmbH\n\n"
    "Die Müller Maschinenbau GmbH mit Sitz in Ulm wurde 1954 gegründet. Sie beschäftigt "
    "1.850 Mitarbeiter und erzielte 2022 einen Umsatz von 312,5 Mio. Euro.\n\n"
    "Geschäftsführer: Jörg Müller\n"
    "Gründung: 3. Mai 1954\n";

static const char french[] = "Fiche d'entreprise\n\n"
                             "Siège : Lyon\n"
                             "Effectif : 2 340\n"
                             "Chiffre d'affaires : 1,2 milliard d'euros\n"
                             "Date de création : 14 juillet 1998\n";

static const char outline[] = "Economy\n"
                              "  Exports\n"
                              "    Exports 2023: $3.1 billion (2023 est.)\n"
                              "    Exports 2024: $3.4 billion (2024 est.)\n"
                              "  Exports - partners: Italy 20%, Malta 10%\n"
                              "People\n"
                              "  Population\n"
                              "    total: 1,204,300 (2024 est.)\n"
                              "    male: 600,100\n"
                              "  Population growth rate: 0.4%\n"
                              "Government\n"
                              "  Capital\n"
                              "    name: Port Vell (on Isla Grande)\n"
                              "    time difference: UTC+1\n"
                              "    etymology: from a word for gate\n"
                              "Geography\n"
                              "  Area\n"
                              "    total: 8,120 sq km\n"
                              "    land: 8,000 sq km\n"
                              "  Area - comparative: twice a city\n";

static const char shipping[] =
    "With 85,000 staff and annual turnover of $14.3bn, Delmar Shipping is one of the largest "
    "container lines. The Geneva-based firm was established by Carlo Delmar and Ugo Ricci. \"We "
    "will keep investing,\" said chief executive Sofia Marchetti. It operates in 62 countries, and "
    "net sales of $13.9 billion and net income of $1.1 billion were reported for 2022.\n";

static const char release[] =
    "Oslo, 4 March 2024. Fjord Robotics today reported fourth-quarter revenue of NOK 812 million. "
    "Net profit for the year was NOK 310 million. The number of employees increased to 1,105 from "
    "980. Births were 12/1,000 population. CEO Ingrid Solberg said demand remained strong. The "
    "shares are traded on the Oslo stock exchange. Its products include arms, grippers and "
    "sensors.\n";

static const char facts[] = "Company facts\n"
                            "Established\n"
                            "1998\n"
                            "Employees\n"
                            "2,300\n"
                            "Turnover\n"
                            "£410 million\n"
                            "Profit\n"
                            "(2.5)\n"
                            "Headquarters\n"
                            "none\n";

static const char mills[] = "Kale Mills grinds flour. It was formed in 1911 by the merger of two "
                            "mills; the head office stands "
                            "in Aarau,\nSwitzerland. Last year it had 410 employees.\n";

struct row {
    const char *label;
    const char *text;
    const char *field; /* JSON of one field */
    const char *want;  /* JSON */
};

static const struct row extract_table[] = {
    {"year of foundation in a sentence", company, "\"founded\":{\"type\":\"date\"}", "\"1987\""},
    {"the same as a number", company, "\"founded_year\":{\"type\":\"integer\"}", "1987"},
    {"employees by a verb", company, "\"employees\":{\"type\":\"integer\"}", "12400"},
    {"to, not by, not from", company, "\"revenue\":{\"type\":\"money\"}",
     "{\"amount\":3200000000,\"currency\":\"EUR\"}"},
    {"two words beside another value", company, "\"netProfit\":{\"type\":\"money\"}",
     "{\"amount\":214000000,\"currency\":\"EUR\"}"},
    {"place of a seat", company, "\"headquarters\":{\"type\":\"string\"}", "\"Bremen, Germany\""},
    {"person by office", company, "\"ceo\":{\"type\":\"string\"}", "\"Anna-Lena Brandt\""},
    {"not", company, "\"listed\":{\"type\":\"boolean\"}", "false"},
    {"e-mail", company, "\"contact\":{\"type\":\"email\"}", "\"press@nordwind.example\""},
    {"e-mail at the end of a sentence", "Bolt is small. Write to info@bolt.example.\n",
     "\"contact\":{\"type\":\"email\"}", "\"info@bolt.example\""},
    {"web page", company, "\"page\":{\"type\":\"url\"}", "\"https://www.nordwind.example/press\""},
    {"what is not said", company, "\"share_price\":{\"type\":\"money\"}", "null"},
    {"what is not said, text", company, "\"auditor\":{\"type\":\"string\"}", "null"},
    {"date behind a label", memo, "\"date\":{\"type\":\"date\"}", "\"2024-03-12\""},
    {"name behind a label", memo, "\"author\":{\"type\":\"string\"}", "\"Maria Okafor\""},
    {"scale and currency of a column", memo, "\"revenue\":{\"type\":\"money\"}",
     "{\"amount\":412500000,\"currency\":\"USD\"}"},
    {"column", memo, "\"employees\":{\"type\":\"integer\"}", "3100"},
    {"percentage in a table", memo, "\"on_time\":{\"type\":\"percentage\"}", "97"},
    {"bullet with a label", memo, "\"penalty\":{\"type\":\"boolean\"}", "true"},
    {"bullets as a list", memo, "\"regions\":{\"type\":\"list\"}",
     "[\"Europe\",\"North Africa\",\"Middle East\"]"},
    {"price", product, "\"price\":{\"type\":\"money\"}", "{\"amount\":49.95,\"currency\":\"USD\"}"},
    {"equals sign", product, "\"weight\":{\"type\":\"number\",\"unit\":\"g\"}", "85"},
    {"dash", product, "\"battery_life\":{\"type\":\"number\",\"description\":\"hours\"}", "40"},
    {"list on a line", product, "\"colours\":{\"type\":\"list\"}",
     "[\"black\",\"moss green\",\"signal red\"]"},
    {"bare domain", product, "\"website\":{\"type\":\"url\"}", "\"traillamp.example\""},
    {"address on lines", product, "\"address\":{\"type\":\"address\"}",
     "\"High Street 12, 4020 Linz, Austria\""},
    {"ISO date", product, "\"release_date\":{\"type\":\"date\"}", "\"2023-09-01\""},
    {"choice", product, "\"waterproof\":{\"type\":\"string\",\"enum\":[\"no\",\"yes\"]}",
     "\"yes\""},
    {"German number of people", german, "\"employees\":{\"type\":\"integer\"}", "1850"},
    {"German money", german, "\"revenue\":{\"type\":\"money\"}",
     "{\"amount\":312500000,\"currency\":\"EUR\"}"},
    {"German date", german, "\"founded\":{\"type\":\"date\"}", "\"1954-05-03\""},
    {"German name", german, "\"ceo\":{\"type\":\"string\"}", "\"Jörg Müller\""},
    {"German place", german, "\"headquarters\":{\"type\":\"string\"}", "\"Ulm\""},
    {"French number", french, "\"employees\":{\"type\":\"integer\"}", "2340"},
    {"French money", french, "\"chiffre_affaires\":{\"type\":\"money\"}",
     "{\"amount\":1200000000,\"currency\":\"EUR\"}"},
    {"French date", french, "\"date_de_creation\":{\"type\":\"date\"}", "\"1998-07-14\""},
    {"French place", french, "\"siege\":{\"type\":\"string\"}", "\"Lyon\""},
    {"staff are employees", shipping, "\"employees\":{\"type\":\"integer\"}", "85000"},
    {"turnover is revenue", shipping, "\"revenue\":{\"type\":\"money\"}",
     "{\"amount\":14300000000,\"currency\":\"USD\"}"},
    {"the words of a name stand together", shipping, "\"net_income\":{\"type\":\"money\"}",
     "{\"amount\":1100000000,\"currency\":\"USD\"}"},
    {"place before a hyphen", shipping, "\"headquarters\":{\"type\":\"string\"}", "\"Geneva\""},
    {"office before a name", shipping, "\"ceo\":{\"type\":\"string\"}", "\"Sofia Marchetti\""},
    {"number before what it counts", shipping, "\"countries\":{\"type\":\"integer\"}", "62"},
    {"to, with the old number behind", release, "\"employees\":{\"type\":\"integer\"}", "1105"},
    {"profit of a year", release, "\"net_profit\":{\"type\":\"money\"}",
     "{\"amount\":310000000,\"currency\":\"NOK\"}"},
    {"a rate is no number of its base", release, "\"population\":{\"type\":\"number\"}", "null"},
    {"truth by the description", release,
     "\"public\":{\"type\":\"boolean\",\"description\":\"shares traded on a stock exchange\"}",
     "true"},
    {"list in a sentence", release, "\"products\":{\"type\":\"list\"}",
     "[\"arms\",\"grippers\",\"sensors\"]"},
    {"who founded it", company, "\"founders\":{\"type\":\"list\"}",
     "[\"Greta Holm\",\"Peter Stein\"]"},
    {"value below its heading", facts, "\"turnover\":{\"type\":\"money\"}",
     "{\"amount\":410000000,\"currency\":\"GBP\"}"},
    {"year below its heading", facts, "\"founded\":{\"type\":\"date\"}", "\"1998\""},
    {"loss in brackets", facts, "\"profit\":{\"type\":\"number\"}", "-2.5"},
    {"said to be none", facts, "\"headquarters\":{\"type\":\"string\"}", "null"},
    {"another name behind \"or\"", mills,
     "\"founded\":{\"type\":\"integer\",\"description\":\"year in which it was founded or "
     "formed\"}",
     "1911"},
    {"another name of two words, a place over two lines", mills,
     "\"headquarters\":{\"type\":\"string\",\"description\":\"headquarters or head office of it\"}",
     "\"Aarau, Switzerland\""},
    {"not without it", mills, "\"headquarters\":{\"type\":\"string\"}", "null"},
    {"newest of several years", outline, "\"exports\":{\"type\":\"money\"}",
     "{\"amount\":3400000000,\"currency\":\"USD\"}"},
    {"total, not male, not growth", outline, "\"population\":{\"type\":\"number\"}", "1204300"},
    {"name without brackets", outline, "\"capital\":{\"type\":\"string\"}", "\"Port Vell\""},
    {"unit", outline, "\"area\":{\"type\":\"number\",\"unit\":\"sq km\"}", "8120"},
    {"members without percentages", outline, "\"export_partners\":{\"type\":\"list\"}",
     "[\"Italy\",\"Malta\"]"},
};

/* Asks the provider; *envelope is what it answers. */
static void
ask(struct arena *arena, const char *request_text, struct value *envelope)
{
    struct ai_request request;
    struct ai_answer answer;
    struct ai_failure failure = {.words = ""};
    struct error error;
    if (ai_request_parse(&request, arena, slice_text(request_text), &error) != STATUS_OK)
        fail_msg("%s", error.text);
    if (!ai_local.answer(&request, arena, &answer, &failure))
        fail_msg("%s", failure.words);
    if (json_parse(envelope, arena, answer.text, 0, NULL, &error) != STATUS_OK)
        fail_msg("%s", error.text);
}

/* Each quote stands in the text, at `start`. */
static void
check_quotes(const char *label, const char *text, struct value envelope)
{
    struct value citations = value_get(envelope, "citations");
    for (uint32_t i = 0; i < citations.count; i++) {
        struct value citation = value_items(citations)[i];
        struct slice quote = value_slice(value_get(citation, "quote"));
        int64_t start = value_get(citation, "start").integer;
        if (quote.size == 0 || start < 0 || (size_t)start + quote.size > strlen(text) ||
            memcmp(text + start, quote.ptr, quote.size) != 0)
            fail_msg("%s: the quote does not stand there: %.*s", label, SLICE_FORMAT(quote));
    }
}

static const char *
request_of(struct arena *arena, const char *text, const char *rest)
{
    struct buffer buffer;
    buffer_init(&buffer, MIB(16));
    buffer_append_text(&buffer, "{\"model\":\"local/extractive-1\",");
    buffer_append_text(&buffer, rest);
    buffer_append_text(&buffer, ",\"sources\":[{\"number\":1,\"title\":\"t\",\"text\":");
    json_print_string(&buffer, slice_text(text));
    buffer_append_text(&buffer, "}]}");
    struct slice copy = arena_copy(arena, buffer_slice(&buffer));
    buffer_done(&buffer);
    return copy.ptr;
}

static void
test_fields_are_found(void **state)
{
    size_t failures = 0;
    for (size_t i = 0; i < sizeof(extract_table) / sizeof(extract_table[0]); i++) {
        const struct row *row = &extract_table[i];
        struct arena arena;
        struct value envelope;
        arena_init(&arena, MIB(32));
        const char *rest = arena_format(&arena, "\"task\":\"extract\",\"fields\":{%s}", row->field);
        ask(&arena, request_of(&arena, row->text, rest), &envelope);
        struct value output = value_get(envelope, "output");
        struct slice got = json_text(&arena, value_members(output)[0].value);
        check_quotes(row->label, row->text, envelope);
        if (!slice_is(got, row->want)) {
            print_error("%s: %.*s instead of %s\n", row->label, SLICE_FORMAT(got), row->want);
            failures++;
        }
        arena_done(&arena);
    }
    assert_int_equal(failures, 0);
}

/* --- Other tasks --- */

/* Prints the answer's output. */
static struct slice
output_of(struct arena *arena, const char *text, const char *rest)
{
    struct value envelope;
    ask(arena, request_of(arena, text, rest), &envelope);
    check_quotes(rest, text, envelope);
    return json_text(arena, value_get(envelope, "output"));
}

static const struct {
    const char *label;
    const char *text;
    const char *rest; /* of the request */
    const char *want; /* the output as JSON */
} task_table[] = {
    {"a schema with an object inside", company,
     "\"task\":\"generate\",\"schema\":{\"type\":\"object\",\"required\":[\"ceo\",\"size\"],"
     "\"properties\":{\"ceo\":{\"type\":\"string\"},\"size\":{\"type\":\"object\",\"properties\":"
     "{\"employees\":{\"type\":\"integer\"},\"stores\":{\"type\":[\"integer\",\"null\"]}}},"
     "\"hobby\":{\"type\":\"string\"}}}",
     "{\"ceo\":\"Anna-Lena Brandt\",\"size\":{\"employees\":12400,\"stores\":null}}"},
    {"a value that the schema forbids is none", product,
     "\"task\":\"generate\",\"schema\":{\"type\":\"object\",\"properties\":{"
     "\"weight\":{\"type\":[\"number\",\"null\"],\"minimum\":100},"
     "\"price\":{\"type\":\"number\"}}}",
     "{\"weight\":null,\"price\":49.95}"},
    {"a pattern that is none is left to the check", product,
     "\"task\":\"generate\",\"schema\":{\"type\":\"object\",\"properties\":{"
     "\"waterproof\":{\"type\":\"string\",\"pattern\":\"[\"}}}",
     "{\"waterproof\":\"yes\"}"},
    {"a format by which the date has to be whole", company,
     "\"task\":\"generate\",\"schema\":{\"type\":\"object\",\"properties\":{\"founded\":"
     "{\"type\":[\"string\",\"null\"],\"format\":\"date\"}}}",
     "{\"founded\":null}"},
    {"a reference", product,
     "\"task\":\"generate\",\"schema\":{\"type\":\"object\",\"properties\":{\"colours\":"
     "{\"$ref\":\"#/$defs/list\"}},\"$defs\":{\"list\":{\"type\":\"array\",\"items\":"
     "{\"type\":\"string\"}}}}",
     "{\"colours\":[\"black\",\"moss green\",\"signal red\"]}"},
    {"the best sentence", company,
     "\"task\":\"generate\",\"prompt\":\"Who is the chief executive? One sentence.\"",
     "\"Its chief executive is Anna-Lena Brandt.\""},
    {"sentences in the order of the source", company,
     "\"task\":\"generate\",\"prompt\":\"The chief executive and where it is headquartered, in two "
     "sentences\"",
     "\"Founded in 1987 by Greta Holm and Peter Stein, it is headquartered in Bremen, Germany. Its "
     "chief executive is Anna-Lena Brandt.\""},
    {"a label by its words", company,
     "\"task\":\"classify\",\"labels\":{\"food\":\"bakeries, meat, drinks\",\"energy\":\"power, "
     "turbines, oil, gas\"}",
     "{\"label\":\"energy\"}"},
    {"a label by a labelled value", "Ticket 7\n\nPriority: high\n\nA low table of low height.\n",
     "\"task\":\"classify\",\"labels\":{\"low\":\"\",\"high\":\"\"}", "{\"label\":\"high\"}"},
    {"a label that is denied", "The customer is not angry. They were happy with the help.",
     "\"task\":\"classify\",\"labels\":{\"angry\":\"\",\"happy\":\"\"}", "{\"label\":\"happy\"}"},
    {"no label", "Rain in the north.",
     "\"task\":\"classify\",\"labels\":{\"food\":\"meals\",\"energy\":\"power\"}",
     "{\"label\":null}"},
    {"a label for the rest", "Rain in the north.",
     "\"task\":\"classify\",\"labels\":{\"food\":\"meals\",\"other\":\"\"}",
     "{\"label\":\"other\"}"},
};

static void
test_tasks_are_answered(void **state)
{
    for (size_t i = 0; i < sizeof(task_table) / sizeof(task_table[0]); i++) {
        struct arena arena;
        arena_init(&arena, MIB(32));
        struct slice got = output_of(&arena, task_table[i].text, task_table[i].rest);
        if (!slice_is(got, task_table[i].want))
            fail_msg("%s: %.*s instead of %s", task_table[i].label, SLICE_FORMAT(got),
                     task_table[i].want);
        arena_done(&arena);
    }
}

static void
test_refusals_say_what_to_do(void **state)
{
    static const struct {
        const char *request;
        const char *code;
        const char *words;
    } table[] = {
        {"{\"model\":\"local/extractive-1\",\"task\":\"generate\",\"prompt\":\"Hello\"}",
         "no_source", "WINDROW_MODEL"},
        {"{\"model\":\"local/extractive-1\",\"task\":\"generate\",\"prompt\":\"Hello\",\"sources\":"
         "[{\"number\":1,\"text\":\" \\n \"}]}",
         "no_source", "WINDROW_MODEL"},
        {"{\"model\":\"local/large\",\"task\":\"generate\",\"prompt\":\"Hello\",\"sources\":"
         "[{\"number\":1,\"text\":\"Hi.\"}]}",
         "provider_refused", "local/extractive-1"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct arena arena;
        struct ai_request request;
        struct ai_answer answer;
        struct ai_failure failure = {.words = ""};
        struct error error;
        arena_init(&arena, MIB(1));
        assert_int_equal(ai_request_parse(&request, &arena, slice_text(table[i].request), &error),
                         STATUS_OK);
        assert_false(ai_local.answer(&request, &arena, &answer, &failure));
        assert_string_equal(failure.code, table[i].code);
        assert_non_null(strstr(failure.words, table[i].words));
        arena_done(&arena);
    }
}

/* Texts that nobody writes, 256 KiB of each: all tasks end, and what is quoted stands there. */
static void
test_hostile_texts_are_read(void **state)
{
    static const char *const pieces[] = {"a",
                                         "1,",
                                         ": ",
                                         "|",
                                         "(",
                                         "@",
                                         "capital: Berlin\n",
                                         "a|b|c|d|e|f\n",
                                         "- x\n",
                                         "capital > ",
                                         "a.",
                                         "The capital is Berlin. ",
                                         "Capital Berlin ",
                                         "not listed and ",
                                         "http://",
                                         "$",
                                         "May ",
                                         "é",
                                         "\"",
                                         "* ",
                                         "> ",
                                         "# a\n",
                                         " and",
                                         "\t",
                                         "capital:\n  ",
                                         "é: ",
                                         "5 m"};
    static const char *const tasks[] = {
        "\"task\":\"generate\",\"prompt\":\"capital listed\"",
        "\"task\":\"classify\",\"labels\":{\"capital\":\"\",\"listed\":\"May\"}",
        "\"task\":\"extract\",\"fields\":{\"capital\":{\"type\":\"string\"},\"a\":{\"type\":"
        "\"list\"},"
        "\"b\":{\"type\":\"money\"},\"listed\":{\"type\":\"boolean\"},\"x\":{\"type\":\"address\"},"
        "\"May\":{\"type\":\"date\"},\"mail\":{\"type\":\"email\"}}"};
    struct buffer text;
    buffer_init(&text, MIB(2));
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        buffer_clear(&text);
        while (text.size < KIB(256))
            buffer_append_text(&text, pieces[i]);
        buffer_append(&text, ".", 2);
        for (size_t j = 0; j < sizeof(tasks) / sizeof(tasks[0]); j++) {
            struct arena arena;
            arena_init(&arena, MIB(64));
            output_of(&arena, text.ptr, tasks[j]);
            arena_done(&arena);
        }
    }
    buffer_done(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_found),
        cmocka_unit_test(test_tasks_are_answered),
        cmocka_unit_test(test_refusals_say_what_to_do),
        cmocka_unit_test(test_hostile_texts_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
