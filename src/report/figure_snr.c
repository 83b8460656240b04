/* R2 against signal-to-noise ratio, every method. */
#include <math.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/table_parts.h"
#include "report/tables.h"
#include "report/words.h"

enum { OCTILES_MOST = 16, CURVES_MOST = 34 };

/* A method, or a ceiling, and what is drawn of it. */
typedef struct curve {
  const char *method; /* or "ceiling", "fisher" */
  const char *title;  /* of a ceiling; NULL: the method's */
  bool is_hybrid;
  hr_stroke stroke;
  double dot;
  hr_estimate r2[OCTILES_MOST]; /* methods have no interval here */
} curve;

/* The octiles of the figure, and the curves over them. */
typedef struct plot {
  size_t octile_count, curve_count;
  double low[OCTILES_MOST], high[OCTILES_MOST], rows[OCTILES_MOST];
  curve *curves; /* [CURVES_MOST] */
} plot;

/* The expert gives the colour, what is done with it the kind of line. The hybrids are
 * wide and grey, and lie below the oracles that they may coincide with. */
static curve style_of(hr_reader *reader, const char *name) {
  static const double dots[] = {1.2, 2.4}, dashes[] = {6.0, 3.0};
  hr_listed method = hr_listed_of(reader, name);
  hr_color color = hr_figure_color_of(reader, name);
  if (method.kind == HR_LISTED_HYBRID) {
    return (curve){.method = name,
                   .is_hybrid = true,
                   .stroke = {color, method.by_test ? 6.5 : 4.0, NULL, 0}};
  }
  if (method.kind == HR_LISTED_GLOBAL) {
    return (curve){.method = name, .stroke = {color, 1.3, dots, 2}, .dot = 4.5};
  }
  if (method.by_test) {
    return (curve){.method = name,
                   .stroke = {hr_color_lighten(color, 0.35), 1.1, dashes, 2}};
  }
  return (curve){.method = name, .stroke = {color, 1.5, NULL, 0}, .dot = 5.0};
}

static bool is_ceiling(const curve *c) {
  return c->title != NULL;
}

static void read_octiles(hr_reader *reader, const hr_node *octiles, plot *p) {
  p->octile_count = hr_node_count(octiles);
  if (p->octile_count > OCTILES_MOST) p->octile_count = OCTILES_MOST;
  for (size_t j = 0; j < p->octile_count; j++) {
    hr_node octile = hr_node_item(reader, octiles, j);
    p->low[j] = hr_node_number(reader, &octile, "snr_low");
    p->high[j] = hr_node_number(reader, &octile, "snr_high");
    p->rows[j] = hr_node_number(reader, &octile, "n");
  }
}

static void read_methods(hr_reader *reader, const hr_node *octiles, plot *p) {
  if (p->octile_count == 0) return;
  hr_node first = hr_node_item(reader, octiles, 0);
  hr_node names = hr_node_object(reader, &first, "r2");
  for (void *i = json_object_iter(names.json); i && p->curve_count < CURVES_MOST - 2;
       i = json_object_iter_next(names.json, i)) {
    curve *c = &p->curves[p->curve_count++];
    *c = style_of(reader, json_object_iter_key(i));
    for (size_t j = 0; j < p->octile_count; j++) {
      hr_node octile = hr_node_item(reader, octiles, j);
      hr_node scores = hr_node_object(reader, &octile, "r2");
      double none = (double)NAN;
      c->r2[j] = (hr_estimate){hr_node_number(reader, &scores, c->method), none, none};
    }
  }
}

/* The ceiling with the bin known, where `parent` has one. */
static void read_ceiling(hr_reader *reader, const hr_node *parent, curve style, plot *p) {
  if (hr_node_is_null(parent, "routed")) return;
  hr_node routed = hr_node_object(reader, parent, "routed");
  hr_node octiles = hr_node_list(reader, &routed, "octiles");
  for (size_t j = 0; j < p->octile_count; j++) {
    hr_node octile = hr_node_item(reader, &octiles, j);
    style.r2[j] = hr_node_estimate(reader, &octile, "r2_max", "r2_max_ci");
  }
  p->curves[p->curve_count++] = style;
}

/* Black and without dots: nobody's own colour. Absent in results without a ceiling. */
static void read_ceilings(hr_reader *reader, const hr_node *root, plot *p) {
  static const double dashes[] = {7.0, 2.5, 1.5, 2.5};
  if (!json_is_object(json_object_get(root->json, "ceiling"))) return;
  hr_node ceiling = hr_node_object(reader, root, "ceiling");
  read_ceiling(
      reader, &ceiling,
      (curve){.method = "ceiling",
              .title = hr_words_ceiling("posterior", hr_tables_in_chinese(reader)),
              .stroke = {hr_color_black, 1.4, NULL, 0}},
      p);
  if (hr_node_is_null(&ceiling, "fisher")) return;
  hr_node fisher = hr_node_object(reader, &ceiling, "fisher");
  read_ceiling(reader, &fisher,
               (curve){.method = "fisher",
                       .title = hr_words_ceiling("fisher", hr_tables_in_chinese(reader)),
                       .stroke = {hr_color_black, 1.4, dashes, 4}},
               p);
}

