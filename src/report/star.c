/* The page of a star. Thousands of pixels on six inches are a black bar: a point of the
 * line is the mean of the good ones of several, in two panels. */
#include "report/star.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/pixel_quantile.h"
#include "report/chart.h"
#include "report/figure_parts.h"

/* Lengths, pt. */
static const double heading = 36, panel_high = 138, panel_legend = 18, row_high = 21,
                    label_around = 62, label_legend = 18, least_label = 110;

enum { MANY_PIXELS = 1200, POINTS = 560, SMOOTH = 161 };

/* Some neighbouring pixels together. */
typedef struct point {
  double wave, flux, error, fit; /* NaN: none of them is good */
} point;

typedef struct panel {
  const hr_star_sheet *star;
  size_t first, end; /* pixels */
  size_t each;       /* pixels a point */
  point *points;     /* [count] */
  size_t count;
  hr_span y;
} panel;

void hr_star_fini(hr_star_sheet *star) {
  hr_free(star->slot);
  hr_free(star->flags);
  hr_free(star->flux);
  hr_free(star->error);
  hr_free(star->bad);
  hr_free(star->fit);
  hr_free(star->fit_title);
  for (size_t i = 0; star->opinions && i < star->opinion_count; i++) {
    hr_free(star->opinions[i].title);
    hr_free(star->opinions[i].mean);
    hr_free(star->opinions[i].half68);
    hr_free(star->opinions[i].half95);
  }
  hr_free(star->opinions);
  hr_free(star->is_chosen);
  hr_free(star->draws);
  *star = (hr_star_sheet){0};
}

static size_t panel_count(const hr_star_sheet *star) {
  return star->pixels > MANY_PIXELS ? 2 : 1;
}

/* Rows of a label: the opinions, and the posterior. */
static size_t row_count(const hr_star_sheet *star) {
  return star->opinion_count + (star->draws ? 1 : 0);
}

static double label_high(const hr_star_sheet *star, size_t target) {
  double high = label_around + row_high * (double)row_count(star);
  high = high < least_label ? least_label : high;
  return high + (target == 0 ? label_legend : 0);
}

static double spectrum_high(const hr_star_sheet *star) {
  return heading + panel_legend + panel_high * (double)panel_count(star);
}

double hr_star_height(const hr_star_sheet *star) {
  double high = spectrum_high(star);
  for (size_t t = 0; t < star->target_count; t++) high += label_high(star, t);
  return high > HR_CANVAS_HEIGHT ? high : HR_CANVAS_HEIGHT;
}

/* --- the spectrum --- */

/* By inverse variance, as the line of a plain mean is that of the sky's noise; the fit
 * with the same weights. */
static point gather(const panel *p, size_t from, size_t to) {
  const hr_star_sheet *star = p->star;
  double flux = 0, weights = 0, wave = 0, fit = 0, plain = 0;
  for (size_t i = from; i < to; i++) {
    wave += star->wave[i];
    plain += star->fit ? star->fit[i] : (double)NAN;
    if (star->bad[i]) continue;
    double weight = star->error ? 1 / (star->error[i] * star->error[i]) : 1;
    weights += weight;
    flux += weight * star->flux[i];
    fit += star->fit ? weight * star->fit[i] : (double)NAN;
  }
  double all = (double)(to - from);
  point out = {wave / all, (double)NAN, (double)NAN, plain / all};
  if (!(weights > 0)) return out;
  out.flux = flux / weights;
  out.fit = fit / weights;
  if (star->error) out.error = 1 / sqrt(weights);
  return out;
}

/* Nearly all points are within; a cosmic ray or two would press the others flat. */
static hr_status find_span(panel *p, hr_error *err) {
  hr_status status = HR_OK;
  float *values = NULL, *scratch = NULL;
  size_t count = 0;
  p->y = hr_span_empty();
  HR_TRY(hr_alloc(&values, p->count, err));
  HR_TRY(hr_alloc(&scratch, p->count, err));
  for (size_t i = 0; i < p->count; i++) {
    hr_span_include(&p->y, p->points[i].fit);
    if (isfinite(p->points[i].flux)) values[count++] = (float)p->points[i].flux;
  }
  if (count > 0) {
    hr_span_include(&p->y, (double)hr_pixel_quantile(values, count, 0.005, scratch));
    hr_span_include(&p->y, (double)hr_pixel_quantile(values, count, 0.995, scratch));
  }
  p->y = hr_span_padded(p->y, 0.12);
cleanup:
  hr_free(values);
  hr_free(scratch);
  return status;
}

