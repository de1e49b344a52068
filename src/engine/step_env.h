/* engine/step_env.h - what the conclusion of a call may do beside looking at the answer.
 *
 * A call whose exchange says needs_work is concluded where waiting is allowed, with a struct
 * step_env at hand. What it keeps or makes there belongs to the call: it is committed together with
 * the call's value, all or none, and of a call that fails nothing is left. So a value may name a
 * kept text or a made file, and whoever reads the value finds it.
 *
 * Functions that return bool fill the failure and return false when it does not go well; the codes
 * are those of docs/errors. A cancelled run ends what waits here with the failure "cancelled".
 *
 * Threads: that of step_conclude_fn, for the length of that call.
 */
#ifndef ENGINE_STEP_ENV_H
#define ENGINE_STEP_ENV_H

#include "base/digest.h"
#include "base/id.h"
#include "base/mail.h"
#include "engine/step.h"

struct step_env;

/* Of the run. */
struct id step_env_workspace(const struct step_env *env);

/* --- documents in --- */

/* A file (engine/files.h), if `file` is not empty, and otherwise bytes that are at hand. */
struct step_document {
    struct slice file; /* as the `file` of sources */
    struct slice bytes;
    struct slice name;         /* of the bytes: a file name or a URL; for words, and to tell their
                                  kind by where they do not tell it themselves */
    struct slice content_type; /* of the bytes, as an answer said; may be empty */
};

/* What a document says. All lives in the arena of the call's outcome. */
struct step_text {
    struct digest digest; /* SHA-256 of the text: its name among the kept ones */
    struct slice text;    /* UTF-8, no NUL, at most LIMIT_SOURCE_TEXT_BYTES */
    struct slice name;    /* the file's, without folders, or as given */
    struct slice title;   /* may be empty */
    struct slice kind;    /* "pdf", "docx", "html", "markdown", "text", ... */
    int64_t pages;        /* 0: the kind has none */
};

/* Reads the document in a sandbox child and keeps its text. `no_file`, `bad_file`, `no_sandbox`,
 * `not_converted`, `document_too_long`. */
bool step_env_read(struct step_env *env, const struct step_document *document,
                   struct step_text *out, struct step_failure *failure);

/* {digest, title, name, kind, pages, bytes}; pages and title are null where there are none. */
struct value step_text_value(struct arena *arena, const struct step_text *text);

/* The documents of a folder: an array of {file, name}, sorted by name, bytewise. Regular files
 * only, no hidden ones, none that lie elsewhere by a link; match: a glob over names, as fnmatch()
 * has it; empty: all. `no_file`, `bad_file`; `limit_exceeded` beyond LIMIT_FOLDER_DOCUMENTS. */
bool step_env_list(struct step_env *env, struct slice folder, struct slice match, struct value *out,
                   struct step_failure *failure);

/* The bytes of a file, as `file` of sources names it, at most `most`. `no_file`; `bad_file` if it
 * is longer. */
bool step_env_bytes(struct step_env *env, struct slice file, size_t most, struct slice *out,
                    struct step_failure *failure);

/* --- mails --- */

/* Sends the mail, to which it adds the attachments (an array of names: of files that the run has
 * made, else as step_env_bytes() has them) and the time. `no_file`, `bad_file`; `no_mail_server`,
 * `mail_refused`, `unreachable`, `timed_out`, `connection_broken`. */
bool step_env_mail(struct step_env *env, struct mail *mail, struct value attachments,
                   struct step_failure *failure);

/* --- kept texts --- */

/* Keeps a text of the step's own making, such as one that a row holds, so that it is found by its
 * digest later on. Borrowed: it has to live as long as the outcome. At most LIMIT_CALL_TEXTS with
 * those that were read; `document_too_long`, `limit_exceeded`. */
bool step_env_keep(struct step_env *env, struct slice text, struct digest *digest,
                   struct step_failure *failure);

/* The kept text with that digest, into an arena of the caller's. `no_text`: there is none. */
bool step_env_text(struct step_env *env, const struct digest *digest, struct arena *arena,
                   struct slice *out, struct step_failure *failure);

/* --- lists --- */

/* Appends the row, an object, to the list of that id or name, at most one in a call: {list}, its
 * id. However often the call is made, the row is there once. `no_list`, `limit_exceeded`. */
bool step_env_append(struct step_env *env, struct slice list, struct value row, struct value *out,
                     struct step_failure *failure);

/* --- what stays --- */

/* The first rows, at most `most`, that a source of that kind and config gives (engine/kept_rows.h),
 * as an array. Codes are those of the source; of what is no row nothing is told. */
bool step_env_rows(struct step_env *env, enum step_reads reads, struct value config, uint32_t most,
                   struct value *out, struct step_failure *failure);

/* --- entities --- */

/* Which entity, and what of it changes. */
struct step_entity {
    struct slice type;        /* its slug or id; may be empty with `id` */
    struct slice id;          /* of one that is there; else empty */
    struct slice external_id; /* of one that is there, or is made; with neither, one is made */
    struct value fields;      /* an object; null takes a value away */
};

/* Changes or makes it, at most one in a call: {id, type, externalId, created}. However often the
 * call is made, it is done once. `no_entity_type`, `no_entity`; `bad_fields`: they do not fit the
 * type. */
bool step_env_merge(struct step_env *env, const struct step_entity *entity, struct value *out,
                    struct step_failure *failure);

/* --- files out --- */

/* A file of the item, shown among those of the run. */
struct step_made_file {
    const char *kind;     /* of the conversion that makes it of the input, as base/conversion.h has
                             it; NULL: the input is the file */
    struct value options; /* of the conversion */
    struct slice input;
    struct slice name;        /* any text; it is made safe */
    const char *content_type; /* outlives everything */
};

/* Makes it, at most one in a call: {file, bytes}, file being its safe name. Files of several items
 * that have the same name are told apart where they are shown. `bad_file` if the input cannot be
 * made into one, `no_sandbox`, `not_converted`, `file_not_written`. */
bool step_env_make_file(struct step_env *env, const struct step_made_file *made, struct value *out,
                        struct step_failure *failure);

/* --- events out --- */

/* Stores {type, timestamp, data} as an event for that address, at most one in a call. It is sent
 * from then on, signed, until it is taken. *out: its id, as text; null where nobody sends, so that
 * nothing is stored. `limit_exceeded`. */
struct step_event {
    struct slice url;
    struct slice type;
    struct value data;
};
bool step_env_tell(struct step_env *env, const struct step_event *event, struct value *out,
                   struct step_failure *failure);

#endif
