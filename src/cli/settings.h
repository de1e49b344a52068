/* cli/settings.h - the settings of a program, from one table: a file, the environment, flags.
 *
 * A line of the table is a setting: `http_threads` in the file, WINDROW_HTTP_THREADS in the
 * environment, --http-threads on the command line. A flag wins over the environment, that over the
 * file, that over the default. All values of the file are checked, also those that are not used; a
 * name that nobody knows is refused with its place and the nearest right one. Help and
 * documentation come from the same table.
 *
 * A secret never stands in the file nor on the command line, where others see it: the setting
 * `x_file` names a file that holds it, or the variable WINDROW_X does.
 *
 * Threads: the main thread.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"
#include "base/value.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines of one table. */
#define SETTINGS_MAX 60
/* The setting that names the file itself. */
#define SETTINGS_FILE "config"

enum setting_kind {                 /* and what is stored at the offset */
                    SETTING_TEXT,   /* const char *; NULL: not given */
                    SETTING_SECRET, /* const char *: what the file holds, without white space at its
                                       ends */
                    SETTING_CHOICE, /* int: index of the choice */
                    SETTING_SWITCH, /* bool */
                    SETTING_INT,    /* int64_t */
                    SETTING_SIZE,   /* int64_t: bytes */
                    SETTING_DURATION, /* int64_t: ms */
                    SETTING_RATE,     /* struct rate of base/rate.h; count 0: not given */
};

/* Words say what is expected, without the setting's name. */
typedef enum status setting_check_fn(const char *text, struct error *error);

struct setting {
    const char *group; /* heading under which the documentation has it */
    const char *name;  /* as in the file; that of a SECRET ends with _file */
    enum setting_kind kind;
    size_t offset;           /* into the program's struct */
    const char *fallback;    /* the default, as it would be given; NULL: nothing, or zero */
    const char *otherwise;   /* without a fallback: what that means, for the help; may be NULL */
    int64_t min, max;        /* INT, SIZE, DURATION */
    const char *choices[6];  /* CHOICE; the rest NULL */
    setting_check_fn *check; /* TEXT; may be NULL */
    const char *value;       /* its name in the help; NULL: that of the kind */
    const char *help;
};

struct setting_table {
    const struct setting *settings;
    size_t count; /* at most SETTINGS_MAX */
    /* Names of the file that others read; ends with NULL. */
    const char *const *foreign;
};

struct settings_call {
    const struct setting_table *table;
    const char *usage, *summary;
    const struct option *more; /* of this command alone */
    size_t more_count;
};

/* Fills *into from all sources. Texts live in the arena or as long as the program. Words are
 * printed as options_read() prints them; those about the file begin with its path and place. */
enum options_end settings_read(const struct settings_call *call, int argc, char **argv, void *into,
                               struct arena *arena);

/* What the file of that text says, into *into; texts live in the arena. For whoever reads the
 * foreign part alone: whether the rest is right. Words begin "line L, column C:". */
MUST_USE enum status settings_read_text(const struct setting_table *table, struct slice text,
                                        void *into, struct arena *arena, struct error *error);

/* The table for `windrow docs config`: for people, or one object for each setting. */
void settings_print(const struct setting_table *table, struct buffer *out);
struct value settings_value(const struct setting_table *table, struct arena *arena);

/* "--http-threads", "WINDROW_HTTP_THREADS". */
const char *setting_flag(const struct setting *setting, struct arena *arena);
const char *setting_variable(const struct setting *setting, struct arena *arena);

#endif
