/* One face over five readers. */
#include "data/number_table.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "data/file_kind.h"
#include "data/fits/file.h"
#include "data/npy_array.h"
#include "data/shard.h"
#include "data/table_name.h"

typedef enum table_kind { CSV, HDF5, FITS, ARRAY } table_kind;

/* By the first bytes; what cannot be read is for the reader of CSV to tell. */
static table_kind kind_of(const char *path) {
  static const unsigned char hdf5[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
  unsigned char start[HR_FITS_MAGIC] = {0};
  FILE *file = fopen(path, "rbe");
  if (!file) return CSV;
  size_t count = fread(start, 1, sizeof start, file);
  fclose(file);
  if (count >= sizeof hdf5 && memcmp(start, hdf5, sizeof hdf5) == 0) return HDF5;
  if (memcmp(start, hr_fits_magic, HR_FITS_MAGIC) == 0) return FITS;
  return memcmp(start, hr_npy_magic, HR_NPY_MAGIC) == 0 ? ARRAY : CSV;
}

/* --- reading --- */

static hr_status fail_choice(const char *path, const hr_strings *frames,
                             const hr_strings *compounds, hr_error *err) {
  const hr_strings *lists[] = {frames, compounds};
  hr_text list;
  if (frames->count + compounds->count == 0) {
    return hr_fail(
        err, HR_ERR_MISSING,
        "%s holds no table: neither a pandas DataFrame nor a dataset of named "
        "columns, as DataFrame.to_hdf and astropy's Table.write write them; write it "
        "so",
        path);
  }
  hr_text_init(&list);
  for (size_t k = 0; k < 2; k++) {
    for (size_t i = 0; i < lists[k]->count; i++) {
      hr_text_append(&list, "%s%s", list.length ? ", " : "", lists[k]->items[i]);
    }
  }
  hr_status status = hr_text_status(&list, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s has several tables: %s; name one of them behind the file, as in "
                     "%s::%s",
                     path, list.bytes, path,
                     frames->count ? frames->items[0] : compounds->items[0]);
  }
  hr_text_fini(&list);
  return status;
}

/* Which table of a file is meant: *place is freed with hr_free. */
static hr_status choose_in_hdf5(const hr_table_name *name, char **place, bool *is_frame,
                                hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  hr_strings frames = {0}, compounds = {0};
  hr_text own;
  hr_text_init(&own);
  HR_TRY(hr_hdf5_open(name->path, &file, err));
  HR_TRY(hr_hdf5_list_tables(&file, &frames, &compounds, err));
  if (name->table) {
    hr_text_append(&own, "%s%s", name->table[0] == '/' ? "" : "/", name->table);
    HR_TRY(hr_text_status(&own, err));
    HR_TRY(hr_copy_text(own.bytes, place, err));
  } else if (hr_strings_has(&frames, HR_SHARD_PARAMS)) {
    HR_TRY(hr_copy_text(HR_SHARD_PARAMS, place, err));
  } else if (frames.count + compounds.count == 1) {
    HR_TRY(hr_copy_text(frames.count ? frames.items[0] : compounds.items[0], place, err));
  } else {
    status = fail_choice(name->path, &frames, &compounds, err);
    goto cleanup;
  }
  *is_frame = hr_strings_has(&frames, *place);
cleanup:
  hr_text_fini(&own);
  hr_strings_fini(&frames);
  hr_strings_fini(&compounds);
  hr_hdf5_close(&file);
  return status;
}

static hr_status read_hdf5(const hr_table_name *name, const hr_observer *observer,
                           hr_number_table *out, hr_error *err) {
  hr_status status = HR_OK;
  char *place = NULL;
  bool is_frame = false;
  HR_TRY(choose_in_hdf5(name, &place, &is_frame, err));
  if (is_frame) {
    HR_TRY(hr_frame_read_at(name->path, place, observer, &out->frame, err));
    out->rows = out->frame.rows;
    out->columns = out->frame.names.count;
    out->names = (const char *const *)out->frame.names.items;
    goto cleanup;
  }
  HR_TRY(hr_compound_table_create(name->path, place, &out->compound, err));
  out->rows = hr_compound_table_rows(out->compound);
  out->names = hr_compound_table_names(out->compound, &out->columns);
cleanup:
  hr_free(place);
  return status;
}

static hr_status read_fits(const hr_table_name *name, hr_number_table *out,
                           hr_error *err) {
  hr_status status = hr_fits_table_create(name->path, name->table, &out->fits, err);
  if (status != HR_OK) return status;
  out->rows = hr_fits_table_rows(out->fits);
  out->names = hr_fits_table_names(out->fits, &out->columns);
  return HR_OK;
}

