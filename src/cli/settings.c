#include "cli/settings.h"

#include "base/duration.h"
#include "base/fs.h"
#include "base/limits.h"
#include "base/located.h"
#include "base/rate.h"
#include "base/size.h"
#include "base/yaml.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A longer secret is a mistake, such as another file. */
#define SECRET_BYTES_MAX KIB(16)
#define QUOTED_BYTES_MAX 80
#define SECRET_ENDING "_file"

struct reading {
    const struct setting_table *table;
    char *into;
    struct arena *arena;
    struct error *error;
};

/* --- names --- */

const char *
setting_flag(const struct setting *setting, struct arena *arena)
{
    const char *flag = arena_format(arena, "--%s", setting->name);
    for (char *at = strchr(flag, '_'); at != NULL; at = strchr(at, '_'))
        *at = '-';
    return flag;
}

static const char *
upper_case(const char *name, size_t size, struct arena *arena)
{
    char *text = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)toupper((unsigned char)name[i]);
    return arena_format(arena, "WINDROW_%s", text);
}

const char *
setting_variable(const struct setting *setting, struct arena *arena)
{
    return upper_case(setting->name, strlen(setting->name), arena);
}

static const char *
secret_variable(const struct setting *setting, struct arena *arena)
{
    return upper_case(setting->name, strlen(setting->name) - strlen(SECRET_ENDING), arena);
}

static const struct setting *
find_setting(const struct setting_table *table, struct slice name)
{
    for (size_t i = 0; i < table->count; i++)
        if (slice_is(name, table->settings[i].name))
            return &table->settings[i];
    return NULL;
}

/* --- one value --- */

static enum status
refuse(struct reading *reading, const char *expected, struct slice text)
{
    return error_set(reading->error, STATUS_INVALID, "expected %s, found \"%.*s\"", expected,
                     SLICE_FORMAT(slice_cut(text, QUOTED_BYTES_MAX)));
}

static enum status
read_text(struct reading *reading, const struct setting *setting, struct slice text, void *at)
{
    const char *copy = arena_copy(reading->arena, text).ptr;
    for (size_t i = 0; i < text.size; i++)
        if (iscntrl((unsigned char)text.ptr[i]))
            return error_set(reading->error, STATUS_INVALID,
                             "expected a text on one line without control characters");
    if (setting->check != NULL) {
        enum status status = setting->check(copy, reading->error);
        if (status != STATUS_OK)
            return status;
    }
    *(const char **)at = copy;
    return STATUS_OK;
}

static enum status
read_secret(struct reading *reading, struct slice path, void *at)
{
    struct buffer bytes;
    const char *name = arena_copy(reading->arena, path).ptr;
    enum status status = fs_read_file(&bytes, name, SECRET_BYTES_MAX, reading->error);
    struct slice secret = slice_trim(buffer_slice(&bytes));
    if (status == STATUS_OK && secret.size == 0)
        status = error_set(reading->error, STATUS_INVALID, "%.200s is empty", name);
    if (status == STATUS_OK)
        *(const char **)at = arena_copy(reading->arena, secret).ptr;
    buffer_done(&bytes);
    return status;
}

static enum status
read_choice(struct reading *reading, const struct setting *setting, struct slice text, void *at)
{
    char names[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < COUNT_OF(setting->choices) && setting->choices[i] != NULL; i++) {
        if (slice_is(text, setting->choices[i])) {
            *(int *)at = (int)i;
            return STATUS_OK;
        }
        const char *comma = i == 0 ? "" : setting->choices[i + 1] == NULL ? " or " : ", ";
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", comma,
                                 setting->choices[i]);
    }
    return refuse(reading, names, text);
}

static enum status
read_switch(struct reading *reading, struct slice text, void *at)
{
    *(bool *)at = slice_is(text, "true");
    return slice_is(text, "true") || slice_is(text, "false")
               ? STATUS_OK
               : refuse(reading, "true or false", text);
}

