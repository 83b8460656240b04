/* An expert in a study, from what an earlier run left of it to its outcome, which is
 * always read back from the run directory. */
#ifndef HR_RUN_CONTENDER_H
#define HR_RUN_CONTENDER_H

#include "routing/oracle.h"
#include "run/pass.h"
#include "run/task_file.h"

typedef enum hr_contender_state {
  HR_CONTENDER_WAITING, /* to begin */
  HR_CONTENDER_WORKING, /* there is an expert */
  HR_CONTENDER_DONE,    /* the outcome is there */
  HR_CONTENDER_ABSENT,  /* not in this build, or not on this machine */
} hr_contender_state;

typedef struct hr_contender {
  hr_contender_state state;
  hr_task_home home; /* its view is the one below */
  hr_study_view view;
  const void *parameters;
  hr_expert *expert;      /* while it works */
  hr_loaded_task *loaded; /* [tasks] */
  hr_task *tasks;         /* [tasks] of `loaded` */
  hr_outcome outcome;     /* points into the above */
  hr_error reason;        /* why it is absent */
} hr_contender;

/* Looks for the expert's tasks in `out_dir`: done where all are there, whole and not
 * failed. Otherwise all are to be made again, but for models that were kept, and their
 * cards are removed. Borrows everything. To be followed by hr_contender_fini, on failure
 * too; must not be moved. */
hr_status hr_contender_init(hr_contender *contender, const hr_plan *plan,
                            const hr_config_expert *expert, const char *out_dir,
                            const char *study, hr_error *err) HR_MUST_CHECK;
void hr_contender_fini(hr_contender *contender);

/* From here on: an expert that runs out of memory or meets bad numbers is given up with a
 * warning, its tasks fail with a note, and that is no error; anything else is one. */

/* Creates the expert, and restores the models that an earlier run kept. */
hr_status hr_contender_begin(hr_contender *contender, hr_error *err) HR_MUST_CHECK;

/* Whether it has to see the training rows. */
bool hr_contender_wants_rows(const hr_contender *contender);

/* Shows it the random sample of training rows that it wants, in a pass of its own: what
 * it sees must not depend on who else is still to be trained. */
hr_status hr_contender_sample(hr_contender *contender, const hr_plan *plan,
                              hr_error *err) HR_MUST_CHECK;

/* Shows it a block of training rows, where it wants them. */
hr_status hr_contender_observe(hr_contender *contender, const hr_block *block,
                               hr_error *err) HR_MUST_CHECK;

/* Trains, and predicts the test rows in a pass of its own. */
hr_status hr_contender_predict(hr_contender *contender, const hr_plan *plan,
                               hr_error *err) HR_MUST_CHECK;

/* Writes its tasks, frees the expert and reads the outcome back. */
hr_status hr_contender_finish(hr_contender *contender, hr_error *err) HR_MUST_CHECK;

#endif
