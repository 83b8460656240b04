/* The points of a sweep, read; its files, written. */
#include "report/sweep.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json_file.h"
#include "data/doubts.h"
#include "report/drawing.h"
#include "report/run_results.h"
#include "report/tables.h"
#include "report/targets.h"
#include "report/terminal.h"
#include "report/words.h"

/* --- reading --- */

static hr_status add_line(hr_sweep_point *point, const hr_sweep_line *line,
                          const char *method, const char *title, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = point->line_count;
  HR_TRY(hr_realloc(&point->lines, count, count + 1, err));
  hr_sweep_line *own = &point->lines[point->line_count++];
  *own = *line;
  own->method = own->title = NULL;
  HR_TRY(hr_copy_text(method, &own->method, err));
  HR_TRY(hr_copy_text(title, &own->title, err));
cleanup:
  return status;
}

static hr_status read_rungs(hr_results *results, hr_sweep_point *point, hr_error *err) {
  hr_status status = HR_OK;
  const hr_ladder_rows *ladder = &results->ladder;
  hr_text title;
  hr_text_init(&title);
  for (size_t i = 0; i < ladder->rung_count; i++) {
    const hr_ladder_rung *rung = &ladder->rungs[i];
    const hr_sweep_line line = {
        .rung = rung->rung, .rows = "covered", .row_count = ladder->rows, .r2 = rung->r2};
    hr_text_fini(&title);
    hr_ladder_append_title(&results->reader, rung, &title);
    HR_TRY(hr_text_status(&title, err));
    HR_TRY(add_line(point, &line, rung->method, title.bytes, err));
  }
cleanup:
  hr_text_fini(&title);
  return status;
}

static bool is_listed(const hr_ladder_rung *lines, size_t count, const char *method) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(lines[i].method, method) == 0) return true;
  }
  return false;
}

static hr_status read_methods(hr_results *results, hr_sweep_point *point, hr_error *err) {
  hr_status status = HR_OK;
  hr_ladder_rung lines[HR_LADDER_ELSEWHERE];
  size_t count = hr_ladder_list_elsewhere(&results->reader, &results->ladder, lines);
  for (size_t m = 0; m < results->info.method_count; m++) {
    const hr_results_method *method = &results->methods[m];
    bool covered = strcmp(method->rows, "covered") == 0;
    const hr_sweep_line line = {
        .rung = HR_RUNGS,
        .rows = covered ? "covered" : "all",
        .row_count = (double)method->row_count,
        .r2 = method->r2,
        .is_elsewhere = covered && is_listed(lines, count, method->name)};
    HR_TRY(add_line(point, &line, method->name, method->title, err));
  }
cleanup:
  return status;
}

/* What all points have in common is the first one's. */
static hr_status read_study(hr_results *results, hr_sweep *sweep, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(&results->reader);
  hr_node experiment = hr_node_object(&results->reader, &root, "experiment");
  if (sweep->experiment) return HR_OK;
  sweep->chinese = hr_tables_in_chinese(&results->reader);
  if (hr_node_has(&experiment, "figure_titles")) {
    sweep->lacks_titles = !hr_node_bool(&results->reader, &experiment, "figure_titles");
  }
  const json_t *data = json_object_get(root.json, "data");
  const json_t *noise = json_object_get(data, "noise");
  sweep->has_stored_noise = strcmp(hr_json_string(noise, "test", ""), "stored") == 0;
  HR_TRY(hr_copy_text(results->info.experiment, &sweep->experiment, err));
  HR_TRY(hr_copy_text(results->info.target, &sweep->target, err));
cleanup:
  return status;
}

/* Whether predictions from elsewhere were made before the noise was drawn. */
static bool has_unseen_noise(hr_results *results) {
  hr_node root = hr_reader_root(&results->reader);
  if (!hr_node_has(&root, "warnings")) return false;
  hr_node warnings = hr_node_list(&results->reader, &root, "warnings");
  for (size_t i = 0; i < hr_node_count(&warnings); i++) {
    hr_node warning = hr_node_item(&results->reader, &warnings, i);
    const char *code = hr_node_text(&results->reader, &warning, "code");
    if (strcmp(code, hr_doubt_text(HR_DOUBT_OUTSIDE_NOISE)) == 0) return true;
  }
  return false;
}

static hr_status open_results(const char *run_dir, hr_results **out, hr_error *err) {
  hr_results_options options = hr_results_options_default();
  options.skip_predictions = true;
  return hr_results_open(run_dir, &options, out, err);
}

static hr_status read_point(const char *run_dir, hr_sweep *sweep, hr_sweep_point *point,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_results *results = NULL;
  HR_TRY(open_results(run_dir, &results, err));
  HR_TRY(read_study(results, sweep, err));
  sweep->has_unseen_noise = sweep->has_unseen_noise || has_unseen_noise(results);
  HR_TRY(read_rungs(results, point, err));
  HR_TRY(read_methods(results, point, err));
  HR_TRY(hr_reader_status(&results->reader, err));
  point->train_rows = (double)results->info.train_rows;
cleanup:
  hr_results_close(&results);
  return status;
}

