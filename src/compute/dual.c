/* K is made in square tiles, each the sum in fp64 of fp32 products over HR_TILE pixels at
 * a time (compute/tiles.h): the product of a tile stays in a core's cache until it is
 * added, fp32 sums stay short, and tiles are the pieces that threads share out. Cost:
 * rows² P operations for K, once, whatever the number of folds and alphas. */
#include "compute/dual.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/parallel.h"
#include "core/vector.h"

struct hr_dual {
  hr_tiles *tiles;
  size_t capacity, rows, pixels, targets;
  size_t given;   /* rows added, those that found no room too */
  float *x;       /* [rows][P], centred by hr_dual_finish */
  double *y;      /* [T][capacity] */
  uint8_t *fold;  /* [rows] */
  double *centre; /* [P] what was subtracted from every row */
  double *
      kernel; /* K [rows][rows] of the centred rows, both triangles; NULL when released */
};

struct hr_dual_fit {
  const hr_dual *dual;
  hr_shifted *system;
  int fold;
  size_t *rows; /* [count] row numbers */
  size_t count;
  double *mean; /* [all rows] m_i = mean over the fit's rows j of K_ij */
  size_t alphas, chosen;
  double *coefficient; /* [A][T][count] */
  double grand_mean;   /* mean of m_i over the fit's rows */
  double *offset;      /* [T] ȳ of the fit's rows */
};

hr_status hr_dual_create(const hr_dual_shape *shape, hr_tiles *tiles, hr_dual **out,
                         hr_error *err) {
  hr_status status = HR_OK;
  hr_dual *dual = NULL;
  HR_TRY(hr_alloc(&dual, 1, err));
  dual->tiles = tiles;
  size_t capacity = shape->capacity, pixels = shape->pixels;
  dual->capacity = capacity;
  dual->pixels = pixels;
  dual->targets = shape->targets;
  HR_TRY(hr_compute_alloc(hr_tiles_compute(tiles), &dual->x, capacity * pixels, err));
  HR_TRY(hr_alloc(&dual->y, shape->targets * capacity, err));
  HR_TRY(hr_alloc(&dual->fold, capacity, err));
  HR_TRY(hr_alloc(&dual->centre, pixels, err));
  *out = dual;
  dual = NULL;
cleanup:
  hr_dual_destroy(&dual);
  return status;
}

void hr_dual_destroy(hr_dual **dual) {
  hr_dual *d = *dual;
  *dual = NULL;
  if (!d) return;
  hr_compute_free(hr_tiles_compute(d->tiles), d->x);
  hr_free(d->y);
  hr_free(d->fold);
  hr_free(d->centre);
  hr_free(d->kernel);
  hr_free(d);
}

double hr_dual_bytes(size_t rows, size_t pixels) {
  return (double)rows * (4.0 * (double)pixels + 9.0) + 8.0 * (double)pixels;
}

double hr_dual_kernel_bytes(size_t rows) {
  return 8.0 * (double)rows * (double)rows;
}

void hr_dual_add(hr_dual *dual, const float *x, const double *y, uint8_t fold) {
  dual->given++;
  if (dual->rows == dual->capacity) return; /* refused by check_given */
  memcpy(dual->x + dual->rows * dual->pixels, x, dual->pixels * sizeof *x);
  for (size_t t = 0; t < dual->targets; t++) {
    dual->y[t * dual->capacity + dual->rows] = y[t];
  }
  dual->fold[dual->rows] = fold;
  dual->rows++;
}

size_t hr_dual_rows(const hr_dual *dual) {
  return dual->rows;
}

size_t hr_dual_fold_rows(const hr_dual *dual, int fold) {
  size_t count = 0;
  for (size_t i = 0; i < dual->rows; i++) count += (int)dual->fold[i] == fold ? 1 : 0;
  return count;
}

/* Subtracts the mean of every pixel in columns [first, first + HR_TILE). */
static void centre_columns(void *context, size_t index, size_t thread) {
  (void)thread;
  hr_dual *dual = context;
  size_t first = index * HR_TILE;
  size_t last = first + HR_TILE < dual->pixels ? first + HR_TILE : dual->pixels;
  for (size_t r = 0; r < dual->rows; r++) {
    const float *row = dual->x + r * dual->pixels;
    for (size_t p = first; p < last; p++) dual->centre[p] += (double)row[p];
  }
  for (size_t p = first; p < last; p++) dual->centre[p] /= (double)dual->rows;
  for (size_t r = 0; r < dual->rows; r++) {
    float *row = dual->x + r * dual->pixels;
    for (size_t p = first; p < last; p++) {
      row[p] = (float)((double)row[p] - dual->centre[p]);
    }
  }
}

