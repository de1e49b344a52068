/* flow/plan.h - a workflow made ready to run: tables, nodes, edges, compiled configs.
 *
 * A plan is an acyclic graph of tables. Table 0 is the run's input: one item. Each source makes a
 * table of many items, each sink (tap) one of a single item: the file. Every other step is a row
 * step: a column of the table that it reads. A source and a tap are also columns of the table that
 * they read: a source's column is its rendered config, a tap's column is its rendered row, a
 * reshape's what it takes from the row (the keys to sort by). A reshape of several tables has a
 * column in each: its own node in the first one and a *side* in every further one.
 *
 * Rules that the plan has already applied: a step without `needs` follows the step before it, after
 * a tap the step that the tap follows, after a condition its first label; edges from one-item
 * tables only order a step of a many-item table; edges from two tables of many items are refused.
 *
 * The nodes of a table are cut into stretches. A node behind a wait of a second or more, or behind
 * another table that does not lie above its own (a tap fed by its own table is the common case),
 * lies in a later stretch: the rows of a stretch are recorded and leave memory before the next
 * stretch reads them back.
 *
 * Threads: read-only once made, shared by all threads; reference counted.
 */
#ifndef FLOW_PLAN_H
#define FLOW_PLAN_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/value.h"
#include "expr/expr.h"
#include "expr/markup.h"
#include "expr/schema.h"
#include "expr/template.h"
#include "flow/catalog.h"
#include "flow/problem.h"

#include <stdbool.h>
#include <stdint.h>

/* The steps of a file, one that reads rows given beside it, and the sides of reshapes. */
#define PLAN_NODES_MAX (LIMIT_STEPS + 1 + LIMIT_SIDES)

#define PLAN_LABEL_ANY UINT8_MAX

/* What is behind a step's id in that of the tap which gathers its rows (load_gates.c). */
#define PLAN_ROWS_ENDING "/rows"

/* One field of a step's config, compiled by its kind. */
struct config_field {
    const struct field_decl *decl;
    bool is_given;
    struct template *template; /* TEXT, ANY, EXPRESSION, DURATION; NULL otherwise */
    struct schema *schema;     /* SCHEMA */
    struct markup *markup;     /* MARKUP */
    struct value literal;      /* NAMES, LABEL, BOOL, INT, CHOICE, STEP, SCHEMA; DURATION if
                                * constant: ms as INT; ORDER: whether descending, an array of
                                * booleans; VALUE_NONE when not given */
    uint32_t entry_count;      /* maps in written order; PATHS, ORDER, KEYS: by their last name */
    struct value *entry_names;
    struct template **entry_templates;
    struct expr **entry_exprs;  /* AGGREGATE_MAP */
    struct config_field *parts; /* GROUP: one per decl->parts, same order */
};

/* An edge from a node of the same table, or of a one-item table. A sink at its beginning stands for
 * the sink's file, so that such an edge is always external. The edge from the maker of a table to a
 * step of that table is left out: without it there would be no item. */
struct plan_edge {
    uint16_t node;
    uint8_t label;    /* index in the branch node's labels, or PLAN_LABEL_ANY */
    bool is_external; /* from another table */
    bool only_orders; /* has to be decided and must not have failed, but whether it lives does not
                       * count: from a one-item table to many items, or beside a dropped edge from
                       * the maker, which always lives */
};

struct plan_node {
    uint16_t index; /* in plan->nodes, which is a topological order that follows written order */
    uint16_t table; /* where its column lives */
    uint16_t column;
    uint16_t stretch;
    int32_t makes_table; /* sources, sinks and reshapes; -1 otherwise */
    bool is_side;        /* of a reshape, whose further input it is; no step of its own */
    struct value id;     /* the step id */
    const struct step_decl *decl;
    struct config_field *fields; /* one per decl->fields, same order */
    struct expr *when;           /* NULL: always */

    uint16_t edge_count;
    struct plan_edge *edges; /* none: lives whenever its item exists */

    uint8_t label_count; /* branch nodes */
    struct value *labels;

    uint16_t behind_count; /* filters: nodes of the same table transitively behind it */
    uint16_t *behind;

    uint32_t attempts; /* retry.attempts, counts the first; 1 = no retry */
    int64_t backoff_low_ms, backoff_high_ms;
    int64_t timeout_ms; /* of one attempt */
    int64_t cache_ms;   /* 0: none */
    bool on_error_continue;
    bool is_gate;             /* a wait that ends its stretch */
    uint32_t line, column_at; /* in the workflow file, for messages */
};

enum plan_table_kind {
    PLAN_TABLE_INPUT,
    PLAN_TABLE_SOURCE,
    PLAN_TABLE_TAP,
    PLAN_TABLE_RESHAPE,
};

