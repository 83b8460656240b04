/* One network: its training with the remedies, for one target or for several. */
#ifndef HR_METHODS_CNN_TRAIN_H
#define HR_METHODS_CNN_TRAIN_H

#include "methods/cnn/rows.h"

/* Rows a network is trained on at least, and rows held out at least. */
enum { HR_CNN_FEWEST_TRAINED = 10, HR_CNN_FEWEST_HELD_OUT = 2 };

/* What a network is trained for; borrowed. */
typedef struct hr_cnn_training {
  hr_cnn_rows *rows;
  const hr_cnn_parameters *parameters;
  const hr_network_backend *backend;
  size_t first_target, targets; /* it has an output for each of them */
} hr_cnn_training;

/* Trains: a model of each target and what is known of it, added to out[t]->fit, also
 * remedies where it fails; out: [targets]. The rows stay, and so does the state of the
 * training, which is kept under the first of its targets (hr_store), until somebody
 * removes it. HR_ERR_NUMERIC, HR_ERR_MEMORY: there is no model; HR_ERR_INTERRUPTED,
 * HR_ERR_IO. */
hr_status hr_cnn_train(const hr_cnn_training *training, hr_progress *progress,
                       hr_trained *const *out, hr_error *err) HR_MUST_CHECK;

/* The shape of the networks: batch_norm as asked for, an output for each of the targets
 * with `joint`. HR_ERR_CONFIG as hr_network_check. */
hr_status hr_cnn_shape(const hr_study_view *study, const hr_cnn_parameters *parameters,
                       hr_network_shape *out, hr_error *err) HR_MUST_CHECK;

#endif
