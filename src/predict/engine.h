/* Predicting a block of spectra with an open bundle: route, ask the models, put together
 * what they say, and flag what is not to be trusted. An engine is constant once it is
 * open; any number of threads may predict with one at a time. */
#ifndef HR_PREDICT_ENGINE_H
#define HR_PREDICT_ENGINE_H

#include "data/flux_scale.h"
#include "data/prepare.h"
#include "headroom/model.h"
#include "models/bundle.h"
#include "predict/velocity.h"
#include "routing/router.h"

typedef struct hr_engine hr_engine;

/* Opens the bundle and loads the models that can be asked. router: a name, "gate" or
 * "gate_<name>" for a gate of the bundle, NULL for its gate where it has one and else
 * "global"; expert: a method or NULL. Statuses as hr_model_open. */
hr_status hr_engine_open(const char *path, const char *router, const char *expert,
                         hr_engine **out, hr_error *err) HR_MUST_CHECK;
void hr_engine_close(hr_engine **engine);

/* All borrowed. */
const hr_bundle_description *hr_engine_describe(const hr_engine *engine);
const char *hr_engine_folder(const hr_engine *engine);
const hr_router *hr_engine_router(const hr_engine *engine);
/* The candidate that predicts a target of the rows of a slot; HR_NO_CANDIDATE: nobody. */
size_t hr_engine_candidate(const hr_engine *engine, size_t target, size_t slot);
/* Its model, borrowed; NULL: nobody. */
const hr_model *hr_engine_model(const hr_engine *engine, size_t target, size_t slot);
/* The title of a model that has to know the error; NULL: none has to. */
const char *hr_engine_needs_error(const hr_engine *engine);
/* What is done to spectra before they are predicted. */
const hr_conditioning *hr_engine_conditioning(const hr_engine *engine);

/* How spectra are brought to rest; NULL: they are taken as they are. */
const hr_mover *hr_engine_mover(const hr_engine *engine);

/* A block of rows; borrowed. */
typedef struct hr_engine_rows {
  hr_spectra spectra;           /* `error` NULL: not known; `level` is not looked at */
  const hr_row_report *reports; /* [N] of hr_prepare_row */
  const hr_bin_column *labels;  /* [axis_count] columns [N]; NULL: none */
  const int32_t *slots;         /* [N] HR_GLOBAL, bins or HR_SLOT_NONE; NULL: none */
  const hr_velocity_answer *velocity; /* [N] by which they are at rest; NULL: unknown */
} hr_engine_rows;

/* What is known of a block; every array is owned. */
typedef struct hr_engine_result {
  double *mean, *sigma;    /* [N][T]; NaN: none, not known */
  double *half68, *half95; /* [N][T] half-widths of intervals; NaN: not known */
  double *gap;           /* [N][T] from the range of the training labels, 0: within it */
  int32_t *slot;         /* [N] bin, HR_SLOT_GLOBAL or HR_SLOT_NONE */
  int32_t *candidate;    /* [N][T] of the bundle, whose model it was; -1: none */
  double *snr;           /* [N] */
  double *masked;        /* [N] share of the pixels */
  double *chi2;          /* [N] of the first target that has templates */
  double *effective;     /* [N] */
  uint32_t *flags;       /* [N] */
  double *rv, *sigma_rv; /* [N] km/s; NaN: none, not known */
  hr_row_scale *scale;   /* [N] of the flux */
  int8_t *side;          /* [N] hr_flux_scale_compare */
  size_t *beyond;        /* [N] hr_flux_range_beyond */
} hr_engine_result;

/* Room for blocks of `rows` rows; to be followed by _fini, on failure too. */
hr_status hr_engine_result_init(const hr_engine *engine, size_t rows,
                                hr_engine_result *out, hr_error *err) HR_MUST_CHECK;
void hr_engine_result_fini(hr_engine_result *result);

/* Predicts the rows. HR_ERR_USAGE where labels, slots or the error are needed and
 * missing; whatever models fail with. */
hr_status hr_engine_predict(const hr_engine *engine, const hr_engine_rows *rows,
                            hr_engine_result *out, hr_error *err) HR_MUST_CHECK;

#endif
