/* A trained network with the fixed numbers around it: each pixel's mean and deviation
 * over its training rows, and the target's. It predicts noisy flux as it comes. */
#ifndef HR_NN_CNN_MODEL_H
#define HR_NN_CNN_MODEL_H

#include "nn/network.h"

typedef struct hr_cnn_model {
  hr_network *network;
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

/* x = (noisy - mean) factor; [P], x may be noisy. */
void hr_cnn_model_scale(const hr_cnn_model *model, const float *noisy, float *x);

/* out [rows], in the unit of the target, of noisy [rows][P]. Which rows come together
 * changes nothing. HR_ERR_INTERNAL. */
hr_status hr_cnn_model_predict(hr_cnn_model *model, const float *noisy, size_t rows,
                               float *out, hr_error *err) HR_MUST_CHECK;

/* A file of the kind "hrcnn/1\n" (docs/formats.md). */
hr_status hr_cnn_model_save(const hr_cnn_model *model, const char *path,
                            hr_error *err) HR_MUST_CHECK;

/* HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_MEMORY. */
hr_status hr_cnn_model_load(const char *path, size_t batch_rows,
                            const hr_network_backend *backend, hr_cnn_model *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
