/* Which training rows are sampled: runs of neighbouring rows in a random order, until
 * every bin has as many as are wanted. */
#include "study/sample.h"

#include "core/alloc.h"

static size_t smaller(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Fisher and Yates' shuffle of 0 .. count-1. */
static void shuffle(size_t count, uint64_t seed, size_t *order) {
  for (size_t i = 0; i < count; i++) {
    size_t j = hr_uniform_below(seed, HR_STREAM_SAMPLE, i, 0, (uint32_t)(i + 1));
    order[i] = order[j];
    order[j] = i;
  }
}

/* Takes what is still wanted of one run; returns how many rows that were. */
static size_t take_run(const hr_split_view *train, size_t run, size_t *wanted,
                       hr_sample *sample) {
  size_t first = run * HR_SAMPLE_RUN, taken = 0;
  size_t end = smaller(first + HR_SAMPLE_RUN, train->rows);
  for (size_t row = first; row < end; row++) {
    int32_t bin = train->bin[row];
    if (bin == HR_UNCOVERED || wanted[bin] == 0) continue;
    wanted[bin]--;
    sample->rows[row] = true;
    taken++;
  }
  if (taken > 0) {
    sample->runs[run] = true;
    sample->streamed += end - first;
  }
  return taken;
}

hr_status hr_sample_create(const hr_split_view *train, size_t bin_count,
                           size_t rows_per_bin, uint64_t seed, hr_sample **out,
                           hr_error *err) {
  hr_status status = HR_OK;
  hr_sample *sample = NULL;
  size_t runs = (train->rows + HR_SAMPLE_RUN - 1) / HR_SAMPLE_RUN, left = 0;
  size_t *order = NULL, *wanted = NULL;
  HR_TRY(hr_alloc(&sample, 1, err));
  HR_TRY(hr_alloc(&sample->runs, runs, err));
  HR_TRY(hr_alloc(&sample->rows, train->rows, err));
  HR_TRY(hr_alloc(&order, runs, err));
  HR_TRY(hr_alloc(&wanted, bin_count + 1, err));
  hr_count_bins(train->bin, train->rows, bin_count, wanted);
  for (size_t k = 0; k < bin_count; k++) {
    wanted[k] = smaller(wanted[k], rows_per_bin);
    left += wanted[k];
  }
  shuffle(runs, seed, order);
  for (size_t i = 0; i < runs && left > 0; i++) {
    left -= take_run(train, order[i], wanted, sample);
  }
  *out = sample;
  sample = NULL;
cleanup:
  hr_free(order);
  hr_free(wanted);
  hr_sample_destroy(&sample);
  return status;
}

void hr_sample_destroy(hr_sample **address) {
  hr_sample *sample = *address;
  *address = NULL;
  if (!sample) return;
  hr_free(sample->runs);
  hr_free(sample->rows);
  hr_free(sample);
}
