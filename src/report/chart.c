/* Charts: the frame, its scales, and the marks in it. */
#include "report/chart.h"

#include <math.h>
#include <string.h>

#include "report/chart_parts.h"

const double hr_chart_font_size = 8.0;

static const double page_margin = 8.0;
static const double title_size = 10.5;

hr_span hr_span_empty(void) {
  return (hr_span){(double)INFINITY, -(double)INFINITY};
}

void hr_span_include(hr_span *span, double value) {
  if (value < span->low) span->low = value;
  if (value > span->high) span->high = value;
}

hr_span hr_span_padded(hr_span span, double share) {
  if (!(span.low <= span.high)) return (hr_span){0.0, 1.0};
  if (!(span.low < span.high)) return (hr_span){span.low - 0.5, span.high + 0.5};
  double more = share * (span.high - span.low);
  return (hr_span){span.low - more, span.high + more};
}

double hr_chart_x(const hr_chart *chart, double x) {
  double share = (x - chart->x.low) / (chart->x.high - chart->x.low);
  return chart->plot.left + share * (chart->plot.right - chart->plot.left);
}

double hr_chart_y(const hr_chart *chart, double y) {
  const double most = 100; /* heights of the plot: what cairo can draw has an end */
  double share = (y - chart->y.low) / (chart->y.high - chart->y.low);
  if (share > most) share = most;
  if (share < -most) share = -most;
  return chart->plot.bottom + share * (chart->plot.top - chart->plot.bottom);
}

static hr_font small_font(hr_align align) {
  return (hr_font){hr_chart_font_size, false, hr_color_black, align, false, false};
}

static bool is_inside(hr_span span, double value) {
  return value >= span.low && value <= span.high;
}

/* The y that is nearest to `y` and on the plot. */
static double cut_to_axis(const hr_chart *chart, double y) {
  return fmin(fmax(y, chart->y.low), chart->y.high);
}

void hr_chart_arrow(const hr_chart *chart, hr_chart_edge edge, double at,
                    hr_color color) {
  const double gap = 1.5, length = 4.5, half = 2.6; /* pt */
  hr_point tip = {at,
                  edge == HR_EDGE_TOP ? chart->plot.top + gap : chart->plot.bottom - gap};
  double base = tip.y + (edge == HR_EDGE_TOP ? length : -length);
  hr_point arrow[] = {{at - half, base}, {at + half, base}, tip};
  if (edge == HR_EDGE_LEFT) {
    tip = (hr_point){chart->plot.left + gap, at};
    arrow[0] = (hr_point){tip.x + length, at - half};
    arrow[1] = (hr_point){tip.x + length, at + half};
    arrow[2] = tip;
  }
  hr_canvas_polygon(chart->canvas, arrow, 3, color);
}

void hr_chart_bar(const hr_chart *chart, const hr_bar *bar) {
  if (isnan(bar->value)) return;
  double foot = hr_chart_y(chart, cut_to_axis(chart, 0.0));
  double head = hr_chart_y(chart, cut_to_axis(chart, bar->value));
  hr_rectangle box = {hr_chart_x(chart, bar->x.low), fmin(foot, head),
                      hr_chart_x(chart, bar->x.high), fmax(foot, head)};
  hr_canvas_fill(chart->canvas, box, bar->color);
  if (bar->is_outlined) {
    hr_canvas_frame(chart->canvas, box, (hr_stroke){hr_color_black, 0.9, NULL, 0});
  }
  if (is_inside(chart->y, bar->value)) return;
  hr_chart_arrow(chart, bar->value < chart->y.low ? HR_EDGE_BOTTOM : HR_EDGE_TOP,
                 0.5 * (box.left + box.right), hr_color_black);
}

void hr_chart_error_bar(const hr_chart *chart, double x, hr_span interval) {
  if (isnan(interval.low) || isnan(interval.high)) return;
  if (interval.high < chart->y.low || interval.low > chart->y.high) return;
  const hr_stroke stroke = {hr_color_black, 0.8, NULL, 0};
  double center = hr_chart_x(chart, x), cap = 1.8;
  double low = hr_chart_y(chart, cut_to_axis(chart, interval.low));
  double high = hr_chart_y(chart, cut_to_axis(chart, interval.high));
  hr_canvas_line(chart->canvas, (hr_point){center, low}, (hr_point){center, high},
                 stroke);
  if (is_inside(chart->y, interval.low)) {
    hr_canvas_line(chart->canvas, (hr_point){center - cap, low},
                   (hr_point){center + cap, low}, stroke);
  } else {
    hr_chart_arrow(chart, HR_EDGE_BOTTOM, center, hr_color_black);
  }
  if (is_inside(chart->y, interval.high)) {
    hr_canvas_line(chart->canvas, (hr_point){center - cap, high},
                   (hr_point){center + cap, high}, stroke);
  } else {
    hr_chart_arrow(chart, HR_EDGE_TOP, center, hr_color_black);
  }
}

void hr_chart_note(const hr_chart *chart, double x, double y, bool is_below,
                   const char *text, hr_color color) {
  const double away = 7.0;
  double height = hr_chart_y(chart, cut_to_axis(chart, y)) + (is_below ? away : -away);
  /* A text that would leave the plot moves to just inside it. */
  height = fmin(fmax(height, chart->plot.top + 5.0), chart->plot.bottom - 5.0);
  hr_font font = small_font(HR_ALIGN_CENTER);
  font.color = color;
  font.has_halo = true;
  hr_canvas_text(chart->canvas, (hr_point){hr_chart_x(chart, x), height}, text, font);
}