hr_status hr_sweep_init(hr_sweep *sweep, const hr_sweep_outline *outline, hr_error *err) {
  hr_status status = HR_OK;
  *sweep = (hr_sweep){.key = outline->key, .count = outline->count};
  HR_TRY(hr_alloc(&sweep->points, outline->count, err));
  for (size_t i = 0; i < outline->count; i++) {
    hr_sweep_point *point = &sweep->points[i];
    *point = (hr_sweep_point){.value = outline->values[i],
                              .trouble = outline->troubles[i],
                              .train_rows = (double)NAN};
    if (!outline->has_results[i]) continue;
    HR_TRY(read_point(outline->run_dirs[i], sweep, point, err));
  }
cleanup:
  if (status != HR_OK) hr_sweep_fini(sweep);
  return status;
}

void hr_sweep_fini(hr_sweep *sweep) {
  for (size_t i = 0; sweep->points && i < sweep->count; i++) {
    hr_sweep_point *point = &sweep->points[i];
    for (size_t l = 0; l < point->line_count; l++) {
      hr_free(point->lines[l].method);
      hr_free(point->lines[l].title);
    }
    hr_free(point->lines);
  }
  hr_free(sweep->points);
  hr_free(sweep->experiment);
  hr_free(sweep->target);
  *sweep = (hr_sweep){0};
}

const hr_sweep_line *hr_sweep_on(const hr_sweep_point *point, hr_rung rung) {
  for (size_t l = 0; l < point->line_count; l++) {
    if (point->lines[l].rung == rung) return &point->lines[l];
  }
  return NULL;
}

const hr_sweep_line *hr_sweep_of(const hr_sweep_point *point, const char *method) {
  for (size_t l = 0; l < point->line_count; l++) {
    const hr_sweep_line *line = &point->lines[l];
    bool is_own = line->rung < HR_RUNGS || strcmp(line->rows, "covered") == 0;
    if (is_own && strcmp(line->method, method) == 0) return line;
  }
  return NULL;
}

static bool is_known(const hr_sweep_line *const *list, size_t count, const char *method) {
  for (size_t i = 0; i < count; i++) {
    if (strcmp(list[i]->method, method) == 0) return true;
  }
  return false;
}

size_t hr_sweep_list_elsewhere(const hr_sweep *sweep,
                               const hr_sweep_line *out[HR_LADDER_ELSEWHERE]) {
  size_t count = 0;
  for (size_t i = 0; i < sweep->count; i++) {
    for (size_t l = 0; l < sweep->points[i].line_count; l++) {
      const hr_sweep_line *line = &sweep->points[i].lines[l];
      if (!line->is_elsewhere || count == HR_LADDER_ELSEWHERE) continue;
      if (!is_known(out, count, line->method)) out[count++] = line;
    }
  }
  return count;
}

bool hr_sweep_has(const hr_sweep *sweep, hr_rung rung) {
  for (size_t i = 0; i < sweep->count; i++) {
    if (hr_sweep_on(&sweep->points[i], rung)) return true;
  }
  return false;
}

bool hr_sweep_is_same(const hr_sweep *sweep, hr_rung rung, const char **title) {
  *title = NULL;
  for (size_t i = 0; i < sweep->count; i++) {
    const hr_sweep_line *line = hr_sweep_on(&sweep->points[i], rung);
    if (!line) continue;
    if (*title && strcmp(*title, line->title) != 0) return false;
    *title = line->title;
  }
  return true;
}

/* --- writing --- */

static const char *const names[] = {"sweep.csv",         "sweep.md",
                                    "figures/sweep.csv", "figures/sweep.png",
                                    "figures/sweep.svg", "figures/sweep.pdf"};

hr_status hr_sweep_clear(const char *dir, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < sizeof names / sizeof *names && status == HR_OK; i++) {
    char *path = NULL;
    status = hr_join_path(dir, names[i], &path, err);
    if (status == HR_OK) status = hr_remove_all(path, err);
    hr_free(path);
  }
  return status;
}

static hr_status draw(void *context, hr_canvas *canvas, hr_text *csv, hr_error *err) {
  const hr_sweep *sweep = context;
  if (sweep->lacks_titles) hr_canvas_drop_titles(canvas);
  return hr_figure_sweep(sweep, canvas, csv, err);
}

static hr_status write_figure(const hr_sweep *sweep, const char *dir, hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  const hr_drawing drawing = {"sweep", HR_CANVAS_HEIGHT, draw, (void *)(uintptr_t)sweep};
  HR_TRY(hr_join_path(dir, "figures", &folder, err));
  HR_TRY(hr_drawing_write(&drawing, folder, err));
cleanup:
  hr_free(folder);
  return status;
}

