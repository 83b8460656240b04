#include "simulate/frame_writer.h"

#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/hdf5_file.h"

/* 64 KiB chunks, PyTables' own choice for tables of this size. */
enum { CHUNK_BYTES = 65536 };

static hr_status fail_write(const char *path, hr_error *err) {
  return hr_hdf5_fail(err, HR_ERR_IO, "writing %s failed", path);
}

hr_status hr_frame_writer_text(hid_t object, const char *path, const char *name,
                               const char *text, bool utf8, hr_error *err) {
  hr_status status = HR_OK;
  size_t length = strlen(text);
  hid_t attribute = H5I_INVALID_HID, type = H5Tcopy(H5T_C_S1);
  hid_t space = H5Screate(length > 0 ? H5S_SCALAR : H5S_NULL);
  if (type < 0 || space < 0 || H5Tset_size(type, length > 0 ? length : 1) < 0 ||
      H5Tset_cset(type, utf8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII) < 0 ||
      (attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT)) < 0 ||
      (length > 0 && H5Awrite(attribute, type, text) < 0)) {
    status = fail_write(path, err);
  }
  hr_hdf5_release(&attribute);
  hr_hdf5_release(&space);
  hr_hdf5_release(&type);
  return status;
}

static hr_status write_number(hid_t object, const char *path, const char *name,
                              hid_t file_type, hid_t type, const void *value,
                              hr_error *err) {
  hr_status status = HR_OK;
  hid_t space = H5Screate(H5S_SCALAR), attribute = H5I_INVALID_HID;
  if (space < 0 ||
      (attribute = H5Acreate2(object, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT)) <
          0 ||
      H5Awrite(attribute, type, value) < 0) {
    status = fail_write(path, err);
  }
  hr_hdf5_release(&attribute);
  hr_hdf5_release(&space);
  return status;
}

static hr_status write_integer(hid_t object, const char *path, const char *name,
                               int64_t value, hr_error *err) {
  return write_number(object, path, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value, err);
}

typedef struct attribute {
  const char *name, *text;
  bool utf8;
} attribute;

static hr_status write_texts(hid_t object, const char *path, const attribute *attributes,
                             size_t count, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < count; i++) {
    HR_TRY(hr_frame_writer_text(object, path, attributes[i].name, attributes[i].text,
                                attributes[i].utf8, err));
  }
cleanup:
  return status;
}

/* Pickles, protocol 0, as Python's pickle.dumps writes them: a list of names, each
 * remembered under the next number from `*memo` on. */
static void pickle_names(hr_text *out, const char *const *names, size_t count,
                         size_t *memo) {
  hr_text_append(out, "(lp%zu\n", (*memo)++);
  for (size_t i = 0; i < count; i++) {
    hr_text_append(out, "V%s\np%zu\na", names[i], (*memo)++);
  }
}

/* What pandas keeps with the group. The pickles are constants but for the columns. */
static hr_status describe_group(hid_t group, const char *path, const char *const *names,
                                size_t columns, hr_error *err) {
  hr_status status = HR_OK;
  hr_text axes;
  hr_text_init(&axes);
  size_t memo = 1;
  hr_text_append(&axes, "(lp0\n(I1\n"); /* [(1, [names])] */
  pickle_names(&axes, names, columns, &memo);
  hr_text_append(&axes, "tp%zu\na.", memo);
  HR_TRY(hr_text_status(&axes, err));
  const attribute attributes[] = {
      {"CLASS", "GROUP", true},
      {"TITLE", "", true},
      {"VERSION", "1.0", true},
      {"pandas_type", "frame_table", true},
      {"pandas_version", "0.15.2", true}, /* of the layout, not of pandas */
      {"table_type", "appendable_frame", true},
      {"encoding", "UTF-8", true},
      {"errors", "strict", true},
      {"nan_rep", "nan", true},
      {"data_columns", "(lp0\n.", false},
      {"index_cols", "(lp0\n(I0\nVindex\np1\ntp2\na.", false},
      {"values_cols", "(lp0\nVvalues_block_0\np1\na.", false},
      {"non_index_axes", axes.bytes, false},
      {"info", /* {1: {"names": [None], "type": "Index"}, "index": {}} */
       "(dp0\nI1\n(dp1\nVnames\np2\n(lp3\nNasVtype\np4\nVIndex\np5\nssVindex\np6\n(dp7\n"
       "sVvalues_block_0\np8\n(dp9\ns.",
       false},
  };
  HR_TRY(
      write_texts(group, path, attributes, sizeof attributes / sizeof *attributes, err));
  HR_TRY(write_integer(group, path, "levels", 1, err));
cleanup:
  hr_text_fini(&axes);
  return status;
}