static void write_csv(const plot *p, hr_text *out) {
  hr_text_append(out, "method,octile,snr_low,snr_high,snr_mid,n,r2,r2_low,r2_high\n");
  for (size_t c = 0; c < p->curve_count; c++) {
    for (size_t j = 0; j < p->octile_count; j++) {
      hr_text_append(out, "%s,%zu", p->curves[c].method, j + 1);
      hr_csv_number(p->low[j], out);
      hr_csv_number(p->high[j], out);
      hr_csv_number(0.5 * (p->low[j] + p->high[j]), out);
      hr_csv_number(p->rows[j], out);
      hr_csv_number(p->curves[c].r2[j].value, out);
      hr_csv_number(p->curves[c].r2[j].low, out);
      hr_csv_number(p->curves[c].r2[j].high, out);
      hr_text_append(out, "\n");
    }
  }
}

static void find_spans(const plot *p, hr_chart_frame *frame) {
  hr_span x = hr_span_empty(), y = hr_span_empty();
  for (size_t j = 0; j < p->octile_count; j++) {
    hr_span_include(&x, 0.5 * (p->low[j] + p->high[j]));
    for (size_t c = 0; c < p->curve_count; c++) {
      const hr_estimate *r2 = &p->curves[c].r2[j];
      if (!isnan(r2->value)) hr_span_include(&y, fmax(r2->value, hr_figure_floor));
      if (!isnan(r2->high)) hr_span_include(&y, fmax(r2->high, hr_figure_floor));
    }
  }
  frame->x.span = hr_span_padded(x, 0.05);
  frame->y.span = hr_span_padded(y, 0.05);
}

static hr_status list_titles(hr_reader *reader, const plot *p, hr_strings *titles,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_text title;
  hr_text_init(&title);
  for (size_t c = 0; c < p->curve_count; c++) {
    hr_text_fini(&title);
    if (is_ceiling(&p->curves[c])) {
      hr_text_append(&title, "%s", p->curves[c].title);
    } else {
      hr_append_method_title(reader, p->curves[c].method, &title);
    }
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(hr_strings_append(titles, title.bytes, err));
  }
cleanup:
  hr_text_fini(&title);
  return status;
}

/* Names stand at the right, at the ends of their curves but pushed apart, each behind a
 * piece of its line. */
static const double name_gap = 16.0, sample_length = 14.0;

typedef struct name {
  const curve *curve;
  const char *title;
  hr_point end; /* of the curve */
  double y;     /* of the name */
} name;

static hr_font name_font(void) {
  return (hr_font){hr_chart_font_size, false, hr_color_black,
                   HR_ALIGN_LEFT,      false, false};
}

static double widest_name(hr_canvas *canvas, const hr_strings *titles) {
  double widest = 0.0;
  for (size_t c = 0; c < titles->count; c++) {
    widest = fmax(widest, hr_canvas_text_width(canvas, titles->items[c], name_font()));
  }
  return widest + name_gap + sample_length + 4.0;
}

/* Where a curve is last known; false where it is known nowhere. */
static bool find_end(const hr_chart *chart, const plot *p, const curve *c,
                     hr_point *out) {
  for (size_t j = p->octile_count; j-- > 0;) {
    if (isnan(c->r2[j].value)) continue;
    double y = fmin(fmax(c->r2[j].value, chart->y.low), chart->y.high);
    *out = (hr_point){hr_chart_x(chart, 0.5 * (p->low[j] + p->high[j])),
                      hr_chart_y(chart, y)};
    return true;
  }
  return false;
}

/* From top to bottom; of curves with one end, as they are listed. */
static size_t list_names(const hr_chart *chart, const plot *p, const hr_strings *titles,
                         name *names) {
  size_t count = 0;
  for (size_t c = 0; c < p->curve_count; c++) {
    name own = {.curve = &p->curves[c], .title = titles->items[c]};
    if (!find_end(chart, p, own.curve, &own.end)) continue;
    size_t i = count++;
    for (; i > 0 && names[i - 1].end.y > own.end.y; i--) names[i] = names[i - 1];
    names[i] = own;
  }
  return count;
}

static void push_apart(const hr_chart *chart, name *names, size_t count) {
  double top = chart->plot.top + 4, bottom = chart->plot.bottom - 4;
  double apart = fmin(hr_chart_font_size + 2.5, (bottom - top) / (double)count);
  double least = top, most = bottom;
  for (size_t i = 0; i < count; i++) {
    names[i].y = fmax(names[i].end.y, least);
    least = names[i].y + apart;
  }
  for (size_t i = count; i-- > 0; most = names[i].y - apart) {
    names[i].y = fmin(names[i].y, most);
  }
}

