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

/* What is still to be chosen. */
typedef struct wanted_rows {
  size_t *of_bin; /* [bins] */
  size_t of_all, left;
} wanted_rows;

/* What the row is chosen for; it is not wanted any more then. */
static uint8_t choose(wanted_rows *wanted, int32_t bin) {
  uint8_t chosen = 0;
  if (bin != HR_UNCOVERED && wanted->of_bin[bin] > 0) {
    wanted->of_bin[bin]--;
    wanted->left--;
    chosen |= HR_CHOSEN_OF_BIN;
  }
  if (wanted->of_all > 0) {
    wanted->of_all--;
    wanted->left--;
    chosen |= HR_CHOSEN_OF_ALL;
  }
  return chosen;
}

/* Takes what is still wanted of one run. */
static void take_run(const hr_split_view *train, size_t run, wanted_rows *wanted,
                     hr_sample *sample) {
  size_t first = run * HR_SAMPLE_RUN;
  size_t end = smaller(first + HR_SAMPLE_RUN, train->rows);
  for (size_t row = first; row < end; row++) {
    sample->rows[row] = choose(wanted, train->bin[row]);
    sample->runs[run] = sample->runs[run] || sample->rows[row] != 0;
  }
  if (sample->runs[run]) sample->streamed += end - first;
}

static void count_wanted(const hr_split_view *train, size_t bin_count,
                         const hr_sample_wish *wish, wanted_rows *out) {
  hr_count_bins(train->bin, train->rows, bin_count, out->of_bin);
  out->left = out->of_all = smaller(train->rows, wish->of_all);
  for (size_t k = 0; k < bin_count; k++) {
    out->of_bin[k] = smaller(out->of_bin[k], wish->per_bin);
    out->left += out->of_bin[k];
  }
}

hr_status hr_sample_create(const hr_split_view *train, size_t bin_count,
                           const hr_sample_wish *wish, hr_sample **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_sample *sample = NULL;
  size_t runs = (train->rows + HR_SAMPLE_RUN - 1) / HR_SAMPLE_RUN, *order = NULL;
  wanted_rows wanted = {.of_bin = NULL};
  HR_TRY(hr_alloc(&sample, 1, err));
  HR_TRY(hr_alloc(&sample->runs, runs, err));
  HR_TRY(hr_alloc(&sample->rows, train->rows, err));
  HR_TRY(hr_alloc(&order, runs, err));
  HR_TRY(hr_alloc(&wanted.of_bin, bin_count + 1, err));
  count_wanted(train, bin_count, wish, &wanted);
  shuffle(runs, wish->seed, order);
  for (size_t i = 0; i < runs && wanted.left > 0; i++) {
    take_run(train, order[i], &wanted, sample);
  }
  *out = sample;
  sample = NULL;
cleanup:
  hr_free(order);
  hr_free(wanted.of_bin);
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
