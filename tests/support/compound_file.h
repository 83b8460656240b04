/* A table in HDF5 as astropy writes one: a dataset with named members, two of them masked
 * by others. */
#ifndef HR_TESTS_COMPOUND_FILE_H
#define HR_TESTS_COMPOUND_FILE_H

#include <hdf5.h>
#include <stdint.h>

#include "support/check.h"

typedef struct compound_row {
  int64_t id;
  int8_t id_mask;
  double log_g;
  int8_t log_g_mask;
  float x;
  char name[4];
  double pair[2];
  uint64_t count;
} compound_row;

/* h5py's truth values. */
static inline hid_t compound_bool(void) {
  const int8_t no = 0, yes = 1;
  hid_t type = H5Tenum_create(H5T_NATIVE_INT8);
  H5Tenum_insert(type, "FALSE", &no);
  H5Tenum_insert(type, "TRUE", &yes);
  return type;
}

static inline hid_t compound_type(void) {
  const hsize_t two = 2;
  hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(compound_row)), truth = compound_bool();
  hid_t text = H5Tcopy(H5T_C_S1), pair = H5Tarray_create2(H5T_NATIVE_DOUBLE, 1, &two);
  H5Tset_size(text, 4);
  H5Tinsert(type, "id", HOFFSET(compound_row, id), H5T_NATIVE_INT64);
  H5Tinsert(type, "id.mask", HOFFSET(compound_row, id_mask), truth);
  H5Tinsert(type, "log_g", HOFFSET(compound_row, log_g), H5T_NATIVE_DOUBLE);
  H5Tinsert(type, "log_g.mask", HOFFSET(compound_row, log_g_mask), truth);
  H5Tinsert(type, "x", HOFFSET(compound_row, x), H5T_NATIVE_FLOAT);
  H5Tinsert(type, "name", HOFFSET(compound_row, name), text);
  H5Tinsert(type, "pair", HOFFSET(compound_row, pair), pair);
  H5Tinsert(type, "count", HOFFSET(compound_row, count), H5T_NATIVE_UINT64);
  H5Tclose(truth);
  H5Tclose(text);
  H5Tclose(pair);
  return type;
}

/* Writes the rows at `place` of the file, which is made where it is not there. */
static inline void compound_write(const char *path, const char *place,
                                  const compound_row *rows, size_t count) {
  const hsize_t extent = count;
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
  if (file < 0) file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  hid_t links = H5Pcreate(H5P_LINK_CREATE), space = H5Screate_simple(1, &extent, NULL);
  hid_t type = compound_type();
  H5Pset_create_intermediate_group(links, 1);
  hid_t set = H5Dcreate2(file, place, type, space, links, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, rows) >= 0);
  H5Dclose(set);
  H5Tclose(type);
  H5Sclose(space);
  H5Pclose(links);
  assert_true(H5Fclose(file) >= 0);
}

/* Three stars: one whole, one without a name, one without a log g. */
static const compound_row compound_stars[3] = {
    {4611686018427387905, 0, 1.5, 0, 0.25f, "a", {1, 2}, UINT64_MAX},
    {7, 1, 2.5, 0, 0.5f, "b", {3, 4}, 2},
    {4611686018427387904, 0, -9999, 1, 0.75f, "c", {5, 6}, 3},
};

#endif
