/* What a method is: one way to learn the targets from spectra; one folder, one const
 * table. A method learns from training rows alone, and what it has learned leaves it as
 * models (models/model.h), which predict whatever rows they are asked for.
 *
 * Its life in a study:
 *   begin  -> a learner
 *   resume    slots that an earlier run of the study kept, where it keeps them
 *   sample    blocks with a random sample of training rows, where it wants one
 *   learn     every block of training rows, once, in order
 *   finish -> a model and a fit (methods/fit.h) for each target and slot
 *   destroy
 *
 * All learners of a study see the same training blocks, of the same single pass; then
 * they finish one after the other, so that each one's memory is free for the next. One
 * learner serves all bins (and the global model, where it has one), so that statistics
 * can be shared. Test rows never come here: the study has the models predict them. */
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
  const double *target; /* [rows], e.g. log g in dex; finite. Of a study of several
                           targets the one in question; of what learners see, the first */
  const int32_t *bin;   /* [rows] the bin of the row, or HR_UNCOVERED */
  const int32_t
      *route; /* [rows] the bin whose expert predicts the row, HR_UNCOVERED: none */
  const uint8_t *fold; /* [rows] cross-validation fold; NULL for the test split */
} hr_split_view;

typedef struct hr_learner hr_learner; /* each method's own struct */

/* Where a learner that trains long leaves each model as soon as it has it, so that a run
 * that is killed need not train it again (`resume` below). `keep` NULL: nowhere. */
typedef struct hr_keeper {
  void *context;
  /* Makes the model of a slot and its fit durable. Thread-safe for different slots. */
  hr_status (*keep)(void *context, const hr_model *model, const hr_fit *fit,
                    hr_error *err);
} hr_keeper;

/* Where a learner keeps the state of a training that is not over, one file a target and
 * slot, to go on from there in a run that is resumed. `open` NULL: nowhere. */
typedef struct hr_store {
  void *context;
  /* The path of the file, freed with hr_free; the folder that it is in is made.
   * HR_ERR_IO, HR_ERR_MEMORY. */
  hr_status (*open)(void *context, size_t target, int slot, char **path, hr_error *err);
  /* Removes the file, where there is one. */
  void (*remove)(void *context, size_t target, int slot);
  /* The path of the file for what a part of the study gathered of a slot, of all targets,
   * that the slot of all rows is made of: HR_GATHERED_FILE in the folder that `resume` is
   * given of the first target. It stays until all slots are done. NULL: nowhere. */
  hr_status (*gathered)(void *context, int slot, char **path, hr_error *err);
} hr_store;

/* The distribution of labels that a variance supposes. */
typedef enum hr_prior {
  HR_PRIOR_NONE,
  HR_PRIOR_TRAINING, /* that of the training rows' labels, on nodes where they are */
  HR_PRIOR_GRID,     /* uniform over the built-in model grid */
} hr_prior;

enum { HR_MOST_TARGETS = 16 };

/* A label that is learned beside the first; borrowed. */
typedef struct hr_further_target {
  const char *name;    /* of the label column: "T_eff" */
  const double *train; /* [training rows], finite */
} hr_further_target;

/* What is done where memory is short; the results are the same. */
typedef enum hr_low_memory {
  HR_LOW_MEMORY_NONE,
  HR_LOW_MEMORY_ROWS,  /* what can be kept in the folder while it trains is kept there */
  HR_LOW_MEMORY_FOLDS, /* and sums of few folds are there at a time, made twice */
} hr_low_memory;

/* What a model that was trained elsewhere says of the study's rows; borrowed. */
typedef struct hr_outside_rows {
  double *prediction; /* [T][test_rows] NaN: none; NULL: its network is run here */
  double
      *sigma; /* [T][test_rows] one sigma that it states, above 0, NaN: none; or NULL */
  double *validation; /* [T][training rows] out of fold, NaN: none; or NULL */
  size_t asked;       /* test rows that it is to predict: all, or those of its bins */
  uint64_t print;     /* of the file of its network, where that is run here */
} hr_outside_rows;

/* Everything about a study that a learner may know before it sees a spectrum; borrowed
 * for the life of the learner. Of the test rows it is told how many there are, and not
 * their labels. */
