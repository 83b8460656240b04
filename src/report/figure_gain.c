/* Figure 4: the gain by bin. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/tables.h"
#include "report/words.h"

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

bool hr_figure_gain_is_empty(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  for (size_t k = 0; k < hr_node_count(&bins); k++) {
    if (!isnan(read_gain(reader, &bins, k).delta.value)) return false;
  }
  return true;
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

double hr_figure_gain_most(const double *gains, size_t count) {
  const double usual = 1.0, times = 2.5;
  double middle = INFINITY; /* the least that more than half of the known are not above */
  for (size_t i = 0; i < count; i++) {
    size_t below = 0, known = 0;
    for (size_t k = 0; k < count; k++) {
      known += isnan(gains[k]) == 0;
      below += fabs(gains[k]) <= fabs(gains[i]);
    }
    if (2 * below > known && fabs(gains[i]) < middle) middle = fabs(gains[i]);
  }
  return isfinite(middle) ? fmax(usual, times * middle) : usual;
}

/* Room for the values at both ends; never closer than the threshold. */
static hr_span gain_span(const gain *gains, size_t count, double threshold, double most) {
  hr_span span = {-fabs(threshold), fabs(threshold)};
  for (size_t i = 0; i < count; i++) {
    if (isnan(gains[i].delta.value)) continue;
    const double ends[] = {gains[i].delta.value, gains[i].delta.low, gains[i].delta.high};
    for (size_t e = 0; e < 3; e++)
      hr_span_include(&span, fmin(fmax(ends[e], -most), most));
  }
  return hr_span_padded(span, 0.12);
}

/* The hybrid's. */
static hr_color gain_color(void) {
  return (hr_color){0.45, 0.45, 0.45};
}

/* Beyond the end of the interval; where the frame cuts that off, well inside it, so that
 * the number does not lie on the frame, nor on the arrow of a bar that is cut, too. */
static double place_number(const hr_chart *chart, double end, bool is_below,
                           double font_size) {
  double room = font_size + 10.0;
  if (end >= chart->y.low && end <= chart->y.high) room = font_size + 2.0;
  double y = hr_chart_y(chart, end) + (is_below ? 7.0 : -7.0);
  return fmin(fmax(y, chart->plot.top + room), chart->plot.bottom - room);
}

/* The gain as a number at the end of its interval, in letters that leave room to the
 * neighbours'; nothing where these would be too small. */
static void draw_number(const hr_chart *chart, double x, const gain *shown) {
  const double gap = 3.0, least = 6.5;
  char text[HR_TICK_BYTES];
  double value = shown->delta.value;
  bool is_below = value < 0;
  double end = is_below ? shown->delta.low : shown->delta.high;
  double slot = hr_chart_x(chart, 1.0) - hr_chart_x(chart, 0.0);
  hr_font font = {hr_chart_font_size, false, hr_color_black,
                  HR_ALIGN_CENTER,    false, true};
  int most = fabs(value) < 100 ? 3 : 1; /* a large one needs no more */
  for (int digits = most; digits >= most - 1; digits--) {
    hr_ticks_number(value, digits, 1, text);
    double wide = hr_canvas_text_width(chart->canvas, text, font);
    font.size = fmin(font.size, hr_chart_font_size * (slot - gap) / wide);
    if (font.size >= least) break;
    if (digits == most - 1) return;
    font.size = hr_chart_font_size;
  }
  double y = place_number(chart, isnan(end) ? value : end, is_below, font.size);
  hr_canvas_text(chart->canvas, (hr_point){hr_chart_x(chart, x), y}, text, font);
}

static void draw_gain(const hr_chart *chart, size_t slot, const gain *shown,
                      bool has_words) {
  double x = (double)slot, value = shown->delta.value;
  hr_bar bar = {.x = {x - 0.32, x + 0.32},
                .value = value,
                .color = value < 0 ? hr_color_white : gain_color(),
                .is_outlined = value < 0};
  if (isnan(value)) {
    if (has_words) hr_chart_note(chart, x, 0.0, false, "\xc3\x97", hr_color_gray);
    return;
  }
  hr_chart_bar(chart, &bar);
  hr_chart_error_bar(chart, x, (hr_span){shown->delta.low, shown->delta.high});
  if (has_words) draw_number(chart, x, shown);
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

static bool has_loss(const gain *gains, size_t count) {
  bool any = false;
  for (size_t i = 0; i < count; i++) any = any || gains[i].delta.value < 0;
  return any;
}

static hr_status draw_gains(hr_sketch *sketch, const gain *gains, size_t count,
                            const hr_strings *labels, const char *y_label,
                            hr_error *err) {
  double *deltas = NULL;
  hr_status status = hr_alloc(&deltas, count, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < count; i++) deltas[i] = gains[i].delta.value;
  double most = hr_figure_gain_most(deltas, count);
  hr_free(deltas);
  char text[64], number[HR_TICK_BYTES];
  double threshold = focus_threshold(sketch->reader);
  bool has_threshold = !isnan(threshold);
  snprintf(text, sizeof text, hr_say(sketch->reader, "criterion %s", "判据 %s"),
           hr_ticks_number(threshold, 2, 1, number));
  const hr_reference gate = {threshold, text};
  const hr_legend_entry legend[] = {
      {.text = hr_say(sketch->reader, "gain", "增益"), .color = gain_color()},
      {.text = hr_say(sketch->reader, "loss", "损失"),
       .mark = HR_MARK_OUTLINE,
       .color = hr_color_white}};
  hr_chart_frame frame = {
      .title = hr_say(sketch->reader, "What the hybrid gains in each bin",
                      "各分箱中混合专家的增益"),
      .x = {.label = hr_say(sketch->reader,
                            "bin, the hardest first (lowest R² of the baseline)",
                            "分箱，最难者在先（基线的 R² 最低）"),
            .categories = (const char *const *)labels->items,
            .category_count = labels->count},
      .y = {.label = y_label,
            .span = gain_span(gains, count, has_threshold ? threshold : 0.05, most)},
      .legend = legend,
      .legend_count = has_loss(gains, count) ? 2 : 1,
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
  hr_text_append(&y_label, "%s", hr_say(reader, "ΔR² over ", "相对 "));
  hr_append_method_title(reader, hr_node_text(reader, &selection, "versus"), &y_label);
  hr_text_append(&y_label, "%s", hr_say(reader, "", " 的 ΔR²"));
  hr_words_close_up(&y_label, 0);
  HR_TRY(hr_text_status(&y_label, err));
  write_gain_csv(gains, count, sketch->csv);
  HR_TRY(draw_gains(sketch, gains, count, &labels, y_label.bytes, err));
cleanup:
  hr_text_fini(&y_label);
  hr_strings_fini(&labels);
  hr_free(gains);
  return status;
}
