/* The gates: which bins the deployed one takes for which, and how unsure all of them are
 * by signal-to-noise ratio. */
#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/gates.h"
#include "report/table_parts.h"
#include "report/tables.h"
#include "report/words.h"

/* Of a row of the confusion, pt; of what is around it; of the entropy below it. */
static const double row_height = 21.0, around_rows = 84.0, most_rows = 900.0,
                    entropy_height = 190.0;
enum { NAMED_BELOW = 12 }; /* so many bins have room for their names below the plot */

typedef struct plot {
  size_t bins, gates, octiles; /* octiles: 0 where SNR is not known */
  double *counts;              /* [bins][bins] of the first gate: true bin, said bin */
  hr_gate_told *told;          /* [gates] */
  hr_color *color;             /* [gates] */
  double snr[HR_SNR_OCTILES];  /* middles */
  bool snr_is_measured;        /* from the spectra */
  hr_strings rows, columns;    /* names of the bins, beside and below */
} plot;

static size_t count_bins(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  return hr_node_count(&bins);
}

static bool has_octiles(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  return hr_node_has(&root, "snr_octiles");
}

bool hr_figure_gates_is_empty(hr_reader *reader) {
  return hr_gates_count(reader) == 0 || count_bins(reader) == 0;
}

static double confusion_height(size_t bins) {
  return around_rows + fmin(row_height * (double)bins, most_rows);
}

double hr_figure_gates_height(hr_reader *reader) {
  double height = confusion_height(count_bins(reader));
  if (has_octiles(reader)) height += entropy_height;
  return fmax(height, HR_CANVAS_HEIGHT);
}

/* The middles of the octiles, as figure 6 has them. */
static void read_octiles(hr_reader *reader, plot *p) {
  if (!has_octiles(reader)) return;
  hr_node root = hr_reader_root(reader);
  hr_node object = hr_node_object(reader, &root, "snr_octiles");
  hr_node list = hr_node_list(reader, &object, "octiles");
  p->snr_is_measured = hr_octiles_are_measured(reader, &object);
  for (size_t j = 0; j < hr_node_count(&list) && j < HR_SNR_OCTILES; j++) {
    hr_node octile = hr_node_item(reader, &list, j);
    p->snr[p->octiles++] = 0.5 * (hr_node_number(reader, &octile, "snr_low") +
                                  hr_node_number(reader, &octile, "snr_high"));
  }
}

static hr_color color_of(hr_reader *reader, const hr_gate_told *gate) {
  if (gate->own == gate->forecast_count) return hr_color_gray;
  return hr_figure_color_of(reader, gate->forecasts[gate->own].method);
}

static hr_status label_bins(hr_reader *reader, plot *p, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  hr_text text;
  hr_text_init(&text);
  for (size_t k = 0; k < p->bins; k++) {
    hr_node bin = hr_node_item(reader, &bins, k);
    const char *name = hr_node_text(reader, &bin, "name");
    hr_text_fini(&text);
    hr_text_append(&text, "%zu  %s", k, name);
    HR_TRY(hr_text_status(&text, err));
    HR_TRY(hr_strings_append(&p->rows, text.bytes, err));
    HR_TRY(hr_bin_label(k, p->bins <= NAMED_BELOW ? name : "", &p->columns, err));
  }
cleanup:
  hr_text_fini(&text);
  return status;
}

static hr_status read_plot(hr_reader *reader, plot *p, hr_error *err) {
  hr_status status = HR_OK;
  p->bins = count_bins(reader);
  p->gates = hr_gates_count(reader);
  HR_TRY(hr_alloc(&p->counts, p->bins * p->bins, err));
  HR_TRY(hr_alloc(&p->told, p->gates, err));
  HR_TRY(hr_alloc(&p->color, p->gates, err));
  hr_gates_read_confusion(reader, 0, p->bins, p->counts);
  for (size_t g = 0; g < p->gates; g++) {
    p->told[g] = hr_gates_read(reader, g);
    p->color[g] = color_of(reader, &p->told[g]);
  }
  read_octiles(reader, p);
  HR_TRY(label_bins(reader, p, err));
  HR_TRY(hr_reader_status(reader, err));
cleanup:
  return status;
}

