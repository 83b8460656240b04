/* Stacked models: a few features of the noisy spectrum and what a linear model below says
 * of it are the inputs of a small model on top,
 *   z = (x - centre) / scale,  x = (features, ŷ below),  ŷ = top(z),
 * which is linear or trees. Of a target and slot; one variant.
 *
 * Files: stack.json, components.npy [1 + C][P] with the mean first, wave.npy [1][P],
 * model.npy of the model below (models/linear.h), and of the one on top top.npy, the
 * intercept and a weight an input, or model.txt (models/trees.h).
 *
 * One letter has one meaning: N rows, P pixels, F features, I = F + 1 inputs. */
#ifndef HR_MODELS_STACKED_H
#define HR_MODELS_STACKED_H

#include "features/gate_features.h"
#include "models/model.h"

extern const hr_model_type hr_stacked_type; /* "stacked" */

/* What it is made of; owned. */
typedef struct hr_stacked_parts {
  hr_gate_features *features;
  double *wave_angstrom;  /* [P] that the features' windows stand on */
  double *centre, *scale; /* [I], scale > 0 */
  hr_model *below;        /* linear, on P pixels; the variant that it chose counts */
  hr_model *top;          /* linear or trees, on I "pixels" */
} hr_stacked_parts;

void hr_stacked_parts_fini(hr_stacked_parts *parts);

/* Takes the parts over, on success alone: they are then all NULL. HR_ERR_MEMORY;
 * HR_ERR_INTERNAL where they do not fit each other. */
hr_status hr_stacked_create_take(int slot, size_t target, hr_stacked_parts *parts,
                                 hr_model **out, hr_error *err) HR_MUST_CHECK;

/* z of `rows` rows, out [rows][I], from features [rows][F] and below [rows]; threads do
 * not matter. */
void hr_stacked_inputs(const hr_stacked_parts *parts, size_t rows, const double *features,
                       const float *below, float *out);

/* What the model is made of; borrowed. */
const hr_stacked_parts *hr_stacked_parts_of(const hr_model *model);

#endif