/* A tile of the products of rows with rows, over `depth` of their pixels. */
static hr_product rows_product(size_t height, size_t width, size_t depth, size_t pixels) {
  return (hr_product){.m = height,
                      .n = width,
                      .k = depth,
                      .transpose_b = true,
                      .lda = pixels,
                      .ldb = pixels,
                      .ldc = HR_TILE,
                      .factor = 1};
}

/* One tile of K: products over HR_TILE pixels at a time in fp32, their sum in fp64. */
static void multiply_tile(void *context, size_t index, size_t thread) {
  hr_dual *dual = context;
  size_t across = (dual->rows + HR_TILE - 1) / HR_TILE;
  size_t i = index / across * HR_TILE, j = index % across * HR_TILE;
  if (j < i) return; /* the mirror image of a tile above the diagonal */
  size_t height = dual->rows - i < HR_TILE ? dual->rows - i : HR_TILE;
  size_t width = dual->rows - j < HR_TILE ? dual->rows - j : HR_TILE;
  float *product = hr_tiles_scratch(dual->tiles, thread);
  for (size_t p = 0; p < dual->pixels; p += HR_TILE) {
    size_t depth = dual->pixels - p < HR_TILE ? dual->pixels - p : HR_TILE;
    const hr_product shape = rows_product(height, width, depth, dual->pixels);
    hr_tiles_compute(dual->tiles)
        ->gemm_f32(&shape, dual->x + i * dual->pixels + p, dual->x + j * dual->pixels + p,
                   product);
    for (size_t r = 0; r < height; r++) {
      double *sum = dual->kernel + (i + r) * dual->rows + j;
      for (size_t c = 0; c < width; c++) sum[c] += (double)product[r * HR_TILE + c];
    }
  }
}

static void mirror_row(void *context, size_t i, size_t thread) {
  (void)thread;
  hr_dual *dual = context;
  for (size_t j = 0; j < i; j++) {
    dual->kernel[i * dual->rows + j] = dual->kernel[j * dual->rows + i];
  }
}

void hr_dual_centre(hr_dual *dual) {
  hr_parallel_for((dual->pixels + HR_TILE - 1) / HR_TILE, centre_columns, dual);
}

/* Whoever adds more rows than there is room for has counted wrongly. */
static hr_status check_given(const hr_dual *dual, hr_error *err) {
  if (dual->given <= dual->capacity) return HR_OK;
  return hr_fail(err, HR_ERR_INTERNAL, "a Ridge with room for %zu rows was given %zu",
                 dual->capacity, dual->given);
}

hr_status hr_dual_finish(hr_dual *dual, hr_error *err) {
  hr_status status = check_given(dual, err);
  if (status != HR_OK) return status;
  status = hr_alloc(&dual->kernel, dual->rows * dual->rows, err);
  if (status != HR_OK) return status;
  size_t across = (dual->rows + HR_TILE - 1) / HR_TILE;
  hr_dual_centre(dual);
  hr_parallel_for(across * across, multiply_tile, dual);
  hr_parallel_for(dual->rows, mirror_row, dual);
  return HR_OK;
}

void hr_dual_release(hr_dual *dual) {
  hr_free(dual->kernel);
  dual->kernel = NULL;
}

static const double *target_of(const hr_dual *dual, size_t target) {
  return dual->y + target * dual->capacity;
}

double hr_dual_syy(const hr_dual *dual, size_t target) {
  const double *y = target_of(dual, target);
  double mean = 0, sum = 0;
  for (size_t i = 0; i < dual->rows; i++) mean += y[i];
  mean /= (double)(dual->rows ? dual->rows : 1);
  for (size_t i = 0; i < dual->rows; i++) {
    sum += (y[i] - mean) * (y[i] - mean);
  }
  return sum;
}

void hr_dual_fit_destroy(hr_dual_fit **fit) {
  hr_dual_fit *f = *fit;
  *fit = NULL;
  if (!f) return;
  hr_free(f->rows);
  hr_free(f->mean);
  hr_free(f->coefficient);
  hr_free(f->offset);
  hr_free(f);
}

