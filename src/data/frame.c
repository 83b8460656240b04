/* Finds the DataFrame in a file and hands it to the reader of its layout (frame_table.c,
 * frame_fixed.c). Columns end up in the order that pandas shows, whatever the order of
 * PyTables' blocks. */
#include "data/frame.h"

#include <string.h>

#include "core/alloc.h"
#include "core/observe.h"
#include "data/frame_index.h"
#include "data/frame_layout.h"
#include "data/shard.h"

void hr_frame_fini(hr_frame *frame) {
  for (size_t i = 0; i < frame->names.count; i++) {
    hr_free(frame->columns[i]);
    hr_free(frame->integers[i]);
  }
  hr_free(frame->columns);
  hr_free(frame->integers);
  hr_free(frame->index);
  hr_free(frame->precisions);
  hr_frame_others_fini(&frame->others);
  hr_strings_fini(&frame->names);
  *frame = (hr_frame){0};
}

hr_frame_values hr_frame_classify(hid_t type, const char *pandas_dtype) {
  if (pandas_dtype && (strncmp(pandas_dtype, "datetime", 8) == 0 ||
                       strncmp(pandas_dtype, "timedelta", 9) == 0)) {
    return HR_FRAME_DATES;
  }
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_FLOAT:
      return HR_FRAME_NUMBERS;
    case H5T_BITFIELD:
      return H5Tget_size(type) == 1 ? HR_FRAME_BITS : HR_FRAME_OBJECTS;
    case H5T_STRING:
      return HR_FRAME_TEXT;
    default:
      return HR_FRAME_OBJECTS;
  }
}

bool hr_frame_is_whole(hid_t type) {
  return H5Tget_class(type) == H5T_INTEGER;
}

hr_precision hr_frame_precision(hid_t type) {
  if (H5Tget_class(type) != H5T_FLOAT) return HR_PRECISION_DOUBLE;
  size_t bytes = H5Tget_size(type);
  return bytes == 4   ? HR_PRECISION_SINGLE
         : bytes == 2 ? HR_PRECISION_HALF
                      : HR_PRECISION_DOUBLE;
}

hr_status hr_frame_add_column(const hr_frame_source *source, hr_frame *frame,
                              const char *name, hid_t type, hr_error *err) {
  hr_status status = HR_OK;
  double *column = NULL;
  int64_t *integers = NULL;
  size_t count = frame->names.count;
  if (count >= HR_FRAME_MOST_COLUMNS) {
    return hr_fail(err, HR_ERR_FORMAT,
                   "%s: %s has more than the %d columns that are read",
                   source->file->path, source->group, HR_FRAME_MOST_COLUMNS);
  }
  HR_TRY(hr_alloc(&column, frame->rows, err));
  if (hr_frame_is_whole(type)) HR_TRY(hr_alloc(&integers, frame->rows, err));
  if ((count & (count - 1)) == 0) {
    HR_TRY(hr_realloc(&frame->columns, count, count ? 2 * count : 1, err));
    HR_TRY(hr_realloc(&frame->integers, count, count ? 2 * count : 1, err));
    HR_TRY(hr_realloc(&frame->precisions, count, count ? 2 * count : 1, err));
  }
  HR_TRY(hr_strings_append(&frame->names, name, err));
  frame->columns[count] = column;
  frame->integers[count] = integers;
  frame->precisions[count] = hr_frame_precision(type);
  column = NULL;
  integers = NULL;
cleanup:
  hr_free(integers);
  hr_free(column);
  return status;
}

static const char *values_name(hr_frame_values values) {
  switch (values) {
    case HR_FRAME_DATES:
      return "dates or durations";
    case HR_FRAME_CATEGORIES:
      return "categories";
    case HR_FRAME_TEXT:
      return "text";
    default:
      return "pickled objects";
  }
}

hr_status hr_frame_skip(hr_frame *frame, const hr_strings *names, hr_frame_values values,
                        hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < names->count; i++) {
    HR_TRY(hr_frame_others_add(&frame->others, names->items[i], values, err));
  }
cleanup:
  return status;
}

void hr_frame_tell_skipped(const hr_frame_source *source, const hr_frame *frame,
                           size_t first) {
  for (size_t i = first; i < frame->others.count; i++) {
    const hr_frame_other *other = &frame->others.items[i];
    if (other->values == HR_FRAME_TEXT) continue;
    hr_observe_warning(source->observer, "%s: column %s of %s holds %s and is skipped",
                       source->file->path, other->name, source->group,
                       values_name(other->values));
  }
}

