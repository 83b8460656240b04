/* Figures 3 and 4: the methods against one another, and the gain by bin. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/tables.h"

enum { MOST_LINES = 16 };

/* A method as figure 3 shows it. */
typedef struct column {
  const char *method;
  hr_estimate r2;
  hr_color color;
} column;

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
  double none = (double)NAN;
  return (hr_estimate){none, none, none};
}

static size_t list_references(hr_reader *reader, hr_reference *lines) {
  hr_node root = hr_reader_root(reader);
  hr_node baselines = hr_node_list(reader, &root, "baselines");
  size_t count = hr_node_count(&baselines);
  if (count > MOST_LINES) count = MOST_LINES;
  for (size_t b = 0; b < count; b++) {
    hr_node line = hr_node_item(reader, &baselines, b);
    lines[b] = (hr_reference){hr_node_number(reader, &line, "r2"),
                              hr_node_text(reader, &line, "name")};
  }
  return count;
}

static void write_overall_csv(const column *columns, size_t count,
                              const hr_reference *lines, size_t line_count,
                              hr_text *out) {
  hr_text_append(out, "method,source,r2,r2_low,r2_high\n");
  for (size_t c = 0; c < count; c++) {
    hr_text_append(out, "%s,measured", columns[c].method);
    hr_csv_number(columns[c].r2.value, out);
    hr_csv_number(columns[c].r2.low, out);
    hr_csv_number(columns[c].r2.high, out);
    hr_text_append(out, "\n");
  }
  for (size_t b = 0; b < line_count; b++) {
    hr_csv_text(lines[b].text, out);
    hr_text_append(out, ",outside");
    hr_csv_number(lines[b].value, out);
    hr_text_append(out, ",,\n");
  }
}

/* Zero is always shown; so is everything above the floor. */
static hr_span overall_span(const column *columns, size_t count,
                            const hr_reference *lines, size_t line_count) {
  hr_span span = {0.0, 0.2};
  for (size_t c = 0; c < count; c++) {
    if (isnan(columns[c].r2.value)) continue;
    hr_span_include(&span, fmax(columns[c].r2.value, hr_figure_floor));
    hr_span_include(&span, fmax(columns[c].r2.low, hr_figure_floor));
    hr_span_include(&span, fmax(columns[c].r2.high, hr_figure_floor));
  }
  for (size_t b = 0; b < line_count; b++) {
    hr_span_include(&span, fmin(fmax(lines[b].value, hr_figure_floor), 1.0));
  }
  double room = 0.08 * (span.high - span.low);
  return (hr_span){span.low < 0 ? span.low - room : 0.0, span.high + room};
}

static void draw_column(const hr_chart *chart, size_t slot, const column *shown) {
  char text[HR_TICK_BYTES];
  double x = (double)slot;
  hr_bar bar = {.x = {x - 0.28, x + 0.28},
                .value = shown->r2.value,
                .color = shown->color,
                .is_outlined = false};
  hr_chart_bar(chart, &bar);
  if (isnan(shown->r2.value)) {
    hr_chart_note(chart, x, 0.0, false, "undefined", hr_color_gray);
    return;
  }
  hr_chart_error_bar(chart, x, (hr_span){shown->r2.low, shown->r2.high});
  bool is_below = shown->r2.value < 0;
  double top = is_below ? fmin(shown->r2.value, shown->r2.low)
                        : fmax(shown->r2.value, shown->r2.high);
  if (isnan(top)) top = shown->r2.value;
  hr_ticks_number(shown->r2.value, 4, 0, text);
  hr_chart_note(chart, x, top, is_below, text, hr_color_black);
}

