/* The life of a comparison: open, join, score, show. */
#include "headroom/compare.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "compare/comparison.h"
#include "compare/figure.h"
#include "compare/text.h"
#include "core/alloc.h"
#include "core/door.h"
#include "core/file.h"
#include "core/json_file.h"
#include "core/observe.h"
#include "core/sized.h"
#include "report/tables.h"
#include "report/targets.h"

static const hr_sized sized_options = {"hr_compare_options",
                                       "with hr_compare_options_default()",
                                       {sizeof(hr_compare_options)}};

/* By whichever name; what is not there is told when it is opened. */
static bool are_same(const char *a, const char *b) {
  struct stat first, second;
  if (strcmp(a, b) == 0) return true;
  return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

static hr_status check_dirs(const char *const *dirs, size_t count, hr_error *err) {
  if (count < 2 || count > HR_COMPARE_MOST_RUNS) {
    return hr_fail(err, HR_ERR_USAGE, "2 to %d runs can be compared, not %zu",
                   HR_COMPARE_MOST_RUNS, count);
  }
  for (size_t k = 1; k < count; k++) {
    for (size_t i = 0; i < k; i++) {
      if (!are_same(dirs[i], dirs[k])) continue;
      return hr_fail(err, HR_ERR_USAGE, "%s is to be compared with itself", dirs[k]);
    }
  }
  return HR_OK;
}

/* The folder of `run_dir` that has the results of `target`: itself, or that of one of the
 * targets behind the first. */
static hr_status find_target(const char *run_dir, const char *target, char **out,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_results *results = NULL;
  hr_results_options light = hr_results_options_default();
  light.skip_predictions = true;
  HR_TRY(hr_results_open(run_dir, &light, &results, err));
  if (!target || strcmp(results->info.target, target) == 0) {
    HR_TRY(hr_copy_text(run_dir, out, err));
    goto cleanup;
  }
  for (size_t i = 0; i < hr_targets_behind(&results->reader) && !*out; i++) {
    if (strcmp(hr_targets_name(&results->reader, i), target) != 0) continue;
    HR_TRY(hr_targets_dir(&results->reader, run_dir, i, out, err));
  }
  if (!*out) {
    status = hr_fail(err, HR_ERR_USAGE,
                     "%s predicts %s and not %s; give %s a label that all runs predict",
                     run_dir, results->info.target, target, HR_DOOR_TARGET);
  }
cleanup:
  hr_results_close(&results);
  return status;
}

static hr_status open_runs(hr_comparison *c, const char *target, hr_error *err) {
  hr_status status = HR_OK;
  char *opened = NULL;
  for (size_t k = 0; k < c->runs; k++) {
    const char *wanted = k > 0 && !target ? c->results[0]->info.target : target;
    HR_TRY(find_target(c->dirs.items[k], wanted, &opened, err));
    HR_TRY(hr_results_open(opened, NULL, &c->results[k], err));
    bool chinese = hr_tables_in_chinese(&c->results[0]->reader); /* the first one's */
    hr_tables_speak(&c->results[k]->reader, chinese);
    HR_TRY(hr_strings_append(&c->opened, opened, err));
    hr_free(opened);
    opened = NULL;
  }
cleanup:
  hr_free(opened);
  return status;
}

void hr_comparison_close(hr_comparison **comparison) {
  hr_comparison *c = *comparison;
  *comparison = NULL;
  if (!c) return;
  hr_compared_lines_fini(&c->rungs, c->runs);
  hr_compared_lines_fini(&c->methods, c->runs);
  hr_compared_lines_fini(&c->bins, c->runs);
  hr_compared_lines_fini(&c->octiles, c->runs);
  hr_contrasts_fini(&c->contrasts);
  hr_join_fini(&c->join);
  for (size_t k = 0; c->results && k < c->runs; k++) hr_results_close(&c->results[k]);
  hr_free(c->results);
  hr_strings_fini(&c->dirs);
  hr_strings_fini(&c->opened);
  hr_free(c);
}

hr_status hr_compare(const char *const *run_dirs, size_t count,
                     const hr_compare_options *options, hr_comparison **out,
                     hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison *c = NULL;
  hr_compare_options own = hr_compare_options_default();
  HR_TRY(hr_sized_take(&sized_options, options, &own, err));
  HR_TRY(check_dirs(run_dirs, count, err));
  HR_TRY(hr_alloc(&c, 1, err));
  c->runs = count;
  HR_TRY(hr_alloc(&c->results, count, err));
  for (size_t k = 0; k < count; k++) {
    HR_TRY(hr_strings_append(&c->dirs, run_dirs[k], err));
  }
  HR_TRY(open_runs(c, own.target, err));
  HR_TRY(hr_join_init(&c->join, c->results, count, err));
  HR_TRY(hr_comparison_score(c, err));
  *out = c;
  c = NULL;
cleanup:
  hr_comparison_close(&c);
  return status;
}

hr_status hr_comparison_text(const hr_comparison *comparison, hr_comparison_format format,
                             char **text, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison_tables tables = {0};
  hr_text out;
  hr_text_init(&out);
  if (format == HR_COMPARISON_JSON) {
    HR_TRY(hr_comparison_write_json(comparison, &out, err));
  } else {
    HR_TRY(hr_comparison_tables_init(&tables, comparison, err));
    HR_TRY(format == HR_COMPARISON_TEXT
               ? hr_comparison_write_terminal(comparison, &tables, &out, err)
               : hr_comparison_write_markdown(comparison, &tables, false, &out, err));
  }
  *text = out.bytes;
  hr_text_init(&out);
cleanup:
  hr_text_fini(&out);
  hr_comparison_tables_fini(&tables);
  return status;
}

/* A folder that is somebody else's must not be written into: it is empty, not there, or
 * that of an earlier comparison. */
static hr_status check_folder(const char *dir, hr_error *err) {
  hr_status status = HR_OK;
  json_t *earlier = NULL;
  DIR *folder = opendir(dir);
  bool is_empty = true;
  if (!folder) return HR_OK;
  for (const struct dirent *entry; is_empty && (entry = readdir(folder)) != NULL;) {
    is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
  }
  closedir(folder);
  if (is_empty) return HR_OK;
  HR_TRY(hr_json_file_look(dir, "comparison.json", &earlier, err));
  if (!json_is_array(json_object_get(earlier, "ladder"))) {
    status =
        hr_fail(err, HR_ERR_USAGE,
                "%s holds other files; give the comparison a folder of its own", dir);
  }
cleanup:
  json_decref(earlier);
  return status;
}

static hr_status write_text(const char *folder, const char *name, const hr_text *text,
                            hr_error *err) {
  hr_status status = hr_text_status(text, err);
  if (status != HR_OK) return status;
  return hr_file_write_in(folder, name, text->bytes, text->length, err);
}

static hr_status write_tables(const hr_comparison_tables *tables, const char *dir,
                              hr_error *err) {
  hr_status status = HR_OK;
  char *folder = NULL;
  hr_text csv;
  hr_text_init(&csv);
  HR_TRY(hr_join_path(dir, "tables", &folder, err));
  HR_TRY(hr_make_folders(folder, err));
  for (size_t t = 0; t < HR_COMPARISON_TABLES; t++) {
    const hr_table *table = &tables->items[t];
    char name[64];
    if (table->row_count == 0) continue;
    snprintf(name, sizeof name, "%s.csv", table->name);
    hr_text_fini(&csv);
    hr_table_write_csv(table, &csv);
    HR_TRY(write_text(folder, name, &csv, err));
  }
cleanup:
  hr_text_fini(&csv);
  hr_free(folder);
  return status;
}

hr_status hr_comparison_write(const hr_comparison *comparison, const char *dir,
                              const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  hr_comparison_tables tables = {0};
  char *figures = NULL;
  hr_text page, json;
  hr_text_init(&page);
  hr_text_init(&json);
  HR_TRY(check_folder(dir, err));
  HR_TRY(hr_comparison_tables_init(&tables, comparison, err));
  bool has_figure = hr_comparison_has_figure(comparison);
  HR_TRY(hr_comparison_write_markdown(comparison, &tables, has_figure, &page, err));
  HR_TRY(hr_comparison_write_json(comparison, &json, err));
  HR_TRY(hr_make_folders(dir, err));
  /* First: by it the folder is known for a comparison's, also after a stop. */
  HR_TRY(write_text(dir, "comparison.json", &json, err));
  HR_TRY(hr_join_path(dir, "figures", &figures, err));
  if (has_figure) HR_TRY(hr_comparison_draw(comparison, figures, err));
  HR_TRY(write_tables(&tables, dir, err));
  HR_TRY(write_text(dir, "comparison.md", &page, err));
  hr_observe_info(observer, "wrote %s/comparison.md and comparison.json", dir);
cleanup:
  hr_free(figures);
  hr_text_fini(&page);
  hr_text_fini(&json);
  hr_comparison_tables_fini(&tables);
  return status;
}
