/* Ranks of the truth among draws. */
#include "score/sbc.h"

#include <math.h>

#include "core/probability.h"
#include "core/random.h"

static double place_of(const hr_sbc_input *input, size_t i) {
  size_t row = input->rows[i], below = 0, ties = 0;
  /* In fp32 as the draws are: what differs beyond that is no difference. */
  float truth = (float)input->target[row];
  const float *draws = input->draws + i * input->draw_count;
  for (size_t d = 0; d < input->draw_count; d++) {
    if (draws[d] < truth) {
      below++;
    } else if (!(draws[d] > truth)) {
      ties++;
    }
  }
  double u = hr_uniform(input->seed, HR_STREAM_RANKS, row, 0);
  return ((double)below + ((double)ties + 1) * u) / ((double)input->draw_count + 1);
}

hr_sbc hr_sbc_compute(const hr_sbc_input *input) {
  hr_sbc found = {.chi2 = (double)NAN, .p = (double)NAN};
  for (size_t i = 0; i < input->row_count; i++) {
    if (input->is_missing && input->is_missing[input->rows[i]]) continue;
    found.rows++;
    size_t bin = (size_t)(place_of(input, i) * HR_SBC_BINS);
    found.histogram[bin < HR_SBC_BINS ? bin : HR_SBC_BINS - 1]++;
  }
  if (found.rows < HR_SBC_FEWEST_ROWS) return found;
  double expected = (double)found.rows / HR_SBC_BINS;
  found.chi2 = 0;
  for (size_t b = 0; b < HR_SBC_BINS; b++) {
    double d = (double)found.histogram[b] - expected;
    found.chi2 += d * d / expected;
  }
  found.p = hr_gamma_upper(0.5 * (HR_SBC_BINS - 1), 0.5 * found.chi2);
  return found;
}
