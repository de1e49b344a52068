/* api/native/records.h - companies, deals and people: entities of types that Metal's clients know,
 * with their fields beside the id.
 *
 * A workspace has these types from the first such record on; they are entity types like any
 * others, so that steps and the other dialects see the records. Deleted ones are found as entities
 * only, where they can be restored.
 *
 * Sources: docs.metal.ai (List companies, List deals, Data model, Search guide).
 * Threads: as handlers, see api/call.h.
 */
#ifndef API_NATIVE_RECORDS_H
#define API_NATIVE_RECORDS_H

#include "api/native/objects.h"

enum record_shape { RECORD_VALUE, RECORD_ARRAY, RECORD_OBJECT };

struct record_field {
    const char *name;
    const char *type;        /* of the entity's field; NULL: it stands beside the fields */
    enum record_shape shape; /* what is shown for nothing: null, [] or {} */
    bool is_required;
    const char *config; /* of the entity's field, as JSON; NULL: none */
};

struct record_kind {
    const char *slug; /* of the entity type, and in paths */
    const char *name; /* the field that says what it is called */
    object_put_fn *put;
    const struct record_field *fields;
    size_t field_count;
};

/* Whose path the call has; NULL: it is of none. */
const struct record_kind *native_record_kind(struct call *call);

/* The entity type; NOT_FOUND: there was no record of the kind yet, or the workspace has a type of
 * that slug for something else. */
MUST_USE enum status native_record_type(struct call *call, const struct record_kind *kind,
                                        struct object_row *out);

/* {"data": record}: 201 for a new one. */
void native_answer_record(struct call *call, int http_status, const struct object_row *row);

#endif
