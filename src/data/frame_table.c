/* pandas' 'table' layout: one compound per row, whose members are blocks of columns.
 *
 * Which column is where is told by the attribute <member>_kind of the table, a pickled
 * list of names; the order inside a block is not the frame's. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "data/frame_layout.h"
#include "data/pickle.h"

/* A member whose columns are read. */
typedef struct table_part {
  size_t columns;
  size_t first_column; /* in the frame */
  size_t offset;       /* in a row of the buffer */
  bool bits;           /* bytes instead of fp64 */
  bool whole;          /* int64 instead of fp64 */
  size_t text_bytes;   /* of a text, where it is text: looked at, not kept; else 0 */
  size_t first_other;  /* then, in the frame's others */
} table_part;

typedef struct table_reader {
  const hr_frame_source *source;
  char *path; /* of the table */
  hid_t group, table;
  hid_t type;   /* compound in the file */
  hid_t memory; /* compound of the members that are read, in the buffer */
  table_part *parts;
  size_t part_count;
  size_t row_bytes; /* of the buffer */
  hr_frame *frame;
} table_reader;

static hr_status attribute_of_member(const table_reader *reader, const char *member,
                                     const char *suffix, char **out, size_t *size,
                                     hr_error *err) {
  hr_text name;
  hr_text_init(&name);
  hr_text_append(&name, "%s%s", member, suffix);
  hr_status status = hr_text_status(&name, err);
  if (status == HR_OK) {
    const hr_hdf5_object table = {reader->source->file, reader->table, reader->path};
    status = hr_hdf5_attribute_text(&table, name.bytes, out, size, err);
  }
  hr_text_fini(&name);
  return status;
}

static hr_status read_member_names(const table_reader *reader, const char *member,
                                   hr_strings *names, hr_error *err) {
  const char *file = reader->source->file->path;
  char *pickle = NULL;
  size_t size = 0;
  hr_error inner = {0};
  hr_status status = attribute_of_member(reader, member, "_kind", &pickle, &size, err);
  if (status == HR_OK && !pickle) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: %s has no attribute %s_kind, which names the columns of %s",
                     file, reader->path, member, member);
  } else if (status == HR_OK) {
    status = hr_pickle_strings(pickle, size, names, &inner);
    if (status != HR_OK) {
      hr_fail(err, status, "%s: attribute %s_kind of %s: %s", file, member, reader->path,
              inner.message);
    }
  }
  hr_free(pickle);
  return status;
}

/* What a member holds, by its type and by the attributes _dtype and _meta. */
static hr_status classify_member(const table_reader *reader, const char *member,
                                 hid_t base, hr_frame_values *out, hr_error *err) {
  hr_status status = HR_OK;
  char *dtype = NULL, *meta = NULL;
  size_t size = 0;
  HR_TRY(attribute_of_member(reader, member, "_dtype", &dtype, &size, err));
  HR_TRY(attribute_of_member(reader, member, "_meta", &meta, &size, err));
  *out = hr_frame_classify(base, dtype);
  if (meta && strcmp(meta, "category") == 0) *out = HR_FRAME_CATEGORIES;
cleanup:
  hr_free(meta);
  hr_free(dtype);
  return status;
}

/* The type of a member's single values and their number: an array or one value. */
static hid_t base_of_member(hid_t type, size_t *count) {
  *count = 1;
  if (H5Tget_class(type) != H5T_ARRAY) return H5Tcopy(type);
  hsize_t extent[H5S_MAX_RANK] = {0};
  int rank = H5Tget_array_dims2(type, extent);
  for (int i = 0; i < rank; i++) {
    if (extent[i] > HR_FRAME_MOST_COLUMNS) extent[i] = HR_FRAME_MOST_COLUMNS + 1;
    *count *= (size_t)extent[i];
    if (*count > HR_FRAME_MOST_COLUMNS) *count = HR_FRAME_MOST_COLUMNS + 1;
  }
  return H5Tget_super(type);
}

/* Makes room for a member in the buffer's rows. The compound is built when all members
 * are known (make_memory_type). */
static hr_status add_part(table_reader *reader, const hr_strings *names, hid_t base,
                          bool bits, hr_error *err) {
  table_part *part = &reader->parts[reader->part_count];
  *part = (table_part){.columns = names->count,
                       .first_column = reader->frame->names.count,
                       .offset = reader->row_bytes,
                       .bits = bits,
                       .whole = hr_frame_is_whole(base)};
  for (size_t i = 0; i < names->count; i++) {
    hr_status status =
        hr_frame_add_column(reader->source, reader->frame, names->items[i], base, err);
    if (status != HR_OK) return status;
  }
  reader->row_bytes += names->count * (bits ? 1 : sizeof(double));
  reader->part_count++;
  return HR_OK;
}

