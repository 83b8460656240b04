/* The parts of a chart's frame; for chart.c alone. */
#ifndef HR_REPORT_CHART_PARTS_H
#define HR_REPORT_CHART_PARTS_H

#include "report/chart.h"

/* Draws the legend in as few lines as it takes and moves the top of the plot below it. */
void hr_chart_draw_legend(hr_chart *chart, double page_margin);

/* Sets the left and bottom edges of the plot so that all labels find room, and what its
 * edges stand for. */
void hr_chart_lay_out_axes(hr_chart *chart, double page_margin);
void hr_chart_draw_axes(const hr_chart *chart, double page_margin);

#endif
