/* pandas' 'fixed' layout: per block one array of names and one matrix of values. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text.h"
#include "data/frame_layout.h"

typedef struct fixed_reader {
  const hr_frame_source *source;
  hr_frame *frame;
  bool rows_known; /* frame->rows is set */
} fixed_reader;

/* A dataset of the frame's group, opened. */
typedef struct node {
  char *path;
  hid_t id, type;
  bool empty; /* a sentinel of one element that stands for an array of length 0 */
} node;

static hr_hdf5_object object_of(const fixed_reader *reader, const node *n) {
  return (hr_hdf5_object){.file = reader->source->file, .id = n->id, .path = n->path};
}

static hr_status open_node(const fixed_reader *reader, const char *name, node *out,
                           hr_error *err) {
  const hr_hdf5_file *file = reader->source->file;
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  HR_TRY(hr_join_path(reader->source->group, name, &out->path, err));
  status = hr_hdf5_open_dataset(file, out->path, H5P_DEFAULT, &out->id, &reason);
  if (status != HR_OK) {
    status = hr_frame_fail_incomplete(reader->source, &reason, err);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_check_stored(file, out->id, out->path, err));
  out->type = H5Dget_type(out->id);
  if (out->type < 0) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read the type of %s",
                          file->path, out->path);
    goto cleanup;
  }
  out->empty = H5Aexists(out->id, "shape") > 0;
cleanup:
  return status;
}

#define NODE_CLOSED \
  { .id = H5I_INVALID_HID, .type = H5I_INVALID_HID }

static void close_node(node *n) {
  hr_hdf5_release(&n->type);
  hr_hdf5_release(&n->id);
  hr_free(n->path);
}

/* --- names --- */

static hr_status read_fixed_texts(const fixed_reader *reader, const node *n, size_t count,
                                  hr_strings *out, hr_error *err) {
  hr_status status = HR_OK;
  char *bytes = NULL, *name = NULL;
  size_t width = H5Tget_size(n->type);
  if (width > HR_FRAME_MOST_NAME_BYTES) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: %s holds names of %zu bytes, at most %d are "
                   "read",
                   reader->source->file->path, n->path, width, HR_FRAME_MOST_NAME_BYTES);
  }
  const hr_hdf5_object dataset = object_of(reader, n);
  HR_TRY(hr_alloc_bytes(&bytes, count, width, err));
  HR_TRY(hr_alloc(&name, width + 1, err));
  HR_TRY(hr_hdf5_read_rows(&dataset, n->type, (size_t[2]){0, count}, bytes, err));
  for (size_t i = 0; i < count; i++) {
    memcpy(name, bytes + i * width, width); /* ends at its first 0 byte, or the width */
    HR_TRY(hr_strings_append(out, name, err));
  }
cleanup:
  hr_free(name);
  hr_free(bytes);
  return status;
}

static hr_status read_names(const fixed_reader *reader, const char *dataset_name,
                            hr_strings *out, hr_error *err) {
  const hr_hdf5_file *file = reader->source->file;
  hr_status status = HR_OK;
  size_t count = 0;
  node n = NODE_CLOSED;
  HR_TRY(open_node(reader, dataset_name, &n, err));
  if (n.empty) goto cleanup;
  HR_TRY(hr_hdf5_shape(file, n.id, n.path, 1, &count, err));
  if (H5Tget_class(n.type) != H5T_STRING || H5Tis_variable_str(n.type) > 0) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: the column names in %s are not text; give columns text names "
                     "before writing",
                     file->path, n.path);
    goto cleanup;
  }
  if (count > HR_FRAME_MOST_COLUMNS) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s: %s has %zu columns, at most %d are read",
                     file->path, reader->source->group, count, HR_FRAME_MOST_COLUMNS);
    goto cleanup;
  }
  HR_TRY(read_fixed_texts(reader, &n, count, out, err));
cleanup:
  close_node(&n);
  return status;
}

/* --- values --- */

/* Shape of a block as (rows, columns), whichever way it is stored. */
typedef struct block_shape {
  size_t rows, columns;
  bool transposed; /* pandas' word for: stored (rows, columns) */
} block_shape;

static hr_status read_shape(const fixed_reader *reader, const node *n, size_t names,
                            block_shape *out, hr_error *err) {
  const hr_hdf5_object dataset = object_of(reader, n);
  const hr_hdf5_file *file = dataset.file;
  size_t shape[2] = {0};
  int64_t transposed = 0;
  hr_status status = HR_OK;
  if (n->empty) {
    *out = (block_shape){.rows = 0, .columns = names};
    return HR_OK;
  }
  HR_TRY(hr_hdf5_shape(file, n->id, n->path, 2, shape, err));
  HR_TRY(hr_hdf5_attribute_integer(&dataset, "transposed", &transposed, err));
  *out = (block_shape){.rows = shape[transposed ? 0 : 1],
                       .columns = shape[transposed ? 1 : 0],
                       .transposed = transposed != 0};
  if (out->columns != names) {
    status =
        hr_fail(err, HR_ERR_FORMAT, "%s: %s has %zu column%s, but %zu name%s", file->path,
                n->path, out->columns, hr_plural(out->columns), names, hr_plural(names));
  }
cleanup:
  return status;
}

