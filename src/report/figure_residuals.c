/* Residuals of the headline's predictions against the labels of the bins and the
 * signal-to-noise ratio: their median and the band between the 16 % and 84 % quantiles,
 * in groups of as many stars. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/quantile.h"
#include "report/figure_parts.h"
#include "report/tables.h"
#include "report/words.h"

enum { PANELS_MOST = 5, GROUPS_MOST = 10, LEAST_ROWS = 12, NAMES = 3 };

/* Of a panel, and of the title above the first, pt. */
static const double panel_height = 165.0, header_height = 24.0;

/* Stars next to each other along a label. */
typedef struct group {
  double low, high, middle; /* of the label; `middle` is its median */
  size_t rows;
  double residual[NAMES]; /* 16 %, median, 84 % */
} group;

typedef struct panel {
  const char *label, *unit; /* "" without one */
  const double *values;     /* [rows] of the label */
  group groups[GROUPS_MOST];
  size_t count;
} panel;

typedef struct plot {
  const char *method, *target, *unit;
  panel panels[PANELS_MOST];
  size_t count;
  hr_span span; /* of all panels' residuals */
  hr_color color;
} plot;

/* A star's label and residual. */
typedef struct pair {
  double x, residual;
} pair;

static const char *shown_label(const char *label) {
  static const char *const names[][2] = {
      {"log_g", "log g"}, {"M_H", "[M/H]"}, {"T_eff", "T_eff"}, {"snr", "SNR"}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i][0], label) == 0) return names[i][1];
  }
  return label;
}

/* The unit of an axis of the bins. */
static const char *unit_of(hr_reader *reader, const char *label) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "binning")) return "";
  hr_node binning = hr_node_object(reader, &root, "binning");
  hr_node axes = hr_node_list(reader, &binning, "axes");
  for (size_t a = 0; a < hr_node_count(&axes); a++) {
    hr_node axis = hr_node_item(reader, &axes, a);
    if (strcmp(hr_node_text(reader, &axis, "label"), label) == 0) {
      return hr_node_text(reader, &axis, "unit");
    }
  }
  return "";
}

/* The labels that predictions.csv repeats, then SNR where it is not one of them. */
static void list_panels(hr_reader *reader, const hr_rows *rows, plot *p) {
  bool has_snr = false;
  for (size_t c = 0; c < rows->column_count && p->count < PANELS_MOST - 1; c++) {
    const hr_row_column *column = &rows->columns[c];
    if (strcmp(column->kind, hr_column_kind_name(HR_COLUMN_LABEL)) != 0) continue;
    has_snr = has_snr || strcmp(column->of, "snr") == 0;
    p->panels[p->count++] = (panel){.label = column->of,
                                    .unit = unit_of(reader, column->of),
                                    .values = column->values};
  }
  if (has_snr) return;
  p->panels[p->count++] = (panel){.label = "snr", .unit = "", .values = rows->snr};
}

static int compare(const void *a, const void *b) {
  const pair *one = a, *other = b;
  return (one->x > other->x) - (one->x < other->x);
}

static void fill_group(const pair *pairs, size_t count, double *scratch, group *out) {
  static const double shares[NAMES] = {0.16, 0.5, 0.84};
  *out = (group){.low = pairs[0].x, .high = pairs[count - 1].x, .rows = count};
  for (size_t i = 0; i < count; i++) scratch[i] = pairs[i].x;
  out->middle = hr_quantile(scratch, count, 0.5);
  for (size_t i = 0; i < count; i++) scratch[i] = pairs[i].residual;
  hr_sort_numbers(scratch, count);
  for (size_t s = 0; s < NAMES; s++) {
    out->residual[s] = hr_quantile(scratch, count, shares[s]);
  }
}

/* Covered rows that have the label and a prediction, sorted by the label: as many a group
 * as go, stars with the same label (a lattice's) together. */
