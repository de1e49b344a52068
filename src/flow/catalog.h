/* flow/catalog.h - what a step type declares about itself, as data.
 *
 * A type is known to the pure core only by its declaration: its shape (how the engine treats it)
 * and the fields of its config. From this table the loader compiles configs and finds errors, and
 * the documentation, the editor's schema and `windrow docs` are made. The code of a type is bound
 * to its declaration in engine/step.h.
 *
 * Threads: constant data.
 */
#ifndef FLOW_CATALOG_H
#define FLOW_CATALOG_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config_field;

/* Words in backticks are those of docs/ARCHITECTURE.md. */
enum step_shape {
    STEP_SHAPE_VALUE,   /* row step, pure: adds a column */
    STEP_SHAPE_FILTER,  /* row step, pure: its edge is dead for rows that it refuses */
    STEP_SHAPE_BRANCH,  /* row step, pure: chooses one label; edges name labels */
    STEP_SHAPE_EFFECT,  /* row step: an exchange with the world; its result is recorded */
    STEP_SHAPE_WAIT,    /* row step: goes on after a time */
    STEP_SHAPE_CHILD,   /* row step: the output of another workflow, named by its field `id` or
                         * `slug` and given its field `input` */
    STEP_SHAPE_SOURCE,  /* defines a table of many items from one item */
    STEP_SHAPE_SINK,    /* `tap`: writes the table's rows to a file; defines a table of one item */
    STEP_SHAPE_RESHAPE, /* defines a table of many items from the rows of one table or of several */
};

/* What the rows that a reshape makes hold of those that it read. */
enum reshape_rows {
    RESHAPE_KEEPS_ROWS,   /* the same items with their columns */
    RESHAPE_JOINS_ROWS,   /* the left items with their columns, the right row under its own id */
    RESHAPE_EXPANDS_ROWS, /* new items; the row is seen as `parent` */
    RESHAPE_GROUPS_ROWS,  /* new items without columns */
};

/* How a reshape names the tables that it reads; by default just the one before it. */
struct reshape_decl {
    enum reshape_rows rows;
    bool reads_each_need;    /* each entry of `needs` is a table of its own */
    const char *other_field; /* FIELD_STEP that names a second table; NULL: none */
    const char *count_field; /* FIELD_INT: it makes at most so many rows; NULL: none */
    bool reads_other_first;  /* the second table is read to its end before the first is begun */
};

/* Where the documentation and the palette of the editor list a type. */
enum step_group {
    STEP_GROUP_NONE, /* not declared; a test complains */
    STEP_GROUP_SOURCES,
    STEP_GROUP_AI,
    STEP_GROUP_LOOKUPS,
    STEP_GROUP_DATA,
    STEP_GROUP_FLOW,
    STEP_GROUP_OUTPUT,
};
#define STEP_GROUP_COUNT (STEP_GROUP_OUTPUT + 1)

/* Names that the expressions of one group may have beside the usual ones. */
#define FIELD_ROOTS_MAX 8

enum field_kind {
    FIELD_TEXT,           /* template that renders to a string */
    FIELD_ANY,            /* any JSON tree; every string in it is a template */
    FIELD_EXPRESSION,     /* jq */
    FIELD_TEXT_MAP,       /* object: name -> template (any JSON tree) */
    FIELD_EXPRESSION_MAP, /* object: name -> jq */
    FIELD_NAMES,          /* list of literal strings */
    FIELD_LABEL,          /* one literal string */
    FIELD_SIGN,           /* a literal of one ASCII character (a tab too), or of none */
    FIELD_BOOL,           /* literal */
    FIELD_BOOL_OR_NAMES,  /* true, false, or a list of literal strings */
    FIELD_INT,            /* literal, min to max */
    FIELD_DURATION,       /* "30s", or a template that renders to such text */
    FIELD_CHOICE,         /* one of `choices`, literal */
    FIELD_AGGREGATE_MAP,  /* object: name -> jq over an array of rows, with no names of ours */
    FIELD_PATHS,          /* a path (`item.name`) or a list of paths */
    FIELD_ORDER,          /* paths, each by itself or as {path, order: asc or desc} */
    FIELD_KEYS,           /* paths for both tables of a reshape, or {left: paths, right: paths} */
    FIELD_STEP,           /* a step of the workflow, as in `needs` */
    FIELD_SCHEMA,         /* a JSON Schema, literal */
    FIELD_RATE,           /* literal: "10/s", base/rate.h */
    FIELD_MODEL,          /* template that renders to "provider/model" or "default" */
    FIELD_NUMBER,         /* literal, min to max */
    FIELD_SOURCES, /* a text, an object such as {file: PATH}, or a list of these; templates */
    FIELD_FACTS,   /* object: name -> description or {type, description, enum, unit}; type is
                    * one of `choices`; literal */
    FIELD_CLASSES, /* list of labels, or object: label -> description; literal */
    FIELD_GROUP,   /* object of fields of its own: `parts`; kept apart */
    FIELD_MARKUP,  /* expr/markup.h: the text, or a name under `templates`; kept apart */
};