/* The same of texts, which are looked at as far as rows of a buffer hold them. */
static hr_status add_text(table_reader *reader, const hr_strings *names, hid_t base,
                          hr_error *err) {
  hr_frame *frame = reader->frame;
  size_t bytes = H5Tget_size(base), first = frame->others.count;
  hr_status status = hr_frame_skip(frame, names, HR_FRAME_TEXT, err);
  bool is_short = bytes > 0 && bytes <= HR_FRAME_MOST_NAME_BYTES / names->count;
  if (status != HR_OK || !is_short || H5Tis_variable_str(base) > 0) return status;
  reader->parts[reader->part_count++] = (table_part){.columns = names->count,
                                                     .offset = reader->row_bytes,
                                                     .text_bytes = bytes,
                                                     .first_other = first};
  reader->row_bytes += names->count * bytes;
  return HR_OK;
}

/* Puts one part into the compound of the buffer, as an array where the file has one. */
static bool insert_part(hid_t memory, const char *member, hid_t type,
                        const table_part *part) {
  if (part->text_bytes > 0) return H5Tinsert(memory, member, part->offset, type) >= 0;
  hid_t base = part->bits    ? H5T_NATIVE_B8
               : part->whole ? H5T_NATIVE_INT64
                             : H5T_NATIVE_DOUBLE;
  if (H5Tget_class(type) != H5T_ARRAY) {
    return H5Tinsert(memory, member, part->offset, base) >= 0;
  }
  hsize_t extent[H5S_MAX_RANK] = {0};
  int rank = H5Tget_array_dims2(type, extent);
  hid_t array = rank > 0 ? H5Tarray_create2(base, (unsigned)rank, extent) : -1;
  bool inserted = array >= 0 && H5Tinsert(memory, member, part->offset, array) >= 0;
  hr_hdf5_release(&array);
  return inserted;
}

static hr_status fail_member(const table_reader *reader, const char *member,
                             hr_error *err) {
  return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read the type of %s in %s",
                      reader->source->file->path, member, reader->path);
}

/* Adds the columns of one member to the frame, or tells that they are skipped. */
static hr_status plan_member(table_reader *reader, const char *member, hid_t type,
                             hr_error *err) {
  hr_status status = HR_OK;
  hr_strings names = {0};
  hr_frame_values values = HR_FRAME_OBJECTS;
  size_t count = 0;
  hid_t base = base_of_member(type, &count);
  if (base < 0) {
    status = fail_member(reader, member, err);
    goto cleanup;
  }
  HR_TRY(read_member_names(reader, member, &names, err));
  if (names.count != count) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: attribute %s_kind of %s names %zu columns, but %s has %zu",
                     reader->source->file->path, member, reader->path, names.count,
                     member, count);
    goto cleanup;
  }
  HR_TRY(classify_member(reader, member, base, &values, err));
  if (values == HR_FRAME_TEXT && names.count > 0) {
    status = add_text(reader, &names, base, err);
    goto cleanup;
  }
  if (values != HR_FRAME_NUMBERS && values != HR_FRAME_BITS) {
    size_t first = reader->frame->others.count;
    status = hr_frame_skip(reader->frame, &names, values, err);
    hr_frame_tell_skipped(reader->source, reader->frame, first);
    goto cleanup;
  }
  HR_TRY(add_part(reader, &names, base, values == HR_FRAME_BITS, err));
cleanup:
  hr_hdf5_release(&base);
  hr_strings_fini(&names);
  return status;
}

/* Plans member `i`; the ones that are read are put into the buffer's compound. */
static hr_status take_member(table_reader *reader, unsigned i, hid_t *memory,
                             hr_error *err) {
  hr_status status = HR_OK;
  hid_t type = H5Tget_member_type(reader->type, i);
  char *member = H5Tget_member_name(reader->type, i);
  size_t parts = reader->part_count;
  if (type < 0 || !member) {
    status = fail_member(reader, "a member", err);
  } else if (strcmp(member, "index") != 0) {
    status = plan_member(reader, member, type, err);
  }
  if (status == HR_OK && reader->part_count > parts) {
    /* H5Tset_size below the last member fails, so the compound only grows. */
    bool inserted = H5Tset_size(*memory, reader->row_bytes) >= 0 &&
                    insert_part(*memory, member, type, &reader->parts[parts]);
    if (!inserted) status = fail_member(reader, member, err);
  }
  H5free_memory(member);
  hr_hdf5_release(&type);
  return status;
}

static hr_status plan_members(table_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  int count = H5Tget_nmembers(reader->type);
  if (count < 0 || count > HR_FRAME_MOST_COLUMNS) count = 0;
  HR_TRY(hr_alloc(&reader->parts, (size_t)count, err));
  reader->memory = H5Tcreate(H5T_COMPOUND, 1);
  for (int i = 0; i < count; i++) {
    HR_TRY(take_member(reader, (unsigned)i, &reader->memory, err));
  }
cleanup:
  return status;
}

