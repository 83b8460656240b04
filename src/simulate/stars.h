/* Which stars are simulated: their labels and the conditions they are observed under. */
#ifndef HR_SIMULATE_STARS_H
#define HR_SIMULATE_STARS_H

#include <stdint.h>

#include "core/random.h"
#include "headroom/simulate.h"
#include "simulate/definition.h"
#include "simulate/instrument.h"

/* The users' grid has five axes, one of which, chosen at random, is free in each star. */
#define HR_STARS_FREE_FRACTION 0.2

/* km/s either way, above what stars of the Galaxy have; the arm's ends move by 30
 * angstrom.
 */
#define HR_STARS_FASTEST 1000.0

typedef struct hr_star {
  double labels[HR_GRID_AXES]; /* K, dex, dex */
  double mag;                  /* AB, HSC i */
  double deviate;              /* uniform, of what an instrument's SNR is drawn with */
  hr_conditions conditions;
  double rv; /* km/s, 0 unless a range is asked for */
} hr_star;

/* Checks the options against the tables: HR_ERR_USAGE, with the option, its limits and
 * what to write instead. definition: NULL for PFS; else what belongs to PFS is refused.
 */
hr_status hr_stars_check(const hr_simulate_options *options, const hr_grid_tables *tables,
                         const hr_definition *definition, hr_error *err) HR_MUST_CHECK;

/* Star number `row` of a stream, HR_STREAM_SIMULATE_TRAIN, _TEST or _GRID_TEMPLATES.
 * tables: where labels lie on nodes (HR_SIMULATE_LATTICE), else not looked at. */
hr_star hr_stars_draw(const hr_simulate_options *options, const hr_grid_tables *tables,
                      hr_stream_id stream, uint64_t row);

#endif
