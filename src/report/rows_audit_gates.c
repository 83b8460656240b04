/* Whether the rows say of the gates what results.json says: R² of forecasts whose column
 * is there and ρ from it, and accuracy as the confusion has it. The weights of the bins
 * are in no column, so the other numbers are held by the seal alone. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "report/gates.h"
#include "report/rows_audit_parts.h"
#include "score/metrics.h"

/* NaN where the rows lack the method. */
static double r2_of(const hr_row_audit *a, const char *method) {
  const double *prediction = method ? hr_rows_find(a->rows, method) : NULL;
  if (!prediction) return (double)NAN;
  return hr_metrics_compute(a->rows->target, prediction, a->list, a->count).r2;
}

/* ρ of a forecast of that R²: against the same models routed by the true bin. */
static double rho_of(hr_row_audit *a, const char *models, double r2) {
  hr_node root = hr_reader_root(a->reader);
  hr_node selection = hr_node_object(a->reader, &root, "selection");
  const char *baseline = hr_node_text(a->reader, &selection, "baseline");
  bool is_hybrid = strcmp(models, "hybrid") == 0;
  const char *oracle =
      hr_listed_find(a->reader, is_hybrid ? HR_LISTED_HYBRID : HR_LISTED_ORACLE,
                     is_hybrid ? "" : models, false);
  double zero = r2_of(a, hr_listed_find(a->reader, HR_LISTED_GLOBAL, baseline, false));
  return (r2 - zero) / (r2_of(a, oracle) - zero);
}

static void audit_forecasts(hr_row_audit *a, const hr_gate_told *gate, size_t g) {
  char place[64];
  for (size_t f = 0; f < gate->forecast_count; f++) {
    double r2 = r2_of(a, gate->forecasts[f].method);
    if (isnan(r2)) continue;
    snprintf(place, sizeof place, "gates[%zu].forecasts[%zu]", g, f);
    hr_audit_compare(a, place, "r2", gate->forecasts[f].r2.value, r2);
    if (isnan(gate->forecasts[f].rho.value)) continue;
    hr_audit_compare(a, place, "rho", gate->forecasts[f].rho.value,
                     rho_of(a, gate->forecasts[f].models, r2));
  }
}

static void audit_confusion(hr_row_audit *a, const hr_gate_told *gate, size_t g,
                            size_t bins, double *counts) {
  char place[64];
  double right = 0;
  hr_gates_read_confusion(a->reader, g, bins, counts);
  for (size_t k = 0; k < bins; k++) {
    double rows = 0;
    for (size_t j = 0; j < bins; j++) rows += counts[k * bins + j];
    hr_audit_list_bin(a, k);
    snprintf(place, sizeof place, "gates[%zu].confusion[%zu]", g, k);
    hr_audit_compare(a, place, "rows", rows, (double)a->count);
    right += counts[k * bins + k];
  }
  snprintf(place, sizeof place, "gates[%zu]", g);
  hr_audit_list_covered(a);
  hr_audit_compare(a, place, "n", gate->rows, (double)a->count);
  if (a->count == 0) return;
  hr_audit_compare(a, place, "accuracy", gate->accuracy.value, right / (double)a->count);
}

hr_status hr_audit_gates(hr_row_audit *a, const hr_node *root, hr_error *err) {
  hr_status status = HR_OK;
  double *counts = NULL;
  hr_node list = hr_node_list(a->reader, root, "bins");
  size_t bins = hr_node_count(&list);
  if (hr_gates_count(a->reader) == 0) return HR_OK;
  HR_TRY(hr_alloc(&counts, bins * bins, err));
  for (size_t g = 0; g < hr_gates_count(a->reader); g++) {
    hr_gate_told gate = hr_gates_read(a->reader, g);
    audit_confusion(a, &gate, g, bins, counts);
    audit_forecasts(a, &gate, g);
  }
cleanup:
  hr_free(counts);
  return status;
}