static hr_status read_text(const hr_table_name *name, size_t most_bytes,
                           hr_number_table *out, hr_error *err) {
  hr_status status = hr_csv_table_read(name->path, most_bytes, &out->csv, err);
  out->rows = out->csv.rows;
  out->columns = out->csv.columns;
  out->names = (const char *const *)out->csv.names;
  return status;
}

static hr_status check_one(const hr_table_name *name, table_kind kind, hr_error *err) {
  if (!name->table || kind == HDF5 || kind == FITS) return HR_OK;
  return hr_fail(err, HR_ERR_DATA,
                 "%s is one table, and has none called '%.60s'; leave '::%.60s' out",
                 name->path, name->table, name->table);
}

/* The columns `x.mask`; only of files in which astropy writes them. */
static hr_status find_masks(hr_number_table *table, hr_error *err) {
  hr_status status = HR_OK;
  hr_text name;
  hr_text_init(&name);
  HR_TRY(hr_alloc(&table->mask, table->columns, err));
  bool may_have = table->fits || table->compound || table->csv.is_ecsv;
  for (size_t i = 0; i < table->columns; i++) {
    table->mask[i] = HR_CSV_NO_COLUMN;
    if (!may_have) continue;
    hr_text_fini(&name);
    hr_text_append(&name, "%s.mask", table->names[i]);
    HR_TRY(hr_text_status(&name, err));
    int mask = hr_number_table_find(table, name.bytes);
    bool is_good = mask != HR_CSV_NO_COLUMN;
    if (is_good && table->fits) {
      is_good = hr_fits_table_kind(table->fits, (size_t)mask) == HR_VALUES_TRUTHS;
    } else if (is_good && table->compound) {
      is_good = hr_compound_table_kind(table->compound, (size_t)mask) == HR_VALUES_TRUTHS;
    }
    if (is_good) table->mask[i] = mask;
  }
cleanup:
  hr_text_fini(&name);
  return status;
}

static hr_status check_is_file(const char *path, hr_error *err) {
  struct stat info;
  if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return HR_OK;
  return hr_fail(err, HR_ERR_MISSING, "%s is a folder; name the file with the table",
                 path);
}

hr_status hr_number_table_read(const char *name, size_t most_bytes,
                               const hr_observer *observer, hr_number_table *out,
                               hr_error *err) {
  hr_status status = HR_OK;
  hr_table_name own = {0};
  *out = (hr_number_table){0};
  HR_TRY(hr_copy_text(name, &out->name, err));
  HR_TRY(hr_table_name_init(&own, name, err));
  HR_TRY(check_is_file(own.path, err));
  const table_kind kind = kind_of(own.path);
  HR_TRY(check_one(&own, kind, err));
  switch (kind) {
    case HDF5:
      HR_TRY(read_hdf5(&own, observer, out, err));
      break;
    case FITS:
      HR_TRY(read_fits(&own, out, err));
      break;
    case ARRAY:
      HR_TRY(hr_npy_array_read(own.path, most_bytes, &out->array, &out->rows,
                               &out->columns, err));
      break;
    case CSV:
      HR_TRY(hr_file_kind_check_table(own.path, err));
      HR_TRY(read_text(&own, most_bytes, out, err));
      break;
  }
  HR_TRY(find_masks(out, err));
  HR_TRY(hr_alloc(&out->loaded, out->columns, err));
cleanup:
  hr_table_name_fini(&own);
  return status;
}

void hr_number_table_fini(hr_number_table *table) {
  for (size_t i = 0; table->loaded && i < table->columns; i++) {
    hr_table_column_fini(&table->loaded[i]);
  }
  hr_csv_table_fini(&table->csv);
  hr_frame_fini(&table->frame);
  hr_fits_table_destroy(&table->fits);
  hr_compound_table_destroy(&table->compound);
  hr_free(table->loaded);
  hr_free(table->mask);
  hr_free(table->array);
  hr_free(table->name);
  *table = (hr_number_table){0};
}

/* --- columns and cells --- */

int hr_number_table_find(const hr_number_table *table, const char *name) {
  for (size_t i = 0; table->names && i < table->columns; i++) {
    if (strcmp(table->names[i], name) == 0) return (int)i;
  }
  return HR_CSV_NO_COLUMN;
}

static hr_status read_column(hr_number_table *table, size_t column, hr_table_column *out,
                             hr_error *err) {
  if (table->fits) return hr_fits_table_read(table->fits, column, out, err);
  return hr_compound_table_read(table->compound, column, out, err);
}

