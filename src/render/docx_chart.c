#include "render/docx.h"
#include "render/drawing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define CHART_NAMESPACE DOCX_DRAWING "chart"

void
docx_chart_frame(struct docx *docx, const struct chart *chart)
{
    const struct docx_thing *thing = docx_add_thing(docx, NULL, chart);
    uint64_t width = (uint64_t)docx->width * DOCX_EMU_PER_TWIP;
    uint32_t id = ++docx->drawing_count;
    docx_format(docx,
                "<w:r><w:drawing><wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\">"
                "<wp:extent cx=\"%" PRIu64 "\" cy=\"%" PRIu64 "\"/><wp:docPr id=\"%" PRIu32
                "\" name=\"Chart %" PRIu32 "\" descr=\"",
                width, width / 2, id, id);
    docx_append(docx, chart->title);
    docx_format(docx,
                "\"/><a:graphic><a:graphicData uri=\"" CHART_NAMESPACE
                "\"><c:chart xmlns:c=\"" CHART_NAMESPACE "\" r:id=\"rId%" PRIu32
                "\"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>",
                thing->link);
}

static void
append_rich(struct buffer *out, struct slice text, int size)
{
    buffer_append_format(out,
                         "<c:tx><c:rich><a:bodyPr/><a:p><a:pPr><a:defRPr sz=\"%d\" b=\"%d\"/>"
                         "</a:pPr><a:r><a:rPr lang=\"en\" sz=\"%d\" b=\"%d\"/><a:t>",
                         size, size > 1000, size, size > 1000);
    escape_text(out, text);
    buffer_append_text(out, "</a:t></a:r></a:p></c:rich></c:tx><c:overlay val=\"0\"/>");
}

static void
append_title(struct buffer *out, struct slice text, int size)
{
    buffer_append_text(out, "<c:title>");
    append_rich(out, text, size);
    buffer_append_text(out, "</c:title>");
}

static void
append_fill(struct buffer *out, enum chart_type type, uint32_t color)
{
    if (type == CHART_LINE)
        buffer_append_format(out,
                             "<c:spPr><a:ln w=\"28575\" cap=\"rnd\"><a:solidFill><a:srgbClr "
                             "val=\"%06" PRIX32
                             "\"/></a:solidFill></a:ln></c:spPr><c:marker><c:symbol "
                             "val=\"none\"/></c:marker>",
                             color);
    else
        buffer_append_format(out,
                             "<c:spPr><a:solidFill><a:srgbClr val=\"%06" PRIX32
                             "\"/></a:solidFill></c:spPr>"
                             "<c:invertIfNegative val=\"0\"/>",
                             color);
}

static void
append_labels(struct buffer *out, const struct chart *chart)
{
    buffer_append_format(out, "<c:cat><c:strLit><c:ptCount val=\"%" PRIu32 "\"/>",
                         chart->label_count);
    for (uint32_t i = 0; i < chart->label_count; i++) {
        buffer_append_format(out, "<c:pt idx=\"%" PRIu32 "\"><c:v>", i);
        escape_text(out, chart->labels[i]);
        buffer_append_text(out, "</c:v></c:pt>");
    }
    buffer_append_text(out, "</c:strLit></c:cat>");
}

static void
append_values(struct buffer *out, const struct chart *chart, const double *values)
{
    buffer_append_format(out,
                         "<c:val><c:numLit><c:formatCode>General</c:formatCode><c:ptCount "
                         "val=\"%" PRIu32 "\"/>",
                         chart->label_count);
    for (uint32_t i = 0; i < chart->label_count; i++) {
        if (!isnan(values[i]))
            buffer_append_format(out, "<c:pt idx=\"%" PRIu32 "\"><c:v>%.15g</c:v></c:pt>", i,
                                 values[i]);
    }
    buffer_append_text(out, "</c:numLit></c:val>");
}

