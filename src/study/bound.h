/* The Fisher bound beside the experts: it looks at the test rows while they are read,
 * once for all targets. */
#ifndef HR_STUDY_BOUND_H
#define HR_STUDY_BOUND_H

#include "score/fisher.h"
#include "study/plan.h"

/* The file's name in the folder of a target. */
extern const char hr_bound_name[];

/* Of one target. */
typedef struct hr_target_bound {
  bool is_there;
  hr_fisher_bound rows; /* where it is */
  hr_error reason;      /* why it is not */
} hr_target_bound;

typedef struct hr_bound {
  hr_fisher *fisher;        /* NULL: there is none */
  size_t first;             /* the target that it is made for; others follow from it */
  hr_target_bound *targets; /* [targets of the plan], once finished */
} hr_bound;

/* Begins the bound for the plan's study. That the built-in grid cannot speak about it is
 * no failure: the observer is told why, and there is no bound. Borrows the plan. To be
 * followed by hr_bound_fini, on failure too. */
hr_status hr_bound_init(hr_bound *bound, const hr_plan *plan,
                        hr_error *err) HR_MUST_CHECK;
void hr_bound_fini(hr_bound *bound);

/* Shows the next block of test rows. */
void hr_bound_observe(hr_bound *bound, const hr_block *block);

/* After the last one: fills `targets`, tells the observer of rows without bound, and
 * writes fisher.npy (docs/formats.md) into the folder of each target that has one, within
 * the run directory `out_dir`. */
hr_status hr_bound_finish(hr_bound *bound, const hr_plan *plan, const char *out_dir,
                          hr_error *err) HR_MUST_CHECK;

#endif
