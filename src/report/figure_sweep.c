/* The figure of a sweep: R² against the value, a line a rung of the ladder. Lines and
 * their intervals stand a little beside one another, as rungs often coincide. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/sweep.h"
#include "report/words.h"

/* A point's place on the axis. */
typedef struct place {
  double x;
  size_t point; /* number of it in the sweep */
} place;

enum { MOST_SERIES = HR_RUNGS + HR_LADDER_ELSEWHERE };

typedef struct series {
  hr_rung rung;       /* HR_RUNGS: a model from elsewhere, */
  const char *method; /* this one */
  hr_stroke stroke;
  double dot, aside; /* pt */
} series;

typedef struct plot {
  const hr_sweep *sweep;
  size_t count;  /* of the points with results */
  place *places; /* [count] from left to right */
  hr_axis_tick *ticks;
  hr_strings values; /* [count] at the ticks */
  bool has_lines;    /* between the points: not where the values are words */
  series series[MOST_SERIES];
  hr_strings titles; /* [series_count] */
  size_t series_count;
} plot;

static series style_of(hr_rung rung) {
  static const double dashes[] = {6.0, 3.0};
  static const hr_color *const colors[HR_RUNGS] = {
      [HR_RUNG_BASELINE] = &hr_color_orange, [HR_RUNG_SINGLE] = &hr_color_green,
      [HR_RUNG_DEPLOYED] = &hr_color_sky,    [HR_RUNG_ORACLE] = &hr_color_blue,
      [HR_RUNG_CEILING] = &hr_color_black,
  };
  bool is_ceiling = rung == HR_RUNG_CEILING;
  return (series){
      .rung = rung,
      .stroke = {*colors[rung], 1.5, is_ceiling ? dashes : NULL, is_ceiling ? 2 : 0},
      .dot = is_ceiling ? 4.0 : 5.0};
}

/* The best single model where it is the baseline's own at every point: one line. */
static bool is_baseline_again(const hr_sweep *sweep, hr_rung rung) {
  if (rung != HR_RUNG_SINGLE) return false;
  for (size_t i = 0; i < sweep->count; i++) {
    const hr_sweep_line *own = hr_sweep_on(&sweep->points[i], rung);
    const hr_sweep_line *below = hr_sweep_on(&sweep->points[i], HR_RUNG_BASELINE);
    if (!own) continue;
    if (!below || strcmp(own->method, below->method) != 0) return false;
  }
  return true;
}

bool hr_figure_sweep_is_empty(const hr_sweep *sweep) {
  for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
    if (hr_sweep_has(sweep, rung)) return false;
  }
  return true;
}

/* --- places --- */

static int compare(const void *a, const void *b) {
  const place *one = a, *other = b;
  if (one->x != other->x) return one->x < other->x ? -1 : 1;
  return one->point < other->point ? -1 : one->point > other->point;
}

/* The values as there is room for them below the axis. */
static hr_status write_ticks(plot *p, hr_error *err) {
  enum { MOST_CHARACTERS = 66, FEWEST = 6 }; /* of all, and of one */
  size_t most = p->count > 0 ? MOST_CHARACTERS / p->count : FEWEST;
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  for (size_t i = 0; i < p->count; i++) {
    hr_text_fini(&text);
    hr_text_append_short(&text, p->sweep->points[p->places[i].point].value,
                         most > FEWEST ? most : FEWEST);
    HR_TRY(hr_text_status(&text, err));
    HR_TRY(hr_strings_append(&p->values, text.bytes, err));
  }
  for (size_t i = 0; i < p->count; i++) {
    p->ticks[i] = (hr_axis_tick){p->places[i].x, p->values.items[i]};
  }
cleanup:
  hr_text_fini(&text);
  return status;
}

/* Numbers stand at their values or the logarithms of these, words side by side. */
static hr_status find_places(plot *p, hr_error *err) {
  const hr_sweep *sweep = p->sweep;
  hr_span span = hr_span_empty();
  bool are_numbers = true;
  for (size_t i = 0; i < sweep->count; i++) {
    double value = 0;
    if (sweep->points[i].line_count == 0) continue;
    are_numbers = are_numbers && hr_parse_number(sweep->points[i].value, &value);
    hr_span_include(&span, value);
    p->places[p->count++] = (place){value, i};
  }
  bool is_log = are_numbers && span.low > 0 && span.high >= 10 * span.low;
  p->has_lines = are_numbers;
  for (size_t i = 0; i < p->count; i++) {
    if (!are_numbers) p->places[i].x = (double)i;
    if (is_log) p->places[i].x = log10(p->places[i].x);
  }
  qsort(p->places, p->count, sizeof *p->places, compare);
  return write_ticks(p, err);
}

