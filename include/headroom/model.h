/* Predicting with what a study trained: a bundle of models (docs/formats.md, "The model")
 * opened once, and asked for the labels of spectra that lie in the caller's memory.
 *
 * An open model is called a predictor. It is constant: any number of threads may predict
 * with one at a time, each with its own arrays, and none may close it meanwhile. Opening
 * and closing different predictors from different threads is fine, too. Each prediction
 * works on all processors by itself.
 *
 * Sizes of structs, ownership and threads in general: headroom/library.h. */
#ifndef HEADROOM_MODEL_H
#define HEADROOM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "headroom/dtype.h"
#include "headroom/export.h"
#include "headroom/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is to be known of a prediction before it is trusted; bits, with a word for each.
 * name, bit, word, meaning. */
#define HR_FLAG_LIST(X)                                                               \
  X(HR_FLAG_BAD_SPECTRUM, 1, "bad_spectrum",                                          \
    "flux that is not finite, or every pixel masked: nothing is predicted")           \
  X(HR_FLAG_NO_EXPERT, 2, "no_expert",                                                \
    "no model predicts rows of this kind: nothing is predicted")                      \
  X(HR_FLAG_OUTSIDE_BINS, 4, "outside_bins", "labels outside the bins of the study")  \
  X(HR_FLAG_FALLBACK, 8, "fallback",                                                  \
    "predicted by the model of all rows in place of an expert")                       \
  X(HR_FLAG_OUTSIDE_RANGE, 16, "outside_range",                                       \
    "a prediction outside the range of the training labels")                          \
  X(HR_FLAG_OUTSIDE_SNR, 32, "outside_snr",                                           \
    "a signal-to-noise ratio outside the range of the training spectra")              \
  X(HR_FLAG_MASKED, 64, "masked", "more than a fifth of the pixels masked")           \
  X(HR_FLAG_POOR_FIT, 128, "poor_fit", "the best template does not fit the spectrum") \
  X(HR_FLAG_FEW_TEMPLATES, 256, "few_templates",                                      \
    "fewer than ten templates share the posterior")                                   \
  X(HR_FLAG_NO_NUMBER, 512, "no_number",                                              \
    "what the model says is no finite number: nothing is predicted")                  \
  X(HR_FLAG_OTHER_SCALE, 1024, "other_scale",                                         \
    "flux on another scale than the training spectra")                                \
  X(HR_FLAG_OUTSIDE_FLUX, 2048, "outside_flux",                                       \
    "a pixel far beyond the flux of all training spectra")                            \
  X(HR_FLAG_FEW_PIXELS, 4096, "few_pixels",                                           \
    "too few good pixels on the model's grid: nothing is predicted")                  \
  X(HR_FLAG_VELOCITY, 8192, "velocity",                                               \
    "a velocity at an end of its range, one of several that fit, or none")

typedef enum hr_flag {
#define HR_FLAG_ENUM(name, bit, word, meaning) name = bit,
  HR_FLAG_LIST(HR_FLAG_ENUM)
#undef HR_FLAG_ENUM
} hr_flag;

enum {
  HR_SLOT_GLOBAL = -1, /* as a slot: the model of all rows */
  HR_SLOT_NONE = -2,   /* nobody */
};

typedef struct hr_predictor hr_predictor;

typedef struct hr_model_options {
  size_t size;
  const char *router; /* "global": one model for all; "gate", "gate_<name>": a gate of the
                         bundle weighs the models of the bins by the spectrum; "oracle",
                         "nearest": by the labels that the bins stand on, or by the
                         caller's `slots`. NULL: the bundle's gate where it has one, else
                         global */
  const char *expert; /* the method whose models predict, e.g. "ridge"; NULL: in each slot
                         the one that validation chose */
} hr_model_options;

static inline hr_model_options hr_model_options_default(void) {
  hr_model_options options = {sizeof(hr_model_options), NULL, NULL};
  return options;
}

/* Opens the bundle `path`, its folder or that of the run which has it, checks every file
 * of it and loads the models that will be asked. Memory: those models. HR_ERR_MISSING: no
 * bundle, or an incomplete one; HR_ERR_FORMAT: damaged, or of a version that this program
 * does not read; HR_ERR_USAGE: no such router or expert; HR_ERR_IO, HR_ERR_MEMORY.
 * options: borrowed; NULL: the defaults. *out is freed with hr_model_close. */
