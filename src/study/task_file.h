/* What an expert leaves of its tasks in tasks/<bin>-<expert>/, and the way back. Results
 * are computed from these files alone, so a run that was stopped in between and one that
 * was not take the same road. docs/formats.md, "The run directory". */
#ifndef HR_STUDY_TASK_FILE_H
#define HR_STUDY_TASK_FILE_H

#include "methods/method.h"

/* Whose tasks; borrowed. */
typedef struct hr_task_home {
  const char *out_dir;
  const char *study; /* its fingerprint: files of another study are not taken */
  const hr_method *type;
  const hr_study_view *view;
} hr_task_home;

/* Where a record of a task stands. */
typedef enum hr_task_stage {
  HR_STAGE_TRAINED, /* trained.json: the model is there, it has not predicted yet */
  HR_STAGE_DONE,    /* card.json: all is there */
} hr_task_stage;

/* A task as it was read, with the arrays that it points to. */
typedef struct hr_loaded_task {
  hr_task task;
  double *variant_value, *cv_r2; /* [variants] */
  float *predictions;            /* [variants][test rows]; NULL unless done and ok */
  double *variance;              /* [test rows] or NULL */
  double *level, *level_cv_r2, *level_value; /* [levels] */
  hr_curve_point *curve;                     /* [points] or NULL */
} hr_loaded_task;

/* How many tasks the expert has, and the bin (or HR_GLOBAL) of number t, in the order of
 * its type's `tasks`. */
size_t hr_task_count(const hr_task_home *home);
int hr_task_bin(const hr_task_home *home, size_t t);

/* tasks/<bin>-<expert> of task t; freed with hr_free. */
hr_status hr_task_folder(const hr_task_home *home, size_t t, char **out,
                         hr_error *err) HR_MUST_CHECK;

/* Writes a task, its record last, so that a task that has one is whole: the model (where
 * it is HR_FIT_OK) and, where done, predictions.f32 [variants][test rows] and
 * variance.f64 [test rows]. The record says how large each of these files is and its
 * fingerprint. `expert` may be NULL where the task is not HR_FIT_OK. Thread-safe for
 * different tasks. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_task_write(const hr_task_home *home, hr_task_stage stage,
                        const hr_learner *expert, const hr_task *task,
                        hr_error *err) HR_MUST_CHECK;

/* Reads task t. *found is false, and nothing is read, where there is no record, it is of
 * another study, or anything that it lists is missing or damaged: such a record is
 * removed, and the view's observer warned. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_task_read(const hr_task_home *home, hr_task_stage stage, size_t t,
                       hr_loaded_task *out, bool *found, hr_error *err) HR_MUST_CHECK;
void hr_loaded_task_fini(hr_loaded_task *loaded);

/* Removes a record of task t, where there is one; other files stay. HR_ERR_MEMORY. */
hr_status hr_task_drop_record(const hr_task_home *home, hr_task_stage stage, size_t t,
                              hr_error *err) HR_MUST_CHECK;

#endif