/* The rows outside the fold and the means that centre K on them. */
static void find_means(hr_dual_fit *fit) {
  const hr_dual *dual = fit->dual;
  double count = (double)fit->count;
  for (size_t i = 0; i < dual->rows; i++) {
    const double *row = dual->kernel + i * dual->rows;
    for (size_t b = 0; b < fit->count; b++) fit->mean[i] += row[fit->rows[b]];
    fit->mean[i] /= count;
  }
  for (size_t a = 0; a < fit->count; a++) {
    fit->grand_mean += fit->mean[fit->rows[a]] / count;
    for (size_t t = 0; t < dual->targets; t++) {
      fit->offset[t] += target_of(dual, t)[fit->rows[a]] / count;
    }
  }
}

/* K of rows i and j, both centred at the mean of the fit's rows. */
static inline double centred(const hr_dual_fit *fit, size_t i, size_t j) {
  return fit->dual->kernel[i * fit->dual->rows + j] - fit->mean[i] - fit->mean[j] +
         fit->grand_mean;
}

static void fill_system(hr_dual_fit *fit) {
  double *matrix = hr_shifted_matrix(fit->system, fit->count);
  double *right_side = hr_shifted_right_side(fit->system);
  for (size_t a = 0; a < fit->count; a++) {
    size_t i = fit->rows[a];
    for (size_t t = 0; t < fit->dual->targets; t++) {
      right_side[t * fit->count + a] = target_of(fit->dual, t)[i] - fit->offset[t];
    }
    for (size_t b = a; b < fit->count; b++) {
      matrix[a * fit->count + b] = centred(fit, i, fit->rows[b]);
    }
  }
}

hr_status hr_dual_fit_create(const hr_dual *dual, int fold, hr_shifted *system,
                             hr_dual_fit **out, hr_error *err) {
  hr_status status = HR_OK;
  hr_dual_fit *fit = NULL;
  HR_TRY(hr_alloc(&fit, 1, err));
  fit->dual = dual;
  fit->system = system;
  fit->fold = fold;
  HR_TRY(hr_alloc(&fit->rows, dual->rows, err));
  HR_TRY(hr_alloc(&fit->mean, dual->rows, err));
  HR_TRY(hr_alloc(&fit->offset, dual->targets, err));
  for (size_t i = 0; i < dual->rows; i++) {
    if ((int)dual->fold[i] != fold) fit->rows[fit->count++] = i;
  }
  if (fit->count == 0) {
    status = hr_fail(err, HR_ERR_EMPTY, "no rows are left to fit a Ridge to");
    goto cleanup;
  }
  find_means(fit);
  fill_system(fit);
  *out = fit;
  fit = NULL;
cleanup:
  hr_dual_fit_destroy(&fit);
  return status;
}

hr_status hr_dual_fit_sweep(hr_dual_fit *fit, const hr_shifted_alphas *alphas,
                            bool *is_solved, hr_error *err) {
  hr_free(fit->coefficient);
  fit->coefficient = NULL;
  fit->alphas = alphas->count;
  fit->chosen = 0;
  hr_status status =
      hr_alloc(&fit->coefficient, fit->alphas * fit->dual->targets * fit->count, err);
  if (status != HR_OK) return status;
  return hr_shifted_sweep(fit->system, alphas, fit->coefficient, is_solved, err);
}

void hr_dual_fit_choose(hr_dual_fit *fit, size_t a) {
  fit->chosen = a;
}

hr_status hr_dual_fit_solve(hr_dual_fit *fit, double alpha, hr_error *err) {
  bool is_solved = false;
  const hr_shifted_alphas one = {.value = &alpha, .count = 1};
  hr_status status = hr_dual_fit_sweep(fit, &one, &is_solved, err);
  if (status != HR_OK || is_solved) return status;
  return hr_shifted_refuse(alpha, err);
}

/* Of the chosen alpha, [count]. */
static const double *coefficient_of(const hr_dual_fit *fit, size_t target) {
  return fit->coefficient + (fit->chosen * fit->dual->targets + target) * fit->count;
}

enum { LANES = 8, ROWS_AT_ONCE = 4, MODELS_AT_ONCE = 8 };

