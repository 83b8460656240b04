/* A row that is of the samples of its bin and of all rows is kept once. */
#include "methods/held_rows.h"

#include "core/alloc.h"
#include "methods/row_store.h"
#include "methods/shuffle.h"

#define NOT_HELD SIZE_MAX

struct hr_held_rows {
  size_t *number; /* [training rows] in the store, or NOT_HELD */
  size_t *rows;   /* slot by slot, ascending */
  size_t *first;  /* [bins + 2] where each slot's begin, and the end of the last */
  double *snr;    /* [count] */
  size_t count;   /* that the store is for */
  hr_row_store *store;
};

void hr_held_rows_destroy(hr_held_rows **address) {
  hr_held_rows *held = *address;
  *address = NULL;
  if (!held) return;
  hr_free(held->number);
  hr_free(held->rows);
  hr_free(held->first);
  hr_free(held->snr);
  hr_row_store_destroy(&held->store);
  hr_free(held);
}

/* Marks the sample of each bin, or of all rows, in is_held [training rows]. */
static hr_status mark(const hr_study_view *study, bool by_bin, size_t most, bool *is_held,
                      hr_error *err) {
  hr_ranked_row *ranked = NULL;
  hr_status status = hr_shuffle_rows(study, HR_STREAM_HELD_OUT, by_bin, &ranked, err);
  size_t taken = 0;
  for (size_t i = 0; status == HR_OK && i < study->train.rows; i++) {
    if (i == 0 || ranked[i].group != ranked[i - 1].group) taken = 0;
    bool is_uncovered = by_bin && ranked[i].group == (int32_t)study->bin_count;
    is_held[ranked[i].row] = taken++ < most && !is_uncovered;
  }
  hr_free(ranked);
  return status;
}

/* Of slots that are not wanted none is held; the others' samples are what they are. */
static void unmark_unwanted(const hr_study_view *study, bool *of_bin, bool *of_all) {
  bool wants_all = hr_study_wants(study, study->bin_count);
  for (size_t i = 0; i < study->train.rows; i++) {
    of_bin[i] = of_bin[i] && hr_study_wants(study, (size_t)study->train.bin[i]);
    of_all[i] = of_all[i] && wants_all;
  }
}

/* Lists the marked rows slot by slot, and numbers them in the order in which they come.
 */
static hr_status list_rows(hr_held_rows *held, const hr_study_view *study,
                           const bool *of_bin, const bool *of_all, hr_error *err) {
  hr_status status = HR_OK;
  size_t rows = study->train.rows, bins = study->bin_count, *next = NULL;
  HR_TRY(hr_alloc(&held->first, bins + 2, err));
  HR_TRY(hr_alloc(&held->number, rows, err));
  HR_TRY(hr_alloc(&next, bins + 1, err));
  for (size_t i = 0; i < rows; i++) {
    held->number[i] = of_bin[i] || of_all[i] ? held->count++ : NOT_HELD;
    if (of_bin[i]) held->first[study->train.bin[i] + 1]++;
    held->first[bins + 1] += of_all[i];
  }
  for (size_t m = 0; m <= bins; m++) held->first[m + 1] += held->first[m];
  for (size_t m = 0; m <= bins; m++) next[m] = held->first[m];
  HR_TRY(hr_alloc(&held->rows, held->first[bins + 1], err));
  for (size_t i = 0; i < rows; i++) {
    if (of_bin[i]) held->rows[next[study->train.bin[i]]++] = i;
    if (of_all[i]) held->rows[next[bins]++] = i;
  }
cleanup:
  hr_free(next);
  return status;
}

hr_status hr_held_rows_create(const hr_study_view *study, hr_held_most most,
                              hr_held_rows **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_held_rows *held = NULL;
  bool *of_bin = NULL, *of_all = NULL;
  bool is_short = study->low_memory >= HR_LOW_MEMORY_ROWS;
  HR_TRY(hr_alloc(&held, 1, err));
  HR_TRY(hr_alloc(&of_bin, study->train.rows, err));
  HR_TRY(hr_alloc(&of_all, study->train.rows, err));
  HR_TRY(mark(study, true, most.of_bin, of_bin, err));
  HR_TRY(mark(study, false, most.of_all, of_all, err));
  unmark_unwanted(study, of_bin, of_all);
  HR_TRY(list_rows(held, study, of_bin, of_all, err));
  HR_TRY(hr_alloc(&held->snr, held->count, err));
  HR_TRY(hr_row_store_create(held->count, study->pixels, is_short ? study->folder : NULL,
                             &held->store, err));
  *out = held;
  held = NULL;
cleanup:
  hr_free(of_bin);
  hr_free(of_all);
  hr_held_rows_destroy(&held);
  return status;
}

hr_status hr_held_rows_put(hr_held_rows *held, size_t row, const float *flux, double snr,
                           hr_error *err) {
  hr_status status = hr_row_store_append(held->store, &flux, 1, err);
  if (status == HR_OK) held->snr[held->number[row]] = snr;
  return status;
}

hr_status hr_held_rows_keep(hr_held_rows *held, const hr_block *block, hr_error *err) {
  hr_status status = HR_OK;
  for (size_t i = 0; i < block->rows; i++) {
    size_t number = held->number[block->first_row + i];
    const float *noisy = block->noisy + i * block->pixels;
    if (number == NOT_HELD) continue;
    HR_TRY(
        hr_held_rows_put(held, block->first_row + i, noisy, hr_block_snr(block, i), err));
  }
cleanup:
  return status;
}

bool hr_held_rows_are_complete(const hr_held_rows *held) {
  return hr_row_store_rows(held->store) == held->count;
}

size_t hr_held_rows_of(const hr_held_rows *held, size_t m, const size_t **rows) {
  *rows = held->rows + held->first[m];
  return held->first[m + 1] - held->first[m];
}

const float *hr_held_rows_flux(const hr_held_rows *held, size_t row, float *scratch) {
  return hr_row_store_get(held->store, (uint32_t)held->number[row], scratch);
}

double hr_held_rows_snr(const hr_held_rows *held, size_t row) {
  return held->snr[held->number[row]];
}

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* A bin's share of the sample of all rows is among the rows of its own sample, or the
 * other way round: both are the first of the same order (methods/shuffle.h). */
size_t hr_held_rows_expect(const size_t *counts, size_t bin_count, hr_held_most most) {
  size_t all = counts[bin_count], uncovered = all, held = 0;
  double share = all > 0 ? (double)most.of_all / (double)all : 0;
  if (share > 1) share = 1;
  for (size_t k = 0; k < bin_count; k++) {
    size_t of_all = (size_t)(share * (double)counts[k]),
           own = smaller(counts[k], most.of_bin);
    uncovered -= counts[k];
    held += of_all > own ? of_all : own;
  }
  return held + (size_t)(share * (double)uncovered);
}

double hr_held_rows_bytes(size_t pixels) {
  return (double)(pixels * sizeof(float) + sizeof(double) + 2 * sizeof(size_t));
}
