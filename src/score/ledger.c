/* The checks of the accounts, each with a sentence that holds its numbers. */
#include "score/ledger.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "core/alloc.h"
#include "score/metrics.h"

/* Squared errors are summed with compensation; what is left is the rounding of a few
 * sums. */
static const double relative_tolerance = 1e-12;

void hr_ledger_fini(hr_ledger *ledger) {
  hr_free(ledger->checks);
  *ledger = (hr_ledger){0};
}

hr_status hr_ledger_status(const hr_ledger *ledger, hr_error *err) {
  for (size_t c = 0; c < ledger->count; c++) {
    const hr_ledger_check *check = &ledger->checks[c];
    if (check->ok) continue;
    return hr_fail(
        err, HR_ERR_LEDGER,
        "the accounts do not balance at %s: %s; the numbers are refused, please "
        "report this",
        check->name, check->detail);
  }
  return HR_OK;
}

/* Appends a check named `name`, or `name`/`subject`; the caller writes its detail. */
static hr_status append(hr_ledger *ledger, const char *name, const char *subject, bool ok,
                        hr_ledger_check **out, hr_error *err) {
  hr_status status = hr_realloc(&ledger->checks, ledger->count, ledger->count + 1, err);
  if (status != HR_OK) return status;
  *out = &ledger->checks[ledger->count++];
  (*out)->ok = ok;
  snprintf((*out)->name, sizeof(*out)->name, "%s%s%s", name, subject ? "/" : "",
           subject ? subject : "");
  return HR_OK;
}

HR_PRINTF(2, 3)
static void describe(hr_ledger_check *check, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(check->detail, sizeof check->detail, format, arguments);
  va_end(arguments);
}

hr_status hr_ledger_check_train(hr_ledger *ledger, const size_t *counts, size_t bin_count,
                                size_t rows, hr_error *err) {
  hr_ledger_check *check = NULL;
  size_t covered = 0;
  for (size_t k = 0; k < bin_count; k++) covered += counts[k];
  bool ok = covered + counts[bin_count] == rows;
  hr_status status = append(ledger, "train_rows", NULL, ok, &check, err);
  if (status != HR_OK) return status;
  describe(check, "%zu training rows in bins and %zu uncovered, %zu in the split",
           covered, counts[bin_count], rows);
  return HR_OK;
}

static bool is_bin(int32_t bin, size_t bin_count) {
  return bin >= 0 && (size_t)bin < bin_count;
}

hr_status hr_ledger_check_test(hr_ledger *ledger, const hr_split_view *test,
                               size_t bin_count, hr_error *err) {
  hr_status status = HR_OK;
  hr_ledger_check *check = NULL;
  size_t covered = 0, uncovered = 0, astray = 0;
  for (size_t i = 0; i < test->rows; i++) {
    bool in_bin = is_bin(test->bin[i], bin_count);
    bool routed = is_bin(test->route[i], bin_count) || test->route[i] == HR_UNCOVERED;
    if (in_bin) covered++;
    if (test->bin[i] == HR_UNCOVERED) uncovered++;
    if (!routed || (in_bin && test->route[i] != test->bin[i])) astray++;
  }
  HR_TRY(
      append(ledger, "test_rows", NULL, covered + uncovered == test->rows, &check, err));
  describe(check, "%zu test rows in bins and %zu uncovered, %zu in the split", covered,
           uncovered, test->rows);
  HR_TRY(append(ledger, "test_routes", NULL, astray == 0, &check, err));
  describe(check, "%zu of %zu test rows are routed elsewhere than to their own bin",
           astray, test->rows);
cleanup:
  return status;
}

/* What is wrong with the numbers of tasks, summed over an expert. */
typedef struct fit_faults {
  size_t fits;
  size_t wrong_rows;    /* tasks that predict other rows than those routed to them */
  size_t too_many_rows; /* tasks trained on more rows than their bin has */
  size_t not_finite;    /* predictions of rows that are not missing */
} fit_faults;

/* One variant of one task over the rows routed to it. */
typedef struct row_count {
  size_t routed, finite, undefined;
} row_count;

static row_count count_rows(const hr_predictions *predictions, size_t variant, int bin,
                            const hr_tested *tested) {
  row_count rows = {0};
  const hr_split_view *test = tested->test;
  for (size_t i = 0; i < test->rows; i++) {
    if (tested->is_missing && tested->is_missing[i]) continue;
    if (bin != HR_GLOBAL && test->route[i] != bin) continue;
    double value = (double)hr_predictions_at(predictions, variant, i);
    rows.routed++;
    rows.finite += isfinite(value) ? 1 : 0;
    rows.undefined += isnan(value) ? 1 : 0;
  }
  return rows;
}

static void inspect_fit(const hr_fit *fit, const hr_predictions *predictions,
                        const hr_tested *tested, size_t train_rows, fit_faults *faults) {
  const hr_split_view *test = tested->test;
  bool wrong = false;
  faults->fits++;
  if (fit->train_rows > train_rows) faults->too_many_rows++;
  if (predictions->rows != test->rows || fit->chosen >= fit->variant_count ||
      fit->variant_count > predictions->variants) {
    faults->wrong_rows++;
    return;
  }
  for (size_t v = 0; v < predictions->variants; v++) {
    row_count rows = count_rows(predictions, v, fit->slot, tested);
    /* A variant that nobody chose may be undefined, as may be rows of it; one that the
     * task does not have is so as a whole. */
    bool undefined = rows.undefined == rows.routed;
    if (v >= fit->variant_count) {
      wrong = wrong || !undefined;
    } else {
      faults->not_finite += rows.routed - rows.finite;
      if (v != fit->chosen) faults->not_finite -= rows.undefined;
    }
  }
  faults->wrong_rows += wrong ? 1 : 0;
}