/* The line of a series at the point in place i; NULL where it has none. */
static const hr_sweep_line *line_at(const plot *p, const series *own, size_t i) {
  const hr_sweep_point *point = &p->sweep->points[p->places[i].point];
  return own->rung < HR_RUNGS ? hr_sweep_on(point, own->rung)
                              : hr_sweep_of(point, own->method);
}

/* Its R², NaN where it has none. */
static hr_estimate estimate_at(const plot *p, const series *own, size_t i) {
  const double none = (double)NAN;
  const hr_sweep_line *line = line_at(p, own, i);
  return line ? line->r2 : (hr_estimate){none, none, none};
}

static hr_status list_elsewhere(plot *p, hr_error *err) {
  static const hr_color colors[] = {
      {0.55, 0.55, 0.05}, {0.00, 0.33, 0.38}, {0.93, 0.45, 0.45}};
  hr_status status = HR_OK;
  const hr_sweep_line *list[HR_LADDER_ELSEWHERE];
  hr_text title;
  hr_text_init(&title);
  size_t count = hr_sweep_list_elsewhere(p->sweep, list);
  for (size_t i = 0; i < count; i++) {
    hr_color color = colors[i % (sizeof colors / sizeof *colors)];
    p->series[p->series_count++] = (series){.rung = HR_RUNGS,
                                            .method = list[i]->method,
                                            .stroke = {color, 1.5, NULL, 0},
                                            .dot = 5.0};
    hr_text_fini(&title);
    hr_sweep_append_elsewhere(p->sweep, list[i], &title);
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(hr_strings_append(&p->titles, title.bytes, err));
  }
cleanup:
  hr_text_fini(&title);
  return status;
}

static hr_status list_series(plot *p, hr_error *err) {
  const double apart = 3.0; /* pt */
  hr_status status = HR_OK;
  hr_text title;
  hr_text_init(&title);
  for (hr_rung rung = 0; rung < HR_RUNGS; rung++) {
    const char *method = NULL;
    if (!hr_sweep_has(p->sweep, rung) || is_baseline_again(p->sweep, rung)) continue;
    p->series[p->series_count++] = style_of(rung);
    hr_text_fini(&title);
    hr_text_append(&title, "%s", hr_words_rung(hr_rung_name(rung), p->sweep->chinese));
    if (hr_sweep_is_same(p->sweep, rung, &method)) {
      hr_text_append(&title, p->sweep->chinese ? "：%s" : ": %s", method);
    }
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(hr_strings_append(&p->titles, title.bytes, err));
  }
  HR_TRY(list_elsewhere(p, err));
  for (size_t s = 0; s < p->series_count; s++) {
    p->series[s].aside = apart * ((double)s - 0.5 * (double)(p->series_count - 1));
  }
cleanup:
  hr_text_fini(&title);
  return status;
}

static void write_csv(const plot *p, hr_text *out) {
  hr_text_append(out, "rung,value,method,n_train,r2,r2_low,r2_high\n");
  for (size_t s = 0; s < p->series_count; s++) {
    for (size_t i = 0; i < p->count; i++) {
      const hr_sweep_point *point = &p->sweep->points[p->places[i].point];
      const hr_sweep_line *line = line_at(p, &p->series[s], i);
      hr_rung rung = p->series[s].rung;
      if (!line) continue;
      hr_text_append(out, "%s,", rung < HR_RUNGS ? hr_rung_name(rung) : "elsewhere");
      hr_csv_text(point->value, out);
      hr_text_append(out, ",");
      hr_csv_text(line->method, out);
      hr_csv_number(point->train_rows, out);
      hr_csv_number(line->r2.value, out);
      hr_csv_number(line->r2.low, out);
      hr_csv_number(line->r2.high, out);
      hr_text_append(out, "\n");
    }
  }
}

/* --- drawing --- */

static void find_spans(const plot *p, hr_chart_frame *frame) {
  hr_span x = hr_span_empty(), y = hr_span_empty();
  for (size_t i = 0; i < p->count; i++) {
    hr_span_include(&x, p->places[i].x);
    for (size_t s = 0; s < p->series_count; s++) {
      hr_estimate r2 = estimate_at(p, &p->series[s], i);
      if (isnan(r2.value)) continue;
      hr_span_include(&y, fmax(r2.value, hr_figure_floor));
      if (!isnan(r2.low)) hr_span_include(&y, fmax(r2.low, hr_figure_floor));
      if (!isnan(r2.high)) hr_span_include(&y, fmax(r2.high, hr_figure_floor));
    }
  }
  frame->x.span = hr_span_padded(x, 0.08);
  frame->y.span = hr_span_padded(y, 0.06);
}

/* The smallest distance of two places, of many the same none. */
static double smallest_distance(const plot *p) {
  double smallest = INFINITY;
  for (size_t i = 1; i < p->count; i++) {
    double distance = p->places[i].x - p->places[i - 1].x;
    if (distance > 0) smallest = fmin(smallest, distance);
  }
  return smallest;
}