static void free_plot(plot *p) {
  hr_free(p->counts);
  hr_free(p->told);
  hr_free(p->color);
  hr_strings_fini(&p->rows);
  hr_strings_fini(&p->columns);
}

static double rows_of_bin(const plot *p, size_t truth) {
  double rows = 0;
  for (size_t said = 0; said < p->bins; said++) rows += p->counts[truth * p->bins + said];
  return rows;
}

/* NaN of a bin without rows. */
static double share_of(const plot *p, size_t truth, size_t said) {
  return p->counts[truth * p->bins + said] / rows_of_bin(p, truth);
}

static double entropy_of(const plot *p, size_t gate, size_t octile) {
  return octile < p->told[gate].octile_count ? p->told[gate].entropy[octile]
                                             : (double)NAN;
}

static void write_csv(const plot *p, hr_text *out) {
  hr_text_append(out, "panel,gate,true_bin,said_bin,n,share,octile,snr_mid,entropy\n");
  for (size_t i = 0; i < p->bins * p->bins; i++) {
    size_t truth = i / p->bins, said = i % p->bins;
    hr_text_append(out, "confusion,");
    hr_csv_text(p->told[0].name, out);
    hr_text_append(out, ",%zu,%zu", truth, said);
    hr_csv_number(p->counts[i], out);
    hr_csv_number(share_of(p, truth, said), out);
    hr_text_append(out, ",,,\n");
  }
  for (size_t g = 0; g < p->gates; g++) {
    for (size_t j = 0; j < p->octiles; j++) {
      hr_text_append(out, "entropy,");
      hr_csv_text(p->told[g].name, out);
      hr_text_append(out, ",,");
      bool is_there = j < p->told[g].octile_count;
      hr_csv_number(is_there ? p->told[g].octile_rows[j] : (double)NAN, out);
      hr_text_append(out, ",,%zu", j + 1);
      hr_csv_number(p->snr[j], out);
      hr_csv_number(entropy_of(p, g, j), out);
      hr_text_append(out, "\n");
    }
  }
}

/* A share in percent, in three characters at most; nothing where no row is. */
static void format_share(double count, double share, char text[16]) {
  double percent = 100.0 * share;
  text[0] = '\0';
  if (!(count > 0)) return;
  snprintf(text, 16, percent < 9.95 ? "%.1f" : "%.0f", percent);
}

static hr_rectangle box_of(const hr_chart *chart, size_t truth, size_t said) {
  double x = (double)said, y = (double)truth;
  return (hr_rectangle){hr_chart_x(chart, x - 0.5), hr_chart_y(chart, y - 0.5),
                        hr_chart_x(chart, x + 0.5), hr_chart_y(chart, y + 0.5)};
}

static void draw_cell(const hr_chart *chart, const plot *p, size_t truth, size_t said) {
  const double least_width = 17.0, least_row = 8.5;
  char text[16];
  double x = (double)said, y = (double)truth, share = share_of(p, truth, said);
  hr_rectangle box = box_of(chart, truth, said);
  bool is_known = !isnan(share);
  hr_color color = is_known ? hr_color_lighten(p->color[0], 1.0 - 0.7 * share)
                            : (hr_color){0.93, 0.93, 0.93};
  hr_canvas_fill(chart->canvas, box, color);
  hr_canvas_frame(chart->canvas, box, (hr_stroke){hr_color_light_gray, 0.6, NULL, 0});
  if (box.right - box.left < least_width || box.bottom - box.top < least_row) return;
  format_share(p->counts[truth * p->bins + said], share, text);
  hr_font font = {9.0,   truth == said, hr_color_of_text_on(color), HR_ALIGN_CENTER,
                  false, false};
  hr_canvas_text(chart->canvas, (hr_point){hr_chart_x(chart, x), hr_chart_y(chart, y)},
                 text, font);
}

