/* Noise-free model spectra drawn at random from the built-in grid, as `headroom simulate`
 * draws its stars by default: labels uniform over the whole grid. */
#ifndef HR_SIMULATE_DRAWS_H
#define HR_SIMULATE_DRAWS_H

#include <stdint.h>

#include "compute/compute.h"
#include "core/observe.h"
#include "simulate/models.h"

/* The labels of draw number `number` (K, dex, dex): a function of seed and number. */
void hr_draw_labels(uint64_t seed, uint64_t number, double labels[HR_GRID_AXES]);

typedef struct hr_draw_options {
  const hr_compute *compute; /* what to compute with; NULL: hr_compute_default() */
  hr_model_view view;        /* as what sees them, of hr_models_grid */
  uint64_t seed;
  size_t count;
  double median; /* of every spectrum's pixels, > 0 */
  const hr_observer *observer;
  const char *stage; /* what the observer is told */
} hr_draw_options;

/* No spectrum, with the seed 0, a median of 1 and no observer; 0 pixels, which are those
 * of the PFS arm. */
hr_draw_options hr_draw_options_default(void);

/* Takes the spectrum of draw `number`; flux: [P] fp32, prepared as a study's own spectra
 * are (data/prepare.h), the caller's to change until it returns. */
typedef void hr_draw_taker(void *context, size_t number, float *flux);

/* Shows draws 0 .. count-1 to `take`, in order and from one thread. Made 256 at a time,
 * by their number alone, so that they have the same bytes for any count and number of
 * threads. HR_ERR_MISSING as hr_models_grid, HR_ERR_INTERRUPTED, HR_ERR_MEMORY. Cost: 2 G
 * P operations a draw (10 million) at the BLAS rate, hr_draw_bytes of memory. */
hr_status hr_draw_spectra(const hr_draw_options *options, hr_draw_taker *take,
                          void *context, hr_error *err) HR_MUST_CHECK;

/* Floating point operations of a draw. */
double hr_draw_operations(size_t pixels);

/* What hr_draw_spectra takes, in bytes. */
double hr_draw_bytes(const hr_model_view *view);

#endif
