/* A trained vision transformer with the fixed numbers around it, as nn/cnn_model.h has a
 * CNN: each pixel's mean and factor, and the target's mean and deviation. It predicts
 * noisy flux as it comes, one target. It is its own workspace: who calls it from several
 * threads needs a copy for each. */
#ifndef HR_NN_VIT_MODEL_H
#define HR_NN_VIT_MODEL_H

#include "nn/vit.h"

typedef struct hr_vit_model {
  hr_net *net;
  hr_vit_backend backend;
  size_t batch_rows;
  float *mean;   /* [P] of the noisy flux */
  float *factor; /* [P] that it is multiplied by then; 0: the pixel is not looked at */
  double target_mean, target_deviation;
  float *x; /* [batch_rows][P] */
} hr_vit_model;

/* Fails as hr_vit_create. All numbers are 0. */
hr_status hr_vit_model_init(hr_vit_model *model, const hr_vit_shape *shape,
                            size_t batch_rows, const hr_vit_backend *backend,
                            hr_error *err) HR_MUST_CHECK;
void hr_vit_model_fini(hr_vit_model *model);

/* One that predicts what is `output` of the network of `from`, for batches of
 * `batch_rows`; the target's mean and deviation are those of `from` until they are set. A
 * copy where it has one output. Fails as that. */
hr_status hr_vit_model_take_output(const hr_vit_model *from, size_t output,
                                   size_t batch_rows, hr_vit_model *out,
                                   hr_error *err) HR_MUST_CHECK;

/* x = (noisy - mean) factor; [P], x may be noisy. */
void hr_vit_model_scale(const hr_vit_model *model, const float *noisy, float *x);

/* out [count], in the unit of the target, of the rows row[0 .. count-1] of noisy [..][P];
 * row NULL: of the first `count`. Which rows come together changes nothing.
 * HR_ERR_INTERNAL. */
hr_status hr_vit_model_predict(hr_vit_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *out,
                               hr_error *err) HR_MUST_CHECK;

/* A file of the kind "hrvit/1\n" (docs/formats.md). */
hr_status hr_vit_model_save(const hr_vit_model *model, const char *path,
                            hr_error *err) HR_MUST_CHECK;

/* Of a network of `pixels`, 0: of any. backend NULL: the fastest one of this build and
 * processor, in the precision that the model was trained in where they have it.
 * HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_MEMORY. */
hr_status hr_vit_model_load(const char *path, size_t pixels, size_t batch_rows,
                            const hr_vit_backend *backend, hr_vit_model *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
