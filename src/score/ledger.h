/* The accounts of a study, which must balance: checked on every run, refused if violated,
 * printed in the report. */
#ifndef HR_SCORE_LEDGER_H
#define HR_SCORE_LEDGER_H

#include <stdbool.h>

#include "choice/outcome.h"

typedef struct hr_ledger_check {
  char name[64];    /* e.g. "test_rows" */
  char detail[256]; /* one sentence with the numbers */
  bool ok;
} hr_ledger_check;

typedef struct hr_ledger {
  hr_ledger_check *checks; /* [count], owned */
  size_t count;
} hr_ledger;

void hr_ledger_fini(hr_ledger *ledger);

/* HR_OK, or HR_ERR_LEDGER with the first check that failed. */
hr_status hr_ledger_status(const hr_ledger *ledger, hr_error *err) HR_MUST_CHECK;

/* Training rows: counts[bin_count] is the number of uncovered ones. */
hr_status hr_ledger_check_train(hr_ledger *ledger, const size_t *counts, size_t bin_count,
                                size_t rows, hr_error *err) HR_MUST_CHECK;

/* Test rows: every bin and route is a bin or HR_UNCOVERED, bins + uncovered = rows,
 * covered rows are routed to their own bin. */
hr_status hr_ledger_check_test(hr_ledger *ledger, const hr_split_view *test,
                               size_t bin_count, hr_error *err) HR_MUST_CHECK;

/* Every test row is scored or has no prediction; a check where there are such rows. */
hr_status hr_ledger_check_missing(hr_ledger *ledger, size_t scored, size_t missing,
                                  size_t rows, hr_error *err) HR_MUST_CHECK;

/* The test rows, and which of them have no prediction by some method. */
typedef struct hr_tested {
  const hr_split_view *test;
  const bool *is_missing; /* [rows]; or NULL: none */
} hr_tested;

/* Every usable task of an expert: predicts exactly the rows routed to it, with finite
 * numbers but for rows that are missing, and was trained on no more rows than its bin
 * has. counts as above. Needs a test split that hr_ledger_check_test found in order. */
hr_status hr_ledger_check_tasks(hr_ledger *ledger, const hr_outcome *outcome,
                                const hr_tested *tested, const size_t *train_counts,
                                size_t bin_count, hr_error *err) HR_MUST_CHECK;

/* The squared errors of a method's bins, each scored on its own, add up to those of all
 * its covered rows, to 1e-12. */
hr_status hr_ledger_check_sse(hr_ledger *ledger, const char *method,
                              const double *bin_sse, size_t bin_count, double pooled_sse,
                              hr_error *err) HR_MUST_CHECK;

/* One arm of a comparison. */
typedef struct hr_arm {
  const char *method;
  const double *prediction; /* by row number, NaN: none */
} hr_arm;

/* Two methods that are compared predict the same of the rows listed. */
hr_status hr_ledger_check_same_rows(hr_ledger *ledger, const hr_arm arms[2],
                                    const size_t *row_list, size_t rows,
                                    hr_error *err) HR_MUST_CHECK;

/* A hybrid that takes the best expert of each bin on the rows it is scored on is no worse
 * than any one expert's oracle there. */
hr_status hr_ledger_check_best(hr_ledger *ledger, const char *hybrid, double hybrid_sse,
                               const char *method, double method_sse,
                               hr_error *err) HR_MUST_CHECK;

#endif
