/* expr/schema_check.h - what the files that check values share.
 *
 * A check goes over the schema and the value together. It is loud, and then each finding is
 * reported and the check goes on; or quiet, when only the answer counts (a branch of anyOf), and
 * then the first finding ends it.
 *
 * Threads: a checker belongs to one call of schema_check().
 */
#ifndef EXPR_SCHEMA_CHECK_H
#define EXPR_SCHEMA_CHECK_H

#include "expr/schema_parts.h"

/* Bytes of one text value that words repeat. */
#define SCHEMA_SHOWN_BYTES 60
/* Bytes of all that words repeat. */
#define SCHEMA_LIST_BYTES 240

/* Where in the instance: a chain on the stack, written out only for a finding. */
struct schema_place {
    const struct schema_place *parent; /* NULL: the whole instance */
    struct slice name;                 /* of a property */
    uint32_t index;                    /* of an item */
    bool is_item;
    bool is_name; /* what is looked at is the property's name */
};

/* The resources that were entered on the way, innermost first. */
struct schema_scope {
    const struct schema_resource *resource;
    const struct schema_scope *outer;
};

/* Which items or members of one instance were evaluated, by index: the annotations that
 * unevaluatedItems and unevaluatedProperties look at. */
struct schema_seen {
    uint32_t count;
    bool has_all;
    uint64_t word; /* enough for 64 */
    uint64_t *words;
};

struct schema_checker {
    schema_problem_fn *visit; /* NULL: always quiet */
    void *context;
    uint32_t finding_count;
    uint32_t quiet;   /* > 0: nothing is reported */
    bool gave_up;     /* over a limit: the answer no longer counts */
    bool is_finished; /* gave up, or enough was found */
    uint32_t depth;
    uint64_t steps_left;
    const char *stack_floor;
    const struct schema_scope *scope;
    struct schema_matcher_room *matcher;
    struct arena scratch;
};

/* One value under one schema. */
struct schema_check {
    struct schema_checker *checker;
    const struct schema *schema;
    struct value instance;
    const struct schema_place *place;
    struct schema_seen *seen; /* NULL: nobody asks */
};

/* Whether the value is valid. Marks in *seen (may be NULL) what was evaluated; what is marked
 * counts only if it is valid. */
bool schema_apply(struct schema_checker *checker, const struct schema *schema,
                  struct value instance, const struct schema_place *place,
                  struct schema_seen *seen);

/* The same without reporting. */
bool schema_probe(const struct schema_check *check, const struct schema *schema,
                  struct value instance, struct schema_seen *seen);

/* Reports unless quiet; keyword "" is the schema itself. Gives false. */
bool schema_fail(const struct schema_check *check, const char *keyword, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Takes steps for work of that size. False: there are not so many, and the check has ended. */
bool schema_charge(const struct schema_check *check, uint64_t steps);
/* For a walk over the whole value, that many times. */
bool schema_charge_tree(const struct schema_check *check, struct value value, uint64_t times);
/* Ends the check, which gives LIMIT; `words` are its last finding. */
void schema_give_up(const struct schema_check *check, const char *words);

/* Whether another rule is worth looking at after one that gave `is_good`. */
static inline bool
schema_goes_on(const struct schema_check *check, bool is_good)
{
    return (is_good || check->checker->quiet == 0) && !check->checker->is_finished;
}

/* False: out of memory or steps, the check has ended. */
bool schema_seen_init(const struct schema_check *check, struct schema_seen *seen, uint32_t count);
void schema_seen_merge(const struct schema_check *check, struct schema_seen *to,
                       const struct schema_seen *from);

static inline void
schema_seen_mark(struct schema_seen *seen, uint32_t index)
{
    if (seen != NULL)
        seen->words[index / 64] |= UINT64_C(1) << (index % 64);
}

static inline bool
schema_seen_has(const struct schema_seen *seen, uint32_t index)
{
    return seen->has_all || (seen->words[index / 64] >> (index % 64) & 1) != 0;
}

/* Whether the pattern is found; false with the check ended when it takes too many steps. */
bool schema_find_pattern(const struct schema_check *check, const struct schema_pattern *pattern,
                         struct slice text);

/* The bits that a value has: an integer is a number too. */
uint8_t schema_types_of(struct value value);

/* The rules by kind of value. */
bool schema_check_values(const struct schema_check *check);
bool schema_check_numbers(const struct schema_check *check);
bool schema_check_texts(const struct schema_check *check);
bool schema_check_arrays(const struct schema_check *check);
bool schema_check_objects(const struct schema_check *check);
bool schema_check_applied(const struct schema_check *check);
bool schema_check_unevaluated_items(const struct schema_check *check);
bool schema_check_unevaluated_members(const struct schema_check *check);

/* Whether the value is one of `enum` and that of `const`. */
bool schema_values_hold(const struct schema_check *check, const struct schema_values *values,
                        struct value value);

/* A property that no schema allows, with the declared name that is like it. */
bool schema_fail_undeclared(const struct schema_check *check, const char *keyword,
                            struct slice name);

/* Behind "item", "character". */
static inline const char *
schema_plural(int64_t count)
{
    return count == 1 ? "" : "s";
}

/* "string or null" for the bits. */
const char *schema_type_words(char out[96], uint8_t types);

/* What was found, short enough for a message; ends with buffer_done(). */
struct buffer;
const char *schema_show(struct buffer *out, struct value value);
/* As many of the values as fit, with commas between. */
const char *schema_show_list(struct buffer *out, struct value list);

#endif
