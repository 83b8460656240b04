/* The rows with the smallest random numbers are taken: a rule that looks at no other
 * count, so that the samples of all counts lie in one another. */
#include "data/drawn_rows.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "core/random.h"

typedef struct numbered_row {
  double key;
  size_t row;
} numbered_row;

/* By key; of equal ones the first row. */
static int compare(const void *a, const void *b) {
  const numbered_row *one = a, *other = b;
  if (one->key != other->key) return one->key < other->key ? -1 : 1;
  return one->row < other->row ? -1 : one->row > other->row;
}

hr_status hr_draw_rows(hr_dataset *dataset, size_t count, uint64_t seed, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = hr_dataset_rows(dataset), first = 0;
  numbered_row *order = NULL;
  bool *left_out = NULL;
  if (count > rows) {
    return hr_fail(err, HR_ERR_DATA,
                   "data.rows is %zu, but %s and the files with it have %zu training "
                   "row%s; give at most that, or 0 for all of them",
                   count, hr_dataset_locate(dataset, 0, &first), rows,
                   rows == 1 ? "" : "s");
  }
  HR_TRY(hr_alloc(&order, rows, err));
  HR_TRY(hr_alloc(&left_out, rows, err));
  for (size_t i = 0; i < rows; i++) {
    order[i] = (numbered_row){hr_uniform(seed, HR_STREAM_DRAWN_ROWS, i, 0), i};
  }
  qsort(order, rows, sizeof *order, compare);
  for (size_t i = count; i < rows; i++) left_out[order[i].row] = true;
  HR_TRY(hr_dataset_leave_out(dataset, left_out, err));
cleanup:
  hr_free(order);
  hr_free(left_out);
  return status;
}
