/* HDF5 picks one member out of every element as it reads, so that columns come one at a
 * time, and only those that are asked for. */
#include "data/compound_table.h"

#include <stdlib.h>
#include <string.h>

#include "data/frame_layout.h"

struct hr_compound_table {
  char *path, *place; /* of the file, and in it */
  hr_hdf5_file file;
  hid_t dataset, type;
  size_t rows, columns;
  hr_strings names;      /* [columns] */
  hr_values_kind *kinds; /* [columns] */
};

/* --- finding them --- */

typedef struct table_search {
  const hr_hdf5_file *file;
  hr_strings *frames, *compounds;
  hr_strings groups; /* all of pandas' own */
  hr_status status;
  hr_error *err;
} table_search;

static hr_status note_group(table_search *s, hid_t group, const char *path) {
  hr_status status = HR_OK;
  char *type = NULL;
  size_t size = 0;
  const hr_hdf5_object object = {s->file, group, path};
  if (hr_hdf5_attribute_text(&object, "pandas_type", &type, &size, NULL) != HR_OK ||
      !type)
    return HR_OK;
  HR_TRY(hr_strings_append(&s->groups, path, s->err));
  if (strcmp(type, "frame") == 0 || strcmp(type, "frame_table") == 0) {
    HR_TRY(hr_strings_append(s->frames, path, s->err));
  }
cleanup:
  hr_free(type);
  return status;
}

static bool is_in_group(const table_search *s, const char *path) {
  for (size_t i = 0; i < s->groups.count; i++) {
    const char *group = s->groups.items[i];
    size_t length = strcmp(group, "/") == 0 ? 0 : strlen(group);
    if (strncmp(path, group, length) == 0 && path[length] == '/') return true;
  }
  return false;
}

/* Whether it is one of one dimension and of a compound type. */
static bool is_compound(hid_t dataset) {
  hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  bool is = type >= 0 && H5Tget_class(type) == H5T_COMPOUND && space >= 0 &&
            H5Sget_simple_extent_ndims(space) == 1;
  hr_hdf5_release(&space);
  hr_hdf5_release(&type);
  return is;
}

static herr_t visit_object(hid_t root, const char *name, const H5O_info_t *info,
                           void *context) {
  table_search *s = context;
  hr_text path;
  if (info->type != H5O_TYPE_GROUP && info->type != H5O_TYPE_DATASET) return 0;
  hr_text_init(&path);
  hr_text_append(&path, "/%s", strcmp(name, ".") == 0 ? "" : name);
  s->status = hr_text_status(&path, s->err);
  hid_t object = s->status == HR_OK ? H5Oopen(root, name, H5P_DEFAULT) : H5I_INVALID_HID;
  if (object >= 0 && info->type == H5O_TYPE_GROUP) {
    s->status = note_group(s, object, path.bytes);
  } else if (object >= 0 && !is_in_group(s, path.bytes) && is_compound(object)) {
    s->status = hr_strings_append(s->compounds, path.bytes, s->err);
  }
  if (object >= 0) H5Oclose(object);
  hr_text_fini(&path);
  return s->status == HR_OK ? 0 : 1;
}

hr_status hr_hdf5_list_tables(const hr_hdf5_file *file, hr_strings *frames,
                              hr_strings *compounds, hr_error *err) {
  table_search s = {.file = file, .frames = frames, .compounds = compounds, .err = err};
#if H5_VERSION_GE(1, 12, 0)
  herr_t result =
      H5Ovisit3(file->id, H5_INDEX_NAME, H5_ITER_INC, visit_object, &s, H5O_INFO_BASIC);
#else
  herr_t result =
      H5Ovisit2(file->id, H5_INDEX_NAME, H5_ITER_INC, visit_object, &s, H5O_INFO_BASIC);
#endif
  hr_strings_fini(&s.groups);
  if (result < 0 && s.status == HR_OK) {
    return hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot list what it holds", file->path);
  }
  return s.status;
}

/* --- opening one --- */

void hr_compound_table_destroy(hr_compound_table **table) {
  hr_compound_table *self = *table;
  if (!self) return;
  hr_hdf5_release(&self->type);
  hr_hdf5_release(&self->dataset);
  hr_hdf5_close(&self->file);
  hr_strings_fini(&self->names);
  hr_free(self->kinds);
  hr_free(self->path);
  hr_free(self->place);
  hr_free(self);
  *table = NULL;
}

/* A truth value: h5py's enumeration of FALSE and TRUE, PyTables' bit field of a byte. */
static bool is_truth(hid_t type) {
  int8_t no = 1, yes = 0;
  if (H5Tget_size(type) != 1) return false;
  if (H5Tget_class(type) == H5T_BITFIELD) return true;
  return H5Tget_class(type) == H5T_ENUM && H5Tget_nmembers(type) == 2 &&
         H5Tenum_valueof(type, "FALSE", &no) >= 0 && no == 0 &&
         H5Tenum_valueof(type, "TRUE", &yes) >= 0 && yes == 1;
}

static hr_values_kind kind_of(hid_t type) {
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
    case H5T_FLOAT:
      return H5Tget_size(type) <= 8 ? HR_VALUES_NUMBERS : HR_VALUES_OTHER;
    case H5T_STRING:
      return HR_VALUES_TEXT;
    case H5T_ARRAY:
    case H5T_VLEN:
      return HR_VALUES_LISTS;
    default:
      return is_truth(type) ? HR_VALUES_TRUTHS : HR_VALUES_OTHER;
  }
}