static void draw_confusion(const hr_sketch *sketch, const plot *p, const char *title) {
  hr_canvas *canvas = sketch->canvas;
  hr_chart chart;
  hr_chart_frame frame = {
      .bottom = confusion_height(p->bins),
      .title = title,
      .x = {.label =
                hr_say(sketch->reader, "bin with the largest weight", "权重最大的分箱"),
            .categories = (const char *const *)p->columns.items,
            .category_count = p->columns.count},
      .y = {.label = hr_say(sketch->reader, "true bin", "真实分箱"),
            .categories = (const char *const *)p->rows.items,
            .category_count = p->rows.count}};
  hr_chart_begin(&chart, canvas, &frame);
  for (size_t truth = 0; truth < p->bins; truth++) {
    for (size_t said = 0; said < p->bins; said++) draw_cell(&chart, p, truth, said);
  }
  for (size_t k = 0; k < p->bins; k++) { /* what is right, over its neighbours */
    hr_canvas_frame(canvas, box_of(&chart, k, k),
                    (hr_stroke){hr_color_gray, 1.2, NULL, 0});
  }
  hr_chart_end(&chart);
}

static hr_stroke stroke_of(const plot *p, size_t gate) {
  return (hr_stroke){p->color[gate], 1.5, NULL, 0};
}

static void draw_entropy(const hr_sketch *sketch, const plot *p) {
  hr_canvas *canvas = sketch->canvas;
  bool chinese = hr_tables_in_chinese(sketch->reader);
  hr_chart chart;
  hr_span x = hr_span_empty(), y = {0.0, 0.0};
  hr_legend_entry legend[HR_GATES_MOST];
  for (size_t g = 0; g < p->gates; g++) {
    const char *words = hr_words_gate(p->told[g].name, chinese);
    legend[g] = (hr_legend_entry){.text = chinese && words ? words : p->told[g].title,
                                  .mark = HR_MARK_LINE_DOT,
                                  .stroke = stroke_of(p, g)};
    for (size_t j = 0; j < p->octiles; j++) {
      hr_span_include(&x, p->snr[j]);
      hr_span_include(&y, entropy_of(p, g, j));
    }
  }
  hr_chart_frame frame = {
      .top = confusion_height(p->bins),
      .bottom = confusion_height(p->bins) + entropy_height,
      .title = hr_say(sketch->reader, "How unsure the gates are", "各门控有多不确定"),
      .x = {.label = p->snr_is_measured
                         ? hr_say(sketch->reader,
                                  "SNR measured from the spectra (middle of the octile)",
                                  "由光谱测得的信噪比 SNR（八分位的中点）")
                         : hr_say(sketch->reader, "SNR (middle of the octile)",
                                  "信噪比 SNR（八分位的中点）"),
            .span = hr_span_padded(x, 0.05)},
      .y = {.label = hr_say(sketch->reader, "mean entropy, nats", "平均熵（nat）"),
            .span = {0.0, y.high > 0 ? 1.08 * y.high : 1.0}},
      .legend = legend,
      .legend_count = p->gates};
  hr_chart_begin(&chart, canvas, &frame);
  hr_chart_grid(&chart);
  for (size_t g = p->gates; g-- > 0;) {
    hr_point points[HR_SNR_OCTILES];
    for (size_t j = 0; j < p->octiles; j++) {
      points[j] = (hr_point){p->snr[j], entropy_of(p, g, j)};
    }
    hr_chart_line(&chart, points, p->octiles, stroke_of(p, g), 5.0);
  }
  hr_chart_end(&chart);
}

hr_status hr_figure_gates(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  plot p = {.bins = 0};
  hr_text title;
  hr_text_init(&title);
  HR_TRY(read_plot(sketch->reader, &p, err));
  const char *words = hr_words_gate(p.told[0].name, hr_tables_in_chinese(sketch->reader));
  hr_text_append(&title,
                 hr_say(sketch->reader,
                        "%s: which bin it takes for which, %% of the true bin's rows",
                        "%s：把哪个分箱判为哪个，占真实分箱行数的 %%"),
                 words ? words : p.told[0].title);
  HR_TRY(hr_text_status(&title, err));
  write_csv(&p, sketch->csv);
  draw_confusion(sketch, &p, title.bytes);
  if (p.octiles > 0) draw_entropy(sketch, &p);
cleanup:
  hr_text_fini(&title);
  free_plot(&p);
  return status;
}
