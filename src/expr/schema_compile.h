/* expr/schema_compile.h - what the files that compile schemas share.
 *
 * First every place where the dialect has a schema is compiled and noted by the address of its
 * source; ids and anchors are noted on the way. Then references are followed to such a place, or to
 * one that is compiled now because a reference leads there.
 *
 * Threads: a compiler belongs to one call of schema_compile().
 */
#ifndef EXPR_SCHEMA_COMPILE_H
#define EXPR_SCHEMA_COMPILE_H

#include "expr/schema_names.h"
#include "expr/schema_parts.h"

/* A $ref or $dynamicRef that is still to be followed. */
struct schema_reference {
    struct schema *from;
    const char *path;
    struct slice text;
    bool is_dynamic;
    struct schema_reference *next;
};

struct schema_compiler {
    struct arena *arena;
    schema_problem_fn *visit;
    void *context;
    enum status status; /* the worst so far */
    uint32_t finding_count;
    uint32_t schema_count;
    bool has_metaschema;
    struct schema *schemas;              /* newest first */
    struct schema_names names;           /* resources by URI, anchors by resource and name */
    struct schema_reference *references; /* newest first */
    struct schema **slots;               /* hash index by address of the source */
    uint32_t slot_count;                 /* a power of two */
};

/* One keyword of one schema. */
struct schema_keyword_at {
    struct schema_compiler *compiler;
    struct schema *schema;
    const struct value *value;
    const char *path;
};

typedef void schema_keyword_fn(const struct schema_keyword_at *at);

/* Says what is wrong; the compilation goes on, to find more. */
void schema_complain(struct schema_compiler *compiler, enum status status, const char *path,
                     const char *format, ...) PRINTF_LIKE(4, 5);
void schema_complain_at(const struct schema_keyword_at *at, const char *format, ...)
    PRINTF_LIKE(2, 3);

/* Whether a further finding would still be shown: to be asked before work on its words. */
bool schema_shows_more(const struct schema_compiler *compiler);

/* ", did you mean \"x\"?" in the arena; "" for NULL. */
const char *schema_did_you_mean(struct schema_compiler *compiler, const char *nearest);

/* The schema of that source, compiled unless it is already. Never NULL. */
struct schema *schema_compile_at(struct schema_compiler *compiler, const struct value *source,
                                 const char *path, struct schema_resource *resource);

/* The schema compiled from that source, or NULL. */
struct schema *schema_compiled(const struct schema_compiler *compiler, const struct value *source);

/* Zeroed memory of any size; NULL after a complaint. */
void *schema_room(const struct schema_keyword_at *at, size_t count, size_t size);

/* The parts of a schema, made when first needed. */
struct schema_values *schema_need_values(const struct schema_keyword_at *at);
struct schema_numbers *schema_need_numbers(const struct schema_keyword_at *at);
struct schema_texts *schema_need_texts(const struct schema_keyword_at *at);
struct schema_arrays *schema_need_arrays(const struct schema_keyword_at *at);
struct schema_objects *schema_need_objects(const struct schema_keyword_at *at);
struct schema_applied *schema_need_applied(const struct schema_keyword_at *at);

/* Handlers, by the keyword's name. */
schema_keyword_fn schema_keyword_type, schema_keyword_enum, schema_keyword_const;
schema_keyword_fn schema_keyword_minimum, schema_keyword_maximum;
schema_keyword_fn schema_keyword_exclusive_minimum, schema_keyword_exclusive_maximum;
schema_keyword_fn schema_keyword_multiple_of;
schema_keyword_fn schema_keyword_min_length, schema_keyword_max_length;
schema_keyword_fn schema_keyword_pattern, schema_keyword_format;
schema_keyword_fn schema_keyword_min_items, schema_keyword_max_items, schema_keyword_unique_items;
schema_keyword_fn schema_keyword_min_contains, schema_keyword_max_contains;
schema_keyword_fn schema_keyword_min_properties, schema_keyword_max_properties;

schema_keyword_fn schema_keyword_all_of, schema_keyword_any_of, schema_keyword_one_of;
schema_keyword_fn schema_keyword_not, schema_keyword_if, schema_keyword_then, schema_keyword_else;
schema_keyword_fn schema_keyword_prefix_items, schema_keyword_items, schema_keyword_contains;
schema_keyword_fn schema_keyword_members; /* properties and required */
schema_keyword_fn schema_keyword_pattern_properties, schema_keyword_additional_properties;
schema_keyword_fn schema_keyword_property_names;
schema_keyword_fn schema_keyword_dependent_required, schema_keyword_dependent_schemas;
schema_keyword_fn schema_keyword_unevaluated_items, schema_keyword_unevaluated_properties;
schema_keyword_fn schema_keyword_defs, schema_keyword_content_schema;

schema_keyword_fn schema_keyword_ref, schema_keyword_dynamic_ref;
schema_keyword_fn schema_keyword_anchor, schema_keyword_dynamic_anchor;

/* Before all other keywords of a schema: begins a resource if there is an $id. */
void schema_read_id(struct schema_compiler *compiler, struct schema *schema);

/* The resource of that URI, NULL if it is not in the document. */
struct schema_resource *schema_find_resource(const struct schema_compiler *compiler,
                                             struct slice uri);
/* The same among the metaschema of this dialect and its vocabularies, compiled when first needed.
 */
struct schema_resource *schema_find_metaschema(struct schema_compiler *compiler, struct slice uri);

/* After everything is compiled: follows the references, then looks for schemas that would be
 * applied to the same value without end. */
void schema_follow_references(struct schema_compiler *compiler);
void schema_refuse_cycles(struct schema_compiler *compiler);

#endif
