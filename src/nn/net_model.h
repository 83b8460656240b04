/* A trained network of any kind (nn/net_kind.h) with the fixed numbers around it: each
 * pixel's mean and factor over its training rows, and the target's mean and deviation. It
 * predicts noisy flux as it comes. It is its own workspace: several threads need a copy
 * each (models/network.h).
 *
 * It predicts one target, so its network has one output. While a network learns several,
 * a model of it scales spectra alone, and hr_net_model_take_output makes one of each. */
#ifndef HR_NN_NET_MODEL_H
#define HR_NN_NET_MODEL_H

#include "nn/net_kind.h"

typedef struct hr_net_model {
  hr_net_design design;
  hr_net *net;
  size_t batch_rows;
  float *mean;   /* [P] of the noisy flux */
  float *factor; /* [P] that it is multiplied by then; 0 where the pixel never varies */
  double target_mean, target_deviation;
  float *x; /* [batch_rows][P] */
} hr_net_model;

/* Fails as the kind's `create`. All numbers are 0. */
hr_status hr_net_model_init(hr_net_model *model, const hr_net_design *design,
                            size_t batch_rows, hr_error *err) HR_MUST_CHECK;
void hr_net_model_fini(hr_net_model *model);

/* One that predicts what is `output` of the network of `from`, for batches of
 * `batch_rows`; the target's mean and deviation are those of `from` until they are set. A
 * copy where it has one output. Fails as that. */
hr_status hr_net_model_take_output(const hr_net_model *from, size_t output,
                                   size_t batch_rows, hr_net_model *out,
                                   hr_error *err) HR_MUST_CHECK;

/* x = (noisy - mean) factor; [P], x may be noisy. */
void hr_net_model_scale(const hr_net_model *model, const float *noisy, float *x);

/* out [count], in the unit of the target, of the rows row[0 .. count-1] of noisy [..][P];
 * row NULL: of the first `count`. Which rows come together changes nothing.
 * HR_ERR_INTERNAL. */
hr_status hr_net_model_predict(hr_net_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *out,
                               hr_error *err) HR_MUST_CHECK;

/* A file of the kind "hrcnn/1\n", "hrvit/1\n" (docs/formats.md). */
hr_status hr_net_model_save(const hr_net_model *model, const char *path,
                            hr_error *err) HR_MUST_CHECK;

/* One of the design's kind and with its back ends, its shape aside; without any (0): the
 * fastest ones, in the precision that the model was trained in where they have it. Of
 * `pixels`, 0: of any. HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_MEMORY. */
hr_status hr_net_model_load(const char *path, const hr_net_design *design, size_t pixels,
                            size_t batch_rows, hr_net_model *out,
                            hr_error *err) HR_MUST_CHECK;

#endif
