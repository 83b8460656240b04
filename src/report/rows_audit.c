/* Whether the rows say what results.json says. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/seal.h"
#include "report/methods.h"
#include "report/rows_audit_parts.h"
#include "report/table_parts.h"
#include "score/metrics.h"

void hr_audit_compare(hr_row_audit *a, const char *place, const char *key, double said,
                      double found) {
  if (a->failed || (isnan(said) && isnan(found))) return;
  /* Sums are taken in the same way, but not always in the same order. */
  if (fabs(said - found) <= 1e-9 * fmax(1.0, fabs(said))) return;
  a->failed = true;
  a->said = said;
  a->found = found;
  snprintf(a->place, sizeof a->place, "%s.%s", place, key);
}

void hr_audit_key(hr_row_audit *a, const hr_node *node, const char *place,
                  const char *key, double found) {
  hr_audit_compare(a, place, key, hr_node_number(a->reader, node, key), found);
}

enum { ALL = -4, COVERED = -3 }; /* in place of a bin */

static void list_rows(hr_row_audit *a, int bin) {
  a->count = 0;
  for (size_t i = 0; i < a->rows->count; i++) {
    int32_t own = a->rows->bin[i];
    bool is_all = bin == ALL && own != HR_ROW_MISSING;
    if (is_all || (bin == COVERED ? own >= 0 : own == bin)) a->list[a->count++] = i;
  }
}

typedef enum octile_rows { OCTILE_COVERED, OCTILE_ALL } octile_rows;

/* What the octiles of `object` are by. */
static const double *ratio_of(const hr_row_audit *a, const hr_node *object) {
  const double *measured = hr_rows_column(a->rows, HR_COLUMN_MEASURED_SNR, NULL);
  bool is_measured = hr_octiles_are_measured(a->reader, object);
  return is_measured && measured ? measured : a->rows->snr;
}

/* An octile holds snr_low <= snr < snr_high, the last one is closed. */
static void list_octile(hr_row_audit *a, const double *ratio, const hr_node *octile,
                        bool is_last, octile_rows rows) {
  double low = hr_node_number(a->reader, octile, "snr_low");
  double high = hr_node_number(a->reader, octile, "snr_high");
  a->count = 0;
  for (size_t i = 0; i < a->rows->count; i++) {
    double snr = ratio[i];
    int32_t bin = a->rows->bin[i];
    bool inside = snr >= low && (snr < high || (is_last && snr <= high));
    bool is_one = rows == OCTILE_ALL ? bin != HR_ROW_MISSING : bin >= 0;
    if (inside && is_one) a->list[a->count++] = i;
  }
}

void hr_audit_list_covered(hr_row_audit *a) {
  list_rows(a, COVERED);
}

void hr_audit_list_all(hr_row_audit *a) {
  list_rows(a, ALL);
}

void hr_audit_list_bin(hr_row_audit *a, size_t bin) {
  list_rows(a, (int)bin);
}

size_t hr_audit_octile_count(hr_row_audit *a, const hr_node *root) {
  if (hr_node_is_null(root, "snr_octiles")) return 0;
  hr_node object = hr_node_object(a->reader, root, "snr_octiles");
  hr_node octiles = hr_node_list(a->reader, &object, "octiles");
  return hr_node_count(&octiles);
}

void hr_audit_list_octile(hr_row_audit *a, const hr_node *root, size_t j) {
  hr_node object = hr_node_object(a->reader, root, "snr_octiles");
  hr_node octiles = hr_node_list(a->reader, &object, "octiles");
  hr_node octile = hr_node_item(a->reader, &octiles, j);
  list_octile(a, ratio_of(a, &object), &octile, j + 1 == hr_node_count(&octiles),
              OCTILE_COVERED);
}

static hr_metrics score(const hr_row_audit *a, const double *prediction) {
  return hr_metrics_compute(a->rows->target, prediction, a->list, a->count);
}

