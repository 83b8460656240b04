/* Training rows in a random order: whoever takes the first of them has a random sample,
 * which depends on the seed and the rows' numbers alone. */
#ifndef HR_METHODS_SHUFFLE_H
#define HR_METHODS_SHUFFLE_H

#include "core/random.h"
#include "methods/method.h"

/* A training row in an order: by group, key, row. */
typedef struct hr_ranked_row {
  int32_t group;
  double key;
  size_t row;
} hr_ranked_row;

/* Bins, then the uncovered rows as one more group. */
int32_t hr_row_group(const hr_study_view *study, size_t row);

/* A random permutation of the training rows, within groups or of all; *out is freed with
 * hr_free. HR_ERR_MEMORY. */
hr_status hr_shuffle_rows(const hr_study_view *study, hr_stream_id stream, bool grouped,
                          hr_ranked_row **out, hr_error *err) HR_MUST_CHECK;

/* The rows that a model of all rows is trained on, at most `most` of them (0: all), drawn
 * at random: how many; and *slot [training rows], K of the study where the row is one of
 * them, else HR_UNCOVERED. It is freed with hr_free. HR_ERR_MEMORY. */
size_t hr_shuffle_chosen_rows(const hr_study_view *study, size_t most);
hr_status hr_shuffle_choose(const hr_study_view *study, size_t most, int32_t **slot,
                            hr_error *err) HR_MUST_CHECK;

/* Sorts by group, key, row. */
void hr_sort_ranked_rows(hr_ranked_row *rows, size_t count);

#endif
