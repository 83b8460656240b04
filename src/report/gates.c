/* Questions to the gates of results.json. */
#include "report/gates.h"

#include <math.h>
#include <string.h>

size_t hr_gates_count(hr_reader *reader) {
  hr_node root = hr_reader_root(reader);
  if (!hr_node_has(&root, "gates")) return 0;
  hr_node gates = hr_node_list(reader, &root, "gates");
  size_t count = hr_node_count(&gates);
  return count < HR_GATES_MOST ? count : HR_GATES_MOST;
}

static void read_forecasts(hr_reader *reader, const hr_node *gate, hr_gate_told *out) {
  hr_node list = hr_node_list(reader, gate, "forecasts");
  size_t count = hr_node_count(&list);
  out->own = HR_GATE_FORECASTS_MOST;
  for (size_t f = 0; f < count && f < HR_GATE_FORECASTS_MOST; f++) {
    hr_node item = hr_node_item(reader, &list, f);
    const char *models = hr_node_text(reader, &item, "models");
    const char *mixing = hr_node_text(reader, &item, "mixing");
    out->forecasts[f].method = hr_node_text(reader, &item, "method");
    out->forecasts[f].models = models;
    out->forecasts[f].mixing = mixing;
    out->forecasts[f].r2 = hr_node_estimate(reader, &item, "r2", "r2_ci");
    out->forecasts[f].rho = hr_node_estimate(reader, &item, "rho", "rho_ci");
    out->forecast_count++;
    bool is_own = strcmp(models, "hybrid") == 0 && strcmp(mixing, out->mixing) == 0;
    if (is_own) out->own = f;
  }
  if (out->own > out->forecast_count) out->own = out->forecast_count;
}

static void read_octiles(hr_reader *reader, const hr_node *gate, hr_gate_told *out) {
  hr_node list = hr_node_list(reader, gate, "octiles");
  size_t count = hr_node_count(&list);
  if (count > HR_SNR_OCTILES) count = HR_SNR_OCTILES;
  for (size_t j = 0; j < count; j++) {
    hr_node item = hr_node_item(reader, &list, j);
    out->entropy[j] = hr_node_number(reader, &item, "entropy");
    out->octile_rows[j] = hr_node_number(reader, &item, "n");
  }
  out->octile_count = count;
}

hr_gate_told hr_gates_read(hr_reader *reader, size_t index) {
  hr_node root = hr_reader_root(reader);
  hr_node gates = hr_node_list(reader, &root, "gates");
  hr_node gate = hr_node_item(reader, &gates, index);
  hr_gate_told told = {
      .name = hr_node_text(reader, &gate, "name"),
      .title = hr_node_text(reader, &gate, "title"),
      .mixing = hr_node_text(reader, &gate, "mixing"),
      .uses_error = hr_node_bool(reader, &gate, "uses_error"),
      .temperature = hr_node_number(reader, &gate, "temperature"),
      .rows = hr_node_number(reader, &gate, "n"),
      .accuracy = hr_node_estimate(reader, &gate, "accuracy", "accuracy_ci"),
      .log_loss = hr_node_number(reader, &gate, "log_loss"),
      .ece = hr_node_number(reader, &gate, "ece")};
  read_forecasts(reader, &gate, &told);
  read_octiles(reader, &gate, &told);
  return told;
}

void hr_gates_read_confusion(hr_reader *reader, size_t index, size_t bins,
                             double *counts) {
  hr_node root = hr_reader_root(reader);
  hr_node gates = hr_node_list(reader, &root, "gates");
  hr_node gate = hr_node_item(reader, &gates, index);
  hr_node confusion = hr_node_list(reader, &gate, "confusion");
  bool is_sound = json_array_size(confusion.json) == bins;
  for (size_t i = 0; i < bins; i++) {
    const json_t *line = json_array_get(confusion.json, i);
    is_sound = is_sound && json_array_size(line) == bins;
    for (size_t j = 0; j < bins; j++) {
      const json_t *count = json_array_get(line, j);
      is_sound = is_sound && json_is_integer(count) && json_integer_value(count) >= 0;
      counts[i * bins + j] = json_number_value(count);
    }
  }
  if (is_sound) return;
  hr_node_refuse(reader, &gate, "confusion", "a square of counts, a line a bin");
}
