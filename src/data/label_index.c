/* Permutations are told by marking what was seen. */
#include "data/label_index.h"

#include <string.h>

#include "core/alloc.h"

bool hr_index_is_shuffled(const int64_t *index, size_t rows, int64_t *first) {
  bool is_ordered = true, is_permutation = true;
  bool *seen = NULL;
  if (!index || rows < 2) return false;
  int64_t least = index[0];
  for (size_t i = 0; i < rows; i++) {
    if (index[i] < least) least = index[i];
    is_ordered = is_ordered && (i == 0 || index[i - 1] < index[i]);
  }
  *first = least;
  if (is_ordered || hr_alloc(&seen, rows, NULL) != HR_OK) return false;
  for (size_t i = 0; i < rows && is_permutation; i++) {
    uint64_t place = (uint64_t)index[i] - (uint64_t)least;
    is_permutation = place < rows && !seen[place];
    if (is_permutation) seen[place] = true;
  }
  hr_free(seen);
  return is_permutation;
}

bool hr_index_is_ordered(const int64_t *index, size_t rows) {
  for (size_t i = 1; i < rows; i++) {
    if (index[i] <= index[i - 1]) return false;
  }
  return true;
}

void hr_index_reorder(const int64_t *index, int64_t first, size_t rows, void *items,
                      uint64_t *scratch) {
  uint64_t *values = items;
  memcpy(scratch, values, rows * sizeof *values);
  for (size_t i = 0; i < rows; i++) values[index[i] - first] = scratch[i];
}
