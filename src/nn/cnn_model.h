/* A trained network with the fixed numbers around it: each pixel's mean and deviation
 * over its training rows, and the target's. It predicts noisy flux as it comes. It is its
 * own workspace: several threads need a copy each (models/network.h).
 *
 * It predicts one target, so its network has one output. While a network learns several,
 * a model of it scales spectra alone, and hr_cnn_model_take_output makes one of each. */
#ifndef HR_NN_CNN_MODEL_H
#define HR_NN_CNN_MODEL_H

#include "nn/network.h"

typedef struct hr_cnn_model {
  hr_network *network;
  hr_network_backend backend;
  size_t batch_rows;
  float *mean;   /* [P] of the noisy flux */
  float *factor; /* [P] 1 / standard deviation; 0 where the pixel never varies */
  double target_mean, target_deviation;
  float *x; /* [batch_rows][P] */
} hr_cnn_model;

/* Fails as hr_network_create. All numbers are 0. */
hr_status hr_cnn_model_init(hr_cnn_model *model, const hr_network_shape *shape,
                            size_t batch_rows, const hr_network_backend *backend,
                            hr_error *err) HR_MUST_CHECK;
void hr_cnn_model_fini(hr_cnn_model *model);

/* Another one of the same numbers, for batches of `batch_rows`. Fails as that. */
hr_status hr_cnn_model_copy(const hr_cnn_model *from, size_t batch_rows,
                            hr_cnn_model *out, hr_error *err) HR_MUST_CHECK;

/* One that predicts what is `output` of the network of `from`; the target's mean and
 * deviation are those of `from` until they are set. Fails as that. */
hr_status hr_cnn_model_take_output(const hr_cnn_model *from, size_t output,
                                   size_t batch_rows, hr_cnn_model *out,
                                   hr_error *err) HR_MUST_CHECK;

/* x = (noisy - mean) factor; [P], x may be noisy. */
void hr_cnn_model_scale(const hr_cnn_model *model, const float *noisy, float *x);

/* out [count], in the unit of the target, of the rows row[0 .. count-1] of noisy [..][P];
 * row NULL: of the first `count`. Which rows come together changes nothing.
 * HR_ERR_INTERNAL. */
hr_status hr_cnn_model_predict(hr_cnn_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *out,
                               hr_error *err) HR_MUST_CHECK;

/* A file of the kind "hrcnn/1\n" (docs/formats.md). */
hr_status hr_cnn_model_save(const hr_cnn_model *model, const char *path,
                            hr_error *err) HR_MUST_CHECK;

/* Of a network of `pixels`, 0: of any. backend NULL: the fastest one of this build and
 * processor, in the precision that the model was trained in where they have it.
 * HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_MEMORY. */
hr_status hr_cnn_model_load(const char *path, size_t pixels, size_t batch_rows,
                            const hr_network_backend *backend, hr_cnn_model *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
