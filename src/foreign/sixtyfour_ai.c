/* Blocks that find out something about a row, by a model or on the web. */
#include "foreign/sixtyfour_ask.h"
#include "foreign/sixtyfour_fields.h"
#include "foreign/sixtyfour_maker.h"

#include <string.h>

#define ROW_SAYS_SOMETHING ".item | any(.[]; . != null and . != \"\")"

static struct slice
nothing(void)
{
    return slice_of("", 0);
}

/* --- the page of a row --- */

/* Steps that read the page, if the row has one and it can be read. Gives the step. */
static struct slice
add_page(struct maker *maker)
{
    struct slice page = maker_step_id(maker, "page");
    struct value columns = maker_spec_names(maker, "url_column", "url_column");
    struct value step = sixtyfour_page_step(maker->arena, page, ".item", columns);
    maker_add(maker, step, maker_needs(maker, maker->rows, nothing()));
    return page;
}

enum status
make_page(struct maker *maker)
{
    struct slice url = maker_spec_text(maker, "url");
    struct slice column = maker_spec_text(maker, "output_column");
    struct slice page = maker_step_id(maker, "page");
    struct value config = value_empty_object();
    if (url.size == 0) {
        page = add_page(maker);
    } else {
        maker_put(maker, &config, "url", maker_template(maker, url));
        struct value step = maker_step(maker, page, "scrape_web", config);
        maker_put(maker, &step, "on_error", value_text("continue"));
        maker_add(maker, step, maker_needs(maker, maker->rows, nothing()));
    }
    if (column.size == 0)
        column = SLICE("scraped_text");
    maker_add_rows(maker, page,
                   maker_jq(maker, "[.item + {%s: .steps.%.*s.text}]", maker_literal(maker, column),
                            SLICE_FORMAT(page)));
    return STATUS_OK;
}

/* --- what is looked for --- */

/* Fields of theirs, as they were sent under `spec`, into a config of `extract`. */
static enum status
put_fields(struct maker *maker, struct value *config, struct value given, const char *spec)
{
    struct sixtyfour_field_problem problem = {.type = "value_error"};
    struct value fields;
    enum status status = sixtyfour_fields_read(&fields, given, maker->arena, &problem);
    if (status != STATUS_OK)
        return maker_fail(maker,
                          arena_format(maker->arena, "specs.%s%s%s", spec,
                                       problem.place[0] == '\0' ? "" : ".", problem.place),
                          problem.words);
    maker_put(maker, config, "fields", fields);
    return STATUS_OK;
}

/* The object of what was found. */
static const char *
found_expression(struct maker *maker, struct slice ask, struct value given)
{
    const char *from = arena_format(maker->arena, ".steps.%.*s", SLICE_FORMAT(ask));
    const char *found = sixtyfour_fields_expression(given, from, maker->arena);
    return found == NULL ? "{}" : found;
}

/* What is found of anybody, if nobody says what. */
static struct value
usual_fields(struct maker *maker)
{
    static const char *const of_companies[][2] = {
        {"description", "What the company does, in a sentence"},
        {"industry", "Its industry"},
        {"headquarters", "The city where its head office is"},
        {"employee_count", "How many people work there"},
        {"founded", "The year in which it was founded"},
    };
    static const char *const of_people[][2] = {
        {"title", "The person's job title"},
        {"company", "The company where the person works"},
        {"location", "Where the person lives or works"},
        {"email", "The person's e-mail address"},
        {"linkedin", "The address of the person's LinkedIn profile"},
    };
    bool is_person = memmem(maker->block->name.ptr, maker->block->name.size, "lead", 4) != NULL;
    struct value fields = value_empty_object();
    for (size_t i = 0; i < COUNT_OF(of_people); i++) {
        const char *const *field = is_person ? of_people[i] : of_companies[i];
        maker_put(maker, &fields, field[0], value_text(field[1]));
    }
    return fields;
}

/* --- the question --- */

/* The row, and its page where one was read. */
static struct value
sources_of(struct maker *maker, struct slice page)
{
    struct value row = sixtyfour_row_source(maker->arena, ".item", "row");
    struct value sources = value_array_new(maker->arena, &row, 1);
    if (page.size > 0)
        sources = value_array_append(maker->arena, sources,
                                     sixtyfour_page_source(maker->arena, page, "website"));
    return sources;
}

static void
add_question(struct maker *maker, struct slice ask, const char *type, struct value config,
             struct slice page)
{
    struct value step = maker_step(maker, ask, type, config);
    maker_put(maker, &step, "when", value_text(ROW_SAYS_SOMETHING));
    maker_add(maker, step, maker_needs(maker, page.size > 0 ? page : maker->rows, nothing()));
}

