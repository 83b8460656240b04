/* `alpha: auto`: a list of penalties that goes on by decades at the end where the best
 * one stands, until it is inside. The sums that the first list was solved from serve the
 * others too, so no row is seen again. Each target has a list of its own, which is the
 * one that it has alone. */
#ifndef HR_METHODS_RIDGE_WIDEN_H
#define HR_METHODS_RIDGE_WIDEN_H

#include "methods/ridge/choose.h"
#include "methods/ridge/solve.h"

/* Alphas that are added at a time, on one system: one may do, and one more shows that it
 * does. And so many times at either end at most. */
enum { HR_RIDGE_WIDEN_ALPHAS = 2, HR_RIDGE_WIDEN_TIMES = 4 };

/* What a model has beside its list at most, in a study of so many targets: each goes one
 * way, but not all the same. */
size_t hr_ridge_most_added(const hr_ridge_options *options, size_t targets);

/* The first and the last alpha of the list are powers of ten. */
typedef struct hr_ridge_widening {
  const hr_ridge_fit *base; /* of the list, solved; borrowed */
  bool widens;              /* false: the list stays as it is */
  /* Solves a fit like the base's at other alphas. */
  hr_status (*solve)(void *context, hr_ridge_fit *fit, hr_error *err);
  /* R² by validation of a target at alpha number a; NaN: not usable. */
  double (*r2)(void *context, const hr_ridge_fit *fit, size_t target, size_t a);
  void *context;
  struct hr_ridge_added *added; /* [added_count], with room for all */
  size_t added_count;
} hr_ridge_widening;

/* A target's variant: an alpha of one of the fits. */
typedef struct hr_ridge_variant {
  const hr_ridge_fit *fit; /* borrowed of the widening */
  size_t a;                /* the number of the alpha there */
} hr_ridge_variant;

typedef struct hr_ridge_variants {
  hr_ridge_variant *items; /* [count] the list in its order, added ones at its ends */
  double *alpha, *r2;      /* [count] */
  size_t count;
} hr_ridge_variants;

/* Adds alphas until every target has its best inside, or as far as is allowed. To be
 * followed by hr_ridge_widening_fini, on failure too. */
hr_status hr_ridge_widen(hr_ridge_widening *widening, hr_error *err) HR_MUST_CHECK;
void hr_ridge_widening_fini(hr_ridge_widening *widening);

/* What a target has. To be followed by hr_ridge_variants_fini, on failure too.
 * HR_ERR_MEMORY. */
hr_status hr_ridge_variants_init(hr_ridge_variants *variants,
                                 const hr_ridge_widening *widening, size_t target,
                                 hr_error *err) HR_MUST_CHECK;
void hr_ridge_variants_fini(hr_ridge_variants *variants);

/* The models of all variants of a target: intercepts [count], weights [count][P]. */
void hr_ridge_variants_copy(const hr_ridge_variants *variants, size_t target,
                            double *intercept, double *weights);

#endif
