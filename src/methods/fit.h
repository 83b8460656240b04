/* A fit: what is known of one trained slot and target of a method, apart from the model
 * itself. It is the card of a task (study/card.h), and what tables and figures are made
 * of. */
#ifndef HR_METHODS_FIT_H
#define HR_METHODS_FIT_H

#include "methods/validation_rows.h"
#include "models/model.h"
#include "models/sigma.h"
#include "nn/training.h"

typedef enum hr_fit_status {
  HR_FIT_OK,
  HR_FIT_SKIPPED, /* too few rows, or not asked for in this bin */
  HR_FIT_FAILED,
} hr_fit_status;

/* Why a slot has no model, as a code beside the note: what is decided by it must not
 * depend on the words of a sentence. */
typedef enum hr_fit_reason {
  HR_REASON_NONE, /* there is a model, or the note alone says why not */
  HR_REASON_NOT_ASKED_FOR,
  HR_REASON_TOO_FEW_ROWS,
  HR_REASONS,
} hr_fit_reason;

/* "not_asked_for", "too_few_rows"; NULL for HR_REASON_NONE. */
const char *hr_fit_reason_name(hr_fit_reason reason);

/* Whether an iterative training came to its end. A model that did not converge is scored,
 * but never chosen. */
typedef enum hr_convergence {
  HR_CONVERGENCE_NONE, /* the method has no such thing */
  HR_CONVERGED,
  HR_NOT_CONVERGED,
} hr_convergence;

/* Where in its list the chosen variant stands. At an end from which validation was still
 * getting better, the best setting may lie outside. */
typedef enum hr_fit_edge {
  HR_EDGE_NONE,     /* inside, or what is outside would change nothing */
  HR_EDGE_SMALLEST, /* the smallest setting */
  HR_EDGE_LARGEST,
  HR_EDGE_ONLY, /* there was no other */
  HR_EDGES,
} hr_fit_edge;

/* "smallest", "largest", "only"; NULL for HR_EDGE_NONE. */
const char *hr_fit_edge_name(hr_fit_edge edge);

/* What a method that has the choice multiplied while it trained. */
typedef enum hr_fit_precision {
  HR_FIT_ANY, /* no choice */
  HR_FIT_FP32,
  HR_FIT_BF16,
  HR_FIT_PRECISIONS,
} hr_fit_precision;

/* "fp32", "bf16"; NULL for HR_FIT_ANY. */
const char *hr_fit_precision_name(hr_fit_precision precision);

/* How sentences call a slot, "bin 3" or "all rows"; in `out`, which is returned. */
enum { HR_SLOT_NAME_BYTES = 24 };
const char *hr_slot_name(int slot, char out[HR_SLOT_NAME_BYTES]);

/* A variant is one setting of the method's hyperparameter (Ridge: one alpha); every
 * variant is kept, so that selection can be looked at from both sides. Arrays are owned.
 */
typedef struct hr_fit {
  int slot;      /* bin number, or HR_GLOBAL */
  size_t target; /* number of the study's target */
  hr_fit_status status;
  hr_fit_reason reason;
  char note[256]; /* one sentence: why skipped or failed, remedies applied; or "" */
  size_t train_rows;
  size_t test_rows; /* that the study predicted with it; 0 until then */
  size_t variant_count;
  double *variant_value; /* [variant_count], e.g. alpha; NULL where there is but one */
  double *cv_r2;    /* [variant_count] validation R2, NaN where undefined; NULL: none */
  size_t chosen;    /* the variant that validation chose */
  hr_fit_edge edge; /* where it stands among them */
  double seconds;   /* of training, this slot's share where work was shared */
  size_t validated_rows;     /* that cv_r2 is over; 0: all training rows, or none */
  double validation_seconds; /* of `seconds`; 0 where it is not taken apart */
  size_t level_count;        /* other levels of the noise that were validated at */
  double *level;             /* [level_count], as the study's noise_level */
  double *level_cv_r2;       /* [level_count] of the best variant at that level */
  double *level_value;       /* [level_count] that variant's value, NaN: none usable */
  hr_fit_precision precision;
  hr_convergence convergence;
  hr_curve_point *curve; /* [curve_points] epoch by epoch, or NULL */
  size_t curve_points;
  size_t best_epoch; /* of the curve, from 0: the model's */
  hr_sigma sigma;    /* how far predictions are to be trusted; zero: not known */
  hr_validation_rows validation; /* where the study keeps them, beside the card */
} hr_fit;

/* Room for the arrays: cv_r2, with has_values variant_value, and the levels' three, all
 * NaN. To be followed by hr_fit_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_fit_init(hr_fit *fit, int slot, size_t variant_count, bool has_values,
                      size_t level_count, hr_error *err) HR_MUST_CHECK;
void hr_fit_fini(hr_fit *fit);

/* The same with arrays of its own; *out is not initialised before. HR_ERR_MEMORY. */
hr_status hr_fit_copy(const hr_fit *from, hr_fit *out, hr_error *err) HR_MUST_CHECK;

/* Writes the curve, one line an epoch, to folder/curves.csv; nothing where there is none.
 * HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_fit_save_curve(const hr_fit *fit, const char *folder,
                            hr_error *err) HR_MUST_CHECK;

/* Adds a sentence to the note, after "; " where there is one, as far as it holds it. */
void hr_fit_add_note(hr_fit *fit, const char *sentence);

/* A slot with its model; owned. */
typedef struct hr_trained {
  hr_fit fit;
  hr_model *model; /* NULL unless the fit is HR_FIT_OK */
} hr_trained;
void hr_trained_fini(hr_trained *trained);

#endif
