/* Writes tiny HDF5 shards for the C tests: wave, flux, error, perhaps noisy, and the
 * labels as the smallest pandas frame that the reader takes.
 *
 *   shard_spec spec = shard_spec_default(path);   6 rows of 4 pixels, T_eff, log_g, M_H
 *   spec.rows = 100;
 *   shard_write(&spec);
 */
#ifndef HR_TESTS_SHARDS_H
#define HR_TESTS_SHARDS_H

#include <hdf5.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

typedef enum shard_dtype {
  SHARD_F32,
  SHARD_F64,
  SHARD_F32_BIG,
  SHARD_F64_BIG,
  SHARD_I32,
  SHARD_F16,
  SHARD_F16_BIG
} shard_dtype;
typedef enum shard_frame { SHARD_TABLE, SHARD_FIXED, SHARD_NO_FRAME } shard_frame;

typedef struct shard_column {
  const char *name;
  const double *values; /* [label_rows]; NULL: shard_label(column, row) */
} shard_column;

typedef struct shard_spec {
  const char *path;
  size_t rows, pixels;
  shard_dtype dtype;               /* of flux, error and noisy */
  size_t chunk_rows, chunk_pixels; /* 0: contiguous */
  bool gzip;                       /* with shuffle; needs chunks */
  const double *wave;              /* [pixels]; NULL: 7100 + 0.4 p */
  const double *flux;              /* [rows][pixels]; NULL: shard_flux(row, pixel) */
  const double *error;             /* the same with shard_error */
  const double *noisy;             /* the same with shard_noisy */
  size_t first_row;                /* added to the row number that shard_*() see */
  bool with_noisy, noisy_at_root, without_error;
  const char *flux_path; /* NULL: no flux */
  shard_frame frame;
  const char *frame_path; /* below an existing or new group */
  size_t label_rows;      /* SIZE_MAX: as `rows` */
  shard_dtype label_dtype;
  shard_column columns[16];
  size_t column_count;
  const double
      *index;         /* [label_rows] of whole numbers, of the fixed layout; NULL: none */
  const double *mask; /* [rows][pixels]; NULL: none */
  size_t mask_rows;   /* 0: as `rows` */
  hid_t mask_type;    /* 0: H5T_STD_I16LE */
} shard_spec;

/* Values that tell row and pixel apart, exact in fp32. */
static inline double shard_flux(size_t row, size_t pixel) {
  return 1.0 + (double)row + (double)pixel / 1024;
}
static inline double shard_error(size_t row, size_t pixel) {
  return 0.125 + (double)(row % 8) / 64 + (double)pixel / 4096;
}
static inline double shard_noisy(size_t row, size_t pixel) {
  return shard_flux(row, pixel) - 0.5;
}
static inline double shard_label(size_t column, size_t row) {
  return 100.0 * (double)(column + 1) + 0.25 * (double)row;
}

static inline shard_spec shard_spec_default(const char *path) {
  return (shard_spec){.path = path,
                      .rows = 6,
                      .pixels = 4,
                      .dtype = SHARD_F64,
                      .flux_path = "/dataset/arrays/flux/value",
                      .frame = SHARD_TABLE,
                      .frame_path = "/dataset/params",
                      .label_rows = SIZE_MAX,
                      .label_dtype = SHARD_F64,
                      .columns = {{"T_eff", NULL}, {"log_g", NULL}, {"M_H", NULL}},
                      .column_count = 3};
}

/* A path of this process' own in the folder for temporary files: out [size]. */
static inline const char *shard_path(char *out, size_t size, const char *name) {
  const char *folder = getenv("TMPDIR");
  snprintf(out, size, "%s/headroom-%ld-%s", folder ? folder : "/tmp", (long)getpid(),
           name);
  return out;
}

/* binary16 as h5py writes it; HDF5 1.10 has no name for it. Kept open: tests are short.
 */
static inline hid_t shard_half_type(hid_t like) {
  hid_t type = H5Tcopy(like);
  assert_true(H5Tset_fields(type, 15, 10, 5, 0, 10) >= 0);
  assert_true(H5Tset_size(type, 2) >= 0 && H5Tset_ebias(type, 15) >= 0);
  return type;
}

static inline hid_t shard_file_type(shard_dtype dtype) {
  switch (dtype) {
    case SHARD_F32:
      return H5T_IEEE_F32LE;
    case SHARD_F64:
      return H5T_IEEE_F64LE;
    case SHARD_F32_BIG:
      return H5T_IEEE_F32BE;
    case SHARD_F64_BIG:
      return H5T_IEEE_F64BE;
    case SHARD_I32:
      return H5T_STD_I32LE;
    case SHARD_F16:
      return shard_half_type(H5T_IEEE_F32LE);
    case SHARD_F16_BIG:
      return shard_half_type(H5T_IEEE_F32BE);
  }
  return H5I_INVALID_HID;
}

