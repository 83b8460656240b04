/* What a gate sees of a trunk that networks share (models/heads.h): the leading
 * components of its hidden vector h, which all heads are made of, feature k = (h - mean)
 * . v_k,  v_k orthonormal, for h is as wide as the network, and its numbers say much the
 * same.
 *
 * One letter has one meaning: D numbers of the hidden vector, K components. */
#ifndef HR_ROUTING_GATE_TRUNK_H
#define HR_ROUTING_GATE_TRUNK_H

#include "models/heads.h"

enum { HR_GATE_MOST_TRUNK = 65536 }; /* D of a file that is believed */

typedef struct hr_gate_trunk {
  size_t width, components; /* D, K */
  double *values;           /* [1 + K][D] the mean, then the components */
  const hr_model *model;    /* a head on the trunk, borrowed; NULL: it is not known yet */
} hr_gate_trunk;

/* All values 0, and no model. HR_ERR_MEMORY. */
hr_status hr_gate_trunk_create(size_t width, size_t components, hr_gate_trunk **out,
                               hr_error *err) HR_MUST_CHECK;
hr_status hr_gate_trunk_copy(const hr_gate_trunk *from, hr_gate_trunk **out,
                             hr_error *err) HR_MUST_CHECK;
void hr_gate_trunk_destroy(hr_gate_trunk **trunk);

/* out [K] of a hidden vector [D]. */
void hr_gate_trunk_project(const hr_gate_trunk *trunk, const float *hidden, double *out);

/* Makes features [rows][before], with room behind, [rows][before + K]: of noisy spectra
 * [rows][P]. A row's bytes depend on that row alone. HR_ERR_MEMORY; HR_ERR_INTERNAL where
 * the model is not known. */
hr_status hr_gate_trunk_append(const hr_gate_trunk *trunk, size_t rows,
                               const float *noisy, size_t before, double *features,
                               hr_error *err) HR_MUST_CHECK;

#endif
