#include "render/docx.h"

#include <inttypes.h>
#include <stdio.h>

#define KIND "application/vnd.openxmlformats-officedocument.wordprocessingml."
#define WORD_PART(name) DOCX_XML "<w:" name " xmlns:w=\"" DOCX_WORD "\">"

/* --- styles --- */

struct style {
    const char *type, *id, *name, *based_on, *next;
    const char *paragraph, *run;
};

/* Sizes are half points, spaces twentieths of a point. */
static const struct style styles[] = {
    {"paragraph", "Title", "Title", "Normal", "Normal",
     "<w:keepNext/><w:spacing w:before=\"0\" w:after=\"80\" w:line=\"240\" w:lineRule=\"auto\"/>",
     "<w:b/><w:bCs/><w:color w:val=\"12263F\"/><w:sz w:val=\"52\"/><w:szCs w:val=\"52\"/>"},
    {"paragraph", "Subtitle", "Subtitle", "Normal", "Normal", "<w:spacing w:after=\"80\"/>",
     "<w:color w:val=\"5B6B7F\"/><w:sz w:val=\"28\"/><w:szCs w:val=\"28\"/>"},
    {"paragraph", "Byline", "Byline", "Normal", "Normal", "<w:spacing w:after=\"360\"/>",
     "<w:color w:val=\"5B6B7F\"/>"},
    {"paragraph", "Heading1", "heading 1", "Normal", "Normal",
     "<w:keepNext/><w:keepLines/><w:spacing w:before=\"360\" w:after=\"120\"/><w:outlineLvl "
     "w:val=\"0\"/>",
     "<w:b/><w:bCs/><w:color w:val=\"12263F\"/><w:sz w:val=\"34\"/><w:szCs w:val=\"34\"/>"},
    {"paragraph", "Heading2", "heading 2", "Normal", "Normal",
     "<w:keepNext/><w:keepLines/><w:spacing w:before=\"280\" w:after=\"100\"/><w:outlineLvl "
     "w:val=\"1\"/>",
     "<w:b/><w:bCs/><w:color w:val=\"1F3A5F\"/><w:sz w:val=\"28\"/><w:szCs w:val=\"28\"/>"},
    {"paragraph", "Heading3", "heading 3", "Normal", "Normal",
     "<w:keepNext/><w:keepLines/><w:spacing w:before=\"220\" w:after=\"80\"/><w:outlineLvl "
     "w:val=\"2\"/>",
     "<w:b/><w:bCs/><w:color w:val=\"1F3A5F\"/><w:sz w:val=\"24\"/><w:szCs w:val=\"24\"/>"},
    {"paragraph", "Heading4", "heading 4", "Heading3", "Normal", "<w:outlineLvl w:val=\"3\"/>",
     "<w:sz w:val=\"22\"/><w:szCs w:val=\"22\"/>"},
    {"paragraph", "Heading5", "heading 5", "Heading4", "Normal", "<w:outlineLvl w:val=\"4\"/>",
     "<w:i/><w:iCs/>"},
    {"paragraph", "Heading6", "heading 6", "Heading5", "Normal", "<w:outlineLvl w:val=\"5\"/>",
     "<w:b w:val=\"0\"/><w:bCs w:val=\"0\"/>"},
    {"paragraph", "TOCHeading", "TOC Heading", "Normal", "Normal",
     "<w:keepNext/><w:spacing w:before=\"240\" w:after=\"120\"/>",
     "<w:b/><w:bCs/><w:color w:val=\"12263F\"/><w:sz w:val=\"28\"/><w:szCs w:val=\"28\"/>"},
    {"paragraph", "TOC1", "toc 1", "Normal", NULL, "<w:spacing w:after=\"60\"/>", ""},
    {"paragraph", "TOC2", "toc 2", "Normal", NULL,
     "<w:spacing w:after=\"60\"/><w:ind w:left=\"284\"/>", ""},
    {"paragraph", "TOC3", "toc 3", "Normal", NULL,
     "<w:spacing w:after=\"60\"/><w:ind w:left=\"567\"/>", ""},
    {"paragraph", "Quote", "Quote", "Normal", NULL,
     "<w:pBdr><w:left w:val=\"single\" w:sz=\"18\" w:space=\"10\" w:color=\"C3CEDB\"/></w:pBdr>"
     "<w:ind w:left=\"425\"/>",
     "<w:color w:val=\"44546A\"/>"},
    {"paragraph", "Code", "Code", "Normal", NULL,
     "<w:keepLines/><w:shd w:val=\"clear\" w:color=\"auto\" w:fill=\"F3F5F8\"/><w:spacing "
     "w:before=\"80\" w:after=\"160\" w:line=\"240\" w:lineRule=\"auto\"/>",
     "<w:rFonts w:ascii=\"Consolas\" w:hAnsi=\"Consolas\" w:cs=\"Consolas\"/><w:noProof/><w:sz "
     "w:val=\"18\"/><w:szCs w:val=\"18\"/>"},
    {"paragraph", "TableText", "Table Text", "Normal", NULL,
     "<w:spacing w:before=\"40\" w:after=\"40\" w:line=\"240\" w:lineRule=\"auto\"/>",
     "<w:sz w:val=\"19\"/><w:szCs w:val=\"19\"/>"},
    {"paragraph", "AfterTable", "After Table", "Normal", NULL,
     "<w:spacing w:before=\"0\" w:after=\"120\" w:line=\"120\" w:lineRule=\"exact\"/>", ""},
    {"paragraph", "Figure", "Figure", "Normal", NULL,
     "<w:keepNext/><w:spacing w:before=\"120\" w:after=\"80\" w:line=\"240\" "
     "w:lineRule=\"auto\"/><w:jc w:val=\"center\"/>",
     ""},
    {"paragraph", "Caption", "caption", "Normal", NULL, "<w:jc w:val=\"center\"/>",
     "<w:i/><w:iCs/><w:color w:val=\"5B6B7F\"/><w:sz w:val=\"18\"/><w:szCs w:val=\"18\"/>"},
    {"paragraph", "Rule", "Rule", "Normal", NULL,
     "<w:pBdr><w:bottom w:val=\"single\" w:sz=\"6\" w:space=\"1\" w:color=\"C3CEDB\"/></w:pBdr>",
     ""},
    {"paragraph", "Source", "Source", "Normal", NULL,
     "<w:spacing w:after=\"100\"/><w:ind w:left=\"567\" w:hanging=\"567\"/>",
     "<w:sz w:val=\"19\"/><w:szCs w:val=\"19\"/>"},
    {"paragraph", "Header", "header", "Normal", NULL, "<w:spacing w:after=\"0\"/>",
     "<w:color w:val=\"5B6B7F\"/><w:sz w:val=\"17\"/><w:szCs w:val=\"17\"/>"},
    {"paragraph", "Footer", "footer", "Normal", NULL,
     "<w:spacing w:after=\"0\"/><w:jc w:val=\"right\"/>",
     "<w:color w:val=\"5B6B7F\"/><w:sz w:val=\"17\"/><w:szCs w:val=\"17\"/>"},
    {"paragraph", "FootnoteText", "footnote text", "Normal", NULL,
     "<w:spacing w:after=\"40\" w:line=\"240\" w:lineRule=\"auto\"/>",
     "<w:sz w:val=\"18\"/><w:szCs w:val=\"18\"/>"},
    {"character", "FootnoteReference", "footnote reference", NULL, NULL, "",
     "<w:vertAlign w:val=\"superscript\"/>"},
    {"character", "CitationMark", "Citation Mark", NULL, NULL, "",
     "<w:color w:val=\"1F5AA6\"/><w:vertAlign w:val=\"superscript\"/>"},
    {"character", "Hyperlink", "Hyperlink", NULL, NULL, "",
     "<w:color w:val=\"1F5AA6\"/><w:u w:val=\"single\"/>"},
    {"character", "CodeText", "Code Text", NULL, NULL, "",
     "<w:rFonts w:ascii=\"Consolas\" w:hAnsi=\"Consolas\" w:cs=\"Consolas\"/><w:noProof/><w:sz "
     "w:val=\"19\"/><w:szCs w:val=\"19\"/><w:shd w:val=\"clear\" w:color=\"auto\" "
     "w:fill=\"F3F5F8\"/>"},
};

