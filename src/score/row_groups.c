/* Sorting rows by bin, by counting. */
#include "score/row_groups.h"

#include "core/alloc.h"

/* The group of a bin: the uncovered rows are the last. */
static size_t group_of(int32_t bin, size_t bin_count) {
  return bin == HR_UNCOVERED ? bin_count : (size_t)bin;
}

static bool is_left_out(const bool *is_missing, size_t row) {
  return is_missing && is_missing[row];
}

/* Rows of a group stay in order. next: [bin_count + 1]. */
static void sort_rows(hr_row_groups *groups, const hr_split_view *test,
                      const bool *is_missing, size_t *next) {
  size_t behind = 0;
  for (size_t i = 0; i < test->rows; i++) {
    if (is_left_out(is_missing, i)) continue;
    groups->group_rows[group_of(test->bin[i], groups->bin_count)]++;
  }
  for (size_t k = 0; k <= groups->bin_count; k++) {
    next[k] = groups->group_start[k];
    groups->group_start[k + 1] = groups->group_start[k] + groups->group_rows[k];
  }
  behind = groups->group_start[groups->bin_count + 1];
  for (size_t i = 0; i < test->rows; i++) {
    size_t *at = is_left_out(is_missing, i)
                     ? &behind
                     : &next[group_of(test->bin[i], groups->bin_count)];
    groups->row_list[(*at)++] = i;
  }
}

hr_status hr_row_groups_init(hr_row_groups *groups, const hr_split_view *test,
                             const bool *is_missing, size_t bin_count, hr_error *err) {
  hr_status status = HR_OK;
  size_t *next = NULL;
  *groups = (hr_row_groups){.bin_count = bin_count, .rows = test->rows};
  HR_TRY(hr_alloc(&groups->row_list, test->rows, err));
  HR_TRY(hr_alloc(&groups->group_start, bin_count + 2, err));
  HR_TRY(hr_alloc(&groups->group_rows, bin_count + 1, err));
  HR_TRY(hr_alloc(&next, bin_count + 1, err));
  sort_rows(groups, test, is_missing, next);
cleanup:
  hr_free(next);
  return status;
}

void hr_row_groups_fini(hr_row_groups *groups) {
  hr_free(groups->row_list);
  hr_free(groups->group_start);
  hr_free(groups->group_rows);
  *groups = (hr_row_groups){0};
}

size_t hr_row_groups_covered(const hr_row_groups *groups) {
  return groups->group_start[groups->bin_count];
}
