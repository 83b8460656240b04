/* Axes, ticks and their labels. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/chart_parts.h"

static const double tick_length = 3.0, label_size = 9.0, line_height = 10.0;

/* What the names beside the rows of y take at most; longer ones are cut. */
static const double widest_name = 150.0;

static hr_font tick_font(hr_align align) {
  return (hr_font){hr_chart_font_size, false, hr_color_black, align, false, false};
}

static hr_font label_font(bool is_vertical) {
  return (hr_font){label_size,      false,       hr_color_black,
                   HR_ALIGN_CENTER, is_vertical, false};
}

static hr_stroke axis_stroke(void) {
  return (hr_stroke){hr_color_black, 0.8, NULL, 0};
}

static size_t count_lines(const char *text) {
  size_t lines = 1;
  for (; *text; text++) lines += *text == '\n';
  return lines;
}

static size_t most_lines(const hr_chart_axis *axis) {
  size_t most = 1;
  for (size_t c = 0; c < axis->category_count; c++) {
    size_t own = count_lines(axis->categories[c]);
    if (own > most) most = own;
  }
  return most;
}

enum { LINE_BYTES = 512 };

/* Where the last character before text[length] begins, of UTF-8. */
static size_t back(const char *text, size_t length) {
  while (length > 0 && ((unsigned char)text[--length] & 0xC0U) == 0x80U) {
  }
  return length;
}

/* Takes the next line of *text into `line`, cut where it is very long. */
static const char *next_line(const char *text, char line[LINE_BYTES]) {
  size_t length = strcspn(text, "\n"), kept = length;
  if (kept > LINE_BYTES - 4) kept = back(text, LINE_BYTES - 4);
  snprintf(line, LINE_BYTES, "%.*s%s", (int)kept, text, kept < length ? "…" : "");
  return text[length] ? text + length + 1 : text + length;
}

/* Cuts a line that is wider than `room`, and ends it with an ellipsis. */
static void cut_line(const hr_chart *chart, char line[LINE_BYTES], double room,
                     hr_font font) {
  size_t kept = strlen(line);
  while (kept > 0 && hr_canvas_text_width(chart->canvas, line, font) > room) {
    size_t end = strlen(line);
    bool is_cut = end >= 3 && strcmp(line + end - 3, "…") == 0;
    kept = back(line, is_cut ? end - 3 : end);
    while (kept > 0 && line[kept - 1] == ' ') kept--;
    snprintf(line + kept, LINE_BYTES - kept, "…");
  }
}

static double widest_line(const hr_chart *chart, const hr_chart_axis *axis) {
  double widest = 0;
  char line[LINE_BYTES];
  for (size_t c = 0; c < axis->category_count; c++) {
    for (const char *rest = axis->categories[c]; *rest;) {
      rest = next_line(rest, line);
      widest = fmax(widest,
                    hr_canvas_text_width(chart->canvas, line, tick_font(HR_ALIGN_LEFT)));
    }
  }
  return widest;
}

/* A person expects about one tick every 45 points of height, 60 of width. */
static hr_ticks ticks_of(hr_span span, double length, double apart) {
  size_t wanted = (size_t)fmax(3.0, length / apart);
  return hr_ticks_choose(span.low, span.high, wanted < 12 ? wanted : 12);
}

static double widest_tick(const hr_chart *chart, const hr_ticks *ticks) {
  double widest = 0;
  char text[HR_TICK_BYTES];
  for (size_t i = 0; i < ticks->count; i++) {
    widest =
        fmax(widest, hr_canvas_text_width(chart->canvas, hr_ticks_label(ticks, i, text),
                                          tick_font(HR_ALIGN_RIGHT)));
  }
  return widest;
}

static hr_ticks y_ticks(const hr_chart *chart) {
  return ticks_of(chart->y, chart->plot.bottom - chart->plot.top, 42.0);
}

static hr_ticks x_ticks(const hr_chart *chart) {
  if (chart->frame->is_square) return y_ticks(chart);
  return ticks_of(chart->x, chart->plot.right - chart->plot.left, 55.0);
}

static hr_span slots(const hr_chart_axis *axis) {
  return (hr_span){-0.5, (double)axis->category_count - 0.5};
}

/* Shrinks the longer side until a unit is as long on both. */
static void make_square(hr_chart *chart) {
  hr_rectangle *plot = &chart->plot;
  double wide = (plot->right - plot->left) / (chart->x.high - chart->x.low);
  double high = (plot->bottom - plot->top) / (chart->y.high - chart->y.low);
  if (wide > high) {
    double excess = (plot->right - plot->left) * (1.0 - high / wide);
    plot->left += 0.5 * excess;
    plot->right -= 0.5 * excess;
  } else {
    plot->bottom -= (plot->bottom - plot->top) * (1.0 - wide / high);
  }
}

