/* Figures 1 and 2: every expert in every bin. */
#include <math.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/tables.h"

enum { MOST_EXPERTS = 12 };

static size_t shown_experts(const hr_grid *grid) {
  return grid->expert_count < MOST_EXPERTS ? grid->expert_count : MOST_EXPERTS;
}

static hr_color focus_color(void) {
  return (hr_color){1.0, 0.96, 0.84};
}

/* One color an expert; those not chosen are pale, so that the best stands apart. */
static hr_color bar_color(hr_color color, bool is_chosen) {
  return is_chosen ? color : hr_color_lighten(color, 0.55);
}

static size_t list_legend(hr_reader *reader, const hr_grid *grid,
                          hr_legend_entry *legend) {
  size_t count = 0;
  bool has_focus = false;
  for (size_t k = 0; k < grid->bin_count; k++) has_focus |= grid->is_focus[k];
  for (size_t e = 0; e < shown_experts(grid); e++) {
    legend[count++] = (hr_legend_entry){.text = grid->experts.items[e],
                                        .mark = HR_MARK_SHADES,
                                        .color = grid->colors[e],
                                        .pale = bar_color(grid->colors[e], false)};
  }
  legend[count++] = (hr_legend_entry){
      .text =
          grid->is_by_cv
              ? hr_say(reader, "outlined: best by cross-validation", "描边：交叉验证所选")
              : hr_say(reader, "outlined: best on the test rows", "描边：测试行上最佳"),
      .mark = HR_MARK_OUTLINE,
      .color = hr_color_white};
  if (has_focus) {
    legend[count++] = (hr_legend_entry){.text = hr_say(reader, "focus bin", "重点分箱"),
                                        .color = focus_color()};
  }
  return count;
}

static void draw_bin(const hr_chart *chart, const hr_grid *grid, size_t k, size_t slot,
                     bool has_words) {
  size_t experts = shown_experts(grid);
  double width = fmin(0.8 / (double)experts, 0.5);
  double left = (double)slot - 0.5 * width * (double)experts;
  for (size_t e = 0; e < experts; e++) {
    const hr_grid_cell *cell = &grid->cells[k * grid->expert_count + e];
    hr_bar bar = {.x = {left + width * (double)e, left + width * (double)(e + 1)},
                  .value = cell->r2.value,
                  .color = bar_color(grid->colors[e], cell->is_chosen),
                  .is_outlined = cell->is_chosen};
    double middle = 0.5 * (bar.x.low + bar.x.high);
    hr_chart_bar(chart, &bar);
    if (!isnan(cell->r2.value)) {
      hr_chart_error_bar(chart, middle, (hr_span){cell->r2.low, cell->r2.high});
    } else if (has_words) {
      hr_chart_note(chart, middle, 0.0, false, "\xc3\x97", hr_color_gray);
    }
  }
}

static void draw_panel(hr_canvas *canvas, const hr_grid *grid, const hr_panels *panels,
                       size_t i, hr_chart_frame frame) {
  hr_chart chart;
  size_t first = i * panels->bins_each;
  size_t end = first + panels->bins_each;
  if (end > grid->bin_count) end = grid->bin_count;
  hr_panels_place(panels, i, &frame);
  hr_chart_begin(&chart, canvas, &frame);
  for (size_t k = first; k < end; k++) {
    hr_span slot = {(double)(k - first) - 0.5, (double)(k - first) + 0.5};
    if (grid->is_focus[k]) hr_chart_band(&chart, slot, focus_color());
  }
  hr_chart_grid(&chart);
  for (size_t k = first; k < end; k++) {
    draw_bin(&chart, grid, k, k - first, panels->has_words);
  }
  hr_chart_end(&chart);
}

static hr_status list_labels(const hr_grid *grid, bool with_number, hr_strings *labels,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  for (size_t k = 0; k < grid->bin_count; k++) {
    if (with_number) {
      HR_TRY(hr_bin_label(k, grid->bins.items[k], labels, err));
      continue;
    }
    hr_text_fini(&text);
    hr_text_append(&text, "%zu  %s", k, grid->bins.items[k]);
    HR_TRY(hr_text_status(&text, err));
    HR_TRY(hr_strings_append(labels, text.bytes, err));
  }
cleanup:
  hr_text_fini(&text);
  return status;
}

static size_t count_bins(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  return hr_node_count(&bins);
}

double hr_figure_bins_height(hr_reader *reader) {
  return hr_panels_of(count_bins(reader)).height;
}

double hr_figure_choice_height(hr_reader *reader) {
  return hr_rows_height(count_bins(reader));
}