struct field_decl {
    const char *name;
    enum field_kind kind;
    bool required;
    int64_t min, max;           /* FIELD_INT (both 0: unbounded), FIELD_NUMBER */
    const char *const *choices; /* FIELD_CHOICE, FIELD_FACTS: NULL-terminated */
    /* FIELD_FACTS, and FIELD_SCHEMA, which is then one of objects: names that the step adds itself
     * and nobody else may; NULL-terminated, or NULL. */
    const char *const *reserved;
    const char *help; /* one sentence for the docs */
    /* FIELD_TEXT_MAP: the entries that it may have; NULL-terminated, or NULL: any. */
    const char *const *entries;
    /* FIELD_TEXT_MAP: {{secrets.NAME}} may stand in it: it goes into headers of calls alone. */
    bool takes_secrets;
    /* It says how an effect is gone about, not what it is: not rendered with the others and not
     * covered by the effect's hash, so that a change of it makes nothing anew. */
    bool is_apart;
    /* Of one that is kept apart: what holds where it is not given; NULL: nothing. */
    const struct config_field *usual;
    /* FIELD_GROUP, whose parts are no groups. */
    const struct field_decl *parts;
    size_t part_count;
    const char *const *one_of; /* as in struct step_decl */
    /* FIELD_GROUP and FIELD_MARKUP: names beside the usual ones that expressions in it may begin
     * with; NULL-terminated, or NULL. */
    const char *const *roots;
};

/* Whose answer an effect waits for, in place of an exchange with the world. */
enum step_asks {
    STEP_ASKS_NOBODY,
    STEP_ASKS_EVENT,    /* whatever a program outside sends */
    STEP_ASKS_APPROVAL, /* a person's yes or no */
};

struct step_decl {
    const char *name;
    const char *const *aliases; /* names under which hosted APIs know it; NULL-terminated or NULL */
    enum step_group group;
    enum step_shape shape;
    bool passes_row;     /* VALUE: its value is the row again, which files have no second time */
    const char *summary; /* one sentence for the docs */
    const struct field_decl *fields;
    size_t field_count;
    /* Exactly one of the fields of a group must be given: names, NULL-terminated, or NULL. */
    const char *const *one_of;
    struct reshape_decl reshape; /* STEP_SHAPE_RESHAPE */
    /* What it is with `per: table`, of the same name; has the field `per`. NULL: always the same.
     */
    const struct step_decl *per_table;
    /* What it is where that field of it is given, of the same name and fields. NULL: always the
     * same. */
    const struct step_decl *variant;
    const char *variant_field;
    enum step_asks asks;        /* STEP_SHAPE_EFFECT */
    int64_t price_microcredits; /* of a call; 0: none, or what the model costs that it asks */
    const char *page;           /* its documentation, Markdown; NULL: docs/steps has it */
    /* It decides once for all rows of a table, unless it says `per: item`: the sink that gathers
     * them for it. NULL: it stands among the rows. */
    const char *gate_writer;
    /* With `per: table` it acts once on all rows of a table, as a tap does: the sink that gathers
     * them for it. NULL: it stands among the rows. */
    const char *tap_writer;
};

/* All types that a server knows; lists are borrowed and outlive every plan. */
struct catalog {
    const struct step_decl *const *types;
    size_t count;
};

/* By name or alias; NULL if unknown. */
const struct step_decl *catalog_find(const struct catalog *catalog, struct slice name);

/* The nearest known name for "did you mean", or NULL. */
const char *catalog_nearest(const struct catalog *catalog, struct slice wrong);

/* "sources", "AI", "look-ups", "data", "flow", "output"; "" for NONE. */
const char *step_group_name(enum step_group group);

/* What a field of that kind is, for people: "text template"; of a choice "one of ", which its names
 * follow. */
const char *field_kind_words(enum field_kind kind);

/* Index of the field of that name, or -1. */
int field_decl_find(const struct field_decl *fields, size_t count, struct slice name);

/* Index of a field in decl->fields, or -1. */
int step_decl_field(const struct step_decl *decl, struct slice name);

#endif