hr_status hr_frame_fail_incomplete(const hr_frame_source *source, const hr_error *reason,
                                   hr_error *err) {
  if (reason->status != HR_ERR_MISSING) {
    return hr_fail(err, reason->status, "%s", reason->message);
  }
  return hr_fail(
      err, HR_ERR_MISSING,
      "%s; the frame %s is incomplete, as pandas leaves one where it refuses a "
      "column (nullable, such as Int64 or boolean): write it anew with such "
      "columns as float64",
      reason->message, source->group);
}

size_t hr_frame_rows_at_once(size_t row_bytes) {
  size_t rows = row_bytes ? HR_FRAME_BUFFER_BYTES / row_bytes : HR_FRAME_BUFFER_BYTES;
  return rows ? rows : 1;
}

/* --- finding the frame --- */

/* Whether a group is a DataFrame by its attribute `pandas_type`; *is_table tells which
 * layout. Series, which hold the categories of a frame, are none. */
static bool is_frame(const hr_hdf5_file *file, hid_t group, const char *path,
                     bool *is_table) {
  char *type = NULL;
  size_t size = 0;
  bool found = hr_hdf5_attribute_text(&(hr_hdf5_object){file, group, path}, "pandas_type",
                                      &type, &size, NULL) == HR_OK &&
               type && (strcmp(type, "frame") == 0 || strcmp(type, "frame_table") == 0);
  if (found) *is_table = strcmp(type, "frame_table") == 0;
  hr_free(type);
  return found;
}

typedef struct frame_search {
  const hr_hdf5_file *file;
  hr_strings found;
  hr_status status;
  hr_error *err;
} frame_search;

static hr_status keep_frame(frame_search *search, hid_t root, const char *name) {
  bool is_table = false;
  hr_status status = HR_OK;
  hr_text path;
  hr_text_init(&path);
  hid_t group = H5Gopen2(root, name, H5P_DEFAULT);
  if (group >= 0 && is_frame(search->file, group, name, &is_table)) {
    hr_text_append(&path, "/%s", strcmp(name, ".") == 0 ? "" : name);
    HR_TRY(hr_text_status(&path, search->err));
    HR_TRY(hr_strings_append(&search->found, path.bytes, search->err));
  }
cleanup:
  hr_text_fini(&path);
  hr_hdf5_release(&group);
  return status;
}

static herr_t visit_object(hid_t root, const char *name, const H5O_info_t *info,
                           void *context) {
  frame_search *search = context;
  if (info->type == H5O_TYPE_GROUP) search->status = keep_frame(search, root, name);
  return search->status == HR_OK ? 0 : 1;
}

static hr_status search_frames(frame_search *search) {
#if H5_VERSION_GE(1, 12, 0)
  herr_t result = H5Ovisit3(search->file->id, H5_INDEX_NAME, H5_ITER_INC, visit_object,
                            search, H5O_INFO_BASIC);
#else
  herr_t result = H5Ovisit2(search->file->id, H5_INDEX_NAME, H5_ITER_INC, visit_object,
                            search, H5O_INFO_BASIC);
#endif
  if (result < 0) {
    return hr_hdf5_fail(search->err, HR_ERR_FORMAT, "%s: cannot list what it holds",
                        search->file->path);
  }
  return search->status;
}

static hr_status choose_frame(const frame_search *search, char **out, hr_error *err) {
  const char *path = search->file->path;
  const hr_strings *found = &search->found;
  if (found->count == 1) return hr_copy_text(found->items[0], out, err);
  if (found->count == 0) {
    return hr_fail(err, HR_ERR_MISSING,
                   "%s holds no pandas DataFrame; write the labels with "
                   "DataFrame.to_hdf(file, 'dataset/params')",
                   path);
  }
  hr_text list;
  hr_text_init(&list);
  for (size_t i = 0; i < found->count; i++) {
    hr_text_append(&list, "%s%s", i ? ", " : "", found->items[i]);
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_MISSING,
                     "%s holds several pandas DataFrames and none at %s: %s; write the "
                     "labels to %s",
                     path, HR_SHARD_PARAMS, list.bytes, HR_SHARD_PARAMS);
  }
  hr_text_fini(&list);
  return status;
}

