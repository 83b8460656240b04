/* What a model is: something trained, which predicts one target of spectra and knows
 * nothing of the study that it comes from.
 *
 * Every kind (linear, trees, network, templates) is one file with one const table of type
 * hr_model_type. A model is one slot of one method (a bin of stars, or all of them) and
 * one target; those of several slots and targets may share what they stand on.
 * Models are const while they predict, and any number of threads may predict with one at
 * a time.
 *
 * One letter has one meaning: N rows, P pixels, V variants. */
#ifndef HR_MODELS_MODEL_H
#define HR_MODELS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"

enum { HR_GLOBAL = -1 }; /* as a slot: the model trained on all rows */

typedef struct hr_model_type hr_model_type;

/* The first member of every kind's own struct. */
typedef struct hr_model {
  const hr_model_type *type;
  int slot;             /* bin number, or HR_GLOBAL */
  size_t target;        /* which of its study's targets it predicts, from 0 */
  size_t pixels;        /* P */
  size_t variant_count; /* settings of the hyperparameter that it can predict with */
  size_t chosen;        /* the one that validation chose; below variant_count */
} hr_model;

/* Spectra as models see them, without the clean flux and without any label; borrowed.
 * Rows have numbers: where a kind compares rows in groups of a fixed size (templates),
 * groups begin at multiples of that size, so that the same file gives the same bytes
 * however it is cut into blocks. Whoever predicts hands over whole groups: first_row is a
 * multiple of HR_PREDICT_ROWS, and so is rows, but for the last block of a file. */
typedef struct hr_spectra {
  size_t first_row;
  size_t rows;        /* N */
  size_t pixels;      /* P */
  const float *noisy; /* [N][P] flux as observed; finite */
  const float *error; /* [N][P] one sigma at level 1; values not above 0 are masked
                         pixels. NULL: not known; only for kinds with uses_error false */
  double level;       /* times the error is the sigma; > 0 where uses_error */
} hr_spectra;

enum {
  HR_PREDICT_ROWS = 128,  /* HR_QUERY_ROWS of compute/templates.h */
  HR_PREDICT_DRAWS = 256, /* HR_DRAWS of the same */
};

/* What is asked of one model: predictions of some rows of a block. Outputs stand at the
 * number of the row in the block, not of its place in the list; other rows of the outputs
 * are left as they are. */
typedef struct hr_request {
  const hr_model *model;
  const uint32_t *row; /* [count] rows of the block, ascending */
  size_t count;
  size_t first_variant; /* variants first_variant .. first_variant + variants - 1 */
  size_t variants;
  float *mean; /* variant v of row i: mean[v * variant_stride + i], in the unit of the
                  target; NULL where `shares` alone are wanted */
  size_t variant_stride;
  double *variance;   /* [N] of the label given the spectrum, unit squared; NaN where the
                         kind does not know it. NULL: not wanted, as are the others */
  double *effective;  /* [N] effective number of templates; NaN where there are none */
  double *mean_error; /* [N] what leaving components out may have changed the mean by */
  double *chi2;       /* [N] of the best template, a pixel that counts; NaN: not known */
  double *shares; /* [N][slots] of the model of all rows, its study's bins and then the
                     rows in none: the probability that the spectrum is of that slot. Of
                     kinds with knows_variance alone, and NaN of models of bins */
  size_t slots;
  bool is_rough; /* of kinds that compare templates: a mean over those that there are will
                    do, however few (hr_query.is_rough); of all requests to the same
                    files, or of none */
  float *draws;  /* [N][HR_PREDICT_DRAWS] from the distribution of the label given the
                    spectrum; NaN where the kind does not know it */
} hr_request;

/* Where models are loaded from, and what is known of them before. */
typedef struct hr_model_place {
  const char *folder;
  size_t pixels;    /* that they have to have */
  size_t targets;   /* 1, or those that share the files */
  const int *slots; /* [slot_count] one, or all of those that share the files */
  size_t slot_count;
} hr_model_place;

/* How models are written: templates are large. */
typedef enum hr_model_form {
  HR_MODEL_FULL,    /* predicts the very bytes of the model that was saved */
  HR_MODEL_COMPACT, /* smaller where the kind can be; the same to 1e-4 of the target */
} hr_model_form;

struct hr_model_type {
  const char *kind;    /* in files: "linear", "trees", "network", "templates" */
  bool uses_error;     /* whether it has to know the error of each pixel */
  bool knows_variance; /* whether it gives variance, effective, mean_error, draws */
  bool states_sigma;   /* whether it gives variance alone, which is what somebody says and
                          no posterior's */
  bool shares_files;   /* the models of all slots and targets stand in the same files */
  bool whole_rows;     /* it is not asked about rows in which the flux of a pixel is no
                          number, though something stands in for it */

  /* Writes the model (with shares_files: all that share with it) into `folder`, which is
   * there, each file whole or not at all. HR_ERR_IO, HR_ERR_MEMORY. */
  hr_status (*save)(const hr_model *model, const char *folder, hr_model_form form,
                    hr_error *err);
  /* Writes what a task's folder keeps of the model, where that is not what `save` writes
   * (templates: which rows they are). NULL: `save`. */
  hr_status (*record)(const hr_model *model, const char *folder, hr_error *err);
  /* Reads models, out [place->targets][place->slot_count]; on failure none. `chosen` is
   * 0: whoever loads knows, and so is `target` unless files are shared. HR_ERR_MISSING;
   * HR_ERR_FORMAT for whatever is not as `save` writes it, or has other sizes than the
   * place says; HR_ERR_MEMORY. Never asks for more memory than a file of that size can
   * fill. */
  hr_status (*load)(const hr_model_place *place, hr_model **out, hr_error *err);
  /* Answers all requests, which are to models of this kind; those that share files may be
   * answered together. The bytes do not depend on the number of threads nor, but for
   * groups (above), on how rows are cut into blocks. HR_ERR_MEMORY, HR_ERR_INTERNAL. */
  hr_status (*predict)(const hr_spectra *spectra, const hr_request *requests,
                       size_t request_count, hr_error *err);
  /* What is to be said of the model when so many effective templates are the middle
   * number over the spectra that it predicted; `note` [room] stays as it is where that is
   * nothing. NULL: never anything. */
  void (*remark)(const hr_model *model, double median_effective, char *note, size_t room);
  void (*destroy)(hr_model **model);
};

/* Every kind there is; and the one of that name, or NULL. */
const hr_model_type *const *hr_model_types(size_t *count);
const hr_model_type *hr_model_type_find(const char *kind);

/* Destroys it whatever its kind, and sets it to NULL; NULL is fine. */
void hr_model_destroy(hr_model **model);

/* For kinds: HR_ERR_INTERNAL where a model has another number of pixels than the spectra
 * that it is asked about. */
hr_status hr_requests_check(const hr_spectra *spectra, const hr_request *requests,
                            size_t request_count, hr_error *err) HR_MUST_CHECK;

/* For kinds that know the mean alone: NaN in all other outputs that are wanted. */
void hr_request_fill_unknown(const hr_request *request);

/* Answers requests to models of any kinds, [request_count]; those of one kind next to
 * each other are handed on together. */
hr_status hr_models_predict(const hr_spectra *spectra, const hr_request *requests,
                            size_t request_count, hr_error *err) HR_MUST_CHECK;

#endif
