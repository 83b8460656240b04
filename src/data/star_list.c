/* Sorted once, looked up by halves. */
#include "data/star_list.h"

#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "data/shard.h"

static int compare_names(const void *a, const void *b) {
  const hr_named_star *x = a, *y = b;
  if (x->integer != y->integer) return x->integer < y->integer ? -1 : 1;
  if (x->number < y->number) return -1;
  return x->number > y->number;
}

/* Twins by their rows, so that the first two are the first two of the file. */
static int compare_stars(const void *a, const void *b) {
  const hr_named_star *x = a, *y = b;
  int order = compare_names(a, b);
  if (order != 0) return order;
  return x->row < y->row ? -1 : x->row > y->row;
}

hr_status hr_star_list_init(hr_star_list *list, const int64_t *integers,
                            const double *numbers, size_t rows, hr_error *err) {
  *list = (hr_star_list){.are_integers = integers != NULL};
  hr_status status = hr_alloc(&list->items, rows, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < rows; i++) {
    if (numbers && isnan(numbers[i])) continue;
    list->items[list->count++] = (hr_named_star){.integer = integers ? integers[i] : 0,
                                                 .number = integers ? 0 : numbers[i],
                                                 .row = i};
  }
  qsort(list->items, list->count, sizeof *list->items, compare_stars);
  return HR_OK;
}

void hr_star_list_fini(hr_star_list *list) {
  hr_free(list->items);
  *list = (hr_star_list){0};
}

bool hr_star_list_has_twins(const hr_star_list *list, size_t *first, size_t *second) {
  for (size_t i = 1; i < list->count; i++) {
    const hr_named_star *star = &list->items[i];
    if (compare_names(star - 1, star) != 0) continue;
    *first = star[-1].row;
    *second = star->row;
    return true;
  }
  return false;
}

const hr_named_star *hr_star_list_find(const hr_star_list *list,
                                       const hr_named_star *wanted) {
  return bsearch(wanted, list->items, list->count, sizeof *list->items, compare_names);
}

hr_precision hr_star_names_precision(const hr_dataset *dataset, const char *label) {
  size_t shards = 0;
  hr_precision coarsest = HR_PRECISION_DOUBLE;
  hr_dataset_shards(dataset, &shards);
  for (size_t s = 0; s < shards; s++) {
    hr_precision own = hr_dataset_precision(dataset, label, s);
    if (own > coarsest) coarsest = own;
  }
  return coarsest;
}

hr_status hr_star_names_check_exact(const hr_dataset *dataset, const char *id,
                                    const double *numbers, hr_precision precision,
                                    hr_error *err) {
  for (size_t i = 0; i < hr_dataset_rows(dataset); i++) {
    int64_t whole = 0;
    size_t row = 0;
    bool is_part = isfinite(numbers[i]) && numbers[i] != floor(numbers[i]);
    if (isnan(numbers[i]) || is_part) continue;
    if (hr_whole_number(numbers[i], precision, &whole)) continue;
    const char *path = hr_dataset_locate(dataset, i, &row);
    return hr_fail(err, HR_ERR_DATA,
                   "%s keeps %s as floating-point numbers, which do not hold that of row "
                   "%zu to its last digit; write it as 64-bit integers",
                   path, id, row);
  }
  return HR_OK;
}