void hr_chart_band(const hr_chart *chart, hr_span x, hr_color color) {
  hr_rectangle box = {hr_chart_x(chart, x.low), chart->plot.top,
                      hr_chart_x(chart, x.high), chart->plot.bottom};
  hr_canvas_fill(chart->canvas, box, color);
}

void hr_chart_line(const hr_chart *chart, const hr_point *points, size_t count,
                   hr_stroke stroke, double dot_diameter) {
  for (size_t i = 0; i < count; i++) {
    if (isnan(points[i].x) || isnan(points[i].y)) continue;
    hr_point here = {hr_chart_x(chart, points[i].x), hr_chart_y(chart, points[i].y)};
    if (dot_diameter > 0)
      hr_canvas_dots(chart->canvas, &here, 1, dot_diameter, stroke.color);
    if (i + 1 == count || isnan(points[i + 1].x) || isnan(points[i + 1].y)) continue;
    hr_point next = {hr_chart_x(chart, points[i + 1].x),
                     hr_chart_y(chart, points[i + 1].y)};
    hr_canvas_line(chart->canvas, here, next, stroke);
  }
}

enum { MOST_REFERENCES = 16 };

static size_t shown_references(const hr_chart *chart) {
  size_t count = chart->frame->reference_count;
  return count < MOST_REFERENCES ? count : MOST_REFERENCES;
}

/* Heights of the names: at their lines, but pushed apart where they would touch. Fills
 * order[] with the references from top to bottom. */
static void place_names(const hr_chart *chart, size_t order[MOST_REFERENCES],
                        double height[MOST_REFERENCES]) {
  const hr_reference *references = chart->frame->references;
  size_t count = shown_references(chart);
  const double apart = hr_chart_font_size + 2.0;
  for (size_t i = 0; i < count; i++) {
    size_t j = i;
    for (; j > 0 && references[order[j - 1]].value < references[i].value; j--) {
      order[j] = order[j - 1];
    }
    order[j] = i;
  }
  for (size_t i = 0; i < count; i++) {
    height[i] = hr_chart_y(chart, cut_to_axis(chart, references[order[i]].value));
    if (i > 0 && height[i] < height[i - 1] + apart) height[i] = height[i - 1] + apart;
  }
  double limit = chart->plot.bottom;
  for (size_t i = count; i-- > 0; limit -= apart) {
    if (height[i] > limit) height[i] = limit;
    limit = fmin(limit, height[i]);
  }
}

void hr_chart_references(const hr_chart *chart) {
  static const double dashes[] = {5.0, 2.5};
  size_t order[MOST_REFERENCES];
  double height[MOST_REFERENCES];
  place_names(chart, order, height);
  for (size_t i = 0; i < shown_references(chart); i++) {
    const hr_reference *reference = &chart->frame->references[order[i]];
    double right = chart->plot.right;
    if (is_inside(chart->y, reference->value)) {
      double y = hr_chart_y(chart, reference->value);
      hr_canvas_line(chart->canvas, (hr_point){chart->plot.left, y}, (hr_point){right, y},
                     (hr_stroke){hr_color_gray, 1.0, dashes, 2});
      hr_canvas_line(chart->canvas, (hr_point){right, y},
                     (hr_point){right + 6, height[i]},
                     (hr_stroke){hr_color_gray, 0.6, NULL, 0});
    }
    hr_canvas_text(chart->canvas, (hr_point){right + 8, height[i]}, reference->text,
                   small_font(HR_ALIGN_LEFT));
  }
}

void hr_chart_end(const hr_chart *chart) {
  const hr_stroke stroke = {hr_color_black, 0.8, NULL, 0};
  hr_canvas_frame(chart->canvas, chart->plot, stroke);
  bool zero_inside = chart->y.low < 0 && chart->y.high > 0 && !chart->frame->y.categories;
  if (!zero_inside || chart->frame->is_square) return;
  double zero = hr_chart_y(chart, 0.0);
  hr_canvas_line(chart->canvas, (hr_point){chart->plot.left, zero},
                 (hr_point){chart->plot.right, zero}, stroke);
}

/* Layout ------------------------------------------------------------------------------
 */

static double widest_reference(const hr_chart *chart) {
  double widest = 0;
  for (size_t i = 0; i < shown_references(chart); i++) {
    double width = hr_canvas_text_width(chart->canvas, chart->frame->references[i].text,
                                        small_font(HR_ALIGN_LEFT));
    widest = fmax(widest, width + 8.0);
  }
  return widest;
}

static void draw_title(hr_chart *chart) {
  double top = chart->frame->top + page_margin;
  chart->plot.top = top;
  if (!chart->frame->title || !hr_canvas_has_titles(chart->canvas)) return;
  hr_font font = {title_size, true, hr_color_black, HR_ALIGN_CENTER, false, false};
  double room = HR_CANVAS_WIDTH - 2 * page_margin;
  double width = hr_canvas_text_width(chart->canvas, chart->frame->title, font);
  if (width > room) font.size *= room / width;
  hr_canvas_text(chart->canvas, (hr_point){0.5 * HR_CANVAS_WIDTH, top + 6},
                 chart->frame->title, font);
  chart->plot.top = top + 20;
}

void hr_chart_begin(hr_chart *chart, hr_canvas *canvas, const hr_chart_frame *frame) {
  *chart = (hr_chart){.canvas = canvas, .frame = frame};
  chart->plot.right = HR_CANVAS_WIDTH - page_margin - 4;
  draw_title(chart);
  hr_chart_draw_legend(chart, page_margin);
  chart->plot.right -= frame->right_margin + widest_reference(chart);
  hr_chart_lay_out_axes(chart, page_margin);
  hr_chart_draw_axes(chart, page_margin);
}
