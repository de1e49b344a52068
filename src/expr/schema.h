/* expr/schema.h - checks a value against a JSON Schema.
 *
 * The core of draft 2020-12: type, required, properties, additionalProperties, items, enum, const,
 * bounds (minimum, maximum, exclusive ones, minLength, maxLength, minItems, maxItems,
 * minProperties, maxProperties, multipleOf, uniqueItems), pattern, and annotations (title,
 * description, default, examples, format, $schema, $comment). Any other keyword is refused when the
 * schema is compiled.
 *
 * Sources: JSON Schema 2020-12 core and validation.
 * Threads: a compiled schema is read-only and shared.
 */
#ifndef EXPR_SCHEMA_H
#define EXPR_SCHEMA_H

#include "base/arena.h"
#include "base/status.h"
#include "base/value.h"

struct schema;

/* Called per finding: JSON pointer of the instance, of the schema, words. */
typedef void schema_problem_fn(const char *instance_path, const char *schema_path,
                               const char *words, void *context);

/* Compiles into the arena, which outlives *out; borrows the value. INVALID or UNSUPPORTED after at
 * least one call of visit (instance_path is "" there). */
MUST_USE enum status schema_compile(struct schema **out, struct arena *arena, struct value source,
                                    schema_problem_fn *visit, void *context);

/* True if the value is valid; otherwise visit was called for each finding (at most 100). */
bool schema_check(const struct schema *schema, struct value instance, schema_problem_fn *visit,
                  void *context);

/* For checks of names: the schema of a property, NULL if it is not declared. */
const struct schema *schema_property(const struct schema *schema, struct slice name);

/* Whether an object valid under it can have only the declared properties. */
bool schema_is_closed(const struct schema *schema);

/* The value of keyword `keyword` in the schema's source, VALUE_NONE if absent ("format", "type").
 */
struct value schema_keyword(const struct schema *schema, const char *keyword);

/* Declared property names in written order: count, and the i-th. */
size_t schema_property_count(const struct schema *schema);
struct value schema_property_name(const struct schema *schema, size_t index);

#endif
