/* The parts of hr_inspect, one file each: inspect.c looks at the data, inspect_arrays.c
 * lists what an HDF5 file holds, inspect_text.c writes the report. */
#ifndef HR_DATA_INSPECT_PARTS_H
#define HR_DATA_INSPECT_PARTS_H

#include "core/error.h"
#include "headroom/inspect.h"

/* Fills arrays, array_count and file_bytes. */
hr_status hr_inspect_list_arrays(hr_inspection *inspection, hr_error *err) HR_MUST_CHECK;

/* Fills text from everything else. */
hr_status hr_inspect_write_text(hr_inspection *inspection, hr_error *err) HR_MUST_CHECK;

#endif
