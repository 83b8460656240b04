/* What an expert is: one method, one file, one const table.
 *
 * Life of an expert in a study:
 *   create -> restore models that an earlier run of the study kept, where it keeps them
 *          -> observe_sample blocks of a random sample, where it wants one
 *          -> observe every block of training rows, once, in order -> train
 *          -> observe_test every block of test rows, once, in order -> tasks -> destroy
 * All experts of a study see the same training blocks, of the same single pass; from
 * train on they take turns, so that each one's memory is free for the next. One expert
 * object serves all bins (and the global model, where it has one), so that statistics can
 * be shared. */
#ifndef HR_METHODS_METHOD_H
#define HR_METHODS_METHOD_H

#include "compute/compute.h"
#include "core/field.h"
#include "data/bins.h"
#include "data/stream.h"
#include "methods/fit.h"
#include "models/model.h"
#include "nn/training.h"

/* The labels of one split; borrowed. */
typedef struct hr_split_view {
  size_t rows;
  const double *target; /* [rows], e.g. log g in dex; finite */
  const int32_t *bin;   /* [rows] the bin of the row, or HR_UNCOVERED */
  const int32_t
      *route; /* [rows] the bin whose expert predicts the row, HR_UNCOVERED: none */
  const uint8_t *fold; /* [rows] cross-validation fold; NULL for the test split */
} hr_split_view;

typedef struct hr_learner hr_learner; /* each method's own struct */
typedef struct hr_task hr_task;

/* Where an expert that trains long leaves each model as soon as it has it, so that a run
 * that is killed need not train it again (`restore` below). `keep` NULL: nowhere. */
typedef struct hr_keeper {
  void *context;
  /* The new way: makes the model of a slot and its fit durable, as soon as it is there.
   */
  hr_status (*keep_model)(void *context, const hr_model *model, const hr_fit *fit,
                          hr_error *err);
  /* Makes the model of a task, which is HR_FIT_OK but for its predictions, durable.
   * Thread-safe for different tasks. */
  hr_status (*keep)(void *context, const hr_learner *expert, const hr_task *task,
                    hr_error *err);
} hr_keeper;

/* Where a learner keeps the state of a training that is not over, one file a slot, to go
 * on from there in a run that is resumed. `open` NULL: nowhere. */
typedef struct hr_store {
  void *context;
  /* The path of the slot's file, freed with hr_free; the folder that it is in is made.
   * HR_ERR_IO, HR_ERR_MEMORY. */
  hr_status (*open)(void *context, int slot, char **path, hr_error *err);
  /* Removes the file, where there is one. */
  void (*remove)(void *context, int slot);
} hr_store;

/* What is done where memory is short; the results are the same. */
typedef enum hr_low_memory {
  HR_LOW_MEMORY_NONE,
  HR_LOW_MEMORY_ROWS,  /* what can be kept in the folder while it trains is kept there */
  HR_LOW_MEMORY_FOLDS, /* and sums of few folds are there at a time, made twice */
} hr_low_memory;

/* Everything about a study that an expert may know before it sees a spectrum; borrowed
 * for the life of the expert. */
typedef struct hr_study_view {
  const hr_compute *compute; /* what to compute with */
  size_t pixels;
  size_t bin_count;
  size_t fold_count;
  const double *wave_angstrom; /* [pixels] */
  hr_split_view train;
  hr_split_view test;
  size_t test_rows;        /* how many there are, for estimates */
  const int32_t *test_bin; /* [test_rows] for controls alone, whose groups of test rows
                              are as large as the bins; never for what competes */
  const char *target_name;
  const hr_axis *axes; /* [axis_count] of the grid of bins */
  size_t axis_count;
  const char *config_path; /* for messages */
  uint64_t seed;
  size_t memory_bytes;
  double noise_level; /* the noise of a pixel in units of its error; 0: none */
  const hr_observer *observer;
  hr_keeper keeper;
  hr_store store;
  const char *folder; /* the run directory, for rows that memory does not hold while a
                         learner trains; NULL: there is none */
  hr_low_memory low_memory; /* the least with which the study fits memory_bytes */
} hr_study_view;

/* The outcome of one (bin, expert). A variant is one setting of the method's
 * hyperparameter (Ridge: one alpha); every variant is kept, so that selection can be
 * looked at from both sides. Test predictions: for the rows with route == bin in row
 * order (HR_GLOBAL: all rows). */
struct hr_task {
  int bin; /* or HR_GLOBAL */
  hr_fit_status status;
  hr_fit_reason reason;
  char note[256]; /* one sentence: why skipped or failed, remedies applied; or "" */
  size_t train_rows;
  size_t test_rows; /* rows predicted */
  size_t variant_count;
  const double
      *variant_value;       /* [variant_count], e.g. alpha; NULL where there is but one */
  const double *cv_r2;      /* [variant_count] validation R2, NaN where undefined */
  size_t chosen;            /* the variant that validation chose */
  const float *predictions; /* [variant_count][test_rows], in the unit of the target */
  const double *variance;   /* [test_rows] of the label given the spectrum, its unit
                               squared; NULL where the method does not know it */
  double seconds;           /* of training, this task's share where work was shared */
  size_t validated_rows;    /* that cv_r2 is over; 0: all training rows, or none */
  double validation_seconds; /* of `seconds`; 0 where it is not taken apart */
  size_t level_count;        /* other levels of the noise that were validated at */
  const double *level;       /* [level_count], as the study's noise_level */
  const double *level_cv_r2; /* [level_count] of the best variant at that level */
  const double *level_value; /* [level_count] that variant's value, NaN: none usable */
  hr_convergence convergence;
  const hr_curve_point *curve; /* [curve_points] epoch by epoch, or NULL */
  size_t curve_points;
  size_t best_epoch; /* of the curve, from 0: the model's */
};

