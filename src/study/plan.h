/* The plan of a study: everything that is known before the first spectrum is read. Labels
 * are read, rows assigned to bins and folds, and what it will cost is estimated. */
#ifndef HR_STUDY_PLAN_H
#define HR_STUDY_PLAN_H

#include "session/origin.h"
#include "study/memory_plan.h"

typedef struct hr_plan {
  const hr_config *config; /* borrowed */
  hr_dataset *train, *test;
  int32_t *train_bin, *test_bin, *test_route;
  uint8_t *train_fold;
  size_t *train_counts, *test_counts; /* [bin_count + 1], uncovered rows last */
  hr_axis axes[2];                    /* of the grid of bins */
  const double *snr;                  /* [test rows] of the test set's labels, or NULL */
  hr_study_view view;                 /* what experts see; points into this plan */
  hr_memory_plan memory; /* the experts in the order in which they are trained */
  hr_origin origin;
} hr_plan;

/* Opens the data of `config` and assigns every row. Borrows the configuration and the
 * observer. Refuses what hr_dataset_create refuses, training and test sets with different
 * grids, and labels that are not finite. */
hr_status hr_plan_create(const hr_config *config, const hr_observer *observer,
                         hr_plan **out, hr_error *err) HR_MUST_CHECK;
void hr_plan_destroy(hr_plan **plan);

/* What the study takes, the buffers of its streams included. */
void hr_plan_estimate(const hr_plan *plan, hr_cost *cost);

/* What is still to be taken where some experts are done: is_done [expert_count]. */
void hr_plan_estimate_rest(const hr_plan *plan, const bool *is_done, hr_cost *cost);

/* The seconds that so many operations take on this machine at least; 0: not known. Takes
 * a few tenths of a second to find out. */
double hr_plan_seconds(const hr_cost *cost);

/* Refuses a study that would need more than run.memory_mib: HR_ERR_MEMORY with the sizes.
 */
hr_status hr_plan_check_memory(const hr_plan *plan, hr_error *err) HR_MUST_CHECK;

/* How the plan's training (or test) rows are to be streamed. */
hr_stream_options hr_plan_stream(const hr_plan *plan, bool training);

/* Warns of parameters that bode ill for the experts. */
void hr_plan_warn(const hr_plan *plan);

/* The plan in words: what would be read, trained, needed in memory and disk. */
void hr_plan_describe(const hr_plan *plan, const char *out_dir, hr_text *out);

#endif
