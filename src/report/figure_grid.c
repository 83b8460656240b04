/* R² by bin and expert as a heat map, with the choices. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "report/figure_parts.h"
#include "report/methods.h"

const double hr_figure_floor = -0.3;

void hr_csv_number(double value, hr_text *out) {
  hr_text_append(out, ",");
  if (!isnan(value)) hr_text_append(out, "%.17g", value);
}

void hr_csv_text(const char *text, hr_text *out) {
  if (!strpbrk(text, ",\"\r\n")) {
    hr_text_append(out, "%s", text);
    return;
  }
  hr_text_append(out, "\"");
  for (const char *c = text; *c; c++) hr_text_append(out, *c == '"' ? "\"\"" : "%c", *c);
  hr_text_append(out, "\"");
}

hr_status hr_bin_label(size_t number, const char *name, hr_strings *labels,
                       hr_error *err) {
  enum { LINES_MOST = 4, WORDS_FEW = 3, LETTERS_FEW = 10 };
  hr_text text;
  size_t lines = 1, spaces = 0, letters = 0;
  for (const char *c = name; *c; c++) spaces += *c == ' ';
  hr_text_init(&text);
  hr_text_append(&text, "%zu\n", number);
  for (const char *c = name; *c; c++, letters++) {
    /* A short word stays with the one before it: "Bin 4" is one line. */
    bool breaks = *c == ' ' && strlen(c + 1) > 2 && lines < LINES_MOST;
    /* Many words fill their lines. */
    if (spaces >= WORDS_FEW && letters + strcspn(c + 1, " ") < LETTERS_FEW)
      breaks = false;
    lines += breaks;
    if (breaks) letters = 0;
    hr_text_append(&text, "%c", breaks ? '\n' : *c);
  }
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) status = hr_strings_append(labels, text.bytes, err);
  hr_text_fini(&text);
  return status;
}

static hr_status add_experts(hr_grid *grid, hr_reader *reader, bool all, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  for (size_t e = 0; e < hr_node_count(&experts); e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    bool has_model = strcmp(hr_node_text(reader, &expert, "status"), "ok") == 0 &&
                     !hr_expert_is_of_all_rows(reader, &expert);
    if (!all && !has_model) continue;
    HR_TRY(hr_strings_append(&grid->experts, hr_expert_title(reader, &expert), err));
    HR_TRY(hr_strings_append(&grid->keys, hr_node_text(reader, &expert, "name"), err));
  }
  grid->expert_count = grid->keys.count;
cleanup:
  return status;
}

static hr_status find_colors(hr_grid *grid, hr_reader *reader, hr_error *err) {
  hr_status status = hr_alloc(&grid->colors, grid->expert_count, err);
  for (size_t e = 0; status == HR_OK && e < grid->expert_count; e++) {
    grid->colors[e] = hr_figure_color_of(reader, grid->keys.items[e]);
  }
  return status;
}

static void fill_bin(hr_grid *grid, hr_reader *reader, const hr_node *bin, size_t k) {
  hr_node hybrids = hr_node_object(reader, bin, "hybrid");
  hr_node hybrid = hr_node_object(reader, &hybrids, grid->is_by_cv ? "cv" : "test");
  hr_node experts = hr_node_object(reader, bin, "experts");
  const char *chosen = hr_node_text_or_null(reader, &hybrid, "expert");
  grid->is_focus[k] = hr_node_bool(reader, bin, "focus");
  for (size_t e = 0; e < grid->expert_count; e++) {
    const char *key = grid->keys.items[e];
    hr_node scores = hr_node_object(reader, &experts, key);
    hr_node on_test = hr_node_object(reader, &scores, "chosen_on_test");
    hr_grid_cell *cell = &grid->cells[k * grid->expert_count + e];
    cell->r2 =
        hr_node_estimate(reader, grid->is_by_cv ? &scores : &on_test, "r2", "r2_ci");
    cell->is_chosen = chosen && strcmp(chosen, key) == 0;
  }
}