typedef struct hr_study_view {
  const hr_compute *compute; /* what to compute with */
  size_t pixels;
  size_t bin_count;
  size_t fold_count;
  const double *wave_angstrom; /* [pixels] */
  const double *fwhm_angstrom; /* [pixels] of the line spread; NULL: the files do not tell
                                  it, or not all the same */
  hr_split_view train;
  size_t test_rows;        /* how many there are, for estimates */
  const int32_t *test_bin; /* [test_rows] for controls alone, whose groups of test rows
                              are as large as the bins; NULL for what competes */
  const char *target_name; /* of the first target, which is train.target */
  const hr_further_target *further; /* [further_count] the others */
  size_t further_count;
  const hr_further_target *beside; /* [beside_count] labels that are no targets, of all
                                      methods' `beside`; finite */
  size_t beside_count;
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
  float wild_beyond;  /* flux of a row that is far beyond all others is larger in size
                         (data/conditioning.h); 0: not known */
  hr_low_memory low_memory;       /* the least with which the study fits memory_bytes */
  bool keeps_validation;          /* fits are to tell what validation predicted (below) */
  bool keeps_every_target;        /* not of the first target alone */
  const hr_outside_rows *outside; /* of a model that was trained elsewhere; NULL for what
                                     is trained here */
  const bool *wanted; /* [hr_method_slots] of a method with slots_apart, whether the slot
                         is to be trained: others have no rows and no model, as if they
                         had been taken back; NULL: all are */
  double unit;        /* of the flux, in that of the files (data/conditioning.h: scale) */
  double base; /* what was taken off the flux (data/conditioning.h): who measures lines
                  puts it back */
} hr_study_view;

/* The targets of a study, T of them (at most HR_MOST_TARGETS), from 0: how many, their
 * names, and the training rows' values [training rows]. */
static inline size_t hr_study_targets(const hr_study_view *study) {
  return 1 + study->further_count;
}
static inline const char *hr_study_target_name(const hr_study_view *study, size_t t) {
  return t == 0 ? study->target_name : study->further[t - 1].name;
}
static inline const double *hr_study_target(const hr_study_view *study, size_t t) {
  return t == 0 ? study->train.target : study->further[t - 1].train;
}
/* Whether the fit of a target and slot is to have its validation rows: those of the first
 * target's bins, or of every target's. */
static inline bool hr_study_keeps_validation(const hr_study_view *study, size_t target,
                                             int slot) {
  bool is_meant = target == 0 || study->keeps_every_target;
  return study->keeps_validation && is_meant && slot != HR_GLOBAL;
}
/* Whether slot number s, that of all rows last, is to be trained. */
static inline bool hr_study_wants(const hr_study_view *study, size_t s) {
  return !study->wanted || study->wanted[s];
}
/* Those of one training row: y [T]. */
static inline void hr_study_take_targets(const hr_study_view *study, size_t row,
                                         double y[HR_MOST_TARGETS]) {
  for (size_t t = 0; t < hr_study_targets(study); t++)
    y[t] = hr_study_target(study, t)[row];
}

/* What a training row was chosen for: the sample of its bin, that of all rows. */
enum hr_chosen { HR_CHOSEN_OF_BIN = 1, HR_CHOSEN_OF_ALL = 2 };

/* An estimate, before anything is read. */
typedef struct hr_cost {
  double memory_bytes;   /* at the peak */
  double gathered_bytes; /* of them, before its training, when others have theirs */
  double sampled_bytes;  /* beside those, while samples are taken */
  double operations;     /* of fp32 matrix products; slower ones count for more */
  double row_operations; /* for one more row and one of its models, which is not among
                            them; 0: next to nothing */
  double disk_bytes;     /* written into the run directory, the bundle aside */
  double bundle_bytes;   /* of the models in the bundle, in the compact form */
  double full_bytes;     /* and in the full one */
} hr_cost;

