/* Names out of Python pickles, without executing them. Internal to data/; lists of
 * strings are read with hr_pickle_strings (data/frame.h). */
#ifndef HR_DATA_PICKLE_H
#define HR_DATA_PICKLE_H

#include "core/text.h"

/* The column names out of a pickled [(1, [name, ...])], pandas' `non_index_axes`.
 * HR_ERR_FORMAT for any other pickle. */
hr_status hr_pickle_axis_names(const char *bytes, size_t size, hr_strings *out,
                               hr_error *err) HR_MUST_CHECK;

#endif
