#include "convert/xml.h"

#include "base/mem.h"

#include <expat.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Stands between a namespace and a name; no namespace holds it. */
#define SEPARATOR '\n'

struct xml {
    const struct xml_handler *handler;
    XML_Parser parser;
    const char *part;
    unsigned depth;
    struct error *error;
    enum status status;
};

const char *const xml_package[] = {
    "http://schemas.openxmlformats.org/package/2006/relationships",
    NULL,
};

const char *const xml_spreadsheet[] = {
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
    NULL,
};

static const char *const relations[] = {
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
    NULL,
};

void *
xml_context(struct xml *xml)
{
    return xml->handler->context;
}

/* The local name behind one of the namespaces, or NULL. */
static const char *
name_in(const char *name, const char *const *list)
{
    const char *local = strchr(name, SEPARATOR);
    for (; local != NULL && *list != NULL; list++) {
        size_t size = (size_t)(local - name);
        if (strlen(*list) == size && memcmp(name, *list, size) == 0)
            return local + 1;
    }
    return NULL;
}

static const char *
local_name(const struct xml *xml, const char *name)
{
    const char *local = name_in(name, xml->handler->namespaces);
    if (local != NULL)
        return local;
    return strchr(name, SEPARATOR) == NULL ? name : "";
}

const char *
xml_attribute(const char **attributes, const char *name)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        if (strcmp(attributes[i], name) == 0)
            return attributes[i + 1];
    }
    return NULL;
}

static const char *
attribute_in(const char **attributes, const char *name, const char *const *list)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        const char *local = name_in(attributes[i], list);
        if (local != NULL && strcmp(local, name) == 0)
            return attributes[i + 1];
    }
    return NULL;
}

const char *
xml_own_attribute(const struct xml *xml, const char **attributes, const char *name)
{
    return attribute_in(attributes, name, xml->handler->namespaces);
}

const char *
xml_relation(const char **attributes)
{
    return attribute_in(attributes, "id", relations);
}

bool
xml_keeps_space(const char **attributes)
{
    const char *space = xml_attribute(attributes, "http://www.w3.org/XML/1998/namespace\nspace");
    return space != NULL && strcmp(space, "preserve") == 0;
}

void
xml_trim(struct buffer *text, size_t begin)
{
    if (buffer_is_over(text) || text->size <= begin)
        return;
    struct slice all = slice_of(text->ptr + begin, text->size - begin);
    struct slice kept = slice_trim(all);
    if (kept.size == all.size)
        return;
    memmove(text->ptr + begin, kept.ptr, kept.size);
    text->size = begin + kept.size;
}

void
xml_fail(struct xml *xml, enum status status, const char *format, ...)
{
    if (xml->status != STATUS_OK)
        return;
    char words[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    struct slice whole = slice_cut(slice_text(words), sizeof(words) - 4);
    xml->status = error_set(xml->error, status, "%.*s", SLICE_FORMAT(whole));
    XML_StopParser(xml->parser, XML_FALSE);
}

static void
on_begin(void *context, const char *name, const char **attributes)
{
    struct xml *xml = context;
    if (++xml->depth > XML_DEPTH_MAX)
        xml_fail(xml, STATUS_LIMIT, "%s is nested deeper than %d", xml->part, XML_DEPTH_MAX);
    if (xml->status == STATUS_OK)
        xml->handler->begin(xml, local_name(xml, name), attributes);
}

static void
on_end(void *context, const char *name)
{
    struct xml *xml = context;
    xml->depth--;
    if (xml->status == STATUS_OK)
        xml->handler->end(xml, local_name(xml, name));
}

static void
on_text(void *context, const char *text, int size)
{
    struct xml *xml = context;
    if (xml->status == STATUS_OK)
        xml->handler->text(xml, slice_of(text, (size_t)size));
}

static void
on_document_type(void *context, const char *name, const char *system, const char *public,
                 int has_subset)
{
    struct xml *xml = context;
    xml_fail(xml, STATUS_INVALID, "%s declares a document type, which no Office program does",
             xml->part);
}

static bool
on_piece(void *context, struct slice piece, bool is_last)
{
    struct xml *xml = context;
    enum XML_Status end = XML_Parse(xml->parser, piece.ptr, (int)piece.size, is_last);
    if (end == XML_STATUS_ERROR && xml->status == STATUS_OK)
        xml->status = error_set(xml->error, STATUS_INVALID, "%s: line %lu, column %lu: %s",
                                xml->part, XML_GetCurrentLineNumber(xml->parser),
                                XML_GetCurrentColumnNumber(xml->parser) + 1,
                                XML_ErrorString(XML_GetErrorCode(xml->parser)));
    return xml->status == STATUS_OK;
}

enum status
xml_read(struct package *package, const char *part, uint64_t bytes_max,
         const struct xml_handler *handler, struct error *error)
{
    struct xml xml = {.handler = handler, .part = part, .error = error};
    xml.parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (xml.parser == NULL)
        return error_set(error, STATUS_LIMIT, "%s: no memory is left to read it", part);
    XML_SetUserData(xml.parser, &xml);
    XML_SetElementHandler(xml.parser, on_begin, on_end);
    if (handler->text != NULL)
        XML_SetCharacterDataHandler(xml.parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml.parser, on_document_type);
    enum status status = package_read(package, part, bytes_max, on_piece, &xml, error);
    XML_ParserFree(xml.parser);
    return status == STATUS_OK ? xml.status : status;
}
