/* The plan of a study: everything that is known before the first spectrum is read. Labels
 * are read, rows assigned to bins and folds, and what it will cost is estimated. */
#ifndef HR_STUDY_PLAN_H
#define HR_STUDY_PLAN_H

#include "data/doubts.h"
#include "score/results.h"
#include "session/origin.h"
#include "study/conditions.h"
#include "study/labels.h"
#include "study/memory_plan.h"
#include "study/velocities.h"

/* A label that is predicted; borrowed texts. */
typedef struct hr_plan_target {
  const char *name;   /* of the label column */
  const char *unit;   /* "dex"; "": not known */
  hr_split_view test; /* the test rows with its truth: what no learner sees */
} hr_plan_target;

typedef struct hr_plan {
  const hr_config *config; /* borrowed */
  hr_dataset *train, *test;
  hr_velocities velocities;     /* by which they are at rest */
  hr_row_conditions conditions; /* how their rows are made ready */
  int32_t *train_bin, *test_bin, *test_route;
  uint8_t *train_fold;
  size_t *train_counts, *test_counts; /* [bin_count + 1], uncovered rows last */
  const double *snr;                  /* [test rows] of the test set's labels; NULL where
                                         it has none, or no number in it */
  size_t rows_without_snr;            /* test rows where the column has no number */
  hr_plan_target *targets;            /* [hr_study_targets of the view] */
  hr_further_target *further;         /* those of them behind the first, for the view */
  hr_strings beside_names;
  hr_further_target
      *beside; /* labels that experts learn beside the targets, for the view */
  hr_split_view test_split; /* that of the first target */
  hr_study_view view;       /* what learners see; points into this plan */
  hr_outside_rows *outside; /* [config->expert_count] of models from elsewhere; of others
                               all zero */
  hr_memory_plan memory;    /* the experts in the order in which they are trained */
  hr_doubts doubts; /* that are told; those that are not let be have refused the study */
  hr_labels_given given[2]; /* training and test labels, by data.labels */
  hr_strings label_files;   /* with tables of labels, for the origin */
  uint64_t spectra_print;   /* of some training and test spectra, for the origin */
  hr_origin origin;
  const struct hr_share *share; /* what of it this run does (study/division.h), borrowed;
                                   NULL: all */
} hr_plan;

/* Opens the data of `config`, learns from a sample of the training spectra how they are
 * made ready, and assigns every row. Borrows the configuration and the observer. Refuses
 * what hr_dataset_create refuses, training and test sets with different grids, and labels
 * that are not finite. */
hr_status hr_plan_create(const hr_config *config, const hr_observer *observer,
                         hr_plan **out, hr_error *err) HR_MUST_CHECK;
void hr_plan_destroy(hr_plan **plan);

/* Where the tasks and results of target number t lie: the run directory itself for the
 * first, RUN/targets/NAME for the others. Freed with hr_free. HR_ERR_MEMORY. */
hr_status hr_plan_target_dir(const hr_plan *plan, const char *run_dir, size_t t,
                             char **out, hr_error *err) HR_MUST_CHECK;

/* How the plan's training (or test) rows are to be streamed. */
hr_stream_options hr_plan_stream(const hr_plan *plan, bool training);

/* What results tell of the data; everything is borrowed from the plan. */
hr_results_data hr_plan_tell_data(const hr_plan *plan);

#endif
