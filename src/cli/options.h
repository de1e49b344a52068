/* cli/options.h - reads a command's options from one table, and prints its help from the same.
 *
 * Threads: the main thread.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How often an option of kind LIST may be given. */
#define OPTION_VALUES_MAX 64
/* Arguments that are no options. */
#define POSITIONAL_VALUES_MAX 4096

enum option_kind {
    OPTION_FLAG,   /* --json */
    OPTION_TEXT,   /* --data DIR, --data=DIR; also from the environment */
    OPTION_SWITCH, /* --log-requests for "true", --log-requests=false: a text */
    OPTION_LIST,   /* may be given several times */
    OPTION_INT,
};

struct option_list {
    const char *values[OPTION_VALUES_MAX];
    size_t count;
};

struct option {
    const char *name; /* with its dashes */
    enum option_kind kind;
    union {
        bool *flag;
        const char **text;
        struct option_list *list;
        int64_t *number;
    } into;
    int64_t min, max;  /* INT */
    const char *value; /* name of the value in the help */
    const char *help;
    const char *environment; /* variable that gives it when the option is not there; or NULL */
};

/* Of all commands that work on a data folder. */
#define OPTION_DATA(target)                                                                        \
    {                                                                                              \
        .name = "--data", .kind = OPTION_TEXT, .into.text = (target), .value = "DIR",              \
        .help = "where everything is kept [windrow-data]", .environment = "WINDROW_DATA"           \
    }
/* Options that all commands have which make calls. */
#define OPTION_ALLOW(target)                                                                       \
    {                                                                                              \
        .name = "--allow", .kind = OPTION_TEXT, .into.text = (target), .value = "LIST",            \
        .help = "private addresses that calls may reach", .environment = "WINDROW_ALLOW"           \
    }
#define OPTION_CONFIG(target)                                                                      \
    {                                                                                              \
        .name = "--config", .kind = OPTION_TEXT, .into.text = (target), .value = "FILE",           \
        .help = "providers of models (docs/models.md)", .environment = "WINDROW_CONFIG"            \
    }

struct option_table {
    const char *usage; /* "windrow run FILE [options]" */
    const char *summary;
    const struct option *options;
    size_t count;
    size_t positional_min, positional_max;
};

struct positional {
    const char *values[POSITIONAL_VALUES_MAX];
    size_t count;
};

/* What comes back of options_read(). */
enum options_end { OPTIONS_OK, OPTIONS_HELP, OPTIONS_WRONG };

/* Fills the targets; they keep their values where nothing is given. HELP: the help was asked for
 * and printed. WRONG: words were printed on standard error. */
enum options_end options_read(const struct option_table *table, int argc, char **argv,
                              struct positional *positional);

#endif
