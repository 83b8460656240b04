/* PyTables' 'table' layout written: one compound a row, a member for every block of
 * columns, and the attributes by which pandas knows which column is where. */
#include "data/frame_writer.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/hdf5_file.h"

/* 64 KiB chunks, PyTables' own choice for tables of this size. */
enum { CHUNK_BYTES = 65536 };

static hr_status fail_write(const char *path, hr_error *err) {
  return hr_hdf5_fail(err, HR_ERR_IO, "writing %s failed", path);
}

/* --- attributes --- */

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

/* A value in memory, and the type it has in the file. */
typedef struct stored_value {
  hid_t file_type, type;
  const void *value;
} stored_value;

static hr_status write_value(hid_t object, const char *path, const char *name,
                             stored_value value, hr_error *err) {
  hr_status status = HR_OK;
  hid_t space = H5Screate(H5S_SCALAR), attribute = H5I_INVALID_HID;
  if (space < 0 ||
      (attribute = H5Acreate2(object, name, value.file_type, space, H5P_DEFAULT,
                              H5P_DEFAULT)) < 0 ||
      H5Awrite(attribute, value.type, value.value) < 0) {
    status = fail_write(path, err);
  }
  hr_hdf5_release(&attribute);
  hr_hdf5_release(&space);
  return status;
}

static hr_status write_integer(hid_t object, const char *path, const char *name,
                               int64_t value, hr_error *err) {
  return write_value(object, path, name,
                     (stored_value){H5T_STD_I64LE, H5T_NATIVE_INT64, &value}, err);
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

/* --- pickles: protocol 0, as Python's pickle.dumps writes them --- */

/* A list of the names of a kind, or of all: HR_FRAME_CELL_KINDS. Each is remembered under
 * the next number from `*memo` on. */
static void pickle_names(hr_text *out, const hr_frame_writer *writer,
                         hr_frame_cell_kind kind, size_t *memo) {
  hr_text_append(out, "(lp%zu\n", (*memo)++);
  for (size_t i = 0; i < writer->column_count; i++) {
    const hr_frame_column *column = &writer->columns[i];
    if (kind != HR_FRAME_CELL_KINDS && column->kind != kind) continue;
    hr_text_append(out, "V%s\np%zu\na", column->name, (*memo)++);
  }
}

/* "values_block_1" of the blocks that there are. */
static void name_block(size_t block, char name[32]) {
  snprintf(name, 32, "values_block_%zu", block);
}

/* [names of the blocks], remembered from 0 on. */
static void pickle_blocks(hr_text *out, size_t blocks) {
  hr_text_append(out, "(lp0\n");
  for (size_t b = 0; b < blocks; b++) {
    hr_text_append(out, "Vvalues_block_%zu\np%zu\na", b, b + 1);
  }
  hr_text_append(out, ".");
}

/* {1: {"names": [None], "type": "Index"}, "index": {}, and {} for every block} */
static void pickle_info(hr_text *out, size_t blocks) {
  hr_text_append(out,
                 "(dp0\nI1\n(dp1\nVnames\np2\n(lp3\nNasVtype\np4\nVIndex\np5\nss"
                 "Vindex\np6\n(dp7\ns");
  for (size_t b = 0; b < blocks; b++) {
    hr_text_append(out, "Vvalues_block_%zu\np%zu\n(dp%zu\ns", b, 8 + 2 * b, 9 + 2 * b);
  }
  hr_text_append(out, ".");
}

static size_t count_blocks(const hr_frame_writer *writer) {
  size_t count = 0;
  for (int k = 0; k < HR_FRAME_CELL_KINDS; k++) count += writer->blocks[k].columns > 0;
  return count;
}

/* What pandas keeps with the group. */
static hr_status describe_group(hid_t group, const hr_frame_writer *writer,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_text axes, info, blocks;
  hr_text_init(&axes);
  hr_text_init(&info);
  hr_text_init(&blocks);
  size_t memo = 1;
  hr_text_append(&axes, "(lp0\n(I1\n"); /* [(1, [names])] */
  pickle_names(&axes, writer, HR_FRAME_CELL_KINDS, &memo);
  hr_text_append(&axes, "tp%zu\na.", memo);
  pickle_info(&info, count_blocks(writer));
  pickle_blocks(&blocks, count_blocks(writer));
  HR_TRY(hr_text_status(&axes, err));
  HR_TRY(hr_text_status(&info, err));
  HR_TRY(hr_text_status(&blocks, err));
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
      {"values_cols", blocks.bytes, false},
      {"non_index_axes", axes.bytes, false},
      {"info", info.bytes, false},
  };
  HR_TRY(write_texts(group, writer->path, attributes,
                     sizeof attributes / sizeof *attributes, err));
  HR_TRY(write_integer(group, writer->path, "levels", 1, err));
cleanup:
  hr_text_fini(&blocks);
  hr_text_fini(&info);
  hr_text_fini(&axes);
  return status;
}

