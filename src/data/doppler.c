/* Interpolation by a windowed sinc, its weights tabulated by phase (data/doppler.h). */
#include "data/doppler.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

enum { TAPS = HR_DOPPLER_TAPS, PHASES = HR_DOPPLER_PHASES, BEFORE = TAPS / 2 - 1 };

/* Kaiser's beta: narrower windows leave ripples of 5e-4 (4) and 1e-3 (5) of the flux of
 * model spectra, wider ones take more of the noise. */
static const double window_beta = 6.0;

static const double bad_weight = 0.15;

/* The modified Bessel function I0 by its series, which x <= 6 ends after 20 terms. */
static double bessel_i0(double x) {
  double term = 1, sum = 1;
  for (int k = 1; k <= 30; k++) {
    term *= x * x / (4.0 * k * k);
    sum += term;
  }
  return sum;
}

static double weigh(double distance) {
  const double pi = 3.14159265358979323846, half = TAPS / 2.0;
  double inside = 1 - distance * distance / (half * half);
  double sinc = distance == 0 ? 1 : sin(pi * distance) / (pi * distance);
  return inside <= 0 ? 0 : sinc * bessel_i0(window_beta * sqrt(inside));
}

static void fill_kernel(float *kernel) {
  for (size_t phase = 0; phase <= PHASES; phase++) {
    double weight[TAPS], sum = 0;
    for (int t = 0; t < TAPS; t++) {
      weight[t] = weigh((double)phase / PHASES - (t - BEFORE));
      sum += weight[t];
    }
    for (int t = 0; t < TAPS; t++)
      kernel[phase * TAPS + (size_t)t] = (float)(weight[t] / sum);
  }
}

hr_status hr_doppler_init(const double *wave, size_t pixels, hr_doppler *out,
                          hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_doppler){.pixels = pixels};
  HR_TRY(hr_alloc(&out->wave, pixels, err));
  HR_TRY(hr_alloc(&out->kernel, (size_t)(PHASES + 1) * TAPS, err));
  memcpy(out->wave, wave, pixels * sizeof *wave);
  fill_kernel(out->kernel);
cleanup:
  return status;
}

void hr_doppler_fini(hr_doppler *doppler) {
  hr_free(doppler->wave);
  hr_free(doppler->kernel);
  *doppler = (hr_doppler){0};
}

hr_status hr_doppler_shift_init(const hr_doppler *doppler, hr_doppler_shift *out,
                                hr_error *err) {
  hr_status status = HR_OK;
  *out = (hr_doppler_shift){0};
  HR_TRY(hr_alloc(&out->from, doppler->pixels, err));
  HR_TRY(hr_alloc(&out->phase, doppler->pixels, err));
cleanup:
  return status;
}

void hr_doppler_shift_fini(hr_doppler_shift *shift) {
  hr_free(shift->from);
  hr_free(shift->phase);
  *shift = (hr_doppler_shift){0};
}

double hr_doppler_factor(double velocity) {
  double beta = velocity / HR_LIGHT_KM_S;
  return sqrt((1 + beta) / (1 - beta));
}

void hr_doppler_find(const hr_doppler *doppler, double factor, hr_doppler_shift *shift) {
  size_t pixels = doppler->pixels, at = 0;
  const double *wave = doppler->wave;
  for (size_t p = 0; p < pixels; p++) {
    double place = wave[p] / factor;
    while (at + 2 < pixels && wave[at + 1] <= place) at++;
    double behind = (place - wave[at]) / (wave[at + 1] - wave[at]);
    bool is_before = behind<0, is_after = behind> 1;
    shift->from[p] = is_before ? -1 : is_after ? (int32_t)pixels - 1 : (int32_t)at;
    shift->phase[p] =
        is_before || is_after ? 0 : (uint16_t)lround(behind * HR_DOPPLER_PHASES);
  }
}

static size_t clamp(int64_t at, size_t pixels) {
  return at < 0 ? 0 : at >= (int64_t)pixels ? pixels - 1 : (size_t)at;
}

static bool is_beyond(const hr_doppler *doppler, int32_t from) {
  return from < 0 || from + 1 >= (int32_t)doppler->pixels;
}

/* In four sums, which a vector unit adds to at a time. */
static inline double weigh_inside(const float *w, const float *x) {
  enum { WIDE = 4 };
  double sums[WIDE] = {0};
  for (size_t t = 0; t < TAPS; t += WIDE) {
    for (size_t l = 0; l < WIDE; l++) sums[l] += (double)w[t + l] * (double)x[t + l];
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

void hr_doppler_apply(const hr_doppler *doppler, const hr_doppler_shift *shift,
                      const float *in, float *out) {
  size_t pixels = doppler->pixels;
  for (size_t p = 0; p < pixels; p++) {
    const float *w = doppler->kernel + (size_t)shift->phase[p] * TAPS;
    int64_t first = (int64_t)shift->from[p] - BEFORE;
    double sum = 0;
    if (is_beyond(doppler, shift->from[p])) {
      sum = (double)in[clamp(shift->from[p], pixels)];
    } else if (first >= 0 && first + TAPS <= (int64_t)pixels) {
      sum = weigh_inside(w, in + first);
    } else {
      for (size_t t = 0; t < TAPS; t++) {
        sum += (double)w[t] * (double)in[clamp(first + (int64_t)t, pixels)];
      }
    }
    out[p] = (float)sum;
  }
}

void hr_doppler_apply_line(const hr_doppler *doppler, const hr_doppler_shift *shift,
                           const float *in, float *out) {
  for (size_t p = 0; p < doppler->pixels; p++) {
    int32_t from = shift->from[p];
    size_t here = clamp(from, doppler->pixels);
    double behind = (double)shift->phase[p] / PHASES;
    bool is_at = is_beyond(doppler, from) || behind == 0;
    out[p] =
        is_at ? in[here]
              : (float)((1 - behind) * (double)in[here] + behind * (double)in[here + 1]);
  }
}

void hr_doppler_apply_bad(const hr_doppler *doppler, const hr_doppler_shift *shift,
                          const uint8_t *bad, uint8_t *out) {
  size_t pixels = doppler->pixels;
  for (size_t p = 0; p < pixels; p++) {
    const float *w = doppler->kernel + (size_t)shift->phase[p] * TAPS;
    int64_t first = (int64_t)shift->from[p] - BEFORE;
    out[p] = is_beyond(doppler, shift->from[p]);
    for (size_t t = 0; t < TAPS && !out[p]; t++) {
      out[p] = bad[clamp(first + (int64_t)t, pixels)] && fabsf(w[t]) >= (float)bad_weight;
    }
  }
}
