/* Every line of the tables finds its rows first; then columns are taken one by one. */
#include "data/label_join.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/number_table.h"
#include "data/shard.h"
#include "data/star_list.h"

enum { NO_LINE = -1 };

/* Text is read whole. */
#define MOST_BYTES ((size_t)4 << 30)

typedef struct join {
  hr_dataset *dataset;
  const hr_label_wish *wish;
  hr_number_table *tables; /* [table_count] */
  size_t table_count;
  int64_t *line; /* [rows] of all tables one behind the other, or NO_LINE */
} join;

/* The number of a table's first line among those of all tables. */
static size_t first_line(const join *j, size_t table) {
  size_t first = 0;
  for (size_t t = 0; t < table; t++) first += j->tables[t].rows;
  return first;
}

static size_t count_lines(const join *j) {
  return first_line(j, j->table_count);
}

/* "stars.csv: line 12", of a line among all. */
static const char *place_of(const join *j, size_t line, char out[512]) {
  char place[HR_NUMBER_TABLE_PLACE];
  size_t t = 0;
  while (line >= j->tables[t].rows) line -= j->tables[t++].rows;
  hr_number_table_place(&j->tables[t], line, place);
  snprintf(out, 512, "%.400s: %s", j->tables[t].name, place);
  return out;
}

/* What a table calls a label: by its own name, or as the wish has it. */
static const char *column_of(const join *j, const hr_number_table *table,
                             const char *label) {
  const hr_strings *renamed = j->wish->renamed;
  if (hr_number_table_find(table, label) != HR_CSV_NO_COLUMN) return label;
  for (size_t i = 0; renamed && i < renamed->count; i++) {
    if (strcmp(renamed->items[i], label) == 0) return j->wish->columns->items[i];
  }
  return label;
}

static hr_status read_tables(join *j, const hr_observer *observer, hr_error *err) {
  hr_status status = HR_OK;
  const hr_strings *names = j->wish->tables;
  HR_TRY(hr_alloc(&j->tables, names->count, err));
  for (size_t t = 0; t < names->count; t++) {
    j->table_count = t + 1;
    HR_TRY(
        hr_number_table_read(names->items[t], MOST_BYTES, observer, &j->tables[t], err));
    if (j->tables[t].names) continue;
    status = hr_fail(err, HR_ERR_DATA,
                     "%s is an array, whose columns have no names; give labels as CSV, "
                     "ECSV, FITS or HDF5",
                     names->items[t]);
    goto cleanup;
  }
cleanup:
  return status;
}

/* --- by what names a star --- */

/* Names of rows or of lines: integers, or numbers where that is NULL. */
typedef struct star_names {
  double *numbers;
  int64_t *integers;
  size_t count;
  bool are_integers;
  hr_precision precision; /* of numbers; the coarsest that some file has */
} star_names;

static void star_names_fini(star_names *names) {
  hr_free(names->numbers);
  hr_free(names->integers);
}

static hr_status star_names_init(star_names *names, size_t count, hr_error *err) {
  hr_status status = HR_OK;
  *names = (star_names){.count = count};
  HR_TRY(hr_alloc(&names->numbers, count, err));
  HR_TRY(hr_alloc(&names->integers, count, err));
cleanup:
  return status;
}

static hr_precision precision_of(size_t bytes) {
  return bytes >= 8   ? HR_PRECISION_DOUBLE
         : bytes == 4 ? HR_PRECISION_SINGLE
                      : HR_PRECISION_HALF;
}

/* An array of a shard, in place of a label. */
static hr_status read_array(const hr_shard *shard, const char *place, star_names *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  hr_hdf5_file file = HR_HDF5_FILE_CLOSED;
  hid_t array = H5I_INVALID_HID, type = H5I_INVALID_HID;
  size_t rows = 0, at = shard->first_row;
  HR_TRY(hr_hdf5_open(shard->path, &file, err));
  HR_TRY(hr_hdf5_open_dataset(&file, place, H5P_DEFAULT, &array, err));
  HR_TRY(hr_hdf5_shape(&file, array, place, 1, &rows, err));
  HR_TRY(hr_hdf5_check_stored(&file, array, place, err));
  type = H5Dget_type(array);
  bool is_whole = H5Tget_class(type) == H5T_INTEGER;
  if (rows != shard->rows || (!is_whole && H5Tget_class(type) != H5T_FLOAT)) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s: %s does not have one number for each of the %zu spectra; name "
                     "an array of one as data.labels_id",
                     shard->path, place, shard->rows);
    goto cleanup;
  }
  const hr_hdf5_object object = {&file, array, place};
  const size_t all[2] = {0, rows};
  HR_TRY(hr_hdf5_read_rows(&object, H5T_NATIVE_DOUBLE, all, out->numbers + at, err));
  HR_TRY(hr_hdf5_read_rows(&object, H5T_NATIVE_INT64, all, out->integers + at, err));
  out->are_integers = out->are_integers && is_whole;
  hr_precision own = is_whole ? HR_PRECISION_DOUBLE : precision_of(H5Tget_size(type));
  if (own > out->precision) out->precision = own;
