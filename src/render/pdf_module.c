#include "render/pdf_module.h"

#include "render/render.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const render_font_folders[] = {
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    /* Packages of TeX fonts put links to these into the first. */
    "/usr/share/texmf/fonts",
    "/usr/share/texlive/texmf-dist/fonts",
    "/var/cache/fontconfig",
    NULL,
};

static render_fn *loaded;
static char trouble[ERROR_TEXT_BYTES];

static void
load_pdf(void)
{
    static const char name[] = "windrow-pdf.so";
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - sizeof(name));
    while (size > 0 && path[size - 1] != '/')
        size--;
    memcpy(path + (size < 0 ? 0 : size), name, sizeof(name));
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (module != NULL)
        *(void **)&loaded = dlsym(module, PDF_MODULE_ENTRY);
    if (loaded == NULL)
        snprintf(trouble, sizeof(trouble), "%s", dlerror());
}

void
render_prepare(struct value options)
{
    struct value format = value_get(options, "format");
    if (format.kind == VALUE_STRING && slice_is(value_slice(format), "pdf"))
        load_pdf();
}

enum status
render_pdf(struct rendering *rendering, struct error *error)
{
    if (loaded == NULL)
        return error_set(error, STATUS_UNAVAILABLE, "what makes PDF files cannot be loaded: %s",
                         trouble);
    return loaded(rendering, error);
}