static hr_status write_fill(const hr_frame_writer *writer, const char *name,
                            hr_frame_cell_kind kind, hr_error *err) {
  const double zero = 0.0;
  if (kind == HR_FRAME_CELL_INTEGER) {
    return write_integer(writer->table, writer->path, name, 0, err);
  }
  if (kind == HR_FRAME_CELL_NUMBER) {
    return write_value(writer->table, writer->path, name,
                       (stored_value){H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &zero}, err);
  }
  return write_value(writer->table, writer->path, name,
                     (stored_value){H5T_C_S1, H5T_C_S1, ""}, err);
}

/* What PyTables and pandas keep of one block, member number `block` + 1 of the table. */
static hr_status describe_block(const hr_frame_writer *writer, size_t block,
                                hr_frame_cell_kind kind, hr_error *err) {
  hr_status status = HR_OK;
  char member[32], field[32], fill[32], dtype[64], names[64], meta[64], type[64];
  size_t memo = 0;
  hr_text pickle;
  hr_text_init(&pickle);
  pickle_names(&pickle, writer, kind, &memo);
  hr_text_append(&pickle, ".");
  HR_TRY(hr_text_status(&pickle, err));
  name_block(block, member);
  snprintf(field, sizeof field, "FIELD_%zu_NAME", block + 1);
  snprintf(fill, sizeof fill, "FIELD_%zu_FILL", block + 1);
  snprintf(dtype, sizeof dtype, "%s_dtype", member);
  snprintf(names, sizeof names, "%s_kind", member);
  snprintf(meta, sizeof meta, "%s_meta", member);
  snprintf(type, sizeof type, "bytes%zu", 8 * writer->blocks[kind].width);
  if (kind == HR_FRAME_CELL_NUMBER) snprintf(type, sizeof type, "float64");
  if (kind == HR_FRAME_CELL_INTEGER) snprintf(type, sizeof type, "int64");
  const attribute attributes[] = {
      {field, member, true},
      {dtype, type, true},
      {names, pickle.bytes, false},
      {meta, "N.", false}, /* None */
  };
  HR_TRY(write_texts(writer->table, writer->path, attributes,
                     sizeof attributes / sizeof *attributes, err));
  HR_TRY(write_fill(writer, fill, kind, err));
cleanup:
  hr_text_fini(&pickle);
  return status;
}

/* What PyTables and pandas keep with the table itself. */
static hr_status describe_table(const hr_frame_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  size_t block = 0;
  const attribute attributes[] = {
      {"CLASS", "TABLE", true},        {"TITLE", "", true},
      {"VERSION", "2.7", true},        {"FIELD_0_NAME", "index", true},
      {"index_kind", "integer", true},
  };
  HR_TRY(write_texts(writer->table, writer->path, attributes,
                     sizeof attributes / sizeof *attributes, err));
  HR_TRY(write_integer(writer->table, writer->path, "FIELD_0_FILL", 0, err));
  for (hr_frame_cell_kind kind = HR_FRAME_CELL_NUMBER; kind < HR_FRAME_CELL_KINDS;
       kind++) {
    if (writer->blocks[kind].columns == 0) continue;
    HR_TRY(describe_block(writer, block++, kind, err));
  }
  HR_TRY(write_integer(writer->table, writer->path, "NROWS", (int64_t)writer->rows, err));
cleanup:
  return status;
}

/* --- the table --- */

/* Where the blocks are in a row: the index, then one after the other, without gaps. */
static void lay_out(hr_frame_writer *writer) {
  writer->row_bytes = sizeof(int64_t);
  for (size_t i = 0; i < writer->column_count; i++) {
    const hr_frame_column *column = &writer->columns[i];
    hr_frame_block *block = &writer->blocks[column->kind];
    size_t width =
        column->kind == HR_FRAME_CELL_TEXT ? column->text_bytes : sizeof(double);
    block->width = width > block->width ? width : block->width;
    block->columns++;
  }
  for (int k = 0; k < HR_FRAME_CELL_KINDS; k++) {
    writer->blocks[k].offset = writer->row_bytes;
    writer->row_bytes += writer->blocks[k].columns * writer->blocks[k].width;
  }
}

