/* From results.json to structs, once, so that what is handed out later needs no parsing
 * and may be read by several threads. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "report/calibration.h"
#include "report/run_results.h"
#include "report/tables.h"

void hr_run_results_free(hr_results *results) {
  hr_free(results->experts);
  hr_free(results->methods);
  hr_strings_fini(&results->titles);
  hr_free(results->bins);
  hr_free(results->cells);
  hr_free(results->criteria);
  hr_free(results->checks);
  hr_free(results->calibrations);
  hr_free(results->bin_ladders);
}

/* A number of rows; 0 where the file says nothing of the kind. */
static uint64_t read_count(hr_reader *reader, const hr_node *parent, const char *key) {
  double count = hr_node_number(reader, parent, key);
  return count > 0 && count < 1e15 ? (uint64_t)count : 0;
}

static void read_ledger(hr_reader *reader, const hr_node *root, hr_results_info *info) {
  hr_node ledger = hr_node_object(reader, root, "ledger");
  info->train_rows = read_count(reader, &ledger, "train_rows");
  info->train_covered = read_count(reader, &ledger, "train_covered");
  info->train_uncovered = read_count(reader, &ledger, "train_uncovered");
  info->test_rows = read_count(reader, &ledger, "test_rows");
  info->covered = read_count(reader, &ledger, "covered");
  info->uncovered = read_count(reader, &ledger, "uncovered");
}

/* NULL where there is none, as in results of earlier versions. */
static const char *read_text_if_any(hr_reader *reader, const hr_node *entry,
                                    const char *key) {
  return hr_node_has(entry, key) ? hr_node_text(reader, entry, key) : NULL;
}

static void read_info(hr_reader *reader, const hr_node *root, hr_results_info *info) {
  hr_node experiment = hr_node_object(reader, root, "experiment");
  hr_node selection = hr_node_object(reader, root, "selection");
  info->experiment = hr_node_text(reader, &experiment, "id");
  info->fingerprint = hr_node_text(reader, &experiment, "fingerprint");
  info->target = hr_node_text(reader, &experiment, "target");
  info->language = hr_node_text(reader, &experiment, "language");
  info->chosen_by = hr_node_text(reader, &selection, "by");
  info->headline = hr_node_text(reader, &selection, "headline");
  info->versus = hr_node_text(reader, &selection, "versus");
  info->gate_passed = hr_node_bool(reader, root, "gate_passed");
  info->gate_name = read_text_if_any(reader, root, "gate_name");
  read_ledger(reader, root, info);
}

static hr_status read_checks(hr_results *r, const hr_node *root, hr_error *err) {
  hr_reader *reader = &r->reader;
  hr_node ledger = hr_node_object(reader, root, "ledger");
  hr_node list = hr_node_list(reader, &ledger, "checks");
  hr_status status = hr_alloc(&r->checks, hr_node_count(&list), err);
  if (status != HR_OK) return status;
  r->info.check_count = hr_node_count(&list);
  for (size_t i = 0; i < r->info.check_count; i++) {
    hr_node check = hr_node_item(reader, &list, i);
    r->checks[i] = (hr_results_check){
        .name = hr_node_text(reader, &check, "name"),
        .detail = hr_node_text(reader, &check, "detail"),
    };
  }
  return HR_OK;
}

static hr_status read_experts(hr_results *r, const hr_node *root, hr_error *err) {
  hr_reader *reader = &r->reader;
  hr_node list = hr_node_list(reader, root, "experts");
  hr_status status = hr_alloc(&r->experts, hr_node_count(&list), err);
  if (status != HR_OK) return status;
  r->info.expert_count = hr_node_count(&list);
  for (size_t i = 0; i < r->info.expert_count; i++) {
    hr_node expert = hr_node_item(reader, &list, i);
    r->experts[i] = (hr_results_expert){
        .name = hr_node_text(reader, &expert, "name"),
        .title = hr_node_text(reader, &expert, "title"),
        .uses_error = hr_node_bool(reader, &expert, "uses_error"),
        .setting = hr_node_text_or_null(reader, &expert, "variant"),
    };
  }
  return HR_OK;
}

static hr_status add_title(hr_results *r, const char *method, hr_error *err) {
  hr_text title;
  hr_text_init(&title);
  hr_text_append(&title, "%s", hr_listed_of(&r->reader, method).title);
  hr_status status = hr_text_status(&title, err);
  if (status == HR_OK) {
    status = hr_strings_append(&r->titles, title.bytes ? title.bytes : "", err);
  }
  hr_text_fini(&title);
  return status;
}

