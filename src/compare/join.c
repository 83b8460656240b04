/* By the stars' names where every run has them, else by row number; truth, which must
 * agree, says whether that was right. */
#include "compare/join.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "data/star_list.h"

static const hr_rows *rows_of(hr_results *const *results, size_t run) {
  return &results[run]->rows;
}

static hr_status make_room(hr_join *join, size_t most, hr_error *err) {
  hr_status status = HR_OK;
  HR_TRY(hr_alloc(&join->row, join->runs, err));
  for (size_t k = 0; k < join->runs; k++) HR_TRY(hr_alloc(&join->row[k], most, err));
  HR_TRY(hr_alloc(&join->is_covered, most, err));
  HR_TRY(hr_alloc(&join->is_missing, most, err));
  HR_TRY(hr_alloc(&join->alone, join->runs, err));
cleanup:
  return status;
}

/* Whether `name` is an id of all runs, and the same kind of number; id: [runs]. */
static bool is_shared(hr_results *const *results, size_t runs, const char *name,
                      const hr_row_column **id) {
  for (size_t k = 0; k < runs; k++) {
    id[k] = hr_rows_id(rows_of(results, k), name);
    if (!id[k] || (id[k]->integers != NULL) != (id[0]->integers != NULL)) return false;
  }
  return true;
}

static hr_named_star name_of(const hr_row_column *id, size_t row) {
  return (hr_named_star){.integer = id->integers ? id->integers[row] : 0,
                         .number = id->integers ? 0 : id->values[row],
                         .row = row};
}

/* The lists of stars of all runs, [runs]; *unique is false where one has a name twice. */
static hr_status list_stars(hr_results *const *results, size_t runs,
                            const hr_row_column *const *id, hr_star_list *lists,
                            bool *unique, hr_error *err) {
  hr_status status = HR_OK;
  *unique = true;
  for (size_t k = 0; k < runs && status == HR_OK; k++) {
    size_t count = rows_of(results, k)->count, first = 0, second = 0;
    hr_star_list_fini(&lists[k]);
    status = hr_star_list_init(&lists[k], id[k]->integers, id[k]->values, count, err);
    if (hr_star_list_has_twins(&lists[k], &first, &second)) *unique = false;
  }
  return status;
}

/* The first label of the first run that names every star in all runs, and the lists of
 * stars by it; join->id is NULL where there is none. */
static hr_status find_id(hr_join *join, hr_results *const *results,
                         const hr_row_column **id, hr_star_list *lists, hr_error *err) {
  hr_status status = HR_OK;
  const hr_rows *first = rows_of(results, 0);
  for (size_t c = 0; c < first->column_count && !join->id; c++) {
    const char *name = first->columns[c].name;
    bool unique = false;
    if (!is_shared(results, join->runs, name, id)) continue;
    HR_TRY(list_stars(results, join->runs, id, lists, &unique, err));
    if (unique) join->id = name;
  }
cleanup:
  return status;
}

/* Keeps the stars of the first run that all others have. */
static void join_by_name(hr_join *join, hr_results *const *results,
                         const hr_row_column *id, const hr_star_list *lists) {
  const hr_rows *first = rows_of(results, 0);
  for (size_t i = 0; i < first->count; i++) {
    hr_named_star wanted = name_of(id, i);
    size_t found_by = 1;
    join->row[0][join->count] = i;
    for (size_t k = 1; k < join->runs && !isnan(wanted.number); k++) {
      const hr_named_star *found = hr_star_list_find(&lists[k], &wanted);
      if (!found) break;
      join->row[k][join->count] = found->row;
      found_by++;
    }
    if (found_by == join->runs) join->count++;
  }
}

static hr_status join_by_number(hr_join *join, hr_results *const *results,
                                hr_error *err) {
  size_t count = rows_of(results, 0)->count;
  for (size_t k = 1; k < join->runs; k++) {
    size_t own = rows_of(results, k)->count;
    if (own == count) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "%s has %zu test row%s and %s %zu, and there is no id that names each "
                   "star in all runs; give all studies the same data.id",
                   results[0]->rows_path, count, hr_plural(count), results[k]->rows_path,
                   own);
  }
  for (size_t k = 0; k < join->runs; k++) {
    for (size_t i = 0; i < count; i++) join->row[k][i] = i;
  }
  join->count = count;
  return HR_OK;
}

/* predictions.csv has 17 digits of what may have been computed on another machine. */
static bool is_same_truth(double a, double b) {
  return fabs(a - b) <= 1e-9 * fmax(1.0, fabs(a));
}

static hr_status check_truth(const hr_join *join, hr_results *const *results,
                             hr_error *err) {
  const hr_rows *first = rows_of(results, 0);
  for (size_t k = 1; k < join->runs; k++) {
    const hr_rows *own = rows_of(results, k);
    for (size_t i = 0; i < join->count; i++) {
      size_t a = join->row[0][i], b = join->row[k][i];
      if (is_same_truth(first->target[a], own->target[b])) continue;
      return hr_fail(
          err, HR_ERR_DATA,
          "row %zu of %s and row %zu of %s %s and have %s of %.9g and %.9g; "
          "%s",
          a, results[0]->rows_path, b, results[k]->rows_path,
          join->id ? "are the same star" : "stand in the same place",
          results[0]->info.target, first->target[a], own->target[b],
          join->id ? "compare runs with the same labels"
                   : "give all studies the same data.id, so that stars can be found");
    }
  }
  return HR_OK;
}

static void mark_rows(hr_join *join, hr_results *const *results) {
  for (size_t i = 0; i < join->count; i++) {
    join->is_covered[i] = true;
    join->is_missing[i] = false;
    for (size_t k = 0; k < join->runs; k++) {
      int32_t bin = rows_of(results, k)->bin[join->row[k][i]];
      if (bin < 0) join->is_covered[i] = false;
      if (bin == HR_ROW_MISSING) join->is_missing[i] = true;
    }
  }
  for (size_t k = 0; k < join->runs; k++) {
    join->alone[k] = rows_of(results, k)->count - join->count;
  }
}

hr_status hr_join_init(hr_join *join, hr_results *const *results, size_t runs,
                       hr_error *err) {
  hr_status status = HR_OK;
  hr_star_list *lists = NULL;
  const hr_row_column **id = NULL;
  *join = (hr_join){.runs = runs};
  HR_TRY(make_room(join, rows_of(results, 0)->count, err));
  HR_TRY(hr_alloc(&lists, runs, err));
  HR_TRY(hr_alloc(&id, runs, err));
  HR_TRY(find_id(join, results, id, lists, err));
  if (join->id) join_by_name(join, results, id[0], lists);
  if (!join->id) HR_TRY(join_by_number(join, results, err));
  if (join->count == 0) {
    status = hr_fail(err, HR_ERR_DATA, "no star of %s is in all the other runs",
                     results[0]->rows_path);
    goto cleanup;
  }
  HR_TRY(check_truth(join, results, err));
  mark_rows(join, results);
cleanup:
  for (size_t k = 0; lists && k < runs; k++) hr_star_list_fini(&lists[k]);
  hr_free(lists);
  hr_free(id);
  return status;
}

void hr_join_fini(hr_join *join) {
  for (size_t k = 0; join->row && k < join->runs; k++) hr_free(join->row[k]);
  hr_free(join->row);
  hr_free(join->is_covered);
  hr_free(join->is_missing);
  hr_free(join->alone);
  *join = (hr_join){0};
}
