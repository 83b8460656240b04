/* Figure 5: the truth against the hybrid's prediction, every covered star a dot whose
 * colour says how many others are near it. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/tables.h"

enum { CELLS = 60, SHADES = 8 };

typedef struct cloud {
  hr_point *points;     /* [count] truth and prediction */
  size_t *row;          /* [count] */
  unsigned char *shade; /* [count] 0: sparse .. SHADES - 1: crowded */
  size_t count;
} cloud;

static void free_cloud(cloud *c) {
  hr_free(c->points);
  hr_free(c->row);
  hr_free(c->shade);
}

static hr_status gather(cloud *c, const hr_rows *rows, const double *prediction,
                        hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&c->points, rows->count, err));
  HR_TRY(hr_alloc(&c->row, rows->count, err));
  HR_TRY(hr_alloc(&c->shade, rows->count, err));
  for (size_t i = 0; prediction && i < rows->count; i++) {
    if (rows->bin[i] < 0 || isnan(prediction[i])) continue;
    c->points[c->count] = (hr_point){rows->target[i], prediction[i]};
    c->row[c->count++] = i;
  }
cleanup:
  return status;
}

bool hr_figure_scatter_is_empty(hr_reader *reader, const hr_rows *rows) {
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  const double *prediction =
      hr_rows_find(rows, hr_node_text(reader, &selection, "headline"));
  for (size_t i = 0; prediction && i < rows->count; i++) {
    if (rows->bin[i] >= 0 && !isnan(prediction[i])) return false;
  }
  return true;
}

static size_t cell_of(hr_span span, double value) {
  double place = CELLS * (value - span.low) / (span.high - span.low);
  return (size_t)fmin(fmax(place, 0.0), CELLS - 1.0);
}

/* Counts neighbours on a grid; shades are steps of the square root of the density, so
 * that sparse parts keep some difference. */
static hr_status shade(cloud *c, hr_span span, hr_error *err) {
  hr_status status = HR_OK;
  unsigned *density = NULL;
  unsigned most = 1;
  HR_TRY(hr_alloc(&density, CELLS * CELLS, err));
  for (size_t i = 0; i < c->count; i++) {
    size_t cell = cell_of(span, c->points[i].y) * CELLS + cell_of(span, c->points[i].x);
    if (++density[cell] > most) most = density[cell];
  }
  for (size_t i = 0; i < c->count; i++) {
    size_t cell = cell_of(span, c->points[i].y) * CELLS + cell_of(span, c->points[i].x);
    double share = sqrt((double)density[cell] / (double)most);
    c->shade[i] = (unsigned char)fmin(share * SHADES, SHADES - 1.0);
  }
cleanup:
  hr_free(density);
  return status;
}

static void write_csv(const cloud *c, hr_text *out) {
  hr_text_append(out, "row,true,predicted\n");
  for (size_t i = 0; i < c->count; i++) {
    hr_text_append(out, "%zu", c->row[i]);
    hr_csv_number(c->points[i].x, out);
    hr_csv_number(c->points[i].y, out);
    hr_text_append(out, "\n");
  }
}

/* The truth and most predictions; a single wild one must not shrink the rest. */
static hr_span choose_span(const cloud *c) {
  hr_span span = hr_span_empty();
  for (size_t i = 0; i < c->count; i++) hr_span_include(&span, c->points[i].x);
  span = hr_span_padded(span, 0.0);
  double most = 0.15 * (span.high - span.low);
  hr_span limit = {span.low - most, span.high + most};
  for (size_t i = 0; i < c->count; i++) {
    hr_span_include(&span, fmin(fmax(c->points[i].y, limit.low), limit.high));
  }
  return hr_span_padded(span, 0.02);
}

static hr_status draw_dots(const hr_chart *chart, const cloud *c, hr_error *err) {
  hr_status status = HR_OK;
  hr_point *points = NULL;
  HR_TRY(hr_alloc(&points, c->count, err));
  double diameter = c->count > 5000 ? 1.5 : c->count > 1000 ? 1.9 : 2.8;
  for (int s = 0; s < SHADES; s++) {
    size_t count = 0;
    for (size_t i = 0; i < c->count; i++) {
      if (c->shade[i] != s) continue;
      points[count++] = (hr_point){hr_chart_x(chart, c->points[i].x),
                                   hr_chart_y(chart, c->points[i].y)};
    }
    hr_color color = hr_color_of_value(0.92 * s / (SHADES - 1.0));
    hr_canvas_dots(chart->canvas, points, count, diameter, color);
  }
cleanup:
  hr_free(points);
  return status;
}

/* How many stars lie beyond the axes; said rather than hidden. */
static size_t count_beyond(const cloud *c, hr_span span) {
  size_t count = 0;
  for (size_t i = 0; i < c->count; i++) {
    count += c->points[i].y < span.low || c->points[i].y > span.high;
  }
  return count;
}

/* Names of the axes and the entries above the plot. */
typedef struct words {
  hr_text x, y, score, beyond;
} words;