static void
append_style(struct buffer *out, const struct style *style)
{
    buffer_append_format(out, "<w:style w:type=\"%s\" w:styleId=\"%s\"><w:name w:val=\"%s\"/>",
                         style->type, style->id, style->name);
    if (style->based_on != NULL)
        buffer_append_format(out, "<w:basedOn w:val=\"%s\"/>", style->based_on);
    if (style->next != NULL)
        buffer_append_format(out, "<w:next w:val=\"%s\"/>", style->next);
    buffer_append_text(out, "<w:qFormat/>");
    if (style->paragraph[0] != '\0')
        buffer_append_format(out, "<w:pPr>%s</w:pPr>", style->paragraph);
    if (style->run[0] != '\0')
        buffer_append_format(out, "<w:rPr>%s</w:rPr>", style->run);
    buffer_append_text(out, "</w:style>");
}

#define LINE(side) "<w:" side " w:val=\"single\" w:sz=\"4\" w:space=\"0\" w:color=\"D5DCE5\"/>"

void
docx_append_styles(struct buffer *out, const struct docx *docx)
{
    buffer_append_text(out, WORD_PART("styles"));
    buffer_append_text(out, "<w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii=\"Calibri\" "
                            "w:hAnsi=\"Calibri\" w:eastAsia=\"Calibri\" w:cs=\"Calibri\"/><w:sz "
                            "w:val=\"21\"/><w:szCs w:val=\"21\"/><w:lang w:val=\"");
    escape_text(out, docx->document->language);
    buffer_append_text(out,
                       "\"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing "
                       "w:after=\"140\" w:line=\"276\" w:lineRule=\"auto\"/></w:pPr>"
                       "</w:pPrDefault></w:docDefaults>"
                       "<w:style w:type=\"paragraph\" w:default=\"1\" w:styleId=\"Normal\">"
                       "<w:name w:val=\"Normal\"/><w:qFormat/></w:style>"
                       "<w:style w:type=\"table\" w:default=\"1\" w:styleId=\"TableNormal\">"
                       "<w:name w:val=\"Normal Table\"/><w:uiPriority w:val=\"99\"/>"
                       "<w:semiHidden/><w:tblPr><w:tblInd w:w=\"0\" w:type=\"dxa\"/>"
                       "<w:tblCellMar><w:top w:w=\"0\" w:type=\"dxa\"/><w:left w:w=\"108\" "
                       "w:type=\"dxa\"/><w:bottom w:w=\"0\" w:type=\"dxa\"/><w:end w:w=\"108\" "
                       "w:type=\"dxa\"/></w:tblCellMar></w:tblPr></w:style>");
    for (size_t i = 0; i < COUNT_OF(styles); i++)
        append_style(out, &styles[i]);
    buffer_append_text(
        out,
        "<w:style w:type=\"table\" w:styleId=\"ReportTable\"><w:name "
        "w:val=\"Report Table\"/><w:basedOn w:val=\"TableNormal\"/><w:tblPr>"
        "<w:tblBorders>" LINE("top") LINE("bottom") LINE(
            "insideH") "</w:tblBorders></w:tblPr><w:tblStylePr w:type=\"firstRow\"><w:rPr><w:b/>"
                       "<w:bCs/></w:rPr><w:tcPr><w:tcBorders><w:bottom w:val=\"single\" "
                       "w:sz=\"8\" w:space=\"0\" w:color=\"1F3A5F\"/></w:tcBorders><w:shd "
                       "w:val=\"clear\" w:color=\"auto\" w:fill=\"EEF2F7\"/></w:tcPr>"
                       "</w:tblStylePr></w:style></w:styles>");
}

