/* Training a network: shuffled batches, the mean squared error, AdamW under a learning
 * rate that rises and falls, and after each epoch a look at rows that were held out.
 *
 * All that is random is keyed by (seed, epoch, place): a training that was saved after
 * an epoch and continued ends with the same bytes as one that was not. */
#ifndef HR_NN_TRAINING_H
#define HR_NN_TRAINING_H

#include "core/observe.h"
#include "nn/net.h"

/* Rows to train on or to validate with. */
typedef struct hr_training_rows {
  size_t count;
  const float *target; /* [count][T] of the network's outputs, about 0 and of size 1; NaN:
                          not known, and no part of loss and R2 */
  /* Writes rows[0 .. count-1] as the network takes them, x [count][pixels], as they are
   * in that epoch (noise may be another each time). */
  hr_status (*fill)(void *context, const uint32_t *rows, size_t count, uint64_t epoch,
                    float *x, hr_error *err);
  /* Told of the rows that are asked for after these, so that they can be read meanwhile;
   * or NULL. */
  void (*expect)(void *context, const uint32_t *rows, size_t count);
  void *context;
} hr_training_rows;

typedef struct hr_training_options {
  size_t epochs, batch_rows;
  size_t judged; /* outputs, the first ones, that the best epoch is chosen by; 0: all */
  double rate;   /* the highest learning rate */
  double rate_floor; /* what it falls to */
  double decay;      /* AdamW's, of all parameters */
  size_t warm_up;    /* epochs over which the rate rises; at most half of them are */
  size_t
      patience;  /* epochs without a better validation after which it is over; 0: none */
  double clip;   /* the most that the gradient's norm is; 0: whatever it is */
  uint64_t seed; /* of the start, the order of the rows, and dropout */
  const hr_observer *observer;
  hr_progress *progress; /* told of every row, `done` counted on; or NULL */
} hr_training_options;

/* One epoch of one output. */
typedef struct hr_curve_point {
  double train_loss; /* mean squared error over the batches, in squares of the target, and
                        over the outputs: the same for each */
  double validation_r2; /* the output's own; NaN where the held-out targets do not vary */
  double rate;          /* of its last step */
} hr_curve_point;

typedef struct hr_trainer hr_trainer;

/* Borrows all it is given. At least one row to train on and one held out. The network
 * starts from the seed. HR_ERR_MEMORY. */
hr_status hr_trainer_create(hr_net *network, const hr_training_options *options,
                            const hr_training_rows *train,
                            const hr_training_rows *held_out, hr_trainer **out,
                            hr_error *err) HR_MUST_CHECK;
void hr_trainer_destroy(hr_trainer **trainer);

/* One more epoch. HR_ERR_NUMERIC where the loss is no number any more; HR_ERR_INTERRUPTED
 * in the midst of it: what was saved before holds; and what `fill` fails with. */
hr_status hr_trainer_epoch(hr_trainer *trainer, hr_error *err) HR_MUST_CHECK;

/* Whether all epochs are done, or patience is at its end. */
bool hr_trainer_is_over(const hr_trainer *trainer);

/* [*count] epochs so far of that output; borrowed. */
const hr_curve_point *hr_trainer_curve(const hr_trainer *trainer, size_t output,
                                       size_t *count);

/* The epoch with the best validation, from 0, and its R2, -INFINITY before there is one.
 * Of several judged outputs it is the mean of the R2 of those whose held-out targets
 * vary. */
size_t hr_trainer_best_epoch(const hr_trainer *trainer);
double hr_trainer_best_r2(const hr_trainer *trainer);

/* Puts the parameters of the best epoch into the network. */
void hr_trainer_take_best(hr_trainer *trainer);

/* What is needed to go on after this epoch, as a file of the kind "hrstate1";
 * `fingerprint` tells what it belongs to: the data and all options. */
hr_status hr_trainer_save(const hr_trainer *trainer, const char *path,
                          uint64_t fingerprint, hr_error *err) HR_MUST_CHECK;

/* HR_ERR_MISSING, HR_ERR_FORMAT; HR_ERR_USAGE where it is of another training. On failure
 * the trainer is as it was, or has to be destroyed where the file could be read. */
hr_status hr_trainer_load(hr_trainer *trainer, const char *path, uint64_t fingerprint,
                          hr_error *err) HR_MUST_CHECK;

#endif
