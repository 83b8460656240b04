/* Which columns there are, and what they are called. */
#include "score/prediction_columns.h"

#include <string.h>

#include "core/alloc.h"

const char *hr_column_kind_name(hr_column_kind kind) {
  static const char *const names[] = {"sigma",        "half68", "half95",
                                      "measured_snr", "label",  "id"};
  return names[kind];
}

static hr_status add(hr_prediction_columns *columns, const char *prefix, const char *name,
                     const hr_prediction_column *column, hr_error *err) {
  hr_status status = HR_OK;
  hr_text text;
  hr_text_init(&text);
  hr_text_append(&text, "%s%s", prefix, name);
  HR_TRY(hr_text_status(&text, err));
  for (char *c = text.bytes; *c; c++) {
    if (strchr(",\"\r\n", *c)) *c = '_';
  }
  HR_TRY(hr_strings_append(&columns->names, text.bytes, err));
  columns->items[columns->count++] = *column;
cleanup:
  hr_text_fini(&text);
  return status;
}

static hr_status add_sigmas(hr_prediction_columns *columns,
                            const hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t m = 0; m < evaluation->method_count; m++) {
    const hr_forecast *forecast = evaluation->methods[m].forecast;
    if (!forecast->listed || !forecast->sigma) continue;
    const hr_prediction_column column = {HR_COLUMN_SIGMA, forecast->name, forecast->sigma,
                                         NULL};
    HR_TRY(add(columns, "sigma_", forecast->name, &column, err));
  }
cleanup:
  return status;
}

static hr_status add_halves(hr_prediction_columns *columns,
                            const hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  size_t m = hr_evaluation_find(evaluation, HR_FORECAST_HYBRID, HR_NO_METHOD,
                                evaluation->input->selection);
  const hr_forecast *headline = evaluation->methods[m].forecast;
  if (!headline->sigma) return HR_OK;
  const hr_prediction_column half68 = {HR_COLUMN_HALF68, headline->name, headline->half68,
                                       NULL};
  const hr_prediction_column half95 = {HR_COLUMN_HALF95, headline->name, headline->half95,
                                       NULL};
  HR_TRY(add(columns, "half68_", headline->name, &half68, err));
  HR_TRY(add(columns, "half95_", headline->name, &half95, err));
cleanup:
  return status;
}

/* Whether another column has the name. */
static bool is_taken(const hr_prediction_columns *columns,
                     const hr_evaluation *evaluation, const char *name) {
  static const char *const keys[] = {"row", "bin", "snr", "target", "measured_snr"};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    if (strcmp(keys[i], name) == 0) return true;
  }
  for (size_t m = 0; m < evaluation->method_count; m++) {
    if (strcmp(evaluation->methods[m].forecast->name, name) == 0) return true;
  }
  for (hr_control_kind c = 0; c < HR_CONTROL_KINDS; c++) {
    if (strcmp(hr_control_name(c), name) == 0) return true;
  }
  return hr_strings_has(&columns->names, name);
}

/* A label keeps its name where no other column has it, as with `headroom predict`. */
static hr_status add_label(hr_prediction_columns *columns,
                           const hr_evaluation *evaluation, hr_column_kind kind,
                           const hr_results_label *label, hr_error *err) {
  const char *prefix = is_taken(columns, evaluation, label->name) ? "label_" : "";
  const hr_prediction_column column = {kind, label->name, label->values, label->integers};
  return add(columns, prefix, label->name, &column, err);
}

hr_status hr_prediction_columns_init(hr_prediction_columns *columns,
                                     const hr_evaluation *evaluation, hr_error *err) {
  hr_status status = HR_OK;
  const hr_results_input *input = evaluation->input;
  *columns = (hr_prediction_columns){.count = 0};
  HR_TRY(hr_alloc(&columns->items,
                  evaluation->method_count + 3 + input->bin_label_count + input->id_count,
                  err));
  HR_TRY(add_sigmas(columns, evaluation, err));
  HR_TRY(add_halves(columns, evaluation, err));
  if (input->measured_snr) {
    const hr_prediction_column snr = {HR_COLUMN_MEASURED_SNR, NULL, input->measured_snr,
                                      NULL};
    HR_TRY(add(columns, "", "measured_snr", &snr, err));
  }
  for (size_t a = 0; a < input->bin_label_count; a++) {
    HR_TRY(add_label(columns, evaluation, HR_COLUMN_LABEL, &input->bin_labels[a], err));
  }
  for (size_t i = 0; i < input->id_count; i++) {
    HR_TRY(add_label(columns, evaluation, HR_COLUMN_ID, &input->ids[i], err));
  }
cleanup:
  return status;
}

void hr_prediction_columns_fini(hr_prediction_columns *columns) {
  hr_strings_fini(&columns->names);
  hr_free(columns->items);
  *columns = (hr_prediction_columns){.count = 0};
}
