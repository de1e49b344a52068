/* flow/load.h - what the files that load a workflow share.
 *
 * Loading goes in passes over all steps, so that every error is found in one go: keys and configs
 * (load_step.c, load_config.c, load_paths.c, load_ask.c, load_markup.c), needs and their order
 * (load_needs.c, load_sides.c), tables (load_tables.c, load_reshapes.c), names in expressions
 * (load_names.c), workflows that are called (load_callees.c). A pass goes on after an error with
 * what it could understand; a pass that would only repeat an error of the one before is left out.
 *
 * Threads: one at a time.
 */
#ifndef FLOW_LOAD_H
#define FLOW_LOAD_H

#include "base/limits.h"
#include "base/located.h"
#include "flow/plan.h"

#include <stdbool.h>
#include <stdint.h>

/* The steps of the file, the one that plan_options.rows_file adds, and sides of reshapes. */
#define LOAD_STEPS_MAX PLAN_NODES_MAX
#define LOAD_SET_WORDS ((LOAD_STEPS_MAX + 63) / 64)

/* A place in the file: the node and the words for the way to it ("steps[2].config.where"). */
struct spot {
    const struct located *at; /* NULL: not written */
    struct located_place key; /* of the name, for members; else of the value */
    const char *path;
};

/* A set of steps, by index of their drafts. */
struct step_set {
    uint64_t words[LOAD_SET_WORDS];
};

static inline bool
step_set_has(const struct step_set *set, uint16_t index)
{
    return (set->words[index / 64] >> (index % 64) & 1) != 0;
}

static inline void
step_set_add(struct step_set *set, uint16_t index)
{
    set->words[index / 64] |= UINT64_C(1) << (index % 64);
}

static inline void
step_set_unite(struct step_set *set, const struct step_set *other)
{
    for (size_t i = 0; i < LOAD_SET_WORDS; i++)
        set->words[i] |= other->words[i];
}

/* One entry of `needs`, written or implied. */
struct need {
    uint16_t draft;
    uint8_t label;
};

/* A step on its way to become a node. */
struct draft {
    struct spot spot;
    struct spot id, type, config, needs;
    struct plan_node node; /* decl is NULL when the type is unknown */
    uint16_t need_count;
    struct need *list;
    bool follows_tap;  /* without `needs`, behind a tap: stands where the tap stands */
    uint16_t position; /* in the order of the plan's nodes */
    uint16_t reader;   /* of a side: the draft of its reshape */
    struct step_set upstream;
};

/* One string with an expression or a template, kept for the check of its names. */
struct leaf {
    struct leaf *next;
    struct spot spot;
    uint16_t draft;                  /* LEAF_OF_OUTPUT: of `output:` */
    uint8_t skip;                    /* bytes before the text that was written, as of a path */
    const char *const *roots;        /* further names that it may begin with, or NULL */
    bool takes_secrets;              /* {{secrets.NAME}} may stand in it */
    const struct template *template; /* one of the three */
    const struct expr *expr;
    const struct markup *markup;
    struct slice file, text; /* of a markup that stands in a file of its own; .ptr NULL: it does not
                              */
};
#define LEAF_OF_OUTPUT UINT16_MAX

struct loader {
    struct plan *plan;
    struct arena *arena;   /* the plan's */
    struct arena *scratch; /* dropped when the file is loaded */
    struct problems *problems;
    const struct catalog *catalog;
    struct slice text;
    struct draft *drafts;
    uint16_t draft_count;
    uint16_t *order; /* drafts by position, once they are sorted */
    bool graph_is_broken;
    const struct plan_options *options;
    struct spot root;         /* of the whole file */
    struct leaf *leaves;      /* newest first */
    const char *const *roots; /* of the leaves that are added now */
    bool takes_secrets;       /* the same */
};

/* Adds a problem at the value, or at its name. */
void load_problem(struct loader *loader, struct spot spot, const char *nearest, const char *format,
                  ...) PRINTF_LIKE(4, 5);
void load_problem_at_key(struct loader *loader, struct spot spot, const char *nearest,
                         const char *format, ...) PRINTF_LIKE(4, 5);

/* True when a further problem would only be counted, and counts it: to be asked before work on its
 * words, so that a file of a million mistakes costs no more than one of a hundred. */
bool load_only_counts(struct loader *loader);

/* Adds a problem at a byte of a string: as near to its line and column as the way in which the
 * string is written lets it be computed. */
void load_problem_inside(struct loader *loader, struct spot spot, size_t offset,
                         const char *nearest, const char *words);

/* Line and column of a byte of a text. */
struct located_place load_place_of_offset(struct slice text, size_t offset);

/* Line and column of the byte of the decoded string in the text of the file. */
struct located_place load_place_inside(struct slice text, const struct located *string,
                                       size_t offset);

/* The member or item with that index. */
struct spot spot_member(struct arena *arena, struct spot object, uint32_t index);
struct spot spot_item(struct arena *arena, struct spot array, uint32_t index);