static void free_words(words *w) {
  hr_text_fini(&w->x);
  hr_text_fini(&w->y);
  hr_text_fini(&w->score);
  hr_text_fini(&w->beyond);
}

/* The headline's R2 as results.json has it. */
static double headline_r2(hr_reader *reader, const char *method) {
  hr_node root = hr_reader_root(reader);
  hr_node overall = hr_node_list(reader, &root, "overall");
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    hr_node entry = hr_node_item(reader, &overall, m);
    if (strcmp(hr_node_text(reader, &entry, "rows"), "covered") == 0 &&
        strcmp(hr_node_text(reader, &entry, "method"), method) == 0) {
      return hr_node_number(reader, &entry, "r2_pooled");
    }
  }
  return (double)NAN;
}

static hr_status find_words(words *w, hr_reader *reader, const char *method,
                            const cloud *c, hr_span span, hr_error *err) {
  hr_status status = HR_OK;
  char number[HR_TICK_BYTES];
  hr_node root = hr_reader_root(reader);
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  const char *target = hr_node_text(reader, &experiment, "target");
  const char *shown = strcmp(target, "log_g") == 0 ? "log g" : target;
  double r2 = headline_r2(reader, method);
  size_t beyond = count_beyond(c, span);
  bool has_unit = hr_node_has(&experiment, "unit");
  const char *unit = has_unit ? hr_node_text(reader, &experiment, "unit") : "";
  bool is_shown = unit[0] && strcmp(target, "log_g") != 0; /* log g is a plain number */
  const char *open = is_shown ? " (" : "", *close = is_shown ? ")" : "";
  hr_text_append(&w->x, hr_say(reader, "true %s%s%s%s", "真实的 %s%s%s%s"), shown, open,
                 is_shown ? unit : "", close);
  hr_text_append(&w->y, hr_say(reader, "predicted %s%s%s%s", "预测的 %s%s%s%s"), shown,
                 open, is_shown ? unit : "", close);
  hr_text_append(&w->score,
                 hr_say(reader, "%zu covered test stars, R² = %s",
                        "%zu 颗已覆盖的测试恒星，R² = %s"),
                 c->count,
                 isnan(r2) ? hr_say(reader, "undefined", "无定义")
                           : hr_ticks_number(r2, 4, 0, number));
  if (beyond > 0) {
    hr_text_append(&w->score,
                   hr_say(reader, ", %zu beyond the axes", "，%zu 颗在坐标轴之外"),
                   beyond);
  }
  HR_TRY(hr_text_status(&w->x, err));
  HR_TRY(hr_text_status(&w->y, err));
  HR_TRY(hr_text_status(&w->score, err));
cleanup:
  return status;
}

static hr_status draw(hr_sketch *sketch, const cloud *c, const words *w, hr_span span,
                      hr_error *err) {
  hr_status status = HR_OK;
  static const double dashes[] = {5.0, 2.5};
  const hr_stroke ideal = {hr_color_vermillion, 1.2, dashes, 2};
  const hr_legend_entry legend[] = {
      {.text = w->score.bytes, .mark = HR_MARK_DOT, .color = hr_color_of_value(0.0)},
      {.text = hr_say(sketch->reader, "prediction = truth", "预测 = 真值"),
       .mark = HR_MARK_LINE,
       .stroke = ideal}};
  hr_chart_frame frame = {.title = hr_say(sketch->reader,
                                          "The Oracle-Hybrid's predictions against the "
                                          "truth",
                                          "混合专家（完美路由）的预测值与真值"),
                          .x = {.label = w->x.bytes, .span = span},
                          .y = {.label = w->y.bytes, .span = span},
                          .is_square = true,
                          .legend = legend,
                          .legend_count = 2};
  hr_chart chart;
  hr_chart_begin(&chart, sketch->canvas, &frame);
  hr_chart_grid(&chart);
  hr_canvas_clip(sketch->canvas, chart.plot);
  HR_TRY(draw_dots(&chart, c, err));
  const hr_point from = {hr_chart_x(&chart, span.low), hr_chart_y(&chart, span.low)};
  const hr_point to = {hr_chart_x(&chart, span.high), hr_chart_y(&chart, span.high)};
  hr_canvas_line(sketch->canvas, from, to, ideal);
cleanup:
  hr_canvas_unclip(sketch->canvas);
  hr_chart_end(&chart);
  return status;
}

hr_status hr_figure_scatter(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  const char *method = hr_node_text(reader, &selection, "headline");
  cloud c = {0};
  words w = {0};
  HR_TRY(gather(&c, sketch->rows, hr_rows_find(sketch->rows, method), err));
  hr_span span = choose_span(&c);
  HR_TRY(shade(&c, span, err));
  write_csv(&c, sketch->csv);
  HR_TRY(find_words(&w, reader, method, &c, span, err));
  HR_TRY(draw(sketch, &c, &w, span, err));
cleanup:
  free_words(&w);
  free_cloud(&c);
  return status;
}