/* residual [LANES] −= Σ K of a row times the coefficients of as many solutions, [count]
 * [LANES], each in the order of the rows. */
HR_VECTOR_CLONES
static void take_solutions(const double *restrict row, const double *restrict coefficient,
                           size_t count, double *restrict residual) {
  double lane[LANES];
  memcpy(lane, residual, sizeof lane);
  for (size_t b = 0; b < count; b++) {
    for (size_t l = 0; l < LANES; l++) lane[l] -= coefficient[b * LANES + l] * row[b];
  }
  memcpy(residual, lane, sizeof lane);
}

/* Of solutions [first, first + LANES), or those there are: beside each other. */
static void interleave(const hr_dual_fit *fit, size_t first, double *out) {
  size_t all = fit->alphas * fit->dual->targets;
  memset(out, 0, LANES * fit->count * sizeof *out);
  for (size_t l = 0; l < LANES && first + l < all; l++) {
    const double *from = fit->coefficient + (first + l) * fit->count;
    for (size_t b = 0; b < fit->count; b++) out[b * LANES + l] = from[b];
  }
}

/* Adds the squared errors of solutions [first, first + LANES) to out, row: [count]. */
static void add_errors(const hr_dual_fit *fit, size_t first, const double *coefficient,
                       double *row, double *out) {
  const hr_dual *dual = fit->dual;
  for (size_t i = 0; i < dual->rows; i++) {
    double residual[LANES] = {0};
    size_t all = fit->alphas * dual->targets;
    size_t taken = all - first < LANES ? all - first : LANES;
    if ((int)dual->fold[i] != fit->fold) continue;
    for (size_t b = 0; b < fit->count; b++) row[b] = centred(fit, i, fit->rows[b]);
    for (size_t l = 0; l < taken; l++) {
      size_t target = (first + l) % dual->targets;
      residual[l] = target_of(dual, target)[i] - fit->offset[target];
    }
    take_solutions(row, coefficient, fit->count, residual);
    for (size_t l = 0; l < taken; l++) out[first + l] += residual[l] * residual[l];
  }
}

hr_status hr_dual_fit_squared_errors(const hr_dual_fit *fit, double *out, hr_error *err) {
  hr_status status = HR_OK;
  double *coefficient = NULL, *row = NULL;
  size_t all = fit->alphas * fit->dual->targets;
  HR_TRY(hr_alloc(&coefficient, LANES * fit->count, err));
  HR_TRY(hr_alloc(&row, fit->count, err));
  memset(out, 0, all * sizeof *out);
  for (size_t first = 0; first < all; first += LANES) {
    interleave(fit, first, coefficient);
    add_errors(fit, first, coefficient, row, out);
  }
cleanup:
  hr_free(coefficient);
  hr_free(row);
  return status;
}

HR_VECTOR_CLONES
static void add_scaled(double factor, const float *restrict row, size_t pixels,
                       double *restrict sum) {
  for (size_t p = 0; p < pixels; p++) sum[p] += factor * (double)row[p];
}

/* The models of `count` solutions, a [count][rows outside the fold] each. */
static void make_models(const hr_dual *dual, int fold, size_t count,
                        const double *const *a, hr_linear_model *out) {
  size_t taken = 0;
  for (size_t t = 0; t < count; t++) {
    memset(out[t].weights, 0, dual->pixels * sizeof *out[t].weights);
    memcpy(out[t].centre, dual->centre, dual->pixels * sizeof *out[t].centre);
  }
  for (size_t i = 0; i < dual->rows; i++) {
    if ((int)dual->fold[i] == fold) continue;
    const float *row = dual->x + i * dual->pixels;
    for (size_t t = 0; t < count; t++) {
      add_scaled(a[t][taken], row, dual->pixels, out[t].weights);
    }
    taken++;
  }
}

void hr_dual_model(const hr_dual *dual, int fold, const double *a, double offset,
                   hr_linear_model *out) {
  make_models(dual, fold, 1, &a, out);
  out->offset = offset;
}

void hr_dual_fit_models(const hr_dual_fit *fit, size_t targets, hr_linear_model *out) {
  const double *a[MODELS_AT_ONCE];
  for (size_t first = 0; first < targets; first += MODELS_AT_ONCE) {
    size_t count = targets - first < MODELS_AT_ONCE ? targets - first : MODELS_AT_ONCE;
    for (size_t t = 0; t < count; t++) a[t] = coefficient_of(fit, first + t);
    make_models(fit->dual, fit->fold, count, a, out + first);
  }
  for (size_t t = 0; t < targets; t++) out[t].offset = fit->offset[t];
}

