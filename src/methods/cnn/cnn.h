/* 1D-CNN: a small convolutional network along the wavelength, trained for the bins that
 * are asked for, and where that is asked for on all rows (src/nn).
 *
 * A network goes over its rows many times, so they are kept: in memory, or in a file of
 * the run directory where a quarter of the budget does not hold them. With `redraw` it is
 * the clean flux and the error that are kept, and every epoch sees each spectrum with
 * noise of its own, a function of (seed, epoch, row, pixel). The first of the study's
 * folds is held out: it says which epoch was the best, whose weights are the model, and
 * is what validation R2 is over.
 *
 * A training that is no better than the mean after `restart_after` epochs, or whose loss
 * is no number any more, is started once more with a tenth of the learning rate and batch
 * normalisation. A training that does not converge says so, and its model is not chosen.
 *
 * Several targets are learnt from the same rows, one network after the other, each the
 * very network of its target alone; or with `joint` by one network with an output for
 * each. That one minimises the mean of the targets' squared errors in units of their
 * variance; its best epoch is that of the highest mean R2, and it is started again where
 * no target is better than its mean. */
#ifndef HR_METHODS_CNN_CNN_H
#define HR_METHODS_CNN_CNN_H

#include "methods/method.h"
#include "nn/network.h"

typedef struct hr_cnn_parameters {
  hr_numbers channels; /* of each convolution */
  int64_t kernel_size; /* pixels */
  int64_t pool_size;
  int64_t fc_dim;
  bool batch_norm;
  int64_t epochs;
  int64_t batch_size; /* rows */
  double lr;
  double weight_decay;
  int64_t warmup;        /* epochs */
  int64_t patience;      /* epochs; 0: none */
  int64_t restart_after; /* epochs */
  bool redraw;
  char *precision;       /* "fp32", as where it is NULL, "bf16" or "auto" */
  bool joint;            /* one network for all targets */
  hr_numbers bins;       /* those it is trained for */
  bool global;           /* whether there is a model of all rows, too */
  int64_t global_rows;   /* that it is trained on and validated with, at most; 0: all */
  int64_t global_epochs; /* of its training; 0: epochs */
} hr_cnn_parameters;

extern const hr_method hr_cnn_method;

/* As the method's begin, on other back ends; copied. */
hr_status hr_cnn_begin_with(const hr_network_backend *backend, const hr_study_view *study,
                            const hr_cnn_parameters *parameters, hr_learner **out,
                            hr_error *err) HR_MUST_CHECK;

#endif