static void fill_panel(const hr_rows *rows, const double *prediction, pair *pairs,
                       double *scratch, panel *out) {
  size_t count = 0;
  for (size_t i = 0; i < rows->count; i++) {
    if (rows->bin[i] < 0 || isnan(prediction[i]) || !isfinite(out->values[i])) continue;
    pairs[count++] = (pair){out->values[i], prediction[i] - rows->target[i]};
  }
  qsort(pairs, count, sizeof *pairs, compare);
  size_t groups = count / LEAST_ROWS < GROUPS_MOST ? count / LEAST_ROWS : GROUPS_MOST;
  for (size_t g = 0, first = 0; g < groups && first < count; g++) {
    size_t end = (g + 1) * count / groups;
    if (end <= first) continue;
    while (end < count && !(pairs[end].x > pairs[end - 1].x)) end++;
    fill_group(pairs + first, end - first, scratch, &out->groups[out->count++]);
    first = end;
  }
}

static hr_status read_plot(const hr_sketch *sketch, plot *p, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  hr_node experiment = hr_node_object(reader, &root, "experiment");
  pair *pairs = NULL;
  double *scratch = NULL;
  *p = (plot){.method = hr_node_text(reader, &selection, "headline"),
              .target = hr_node_text(reader, &experiment, "target"),
              .unit = "",
              .span = hr_span_empty()};
  if (hr_node_has(&experiment, "unit")) {
    p->unit = hr_node_text(reader, &experiment, "unit");
  }
  p->color = hr_figure_color_of(reader, p->method);
  const double *prediction = hr_rows_find(sketch->rows, p->method);
  HR_TRY(hr_alloc(&pairs, sketch->rows->count + 1, err));
  HR_TRY(hr_alloc(&scratch, sketch->rows->count + 1, err));
  list_panels(reader, sketch->rows, p);
  for (size_t i = 0; prediction && i < p->count; i++) {
    panel *own = &p->panels[i];
    fill_panel(sketch->rows, prediction, pairs, scratch, own);
    for (size_t g = 0; g < own->count; g++) {
      hr_span_include(&p->span, own->groups[g].residual[0]);
      hr_span_include(&p->span, own->groups[g].residual[NAMES - 1]);
    }
  }
  hr_span_include(&p->span, 0.0);
  HR_TRY(hr_reader_status(reader, err));
cleanup:
  hr_free(scratch);
  hr_free(pairs);
  return status;
}

static void write_csv(const plot *p, hr_text *out) {
  hr_text_append(out, "label,group,low,high,middle,n,residual_16,median,residual_84\n");
  for (size_t i = 0; i < p->count; i++) {
    for (size_t g = 0; g < p->panels[i].count; g++) {
      const group *own = &p->panels[i].groups[g];
      hr_csv_text(p->panels[i].label, out);
      hr_text_append(out, ",%zu", g + 1);
      hr_csv_number(own->low, out);
      hr_csv_number(own->high, out);
      hr_csv_number(own->middle, out);
      hr_text_append(out, ",%zu", own->rows);
      for (size_t s = 0; s < NAMES; s++) hr_csv_number(own->residual[s], out);
      hr_text_append(out, "\n");
    }
  }
}

static hr_font small_font(hr_align align) {
  return (hr_font){hr_chart_font_size, false, hr_color_black, align, false, true};
}

/* The band over every group's range, a step a group. */
static void draw_band(const hr_chart *chart, const panel *own, hr_color color) {
  hr_point outline[4 * GROUPS_MOST];
  size_t count = own->count;
  for (size_t g = 0; g < count; g++) {
    const group *at = &own->groups[g];
    double left = g > 0 ? 0.5 * (own->groups[g - 1].high + at->low) : at->low;
    double right = g + 1 < count ? 0.5 * (at->high + own->groups[g + 1].low) : at->high;
    for (size_t side = 0; side < 2; side++) {
      double x = hr_chart_x(chart, side == 0 ? left : right);
      size_t i = 2 * g + side;
      outline[i] = (hr_point){x, hr_chart_y(chart, at->residual[NAMES - 1])};
      outline[4 * count - 1 - i] = (hr_point){x, hr_chart_y(chart, at->residual[0])};
    }
  }
  hr_canvas_polygon(chart->canvas, outline, 4 * count, hr_color_lighten(color, 0.65));
}