/* How far a series stands aside, in the unit of x: all of them together take a quarter of
 * the distance of two places at most, so that no point is taken for its neighbour. */
static double shift_of(const hr_chart *chart, const plot *p, const series *own) {
  double point = (chart->x.high - chart->x.low) / (chart->plot.right - chart->plot.left);
  double widest =
      -2 * p->series[0].aside * point; /* the first stands the farthest left */
  double room = 0.25 * smallest_distance(p);
  return own->aside * point * (widest > room ? room / widest : 1.0);
}

static void draw_interval(const hr_chart *chart, double x, hr_estimate r2,
                          hr_color color) {
  const hr_stroke stroke = {color, 0.9, NULL, 0};
  const double cap = 1.8, ends[] = {r2.low, r2.high};
  double at = hr_chart_x(chart, x);
  if (fmin(r2.value, r2.low) < chart->y.low) {
    hr_chart_arrow(chart, HR_EDGE_BOTTOM, at, color);
  }
  if (isnan(r2.low) || isnan(r2.high)) return;
  hr_canvas_line(chart->canvas, (hr_point){at, hr_chart_y(chart, r2.low)},
                 (hr_point){at, hr_chart_y(chart, r2.high)}, stroke);
  for (size_t i = 0; i < 2; i++) {
    double y = hr_chart_y(chart, ends[i]);
    hr_canvas_line(chart->canvas, (hr_point){at - cap, y}, (hr_point){at + cap, y},
                   stroke);
  }
}

static hr_status draw_series(const hr_chart *chart, const plot *p, const series *own,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_point *points = NULL;
  double shift = shift_of(chart, p, own);
  HR_TRY(hr_alloc(&points, p->count, err));
  for (size_t i = 0; i < p->count; i++) {
    hr_estimate r2 = estimate_at(p, own, i);
    points[i] = (hr_point){p->places[i].x + shift, r2.value};
    if (!isnan(r2.value)) draw_interval(chart, points[i].x, r2, own->stroke.color);
  }
  size_t together = p->has_lines ? p->count : 1;
  for (size_t i = 0; i < p->count; i += together) {
    hr_chart_line(chart, points + i, together, own->stroke, own->dot);
  }
cleanup:
  hr_free(points);
  return status;
}

static hr_status draw(const plot *p, hr_canvas *canvas, hr_error *err) {
  hr_status status = HR_OK;
  bool chinese = p->sweep->chinese;
  hr_legend_entry legend[MOST_SERIES];
  hr_chart chart;
  hr_text title;
  hr_text_init(&title);
  for (size_t s = 0; s < p->series_count; s++) {
    legend[s] = (hr_legend_entry){.text = p->titles.items[s],
                                  .mark = p->has_lines ? HR_MARK_LINE_DOT : HR_MARK_DOT,
                                  .color = p->series[s].stroke.color,
                                  .stroke = p->series[s].stroke};
  }
  hr_text_append(&title, chinese ? "%s 的 R² 随 %s 的变化" : "R² of %s against %s",
                 p->sweep->target ? p->sweep->target : "", p->sweep->key);
  HR_TRY(hr_text_status(&title, err));
  hr_chart_frame frame = {
      .title = title.bytes,
      .x = {.label = p->sweep->key, .ticks = p->ticks, .tick_count = p->count},
      .y = {.label = chinese ? "合并 R²，已覆盖的测试行 [95 % 区间]"
                             : "pooled R², covered test rows [95 % interval]"},
      .legend = legend,
      .legend_count = p->series_count};
  find_spans(p, &frame);
  hr_chart_begin(&chart, canvas, &frame);
  hr_canvas_clip(canvas, chart.plot);
  hr_chart_grid(&chart);
  for (size_t s = 0; s < p->series_count; s++) {
    HR_TRY(draw_series(&chart, p, &p->series[s], err));
  }
  hr_canvas_unclip(canvas);
  hr_chart_end(&chart);
cleanup:
  hr_text_fini(&title);
  return status;
}

hr_status hr_figure_sweep(const hr_sweep *sweep, hr_canvas *canvas, hr_text *csv,
                          hr_error *err) {
  hr_status status = HR_OK;
  plot p = {.sweep = sweep};
  HR_TRY(hr_alloc(&p.places, sweep->count, err));
  HR_TRY(hr_alloc(&p.ticks, sweep->count, err));
  HR_TRY(find_places(&p, err));
  HR_TRY(list_series(&p, err));
  write_csv(&p, csv);
  HR_TRY(draw(&p, canvas, err));
cleanup:
  hr_free(p.places);
  hr_free(p.ticks);
  hr_strings_fini(&p.titles);
  hr_strings_fini(&p.values);
  return status;
}