hr_status hr_number_table_load(hr_number_table *table, int column, hr_error *err) {
  hr_status status = HR_OK;
  hr_table_column *own = &table->loaded[column], mask = {0};
  if ((!table->fits && !table->compound) || own->values) return HR_OK;
  status = read_column(table, (size_t)column, own, err);
  if (status == HR_OK && table->mask[column] != HR_CSV_NO_COLUMN) {
    status = read_column(table, (size_t)table->mask[column], &mask, err);
  }
  for (size_t i = 0; status == HR_OK && mask.values && i < table->rows; i++) {
    if (mask.values[i] != 1) continue;
    own->values[i] = (double)NAN;
    if (own->integers) own->integers[i] = 0;
  }
  if (status != HR_OK) hr_table_column_fini(own);
  hr_table_column_fini(&mask);
  return status;
}

static bool is_masked(const hr_number_table *table, size_t row, int column) {
  double mask = 0;
  return table->csv.bytes && table->mask[column] != HR_CSV_NO_COLUMN &&
         hr_csv_table_number(&table->csv, row, table->mask[column], &mask) && mask == 1;
}

bool hr_number_table_has_other(const hr_number_table *table, const char *name) {
  return hr_frame_others_find(&table->frame.others, name) != NULL;
}

bool hr_number_table_number(const hr_number_table *table, size_t row, int column,
                            double *out) {
  *out = (double)NAN;
  if (is_masked(table, row, column)) return true;
  if (table->csv.bytes) return hr_csv_table_number(&table->csv, row, column, out);
  if (table->array) {
    *out = table->array[row * table->columns + (size_t)column];
  } else if (table->loaded[column].values) {
    *out = table->loaded[column].values[row];
  } else {
    *out = table->frame.columns[column][row];
  }
  return !isinf(*out);
}

/* [rows] or NULL; of none of 2^63 or more. */
static const int64_t *integers_of(const hr_number_table *table, int column) {
  if (table->array || table->csv.bytes) return NULL;
  if (table->loaded[column].values) return table->loaded[column].integers;
  return table->frame.integers[column];
}

/* In which the file keeps a column of floats. */
static hr_precision precision_of(const hr_number_table *table, int column) {
  if (table->array) return HR_PRECISION_DOUBLE;
  return table->loaded[column].values ? table->loaded[column].precision
                                      : table->frame.precisions[column];
}

bool hr_number_table_integer(const hr_number_table *table, size_t row, int column,
                             int64_t *out) {
  if (is_masked(table, row, column)) return false;
  if (table->csv.bytes) return hr_csv_table_integer(&table->csv, row, column, out);
  double value = 0;
  if (!hr_number_table_number(table, row, column, &value)) return false;
  const int64_t *integers = integers_of(table, column);
  if (integers) {
    *out = integers[row];
    return isnan(value) == 0;
  }
  return hr_whole_number(value, precision_of(table, column), out);
}

const char *hr_number_table_place(const hr_number_table *table, size_t row,
                                  char place[HR_NUMBER_TABLE_PLACE]) {
  if (table->csv.bytes) {
    snprintf(place, HR_NUMBER_TABLE_PLACE, "line %zu", table->csv.line[row]);
  } else {
    snprintf(place, HR_NUMBER_TABLE_PLACE, "row %zu", row);
  }
  return place;
}

/* --- the order of lines --- */

static int compare_integers(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return x < y ? -1 : x > y;
}

/* The first row whose number is not above the one before; the count: there is none. */
static size_t find_step_down(const int64_t *index, size_t count) {
  size_t i = 1;
  while (i < count && index[i] > index[i - 1]) i++;
  return i < count ? i : count;
}

/* The index [rows], or *out NULL: it has none of whole numbers. */
static hr_status copy_index(const hr_number_table *table, int64_t **out, hr_error *err) {
  hr_status status = HR_OK;
  const int64_t *index = table->frame.index;
  bool has_column = table->csv.bytes && table->columns > 1 && !table->names[0][0];
  if (!index && !has_column) return HR_OK;
  HR_TRY(hr_alloc(out, table->rows, err));
  for (size_t i = 0; i < table->rows; i++) {
    if (index) {
      (*out)[i] = index[i];
    } else if (!hr_number_table_integer(table, i, 0, &(*out)[i])) {
      hr_free(*out);
      *out = NULL;
      break;
    }
  }
cleanup:
  return status;
}

