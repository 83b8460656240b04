/* Figure 3: the ladder, a bar a rung, the lowest at the bottom. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/figure_parts.h"
#include "report/ladder.h"
#include "report/tables.h"
#include "report/words.h"

enum { MOST_LINES = 16, MOST_ROWS = HR_RUNGS + HR_LADDER_ELSEWHERE + MOST_LINES };

/* A row of the figure: a rung, a model from elsewhere, or a value from outside. */
typedef struct row {
  const char *method;
  const char *rung; /* its name, "elsewhere" or "whole"; NULL: from outside */
  hr_estimate r2;
  const char *step; /* what makes it, a key of hr_words_step; NULL: it is the first */
  hr_estimate delta;
  double below; /* R² of the rung below; NaN: there is none */
  bool is_same; /* the same method stands below */
  hr_color color;
} row;

typedef struct ladder_rows {
  row items[MOST_ROWS]; /* from bottom to top, then what is from outside */
  size_t rung_count, count;
  bool chinese;
} ladder_rows;

static const hr_estimate nothing = {(double)NAN, (double)NAN, (double)NAN};

/* The entry of a method on covered rows. */
static hr_estimate pooled_r2(hr_reader *reader, const char *method) {
  hr_node root = hr_reader_root(reader);
  hr_node overall = hr_node_list(reader, &root, "overall");
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    hr_node entry = hr_node_item(reader, &overall, m);
    if (strcmp(hr_node_text(reader, &entry, "rows"), "covered") != 0) continue;
    if (strcmp(hr_node_text(reader, &entry, "method"), method) != 0) continue;
    return hr_node_estimate(reader, &entry, "r2_pooled", "r2_pooled_ci");
  }
  return nothing;
}

static void add_rung(hr_reader *reader, const hr_ladder_rows *ladder, size_t i,
                     ladder_rows *out) {
  const hr_ladder_rung *rung = &ladder->rungs[i];
  bool is_ceiling = rung->rung == HR_RUNG_CEILING;
  row own = {
      .method = rung->method,
      .rung = hr_rung_name(rung->rung),
      .r2 = rung->r2,
      .delta = nothing,
      .below = (double)NAN,
      .color = is_ceiling ? hr_color_black : hr_figure_color_of(reader, rung->method)};
  const hr_ladder_rung *below = i > 0 ? &ladder->rungs[i - 1] : NULL;
  const hr_ladder_step *step =
      below ? hr_ladder_between(ladder, below->rung, rung->rung) : NULL;
  if (step) {
    own.step = hr_ladder_step_key(reader, ladder, step);
    own.delta = step->delta;
    own.below = below->r2.value;
    own.is_same = strcmp(below->method, rung->method) == 0;
  }
  out->items[out->count++] = own;
}

/* Of results without a ladder: the baseline's model of all rows and the hybrid. */
static void read_old(hr_reader *reader, ladder_rows *out) {
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  const char *baseline = hr_node_text(reader, &selection, "baseline");
  const char *global = hr_listed_find(reader, HR_LISTED_GLOBAL, baseline, false);
  const char *names[] = {global, hr_node_text(reader, &selection, "headline")};
  static const char *const rungs[] = {"baseline", "oracle"};
  for (size_t i = 0; i < 2; i++) {
    if (!names[i]) continue;
    out->items[out->count++] = (row){.method = names[i],
                                     .rung = rungs[i],
                                     .r2 = pooled_r2(reader, names[i]),
                                     .delta = nothing,
                                     .below = (double)NAN,
                                     .color = hr_figure_color_of(reader, names[i])};
  }
}

static void add_elsewhere(hr_reader *reader, const hr_ladder_rows *ladder,
                          ladder_rows *out) {
  hr_ladder_rung lines[HR_LADDER_ELSEWHERE];
  size_t count = hr_ladder_list_elsewhere(reader, ladder, lines);
  for (size_t i = 0; i < count; i++) {
    out->items[out->count++] =
        (row){.method = lines[i].method,
              .rung = lines[i].beside,
              .r2 = lines[i].r2,
              .delta = nothing,
              .below = (double)NAN,
              .color = hr_figure_color_of(reader, lines[i].method)};
  }
}

