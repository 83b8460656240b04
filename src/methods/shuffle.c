/* Every row has a key of its own, so that the first rows of the order of all rows are
 * among the first of their groups as well, where the stream is the same. */
#include "methods/shuffle.h"

#include <stdlib.h>

#include "core/alloc.h"

int32_t hr_row_group(const hr_study_view *study, size_t row) {
  int32_t bin = study->train.bin[row];
  return bin == HR_UNCOVERED ? (int32_t)study->bin_count : bin;
}

static int compare_ranks(const void *left, const void *right) {
  const hr_ranked_row *a = left, *b = right;
  if (a->group != b->group) return a->group < b->group ? -1 : 1;
  if (a->key != b->key) return a->key < b->key ? -1 : 1;
  return a->row < b->row ? -1 : a->row > b->row;
}

void hr_sort_ranked_rows(hr_ranked_row *rows, size_t count) {
  qsort(rows, count, sizeof *rows, compare_ranks);
}

hr_status hr_shuffle_rows(const hr_study_view *study, hr_stream_id stream, bool grouped,
                          hr_ranked_row **out, hr_error *err) {
  hr_status status = hr_alloc(out, study->train.rows, err);
  if (status != HR_OK) return status;
  for (size_t i = 0; i < study->train.rows; i++) {
    double key = hr_uniform(study->seed, stream, i, 0);
    (*out)[i] = (hr_ranked_row){grouped ? hr_row_group(study, i) : 0, key, i};
  }
  hr_sort_ranked_rows(*out, study->train.rows);
  return HR_OK;
}

size_t hr_shuffle_chosen_rows(const hr_study_view *study, size_t most) {
  return most > 0 && most < study->train.rows ? most : study->train.rows;
}

hr_status hr_shuffle_choose(const hr_study_view *study, size_t most, int32_t **slot,
                            hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = study->train.rows, count = hr_shuffle_chosen_rows(study, most);
  bool is_whole = count == rows;
  hr_ranked_row *ranked = NULL;
  HR_TRY(hr_alloc(slot, rows, err));
  for (size_t i = 0; i < rows; i++) {
    (*slot)[i] = is_whole ? (int32_t)study->bin_count : HR_UNCOVERED;
  }
  if (is_whole) goto cleanup;
  HR_TRY(hr_shuffle_rows(study, HR_STREAM_GLOBAL_ROWS, false, &ranked, err));
  for (size_t i = 0; i < count; i++) (*slot)[ranked[i].row] = (int32_t)study->bin_count;
cleanup:
  hr_free(ranked);
  return status;
}