/* A number in the range, given back as the kind writes it. */
static enum status
read_number(struct reading *reading, const struct setting *setting, struct slice text, void *at)
{
    int64_t number = 0;
    bool is_number;
    if (setting->kind == SETTING_SIZE)
        is_number = size_parse(&number, text, NULL) == STATUS_OK;
    else if (setting->kind == SETTING_DURATION)
        is_number = duration_parse(&number, text, NULL) == STATUS_OK;
    else
        is_number = slice_parse_int64(text, &number);
    if (is_number && number >= setting->min && number <= setting->max) {
        *(int64_t *)at = number;
        return STATUS_OK;
    }
    char expected[160];
    char least[DURATION_TEXT_BYTES];
    char most[DURATION_TEXT_BYTES];
    snprintf(least, sizeof(least), "%lld", (long long)setting->min);
    snprintf(most, sizeof(most), "%lld", (long long)setting->max);
    if (setting->kind == SETTING_DURATION) {
        duration_print(setting->min, least);
        duration_print(setting->max, most);
    }
    snprintf(expected, sizeof(expected), "%s from %s to %s",
             setting->kind == SETTING_SIZE       ? "a size in bytes, such as 64KiB or 2GB,"
             : setting->kind == SETTING_DURATION ? "a length of time"
                                                 : "a whole number",
             least, most);
    return refuse(reading, expected, text);
}

static enum status
read_value(struct reading *reading, const struct setting *setting, struct slice text)
{
    void *at = reading->into + setting->offset;
    switch (setting->kind) {
    case SETTING_TEXT:
        return read_text(reading, setting, text, at);
    case SETTING_SECRET:
        return read_secret(reading, text, at);
    case SETTING_CHOICE:
        return read_choice(reading, setting, text, at);
    case SETTING_SWITCH:
        return read_switch(reading, text, at);
    case SETTING_INT:
    case SETTING_SIZE:
    case SETTING_DURATION:
        return read_number(reading, setting, text, at);
    case SETTING_RATE:
        return rate_parse(at, text, reading->error);
    }
    assert(false && "no such kind");
    return STATUS_INVALID;
}

static void
read_defaults(struct reading *reading)
{
    for (size_t i = 0; i < reading->table->count; i++) {
        const struct setting *setting = &reading->table->settings[i];
        if (setting->fallback == NULL)
            continue;
        enum status status = read_value(reading, setting, slice_text(setting->fallback));
        assert(status == STATUS_OK);
    }
}

/* --- the file --- */

/* Scalars as they would be written on the command line; .ptr NULL: none. */
static struct slice
scalar_text(struct value value, struct arena *arena)
{
    switch ((enum value_kind)value.kind) {
    case VALUE_STRING:
    case VALUE_DECIMAL:
        return value_slice(value);
    case VALUE_INT:
        return slice_text(arena_format(arena, "%lld", (long long)value.integer));
    case VALUE_TRUE:
        return SLICE("true");
    case VALUE_FALSE:
        return SLICE("false");
    case VALUE_NONE:
    case VALUE_NULL:
    case VALUE_DOUBLE:
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        break;
    }
    return (struct slice){0};
}

static bool
is_foreign(const struct setting_table *table, struct slice name)
{
    for (size_t i = 0; table->foreign != NULL && table->foreign[i] != NULL; i++)
        if (slice_is(name, table->foreign[i]))
            return true;
    return false;
}

static const char *
nearest_name(const struct setting_table *table, struct slice name)
{
    const char *names[SETTINGS_MAX + 8];
    size_t count = 0;
    for (size_t i = 0; i < table->count; i++)
        names[count++] = table->settings[i].name;
    for (size_t i = 0; table->foreign != NULL && table->foreign[i] != NULL; i++)
        names[count++] = table->foreign[i];
    return slice_nearest(name, names, count);
}

static enum status
refuse_name(struct reading *reading, struct slice name, struct located_place place)
{
    const char *secret =
        arena_format(reading->arena, "%.*s" SECRET_ENDING, SLICE_FORMAT(slice_cut(name, 60)));
    bool is_secret = find_setting(reading->table, slice_text(secret)) != NULL;
    const char *nearest = is_secret ? secret : nearest_name(reading->table, name);
    return error_set(reading->error, STATUS_INVALID, "line %u, column %u: %s \"%.*s\"%s%s%s",
                     place.line, place.column,
                     is_secret ? "secrets do not stand in this file; name one that holds it:"
                               : "there is no setting",
                     SLICE_FORMAT(slice_cut(name, QUOTED_BYTES_MAX)),
                     nearest == NULL ? ""
                     : is_secret     ? " as "
                                     : "; did you mean ",
                     nearest == NULL ? "" : nearest, nearest == NULL || is_secret ? "" : "?");
}

