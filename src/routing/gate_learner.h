/* Learning gates in a study: it sees training rows as a method does (a sample, then every
 * block once) and keeps the features of some of them, from which any number of gates of
 * those features can be trained.
 *
 *   create, sample blocks, learn blocks, with a trunk hr_gate_learner_take_trunk,
 *   finish_logistic and finish_mlp, destroy
 *
 * Of the covered rows `most_rows` are kept, the same share of every bin, chosen by a hash
 * of the row's number; a fifth of them, by another, is held out: there the temperature is
 * fitted, the MLP is stopped, and the quality is measured. */
#ifndef HR_ROUTING_GATE_LEARNER_H
#define HR_ROUTING_GATE_LEARNER_H

#include "data/stream.h"
#include "routing/gate.h"
#include "routing/gate_kinds.h"
#include "routing/gate_quality.h"

typedef struct hr_gate_learner hr_gate_learner;

/* Borrowed for the life of the learner. */
typedef struct hr_gate_plan {
  const hr_compute *compute;
  hr_gate_grid grid;
  const hr_gate_table *table; /* copied */
  size_t rows;                /* training rows of the study */
  const int32_t *bin;         /* [rows] or HR_UNCOVERED */
  size_t bin_count;           /* K */
  size_t most_rows;           /* kept at most, but for chance */
  bool
      keeps_uncovered; /* of these the same share, which the MLP gate alone learns from */
  uint64_t seed;
  const hr_observer *observer;
  /* The components of a trunk among the features, and numbers of its hidden vector; 0:
   * none. Rows are those of fold 0 then, which networks hold out: fold [rows]. */
  size_t trunk, trunk_width;
  const uint8_t *fold;
} hr_gate_plan;

/* HR_ERR_CONFIG as hr_gate_table_place; HR_ERR_MEMORY. */
hr_status hr_gate_learner_create(const hr_gate_plan *plan, hr_gate_learner **out,
                                 hr_error *err) HR_MUST_CHECK;
void hr_gate_learner_destroy(hr_gate_learner **learner);

/* Bytes at the peak, before anything is made. */
double hr_gate_learner_bytes(const hr_gate_plan *plan);

/* As hr_method's: how many rows of each bin it wants to see before the pass, 0: none, as
 * the table has no components; and a block that holds some, chosen: [block->rows], not 0.
 * More are fine, and not taken. */
size_t hr_gate_learner_sample_rows(const hr_gate_learner *learner);
hr_status hr_gate_learner_sample(hr_gate_learner *learner, const hr_block *block,
                                 const uint8_t *chosen, hr_error *err) HR_MUST_CHECK;

/* Every block of training rows, once, in order. HR_ERR_MEMORY; HR_ERR_NUMERIC where the
 * components cannot be had. */
hr_status hr_gate_learner_learn(hr_gate_learner *learner, const hr_block *block,
                                hr_error *err) HR_MUST_CHECK;

/* The rows that are kept, known from the start, of which all below are in this order:
 * ascending numbers in the study, borrowed; how many. */
size_t hr_gate_learner_rows(const hr_gate_learner *learner, const size_t **rows);

/* What the trunk makes of the rows that are kept, hidden [kept][trunk_width], when all
 * have come: finds its components on those that are not held out, and adds them to the
 * features. To be called once, before finish, of a plan with a trunk. HR_ERR_MEMORY,
 * HR_ERR_NUMERIC. */
hr_status hr_gate_learner_take_trunk(hr_gate_learner *learner, const float *hidden,
                                     hr_error *err) HR_MUST_CHECK;

/* Of the rows that are kept: features [kept][F] as measured, the trunk's last, and who is
 * held out. */
const float *hr_gate_learner_features(const hr_gate_learner *learner);
const bool *hr_gate_learner_held_out(const hr_gate_learner *learner);

/* What is known of a trained gate. */
typedef struct hr_gate_card {
  size_t train_rows, held_out_rows;
  bool converged;    /* Newton's method, or that training stopped early */
  size_t iterations; /* steps, or epochs */
  size_t best_epoch; /* MLP alone */
  double temperature;
  hr_gate_quality untempered; /* of held-out rows, before the temperature was fitted */
  hr_gate_quality held_out;   /* of held-out rows, as the gate is */
  double train_mse, held_out_mse; /* of the mixture, MLP alone; otherwise NaN */
  double seconds;
} hr_gate_card;

/* Trains a logistic gate on the covered rows. HR_ERR_EMPTY where there is none to train
 * on; otherwise as hr_logistic_fit. */
hr_status hr_gate_learner_finish_logistic(hr_gate_learner *learner,
                                          const hr_gate_logistic_parameters *parameters,
                                          hr_gate **out, hr_gate_card *card,
                                          hr_error *err) HR_MUST_CHECK;

/* What the MLP gate learns; borrowed. */
typedef struct hr_gate_mlp_target {
  size_t number;           /* of the study's targets, for random numbers */
  const double *y;         /* [kept] */
  const float *prediction; /* [kept][K] of the experts, out of fold; NaN: there is none.
                              Rows without any are left out, bins without any weigh 0 */
} hr_gate_mlp_target;

/* Trains an MLP gate; its temperature stays 1. HR_ERR_EMPTY where no row has a
 * prediction; otherwise as hr_mlp_fit. */
hr_status hr_gate_learner_finish_mlp(hr_gate_learner *learner,
                                     const hr_gate_mlp_parameters *parameters,
                                     const hr_gate_mlp_target *target, hr_gate **out,
                                     hr_gate_card *card, hr_error *err) HR_MUST_CHECK;

#endif