static hr_status panel_init(const hr_star_sheet *star, size_t number, panel *p,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t panels = panel_count(star), pixels = star->pixels;
  *p = (panel){.star = star,
               .first = number * pixels / panels,
               .end = (number + 1) * pixels / panels,
               .each = (pixels / panels + POINTS - 1) / POINTS};
  p->count = (p->end - p->first + p->each - 1) / p->each;
  HR_TRY(hr_alloc(&p->points, p->count, err));
  for (size_t i = 0; i < p->count; i++) {
    size_t from = p->first + i * p->each, to = from + p->each;
    p->points[i] = gather(p, from, to < p->end ? to : p->end);
  }
  HR_TRY(find_span(p, err));
cleanup:
  return status;
}

/* Between two points that are there: one sigma to both sides. */
static void draw_band(const hr_chart *chart, const panel *p, hr_color color) {
  for (size_t i = 1; i < p->count; i++) {
    const point *a = &p->points[i - 1], *b = &p->points[i];
    if (!isfinite(a->flux + a->error + b->flux + b->error)) continue;
    double left = hr_chart_x(chart, a->wave), right = hr_chart_x(chart, b->wave);
    const hr_point corners[] = {{left, hr_chart_y(chart, a->flux - a->error)},
                                {left, hr_chart_y(chart, a->flux + a->error)},
                                {right, hr_chart_y(chart, b->flux + b->error)},
                                {right, hr_chart_y(chart, b->flux - b->error)}};
    hr_canvas_polygon(chart->canvas, corners, 4, color);
  }
}

/* Runs of flagged pixels, on the floor of the panel. */
static void draw_flagged(const hr_chart *chart, const panel *p, hr_color color) {
  const double high = 5;
  const hr_star_sheet *star = p->star;
  for (size_t i = p->first; i < p->end; i++) {
    size_t from = i;
    if (!star->bad[i]) continue;
    while (i + 1 < p->end && star->bad[i + 1]) i++;
    double left = hr_chart_x(chart, star->wave[from]);
    double right = fmax(hr_chart_x(chart, star->wave[i]), left + 0.5);
    double floor = chart->plot.bottom;
    hr_canvas_fill(chart->canvas, (hr_rectangle){left, floor - high, right, floor},
                   color);
  }
}

static hr_status draw_lines(const hr_chart *chart, const panel *p, hr_error *err) {
  hr_status status = HR_OK;
  hr_point *line = NULL;
  HR_TRY(hr_alloc(&line, p->count, err));
  for (size_t i = 0; i < p->count; i++) {
    line[i] = (hr_point){p->points[i].wave, p->points[i].flux};
  }
  hr_chart_line(chart, line, p->count, (hr_stroke){hr_color_black, 0.6, NULL, 0}, 0);
  for (size_t i = 0; i < p->count; i++) line[i].y = p->points[i].fit;
  if (p->star->fit) {
    hr_chart_line(chart, line, p->count, (hr_stroke){hr_color_vermillion, 1.0, NULL, 0},
                  0);
  }
cleanup:
  hr_free(line);
  return status;
}

static size_t list_legend(const panel *p, char text[48], hr_legend_entry out[4]) {
  const hr_star_sheet *star = p->star;
  size_t count = 0;
  bool has_bad = false;
  for (size_t i = 0; i < star->pixels; i++) has_bad = has_bad || star->bad[i];
  snprintf(text, 48, p->each > 1 ? "spectrum, %zu pixels a point" : "spectrum", p->each);
  out[count++] = (hr_legend_entry){
      .text = text, .mark = HR_MARK_LINE, .stroke = {hr_color_black, 0.8, NULL, 0}};
  if (star->error) {
    out[count++] = (hr_legend_entry){.text = "± 1 σ",
                                     .mark = HR_MARK_SWATCH,
                                     .color = hr_color_lighten(hr_color_sky, 0.45)};
  }
  if (star->fit) {
    out[count++] = (hr_legend_entry){.text = star->fit_title,
                                     .mark = HR_MARK_LINE,
                                     .stroke = {hr_color_vermillion, 1.2, NULL, 0}};
  }
  if (has_bad) {
    out[count++] = (hr_legend_entry){
        .text = "flagged", .mark = HR_MARK_SWATCH, .color = hr_color_purple};
  }
  return count;
}