hr_status hr_figure_bins(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_grid grid = {0};
  hr_strings labels = {0};
  hr_legend_entry legend[MOST_EXPERTS + 2];
  HR_TRY(hr_grid_init(&grid, sketch->reader, err));
  HR_TRY(list_labels(&grid, true, &labels, err));
  hr_panels panels = hr_panels_of(grid.bin_count);
  HR_TRY(hr_panels_fill(&panels, &labels, err));
  hr_grid_write_csv(&grid, sketch->csv);
  hr_span span = hr_grid_span(&grid, hr_figure_floor);
  hr_span_include(&span, 0.0);
  hr_span_include(&span, 0.2);
  span = hr_span_padded(span, 0.03);
  if (span.low > -0.02) span.low = 0.0;
  hr_chart_frame frame = {
      .title = hr_say(sketch->reader, "R\xc2\xb2 of every expert in every bin",
                      "各分箱中每种专家的 R²"),
      .x = {.label = hr_say(sketch->reader, "bin", "分箱"),
            .categories = (const char *const *)labels.items,
            .category_count = labels.count},
      .y = {.label = hr_say(sketch->reader, "R² on the bin's test rows",
                            "该分箱测试行上的 R²"),
            .span = span},
      .legend = legend,
      .legend_count = list_legend(sketch->reader, &grid, legend)};
  for (size_t i = 0; i < panels.count; i++) {
    draw_panel(sketch->canvas, &grid, &panels, i, frame);
  }
cleanup:
  hr_strings_fini(&labels);
  hr_grid_fini(&grid);
  return status;
}

/* Of a row with numbers in it, pt. */
static const double least_row = 8.5;

static void draw_cell(const hr_chart *chart, const hr_grid *grid, hr_span span, size_t k,
                      size_t e) {
  char text[HR_TICK_BYTES];
  const hr_grid_cell *cell = &grid->cells[k * grid->expert_count + e];
  double half_row = 0.5, x = (double)e, y = (double)k;
  hr_rectangle box = {hr_chart_x(chart, x - 0.5), hr_chart_y(chart, y - half_row),
                      hr_chart_x(chart, x + 0.5), hr_chart_y(chart, y + half_row)};
  hr_point center = {hr_chart_x(chart, x), hr_chart_y(chart, y)};
  hr_color color = {0.93, 0.93, 0.93};
  bool defined = !isnan(cell->r2.value);
  if (defined) {
    color = hr_color_of_value((cell->r2.value - span.low) / (span.high - span.low));
  }
  hr_canvas_fill(chart->canvas, box, color);
  hr_canvas_frame(chart->canvas, box, (hr_stroke){hr_color_white, 1.0, NULL, 0});
  hr_color ink = hr_color_of_text_on(color);
  hr_font font = {9.0, cell->is_chosen, ink, HR_ALIGN_CENTER, false, false};
  double row = box.bottom - box.top;
  const char *words =
      defined ? hr_ticks_number(cell->r2.value, 3, 0, text) : "\xe2\x80\x93";
  if (row >= least_row) hr_canvas_text(chart->canvas, center, words, font);
  if (!cell->is_chosen) return;
  double away = 0.5 * hr_canvas_text_width(chart->canvas, words, font) + 7.5;
  hr_canvas_star(chart->canvas, (hr_point){center.x + away, center.y},
                 fmin(4.0, 0.5 * row), hr_color_orange, ink);
}

hr_status hr_figure_choice(hr_sketch *sketch, hr_error *err) {
  hr_status status = HR_OK;
  hr_grid grid = {0};
  hr_strings labels = {0};
  hr_chart chart;
  HR_TRY(hr_grid_init(&grid, sketch->reader, err));
  HR_TRY(list_labels(&grid, false, &labels, err));
  hr_grid_write_csv(&grid, sketch->csv);
  hr_span span = hr_span_empty();
  for (size_t i = 0; i < grid.bin_count * grid.expert_count; i++) {
    hr_span_include(&span, fmax(grid.cells[i].r2.value, hr_figure_floor));
  }
  span = hr_span_padded(span, 0.0);
  hr_legend_entry star = {
      .text = grid.is_by_cv
                  ? hr_say(sketch->reader, "the hybrid's choice, by cross-validation",
                           "混合专家的选择（交叉验证）")
                  : hr_say(sketch->reader, "the hybrid's choice, on the test rows",
                           "混合专家的选择（测试行）"),
      .mark = HR_MARK_STAR,
      .color = hr_color_orange};
  hr_chart_frame frame = {
      .title = hr_say(sketch->reader, "Which expert each bin takes", "各分箱所选的专家"),
      .x = {.categories = (const char *const *)grid.experts.items,
            .category_count = shown_experts(&grid)},
      .y = {.categories = (const char *const *)labels.items,
            .category_count = labels.count},
      .right_margin = 62,
      .legend = &star,
      .legend_count = 1};
  hr_chart_begin(&chart, sketch->canvas, &frame);
  for (size_t k = 0; k < grid.bin_count; k++) {
    for (size_t e = 0; e < shown_experts(&grid); e++) {
      draw_cell(&chart, &grid, span, k, e);
    }
  }
  hr_chart_end(&chart);
  hr_chart_color_scale(
      &chart, span,
      hr_say(sketch->reader, "R² on the bin's test rows", "该分箱测试行上的 R²"));
cleanup:
  hr_strings_fini(&labels);
  hr_grid_fini(&grid);
  return status;
}
