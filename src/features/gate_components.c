/* Subspace iteration. The sample is cut into slices of rows by its size alone; what they
 * add up to is summed in their order, so that threads change no bit. Products are in
 * fp32, sums over slices and all that is orthogonal in fp64: the directions need no more,
 * and what they span is the same for whoever projects on them. */
#include "features/gate_components.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/pixel_quantile.h"
#include "core/random.h"

enum {
  NOISE_ROWS = 512,
  SLICE_ROWS = 256,
  MOST_SLICES = HR_GATE_SAMPLE_ROWS / SLICE_ROWS
};

/* A direction of which less is left than this share, once it is orthogonal to those
 * before, is rounding. */
static const double rounding = 1e-6;

typedef struct iteration {
  const hr_gate_sample *sample;
  size_t directions; /* R */
  size_t slices, slice_rows;
  float *narrow;   /* [R][P] the directions */
  double *wide;    /* [R][P] */
  float *places;   /* [rows][R] of the rows in them */
  float *products; /* [slices][R][P] */
  double *gram;    /* [R][R] variances along the directions, then their eigenvectors */
  double *values;  /* [R] ascending */
  double *work;    /* hr_compute_eigen_work */
  bool is_rotated;
  float *noise;     /* [P]; of weighted pixels alone */
  float *deviation; /* [threads][2][noise rows] */
} iteration;

static size_t slice_end(const iteration *it, size_t s) {
  size_t end = (s + 1) * it->slice_rows;
  return end < it->sample->rows ? end : it->sample->rows;
}

/* The mean of some pixels, then the rows less it. */
static void centre_pixels(void *context, size_t piece, size_t thread) {
  (void)thread;
  enum { PIECE = 64 };
  const iteration *it = context;
  const hr_gate_sample *sample = it->sample;
  size_t first = piece * PIECE, left = sample->pixels - first;
  size_t count = left < PIECE ? left : PIECE;
  double *mean = it->wide + first; /* where the mean goes is free so far */
  for (size_t i = 0; i < sample->rows; i++) {
    const float *x = sample->flux + i * sample->pixels + first;
    for (size_t p = 0; p < count; p++) mean[p] += (double)x[p];
  }
  for (size_t p = 0; p < count; p++) mean[p] /= (double)sample->rows;
  for (size_t i = 0; i < sample->rows; i++) {
    float *x = sample->flux + i * sample->pixels + first;
    for (size_t p = 0; p < count; p++) x[p] = (float)((double)x[p] - mean[p]);
  }
}

/* Enough for a median to 5 %; more would be read across. */
static size_t noise_rows(const hr_gate_sample *sample) {
  return sample->rows < NOISE_ROWS ? sample->rows : NOISE_ROWS;
}

/* Of one pixel. At an end of the spectrum the one neighbour stands for both. */
static void measure_noise(void *context, size_t p, size_t thread) {
  static const double of_normal = 0.6745 * 1.2247448713915890; /* sqrt(3/2) */
  const iteration *it = context;
  size_t rows = noise_rows(it->sample), pixels = it->sample->pixels;
  size_t left = p > 0 ? p - 1 : p + 1, right = p + 1 < pixels ? p + 1 : p - 1;
  float *deviation = it->deviation + 2 * thread * rows;
  for (size_t i = 0; i < rows; i++) {
    const float *x = it->sample->flux + i * pixels;
    deviation[i] = fabsf(x[p] - 0.5F * (x[left] + x[right]));
  }
  double median = hr_pixel_quantile(deviation, rows, 0.5, deviation + rows);
  it->noise[p] = (float)(median / of_normal);
}

static void weight_row(void *context, size_t i, size_t thread) {
  (void)thread;
  const iteration *it = context;
  float *x = it->sample->flux + i * it->sample->pixels;
  for (size_t p = 0; p < it->sample->pixels; p++) x[p] /= it->noise[p];
}

