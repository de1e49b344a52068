/* What the vendor has and this program does not: answers that say so, and what there is instead. */
#include "api/sixtyfour/sixtyfour.h"

void
sixtyfour_absent(struct call *call)
{
    static const struct {
        const char *pattern, *words;
    } absent[] = {
        {"/search/*", "Lead search needs a database of people, which this server does not have. "
                      "Send rows with POST /workflows/run, or a file with POST "
                      "/storage/csv/upload"},
        {"/api/usage", "Usage is told by GET /v1/usage, day by day, and GET /v1/credits"},
        {"/oauth/*", "There is no OAuth here: send a key of this server as x-api-key"},
        {"/.well-known/*", "There is no OAuth here: send a key of this server as x-api-key"},
    };
    for (size_t i = 0; i < COUNT_OF(absent); i++) {
        if (!route_path_fits(absent[i].pattern, call->request))
            continue;
        call_fail(call, 501, "%s", absent[i].words);
        return;
    }
    call_fail_unknown(call);
}
