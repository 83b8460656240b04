/* Labels' frames: an HDF5 file that is sound as HDF5, whose groups, attributes, types and
 * shapes are what the input says. Damaged HDF5 is not tried here: it is HDF5's own code
 * that reads it (data/guard.h). */
#include <hdf5.h>
#include <string.h>

#include "data/frame.h"
#include "fuzz/fuzz.h"

/* The input, taken apart from its front; zeros behind its end. */
typedef struct source {
  const uint8_t *bytes;
  size_t left;
  bool has_pointers; /* a type was chosen whose values in memory hold pointers */
} source;

static unsigned take(source *s, unsigned below) {
  if (s->left == 0) return 0;
  s->left--;
  return *s->bytes++ % below;
}

/* Up to `most` bytes, as many as the next one says; *size is how many. */
static const uint8_t *take_bytes(source *s, size_t most, size_t *size) {
  size_t wanted = take(s, 256);
  if (wanted > most) wanted = most;
  if (wanted > s->left) wanted = s->left;
  const uint8_t *start = s->bytes;
  s->bytes += wanted;
  s->left -= wanted;
  *size = wanted;
  return start;
}

static hid_t choose_type(source *s) {
  static const size_t widths[] = {1, 7, 32, 5000};
  hid_t type = H5I_INVALID_HID;
  switch (take(s, 10)) {
    case 0:
      return H5Tcopy(H5T_IEEE_F64LE);
    case 1:
      return H5Tcopy(H5T_IEEE_F32BE);
    case 2:
      return H5Tcopy(H5T_STD_I64LE);
    case 3:
      return H5Tcopy(H5T_STD_U8LE);
    case 4:
      return H5Tcopy(take(s, 2) ? H5T_STD_B8LE : H5T_STD_B16LE);
    case 5:
      return H5Tcreate(H5T_OPAQUE, widths[take(s, 3)]);
    case 6:
      s->has_pointers = true;
      return H5Tvlen_create(H5T_STD_U8LE);
    case 7:
      s->has_pointers = true;
      type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, H5T_VARIABLE);
      return type;
    default:
      type = H5Tcopy(H5T_C_S1);
      H5Tset_size(type, widths[take(s, 4)]);
      return type;
  }
}

/* An attribute of text, number or list, or none. */
static void put_attribute(source *s, hid_t object, const char *name, const char *usual) {
  static const hsize_t three = 3;
  int64_t numbers[3] = {(int64_t)take(s, 256) - 2, 1, 2};
  size_t size = 0;
  hid_t type = H5I_INVALID_HID, space = H5Screate(H5S_SCALAR);
  const void *value = numbers;
  unsigned kind = take(s, 6);
  if (kind == 1) { /* text of the input's */
    value = take_bytes(s, 200, &size);
    type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size ? size : 1);
    if (size == 0) value = "";
  } else if (kind == 2) {
    type = H5Tcopy(H5T_NATIVE_INT64);
  } else if (kind == 3) {
    type = H5Tcopy(H5T_NATIVE_INT64);
    H5Sclose(space);
    space = H5Screate_simple(1, &three, NULL);
  } else if (kind == 4) {
    H5Sclose(space);
    return;
  } else if (usual) {
    value = usual;
    type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, strlen(usual) + 1);
  } else {
    type = H5Tcopy(H5T_NATIVE_INT64);
  }
  hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute >= 0) H5Awrite(attribute, type, value);
  H5Aclose(attribute);
  H5Tclose(type);
  H5Sclose(space);
}

/* A dataset of zeros, or of names, or never written. */
static hid_t put_dataset(source *s, hid_t group, const char *name, hid_t type) {
  hsize_t shape[3] = {take(s, 8), take(s, 8), 2};
  int rank = (int)take(s, 4);
  hid_t space = rank ? H5Screate_simple(rank, shape, NULL) : H5Screate(H5S_SCALAR);
  hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  hssize_t points = space >= 0 ? H5Sget_simple_extent_npoints(space) : 0;
  size_t size = points > 0 ? H5Tget_size(type) * (size_t)points : 0, used = 0;
  uint8_t *values = calloc(size + 1, 1);
  fuzz_require(values);
  const uint8_t *given = take_bytes(s, size, &used);
  memcpy(values, given, used);
  if (set >= 0 && !s->has_pointers && take(s, 8) != 7) {
    H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  }
  s->has_pointers = false;
  free(values);
  H5Pclose(creation);
  H5Sclose(space);
  return set;
}