HR_API HR_MUST_CHECK hr_status hr_model_open(const char *path,
                                             const hr_model_options *options,
                                             hr_predictor **out, hr_error *err);
HR_API void hr_model_close(hr_predictor **predictor);

/* What an open model is; all texts and arrays are borrowed from it. */
typedef struct hr_model_info {
  size_t size;
  const char *study;               /* experiment.id */
  size_t pixels;                   /* P */
  const double *wave_angstrom;     /* [P] */
  size_t targets;                  /* T */
  const char *const *target_names; /* [T] "log_g" */
  const char *const *target_units; /* [T] "dex", or "" */
  const double *train_minimum;     /* [T] of the training labels, in the unit */
  const double *train_maximum;     /* [T] */
  double snr_minimum, snr_maximum; /* of the training spectra; NaN: not known */
  size_t bins;                     /* K; slots are 0 .. K-1 and HR_SLOT_GLOBAL */
  const char *const *bin_names;    /* [K] */
  size_t axes;                     /* of the grid of bins */
  const char *const *axis_labels;  /* [axes] "T_eff" */
  bool needs_labels;               /* to route: `labels` or `slots` */
  bool needs_error;                /* `error` must be given */
} hr_model_info;

/* Fills the struct as far as its size says. HR_ERR_USAGE where no version had that size.
 */
HR_API HR_MUST_CHECK hr_status hr_model_info_get(const hr_predictor *predictor,
                                                 hr_model_info *info, hr_error *err);

/* N spectra; borrowed for the call. Row i begins `i * stride` bytes behind the pointer;
 * the P pixels of a row lie next to each other, on the model's grid. */
typedef struct hr_model_input {
  size_t size;
  size_t rows;       /* N */
  const void *flux;  /* as observed, scaled as the training spectra */
  const void *error; /* one sigma, in the unit of the flux; not above 0 or not finite:
                        a masked pixel. NULL: not known */
  hr_dtype dtype;    /* of both */
  size_t flux_stride_bytes, error_stride_bytes; /* 0: rows lie next to each other */
  const double *labels; /* [axes][N] the columns that the bins stand on; NULL: none.
                           Compared with the edges as fp64: round what was kept in fp32 */
  const int32_t *slots; /* [N] the slot of each row in place of labels; NULL: none */
} hr_model_input;

static inline hr_model_input hr_model_input_default(void) {
  hr_model_input input = {
      sizeof(hr_model_input), 0, NULL, NULL, HR_FLOAT32, 0, 0, NULL, NULL};
  return input;
}

/* Where to put what; every array is the caller's and may be NULL. A row that cannot be
 * predicted is NaN in `mean`, and its flags say why. */
typedef struct hr_model_output {
  size_t size;
  double *mean;  /* [N][T] in the unit of the target */
  double *sigma; /* [N][T] one sigma; NaN: not known */
  int32_t *slot; /* [N] bin, HR_SLOT_GLOBAL or HR_SLOT_NONE */
  double
      *snr; /* [N] 95 % quantile of flux / error, of eight pixels together; NaN: no error
             */
  double *masked;    /* [N] share of masked pixels, 0 to 1 */
  double *chi2;      /* [N] of the best template, a pixel; NaN: no template */
  double *effective; /* [N] effective number of templates; NaN: no template */
  uint32_t *flags;   /* [N] bits of hr_flag */
  double *half68; /* [N][T] the truth of 68.27 % of spectra is within mean -+ half68; NaN:
                     not known */
  double *half95; /* [N][T] the same of 95.45 % */
  double *gap;    /* [N][T] how far the mean is outside the range of the training labels,
                     in the unit; 0: within it */
} hr_model_output;

static inline hr_model_output hr_model_output_default(void) {
  hr_model_output output = {sizeof(hr_model_output),
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL,
                            NULL};
  return output;
}

/* Predicts. The bytes do not depend on the number of threads; where spectra are predicted
 * in several calls, those of the posterior do not either if each but the last has a
 * multiple of 128 rows. Memory: one copy of 1,024 rows, and a hundred bytes a row.
 * HR_ERR_USAGE where labels, slots or errors that are needed are missing; HR_ERR_MEMORY;
 * HR_ERR_NUMERIC. */
HR_API HR_MUST_CHECK hr_status hr_model_predict(const hr_predictor *predictor,
                                                const hr_model_input *input,
                                                const hr_model_output *output,
                                                hr_error *err);

#ifdef __cplusplus
}
#endif
#endif
