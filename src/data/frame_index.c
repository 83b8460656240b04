/* The 'table' layout has the index as the member `index` of its compound, the 'fixed' one
 * as the array axis1. */
#include "data/frame_index.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

/* The dataset that holds the index: opened, or invalid where there is none to be read. */
typedef struct index_node {
  char *path;
  hid_t dataset;
  hid_t memory; /* the type of a row in memory */
} index_node;

static bool is_whole_type(hid_t type) {
  return type >= 0 && H5Tget_class(type) == H5T_INTEGER && hr_frame_is_whole(type);
}

/* A compound of the one member. */
static hid_t make_member_type(hid_t table_type) {
  int member = H5Tget_class(table_type) == H5T_COMPOUND
                   ? H5Tget_member_index(table_type, "index")
                   : -1;
  if (member < 0) return H5I_INVALID_HID;
  hid_t type = H5Tget_member_type(table_type, (unsigned)member);
  hid_t memory = H5I_INVALID_HID;
  if (is_whole_type(type)) memory = H5Tcreate(H5T_COMPOUND, sizeof(int64_t));
  if (memory >= 0 && H5Tinsert(memory, "index", 0, H5T_NATIVE_INT64) < 0) {
    hr_hdf5_release(&memory);
  }
  hr_hdf5_release(&type);
  return memory;
}

/* Whether the index is of dates, which are stored as integers, too. */
static bool is_of_dates(const hr_frame_source *source, const index_node *node) {
  char *kind = NULL;
  size_t size = 0;
  const hr_hdf5_object object = {source->file, node->dataset, node->path};
  bool is_dates =
      hr_hdf5_attribute_text(&object, "index_kind", &kind, &size, NULL) == HR_OK &&
      kind && strncmp(kind, "datetime", 8) == 0;
  hr_free(kind);
  kind = NULL;
  bool is_dated = hr_hdf5_attribute_text(&object, "kind", &kind, &size, NULL) == HR_OK &&
                  kind && strncmp(kind, "datetime", 8) == 0;
  hr_free(kind);
  return is_dates || is_dated;
}

static hr_status open_node(const hr_frame_source *source, bool is_table, index_node *node,
                           hr_error *err) {
  hr_status status = HR_OK;
  hid_t type = H5I_INVALID_HID;
  const char *name = is_table ? "table" : "axis1";
  bool is_there = false;
  HR_TRY(hr_join_path(source->group, name, &node->path, err));
  HR_TRY(hr_hdf5_find(source->file, node->path, &is_there, err));
  if (!is_there) goto cleanup;
  HR_TRY(
      hr_hdf5_open_dataset(source->file, node->path, H5P_DEFAULT, &node->dataset, err));
  type = H5Dget_type(node->dataset);
  if (is_table) {
    node->memory = make_member_type(type);
  } else if (is_whole_type(type) && H5Aexists(node->dataset, "shape") <= 0) {
    node->memory = H5Tcopy(H5T_NATIVE_INT64);
  }
  if (node->memory >= 0 && is_of_dates(source, node)) hr_hdf5_release(&node->memory);
cleanup:
  hr_hdf5_release(&type);
  return status;
}

hr_status hr_frame_read_index(const hr_frame_source *source, bool is_table,
                              hr_frame *frame, hr_error *err) {
  hr_status status = HR_OK;
  index_node node = {NULL, H5I_INVALID_HID, H5I_INVALID_HID};
  int64_t *index = NULL;
  size_t rows = 0;
  if (frame->rows == 0) return HR_OK;
  HR_TRY(open_node(source, is_table, &node, err));
  if (node.memory < 0) goto cleanup;
  const hr_hdf5_object object = {source->file, node.dataset, node.path};
  HR_TRY(hr_hdf5_shape(source->file, node.dataset, node.path, 1, &rows, err));
  if (rows != frame->rows) goto cleanup;
  HR_TRY(hr_hdf5_check_stored(source->file, node.dataset, node.path, err));
  HR_TRY(hr_alloc(&index, rows, err));
  HR_TRY(hr_hdf5_read_rows(&object, node.memory, (size_t[2]){0, rows}, index, err));
  frame->index = index;
  index = NULL;
cleanup:
  hr_free(index);
  hr_hdf5_release(&node.memory);
  hr_hdf5_release(&node.dataset);
  hr_free(node.path);
  return status;
}
