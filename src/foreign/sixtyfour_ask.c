#include "foreign/sixtyfour_ask.h"

#include "foreign/foreign.h"

/* Columns in which the address of a page is looked for. */
static const char *const web_columns[] = {
    "website", "website_url",    "company_website", "domain",
    "url",     "company_domain", "homepage",        "web",
};

/* --- pages --- */

static struct value
usual_columns(struct arena *arena)
{
    struct value columns = value_empty_array();
    for (size_t i = 0; i < COUNT_OF(web_columns); i++)
        columns = value_array_append(arena, columns, value_text(web_columns[i]));
    return columns;
}

struct value
sixtyfour_page_step_at(struct arena *arena, struct slice id, const char *address)
{
    const char *url = foreign_format(
        arena, "{{= %s | if test(\"^https?://\") then . else \"https://\" + . end }}", address);
    struct value config = value_empty_object();
    foreign_put(arena, &config, "url", value_text(url));
    const struct member members[] = {
        {value_text("id"), value_string(id)},
        {value_text("type"), value_text("scrape_web")},
        {value_text("config"), config},
        {value_text("when"), value_text(foreign_format(arena, "%s != null", address))},
        {value_text("on_error"), value_text("continue")},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct value
sixtyfour_page_step(struct arena *arena, struct slice id, const char *row, struct value columns)
{
    if (columns.kind != VALUE_ARRAY || columns.count == 0)
        columns = usual_columns(arena);
    const char *address = foreign_format(
        arena, "([%s[] as $name | %s[$name] | select(type == \"string\" and . != \"\")] | first)",
        foreign_literal_of(arena, columns), row);
    return sixtyfour_page_step_at(arena, id, address);
}

/* --- sources --- */

static struct value
source_of(struct arena *arena, const char *text, const char *title)
{
    const struct member members[] = {
        {value_text("text"), value_text(text)},
        {value_text("title"), value_text(title)},
    };
    return value_object_new(arena, members, COUNT_OF(members));
}

struct value
sixtyfour_row_source(struct arena *arena, const char *row, const char *title)
{
    const char *text =
        foreign_format(arena,
                       "{{= %s | to_entries | map(select(.value != null and .value != \"\") | "
                       "\"\\(.key): \\(.value)\") | join(\"\\n\") }}",
                       row);
    return source_of(arena, text, title);
}

struct value
sixtyfour_page_source(struct arena *arena, struct slice step, const char *title)
{
    return source_of(arena, foreign_format(arena, "{{steps.%.*s.text}}", SLICE_FORMAT(step)),
                     title);
}

/* --- criteria --- */

struct value
sixtyfour_judged_fields(struct arena *arena, struct value given, struct value criteria)
{
    if (given.kind != VALUE_OBJECT)
        given = value_empty_object();
    for (uint32_t i = 0; i < criteria.count; i++) {
        struct value one = value_items(criteria)[i], field = value_empty_object();
        struct slice description = value_get_text(one, "description");
        foreign_put(arena, &field, "type", value_text("score"));
        foreign_put(arena, &field, "description",
                    value_text(foreign_format(arena, "A score from 0 to 10: %.*s",
                                              SLICE_FORMAT(description))));
        given = value_object_set(arena, given, value_get(one, "criteria_name"), field);
    }
    return given;
}

static const char *
number_or(struct arena *arena, struct value number, const char *otherwise)
{
    return value_is_number(number) ? foreign_literal_of(arena, number) : otherwise;
}

const char *
sixtyfour_verdict(struct arena *arena, struct value criteria)
{
    const char *list = "";
    for (uint32_t i = 0; i < criteria.count; i++) {
        struct value one = value_items(criteria)[i];
        list = foreign_format(arena, "%s%s{s: .[%s], w: %s, t: %s}", list, i == 0 ? "" : ", ",
                              foreign_literal(arena, value_get_text(one, "criteria_name")),
                              number_or(arena, value_get(one, "weight"), "1"),
                              number_or(arena, value_get(one, "threshold"), "0"));
    }
    return foreign_format(arena,
                          "[%s] | {qualification_score: (map(select(.s != null)) | if (map(.w) | "
                          "add // 0) > 0 then (map(.s * .w) | add) / (map(.w) | add) else null "
                          "end), qualified: all(.[]; .s != null and .s >= .t)}",
                          list);
}
