/* The numbers of a comparison: every run's R² on the rows that all runs have, and what it
 * is over the first run's, paired. */
#ifndef HR_COMPARE_COMPARISON_H
#define HR_COMPARE_COMPARISON_H

#include "compare/contrasts.h"
#include "compare/join.h"
#include "headroom/compare.h"
#include "score/metrics.h"

/* What a run has in a line; NaN: undefined, or that the run does not have it. */
typedef struct hr_compared {
  char *method; /* its name; NULL: the run has nothing there */
  char *title;
  hr_estimate r2, delta; /* delta: over the first run's, of the first undefined */
} hr_compared;

/* A rung of the ladder, a method, the headline in a bin or an octile. */
typedef struct hr_compared_line {
  const char *name; /* of the rung ("oracle"), the method or the bin; NULL: an octile */
  bool all_rows;    /* not the covered ones alone */
  size_t rows;
  double low, high; /* of an octile: signal-to-noise ratios */
  hr_compared *of;  /* [runs] */
} hr_compared_line;

typedef struct hr_compared_lines {
  hr_compared_line *items;
  size_t count;
} hr_compared_lines;

struct hr_comparison {
  size_t runs;
  hr_strings dirs;      /* [runs] as they were given */
  hr_strings opened;    /* [runs] where the results lie: of a target behind the first,
                           its folder */
  hr_results **results; /* [runs] */
  hr_join join;
  size_t covered; /* rows in common that are in a bin of every run */
  size_t missing; /* that some run leaves out of its scores */
  hr_compared_lines rungs, methods;
  hr_compared_lines bins;    /* none where the runs do not have the same bins */
  hr_compared_lines octiles; /* none where snr is not known */
  hr_contrasts contrasts;
};

/* Fills what stands behind `join`, from results that are joined. HR_ERR_MEMORY. */
hr_status hr_comparison_score(hr_comparison *comparison, hr_error *err) HR_MUST_CHECK;

void hr_compared_lines_fini(hr_compared_lines *lines, size_t runs);

/* Whether an interval does not reach 0: 1 above, -1 below, 0 otherwise. */
int hr_estimate_sign(hr_estimate estimate);

#endif
