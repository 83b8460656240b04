/* Smooth curves through the residuals' sizes by signal-to-noise ratio, and order
 * statistics of the sizes in units of them. */
#include "models/sigma.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/quantile.h"
#include "models/sigma_curve.h"

enum {
  FEWEST_FOR_A_CURVE = 100, /* rows */
  MOST_FOR_A_CURVE = 20000,
  /* Rows for each coefficient. Of n rows and k coefficients the share of new rows within
   * is known to √(k p(1 − p)/n): 8.5 points of 68 % at worst, which bins average out. */
  ROWS_A_COEFFICIENT = 30,
  /* The curve ends at the ratios that one row in so many is beyond: a polynomial has no
   * business out there, and one far row would bend it. */
  ROWS_BEYOND = 50,
};

typedef struct sized_residual {
  double snr, size; /* |residual|, or in units of the model's own sigma */
} sized_residual;

/* Rows without a ratio come last, those at or below 0 first. */
static int compare_snr(const void *left, const void *right) {
  const sized_residual *a = left, *b = right;
  bool a_unknown = isnan(a->snr), b_unknown = isnan(b->snr);
  if (a_unknown || b_unknown) return a_unknown - b_unknown;
  if (a->snr != b->snr) return a->snr < b->snr ? -1 : 1;
  return (a->size > b->size) - (a->size < b->size);
}

/* The rows that can be used, in order of their ratios. */
static size_t take_rows(const hr_sigma_rows *rows, sized_residual *out) {
  size_t count = 0;
  for (size_t i = 0; i < rows->count; i++) {
    double size = fabs(rows->residual[i]);
    if (rows->variance) size /= sqrt(rows->variance[i]);
    if (!isfinite(size)) continue;
    out[count++] =
        (sized_residual){isfinite(rows->snr[i]) ? rows->snr[i] : (double)NAN, size};
  }
  qsort(out, count, sizeof *out, compare_snr);
  return count;
}

/* The half-width that a new row is within with the probability p: number (n + 1) p of n
 * sizes from the smallest, or the largest where there are too few. Between two of them,
 * not the upper one: that would hold 96 % of new rows in place of 95.45 % with 100. */
static double half_width(const double *ascending, size_t count, double p) {
  double place = (double)(count + 1) * p;
  size_t below = (size_t)place;
  if (below == 0) return ascending[0];
  if (below >= count) return ascending[count - 1];
  double fraction = place - (double)below;
  return ascending[below - 1] + fraction * (ascending[below] - ascending[below - 1]);
}

/* What is known of some rows. scratch: [count]. */
static hr_sigma_class describe(const sized_residual *rows, size_t count, bool scales_own,
                               double *scratch) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    scratch[i] = rows[i].size;
    sum += rows[i].size * rows[i].size;
  }
  hr_sort_numbers(scratch, count);
  return (hr_sigma_class){.snr = (double)NAN,
                          .sigma = scales_own ? 1 : sqrt(sum / (double)count),
                          .half68 = half_width(scratch, count, HR_SIGMA_SHARE68),
                          .half95 = half_width(scratch, count, HR_SIGMA_SHARE95)};
}

/* Rows in order of their ratios, and what is fitted to them. */
typedef struct sizes {
  const sized_residual *rows; /* the first `known` have a ratio, those after it none */
  size_t known, dark;         /* `dark` of them none above 0, and come first */
  double low, high;           /* ratios that the curve goes from and to */
  double *scratch;            /* [rows] */
  double *place, *log_size;   /* [placed] of rows that curves are fitted to */
  size_t placed;
  double *room; /* [2][known] scratch of size_unseen */
} sizes;

/* From -1 at `low` to 1 at `high`, and no further. */
static double place_of(const sizes *s, double snr) {
  if (!(snr > s->low)) return -1;
  if (!(snr < s->high)) return 1;
  return 2 * log(snr / s->low) / log(s->high / s->low) - 1;
}

/* Sizes of 0 have no logarithm: they are as good as one that is this much smaller than
 * the largest. */
static const double least_size = 1e-12;

/* One row in so many where there are more than a curve needs; numbers that scale it are
 * of all. */
static void place_rows(sizes *s, double largest) {
  size_t every = 1 + s->known / MOST_FOR_A_CURVE;
  for (size_t i = every / 2; i < s->known; i += every) {
    s->place[s->placed] = place_of(s, s->rows[i].snr);
    s->log_size[s->placed++] = log(fmax(s->rows[i].size, least_size * largest));
  }
}

