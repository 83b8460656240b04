/* Calibration by method, octile and bin; the histogram of ranks. */
#include "score/results_calibration.h"

#include "score/sbc.h"

static void put_calibration(hr_json_builder *json, json_t *object,
                            const hr_calibration *found) {
  hr_json_put_count(json, object, "n", found->rows);
  hr_json_put_count(json, object, "n_half", found->half_rows);
  for (hr_calibration_measure m = 0; m < HR_CALIBRATION_MEASURES; m++) {
    const hr_measured *estimate = &found->measure[m];
    hr_json_put_number(json, object, hr_calibration_key(m), estimate->value);
    hr_json_put_pair(json, object, hr_calibration_interval_key(m), estimate->low,
                     estimate->high);
  }
}

static void put_list(hr_json_builder *json, json_t *object, const char *key,
                     const hr_calibration *items, size_t count) {
  json_t *list = hr_json_put(json, object, key, json_array());
  for (size_t i = 0; i < count; i++) {
    put_calibration(json, hr_json_append(json, list, json_object()), &items[i]);
  }
}

/* Whether the method's sigma is off, and that is to be told: what was chosen on the test
 * rows is optimistic by construction, unless that is the study's own choice. */
static bool is_told(const hr_evaluation *evaluation, size_t m) {
  const hr_forecast *forecast = evaluation->methods[m].forecast;
  hr_calibration_verdict verdict = evaluation->calibrations.methods[m].verdict;
  bool is_off = verdict == HR_SIGMA_TOO_SMALL || verdict == HR_SIGMA_TOO_LARGE;
  bool by_test = forecast->selection == HR_SELECT_BY_TEST;
  return is_off && (!by_test || evaluation->input->selection == HR_SELECT_BY_TEST);
}

/* Rows that no honest sigma leaves; nothing where there are none. */
static void put_far(hr_json_builder *json, json_t *object, const hr_calibration *found) {
  if (found->far_rows == 0) return;
  json_t *far = hr_json_put(json, object, "far", json_object());
  hr_json_put_count(json, far, "rows", found->far_rows);
  hr_json_put_count(json, far, "row", found->far_row);
  hr_json_put_number(json, far, "sigmas", found->far_sigma);
  hr_json_put_number(json, far, "chi2_without", found->near_chi2.value);
}

static void put_method(hr_json_builder *json, json_t *list,
                       const hr_evaluation *evaluation, size_t m) {
  const hr_calibrations *all = &evaluation->calibrations;
  const hr_forecast *forecast = evaluation->methods[m].forecast;
  const hr_method_calibration *own = &all->methods[m];
  if (!own->bins) return;
  json_t *object = hr_json_append(json, list, json_object());
  hr_json_put_text(json, object, "method", forecast->name);
  hr_json_put_text(json, object, "rows",
                   hr_forecast_is_told_bin(forecast) ? "covered" : "all");
  hr_json_put_text(json, object, "verdict", hr_calibration_verdict_name(own->verdict));
  hr_json_put_bool(json, object, "warning", is_told(evaluation, m));
  put_calibration(json, object, &own->pooled);
  put_far(json, object, &own->pooled);
  put_list(json, object, "octiles", own->octiles, all->octiles ? HR_SNR_OCTILES : 0);
  put_list(json, object, "bins", own->bins, evaluation->input->bin_count);
}

static void put_measures(hr_json_builder *json, json_t *object, const char *key,
                         double (*value_of)(hr_calibration_measure)) {
  json_t *values = hr_json_put(json, object, key, json_object());
  for (hr_calibration_measure m = 0; m < HR_CALIBRATION_MEASURES; m++) {
    hr_json_put_number(json, values, hr_calibration_key(m), value_of(m));
  }
}

