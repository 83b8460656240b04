/* The points of a sweep: their values, settings and folders. */
#ifndef HR_SWEEP_POINTS_H
#define HR_SWEEP_POINTS_H

#include "core/text.h"
#include "headroom/sweep.h"

/* Whether two values are one: "1000" and "1e3" are. */
bool hr_sweep_same_value(const char *one, const char *other);

/* Whether there are a key, several values, and each of these once. HR_ERR_USAGE. */
hr_status hr_sweep_check_values(const hr_sweep_options *options,
                                hr_error *err) HR_MUST_CHECK;

/* The settings of point number i, in the order in which they were given; appended to
 * `out`, which is freed with hr_strings_fini, also after a failure. HR_ERR_MEMORY. */
hr_status hr_sweep_settings(const hr_sweep_options *options, size_t i, hr_strings *out,
                            hr_error *err) HR_MUST_CHECK;

/* The name of the folder of a point, "data.rows=1000", with %2F for /; appended. */
void hr_sweep_append_folder(const char *key, const char *value, hr_text *out);

#endif