/* The fit's rows are centred at their own mean m: wᵀ(x − m) = wᵀx − Σ aᵢ mᵢ of rows
 * centred at that of all, since Σ aᵢ = 0. */
void hr_dual_fit_solution(const hr_dual_fit *fit, size_t target, double *a,
                          double *offset) {
  memcpy(a, coefficient_of(fit, target), fit->count * sizeof *a);
  *offset = fit->offset[target];
  for (size_t i = 0; i < fit->count; i++) *offset -= a[i] * fit->mean[fit->rows[i]];
}

hr_status hr_dual_ridge(const hr_dual *dual, double alpha, hr_shifted *system,
                        hr_linear_model *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_dual_fit *fit = NULL;
  HR_TRY(hr_dual_fit_create(dual, HR_DUAL_ALL_ROWS, system, &fit, err));
  HR_TRY(hr_dual_fit_solve(fit, alpha, err));
  hr_dual_fit_models(fit, 1, out);
cleanup:
  hr_dual_fit_destroy(&fit);
  return status;
}

/* Adds s 11ᵀ/n, s the mean of the diagonal, which is returned: K is centred, K 1 = 0, so
 * that K + alpha I has the eigenvalue alpha for the mean, and its inverse 1/(n alpha)
 * everywhere, beside which what is sought would be rounding. The solutions stay what they
 * are, as their right sides are centred. */
static double lift_mean(const hr_dual_fit *fit) {
  double *matrix = hr_shifted_matrix(fit->system, fit->count);
  double trace = 0, n = (double)fit->count;
  for (size_t i = 0; i < fit->count; i++) trace += matrix[i * fit->count + i];
  double lift = trace / n;
  for (size_t i = 0; i < fit->count; i++) {
    for (size_t j = i; j < fit->count; j++) matrix[i * fit->count + j] += lift / n;
  }
  return lift;
}

hr_status hr_dual_leave_out(const hr_dual *dual, const hr_dual_leaving *rows,
                            hr_shifted *system, double *out, hr_error *err) {
  hr_status status = HR_OK;
  hr_dual_fit *fit = NULL;
  HR_TRY(hr_dual_fit_create(dual, HR_DUAL_ALL_ROWS, system, &fit, err));
  double lift = lift_mean(fit);
  HR_TRY(hr_dual_fit_solve(fit, rows->alpha, err));
  HR_TRY(
      hr_shifted_inverse_diagonal(system, rows->alpha, rows->row, rows->count, out, err));
  for (size_t i = 0; i < rows->count; i++) {
    double own = out[i] - 1 / ((double)dual->rows * (lift + rows->alpha));
    double missed = coefficient_of(fit, rows->target)[rows->row[i]] / own;
    out[i] = own > 0 && isfinite(missed) ? missed : (double)NAN;
  }
cleanup:
  hr_dual_fit_destroy(&fit);
  return status;
}

/* A fit with a diagonal of its own: one object a call, on the calling thread. */
typedef struct penalised_fit {
  const hr_compute *compute;
  size_t *rows; /* [count] row numbers */
  size_t count;
  double *scale;       /* [P] A^-1/2 */
  float *z;            /* [count][P] rows centred at the fit's mean, times the scale */
  float *product;      /* one tile */
  double *coefficient; /* [T][count] */
  double *right_side;  /* the system's */
} penalised_fit;

double hr_dual_penalised_bytes(size_t rows, size_t pixels) {
  return (double)rows * (4.0 * (double)pixels + 16.0) + 8.0 * (double)pixels +
         4.0 * HR_TILE * HR_TILE;
}

static void penalised_fini(penalised_fit *fit) {
  hr_free(fit->rows);
  hr_free(fit->scale);
  hr_compute_free(fit->compute, fit->z);
  hr_compute_free(fit->compute, fit->product);
  hr_free(fit->coefficient);
  *fit = (penalised_fit){0};
}