static void draw_name(const hr_chart *chart, const name *own) {
  double left = chart->plot.right + name_gap;
  const hr_point from = {left, own->y}, to = {left + sample_length, own->y};
  const hr_stroke thin = {hr_color_light_gray, 0.6, NULL, 0};
  hr_canvas_line(chart->canvas, own->end, (hr_point){chart->plot.right, own->end.y},
                 thin);
  hr_canvas_line(chart->canvas, (hr_point){chart->plot.right, own->end.y},
                 (hr_point){left - 1, own->y}, thin);
  hr_canvas_line(chart->canvas, from, to, own->curve->stroke);
  if (own->curve->dot > 0) {
    const hr_point middle = {0.5 * (from.x + to.x), own->y};
    hr_canvas_dots(chart->canvas, &middle, 1, own->curve->dot, own->curve->stroke.color);
  }
  hr_canvas_text(chart->canvas, (hr_point){to.x + 4, own->y}, own->title, name_font());
}

static void draw_names(const hr_chart *chart, const plot *p, const hr_strings *titles) {
  name names[CURVES_MOST];
  size_t count = list_names(chart, p, titles, names);
  push_apart(chart, names, count);
  for (size_t i = 0; i < count; i++) draw_name(chart, &names[i]);
}

/* The interval of a ceiling as a band. */
static void draw_band(const hr_chart *chart, const plot *p, const curve *c) {
  hr_point outline[2 * OCTILES_MOST];
  size_t count = p->octile_count;
  for (size_t j = 0; j < count; j++) {
    double x = hr_chart_x(chart, 0.5 * (p->low[j] + p->high[j]));
    if (isnan(c->r2[j].low)) return;
    outline[j] = (hr_point){x, hr_chart_y(chart, c->r2[j].low)};
    outline[2 * count - 1 - j] = (hr_point){x, hr_chart_y(chart, c->r2[j].high)};
  }
  hr_canvas_polygon(chart->canvas, outline, 2 * count,
                    hr_color_lighten(hr_color_light_gray, 0.4));
}

static void draw_curve(const hr_chart *chart, const plot *p, const curve *c) {
  hr_point points[OCTILES_MOST];
  for (size_t j = 0; j < p->octile_count; j++) {
    points[j] = (hr_point){0.5 * (p->low[j] + p->high[j]), c->r2[j].value};
  }
  hr_chart_line(chart, points, p->octile_count, c->stroke, c->dot);
}

/* The band at the bottom, then the hybrids, then the others, the baseline, which is
 * first, on top of them, and the ceilings. */
static void draw_curves(const hr_chart *chart, const plot *p) {
  size_t first = 0; /* of the ceilings: two bands could not be told apart */
  while (first < p->curve_count && !is_ceiling(&p->curves[first])) first++;
  if (first < p->curve_count) draw_band(chart, p, &p->curves[first]);
  hr_chart_grid(chart);
  for (int hybrids = 1; hybrids >= 0; hybrids--) {
    for (size_t c = p->curve_count; c-- > 0;) {
      const curve *own = &p->curves[c];
      if (!is_ceiling(own) && own->is_hybrid == (hybrids == 1)) draw_curve(chart, p, own);
    }
  }
  for (size_t c = 0; c < p->curve_count; c++) {
    if (is_ceiling(&p->curves[c])) draw_curve(chart, p, &p->curves[c]);
  }
}

hr_status hr_figure_snr(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_reader *reader = sketch->reader;
  hr_node root = hr_reader_root(reader);
  hr_node object = hr_node_object(reader, &root, "snr_octiles");
  hr_node octiles = hr_node_list(reader, &object, "octiles");
  hr_strings titles = {0};
  plot p = {0};
  hr_chart chart;
  HR_TRY(hr_alloc(&p.curves, CURVES_MOST, err));
  read_octiles(reader, &octiles, &p);
  read_methods(reader, &octiles, &p);
  read_ceilings(reader, &root, &p);
  HR_TRY(list_titles(reader, &p, &titles, err));
  write_csv(&p, sketch->csv);
  hr_chart_frame frame = {
      .title = hr_say(reader, "R² by signal-to-noise ratio", "R² 随信噪比的变化"),
      .x = {.label = hr_octiles_are_measured(reader, &object)
                         ? hr_say(reader,
                                  "SNR measured from the spectra (middle of the octile)",
                                  "由光谱测得的信噪比 SNR（八分位的中点）")
                         : hr_say(reader, "SNR (middle of the octile)",
                                  "信噪比 SNR（八分位的中点）")},
      .y = {.label = hr_say(reader, "R², covered test rows of the octile",
                            "该八分位已覆盖测试行的 R²")},
      .right_margin = widest_name(sketch->canvas, &titles)};
  find_spans(&p, &frame);
  hr_chart_begin(&chart, sketch->canvas, &frame);
  draw_names(&chart, &p, &titles);
  hr_canvas_clip(sketch->canvas, chart.plot);
  draw_curves(&chart, &p);
  hr_canvas_unclip(sketch->canvas);
  hr_chart_end(&chart);
cleanup:
  hr_free(p.curves);
  hr_strings_fini(&titles);
  return status;
}