static enum status
read_member(struct reading *reading, const struct setting *setting, const struct located *at)
{
    if (at->value.kind == VALUE_NULL)
        return STATUS_OK;
    struct slice text = scalar_text(at->value, reading->arena);
    enum status status;
    if (strcmp(setting->name, SETTINGS_FILE) == 0)
        status = error_set(reading->error, STATUS_INVALID,
                           "a file cannot name the file; give --" SETTINGS_FILE);
    else if (text.ptr == NULL)
        status = error_set(reading->error, STATUS_INVALID, "expected one value, found %s",
                           value_kind_name(at->value));
    else
        status = read_value(reading, setting, text);
    if (status != STATUS_OK)
        error_prepend(reading->error, "line %u, column %u: %s", at->line, at->column,
                      setting->name);
    return status;
}

static enum status
read_members(struct reading *reading, const struct located *top)
{
    if (top->value.kind == VALUE_NULL)
        return STATUS_OK;
    if (top->value.kind != VALUE_OBJECT)
        return error_set(reading->error, STATUS_INVALID,
                         "line %u, column %u: expected names of settings and their values",
                         top->line, top->column);
    enum status status = STATUS_OK;
    for (uint32_t i = 0; i < top->count && status == STATUS_OK; i++) {
        struct slice name = value_slice(value_members(top->value)[i].key);
        const struct setting *setting = find_setting(reading->table, name);
        if (setting != NULL)
            status = read_member(reading, setting, &top->children[i]);
        else if (!is_foreign(reading->table, name))
            status = refuse_name(reading, name, located_key_place(top, i));
    }
    return status;
}

enum status
settings_read_text(const struct setting_table *table, struct slice text, void *into,
                   struct arena *arena, struct error *error)
{
    struct reading reading = {table, into, arena, error};
    struct located *top = NULL;
    read_defaults(&reading);
    enum status status = yaml_load(&top, arena, text, NULL, error);
    return status == STATUS_OK ? read_members(&reading, top) : status;
}

static enum status
read_file(const struct setting_table *table, const char *path, struct reading *reading)
{
    struct buffer text;
    enum status status = fs_read_file(&text, path, LIMIT_DEFINITION_BYTES, reading->error);
    if (status == STATUS_OK) {
        status = settings_read_text(table, buffer_slice(&text), reading->into, reading->arena,
                                    reading->error);
        if (status != STATUS_OK)
            error_prepend(reading->error, "%.200s", path);
    }
    buffer_done(&text);
    return status;
}

/* --- flags and variables --- */

static const char *
value_word(const struct setting *setting)
{
    static const char *const words[] = {"TEXT", "FILE", NULL, NULL, "N", "SIZE", "TIME", "RATE"};
    if (setting->value != NULL)
        return setting->value;
    return setting->kind == SETTING_CHOICE ? "CHOICE" : words[setting->kind];
}

static const char *
choices_text(const struct setting *setting, struct arena *arena)
{
    const char *text = "";
    for (size_t i = 0; i < COUNT_OF(setting->choices) && setting->choices[i] != NULL; i++)
        text = arena_format(arena, "%s%s%s", text, i == 0 ? ": " : ", ", setting->choices[i]);
    return text;
}

static const char *
default_text(const struct setting *setting)
{
    return setting->fallback != NULL ? setting->fallback : setting->otherwise;
}

static struct option
option_of(const struct setting *setting, const char **text, struct arena *arena)
{
    const char *otherwise = default_text(setting);
    struct option option = {
        .name = setting_flag(setting, arena),
        .kind = setting->kind == SETTING_SWITCH ? OPTION_SWITCH : OPTION_TEXT,
        .into.text = text,
        .value = value_word(setting),
        .help = arena_format(arena, "%s%s%s%s%s", setting->help, choices_text(setting, arena),
                             otherwise == NULL ? "" : " [", otherwise == NULL ? "" : otherwise,
                             otherwise == NULL ? "" : "]"),
        .environment = setting_variable(setting, arena),
    };
    return option;
}