static hr_status draw_panel(const hr_star_sheet *star, size_t number, hr_canvas *canvas,
                            hr_error *err) {
  hr_status status = HR_OK;
  panel p = {0};
  char text[48];
  hr_legend_entry legend[4];
  hr_chart chart;
  double top = heading + (number > 0 ? panel_legend : 0) + panel_high * (double)number;
  HR_TRY(panel_init(star, number, &p, err));
  hr_chart_frame frame = {
      .top = top,
      .bottom = top + panel_high + (number > 0 ? 0 : panel_legend),
      .x = {.span = {star->wave[p.first], star->wave[p.end - 1]}},
      .y = {.label = "flux", .span = p.y},
  };
  if (number + 1 == panel_count(star)) frame.x.label = "wavelength in vacuum [Å]";
  if (number == 0) {
    frame.legend = legend;
    frame.legend_count = list_legend(&p, text, legend);
  }
  hr_chart_begin(&chart, canvas, &frame);
  hr_canvas_clip(canvas, chart.plot);
  draw_band(&chart, &p, hr_color_lighten(hr_color_sky, 0.45));
  HR_TRY(draw_lines(&chart, &p, err));
  draw_flagged(&chart, &p, hr_color_purple);
  hr_canvas_unclip(canvas);
  hr_chart_end(&chart);
cleanup:
  hr_free(p.points);
  return status;
}

/* --- the labels --- */

static hr_span span_of_label(const hr_star_sheet *star, size_t t) {
  hr_span span = hr_span_empty();
  for (size_t i = 0; i < star->opinion_count; i++) {
    const hr_star_opinion *o = &star->opinions[i];
    double half = isnan(o->half95[t]) ? 0 : o->half95[t];
    hr_span_include(&span, o->mean[t] - half);
    hr_span_include(&span, o->mean[t] + half);
  }
  const float *draws = star->draws ? star->draws + t * HR_PREDICT_DRAWS : NULL;
  for (size_t i = 0; draws && i < HR_PREDICT_DRAWS; i++) {
    hr_span_include(&span, (double)draws[i]);
  }
  return hr_span_padded(span, 0.06);
}

/* A Gaussian for each draw, as wide as Silverman (1986, eq. 3.28) has it for a normal. */
static bool smooth(const float *draws, hr_span span, double density[SMOOTH]) {
  double sum = 0, squares = 0, n = HR_PREDICT_DRAWS;
  for (size_t i = 0; i < HR_PREDICT_DRAWS; i++) {
    if (isnan(draws[i])) return false;
    sum += (double)draws[i];
  }
  for (size_t i = 0; i < HR_PREDICT_DRAWS; i++) {
    double off = (double)draws[i] - sum / n;
    squares += off * off;
  }
  double step = (span.high - span.low) / (SMOOTH - 1), most = 0;
  double width = fmax(1.06 * sqrt(squares / n) * pow(n, -0.2), step);
  for (size_t s = 0; s < SMOOTH; s++) {
    density[s] = 0;
    for (size_t i = 0; i < HR_PREDICT_DRAWS; i++) {
      double z = (span.low + step * (double)s - (double)draws[i]) / width;
      density[s] += exp(-0.5 * z * z);
    }
    most = fmax(most, density[s]);
  }
  for (size_t s = 0; s < SMOOTH; s++) density[s] /= most;
  return true;
}

static void draw_posterior(const hr_chart *chart, const hr_star_sheet *star, size_t t) {
  const double high = 0.84;
  double density[SMOOTH], row = (double)star->opinion_count + 0.5;
  hr_point outline[SMOOTH + 2];
  if (!smooth(star->draws + t * HR_PREDICT_DRAWS, chart->x, density)) return;
  for (size_t s = 0; s < SMOOTH; s++) {
    double x = chart->x.low + (chart->x.high - chart->x.low) * (double)s / (SMOOTH - 1);
    outline[s + 1] =
        (hr_point){hr_chart_x(chart, x), hr_chart_y(chart, row - high * density[s])};
  }
  outline[0] = (hr_point){chart->plot.left, chart->plot.bottom};
  outline[SMOOTH + 1] = (hr_point){chart->plot.right, chart->plot.bottom};
  hr_canvas_polygon(chart->canvas, outline, SMOOTH + 2,
                    hr_color_lighten(hr_color_green, 0.55));
  hr_canvas_path(chart->canvas, outline + 1, SMOOTH,
                 (hr_stroke){hr_color_green, 1.0, NULL, 0});
}

