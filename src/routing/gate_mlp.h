/* The regression gate: a small network whose softmax weighs the experts, trained for the
 * error of their mixture and not for the bins:
 *   minimise the mean over rows of (y - sum_k p_k(z) yhat_k)^2
 * The experts are frozen; what they predict has to be out of fold. By Adam (Kingma & Ba
 * 2015; rates 0.9, 0.999, epsilon 1e-8), in fp64, from weights that are uniform in
 * +-1/sqrt(inputs) as PyTorch's Linear has them, drawn from the seed. */
#ifndef HR_ROUTING_GATE_MLP_H
#define HR_ROUTING_GATE_MLP_H

#include "headroom/observer.h"
#include "routing/gate.h"

typedef struct hr_mlp_rows {
  size_t rows, features, bins;
  const float *z;          /* [rows][features], standardised */
  const double *y;         /* [rows] */
  const float *prediction; /* [rows][bins] of the experts; NaN: there is none, its weight
                              is shared out among the others */
} hr_mlp_rows;

typedef struct hr_mlp_options {
  size_t layer_count;                    /* with the last one */
  size_t sizes[HR_GATE_MOST_LAYERS + 1]; /* F, hidden .., K */
  double learning_rate;
  size_t batch;    /* rows a step */
  size_t epochs;   /* at most */
  size_t patience; /* epochs without a better held-out error after which it ends */
  uint64_t seed;
  const hr_compute *compute;
  const hr_observer *observer; /* NULL: nobody */
} hr_mlp_options;

hr_mlp_options hr_mlp_options_default(
    void); /* hidden 32 16, 1e-3, 256, 100, 10; no F, K */

typedef struct hr_mlp_result {
  size_t epochs, best_epoch; /* from 1; 0: the start was best */
  bool stopped_early;
  double train_mse;    /* at the best epoch, unit of y squared */
  double held_out_mse; /* the same rows' that it stopped by */
} hr_mlp_result;

/* Parameters one after the other: layer by layer weights [outputs][inputs], then bias. */
size_t hr_mlp_parameters(const hr_mlp_options *options);

/* The weights that training starts from. parameters: [hr_mlp_parameters]. */
void hr_mlp_start(const hr_mlp_options *options, double *parameters);

/* The mean squared error of rows that have any prediction, and, where gradient is not
 * NULL, its derivatives. Bytes do not depend on threads. HR_ERR_MEMORY. */
hr_status hr_mlp_loss(const hr_mlp_options *options, const hr_mlp_rows *rows,
                      const double *parameters, double *loss, double *gradient,
                      hr_error *err) HR_MUST_CHECK;

/* Adam's step number `step`, from 1; first, second: [count], 0 at the start. */
void hr_mlp_step(size_t count, size_t step, double learning_rate, const double *gradient,
                 double *moments, double *parameters);

/* Trains on `train` and keeps the parameters of the epoch with the least error on `held`.
 * parameters: out. HR_ERR_MEMORY, HR_ERR_INTERRUPTED; HR_ERR_NUMERIC where the error is
 * no number. */
hr_status hr_mlp_fit(const hr_mlp_options *options, const hr_mlp_rows *train,
                     const hr_mlp_rows *held, double *parameters, hr_mlp_result *result,
                     hr_error *err) HR_MUST_CHECK;

#endif
