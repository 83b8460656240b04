/* Which targets there are is read from the first one's results, what they found from
 * their own. */
#include "report/targets.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/targets.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/json_file.h"
#include "report/table.h"

static const json_t *experiment_of(const hr_reader *reader) {
  return json_object_get(reader->root, "experiment");
}

static const json_t *names_of(const hr_reader *reader) {
  return json_object_get(experiment_of(reader), "targets");
}

size_t hr_targets_behind(const hr_reader *reader) {
  size_t count = json_array_size(names_of(reader));
  bool is_first = hr_json_count(experiment_of(reader), "target_number", 0) == 0;
  return is_first && count > 1 && count <= HR_MOST_TARGETS ? count - 1 : 0;
}

static const char *name_of(const hr_reader *reader, size_t target) {
  const char *name = json_string_value(json_array_get(names_of(reader), target));
  return name ? name : "";
}

const char *hr_targets_name(const hr_reader *reader, size_t i) {
  return name_of(reader, i + 1);
}

hr_status hr_targets_dir(const hr_reader *reader, const char *run_dir, size_t i,
                         char **out, hr_error *err) {
  char folder[HR_TARGET_FOLDER_BYTES];
  hr_target_folder(name_of(reader, i + 1), i + 1, folder);
  return hr_join_path(run_dir, folder, out, err);
}

static void append_estimate(const hr_estimate *r2, bool chinese, hr_text *out) {
  if (isnan(r2->value)) {
    hr_text_append(out, "%s", chinese ? "无定义" : "undefined");
  } else if (isnan(r2->low)) {
    hr_text_append(out, "%s", HR_DECIMALS(r2->value, 4));
  } else {
    hr_text_append(out, "%s [%s, %s]", HR_DECIMALS(r2->value, 4), HR_DECIMALS(r2->low, 4),
                   HR_DECIMALS(r2->high, 4));
  }
}

/* The headline's numbers over the covered rows, which every study has. */
static hr_status find_headline(const hr_results *results, const hr_results_info *info,
                               hr_results_method *out, hr_error *err) {
  for (size_t m = 0; m < info->method_count; m++) {
    hr_results_method method = {.size = sizeof method};
    hr_status status = hr_results_get_method(results, m, &method, err);
    if (status != HR_OK) return status;
    bool is_headline = strcmp(method.name, info->headline) == 0;
    if (is_headline && strcmp(method.rows, "covered") == 0) *out = method;
  }
  return HR_OK;
}

/* Where a target's results are, and what its row says. */
typedef struct target_row {
  const char *dir, *folder, *unit;
  bool chinese;
} target_row;

static hr_status write_row(const target_row *row, hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_results *results = NULL;
  hr_results_options options = hr_results_options_default();
  hr_results_info info = {.size = sizeof info};
  hr_results_method headline = {.r2 = {(double)NAN, (double)NAN, (double)NAN}};
  options.skip_predictions = true;
  HR_TRY(hr_results_open(row->dir, &options, &results, err));
  HR_TRY(hr_results_get_info(results, &info, err));
  HR_TRY(find_headline(results, &info, &headline, err));
  hr_text_append(out, "| ");
  hr_append_markdown(info.target, out);
  hr_text_append(out, " | ");
  hr_append_markdown(row->unit, out);
  hr_text_append(out, " | ");
  append_estimate(&headline.r2, row->chinese, out);
  const char *verdict = row->chinese ? (info.gate_passed ? "通过" : "未通过")
                                     : (info.gate_passed ? "passed" : "not passed");
  hr_text_append(out, " | %.4g | %s | ", headline.mae, verdict);
  if (row->folder[0]) hr_text_append(out, "[%s](%s/report.md)", row->folder, row->folder);
  hr_text_append(out, "%s |\n",
                 row->folder[0] ? ""
                 : row->chinese ? "本报告"
                                : "this one");
cleanup:
  hr_results_close(&results);
  return status;
}

/* The unit that the results of the folder tell. */
static hr_status read_unit(const char *dir, char unit[32], hr_error *err) {
  hr_status status = HR_OK;
  json_t *root = NULL;
  HR_TRY(hr_json_file_look(dir, "results.json", &root, err));
  const json_t *experiment = json_object_get(root, "experiment");
  snprintf(unit, 32, "%s", hr_json_string(experiment, "unit", ""));
cleanup:
  json_decref(root);
  return status;
}

hr_status hr_targets_write_markdown(const hr_reader *reader, const char *run_dir,
                                    hr_text *out, hr_error *err) {
  hr_status status = HR_OK;
  char *dir = NULL, unit[32], folder[HR_TARGET_FOLDER_BYTES] = "";
  size_t behind = hr_targets_behind(reader);
  if (behind == 0) return HR_OK;
  bool chinese = strcmp(hr_json_string(experiment_of(reader), "language", ""), "zh") == 0;
  hr_text_append(out, "%s|---|---|---|---|---|---|\n",
                 chinese ? "\n## 6. 预测量\n\n"
                           "| 预测量 | 单位 | 主要 R² | MAE | 判据 | 报告 |\n"
                         : "\n## 6. Targets\n\n"
                           "| Target | Unit | Headline R² | MAE | Gate | Report |\n");
  for (size_t t = 0; t <= behind; t++) {
    hr_free(dir);
    dir = NULL;
    if (t == 0) HR_TRY(hr_copy_text(run_dir, &dir, err));
    if (t > 0) HR_TRY(hr_targets_dir(reader, run_dir, t - 1, &dir, err));
    if (t > 0) hr_target_folder(name_of(reader, t), t, folder);
    HR_TRY(read_unit(dir, unit, err));
    const target_row row = {dir, folder, unit, chinese};
    HR_TRY(write_row(&row, out, err));
  }
  HR_TRY(hr_text_status(out, err));
cleanup:
  hr_free(dir);
  return status;
}
