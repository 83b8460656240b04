/* Resampling as a list of weights, made once for a pair of grids (data/resample.h). */
#include "data/resample.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/quantile.h"

/* Of a target pixel: edges that are nearer are the same. */
static const double same_edge = 1e-3;

void hr_resampling_fini(hr_resampling *resampling) {
  hr_free(resampling->first);
  hr_free(resampling->start);
  hr_free(resampling->weight);
  hr_free(resampling->density);
  hr_free(resampling->covered);
  *resampling = (hr_resampling){0};
}

static hr_status check_grid(const hr_wave_grid *grid, hr_error *err) {
  if (grid->pixels < 2) {
    return hr_fail(err, HR_ERR_DATA,
                   "a grid of %zu pixel%s has no edges; spectra take two pixels and more",
                   grid->pixels, grid->pixels == 1 ? "" : "s");
  }
  for (size_t p = 0; p < grid->pixels; p++) {
    double here = grid->centres[p];
    bool ascends = p == 0 || here > grid->centres[p - 1];
    if (isfinite(here) && ascends) continue;
    return hr_fail(err, HR_ERR_DATA,
                   "the wavelength is %.10g at pixel %zu (counted from 0) and %.10g "
                   "before it; wavelengths have to be finite and to ascend",
                   here, p, p == 0 ? here : grid->centres[p - 1]);
  }
  return HR_OK;
}

/* edge [pixels + 1] */
static void find_edges(const hr_wave_grid *grid, double *edge) {
  const double *c = grid->centres;
  size_t n = grid->pixels;
  for (size_t p = 1; p < n; p++) edge[p] = 0.5 * (c[p - 1] + c[p]);
  edge[0] = c[0] - (edge[1] - c[0]);
  edge[n] = c[n - 1] + (c[n - 1] - edge[n - 1]);
}

/* Puts source edges that are next to target edges there. */
static void align(double *source, size_t source_pixels, const double *target,
                  size_t target_pixels) {
  size_t t = 0;
  for (size_t s = 0; s <= source_pixels; s++) {
    while (t < target_pixels &&
           fabs(target[t + 1] - source[s]) < fabs(target[t] - source[s])) {
      t++;
    }
    double width =
        t < target_pixels ? target[t + 1] - target[t] : target[t] - target[t - 1];
    if (fabs(target[t] - source[s]) < same_edge * width) source[s] = target[t];
  }
}

/* The weights of one target pixel, from `to` on; *from: the first source pixel that ends
 * behind its beginning. Returns how many there are. */
static size_t weigh(hr_resampling *r, const double *source, const double *pixel,
                    size_t *from, size_t to) {
  double low = pixel[0], high = pixel[1], width = high - low;
  size_t count = 0;
  while (*from < r->source_pixels && source[*from + 1] <= low) ++*from;
  for (size_t s = *from; s < r->source_pixels && source[s] < high; s++) {
    double begin = source[s] > low ? source[s] : low;
    double end = source[s + 1] < high ? source[s + 1] : high;
    r->weight[to + count] = (end - begin) / width;
    r->density[to + count] =
        r->weight[to + count] * ((source[s + 1] - source[s]) / width);
    count++;
  }
  return count;
}

/* Sets how wide source pixels are where the target is covered. */
static hr_status find_coarseness(hr_resampling *r, const double *source,
                                 const double *target, hr_error *err) {
  double *ratio = NULL;
  size_t count = 0;
  hr_status status = hr_alloc(&ratio, r->target_pixels, err);
  if (status != HR_OK) return status;
  for (size_t t = 0; t < r->target_pixels; t++) {
    size_t s = r->first[t];
    if (!r->covered[t]) continue;
    ratio[count++] = (source[s + 1] - source[s]) / (target[t + 1] - target[t]);
  }
  hr_sort_numbers(ratio, count);
  r->coarseness = hr_quantile(ratio, count, 0.5);
  hr_free(ratio);
  return HR_OK;
}