hr_status hr_number_table_check_order(const hr_number_table *table, hr_error *err) {
  hr_status status = HR_OK;
  int64_t *index = NULL;
  char place[HR_NUMBER_TABLE_PLACE];
  HR_TRY(copy_index(table, &index, err));
  size_t step = index ? find_step_down(index, table->rows) : table->rows;
  if (step == table->rows) goto cleanup;
  int64_t here = index[step], before = index[step - 1];
  qsort(index, table->rows, sizeof *index, compare_integers);
  if (find_step_down(index, table->rows) < table->rows) goto cleanup; /* of several */
  status =
      hr_fail(err, HR_ERR_DATA,
              "%s is not in the order of its index%s: %s has %" PRId64 " behind %" PRId64
              "; make the index a column row where it is the "
              "number of the row, or write the table without it",
              table->name, table->csv.bytes ? ", the column without a name" : "",
              hr_number_table_place(table, step, place), here, before);
cleanup:
  hr_free(index);
  return status;
}

/* --- whole columns --- */

const char *hr_number_table_remedy(const char *cell) {
  return strchr(cell, ',') ? "write decimals behind a point"
                           : "leave the cell empty where there is none";
}

void hr_number_table_list(const hr_number_table *table, hr_text *out) {
  enum { MOST_SHOWN = 20 };
  size_t shown = table->columns < MOST_SHOWN ? table->columns : MOST_SHOWN;
  for (size_t i = 0; i < shown; i++) {
    hr_text_append(out, "%s%s", i ? ", " : "", table->names[i]);
  }
  if (shown < table->columns)
    hr_text_append(out, " and %zu more", table->columns - shown);
}

static hr_status fail_lacking(const hr_number_table *table, const char *name,
                              hr_error *err) {
  const hr_frame_other *other = hr_frame_others_find(&table->frame.others, name);
  hr_text text;
  hr_text_init(&text);
  if (other) {
    hr_text_append(&text, "%s: ", table->name);
    hr_frame_other_describe(other, &text);
  } else {
    hr_text_append(&text, "%s has no column %s; it has ", table->name, name);
    hr_number_table_list(table, &text);
    const char *nearest = hr_nearest_name(name, table->names, table->columns);
    if (nearest) hr_text_append(&text, "; did you mean %s?", nearest);
  }
  hr_status status = hr_text_status(&text, err);
  if (status == HR_OK) status = hr_fail(err, HR_ERR_DATA, "%s", text.bytes);
  hr_text_fini(&text);
  return status;
}

static hr_status fail_cell(const hr_number_table *table, size_t row, int column,
                           hr_error *err) {
  char place[HR_NUMBER_TABLE_PLACE];
  const hr_csv_table *csv = &table->csv;
  const char *cell = csv->cells[row * csv->columns + (size_t)column];
  hr_number_table_place(table, row, place);
  return hr_fail(err, HR_ERR_DATA, "%s: %s has '%.40s' as %s, which is no number; %s",
                 table->name, place, cell, csv->names[column],
                 hr_number_table_remedy(cell));
}

/* The numbers of a text are whole where all are written so. */
static hr_status take_text(const hr_number_table *table, int column, hr_table_column *out,
                           hr_error *err) {
  hr_status status = HR_OK;
  bool are_whole = true;
  HR_TRY(hr_alloc(&out->integers, table->rows, err));
  for (size_t i = 0; i < table->rows; i++) {
    if (!hr_number_table_number(table, i, column, &out->values[i])) {
      status = fail_cell(table, i, column, err);
      goto cleanup;
    }
    if (isnan(out->values[i])) continue;
    are_whole = are_whole && hr_number_table_integer(table, i, column, &out->integers[i]);
  }
  if (are_whole) goto cleanup;
  hr_free(out->integers);
  out->integers = NULL;
cleanup:
  return status;
}

hr_status hr_number_table_take(hr_number_table *table, const char *name,
                               hr_table_column *out, hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_table_column){.precision = HR_PRECISION_DOUBLE};
  int column = hr_number_table_find(table, name);
  if (column == HR_CSV_NO_COLUMN) return fail_lacking(table, name, err);
  HR_TRY(hr_number_table_load(table, column, err));
  HR_TRY(hr_alloc(&out->values, table->rows, err));
  if (table->csv.bytes) {
    HR_TRY(take_text(table, column, out, err));
    goto cleanup;
  }
  const hr_table_column *own = &table->loaded[column];
  const double *values = own->values ? own->values : table->frame.columns[column];
  const int64_t *integers = integers_of(table, column);
  out->precision = own->values ? own->precision : table->frame.precisions[column];
  if (table->rows > 0) memcpy(out->values, values, table->rows * sizeof *values);
  if (!integers) goto cleanup;
  HR_TRY(hr_alloc(&out->integers, table->rows, err));
  if (table->rows > 0) memcpy(out->integers, integers, table->rows * sizeof *integers);
cleanup:
  return status;
}
