/* What hr_results_open reads, in arrays of the structs that headroom/results.h hands out;
 * their texts are borrowed from the reader. */
#ifndef HR_REPORT_RUN_RESULTS_H
#define HR_REPORT_RUN_RESULTS_H

#include "headroom/results.h"
#include "report/ladder.h"
#include "report/rows.h"

struct hr_results {
  char *path, *rows_path;
  hr_reader reader;
  hr_rows rows;
  bool has_rows;
  hr_results_info info;
  hr_results_expert *experts;           /* [info.expert_count] */
  hr_results_method *methods;           /* [info.method_count] */
  hr_strings titles;                    /* [info.method_count] of the methods */
  hr_results_bin *bins;                 /* [info.bin_count] */
  hr_results_cell *cells;               /* [info.bin_count][info.expert_count] */
  hr_results_criterion *criteria;       /* [info.criterion_count] */
  hr_results_check *checks;             /* [info.check_count] */
  hr_results_calibration *calibrations; /* [info.calibration_count] */
  hr_ladder_rows ladder;                /* over the covered rows */
  hr_ladder_rows *bin_ladders; /* [info.bin_count] with as many steps; NULL: none */
};

/* Fills all but the paths and the rows from the reader. HR_ERR_FORMAT, naming the key. */
hr_status hr_run_results_read(hr_results *results, hr_error *err) HR_MUST_CHECK;

/* Gives back what that took. */
void hr_run_results_free(hr_results *results);

#endif
