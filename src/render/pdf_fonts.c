#include "render/pdf_fonts.h"

#include <fontconfig/fontconfig.h>
#include <malloc.h>
#include <stdio.h>

/* The folders are those of render_font_folders. Faces without a slanted form are slanted, as
 * fontconfig's own rules do. */
static const char fonts_config[] =
    "<fontconfig>"
    "<dir>/usr/share/fonts</dir>"
    "<dir>/usr/local/share/fonts</dir>"
    "<cachedir>/var/cache/fontconfig</cachedir>"
    "<match target=\"font\">"
    "<test name=\"slant\"><const>roman</const></test>"
    "<test target=\"pattern\" name=\"slant\" compare=\"not_eq\"><const>roman</const></test>"
    "<edit name=\"matrix\" mode=\"assign\"><times><name>matrix</name>"
    "<matrix><double>1</double><double>0.2</double><double>0</double><double>1</double></matrix>"
    "</times></edit>"
    "<edit name=\"slant\" mode=\"assign\"><const>oblique</const></edit>"
    "<edit name=\"embeddedbitmap\" mode=\"assign\"><bool>false</bool></edit>"
    "</match>"
    "</fontconfig>";

static enum status
load_config(struct error *error)
{
    FcConfig *config = FcConfigCreate();
    if (config == NULL ||
        !FcConfigParseAndLoadFromMemory(config, (const FcChar8 *)fonts_config, FcTrue) ||
        !FcConfigBuildFonts(config))
        return error_set(error, STATUS_UNAVAILABLE, "the fonts of this machine cannot be read");
    const FcFontSet *fonts = FcConfigGetFonts(config, FcSetSystem);
    if (fonts == NULL || fonts->nfont == 0)
        return error_set(error, STATUS_UNAVAILABLE,
                         "this machine has no fonts below /usr/share/fonts: install the package "
                         "fonts-dejavu-core, or others");
    FcConfigSetCurrent(config);
    FcConfigDestroy(config);
    return STATUS_OK;
}

static void
set_exact(PangoContext *context)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(context, 72);
    pango_context_set_round_glyph_positions(context, FALSE);
}

enum status
pdf_fonts_open(PangoContext **out, const struct document *document, struct error *error)
{
    *out = NULL;
    /* Pango looks for fonts in threads; a heap for each would use up the address space. */
    mallopt(M_ARENA_MAX, 1);
    enum status status = load_config(error);
    if (status != STATUS_OK)
        return status;
    PangoFontMap *map = pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
    PangoContext *context = pango_font_map_create_context(map);
    g_object_unref(map);
    set_exact(context);
    char language[64];
    snprintf(language, sizeof(language), "%.*s", SLICE_FORMAT(document->language));
    pango_context_set_language(context, pango_language_from_string(language));
    pango_context_set_base_dir(context, document->direction == DIRECTION_RIGHT_TO_LEFT
                                            ? PANGO_DIRECTION_RTL
                                            : PANGO_DIRECTION_LTR);
    *out = context;
    return STATUS_OK;
}
