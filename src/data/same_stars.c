/* Training stars are sorted by their names, and test stars looked up. */
#include "data/same_stars.h"

#include <math.h>

#include "core/alloc.h"
#include "data/star_list.h"

/* The names of a set's rows; numbers NULL: it has none. */
typedef struct named_rows {
  const double *numbers;
  const int64_t *integers; /* NULL: they are no whole numbers */
  size_t count;
} named_rows;

static named_rows names_of(const hr_dataset *dataset, const char *id) {
  named_rows names = {.count = hr_dataset_rows(dataset)};
  if (hr_dataset_label(dataset, id, false, &names.numbers, NULL) != HR_OK) {
    names.numbers = NULL;
  } else if (hr_dataset_integers(dataset, id, &names.integers, NULL) != HR_OK) {
    names.integers = NULL;
  }
  return names;
}

/* The name as the list has names; false of a row without one. */
static bool name_star(const named_rows *names, size_t row, bool as_integer,
                      hr_named_star *out) {
  double number = names->numbers[row];
  *out = (hr_named_star){.row = row};
  if (isnan(number)) return false;
  if (!as_integer) {
    out->number = number;
    return true;
  }
  if (!names->integers)
    return hr_whole_number(number, HR_PRECISION_DOUBLE, &out->integer);
  out->integer = names->integers[row];
  return true;
}

/* The rows of the test set whose star the training set has. */
typedef struct shared_stars {
  size_t count;
  size_t test_row, train_row; /* of the first */
} shared_stars;

static hr_status tell(const hr_dataset *train, const hr_dataset *test, const char *id,
                      const shared_stars *found, hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  size_t count = found->count;
  size_t in_test = 0, in_train = 0, all = hr_dataset_rows(test);
  const char *one = hr_dataset_locate(test, found->test_row, &in_test);
  const char *other = hr_dataset_locate(train, found->train_row, &in_train);
  HR_TRY(hr_doubts_add(doubts, HR_DOUBT_TEST_IN_TRAINING, false, err,
                       "%zu of the %zu test rows %s a star that is trained on, by %s, "
                       "with the same label; the first is row %zu of %s, as row %zu of "
                       "%s (counted from 0); test on stars that are not trained on",
                       count, all, count == 1 ? "is of" : "are each of", id, in_test, one,
                       in_train, other));
  HR_TRY(hr_doubts_in_chinese(doubts, err,
                              "按 %s，%zu 个测试行（共 %zu 行）属于参与训练的恒星，"
                              "标签相同；首见于 %s 的第 %zu 行，即 %s 的第 %zu 行（从 0 "
                              "计）；请用未参与训练的恒星来测试",
                              id, count, all, one, in_test, other, in_train));
cleanup:
  return status;
}

hr_status hr_doubt_same_stars(const hr_dataset *train, const hr_dataset *test,
                              const char *id, hr_doubts *doubts, hr_error *err) {
  hr_status status = HR_OK;
  hr_star_list stars = {0};
  shared_stars shared = {0};
  named_rows ours = names_of(train, id), theirs = names_of(test, id);
  if (!ours.numbers || !theirs.numbers) return HR_OK;
  HR_TRY(hr_star_list_init(&stars, ours.integers, ours.numbers, ours.count, err));
  for (size_t i = 0; i < theirs.count; i++) {
    hr_named_star wanted;
    if (!name_star(&theirs, i, stars.are_integers, &wanted)) continue;
    const hr_named_star *found = hr_star_list_find(&stars, &wanted);
    if (found && shared.count++ == 0) {
      shared.train_row = found->row;
      shared.test_row = i;
    }
  }
  if (shared.count > 0) HR_TRY(tell(train, test, id, &shared, doubts, err));
cleanup:
  hr_star_list_fini(&stars);
  return status;
}