typedef struct hr_method {
  const char *name;    /* in configurations and files: "ridge" */
  const char *title;   /* in tables and figures: "Ridge" */
  const char *summary; /* one sentence for help and report */
  const char *variant; /* what the hyperparameter is called ("alpha"), or NULL */
  bool uses_error;     /* whether it sees the error of each spectrum: to weigh by, never
                          as an input, which may give the label away (leakage.h) */
  bool has_global;     /* whether it also trains a model on all rows, or may: below */
  bool only_global;    /* whether that is its only slot */
  bool slots_apart;    /* whether it can train some slots without the others, and take
                          them back later: it has `resume` and, where the slot of all
                          rows is made of what the others gather, leaves that with them
                          (hr_store.gathered) */
  const hr_model_type *kind; /* of its models */
  size_t parameters_size;
  const hr_field *fields;
  size_t field_count;
  /* Whether a model on all rows is asked for, where has_global says that there may be
   * one. NULL: always. */
  bool (*wants_global)(const void *parameters);
  /* The form that it has with these parameters: with a model on all rows alone, or with
   * models of another kind; of the same name, fields and parameters. NULL: this one. */
  const struct hr_method *(*form)(const void *parameters);
  /* Labels of training rows that it is to be given beside the targets. NULL: none. */
  const hr_strings *(*beside)(const void *parameters);

  /* Whether this machine has what the method takes, HR_ERR_MISSING with the reason where
   * it has not: a study then goes on without it. NULL: always. */
  hr_status (*available)(hr_error *err);

  /* Before anything is read ---------------------------------------------------------- */

  /* Refuses, HR_ERR_CONFIG, parameters of which no model can be made in this study; the
   * sentence begins with the key, "experts.cnn.pool_size ..". NULL: whatever its fields
   * allow will do. */
  hr_status (*check)(const hr_study_view *study, const void *parameters, hr_error *err);
  /* Tells study->observer, as a warning, what in the parameters bodes ill for this study.
   * NULL: nothing ever does. */
  void (*warn)(const hr_study_view *study, const void *parameters);
  /* Whether its models scale spectra as a whole, so that their flux has to keep its zero.
   * NULL: they do not. */
  bool (*scales_flux)(const void *parameters);
  /* What the variances that its models know (hr_model_type.knows_variance) take for the
   * labels' distribution. NULL: they know none. */
  hr_prior (*prior)(const void *parameters);
  /* What learning, and predicting the test rows, would take. */
  void (*estimate)(const hr_study_view *study, const void *parameters, hr_cost *cost);

  /* The learner's life. A step that fails with HR_ERR_MEMORY or HR_ERR_NUMERIC ends this
   * method alone, anything else the study. `begin` NULL: the method is part of the
   * configuration's grammar, but not of this build. -----------------------------------
   */

  hr_status (*begin)(const hr_study_view *study, const void *parameters, hr_learner **out,
                     hr_error *err);
  /* Takes back what an earlier run kept of the fit's target and slot in `folder`, `fit`
   * being what that run knew of it; called after begin. The slot then needs no rows. On
   * failure the learner is as it was before. NULL: the method keeps nothing. */
  hr_status (*resume)(hr_learner *learner, const hr_fit *fit, const char *folder,
                      hr_error *err);
  /* Whether every model that there can be has been taken back: then neither the sample
   * nor the training rows are shown, but finish is called. NULL: never. */
  bool (*is_trained)(const hr_learner *learner);
  /* How many training rows of each bin (of all, where a bin has fewer), and as many of
   * all rows where there is a global model, drawn at random, the learner wants to see
   * before the pass; they come in order, in blocks that also hold other rows, chosen:
   * [block->rows], sums of hr_chosen. Both NULL: it wants no sample. */
  size_t (*sample_rows)(const hr_learner *learner);
  hr_status (*sample)(hr_learner *learner, const hr_block *block, const uint8_t *chosen,
                      hr_error *err);
  hr_status (*learn)(hr_learner *learner, const hr_block *block, hr_error *err);
  /* Trains. out [T][hr_method_slots] zeroed, target by target, one a slot in the order
   * of the bins, the global one last; they are the caller's from then on, on failure too
   * (hr_trained_fini). A slot that cannot be trained has a fit that is skipped or failed
   * with a sentence why, and no model; that is no error. */
  hr_status (*finish)(hr_learner *learner, hr_trained *out, hr_error *err);
  void (*destroy)(hr_learner **learner);
} hr_method;

/* Whether it trains a model on all rows with these parameters; NULL: where it need not be
 * asked for. */
bool hr_method_has_global(const hr_method *method, const void *parameters);

/* How many slots it has in a study of so many bins; the slot of number s, a bin or
 * HR_GLOBAL. */
size_t hr_method_slots(const hr_method *method, const void *parameters, size_t bin_count);
int hr_method_slot(const hr_method *method, size_t bin_count, size_t s);

/* The registry: every method, in the order of tables and figures. */
const hr_method *const *hr_methods(size_t *count);

/* The method of that name, or NULL. */
const hr_method *hr_method_find(const char *name);

#endif