static hr_status fill(hr_resampling *r, const double *source, const double *target,
                      hr_error *err) {
  size_t from = 0;
  for (size_t t = 0; t < r->target_pixels; t++) {
    size_t count = weigh(r, source, target + t, &from, r->start[t]);
    r->first[t] = from;
    r->start[t + 1] = r->start[t] + count;
    r->covered[t] = source[0] <= target[t] && target[t + 1] <= source[r->source_pixels];
  }
  return find_coarseness(r, source, target, err);
}

hr_status hr_resampling_init(const hr_wave_grid *source, const hr_wave_grid *target,
                             hr_resampling *out, hr_error *err) {
  hr_status status = HR_OK;
  double *from = NULL, *to = NULL;
  *out =
      (hr_resampling){.source_pixels = source->pixels, .target_pixels = target->pixels};
  HR_TRY(check_grid(source, err));
  HR_TRY(check_grid(target, err));
  HR_TRY(hr_alloc(&from, source->pixels + 1, err));
  HR_TRY(hr_alloc(&to, target->pixels + 1, err));
  HR_TRY(hr_alloc(&out->first, target->pixels, err));
  HR_TRY(hr_alloc(&out->start, target->pixels + 1, err));
  HR_TRY(hr_alloc(&out->covered, target->pixels, err));
  /* Every overlap begins at an edge of one of the two. */
  HR_TRY(hr_alloc(&out->weight, source->pixels + target->pixels, err));
  HR_TRY(hr_alloc(&out->density, source->pixels + target->pixels, err));
  find_edges(source, from);
  find_edges(target, to);
  align(from, source->pixels, to, target->pixels);
  HR_TRY(fill(out, from, to, err));
cleanup:
  hr_free(from);
  hr_free(to);
  return status;
}

void hr_resample(const hr_resampling *r, const hr_wave_values *in,
                 const hr_wave_values *out) {
  for (size_t t = 0; t < r->target_pixels; t++) {
    const double *w = r->weight + r->start[t];
    size_t count = r->start[t + 1] - r->start[t], s = r->first[t];
    double flux = 0, variance = 0;
    bool good = r->covered[t];
    for (size_t i = 0; i < count && good; i++) {
      good = in->good[s + i];
      flux += w[i] * in->flux[s + i];
      if (in->variance) variance += w[i] * w[i] * in->variance[s + i];
    }
    out->good[t] = good;
    out->flux[t] = good ? flux : 0;
    if (out->variance) out->variance[t] = good ? variance : 0;
  }
}

void hr_resample_independent(const hr_resampling *r, const hr_wave_values *in,
                             const hr_wave_values *out) {
  for (size_t t = 0; t < r->target_pixels && out->variance; t++) {
    size_t count = r->start[t + 1] - r->start[t];
    double variance = 0;
    if (!out->good[t]) continue;
    for (size_t i = 0; i < count; i++) {
      variance += r->density[r->start[t] + i] * in->variance[r->first[t] + i];
    }
    out->variance[t] = variance;
  }
}

/* Cov(t, t+1): the two share source pixels at most from the first of t + 1 on. */
static double covariance(const hr_resampling *r, const hr_wave_values *in, size_t t) {
  double sum = 0;
  size_t end = r->first[t] + (r->start[t + 1] - r->start[t]);
  for (size_t s = r->first[t + 1]; s < end; s++) {
    double here = r->weight[r->start[t] + (s - r->first[t])];
    double next = r->weight[r->start[t + 1] + (s - r->first[t + 1])];
    sum += here * next * in->variance[s];
  }
  return sum;
}

double hr_resample_correlation(const hr_resampling *r, const hr_wave_values *in,
                               const hr_wave_values *out) {
  double sum = 0;
  size_t pairs = 0;
  if (!in->variance || !out->variance) return (double)NAN;
  for (size_t t = 0; t + 1 < r->target_pixels; t++) {
    double product = out->variance[t] * out->variance[t + 1];
    if (!out->good[t] || !out->good[t + 1] || !(product > 0)) continue;
    sum += covariance(r, in, t) / sqrt(product);
    pairs++;
  }
  return pairs > 0 ? sum / (double)pairs : (double)NAN;
}
