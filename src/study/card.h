/* What a method leaves of its tasks in tasks/<bin>-<expert>/, and the way back. Results
 * are computed from these files alone, so a run that was stopped in between and one that
 * was not take the same road. docs/formats.md, "The run directory". */
#ifndef HR_STUDY_CARD_H
#define HR_STUDY_CARD_H

#include "study/draws.h"

/* Whose tasks; borrowed. */
typedef struct hr_task_home {
  const char *out_dir; /* of the target: hr_plan_target_dir */
  size_t target;
  const char *study; /* its fingerprint: files of another study are not taken */
  const hr_method *type;
  const hr_study_view *view;
} hr_task_home;

/* Where the record of a task stands. */
typedef enum hr_task_stage {
  HR_STAGE_TRAINED, /* trained.json: the model is there, it has not predicted yet */
  HR_STAGE_DONE,    /* card.json: all is there */
} hr_task_stage;

/* A task as it was read; owned. */
typedef struct hr_card {
  hr_fit fit;
  float *predictions; /* [variants][fit.test_rows], rows in the order of their numbers;
                         NULL unless done and ok */
  double *variance;   /* [fit.test_rows] or NULL */
  hr_row_draws draws; /* of some of the rows, or of none */
} hr_card;

/* What there is to be written of a task; borrowed. */
typedef struct hr_card_content {
  const hr_fit *fit;
  const hr_model *model;     /* NULL: none */
  const float *predictions;  /* [variants][fit->test_rows]; these three only when done */
  const double *variance;    /* [fit->test_rows] or NULL */
  const double *details;     /* [fit->test_rows][HR_DETAILS]: posterior.npy; or NULL */
  const hr_row_draws *draws; /* or NULL, the same */
} hr_card_content;

enum { HR_TASK_NAME_BYTES = 128 };

/* The name of the task of slot s, its folder's below tasks/: "3-lightgbm",
 * "global-ridge"; in `out`. */
void hr_task_name(const hr_method *type, size_t bin_count, size_t s,
                  char out[HR_TASK_NAME_BYTES]);

enum { HR_DETAILS = 3 }; /* variance, effective templates, error of the mean */

/* tasks/<bin>-<expert> of slot s of the method; freed with hr_free. */
hr_status hr_task_folder(const hr_task_home *home, size_t s, char **out,
                         hr_error *err) HR_MUST_CHECK;

/* Writes a task, its record last, so that a task that has one is whole: the model (where
 * it is HR_FIT_OK) and, where done, predictions.f32 [variants][test rows],
 * variance.f64 [test rows] and draws.f32 with draw_rows.npy; at both stages what the fit
 * has of validation rows. The record says how large
 * each of these files is and its fingerprint. Thread-safe for different tasks. HR_ERR_IO,
 * HR_ERR_MEMORY. */
hr_status hr_card_write(const hr_task_home *home, hr_task_stage stage,
                        const hr_card_content *content, hr_error *err) HR_MUST_CHECK;

/* Reads the task of slot s. *found is false, and nothing is read, where there is no
 * record, it is of another study, or anything that it lists is missing or damaged: such a
 * record is removed, and the view's observer warned. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_card_read(const hr_task_home *home, hr_task_stage stage, size_t s,
                       hr_card *out, bool *found, hr_error *err) HR_MUST_CHECK;
void hr_card_fini(hr_card *card);

/* Removes a record of slot s, where there is one; other files stay. HR_ERR_MEMORY. */
hr_status hr_card_drop(const hr_task_home *home, hr_task_stage stage, size_t s,
                       hr_error *err) HR_MUST_CHECK;

#endif
