/* R2 against signal-to-noise ratio, every method. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/tables.h"

enum { OCTILES_MOST = 64, METHODS_MOST = 32 };

typedef struct curve {
  const char *method;
  hr_stroke stroke;
  double dot;
} curve;

static bool ends_with(const char *text, const char *ending) {
  size_t length = strlen(text), size = strlen(ending);
  return length >= size && strcmp(text + length - size, ending) == 0;
}

/* The place of the expert that a method is named after, among all experts. */
static size_t expert_of(hr_reader *reader, const char *method) {
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  const char *name = strncmp(method, "global_", 7) == 0 ? method + 7 : method;
  size_t best = 0, longest = 0;
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    const char *own = hr_node_text(reader, &expert, "name");
    size_t length = strlen(own);
    if (strncmp(name, own, length) != 0 || length < longest) continue;
    best = e;
    longest = length;
  }
  return best;
}

/* The expert gives the colour, what is done with it the kind of line. The hybrids are
 * wide and grey, and lie below the oracles that they may coincide with. */
static curve style_of(hr_reader *reader, const char *method) {
  static const double dots[] = {1.2, 2.4}, dashes[] = {6.0, 3.0};
  bool on_test = ends_with(method, "_test");
  if (strncmp(method, "oracle_hybrid_", 14) == 0) {
    hr_color color =
        on_test ? (hr_color){0.80, 0.80, 0.80} : (hr_color){0.45, 0.45, 0.45};
    return (curve){method, {color, on_test ? 6.5 : 4.0, NULL, 0}, 0.0};
  }
  hr_color color = hr_color_of_series(expert_of(reader, method));
  if (strncmp(method, "global_", 7) == 0) {
    return (curve){method, {color, 1.3, dots, 2}, 4.5};
  }
  if (on_test) return (curve){method, {hr_color_lighten(color, 0.35), 1.1, dashes, 2}, 0};
  return (curve){method, {color, 1.5, NULL, 0}, 5.0};
}

static bool is_hybrid(const curve *c) {
  return strncmp(c->method, "oracle_hybrid_", 14) == 0;
}

static void write_csv(hr_reader *reader, const hr_node *octiles, const curve *curves,
                      size_t count, hr_text *out) {
  hr_text_append(out, "method,octile,snr_low,snr_high,snr_mid,n,r2\n");
  for (size_t c = 0; c < count; c++) {
    for (size_t j = 0; j < hr_node_count(octiles); j++) {
      hr_node octile = hr_node_item(reader, octiles, j);
      hr_node scores = hr_node_object(reader, &octile, "r2");
      double low = hr_node_number(reader, &octile, "snr_low");
      double high = hr_node_number(reader, &octile, "snr_high");
      hr_text_append(out, "%s,%zu", curves[c].method, j + 1);
      hr_csv_number(low, out);
      hr_csv_number(high, out);
      hr_csv_number(0.5 * (low + high), out);
      hr_csv_number(hr_node_number(reader, &octile, "n"), out);
      hr_csv_number(hr_node_number(reader, &scores, curves[c].method), out);
      hr_text_append(out, "\n");
    }
  }
}

static size_t read_points(hr_reader *reader, const hr_node *octiles, const char *method,
                          hr_point points[OCTILES_MOST]) {
  size_t count = hr_node_count(octiles);
  if (count > OCTILES_MOST) count = OCTILES_MOST;
  for (size_t j = 0; j < count; j++) {
    hr_node octile = hr_node_item(reader, octiles, j);
    hr_node scores = hr_node_object(reader, &octile, "r2");
    points[j] = (hr_point){0.5 * (hr_node_number(reader, &octile, "snr_low") +
                                  hr_node_number(reader, &octile, "snr_high")),
                           hr_node_number(reader, &scores, method)};
  }
  return count;
}

