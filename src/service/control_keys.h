/* service/control_keys.h - keys and workspaces, asked for beside a running server.
 *
 * Who may open the socket is the operator: no key is asked for, any scope and any workspace may be
 * named; without `workspace` the default one is meant.
 *
 * Requests: {"do": "key_create", "name"?, "scopes"?, "expiresAt" | "expiresIn"?, "limits"?,
 * "workspace"?} -> {"clientId", "apiKey", "workspaceId"}, by default of every scope; {"do":
 * "key_list", "before"?, "workspace"?} -> {"keys": [...]}, newest first; {"do": "key_revoke",
 * "id"} -> {"key"}; {"do": "workspace_create", "name", "limits"?} -> as key_create, for its
 * first key; {"do": "workspace_list", "before"?} -> {"workspaces": [...]}.
 *
 * Threads: any that may block.
 */
#ifndef SERVICE_CONTROL_KEYS_H
#define SERVICE_CONTROL_KEYS_H

#include "service/service.h"

/* So many keys or workspaces in one answer. */
#define CONTROL_KEYS_PAGE 50

/* What requests have in common: the workspace that is meant, and the id before which a page begins.
 */
MUST_USE enum status control_read_workspace(struct service *service, struct value request,
                                            struct arena *arena, struct id *out,
                                            struct error *error);
MUST_USE enum status control_read_before(struct value request, struct id *out, struct error *error);

/* False: the request is none of these. */
bool control_keys_do(struct service *service, struct slice name, struct value request,
                     struct arena *arena, struct value *answer);

#endif