static void audit_ledger(hr_row_audit *a, const hr_node *root) {
  hr_node ledger = hr_node_object(a->reader, root, "ledger");
  hr_audit_key(a, &ledger, "ledger", "test_rows", (double)a->rows->count);
  list_rows(a, COVERED);
  hr_audit_key(a, &ledger, "ledger", "covered", (double)a->count);
  list_rows(a, HR_UNCOVERED);
  hr_audit_key(a, &ledger, "ledger", "uncovered", (double)a->count);
  list_rows(a, HR_ROW_MISSING);
  if (a->count > 0) hr_audit_key(a, &ledger, "ledger", "missing", (double)a->count);
}

static void audit_overall(hr_row_audit *a, const hr_node *root) {
  hr_node overall = hr_node_list(a->reader, root, "overall");
  for (size_t m = 0; m < hr_node_count(&overall); m++) {
    char place[64];
    hr_node entry = hr_node_item(a->reader, &overall, m);
    const double *prediction =
        hr_rows_find(a->rows, hr_node_text(a->reader, &entry, "method"));
    bool all = strcmp(hr_node_text(a->reader, &entry, "rows"), "all") == 0;
    snprintf(place, sizeof place, "overall[%zu]", m);
    if (!prediction) {
      hr_audit_compare(a, place, "method", 0, 1);
      continue;
    }
    list_rows(a, all ? ALL : COVERED);
    hr_metrics metrics = score(a, prediction);
    hr_audit_key(a, &entry, place, "n", (double)a->count);
    hr_audit_key(a, &entry, place, "r2_pooled", metrics.r2);
    hr_audit_key(a, &entry, place, "mae", metrics.mae);
    hr_audit_key(a, &entry, place, "rmse", metrics.rmse);
    hr_audit_key(a, &entry, place, "bias", metrics.bias);
  }
}

/* A number of a bin that has no model is null, whatever predicts its rows. */
static void audit_bin_score(hr_row_audit *a, const hr_node *node, const char *place,
                            const char *method) {
  const double *prediction = method ? hr_rows_find(a->rows, method) : NULL;
  if (!prediction || hr_node_is_null(node, "r2")) return;
  hr_audit_key(a, node, place, "r2", score(a, prediction).r2);
}

static void audit_bin(hr_row_audit *a, const hr_node *bins, size_t k) {
  char place[128];
  hr_node bin = hr_node_item(a->reader, bins, k);
  list_rows(a, (int)k);
  snprintf(place, sizeof place, "bins[%zu]", k);
  hr_audit_key(a, &bin, place, "n_test", (double)a->count);
  hr_node hybrids = hr_node_object(a->reader, &bin, "hybrid");
  hr_node by_cv = hr_node_object(a->reader, &hybrids, "cv");
  hr_node by_test = hr_node_object(a->reader, &hybrids, "test");
  snprintf(place, sizeof place, "bins[%zu].hybrid.cv", k);
  audit_bin_score(a, &by_cv, place,
                  hr_listed_find(a->reader, HR_LISTED_HYBRID, "", false));
  snprintf(place, sizeof place, "bins[%zu].hybrid.test", k);
  audit_bin_score(a, &by_test, place,
                  hr_listed_find(a->reader, HR_LISTED_HYBRID, "", true));
  hr_node experts = hr_node_object(a->reader, &bin, "experts");
  for (void *i = json_object_iter(experts.json); i;
       i = json_object_iter_next(experts.json, i)) {
    const char *name = json_object_iter_key(i);
    hr_node expert = hr_node_object(a->reader, &experts, name);
    snprintf(place, sizeof place, "bins[%zu].experts.%s", k, name);
    audit_bin_score(a, &expert, place,
                    hr_listed_find(a->reader, HR_LISTED_ORACLE, name, false));
  }
}

/* The octile's number of rows and every R² over the rows that are listed. */
static void audit_octile(hr_row_audit *a, const hr_node *octile, const char *place) {
  hr_node scores = hr_node_object(a->reader, octile, "r2");
  hr_audit_key(a, octile, place, "n", (double)a->count);
  for (void *i = json_object_iter(scores.json); i;
       i = json_object_iter_next(scores.json, i)) {
    const char *method = json_object_iter_key(i);
    const double *prediction = hr_rows_find(a->rows, method);
    if (!prediction) {
      hr_audit_compare(a, place, method, 0, 1);
      continue;
    }
    hr_audit_key(a, &scores, place, method, score(a, prediction).r2);
  }
}