static hid_t make_cell_type(hr_frame_cell_kind kind, size_t width, bool in_file) {
  if (kind == HR_FRAME_CELL_NUMBER)
    return H5Tcopy(in_file ? H5T_IEEE_F64LE : H5T_NATIVE_DOUBLE);
  if (kind == HR_FRAME_CELL_INTEGER)
    return H5Tcopy(in_file ? H5T_STD_I64LE : H5T_NATIVE_INT64);
  hid_t text = H5Tcopy(H5T_C_S1);
  if (text >= 0 &&
      (H5Tset_size(text, width) < 0 || H5Tset_strpad(text, H5T_STR_NULLPAD) < 0)) {
    hr_hdf5_release(&text);
  }
  return text;
}

static bool insert_block(hid_t type, const hr_frame_writer *writer,
                         hr_frame_cell_kind kind, size_t number, bool in_file) {
  const hr_frame_block *block = &writer->blocks[kind];
  const hsize_t count = block->columns;
  char name[32];
  name_block(number, name);
  hid_t cell = make_cell_type(kind, block->width, in_file);
  hid_t array = cell >= 0 ? H5Tarray_create2(cell, 1, &count) : H5I_INVALID_HID;
  bool is_in = array >= 0 && H5Tinsert(type, name, block->offset, array) >= 0;
  hr_hdf5_release(&array);
  hr_hdf5_release(&cell);
  return is_in;
}

static hid_t make_type(const hr_frame_writer *writer, bool in_file) {
  size_t number = 0;
  hid_t type = H5Tcreate(H5T_COMPOUND, writer->row_bytes);
  bool is_good = type >= 0 && H5Tinsert(type, "index", 0,
                                        in_file ? H5T_STD_I64LE : H5T_NATIVE_INT64) >= 0;
  for (hr_frame_cell_kind kind = HR_FRAME_CELL_NUMBER;
       kind < HR_FRAME_CELL_KINDS && is_good; kind++) {
    if (writer->blocks[kind].columns == 0) continue;
    is_good = insert_block(type, writer, kind, number++, in_file);
  }
  if (!is_good) hr_hdf5_release(&type);
  return type;
}

