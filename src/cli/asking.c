#include "cli/asking.h"

#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "cli/ask.h"

#include <stdio.h>

/* Pages that are read for one list. */
#define PAGES_MAX 2000

enum status
asking_init(struct asking *asking, struct cli *cli, const char *data,
            const struct remote_options *options, asking_remote_fn *translate)
{
    *asking = (struct asking){.cli = cli, .data = data};
    arena_init(&asking->arena, MIB(64));
    if (options == NULL)
        return STATUS_OK;
    asking->translate = translate;
    return remote_open(&asking->remote, options, &asking->error);
}

void
asking_done(struct asking *asking)
{
    asking->cli->close(asking->cli, &asking->service);
    if (asking->translate != NULL)
        remote_close(&asking->remote);
    arena_done(&asking->arena);
}

bool
asking_ask(struct asking *asking, struct value request)
{
    struct cli *cli = asking->cli;
    bool is_there = asking->service == NULL;
    enum status status = STATUS_OK;
    if (asking->translate != NULL)
        return asking->translate(&asking->remote, request, &asking->answer, &asking->error) ==
               STATUS_OK;
    if (is_there)
        status = ask_server(asking->data, request, &asking->arena, &asking->answer, &is_there,
                            &asking->error);
    if (!is_there && asking->service == NULL)
        status = cli->open(cli, asking->data, true, &asking->service, &asking->error);
    if (status == STATUS_OK && asking->service != NULL)
        status =
            ask_here(asking->service, request, &asking->arena, &asking->answer, &asking->error);
    return status == STATUS_OK;
}

struct value
asking_request(struct asking *asking, const char *what)
{
    struct member member = {value_text("do"), value_text(what)};
    return value_object_new(&asking->arena, &member, 1);
}

void
asking_put(struct asking *asking, struct value *request, const char *name, struct value value)
{
    *request = value_object_set(&asking->arena, *request, value_text(name), value);
}

void
asking_put_text(struct asking *asking, struct value *request, const char *name, const char *text)
{
    if (text != NULL)
        asking_put(asking, request, name, value_text(text));
}

void
asking_put_list(struct asking *asking, struct value *request, const char *name, const char *text)
{
    if (text == NULL)
        return;
    struct value list = value_empty_array();
    for (const char *at = text; at != NULL;) {
        const char *comma = strchr(at, ',');
        size_t size = comma == NULL ? strlen(at) : (size_t)(comma - at);
        list = value_array_append(&asking->arena, list, value_string(slice_of(at, size)));
        at = comma == NULL ? NULL : comma + 1;
    }
    asking_put(asking, request, name, list);
}

int
asking_complain(const struct asking *asking)
{
    return asking->translate != NULL ? remote_complain(&asking->error)
                                     : cli_complain(&asking->error);
}

bool
asking_list(struct asking *asking, struct value request, const char *many, const char *id,
            asking_show_fn *show, void *context)
{
    for (int page = 0; page < PAGES_MAX; page++) {
        if (!asking_ask(asking, request))
            return false;
        struct value items = value_get(asking->answer, many);
        if (items.count == 0)
            return true;
        for (uint32_t i = 0; i < items.count; i++)
            show(value_items(items)[i], context);
        struct value last = value_items(items)[items.count - 1];
        asking_put(asking, &request, "before", value_get(last, id));
    }
    return true;
}

void
asking_show_json(struct value thing, void *context)
{
    bool *is_first = context;
    struct buffer text;
    buffer_init(&text, MIB(1));
    json_print(&text, thing);
    printf("%s%.*s", *is_first ? "" : ",", (int)text.size, text.ptr);
    buffer_done(&text);
    *is_first = false;
}