/* Follows a JSON pointer as far as it leads. */
struct spot spot_at_pointer(struct arena *arena, struct spot root, const char *pointer);

typedef void load_fn(struct loader *loader, struct spot spot, void *target);

struct load_key {
    const char *name;
    load_fn *load;
    bool is_required;
};

/* Calls each member's function; complains of unknown, missing and wrongly placed keys. */
void load_members(struct loader *loader, struct spot object, const struct load_key *keys,
                  size_t count, void *target);

/* True for a value of that kind; otherwise complains that it is not `expected`. */
bool load_is_kind(struct loader *loader, struct spot spot, enum value_kind kind,
                  const char *expected);

/* A string without template; complains otherwise. target: struct value. */
load_fn load_literal;

/* A duration in *target (int64_t, ms), which is left alone after a complaint. */
load_fn load_duration;

/* One of the names; complains with the nearest otherwise. Index, or -1. */
int load_choice(struct loader *loader, struct spot spot, const char *const *names, size_t count);

/* Names of a list as text: "a, b or c". */
const char *load_join(struct arena *arena, const char *const *names, size_t count);

/* Whether a string holds no {{. */
bool load_text_is_literal(struct slice text);

/* Whether a workflow may have it. */
bool load_slug_is_good(struct slice slug);

/* A template over the tree; NULL after complaints, one for each string that is wrong. draft: whose
 * names it may use. */
struct template *load_template(struct loader *loader, struct spot spot, uint16_t draft);

/* A jq expression as a template, and by itself; NULL after a complaint. */
struct template *load_expression(struct loader *loader, struct spot spot, uint16_t draft);
struct expr *load_condition(struct loader *loader, struct spot spot, uint16_t draft);

/* A Markdown template; NULL after complaints. */
struct markup *load_markup(struct loader *loader, struct spot spot, uint16_t draft);
load_fn load_templates; /* target: NULL */

/* Adds a problem at a byte of the leaf's text. */
void load_problem_in_leaf(struct loader *loader, const struct leaf *leaf, size_t offset,
                          const char *nearest, const char *words);

/* A JSON Schema; NULL after complaints. */
struct schema *load_schema(struct loader *loader, struct spot spot);

/* Keeps a string for the check of its names; the caller sets what was compiled. */
struct leaf *load_add_leaf(struct loader *loader, struct spot spot, uint16_t draft, uint8_t skip);

/* A path such as item.name, or an expression behind `=` or a dot, as a template. */
struct template *load_path(struct loader *loader, struct spot spot, uint16_t draft);

/* Fields of paths; a side reads the right half of FIELD_KEYS. */
void load_paths(struct loader *loader, struct spot spot, uint16_t draft,
                struct config_field *field);
void load_order(struct loader *loader, struct spot spot, uint16_t draft,
                struct config_field *field);
void load_keys(struct loader *loader, struct spot spot, uint16_t draft, struct config_field *field);

/* Fields of what is asked of a model. */
void load_sources(struct loader *loader, struct spot spot, uint16_t draft,
                  struct config_field *field);
void load_facts(struct loader *loader, struct spot spot, struct config_field *field);
void load_classes(struct loader *loader, struct spot spot, struct config_field *field);

/* Complains of a schema that is not one of objects, or that declares a reserved property. */
void load_check_object_schema(struct loader *loader, struct spot spot,
                              const struct field_decl *decl);

void load_aggregates(struct loader *loader, struct spot spot, struct config_field *field);

/* Complains of names that the rows of a group would have twice. */
void load_check_group_names(struct loader *loader, const struct draft *draft);

/* A step id or "id.label" in *need; false after a complaint. */
bool load_need(struct loader *loader, struct spot spot, struct need *need);

/* The value of that field as written; .at is NULL if it is not. */
struct spot load_field_spot(struct loader *loader, const struct draft *draft, const char *name);

/* Nodes in the set become an array, in the order of the plan. The set is by position here. */
uint16_t *load_list_set(struct loader *loader, const struct step_set *set, uint16_t *count);

/* Zeroed memory of the plan for its graph, whose size LIMIT_STEPS bounds: never fails. */
void *load_take(struct loader *loader, size_t count, size_t size);

/* Whether steps of other tables can see a value under this step's id. */
bool load_is_one_item(const struct plan *plan, const struct plan_node *node);

/* The passes. */
load_fn load_steps; /* target: NULL */
void load_config(struct loader *loader, uint16_t draft);
void load_rows_file(struct loader *loader, const char *file);
void load_needs(struct loader *loader);
/* Whether the rows go past that step: without `needs`, a step behind it stands where it stands. */
bool load_acts_as_tap(struct loader *loader, const struct draft *draft);
void load_gates(struct loader *loader);
void load_sides(struct loader *loader);
void load_tables(struct loader *loader);
/* What tables are made from, and what their rows bring along; after the nodes have places. */
void load_inputs(struct loader *loader);
void load_inherited(struct loader *loader);
void load_names(struct loader *loader);
void load_callees(struct loader *loader);
void load_canonical(struct loader *loader, const struct located *root);

#endif