/* Looks at the texts of `rows` rows of the buffer. */
static void judge_texts(const table_reader *reader, const table_part *part,
                        const unsigned char *buffer, size_t first, size_t rows) {
  for (size_t k = 0; k < part->columns; k++) {
    hr_frame_other *other = &reader->frame->others.items[part->first_other + k];
    const unsigned char *text = buffer + part->offset + k * part->text_bytes;
    for (size_t i = 0; i < rows && !other->has_word; i++, text += reader->row_bytes) {
      hr_frame_other_judge(other, (const char *)text, part->text_bytes, first + i);
    }
  }
}

/* Pulls the columns out of `rows` rows of the buffer. */
static void scatter_rows(const table_reader *reader, const unsigned char *buffer,
                         size_t first, size_t rows) {
  for (size_t p = 0; p < reader->part_count; p++) {
    const table_part *part = &reader->parts[p];
    if (part->text_bytes > 0) {
      judge_texts(reader, part, buffer, first, rows);
      continue;
    }
    for (size_t k = 0; k < part->columns; k++) {
      double *column = reader->frame->columns[part->first_column + k] + first;
      int64_t *integers = reader->frame->integers[part->first_column + k];
      const unsigned char *value =
          buffer + part->offset + k * (part->bits ? 1 : sizeof(double));
      for (size_t i = 0; i < rows; i++, value += reader->row_bytes) {
        if (part->bits) {
          column[i] = *value != 0;
        } else if (part->whole) {
          memcpy(&integers[first + i], value, sizeof(int64_t));
          column[i] = (double)integers[first + i];
        } else {
          memcpy(&column[i], value, sizeof(double));
        }
      }
    }
  }
}

static hr_status read_rows(const table_reader *reader, hr_error *err) {
  hr_status status = HR_OK;
  unsigned char *buffer = NULL;
  const hr_hdf5_object table = {reader->source->file, reader->table, reader->path};
  size_t rows = reader->frame->rows, step = hr_frame_rows_at_once(reader->row_bytes);
  if (reader->part_count == 0 || rows == 0) return HR_OK;
  if (step > rows) step = rows;
  HR_TRY(hr_alloc(&buffer, step * reader->row_bytes, err));
  for (size_t first = 0; first < rows; first += step) {
    size_t count = rows - first < step ? rows - first : step;
    HR_TRY(hr_hdf5_read_rows(&table, reader->memory, (size_t[2]){first, count}, buffer,
                             err));
    scatter_rows(reader, buffer, first, count);
  }
cleanup:
  hr_free(buffer);
  return status;
}

/* The frame's own order of columns, from an attribute of its group; a frame without it is
 * read in the order of its blocks. */
static hr_status read_order(const table_reader *reader, hr_strings *order,
                            hr_error *err) {
  char *pickle = NULL;
  size_t size = 0;
  hr_status status = hr_hdf5_attribute_text(
      &(hr_hdf5_object){reader->source->file, reader->group, reader->source->group},
      "non_index_axes", &pickle, &size, err);
  if (status == HR_OK && pickle) {
    status = hr_pickle_axis_names(pickle, size, order, NULL);
    if (status != HR_ERR_MEMORY) status = HR_OK;
  }
  hr_free(pickle);
  return status;
}

static hr_status open_table(table_reader *reader, hr_error *err) {
  const hr_hdf5_file *file = reader->source->file;
  hr_status status = HR_OK;
  hr_error reason = {.status = HR_OK};
  HR_TRY(hr_join_path(reader->source->group, "table", &reader->path, err));
  HR_TRY(hr_hdf5_open_object(file, reader->source->group, &reader->group, err));
  status = hr_hdf5_open_dataset(file, reader->path, H5P_DEFAULT, &reader->table, &reason);
  if (status != HR_OK) {
    status = hr_frame_fail_incomplete(reader->source, &reason, err);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_shape(file, reader->table, reader->path, 1, &reader->frame->rows, err));
  HR_TRY(hr_hdf5_check_stored(file, reader->table, reader->path, err));
  reader->type = H5Dget_type(reader->table);
  if (reader->type < 0 || H5Tget_class(reader->type) != H5T_COMPOUND) {
    status = hr_fail(err, HR_ERR_FORMAT, "%s: %s is not a table of named members",
                     file->path, reader->path);
  }
cleanup:
  return status;
}

hr_status hr_frame_read_table(const hr_frame_source *source, hr_frame *frame,
                              hr_strings *order, hr_error *err) {
  hr_status status = HR_OK;
  table_reader reader = {.source = source,
                         .frame = frame,
                         .group = H5I_INVALID_HID,
                         .table = H5I_INVALID_HID,
                         .type = H5I_INVALID_HID,
                         .memory = H5I_INVALID_HID};
  HR_TRY(open_table(&reader, err));
  HR_TRY(plan_members(&reader, err));
  HR_TRY(read_rows(&reader, err));
  HR_TRY(read_order(&reader, order, err));
cleanup:
  hr_free(reader.parts);
  hr_hdf5_release(&reader.memory);
  hr_hdf5_release(&reader.type);
  hr_hdf5_release(&reader.table);
  hr_hdf5_release(&reader.group);
  hr_free(reader.path);
  return status;
}