cleanup:
  hr_hdf5_release(&type);
  hr_hdf5_release(&array);
  hr_hdf5_close(&file);
  return status;
}

/* The dataset's own label, under its name or the one that data.columns gives. */
static hr_status read_label(const join *j, star_names *out, hr_error *err) {
  hr_status status = HR_OK;
  const char *id = j->wish->id;
  const double *numbers = NULL;
  const int64_t *integers = NULL;
  const hr_strings *renamed = j->wish->renamed;
  size_t shards = 0, rows = hr_dataset_rows(j->dataset);
  const hr_shard *shard = hr_dataset_shards(j->dataset, &shards);
  status = hr_dataset_label(j->dataset, id, false, &numbers, NULL);
  for (size_t i = 0; status != HR_OK && renamed && i < renamed->count; i++) {
    if (strcmp(renamed->items[i], id) != 0) continue;
    id = j->wish->columns->items[i];
    status = hr_dataset_label(j->dataset, id, false, &numbers, NULL);
  }
  if (status != HR_OK) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s has no label column %s, by which data.labels_id joins the tables; "
                   "name one that every file of spectra has, or an array by its path, "
                   "such as /%s",
                   shard->path, j->wish->id, j->wish->id);
  }
  HR_TRY(hr_dataset_integers(j->dataset, id, &integers, err));
  memcpy(out->numbers, numbers, rows * sizeof *numbers);
  if (integers) memcpy(out->integers, integers, rows * sizeof *integers);
  out->are_integers = integers != NULL;
  out->precision = hr_star_names_precision(j->dataset, id);
cleanup:
  return status;
}

static hr_status name_rows(const join *j, star_names *out, hr_error *err) {
  hr_status status = HR_OK;
  size_t shards = 0;
  const hr_shard *shard = hr_dataset_shards(j->dataset, &shards);
  HR_TRY(star_names_init(out, hr_dataset_rows(j->dataset), err));
  out->are_integers = true;
  if (j->wish->id[0] == '/') {
    for (size_t s = 0; s < shards; s++) {
      HR_TRY(read_array(&shard[s], j->wish->id, out, err));
    }
  } else {
    HR_TRY(read_label(j, out, err));
  }
  if (!out->are_integers) {
    HR_TRY(hr_star_names_check_exact(j->dataset, j->wish->id, out->numbers,
                                     out->precision, err));
  }
cleanup:
  return status;
}

/* The name in a line; NaN of what has none. */
static bool name_line(const hr_table_column *column, size_t line, bool as_integer,
                      double *number, int64_t *integer) {
  *number = column->values[line];
  if (isnan(*number) || !as_integer) return true;
  if (column->integers) {
    *integer = column->integers[line];
    return *integer != INT64_MAX;
  }
  return hr_whole_number(*number, column->precision, integer);
}

static hr_status name_lines_of(const join *j, size_t t, star_names *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_table_column column = {0};
  hr_number_table *table = &j->tables[t];
  const char *id = j->wish->id, *slash = strrchr(id, '/');
  size_t first = first_line(j, t);
  id = column_of(j, table, slash ? slash + 1 : id);
  HR_TRY(hr_number_table_take(table, id, &column, err));
  for (size_t i = 0; i < table->rows; i++) {
    char place[512];
    if (name_line(&column, i, out->are_integers, &out->numbers[first + i],
                  &out->integers[first + i])) {
      continue;
    }
    status = hr_fail(err, HR_ERR_DATA,
                     "%s has no %s that is an integer to the last digit; write it as "
                     "64-bit integers",
                     place_of(j, first + i, place), id);
    goto cleanup;
  }
cleanup:
  hr_table_column_fini(&column);
  return status;
}

/* Lines without a name are left out: their number is not among those of the list. */
static hr_status list_lines(const join *j, bool as_integers, hr_star_list *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  star_names names = {0};
  size_t first = 0, second = 0;
  char one[512], other[512];
  HR_TRY(star_names_init(&names, count_lines(j), err));
  names.are_integers = as_integers;
  for (size_t t = 0; t < j->table_count; t++) HR_TRY(name_lines_of(j, t, &names, err));
  HR_TRY(hr_star_list_init(out, as_integers ? names.integers : NULL, names.numbers,
                           names.count, err));
  if (hr_star_list_has_twins(out, &first, &second)) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s and %s have the same %s; keep one line of every star",
                     place_of(j, first, one), place_of(j, second, other), j->wish->id);
  }
