#include "convert/links.h"

#include "base/limits.h"
#include "base/mem.h"
#include "convert/xml.h"

#include <string.h>

#define PART_BYTES_MAX MIB(64)
#define LINKS_MAX 20000

void
links_init(struct links *links, struct package *package, struct arena *arena)
{
    *links = (struct links){.package = package, .arena = arena, .part = ""};
}

void
links_done(struct links *links)
{
    mem_free(links->items);
}

static const char *
keep(struct links *links, const char *text)
{
    return arena_copy(links->arena, slice_text(text == NULL ? "" : text)).ptr;
}

static void
on_link(struct xml *xml, const char *name, const char **attributes)
{
    struct links *links = xml_context(xml);
    const char *mode = xml_attribute(attributes, "TargetMode");
    if (strcmp(name, "Relationship") != 0 || (mode != NULL && strcmp(mode, "External") == 0))
        return;
    if (links->count == LINKS_MAX) {
        xml_fail(xml, STATUS_LIMIT, "a part has more than %d relationships", LINKS_MAX);
        return;
    }
    struct link link = {
        keep(links, xml_attribute(attributes, "Id")),
        keep(links, xml_attribute(attributes, "Type")),
        keep(links, xml_attribute(attributes, "Target")),
    };
    if (link.id == NULL || link.type == NULL || link.target == NULL) {
        xml_fail(xml, STATUS_LIMIT, "a part has too many relationships");
        return;
    }
    if (links->count == links->capacity) {
        links->capacity = 2 * links->capacity + 32;
        links->items = mem_resize(links->items, links->capacity * sizeof(*links->items));
    }
    links->items[links->count++] = link;
}

static void
ignore_end(struct xml *xml, const char *name)
{
}

enum status
links_read(struct links *links, const char *part, struct error *error)
{
    const char *base = strrchr(part, '/');
    base = base == NULL ? part : base + 1;
    const char *name =
        arena_format(links->arena, "%.*s_rels/%s.rels", (int)(base - part), part, base);
    const struct xml_handler handler = {
        .begin = on_link, .end = ignore_end, .context = links, .namespaces = xml_package};
    links->part = part;
    links->count = 0;
    return xml_read(links->package, name, PART_BYTES_MAX, &handler, error);
}

bool
link_is(const struct link *link, const char *type)
{
    const char *slash = strrchr(link->type, '/');
    return slash != NULL && strcmp(slash + 1, type) == 0;
}

const struct link *
links_find(const struct links *links, const char *id)
{
    for (uint32_t i = 0; i < links->count; i++) {
        if (strcmp(links->items[i].id, id) == 0)
            return &links->items[i];
    }
    return NULL;
}

/* It is relative to the folder of the part, or begins with a slash. */
const char *
links_target(const struct links *links, const struct link *link)
{
    const char *target = link->target;
    if (target[0] == '/')
        return target + 1;
    const char *slash = strrchr(links->part, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - links->part) + 1;
    for (;;) {
        if (strncmp(target, "./", 2) == 0) {
            target += 2;
        } else if (strncmp(target, "../", 3) == 0) {
            target += 3;
            folder -= folder > 0;
            while (folder > 0 && links->part[folder - 1] != '/')
                folder--;
        } else {
            break;
        }
    }
    return arena_format(links->arena, "%.*s%s", (int)folder, links->part, target);
}

const char *
links_part(const struct links *links, const char *type)
{
    for (uint32_t i = 0; i < links->count; i++) {
        if (link_is(&links->items[i], type))
            return links_target(links, &links->items[i]);
    }
    return NULL;
}
