/* foreign/sixtyfour_maker.h - how the steps of a block are put together.
 *
 * Threads: pure.
 */
#ifndef FOREIGN_SIXTYFOUR_MAKER_H
#define FOREIGN_SIXTYFOUR_MAKER_H

#include "base/buffer.h"
#include "foreign/sixtyfour_graph.h"

struct maker {
    struct graph *graph;
    const struct sixtyfour_wanted *wanted;
    struct arena *arena;
    const struct graph_block *block; /* that is made now */
    struct value steps;              /* all that there are */
    struct value properties;         /* of the workflow's input */
    struct value required;
    struct value notify; /* of the workflow: who is told of its end; VALUE_NONE: nobody */
    struct slice rows;   /* the step whose rows the block takes; empty: it is a source */
};

/* Makes the steps of maker->block; the last one is called like its `step`. */
typedef enum status maker_fn(struct maker *maker);

maker_fn make_webhook, make_read_csv, make_read_notebook, make_search;
maker_fn make_filter, make_deduplicate, make_deduplicate_against, make_remove_columns;
maker_fn make_group_by, make_transform, make_join;
maker_fn make_enrichment, make_model, make_qualification, make_page;
maker_fn make_append, make_slack, make_webhook_out;
maker_fn make_vendor, make_later;

/* --- texts --- */

/* A text of several parts; the arena's. */
struct value maker_text(struct maker *maker, const char *format, ...) PRINTF_LIKE(2, 3);

/* The same for jq that goes on into others. */
const char *maker_jq(struct maker *maker, const char *format, ...) PRINTF_LIKE(2, 3);

/* A text as a literal of jq that can stand in a template too. Returned texts are the arena's. */
const char *maker_literal(struct maker *maker, struct slice text);
/* Any value as a literal of jq. */
const char *maker_json(struct maker *maker, struct value value);

/* ".item[NAME]" */
const char *maker_column(struct maker *maker, struct slice name);

/* A text of theirs as a template of ours: {{column}} and {column} give what the row has there. */
struct value maker_template(struct maker *maker, struct slice text);
/* Whether it names a column. */
bool maker_has_places(struct maker *maker, struct slice text);

/* --- specs --- */

struct value maker_spec(const struct maker *maker, const char *name);
struct slice maker_spec_text(const struct maker *maker, const char *name);
/* A text or a list of texts, under the first of these names that is there; an empty array if none
 * is. */
struct value maker_spec_names(struct maker *maker, const char *name, const char *other);

/* What a spec of a source is, unless the run's input says otherwise: a jq expression. */
const char *maker_given(struct maker *maker, const char *name);

/* "provider/model" of theirs or ours, if there is one. */
void maker_put_model(struct maker *maker, struct value *config);

/* --- steps --- */

/* The id of a further step of the block: its own with "_" and the ending. */
struct slice maker_step_id(struct maker *maker, const char *ending);

/* A config member by member. */
void maker_put(struct maker *maker, struct value *config, const char *name, struct value value);

/* {id, type, config}: further members can be put into it before it is added. */
struct value maker_step(struct maker *maker, struct slice id, const char *type,
                        struct value config);
void maker_add(struct maker *maker, struct value step, struct value needs);
/* Needs of none, one or two steps. */
struct value maker_needs(struct maker *maker, struct slice first, struct slice second);

/* Adds the step that makes the block's table: an array of rows for each row of `needs`, by a jq
 * expression. */
void maker_add_rows(struct maker *maker, struct slice needs, const char *expression);

/* Adds steps that make one row of all that come from `rows`, also when there is none: for what is
 * done once. Gives the step. */
struct slice maker_gather(struct maker *maker);

/* The blocks that a workflow file was made of; an empty array if there are none. */
struct value sixtyfour_blocks_in(struct value flow);

enum status maker_fail(struct maker *maker, const char *place, const char *words);
void maker_note(struct maker *maker, const char *words);
/* The note that a spec which is there has no effect, and why. */
void maker_note_idle(struct maker *maker, const char *spec, const char *words);

#endif
