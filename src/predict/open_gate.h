/* A gate of an open bundle, whatever its kind: the weights of the slots of each spectrum,
 * before anything is mixed. */
#ifndef HR_PREDICT_OPEN_GATE_H
#define HR_PREDICT_OPEN_GATE_H

#include "models/bundle.h"
#include "routing/gate.h"
#include "routing/gate_mixing.h"

typedef struct hr_open_gate {
  const hr_bundle_gate *gate; /* borrowed from the bundle */
  hr_gate_mixing mixing;
  hr_gate *weigher; /* owned, its trunk's model the bundle's; NULL: templates' weights */
  const hr_model
      *templates;          /* the model of all rows, borrowed from the bundle; or NULL */
  const char *needs_error; /* title of what has to know the error; NULL: nothing has to */
  size_t slots;            /* bins, and at the end the slot of all rows */
} hr_open_gate;

/* Loads gate number `number` of the bundle, which outlives it. HR_ERR_FORMAT,
 * HR_ERR_MISSING, HR_ERR_MEMORY. Freed with hr_open_gate_fini, on failure too. */
hr_status hr_open_gate_load(hr_bundle *bundle, size_t number, hr_open_gate *out,
                            hr_error *err) HR_MUST_CHECK;
void hr_open_gate_fini(hr_open_gate *gate);

/* weight [N][slots]: those of the rows listed, ascending; other rows get 0. A gate that
 * knows nothing of rows outside all bins gives the last slot 0. HR_ERR_MEMORY. */
hr_status hr_open_gate_weigh(const hr_open_gate *gate, const hr_spectra *spectra,
                             const uint32_t *row, size_t count, double *weight,
                             hr_error *err) HR_MUST_CHECK;

#endif
