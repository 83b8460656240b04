/* Reading the data files that are built into the program. Both are HDF5, read by HDF5
 * from memory; a file that cannot be read is a program built wrongly, HR_ERR_INTERNAL. */
#ifndef HR_SIMULATE_BUILT_IN_H
#define HR_SIMULATE_BUILT_IN_H

#include <hdf5.h>

#include "simulate/tables.h"

/* Opens bytes in memory as an HDF5 file; nothing is written to disk. H5Fclose it. */
hr_status hr_built_in_open(const void *bytes, size_t size, hid_t *out,
                           hr_error *err) HR_MUST_CHECK;

/* Reads the dataset `name` as `type` (of memory) into a new array, freed with hr_free; it
 * must have `count` elements, or any number where *count is 0, which is then told. */
hr_status hr_built_in_array(hid_t file, const char *name, hid_t type, size_t *count,
                            void *buffer_address, hr_error *err) HR_MUST_CHECK;

/* The same in fp64. */
hr_status hr_built_in_numbers(hid_t file, const char *name, size_t *count, double **out,
                              hr_error *err) HR_MUST_CHECK;

/* Fills nodes, node_count and spectra of the tables. */
hr_status hr_built_in_nodes(hid_t file, hr_grid_tables *tables,
                            hr_error *err) HR_MUST_CHECK;

#endif