static void read_references(hr_reader *reader, ladder_rows *out) {
  hr_node root = hr_reader_root(reader);
  hr_node baselines = hr_node_list(reader, &root, "baselines");
  for (size_t b = 0; b < hr_node_count(&baselines) && b < MOST_LINES; b++) {
    hr_node line = hr_node_item(reader, &baselines, b);
    double none = (double)NAN;
    out->items[out->count++] =
        (row){.method = hr_node_text(reader, &line, "name"),
              .r2 = {hr_node_number(reader, &line, "r2"), none, none},
              .delta = nothing,
              .below = none,
              .color = hr_color_gray};
  }
}

static ladder_rows read_rows(hr_reader *reader) {
  ladder_rows rows = {.chinese = hr_tables_in_chinese(reader)};
  if (hr_ladder_is_known(reader)) {
    hr_ladder_rows ladder = hr_ladder_read(reader);
    for (size_t i = 0; i < ladder.rung_count; i++) add_rung(reader, &ladder, i, &rows);
    rows.rung_count = rows.count;
    add_elsewhere(reader, &ladder, &rows);
  } else {
    read_old(reader, &rows);
    rows.rung_count = rows.count;
  }
  read_references(reader, &rows);
  return rows;
}

bool hr_figure_ladder_is_empty(hr_reader *reader) {
  ladder_rows rows = read_rows(reader);
  for (size_t i = 0; i < rows.count; i++) {
    if (rows.items[i].rung && !isnan(rows.items[i].r2.value)) return false;
  }
  return true;
}

double hr_figure_ladder_height(hr_reader *reader) {
  const double each = 42.0, around = 70.0;
  return fmax(HR_CANVAS_HEIGHT, around + each * (double)read_rows(reader).count);
}

static void write_estimate(hr_estimate estimate, hr_text *out) {
  hr_csv_number(estimate.value, out);
  hr_csv_number(estimate.low, out);
  hr_csv_number(estimate.high, out);
}

static void write_csv(const ladder_rows *rows, hr_text *out) {
  hr_text_append(out,
                 "method,source,r2,r2_low,r2_high,rung,step,delta_r2,delta_r2_low,"
                 "delta_r2_high\n");
  for (size_t i = 0; i < rows->count; i++) {
    const row *own = &rows->items[i];
    hr_csv_text(own->method, out);
    hr_text_append(out, own->rung ? ",measured" : ",outside");
    write_estimate(own->r2, out);
    hr_text_append(out, ",%s,%s", own->rung ? own->rung : "", own->step ? own->step : "");
    write_estimate(own->delta, out);
    hr_text_append(out, "\n");
  }
}

/* The number of the row that slot `slot` from the top shows. */
static size_t row_of(const ladder_rows *rows, size_t slot) {
  return slot < rows->rung_count ? rows->rung_count - 1 - slot : slot;
}

/* "best single model\nGlobal Posterior mean", from top to bottom. */
static hr_status list_labels(hr_reader *reader, const ladder_rows *rows,
                             hr_strings *labels, hr_error *err) {
  hr_status status = HR_OK;
  hr_text label;
  hr_text_init(&label);
  for (size_t slot = 0; slot < rows->count; slot++) {
    const row *own = &rows->items[row_of(rows, slot)];
    const char *ceiling = hr_words_ceiling(own->method, rows->chinese);
    hr_text_fini(&label);
    if (!own->rung) {
      hr_text_append(&label, "%s\n%s", rows->chinese ? "来自外部" : "from outside",
                     own->method);
    } else {
      hr_text_append(&label, "%s\n", hr_words_rung(own->rung, rows->chinese));
      if (ceiling) hr_text_append(&label, "%s", ceiling);
      if (!ceiling) hr_append_method_title(reader, own->method, &label);
    }
    HR_TRY(hr_text_status(&label, err));
    HR_TRY(hr_strings_append(labels, label.bytes, err));
  }
cleanup:
  hr_text_fini(&label);
  return status;
}

/* Zero is always shown; so is everything above the floor. */
static hr_span span_of(const ladder_rows *rows) {
  hr_span span = {0.0, 0.2};
  for (size_t i = 0; i < rows->count; i++) {
    const hr_estimate *r2 = &rows->items[i].r2;
    if (isnan(r2->value)) continue;
    hr_span_include(&span, fmin(fmax(r2->value, hr_figure_floor), 1.0));
    if (!isnan(r2->low)) hr_span_include(&span, fmax(r2->low, hr_figure_floor));
    if (!isnan(r2->high)) hr_span_include(&span, fmax(r2->high, hr_figure_floor));
  }
  double room = 0.04 * (span.high - span.low);
  return (hr_span){span.low < 0 ? span.low - room : 0.0, span.high + room};
}

