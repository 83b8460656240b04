/* One slot's network: its rows, and its training with the remedies. */
#ifndef HR_METHODS_CNN_TRAIN_H
#define HR_METHODS_CNN_TRAIN_H

#include "methods/cnn/cnn.h"
#include "methods/row_store.h"
#include "nn/training.h"

/* Rows a network is trained on at least, and rows held out at least. */
enum { HR_CNN_FEWEST_TRAINED = 10, HR_CNN_FEWEST_HELD_OUT = 2 };

/* Validation R2 that counts as better than the mean; and how much of it may have come in
 * the last fifth of the epochs of a training that is said to have converged. */
#define HR_CNN_LEARNT  0.02
#define HR_CNN_SETTLED 0.02

typedef struct hr_cnn_training {
  int slot;
  const hr_study_view *study; /* borrowed, as are the two following */
  const hr_cnn_parameters *parameters;
  const hr_network_backend *backend;
  size_t trained_rows, held_out_rows; /* that will come */
  hr_row_store *trained, *held_out;   /* rows of clean flux and error, or noisy flux */
  uint32_t *row_of;                   /* [trained_rows] in the dataset, for the noise */
  float *trained_target, *held_out_target;
  double *held_out_snr;         /* [held_out_rows] measured */
  double *sum, *sum_of_squares; /* [P] of the noisy flux trained on */
  float *scratch;               /* [threads][2 P] */
  char *state_path;             /* of the unfinished training; NULL: none is kept */
} hr_cnn_training;

/* Makes room for the rows of the slot, counted in trained_rows and held_out_rows; folder:
 * for files, NULL: in memory. */
hr_status hr_cnn_training_init(hr_cnn_training *slot, const char *folder,
                               hr_error *err) HR_MUST_CHECK;
void hr_cnn_training_fini(hr_cnn_training *slot);

/* Takes row i of the block, which is one of the slot's. */
hr_status hr_cnn_training_observe(hr_cnn_training *slot, const hr_block *block, size_t i,
                                  hr_error *err) HR_MUST_CHECK;

/* Trains: a model and what is known of it, added to out->fit, also remedies where it
 * fails. The rows are given up; the state of the training stays until somebody removes it
 * (hr_store). HR_ERR_NUMERIC, HR_ERR_MEMORY: this slot has no model; HR_ERR_INTERRUPTED,
 * HR_ERR_IO. */
hr_status hr_cnn_training_train(hr_cnn_training *slot, hr_progress *progress,
                                hr_trained *out, hr_error *err) HR_MUST_CHECK;

/* Whether the training converged: it beats the mean, and it was over before its time or
 * the last fifth of its epochs brought less than HR_CNN_SETTLED. */
bool hr_cnn_has_converged(const hr_curve_point *curve, size_t points, size_t epochs);

/* The shape of the network; batch_norm as asked for. HR_ERR_CONFIG as hr_network_check.
 */
hr_status hr_cnn_shape(const hr_study_view *study, const hr_cnn_parameters *parameters,
                       hr_network_shape *out, hr_error *err) HR_MUST_CHECK;

#endif
