/* Figures 8 to 10: how often the truth is within the intervals, by octile of SNR, and
 * where it stands among draws from the posterior. */
#include <math.h>
#include <stdio.h>

#include "report/calibration.h"
#include "report/figure_parts.h"
#include "report/tables.h"
#include "report/words.h"
#include "score/sbc.h"

enum { SERIES = 2, OCTILES_MOST = 16 };

/* The shares that a figure shows, and what is expected of them. */
typedef struct series {
  hr_calibration_measure measure;
  const char *text;
  hr_color color;
  double shift; /* beside the octile's middle */
} series;

typedef struct plot {
  hr_calibration_shown shown;
  size_t which; /* of the methods shown */
  series drawn[SERIES];
  size_t octile_count;
  hr_estimate share[SERIES][OCTILES_MOST];
  double rows[OCTILES_MOST];
} plot;

/* The method shown, as the posterior or as the headline; or false. */
static bool find_method(hr_reader *reader, bool posterior, plot *p) {
  hr_calibration_find(reader, &p->shown);
  for (size_t w = 0; w < p->shown.count; w++) {
    p->which = w;
    if (posterior ? p->shown.is_posterior[w] : w == 0) return true;
  }
  return false;
}

static void read_shares(hr_reader *reader, plot *p) {
  hr_node octiles = hr_node_list(reader, &p->shown.entry[p->which], "octiles");
  p->octile_count = hr_node_count(&octiles);
  if (p->octile_count > OCTILES_MOST) p->octile_count = OCTILES_MOST;
  for (size_t j = 0; j < p->octile_count; j++) {
    hr_node octile = hr_node_item(reader, &octiles, j);
    p->rows[j] = hr_node_number(reader, &octile, "n");
    for (size_t s = 0; s < SERIES; s++) {
      p->share[s][j] = hr_calibration_read(reader, &octile, p->drawn[s].measure);
    }
  }
}

static void begin(hr_reader *reader, bool posterior, plot *p) {
  const series halves[SERIES] = {
      {HR_WITHIN_HALF68, hr_say(reader, "within the 68 % interval", "68 % 区间之内"),
       .shift = -0.08},
      {HR_WITHIN_HALF95, hr_say(reader, "within the 95 % interval", "95 % 区间之内"),
       .shift = 0.08}};
  const series sigmas[SERIES] = {
      {HR_WITHIN_1_SIGMA, hr_say(reader, "within 1 σ", "1 σ 之内"), .shift = -0.08},
      {HR_WITHIN_2_SIGMA, hr_say(reader, "within 2 σ", "2 σ 之内"), .shift = 0.08}};
  for (size_t s = 0; s < SERIES; s++) p->drawn[s] = posterior ? sigmas[s] : halves[s];
  if (!find_method(reader, posterior, p)) return;
  read_shares(reader, p);
  hr_color own = hr_figure_color_of(reader, p->shown.name[p->which]);
  p->drawn[0].color = own;
  p->drawn[1].color = hr_color_lighten(own, 0.45);
}

/* Whether there is no share to draw. */
static bool is_empty(hr_reader *reader, bool posterior) {
  plot p = {.octile_count = 0};
  begin(reader, posterior, &p);
  for (size_t j = 0; j < p.octile_count; j++) {
    if (!isnan(p.share[0][j].value)) return false;
  }
  return true;
}

bool hr_figure_coverage_is_empty(hr_reader *reader) {
  return is_empty(reader, false);
}

bool hr_figure_own_sigma_is_empty(hr_reader *reader) {
  return is_empty(reader, true);
}

static void write_csv(hr_reader *reader, const plot *p, hr_text *out) {
  hr_text_append(out,
                 "method,measure,octile,snr_low,snr_high,n,expected,share,"
                 "share_low,share_high\n");
  for (size_t s = 0; s < SERIES; s++) {
    hr_calibration_measure measure = p->drawn[s].measure;
    for (size_t j = 0; j < p->octile_count; j++) {
      hr_text_append(out, "%s,%s,%zu", p->shown.name[p->which],
                     hr_calibration_key(measure), j + 1);
      hr_csv_number(hr_calibration_edge(reader, &p->shown, j), out);
      hr_csv_number(hr_calibration_edge(reader, &p->shown, j + 1), out);
      hr_csv_number(p->rows[j], out);
      hr_csv_number(hr_calibration_expected(measure), out);
      hr_csv_number(p->share[s][j].value, out);
      hr_csv_number(p->share[s][j].low, out);
      hr_csv_number(p->share[s][j].high, out);
      hr_text_append(out, "\n");
    }
  }
}