hr_status hr_grid_init(hr_grid *grid, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  hr_node selection = hr_node_object(reader, &root, "selection");
  *grid = (hr_grid){.bin_count = hr_node_count(&bins)};
  grid->is_by_cv = strcmp(hr_node_text(reader, &selection, "by"), "cv") == 0;
  HR_TRY(add_experts(grid, reader, false, err));
  if (grid->expert_count == 0) HR_TRY(add_experts(grid, reader, true, err));
  HR_TRY(find_colors(grid, reader, err));
  HR_TRY(hr_alloc(&grid->is_focus, grid->bin_count, err));
  HR_TRY(hr_alloc(&grid->cells, grid->bin_count * grid->expert_count, err));
  for (size_t k = 0; k < grid->bin_count; k++) {
    hr_node bin = hr_node_item(reader, &bins, k);
    HR_TRY(hr_strings_append(&grid->bins, hr_node_text(reader, &bin, "name"), err));
    fill_bin(grid, reader, &bin, k);
  }
  HR_TRY(hr_reader_status(reader, err));
cleanup:
  if (status != HR_OK) hr_grid_fini(grid);
  return status;
}

void hr_grid_fini(hr_grid *grid) {
  hr_strings_fini(&grid->bins);
  hr_strings_fini(&grid->experts);
  hr_strings_fini(&grid->keys);
  hr_free(grid->colors);
  hr_free(grid->is_focus);
  hr_free(grid->cells);
  *grid = (hr_grid){0};
}

/* Of the setting that the figures show. */
static bool has_score(hr_reader *reader, const hr_node *bin, const char *key,
                      bool is_by_cv) {
  hr_node experts = hr_node_object(reader, bin, "experts");
  hr_node scores = hr_node_object(reader, &experts, key);
  hr_node on_test = hr_node_object(reader, &scores, "chosen_on_test");
  return !hr_node_is_null(is_by_cv ? &scores : &on_test, "r2");
}

bool hr_grid_is_empty(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  hr_node experts = hr_node_list(reader, &root, "experts");
  hr_node selection = hr_node_object(reader, &root, "selection");
  bool is_by_cv = strcmp(hr_node_text(reader, &selection, "by"), "cv") == 0;
  for (size_t k = 0; k < hr_node_count(&bins); k++) {
    hr_node bin = hr_node_item(reader, &bins, k);
    for (size_t e = 0; e < hr_node_count(&experts); e++) {
      hr_node expert = hr_node_item(reader, &experts, e);
      if (has_score(reader, &bin, hr_node_text(reader, &expert, "name"), is_by_cv)) {
        return false;
      }
    }
  }
  return true;
}

void hr_grid_write_csv(const hr_grid *grid, hr_text *out) {
  hr_text_append(out, "bin,name,focus,expert,r2,r2_low,r2_high,chosen\n");
  for (size_t k = 0; k < grid->bin_count; k++) {
    for (size_t e = 0; e < grid->expert_count; e++) {
      const hr_grid_cell *cell = &grid->cells[k * grid->expert_count + e];
      hr_text_append(out, "%zu,", k);
      hr_csv_text(grid->bins.items[k], out);
      hr_text_append(out, ",%s,", grid->is_focus[k] ? "True" : "False");
      hr_csv_text(grid->keys.items[e], out);
      hr_csv_number(cell->r2.value, out);
      hr_csv_number(cell->r2.low, out);
      hr_csv_number(cell->r2.high, out);
      hr_text_append(out, ",%s\n", cell->is_chosen ? "True" : "False");
    }
  }
}

hr_span hr_grid_span(const hr_grid *grid, double floor) {
  hr_span span = hr_span_empty();
  for (size_t i = 0; i < grid->bin_count * grid->expert_count; i++) {
    hr_estimate r2 = grid->cells[i].r2;
    if (isnan(r2.value)) continue;
    hr_span_include(&span, fmax(r2.value, floor));
    hr_span_include(&span, fmax(r2.low, floor));
    hr_span_include(&span, fmax(r2.high, floor));
  }
  return span;
}

enum { BINS_ON_A_PAGE = 16, BINS_OF_A_PANEL = 12, MOST_PANELS = 8, BINS_WITH_WORDS = 24 };
static const double panel_height = 150.0, header_height = 46.0;