/* The frame's absolute path, *out, freed with hr_free. */
static hr_status find_frame(const hr_hdf5_file *file, char **out, bool *is_table,
                            hr_error *err) {
  hr_status status = HR_OK;
  hid_t group = H5I_INVALID_HID;
  frame_search search = {.file = file, .status = HR_OK, .err = err};
  bool there = false;
  HR_TRY(hr_hdf5_find(file, HR_SHARD_PARAMS, &there, err));
  if (there) {
    HR_TRY(hr_hdf5_open_object(file, HR_SHARD_PARAMS, &group, err));
    if (is_frame(file, group, HR_SHARD_PARAMS, is_table)) {
      HR_TRY(hr_copy_text(HR_SHARD_PARAMS, out, err));
      goto cleanup;
    }
    hr_hdf5_release(&group);
  }
  HR_TRY(search_frames(&search));
  HR_TRY(choose_frame(&search, out, err));
  HR_TRY(hr_hdf5_open_object(file, *out, &group, err));
  is_frame(file, group, *out, is_table);
cleanup:
  hr_strings_fini(&search.found);
  hr_hdf5_release(&group);
  return status;
}

/* The frame at a place that the study names. */
static hr_status open_frame(const hr_hdf5_file *file, const char *place, bool *is_table,
                            hr_error *err) {
  hid_t group = H5I_INVALID_HID;
  hr_status status = hr_hdf5_open_object(file, place, &group, err);
  if (status == HR_OK && !is_frame(file, group, place, is_table)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: %s, which data.paths names for the labels, is no pandas "
                     "DataFrame; write them with DataFrame.to_hdf(file, '%s')",
                     file->path, place, place + 1);
  }
  hr_hdf5_release(&group);
  return status;
}

/* --- finishing --- */

static hr_status check_unique(const hr_frame_source *source, const hr_strings *names,
                              hr_error *err) {
  for (size_t i = 0; i < names->count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (strcmp(names->items[i], names->items[j]) != 0) continue;
      return hr_fail(err, HR_ERR_FORMAT,
                     "%s: %s has more than one column %s; give columns different names",
                     source->file->path, source->group, names->items[i]);
    }
  }
  return HR_OK;
}

/* Brings the columns into the order of `order`; those not in it stay behind. */
static void reorder(hr_frame *frame, const hr_strings *order) {
  size_t done = 0;
  for (size_t k = 0; k < order->count; k++) {
    size_t i = done;
    while (i < frame->names.count && strcmp(frame->names.items[i], order->items[k])) i++;
    if (i >= frame->names.count) continue;
    char *name = frame->names.items[i];
    double *column = frame->columns[i];
    int64_t *integers = frame->integers[i];
    hr_precision precision = frame->precisions[i];
    for (; i > done; i--) {
      frame->names.items[i] = frame->names.items[i - 1];
      frame->columns[i] = frame->columns[i - 1];
      frame->integers[i] = frame->integers[i - 1];
      frame->precisions[i] = frame->precisions[i - 1];
    }
    frame->names.items[done] = name;
    frame->integers[done] = integers;
    frame->precisions[done] = precision;
    frame->columns[done++] = column;
  }
}

hr_status hr_frame_read(const char *path, const hr_observer *observer, hr_frame *out,
                        hr_error *err) {
  return hr_frame_read_at(path, NULL, observer, out, err);
}

hr_status hr_frame_read_at(const char *path, const char *place,
                           const hr_observer *observer, hr_frame *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  char *group = NULL;
  hr_frame frame = {0};
  hr_strings order = {0};
  bool is_table = false;
  HR_TRY(hr_hdf5_open(path, &file, err));
  if (place) {
    HR_TRY(hr_copy_text(place, &group, err));
    HR_TRY(open_frame(&file, place, &is_table, err));
  } else {
    HR_TRY(find_frame(&file, &group, &is_table, err));
  }
  hr_frame_source source = {.file = &file, .group = group, .observer = observer};
  if (is_table) {
    HR_TRY(hr_frame_read_table(&source, &frame, &order, err));
  } else {
    HR_TRY(hr_frame_read_fixed(&source, &frame, &order, err));
  }
  HR_TRY(hr_frame_read_index(&source, is_table, &frame, err));
  HR_TRY(check_unique(&source, &frame.names, err));
  reorder(&frame, &order);
  *out = frame;
  frame = (hr_frame){0};
cleanup:
  hr_strings_fini(&order);
  hr_frame_fini(&frame);
  hr_free(group);
  hr_hdf5_close(&file);
  return status;
}