cleanup:
  star_names_fini(&names);
  return status;
}

/* An array of names is a label from now on, called by its path. */
static hr_status keep_names(const join *j, star_names *names, hr_error *err) {
  hr_table_column own = {.values = names->numbers, .precision = names->precision};
  names->numbers = NULL;
  if (names->are_integers) {
    own.integers = names->integers;
    names->integers = NULL;
  }
  hr_status status = hr_dataset_put_label(j->dataset, j->wish->id, &own, err);
  hr_table_column_fini(&own);
  return status;
}

static hr_status join_by_star(join *j, hr_error *err) {
  hr_status status = HR_OK;
  star_names rows = {0};
  hr_star_list lines = {0};
  size_t met = 0;
  HR_TRY(name_rows(j, &rows, err));
  HR_TRY(list_lines(j, rows.are_integers, &lines, err));
  for (size_t i = 0; i < rows.count; i++) {
    hr_named_star wanted = {.integer = rows.are_integers ? rows.integers[i] : 0,
                            .number = rows.are_integers ? 0 : rows.numbers[i]};
    const hr_named_star *found =
        isnan(wanted.number) ? NULL : hr_star_list_find(&lines, &wanted);
    j->line[i] = found ? (int64_t)found->row : NO_LINE;
    met += found != NULL;
  }
  if (met > 0 && j->wish->id[0] == '/') HR_TRY(keep_names(j, &rows, err));
  if (met == 0) {
    status = hr_fail(err, HR_ERR_DATA,
                     "no line of %s has the %s of one of the %s rows; name a table of "
                     "these stars as data.labels, or another column as data.labels_id",
                     j->tables[0].name, j->wish->id, j->wish->set);
  }
cleanup:
  hr_star_list_fini(&lines);
  star_names_fini(&rows);
  return status;
}

/* --- by rows --- */

static hr_status join_by_number(join *j, size_t t, int column, const size_t range[2],
                                hr_error *err) {
  hr_status status = hr_number_table_load(&j->tables[t], column, err);
  size_t first = first_line(j, t);
  char place[512], other[512];
  for (size_t i = 0; status == HR_OK && i < j->tables[t].rows; i++) {
    int64_t number = 0;
    bool is_good = hr_number_table_integer(&j->tables[t], i, column, &number);
    if (!is_good || number < 0 || (uint64_t)number >= range[1]) {
      return hr_fail(err, HR_ERR_DATA,
                     "%s has no row that is a number of 0 to %zu, as of the %zu %s "
                     "spectra that the table is for",
                     place_of(j, first + i, place), range[1] - 1, range[1], j->wish->set);
    }
    int64_t *line = &j->line[range[0] + (size_t)number];
    if (*line != NO_LINE) {
      return hr_fail(err, HR_ERR_DATA, "%s and %s are the same row; keep one of them",
                     place_of(j, (size_t)*line, other), place_of(j, first + i, place));
    }
    *line = (int64_t)(first + i);
  }
  return status;
}

/* A table for the rows `range`: the first, and how many. */
static hr_status join_table(join *j, size_t t, const size_t range[2], hr_error *err) {
  int column = hr_number_table_find(&j->tables[t], "row");
  if (column != HR_CSV_NO_COLUMN) return join_by_number(j, t, column, range, err);
  if (j->tables[t].rows != range[1]) {
    return hr_fail(err, HR_ERR_DATA,
                   "%s has %zu row%s, and is for %zu %s spectra; give it a column row, "
                   "their number from 0, or name what both have of a star as "
                   "data.labels_id",
                   j->tables[t].name, j->tables[t].rows, hr_plural(j->tables[t].rows),
                   range[1], j->wish->set);
  }
  hr_status status = hr_number_table_check_order(&j->tables[t], err);
  if (status != HR_OK) return status;
  size_t first = first_line(j, t);
  for (size_t i = 0; i < range[1]; i++) j->line[range[0] + i] = (int64_t)(first + i);
  return HR_OK;
}