void hr_chart_lay_out_axes(hr_chart *chart, double page_margin) {
  const hr_chart_frame *frame = chart->frame;
  double below = page_margin + tick_length + 4;
  below += (frame->x.categories ? (double)most_lines(&frame->x) : 1.0) * line_height;
  if (frame->x.label) below += label_size + 5;
  double end = frame->bottom > 0 ? frame->bottom : hr_canvas_height(chart->canvas);
  chart->plot.bottom = end - below;
  chart->x = frame->x.categories ? slots(&frame->x) : frame->x.span;
  chart->y = frame->y.span;
  if (frame->y.categories) {
    hr_span rows = slots(&frame->y);
    chart->y = (hr_span){rows.high, rows.low}; /* the first row is at the top */
  }
  double widest = 0;
  if (frame->y.categories) {
    widest = fmin(widest_line(chart, &frame->y), widest_name);
  } else {
    hr_ticks ticks = y_ticks(chart);
    widest = widest_tick(chart, &ticks);
  }
  chart->plot.left = page_margin + widest + tick_length + 4;
  if (frame->y.label) chart->plot.left += label_size + 6;
  if (frame->is_square) make_square(chart);
}

static void draw_lines(const hr_chart *chart, hr_point at, const char *text, double room,
                       hr_font font) {
  char line[LINE_BYTES];
  for (; *text; at.y += line_height) {
    text = next_line(text, line);
    cut_line(chart, line, room, font);
    hr_canvas_text(chart->canvas, at, line, font);
  }
}

/* Slots too narrow for their names get smaller letters, but legible ones, and names that
 * are still too long are cut; where there is no room for that, every second, third, ...
 * is named. */
static double category_size(const hr_chart *chart, size_t *stride, double *room) {
  const double gap = 5.0, least = 0.8, narrow = 34.0;
  const hr_chart_axis *axis = &chart->frame->x;
  double slot = (chart->plot.right - chart->plot.left) / (double)axis->category_count;
  double share = slot / (widest_line(chart, axis) + gap);
  *stride = share >= least || slot >= narrow ? 1 : (size_t)ceil(narrow / slot);
  *room = slot * (double)*stride - 0.4 * gap;
  return hr_chart_font_size * (*stride > 1 ? 1.0 : fmin(fmax(share, least), 1.0));
}

static void draw_x_categories(const hr_chart *chart) {
  size_t stride = 1;
  double room = 0;
  hr_font font = tick_font(HR_ALIGN_CENTER);
  font.size = category_size(chart, &stride, &room);
  for (size_t c = 0; c < chart->frame->x.category_count; c += stride) {
    hr_point at = {hr_chart_x(chart, (double)c), chart->plot.bottom + tick_length + 6};
    draw_lines(chart, at, chart->frame->x.categories[c], room, font);
  }
}

static void draw_x_tick(const hr_chart *chart, double x, const char *text) {
  double bottom = chart->plot.bottom;
  hr_canvas_line(chart->canvas, (hr_point){x, bottom},
                 (hr_point){x, bottom + tick_length}, axis_stroke());
  hr_canvas_text(chart->canvas, (hr_point){x, bottom + tick_length + 6}, text,
                 tick_font(HR_ALIGN_CENTER));
}

static void draw_given_ticks(const hr_chart *chart) {
  const double gap = 4.0;
  const hr_chart_axis *axis = &chart->frame->x;
  double end = -(double)INFINITY; /* of the text before */
  for (size_t i = 0; i < axis->tick_count; i++) {
    const char *text = axis->ticks[i].text;
    double x = hr_chart_x(chart, axis->ticks[i].at);
    double half =
        0.5 * hr_canvas_text_width(chart->canvas, text, tick_font(HR_ALIGN_CENTER));
    bool has_room = x - half >= end + gap;
    draw_x_tick(chart, x, has_room ? text : "");
    if (has_room) end = x + half;
  }
}

static void draw_x_ticks(const hr_chart *chart) {
  char text[HR_TICK_BYTES];
  hr_ticks ticks = x_ticks(chart);
  for (size_t i = 0; i < ticks.count; i++) {
    draw_x_tick(chart, hr_chart_x(chart, hr_ticks_value(&ticks, i)),
                hr_ticks_label(&ticks, i, text));
  }
}

/* Rows too low for their names: every second, third, ... is named. */
static void draw_y_categories(const hr_chart *chart) {
  size_t count = chart->frame->y.category_count;
  double row = (chart->plot.bottom - chart->plot.top) / (double)count;
  size_t stride = row < hr_chart_font_size ? (size_t)ceil(hr_chart_font_size / row) : 1;
  for (size_t c = 0; c < count; c += stride) {
    const char *name = chart->frame->y.categories[c];
    double up = 0.5 * line_height * (double)(count_lines(name) - 1);
    hr_point at = {chart->plot.left - tick_length - 2, hr_chart_y(chart, (double)c) - up};
    draw_lines(chart, at, name, widest_name, tick_font(HR_ALIGN_RIGHT));
  }
}