/* Where things of a slot are, pt; high slots do not make thick bars. */
typedef struct places {
  double top, middle, bottom; /* of the bar */
  double words;               /* above it */
} places;

static places places_of(const hr_chart *chart, double slot) {
  double height = hr_chart_y(chart, slot + 0.5) - hr_chart_y(chart, slot - 0.5);
  double half = fmin(0.21 * height, 12.0);
  double middle = hr_chart_y(chart, slot) + fmin(0.13 * height, 6.0);
  return (places){middle - half, middle, middle + half, middle - half - 8.0};
}

static double x_of(const hr_chart *chart, double value) {
  return hr_chart_x(chart, fmin(fmax(value, chart->x.low), chart->x.high));
}

static hr_rectangle box_of(const hr_chart *chart, double slot, double from, double to) {
  places at = places_of(chart, slot);
  return (hr_rectangle){x_of(chart, fmin(from, to)), at.top, x_of(chart, fmax(from, to)),
                        at.bottom};
}

/* A bar or interval that goes on beyond the axis has an arrow at its end; its number is
 * whole. */
static void draw_cut(const hr_chart *chart, double slot, double least) {
  if (least >= chart->x.low) return;
  const double margin[] = {1.2, 0.0};
  const hr_color colors[] = {hr_color_white, hr_color_black};
  double tip = chart->plot.left + 1.5, y = places_of(chart, slot).middle;
  for (size_t i = 0; i < 2; i++) {
    double more = margin[i];
    const hr_point arrow[] = {{tip + 4.5 + more, y - 2.6 - more},
                              {tip + 4.5 + more, y + 2.6 + more},
                              {tip - more, y}};
    hr_canvas_polygon(chart->canvas, arrow, 3, colors[i]);
  }
}

/* What was reached before is pale, the step in full colour; a step down is a frame. */
static void draw_bar(const hr_chart *chart, double slot, const row *own) {
  static const double dashes[] = {3.0, 2.0};
  double value = own->r2.value, below = own->below;
  hr_rectangle whole = box_of(chart, slot, 0.0, value);
  if (!own->rung) {
    hr_canvas_frame(chart->canvas, whole, (hr_stroke){own->color, 0.9, dashes, 2});
    return;
  }
  hr_color pale = hr_color_lighten(own->color, 0.65);
  hr_canvas_fill(chart->canvas, whole, isnan(below) ? own->color : pale);
  if (isnan(below)) return;
  hr_rectangle step = box_of(chart, slot, below, value);
  if (value >= below) {
    hr_canvas_fill(chart->canvas, step, own->color);
  } else {
    hr_canvas_frame(chart->canvas, step, (hr_stroke){hr_color_vermillion, 1.0, NULL, 0});
  }
}

static void draw_whisker(const hr_chart *chart, double y, hr_estimate r2,
                         hr_stroke stroke) {
  const double ends[] = {r2.low, r2.high}, cap = 2.5;
  hr_canvas_line(chart->canvas, (hr_point){x_of(chart, r2.low), y},
                 (hr_point){x_of(chart, r2.high), y}, stroke);
  for (size_t i = 0; i < 2; i++) {
    double x = x_of(chart, ends[i]);
    if (ends[i] < chart->x.low || ends[i] > chart->x.high) continue;
    hr_canvas_line(chart->canvas, (hr_point){x, y - cap}, (hr_point){x, y + cap}, stroke);
  }
}

/* An interval as a line with caps along the bar, edged in white to stand on black. */
static void draw_interval(const hr_chart *chart, double slot, hr_estimate r2) {
  if (isnan(r2.low) || isnan(r2.high)) return;
  double y = places_of(chart, slot).middle;
  draw_whisker(chart, y, r2, (hr_stroke){hr_color_white, 2.2, NULL, 0});
  draw_whisker(chart, y, r2, (hr_stroke){hr_color_black, 0.8, NULL, 0});
}