static hr_status check_rows(fixed_reader *reader, const node *n, size_t rows,
                            hr_error *err) {
  if (!reader->rows_known) {
    reader->frame->rows = rows;
    reader->rows_known = true;
  }
  if (rows == reader->frame->rows) return HR_OK;
  return hr_fail(err, HR_ERR_FORMAT, "%s: %s has %zu row%s, but the blocks before it %zu",
                 reader->source->file->path, n->path, rows, hr_plural(rows),
                 reader->frame->rows);
}

/* How the values of a block are read. */
typedef enum cells { CELLS_NUMBERS, CELLS_WHOLE, CELLS_BITS } cells;

static size_t bytes_of(cells kind) {
  return kind == CELLS_BITS ? 1 : sizeof(double);
}

static hid_t memory_type(cells kind) {
  if (kind == CELLS_BITS) return H5T_NATIVE_B8;
  return kind == CELLS_WHOLE ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE;
}

/* Copies `count` values, every `stride`-th from `start` on, to a column from `first` on.
 */
typedef struct strip {
  size_t start, stride, count, first;
} strip;

static void gather(const hr_frame *frame, size_t column, const void *buffer, cells kind,
                   const strip *s) {
  const double *numbers = buffer;
  const int64_t *whole = buffer;
  const unsigned char *bytes = buffer;
  double *out = frame->columns[column] + s->first;
  for (size_t i = 0; i < s->count; i++) {
    size_t at = s->start + i * s->stride;
    if (kind == CELLS_WHOLE) frame->integers[column][s->first + i] = whole[at];
    out[i] = kind == CELLS_BITS    ? (bytes[at] != 0)
             : kind == CELLS_WHOLE ? (double)whole[at]
                                   : numbers[at];
  }
}

/* Reads a block stored (rows, columns), many rows at a time. */
static hr_status read_by_rows(const fixed_reader *reader, const node *n,
                              const block_shape *shape, cells kind, hr_error *err) {
  hr_status status = HR_OK;
  unsigned char *buffer = NULL;
  const hr_hdf5_object dataset = object_of(reader, n);
  size_t width = shape->columns, bytes = bytes_of(kind);
  size_t first_column = reader->frame->names.count - width;
  size_t step = hr_frame_rows_at_once(width * bytes);
  if (step > shape->rows) step = shape->rows;
  HR_TRY(hr_alloc(&buffer, step * width * bytes, err));
  for (size_t first = 0; first < shape->rows; first += step) {
    size_t count = shape->rows - first < step ? shape->rows - first : step;
    HR_TRY(hr_hdf5_read_rows(&dataset, memory_type(kind), (size_t[2]){first, count},
                             buffer, err));
    for (size_t k = 0; k < width; k++) {
      gather(reader->frame, first_column + k, buffer, kind,
             &(strip){k, width, count, first});
    }
  }
cleanup:
  hr_free(buffer);
  return status;
}

/* Reads a block stored (columns, rows), one column at a time. */
static hr_status read_by_columns(const fixed_reader *reader, const node *n,
                                 const block_shape *shape, cells kind, hr_error *err) {
  hr_status status = HR_OK;
  unsigned char *buffer = NULL;
  const hr_hdf5_object dataset = object_of(reader, n);
  size_t width = shape->columns, bytes = bytes_of(kind);
  size_t first_column = reader->frame->names.count - width;
  HR_TRY(hr_alloc_bytes(&buffer, shape->rows, bytes, err));
  for (size_t k = 0; k < width && shape->rows > 0; k++) {
    HR_TRY(
        hr_hdf5_read_rows(&dataset, memory_type(kind), (size_t[2]){k, 1}, buffer, err));
    gather(reader->frame, first_column + k, buffer, kind, &(strip){0, 1, shape->rows, 0});
  }
cleanup:
  hr_free(buffer);
  return status;
}

static hr_status read_values(fixed_reader *reader, const node *n, const hr_strings *names,
                             cells kind, hr_error *err) {
  hr_status status = HR_OK;
  block_shape shape = {0};
  HR_TRY(read_shape(reader, n, names->count, &shape, err));
  HR_TRY(check_rows(reader, n, shape.rows, err));
  for (size_t k = 0; k < names->count; k++) {
    HR_TRY(hr_frame_add_column(reader->source, reader->frame, names->items[k], n->type,
                               err));
  }
  if (shape.rows == 0 || shape.columns == 0) goto cleanup;
  if (shape.transposed) {
    HR_TRY(read_by_rows(reader, n, &shape, kind, err));
  } else {
    HR_TRY(read_by_columns(reader, n, &shape, kind, err));
  }
cleanup:
  return status;
}

/* Looks at pickled texts: a list of bytes of one element. A pickle that cannot be read
 * tells nothing, and is no failure: nobody has asked for it yet. */
