/* A smooth curve of how large residuals are: the logarithm of a size as a polynomial of
 * few coefficients. All rows of a slot have a say in each of them, so that the curve is
 * known far better than the rows at one place would tell. */
#ifndef HR_MODELS_SIGMA_CURVE_H
#define HR_MODELS_SIGMA_CURVE_H

#include <stdbool.h>
#include <stddef.h>

enum { HR_SIZE_COEFFICIENTS = 4 };

/* log size = sum over j of coefficient[j] P_j(place), P_j Legendre's polynomials. */
typedef struct hr_size_curve {
  double coefficient[HR_SIZE_COEFFICIENTS];
} hr_size_curve;

/* Rows to fit a curve to; borrowed. */
typedef struct hr_size_points {
  size_t count;
  const double *place;    /* [count] from -1 to 1 */
  const double *log_size; /* [count] finite */
  size_t coefficients;    /* 1 to HR_SIZE_COEFFICIENTS; those behind are 0 */
  /* Sizes are thought to be alike everywhere, unless rows say more than chance: of each
   * coefficient c but the first a share 1 - v / c^2 is kept, v its variance by chance, or
   * nothing (James & Stein 1961). */
  bool expects_level;
} hr_size_points;

/* The curve that a share p of the sizes is below, at every place alike: quantile
 * regression (Koenker & Bassett 1978, Econometrica 46, 33), the least sum of u (p - [u <
 * 0]) over the rows, u the log size less the curve, by the majorisation of Hunter & Lange
 * (2000, J. Comput. Graph. Stat. 9, 60). The level is right to a few per cent: who needs
 * it scales the curve. Serial, 100 passes, or as many a coefficient. */
hr_size_curve hr_size_quantile(const hr_size_points *points, double p);

/* The curve s whose squares are the mean squares of the sizes: the least sum of log s^2 +
 * size^2 / s^2, which is the quasi-likelihood of a variance (a gamma model with log link;
 * McCullagh & Nelder 1989, "Generalized Linear Models", 8.3), whatever the residuals'
 * distribution. By Newton's steps; serial, 60 passes at most, or as
 * many a coefficient. */
hr_size_curve hr_size_mean_square(const hr_size_points *points);

/* The size at a place. */
double hr_size_at(const hr_size_curve *curve, double place);

#endif