hr_status hr_figure_overall(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  hr_reference lines[MOST_LINES];
  hr_strings titles = {0};
  hr_text title;
  hr_chart chart;
  hr_text_init(&title);
  const char *baseline = hr_node_text(reader, &selection, "baseline");
  const char *global = hr_listed_find(reader, HR_LISTED_GLOBAL, baseline, false);
  column columns[] = {
      {.method = global ? global : baseline, .color = hr_color_gray},
      {.method = hr_node_text(reader, &selection, "versus"), .color = hr_color_sky},
      {.method = hr_node_text(reader, &selection, "headline"), .color = hr_color_blue},
  };
  enum { COLUMNS = sizeof columns / sizeof *columns };
  for (size_t c = 0; c < COLUMNS; c++) {
    columns[c].r2 = pooled_r2(reader, columns[c].method);
    hr_text_fini(&title);
    hr_append_method_title(reader, columns[c].method, &title);
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(hr_strings_append(&titles, title.bytes, err));
  }
  size_t line_count = list_references(reader, lines);
  write_overall_csv(columns, COLUMNS, lines, line_count, sketch->csv);
  static const double dashes[] = {5.0, 2.5};
  const hr_legend_entry outside = {.text = "reference values from outside",
                                   .mark = HR_MARK_LINE,
                                   .stroke = {hr_color_gray, 1.0, dashes, 2}};
  hr_chart_frame frame = {
      .title = "One model, one for each bin, the best of each bin",
      .x = {.categories = (const char *const *)titles.items, .category_count = COLUMNS},
      .y = {.label = "pooled R\xc2\xb2, covered test rows",
            .span = overall_span(columns, COLUMNS, lines, line_count)},
      .legend = &outside,
      .legend_count = line_count > 0,
      .references = lines,
      .reference_count = line_count};
  hr_chart_begin(&chart, sketch->canvas, &frame);
  hr_chart_grid(&chart);
  hr_chart_references(&chart);
  for (size_t c = 0; c < COLUMNS; c++) draw_column(&chart, c, &columns[c]);
  hr_chart_end(&chart);
cleanup:
  hr_text_fini(&title);
  hr_strings_fini(&titles);
  return status;
}

/* Figure 4 ----------------------------------------------------------------------------
 */

/* A bin's gain of the hybrid over the baseline. */
typedef struct gain {
  size_t bin;
  const char *name;
  double baseline_r2;
  hr_estimate delta;
} gain;

static gain read_gain(hr_reader *reader, const hr_node *bins, size_t k) {
  hr_node root = hr_reader_root(reader);
  hr_node selection = hr_node_object(reader, &root, "selection");
  bool by_cv = strcmp(hr_node_text(reader, &selection, "by"), "cv") == 0;
  hr_node bin = hr_node_item(reader, bins, k);
  hr_node experts = hr_node_object(reader, &bin, "experts");
  hr_node baseline =
      hr_node_object(reader, &experts, hr_node_text(reader, &selection, "baseline"));
  hr_node on_test = hr_node_object(reader, &baseline, "chosen_on_test");
  hr_node hybrids = hr_node_object(reader, &bin, "hybrid");
  hr_node hybrid = hr_node_object(reader, &hybrids, by_cv ? "cv" : "test");
  return (gain){.bin = k,
                .name = hr_node_text(reader, &bin, "name"),
                .baseline_r2 = hr_node_number(reader, by_cv ? &baseline : &on_test, "r2"),
                .delta = hr_node_estimate(reader, &hybrid, "delta_r2", "delta_r2_ci")};
}

/* The hardest bin first; bins without a baseline last. */
static bool comes_before(const gain *a, const gain *b) {
  if (isnan(b->baseline_r2)) return !isnan(a->baseline_r2);
  return a->baseline_r2 < b->baseline_r2;
}

static void sort_gains(gain *gains, size_t count) {
  for (size_t i = 1; i < count; i++) {
    gain own = gains[i];
    size_t j = i;
    for (; j > 0 && comes_before(&own, &gains[j - 1]); j--) gains[j] = gains[j - 1];
    gains[j] = own;
  }
}

static void write_gain_csv(const gain *gains, size_t count, hr_text *out) {
  hr_text_append(out, "bin,name,baseline_r2,delta_r2,delta_r2_low,delta_r2_high\n");
  for (size_t i = 0; i < count; i++) {
    hr_text_append(out, "%zu,", gains[i].bin);
    hr_csv_text(gains[i].name, out);
    hr_csv_number(gains[i].baseline_r2, out);
    hr_csv_number(gains[i].delta.value, out);
    hr_csv_number(gains[i].delta.low, out);
    hr_csv_number(gains[i].delta.high, out);
    hr_text_append(out, "\n");
  }
}

/* Room for the values at both ends; never closer than the threshold. */
static hr_span gain_span(const gain *gains, size_t count, double threshold) {
  hr_span span = {-fabs(threshold), fabs(threshold)};
  for (size_t i = 0; i < count; i++) {
    if (isnan(gains[i].delta.value)) continue;
    const double ends[] = {gains[i].delta.value, gains[i].delta.low, gains[i].delta.high};
    for (size_t e = 0; e < 3; e++) hr_span_include(&span, fmin(fmax(ends[e], -1.0), 1.0));
  }
  return hr_span_padded(span, 0.12);
}