static bool predicts(const hr_predictions *predictions, size_t row) {
  for (size_t v = 0; v < predictions->variants; v++) {
    if (!isnan((double)hr_predictions_at(predictions, v, row))) return true;
  }
  return false;
}

/* Whether rows are predicted for which the expert has no usable task: those of a bin, or
 * (HR_UNCOVERED) of none. */
static bool has_strays(const hr_outcome *outcome, const hr_split_view *test, int bin) {
  if (bin != HR_UNCOVERED && hr_outcome_usable(outcome, bin)) return false;
  if (outcome->own.rows != test->rows) {
    return outcome->own.variants > 0 && bin != HR_UNCOVERED;
  }
  for (size_t i = 0; i < test->rows; i++) {
    if (test->route[i] == bin && predicts(&outcome->own, i)) return true;
  }
  return false;
}

hr_status hr_ledger_check_missing(hr_ledger *ledger, size_t scored, size_t missing,
                                  size_t rows, hr_error *err) {
  hr_ledger_check *check = NULL;
  bool ok = scored + missing == rows;
  if (ok && missing == 0) return HR_OK;
  hr_status status = append(ledger, "missing_rows", NULL, ok, &check, err);
  if (status != HR_OK) return status;
  describe(check, "%zu test rows are scored and %zu have no prediction, %zu in the split",
           scored, missing, rows);
  return HR_OK;
}

hr_status hr_ledger_check_tasks(hr_ledger *ledger, const hr_outcome *outcome,
                                const hr_tested *tested, const size_t *train_counts,
                                size_t bin_count, hr_error *err) {
  hr_status status = HR_OK;
  hr_ledger_check *check = NULL;
  fit_faults faults = {0};
  const char *name = outcome->type->name;
  size_t all_rows = 0;
  for (size_t k = 0; k <= bin_count; k++) all_rows += train_counts[k];
  for (int bin = HR_GLOBAL; bin < (int)bin_count; bin++) {
    const hr_fit *fit = hr_outcome_usable(outcome, bin);
    size_t train_rows = bin == HR_GLOBAL ? all_rows : train_counts[bin];
    const hr_predictions *predictions =
        bin == HR_GLOBAL ? &outcome->global : &outcome->own;
    if (fit) inspect_fit(fit, predictions, tested, train_rows, &faults);
  }
  for (int bin = HR_UNCOVERED; bin < (int)bin_count; bin++) {
    if (has_strays(outcome, tested->test, bin)) faults.wrong_rows++;
  }
  HR_TRY(append(ledger, "task_test_rows", name, faults.wrong_rows == 0, &check, err));
  describe(check, "%zu of %zu models predict other test rows than those routed to them",
           faults.wrong_rows, faults.fits);
  HR_TRY(append(ledger, "task_train_rows", name, faults.too_many_rows == 0, &check, err));
  describe(check, "%zu of %zu models saw more training rows than their bin has",
           faults.too_many_rows, faults.fits);
  HR_TRY(append(ledger, "predictions_finite", name, faults.not_finite == 0, &check, err));
  describe(check, "%zu predictions are not finite", faults.not_finite);
cleanup:
  return status;
}

hr_status hr_ledger_check_sse(hr_ledger *ledger, const char *method,
                              const double *bin_sse, size_t bin_count, double pooled_sse,
                              hr_error *err) {
  hr_ledger_check *check = NULL;
  hr_sum sum = {0};
  for (size_t k = 0; k < bin_count; k++) hr_sum_add(&sum, bin_sse[k]);
  double total = hr_sum_value(&sum);
  bool ok = fabs(total - pooled_sse) <= relative_tolerance * pooled_sse;
  hr_status status = append(ledger, "sse_adds_up", method, ok, &check, err);
  if (status != HR_OK) return status;
  describe(check,
           "squared errors of the bins add up to %.17g, those of all rows to %.17g",
           total, pooled_sse);
  return HR_OK;
}

hr_status hr_ledger_check_same_rows(hr_ledger *ledger, const hr_arm arms[2],
                                    const size_t *row_list, size_t rows, hr_error *err) {
  hr_ledger_check *check = NULL;
  size_t different = 0;
  for (size_t i = 0; i < rows; i++) {
    double a = arms[0].prediction[row_list[i]], b = arms[1].prediction[row_list[i]];
    if (isnan(a) != isnan(b)) different++;
  }
  hr_status status =
      append(ledger, "same_rows", arms[0].method, different == 0, &check, err);
  if (status != HR_OK) return status;
  describe(check, "%zu of %zu rows are predicted by only one of %s and %s", different,
           rows, arms[0].method, arms[1].method);
  return HR_OK;
}

hr_status hr_ledger_check_best(hr_ledger *ledger, const char *hybrid, double hybrid_sse,
                               const char *method, double method_sse, hr_error *err) {
  hr_ledger_check *check = NULL;
  bool ok = hybrid_sse <= method_sse * (1.0 + relative_tolerance);
  hr_status status = append(ledger, "no_worse_than", method, ok, &check, err);
  if (status != HR_OK) return status;
  describe(check, "squared error of %s is %.17g, of %s %.17g", hybrid, hybrid_sse, method,
           method_sse);
  return HR_OK;
}
