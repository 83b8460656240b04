/* Rungs from the highest down, in each the runs from A down; at the right what each run
 * is over A. */
#include "compare/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "report/drawing.h"
#include "report/figure_parts.h"
#include "report/table.h"
#include "report/tables.h"
#include "report/words.h"

/* The rung in slot `slot` from the top. */
static const hr_compared_line *rung_of(const hr_comparison *c, size_t slot) {
  return &c->rungs.items[c->rungs.count - 1 - slot];
}

static hr_reader *reader_of(const hr_comparison *c) {
  return &c->results[0]->reader;
}

bool hr_comparison_has_figure(const hr_comparison *comparison) {
  return comparison->rungs.count > 0;
}

static void write_csv(const hr_comparison *c, hr_text *out) {
  hr_text_append(out,
                 "rung,run,method,r2,r2_low,r2_high,delta_r2,delta_r2_low,"
                 "delta_r2_high\n");
  for (size_t i = 0; i < c->rungs.count; i++) {
    for (size_t k = 0; k < c->runs; k++) {
      const hr_compared *own = &c->rungs.items[i].of[k];
      if (!own->method) continue;
      hr_text_append(out, "%s,%c,", c->rungs.items[i].name, (char)('A' + k));
      hr_csv_text(own->method, out);
      hr_csv_number(own->r2.value, out);
      hr_csv_number(own->r2.low, out);
      hr_csv_number(own->r2.high, out);
      hr_csv_number(own->delta.value, out);
      hr_csv_number(own->delta.low, out);
      hr_csv_number(own->delta.high, out);
      hr_text_append(out, "\n");
    }
  }
}

static hr_span span_of(const hr_comparison *c) {
  hr_span span = hr_span_empty();
  for (size_t i = 0; i < c->rungs.count; i++) {
    for (size_t k = 0; k < c->runs; k++) {
      const hr_estimate *r2 = &c->rungs.items[i].of[k].r2;
      if (isnan(r2->value)) continue;
      hr_span_include(&span, fmax(r2->value, hr_figure_floor));
      if (!isnan(r2->low)) hr_span_include(&span, fmax(r2->low, hr_figure_floor));
      if (!isnan(r2->high)) hr_span_include(&span, fmax(r2->high, hr_figure_floor));
    }
  }
  return hr_span_padded(span, 0.05);
}

/* The title of what stands there where all runs have the same, below the rung's name. */
static hr_status list_labels(const hr_comparison *c, hr_strings *labels, hr_error *err) {
  hr_status status = HR_OK;
  bool chinese = hr_tables_in_chinese(reader_of(c));
  hr_text label;
  hr_text_init(&label);
  for (size_t slot = 0; slot < c->rungs.count; slot++) {
    const hr_compared_line *line = rung_of(c, slot);
    hr_text_fini(&label);
    hr_text_append(&label, "%s", hr_words_rung(line->name, chinese));
    HR_TRY(hr_text_status(&label, err));
    HR_TRY(hr_strings_append(labels, label.bytes, err));
  }
cleanup:
  hr_text_fini(&label);
  return status;
}

static double x_of(const hr_chart *chart, double value) {
  return hr_chart_x(chart, fmin(fmax(value, chart->x.low), chart->x.high));
}

static const double dot = 5.0, value_gap = 6.0;
static const double widest_difference = 118.0; /* "+0.0123 [-0.0011, +0.0250]", pt */

static void draw_run(const hr_chart *chart, const hr_compared *own, double y,
                     hr_color color) {
  const hr_stroke stroke = {color, 1.2, NULL, 0};
  hr_point at = {x_of(chart, own->r2.value), y};
  char number[HR_CELL_BYTES];
  hr_font font = {hr_chart_font_size, false, hr_color_black, HR_ALIGN_LEFT, false, true};
  if (isnan(own->r2.value)) return;
  if (fmin(own->r2.value, own->r2.low) < chart->x.low) {
    hr_chart_arrow(chart, HR_EDGE_LEFT, y, color);
  }
  if (!isnan(own->r2.low) && !isnan(own->r2.high)) {
    hr_canvas_line(chart->canvas, (hr_point){x_of(chart, own->r2.low), y},
                   (hr_point){x_of(chart, own->r2.high), y}, stroke);
  }
  hr_canvas_dots(chart->canvas, &at, 1, dot, color);
  if (isnan(own->delta.value)) return;
  hr_cell cell = {
      .value = own->delta.value, .low = own->delta.low, .high = own->delta.high};
  hr_format_cell(HR_CELL_DIFFERENCE_RANGE, &cell, number);
  hr_canvas_text(chart->canvas, (hr_point){chart->plot.right + value_gap, y}, number,
                 font);
}

static void draw_rungs(const hr_chart *chart, const hr_comparison *c) {
  const hr_stroke faint = {hr_color_light_gray, 0.6, NULL, 0};
  double apart = 0.7 / (double)c->runs;
  for (size_t slot = 0; slot < c->rungs.count; slot++) {
    if (slot > 0) {
      double between = hr_chart_y(chart, (double)slot - 0.5);
      hr_canvas_line(chart->canvas, (hr_point){chart->plot.left, between},
                     (hr_point){chart->plot.right, between}, faint);
    }
    for (size_t k = 0; k < c->runs; k++) {
      double place = (double)slot + apart * ((double)k - 0.5 * (double)(c->runs - 1));
      draw_run(chart, &rung_of(c, slot)->of[k], hr_chart_y(chart, place),
               hr_color_of_series(k));
    }
  }
}

static bool are_alike(const hr_comparison *c, size_t one, size_t other) {
  return strcmp(c->results[one]->info.experiment, c->results[other]->info.experiment) ==
         0;
}