static void draw_gain(const hr_chart *chart, size_t slot, const gain *shown,
                      bool has_words) {
  char text[HR_TICK_BYTES];
  double x = (double)slot, value = shown->delta.value;
  hr_bar bar = {.x = {x - 0.32, x + 0.32},
                .value = value,
                .color = value < 0 ? hr_color_vermillion : hr_color_green,
                .is_outlined = false};
  if (isnan(value)) {
    if (has_words) hr_chart_note(chart, x, 0.0, false, "\xc3\x97", hr_color_gray);
    return;
  }
  hr_chart_bar(chart, &bar);
  hr_chart_error_bar(chart, x, (hr_span){shown->delta.low, shown->delta.high});
  if (!has_words) return;
  double end = value < 0 ? shown->delta.low : shown->delta.high;
  hr_ticks_number(value, 3, 1, text);
  hr_chart_note(chart, x, isnan(end) ? value : end, value < 0, text, hr_color_black);
}

/* The least gain that the gate asks of the focus bins, or NaN. */
static double focus_threshold(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node gate = hr_node_list(reader, &root, "gate");
  for (size_t c = 0; c < hr_node_count(&gate); c++) {
    hr_node entry = hr_node_item(reader, &gate, c);
    if (strcmp(hr_node_text(reader, &entry, "criterion"), "focus_bins") != 0) continue;
    return hr_node_number(reader, &entry, "threshold");
  }
  return (double)NAN;
}

static void draw_gain_panel(hr_canvas *canvas, const gain *gains, size_t count, size_t i,
                            hr_chart_frame frame) {
  hr_chart chart;
  hr_panels panels = hr_panels_of(count);
  size_t first = i * panels.bins_each;
  hr_panels_place(&panels, i, &frame);
  hr_chart_begin(&chart, canvas, &frame);
  hr_chart_grid(&chart);
  hr_chart_references(&chart);
  hr_chart_end(&chart);
  for (size_t k = first; k < count && k < first + panels.bins_each; k++) {
    draw_gain(&chart, k - first, &gains[k], panels.has_words);
  }
}

static hr_status draw_gains(hr_sketch *sketch, const gain *gains, size_t count,
                            const hr_strings *labels, const char *y_label) {
  char text[64], number[HR_TICK_BYTES];
  double threshold = focus_threshold(sketch->reader);
  bool has_threshold = !isnan(threshold);
  snprintf(text, sizeof text, "gate %s", hr_ticks_number(threshold, 2, 1, number));
  const hr_reference gate = {threshold, text};
  const hr_legend_entry legend[] = {{.text = "gain", .color = hr_color_green},
                                    {.text = "loss", .color = hr_color_vermillion}};
  hr_chart_frame frame = {
      .title = "What the hybrid gains in each bin",
      .x = {.label = "bin, the hardest first (lowest R\xc2\xb2 of the baseline)",
            .categories = (const char *const *)labels->items,
            .category_count = labels->count},
      .y = {.label = y_label,
            .span = gain_span(gains, count, has_threshold ? threshold : 0.05)},
      .legend = legend,
      .legend_count = 2,
      .references = &gate,
      .reference_count = has_threshold};
  hr_panels panels = hr_panels_of(count);
  for (size_t i = 0; i < panels.count; i++) {
    draw_gain_panel(sketch->canvas, gains, count, i, frame);
  }
  return HR_OK;
}

hr_status hr_figure_gain(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  hr_node selection = hr_node_object(reader, &root, "selection");
  size_t count = hr_node_count(&bins);
  gain *gains = NULL;
  hr_strings labels = {0};
  hr_text y_label;
  hr_text_init(&y_label);
  HR_TRY(hr_alloc(&gains, count, err));
  for (size_t k = 0; k < count; k++) gains[k] = read_gain(reader, &bins, k);
  sort_gains(gains, count);
  for (size_t k = 0; k < count; k++) {
    HR_TRY(hr_bin_label(gains[k].bin, gains[k].name, &labels, err));
  }
  hr_panels panels = hr_panels_of(count);
  HR_TRY(hr_panels_fill(&panels, &labels, err));
  hr_text_append(&y_label, "\xce\x94R\xc2\xb2 over ");
  hr_append_method_title(reader, hr_node_text(reader, &selection, "versus"), &y_label);
  HR_TRY(hr_text_status(&y_label, err));
  write_gain_csv(gains, count, sketch->csv);
  HR_TRY(draw_gains(sketch, gains, count, &labels, y_label.bytes));
cleanup:
  hr_text_fini(&y_label);
  hr_strings_fini(&labels);
  hr_free(gains);
  return status;
}
