/* Whether the rows say of their sigma what results.json says. Half-widths stand in the
 * file for the headline alone: those of others are held by the seal. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/rows_audit_parts.h"
#include "score/calibration.h"

/* One method's columns. */
typedef struct method_rows {
  hr_calibration_rows columns;
  const char *name;
  bool is_all; /* uncovered rows are judged, too */
} method_rows;

static void compare_measures(hr_row_audit *a, const method_rows *method,
                             const hr_node *node, const char *place) {
  hr_calibration_rows rows = method->columns;
  rows.row_list = a->list;
  rows.count = a->count;
  hr_calibration found = hr_calibration_compute(&rows);
  hr_audit_key(a, node, place, "n", (double)found.rows);
  if (rows.half68) hr_audit_key(a, node, place, "n_half", (double)found.half_rows);
  for (hr_calibration_measure m = 0; m < HR_CALIBRATION_MEASURES; m++) {
    if (m >= HR_WITHIN_HALF68 && !rows.half68) continue;
    hr_audit_key(a, node, place, hr_calibration_key(m), found.measure[m].value);
  }
}

/* Rows of a bin, or (below 0) of all that the method is judged on. */
static void list_bin(hr_row_audit *a, const method_rows *method, int bin) {
  a->count = 0;
  for (size_t i = 0; i < a->rows->count; i++) {
    int32_t own = a->rows->bin[i];
    bool is_judged = own >= 0 || (method->is_all && own != HR_ROW_MISSING);
    bool is_here = bin < 0 ? is_judged : own == bin;
    if (is_here) a->list[a->count++] = i;
  }
}

static double edge_of(const hr_node *edges, size_t j) {
  const json_t *edge = json_array_get(edges->json, j);
  return json_is_number(edge) ? json_number_value(edge) : (double)NAN;
}

static void list_octile(hr_row_audit *a, const method_rows *method, const double *snr,
                        const hr_node *edges, size_t j) {
  double low = edge_of(edges, j), high = edge_of(edges, j + 1);
  bool is_last = j + 2 == json_array_size(edges->json);
  a->count = 0;
  for (size_t i = 0; snr && i < a->rows->count; i++) {
    bool is_here = snr[i] >= low && (snr[i] < high || (is_last && snr[i] <= high));
    int32_t own = a->rows->bin[i];
    bool is_judged = own >= 0 || (method->is_all && own != HR_ROW_MISSING);
    if (is_here && is_judged) a->list[a->count++] = i;
  }
}

static void audit_method(hr_row_audit *a, const hr_node *calibration,
                         const hr_node *entry, const method_rows *method) {
  char place[128];
  hr_node octiles = hr_node_list(a->reader, entry, "octiles");
  hr_node bins = hr_node_list(a->reader, entry, "bins");
  hr_node edges = hr_node_list(a->reader, calibration, "snr_edges");
  const char *snr = hr_node_text_or_null(a->reader, calibration, "snr");
  bool is_measured = snr && strcmp(snr, "measured") == 0;
  const double *ratio =
      is_measured ? hr_rows_column(a->rows, HR_COLUMN_MEASURED_SNR, NULL) : a->rows->snr;
  list_bin(a, method, -1);
  snprintf(place, sizeof place, "calibration.%s", method->name);
  compare_measures(a, method, entry, place);
  for (size_t j = 0; j < hr_node_count(&octiles); j++) {
    hr_node octile = hr_node_item(a->reader, &octiles, j);
    list_octile(a, method, ratio, &edges, j);
    snprintf(place, sizeof place, "calibration.%s.octiles[%zu]", method->name, j);
    compare_measures(a, method, &octile, place);
  }
  for (size_t k = 0; k < hr_node_count(&bins); k++) {
    hr_node bin = hr_node_item(a->reader, &bins, k);
    list_bin(a, method, (int)k);
    snprintf(place, sizeof place, "calibration.%s.bins[%zu]", method->name, k);
    compare_measures(a, method, &bin, place);
  }
}

void hr_audit_calibration(hr_row_audit *a, const hr_node *root) {
  if (!hr_node_has(root, "calibration")) return;
  hr_node calibration = hr_node_object(a->reader, root, "calibration");
  hr_node methods = hr_node_list(a->reader, &calibration, "methods");
  for (size_t m = 0; m < hr_node_count(&methods); m++) {
    hr_node entry = hr_node_item(a->reader, &methods, m);
    const char *name = hr_node_text(a->reader, &entry, "method");
    method_rows method = {
        .columns = {.target = a->rows->target,
                    .prediction = hr_rows_find(a->rows, name),
                    .sigma = hr_rows_column(a->rows, HR_COLUMN_SIGMA, name),
                    .half68 = hr_rows_column(a->rows, HR_COLUMN_HALF68, name),
                    .half95 = hr_rows_column(a->rows, HR_COLUMN_HALF95, name)},
        .name = name,
        .is_all = strcmp(hr_node_text(a->reader, &entry, "rows"), "all") == 0};
    if (!method.columns.prediction || !method.columns.sigma) {
      hr_audit_compare(a, "calibration.methods", name, 1, 0);
      continue;
    }
    audit_method(a, &calibration, &entry, &method);
  }
}
