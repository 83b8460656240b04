/* Reading what is built into the program: HDF5 from memory. */
#include "simulate/built_in.h"

#include <stdint.h>

#include "core/alloc.h"
#include "data/hdf5_file.h"

/* Opens bytes in memory as an HDF5 file; nothing is written to disk. */
hr_status hr_built_in_open(const void *bytes, size_t size, hid_t *out, hr_error *err) {
  hr_status status = HR_OK;
  hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  /* HDF5 copies the image (its prototype lacks a const) into a buffer that grows by
   * 64 KiB; backing store off. */
  if (access < 0 || H5Pset_fapl_core(access, 1 << 16, 0) < 0 ||
      H5Pset_file_image(access, (void *)(uintptr_t)bytes, size) < 0) {
    status = hr_fail(err, HR_ERR_MEMORY, "memory for the built-in data ran out");
  } else {
    *out = H5Fopen("built-in data", H5F_ACC_RDONLY, access);
    if (*out < 0) {
      status = hr_hdf5_fail(err, HR_ERR_INTERNAL,
                            "the data built into the program are damaged");
    }
  }
  hr_hdf5_release(&access);
  return status;
}

/* Reads the dataset `name` as `type` (of memory) into a new array; it must have `count`
 * elements, or any number where *count is 0, which is then handed out. */
hr_status hr_built_in_array(hid_t file, const char *name, hid_t type, size_t *count,
                            void *buffer_address, hr_error *err) {
  hr_status status = HR_OK;
  void **buffer = buffer_address;
  hid_t space = H5I_INVALID_HID;
  hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
  if (dataset >= 0) space = H5Dget_space(dataset);
  hssize_t size = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
  if (size <= 0 || (*count != 0 && *count != (size_t)size)) {
    status =
        hr_fail(err, HR_ERR_INTERNAL,
                "the data built into the program lack %s, or it has another size", name);
    goto cleanup;
  }
  HR_TRY(hr_alloc_bytes(buffer, (size_t)size, H5Tget_size(type), err));
  *count = (size_t)size;
  if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *buffer) < 0) {
    status = hr_hdf5_fail(err, HR_ERR_INTERNAL,
                          "%s of the data built into the program cannot be read", name);
  }
cleanup:
  hr_hdf5_release(&space);
  hr_hdf5_release(&dataset);
  return status;
}

hr_status hr_built_in_numbers(hid_t file, const char *name, size_t *count, double **out,
                              hr_error *err) {
  return hr_built_in_array(file, name, H5T_NATIVE_DOUBLE, count, out, err);
}

hr_status hr_built_in_nodes(hid_t file, hr_grid_tables *tables, hr_error *err) {
  static const char *const names[HR_GRID_AXES] = {"grid/T_eff", "grid/log_g", "grid/M_H"};
  hr_status status = HR_OK;
  double *nodes = NULL;
  tables->spectra = 1;
  for (size_t axis = 0; axis < HR_GRID_AXES; axis++) {
    size_t count = 0;
    HR_TRY(hr_built_in_numbers(file, names[axis], &count, &nodes, err));
    if (count > HR_GRID_MOST_NODES) {
      status = hr_fail(err, HR_ERR_INTERNAL, "%s of the built-in data has %zu nodes",
                       names[axis], count);
      goto cleanup;
    }
    for (size_t i = 0; i < count; i++) tables->nodes[axis][i] = nodes[i];
    tables->node_count[axis] = count;
    tables->spectra *= count;
    hr_free(nodes);
    nodes = NULL;
  }
cleanup:
  hr_free(nodes);
  return status;
}