static hr_status join_by_rows(join *j, hr_error *err) {
  hr_status status = HR_OK;
  size_t shards = 0;
  const hr_shard *shard = hr_dataset_shards(j->dataset, &shards);
  if (j->table_count == 1) {
    return join_table(j, 0, (size_t[2]){0, hr_dataset_rows(j->dataset)}, err);
  }
  if (j->table_count != shards) {
    return hr_fail(
        err, HR_ERR_DATA,
        "data.labels names %zu tables for %zu %s files; name one for each, one "
        "for all, or what names a star as data.labels_id",
        j->table_count, shards, j->wish->set);
  }
  for (size_t s = 0; s < shards; s++) {
    HR_TRY(join_table(j, s, (size_t[2]){shard[s].first_row, shard[s].rows}, err));
  }
cleanup:
  return status;
}

/* --- columns --- */

/* One column of all tables, one behind the other; false where none has it. */
static hr_status gather(const join *j, const char *label, hr_table_column *out,
                        bool *there, hr_error *err) {
  hr_status status = HR_OK;
  size_t lines = count_lines(j), done = 0;
  hr_table_column own = {0};
  *there = hr_number_table_find(&j->tables[0], column_of(j, &j->tables[0], label)) !=
           HR_CSV_NO_COLUMN;
  /* One of text is told of where it is asked for. */
  *there = *there || hr_frame_others_find(&j->tables[0].frame.others, label);
  if (!*there) return HR_OK;
  HR_TRY(hr_alloc(&out->values, lines, err));
  HR_TRY(hr_alloc(&out->integers, lines, err));
  for (size_t t = 0; t < j->table_count; t++) {
    hr_number_table *table = &j->tables[t];
    HR_TRY(hr_number_table_take(table, column_of(j, table, label), &own, err));
    memcpy(out->values + done, own.values, table->rows * sizeof *own.values);
    if (own.integers && out->integers) {
      memcpy(out->integers + done, own.integers, table->rows * sizeof *own.integers);
    } else {
      hr_free(out->integers);
      out->integers = NULL;
    }
    if (t == 0) out->precision = own.precision;
    if (own.precision != out->precision) out->precision = HR_PRECISION_DOUBLE;
    done += table->rows;
    hr_table_column_fini(&own);
  }
cleanup:
  hr_table_column_fini(&own);
  return status;
}

static hr_status take(join *j, const char *label, bool *there, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = hr_dataset_rows(j->dataset);
  hr_table_column lines = {0}, own = {0};
  HR_TRY(gather(j, label, &lines, there, err));
  if (!*there) goto cleanup;
  own.precision = lines.precision;
  HR_TRY(hr_alloc(&own.values, rows, err));
  if (lines.integers) HR_TRY(hr_alloc(&own.integers, rows, err));
  for (size_t i = 0; i < rows; i++) {
    int64_t line = j->line[i];
    own.values[i] = line == NO_LINE ? (double)NAN : lines.values[line];
    if (own.integers && line != NO_LINE) own.integers[i] = lines.integers[line];
  }
  HR_TRY(hr_dataset_put_label(j->dataset, label, &own, err));
cleanup:
  hr_table_column_fini(&lines);
  hr_table_column_fini(&own);
  return status;
}

static hr_status take_all(join *j, hr_label_taken *out, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < j->wish->labels->count; i++) {
    const char *label = j->wish->labels->items[i];
    bool there = false;
    if (hr_strings_has(&out->labels, label)) continue;
    HR_TRY(take(j, label, &there, err));
    if (there) HR_TRY(hr_strings_append(&out->labels, label, err));
  }
  for (size_t i = 0; j->tables[0].names && i < j->tables[0].columns; i++) {
    HR_TRY(hr_strings_append(&out->names, j->tables[0].names[i], err));
  }
  for (size_t i = 0; i < hr_dataset_rows(j->dataset); i++) {
    out->without += j->line[i] == NO_LINE;
  }
cleanup:
  return status;
}

hr_status hr_label_join(hr_dataset *dataset, const hr_label_wish *wish,
                        const hr_observer *observer, hr_label_taken *out, hr_error *err) {
  hr_status status = HR_OK;
  join j = {.dataset = dataset, .wish = wish};
  size_t rows = hr_dataset_rows(dataset);
  *out = (hr_label_taken){.without = 0};
  HR_TRY(read_tables(&j, observer, err));
  HR_TRY(hr_alloc(&j.line, rows, err));
  for (size_t i = 0; i < rows; i++) j.line[i] = NO_LINE;
  HR_TRY(wish->id ? join_by_star(&j, err) : join_by_rows(&j, err));
  HR_TRY(take_all(&j, out, err));
cleanup:
  for (size_t t = 0; t < j.table_count; t++) hr_number_table_fini(&j.tables[t]);
  hr_free(j.tables);
  hr_free(j.line);
  return status;
}

void hr_label_taken_fini(hr_label_taken *taken) {
  hr_strings_fini(&taken->labels);
  hr_strings_fini(&taken->names);
}