/* Means of the fit's rows into the models' centre (of the centred rows) and offsets. */
static void penalised_means(penalised_fit *fit, const hr_dual *dual, int fold,
                            hr_linear_model *out) {
  for (size_t t = 0; t < dual->targets; t++) out[t].offset = 0;
  memset(out->centre, 0, dual->pixels * sizeof *out->centre);
  for (size_t i = 0; i < dual->rows; i++) {
    if ((int)dual->fold[i] == fold) continue;
    fit->rows[fit->count++] = i;
    for (size_t t = 0; t < dual->targets; t++) out[t].offset += target_of(dual, t)[i];
    const float *row = dual->x + i * dual->pixels;
    for (size_t p = 0; p < dual->pixels; p++) out->centre[p] += (double)row[p];
  }
  double count = (double)(fit->count ? fit->count : 1);
  for (size_t t = 0; t < dual->targets; t++) out[t].offset /= count;
  for (size_t p = 0; p < dual->pixels; p++) out->centre[p] /= count;
}

static void penalised_scale(penalised_fit *fit, const hr_dual *dual,
                            const hr_penalty *penalty, const hr_linear_model *out) {
  for (size_t p = 0; p < dual->pixels; p++) {
    fit->scale[p] = 1 / sqrt(penalty->alpha + penalty->noise[p]);
  }
  for (size_t a = 0; a < fit->count; a++) {
    const float *row = dual->x + fit->rows[a] * dual->pixels;
    float *z = fit->z + a * dual->pixels;
    for (size_t p = 0; p < dual->pixels; p++) {
      z[p] = (float)(((double)row[p] - out->centre[p]) * fit->scale[p]);
    }
    for (size_t t = 0; t < dual->targets; t++) {
      fit->right_side[t * fit->count + a] =
          target_of(dual, t)[fit->rows[a]] - out[t].offset;
    }
  }
}

/* Z Zᵀ into `matrix` [count][count], the upper triangle. */
static void penalised_kernel(const penalised_fit *fit, const hr_dual *dual,
                             double *matrix) {
  size_t n = fit->count, pixels = dual->pixels;
  memset(matrix, 0, n * n * sizeof *matrix);
  for (size_t i = 0; i < n; i += HR_TILE) {
    for (size_t j = i; j < n; j += HR_TILE) {
      size_t height = n - i < HR_TILE ? n - i : HR_TILE;
      size_t width = n - j < HR_TILE ? n - j : HR_TILE;
      for (size_t p = 0; p < pixels; p += HR_TILE) {
        size_t depth = pixels - p < HR_TILE ? pixels - p : HR_TILE;
        const hr_product shape = rows_product(height, width, depth, pixels);
        fit->compute->gemm_f32(&shape, fit->z + i * pixels + p, fit->z + j * pixels + p,
                               fit->product);
        for (size_t r = 0; r < height; r++) {
          double *sum = matrix + (i + r) * n + j;
          for (size_t c = 0; c < width; c++) {
            sum[c] += (double)fit->product[r * HR_TILE + c];
          }
        }
      }
    }
  }
}

static void penalised_weights(const penalised_fit *fit, const hr_dual *dual,
                              size_t target, hr_linear_model *out) {
  const double *coefficient = fit->coefficient + target * fit->count;
  memset(out->weights, 0, dual->pixels * sizeof *out->weights);
  for (size_t a = 0; a < fit->count; a++) {
    const float *z = fit->z + a * dual->pixels;
    for (size_t p = 0; p < dual->pixels; p++) {
      out->weights[p] += coefficient[a] * (double)z[p];
    }
  }
  for (size_t p = 0; p < dual->pixels; p++) out->weights[p] *= fit->scale[p];
}

/* The models' centre, which they may share, back in the rows' own units. */
static void penalised_centres(const hr_dual *dual, hr_linear_model *out) {
  for (size_t p = 0; p < dual->pixels; p++) out->centre[p] += dual->centre[p];
  for (size_t t = 1; t < dual->targets; t++) {
    if (out[t].centre == out->centre) continue;
    memcpy(out[t].centre, out->centre, dual->pixels * sizeof *out->centre);
  }
}