static bool has_namesake(const hr_comparison *c, size_t run) {
  for (size_t k = 0; k < c->runs; k++) {
    if (k != run && are_alike(c, run, k)) return true;
  }
  return false;
}

/* Whether runs that are called alike have another value each. */
static bool tells_apart(const hr_comparison *c, const hr_strings *values) {
  for (size_t one = 0; one < c->runs; one++) {
    for (size_t other = 0; other < one; other++) {
      if (!are_alike(c, one, other)) continue;
      if (strcmp(values->items[one], values->items[other]) == 0) return false;
    }
    if (!values->items[one][0] && has_namesake(c, one)) return false;
  }
  return true;
}

/* The last `parts` names of a path, without slashes at its end; *length of them. */
static const char *tail_of(const char *dir, size_t parts, size_t *length) {
  const char *end = dir + strlen(dir);
  while (end > dir + 1 && end[-1] == '/') end--;
  const char *begin = end;
  while (begin > dir && (begin[-1] != '/' || --parts > 0)) begin--;
  *length = (size_t)(end - begin);
  return begin;
}

static bool tails_tell_apart(const hr_comparison *c, size_t parts) {
  for (size_t one = 0; one < c->runs; one++) {
    for (size_t other = 0; other < one; other++) {
      size_t lengths[2];
      const char *a = tail_of(c->dirs.items[one], parts, &lengths[0]);
      const char *b = tail_of(c->dirs.items[other], parts, &lengths[1]);
      if (!are_alike(c, one, other) || lengths[0] != lengths[1]) continue;
      if (strncmp(a, b, lengths[0]) == 0) return false;
    }
  }
  return true;
}

/* The names of their folders, with those above them where these are the same. */
static void append_folder(const hr_comparison *c, size_t run, hr_text *out) {
  enum { MOST_PARTS = 4 };
  size_t parts = 1, length = 0;
  while (parts < MOST_PARTS && !tails_tell_apart(c, parts)) parts++;
  const char *name = tail_of(c->dirs.items[run], parts, &length);
  hr_text_append(out, "%.*s", (int)length, name);
}

/* What tells apart runs that are called alike: where one key alone is not the same, as in
 * the points of a sweep, that, "data.rows 5000"; else each run's folder, as one key of
 * several would hide the others. */
static void append_what_differs(const hr_comparison *c, size_t run, hr_text *out) {
  enum { MOST = 24 }; /* characters of a value */
  const hr_contrast *only = c->contrasts.count == 1 ? &c->contrasts.items[0] : NULL;
  hr_text_append(out, ", ");
  if (!only || !tells_apart(c, &only->values)) {
    append_folder(c, run, out);
    return;
  }
  hr_text_append(out, "%s ", only->key);
  hr_text_append_short(out, only->values.items[run], MOST);
}

hr_status hr_comparison_name_runs(const hr_comparison *comparison, hr_strings *names,
                                  hr_error *err) {
  const hr_comparison *c = comparison;
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  for (size_t k = 0; k < c->runs; k++) {
    hr_text_fini(&name);
    hr_text_append(&name, "%c  %s", (char)('A' + k), c->results[k]->info.experiment);
    if (has_namesake(c, k)) append_what_differs(c, k, &name);
    HR_TRY(hr_text_status(&name, err));
    HR_TRY(hr_strings_append(names, name.bytes, err));
  }
cleanup:
  hr_text_fini(&name);
  return status;
}

static hr_status draw(void *context, hr_canvas *canvas, hr_text *csv, hr_error *err) {
  hr_status status = HR_OK;
  const hr_comparison *c = context;
  hr_strings labels = {0}, names = {0};
  hr_text title;
  hr_text_init(&title);
  hr_legend_entry legend[HR_COMPARE_MOST_RUNS];
  hr_chart chart;
  HR_TRY(list_labels(c, &labels, err));
  HR_TRY(hr_comparison_name_runs(c, &names, err));
  for (size_t k = 0; k < c->runs; k++) {
    legend[k] = (hr_legend_entry){
        .text = names.items[k], .mark = HR_MARK_DOT, .color = hr_color_of_series(k)};
  }
  hr_text_append(&title, "%s%s%s", hr_say(reader_of(c), "The ladders of all runs, ", ""),
                 c->results[0]->info.target,
                 hr_say(reader_of(c), ", and what each is over A",
                        "：各运行的阶梯，以及相对 A 的差"));
  HR_TRY(hr_text_status(&title, err));
  write_csv(c, csv);
  hr_chart_frame frame = {
      .title = title.bytes,
      .x = {.label =
                hr_say(reader_of(c),
                       "pooled R\xc2\xb2, covered test rows of all runs [95 % interval]",
                       "合并 R\xc2\xb2，各运行共有的已覆盖测试行 [95 % 区间]"),
            .span = span_of(c)},
      .y = {.categories = (const char *const *)labels.items,
            .category_count = labels.count},
      .right_margin = widest_difference,
      .legend = legend,
      .legend_count = c->runs};
  hr_chart_begin(&chart, canvas, &frame);
  draw_rungs(&chart, c);
  hr_chart_end(&chart);
cleanup:
  hr_strings_fini(&labels);
  hr_strings_fini(&names);
  hr_text_fini(&title);
  return status;
}

hr_status hr_comparison_draw(const hr_comparison *comparison, const char *folder,
                             hr_error *err) {
  const double each = 16.0, around = 120.0;
  double height =
      around + each * (double)((comparison->runs + 1) * comparison->rungs.count);
  hr_drawing drawing = {.name = "comparison",
                        .height = fmax(height, HR_CANVAS_HEIGHT),
                        .draw = draw,
                        .context = (void *)(uintptr_t)comparison};
  return hr_drawing_write(&drawing, folder, err);
}