/* The stored ratios, evenly spaced in their logarithms: one where all are the same. */
static void place_classes(const sizes *s, hr_sigma *out) {
  bool is_range = log(s->high / s->low) > 1e-6;
  out->class_count = is_range ? HR_SIGMA_MOST_CLASSES : 1;
  for (size_t c = 0; c < out->class_count; c++) {
    double share = is_range ? (double)c / (HR_SIGMA_MOST_CLASSES - 1) : 0;
    out->classes[c].snr = s->low * pow(s->high / s->low, share);
  }
}

/* Of a class, by number: what is said there. */
static double *number_of(hr_sigma_class *class, size_t which) {
  double *const numbers[] = {&class->sigma, &class->half68, &class->half95};
  return numbers[which];
}

static hr_sigma_class at_snr(const hr_sigma *sigma, double snr);

/* Sizes of some tens of rows are met exactly by a curve of their own, and more rows of
 * the sample than of fresh ones are within it: one and a half too many for four
 * coefficients. So each row is held against the curve of the rows of other folds
 * (cross-conformal prediction; Vovk 2015, Annals of Mathematics and Artificial
 * Intelligence 74, 9). */
enum { FOLDS = 5 };

/* The sizes of rows in units of the curves that have not seen them, into scratch; all
 * rows that have a ratio are placed. out_of: [2][placed] room. */
static void size_unseen(const sizes *s, const hr_size_points *points, double p,
                        double *out_of) {
  double *place = out_of, *log_size = out_of + s->placed;
  for (size_t fold = 0; fold < FOLDS; fold++) {
    hr_size_points rest = *points;
    rest.count = 0;
    rest.place = place;
    rest.log_size = log_size;
    for (size_t i = 0; i < s->placed; i++) {
      if (i % FOLDS == fold) continue;
      place[rest.count] = s->place[i];
      log_size[rest.count++] = s->log_size[i];
    }
    const hr_size_curve curve = hr_size_quantile(&rest, p);
    for (size_t i = fold; i < s->placed; i += FOLDS) {
      s->scratch[i] = s->rows[i].size / hr_size_at(&curve, s->place[i]);
    }
  }
}

/* Writes a curve into the classes, times what makes it hold for all rows together, as it
 * is stored: the share p of them within it, or, without one, a mean square of 1 in its
 * units. */
static void store_curve(const sizes *s, const hr_size_curve *curve, size_t which,
                        double p, hr_sigma *out) {
  double sum = 0;
  for (size_t c = 0; c < out->class_count; c++) {
    hr_sigma_class *class = &out->classes[c];
    *number_of(class, which) = hr_size_at(curve, place_of(s, class->snr));
  }
  for (size_t i = 0; i < s->known; i++) {
    hr_sigma_class at = at_snr(out, s->rows[i].snr);
    s->scratch[i] = s->rows[i].size / *number_of(&at, which);
    sum += s->scratch[i] * s->scratch[i];
  }
  hr_sort_numbers(s->scratch, s->known);
  double scale =
      isnan(p) ? sqrt(sum / (double)s->known) : half_width(s->scratch, s->known, p);
  for (size_t c = 0; c < out->class_count; c++) {
    *number_of(&out->classes[c], which) *= scale;
  }
}

/* The half-width of 95 %, by rows that its curve has not seen. */
static void store_unseen(const sizes *s, const hr_size_points *points,
                         const hr_size_curve *curve, hr_sigma *out) {
  if (s->placed < s->known) { /* so many rows that it makes no difference */
    store_curve(s, curve, 2, HR_SIGMA_SHARE95, out);
    return;
  }
  size_unseen(s, points, HR_SIGMA_SHARE95, s->room);
  hr_sort_numbers(s->scratch, s->known);
  double scale = half_width(s->scratch, s->known, HR_SIGMA_SHARE95);
  for (size_t c = 0; c < out->class_count; c++) {
    hr_sigma_class *class = &out->classes[c];
    class->half95 = scale * hr_size_at(curve, place_of(s, class->snr));
  }
}

/* Fits the curves of the rows that have a ratio. */
static void fit_curves(const sizes *s, hr_sigma *out) {
  size_t most = s->known / ROWS_A_COEFFICIENT;
  size_t coefficients = most < HR_SIZE_COEFFICIENTS ? most : HR_SIZE_COEFFICIENTS;
  const hr_size_points points = {s->placed, s->place, s->log_size,
                                 out->class_count > 1 ? coefficients : 1,
                                 out->scales_own};
  const hr_size_curve within68 = hr_size_quantile(&points, HR_SIGMA_SHARE68);
  const hr_size_curve within95 = hr_size_quantile(&points, HR_SIGMA_SHARE95);
  store_curve(s, &within68, 1, HR_SIGMA_SHARE68, out);
  store_unseen(s, &points, &within95, out);
  if (!out->scales_own) {
    const hr_size_curve square = hr_size_mean_square(&points);
    store_curve(s, &square, 0, (double)NAN, out);
  }
  for (size_t c = 0; c < out->class_count; c++) {
    hr_sigma_class *class = &out->classes[c];
    if (out->scales_own) class->sigma = 1;
    class->half95 = fmax(class->half95, class->half68);
  }
}