/* A dataset of doubles at `path`, its groups made as needed. */
static inline void shard_put(hid_t file, const char *path, hid_t file_type, int rank,
                             const hsize_t *shape, const hsize_t *chunk, bool gzip,
                             const double *values) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE), creation = H5Pcreate(H5P_DATASET_CREATE);
  assert_true(H5Pset_create_intermediate_group(links, 1) >= 0);
  if (chunk) assert_true(H5Pset_chunk(creation, rank, chunk) >= 0);
  if (gzip)
    assert_true(H5Pset_shuffle(creation) >= 0 && H5Pset_deflate(creation, 4) >= 0);
  hid_t space = H5Screate_simple(rank, shape, NULL);
  hid_t set = H5Dcreate2(file, path, file_type, space, links, creation, H5P_DEFAULT);
  assert_true(set >= 0);
  assert_true(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >=
              0);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
  H5Pclose(links);
}

static inline void shard_put_array(hid_t file, const shard_spec *spec, const char *path,
                                   const double *values,
                                   double (*value)(size_t row, size_t pixel)) {
  hsize_t shape[2] = {spec->rows, spec->pixels};
  hsize_t chunk[2] = {spec->chunk_rows, spec->chunk_pixels};
  size_t count = spec->rows * spec->pixels;
  double *made = calloc(count + 1, sizeof *made);
  assert_non_null(made);
  for (size_t i = 0; i < count; i++) {
    made[i] =
        values ? values[i] : value(spec->first_row + i / spec->pixels, i % spec->pixels);
  }
  shard_put(file, path, shard_file_type(spec->dtype), 2, shape,
            spec->chunk_rows ? chunk : NULL, spec->gzip, made);
  free(made);
}

static inline void shard_put_wave(hid_t file, const shard_spec *spec) {
  hsize_t shape[1] = {spec->pixels};
  double *wave = calloc(spec->pixels + 1, sizeof *wave);
  assert_non_null(wave);
  for (size_t p = 0; p < spec->pixels; p++) {
    wave[p] = spec->wave ? spec->wave[p] : 7100 + 0.4 * (double)p;
  }
  shard_put(file, "/spectrumdataset/wave", H5T_IEEE_F64LE, 1, shape, NULL, false, wave);
  free(wave);
}

/* A scalar attribute of fixed-length text, `size` bytes. */
static inline void shard_put_text(hid_t object, const char *name, const char *text,
                                  size_t size) {
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
  assert_true(H5Tset_size(type, size) >= 0);
  hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(attribute >= 0);
  assert_true(H5Awrite(attribute, type, text) >= 0);
  H5Aclose(attribute);
  H5Sclose(space);
  H5Tclose(type);
}