struct plan_table {
    uint16_t index;
    enum plan_table_kind kind;
    bool is_many;  /* sources and reshapes */
    int32_t maker; /* node; -1 for the input */
    /* Nodes whose tables this one is made from: the maker, then its sides. None for the input. */
    uint16_t input_count;
    uint16_t *inputs;
    /* Reshapes: nodes of other tables whose values each row brought along, in the order of the
     * plan. */
    uint16_t inherited_count;
    uint16_t *inherited;
    bool has_parent;   /* its rows, or those that it kept, were expanded: they see `parent` */
    struct value name; /* the maker's step id; "" for the input */
    uint16_t node_count;
    uint16_t *nodes;        /* by column */
    uint16_t stretch_count; /* at least 1 */
    /* Per stretch: nodes of other tables that must be decided before it begins (a sink: whose file
     * must be complete). */
    uint16_t *gate_counts;
    uint16_t **gates;
    /* One-item nodes of other tables whose values this table's steps see under `steps`; a sink
     * shows its file. Sources have no value there. */
    uint16_t visible_count;
    uint16_t *visible;
};

struct plan_limits {
    uint32_t concurrency;    /* effects in flight of one run */
    int64_t deadline_ms;     /* 0: none */
    int64_t max_failed;      /* items of a table; -1: all but one */
    double max_failed_share; /* of the items; < 0: not given */
    /* In millionths of a credit; -1: none. */
    int64_t budget_microcredits;     /* of one run and those below it */
    int64_t day_budget_microcredits; /* of all runs of the workflow on one day (UTC) */
    uint32_t runs; /* that the workflows which it calls may leave, over all depths */
};

struct plan {
    struct arena arena;
    struct value name, slug, description; /* description may be VALUE_NULL */
    struct schema *input_schema;          /* NULL: any object */
    struct value input_schema_text;
    struct value triggers; /* as written, checked; VALUE_NONE if absent */
    struct plan_limits limits;
    int64_t retention_ms;     /* how long ended runs are kept; 0: as the server has it */
    struct template *output;  /* NULL: by default */
    struct value on_end;      /* the address that is told of a run's end; VALUE_NONE: none */
    bool is_sixtyfour_notice; /* in the manner of the Sixtyfour API, and only of a good end */
    struct value on_failure;  /* slug of the workflow that is run for its failures; VALUE_NONE */
    bool catches_failures;    /* it is run for those of all others in its workspace */
    /* {format, definition}: what another program calls it, as it was sent; VALUE_NONE: it was
     * written here. */
    struct value origin;
    uint16_t node_count;
    struct plan_node *nodes;
    uint16_t table_count;
    struct plan_table *tables;
    bool is_inline; /* one-item tables only, pure to its end (if the workflows are that it calls):
                     * computed before the first commit */
    bool has_asks;  /* has steps that wait for somebody outside */
    bool calls_workflows; /* has steps of STEP_SHAPE_CHILD */
    bool reads_vars;      /* an expression may read one */
    uint32_t var_count;   /* of those that are read by their names */
    struct slice *var_names;
    struct value canonical; /* the definition in canonical order, as a value */
    _Atomic uint32_t references;
};

/* Appends the text of a template that the workflow names and does not hold. */
typedef enum status plan_template_fn(void *context, struct slice name, struct buffer *text,
                                     struct error *error);

struct plan_options {
    const struct catalog *catalog;
    /* Put a read_csv or read_jsonl of this file before the first step; NULL: no. */
    const char *rows_file;
    /* For a workflow without `templates`; NULL: all have to stand in it. */
    plan_template_fn *find_template;
    void *context;
};

/* Loads YAML or JSON text of a workflow; problems is fresh from problems_init(). On INVALID it
 * holds every error found, by place (and *out is NULL). On OK the caller holds one reference. */
MUST_USE enum status plan_load(struct plan **out, struct slice text,
                               const struct plan_options *options, struct problems *problems);

void plan_hold(struct plan *plan);
/* The last drop frees it. */
void plan_drop(struct plan **plan);

/* The node of that step id, NULL if there is none. */
const struct plan_node *plan_node_find(const struct plan *plan, struct slice id);

/* The steps of the rows of a table, inherited ones first: how many, and the i-th. */
static inline uint32_t
plan_row_steps(const struct plan_table *table)
{
    return (uint32_t)table->inherited_count + table->node_count;
}
const struct plan_node *plan_row_step(const struct plan *plan, const struct plan_table *table,
                                      uint32_t index);

/* Whether files that do not name their columns have some of that step: it gives rows a value. */
bool plan_node_has_columns(const struct plan_node *node);

/* Whether it was made of a definition in that format (plan->origin). */
static inline bool
plan_is_from(const struct plan *plan, const char *format)
{
    struct value own = value_get(plan->origin, "format");
    return own.kind == VALUE_STRING && slice_is(value_slice(own), format);
}

/* The compiled field of that name (asserts that the type declares it). */
const struct config_field *plan_node_field(const struct plan_node *node, const char *name);

/* Of a node of STEP_SHAPE_CHILD: the id or slug that it names; VALUE_NONE for other shapes. */
struct value plan_node_callee(const struct plan_node *node);

/* The part of that name of a given FIELD_GROUP (asserts that the group declares it). */
const struct config_field *config_field_part(const struct config_field *group, const char *name);

#endif