static void write_page(const hr_sweep *sweep, const hr_table *table, hr_text *out) {
  hr_text_append(out, "# ");
  if (sweep->experiment) {
    hr_append_markdown(sweep->experiment, out);
    hr_text_append(out, sweep->chinese ? "：" : ": ");
  }
  hr_text_append(out, sweep->chinese ? "R² 随 " : "R² against ");
  hr_append_markdown(sweep->key, out);
  hr_text_append(out, sweep->chinese ? " 的变化\n\n" : "\n\n");
  if (!hr_figure_sweep_is_empty(sweep)) {
    hr_text_append(out, "![%s](figures/sweep.png)\n\n", sweep->chinese ? "R²" : "R²");
  }
  hr_table_write_markdown(table, out);
}

/* One target's files, and its table as text. */
static hr_status write_one(const char *dir, const hr_sweep *sweep, hr_text *text,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_table lines = {0}, rungs = {0};
  hr_text csv, page;
  hr_text_init(&csv);
  hr_text_init(&page);
  HR_TRY(hr_sweep_build_lines(sweep, &lines, err));
  HR_TRY(hr_sweep_build_rungs(sweep, &rungs, err));
  hr_table_write_csv(&lines, &csv);
  write_page(sweep, &rungs, &page);
  hr_table_write_terminal(&rungs, text);
  HR_TRY(hr_text_status(&csv, err));
  HR_TRY(hr_text_status(&page, err));
  HR_TRY(hr_text_status(text, err));
  HR_TRY(hr_make_folders(dir, err));
  if (!hr_figure_sweep_is_empty(sweep)) HR_TRY(write_figure(sweep, dir, err));
  HR_TRY(hr_file_write_in(dir, "sweep.csv", csv.bytes, csv.length, err));
  HR_TRY(hr_file_write_in(dir, "sweep.md", page.bytes, page.length, err));
cleanup:
  hr_table_fini(&lines);
  hr_table_fini(&rungs);
  hr_text_fini(&csv);
  hr_text_fini(&page);
  return status;
}

/* The folders of the targets behind the first, as a run directory has them; of the first
 * point with results. */
static hr_status list_behind(const hr_sweep_outline *outline, hr_strings *out,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_results *results = NULL;
  size_t first = 0;
  while (first < outline->count && !outline->has_results[first]) first++;
  if (first == outline->count) return HR_OK;
  HR_TRY(open_results(outline->run_dirs[first], &results, err));
  for (size_t i = 0; i < hr_targets_behind(&results->reader); i++) {
    char *folder = NULL;
    status = hr_targets_dir(&results->reader, ".", i, &folder, err);
    if (status == HR_OK) status = hr_strings_append(out, folder, err);
    hr_free(folder);
    if (status != HR_OK) goto cleanup;
  }
cleanup:
  hr_results_close(&results);
  return status;
}

/* The same sweep of a target behind the first. */
static hr_status write_behind(const char *dir, const hr_sweep_outline *outline,
                              const char *folder, hr_error *err) {
  hr_status status = HR_OK;
  char *own_dir = NULL, *run_dir = NULL;
  hr_strings run_dirs = {0};
  hr_sweep sweep = {0};
  hr_text text;
  hr_text_init(&text);
  for (size_t i = 0; i < outline->count; i++) {
    HR_TRY(hr_join_path(outline->run_dirs[i], folder, &run_dir, err));
    HR_TRY(hr_strings_append(&run_dirs, run_dir, err));
    hr_free(run_dir);
    run_dir = NULL;
  }
  hr_sweep_outline own = *outline;
  own.run_dirs = (const char *const *)run_dirs.items;
  HR_TRY(hr_join_path(dir, folder, &own_dir, err));
  HR_TRY(hr_sweep_init(&sweep, &own, err));
  HR_TRY(write_one(own_dir, &sweep, &text, err));
cleanup:
  hr_free(run_dir);
  hr_free(own_dir);
  hr_strings_fini(&run_dirs);
  hr_sweep_fini(&sweep);
  hr_text_fini(&text);
  return status;
}

hr_status hr_sweep_write(const char *dir, const hr_sweep_outline *outline, char **text,
                         hr_error *err) {
  hr_status status = HR_OK;
  hr_strings behind = {0};
  hr_sweep sweep = {0};
  hr_text own;
  hr_text_init(&own);
  HR_TRY(hr_sweep_init(&sweep, outline, err));
  HR_TRY(list_behind(outline, &behind, err));
  for (size_t t = 0; t < behind.count; t++) {
    HR_TRY(write_behind(dir, outline, behind.items[t], err));
  }
  HR_TRY(write_one(dir, &sweep, &own, err));
  *text = own.bytes;
  own.bytes = NULL;
cleanup:
  hr_strings_fini(&behind);
  hr_sweep_fini(&sweep);
  hr_text_fini(&own);
  return status;
}

void hr_sweep_append_elsewhere(const hr_sweep *sweep, const hr_sweep_line *line,
                               hr_text *out) {
  hr_text_append(out, sweep->chinese ? "%s：%s" : "%s: %s",
                 hr_words_rung("elsewhere", sweep->chinese), line->title);
}