/* "3\n9.1 to\n12.4": octile and edges. */
static hr_status label_octiles(hr_reader *reader, const plot *p, hr_strings *labels,
                               hr_error *err) {
  hr_status status = HR_OK;
  for (size_t j = 0; j < p->octile_count; j++) {
    char label[96], low[HR_TICK_BYTES], high[HR_TICK_BYTES];
    double from = hr_calibration_edge(reader, &p->shown, j);
    double to = hr_calibration_edge(reader, &p->shown, j + 1);
    int digits = to < 100 ? 1 : 0;
    snprintf(label, sizeof label, hr_say(reader, "%s\nto %s", "%s\n至 %s"),
             hr_ticks_number(from, digits, 0, low), hr_ticks_number(to, digits, 0, high));
    HR_TRY(hr_strings_append(labels, label, err));
  }
cleanup:
  return status;
}

static hr_span find_span(const plot *p) {
  hr_span span = {0.6, 1.0};
  for (size_t s = 0; s < SERIES; s++) {
    for (size_t j = 0; j < p->octile_count; j++) {
      hr_span_include(&span, p->share[s][j].low);
      hr_span_include(&span, p->share[s][j].high);
    }
  }
  return (hr_span){fmax(0.0, span.low - 0.03), fmin(1.02, span.high + 0.02)};
}

static void draw_shares(const hr_chart *chart, const plot *p) {
  for (size_t s = 0; s < SERIES; s++) {
    const series *own = &p->drawn[s];
    hr_point points[OCTILES_MOST];
    for (size_t j = 0; j < p->octile_count; j++) {
      double x = (double)j + own->shift;
      points[j] = (hr_point){x, p->share[s][j].value};
      hr_chart_error_bar(chart, x, (hr_span){p->share[s][j].low, p->share[s][j].high});
    }
    hr_chart_line(chart, points, p->octile_count,
                  (hr_stroke){hr_color_lighten(own->color, 0.3), 1.0, NULL, 0}, 0.0);
    for (size_t j = 0; j < p->octile_count; j++) {
      hr_chart_line(chart, &points[j], 1, (hr_stroke){own->color, 1.0, NULL, 0}, 6.0);
    }
  }
}

static hr_status draw(hr_sketch *sketch, bool posterior, hr_error *err) {
  hr_status status = HR_OK;
  plot p = {.octile_count = 0};
  hr_strings labels = {0};
  hr_text title;
  hr_chart chart;
  hr_text_init(&title);
  begin(sketch->reader, posterior, &p);
  hr_reader *reader = sketch->reader;
  const char *what = posterior ? "σ" : hr_say(reader, "intervals", "区间");
  hr_text_append(&title, hr_say(reader, "How often the truth is within the %s of ", "%s"),
                 hr_say(reader, what, ""));
  hr_append_method_title(reader, p.shown.name[p.which], &title);
  hr_text_append(&title, hr_say(reader, "%s", "：真值落在其%s之内的比例"),
                 hr_say(reader, "", what));
  hr_words_close_up(&title, 0);
  HR_TRY(hr_text_status(&title, err));
  HR_TRY(label_octiles(sketch->reader, &p, &labels, err));
  write_csv(sketch->reader, &p, sketch->csv);
  hr_legend_entry legend[SERIES];
  hr_reference expected[SERIES];
  for (size_t s = 0; s < SERIES; s++) {
    legend[s] = (hr_legend_entry){.text = p.drawn[s].text,
                                  .mark = HR_MARK_LINE_DOT,
                                  .stroke = {p.drawn[s].color, 1.0, NULL, 0}};
    expected[s] = (hr_reference){hr_calibration_expected(p.drawn[s].measure),
                                 s == 0 ? "0.6827" : "0.9545"};
  }
  hr_chart_frame frame = {
      .title = title.bytes,
      .x = {.label = hr_say(reader, "SNR, octiles of the covered test rows",
                            "信噪比 SNR，已覆盖测试行的八分位"),
            .categories = (const char *const *)labels.items,
            .category_count = labels.count},
      .y = {.label = hr_say(reader, "share of test rows", "测试行所占比例"),
            .span = find_span(&p)},
      .legend = legend,
      .legend_count = SERIES,
      .references = expected,
      .reference_count = SERIES};
  hr_chart_begin(&chart, sketch->canvas, &frame);
  hr_chart_grid(&chart);
  hr_chart_references(&chart);
  draw_shares(&chart, &p);
  hr_chart_end(&chart);
cleanup:
  hr_text_fini(&title);
  hr_strings_fini(&labels);
  return status;
}

hr_status hr_figure_coverage(hr_sketch *sketch, hr_error *err) {
  return draw(sketch, false, err);
}

hr_status hr_figure_own_sigma(hr_sketch *sketch, hr_error *err) {
  return draw(sketch, true, err);
}

/* Ranks -------------------------------------------------------------------------------
 */

bool hr_figure_ranks_is_empty(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "sbc")) return true;
  hr_node sbc = hr_node_object(reader, &root, "sbc");
  return !(hr_node_number(reader, &sbc, "rows") > 0);
}

/* Equal shares, and where 95 % of counts would be (normal approximation). */
typedef struct ranks {
  double count[HR_SBC_BINS], expected, low, high;
} ranks;

