/* Stars by what names them, so that a table can be joined to rows: an integer, exact
 * to 64 bits, or a number. */
#ifndef HR_DATA_STAR_LIST_H
#define HR_DATA_STAR_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/dataset.h"

typedef struct hr_named_star {
  int64_t integer; /* its name; 0 where names are numbers */
  double number;   /* its name; 0 where names are integers */
  size_t row;
} hr_named_star;

typedef struct hr_star_list {
  hr_named_star *items; /* [count] sorted by their names */
  size_t count;
  bool are_integers;
} hr_star_list;

/* The rows 0 .. rows-1 by their names: `integers` [rows], or where that is NULL `numbers`
 * [rows]. Where a number is NaN the row has no name; beside integers numbers may be NULL.
 * To be followed by hr_star_list_fini, on failure too. HR_ERR_MEMORY. */
hr_status hr_star_list_init(hr_star_list *list, const int64_t *integers,
                            const double *numbers, size_t rows,
                            hr_error *err) HR_MUST_CHECK;
void hr_star_list_fini(hr_star_list *list);

/* Whether two rows have the same name: the first two of them. */
bool hr_star_list_has_twins(const hr_star_list *list, size_t *first, size_t *second);

/* The star of the name that `wanted` has, or NULL. */
const hr_named_star *hr_star_list_find(const hr_star_list *list,
                                       const hr_named_star *wanted);

/* The coarsest precision in which a file of the dataset keeps the label. */
hr_precision hr_star_names_precision(const hr_dataset *dataset, const char *label);

/* Refuses (HR_ERR_DATA) names of stars, [rows] numbers that files keep as floats of that
 * precision under the name `id`, one of which is so large a whole number that its last
 * digits may be another's. */
hr_status hr_star_names_check_exact(const hr_dataset *dataset, const char *id,
                                    const double *numbers, hr_precision precision,
                                    hr_error *err) HR_MUST_CHECK;

#endif
