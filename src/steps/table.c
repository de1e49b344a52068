#include "steps/table.h"

#include "steps/types.h"

#define TYPE_ADDRESS(name) &step_##name,
#define DECL_ADDRESS(name) &name##_decl,

static const struct step_type *const types[] = {STEP_TYPES(TYPE_ADDRESS)
                                                    STEP_TYPES_VARIANT(TYPE_ADDRESS)};
static const struct step_decl *const decls[] = {STEP_TYPES(DECL_ADDRESS)};

const struct step_table step_table = {types, COUNT_OF(types)};
const struct catalog step_catalog = {decls, COUNT_OF(decls)};
