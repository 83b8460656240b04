/* Charts on a canvas: a frame with title, legend and axes, and what is drawn inside it.
 */
#ifndef HR_REPORT_CHART_H
#define HR_REPORT_CHART_H

#include "report/canvas.h"
#include "report/ticks.h"

typedef struct hr_span {
  double low, high;
} hr_span;

/* A span that holds nothing yet; hr_span_include widens it, NaN changes nothing. */
hr_span hr_span_empty(void);
void hr_span_include(hr_span *span, double value);

/* The span with a share of its own length added at both ends; a made-up one, 0 to 1,
 * where it held nothing, and one of length 1 around a single value. */
hr_span hr_span_padded(hr_span span, double share);

typedef enum hr_mark {
  HR_MARK_SWATCH,  /* a filled square */
  HR_MARK_SHADES,  /* a square of the colour and of `pale` side by side */
  HR_MARK_OUTLINE, /* a filled square with a dark edge */
  HR_MARK_LINE,    /* a piece of line in the entry's stroke */
  HR_MARK_LINE_DOT,
  HR_MARK_STAR,
  HR_MARK_DOT,
} hr_mark;

typedef struct hr_legend_entry {
  const char *text;
  hr_mark mark;
  hr_color color, pale;
  hr_stroke stroke; /* of lines */
} hr_legend_entry;

/* A horizontal line at a value from elsewhere, with its name at the right of the plot. */
typedef struct hr_reference {
  double value;
  const char *text;
} hr_reference;

/* A tick of the caller's own, in place of round numbers. */
typedef struct hr_axis_tick {
  double at;
  const char *text;
} hr_axis_tick;

/* An axis is numeric, or one slot a category: category i covers i - 0.5 .. i + 0.5. Lines
 * of a category's name are separated by newlines. */
typedef struct hr_chart_axis {
  const char *label;
  hr_span span;                  /* of a numeric axis; ends are drawn */
  const char *const *categories; /* [category_count], or NULL */
  size_t category_count;
  const hr_axis_tick *ticks; /* [tick_count] of a numeric x, increasing; what would touch
                                the text before it is not written. NULL: round numbers */
  size_t tick_count;
} hr_chart_axis;

typedef struct hr_chart_frame {
  double top, bottom;            /* what it takes of the page, pt; bottom 0: all of it */
  const char *title;             /* NULL: none */
  hr_chart_axis x, y;            /* categories of y run from top to bottom */
  bool is_square;                /* one unit is as long on both axes */
  double right_margin;           /* kept free for something of the caller's, pt */
  const hr_legend_entry *legend; /* [legend_count] above the plot, so that nothing is
                                    covered */
  size_t legend_count;
  const hr_reference *references; /* [reference_count] on y */
  size_t reference_count;
} hr_chart_frame;

typedef struct hr_chart {
  hr_canvas *canvas;           /* borrowed */
  const hr_chart_frame *frame; /* borrowed */
  hr_rectangle plot;
  hr_span x, y; /* what the plot's edges stand for */
} hr_chart;

extern const double hr_chart_font_size; /* of ticks and legend, pt */

/* Lays out and draws title, legend and axes. Borrows `canvas` and `frame`. */
void hr_chart_begin(hr_chart *chart, hr_canvas *canvas, const hr_chart_frame *frame);

double hr_chart_x(const hr_chart *chart, double x);
double hr_chart_y(const hr_chart *chart, double y);

/* A bar from 0 (or the edge nearest to it) to `value`, over x.low .. x.high. Beyond the
 * axis it is cut and a small arrow says so. NaN draws nothing. */
typedef struct hr_bar {
  hr_span x;
  double value;
  hr_color color;
  bool is_outlined;
} hr_bar;
void hr_chart_bar(const hr_chart *chart, const hr_bar *bar);

/* A small arrow at an edge of the plot, which says that something goes on beyond it;
 * `at`: where along the edge, pt. */
typedef enum hr_chart_edge { HR_EDGE_BOTTOM, HR_EDGE_TOP, HR_EDGE_LEFT } hr_chart_edge;
void hr_chart_arrow(const hr_chart *chart, hr_chart_edge edge, double at, hr_color color);

/* An interval as a line with caps; where it goes on beyond the axis it is cut, and an
 * arrow says so. NaN draws nothing. */
void hr_chart_error_bar(const hr_chart *chart, double x, hr_span interval);

/* A text centred above (or, for `is_below`, under) a value, a little away from it. */
void hr_chart_note(const hr_chart *chart, double x, double y, bool is_below,
                   const char *text, hr_color color);

/* A band over all heights, behind everything: draw it first. */
void hr_chart_band(const hr_chart *chart, hr_span x, hr_color color);

/* Faint lines at the ticks of y. */
void hr_chart_grid(const hr_chart *chart);

/* A line through the points in order, with dots; it breaks where one is NaN. */
void hr_chart_line(const hr_chart *chart, const hr_point *points, size_t count,
                   hr_stroke stroke, double dot_diameter);

/* The frame's reference lines with their names, which are kept apart. */
void hr_chart_references(const hr_chart *chart);

/* Axis lines, again, over what was drawn. */
void hr_chart_end(const hr_chart *chart);

/* A scale of colours at the right of the plot, 0 to 1 of hr_color_of_value over `span`.
 */
void hr_chart_color_scale(const hr_chart *chart, hr_span span, const char *label);

#endif