/* --- numberings of lists --- */

static void
append_level(struct buffer *out, const struct docx_list *list, uint32_t level)
{
    static const char *const bullets[] = {"\u2022", "\u2013", "\u25AA"};
    static const char *const formats[] = {"decimal", "lowerLetter", "lowerRoman"};
    buffer_append_format(out, "<w:lvl w:ilvl=\"%" PRIu32 "\"><w:start w:val=\"%" PRIu32 "\"/>",
                         level, list->is_ordered ? list->start : 1);
    if (list->is_ordered)
        buffer_append_format(out, "<w:numFmt w:val=\"%s\"/><w:lvlText w:val=\"%%%" PRIu32 ".\"/>",
                             formats[level % COUNT_OF(formats)], level + 1);
    else
        buffer_append_format(out, "<w:numFmt w:val=\"bullet\"/><w:lvlText w:val=\"%s\"/>",
                             bullets[level % COUNT_OF(bullets)]);
    buffer_append_text(out, "<w:lvlJc w:val=\"left\"/></w:lvl>");
}

/* Each list counts for itself, so that it has a numbering of its own. */
void
docx_append_numbering(struct buffer *out, const struct docx *docx)
{
    buffer_append_text(out, WORD_PART("numbering"));
    for (const struct docx_list *list = docx->lists; list != NULL; list = list->next) {
        buffer_append_format(out,
                             "<w:abstractNum w:abstractNumId=\"%" PRIu32 "\">"
                             "<w:multiLevelType w:val=\"multilevel\"/>",
                             list->number);
        for (uint32_t level = 0; level < 9; level++)
            append_level(out, list, level);
        buffer_append_text(out, "</w:abstractNum>");
    }
    for (const struct docx_list *list = docx->lists; list != NULL; list = list->next)
        buffer_append_format(
            out, "<w:num w:numId=\"%" PRIu32 "\"><w:abstractNumId w:val=\"%" PRIu32 "\"/></w:num>",
            list->number, list->number);
    buffer_append_text(out, "</w:numbering>");
}