static void draw_half(const hr_chart *chart, double row, hr_span span, hr_stroke stroke) {
  if (isnan(span.low) || isnan(span.high)) return;
  double y = hr_chart_y(chart, row);
  hr_canvas_line(chart->canvas, (hr_point){hr_chart_x(chart, span.low), y},
                 (hr_point){hr_chart_x(chart, span.high), y}, stroke);
}

static void draw_opinion(const hr_chart *chart, const hr_star_sheet *star, size_t i,
                         size_t t) {
  const hr_star_opinion *o = &star->opinions[i];
  hr_color color = i == 0 ? hr_color_vermillion : hr_color_blue;
  double mean = o->mean[t], row = (double)i;
  if (isnan(mean)) return;
  draw_half(chart, row, (hr_span){mean - o->half95[t], mean + o->half95[t]},
            (hr_stroke){color, 1.0, NULL, 0});
  draw_half(chart, row, (hr_span){mean - o->half68[t], mean + o->half68[t]},
            (hr_stroke){color, 3.2, NULL, 0});
  hr_point at = {hr_chart_x(chart, mean), hr_chart_y(chart, row)};
  if (star->is_chosen[i * star->target_count + t]) {
    hr_canvas_star(chart->canvas, at, 6.5, color, hr_color_white);
  } else {
    hr_canvas_dots(chart->canvas, &at, 1, 7.5, hr_color_white);
    hr_canvas_dots(chart->canvas, &at, 1, 6, color);
  }
}

enum { LABEL_LEGEND = 5 };

static void list_label_legend(hr_legend_entry out[LABEL_LEGEND]) {
  const hr_color blue = hr_color_blue;
  const hr_legend_entry entries[LABEL_LEGEND] = {
      {.text = "predicted", .mark = HR_MARK_DOT, .color = hr_color_vermillion},
      {.text = "an expert by itself", .mark = HR_MARK_DOT, .color = blue},
      {.text = "chosen here", .mark = HR_MARK_STAR, .color = blue},
      {.text = "68 %", .mark = HR_MARK_LINE, .stroke = {blue, 3.2, NULL, 0}},
      {.text = "95 %", .mark = HR_MARK_LINE, .stroke = {blue, 1.0, NULL, 0}}};
  memcpy(out, entries, sizeof entries);
}

static hr_status draw_label(const hr_star_sheet *star, size_t t, double top,
                            hr_canvas *canvas, hr_error *err) {
  hr_status status = HR_OK;
  hr_chart chart;
  hr_text label;
  const char **names = NULL;
  hr_legend_entry legend[LABEL_LEGEND];
  list_label_legend(legend);
  hr_text_init(&label);
  const hr_bundle_target *target = &star->targets[t];
  hr_text_append(&label, target->unit[0] ? "%s [%s]" : "%s", target->name, target->unit);
  HR_TRY(hr_text_status(&label, err));
  HR_TRY(hr_alloc(&names, row_count(star), err));
  for (size_t i = 0; i < star->opinion_count; i++) names[i] = star->opinions[i].title;
  if (star->draws) names[star->opinion_count] = "posterior";
  const hr_chart_frame frame = {
      .top = top,
      .bottom = top + label_high(star, t),
      .x = {.label = label.bytes, .span = span_of_label(star, t)},
      .y = {.categories = names, .category_count = row_count(star)},
      .legend = legend,
      .legend_count = t == 0 ? LABEL_LEGEND : 0,
  };
  hr_chart_begin(&chart, canvas, &frame);
  hr_canvas_clip(canvas, chart.plot);
  hr_canvas_fill(canvas,
                 (hr_rectangle){chart.plot.left, chart.plot.top, chart.plot.right,
                                hr_chart_y(&chart, 0.5)},
                 hr_color_lighten(hr_color_vermillion, 0.9));
  if (star->draws) draw_posterior(&chart, star, t);
  for (size_t i = 0; i < star->opinion_count; i++) draw_opinion(&chart, star, i, t);
  hr_canvas_unclip(canvas);
  hr_chart_end(&chart);
cleanup:
  hr_text_fini(&label);
  hr_free(names);
  return status;
}