static void write_calibration(hr_json_builder *json, const hr_evaluation *evaluation,
                              json_t *root) {
  const hr_calibrations *all = &evaluation->calibrations;
  if (!all->methods) {
    hr_json_put(json, root, "calibration", json_null());
    return;
  }
  json_t *object = hr_json_put(json, root, "calibration", json_object());
  put_measures(json, object, "expected", hr_calibration_expected);
  put_measures(json, object, "margin", hr_calibration_margin);
  hr_json_put_text(json, object, "snr",
                   !all->octiles                 ? NULL
                   : evaluation->snr_is_measured ? "measured"
                                                 : "label");
  json_t *edges = hr_json_put(json, object, "snr_edges", json_array());
  for (size_t j = 0; all->octiles && j <= HR_SNR_OCTILES; j++) {
    double edge = all->octiles->edges[j];
    hr_json_append(json, edges, isfinite(edge) ? json_real(edge) : json_null());
  }
  json_t *methods = hr_json_put(json, object, "methods", json_array());
  for (size_t m = 0; m < all->method_count; m++) put_method(json, methods, evaluation, m);
}

/* The first expert with draws; its number, or that of all. */
static size_t find_draws(const hr_results_input *input) {
  size_t e = 0;
  while (e < input->outcome_count && input->outcomes[e].draw_row_count == 0) e++;
  return e;
}

static hr_sbc rank_draws(const hr_evaluation *evaluation, const hr_outcome *outcome) {
  const hr_results_input *input = evaluation->input;
  const hr_sbc_input ranked = {.draws = outcome->draws,
                               .rows = outcome->draw_rows,
                               .row_count = outcome->draw_row_count,
                               .draw_count = HR_OUTCOME_DRAWS,
                               .target = input->test->target,
                               .is_missing = evaluation->missing.is_missing,
                               .seed = input->seed};
  return hr_sbc_compute(&ranked);
}

static void write_sbc(hr_json_builder *json, const hr_evaluation *evaluation,
                      json_t *root) {
  const hr_results_input *input = evaluation->input;
  size_t expert = find_draws(input);
  if (expert == input->outcome_count) {
    hr_json_put(json, root, "sbc", json_null());
    return;
  }
  hr_sbc found = rank_draws(evaluation, &input->outcomes[expert]);
  json_t *object = hr_json_put(json, root, "sbc", json_object());
  hr_json_put_text(json, object, "expert", input->outcomes[expert].type->name);
  hr_json_put_count(json, object, "rows", found.rows);
  hr_json_put_count(json, object, "draws", HR_OUTCOME_DRAWS);
  json_t *histogram = hr_json_put(json, object, "histogram", json_array());
  for (size_t b = 0; b < HR_SBC_BINS; b++) {
    hr_json_append(json, histogram, json_integer((json_int_t)found.histogram[b]));
  }
  hr_json_put_number(json, object, "chi2", found.chi2);
  hr_json_put_number(json, object, "p", found.p);
  hr_json_put_number(json, object, "threshold", HR_SBC_THRESHOLD);
  hr_json_put_bool(json, object, "warning", found.p < HR_SBC_THRESHOLD);
}

void hr_results_write_calibration(hr_json_builder *json, const hr_evaluation *evaluation,
                                  json_t *root) {
  write_calibration(json, evaluation, root);
  write_sbc(json, evaluation, root);
}

/* Rows that no honest sigma leaves, told of every method that has some. */
static hr_status doubt_far(const char *name, const hr_method_calibration *own,
                           hr_doubts *doubts, hr_error *err) {
  const hr_calibration *pooled = &own->pooled;
  hr_status status = hr_doubts_add(
      doubts, HR_DOUBT_SIGMA, false, err,
      "the sigma of %s %s%zu row%s more than %d sigma from the truth, the farthest row "
      "%zu of predictions.csv with %.2g sigma",
      name, own->verdict == HR_CALIBRATED ? "is calibrated but for " : "leaves ",
      pooled->far_rows, pooled->far_rows == 1 ? "" : "s", HR_CALIBRATION_FAR,
      pooled->far_row, pooled->far_sigma);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "%s 的 σ %s有 %zu 行离真值超过 %d 个 σ，最远为 predictions.csv 第 "
                   "%zu 行，%.2g σ",
                   name, own->verdict == HR_CALIBRATED ? "可信，但" : "",
                   pooled->far_rows, HR_CALIBRATION_FAR, pooled->far_row,
                   pooled->far_sigma);
}