hr_status hr_dual_penalised(const hr_dual *dual, int fold, const hr_penalty *penalty,
                            hr_shifted *system, hr_linear_model *out, hr_error *err) {
  hr_status status = HR_OK;
  penalised_fit fit = {.compute = hr_tiles_compute(dual->tiles),
                       .right_side = hr_shifted_right_side(system)};
  HR_TRY(check_given(dual, err));
  HR_TRY(hr_alloc(&fit.rows, dual->rows, err));
  HR_TRY(hr_alloc(&fit.scale, dual->pixels, err));
  HR_TRY(hr_compute_alloc(fit.compute, &fit.product, HR_TILE * HR_TILE, err));
  HR_TRY(hr_alloc(&fit.coefficient, dual->targets * dual->rows, err));
  penalised_means(&fit, dual, fold, out);
  if (fit.count == 0) {
    status = hr_fail(err, HR_ERR_EMPTY, "no rows are left to fit a Ridge to");
    goto cleanup;
  }
  HR_TRY(hr_compute_alloc(fit.compute, &fit.z, fit.count * dual->pixels, err));
  penalised_scale(&fit, dual, penalty, out);
  penalised_kernel(&fit, dual, hr_shifted_matrix(system, fit.count));
  status = hr_shifted_solve(system, 1, fit.coefficient, NULL);
  if (status != HR_OK) {
    status = hr_shifted_refuse(penalty->alpha, err);
    goto cleanup;
  }
  for (size_t t = 0; t < dual->targets; t++) penalised_weights(&fit, dual, t, &out[t]);
  penalised_centres(dual, out);
cleanup:
  penalised_fini(&fit);
  return status;
}

/* The residuals of four rows and four models: each in a lane of its own, in the order of
 * the pixels, so that none waits for another. */
typedef struct few_residuals {
  const float *row[ROWS_AT_ONCE];           /* each [P] */
  const double *weights[ROWS_AT_ONCE];      /* each [P] */
  const double *centre, *model_centre;      /* [P] of the rows, of the models */
  double value[ROWS_AT_ONCE][ROWS_AT_ONCE]; /* [models][rows] */
} few_residuals;

HR_VECTOR_CLONES
static void take_models(few_residuals *of, size_t pixels) {
  double lane[ROWS_AT_ONCE][ROWS_AT_ONCE];
  memcpy(lane, of->value, sizeof lane);
  for (size_t p = 0; p < pixels; p++) {
    double x[ROWS_AT_ONCE];
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) {
      x[r] = (double)of->row[r][p] + of->centre[p] - of->model_centre[p];
    }
    for (size_t v = 0; v < ROWS_AT_ONCE; v++) {
      for (size_t r = 0; r < ROWS_AT_ONCE; r++) lane[v][r] -= of->weights[v][p] * x[r];
    }
  }
  memcpy(of->value, lane, sizeof lane);
}

/* Adds the squared errors on the rows index [rows], at most four; where there are fewer
 * rows or models, the first ones stand in and are not counted. */
static void add_few_errors(const hr_dual *dual, const size_t *index, size_t rows,
                           size_t count, const hr_linear_model *models, double *out) {
  for (size_t first = 0; first < count; first += ROWS_AT_ONCE) {
    few_residuals of = {.centre = dual->centre, .model_centre = models->centre};
    size_t taken = count - first < ROWS_AT_ONCE ? count - first : ROWS_AT_ONCE;
    for (size_t r = 0; r < ROWS_AT_ONCE; r++) {
      of.row[r] = dual->x + index[r < rows ? r : 0] * dual->pixels;
      of.weights[r] = models[first + (r < taken ? r : 0)].weights;
      for (size_t v = 0; r < rows && v < taken; v++) {
        const double *y = target_of(dual, (first + v) % dual->targets);
        of.value[v][r] = y[index[r]] - models[first + v].offset;
      }
    }
    take_models(&of, dual->pixels);
    for (size_t v = 0; v < taken; v++) {
      for (size_t r = 0; r < rows; r++) out[first + v] += of.value[v][r] * of.value[v][r];
    }
  }
}

void hr_dual_squared_errors(const hr_dual *dual, int fold, size_t count,
                            const hr_linear_model *models, double *out) {
  size_t index[ROWS_AT_ONCE], rows = 0;
  memset(out, 0, count * sizeof *out);
  for (size_t i = 0; i < dual->rows; i++) {
    if ((int)dual->fold[i] == fold) index[rows++] = i;
    if (rows < ROWS_AT_ONCE) continue;
    add_few_errors(dual, index, rows, count, models, out);
    rows = 0;
  }
  if (rows > 0) add_few_errors(dual, index, rows, count, models, out);
}
