/* Lines of a file are joined to rows by a star's name, which is sorted for, by the row's
 * number, or one to one. */
#include "study/outside_file.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/star_list.h"

enum { SHAPE_BYTES = 96 };

const hr_dataset *hr_outside_file_dataset(const hr_outside_file *file) {
  return file->has_training ? file->plan->train : file->plan->test;
}

const char *hr_outside_file_split(const hr_outside_file *file) {
  return file->has_training ? "training" : "test";
}

static size_t rows_of(const hr_outside_file *file) {
  return hr_dataset_rows(hr_outside_file_dataset(file));
}

/* The split's rows by the label that names them; one that two rows have is refused. */
static hr_status list_stars(const hr_outside_file *file, hr_star_list *out,
                            hr_error *err) {
  hr_status status = HR_OK;
  const hr_dataset *dataset = hr_outside_file_dataset(file);
  const char *id = file->parameters->id;
  const int64_t *integers = NULL;
  const double *numbers = NULL;
  size_t first = 0, second = 0;
  HR_TRY(hr_dataset_integers(dataset, id, &integers, err));
  HR_TRY(hr_dataset_label(dataset, id, false, &numbers, err));
  if (!integers) {
    HR_TRY(hr_star_names_check_exact(dataset, id, numbers,
                                     hr_star_names_precision(dataset, id), err));
  }
  HR_TRY(hr_star_list_init(out, integers, numbers, rows_of(file), err));
  if (hr_star_list_has_twins(out, &first, &second)) {
    status = hr_fail(err, HR_ERR_DATA,
                     "%s rows %zu and %zu have the same %s; join by another label, or "
                     "by the column row",
                     hr_outside_file_split(file), hr_dataset_number(dataset, first),
                     hr_dataset_number(dataset, second), id);
  }
cleanup:
  return status;
}

/* There is no column of the stars' names. */
static hr_status fail_to_find(const hr_outside_file *file, hr_error *err) {
  hr_text has;
  hr_text_init(&has);
  if (file->table.names) {
    hr_text_append(&has, "but ");
    hr_number_table_list(&file->table, &has);
  } else {
    hr_text_append(&has, "as an array has none; give a CSV file, or leave id out");
  }
  hr_status status = hr_text_status(&has, err);
  if (status == HR_OK) {
    status = hr_fail(err, HR_ERR_DATA, "%s has no column %s, %s", file->path,
                     file->parameters->id, has.bytes);
  }
  hr_text_fini(&has);
  return status;
}

static hr_status join_by_star(hr_outside_file *file, hr_error *err) {
  hr_status status = HR_OK;
  hr_star_list stars = {0};
  char place[HR_NUMBER_TABLE_PLACE];
  const char *id = file->parameters->id;
  int column = hr_number_table_find(&file->table, id);
  if (column == HR_CSV_NO_COLUMN) {
    return fail_to_find(file, err);
  }
  HR_TRY(hr_number_table_load(&file->table, column, err));
  HR_TRY(list_stars(file, &stars, err));
  for (size_t l = 0; l < file->table.rows; l++) {
    hr_named_star wanted = {.row = 0};
    bool is_good = stars.are_integers
                       ? hr_number_table_integer(&file->table, l, column, &wanted.integer)
                       : hr_number_table_number(&file->table, l, column, &wanted.number);
    if (!is_good || isnan(wanted.number)) {
      status = hr_fail(
          err, HR_ERR_FORMAT, "%s: %s has no %s that is %s", file->path,
          hr_number_table_place(&file->table, l, place), id,
          stars.are_integers ? "an integer; write it as 64-bit integers" : "a number");
      goto cleanup;
    }
    const hr_named_star *found = hr_star_list_find(&stars, &wanted);
    file->row[l] = found ? (int64_t)found->row : HR_OUTSIDE_NO_ROW;
  }
cleanup:
  hr_star_list_fini(&stars);
  return status;
}

/* The row of the study at each number over the files of the split, *all of them; rows
 * that the study leaves out have numbers all the same. To be freed with hr_free. */
static hr_status number_rows(const hr_outside_file *file, int64_t **out, size_t *all,
                             hr_error *err) {
  const hr_dataset *dataset = hr_outside_file_dataset(file);
  *all = hr_dataset_all_rows(dataset);
  hr_status status = hr_alloc(out, *all, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < *all; i++) (*out)[i] = HR_OUTSIDE_NO_ROW;
  for (size_t i = 0; i < rows_of(file); i++) {
    (*out)[hr_dataset_number(dataset, i)] = (int64_t)i;
  }
  return HR_OK;
}

static hr_status join_by_number(hr_outside_file *file, int column, hr_error *err) {
  hr_status status = HR_OK;
  int64_t *row_of = NULL;
  size_t all = 0;
  char place[HR_NUMBER_TABLE_PLACE];
  HR_TRY(hr_number_table_load(&file->table, column, err));
  HR_TRY(number_rows(file, &row_of, &all, err));
  for (size_t l = 0; l < file->table.rows; l++) {
    int64_t number = 0;
    if (!hr_number_table_integer(&file->table, l, column, &number) || number < 0) {
      status =
          hr_fail(err, HR_ERR_FORMAT, "%s: %s has no row that is a number of 0 or more",
                  file->path, hr_number_table_place(&file->table, l, place));
      goto cleanup;
    }
    file->row[l] = (uint64_t)number < all ? row_of[number] : HR_OUTSIDE_NO_ROW;
  }
cleanup:
  hr_free(row_of);
  return status;
}

