/* expr/schema.h - checks a value against a JSON Schema, draft 2020-12.
 *
 * A schema is compiled once and checked many times over immutable values. All of core, applicators,
 * validation and unevaluated are there; references stay inside the document (embedded resources
 * with their own $id included), and `format` is asserted. What this validator does not know is
 * refused when the schema is compiled, never ignored: other dialects, unknown keywords (but for
 * those that begin "x-"), unknown formats, references to other documents. docs/json-schema.md is
 * the user's side of it.
 *
 * Each schema that is applied to a value takes steps from a budget, patterns too, and nesting is
 * capped, so that no schema can hang or eat the machine.
 *
 * Sources: JSON Schema 2020-12 core and validation; its official test suite (tests/schema-suite).
 * Threads: a compiled schema is read-only and shared.
 */
#ifndef EXPR_SCHEMA_H
#define EXPR_SCHEMA_H

#include "base/arena.h"
#include "base/limits.h"
#include "base/status.h"
#include "base/value.h"

struct schema;

/* Called per finding: JSON pointer of the instance, of the keyword in the schema, words. */
typedef void schema_problem_fn(const char *instance_path, const char *schema_path,
                               const char *words, void *context);

/* Compiles into the arena, which outlives *out; borrows the value. INVALID, UNSUPPORTED or LIMIT
 * after at least one call of visit and at most LIMIT_SCHEMA_FINDINGS (instance_path is "" there).
 */
MUST_USE enum status schema_compile(struct schema **out, struct arena *arena, struct value source,
                                    schema_problem_fn *visit, void *context);

/* OK: valid. INVALID: visit was called for each finding, at most LIMIT_SCHEMA_FINDINGS times.
 * LIMIT: it takes too many steps or nests too deeply, the last finding says so. visit may be NULL;
 * then the first finding ends the check. */
MUST_USE enum status schema_check(const struct schema *schema, struct value instance,
                                  schema_problem_fn *visit, void *context);

/* A visitor that keeps the first finding in context, a struct error that is OK before: its place as
 * a path with dots, then its words. ".labels.team: expected string", ": expected object". */
schema_problem_fn schema_keep_first;

/* For checks of names: the schema of a property, NULL if it is not declared. These look through a
 * $ref where the schema itself says nothing. */
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