static void read_method(hr_reader *reader, const hr_node *entry, hr_results_method *out) {
  *out = (hr_results_method){
      .name = hr_node_text(reader, entry, "method"),
      .rows = hr_node_text(reader, entry, "rows"),
      .row_count = read_count(reader, entry, "n"),
      .r2 = hr_node_estimate(reader, entry, "r2_pooled", "r2_pooled_ci"),
      .r2_weighted = hr_node_number(reader, entry, "r2_weighted"),
      .mae = hr_node_number(reader, entry, "mae"),
      .rmse = hr_node_number(reader, entry, "rmse"),
      .bias = hr_node_number(reader, entry, "bias"),
      .versus = hr_node_text_or_null(reader, entry, "versus"),
      .delta_r2 = hr_node_estimate(reader, entry, "delta_r2", "delta_r2_ci"),
  };
}

static hr_status read_methods(hr_results *r, const hr_node *root, hr_error *err) {
  hr_status status = HR_OK;
  hr_node list = hr_node_list(&r->reader, root, "overall");
  HR_TRY(hr_alloc(&r->methods, hr_node_count(&list), err));
  r->info.method_count = hr_node_count(&list);
  for (size_t i = 0; i < r->info.method_count; i++) {
    hr_node entry = hr_node_item(&r->reader, &list, i);
    read_method(&r->reader, &entry, &r->methods[i]);
    HR_TRY(add_title(r, r->methods[i].name, err));
  }
  for (size_t i = 0; i < r->info.method_count; i++) {
    r->methods[i].title = r->titles.items[i];
  }
cleanup:
  return status;
}

static void read_cell(hr_reader *reader, const hr_node *cell, const char *setting,
                      hr_results_cell *out) {
  *out = (hr_results_cell){
      .status = hr_node_text(reader, cell, "status"),
      .note = hr_node_text(reader, cell, "note"),
      .r2 = hr_node_estimate(reader, cell, "r2", "r2_ci"),
      .r2_cv = hr_node_number(reader, cell, "r2_cv"),
      .setting = (double)NAN,
      .mae = hr_node_number(reader, cell, "mae"),
      .rmse = hr_node_number(reader, cell, "rmse"),
      .bias = hr_node_number(reader, cell, "bias"),
      .delta_r2 = hr_node_estimate(reader, cell, "delta_r2", "delta_r2_ci"),
  };
  if (setting && hr_node_has(cell, setting)) {
    out->setting = hr_node_number(reader, cell, setting);
  }
}

static void read_bin(hr_results *r, const hr_node *list, size_t k) {
  hr_reader *reader = &r->reader;
  hr_node entry = hr_node_item(reader, list, k);
  hr_node best = hr_node_object(reader, &entry, "best");
  hr_node experts = hr_node_object(reader, &entry, "experts");
  hr_results_bin *bin = &r->bins[k];
  *bin = (hr_results_bin){
      .index = read_count(reader, &entry, "index"),
      .name = hr_node_text(reader, &entry, "name"),
      .train_rows = read_count(reader, &entry, "n_train"),
      .test_rows = read_count(reader, &entry, "n_test"),
      .is_at_risk = hr_node_bool(reader, &entry, "at_risk"),
      .is_focus = hr_node_bool(reader, &entry, "focus"),
      .expert = hr_node_text_or_null(reader, &best, r->info.chosen_by),
  };
  for (size_t e = 0; e < r->info.expert_count; e++) {
    const hr_results_expert *expert = &r->experts[e];
    hr_results_cell *cell = &r->cells[k * r->info.expert_count + e];
    hr_node node = hr_node_object(reader, &experts, expert->name);
    read_cell(reader, &node, expert->setting, cell);
    cell->rows = bin->test_rows;
    cell->is_chosen = bin->expert && strcmp(bin->expert, expert->name) == 0;
  }
}

static hr_status read_bins(hr_results *r, const hr_node *root, hr_error *err) {
  hr_status status = HR_OK;
  hr_node list = hr_node_list(&r->reader, root, "bins");
  size_t count = hr_node_count(&list);
  HR_TRY(hr_alloc(&r->bins, count, err));
  HR_TRY(hr_alloc(&r->cells, count * r->info.expert_count, err));
  r->info.bin_count = count;
  for (size_t k = 0; k < count; k++) read_bin(r, &list, k);
cleanup:
  return status;
}