static void find_spans(hr_reader *reader, const hr_node *octiles, const curve *curves,
                       size_t count, hr_frame *frame) {
  hr_span x = hr_span_empty(), y = {0.0, 0.2};
  hr_point points[OCTILES_MOST];
  for (size_t c = 0; c < count; c++) {
    size_t octile_count = read_points(reader, octiles, curves[c].method, points);
    for (size_t j = 0; j < octile_count; j++) {
      hr_span_include(&x, points[j].x);
      if (!isnan(points[j].y)) hr_span_include(&y, fmax(points[j].y, hr_figure_floor));
    }
  }
  frame->x.span = hr_span_padded(x, 0.05);
  frame->y.span = hr_span_padded(y, 0.05);
  if (y.low >= 0) frame->y.span.low = 0.0;
}

static size_t list_curves(hr_reader *reader, const hr_node *octiles,
                          curve curves[METHODS_MOST]) {
  if (hr_node_count(octiles) == 0) return 0;
  hr_node first = hr_node_item(reader, octiles, 0);
  hr_node scores = hr_node_object(reader, &first, "r2");
  size_t count = 0;
  for (void *i = json_object_iter(scores.json); i && count < METHODS_MOST;
       i = json_object_iter_next(scores.json, i)) {
    curves[count++] = style_of(reader, json_object_iter_key(i));
  }
  return count;
}

static hr_status list_legend(hr_reader *reader, const curve *curves, size_t count,
                             hr_strings *titles, hr_legend_entry *legend, hr_error *err) {
  hr_status status = HR_OK;
  hr_text title;
  hr_text_init(&title);
  for (size_t c = 0; c < count; c++) {
    hr_text_fini(&title);
    hr_append_method_title(reader, curves[c].method, &title);
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(hr_strings_append(titles, title.bytes, err));
  }
  for (size_t c = 0; c < count; c++) {
    legend[c] =
        (hr_legend_entry){.text = titles->items[c],
                          .mark = curves[c].dot > 0 ? HR_MARK_LINE_DOT : HR_MARK_LINE,
                          .stroke = curves[c].stroke};
  }
cleanup:
  hr_text_fini(&title);
  return status;
}

static void draw_curves(const hr_chart *chart, hr_reader *reader, const hr_node *octiles,
                        const curve *curves, size_t count, bool hybrids) {
  hr_point points[OCTILES_MOST];
  for (size_t c = count; c-- > 0;) { /* the baseline, which is first, on top */
    if (is_hybrid(&curves[c]) != hybrids) continue;
    size_t octile_count = read_points(reader, octiles, curves[c].method, points);
    hr_chart_line(chart, points, octile_count, curves[c].stroke, curves[c].dot);
  }
}

hr_status hr_figure_snr(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  hr_node root = hr_reader_root(reader);
  hr_node object = hr_node_object(reader, &root, "snr_octiles");
  hr_node octiles = hr_node_list(reader, &object, "octiles");
  curve curves[METHODS_MOST];
  hr_legend_entry legend[METHODS_MOST];
  hr_strings titles = {0};
  hr_chart chart;
  size_t count = list_curves(reader, &octiles, curves);
  HR_TRY(list_legend(reader, curves, count, &titles, legend, err));
  write_csv(reader, &octiles, curves, count, sketch->csv);
  hr_frame frame = {.title = "R\xc2\xb2 by signal-to-noise ratio",
                    .x = {.label = "SNR (middle of the octile)"},
                    .y = {.label = "R\xc2\xb2, covered test rows of the octile"},
                    .legend = legend,
                    .legend_count = count};
  find_spans(reader, &octiles, curves, count, &frame);
  hr_chart_begin(&chart, sketch->canvas, &frame);
  hr_chart_grid(&chart);
  hr_canvas_clip(sketch->canvas, chart.plot);
  draw_curves(&chart, reader, &octiles, curves, count, true);
  draw_curves(&chart, reader, &octiles, curves, count, false);
  hr_canvas_unclip(sketch->canvas);
  hr_chart_end(&chart);
cleanup:
  hr_strings_fini(&titles);
  return status;
}