/* The curves, where enough rows have a ratio above 0 and not all are met exactly. */
static hr_status learn_curves(const sized_residual *rows, size_t count, double *scratch,
                              hr_sigma *out, hr_error *err) {
  hr_status status = HR_OK;
  sizes s = {.rows = rows, .scratch = scratch};
  double largest = 0;
  while (s.known < count && !isnan(rows[s.known].snr)) s.known++;
  while (s.dark < s.known && !(rows[s.dark].snr > 0)) s.dark++;
  for (size_t i = 0; i < s.known; i++) largest = fmax(largest, rows[i].size);
  size_t bright = s.known - s.dark, end = bright / ROWS_BEYOND;
  if (bright < FEWEST_FOR_A_CURVE || largest == 0) return HR_OK;
  s.low = rows[s.dark + end].snr;
  s.high = rows[s.known - 1 - end].snr;
  HR_TRY(hr_alloc(&s.place, s.known, err));
  HR_TRY(hr_alloc(&s.log_size, s.known, err));
  HR_TRY(hr_alloc(&s.room, 2 * s.known, err));
  place_classes(&s, out);
  place_rows(&s, largest);
  fit_curves(&s, out);
cleanup:
  hr_free(s.place);
  hr_free(s.log_size);
  hr_free(s.room);
  return status;
}

hr_status hr_sigma_learn(const hr_sigma_rows *rows, hr_sigma *out, hr_error *err) {
  hr_status status = HR_OK;
  sized_residual *sized = NULL;
  double *scratch = NULL;
  memset(out, 0, sizeof *out);
  if (rows->count < HR_SIGMA_FEWEST_ROWS) return HR_OK;
  HR_TRY(hr_alloc(&sized, rows->count, err));
  HR_TRY(hr_alloc(&scratch, rows->count, err));
  size_t count = take_rows(rows, sized);
  if (count < HR_SIGMA_FEWEST_ROWS) goto cleanup;
  out->rows = count;
  out->scales_own = rows->variance != NULL;
  out->all = describe(sized, count, out->scales_own, scratch);
  HR_TRY(learn_curves(sized, count, scratch, out, err));
cleanup:
  hr_free(sized);
  hr_free(scratch);
  return status;
}

/* Between two classes, or one alone. */
static hr_sigma_class at_snr(const hr_sigma *sigma, double snr) {
  const hr_sigma_class *classes = sigma->classes;
  size_t count = sigma->class_count, above = 0;
  if (count == 0 || isnan(snr)) return sigma->all;
  while (above < count && classes[above].snr < snr) above++;
  if (above == 0) return classes[0];
  if (above == count) return classes[count - 1];
  hr_sigma_class a = classes[above - 1], b = classes[above];
  double t = log(snr / a.snr) / log(b.snr / a.snr);
  return (hr_sigma_class){.snr = snr,
                          .sigma = a.sigma + t * (b.sigma - a.sigma),
                          .half68 = a.half68 + t * (b.half68 - a.half68),
                          .half95 = a.half95 + t * (b.half95 - a.half95)};
}

hr_spread hr_sigma_at(const hr_sigma *sigma, double snr, double variance) {
  double own = sqrt(variance);
  if (sigma->rows == 0) return (hr_spread){own, (double)NAN, (double)NAN};
  hr_sigma_class at = at_snr(sigma, snr);
  double scale = sigma->scales_own ? own : 1;
  return (hr_spread){scale * at.sigma, scale * at.half68, scale * at.half95};
}

/* NaN stays NaN. */
static double at_least(double floor, double value) {
  return value < floor ? floor : value;
}

hr_spread hr_sigma_of_prediction(const hr_sigma *sigma, double snr, double mean,
                                 double variance) {
  hr_spread said = hr_sigma_at(sigma, snr, variance);
  double rounding = fabs(mean) * 0x1p-24; /* the most; uniform up to there */
  return (hr_spread){at_least(rounding / sqrt(3), said.sigma),
                     at_least(rounding, said.half68), at_least(rounding, said.half95)};
}