/* Absent in results of earlier versions, too. */
static void audit_octiles(hr_row_audit *a, const hr_node *root, const char *key,
                          octile_rows rows) {
  if (!hr_node_has(root, key) || hr_node_is_null(root, key)) return;
  hr_node object = hr_node_object(a->reader, root, key);
  hr_node octiles = hr_node_list(a->reader, &object, "octiles");
  size_t count = hr_node_count(&octiles);
  for (size_t j = 0; j < count; j++) {
    char place[64];
    hr_node octile = hr_node_item(a->reader, &octiles, j);
    list_octile(a, ratio_of(a, &object), &octile, j + 1 == count, rows);
    snprintf(place, sizeof place, "%s.octiles[%zu]", key, j);
    audit_octile(a, &octile, place);
  }
}

/* The controls, where the study has any; absent in results of earlier versions. */
static void audit_controls(hr_row_audit *a, const hr_node *root) {
  if (!json_is_object(json_object_get(root->json, "controls"))) return;
  hr_node controls = hr_node_object(a->reader, root, "controls");
  list_rows(a, COVERED);
  for (void *i = json_object_iter(controls.json); i;
       i = json_object_iter_next(controls.json, i)) {
    char place[64];
    const char *name = json_object_iter_key(i);
    if (hr_node_is_null(&controls, name)) continue;
    hr_node control = hr_node_object(a->reader, &controls, name);
    const double *prediction = hr_rows_find(a->rows, name);
    snprintf(place, sizeof place, "controls.%s", name);
    hr_audit_key(a, &control, place, "n", (double)a->count);
    hr_audit_key(a, &control, place, "r2_pooled",
                 prediction ? score(a, prediction).r2 : (double)NAN);
  }
}

hr_status hr_rows_check_seal(hr_reader *reader, hr_error *err) {
  char seal[HR_SEAL_SIZE];
  hr_node root = hr_reader_root(reader);
  const char *wanted = hr_node_text(reader, &root, "seal");
  hr_status status = hr_reader_status(reader, err);
  if (status == HR_OK) status = hr_seal_compute(reader->root, seal, err);
  if (status != HR_OK || strcmp(seal, wanted) == 0) return status;
  return hr_fail(err, HR_ERR_LEDGER,
                 "%s was changed after the study wrote it (its seal is broken); run the "
                 "study again",
                 reader->path);
}

hr_status hr_rows_audit(const hr_rows *rows, hr_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  hr_row_audit a = {.rows = rows, .reader = reader};
  hr_node root = hr_reader_root(reader);
  hr_node bins = hr_node_list(reader, &root, "bins");
  HR_TRY(hr_alloc(&a.list, rows->count, err));
  audit_ledger(&a, &root);
  audit_overall(&a, &root);
  for (size_t k = 0; k < hr_node_count(&bins); k++) audit_bin(&a, &bins, k);
  audit_octiles(&a, &root, "snr_octiles", OCTILE_COVERED);
  audit_octiles(&a, &root, "snr_octiles_all", OCTILE_ALL);
  hr_audit_ladder(&a, &root);
  HR_TRY(hr_audit_gates(&a, &root, err));
  audit_controls(&a, &root);
  hr_audit_calibration(&a, &root);
  HR_TRY(hr_reader_status(reader, err));
  if (a.failed) {
    status =
        hr_fail(err, HR_ERR_LEDGER,
                "%s says that %s is %.6g, but the predictions give %.6g; its numbers "
                "are not reported",
                reader->path, a.place, a.said, a.found);
    goto cleanup;
  }
  HR_TRY(hr_rows_check_seal(reader, err));
cleanup:
  hr_free(a.list);
  return status;
}
