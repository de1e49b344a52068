#include "main/first_key.h"

#include "service/keys.h"
#include "service/wait.h"

#include <stdio.h>
#include <string.h>

static bool
see_key(const struct key_row *row, void *context)
{
    *(bool *)context = true;
    return false;
}

static void
print_key(const struct new_key *key)
{
    char id[ID_HEX_BYTES];
    id_hex(&key->id, id);
    printf("This server has no keys yet. Here is one of every scope; it is shown this once.\n"
           "client id  %s\n"
           "api key    %s\n",
           id, key->secret);
    fflush(stdout);
}

enum status
first_key_make(struct service *service, const char *choice, struct error *error)
{
    struct store_page page = {.workspace = service_default_workspace(service), .limit = 1};
    struct key_wanted wanted = {
        .workspace = page.workspace,
        .name = SLICE("first"),
        .scopes = KEY_SCOPES_ALL,
    };
    bool has_key = false;
    enum status status = service_key_list(service, &page, see_key, &has_key);
    if (status != STATUS_OK)
        return error_set(error, status, "the keys could not be read");
    if (has_key || (choice != NULL && strcmp(choice, "none") == 0))
        return STATUS_OK;
    if (choice != NULL)
        return service_key_put(service, &wanted, slice_text(choice), error);
    struct new_key key;
    status = wait_for_key(service, &wanted, &key, error);
    if (status == STATUS_OK)
        print_key(&key);
    return status;
}
