/* Legends of charts. */
#include "report/chart_parts.h"

static const double mark_width = 18.0, mark_gap = 4.0, entry_gap = 14.0,
                    line_height = 12.0;

static hr_font legend_font(void) {
  return (hr_font){hr_chart_font_size, false, hr_color_black,
                   HR_ALIGN_LEFT,      false, false};
}

static double entry_width(const hr_chart *chart, const hr_legend_entry *entry) {
  return mark_width + mark_gap +
         hr_canvas_text_width(chart->canvas, entry->text, legend_font());
}

static void draw_swatch(hr_canvas *canvas, hr_point at, const hr_legend_entry *entry) {
  hr_rectangle box = {at.x + 5, at.y - 4, at.x + mark_width - 5, at.y + 4};
  hr_canvas_fill(canvas, box, entry->color);
  if (entry->mark == HR_MARK_SHADES) {
    box.left = 0.5 * (box.left + box.right);
    hr_canvas_fill(canvas, box, entry->pale);
  }
  if (entry->mark == HR_MARK_OUTLINE) {
    hr_canvas_frame(canvas, box, (hr_stroke){hr_color_black, 0.9, NULL, 0});
  }
}

static void draw_mark(hr_canvas *canvas, hr_point at, const hr_legend_entry *entry) {
  hr_point center = {at.x + 0.5 * mark_width, at.y}, end = {at.x + mark_width, at.y};
  switch (entry->mark) {
    case HR_MARK_SWATCH:
    case HR_MARK_SHADES:
    case HR_MARK_OUTLINE:
      draw_swatch(canvas, at, entry);
      break;
    case HR_MARK_LINE:
    case HR_MARK_LINE_DOT:
      hr_canvas_line(canvas, at, end, entry->stroke);
      if (entry->mark == HR_MARK_LINE_DOT) {
        hr_canvas_dots(canvas, &center, 1, 4.5, entry->stroke.color);
      }
      break;
    case HR_MARK_STAR:
      hr_canvas_star(canvas, center, 4.5, entry->color, hr_color_black);
      break;
    case HR_MARK_DOT:
      hr_canvas_dots(canvas, &center, 1, 4.5, entry->color);
      break;
  }
}

/* How many entries, from `first` on, fit on one line, and how wide they are. */
static size_t fill_line(const hr_chart *chart, size_t first, double room, double *width) {
  const hr_chart_frame *frame = chart->frame;
  size_t end = first;
  *width = 0;
  for (; end < frame->legend_count; end++) {
    double more =
        entry_width(chart, &frame->legend[end]) + (end > first ? entry_gap : 0.0);
    if (end > first && *width + more > room) break;
    *width += more;
  }
  return end;
}

void hr_chart_draw_legend(hr_chart *chart, double page_margin) {
  const hr_chart_frame *frame = chart->frame;
  double room = HR_CANVAS_WIDTH - 2 * page_margin, width = 0;
  for (size_t first = 0; first < frame->legend_count;) {
    size_t end = fill_line(chart, first, room, &width);
    hr_point at = {0.5 * (HR_CANVAS_WIDTH - width), chart->plot.top + 4};
    for (; first < end; first++) {
      const hr_legend_entry *entry = &frame->legend[first];
      draw_mark(chart->canvas, at, entry);
      hr_point text = {at.x + mark_width + mark_gap, at.y};
      hr_canvas_text(chart->canvas, text, entry->text, legend_font());
      at.x += entry_width(chart, entry) + entry_gap;
    }
    chart->plot.top += line_height;
  }
  if (frame->legend_count > 0) chart->plot.top += 4;
}
