/* service/documents.h - texts that stay and are found by their words.
 *
 * A document is an object with what is known about it, and a text of the index with the same id;
 * both are written by one intent. It may have an `externalId`, unique in the workspace, and belong
 * to a collection. Filters ask for the collection and for members of the metadata that are text,
 * numbers, booleans or null, or arrays of these.
 *
 * Threads: not the http threads, but the finds; see service/objects.h.
 */
#ifndef SERVICE_DOCUMENTS_H
#define SERVICE_DOCUMENTS_H

#include "engine/documents.h"
#include "service/objects.h"

/* wanted: {title, text, externalId?, collection?, metadata?}, each of its type. INVALID with words
 * that name the place; nothing will be called. */
MUST_USE enum status service_document_create(struct service *service, const struct id *workspace,
                                             struct value wanted, const struct object_asker *asker,
                                             struct error *error);
/* changes: any of these. IO, LIMIT: the text could not be read. */
MUST_USE enum status service_document_update(struct service *service,
                                             const struct object_row *document,
                                             struct value changes, const struct object_asker *asker,
                                             struct error *error);
/* By its id in any form, or by its externalId. */
MUST_USE enum status service_document_find(struct service *service, const struct id *workspace,
                                           struct slice id, struct arena *arena,
                                           struct object_row *out);
MUST_USE enum status service_document_text(struct service *service,
                                           const struct object_row *document, struct arena *arena,
                                           struct slice *out);
void service_document_delete(struct service *service, const struct object_row *document,
                             const struct object_asker *asker);

/* {id, title, text: null, externalId, collection, metadata, createdAt, updatedAt} */
object_put_fn document_put;
/* The same with its text. */
void document_put_whole(struct buffer *out, const struct object_row *row, struct slice text,
                        struct arena *arena);

/* INVALID: the query. */
MUST_USE enum status service_document_search(struct service *service,
                                             const struct document_search *search,
                                             struct arena *arena, struct document_hits *out,
                                             struct error *error);

/* {id, title, score, snippet, externalId, collection, metadata, createdAt, updatedAt} */
void document_hit_put(struct buffer *out, const struct document_hit *hit, struct arena *arena);

#endif