static hr_status read_criteria(hr_results *r, const hr_node *root, hr_error *err) {
  hr_reader *reader = &r->reader;
  hr_node list = hr_node_list(reader, root, "gate");
  hr_status status = hr_alloc(&r->criteria, hr_node_count(&list), err);
  if (status != HR_OK) return status;
  r->info.criterion_count = hr_node_count(&list);
  for (size_t i = 0; i < r->info.criterion_count; i++) {
    hr_node entry = hr_node_item(reader, &list, i);
    r->criteria[i] = (hr_results_criterion){
        .name = hr_node_text(reader, &entry, "criterion"),
        .value = hr_node_estimate(reader, &entry, "value", "ci"),
        .threshold = hr_node_number(reader, &entry, "threshold"),
        .verdict = hr_node_text(reader, &entry, "verdict"),
        .next = hr_node_text(reader, &entry, "next"),
        .then = read_text_if_any(reader, &entry, "then"),
        .why = read_text_if_any(reader, &entry, "why"),
        .caution = read_text_if_any(reader, &entry, "caution"),
    };
  }
  return HR_OK;
}

/* Absent in results of earlier versions. */
static hr_status read_calibrations(hr_results *r, const hr_node *root, hr_error *err) {
  hr_reader *reader = &r->reader;
  if (!hr_node_has(root, "calibration")) return HR_OK;
  hr_node calibration = hr_node_object(reader, root, "calibration");
  hr_node list = hr_node_list(reader, &calibration, "methods");
  hr_status status = hr_alloc(&r->calibrations, hr_node_count(&list), err);
  if (status != HR_OK) return status;
  r->info.calibration_count = hr_node_count(&list);
  for (size_t i = 0; i < r->info.calibration_count; i++) {
    hr_node entry = hr_node_item(reader, &list, i);
    r->calibrations[i] = (hr_results_calibration){
        .method = hr_node_text(reader, &entry, "method"),
        .rows = hr_node_text(reader, &entry, "rows"),
        .row_count = read_count(reader, &entry, "n"),
        .within_1_sigma = hr_calibration_read(reader, &entry, HR_WITHIN_1_SIGMA),
        .within_2_sigma = hr_calibration_read(reader, &entry, HR_WITHIN_2_SIGMA),
        .chi2 = hr_calibration_read(reader, &entry, HR_MEAN_CHI2),
        .within_half68 = hr_calibration_read(reader, &entry, HR_WITHIN_HALF68),
        .within_half95 = hr_calibration_read(reader, &entry, HR_WITHIN_HALF95),
        .verdict = hr_node_text_or_null(reader, &entry, "verdict"),
    };
  }
  return HR_OK;
}

/* Absent in results of earlier versions. */
static hr_status read_ladder(hr_results *r, const hr_node *root, hr_error *err) {
  hr_reader *reader = &r->reader;
  if (!hr_ladder_is_known(reader)) return HR_OK;
  hr_status status = hr_alloc(&r->bin_ladders, r->info.bin_count, err);
  if (status != HR_OK) return status;
  hr_node ladder = hr_node_object(reader, root, "ladder");
  r->ladder = hr_ladder_read(reader);
  r->info.rung_count = r->ladder.rung_count;
  r->info.step_count = r->ladder.step_count;
  for (size_t k = 0; k < r->info.bin_count; k++) {
    r->bin_ladders[k] = hr_ladder_read_item(reader, "bins", k);
    if (r->bin_ladders[k].step_count == r->ladder.step_count) continue;
    hr_node_refuse(reader, &ladder, "bins", "a list with the steps of the ladder");
  }
  return HR_OK;
}

hr_status hr_run_results_read(hr_results *results, hr_error *err) {
  hr_status status = HR_OK;
  hr_node root = hr_reader_root(&results->reader);
  read_info(&results->reader, &root, &results->info);
  HR_TRY(read_checks(results, &root, err));
  HR_TRY(read_experts(results, &root, err));
  HR_TRY(read_methods(results, &root, err));
  HR_TRY(read_bins(results, &root, err));
  HR_TRY(read_criteria(results, &root, err));
  HR_TRY(read_calibrations(results, &root, err));
  HR_TRY(read_ladder(results, &root, err));
  HR_TRY(hr_reader_status(&results->reader, err));
cleanup:
  return status;
}
