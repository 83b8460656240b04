/* The settings of `headroom sweep`: of one of them several values, of the others one. */
#ifndef HR_CLI_SWEEP_VALUES_H
#define HR_CLI_SWEEP_VALUES_H

#include "core/text.h"

/* All owned; freed with hr_sweep_values_fini, also after a failure. */
typedef struct hr_sweep_values {
  char *key;         /* that is swept, as it was given: "data.rows" */
  hr_strings values; /* [points] as they were given: "1000" */
  hr_strings others; /* the settings with one value, */
  size_t place;      /* and how many of them stand before the one that is swept */
} hr_sweep_values;

/* Takes "KEY=VALUE" settings apart. The one whose value has a comma outside of brackets,
 * braces and quotes is swept: KEY=V1,V2,... HR_ERR_USAGE where none or several have one,
 * or a value is empty or is there twice; HR_ERR_MEMORY. */
hr_status hr_sweep_values_read(const hr_strings *settings, hr_sweep_values *out,
                               hr_error *err) HR_MUST_CHECK;
void hr_sweep_values_fini(hr_sweep_values *values);

#endif
