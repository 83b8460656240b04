/* Every gate against the true bins, and every way of mixing with it. */
#include "score/results_gates.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "routing/gate_quality.h"
#include "score/calibration.h"
#include "score/rungs.h"

typedef struct writer {
  hr_json_builder *json;
  const hr_evaluation *evaluation;
  hr_rungs rungs;
  int32_t *octile; /* [test rows] of covered rows with snr, else -1 */
  int32_t *bin;    /* [test rows] the true one; HR_UNCOVERED where it is not scored */
  size_t *counts;  /* [bins][bins] scratch */
  double *weight;  /* [test rows][bins] of one gate */
} writer;

static void put_quality(writer *w, json_t *object, const hr_gate_rows *rows,
                        int32_t group) {
  hr_gate_quality quality;
  hr_gate_quality_measure(rows, group, &quality);
  hr_json_put_count(w->json, object, "n", quality.rows);
  hr_measured accuracy = {(double)NAN, (double)NAN, (double)NAN};
  if (quality.rows > 0) {
    size_t right = (size_t)lround(quality.accuracy * (double)quality.rows);
    accuracy = hr_calibration_share(right, quality.rows);
  }
  hr_json_put_number(w->json, object, "accuracy", quality.accuracy);
  hr_json_put_pair(w->json, object, "accuracy_ci", accuracy.low, accuracy.high);
  hr_json_put_number(w->json, object, "log_loss", quality.log_loss);
  hr_json_put_number(w->json, object, "ece", quality.ece);
  hr_json_put_number(w->json, object, "entropy", quality.mean_entropy);
}

static void put_confusion(writer *w, json_t *object, const hr_gate_rows *rows) {
  json_t *lines = hr_json_put(w->json, object, "confusion", json_array());
  memset(w->counts, 0, rows->bins * rows->bins * sizeof *w->counts);
  hr_gate_quality_confusion(rows, 0, w->counts);
  for (size_t i = 0; i < rows->bins; i++) {
    json_t *line = hr_json_append(w->json, lines, json_array());
    for (size_t j = 0; j < rows->bins; j++) {
      hr_json_append(w->json, line,
                     json_integer((json_int_t)w->counts[i * rows->bins + j]));
    }
  }
}

static void put_score(writer *w, json_t *object, const char *key, const char *interval,
                      hr_score score) {
  bool is_defined = !isnan(score.value);
  hr_json_put_number(w->json, object, key, score.value);
  hr_json_put_pair(w->json, object, interval,
                   is_defined ? score.interval.low : (double)NAN,
                   is_defined ? score.interval.high : (double)NAN);
}

/* One way of mixing: of whose models, and how; what it is worth on covered rows. */
static void put_forecast(writer *w, json_t *list, size_t f) {
  const hr_evaluation *evaluation = w->evaluation;
  const hr_forecast *forecast = &evaluation->forecasts.items[f];
  const hr_rung_rows rows = hr_rungs_covered(&w->rungs);
  bool is_hybrid = forecast->method == HR_NO_METHOD;
  json_t *object = hr_json_append(w->json, list, json_object());
  hr_json_put_text(w->json, object, "method", forecast->name);
  hr_json_put_text(
      w->json, object, "models",
      is_hybrid ? "hybrid" : evaluation->input->outcomes[forecast->method].type->name);
  hr_json_put_text(w->json, object, "mixing", forecast->gated->mixing);
  hr_score r2 = {evaluation->methods[f].pooled[HR_SCOPE_COVERED].r2,
                 hr_bootstrap_r2(evaluation->bootstrap, f, rows.range)};
  put_score(w, object, "r2", "r2_ci", r2);
  put_score(w, object, "rho", "rho_ci", hr_rungs_rho(&w->rungs, f, &rows));
}

/* The weights of the bins, given that a covered row has one: gates that do not know of
 * rows without a bin are compared with those that do. */
static void fill_weights(writer *w, const hr_results_gate *gate) {
  size_t bins = w->evaluation->input->bin_count;
  for (size_t i = 0; i < w->evaluation->input->test->rows; i++) {
    const double *from = gate->weight + i * (bins + 1);
    double *to = w->weight + i * bins, sum = 0;
    for (size_t k = 0; k < bins; k++) sum += from[k] > 0 ? from[k] : 0;
    for (size_t k = 0; k < bins; k++) to[k] = sum > 0 && from[k] > 0 ? from[k] / sum : 0;
  }
}

static void put_gate(writer *w, json_t *gates, const hr_results_gate *gate) {
  const hr_results_input *input = w->evaluation->input;
  hr_gate_rows rows = {.rows = input->test->rows,
                       .bins = input->bin_count,
                       .stride = input->bin_count,
                       .weight = w->weight,
                       .bin = w->bin};
  json_t *object = hr_json_append(w->json, gates, json_object());
  fill_weights(w, gate);
  hr_json_put_text(w->json, object, "name", gate->name);
  hr_json_put_text(w->json, object, "title", gate->title);
  hr_json_put_text(w->json, object, "mixing", gate->mixing);
  hr_json_put_bool(w->json, object, "uses_error", gate->uses_error);
  hr_json_put_number(w->json, object, "temperature", gate->temperature);
  hr_settings_put(w->json, object, &gate->settings);
  put_quality(w, object, &rows, 0);
  put_confusion(w, object, &rows);
  json_t *forecasts = hr_json_put(w->json, object, "forecasts", json_array());
  for (size_t f = 0; f < w->evaluation->forecasts.count; f++) {
    const hr_gated *gated = w->evaluation->forecasts.items[f].gated;
    if (gated && strcmp(gated->gate, gate->name) == 0) put_forecast(w, forecasts, f);
  }
  json_t *octiles = hr_json_put(w->json, object, "octiles", json_array());
  rows.group = w->octile;
  for (int32_t j = 0; w->evaluation->snr && j < HR_SNR_OCTILES; j++) {
    put_quality(w, hr_json_append(w->json, octiles, json_object()), &rows, j);
  }
}

static void fill_rows(writer *w) {
  const hr_evaluation *evaluation = w->evaluation;
  const hr_results_input *input = evaluation->input;
  for (size_t i = 0; i < input->test->rows; i++) {
    bool is_missing = evaluation->missing.is_missing[i];
    w->bin[i] = is_missing ? HR_UNCOVERED : input->test->bin[i];
    w->octile[i] = -1;
  }
  for (int32_t j = 0; evaluation->snr && j < HR_SNR_OCTILES; j++) {
    const hr_octiles *octiles = &evaluation->octiles;
    for (size_t i = octiles->start[j]; i < octiles->start[j + 1]; i++) {
      w->octile[octiles->row_list[i]] = j;
    }
  }
}

hr_status hr_results_write_gates(hr_json_builder *json, const hr_evaluation *evaluation,
                                 json_t *root, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  writer w = {.json = json, .evaluation = evaluation, .rungs = hr_rungs_of(evaluation)};
  json_t *gates = hr_json_put(json, root, "gates", json_array());
  HR_TRY(hr_alloc(&w.octile, input->test->rows, err));
  HR_TRY(hr_alloc(&w.bin, input->test->rows, err));
  HR_TRY(hr_alloc(&w.counts, input->bin_count * input->bin_count, err));
  HR_TRY(hr_alloc(&w.weight, input->test->rows * input->bin_count, err));
  fill_rows(&w);
  for (size_t g = 0; g < input->gate_count; g++) put_gate(&w, gates, &input->gates[g]);
cleanup:
  hr_free(w.octile);
  hr_free(w.bin);
  hr_free(w.counts);
  hr_free(w.weight);
  return status;
}