static hr_status judge_pickle(fixed_reader *reader, const node *n, size_t first,
                              hr_error *err) {
  hr_status status = HR_OK;
  const hr_hdf5_object dataset = object_of(reader, n);
  hr_frame_others *others = &reader->frame->others;
  hvl_t pickle = {0};
  int64_t by_rows = 0;
  size_t count = 0;
  if (n->empty || H5Tget_class(n->type) != H5T_VLEN || others->count == first) {
    return HR_OK;
  }
  hid_t type = H5Tvlen_create(H5T_NATIVE_UCHAR);
  bool is_one = type >= 0 &&
                hr_hdf5_shape(dataset.file, n->id, n->path, 1, &count, NULL) == HR_OK &&
                count == 1;
  HR_TRY(hr_hdf5_attribute_integer(&dataset, "transposed", &by_rows, err));
  if (is_one && H5Dread(n->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &pickle) >= 0) {
    hr_frame_other_judge_pickle(&others->items[first], others->count - first,
                                by_rows != 0, pickle.p, pickle.len);
    H5free_memory(pickle.p);
  }
cleanup:
  hr_hdf5_release(&type);
  return status;
}

static hr_status read_block(fixed_reader *reader, size_t block, hr_error *err) {
  hr_status status = HR_OK;
  hr_strings names = {0};
  node n = NODE_CLOSED;
  char *dtype = NULL, dataset_name[64];
  size_t size = 0;
  snprintf(dataset_name, sizeof dataset_name, "block%zu_items", block);
  HR_TRY(read_names(reader, dataset_name, &names, err));
  snprintf(dataset_name, sizeof dataset_name, "block%zu_values", block);
  HR_TRY(open_node(reader, dataset_name, &n, err));
  const hr_hdf5_object dataset = object_of(reader, &n);
  HR_TRY(hr_hdf5_attribute_text(&dataset, "value_type", &dtype, &size, err));
  hr_frame_values values = hr_frame_classify(n.type, dtype);
  if (values == HR_FRAME_NUMBERS || values == HR_FRAME_BITS) {
    cells kind = values == HR_FRAME_BITS     ? CELLS_BITS
                 : hr_frame_is_whole(n.type) ? CELLS_WHOLE
                                             : CELLS_NUMBERS;
    HR_TRY(read_values(reader, &n, &names, kind, err));
  } else {
    size_t first = reader->frame->others.count;
    HR_TRY(hr_frame_skip(reader->frame, &names, values, err));
    HR_TRY(judge_pickle(reader, &n, first, err));
    hr_frame_tell_skipped(reader->source, reader->frame, first);
  }
cleanup:
  hr_free(dtype);
  close_node(&n);
  hr_strings_fini(&names);
  return status;
}

/* A frame without a column of numbers still has rows: as many as its index, where that is
 * not pickled. */
static hr_status count_index(fixed_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  node n = NODE_CLOSED;
  HR_TRY(open_node(reader, "axis1", &n, err));
  if (!n.empty && H5Tget_class(n.type) != H5T_VLEN) {
    HR_TRY(
        hr_hdf5_shape(reader->source->file, n.id, n.path, 1, &reader->frame->rows, err));
  }
cleanup:
  close_node(&n);
  return status;
}

/* Looks at the group's attributes: the number of blocks, and that columns have names of
 * one level. */
static hr_status read_outline(const fixed_reader *reader, int64_t *blocks,
                              hr_error *err) {
  const hr_hdf5_file *file = reader->source->file;
  const char *path = reader->source->group;
  hr_status status = HR_OK;
  hid_t group = H5I_INVALID_HID;
  char *variety = NULL;
  size_t size = 0;
  HR_TRY(hr_hdf5_open_object(file, path, &group, err));
  const hr_hdf5_object object = {.file = file, .id = group, .path = path};
  HR_TRY(hr_hdf5_attribute_text(&object, "axis0_variety", &variety, &size, err));
  if (variety && strcmp(variety, "regular") != 0) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: the columns of %s have names of several levels (MultiIndex); "
                     "flatten the columns before writing",
                     file->path, path);
    goto cleanup;
  }
  *blocks = -1;
  HR_TRY(hr_hdf5_attribute_integer(&object, "nblocks", blocks, err));
  if (*blocks < 0 || *blocks > HR_FRAME_MOST_COLUMNS) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: %s has no usable attribute nblocks, the number of its blocks",
                     file->path, path);
  }
cleanup:
  hr_free(variety);
  hr_hdf5_release(&group);
  return status;
}

hr_status hr_frame_read_fixed(const hr_frame_source *source, hr_frame *frame,
                              hr_strings *order, hr_error *err) {
  hr_status status = HR_OK;
  fixed_reader reader = {.source = source, .frame = frame};
  int64_t blocks = 0;
  HR_TRY(read_outline(&reader, &blocks, err));
  /* Of no columns at all, the names are pickled. */
  if (blocks > 0) HR_TRY(read_names(&reader, "axis0", order, err));
  for (int64_t block = 0; block < blocks; block++) {
    HR_TRY(read_block(&reader, (size_t)block, err));
  }
  if (!reader.rows_known) HR_TRY(count_index(&reader, err));
cleanup:
  return status;
}