hr_panels hr_panels_of(size_t bin_count) {
  hr_panels panels = {1, bin_count, HR_CANVAS_HEIGHT, true};
  if (bin_count <= BINS_ON_A_PAGE) return panels;
  size_t each = (bin_count + MOST_PANELS - 1) / MOST_PANELS;
  panels.bins_each = each > BINS_OF_A_PANEL ? each : BINS_OF_A_PANEL;
  panels.count = (bin_count + panels.bins_each - 1) / panels.bins_each;
  panels.height =
      fmax(HR_CANVAS_HEIGHT, header_height + panel_height * (double)panels.count);
  panels.has_words = panels.bins_each <= BINS_WITH_WORDS;
  return panels;
}

void hr_panels_place(const hr_panels *panels, size_t i, hr_chart_frame *frame) {
  if (panels->count == 1) return;
  if (i > 0) {
    frame->title = NULL;
    frame->legend_count = 0;
    frame->top = header_height + panel_height * (double)i;
  }
  frame->bottom = header_height + panel_height * (double)(i + 1);
  if (i + 1 < panels->count) frame->x.label = NULL;
  frame->x.categories += i * panels->bins_each;
  frame->x.category_count = panels->bins_each;
}

hr_status hr_panels_fill(const hr_panels *panels, hr_strings *labels, hr_error *err) {
  hr_status status = HR_OK;
  while (status == HR_OK && labels->count < panels->count * panels->bins_each) {
    status = hr_strings_append(labels, "", err);
  }
  return status;
}

double hr_rows_height(size_t bin_count) {
  const double row = 11.0, around = 100.0, most = 1500.0;
  return fmax(HR_CANVAS_HEIGHT, fmin(around + row * (double)bin_count, most));
}

/* A gate's own colour in every study, by its name in that of the method
 * ("hybrid_bayes_soft"); none of the experts'. */
static hr_color color_of_gate(const char *method) {
  static const struct {
    const char *name;
    hr_color color;
  } gates[] = {{"_bayes_", {0.55, 0.34, 0.16}},
               {"_logistic_", {0.40, 0.38, 0.78}},
               {"_mlp_", {0.66, 0.10, 0.36}}};
  for (size_t i = 0; i < sizeof gates / sizeof *gates; i++) {
    if (strstr(method, gates[i].name)) return gates[i].color;
  }
  return (hr_color){0.60, 0.60, 0.60};
}

/* Of models from elsewhere, in their order; none of the experts' or the gates'. */
static hr_color color_of_outside(hr_reader *reader, size_t place) {
  static const hr_color colors[] = {
      {0.55, 0.55, 0.05}, {0.00, 0.33, 0.38}, {0.93, 0.45, 0.45}};
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  size_t before = 0;
  for (size_t e = 0; e < place; e++) {
    hr_node expert = hr_node_item(reader, &experts, e);
    before += hr_expert_is_elsewhere(reader, &expert);
  }
  return colors[before % (sizeof colors / sizeof *colors)];
}

/* An expert's own colour in every study, whichever others it has. */
static hr_color color_of_expert(hr_reader *reader, const char *expert) {
  static const char *const names[] = {"ridge", "ridge_marginal", "posterior", "lightgbm",
                                      "cnn",   "line_index",     "vit"};
  const size_t count = sizeof names / sizeof *names;
  for (size_t i = 0; i < count; i++) {
    if (strcmp(names[i], expert) == 0) return hr_color_of_series(i);
  }
  size_t place = hr_expert_place(reader, expert);
  hr_node root = hr_reader_root(reader);
  hr_node experts = hr_node_list(reader, &root, "experts");
  hr_node own = hr_node_item(reader, &experts, place);
  if (hr_expert_is_elsewhere(reader, &own)) return color_of_outside(reader, place);
  return hr_color_of_series(place);
}

hr_color hr_figure_color_of(hr_reader *reader, const char *method) {
  hr_listed listed = hr_listed_of(reader, method);
  if (listed.kind == HR_LISTED_GATED) return color_of_gate(method);
  if (listed.expert[0] == '\0') {
    double gray = listed.by_test ? 0.80 : 0.45;
    return (hr_color){gray, gray, gray};
  }
  return color_of_expert(reader, listed.expert);
}