static hr_status read_members(hr_compound_table *self, hr_error *err) {
  hr_status status = HR_OK;
  int members = H5Tget_nmembers(self->type); /* 2^16 at most */
  HR_TRY(hr_alloc(&self->kinds, members > 0 ? (size_t)members : 0, err));
  for (int i = 0; i < members; i++) {
    char *name = H5Tget_member_name(self->type, (unsigned)i);
    hid_t type = H5Tget_member_type(self->type, (unsigned)i);
    status = hr_strings_append(&self->names, name ? name : "", err);
    self->kinds[i] = type < 0 ? HR_VALUES_OTHER : kind_of(type);
    hr_hdf5_release(&type);
    if (name) H5free_memory(name);
    if (status != HR_OK) goto cleanup;
    self->columns++;
  }
cleanup:
  return status;
}

hr_status hr_compound_table_create(const char *path, const char *place,
                                   hr_compound_table **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_compound_table *self = NULL;
  HR_TRY(hr_alloc(&self, 1, err));
  self->file = (hr_hdf5_file)HR_HDF5_FILE_CLOSED;
  self->dataset = self->type = H5I_INVALID_HID;
  HR_TRY(hr_copy_text(path, &self->path, err));
  HR_TRY(hr_copy_text(place, &self->place, err));
  HR_TRY(hr_hdf5_open(self->path, &self->file, err));
  HR_TRY(hr_hdf5_open_dataset(&self->file, place, H5P_DEFAULT, &self->dataset, err));
  if (!is_compound(self->dataset)) {
    status = hr_fail(err, HR_ERR_FORMAT,
                     "%s: %s is no table: not one row of named columns after another",
                     path, place);
    goto cleanup;
  }
  HR_TRY(hr_hdf5_shape(&self->file, self->dataset, place, 1, &self->rows, err));
  HR_TRY(hr_hdf5_check_stored(&self->file, self->dataset, place, err));
  self->type = H5Dget_type(self->dataset);
  HR_TRY(read_members(self, err));
  *out = self;
  self = NULL;
cleanup:
  hr_compound_table_destroy(&self);
  return status;
}

size_t hr_compound_table_rows(const hr_compound_table *table) {
  return table->rows;
}

const char *const *hr_compound_table_names(const hr_compound_table *table,
                                           size_t *count) {
  *count = table->columns;
  return (const char *const *)table->names.items;
}

hr_values_kind hr_compound_table_kind(const hr_compound_table *table, size_t column) {
  return table->kinds[column];
}

/* --- reading --- */

/* The member alone, as elements of `type` one behind the other. */
static hr_status read_member(const hr_compound_table *table, size_t column, hid_t type,
                             void *out, hr_error *err) {
  hr_status status = HR_OK;
  const char *name = table->names.items[column];
  hid_t wanted = H5Tcreate(H5T_COMPOUND, H5Tget_size(type));
  bool is_read = wanted >= 0 && H5Tinsert(wanted, name, 0, type) >= 0 &&
                 H5Dread(table->dataset, wanted, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0;
  if (!is_read) {
    status = hr_hdf5_fail(err, HR_ERR_FORMAT, "%s: cannot read the column %s of %s",
                          table->path, name, table->place);
  }
  hr_hdf5_release(&wanted);
  return status;
}

static hr_status read_truths(const hr_compound_table *table, size_t column, hid_t type,
                             double *out, hr_error *err) {
  hr_status status = HR_OK;
  uint8_t *bytes = NULL;
  HR_TRY(hr_alloc(&bytes, table->rows, err));
  HR_TRY(read_member(table, column, type, bytes, err));
  for (size_t i = 0; i < table->rows; i++) out[i] = bytes[i] != 0;
cleanup:
  hr_free(bytes);
  return status;
}

hr_status hr_compound_table_read(const hr_compound_table *table, size_t column,
                                 hr_table_column *out, hr_error *err) {
  hr_status status = HR_OK;
  hid_t type = H5Tget_member_type(table->type, (unsigned)column);
  *out = (hr_table_column){.precision = hr_frame_precision(type)};
  if (table->kinds[column] > HR_VALUES_TRUTHS) {
    status = hr_fail(
        err, HR_ERR_DATA, "%s: the column %.60s holds %s; name one of single numbers",
        table->path, table->names.items[column], hr_values_text(table->kinds[column]));
    goto cleanup;
  }
  HR_TRY(hr_alloc(&out->values, table->rows, err));
  if (table->rows == 0) goto cleanup;
  if (table->kinds[column] == HR_VALUES_TRUTHS) {
    HR_TRY(read_truths(table, column, type, out->values, err));
    goto cleanup;
  }
  HR_TRY(read_member(table, column, H5T_NATIVE_DOUBLE, out->values, err));
  if (!hr_frame_is_whole(type)) goto cleanup;
  HR_TRY(hr_alloc(&out->integers, table->rows, err));
  HR_TRY(read_member(table, column, H5T_NATIVE_INT64, out->integers, err));
cleanup:
  hr_hdf5_release(&type);
  return status;
}