static void
add_found(struct maker *maker, struct slice ask, const char *found)
{
    maker_add_rows(maker, ask, maker_jq(maker, "[.item + %s]", found));
}

enum status
make_enrichment(struct maker *maker)
{
    struct slice ask = maker_step_id(maker, "found");
    struct value given = maker_spec(maker, "return_fields");
    struct value config = value_empty_object();
    struct slice page = add_page(maker);
    if (given.kind != VALUE_OBJECT)
        given = usual_fields(maker);
    maker_note_idle(maker, "find_people", "nobody is looked for; put company_to_leads behind it");
    maker_note_idle(maker, "people_focus_prompt", "nobody is looked for");
    maker_put_model(maker, &config);
    enum status status = put_fields(maker, &config, given, "return_fields");
    if (status != STATUS_OK)
        return status;
    maker_put(maker, &config, "sources", sources_of(maker, page));
    add_question(maker, ask, "extract", config, page);
    add_found(maker, ask, found_expression(maker, ask, given));
    return STATUS_OK;
}

/* --- llm_openai --- */

static void
put_if_there(struct maker *maker, struct value *config, const char *name)
{
    struct value spec = maker_spec(maker, name);
    if (spec.kind != VALUE_NONE && spec.kind != VALUE_NULL)
        maker_put(maker, config, name, spec);
}

/* One text in one column. */
static enum status
make_answer(struct maker *maker, struct value config)
{
    struct slice ask = maker_step_id(maker, "answer");
    struct slice system = maker_spec_text(maker, "system_prompt");
    struct slice column = maker_spec_text(maker, "output_column");
    if (system.size > 0)
        maker_put(maker, &config, "system", maker_template(maker, system));
    put_if_there(maker, &config, "temperature");
    put_if_there(maker, &config, "max_tokens");
    add_question(maker, ask, "ai_generate", config, nothing());
    column = column.size == 0 ? SLICE("llm_output") : column;
    add_found(
        maker, ask,
        maker_jq(maker, "{%s: .steps.%.*s.text}", maker_literal(maker, column), SLICE_FORMAT(ask)));
    return STATUS_OK;
}

/* Many values in columns of their own. */
static enum status
make_answers(struct maker *maker, struct value config, struct value given)
{
    static const char *const ignored[] = {"system_prompt", "temperature", "max_tokens"};
    struct slice ask = maker_step_id(maker, "answer");
    enum status status = put_fields(maker, &config, given, "return_fields");
    for (size_t i = 0; i < COUNT_OF(ignored); i++) {
        if (maker_spec(maker, ignored[i]).kind != VALUE_NONE)
            maker_note(maker, arena_format(maker->arena,
                                           "specs.%s: says nothing beside "
                                           "return_fields",
                                           ignored[i]));
    }
    if (status != STATUS_OK)
        return status;
    add_question(maker, ask, "extract", config, nothing());
    add_found(maker, ask, found_expression(maker, ask, given));
    return STATUS_OK;
}

enum status
make_model(struct maker *maker)
{
    struct value given = maker_spec(maker, "return_fields");
    struct value config = value_empty_object();
    maker_put_model(maker, &config);
    maker_put(maker, &config, "prompt", maker_template(maker, maker_spec_text(maker, "prompt")));
    maker_put(maker, &config, "sources", sources_of(maker, nothing()));
    return given.kind == VALUE_OBJECT ? make_answers(maker, config, given)
                                      : make_answer(maker, config);
}

/* --- qa_agent --- */

enum status
make_qualification(struct maker *maker)
{
    struct slice ask = maker_step_id(maker, "answer");
    struct value criteria = maker_spec(maker, "qualification_criteria");
    struct value given =
        sixtyfour_judged_fields(maker->arena, maker_spec(maker, "struct"), criteria);
    struct value config = value_empty_object();
    int64_t pages = 1;
    struct value most = maker_spec(maker, "max_tool_calls");
    bool may_read = !value_is_number(most) || !value_integer(most, &pages) || pages > 0;
    struct slice page = may_read ? add_page(maker) : nothing();
    enum status status = put_fields(maker, &config, given, "struct");
    maker_note_idle(maker, "references", "only the page that the row names is read");
    if (status != STATUS_OK)
        return status;
    maker_put_model(maker, &config);
    maker_put(maker, &config, "prompt", value_text(SIXTYFOUR_JUDGE));
    maker_put(maker, &config, "sources", sources_of(maker, page));
    add_question(maker, ask, "extract", config, page);
    add_found(maker, ask,
              maker_jq(maker, "(%s | . + (%s))", found_expression(maker, ask, given),
                       sixtyfour_verdict(maker->arena, criteria)));
    return STATUS_OK;
}