/* What PyTables and pandas keep with the table itself. */
static hr_status describe_table(const hr_frame_writer *writer, const char *const *names,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_text kind;
  hr_text_init(&kind);
  size_t memo = 0;
  pickle_names(&kind, names, writer->columns, &memo);
  hr_text_append(&kind, ".");
  HR_TRY(hr_text_status(&kind, err));
  const attribute attributes[] = {
      {"CLASS", "TABLE", true},
      {"TITLE", "", true},
      {"VERSION", "2.7", true},
      {"FIELD_0_NAME", "index", true},
      {"FIELD_1_NAME", "values_block_0", true},
      {"index_kind", "integer", true},
      {"values_block_0_dtype", "float64", true},
      {"values_block_0_kind", kind.bytes, false},
      {"values_block_0_meta", "N.", false}, /* None */
  };
  const double zero = 0.0;
  HR_TRY(write_texts(writer->table, writer->path, attributes,
                     sizeof attributes / sizeof *attributes, err));
  HR_TRY(write_integer(writer->table, writer->path, "FIELD_0_FILL", 0, err));
  HR_TRY(write_number(writer->table, writer->path, "FIELD_1_FILL", H5T_IEEE_F64LE,
                      H5T_NATIVE_DOUBLE, &zero, err));
  HR_TRY(write_integer(writer->table, writer->path, "NROWS", (int64_t)writer->rows, err));
cleanup:
  hr_text_fini(&kind);
  return status;
}

/* One row in memory: the index and the block of values, without gaps. */
static size_t row_bytes(size_t columns) {
  return sizeof(int64_t) + columns * sizeof(double);
}

static hid_t make_type(size_t columns, hid_t integer, hid_t number) {
  const hsize_t count = columns;
  hid_t block = H5Tarray_create2(number, 1, &count);
  hid_t type = H5Tcreate(H5T_COMPOUND, row_bytes(columns));
  if (block < 0 || type < 0 || H5Tinsert(type, "index", 0, integer) < 0 ||
      H5Tinsert(type, "values_block_0", sizeof(int64_t), block) < 0) {
    hr_hdf5_release(&type);
  }
  hr_hdf5_release(&block);
  return type;
}

static hr_status create_table(hid_t group, hr_frame_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  hsize_t rows = writer->rows, most = H5S_UNLIMITED;
  hsize_t chunk = CHUNK_BYTES / row_bytes(writer->columns);
  hid_t file_type = make_type(writer->columns, H5T_STD_I64LE, H5T_IEEE_F64LE);
  hid_t space = H5Screate_simple(1, &rows, &most), layout = H5Pcreate(H5P_DATASET_CREATE);
  writer->type = make_type(writer->columns, H5T_NATIVE_INT64, H5T_NATIVE_DOUBLE);
  if (file_type < 0 || space < 0 || layout < 0 || writer->type < 0 ||
      H5Pset_chunk(layout, 1, &chunk) < 0 ||
      (writer->table = H5Dcreate2(group, "table", file_type, space, H5P_DEFAULT, layout,
                                  H5P_DEFAULT)) < 0) {
    status = fail_write(writer->path, err);
  }
  hr_hdf5_release(&layout);
  hr_hdf5_release(&space);
  hr_hdf5_release(&file_type);
  return status;
}

hr_status hr_frame_writer_create(hid_t file, const char *path, const char *group_path,
                                 const char *const *names, size_t columns, uint64_t rows,
                                 hr_frame_writer *out, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_frame_writer)HR_FRAME_WRITER_CLOSED;
  out->path = path;
  out->columns = columns;
  out->rows = rows;
  hid_t group = H5Gcreate2(file, group_path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) {
    return fail_write(path, err);
  }
  HR_TRY(describe_group(group, path, names, columns, err));
  HR_TRY(create_table(group, out, err));
  HR_TRY(describe_table(out, names, err));
cleanup:
  hr_hdf5_release(&group);
  if (status != HR_OK) hr_frame_writer_close(out);
  return status;
}

hr_status hr_frame_writer_append(hr_frame_writer *writer, size_t rows,
                                 const double *values, hr_error *err) {
  hr_status status = HR_OK;
  unsigned char *packed = NULL;
  size_t bytes = row_bytes(writer->columns);
  hsize_t start = writer->written, count = rows;
  hid_t file_space = H5I_INVALID_HID, memory_space = H5I_INVALID_HID;
  HR_TRY(hr_alloc(&packed, rows * bytes, err));
  for (size_t i = 0; i < rows; i++) {
    int64_t index = (int64_t)(writer->written + i);
    memcpy(packed + i * bytes, &index, sizeof index);
    memcpy(packed + i * bytes + sizeof index, values + i * writer->columns,
           bytes - sizeof index);
  }
  file_space = H5Dget_space(writer->table);
  memory_space = H5Screate_simple(1, &count, NULL);
  if (file_space < 0 || memory_space < 0 ||
      H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, NULL, &count, NULL) < 0 ||
      H5Dwrite(writer->table, writer->type, memory_space, file_space, H5P_DEFAULT,
               packed) < 0) {
    status = fail_write(writer->path, err);
    goto cleanup;
  }
  writer->written += rows;
cleanup:
  hr_hdf5_release(&memory_space);
  hr_hdf5_release(&file_space);
  hr_free(packed);
  return status;
}

void hr_frame_writer_close(hr_frame_writer *writer) {
  hr_hdf5_release(&writer->table);
  hr_hdf5_release(&writer->type);
}
