/* The Fisher bound beside the experts: it looks at the test rows while they are read. */
#ifndef HR_STUDY_BOUND_H
#define HR_STUDY_BOUND_H

#include "score/fisher.h"
#include "study/plan.h"

/* The file's name in the run directory. */
extern const char hr_bound_name[];

typedef struct hr_bound {
  hr_fisher *fisher;    /* NULL: there is none, for `reason` */
  hr_fisher_bound rows; /* once finished */
  hr_error reason;      /* "" while there is one */
} hr_bound;

/* Begins the bound for target number `target` of the plan's study. That the built-in grid
 * cannot speak about it is no failure: the observer is told why, and there is no bound.
 * Borrows the plan. To be followed by hr_bound_fini, on failure too. */
hr_status hr_bound_init(hr_bound *bound, const hr_plan *plan, size_t target,
                        hr_error *err) HR_MUST_CHECK;
void hr_bound_fini(hr_bound *bound);

/* Shows the next block of test rows. */
void hr_bound_observe(hr_bound *bound, const hr_block *block);

/* After the last one: fills `rows`, tells the observer of rows without bound, and writes
 * fisher.npy (docs/formats.md) into `out_dir`, the target's (hr_plan_target_dir). */
hr_status hr_bound_finish(hr_bound *bound, const hr_plan *plan, const char *out_dir,
                          hr_error *err) HR_MUST_CHECK;

#endif