/* --- the package --- */

static void
append_override(struct buffer *out, const char *part, const char *type)
{
    buffer_append_format(out, "<Override PartName=\"/%s\" ContentType=\"%s\"/>", part, type);
}

void
docx_append_types(struct buffer *out, const struct docx *docx)
{
    char part[64];
    buffer_append_text(out, DOCX_XML
                       "<Types xmlns=\"" DOCX_PACKAGE "content-types\">"
                       "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-"
                       "package.relationships+xml\"/>"
                       "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
                       "<Default Extension=\"png\" ContentType=\"image/png\"/>"
                       "<Default Extension=\"jpeg\" ContentType=\"image/jpeg\"/>");
    append_override(out, "word/document.xml", KIND "document.main+xml");
    append_override(out, "word/styles.xml", KIND "styles+xml");
    append_override(out, "word/numbering.xml", KIND "numbering+xml");
    append_override(out, "word/settings.xml", KIND "settings+xml");
    append_override(out, "word/footnotes.xml", KIND "footnotes+xml");
    append_override(out, "word/header1.xml", KIND "header+xml");
    append_override(out, "word/footer1.xml", KIND "footer+xml");
    for (uint32_t i = 1; i <= docx->chart_count; i++) {
        snprintf(part, sizeof(part), "word/charts/chart%" PRIu32 ".xml", i);
        append_override(out, part,
                        "application/vnd.openxmlformats-officedocument.drawingml.chart+xml");
    }
    append_override(out, "docProps/core.xml",
                    "application/vnd.openxmlformats-package.core-properties+xml");
    buffer_append_text(out, "</Types>");
}

void
docx_append_links(struct buffer *out, const struct docx_part *part)
{
    buffer_append_text(out, DOCX_XML "<Relationships xmlns=\"" DOCX_PACKAGE "relationships\">");
    buffer_append_slice(out, buffer_slice(&part->links));
    buffer_append_text(out, "</Relationships>");
}

void
docx_append_settings(struct buffer *out, const struct docx *docx)
{
    buffer_append_text(
        out,
        WORD_PART(
            "settings") "<w:zoom w:percent=\"100\"/><w:footnotePr>"
                        "<w:footnote w:id=\"-1\"/><w:footnote w:id=\"0\"/></w:footnotePr><w:compat>"
                        "<w:compatSetting w:name=\"compatibilityMode\" "
                        "w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/>"
                        "</w:compat></w:settings>");
}

void
docx_append_header(struct buffer *out, const struct docx *docx)
{
    buffer_append_text(out, WORD_PART("hdr") "<w:p><w:pPr><w:pStyle w:val=\"Header\"/></w:pPr><w:r>"
                                             "<w:t xml:space=\"preserve\">");
    escape_text(out, docx->document->title_text);
    buffer_append_text(out, "</w:t></w:r></w:p></w:hdr>");
}

static void
append_field(struct buffer *out, const char *name)
{
    buffer_append_format(out, "<w:fldSimple w:instr=\" %s \"><w:r><w:t>1</w:t></w:r></w:fldSimple>",
                         name);
}

void
docx_append_footer(struct buffer *out, const struct docx *docx)
{
    buffer_append_text(out, WORD_PART("ftr") "<w:p><w:pPr><w:pStyle w:val=\"Footer\"/></w:pPr>");
    append_field(out, "PAGE");
    buffer_append_text(out, "<w:r><w:t xml:space=\"preserve\"> / </w:t></w:r>");
    append_field(out, "NUMPAGES");
    buffer_append_text(out, "</w:p></w:ftr>");
}

static void
append_property(struct buffer *out, const char *name, struct slice text)
{
    if (text.size == 0)
        return;
    buffer_append_format(out, "<%s>", name);
    escape_text(out, text);
    buffer_append_format(out, "</%s>", name);
}

void
docx_append_properties(struct buffer *out, const struct docx *docx)
{
    const struct document *document = docx->document;
    buffer_append_text(out, DOCX_XML "<cp:coreProperties xmlns:cp=\"" DOCX_PACKAGE
                                     "metadata/core-properties\" "
                                     "xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
                                     "xmlns:dcterms=\"http://purl.org/dc/terms/\" "
                                     "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">");
    append_property(out, "dc:title", document->title_text);
    append_property(out, "dc:creator", document->author);
    append_property(out, "dc:language", document->language);
    if (document->date_iso.size > 0) {
        buffer_append_text(out, "<dcterms:created xsi:type=\"dcterms:W3CDTF\">");
        escape_text(out, document->date_iso);
        buffer_append_text(out, "T00:00:00Z</dcterms:created>");
    }
    buffer_append_text(out, "</cp:coreProperties>");
}
