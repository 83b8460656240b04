/* A gate: the weights of the bins of each spectrum, from the noisy flux alone, and, where
 * it has one, from what a trained trunk makes of it, which are the last features.
 *
 *   z = (features - centre) / scale,  h = relu(W h + b) layer by layer from h = z,
 *   weights = softmax(last layer / temperature) over the bins that it has seen
 *
 * A logistic gate has one layer, an MLP gate several; they differ in how they were
 * trained (gate_logistic.h, gate_mlp.h) and in nothing else. What mixing makes of the
 * weights is beside it (hr_gate_mix). Const while it weighs, for any number of threads.
 *
 * One letter has one meaning: N rows, P pixels, F features, K bins. */
#ifndef HR_ROUTING_GATE_H
#define HR_ROUTING_GATE_H

#include <stdbool.h>

#include "features/gate_features.h"
#include "routing/gate_trunk.h"

enum { HR_GATE_MOST_LAYERS = 8, HR_GATE_MOST_UNITS = 1024, HR_GATE_KIND_BYTES = 16 };

typedef struct hr_gate_layer {
  size_t inputs, outputs;
  double *weights; /* [outputs][inputs] */
  double *bias;    /* [outputs] */
} hr_gate_layer;

typedef struct hr_gate {
  char kind[HR_GATE_KIND_BYTES]; /* how it was trained: "logistic", "mlp" */
  hr_gate_features *features;    /* owned */
  hr_gate_trunk *trunk;          /* owned; NULL: it looks at none */
  double *centre, *scale;        /* [F], scale > 0 */
  size_t layer_count;            /* 1 ..; the last one's outputs are the bins */
  hr_gate_layer layer[HR_GATE_MOST_LAYERS];
  bool *present;      /* [K] bins that had training rows; the others weigh 0 */
  double temperature; /* > 0 */
} hr_gate;

/* A gate with layers of those sizes, sizes[0] = F inputs, those of a trunk among them, up
 * to sizes[layers] = K outputs, all weights 0, every bin present, temperature 1. Takes
 * the features over, on success alone. HR_ERR_MEMORY. */
hr_status hr_gate_create(const char *kind, hr_gate_features **features,
                         size_t layer_count, const size_t *sizes, hr_gate **out,
                         hr_error *err) HR_MUST_CHECK;
void hr_gate_destroy(hr_gate **gate);

size_t hr_gate_bins(const hr_gate *gate); /* K */
double hr_gate_bytes(const hr_gate *gate);

/* The weights of the bins for noisy spectra [rows][P]: weight [rows][K], each row's add
 * up to 1. Threaded; a row's bytes depend on that row alone. HR_ERR_MEMORY;
 * HR_ERR_INTERNAL where it has a trunk whose model is not known. */
hr_status hr_gate_weigh(const hr_gate *gate, size_t rows, const float *noisy,
                        double *weight, hr_error *err) HR_MUST_CHECK;

/* The same from features [rows][F] as hr_gate_features_fill has them, and behind them the
 * trunk's. Where a row's logits are no numbers, all of its weights are 0. */
hr_status hr_gate_weigh_features(const hr_gate *gate, size_t rows, const double *features,
                                 double *weight, hr_error *err) HR_MUST_CHECK;

/* The last layer's outputs before the softmax and the temperature: logits [rows][K]; of
 * bins that are not present -infinity. */
hr_status hr_gate_logits(const hr_gate *gate, size_t rows, const double *features,
                         double *logits, hr_error *err) HR_MUST_CHECK;

/* Writes gate.json, components.npy, trunk.npy where it has one, and layer_<n>.npy into
 * `folder`, which is there, each file whole or not at all (docs/formats.md). HR_ERR_IO,
 * HR_ERR_MEMORY. */
hr_status hr_gate_save(const hr_gate *gate, const char *folder,
                       hr_error *err) HR_MUST_CHECK;

/* The spectra that a gate is read for; borrowed. */
typedef struct hr_gate_place {
  const char *folder;
  const double *wave_angstrom; /* [pixels] */
  size_t pixels, bins;
} hr_gate_place;

/* Reads what hr_gate_save wrote, and believes nothing of it. The model of its trunk is
 * not known then (hr_gate_trunk.model). HR_ERR_MISSING, HR_ERR_IO, HR_ERR_MEMORY;
 * HR_ERR_FORMAT where the files are not as hr_gate_save writes them, or are for other
 * spectra or bins. */
hr_status hr_gate_load(const hr_gate_place *place, hr_gate **out,
                       hr_error *err) HR_MUST_CHECK;

/* The softmax of logits [bins] at a temperature, in place; -infinity gives 0, and all are
 * 0 where there is none that is a number. */
void hr_gate_softmax(size_t bins, double temperature, double *logits);

#endif
