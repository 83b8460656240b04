/* A trained network of any kind (nn/net_kind.h) with the fixed numbers around it: each
 * pixel's mean and factor over its training rows, and the target's mean and deviation. It
 * predicts noisy flux as it comes. It is its own workspace: several threads need a copy
 * each (models/network.h).
 *
 * It predicts one target, so its network has one output. While a network learns several,
 * a model of it scales spectra alone, and hr_net_model_take_output makes one of each; or
 * they stay together (hr_net_model_outputs), each with a mean and a deviation of its own.
 */
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

/* Another one of the same numbers and outputs, for batches of `batch_rows`. Fails as
 * that. */
hr_status hr_net_model_copy(const hr_net_model *from, size_t batch_rows,
                            hr_net_model *out, hr_error *err) HR_MUST_CHECK;

/* One that predicts what is `output` of the network of `from`, for batches of
 * `batch_rows`; the target's mean and deviation are those of `from` until they are set. A
 * copy where it has one output. Fails as that. */
hr_status hr_net_model_take_output(const hr_net_model *from, size_t output,
                                   size_t batch_rows, hr_net_model *out,
                                   hr_error *err) HR_MUST_CHECK;

/* x = (noisy - mean) factor; [P], x may be noisy. */
void hr_net_model_scale(const hr_net_model *model, const float *noisy, float *x);

/* raw [count][T] what the network gives for those rows, in no unit; as predict. */
hr_status hr_net_model_outputs(hr_net_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *raw,
                               hr_error *err) HR_MUST_CHECK;

/* out [count][net->hidden] what the outputs of those rows are made of, of a network that
 * tells it; as predict. */
hr_status hr_net_model_hidden(hr_net_model *model, const float *noisy,
                              const uint32_t *row, size_t count, float *out,
                              hr_error *err) HR_MUST_CHECK;

/* out [count], in the unit of the target, of the rows row[0 .. count-1] of noisy [..][P];
 * row NULL: of the first `count`. Which rows come together changes nothing.
 * HR_ERR_INTERNAL. */
hr_status hr_net_model_predict(hr_net_model *model, const float *noisy,
                               const uint32_t *row, size_t count, float *out,
                               hr_error *err) HR_MUST_CHECK;

/* A file of the kind "hrcnn/1\n", "hrvit/1\n" (docs/formats.md). */
hr_status hr_net_model_save(const hr_net_model *model, const char *path,
                            hr_error *err) HR_MUST_CHECK;

/* What is wanted of a file: a network of the design's kind and with its back ends, its
 * shape aside; without any (0): the fastest ones, in the precision that the model was
 * trained in where they have it. */
typedef struct hr_net_wanted {
  const hr_net_design *design;
  size_t pixels; /* 0: of any */
  size_t batch_rows;
} hr_net_wanted;

/* HR_ERR_MISSING, HR_ERR_FORMAT, HR_ERR_MEMORY. */
hr_status hr_net_model_load(const char *path, const hr_net_wanted *wanted,
                            hr_net_model *out, hr_error *err) HR_MUST_CHECK;

/* Any file that holds such a network, of several outputs or of one; words borrowed. */
typedef struct hr_net_file {
  const char *file_kind; /* 8 characters */
  uint64_t *words;       /* [word_count] */
  size_t word_count;
  size_t
      first; /* where the kind's words begin, HR_NET_MOST_WORDS or all that there are */
  size_t outputs;
} hr_net_file;

/* Writes the model's words, but for the target's mean and deviation, to those of the
 * file, and this whole or not at all. HR_ERR_IO, HR_ERR_MEMORY. */
hr_status hr_net_file_write(const char *path, const hr_net_file *file,
                            const hr_net_model *model, hr_error *err) HR_MUST_CHECK;

/* Fills the words; the target's mean and deviation in the model are not set. Fails as
 * hr_net_model_load. */
hr_status hr_net_file_read(const char *path, const hr_net_file *file,
                           const hr_net_wanted *wanted, hr_net_model *out,
                           hr_error *err) HR_MUST_CHECK;

#endif