/* Whether the counts of all groups stand side by side. */
static bool have_room(const hr_chart *chart, const panel *own) {
  char text[32];
  for (size_t g = 1; g < own->count; g++) {
    snprintf(text, sizeof text, "%zu", own->groups[g].rows);
    double wide = hr_canvas_text_width(chart->canvas, text, small_font(HR_ALIGN_CENTER));
    double from = hr_chart_x(chart, own->groups[g - 1].middle);
    if (hr_chart_x(chart, own->groups[g].middle) - from < wide + 2) return false;
  }
  return true;
}

/* How many stars a group has, at the bottom; every second one where there is no room. */
static void draw_counts(const hr_chart *chart, const panel *own, const char *word) {
  char text[32];
  double y = chart->plot.bottom - 7, free = chart->plot.left;
  size_t every = have_room(chart, own) ? 1 : 2;
  hr_canvas_text(chart->canvas, (hr_point){chart->plot.right + 6, y}, word,
                 small_font(HR_ALIGN_LEFT));
  for (size_t g = 0; g < own->count; g += every) {
    double x = hr_chart_x(chart, own->groups[g].middle);
    snprintf(text, sizeof text, "%zu", own->groups[g].rows);
    double half =
        0.5 * hr_canvas_text_width(chart->canvas, text, small_font(HR_ALIGN_CENTER));
    if (x - half < free + 2 || x + half > chart->plot.right) continue;
    hr_canvas_text(chart->canvas, (hr_point){x, y}, text, small_font(HR_ALIGN_CENTER));
    free = x + half;
  }
}

/* Names at the right, at the height of the last group's lines but apart. */
static void draw_names(const hr_chart *chart, const panel *own,
                       const char *const *names) {
  const group *last = &own->groups[own->count - 1];
  const double apart = hr_chart_font_size + 2;
  double y[NAMES];
  y[1] = hr_chart_y(chart, last->residual[1]);
  y[1] = fmin(fmax(y[1], chart->plot.top + apart), chart->plot.bottom - 3 * apart);
  y[0] = fmax(hr_chart_y(chart, last->residual[0]), y[1] + apart);
  y[2] = fmin(hr_chart_y(chart, last->residual[2]), y[1] - apart);
  y[0] = fmin(y[0], chart->plot.bottom - 2 * apart);
  for (size_t s = 0; s < NAMES; s++) {
    hr_point from = {chart->plot.right, hr_chart_y(chart, last->residual[s])};
    hr_canvas_line(chart->canvas, from, (hr_point){chart->plot.right + 5, y[s]},
                   (hr_stroke){hr_color_gray, 0.6, NULL, 0});
    hr_canvas_text(chart->canvas, (hr_point){chart->plot.right + 7, y[s]}, names[s],
                   small_font(HR_ALIGN_LEFT));
  }
}

static void draw_lines(const hr_chart *chart, const plot *p, const panel *own) {
  hr_point points[GROUPS_MOST];
  static const double dashes[] = {4.0, 2.5};
  draw_band(chart, own, p->color);
  hr_chart_grid(chart);
  hr_canvas_line(chart->canvas, (hr_point){chart->plot.left, hr_chart_y(chart, 0)},
                 (hr_point){chart->plot.right, hr_chart_y(chart, 0)},
                 (hr_stroke){hr_color_black, 0.8, dashes, 2});
  for (size_t g = 0; g < own->count; g++) {
    points[g] = (hr_point){own->groups[g].middle, own->groups[g].residual[1]};
  }
  hr_chart_line(chart, points, own->count, (hr_stroke){p->color, 1.6, NULL, 0}, 4.5);
}

/* "T_eff (K)". */
static void append_label(const char *label, const char *unit, hr_text *out) {
  hr_text_append(out, "%s", shown_label(label));
  if (unit[0]) hr_text_append(out, " (%s)", unit);
}