/* As NumPy writes it: "(600,) or (600, 1)", of several targets "(600, 2)". */
static void write_wanted_shape(size_t rows, size_t targets, char out[SHAPE_BYTES]) {
  int used = targets > 1 ? 0 : snprintf(out, SHAPE_BYTES, "(%zu,) or ", rows);
  snprintf(out + used, SHAPE_BYTES - (size_t)used, "(%zu, %zu)", rows, targets);
}

/* An array with a column a row is one that lies on its side. */
static hr_status check_shape(const hr_outside_file *file, hr_error *err) {
  size_t all = hr_dataset_all_rows(hr_outside_file_dataset(file));
  size_t targets = hr_study_targets(&file->plan->view);
  char wanted[SHAPE_BYTES];
  if (file->table.names || file->parameters->id || file->table.rows == all) return HR_OK;
  write_wanted_shape(all, targets, wanted);
  bool lies = file->table.columns == all && file->table.rows == targets;
  return hr_fail(
      err, HR_ERR_DATA,
      "%s is an array of shape (%zu, %zu), but that of the %zu %s row%s is %s; "
      "%s",
      file->path, file->table.rows, file->table.columns, all, hr_outside_file_split(file),
      hr_plural(all), wanted,
      lies ? "transpose it"
           : "save a row for each, or give a CSV file with a column row, "
             "their numbers from 0");
}

static hr_status join_line_by_line(hr_outside_file *file, hr_error *err) {
  hr_status status = HR_OK;
  int64_t *row_of = NULL;
  size_t all = 0;
  HR_TRY(number_rows(file, &row_of, &all, err));
  if (file->table.rows != all) {
    status = hr_fail(
        err, HR_ERR_DATA,
        "%s has %zu row%s and the %s set %zu; give it a column row, the number %s "
        "from 0, or name a label that both have as id",
        file->path, file->table.rows, hr_plural(file->table.rows),
        hr_outside_file_split(file), all,
        file->has_training ? "over all training files" : "in the test file");
    goto cleanup;
  }
  HR_TRY(hr_number_table_check_order(&file->table, err));
  for (size_t l = 0; l < all; l++) file->row[l] = row_of[l];
cleanup:
  hr_free(row_of);
  return status;
}

static hr_status find_rows(hr_outside_file *file, hr_error *err) {
  hr_status status = hr_alloc(&file->row, file->table.rows, err);
  if (status != HR_OK) return status;
  if (file->parameters->id) return join_by_star(file, err);
  int column = hr_number_table_find(&file->table, "row");
  if (column != HR_CSV_NO_COLUMN) return join_by_number(file, column, err);
  return join_line_by_line(file, err);
}

/* Refuses a row that two lines claim. */
static hr_status check_once(const hr_outside_file *file, hr_error *err) {
  hr_status status = HR_OK;
  size_t *line = NULL, joined = 0; /* line: of each row, from 1; 0: none */
  char places[2][HR_NUMBER_TABLE_PLACE];
  const char *split = hr_outside_file_split(file), *id = file->parameters->id;
  HR_TRY(hr_alloc(&line, rows_of(file), err));
  for (size_t l = 0; l < file->table.rows; l++) {
    if (file->row[l] == HR_OUTSIDE_NO_ROW) continue;
    size_t *first = &line[file->row[l]];
    if (*first > 0) {
      status = hr_fail(
          err, HR_ERR_DATA, "%s and %s of %s are the same %s row; keep one of them",
          hr_number_table_place(&file->table, *first - 1, places[0]),
          hr_number_table_place(&file->table, l, places[1]), file->path, split);
      goto cleanup;
    }
    *first = l + 1;
    joined++;
  }
  if (joined > 0) goto cleanup;
  status = hr_fail(err, HR_ERR_DATA, "no line of %s is a row of the %s set%s%s",
                   file->path, split, id ? " by its " : "", id ? id : "");
cleanup:
  hr_free(line);
  return status;
}

/* Refuses rows that are numbered from 1, which are those of another row each: where N is
 * there, of N rows from 0, and 0 is not, with some of the others missing, too. */
static hr_status check_first_row(const hr_outside_file *file, hr_error *err) {
  size_t all = hr_dataset_all_rows(hr_outside_file_dataset(file));
  int column = hr_number_table_find(&file->table, "row");
  int64_t least = INT64_MAX, most = 0;
  if (file->parameters->id || column == HR_CSV_NO_COLUMN) return HR_OK;
  for (size_t l = 0; l < file->table.rows; l++) {
    int64_t number = 0;
    if (!hr_number_table_integer(&file->table, l, column, &number)) return HR_OK;
    if (number < least) least = number;
    if (number > most) most = number;
  }
  if (least != 1 || (uint64_t)most != all) return HR_OK;
  return hr_fail(
      err, HR_ERR_DATA,
      "%s counts rows from 1, as it has a row %zu and no row 0 of %zu %s rows; "
      "they count from 0, so take 1 off its column row",
      file->path, all, all, hr_outside_file_split(file));
}

hr_status hr_outside_file_read(hr_outside_file *file, const hr_observer *observer,
                               const char **key, hr_error *err) {
  static const size_t most_bytes = (size_t)4 << 30;
  hr_status status = HR_OK;
  const char *own = file->has_training ? "validation" : "predictions";
  *key = own;
  HR_TRY(hr_number_table_read(file->path, most_bytes, observer, &file->table, err));
  HR_TRY(check_shape(file, err));
  *key = file->has_training ? own : "id";
  HR_TRY(find_rows(file, err));
  HR_TRY(check_once(file, err));
  *key = own;
  HR_TRY(check_first_row(file, err));
cleanup:
  return status;
}

void hr_outside_file_fini(hr_outside_file *file) {
  hr_number_table_fini(&file->table);
  hr_free(file->row);
  file->row = NULL;
}