static void draw_y_ticks(const hr_chart *chart) {
  char text[HR_TICK_BYTES];
  hr_ticks ticks = y_ticks(chart);
  double left = chart->plot.left;
  for (size_t i = 0; i < ticks.count; i++) {
    double y = hr_chart_y(chart, hr_ticks_value(&ticks, i));
    hr_canvas_line(chart->canvas, (hr_point){left - tick_length, y}, (hr_point){left, y},
                   axis_stroke());
    hr_canvas_text(chart->canvas, (hr_point){left - tick_length - 2, y},
                   hr_ticks_label(&ticks, i, text), tick_font(HR_ALIGN_RIGHT));
  }
}

void hr_chart_grid(const hr_chart *chart) {
  hr_ticks ticks = y_ticks(chart);
  for (size_t i = 0; i < ticks.count; i++) {
    double y = hr_chart_y(chart, hr_ticks_value(&ticks, i));
    hr_canvas_line(chart->canvas, (hr_point){chart->plot.left, y},
                   (hr_point){chart->plot.right, y},
                   (hr_stroke){hr_color_light_gray, 0.6, NULL, 0});
  }
}

static void draw_axis_labels(const hr_chart *chart, double page_margin) {
  const hr_chart_frame *frame = chart->frame;
  const hr_rectangle *plot = &chart->plot;
  double middle = 0.5 * (plot->left + plot->right);
  if (frame->x.label) {
    double lines = frame->x.categories ? (double)most_lines(&frame->x) : 1.0;
    hr_point at = {middle, plot->bottom + tick_length + lines * line_height + 9};
    hr_canvas_text(chart->canvas, at, frame->x.label, label_font(false));
  }
  if (frame->y.label) {
    hr_ticks ticks = frame->y.categories ? (hr_ticks){0} : y_ticks(chart);
    double widest = frame->y.categories ? fmin(widest_line(chart, &frame->y), widest_name)
                                        : widest_tick(chart, &ticks);
    /* A square plot has moved away from the page's edge, and takes its label along. */
    double left = fmax(page_margin + 5, plot->left - widest - tick_length - 12);
    hr_point at = {left, 0.5 * (plot->top + plot->bottom)};
    hr_canvas_text(chart->canvas, at, frame->y.label, label_font(true));
  }
}

void hr_chart_draw_axes(const hr_chart *chart, double page_margin) {
  if (chart->frame->y.categories) {
    draw_y_categories(chart);
  } else {
    draw_y_ticks(chart);
  }
  if (chart->frame->x.categories) {
    draw_x_categories(chart);
  } else if (chart->frame->x.ticks) {
    draw_given_ticks(chart);
  } else {
    draw_x_ticks(chart);
  }
  draw_axis_labels(chart, page_margin);
}

void hr_chart_color_scale(const hr_chart *chart, hr_span span, const char *label) {
  enum { STEPS = 64 };
  char text[HR_TICK_BYTES];
  const hr_rectangle *plot = &chart->plot;
  double left = plot->right + 12, right = left + 10;
  double step = (plot->bottom - plot->top) / STEPS;
  for (int i = 0; i < STEPS; i++) {
    /* Half a point of overlap leaves no seams. */
    double top = plot->bottom - (i + 1) * step;
    hr_rectangle box = {left, top, right, fmin(top + step + 0.5, plot->bottom)};
    hr_canvas_fill(chart->canvas, box, hr_color_of_value((i + 0.5) / STEPS));
  }
  hr_canvas_frame(chart->canvas, (hr_rectangle){left, plot->top, right, plot->bottom},
                  axis_stroke());
  hr_ticks ticks = ticks_of(span, plot->bottom - plot->top, 42.0);
  for (size_t i = 0; i < ticks.count; i++) {
    double share = (hr_ticks_value(&ticks, i) - span.low) / (span.high - span.low);
    double y = plot->bottom + share * (plot->top - plot->bottom);
    hr_canvas_line(chart->canvas, (hr_point){right, y},
                   (hr_point){right + tick_length, y}, axis_stroke());
    hr_canvas_text(chart->canvas, (hr_point){right + tick_length + 2, y},
                   hr_ticks_label(&ticks, i, text), tick_font(HR_ALIGN_LEFT));
  }
  double widest = widest_tick(chart, &ticks);
  hr_point at = {right + tick_length + widest + 12, 0.5 * (plot->top + plot->bottom)};
  hr_canvas_text(chart->canvas, at, label, label_font(true));
}