/* Until every method makes models: a task as a fit and back, borrowing its arrays. */
hr_fit hr_task_fit(const hr_task *task);
hr_task hr_fit_task(const hr_fit *fit);

/* An estimate, before anything is read. */
typedef struct hr_cost {
  double memory_bytes;   /* at the peak */
  double gathered_bytes; /* of them, before its training, when others have theirs */
  double sampled_bytes;  /* beside those, while samples are taken */
  double operations;     /* of fp32 matrix products; slower ones count for more */
  double disk_bytes;     /* written into the run directory */
} hr_cost;

typedef struct hr_method {
  const char *name;    /* in configurations and files: "ridge" */
  const char *title;   /* in tables and figures: "Ridge" */
  const char *summary; /* one sentence for help and report */
  const char *variant; /* what the hyperparameter is called ("alpha"), or NULL */
  bool uses_error;     /* whether it sees the error of each spectrum: to weigh by, never
                          as an input, which may give the label away (leakage.h) */
  bool has_global;     /* whether it also trains a model on all rows */
  bool only_global;    /* whether that is its only task */
  const hr_model_type *kind; /* of its models; NULL until it makes any */
  size_t parameters_size;
  const hr_field *fields;
  size_t field_count;

  /* Whether this machine has what the method takes, HR_ERR_MISSING with the reason where
   * it has not: a study then goes on without the expert. NULL: always. */
  hr_status (*available)(hr_error *err);

  /* The new way, which replaces create .. save below method by method
   * (docs/architecture.md, "Methods make models"): a learner sees training rows only, and
   * what it has learned leaves it as models.
   *
   * begin as create; sample as observe_sample; learn as observe. */
  hr_status (*begin)(const hr_study_view *study, const void *parameters, hr_learner **out,
                     hr_error *err);
  hr_status (*sample)(hr_learner *learner, const hr_block *block, const bool *chosen,
                      hr_error *err);
  hr_status (*learn)(hr_learner *learner, const hr_block *block, hr_error *err);
  /* Takes back what an earlier run kept of slot `fit->slot` in `folder`, as restore.
   * NULL: the method keeps nothing. */
  hr_status (*resume)(hr_learner *learner, const hr_fit *fit, const char *folder,
                      hr_error *err);
  /* Trains. out [hr_method_slots] zeroed, one a slot in the order of the bins, the global
   * one last; they are the caller's from then on, on failure too (hr_trained_fini). A
   * slot that cannot be trained has a fit that is skipped or failed with a sentence why,
   * and no model; that is no error. */
  hr_status (*finish)(hr_learner *learner, hr_trained *out, hr_error *err);

  /* The old way. All NULL where the method is part of the configuration's grammar but not
   * of this build; sample_rows and observe_sample also where it wants no sample; restore
   * and is_trained where it keeps no models. Failing with HR_ERR_MEMORY or HR_ERR_NUMERIC
   * ends this expert alone, anything else the study. */
  hr_status (*create)(const hr_study_view *study, const void *parameters,
                      hr_learner **out, hr_error *err);
  void (*destroy)(hr_learner **expert);
  /* What training and predicting would take, before anything is read. */
  void (*estimate)(const hr_study_view *study, const void *parameters, hr_cost *cost);
  /* Refuses, HR_ERR_CONFIG, parameters of which no model can be made in this study,
   * before anything is read; the sentence begins with the key, "experts.cnn.pool_size
   * ..". NULL: whatever its fields allow will do. */
  hr_status (*check)(const hr_study_view *study, const void *parameters, hr_error *err);
  /* Tells study->observer, as a warning, what in the parameters bodes ill for this study,
   * before anything is read. NULL: nothing ever does. */
  void (*warn)(const hr_study_view *study, const void *parameters);
  /* How many training rows of each bin (of all, where a bin has fewer), drawn at random,
   * the expert wants to see before the pass; they come in order, in blocks that also hold
   * other rows, chosen: [block->rows]. */
  size_t (*sample_rows)(const hr_learner *expert);
  /* Takes back a model that an earlier run kept in `folder`, `task` being what that run
   * knew of it; called after create. The bin then needs no rows. On failure the expert is
   * as it was before. */
  hr_status (*restore)(hr_learner *expert, const hr_task *task, const char *folder,
                       hr_error *err);
  /* Whether every model that there can be has been restored: then neither the sample nor
   * the training rows are shown, but train is called. */
  bool (*is_trained)(const hr_learner *expert);
  hr_status (*observe_sample)(hr_learner *expert, const hr_block *block,
                              const bool *chosen, hr_error *err);
  hr_status (*observe)(hr_learner *expert, const hr_block *block, hr_error *err);
  hr_status (*train)(hr_learner *expert, hr_error *err);
  hr_status (*observe_test)(hr_learner *expert, const hr_block *block, hr_error *err);
  /* The tasks, [*count], owned by the expert: one a bin, unless only_global, then the
   * global one if it has one. */
  const hr_task *(*tasks)(const hr_learner *expert, size_t *count);
  /* Writes the model of one task into `folder`, atomically. */
  hr_status (*save)(const hr_learner *expert, const hr_task *task, const char *folder,
                    hr_error *err);
} hr_method;

/* How many slots it has in a study of so many bins; the slot of number s, a bin or
 * HR_GLOBAL. */
size_t hr_method_slots(const hr_method *method, size_t bin_count);
int hr_method_slot(const hr_method *method, size_t bin_count, size_t s);

/* The registry: every method, in the order of tables and figures. */
const hr_method *const *hr_methods(size_t *count);

/* The method of that name, or NULL. */
const hr_method *hr_method_find(const char *name);

#endif
