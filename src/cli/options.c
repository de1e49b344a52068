#include "cli/options.h"

#include "base/slice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
print_help(const struct option_table *table)
{
    printf("usage: %s\n\n%s\n", table->usage, table->summary);
    if (table->count > 0)
        printf("\noptions:\n");
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        char left[64];
        snprintf(left, sizeof(left), "%s%s%s", option->name, option->value == NULL ? "" : " ",
                 option->value == NULL ? "" : option->value);
        printf("  %-26s %s", left, option->help);
        if (option->environment != NULL)
            printf(" (or %s)", option->environment);
        printf("\n");
    }
}

static const struct option *
find_option(const struct option_table *table, struct slice name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (slice_is(name, table->options[i].name))
            return &table->options[i];
    }
    return NULL;
}

static enum options_end
unknown_option(const struct option_table *table, struct slice name)
{
    const char *names[64];
    size_t count = table->count < COUNT_OF(names) ? table->count : COUNT_OF(names);
    for (size_t i = 0; i < count; i++)
        names[i] = table->options[i].name;
    const char *nearest = slice_nearest(name, names, count);
    fprintf(stderr, "windrow: unknown option %.*s", SLICE_FORMAT(name));
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fprintf(stderr, "\nusage: %s\n", table->usage);
    return OPTIONS_WRONG;
}

static enum options_end
set_number(const struct option *option, const char *text)
{
    int64_t number = 0;
    if (slice_parse_int64(slice_text(text), &number) && number >= option->min &&
        number <= option->max) {
        *option->into.number = number;
        return OPTIONS_OK;
    }
    fprintf(stderr, "windrow: %s: expected a whole number from %lld to %lld, found \"%s\"\n",
            option->name, (long long)option->min, (long long)option->max, text);
    return OPTIONS_WRONG;
}

static enum options_end
set_value(const struct option *option, const char *text)
{
    switch (option->kind) {
    case OPTION_FLAG:
        *option->into.flag = true;
        return OPTIONS_OK;
    case OPTION_SWITCH:
    case OPTION_TEXT:
        *option->into.text = text;
        return OPTIONS_OK;
    case OPTION_LIST:
        if (option->into.list->count == OPTION_VALUES_MAX) {
            fprintf(stderr, "windrow: %s is given more than %d times\n", option->name,
                    OPTION_VALUES_MAX);
            return OPTIONS_WRONG;
        }
        option->into.list->values[option->into.list->count++] = text;
        return OPTIONS_OK;
    case OPTION_INT:
        return set_number(option, text);
    }
    return OPTIONS_WRONG;
}

static enum options_end
read_environment(const struct option_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct option *option = &table->options[i];
        const char *text = option->environment == NULL ? NULL : getenv(option->environment);
        if (text != NULL && text[0] != '\0' && set_value(option, text) != OPTIONS_OK)
            return OPTIONS_WRONG;
    }
    return OPTIONS_OK;
}

static enum options_end
read_option(const struct option_table *table, int argc, char **argv, int *at)
{
    const char *argument = argv[*at];
    const char *equals = strchr(argument, '=');
    struct slice name =
        equals == NULL ? slice_text(argument) : slice_of(argument, (size_t)(equals - argument));
    const struct option *option = find_option(table, name);
    if (option == NULL)
        return unknown_option(table, name);
    if (option->kind == OPTION_FLAG && equals == NULL)
        return set_value(option, NULL);
    if (option->kind == OPTION_SWITCH && equals == NULL)
        return set_value(option, "true");
    if (equals != NULL && option->kind != OPTION_FLAG)
        return set_value(option, equals + 1);
    if (option->kind != OPTION_FLAG && *at + 1 < argc) {
        ++*at;
        return set_value(option, argv[*at]);
    }
    fprintf(stderr,
            option->kind == OPTION_FLAG ? "windrow: %s takes no value\n"
                                        : "windrow: %s needs a value\n",
            option->name);
    return OPTIONS_WRONG;
}

static enum options_end
add_positional(const struct option_table *table, const char *value, struct positional *positional)
{
    if (positional->count < table->positional_max && positional->count < POSITIONAL_VALUES_MAX) {
        positional->values[positional->count++] = value;
        return OPTIONS_OK;
    }
    fprintf(stderr, "windrow: unexpected \"%s\"\nusage: %s\n", value, table->usage);
    return OPTIONS_WRONG;
}

enum options_end
options_read(const struct option_table *table, int argc, char **argv, struct positional *positional)
{
    *positional = (struct positional){.count = 0};
    enum options_end end = read_environment(table);
    bool is_options = true;
    for (int i = 0; i < argc && end == OPTIONS_OK; i++) {
        if (is_options && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            print_help(table);
            return OPTIONS_HELP;
        }
        if (is_options && strcmp(argv[i], "--") == 0)
            is_options = false;
        else if (is_options && argv[i][0] == '-' && argv[i][1] != '\0')
            end = read_option(table, argc, argv, &i);
        else
            end = add_positional(table, argv[i], positional);
    }
    if (end == OPTIONS_OK && positional->count < table->positional_min) {
        fprintf(stderr, "usage: %s\n", table->usage);
        end = OPTIONS_WRONG;
    }
    return end;
}