/* The variable of the secret itself counts when no file is named. */
static bool
read_bare_secret(struct reading *reading, const struct setting *setting)
{
    const char *secret = getenv(secret_variable(setting, reading->arena));
    if (secret == NULL || secret[0] == '\0')
        return false;
    *(const char **)(reading->into + setting->offset) = secret;
    return true;
}

static enum status
read_given(struct reading *reading, const struct setting *setting, const char *text)
{
    if (text == NULL && setting->kind == SETTING_SECRET && read_bare_secret(reading, setting))
        return STATUS_OK;
    if (text == NULL)
        return STATUS_OK;
    enum status status = read_value(reading, setting, slice_text(text));
    const char *variable = setting_variable(setting, reading->arena);
    if (status != STATUS_OK)
        error_prepend(reading->error, "%s",
                      text == getenv(variable) ? variable : setting_flag(setting, reading->arena));
    return status;
}

static enum status
read_sources(struct reading *reading, const char *const *texts)
{
    const struct setting_table *table = reading->table;
    const char *file = NULL;
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->settings[i].name, SETTINGS_FILE) == 0)
            file = texts[i];
    enum status status = STATUS_OK;
    if (file != NULL)
        status = read_file(table, file, reading);
    else
        read_defaults(reading);
    for (size_t i = 0; i < table->count && status == STATUS_OK; i++)
        status = read_given(reading, &table->settings[i], texts[i]);
    return status;
}

enum options_end
settings_read(const struct settings_call *call, int argc, char **argv, void *into,
              struct arena *arena)
{
    struct option options[SETTINGS_MAX + 16];
    const char *texts[SETTINGS_MAX] = {NULL};
    const struct setting_table *table = call->table;
    assert(table->count <= SETTINGS_MAX);
    assert(table->count + call->more_count <= COUNT_OF(options));
    for (size_t i = 0; i < table->count; i++)
        options[i] = option_of(&table->settings[i], &texts[i], arena);
    for (size_t i = 0; i < call->more_count; i++)
        options[table->count + i] = call->more[i];
    const struct option_table flags = {
        .usage = call->usage,
        .summary = call->summary,
        .options = options,
        .count = table->count + call->more_count,
    };
    struct positional none;
    enum options_end end = options_read(&flags, argc, argv, &none);
    if (end != OPTIONS_OK)
        return end;
    struct error error = {0};
    struct reading reading = {table, into, arena, &error};
    if (read_sources(&reading, texts) == STATUS_OK)
        return OPTIONS_OK;
    fprintf(stderr, "windrow: %s\n", error.text);
    return OPTIONS_WRONG;
}

/* --- documentation --- */

void
settings_print(const struct setting_table *table, struct buffer *out)
{
    struct arena arena;
    arena_init(&arena, MIB(1));
    const char *group = "";
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        const char *otherwise = default_text(setting);
        if (strcmp(group, setting->group) != 0)
            buffer_append_format(out, "%s%s\n", i == 0 ? "" : "\n", setting->group);
        group = setting->group;
        buffer_append_format(out, "  %-20s %s%s\n", setting->name, setting->help,
                             choices_text(setting, &arena));
        buffer_append_format(
            out, "  %-20s %s, %s%s%s\n", "", setting_flag(setting, &arena),
            setting_variable(setting, &arena),
            otherwise == NULL ? "" : "; default: ", otherwise == NULL ? "" : otherwise);
    }
    arena_done(&arena);
}

struct value
settings_value(const struct setting_table *table, struct arena *arena)
{
    static const char *const kinds[] = {"text", "secret", "choice",   "switch",
                                        "int",  "size",   "duration", "rate"};
    struct value list = value_empty_array();
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        const char *otherwise = default_text(setting);
        const char *words =
            arena_format(arena, "%s%s", setting->help, choices_text(setting, arena));
        struct member members[] = {
            {value_text("name"), value_text(setting->name)},
            {value_text("group"), value_text(setting->group)},
            {value_text("kind"), value_text(kinds[setting->kind])},
            {value_text("default"), otherwise == NULL ? value_null() : value_text(otherwise)},
            {value_text("flag"), value_text(setting_flag(setting, arena))},
            {value_text("variable"), value_text(setting_variable(setting, arena))},
            {value_text("words"), value_text(words)},
        };
        list = value_array_append(arena, list, value_object_new(arena, members, COUNT_OF(members)));
    }
    return list;
}