/* A sigma that somebody states comes without half-widths. */
static hr_status doubt_size(const char *name, const hr_method_calibration *own,
                            hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  bool is_small = own->verdict == HR_SIGMA_TOO_SMALL;
  const hr_measured *measure = own->pooled.measure, *chi2 = &measure[HR_MEAN_CHI2];
  bool has_half = !isnan(measure[HR_WITHIN_HALF68].value);
  double within = 100 * measure[has_half ? HR_WITHIN_HALF68 : HR_WITHIN_1_SIGMA].value;
  char part[64] = "", part_zh[64] = "";
  if (has_half && own->pooled.half_rows < own->pooled.rows) {
    snprintf(part, sizeof part, "%zu ", own->pooled.half_rows);
    snprintf(part_zh, sizeof part_zh, "%zu 行中 ", own->pooled.half_rows);
  }
  HR_TRY(hr_doubts_add(doubts, HR_DOUBT_SIGMA, false, err,
                       "the sigma of %s is too %s: its mean chi2 is %s [%s, %s], and "
                       "%.1f %% of the %srows%s are within %s (see Calibration "
                       "in the report)",
                       name, is_small ? "small" : "large", HR_DECIMALS(chi2->value, 3),
                       HR_DECIMALS(chi2->low, 3), HR_DECIMALS(chi2->high, 3), within,
                       part, part[0] ? " that have one" : "",
                       has_half ? "the 68 % interval" : "one sigma"));
  HR_TRY(hr_doubts_in_chinese(doubts, err,
                              "%s 的 σ 偏%s：平均 χ² 为 %s [%s, %s]，%s "
                              "%s%.1f %% 的行",
                              name, is_small ? "小" : "大", HR_DECIMALS(chi2->value, 3),
                              HR_DECIMALS(chi2->low, 3), HR_DECIMALS(chi2->high, 3),
                              has_half ? "68 % 区间覆盖" : "1 σ 之内占", part_zh,
                              within));
cleanup:
  return status;
}

static hr_status doubt_ranks(const char *expert, const hr_sbc *found, hr_doubts *doubts,
                             hr_error *err) {
  if (!(found->p < HR_SBC_THRESHOLD)) return HR_OK;
  hr_status status =
      hr_doubts_add(doubts, HR_DOUBT_SIGMA, false, err,
                    "the ranks of the truth among the draws of %s are not uniform: "
                    "chi2 %.1f over %d bins, p = %.2g (see Calibration in the report)",
                    expert, found->chi2, HR_SBC_BINS, found->p);
  return status != HR_OK
             ? status
             : hr_doubts_in_chinese(
                   doubts, err,
                   "真值在 %s 的抽样中的秩并不均匀：%d 格的 χ² 为 %.1f，p = %.2g", expert,
                   HR_SBC_BINS, found->chi2, found->p);
}

hr_status hr_calibration_doubt(const hr_evaluation *evaluation, hr_doubts *doubts,
                               hr_error *err) {
  hr_status status = HR_OK;
  const hr_calibrations *all = &evaluation->calibrations;
  const hr_results_input *input = evaluation->input;
  size_t expert = find_draws(input);
  for (size_t m = 0; m < all->method_count; m++) {
    const hr_method_calibration *own = &all->methods[m];
    const char *name = evaluation->methods[m].forecast->name;
    if (own->pooled.far_rows > 0) HR_TRY(doubt_far(name, own, doubts, err));
    if (is_told(evaluation, m)) HR_TRY(doubt_size(name, own, doubts, err));
  }
  if (expert == input->outcome_count) goto cleanup;
  hr_sbc found = rank_draws(evaluation, &input->outcomes[expert]);
  HR_TRY(doubt_ranks(input->outcomes[expert].type->name, &found, doubts, err));
cleanup:
  return status;
}