/* The rows in units of each pixel's noise. Fewer than three pixels have no neighbours. */
static hr_status weight(iteration *it, hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = it->sample->pixels;
  float *scratch = NULL;
  HR_TRY(hr_alloc(&it->noise, pixels, err));
  HR_TRY(hr_alloc(&it->deviation, 2 * hr_thread_count() * noise_rows(it->sample), err));
  HR_TRY(hr_alloc(&scratch, pixels, err));
  if (pixels >= 3) hr_parallel_for(pixels, measure_noise, it);
  float least =
      (float)(HR_GATE_LEAST_NOISE * hr_pixel_quantile(it->noise, pixels, 0.5, scratch));
  for (size_t p = 0; p < pixels; p++) {
    if (!(it->noise[p] > least)) it->noise[p] = least > 0 ? least : 1;
  }
  hr_parallel_for(it->sample->rows, weight_row, it);
cleanup:
  hr_free(scratch);
  return status;
}

/* Places of a slice's rows in the directions, and their products with the rows. */
static void multiply_slice(void *context, size_t s, size_t thread) {
  (void)thread;
  const iteration *it = context;
  const hr_gate_sample *sample = it->sample;
  size_t pixels = sample->pixels, first = s * it->slice_rows;
  size_t rows = slice_end(it, s) - first, count = it->directions;
  const float *x = sample->flux + first * pixels;
  float *places = it->places + first * count;
  const hr_product onto = {.m = rows,
                           .n = count,
                           .k = pixels,
                           .transpose_b = true,
                           .lda = pixels,
                           .ldb = pixels,
                           .ldc = count,
                           .factor = 1};
  const hr_product back = {.m = count,
                           .n = pixels,
                           .k = rows,
                           .transpose_a = true,
                           .lda = count,
                           .ldb = pixels,
                           .ldc = pixels,
                           .factor = 1};
  sample->compute->gemm_f32(&onto, x, it->narrow, places);
  sample->compute->gemm_f32(&back, places, x, it->products + s * count * pixels);
}

static void add_slices(const iteration *it) {
  size_t numbers = it->directions * it->sample->pixels;
  memset(it->wide, 0, numbers * sizeof *it->wide);
  for (size_t s = 0; s < it->slices; s++) {
    const float *product = it->products + s * numbers;
    for (size_t i = 0; i < numbers; i++) it->wide[i] += (double)product[i];
  }
}

/* Gram and Schmidt's method, twice over (Giraud et al. 2005: twice is enough). */
static void orthogonalise(void *context, size_t number, size_t thread) {
  (void)number, (void)thread;
  const iteration *it = context;
  const hr_compute *compute = it->sample->compute;
  size_t pixels = it->sample->pixels;
  for (size_t j = 0; j < it->directions; j++) {
    double *v = it->wide + j * pixels;
    double before = compute->norm_f64(pixels, v);
    for (int again = 0; again < 2; again++) {
      for (size_t k = 0; k < j; k++) {
        const double *u = it->wide + k * pixels;
        compute->axpy_f64(pixels, -compute->dot_f64(pixels, u, v), u, v);
      }
    }
    double after = compute->norm_f64(pixels, v);
    compute->scal_f64(pixels, after > rounding * before ? 1 / after : 0, v);
  }
  for (size_t i = 0; i < it->directions * pixels; i++) {
    it->narrow[i] = (float)it->wide[i];
  }
}

static void start(const iteration *it) {
  size_t pixels = it->sample->pixels;
  for (size_t j = 0; j < it->directions; j++) {
    hr_normal(it->sample->seed, HR_STREAM_GATE, UINT64_MAX - j, 0, pixels,
              it->narrow + j * pixels);
  }
}

/* The variances along the directions, as a matrix, and its eigenvectors: rows, ascending.
 */
static void rotate(void *context, size_t number, size_t thread) {
  (void)number, (void)thread;
  iteration *it = context;
  size_t count = it->directions;
  memset(it->gram, 0, count * count * sizeof *it->gram);
  for (size_t i = 0; i < it->sample->rows; i++) {
    const float *place = it->places + i * count;
    for (size_t a = 0; a < count; a++) {
      for (size_t b = a; b < count; b++) {
        it->gram[a * count + b] += (double)place[a] * (double)place[b];
      }
    }
  }
  it->is_rotated = it->sample->compute->eigen_f64(count, it->gram, it->values, it->work);
}

