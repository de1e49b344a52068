/* base/yaml.h - YAML or JSON text to a value with positions.
 *
 * The YAML 1.2 core schema: in plain scalars only true, false, null, ~, nothing at all, and numbers
 * are special (in lower case, Capitalised or UPPER CASE); yes, no, on and n are strings, and so is
 * all that is quoted. Numbers keep their text (1.10 stays 1.10), as JSON would write it: +1 becomes
 * 1, .5 becomes 0.5, 0x1f becomes 31. Refused with words: .inf and .nan, leading zeros (007 may be
 * a postal code), duplicate names, merge keys, tags beyond the core, names that are not scalars,
 * several documents, an alias inside what it names.
 *
 * Sources: YAML 1.2.2, chapter 10.3; libyaml's event interface. The loop over events is ours, since
 * libyaml sees neither duplicate names nor alias bombs.
 * Threads: any.
 */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/arena.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/located.h"
#include "base/slice.h"
#include "base/status.h"

/* Anchors (&name) in one text. */
#define YAML_ANCHORS_MAX 1000
/* Bytes of text that aliases may repeat. */
#define YAML_ALIAS_BYTES_MAX MIB(8)

/* Loads a text of at most LIMIT_DEFINITION_BYTES; the tree lives in the arena and does not refer to
 * the text. INVALID malformed or against a rule above; LIMIT too large, too deep, too many values,
 * or the arena is full. *place (may be NULL) and words that begin "line L, column C:" say where. */
MUST_USE enum status yaml_load(struct located **out, struct arena *arena, struct slice text,
                               struct json_place *place, struct error *error);

#endif