static ranks read_ranks(hr_reader *reader) {
  ranks read = {.expected = 0};
  hr_node root = hr_reader_root(reader);
  hr_node sbc = hr_node_object(reader, &root, "sbc");
  hr_node list = hr_node_list(reader, &sbc, "histogram");
  double rows = hr_node_number(reader, &sbc, "rows");
  for (size_t b = 0; b < HR_SBC_BINS; b++) {
    read.count[b] = json_number_value(json_array_get(list.json, b));
  }
  read.expected = rows / HR_SBC_BINS;
  double half = 1.959963984540054 * sqrt(read.expected * (1 - 1.0 / HR_SBC_BINS));
  read.low = fmax(0.0, read.expected - half);
  read.high = read.expected + half;
  return read;
}

static void write_ranks_csv(const ranks *r, hr_text *out) {
  hr_text_append(out,
                 "bin,rank_low,rank_high,count,expected,expected_low,"
                 "expected_high\n");
  for (size_t b = 0; b < HR_SBC_BINS; b++) {
    hr_text_append(out, "%zu", b + 1);
    hr_csv_number((double)b / HR_SBC_BINS, out);
    hr_csv_number((double)(b + 1) / HR_SBC_BINS, out);
    hr_csv_number(r->count[b], out);
    hr_csv_number(r->expected, out);
    hr_csv_number(r->low, out);
    hr_csv_number(r->high, out);
    hr_text_append(out, "\n");
  }
}

static void draw_ranks(const hr_chart *chart, const ranks *r, hr_color color) {
  hr_color band = hr_color_lighten(hr_color_light_gray, 0.4);
  hr_canvas_fill(chart->canvas,
                 (hr_rectangle){chart->plot.left, hr_chart_y(chart, r->high),
                                chart->plot.right, hr_chart_y(chart, r->low)},
                 band);
  hr_chart_grid(chart);
  for (size_t b = 0; b < HR_SBC_BINS; b++) {
    const double width = 1.0 / HR_SBC_BINS, left = (double)b * width;
    hr_bar bar = {.x = {left + 0.1 * width, left + 0.9 * width},
                  .value = r->count[b],
                  .color = color};
    hr_chart_bar(chart, &bar);
  }
  const hr_stroke stroke = {hr_color_black, 1.0, NULL, 0};
  const double edges[] = {r->low, r->expected, r->high};
  static const double dashes[] = {4.0, 2.5};
  for (size_t e = 0; e < 3; e++) {
    double y = hr_chart_y(chart, edges[e]);
    hr_stroke own = e == 1 ? stroke : (hr_stroke){hr_color_gray, 0.9, dashes, 2};
    hr_canvas_line(chart->canvas, (hr_point){chart->plot.left, y},
                   (hr_point){chart->plot.right, y}, own);
  }
}

hr_status hr_figure_ranks(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  ranks r = read_ranks(sketch->reader);
  hr_node root = hr_reader_root(sketch->reader);
  hr_node sbc = hr_node_object(sketch->reader, &root, "sbc");
  hr_text title;
  hr_chart chart;
  hr_span y = {0.0, 1.35 * r.high};
  static const double dashes[] = {4.0, 2.5};
  hr_text_init(&title);
  hr_reader *reader = sketch->reader;
  hr_text_append(&title, "%s",
                 hr_say(reader, "Where the truth stands among draws of ", ""));
  hr_append_method_title(reader, hr_node_text(reader, &sbc, "expert"), &title);
  hr_text_append(&title, "%s", hr_say(reader, "", "：真值在其抽样中的位置"));
  HR_TRY(hr_text_status(&title, err));
  write_ranks_csv(&r, sketch->csv);
  for (size_t b = 0; b < HR_SBC_BINS; b++) hr_span_include(&y, 1.05 * r.count[b]);
  const hr_color color = hr_color_lighten(
      hr_figure_color_of(reader, hr_node_text(reader, &sbc, "expert")), 0.35);
  const hr_legend_entry legend[] = {
      {.text = hr_say(reader, "test stars", "测试恒星"), .color = color},
      {.text = hr_say(reader, "expected of a right posterior", "后验正确时的期望"),
       .mark = HR_MARK_LINE,
       .stroke = {hr_color_black, 1.0, NULL, 0}},
      {.text = hr_say(reader, "95 % of counts", "95 % 的计数"),
       .mark = HR_MARK_LINE,
       .stroke = {hr_color_gray, 0.9, dashes, 2}}};
  hr_chart_frame frame = {
      .title = title.bytes,
      .x = {.label = hr_say(reader, "rank of the truth, 0: below all draws",
                            "真值的秩，0：低于所有抽样"),
            .span = {0.0, 1.0}},
      .y = {.label = hr_say(reader, "test stars", "测试恒星数"), .span = y},
      .legend = legend,
      .legend_count = sizeof legend / sizeof *legend};
  hr_chart_begin(&chart, sketch->canvas, &frame);
  draw_ranks(&chart, &r, color);
  hr_chart_end(&chart);
cleanup:
  hr_text_fini(&title);
  return status;
}