static void set_sign(size_t pixels, double *v) {
  size_t largest = 0;
  for (size_t p = 1; p < pixels; p++) {
    if (fabs(v[p]) > fabs(v[largest])) largest = p;
  }
  double sign = v[largest] < 0 ? -1 : 1;
  for (size_t p = 0; p < pixels; p++) v[p] *= sign;
}

/* Component k is the combination of directions whose variance is the k-th largest; a
 * direction that was rounding has none. */
static void combine(const iteration *it, size_t k, double *out) {
  size_t count = it->directions, pixels = it->sample->pixels, at = count - 1 - k;
  const double *vector = it->gram + at * count;
  if (!(it->values[at] > rounding * rounding * it->values[count - 1])) return;
  for (size_t j = 0; j < count; j++) {
    for (size_t p = 0; p < pixels; p++) {
      out[p] += vector[j] * it->wide[j * pixels + p];
    }
  }
  set_sign(pixels, out);
  for (size_t p = 0; it->noise && p < pixels; p++) out[p] /= (double)it->noise[p];
}

/* Work on one thread goes through hr_parallel_for, so that LAPACK has one, whatever the
 * number of threads. */
static hr_status find(iteration *it, size_t count, double *out, hr_error *err) {
  start(it);
  for (size_t pass = 0; pass < HR_GATE_PASSES; pass++) {
    hr_parallel_for(it->slices, multiply_slice, it);
    add_slices(it);
    hr_parallel_for(1, orthogonalise, it);
  }
  hr_parallel_for(it->slices, multiply_slice, it);
  hr_parallel_for(1, rotate, it);
  if (!it->is_rotated) {
    return hr_fail(err, HR_ERR_NUMERIC, "the components of %zu spectra cannot be had",
                   it->sample->rows);
  }
  for (size_t k = 0; k < count && k < it->directions; k++) {
    combine(it, k, out + k * it->sample->pixels);
  }
  return HR_OK;
}

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

hr_status hr_gate_components_find(const hr_gate_sample *sample, size_t count, double *out,
                                  hr_error *err) {
  hr_status status = HR_OK;
  size_t pixels = sample->pixels, numbers = 0;
  iteration it = {.sample = sample};
  it.directions = least(count + HR_GATE_SPARE, least(pixels, sample->rows));
  it.slice_rows = sample->rows / MOST_SLICES + 1;
  if (it.slice_rows < SLICE_ROWS) it.slice_rows = SLICE_ROWS;
  it.slices = (sample->rows + it.slice_rows - 1) / it.slice_rows;
  memset(out, 0, (1 + count) * pixels * sizeof *out);
  if (sample->rows == 0) return HR_OK;
  numbers = it.directions * pixels;
  HR_TRY(hr_alloc(&it.narrow, numbers, err));
  HR_TRY(hr_alloc(&it.wide, numbers, err));
  HR_TRY(hr_alloc(&it.places, sample->rows * it.directions, err));
  HR_TRY(hr_alloc(&it.products, it.slices * numbers, err));
  HR_TRY(hr_alloc(&it.gram, it.directions * it.directions, err));
  HR_TRY(hr_alloc(&it.values, it.directions, err));
  HR_TRY(hr_alloc(&it.work, hr_compute_eigen_work(it.directions), err));
  hr_parallel_for((pixels + 63) / 64, centre_pixels, &it);
  memcpy(out, it.wide, pixels * sizeof *out);
  if (sample->weighted) HR_TRY(weight(&it, err));
  HR_TRY(find(&it, count, out + pixels, err));
cleanup:
  hr_free(it.narrow);
  hr_free(it.wide);
  hr_free(it.places);
  hr_free(it.products);
  hr_free(it.gram);
  hr_free(it.values);
  hr_free(it.work);
  hr_free(it.noise);
  hr_free(it.deviation);
  return status;
}