/* "0.7661 [0.7459, 0.7831]", as tables have it. */
static void format(hr_cell_kind kind, hr_estimate value, char text[HR_CELL_BYTES]) {
  const hr_cell cell = {.value = value.value, .low = value.low, .high = value.high};
  hr_format_cell(kind, &cell, text);
}

static const double value_gap = 6.0;

/* What the values at the right of the plot take. */
static double widest_value(hr_canvas *canvas, const ladder_rows *rows) {
  double widest = 0.0;
  char number[HR_CELL_BYTES];
  hr_font font = {hr_chart_font_size, false, hr_color_black, HR_ALIGN_LEFT, false, true};
  for (size_t i = 0; i < rows->count; i++) {
    format(HR_CELL_SCORE_RANGE, rows->items[i].r2, number);
    widest = fmax(widest, hr_canvas_text_width(canvas, number, font));
  }
  return widest + value_gap;
}

static void draw_words(const hr_chart *chart, double slot, const row *own, bool chinese) {
  char number[HR_CELL_BYTES], text[2 * HR_CELL_BYTES];
  hr_font font = {hr_chart_font_size, false, hr_color_black, HR_ALIGN_LEFT, false, true};
  format(HR_CELL_SCORE_RANGE, own->r2, number);
  places at = places_of(chart, slot);
  hr_point value = {chart->plot.right + value_gap, at.middle};
  if (isnan(own->r2.value)) {
    snprintf(number, sizeof number, "%s", chinese ? "无定义" : "undefined");
  }
  hr_canvas_text(chart->canvas, value, number, font);
  if (!own->step) return;
  const char *words = hr_words_step(own->step, chinese);
  if (!words) words = own->step;
  if (own->is_same) {
    snprintf(text, sizeof text, "%s", words);
  } else {
    format(HR_CELL_DIFFERENCE_RANGE, own->delta, number);
    snprintf(text, sizeof text, chinese ? "%s：%s" : "%s: %s", words, number);
  }
  hr_point above = {chart->plot.left + 4, at.words};
  hr_canvas_text(chart->canvas, above, text, font);
}

/* No frame: words run over its right side. */
static void draw_axes(const hr_chart *chart) {
  const hr_stroke stroke = {hr_color_black, 0.8, NULL, 0};
  const hr_rectangle *plot = &chart->plot;
  double zero = x_of(chart, 0.0);
  hr_canvas_line(chart->canvas, (hr_point){plot->left, plot->bottom},
                 (hr_point){plot->right, plot->bottom}, stroke);
  hr_canvas_line(chart->canvas, (hr_point){zero, plot->top},
                 (hr_point){zero, plot->bottom}, stroke);
}

static void draw_rows(const hr_chart *chart, const ladder_rows *rows) {
  for (size_t slot = 0; slot < rows->count; slot++) {
    const row *own = &rows->items[row_of(rows, slot)];
    if (!isnan(own->r2.value)) {
      draw_bar(chart, (double)slot, own);
      draw_interval(chart, (double)slot, own->r2);
      draw_cut(chart, (double)slot, fmin(own->r2.value, own->r2.low));
    }
    draw_words(chart, (double)slot, own, rows->chinese);
  }
}

hr_status hr_figure_ladder(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings labels = {0};
  hr_chart chart;
  ladder_rows rows = read_rows(sketch->reader);
  HR_TRY(list_labels(sketch->reader, &rows, &labels, err));
  write_csv(&rows, sketch->csv);
  const char *const texts[][2] = {
      {"The ladder: what of the gain comes from what",
       "pooled R\xc2\xb2, covered test rows [95 % interval]"},
      {"阶梯：增益从何而来", "合并 R\xc2\xb2，已覆盖的测试行 [95 % 区间]"}};
  hr_chart_frame frame = {.title = texts[rows.chinese][0],
                          .x = {.label = texts[rows.chinese][1], .span = span_of(&rows)},
                          .y = {.categories = (const char *const *)labels.items,
                                .category_count = rows.count},
                          .right_margin = widest_value(sketch->canvas, &rows)};
  hr_chart_begin(&chart, sketch->canvas, &frame);
  draw_axes(&chart);
  draw_rows(&chart, &rows);
cleanup:
  hr_strings_fini(&labels);
  return status;
}