static void
append_series(struct buffer *out, const struct chart *chart, uint32_t index)
{
    const struct chart_series *series = &chart->series[index];
    buffer_append_format(out, "<c:ser><c:idx val=\"%" PRIu32 "\"/><c:order val=\"%" PRIu32 "\"/>",
                         index, index);
    if (series->name.size > 0) {
        buffer_append_text(out, "<c:tx><c:v>");
        escape_text(out, series->name);
        buffer_append_text(out, "</c:v></c:tx>");
    }
    append_fill(out, chart->type, drawing_series_color(index));
    append_labels(out, chart);
    append_values(out, chart, series->values);
    if (chart->type == CHART_LINE)
        buffer_append_text(out, "<c:smooth val=\"0\"/>");
    buffer_append_text(out, "</c:ser>");
}

static void
append_axes(struct buffer *out, const struct chart *chart)
{
    buffer_append_text(out,
                       "<c:catAx><c:axId val=\"1\"/><c:scaling><c:orientation val=\"minMax\"/>"
                       "</c:scaling><c:delete val=\"0\"/><c:axPos val=\"b\"/><c:majorTickMark "
                       "val=\"none\"/><c:minorTickMark val=\"none\"/><c:tickLblPos val=\"low\"/>"
                       "<c:crossAx val=\"2\"/></c:catAx>"
                       "<c:valAx><c:axId val=\"2\"/><c:scaling><c:orientation val=\"minMax\"/>"
                       "</c:scaling><c:delete val=\"0\"/><c:axPos val=\"l\"/><c:majorGridlines>"
                       "<c:spPr><a:ln w=\"6350\"><a:solidFill><a:srgbClr val=\"D9D9D9\"/>"
                       "</a:solidFill></a:ln></c:spPr></c:majorGridlines>");
    if (chart->unit.size > 0)
        append_title(out, chart->unit, 900);
    buffer_append_text(out,
                       "<c:numFmt formatCode=\"#,##0.##\" sourceLinked=\"0\"/><c:majorTickMark "
                       "val=\"none\"/><c:minorTickMark val=\"none\"/><c:tickLblPos "
                       "val=\"nextTo\"/><c:spPr><a:ln><a:noFill/></a:ln></c:spPr><c:crossAx "
                       "val=\"1\"/></c:valAx>");
}

void
docx_append_chart(struct buffer *out, const struct chart *chart)
{
    bool is_line = chart->type == CHART_LINE;
    buffer_append_text(out, DOCX_XML "<c:chartSpace xmlns:c=\"" CHART_NAMESPACE
                                     "\" xmlns:a=\"" DOCX_DRAWING "main\" xmlns:r=\"" DOCX_OFFICE
                                     "\"><c:chart>");
    if (chart->title.size > 0)
        append_title(out, chart->title, 1200);
    buffer_append_format(out, "<c:autoTitleDeleted val=\"%d\"/><c:plotArea><c:layout/>",
                         chart->title.size == 0);
    buffer_append_text(out, is_line ? "<c:lineChart><c:grouping val=\"standard\"/>"
                                    : "<c:barChart><c:barDir val=\"col\"/><c:grouping "
                                      "val=\"clustered\"/>");
    buffer_append_text(out, "<c:varyColors val=\"0\"/>");
    for (uint32_t i = 0; i < chart->series_count; i++)
        append_series(out, chart, i);
    buffer_append_text(out, is_line ? "<c:marker val=\"1\"/>" : "<c:gapWidth val=\"80\"/>");
    buffer_append_text(out, "<c:axId val=\"1\"/><c:axId val=\"2\"/>");
    buffer_append_text(out, is_line ? "</c:lineChart>" : "</c:barChart>");
    append_axes(out, chart);
    buffer_append_text(out, "</c:plotArea>");
    if (chart->series_count > 1)
        buffer_append_text(out, "<c:legend><c:legendPos val=\"b\"/><c:overlay val=\"0\"/>"
                                "</c:legend>");
    buffer_append_text(out, "<c:plotVisOnly val=\"1\"/><c:dispBlanksAs val=\"gap\"/></c:chart>"
                            "<c:spPr><a:ln><a:noFill/></a:ln></c:spPr>"
                            "</c:chartSpace>");
}