static inline void shard_put_number(hid_t object, const char *name, int value) {
  hid_t space = H5Screate(H5S_SCALAR);
  hid_t attribute =
      H5Acreate2(object, name, H5T_STD_I64LE, space, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(attribute >= 0);
  assert_true(H5Awrite(attribute, H5T_NATIVE_INT, &value) >= 0);
  H5Aclose(attribute);
  H5Sclose(space);
}

static inline hid_t shard_make_group(hid_t file, const char *path) {
  hid_t links = H5Pcreate(H5P_LINK_CREATE);
  assert_true(H5Pset_create_intermediate_group(links, 1) >= 0);
  hid_t group = H5Gcreate2(file, path, links, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(group >= 0);
  H5Pclose(links);
  return group;
}

static inline size_t shard_label_rows(const shard_spec *spec) {
  return spec->label_rows == SIZE_MAX ? spec->rows : spec->label_rows;
}

/* [label_rows][column_count], freed by the caller. */
static inline double *shard_label_matrix(const shard_spec *spec) {
  size_t rows = shard_label_rows(spec), n = spec->column_count;
  double *values = calloc(rows * n + 1, sizeof *values);
  assert_non_null(values);
  for (size_t i = 0; i < rows * n; i++) {
    const double *given = spec->columns[i % n].values;
    values[i] = given ? given[i / n] : shard_label(i % n, spec->first_row + i / n);
  }
  return values;
}

/* The 'table' layout: a compound of one block of fp64 columns, no index member. */
static inline void shard_put_table(hid_t group, const shard_spec *spec) {
  hsize_t width[1] = {spec->column_count}, shape[1] = {shard_label_rows(spec)};
  hid_t own = shard_file_type(spec->label_dtype);
  hid_t block = H5Tarray_create2(H5T_IEEE_F64LE, 1, width);
  hid_t stored = H5Tarray_create2(own, 1, width);
  hid_t type = H5Tcreate(H5T_COMPOUND, spec->column_count * sizeof(double));
  hid_t on_disk = H5Tcreate(H5T_COMPOUND, spec->column_count * H5Tget_size(own));
  assert_true(H5Tinsert(type, "values_block_0", 0, block) >= 0);
  assert_true(H5Tinsert(on_disk, "values_block_0", 0, stored) >= 0);
  hid_t space = H5Screate_simple(1, shape, NULL);
  hid_t table =
      H5Dcreate2(group, "table", on_disk, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(table >= 0);
  double *values = shard_label_matrix(spec);
  assert_true(H5Dwrite(table, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  free(values);
  char pickle[2048] = "(l";
  for (size_t k = 0; k < spec->column_count; k++) {
    size_t used = strlen(pickle);
    snprintf(pickle + used, sizeof pickle - used, "V%s\na", spec->columns[k].name);
  }
  strcat(pickle, ".");
  shard_put_text(table, "values_block_0_kind", pickle, strlen(pickle));
  H5Dclose(table);
  H5Sclose(space);
  H5Tclose(on_disk);
  H5Tclose(type);
  H5Tclose(stored);
  H5Tclose(block);
}

static inline void shard_put_names(hid_t group, const char *name,
                                   const shard_spec *spec) {
  char names[16][32] = {{0}};
  hsize_t shape[1] = {spec->column_count};
  for (size_t k = 0; k < spec->column_count; k++) {
    snprintf(names[k], sizeof names[k], "%s", spec->columns[k].name);
  }
  hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, shape, NULL);
  assert_true(H5Tset_size(type, sizeof names[0]) >= 0);
  hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(set >= 0);
  assert_true(H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, names) >= 0);
  H5Dclose(set);
  H5Sclose(space);
  H5Tclose(type);
}

/* The 'fixed' layout: one block, stored (rows, columns). */
static inline void shard_put_fixed(hid_t group, const shard_spec *spec) {
  hsize_t shape[2] = {shard_label_rows(spec), spec->column_count};
  shard_put_number(group, "nblocks", 1);
  shard_put_names(group, "axis0", spec);
  shard_put_names(group, "block0_items", spec);
  double *values = shard_label_matrix(spec);
  shard_put(group, "block0_values", shard_file_type(spec->label_dtype), 2, shape, NULL,
            false, values);
  free(values);
  if (spec->index) {
    shard_put(group, "axis1", H5T_STD_I64LE, 1, shape, NULL, false, spec->index);
  }
  hid_t set = H5Dopen2(group, "block0_values", H5P_DEFAULT);
  shard_put_number(set, "transposed", 1);
  H5Dclose(set);
}

static inline void shard_put_frame(hid_t file, const shard_spec *spec) {
  if (spec->frame == SHARD_NO_FRAME) return;
  hid_t group = shard_make_group(file, spec->frame_path);
  const char *type = spec->frame == SHARD_TABLE ? "frame_table" : "frame";
  shard_put_text(group, "pandas_type", type, strlen(type));
  if (spec->frame == SHARD_TABLE) {
    shard_put_table(group, spec);
  } else {
    shard_put_fixed(group, spec);
  }
  H5Gclose(group);
}

/* Writes the file; whatever goes wrong fails the test. */
static inline void shard_write(const shard_spec *spec) {
  hid_t file = H5Fcreate(spec->path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(file >= 0);
  shard_put_wave(file, spec);
  if (spec->flux_path)
    shard_put_array(file, spec, spec->flux_path, spec->flux, shard_flux);
  if (!spec->without_error) {
    shard_put_array(file, spec, "/dataset/arrays/error/value", spec->error, shard_error);
  }
  if (spec->with_noisy) {
    const char *path = spec->noisy_at_root ? "/noisy" : "/dataset/arrays/noisy/value";
    shard_put_array(file, spec, path, spec->noisy, shard_noisy);
  }
  if (spec->mask) {
    const hsize_t shape[2] = {spec->mask_rows ? spec->mask_rows : spec->rows,
                              spec->pixels};
    shard_put(file, "/dataset/arrays/mask/value",
              spec->mask_type ? spec->mask_type : H5T_STD_I16LE, 2, shape, NULL, false,
              spec->mask);
  }
  shard_put_frame(file, spec);
  assert_true(H5Fclose(file) >= 0);
}

#endif