static hr_status create_table(hid_t group, hr_frame_writer *writer, hr_error *err) {
  hr_status status = HR_OK;
  hsize_t rows = writer->rows, most = H5S_UNLIMITED;
  hsize_t chunk = CHUNK_BYTES / writer->row_bytes;
  if (chunk == 0) chunk = 1;
  hid_t file_type = make_type(writer, true);
  hid_t space = H5Screate_simple(1, &rows, &most), layout = hr_hdf5_timeless();
  writer->type = make_type(writer, false);
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

hr_status hr_frame_writer_create_table(const hr_frame_place *place,
                                       const hr_frame_column *columns, size_t count,
                                       uint64_t rows, hr_frame_writer *out,
                                       hr_error *err) {
  hr_status status = HR_OK;
  hid_t group = H5I_INVALID_HID;
  *out = (hr_frame_writer)HR_FRAME_WRITER_CLOSED;
  out->path = place->path;
  out->rows = rows;
  HR_TRY(hr_alloc(&out->columns, count, err));
  memcpy(out->columns, columns, count * sizeof *columns);
  out->column_count = count;
  lay_out(out);
  group = H5Gcreate2(place->file, place->group, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  if (group < 0) {
    status = fail_write(place->path, err);
    goto cleanup;
  }
  HR_TRY(describe_group(group, out, err));
  HR_TRY(create_table(group, out, err));
  HR_TRY(describe_table(out, err));
cleanup:
  hr_hdf5_release(&group);
  if (status != HR_OK) hr_frame_writer_close(out);
  return status;
}

hr_status hr_frame_writer_create(const hr_frame_place *place, const char *const *names,
                                 size_t columns, uint64_t rows, hr_frame_writer *out,
                                 hr_error *err) {
  hr_status status = HR_OK;
  hr_frame_column *list = NULL;
  HR_TRY(hr_alloc(&list, columns, err));
  for (size_t i = 0; i < columns; i++) list[i].name = names[i];
  HR_TRY(hr_frame_writer_create_table(place, list, columns, rows, out, err));
cleanup:
  hr_free(list);
  return status;
}

/* --- rows --- */

static hr_status grow(hr_frame_writer *writer, uint64_t rows, hr_error *err) {
  hsize_t extent = rows;
  if (rows <= writer->rows) return HR_OK;
  if (H5Dset_extent(writer->table, &extent) < 0) return fail_write(writer->path, err);
  writer->rows = rows;
  return HR_OK;
}

/* Writes rows that lie packed as the table has them. */
static hr_status write_rows(hr_frame_writer *writer, size_t rows, const void *packed,
                            hr_error *err) {
  hr_status status = HR_OK;
  hsize_t start = writer->written, count = rows;
  hid_t file_space = H5I_INVALID_HID, memory_space = H5I_INVALID_HID;
  HR_TRY(grow(writer, writer->written + rows, err));
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
  return status;
}

/* The rows' numbers, in packed rows. */
static void pack_index(const hr_frame_writer *writer, size_t rows,
                       unsigned char *packed) {
  for (size_t i = 0; i < rows; i++) {
    int64_t index = (int64_t)(writer->written + i);
    memcpy(packed + i * writer->row_bytes, &index, sizeof index);
  }
}

hr_status hr_frame_writer_append(hr_frame_writer *writer, size_t rows,
                                 const double *values, hr_error *err) {
  hr_status status = HR_OK;
  unsigned char *packed = NULL;
  size_t bytes = writer->row_bytes;
  HR_TRY(hr_alloc(&packed, rows * bytes, err));
  pack_index(writer, rows, packed);
  for (size_t i = 0; i < rows; i++) {
    memcpy(packed + i * bytes + sizeof(int64_t), values + i * writer->column_count,
           bytes - sizeof(int64_t));
  }
  HR_TRY(write_rows(writer, rows, packed, err));
cleanup:
  hr_free(packed);
  return status;
}

static void pack_column(const hr_frame_writer *writer, const hr_frame_column *column,
                        const hr_frame_cells *cells, size_t rows, unsigned char *to) {
  size_t width = writer->blocks[column->kind].width;
  for (size_t i = 0; i < rows; i++, to += writer->row_bytes) {
    if (column->kind == HR_FRAME_CELL_NUMBER) memcpy(to, &cells->numbers[i], width);
    if (column->kind == HR_FRAME_CELL_INTEGER) memcpy(to, &cells->integers[i], width);
    if (column->kind == HR_FRAME_CELL_TEXT) {
      memcpy(to, cells->texts[i], strnlen(cells->texts[i], width));
    }
  }
}

hr_status hr_frame_writer_append_cells(hr_frame_writer *writer, size_t rows,
                                       const hr_frame_cells *cells, hr_error *err) {
  hr_status status = HR_OK;
  unsigned char *packed = NULL;
  size_t taken[HR_FRAME_CELL_KINDS] = {0};
  HR_TRY(hr_alloc(&packed, rows * writer->row_bytes, err));
  pack_index(writer, rows, packed);
  for (size_t c = 0; c < writer->column_count; c++) {
    const hr_frame_column *column = &writer->columns[c];
    const hr_frame_block *block = &writer->blocks[column->kind];
    size_t offset = block->offset + taken[column->kind]++ * block->width;
    pack_column(writer, column, &cells[c], rows, packed + offset);
  }
  HR_TRY(write_rows(writer, rows, packed, err));
cleanup:
  hr_free(packed);
  return status;
}

hr_status hr_frame_writer_finish(hr_frame_writer *writer, hr_error *err) {
  int64_t rows = (int64_t)writer->written;
  hid_t count = H5Aopen(writer->table, "NROWS", H5P_DEFAULT);
  hr_status status = HR_OK;
  if (count < 0 || H5Awrite(count, H5T_NATIVE_INT64, &rows) < 0) {
    status = fail_write(writer->path, err);
  }
  hr_hdf5_release(&count);
  return status;
}

void hr_frame_writer_close(hr_frame_writer *writer) {
  hr_hdf5_release(&writer->table);
  hr_hdf5_release(&writer->type);
  hr_free(writer->columns);
  writer->columns = NULL;
}