static hr_status draw_panel(const hr_sketch *sketch, const plot *p, size_t i,
                            const char *title, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  const panel *own = &p->panels[i];
  const char *const names[NAMES] = {"16 %", hr_say(reader, "median", "中位数"), "84 %"};
  hr_text x, y;
  hr_chart chart;
  hr_span span = hr_span_padded(p->span, 0.06);
  hr_text_init(&x);
  hr_text_init(&y);
  span.low -= 0.14 * (span.high - span.low); /* room for the counts */
  append_label(own->label, own->unit, &x);
  hr_text_append(&y, "%s", hr_say(reader, "predicted − true ", "预测 − 真实 "));
  append_label(p->target, p->unit, &y);
  HR_TRY(hr_text_status(&x, err));
  HR_TRY(hr_text_status(&y, err));
  hr_chart_frame frame = {
      .top = i > 0 ? header_height + (double)i * panel_height : 0,
      .bottom = header_height + (double)(i + 1) * panel_height,
      .title = i == 0 ? title : NULL,
      .x = {.label = x.bytes,
            .span = hr_span_padded(
                (hr_span){own->groups[0].low, own->groups[own->count - 1].high}, 0.02)},
      .y = {.label = y.bytes, .span = span},
      .right_margin = 52};
  hr_chart_begin(&chart, sketch->canvas, &frame);
  draw_lines(&chart, p, own);
  draw_counts(&chart, own, hr_say(reader, "stars", "恒星数"));
  draw_names(&chart, own, names);
  hr_chart_end(&chart);
cleanup:
  hr_text_fini(&x);
  hr_text_fini(&y);
  return status;
}

/* Panels that no row has a place in are left out. */
static void drop_empty(plot *p) {
  size_t kept = 0;
  for (size_t i = 0; i < p->count; i++) {
    if (p->panels[i].count > 0) p->panels[kept++] = p->panels[i];
  }
  p->count = kept;
}

/* The panels that results.json promises; rows may leave fewer. */
double hr_figure_residuals_height(hr_reader *reader) {
  size_t count = 1;
  hr_node root = hr_reader_root(reader);
  if (hr_node_has(&root, "binning")) {
    hr_node binning = hr_node_object(reader, &root, "binning");
    hr_node axes = hr_node_list(reader, &binning, "axes");
    for (size_t a = 0; a < hr_node_count(&axes); a++) {
      hr_node axis = hr_node_item(reader, &axes, a);
      count += strcmp(hr_node_text(reader, &axis, "label"), "snr") != 0;
    }
  }
  if (count > PANELS_MOST) count = PANELS_MOST;
  return header_height + panel_height * (double)count + 4.0;
}

/* Too few rows, or a headline that lacks predictions of some of them. */
bool hr_figure_residuals_is_empty(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node ledger = hr_node_object(reader, &root, "ledger");
  hr_node selection = hr_node_object(reader, &root, "selection");
  hr_node overall = hr_node_list(reader, &root, "overall");
  const char *headline = hr_node_text(reader, &selection, "headline");
  if (hr_node_number(reader, &ledger, "covered") < LEAST_ROWS) return true;
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    hr_node entry = hr_node_item(reader, &overall, m);
    if (strcmp(hr_node_text(reader, &entry, "rows"), "covered") == 0 &&
        strcmp(hr_node_text(reader, &entry, "method"), headline) == 0) {
      return hr_node_is_null(&entry, "r2_pooled");
    }
  }
  return true;
}

hr_status hr_figure_residuals(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  plot p;
  hr_text title;
  hr_text_init(&title);
  HR_TRY(read_plot(sketch, &p, err));
  drop_empty(&p);
  write_csv(&p, sketch->csv);
  hr_text_append(&title, "%s", hr_say(sketch->reader, "Residuals of ", ""));
  hr_append_method_title(sketch->reader, p.method, &title);
  hr_text_append(&title, "%s", hr_say(sketch->reader, "", " 的残差"));
  hr_words_close_up(&title, 0);
  HR_TRY(hr_text_status(&title, err));
  for (size_t i = 0; i < p.count; i++) {
    HR_TRY(draw_panel(sketch, &p, i, title.bytes, err));
  }
cleanup:
  hr_text_fini(&title);
  return status;
}
