/* One method in a study, from what an earlier run left of it to its outcomes, one a
 * target, which are always read back from the run directory. Arrays of targets and slots
 * are [targets][slots]. */
#ifndef HR_STUDY_METHOD_RUN_H
#define HR_STUDY_METHOD_RUN_H

#include "choice/outcome.h"
#include "study/card.h"
#include "study/pass.h"
#include "study/predict.h"

typedef enum hr_method_run_state {
  HR_METHOD_RUN_WAITING,   /* to begin */
  HR_METHOD_RUN_WORKING,   /* there is a learner */
  HR_METHOD_RUN_DONE,      /* the outcomes are there */
  HR_METHOD_RUN_ABSENT,    /* not in this build, or not on this machine */
  HR_METHOD_RUN_TRAINED,   /* the models of the slots that are wanted are kept, as far as
                              there can be any: of an element of an array */
  HR_METHOD_RUN_ELSEWHERE, /* another element's */
} hr_method_run_state;

typedef struct hr_method_run {
  hr_method_run_state state;
  const hr_method *type;
  size_t targets, slots;
  const char *out_dir;       /* the run directory */
  char **target_dirs;        /* [targets] hr_plan_target_dir */
  hr_task_home *homes;       /* [targets]; their view is the one below */
  hr_study_view view;        /* what the learner gets: nothing of the test rows but how
                                many there are, and to a control their bins */
  const hr_split_view *test; /* the study's */
  const hr_config *config;
  const void *parameters;
  hr_learner *learner;    /* while it learns */
  hr_trained *trained;    /* [targets][slots] from then on until all is written */
  hr_test_rows test_rows; /* their predictions */
  hr_fit *fits;           /* [targets][slots] read back */
  hr_card *cards;         /* [targets][slots] the rest of it, until it is scattered */
  hr_row_draws *draws;    /* [targets] of all slots */
  hr_outcome *outcomes;   /* [targets] points into the above; owns its matrices */
  hr_error reason;        /* why it is absent */
} hr_method_run;

/* Looks for the method's tasks in the run directory `out_dir`: done where all are there,
 * whole and not failed. Otherwise all are to be made again, but for models that were
 * kept, and their cards are removed. Where the plan has a share, a method that is divided
 * (study/division.h) trains the slots that are wanted and predicts nothing. Borrows
 * everything. To be followed by hr_method_run_fini, on failure too; must not be moved. */
hr_status hr_method_run_init(hr_method_run *run, const hr_plan *plan,
                             const hr_config_expert *expert, const char *out_dir,
                             const char *study, hr_error *err) HR_MUST_CHECK;
void hr_method_run_fini(hr_method_run *run);

/* From here on: an expert that runs out of memory or meets bad numbers is given up with a
 * warning, its tasks fail with a note, and that is no error; anything else is one. */

/* Begins the learner, and takes back the models that an earlier run kept. */
hr_status hr_method_run_begin(hr_method_run *run, hr_error *err) HR_MUST_CHECK;

/* Whether it has to see the training rows. */
bool hr_method_run_wants_rows(const hr_method_run *run);

/* Shows it the random sample of training rows that it wants, in a pass of its own: what
 * it sees must not depend on who else is still to be trained. */
hr_status hr_method_run_sample(hr_method_run *run, const hr_plan *plan,
                               hr_error *err) HR_MUST_CHECK;

/* Shows it a block of training rows, where it wants them. */
hr_status hr_method_run_observe(hr_method_run *run, const hr_block *block,
                                hr_error *err) HR_MUST_CHECK;

/* Trains, and predicts the test rows in a pass of its own; of a part only trains. */
hr_status hr_method_run_predict(hr_method_run *run, const hr_plan *plan,
                                hr_error *err) HR_MUST_CHECK;

/* Writes its tasks, frees the expert and reads the outcomes back. */
hr_status hr_method_run_finish(hr_method_run *run, hr_error *err) HR_MUST_CHECK;

#endif