static void put_fixed(source *s, hid_t group) {
  static const char *const names[] = {"axis0",         "axis1",        "block0_items",
                                      "block0_values", "block1_items", "block1_values"};
  put_attribute(s, group, "axis0_variety", "regular");
  put_attribute(s, group, "nblocks", NULL);
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (take(s, 8) == 7) continue;
    hid_t type = choose_type(s);
    hid_t set = put_dataset(s, group, names[i], type);
    if (set >= 0) {
      if (take(s, 2)) put_attribute(s, set, "transposed", NULL);
      if (take(s, 4) == 3) put_attribute(s, set, "value_type", "float64");
      if (take(s, 8) == 7) put_attribute(s, set, "shape", NULL);
      H5Dclose(set);
    }
    H5Tclose(type);
  }
}

static void put_table(source *s, hid_t group) {
  static const char *const names[] = {"index", "values_block_0", "values_block_1", "x"};
  char attribute[64];
  hid_t table = H5Tcreate(H5T_COMPOUND, 1);
  size_t offset = 0, members = 1 + take(s, 4);
  for (size_t i = 0; i < members; i++) {
    hid_t base = choose_type(s), type = base;
    hsize_t extent[2] = {1 + take(s, 4), 2};
    unsigned rank = take(s, 3);
    if (rank > 0) type = H5Tarray_create2(base, rank, extent);
    H5Tset_size(table, offset + H5Tget_size(type));
    H5Tinsert(table, names[i], offset, type);
    offset += H5Tget_size(type);
    if (type != base) H5Tclose(type);
    H5Tclose(base);
  }
  hid_t set = put_dataset(s, group, "table", take(s, 8) == 7 ? H5T_STD_I32LE : table);
  for (size_t i = 0; set >= 0 && i < members; i++) {
    snprintf(attribute, sizeof attribute, "%s_kind", names[i]);
    put_attribute(s, set, attribute, "(lp0\nVa\np1\naVb\np2\na.");
    snprintf(attribute, sizeof attribute, "%s_dtype", names[i]);
    if (take(s, 4) == 3) put_attribute(s, set, attribute, "datetime64");
    snprintf(attribute, sizeof attribute, "%s_meta", names[i]);
    if (take(s, 4) == 3) put_attribute(s, set, attribute, "category");
  }
  put_attribute(s, group, "non_index_axes", "(lp0\n(I1\n(lp1\nVb\naVa\natp2\na.");
  if (set >= 0) H5Dclose(set);
  H5Tclose(table);
}

static void put_frame(source *s, hid_t file, const char *path) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  hid_t group = H5Gcreate2(file, path, links, H5P_DEFAULT, H5P_DEFAULT);
  bool is_table = take(s, 2);
  put_attribute(s, group, "pandas_type", is_table ? "frame_table" : "frame");
  if (is_table) {
    put_table(s, group);
  } else {
    put_fixed(s, group);
  }
  H5Gclose(group);
  H5Pclose(links);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char path[128];
  source s = {bytes, size, false};
  hr_error err = {0};
  hr_frame frame = {0};
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  /* HDF5 keeps what it frees: its largest objects are else mapped anew for every file. */
  H5set_free_list_limits(-1, -1, -1, -1, -1, -1);
  snprintf(path, sizeof path, "%s/frame.h5", fuzz_folder());
  hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  fuzz_require(file >= 0);
  put_frame(&s, file, take(&s, 8) == 7 ? "/elsewhere" : "/dataset/params");
  if (take(&s, 8) == 7) put_frame(&s, file, "/second");
  H5Fclose(file);
  hr_status status = hr_frame_read(path, NULL, &frame, &err);
  fuzz_require(status == HR_OK || status == HR_ERR_FORMAT || status == HR_ERR_MISSING);
  fuzz_require(status == HR_OK || err.message[0]);
  for (size_t k = 0; k < frame.names.count; k++) fuzz_require(frame.columns[k]);
  hr_frame_fini(&frame);
  fuzz_require(H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL) == 0);
  unlink(path);
  return 0;
}
