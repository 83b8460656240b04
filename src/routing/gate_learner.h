/* Learning gates in a study: it sees training rows as a method does (a sample, then every
 * block once) and keeps the features of some of them, from which any number of gates of
 * the same features can be trained.
 *
 *   create, sample blocks, learn blocks, finish_logistic and finish_mlp, destroy
 *
 * Of covered rows `most_rows` are kept, chosen at random, of every bin the same share; a
 * fifth of them, by a hash of the row's number, is held out: the temperature is fitted,
 * the MLP is stopped, and the quality is measured there. */
#ifndef HR_ROUTING_GATE_LEARNER_H
#define HR_ROUTING_GATE_LEARNER_H

#include "data/stream.h"
#include "routing/gate_kinds.h"
#include "routing/gate_logistic.h"
#include "routing/gate_mlp.h"
#include "routing/gate_quality.h"

typedef struct hr_gate_learner hr_gate_learner;

/* Borrowed for the life of the learner. */
typedef struct hr_gate_plan {
  const hr_compute *compute;
  const double *wave_angstrom; /* [pixels] */
  size_t pixels;
  double base;        /* of the conditioning */
  size_t rows;        /* training rows of the study */
  const int32_t *bin; /* [rows] or HR_UNCOVERED */
  size_t bin_count;
  uint64_t seed;
  const hr_gate_table *table;
  const char *key;     /* of the table, for messages: "gates.logistic.features" */
  size_t most_rows;    /* kept at most, but for chance */
  bool keep_uncovered; /* of these the same share, for the MLP gate alone */
  const hr_observer *observer;
} hr_gate_plan;

/* HR_ERR_CONFIG as hr_gate_table_check; HR_ERR_MEMORY. */
hr_status hr_gate_learner_create(const hr_gate_plan *plan, hr_gate_learner **out,
                                 hr_error *err) HR_MUST_CHECK;
void hr_gate_learner_destroy(hr_gate_learner **learner);

/* Bytes at the peak, before anything is made. */
double hr_gate_learner_memory(const hr_gate_plan *plan);

/* As hr_method's: how many rows of each bin it wants to see before the pass (0: none, the
 * table has no components), and blocks that hold them; a call with rows fills a sample of
 * at most 4096 rows. */
size_t hr_gate_learner_sample_rows(const hr_gate_learner *learner);
hr_status hr_gate_learner_sample(hr_gate_learner *learner, const hr_block *block,
                                 const bool *chosen, hr_error *err) HR_MUST_CHECK;

/* Every block of training rows, once, in order. */
hr_status hr_gate_learner_learn(hr_gate_learner *learner, const hr_block *block,
                                hr_error *err) HR_MUST_CHECK;

/* The rows that are kept: ascending numbers in the study, borrowed; how many. They are
 * known from the start. */
size_t hr_gate_learner_rows(const hr_gate_learner *learner, const size_t **rows);

/* Their features [kept][F], borrowed, raw; and which are held out, [kept]. */
const float *hr_gate_learner_features(const hr_gate_learner *learner, size_t *count);
const bool *hr_gate_learner_held_out(const hr_gate_learner *learner);

typedef struct hr_gate_card { /* what is known of a trained gate */
  size_t train_rows, held_out_rows;
  bool converged;
  size_t iterations; /* of Newton's method, or epochs */
  double temperature;
  hr_gate_quality before;         /* on held-out rows, at temperature 1 */
  hr_gate_quality after;          /* at the fitted temperature */
  double train_mse, held_out_mse; /* of the mixture, MLP alone; NaN otherwise */
  double seconds;
} hr_gate_card;

/* Trains a logistic gate. HR_ERR_DATA where fewer than two bins have rows; as
 * hr_logistic_fit. */
hr_status hr_gate_learner_finish_logistic(hr_gate_learner *learner,
                                          const hr_gate_logistic_parameters *parameters,
                                          hr_gate **out, hr_gate_card *card,
                                          hr_error *err) HR_MUST_CHECK;

/* Trains an MLP gate; its temperature stays 1, as its weights are no probabilities. y
 * [kept] and predictions [kept][K], in the order of hr_gate_learner_rows, out of fold;
 * NaN where an expert has none, rows without any are left out. `target`: which of the
 * study's, for the random numbers. As hr_mlp_fit; HR_ERR_DATA where no row is left. */
hr_status hr_gate_learner_finish_mlp(hr_gate_learner *learner,
                                     const hr_gate_mlp_parameters *parameters,
                                     const double *y, const float *prediction,
                                     hr_gate **out, hr_gate_card *card,
                                     hr_error *err) HR_MUST_CHECK;

#endif