/* --- numbers and words --- */

static void write_csv(const hr_star_sheet *star, hr_text *out) {
  hr_text_append(out, "part,name,x,value,half68,half95\n");
  for (size_t p = 0; p < star->pixels; p++) {
    hr_text_append(out, "%s,", star->bad[p] ? "flagged" : "spectrum");
    hr_csv_number(star->wave[p], out);
    hr_csv_number(star->flux[p], out);
    hr_csv_number(star->error ? star->error[p] : (double)NAN, out);
    hr_text_append(out, ",\n");
  }
  for (size_t p = 0; star->fit && p < star->pixels; p++) {
    hr_text_append(out, "fit,");
    hr_csv_number(star->wave[p], out);
    hr_csv_number(star->fit[p], out);
    hr_text_append(out, ",,\n");
  }
  for (size_t t = 0; t < star->target_count; t++) {
    for (size_t i = 0; i < star->opinion_count; i++) {
      const hr_star_opinion *o = &star->opinions[i];
      hr_csv_text(star->targets[t].name, out);
      hr_text_append(out, ",");
      hr_csv_text(o->title, out);
      hr_text_append(out, ",");
      hr_csv_number(o->mean[t], out);
      hr_csv_number(o->half68[t], out);
      hr_csv_number(o->half95[t], out);
      hr_text_append(out, "\n");
    }
    for (size_t i = 0; star->draws && i < HR_PREDICT_DRAWS; i++) {
      hr_csv_text(star->targets[t].name, out);
      hr_text_append(out, ",draw,");
      hr_csv_number((double)star->draws[t * HR_PREDICT_DRAWS + i], out);
      hr_text_append(out, ",,\n");
    }
  }
}

static hr_status draw_heading(const hr_star_sheet *star, hr_canvas *canvas,
                              hr_error *err) {
  const hr_font title = {11, true, hr_color_black, HR_ALIGN_LEFT, false, false};
  hr_font small = {8, false, hr_color_gray, HR_ALIGN_LEFT, false, false};
  const double left = 10, top = 13, below = 27, room = HR_CANVAS_WIDTH - 2 * left;
  const char *slash = strrchr(star->path, '/');
  hr_text line;
  hr_text_init(&line);
  hr_text_append(&line, "star %s", star->id);
  if (line.bytes) hr_canvas_text(canvas, (hr_point){left, top}, line.bytes, title);
  hr_text_fini(&line);
  hr_text_append_visible(&line, slash ? slash + 1 : star->path);
  hr_text_append(&line, ", row %zu · to %s", star->row, star->slot);
  if (!isnan(star->snr)) hr_text_append(&line, " · S/N %.3g", star->snr);
  if (star->masked > 0) hr_text_append(&line, " · %.0f %% flagged", 100 * star->masked);
  if (star->flags[0]) hr_text_append(&line, " · %s", star->flags);
  hr_status status = hr_text_status(&line, err);
  if (status == HR_OK) {
    double width = hr_canvas_text_width(canvas, line.bytes, small);
    if (width > room) small.size *= room / width;
    hr_canvas_text(canvas, (hr_point){left, below}, line.bytes, small);
  }
  hr_text_fini(&line);
  return status;
}

hr_status hr_star_draw(void *context, hr_canvas *canvas, hr_text *csv, hr_error *err) {
  hr_status status = HR_OK;
  const hr_star_sheet *star = context;
  double top = spectrum_high(star);
  write_csv(star, csv);
  HR_TRY(draw_heading(star, canvas, err));
  for (size_t i = 0; i < panel_count(star); i++) {
    HR_TRY(draw_panel(star, i, canvas, err));
  }
  for (size_t t = 0; t < star->target_count; t++) {
    HR_TRY(draw_label(star, t, top, canvas, err));
    top += label_high(star, t);
  }
cleanup:
  return status;
}
