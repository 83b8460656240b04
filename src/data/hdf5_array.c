/* Datasets: their shapes, types and bytes (data/hdf5_file.h). */
#include <stdio.h>

#include "data/hdf5_file.h"

enum { MOST_RANK = 2 };

hr_status hr_hdf5_shape(const hr_hdf5_file *file, hid_t dataset, const char *object_path,
                        size_t rank, size_t *shape, hr_error *err) {
  hsize_t extent[H5S_MAX_RANK] = {0};
  hid_t space = H5Dget_space(dataset);
  int found = space < 0 ? -1 : H5Sget_simple_extent_dims(space, extent, NULL);
  hr_status status = HR_OK;
  if (found < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read the shape of %s",
                          file->path, object_path);
  } else if ((size_t)found != rank) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s: %s has %d dimension%s instead of %zu",
                     file->path, object_path, found, found == 1 ? "" : "s", rank);
  } else {
    for (size_t i = 0; i < rank; i++) shape[i] = (size_t)extent[i];
  }
  hr_hdf5_release(&space);
  return status;
}

static const char *class_name(H5T_class_t class) {
  switch (class) {
    case H5T_INTEGER:
      return "integers";
    case H5T_FLOAT:
      return "floating-point numbers";
    case H5T_STRING:
      return "text";
    case H5T_COMPOUND:
      return "a table or complex numbers";
    default:
      return "values that are not numbers,";
  }
}

hr_status hr_hdf5_check_floats(const hr_hdf5_file *file, hid_t dataset,
                               const char *object_path, size_t *element_bytes,
                               hr_error *err) {
  hid_t type = H5Dget_type(dataset);
  if (type < 0) {
    return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read the type of %s", file->path,
                        object_path);
  }
  H5T_class_t class = H5Tget_class(type);
  size_t bytes = H5Tget_size(type);
  hr_hdf5_release(&type);
  if (class == H5T_FLOAT && (bytes == 2 || bytes == 4 || bytes == 8)) {
    *element_bytes = bytes;
    return HR_OK;
  }
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: %s holds %s of %zu byte%s; write it as floating-point numbers of "
                 "2, 4 or 8 bytes",
                 file->path, object_path, class_name(class), bytes,
                 bytes == 1 ? "" : "s");
}

/* How many chunks the shape needs; 0 on failure. */
static hsize_t needed_chunks(hid_t space, hid_t creation) {
  hsize_t extent[H5S_MAX_RANK] = {0}, chunk[H5S_MAX_RANK] = {0};
  int rank = H5Sget_simple_extent_dims(space, extent, NULL);
  if (rank <= 0 || H5Pget_chunk(creation, rank, chunk) != rank) return 0;
  hsize_t needed = 1;
  for (int i = 0; i < rank; i++) {
    if (chunk[i] == 0) return 0;
    hsize_t across = (extent[i] - 1) / chunk[i] + 1; /* the extent is not 0 */
    if (across > UINT64_MAX / needed) return UINT64_MAX;
    needed *= across;
  }
  return needed;
}

static hr_status check_chunks(const hr_hdf5_file *file, hid_t dataset, hid_t space,
                              hid_t creation, const char *object_path, hr_error *err) {
  hsize_t written = 0, needed = needed_chunks(space, creation);
  if (needed == 0 || H5Dget_num_chunks(dataset, space, &written) < 0) {
    return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read how %s is stored",
                        file->path, object_path);
  }
  if (written >= needed) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: only %llu of the %llu chunks of %s were written; the file is "
                 "incomplete, write it again",
                 file->path, (unsigned long long)written, (unsigned long long)needed,
                 object_path);
}

static hr_status check_contiguous(const hr_hdf5_file *file, hid_t dataset,
                                  const char *object_path, hr_error *err) {
  hsize_t stored = H5Dget_storage_size(dataset), file_size = 0;
  if (H5Fget_filesize(file->id, &file_size) < 0) {
    return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read its size", file->path);
  }
  if (stored > 0 && stored <= file_size) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT,
                 "%s: %s was never written in full; the file is incomplete, write it "
                 "again",
                 file->path, object_path);
}

/* Without this HDF5 would complain about its folder of plugins. */
static hr_status check_filters(const hr_hdf5_file *file, hid_t creation,
                               const char *object_path, hr_error *err) {
  int count = H5Pget_nfilters(creation);
  for (int i = 0; i < count; i++) {
    char name[64] = "";
    unsigned flags = 0;
    size_t parameters = 0;
    H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &parameters, NULL,
                                         sizeof name, name, NULL);
    if (filter < 0 || H5Zfilter_avail(filter) > 0) continue;
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: %s is compressed with %s (filter %d), which this HDF5 does not "
                   "know; write it with gzip or not compressed",
                   file->path, object_path, name, (int)filter);
  }
  return HR_OK;
}

hr_status hr_hdf5_check_stored(const hr_hdf5_file *file, hid_t dataset,
                               const char *object_path, hr_error *err) {
  hr_status status = HR_OK;
  hid_t creation = H5Dget_create_plist(dataset), space = H5Dget_space(dataset);
  if (creation < 0 || space < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read how %s is stored",
                          file->path, object_path);
  } else if (H5Sget_simple_extent_npoints(space) != 0) {
    H5D_layout_t layout = H5Pget_layout(creation);
    if (layout == H5D_CHUNKED) {
      status = check_filters(file, creation, object_path, err);
    }
    if (layout == H5D_CHUNKED && status == HR_OK) {
      status = check_chunks(file, dataset, space, creation, object_path, err);
    } else if (layout == H5D_CONTIGUOUS) {
      status = check_contiguous(file, dataset, object_path, err);
    }
  }
  hr_hdf5_release(&space);
  hr_hdf5_release(&creation);
  return status;
}

hr_status hr_hdf5_read_rows(const hr_hdf5_object *dataset, hid_t memory_type,
                            const size_t first_and_count[2], void *out, hr_error *err) {
  hr_status status = HR_OK;
  hsize_t extent[H5S_MAX_RANK] = {0};
  hid_t memory = H5I_INVALID_HID, space = H5Dget_space(dataset->id);
  int rank = space < 0 ? -1 : H5Sget_simple_extent_dims(space, extent, NULL);
  hsize_t start[MOST_RANK] = {first_and_count[0], 0};
  hsize_t count[MOST_RANK] = {first_and_count[1], extent[1]};
  if (rank >= 1 && rank <= MOST_RANK) memory = H5Screate_simple(rank, count, NULL);
  if (memory < 0 ||
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
      H5Dread(dataset->id, memory_type, memory, space, H5P_DEFAULT, out) < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read %s", dataset->file->path,
                          dataset->path);
  }
  hr_hdf5_release(&memory);
  hr_hdf5_release(&space);
  return status;
}
